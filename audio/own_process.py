"""Starts one of this program's modules in a process of its own. It does not know what the process does.

`python -m` alone is not enough: it looks into the working directory first, where a folder may be called audio as well,
and in an installation the packages do not lie at the top of site-packages.
"""

from __future__ import annotations

import sys
from pathlib import Path

_PROGRAM_FOLDER = Path(__file__).resolve().parents[1]  # the folder that holds this program's packages
_RUN_MODULE = (
    "import runpy, sys; sys.path[0] = sys.argv.pop(1); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def command_of(module: str, *arguments: str) -> list[str]:
    """The command that runs `module` as `python -m` does, with this program's packages first on its search path."""
    return [sys.executable, "-c", _RUN_MODULE, str(_PROGRAM_FOLDER), module, *arguments]

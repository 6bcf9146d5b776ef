"""Starts one of this program's modules in a process of its own. It does not know what the process does.

`python -m` alone is not enough: it looks into the working directory first, where a folder may be called audio as well,
and in an installation the packages do not lie at the top of site-packages.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

_PROGRAM_FOLDER = Path(__file__).resolve().parents[1]  # the folder that holds this program's packages
_PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>
_RUN_MODULE = (
    "import runpy, sys; sys.path[0] = sys.argv.pop(1); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def command_of(module: str, *arguments: str) -> list[str]:
    """The command that runs `module` as `python -m` does, with this program's packages first on its search path."""
    return [sys.executable, "-c", _RUN_MODULE, str(_PROGRAM_FOLDER), module, *arguments]


def end_with_parent() -> None:
    """Has the kernel end this process when the one that started it ends, also if that one is killed."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it had ended already
        os._exit(1)

"""The command `seesay`, and in a wheel the folder of everything else.

assistant, audio and vision are names that others use as well: there are packages called so on the index, and a working
directory may hold some. In a wheel they therefore lie in this folder, and the folder that holds them comes first on the
search path. In a checkout they lie beside this folder.
"""

import sys
from pathlib import Path


def entry() -> None:
    """The console script."""
    here = Path(__file__).resolve().parent
    home = here if (here / "assistant").is_dir() else here.parent
    sys.path.insert(0, str(home))

    from assistant.cli.main import entry as run

    run()

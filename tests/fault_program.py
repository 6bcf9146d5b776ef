"""Starts `seesay` with a folder of the test's own in place of /dev/input, and another one in place of sysfs.

python -m tests.fault_program DEV SYS … assistant run --json --config FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.button.input_devices import InputKeys
from assistant.cli.main import entry

if __name__ == "__main__":
    defaults = InputKeys.__init__.__kwdefaults__
    defaults["input_folder"], defaults["sysfs_folder"] = Path(sys.argv[1]), Path(sys.argv[2])
    sys.argv[1:] = sys.argv[sys.argv.index("assistant") + 1 :]
    entry()

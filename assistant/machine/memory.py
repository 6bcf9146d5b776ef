"""How the C library keeps freed memory: large blocks go back to the system at once, whichever thread freed them.

glibc keeps what a thread frees for that thread, blocks of up to 32 MB among them. A server decodes pictures on each of
its workers, so after some hours every worker would hold the memory of the largest pictures that it ever decoded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

import ctypes
import sys

# Below are most of the engine's own arrays, which come again and again: at 1 MB, filling one of 3 MB takes three times as
# long (at 4 MB no longer than without). Above are pictures: Pillow asks for them in pieces of up to 16 MB.
LARGE_BYTES = 4_000_000
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def give_large_blocks_back() -> bool:
    """Once, for the whole process. False where the C library is another than glibc, which is left as it is."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return False
    # With the one fixed, glibc no longer adapts the other, and gives back the heap's end at every 128 kB.
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(_M_TRIM_THRESHOLD, 2 * LARGE_BYTES))


def peak_rss_bytes() -> int:
    """This process's peak resident memory (Linux VmHWM), bytes; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def used_bytes(status: Path = Path("/proc/self/status")) -> int | None:
    """The memory that this process has now (Linux VmRSS), None where the system does not tell."""
    try:
        lines = status.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), None)

"""This process's memory: how much it takes, what is read for it, and how the C library keeps what is freed (malloc).

It does not know what the memory is used for.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

# Malloc tuning. glibc keeps what a thread frees for that thread, blocks of up to 32 MB among them. A server decodes
# pictures on each of its workers, so after some hours every worker would hold the memory of the largest pictures that
# it ever decoded.
#
# Blocks of at least this size go back to the system as soon as they are freed. The engine's own arrays are smaller, and
# are needed again and again: with a limit of 1 MB, filling one of 3 MB takes three times as long; with 4 MB it takes no
# longer than without a limit. Pictures are larger: Pillow asks for them in pieces of up to 16 MB.
LARGE_BYTES = 4_000_000
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def tune_malloc() -> bool:
    """Make glibc give freed blocks of LARGE_BYTES or more back to the system at once, whichever thread freed them.

    It counts for the whole process, and may be called again. Returns False where the C library is not glibc: then
    nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return False
    # Once the first threshold is fixed, glibc no longer adapts the second one, which is then 128 kB: the end of the
    # heap would go back to the system at every 128 kB that are freed there.
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES) and mallopt(_M_TRIM_THRESHOLD, 2 * LARGE_BYTES))


def peak_rss_bytes() -> int:
    """The peak of this process's resident memory (Linux VmHWM) in bytes; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def used_bytes(status: Path = Path("/proc/self/status")) -> int | None:
    """This process's resident memory now (Linux VmRSS) in bytes; None where the system does not tell."""
    try:
        lines = status.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), None)


def read_from_disk_bytes(io: Path = Path("/proc/self/io")) -> int | None:
    """What this process has had read from the disk so far, pages of mapped files included (Linux read_bytes).

    None where the system does not tell.
    """
    try:
        lines = io.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("read_bytes:")), None)

"""Measures the first answer after the system took the model's pages back, as it does after idle hours on a small PC.

`python -m assistant.bench.taken_back [--model 2b|demo|FOLDER] [--tokens 24]`. One answer is measured as usual. Then every
page of the packed weights is dropped, from the process and from the page cache, and the same is asked again, and once
more. Figures are printed as one JSON object. The disk is that of this machine: a slower one takes longer. Any user may
drop the pages of an own file; no other program's memory is touched.
"""

from __future__ import annotations

import argparse
import ctypes
import mmap
import os
import re
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import console
from assistant.machine.memory import read_from_disk_bytes, used_bytes

if TYPE_CHECKING:
    from vision.engine.engine import Engine

_MAPPED = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ +(.+)")


def drop_pages(path: Path, maps: Path = Path("/proc/self/maps")) -> int:
    """Drops the pages of a mapped file from this process and from the page cache. Returns the mapped bytes.

    Raises OSError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    dropped = 0
    for line in maps.read_text(encoding="utf-8").splitlines():
        found = _MAPPED.fullmatch(line)
        if found is None or found[3] != str(path):
            continue
        first, end = (int(found[place], 16) for place in (1, 2))
        if libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), mmap.MADV_DONTNEED) != 0:
            raise OSError(ctypes.get_errno(), f"the pages of {path} cannot be dropped")
        dropped += end - first
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return dropped


def measure(engine: Engine, packed: Path, tokens: int) -> dict[str, Any]:
    """A usual answer, the first after every page was dropped, and the next one. Seconds and bytes."""
    answered(engine, tokens)  # not measured: touches every page, and wakes the libraries
    usual = answered(engine, tokens)
    dropped = drop_pages(packed)
    return {
        "usual": usual,
        "dropped_bytes": dropped,
        "first": answered(engine, tokens),
        "next": answered(engine, tokens),
    }


def answered(engine: Engine, tokens: int) -> dict[str, Any]:
    """The seconds of one look and one answer, its slowest token, and what was read from the disk for it."""
    from assistant.bench.material.kinds import KINDS
    from assistant.bench.material.pictures import padded_frame

    read = read_from_disk_bytes() or 0
    began = time.perf_counter()
    view = engine.see(padded_frame(KINDS[0].name))
    looked = time.perf_counter()
    times = [looked]
    times += [time.perf_counter() for chunk in view.ask(KINDS[0].question, max_new_tokens=tokens) if chunk.tokens]
    between = [now - before for before, now in pairwise(times[1:])]
    return {
        "look_seconds": looked - began,
        "first_token_seconds": times[1] - looked,
        "token_seconds": sum(between) / max(1, len(between)),
        "slowest_token_seconds": max(between, default=0.0),
        "read_bytes": (read_from_disk_bytes() or 0) - read,
        "resident_bytes": used_bytes(),
    }


def main() -> None:
    """Measures and prints."""
    from assistant.bench.engine import model_folder
    from vision.engine.checkpoint.checkpoint import open_checkpoint
    from vision.engine.engine import Engine
    from vision.engine.packed.cache import packed_path, weights_folder

    parser = argparse.ArgumentParser(description="measure the first answer after the model's pages were dropped")
    parser.add_argument("--model", default="2b", metavar="2b|demo|FOLDER")
    parser.add_argument("--tokens", type=int, default=24)
    chosen = parser.parse_args()
    folder = model_folder(chosen.model)
    with Engine.load(folder, progress=console.say) as engine:
        found = measure(engine, packed_path(weights_folder(), open_checkpoint(folder)), chosen.tokens)
    console.result(console.as_json_line(found))


if __name__ == "__main__":
    main()

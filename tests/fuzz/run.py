"""Reads many more cases than the tests do: `python -m tests.fuzz.run --cases 1000000 [--first N] [TARGET …]`.

It prints the counts after each 10,000 cases, so that a run which was ended can be taken up with `--first`. Each target
has a process of its own. A reader that kills its process or hangs is told by the number of the last printed cases.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import importlib
import multiprocessing
import sys
import time
from pathlib import Path

from tests.fuzz.door import Target, check, scratch_folder

_PORTION = 10_000
_HANG_SECONDS = 600  # for a portion; most take some seconds


def targets() -> dict[str, Target]:
    """All targets by their names."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.fuzz.{path.stem}")
        listed = [getattr(module, "TARGET", None), *getattr(module, "TARGETS", ())]
        found.update({target.name: target for target in listed if target is not None})
    return found


def run(name: str, first: int, cases: int) -> None:
    """Prints how the cases of one target end."""
    target, ends, began = targets()[name], collections.Counter[str](), time.monotonic()
    with scratch_folder() as folder:
        for start in range(first, first + cases, _PORTION):
            faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True)
            numbers = range(start, min(start + _PORTION, first + cases))
            result = check(target, numbers, folder)
            ends += result.ends
            for fault in result.faults:
                _say(fault)
            listed = ", ".join(f"{end} {count:,}" for end, count in ends.most_common())
            _say(
                f"{name}: {numbers.stop - first:,} cases to {numbers.stop:,} in {time.monotonic() - began:.0f} s: {listed}"
            )
        faulthandler.cancel_dump_traceback_later()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="read hostile inputs with every reader")
    parser.add_argument("targets", nargs="*", help="by default all")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    chosen = parser.parse_args()
    known = targets()
    status = 0
    for name in chosen.targets or known:
        if name not in known:
            parser.error(f"there is no target {name!r}; there are {', '.join(known)}")
        process = multiprocessing.get_context("spawn").Process(target=run, args=(name, chosen.first, chosen.cases))
        process.start()
        process.join()
        if process.exitcode:
            _say(f"{name}: its process ended with {process.exitcode}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())

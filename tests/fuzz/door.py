"""Gives hostile inputs to one reader, and finds everything that is neither a value nor one of its documented errors.

A `Target` is a reader with valid inputs as seeds. Case number n of a target is always the same input, so a fault is
told by its number, and a long run can be taken up again anywhere. For each case these must hold:

- the reader returns, or raises one of its documented errors with one sentence;
- it takes no more memory than the target allows (RLIMIT_DATA: a larger request fails at once);
- it takes at most `MOST_CPU_SECONDS` of processor time;
- it runs nothing, loads nothing, connects to nothing, and writes nothing outside its folder.
"""

from __future__ import annotations

import collections
import contextlib
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.mutations import mutated

CASES = 10_000  # of each target in the usual tests
MOST_CPU_SECONDS = 2.0
LONGEST_SENTENCE = 1_500  # characters
_MOST_FAULTS = 20
_FORBIDDEN = {  # audit events, see https://docs.python.org/3/library/audit_events.html
    "pickle.find_class", "os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "socket.bind",
    "ctypes.dlopen", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "shutil.rmtree",
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A reader of bytes from outside."""

    name: str
    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[bytes, Path], object]  # reads one input; the folder is the reader's own, and empty at first
    errors: tuple[type[BaseException], ...]  # what the reader documents
    tokens: tuple[bytes, ...] = ()  # words of the format
    # Changes an input by its structure, so that lengths and checksums are right again: half of the cases.
    rewrite: Callable[[bytes, random.Random], bytes] | None = None
    memory_bytes: int = 256_000_000  # beyond what the process has when the cases begin


@dataclass
class Result:
    """How the cases ended: the number of each kind of end, and what each fault was."""

    ends: collections.Counter[str] = field(default_factory=collections.Counter)
    faults: list[str] = field(default_factory=list)


class Case:
    """The inputs of a target by their numbers."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._seeds = list(target.seeds())

    @property
    def seeds(self) -> Sequence[bytes]:
        return self._seeds

    def input(self, number: int) -> bytes:
        target, rng = self._target, random.Random(f"{self._target.name} {number}")
        seed = rng.choice(self._seeds)
        if target.rewrite is not None and rng.random() < 0.5:
            return target.rewrite(seed, rng)
        return mutated(seed, self._seeds, target.tokens, rng)


def usual_faults(target: Target) -> list[str]:
    """The faults of the cases that are part of the usual tests."""
    with scratch_folder() as folder:
        return check(target, range(CASES), folder).faults


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder, in memory where there is one: a disk would take longer than most readers. Also for TMPDIR."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as name:
        before, tempfile.tempdir = tempfile.tempdir, name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before


def check(target: Target, numbers: Iterable[int], folder: Path) -> Result:
    """Reads the cases with these numbers, after the seeds themselves, which load what is imported late."""
    case, result = Case(target), Result()
    for seed in case.seeds:
        target.read(seed, folder)
    with limited_memory(target.memory_bytes), watched(folder) as forbidden:
        for number in numbers:
            data = case.input(number)
            began = time.thread_time()
            end, fault = _read(target, data, folder)
            seconds = time.thread_time() - began
            if seconds > MOST_CPU_SECONDS:
                fault = f"took {seconds:.1f} s"
            if forbidden:
                fault = f"did {', '.join(forbidden)}"
                forbidden.clear()
            result.ends["fault" if fault else end] += 1
            if fault and len(result.faults) < _MOST_FAULTS:
                result.faults.append(f"case {number} of {target.name} ({len(data)} bytes, {data[:80]!r}…): {fault}")
    return result


def _read(target: Target, data: bytes, folder: Path) -> tuple[str, str]:
    """The kind of end, and what was wrong about it or ""."""
    try:
        target.read(data, folder)
    except target.errors as error:
        return type(error).__name__, _wrong_sentence(str(error))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - also a panic of a Rust library, which is no Exception
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "fault", f"{type(error).__name__}: {str(error)[:200]!r} in {where.filename}, line {where.lineno}"
    return "read", ""


def _wrong_sentence(sentence: str) -> str:
    if not sentence.strip():
        return "an error without a sentence"
    if not sentence.isprintable():
        return f"an error that is not one printable line: {sentence[:300]!r}"
    if len(sentence) > LONGEST_SENTENCE:
        return f"an error of {len(sentence):,} characters: {sentence[:100]!r}…"
    return "a traceback in an error" if "Traceback" in sentence else ""


@contextlib.contextmanager
def limited_memory(more_bytes: int) -> Iterator[None]:
    """Lets this process take so many bytes more than it has now."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    used = int(status.partition("VmData:")[2].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + more_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


_watches: list[tuple[str, list[str]]] = []  # the folder that may be written to, and what was done against the rules
_hooked = False


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """A list of the forbidden things that are done meanwhile, empty at first."""
    global _hooked
    if not _hooked:
        sys.addaudithook(_audit)  # it can never be removed again
        _hooked = True
    done: list[str] = []
    _watches.append((str(folder), done))
    try:
        yield done
    finally:
        _watches.pop()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches:
        return
    folder, done = _watches[-1]
    if event in _FORBIDDEN:
        if event.startswith(("os.", "shutil.")) and arguments and str(arguments[0]).startswith(folder):
            return
        done.append(f"{event} {arguments!r}"[:200])
    elif event == "open":
        path, mode, flags = arguments
        writes = bool(set(mode or "") & set("wax+")) or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if writes and not isinstance(path, int) and not os.fsdecode(path).startswith(folder):
            done.append(f"open {path!r} for writing")
    elif event == "exec" and getattr(arguments[0], "co_filename", "").startswith("<string") and not _is_importing():
        done.append("exec of a text")


def _is_importing() -> bool:
    """Whether a module is being loaded; a dataclass in it is made with exec()."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
    return False

"""Notices that the system has taken the model's memory back, and says so while an answer stalls for it.

The weights are a mapped file. Where memory is short the system drops its pages, and reads them from the disk again when
they are needed, which is slow. The thread "memory" sleeps until the user does something. While the assistant is in use
it looks twice a second how much this process has read from the disk. It does not know who reads, nor how a sentence is
spoken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from assistant.machine.memory import read_from_disk_bytes

TOLD_FROM_BYTES = 300_000_000  # a tenth of the full model: some seconds of a slow disk, and nothing else reads so much
SAY_AGAIN_SECONDS = 60.0
_EVERY_SECONDS = 0.5
_JOIN_SECONDS = 1.0


class Speaks(Protocol):
    """What it needs of `AnswerPipeline`."""

    @property
    def in_use(self) -> bool: ...
    def say_meanwhile(self, text: str) -> None: ...


class MemoryWatch:
    """Use it in a `with`. Call `wake` when the user does something; any thread may, and it returns at once."""

    def __init__(
        self,
        pipeline: Speaks,
        sentence: str,
        tell: Callable[[str], None],
        *,
        is_loading: Callable[[], bool] = lambda: False,  # what is read meanwhile is read for the first time
        read_bytes: Callable[[], int | None] = read_from_disk_bytes,
        clock: Callable[[], float] = time.monotonic,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        """`sentence` is spoken, and `tell` prints another one with the figure."""
        self._pipeline = pipeline
        self._sentence = sentence
        self._tell = tell
        self._is_loading = is_loading
        self._read_bytes = read_bytes
        self._clock = clock
        self._every_seconds = every_seconds
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._said_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closing.set()
        self._woken.set()
        self._thread.join(_JOIN_SECONDS)

    def wake(self) -> None:
        self._woken.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.wait()
            self._woken.clear()
            if (before := self._read_bytes()) is None:
                return  # this system does not tell
            while not self._closing.wait(self._every_seconds) and self._pipeline.in_use:
                before = self._looked(before)

    def _looked(self, before: int) -> int:
        """Says so if it is time. Returns from where on is counted."""
        now = self._read_bytes() or 0
        if self._is_loading():
            return now
        if now - before < TOLD_FROM_BYTES or self._clock() - self._said_at < SAY_AGAIN_SECONDS:
            return before
        self._said_at = self._clock()
        self._tell(
            f"memory is short: {(now - before) / 1e9:.1f} GB were read from the disk for this answer, so it is slow; close "
            "other programs"
        )
        self._pipeline.say_meanwhile(self._sentence)
        return now

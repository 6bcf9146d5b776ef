"""Records memory, watts and temperature while something is measured: the thread "recorder" reads them twice a second.

A long measurement has coarser samples, never more than some hundreds. `sensors` knows what can be read. If the
machine does not tell a figure, its place stays empty; nothing is estimated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from assistant.bench.sensors import Sensors
from assistant.bench.task import resident_bytes

END = "end"
_EVERY_SECONDS = 0.5
_MOST_SAMPLES = 600  # with more, every second one is dropped and the interval doubled


@dataclass(frozen=True)
class Sample:
    seconds: float  # since the recorder was started
    resident_bytes: int | None
    joules: float | None  # since the last sample
    celsius: float | None


class Recorder:
    """Records as long as its `with` block runs. `mark` names what begins now."""

    def __init__(
        self, sensors: Sensors, every_seconds: float = _EVERY_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.samples: list[Sample] = []
        self.marks: list[tuple[float, str]] = []
        self._sensors = sensors
        self._lap = sensors.meter()
        self._every_seconds = every_seconds
        self._clock = clock
        self._started_at = clock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def mark(self, what: str) -> None:
        self.marks.append((self._clock() - self._started_at, what))

    def record(self) -> None:
        """Takes one sample now. It is called on the recorder's thread, or by a test."""
        now = self._clock() - self._started_at
        self.samples.append(Sample(now, resident_bytes(), self._lap(), self._sensors.celsius()))
        if len(self.samples) >= _MOST_SAMPLES:
            self.samples = every_second(self.samples)
            self._every_seconds *= 2

    def series(self) -> dict[str, Any]:
        """Lists of equal length for a plot. `watts` is the mean since the last sample.

        Samples after a mark "end" are left out, because the engine is being closed then.
        """
        ended = next((seconds for seconds, what in self.marks if what == END), None)
        samples = [sample for sample in list(self.samples) if ended is None or sample.seconds <= ended]
        return {
            "seconds": [round(sample.seconds, 3) for sample in samples],
            "resident_bytes": [sample.resident_bytes for sample in samples],
            "watts": watts_between(samples),
            "celsius": [sample.celsius for sample in samples],
            "marks": [[round(seconds, 3), what] for seconds, what in self.marks],
        }

    def _run(self) -> None:
        self.record()
        while not self._stopping.wait(self._every_seconds):
            self.record()
        self.record()


def watts_between(samples: list[Sample]) -> list[float | None]:
    """The mean watts up to each sample. None for the first one, and where the energy is not known."""
    watts: list[float | None] = [None] * len(samples)
    for place in range(1, len(samples)):
        before, now = samples[place - 1], samples[place]
        if now.joules is not None and now.seconds > before.seconds:
            watts[place] = now.joules / (now.seconds - before.seconds)
    return watts


def every_second(samples: list[Sample]) -> list[Sample]:
    """The first sample, every second one after it, and the last.

    A kept sample takes over the joules of a dropped one.
    """
    pairs = zip(samples[1::2], samples[2::2], strict=False)
    kept = [replace(second, joules=_sum(first.joules, second.joules)) for first, second in pairs]
    return [samples[0], *kept, *(samples[-1:] if len(samples) % 2 == 0 else ())]


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second

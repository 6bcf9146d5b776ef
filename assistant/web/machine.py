"""Watts, temperature and memory of this machine and its camera's picture size, read at most once a second.

A figure that the machine does not tell is None.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from assistant.machine.power.readings import PowerReader, PowerSample
from assistant.machine.power.sysfs import Sysfs
from assistant.machine.status import Status, status_of

_SECONDS = 1.0


class Machine:
    """Call it for the newest figures. Any thread may call it."""

    def __init__(
        self,
        model: Callable[[], str],
        other_watts: float,
        memory: Callable[[], int | None],
        sample: Callable[[], PowerSample] | None = None,  # given if somebody reads the sensors already
        clock: Callable[[], float] = time.monotonic,
        camera_pixels: Callable[[], tuple[int, int] | None] = lambda: None,
    ) -> None:
        self._model = model
        self._other_watts = other_watts
        self._memory = memory
        self._clock = clock
        self._camera_pixels = camera_pixels
        self._lock = threading.Lock()
        self._sample = sample or PowerReader(Sysfs()).sample
        self._status = Status(model=model())
        self._read_at = float("-inf")

    def __call__(self) -> Status:
        with self._lock:
            if self._clock() - self._read_at >= _SECONDS:
                self._read_at = self._clock()
                self._status = status_of(
                    self._sample(), self._other_watts, self._memory(), self._model(), self._camera_pixels()
                )
            return self._status

"""The thread "power": reads the machine's sensors once a second and does what the governor decides.

It has no policy of its own and opens no file itself. If a sensor or a permission is lost while it runs, it says so
once, and answering goes on. It keeps the newest sample for the spoken status and for the page.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from assistant.errors import ConfigError, PowerError
from assistant.files import state_folder
from assistant.machine.power.energy import EnergyHistory
from assistant.machine.power.governor import Goal, Governor
from assistant.machine.power.limits import PowerLimits, anything_to_set, frequency_shares, power_limits
from assistant.machine.power.power_knobs import PowerKnobs, Seen, Setting
from assistant.machine.power.readings import PowerReader, PowerSample
from assistant.machine.power.restored_settings import AlreadyHeld, RestoredSettings, left_over
from assistant.machine.power.sysfs import Sysfs
from assistant.settings.config import PowerConfig

_PERIOD_SECONDS = 1.0
_AGAIN_PERIODS = 30  # after so many the limit is set again, since another service may have changed it
_PATIENCE_PERIODS = 5  # so long a frequency may take to hold, since the kernel sets it a moment after the request
_JOIN_SECONDS = 2.0

Say = Callable[[str], None]


class Worker(Protocol):
    """The engine that computes. Any thread may call it at any time. A change counts from the next piece of work on."""

    @property
    def threads(self) -> int:
        """The most threads that it can use."""

    def set_threads(self, threads: int) -> None: ...

    def set_rest(self, share: float) -> None:
        """Makes it rest for this share of the time, 0 to 0.9, in many short pauses."""


@dataclass(frozen=True)
class Budget:
    """The power and the temperature that are allowed. The watts are those of the whole box."""

    watts: float
    other_watts: float  # the part that the processor does not take: stated by the user, not measured
    max_celsius: float

    @property
    def package_watts(self) -> float:
        """The watts that are left for the processor. Raises ConfigError where none are."""
        if self.other_watts >= self.watts:
            raise ConfigError(
                f"power.budget_watts ({self.watts:g}) leaves nothing for the processor beside power.other_watts "
                f"({self.other_watts:g}): raise the one or lower the other"
            )
        return self.watts - self.other_watts


def budget_of(config: PowerConfig) -> Budget:
    """Returns the budget that the config states."""
    return Budget(config.budget_watts, config.other_watts, config.max_temperature_c)


def state_file(environ: Mapping[str, str]) -> Path:
    """Returns the file that notes the old limits. The next run puts them back if this one is killed."""
    return state_folder(environ) / "power-limits.json"


class PowerKeeper:
    """Owns the thread "power". Use it in a `with`. Without a governor it only reads the sensors."""

    def __init__(
        self,
        reader: PowerReader,
        governor: Governor | None = None,
        limits: PowerLimits | None = None,
        worker: Worker | None = None,
        say: Say = lambda sentence: None,
    ) -> None:
        self.latest: PowerSample = reader.sample()
        self.governor = governor
        self.energy = EnergyHistory(reader.energy)
        self.energy.note()  # the first turn may come before the first tick
        self._reader = reader
        self._limits = limits
        self._worker = worker
        self._say = say
        self._said: set[str] = set()
        self._said_in_vain = False
        self._ticks = 0
        self._applied: Setting | None = None
        self._looks_left = 0  # ticks until the frequency that was asked for must hold
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="power", daemon=True)

    def tick(self) -> PowerSample:
        """Reads the sensors once and does what the governor decides. Returns the sample."""
        self.latest = sample = self._reader.sample()
        self.energy.note()
        if self.governor is not None:
            self._look_after_frequency()
            seen = Seen(sample.at, sample.package_watts.value, sample.celsius.value, sample.busy_cores.value)
            self._apply(self.governor.decide(seen))
            if self.governor.limit_fails:
                self._tell(
                    "the processor takes more than the power limit that was set; its frequency is lowered as well"
                )
            self._tell_if_in_vain(self.governor)
        self._ticks += 1
        return sample

    def __enter__(self) -> PowerKeeper:
        if self.governor is not None:
            self._apply(self.governor.setting)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(_JOIN_SECONDS)
        if self._thread.is_alive():
            raise PowerError(f'the thread "{self._thread.name}" hangs in a reading of the machine\'s sensors')
        if self._worker is not None:
            self._worker.set_threads(self._worker.threads)
            self._worker.set_rest(0.0)

    def _run(self) -> None:
        while not self._stopping.wait(_PERIOD_SECONDS):
            try:
                self.tick()
            except Exception as error:  # noqa: BLE001 - a thread's boundary: answers go on without sensors
                self._tell(f"the power is no longer looked after: {error}")
                return

    def _apply(self, setting: Setting) -> None:
        again = self._ticks % _AGAIN_PERIODS == 0
        if self._limits is not None and setting.limit_watts is not None and again:
            self._tell(self._limits.cap(setting.limit_watts).why)
        if setting == self._applied and not again:
            return
        self._applied = setting
        if self._limits is not None:
            self._looks_left = self._looks_left or _PATIENCE_PERIODS
            if problem := self._limits.slow(setting.frequency_share):
                self._give_up_frequency(problem)
        if self._worker is not None:
            self._worker.set_threads(setting.threads)
            self._worker.set_rest(setting.rest_share)

    def _tell_if_in_vain(self, governor: Governor) -> None:
        if governor.in_vain_watts is None or self._said_in_vain:
            return
        self._said_in_vain = True
        self._tell(
            f"the budget cannot be held: at its slowest the processor still takes {governor.in_vain_watts:.1f} W, and "
            f"{governor.package_watts:g} W are what it may; end other programs, or ask for more watts (power.budget_watts)"
        )

    def _look_after_frequency(self) -> None:
        if self._limits is None or not self._looks_left:
            return
        problem = self._limits.not_slowed()
        self._looks_left = self._looks_left - 1 if problem else 0
        if problem and not self._looks_left:
            self._give_up_frequency(problem)

    def _give_up_frequency(self, problem: str) -> None:
        self._looks_left = 0
        self._tell(problem)
        if self.governor is not None:
            self.governor.lose_frequency()

    def _tell(self, problem: str) -> None:
        if problem and problem not in self._said:
            self._said.add(problem)
            self._say(problem)


@contextlib.contextmanager
def keep_power(
    sysfs: Sysfs, config: PowerConfig, worker: Worker | None, environ: Mapping[str, str], say: Say
) -> Iterator[PowerKeeper]:
    """Holds the budget with whatever this machine permits, and puts everything back at the end.

    With power.govern = "off" it only reads the sensors.

    Raises ConfigError where the budget leaves nothing for the processor.
    """
    reader = PowerReader(sysfs)
    with contextlib.ExitStack() as stack:
        if config.govern == "off":
            yield stack.enter_context(PowerKeeper(reader))
            return
        budget, limits = budget_of(config), None
        _ = budget.package_watts  # a wrong budget is refused before anything is changed
        state = state_file(environ)
        try:
            if anything_to_set(sysfs) or left_over(state, sysfs):
                limits = PowerLimits(sysfs, stack.enter_context(RestoredSettings(sysfs, state)))
        except AlreadyHeld:
            say(
                "another seesay holds the machine's power limits: this one only lets its engine work less, where it must"
            )
        except PowerError as error:
            say(str(error))
        governor = make_governor(sysfs, budget, limits, worker, reader, say)
        yield stack.enter_context(PowerKeeper(reader, governor, limits, worker, say))


def make_governor(
    sysfs: Sysfs, budget: Budget, limits: PowerLimits | None, worker: Worker | None, reader: PowerReader, say: Say
) -> Governor:
    """Returns a governor that uses what this machine permits.

    It finds that out by setting the power limit. Without `limits` only the engine's threads and rests are used.
    """
    has_limit = False
    shares: tuple[float, ...] = (1.0,)
    if limits is not None:
        if power_limits(sysfs).value is not None:
            held = limits.cap(budget.package_watts)
            has_limit = held.value is not None
            if held.value is None:
                say(held.why)
        shares = frequency_shares(sysfs).value or shares
    knobs = PowerKnobs(has_limit, shares, worker.threads if worker is not None else 1, can_rest=worker is not None)
    tells_watts = reader.energy.read().value is not None
    watts = budget.package_watts if has_limit or tells_watts else None
    return Governor(Goal(watts, budget.max_celsius), knobs)

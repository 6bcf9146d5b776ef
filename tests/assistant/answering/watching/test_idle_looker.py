from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from assistant.answering.watching.idle_looker import COMPARE_SECONDS, LOST_SECONDS, QUIET_SECONDS, IdleLooker
from assistant.answering.watching.look_allowance import AheadLimits, LookAllowance, PowerNow
from assistant.answering.watching.seen_pictures import SeenPictures
from tests.assistant.fakes import WAIT_SECONDS, FakeEngine, FakeView, Gate
from vision.errors import CameraLost, Cancelled
from vision.frame import Frame
from vision.framing import Fault

RANDOM = np.random.default_rng(5)
LIMITS = AheadLimits(
    every_seconds=15.0,
    joules_per_minute=120.0,
    battery_percent=50.0,
    budget_watts=10.0,
    max_celsius=85.0,
    watts_of_a_look=10.0,
)


class SlowEngine(FakeEngine):
    """Needs four seconds of the world's clock for a picture, in 40 layers. The world can act between two of them."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def see(self, frame: Frame, cancelled: threading.Event | None = None) -> FakeView:
        for _ in range(40):
            if cancelled is not None and cancelled.is_set():
                raise Cancelled("no longer wanted")
            self._world.pass_time(0.1)
        return super().see(frame, cancelled)


class World:
    """A display on a table before a camera, a clock, and one that looks ahead. Nobody sleeps."""

    live = True
    picture_size = (320, 240)

    def __init__(self, limits: AheadLimits = LIMITS) -> None:
        self.now = 1000.0
        self.digit = 0
        self.moves = False  # the camera is carried
        self.fault: Fault | None = None
        self.lost = False
        self.in_use = False
        self.power = PowerNow()
        self.said: list[str] = []
        self.glimpses = 0
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.engine = SlowEngine(self)
        self.seen = SeenPictures(self.engine)
        allowance = LookAllowance(limits, lambda: self.power, lambda began_at: None, self.clock)
        self.looker = IdleLooker(
            self.seen,
            self,
            self.take,
            allowance,
            in_use=lambda: self.in_use,
            say=self.said.append,
            clock=self.clock,
        )

    def clock(self) -> float:
        return self.now

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        due = [act for at, act in self.later if at <= self.now]
        self.later = [(at, act) for at, act in self.later if at > self.now]
        for act in due:
            act()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self.later.append((self.now + seconds, act))

    def runs(self, seconds: float) -> int:
        """Lets the thread's loop run for so long. Returns how many pictures were looked at."""
        before, until = len(self.engine.views), self.now + seconds
        while self.now < until:
            self.pass_time(self.looker.step())
        return len(self.engine.views) - before

    def frame(self) -> Frame:
        levels = np.full((240, 320, 3), 140.0)
        levels[60:180, 40:90] = 90.0
        levels[100:112, 150 + 12 * self.digit : 153 + 12 * self.digit] = 40.0
        if self.moves:
            levels = np.roll(levels, int(RANDOM.integers(8, 300)), axis=1)
        return Frame(np.clip(levels + 2.0 * RANDOM.standard_normal(levels.shape), 0, 255).astype(np.uint8), self.now)

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        self.glimpses += 1
        if self.lost:
            raise CameraLost("the camera gives no picture")
        return self.frame()

    def burst(
        self, pictures: int = 3, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        return (self.capture(timeout_seconds, cancelled),)

    def close(self) -> None:
        pass

    def take(self, cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        return self.frame(), self.fault


@pytest.fixture
def world() -> World:
    return World()


def test_a_still_picture_is_looked_at_once(world: World) -> None:
    """It takes 0.7 s to stand still and 4 s to be seen, and then it is known for as long as nothing changes."""
    assert world.runs(6.0) == 1
    assert world.said == ["looked ahead: 4.0 s, 40 J estimated from the budget"]
    assert world.runs(300.0) == 0
    assert world.looker.looks_in_last_hour == 1
    assert world.seen.has_seen(world.frame())


def test_a_changed_digit_is_looked_at_again(world: World) -> None:
    """Within the time between two looks, and of two comparisons."""
    world.runs(20.0)
    world.digit = 1
    assert world.runs(COMPARE_SECONDS + 6.0) == 1
    assert world.seen.has_seen(world.frame())
    assert world.looker.looks_in_last_hour == 2


def test_a_flicker_is_not_looked_at(world: World) -> None:
    """A change that is gone a second later costs a comparison and no look. The user's question compares by itself."""
    world.runs(20.0)
    compared = world.seen.has_seen
    answers = iter([True, False])
    world.seen.has_seen = lambda frame: next(answers, None) or compared(frame)  # type: ignore[method-assign]
    assert world.runs(30.0) == 0
    assert next(answers, None) is None


def test_a_camera_that_is_carried_looks_at_nothing(world: World) -> None:
    """It is watched less often after a while, because nothing comes of it."""
    world.moves = True
    assert world.runs(120.0) == 0
    assert world.glimpses < 150
    world.moves = False
    assert world.runs(8.0) == 1


def test_two_looks_are_never_closer_than_told(world: World) -> None:
    """A display that changes all the time costs one look in that time."""
    looks, began_at = 0, world.now
    for digit in range(60):
        world.digit = digit % 2
        looks += world.runs(2.5)
    assert 2 <= looks <= 1 + (world.now - began_at) / 15.0


def test_what_the_user_does_interrupts_a_look_between_two_layers(world: World) -> None:
    """None begins again as long as the user is at it, nor a moment later."""
    world.after(2.0, world.looker.interrupt)
    world.runs(1.0)
    began_at = world.now
    assert world.runs(0.1) == 0
    assert world.now - began_at < 2.5
    assert world.said[-1].startswith("looking ahead was interrupted after ")
    world.in_use = True
    glimpses = world.glimpses
    assert world.runs(30.0) == 0
    assert world.glimpses == glimpses
    world.in_use = False
    world.looker.interrupt()
    assert world.runs(QUIET_SECONDS - 0.1) == 0
    assert world.glimpses == glimpses
    assert world.runs(8.0) == 1


def test_what_the_user_does_between_two_steps_is_not_missed(world: World) -> None:
    """The user may act while the picture is being taken."""
    take = world.take

    def interrupted(cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        world.looker.interrupt()
        return take(cancelled)

    world.looker._take = interrupted
    assert world.runs(30.0) == 0
    assert world.engine.views == []


@pytest.mark.parametrize("fault", [Fault.COVERED, Fault.TOO_DARK])
def test_a_bad_picture_is_not_looked_at(world: World, fault: Fault) -> None:
    """In the dark or with the lens covered, and it is not taken again and again."""
    world.fault = fault
    assert world.runs(60.0) == 0
    assert world.said == [f"not looked ahead: the picture is {fault.value.replace('_', ' ')}"]
    world.fault = None
    assert world.runs(30.0) == 1


def test_on_a_low_battery_nothing_is_looked_at_nor_watched(world: World) -> None:
    """The watch costs energy too."""
    world.power = PowerNow(battery_percent=20.0)
    assert world.runs(600.0) == 0
    assert world.glimpses == 0
    assert world.said == ["not looking ahead: the battery is at 20 %"]


def test_a_lost_camera_ends_nothing(world: World) -> None:
    """It is told once, and looked at again when it is back."""
    world.lost = True
    assert world.runs(10 * LOST_SECONDS) == 0
    assert world.said == ["not looking ahead: the camera gives no picture"]
    world.lost = False
    assert world.runs(10.0) == 1


def test_nothing_is_sent_to_another_computer_before_a_question(world: World) -> None:
    """Pictures leave the machine with a question only."""
    world.engine.pictures_go_to = "10.0.0.2"
    assert world.runs(60.0) == 0
    assert world.said == ["not looking ahead: pictures would leave this machine"]


def test_a_scene_that_the_user_asked_about_is_not_looked_at_again(world: World) -> None:
    """The picture of a question counts as seen."""
    world.seen.see(world.frame())
    assert world.runs(60.0) == 0


def test_the_thread_looks_and_ends() -> None:
    """It ends at once, also within a look."""
    world = World()
    world.looker._clock = lambda: world.now + 1.0  # the look itself is held by the gate
    gate = Gate(is_open=False)
    world.engine.see = lambda frame, cancelled=None: _held(gate, cancelled)  # type: ignore[method-assign, assignment]
    world.looker._watch.note = lambda glimpse, at: 1.0  # type: ignore[method-assign]
    with world.looker:
        assert gate.reached.wait(WAIT_SECONDS)
    assert "look-ahead" not in [thread.name for thread in threading.enumerate()]


def _held(gate: Gate, cancelled: threading.Event | None) -> FakeView:
    gate.pass_through(cancelled)
    raise Cancelled("no longer wanted")

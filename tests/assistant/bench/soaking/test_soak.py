"""The soak: its schedule on a fake clock, planted faults that must be found, and real turns of the demo model."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.sensors import NOT_MEASURABLE, Lap, MachineSensors
from assistant.bench.soaking import soak as soaking
from assistant.bench.soaking import soak_ears
from assistant.bench.soaking.soak import CYCLE, Asked, Asker, SoakSettings, run
from assistant.bench.soaking.soak_log import Log, Process, failures, report, unknowns
from assistant.bench.soaking.soak_text import progress_line, text
from assistant.cli.main import main
from assistant.cli.soak import _seconds as seconds_of
from assistant.models.catalog import demo_vlm
from assistant.settings.config import Config
from tests.assistant.machine.power.machine_trees import RAPL, amd_mini_pc, nuc

ROOT = Path(__file__).parents[4]


class Silent:
    """A machine without sensors."""

    energy_source = f"{NOT_MEASURABLE}: there is no sensor"

    def meter(self) -> Lap:
        return lambda: None

    def celsius(self) -> float | None:
        return None


class Telling(Silent):
    """A machine that tells its energy and its temperature."""

    energy_source = "of the processor packages"

    def meter(self) -> Lap:
        return lambda: 25.0  # for an answer, and for the pause after it

    def celsius(self) -> float | None:
        return 61.0


class World:
    """A clock that moves only by waiting and asking, and a process with the memory that the test sets."""

    def __init__(self, turn_seconds: float = 8.0, resident: Callable[[int], float] = lambda turn: 500e6) -> None:
        self.now = 1000.0
        self.turn_seconds = turn_seconds
        self.resident = resident
        self.threads: Callable[[int], int] = lambda turn: 9
        self.asked_at: list[float] = []
        self.fails_at: int | None = None
        self.peak = 600_000_000

    def ask(self, number: int) -> Asked:
        assert number == len(self.asked_at)
        self.asked_at.append(self.now)
        self.now += self.turn_seconds
        if number == self.fails_at:
            return Asked(None, None, "VisionError: the engine is closed")
        return Asked(self.turn_seconds, 1.5)

    def process(self) -> Process:
        turn = len(self.asked_at) - 1
        return Process(int(self.resident(turn)), 100_000_000, self.threads(turn), 12, self.peak)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def run(self, wanted: SoakSettings, sensors: Silent | None = None) -> Log:
        log = Log(CYCLE, wanted.every_seconds)
        run(
            wanted,
            self.ask,
            log,
            sensors or Silent(),
            process=self.process,
            clock=lambda: self.now,
            wait=self.wait,
        )
        return log


@pytest.fixture(autouse=True)
def _quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Keeps the lines of progress out of the tests' output."""


# The schedule


def test_a_question_a_minute_for_ten_minutes() -> None:
    """The questions begin at whole minutes however long an answer takes, and the end does not wait."""
    world = World()
    log = world.run(SoakSettings(every_seconds=60, for_seconds=600))
    assert [at - 1000 for at in world.asked_at] == [60.0 * n for n in range(10)]
    assert log.turns == 10
    assert log.late == 0
    assert world.now == 1600


def test_answers_that_take_longer_than_the_pause_follow_each_other() -> None:
    """No questions pile up, and the report says how many were late."""
    world = World(turn_seconds=90)
    log = world.run(SoakSettings(every_seconds=60, for_seconds=600))
    assert [at - 1000 for at in world.asked_at] == [90.0 * n for n in range(7)]
    assert log.late == 7


def test_so_many_turns_instead_of_a_time() -> None:
    """Without a pause no turn counts as late."""
    log = World().run(SoakSettings(every_seconds=0, for_seconds=None, turns=25))
    assert (log.turns, log.late) == (25, 0)


def test_a_turn_that_fails_ends_it() -> None:
    """The failure has its turn's number and its reason, and the measurements before it stay."""
    world = World()
    world.fails_at = 3
    log = world.run(SoakSettings(every_seconds=60, for_seconds=600))
    assert log.turns == 3
    assert failures(log, 5.0) == ["turn 4 failed: VisionError: the engine is closed"]


def test_lines_of_progress_come_at_most_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """With turns of one second there is about one line in ten of them."""
    World(turn_seconds=1).run(SoakSettings(every_seconds=0, for_seconds=None, turns=100))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("turn 1 of 100 · 1.00 s, first sound 1.50 s · memory 500 MB · 9 threads, 12 files")
    assert "MB/h" in lines[-1]


# The verdict


TWO_HOURS = SoakSettings()


def test_a_sound_run_passes() -> None:
    """Memory that goes up and down by some megabytes is no leak."""
    log = World(resident=lambda turn: 500e6 + 3e6 * (turn * 7 % 5)).run(TWO_HOURS)
    assert log.turns == 120
    assert failures(log, 5.0) == []


def test_a_planted_leak_is_found() -> None:
    """A quarter of a megabyte in each turn is found as fifteen megabytes an hour."""
    to_its_end = SoakSettings(limit_mb_per_hour=1000)
    log = World(resident=lambda turn: 500e6 + 0.25e6 * turn + 3e6 * (turn * 7 % 5)).run(to_its_end)
    (sentence,) = failures(log, 5.0)
    assert sentence.startswith("resident memory grows by 15.0 MB an hour, by 14.")


def test_the_limit_decides() -> None:
    """The same leak passes under a limit of twenty."""
    log = World(resident=lambda turn: 500e6 + 0.25e6 * turn).run(TWO_HOURS)
    assert failures(log, 20.0) == []


def test_what_caches_take_at_first_is_no_leak() -> None:
    """Eighty megabytes in the first turns, and then nothing more, are no leak."""
    log = World(resident=lambda turn: 500e6 + 20e6 * min(turn, 4)).run(TWO_HOURS)
    assert failures(log, 5.0) == []


JUMPS: dict[str, Callable[[int], float]] = {
    "doubled in the middle": lambda turn: 500e6 + (500e6 if turn > 66 else 0),
    "doubled at three quarters": lambda turn: 500e6 + (500e6 if turn > 90 else 0),
    "doubled in the last rounds": lambda turn: 500e6 + (500e6 if turn > 105 else 0),
    "three steps": lambda turn: 500e6 + 40e6 * sum(turn > step for step in (30, 60, 90)),
    "a leak that begins late": lambda turn: 500e6 + 10e6 * max(0, turn - 80),
}


@pytest.mark.parametrize("name", JUMPS)
def test_memory_that_jumps_is_found(name: str) -> None:
    """A line through such memory proves nothing, but the level at the end does."""
    log = World(resident=JUMPS[name]).run(TWO_HOURS)
    assert any(sentence.startswith("resident memory") for sentence in failures(log, 5.0))


def test_a_cache_that_fills_late_is_no_jump() -> None:
    """Once 20 MB more than 500 MB pass, but the report does not say that nothing grows."""
    measured = found(World(resident=lambda turn: 500e6 + (20e6 if turn > 105 else 0)), TWO_HOURS)
    assert measured["failures"] == []
    assert "nothing grows" not in text(measured)


def test_what_is_too_uneven_is_not_called_nothing() -> None:
    """60 MB an hour under noise of 25 MB are neither shown nor excluded, and the report says so."""
    chance = random.Random(1)
    log = World(resident=lambda turn: 3700e6 + 10e6 * turn / 60 + chance.gauss(0.0, 25e6)).run(TWO_HOURS)
    slope = log.slope("resident_bytes")
    assert slope is not None
    assert slope.low < 5.0 < slope.high
    (sentence,) = unknowns(log, 5.0)
    assert sentence.startswith(f"whether resident memory grows is not known: by up to {slope.high:.1f} MB an hour")


def test_more_than_the_promised_memory_fails() -> None:
    """The promise holds at any moment, also while the model is loaded."""
    world = World()
    world.peak = 8_100_000_000
    (sentence,) = failures(world.run(TWO_HOURS), 5.0)
    assert sentence == "8.10 GB of memory were taken, and 8 are promised"


def test_threads_that_are_left_behind_are_found() -> None:
    """One more thread every ten turns is found."""
    world = World()
    world.threads = lambda turn: 9 + turn // 10
    (sentence,) = failures(world.run(TWO_HOURS), 5.0)
    assert sentence == "threads grow: 10 after the warm-up, 20 at the end"


def test_of_fast_turns_sixty_are_an_hour() -> None:
    """A kilobyte in each turn is the same leak on a fast machine and on a slow one."""
    for turn_seconds in (0.05, 5.0):
        world = World(turn_seconds, resident=lambda turn: 500e6 + 1000 * turn)
        slope = world.run(SoakSettings(every_seconds=0, for_seconds=None, turns=300)).slope("resident_bytes")
        assert slope is not None
        assert slope.value == pytest.approx(0.06)


def test_memory_that_surely_grows_ends_it() -> None:
    """Half a megabyte a turn under noise of three ends it after a good hour, and a sound run is never cut short."""
    leaking = World(resident=lambda turn: 500e6 + 0.5e6 * turn + 3e6 * (turn * 7 % 5))
    log = leaking.run(TWO_HOURS)
    assert 60 <= log.turns <= 90
    assert failures(log, 5.0)[0].startswith("resident memory grows by 29")
    assert World(resident=lambda turn: 500e6 + 3e6 * (turn * 7 % 5)).run(TWO_HOURS).turns == 120


def test_a_turn_that_fails_hides_no_growth() -> None:
    """Both the failure and the growth are reported."""
    world = World(resident=lambda turn: 500e6 + 0.25e6 * turn)
    world.fails_at = 50
    said = failures(world.run(TWO_HOURS), 5.0)
    assert [sentence.split()[0] for sentence in said] == ["turn", "resident"]


def test_the_log_itself_is_no_leak() -> None:
    """A thousand turns take less than 100 bytes each, Python's own objects included."""
    log = Log(CYCLE)
    figures = dict.fromkeys(log.columns, 1.5)
    log.add(figures)
    tracemalloc.start()
    try:
        for _ in range(1000):
            log.add(figures)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 100_000


# The report


def found(world: World, wanted: SoakSettings, sensors: Silent | None = None) -> dict[str, Any]:
    sensors = sensors or Silent()
    log = world.run(wanted, sensors)
    machine = {"processor": "Test CPU", "cores": 2, "system": "Linux", "date": "2026-11-24"}
    settings = {"every_seconds": wanted.every_seconds}
    head = {"machine": machine, "model": "m", "settings": settings, "interrupted": False}
    return head | report(log, wanted.limit_mb_per_hour, sensors)


def test_the_report_says_everything_that_is_asked_for() -> None:
    """The report has the slope with its interval, the spread, threads and files, and names what cannot be measured
    here.
    """
    measured = found(World(), TWO_HOURS)
    json.dumps(measured)
    said = text(measured)
    assert "whole answer: median 8.00 s, 95 % within 8.00 s, longest 8.00 s" in said
    assert "MB an hour (95 % confidence: " in said
    assert "threads: 9 at first, 9 at the end" in said
    assert "open files: 12 at first" in said
    assert f"temperature: {NOT_MEASURABLE}" in said
    assert f"energy a turn: {NOT_MEASURABLE}: there is no sensor" in said
    assert said.endswith("nothing failed, nothing grows (limit 5 MB an hour)")


def test_sensors_are_shown_where_there_are_any() -> None:
    """The line of progress shows the temperature too."""
    world, sensors = World(), Telling()
    measured = found(world, TWO_HOURS, sensors)
    assert measured["joules_per_turn"] == pytest.approx(50.0)
    assert "temperature: 61 °C at first" in text(measured)
    assert "energy a turn: 50.0 J of the processor packages; pauses included" in text(measured)
    assert "61 °C" in progress_line(World().run(TWO_HOURS, Telling()), None, 7200.0)


def test_long_pauses_lose_no_energy(tmp_path: Path) -> None:
    """With a question every five minutes, the small counter has to be read at least every three."""
    tree, world = amd_mini_pc(tmp_path), World()
    tree.now = world.now

    def wait(seconds: float) -> None:
        world.now += seconds
        tree.spend(2.0 * seconds, world.now - tree.now)

    log = Log(CYCLE, 300.0)
    sensors = MachineSensors(tree.sysfs, tree.clock)
    wanted = SoakSettings(every_seconds=300, for_seconds=None, turns=9)
    run(wanted, world.ask, log, sensors, process=world.process, clock=lambda: world.now, wait=wait)
    assert list(log.columns["joules"])[1:] == pytest.approx([2.0 * 292] * 8)


def test_a_turn_whose_energy_is_lost_costs_only_its_own_figure() -> None:
    """The mean is that of the other turns; without any, the report says so and names no source."""

    class Gaps(Telling):
        def meter(self) -> Lap:
            told = iter([25.0, 25.0, None] + [25.0] * 100)
            return lambda: next(told)

    class Lost(Telling):
        def meter(self) -> Lap:
            return lambda: None

    few = SoakSettings(every_seconds=60, for_seconds=600)
    assert found(World(), few, Gaps())["joules_per_turn"] == pytest.approx((25 + 50 * 8) / 9)
    said = text(found(World(), few, Lost()))
    assert f"energy a turn: {NOT_MEASURABLE}: there was no turn in which" in said


def test_few_turns_are_said_to_be_few() -> None:
    """With few turns there is no slope and no verdict about memory."""
    measured = found(World(), SoakSettings(every_seconds=60, for_seconds=300))
    assert measured["memory"]["resident_bytes"]["mb_per_hour"] is None
    assert measured["failures"] == []
    assert "too few turns to tell" in text(measured)
    assert "whether resident memory grows is not known: too few turns" in text(measured)
    assert "nothing grows" not in text(measured)


# The verb


@contextlib.contextmanager
def asking(monkeypatch: pytest.MonkeyPatch, ask: Callable[[int], Asked]) -> Iterator[None]:
    """Runs the verb with this in place of the assistant."""

    class Stand:
        model_name = "stand-in"

        def __init__(self, *arguments: object, **options: object) -> None:
            self.ask = ask

    with monkeypatch.context() as patch:
        patch.setattr(soaking, "Asker", Stand)
        yield


def test_ctrl_c_prints_what_was_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 130, and the report says that it was cut short."""

    def ask(number: int) -> Asked:
        if number == 20:
            raise KeyboardInterrupt
        return Asked(0.1, 0.05)

    with asking(monkeypatch, ask):
        assert main(["soak", "--model", "demo", "--every", "0", "--for", "1h"]) == 130
    out = capsys.readouterr().out
    assert "stand-in: 20 turns in" in out
    assert "ended by Ctrl-C" in out


def test_a_failed_turn_is_status_1_and_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is one sentence on stderr, and the report is on stdout."""
    with asking(monkeypatch, lambda number: Asked(1.0, 0.5, "it broke" if number == 2 else "")):
        assert main(["soak", "--model", "demo", "--every", "0", "--turns", "9", "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["failures"] == ["turn 3 failed: it broke"]
    assert "seesay: the soak failed: turn 3 failed: it broke" in printed.err


@pytest.mark.parametrize(
    ("said", "seconds"), [("2h", 7200), ("30m", 1800), ("1h30m", 5400), ("90s", 90), ("90", 90), ("0", 0), ("0.5h", 1800), ("5min", 300)]
)  # fmt: skip
def test_times_are_given_as_people_write_them(said: str, seconds: float) -> None:
    """A time has hours, minutes and seconds, and a bare number is seconds."""
    assert seconds_of(said) == seconds


@pytest.mark.parametrize(
    "arguments", [["--every", "soon"], ["--for", ""], ["--for", "-2h"], ["--turns", "0"], ["--turns", "5", "--for", "1h"], ["--limit", "-1"],
        ["--limit", "nan"], ["--limit", "inf"], ["--for", "0"], ["--for", "0m"]]
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 2, and the message names the option."""
    try:
        status = main(["soak", *arguments])
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_soak_holds_the_budget_as_the_conversation_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would measure for hours what no user has."""
    tree = nuc(tmp_path / "machine")
    limit = f"{RAPL}/constraint_0_power_limit_uw"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("assistant.machine.power.sysfs.Sysfs", lambda: tree.sysfs)
    with contextlib.ExitStack() as stack:
        Asker(Config(), demo_vlm(), stack)
        assert tree.text(limit) == "10000000"
    assert tree.text(limit) == "28000000"


@pytest.mark.slow
@pytest.mark.soak
def test_three_hundred_turns_leave_nothing_behind() -> None:
    """Five hours of a question a minute, run in less than five minutes, leave no memory, thread or file behind."""
    arguments = ["soak", "--model", "demo", "--every", "0", "--turns", "300", "--limit", "1", "--json"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments], capture_output=True, text=True, timeout=300, env=environ
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["turns"] == 300
    assert measured["errors"] == []
    assert measured["first_sound_seconds"]["most"] <= measured["total_seconds"]["most"]
    for memory in measured["memory"].values():
        assert memory["mb_per_hour"]["low"] <= 1.0
        assert memory["mb_per_hour"]["value"] <= 2.0
    for count in ("threads", "open_files"):
        assert measured[count]["last"] == measured[count]["first"]


@pytest.fixture
def short_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute of noise has ten seconds here."""
    monkeypatch.setattr(soak_ears, "TURN_SECONDS", 10.0)


def test_the_ears_hear_noise_of_every_kind(short_minute: None) -> None:
    """Each minute is heard whole by all recognisers, is of its own kind, and the same again for the same number."""
    ears = soak_ears.NoiseEars(Config())
    assert ears.model_name == "en"
    for number in range(soak_ears.CYCLE):
        asked = ears.ask(number)
        assert asked.error == ""
        assert asked.total_seconds is not None
    ears._source.begin(1)
    first = [chunk.samples for chunk in ears._source.chunks()]
    ears._source.begin(1)
    again = [chunk.samples for chunk in ears._source.chunks()]
    assert len(first) > 300
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert max(abs(samples.astype(int)).max() for samples in first) > 300


def test_seesay_soak_ears_reports_minutes(
    short_minute: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command hears so many minutes of noise and judges memory, without a model that answers."""
    assert main(["soak", "--ears", "--turns", "2"]) == 0
    printed = capsys.readouterr().out
    assert "en: 2 minutes of noise in " in printed
    assert "to hear a minute: median" in printed
    assert "first sound" not in printed
    assert "nothing failed" in printed


@pytest.mark.parametrize("more", [["--model", "demo"], ["--synthetic"], ["--every", "5"]])
def test_ears_ask_no_model(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Options of the questions are refused together with --ears."""
    assert main(["soak", "--ears", *more]) == 2
    assert "--ears asks no model" in capsys.readouterr().err

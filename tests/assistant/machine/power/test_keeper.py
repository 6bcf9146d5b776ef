"""The thread that looks after the power, and the verb `seesay power`, on the files of four machines."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.cli.main import command_line, main
from assistant.cli.power import cap, show
from assistant.errors import ConfigError, PowerError, UsageError, exit_status_of
from assistant.machine.power.governor import Goal, Governor
from assistant.machine.power.keeper import Budget, PowerKeeper, keep_power, make_governor
from assistant.machine.power.limits import PowerLimits
from assistant.machine.power.power_knobs import PowerKnobs
from assistant.machine.power.readings import PowerReader
from assistant.machine.power.restored_settings import RestoredSettings
from assistant.machine.power.sysfs import Sysfs
from assistant.settings.config import PowerConfig
from tests.assistant.machine.power.machine_trees import (
    POLICY,
    RAPL,
    Tree,
    amd_mini_pc,
    battery,
    kernel_write,
    late_write,
    nuc,
    refusing,
    virtual_machine,
)

MACHINES = {"nuc": nuc, "amd": amd_mini_pc, "refusing": refusing, "virtual": virtual_machine}
BUDGET = Budget(watts=10.0, other_watts=2.0, max_celsius=85.0)
CONFIG = PowerConfig(budget_watts=10.0, other_watts=2.0)
PL1 = f"{RAPL}/constraint_0_power_limit_uw"
HIGH = f"{POLICY}0/scaling_max_freq"


class Worker:
    """An engine with four threads that records what it was told."""

    threads = 4

    def __init__(self) -> None:
        self.told: list[tuple[int, float]] = [(4, 0.0)]

    def set_threads(self, threads: int) -> None:
        self.told.append((threads, self.told[-1][1]))

    def set_rest(self, share: float) -> None:
        self.told.append((self.told[-1][0], share))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "seesay" / "power-limits.json"


@pytest.fixture
def environ(state: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(state.parents[1])}


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    tree: Tree = MACHINES[request.param](tmp_path / "machine")
    return tree


def files_of(tree: Tree) -> dict[str, str]:
    found = (path for path in (tree.root / "sys").rglob("*") if path.is_file())
    return {str(path): path.read_text().strip() for path in found}


def keeper(tree: Tree, worker: Worker, said: list[str], limits: PowerLimits | None = None) -> PowerKeeper:
    reader = PowerReader(tree.sysfs, clock=tree.clock)
    governor = make_governor(tree.sysfs, BUDGET, limits, worker, reader, said.append)
    return PowerKeeper(reader, governor, limits, worker, said.append)


# What it does


def test_the_processors_own_limit_is_used_where_it_may_be_set(tmp_path: Path, environ: dict[str, str]) -> None:
    """Of the 10 W, 8 W become the processor's limit, and frequency and threads stay as they are."""
    tree, worker = nuc(tmp_path), Worker()
    with keep_power(tree.sysfs, CONFIG, worker, environ, lambda sentence: pytest.fail(sentence)):
        assert tree.text(PL1) == "8000000"
        assert set(worker.told) == {(4, 0.0)}
    assert tree.text(PL1) == "28000000"


def test_a_limit_that_another_service_overwrites_is_set_again(tmp_path: Path, state: Path) -> None:
    """The limit is checked twice a minute, because services such as thermald overwrite it."""
    tree, said = nuc(tmp_path), list[str]()
    with RestoredSettings(tree.sysfs, state) as borrowed:
        power = keeper(tree, Worker(), said, PowerLimits(tree.sysfs, borrowed))
        power.tick()
        tree.put({PL1: "28000000"})
        for _ in range(31):
            tree.spend(7.0, 1.0)
            power.tick()
        assert tree.text(PL1) == "8000000"
    assert said == []


def test_a_frequency_that_another_service_raises_is_lowered_again(tmp_path: Path, state: Path) -> None:
    """It is lowered again within half a minute, also while the setting does not change."""
    tree = amd_mini_pc(tmp_path)
    with RestoredSettings(tree.sysfs, state) as borrowed:
        power = keeper(tree, Worker(), [], PowerLimits(tree.sysfs, borrowed))
        for _ in range(6):
            tree.spend(20.0, 1.0, busy_cores=4.0)
            power.tick()
        lowered = tree.text(HIGH)
        assert int(lowered) < 3_600_000
        tree.put({HIGH: "3600000"})
        for _ in range(31):
            tree.spend(7.9, 1.0, busy_cores=4.0)
            power.tick()
        assert tree.text(HIGH) == lowered


def test_a_frequency_that_cannot_be_set_after_all_is_given_up(tmp_path: Path, state: Path) -> None:
    """If a write fails, this is told once, and threads and rests are used at once instead."""
    tree, worker, said = nuc(tmp_path), Worker(), list[str]()
    for limit in (tree.root / RAPL).glob("constraint*"):
        limit.unlink()

    def refuses(path: Path, text: str) -> None:
        raise OSError(30, "Read-only file system")

    tree.write = refuses
    with RestoredSettings(tree.sysfs, state) as borrowed:
        power = keeper(tree, worker, said, PowerLimits(tree.sysfs, borrowed))
        for _ in range(6):
            threads, rest = worker.told[-1]
            tree.spend(4.0 + 4.0 * threads * (1 - rest), 1.0, busy_cores=threads * (1 - rest))
            power.tick()
    assert 0.8 < threads * (1 - rest) <= 1.0, "8 W: 4 W whatever it does, 4 W for each thread"
    assert len(said) == 1
    assert "Read-only file system" in said[0]


def test_a_frequency_that_the_kernel_sets_late_is_not_given_up(tmp_path: Path, state: Path) -> None:
    """Linux accepts the write at once but applies it a moment later, and the file shows the old value until then."""
    tree, said = amd_mini_pc(tmp_path), list[str]()
    tree.write = late_write
    with RestoredSettings(tree.sysfs, state) as borrowed:
        power = keeper(tree, Worker(), said, PowerLimits(tree.sysfs, borrowed))
        for _ in range(12):
            tree.spend(20.0, 1.0, busy_cores=4.0)
            power.tick()
        assert {tree.text(f"{POLICY}{core}/scaling_max_freq") for core in range(8)} == {"1400000"}
    assert said == []


def test_a_frequency_that_never_holds_is_given_up_after_some_looks(tmp_path: Path, state: Path) -> None:
    """After some checks this is told once, and threads and rests are used from then on."""
    tree, worker, said = amd_mini_pc(tmp_path), Worker(), list[str]()
    tree.write = lambda path, text: None  # the write is accepted but has no effect
    with RestoredSettings(tree.sysfs, state) as borrowed:
        power = keeper(tree, worker, said, PowerLimits(tree.sysfs, borrowed))
        for second in range(12):
            tree.spend(20.0, 1.0, busy_cores=4.0)
            power.tick()
            assert bool(said) == (second >= 5)
    assert len(said) == 1
    assert "holds 3.6" in said[0]
    assert worker.told[-1][0] == 1


def test_threads_and_rests_are_used_where_nothing_else_may_be_set(tmp_path: Path) -> None:
    """For an ordinary user who may read the energy, 20 W under load bring fewer threads."""
    tree, worker = amd_mini_pc(tmp_path), Worker()
    power = keeper(tree, worker, [])
    for _ in range(6):
        tree.spend(20.0, 1.0, busy_cores=4.0)
        power.tick()
    threads, rest = worker.told[-1]
    assert threads * (1 - rest) < 2.0
    assert power.latest.package_watts.value == pytest.approx(20.0)


def test_a_budget_that_cannot_be_held_is_told_once(tmp_path: Path) -> None:
    """The sentence says what is measured and what can be done."""
    tree, said = amd_mini_pc(tmp_path), list[str]()
    power = keeper(tree, Worker(), said)
    for second in range(120):
        tree.spend(14.0 + second / 10, 1.0, busy_cores=4.0)
        power.tick()
        if second == 25:
            assert said == []
    (sentence,) = said
    assert "cannot be held: at its slowest the processor still takes 1" in sentence
    assert "8 W are what it may" in sentence
    assert "power.budget_watts" in sentence


def test_at_the_end_the_engine_works_at_full_speed_again(tmp_path: Path) -> None:
    """What the engine was told holds only while the keeper runs."""
    tree, worker = amd_mini_pc(tmp_path), Worker()
    with keeper(tree, worker, []) as power:
        for _ in range(6):
            tree.spend(20.0, 1.0, busy_cores=4.0)
            power.tick()
        assert worker.told[-1] != (4, 0.0)
    assert worker.told[-1] == (4, 0.0)
    assert not any(thread.name == "power" for thread in threading.enumerate())


def test_heat_is_held_without_any_watts(tmp_path: Path) -> None:
    """A machine that refuses its energy still tells its temperature, and that is held."""
    tree, worker = refusing(tmp_path), Worker()
    power = keeper(tree, worker, [])
    for second in range(60):
        tree.put({"sys/class/thermal/thermal_zone1/temp": f"{min(70 + second, 99)}000"})
        tree.spend(0.0, 1.0, busy_cores=4.0)
        power.tick()
    threads, rest = worker.told[-1]
    assert threads * (1 - rest) < 2.0


def test_it_lives_on_any_machine(machine: Tree, environ: dict[str, str]) -> None:
    """On every machine it starts, reads, and ends with all files as they were."""
    before = files_of(machine)
    worker = Worker()
    with keep_power(machine.sysfs, CONFIG, worker, environ, lambda sentence: None) as power:
        machine.spend(9.0, 1.0, busy_cores=1.0)
        assert power.tick() is power.latest
        machine.spend(-9.0, 1.0)
    assert files_of(machine) == before
    assert worker.told[-1] == (4, 0.0)


def test_off_only_looks(tmp_path: Path, environ: dict[str, str]) -> None:
    """With govern = "off" nothing is set, and the figures can be read all the same."""
    tree, worker = nuc(tmp_path), Worker()
    before = tree.text(PL1)
    with keep_power(tree.sysfs, PowerConfig(govern="off"), worker, environ, pytest.fail) as power:
        assert power.tick().celsius.value == 52.0
        assert tree.text(PL1) == before
    assert worker.told == [(4, 0.0)]


def test_a_second_seesay_does_not_fight_the_first(tmp_path: Path, state: Path, environ: dict[str, str]) -> None:
    """While `seesay power cap` holds the machine, `seesay run` says so once and governs its own threads only."""
    tree, said = nuc(tmp_path), list[str]()
    with RestoredSettings(tree.sysfs, state) as borrowed:
        PowerLimits(tree.sysfs, borrowed).cap(6.0)
        with keep_power(tree.sysfs, CONFIG, Worker(), environ, said.append) as power:
            power.tick()
        assert tree.text(PL1) == "6000000"
    assert len(said) == 1
    assert "another seesay" in said[0]


@pytest.mark.parametrize("make", [virtual_machine, refusing])
def test_where_nothing_can_be_set_nobody_holds_anything(
    make: Callable[[Path], Tree], tmp_path: Path, state: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two programs on such a machine do not disturb each other, and `cap` says why nothing can be limited."""
    tree = make(tmp_path / "m")
    monkeypatch.setenv("XDG_STATE_HOME", environ["XDG_STATE_HOME"])
    with RestoredSettings(tree.sysfs, state):
        with keep_power(tree.sysfs, CONFIG, Worker(), environ, pytest.fail) as power:
            power.tick()
        with pytest.raises(PowerError, match="cannot be limited here"):
            cap(CONFIG, 8.0, ["true"], sysfs=tree.sysfs, wait=lambda seconds: None)


def test_a_fault_in_its_thread_is_told_once_and_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the thread ends the thread and not the program."""
    monkeypatch.setattr("assistant.machine.power.keeper._PERIOD_SECONDS", 0.001)
    told = threading.Event()
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        told.set()

    class Broken(Governor):
        def decide(self, seen: object) -> object:  # type: ignore[override]
            raise ZeroDivisionError("a fault")

    reader = PowerReader(nuc(tmp_path).sysfs)
    with PowerKeeper(reader, Broken(Goal(None, 85.0), PowerKnobs()), say=say) as power:
        assert told.wait(10)
        power._thread.join(10)
    assert said == ["the power is no longer looked after: a fault"]


def test_a_budget_that_leaves_nothing_for_the_processor_is_refused() -> None:
    """The error names both keys."""
    with pytest.raises(ConfigError, match=r"power\.budget_watts \(10\).*power\.other_watts \(12\)"):
        _ = Budget(10.0, 12.0, 85.0).package_watts
    config = PowerConfig(budget_watts=10.0, other_watts=12.0)
    with pytest.raises(ConfigError), keep_power(Sysfs(Path("/nowhere")), config, None, {}, pytest.fail):
        pytest.fail("it has begun")


# `seesay power`


def shown(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, as_json: bool, config: PowerConfig | None = None
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("assistant.cli.power.PowerReader", lambda sysfs: PowerReader(sysfs, clock=tree.clock))
    show(config or PowerConfig(), json=as_json, sysfs=tree.sysfs, wait=lambda seconds: tree.spend(6.3, seconds, 1.0))


def test_a_person_sees_figures_and_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has a line for each thing, no figure is made up, and a figure that is only stated is marked as such."""
    shown(nuc(tmp_path / "m"), monkeypatch, tmp_path, as_json=False, config=PowerConfig(other_watts=3.0))
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["processor"] == "6.3 W"
    assert "9.3 W (processor measured, 3 W for the rest of the box as stated" in lines["whole"]
    assert lines["temperature"] == "52 °C (x86_pkg_temp)"
    assert lines["battery"] == "- (this machine has no battery)"
    assert lines["budget"].startswith("10 W for the box, 7 W of it for the processor; 85 °C")


def test_the_watts_of_a_battery_are_shown_and_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a laptop whose energy counter only root may read, the battery's gauge is a mean of many seconds."""
    tree = refusing(tmp_path / "m").put(battery("Discharging", power_now="14000000"))
    shown(tree, monkeypatch, tmp_path, as_json=False)
    told = capsys.readouterr().out
    assert "14.0 W (whole box, measured at the battery)" in told
    assert "the watts cannot be held, since the battery tells them too late" in told
    assert "nothing measures" not in told


def test_a_program_gets_nulls_with_their_reasons(
    machine: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each machine gives one object; only a machine that tells and permits nothing has status 3."""
    status = 0
    try:
        shown(machine, monkeypatch, tmp_path, as_json=True)
    except PowerError as error:
        status = exit_status_of(error)
    told = json.loads(capsys.readouterr().out)
    for name in ("package_watts", "box_watts", "battery_watts", "temperature_celsius", "power_limit_watts"):
        assert told[name] is not None or told["why"][name]
    assert status == (3 if told["temperature_celsius"] is None else 0)


def test_a_cap_without_a_limit_of_the_processor_watches_its_frequency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On an AMD box the watts are measured and the frequency follows; at the end it is what it was."""
    tree = amd_mini_pc(tmp_path / "m")

    def read(path: Path) -> str:  # each reading of the counter is one second and 20 J later
        if path.name == "energy_uj":
            tree.spend(20.0, 1.0, busy_cores=4.0)
        return path.read_text()

    tree.read = read
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("assistant.machine.power.keeper._PERIOD_SECONDS", 0.01)
    monkeypatch.setattr("assistant.cli.power.PowerReader", lambda sysfs: PowerReader(sysfs, clock=tree.clock))
    waits = "import sys\nwhile int(open(sys.argv[1]).read()) == 3600000: pass"
    cap(PowerConfig(), 8.0, [sys.executable, "-c", waits, str(tree.root / HIGH)], sysfs=tree.sysfs, wait=lambda s: None)
    told = capsys.readouterr().err
    assert "to take 8 W at most: watched once a second, and its frequency lowered" in told
    assert "held at" not in told, "nobody has seen it yet"
    assert tree.text(HIGH) == "3600000"


def test_a_cap_tells_what_really_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the machine's own limit, which was lower than the one that was asked for."""
    tree = nuc(tmp_path / "m").put({PL1: "6000000"})
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    cap(PowerConfig(), 8.0, ["true"], sysfs=tree.sysfs, wait=lambda seconds: None)
    assert "held at 6 W by its own limit" in capsys.readouterr().err
    assert tree.text(PL1) == "6000000"


def test_a_command_that_is_not_there_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is one of wrong use, and the limits are put back."""
    tree = nuc(tmp_path / "m")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(UsageError, match="no-such-command cannot be run"):
        cap(PowerConfig(), 8.0, ["no-such-command"], sysfs=tree.sysfs, wait=lambda seconds: None)
    assert tree.text(PL1) == "28000000"


def test_a_limit_that_turns_out_locked_where_there_is_nothing_else_is_no_cap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is 3, and no message says that a power is held."""
    tree = nuc(tmp_path / "m")
    shutil.rmtree(tree.root / "sys/devices")

    def locked(path: Path, text: str) -> None:
        raise OSError(5, "Input/output error")

    tree.write = locked
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(PowerError, match="cannot be limited here") as caught:
        cap(PowerConfig(), 8.0, ["true"], sysfs=tree.sysfs, wait=lambda seconds: None)
    assert exit_status_of(caught.value) == 3


def test_the_verb_shows_what_another_seesay_holds(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table shows the limit in force, a message says that another seesay holds it, and nothing is changed."""
    tree = nuc(tmp_path / "m")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(state.parents[1]))
    monkeypatch.setattr("assistant.cli.power.Sysfs", lambda: tree.sysfs)
    with RestoredSettings(tree.sysfs, state) as borrowed:
        PowerLimits(tree.sysfs, borrowed).cap(6.0)
        tree.write = lambda path, text: pytest.fail(f"{path} was written")
        assert main(["power"]) == 0
        tree.write = kernel_write
    printed = capsys.readouterr()
    assert "power limit       6.0 W, may be set" in printed.out
    assert printed.err == "a seesay that runs now has changed power limits; they come back when it ends\n"
    assert main(["power", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["power_limit_watts"] == 28.0


@pytest.mark.parametrize(
    ("words", "watts", "command"),
    [
        (["power", "cap"], None, []),
        (["power", "cap", "--watts", "8.5"], 8.5, []),
        (["power", "cap", "--watts", "8", "--", "seesay", "ask", "--json", "x"], 8.0, ["seesay", "ask", "--json", "x"]),
        (["power", "--config", "f.toml", "cap", "--", "true"], None, ["true"]),
    ],
)
def test_the_command_line_of_cap(words: list[str], watts: float | None, command: list[str]) -> None:
    """Everything after -- belongs to the command, options included."""
    arguments = command_line().parse_args(words)
    assert (arguments.watts, arguments.command) == (watts, command)


@pytest.mark.parametrize("watts", ["0", "2.9", "-5", "nan", "inf", "ten"])
def test_watts_that_make_no_sense_are_wrong_use(watts: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 2, and the message names the range."""
    with pytest.raises(SystemExit) as caught:
        command_line().parse_args(["power", "cap", f"--watts={watts}"])
    assert caught.value.code == 2
    assert "3 to 500 are expected" in capsys.readouterr().err

"""Limits that are set and put back: on a machine's files, through errors, signals and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from assistant.errors import PowerError, exit_status_of
from assistant.machine.power.limits import PowerLimits, frequency_shares, power_limits
from assistant.machine.power.restored_settings import RestoredSettings, left_over
from tests.assistant.machine.power.machine_trees import (
    POLICY,
    RAPL,
    Tree,
    amd_mini_pc,
    kernel_write,
    nuc,
    refusing,
    virtual_machine,
)

ROOT = Path(__file__).parents[4]
PL1, PL2 = f"{RAPL}/constraint_0_power_limit_uw", f"{RAPL}/constraint_1_power_limit_uw"
HIGH = f"{POLICY}0/scaling_max_freq"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "seesay" / "power-limits.json"


def values(tree: Tree) -> dict[str, str]:
    files = [path for path in tree.root.rglob("*") if path.is_file() and "sys/" in str(path) and path.suffix != ".part"]
    return {str(path.relative_to(tree.root)): path.read_text().strip() for path in files}


# What may be set


def test_a_nuc_permits_limit_and_frequency(tmp_path: Path) -> None:
    """Finding this out writes nothing, because somebody may just have changed the value that would be written back."""
    tree = nuc(tmp_path)
    tree.write = lambda path, text: pytest.fail(f"{path} was written")
    before = values(tree)
    assert power_limits(tree.sysfs).value == 28.0
    shares = frequency_shares(tree.sysfs).value
    assert shares is not None
    assert len(shares) == 31
    assert shares[0] == pytest.approx(0.4 / 3.4)
    assert shares[-1] == 1.0
    assert values(tree) == before


def test_an_amd_mini_pc_permits_its_three_frequencies(tmp_path: Path) -> None:
    """Its tree has counters but no limits, and three frequencies."""
    tree = amd_mini_pc(tmp_path)
    assert power_limits(tree.sysfs).value is None
    assert "no power limits" in power_limits(tree.sysfs).why
    assert frequency_shares(tree.sysfs).value == pytest.approx((1.4 / 3.6, 1.7 / 3.6, 1.0))


def test_a_machine_that_refuses_names_the_file(tmp_path: Path) -> None:
    """A refused file is told apart from a missing one."""
    tree = refusing(tmp_path)
    for reading in (power_limits(tree.sysfs), frequency_shares(tree.sysfs)):
        assert reading.value is None
        assert reading.refused
        assert "this user may not write" in reading.why


def test_a_virtual_machine_permits_nothing(tmp_path: Path) -> None:
    """The reason says that there is nothing to limit."""
    tree = virtual_machine(tmp_path)
    assert not power_limits(tree.sysfs).refused
    assert frequency_shares(tree.sysfs).value is None


# Set, read back, put back


def test_a_cap_sets_both_limits_and_puts_them_back(tmp_path: Path, state: Path) -> None:
    """Both PL1 and PL2 are set, because there are peaks otherwise; afterwards every file is as before and no note is
    left.
    """
    tree = nuc(tmp_path).put({f"{RAPL}/enabled": "0"})
    before = values(tree)
    with RestoredSettings(tree.sysfs, state) as borrowed:
        limits = PowerLimits(tree.sysfs, borrowed)
        assert limits.cap(7.5).value == 7.5
        assert (tree.text(PL1), tree.text(PL2), tree.text(f"{RAPL}/enabled")) == ("7500000", "7500000", "1")
        assert limits.cap(9.0).value == 9.0
        assert state.exists()
    assert values(tree) == before
    assert not state.exists()


def test_a_limit_of_the_machines_own_that_is_lower_stays(tmp_path: Path, state: Path) -> None:
    """A lower limit of the machine stays, each of the two by itself: 6 W from the BIOS do not become 15 W."""
    tree = nuc(tmp_path).put({PL1: "6000000", PL2: "12000000"})
    with RestoredSettings(tree.sysfs, state) as borrowed:
        limits = PowerLimits(tree.sysfs, borrowed)
        assert limits.cap(15.0).value == 6.0
        assert (tree.text(PL1), tree.text(PL2)) == ("6000000", "12000000")
        assert limits.cap(8.0).value == 6.0
        assert (tree.text(PL1), tree.text(PL2)) == ("6000000", "8000000")
        assert limits.cap(5.0).value == 5.0
        assert limits.cap(15.0).value == 6.0
    assert (tree.text(PL1), tree.text(PL2)) == ("6000000", "12000000")


def test_a_limit_of_nothing_is_none(tmp_path: Path, state: Path) -> None:
    """A limit of 0 counts as none, because some firmware says 0 where none is set."""
    tree = nuc(tmp_path).put({PL2: "0"})
    with RestoredSettings(tree.sysfs, state) as borrowed:
        assert PowerLimits(tree.sysfs, borrowed).cap(8.0).value == 8.0
        assert tree.text(PL2) == "8000000"


def test_frequencies_are_lowered_and_put_back(tmp_path: Path, state: Path) -> None:
    """All cores are lowered, never above what the user had allowed and never below what the processor can do."""
    tree = nuc(tmp_path).put({f"{POLICY}1/scaling_max_freq": "2000000"})
    before = values(tree)
    with RestoredSettings(tree.sysfs, state) as borrowed:
        limits = PowerLimits(tree.sysfs, borrowed)
        assert limits.slow(0.7) == ""
        assert tree.text(HIGH) == "2380000"
        assert tree.text(f"{POLICY}1/scaling_max_freq") == "2000000"
        assert limits.slow(0.01) == ""
        assert tree.text(HIGH) == "400000"
        assert limits.slow(1.0) == ""
        assert tree.text(HIGH) == "3400000"
    assert values(tree) == before


def test_a_limit_that_something_else_sets_is_told(tmp_path: Path, state: Path) -> None:
    """If another value is read back than the one that was written, it does not count as a limit."""
    tree = nuc(tmp_path)

    def stubborn(path: Path, text: str) -> None:
        path.write_text("15000000\n" if path.name.startswith("constraint_0") else text)

    tree.write = stubborn
    with RestoredSettings(tree.sysfs, state) as borrowed:
        held = PowerLimits(tree.sysfs, borrowed).cap(8.0)
    assert held.value is None
    assert "set to 8.0 W and holds 15.0 W" in held.why


def test_a_locked_limit_is_told(tmp_path: Path, state: Path) -> None:
    """The kernel answers a write to a locked limit with an input/output error, and this is told."""
    tree = nuc(tmp_path)

    def locked(path: Path, text: str) -> None:
        raise OSError(5, "Input/output error")

    tree.write = locked
    with RestoredSettings(tree.sysfs, state) as borrowed:
        assert "the firmware has locked it" in PowerLimits(tree.sysfs, borrowed).cap(8.0).why
    assert not state.exists(), "nothing was changed, and nothing has to come back"


def test_what_does_not_go_back_is_told(tmp_path: Path, state: Path) -> None:
    """The error has status 3 and says what helps, and the note stays for the next run."""
    tree, taken = nuc(tmp_path), list[str]()

    def twice(path: Path, text: str) -> None:
        taken.append(text)
        if len(taken) > 2:
            raise OSError(5, "Input/output error")
        kernel_write(path, text)

    tree.write = twice
    borrowed = RestoredSettings(tree.sysfs, state)
    assert PowerLimits(tree.sysfs, borrowed).cap(8.0).value == 8.0
    with pytest.raises(PowerError, match="could not be put back") as caught:
        borrowed.close()
    assert exit_status_of(caught.value) == 3
    assert left_over(state, tree.sysfs)


def test_a_full_disk_leaves_the_machine_as_it_is(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is told and no error is raised: the program goes on without this limit."""
    tree = nuc(tmp_path)
    before = values(tree)

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    with RestoredSettings(tree.sysfs, state) as borrowed:
        monkeypatch.setattr("assistant.machine.power.restored_settings.replace_file", full)
        limits = PowerLimits(tree.sysfs, borrowed)
        for problem in (limits.cap(8.0).why, limits.slow(0.5)):
            assert "nothing is changed" in problem
            assert "No space left on device" in problem
        assert values(tree) == before


def test_a_frequency_that_another_service_raises_is_lowered_again(tmp_path: Path, state: Path) -> None:
    """A frequency that was raised is lowered again, and one that is right already is not written."""
    tree = nuc(tmp_path)
    with RestoredSettings(tree.sysfs, state) as borrowed:
        limits = PowerLimits(tree.sysfs, borrowed)
        assert limits.slow(1.0) == ""
        assert not state.exists()
        assert limits.slow(0.7) == ""
        tree.put({HIGH: "3400000"})
        assert limits.slow(0.7) == ""
        assert tree.text(HIGH) == "2380000"


def test_an_error_in_between_puts_back(tmp_path: Path, state: Path) -> None:
    """Whatever ends the block, the settings are put back."""
    tree = nuc(tmp_path)
    before = values(tree)
    with suppress(KeyboardInterrupt), RestoredSettings(tree.sysfs, state) as borrowed:
        PowerLimits(tree.sysfs, borrowed).cap(8.0)
        PowerLimits(tree.sysfs, borrowed).slow(0.5)
        raise KeyboardInterrupt
    assert values(tree) == before


def test_nothing_is_changed_where_nothing_can_be_noted(tmp_path: Path) -> None:
    """A limit is not set without a note, because nobody would put it back after a kill."""
    tree = nuc(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(PowerError, match="nothing is changed"):
        RestoredSettings(tree.sysfs, tmp_path / "file" / "power-limits.json")


# Left by a killed run


def leave_behind(tree: Tree, state: Path, boot: str | None = None) -> None:
    """Leaves what a killed run leaves: changed limits and a note, but no lock."""
    borrowed = RestoredSettings(tree.sysfs, state)
    PowerLimits(tree.sysfs, borrowed).cap(5.0)
    borrowed._lock.close()
    if boot is not None:
        document = json.loads(state.read_text())
        state.write_text(json.dumps({**document, "boot": boot}))


def test_the_next_run_puts_back_what_a_killed_one_left(tmp_path: Path, state: Path) -> None:
    """The next run puts the old limits back first, so that it does not take the leftovers for the machine's own."""
    tree = nuc(tmp_path)
    before = values(tree)
    leave_behind(tree, state)
    assert tree.text(PL1) == "5000000"
    assert left_over(state, tree.sysfs)
    with RestoredSettings(tree.sysfs, state) as borrowed:
        assert values(tree) == before
        assert PL1 in borrowed.left_over
        assert PowerLimits(tree.sysfs, borrowed).cap(9.0).value == 9.0
    assert values(tree) == before
    assert not left_over(state, tree.sysfs)


def test_after_a_restart_of_the_machine_the_note_counts_for_nothing(tmp_path: Path, state: Path) -> None:
    """After a restart the note is ignored, because the firmware has set its own limits again, perhaps other ones."""
    tree = nuc(tmp_path)
    leave_behind(tree, state, boot="another")
    with RestoredSettings(tree.sysfs, state) as borrowed:
        assert borrowed.left_over == ()
        assert tree.text(PL1) == "5000000"
    assert not state.exists()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"version": 9}', '{"version": 1, "boot": null, "values": 3}', "[" * 100_000,
        '{"version": 1, "boot": "6f2f0a2e-0000-4000-8000-000000000001", "values": {"etc/passwd": 1, "sys/../etc/passwd": 1, "sys/x": "2"}}',
    ],
)  # fmt: skip
def test_a_damaged_note_does_no_harm(tmp_path: Path, state: Path, text: str) -> None:
    """A damaged note is ignored, and no file but the kernel's settings is ever written."""
    tree = nuc(tmp_path).put({"etc/passwd": "root", "sys/x": "1"})
    state.parent.mkdir(parents=True)
    state.write_text(text)
    with RestoredSettings(tree.sysfs, state) as borrowed:
        assert borrowed.left_over == ()
    assert tree.text("etc/passwd") == "root"
    assert tree.text("sys/x") == "1"


def test_two_at_once_are_refused(tmp_path: Path, state: Path) -> None:
    """A second run is refused, because it would note the first one's limits as the machine's own."""
    tree = nuc(tmp_path)
    with RestoredSettings(tree.sysfs, state) as first:
        PowerLimits(tree.sysfs, first).cap(6.0)
        with pytest.raises(PowerError, match="another seesay holds"):
            RestoredSettings(tree.sysfs, state)
        assert tree.text(PL1) == "6000000"
    RestoredSettings(tree.sysfs, state).close()


def test_two_users_see_each_other(tmp_path: Path, state: Path) -> None:
    """`sudo seesay power cap` and a user's `seesay run` share one lock, although their notes are in different homes."""
    tree = nuc(tmp_path)
    lock = tmp_path / "run/lock/seesay-power.lock"
    lock.parent.mkdir(parents=True)
    before = os.umask(0o077)
    try:
        with RestoredSettings(tree.sysfs, tmp_path / "root" / "power-limits.json"):
            assert lock.stat().st_mode & 0o777 == 0o644, "or the other could not look"
            with pytest.raises(PowerError, match="another seesay holds"):
                RestoredSettings(tree.sysfs, state)
    finally:
        os.umask(before)
    lock.chmod(0o444)  # it belongs to somebody else and may be read
    RestoredSettings(tree.sysfs, state).close()


def test_what_somebody_put_in_the_place_of_the_lock_hangs_nobody(tmp_path: Path, state: Path) -> None:
    """A pipe in its place is not waited for and a link is not followed; each user then has a lock of its own."""
    tree = nuc(tmp_path)
    lock = tmp_path / "run/lock/seesay-power.lock"
    lock.parent.mkdir(parents=True)
    os.mkfifo(lock)
    RestoredSettings(tree.sysfs, state).close()
    lock.unlink()
    (tmp_path / "elsewhere").write_text("")
    lock.symlink_to(tmp_path / "elsewhere")
    with RestoredSettings(tree.sysfs, state):
        RestoredSettings(tree.sysfs, tmp_path / "other" / "power-limits.json").close()
    assert (tmp_path / "elsewhere").read_text() == ""


# `seesay power cap` in a process of its own


# SIGHUP ends the program from a terminal. Where the tests run under `nohup`, their children would be born ignoring it.
CAP = """
import signal, sys
from pathlib import Path
from assistant.cli import main, power
from assistant.settings.config import PowerConfig
from assistant.errors import exit_status_of
from assistant.machine.power import Sysfs
from tests.assistant.machine.power.machine_trees import kernel_write
signal.signal(signal.SIGHUP, signal.SIG_DFL)
main._end_on_signals()
try:
    power.cap(PowerConfig(), 8.0, sys.argv[2:], sysfs=Sysfs(Path(sys.argv[1]), write=kernel_write))
except KeyboardInterrupt:
    sys.exit(130)
except Exception as error:
    print(error, file=sys.stderr)
    sys.exit(exit_status_of(error))
"""


def capping(tree: Tree, state: Path, *command: str, start_new_session: bool = False) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state.parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", CAP, str(tree.root), *command],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )


def wait_until_capped(tree: Tree) -> None:
    eventually(lambda: tree.text(PL1) == tree.text(PL2) == "8000000", "the limits were never set")


def eventually(true: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, problem
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_ends_it_puts_the_limits_back(tmp_path: Path, state: Path, number: signal.Signals) -> None:
    """Ctrl-C, a service manager's signal and a closed terminal each put the limits back."""
    tree = nuc(tmp_path / "machine")
    before = values(tree)
    with capping(tree, state) as process:
        wait_until_capped(tree)
        process.send_signal(number)
        assert process.wait(20) == 130
    assert values(tree) == before
    assert not state.exists()


def test_what_a_kill_leaves_the_next_one_puts_back(tmp_path: Path, state: Path) -> None:
    """A kill cannot be caught, but the note survives it and the lock does not."""
    tree = nuc(tmp_path / "machine")
    before = values(tree)
    with capping(tree, state) as process:
        wait_until_capped(tree)
        process.kill()
    assert tree.text(PL1) == "8000000"
    with capping(tree, state, sys.executable, "-c", "") as process:
        assert process.wait(30) == 0
    assert values(tree) == before


def test_ctrl_c_at_a_terminal_comes_to_the_command_once(tmp_path: Path, state: Path) -> None:
    """The terminal sends Ctrl-C to both, and a second one would interrupt the command's own clean-up."""
    tree, came = nuc(tmp_path / "machine"), tmp_path / "came"
    child = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *what: open(sys.argv[1], 'a').write('C'))\n"
        "open(sys.argv[1], 'w').close()\n"
        "while not open(sys.argv[1]).read(): time.sleep(0.01)\n"
        "time.sleep(0.3)\n"
    )
    with capping(tree, state, sys.executable, "-c", child, str(came), start_new_session=True) as process:
        eventually(came.exists, "the command never began")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 130
    assert came.read_text() == "C"


def test_a_signal_that_only_we_get_is_passed_on(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that only we get is passed on after a while, and a command that ignores it is killed."""
    from assistant.cli import power

    monkeypatch.setattr(power, "_OWN_END_SECONDS", 0.05)
    monkeypatch.setattr(power, "_COMMAND_END_SECONDS", 0.05)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    for program, ended_by in (("print(flush=True); import time; time.sleep(60)", -15), (deaf, -9)):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            power._end(process)
            assert process.returncode == ended_by


def test_a_command_runs_under_the_limit_and_gives_its_status(tmp_path: Path, state: Path) -> None:
    """The command runs under the limit, and its status is passed on as by `nice` and `timeout`."""
    tree = nuc(tmp_path / "machine")
    before = values(tree)
    look = "import sys; sys.exit(7 if open(sys.argv[1]).read().strip() == '8000000' else 1)"
    with capping(tree, state, sys.executable, "-c", look, str(tree.root / PL1)) as process:
        assert process.wait(30) == 7
    assert values(tree) == before


@pytest.mark.parametrize("machine", [virtual_machine, refusing])
def test_a_machine_that_permits_nothing_ends_with_status_3(
    tmp_path: Path, state: Path, machine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says why nothing can be limited and where to read more."""
    from assistant.cli.power import cap
    from assistant.settings.config import PowerConfig

    monkeypatch.setenv("XDG_STATE_HOME", str(state.parents[1]))
    tree = machine(tmp_path / "machine")  # type: ignore[operator]
    with pytest.raises(PowerError, match=r"cannot be limited here.*docs/power\.md") as caught:
        cap(PowerConfig(), 8.0, [], sysfs=tree.sysfs, wait=lambda seconds: None)
    assert exit_status_of(caught.value) == 3
    assert not state.exists()

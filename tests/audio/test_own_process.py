"""A module of the program in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from audio import own_process
from audio.own_process import command_of


def test_the_program_s_own_module_is_run_wherever_it_is_started(tmp_path: Path) -> None:
    """A package of the same name in the working directory, and one before ours on the search path, do not count."""
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "__init__.py").write_text("raise RuntimeError('the wrong one')")
    done = subprocess.run(
        command_of("audio.own_process"),
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_module_gets_its_arguments_as_from_python_m(tmp_path: Path) -> None:
    """argv has the module's file and then what was given, in any spelling."""
    printing = "import sys; from audio import own_process; print(own_process.__file__); print(sys.argv)"
    (tmp_path / "printing.py").write_text(printing)
    command = command_of("printing", "--tokens", "a 'b' \"c\"")
    done = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    module, argv = done.stdout.splitlines()
    assert module == own_process.__file__
    assert argv == str([str(tmp_path / "printing.py"), "--tokens", "a 'b' \"c\""])


def test_a_process_ends_with_the_one_that_started_it() -> None:
    """Also where that one is killed: nothing goes on computing for nobody."""
    child = "from audio.own_process import end_with_parent; end_with_parent(); print('ready', flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    folder = Path(own_process.__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", parent], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdin is not None
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        started.send_signal(signal.SIGKILL)
        assert started.stdout.read() == ""  # ends only when no process holds the other end of the pipe

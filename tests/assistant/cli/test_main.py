from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from assistant import console
from assistant.cli.main import _with_default_verb, main
from assistant.errors import AssistantError

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder without a configuration or a fetched model."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "SEESAY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@contextlib.contextmanager
def default_signals() -> Iterator[None]:
    """Sets the signals as a shell does when it starts a program, and restores pytest's own afterwards."""
    before = {
        number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def picture(path: Path) -> str:
    Image.new("RGB", (64, 48), "white").save(path)
    return str(path)


def test_help_and_version_answer_without_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    """Both end with status 0 and name the program."""
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit) as ended:
            main([flag])
        assert ended.value.code == 0
    assert "seesay" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["ask", "--image", "p.png"], 2, "--audio"),
        (["ask", "--image", "p.png", "--audio", "q.wav", "what is this"], 2, "--audio"),
        (["ask", "--image", "p.png", "--say", "--speech-out", "a.wav", "what"], 2, "not both"),
        (["ask", "--image", "p.png", "   "], 2, "empty"),
        (["ask", "--image", "p.png", "why " * 2_500], 2, "characters"),
        (["ask", "--image", "nowhere.png", "what is this"], 1, "nowhere.png"),
        (["ask", "--image", "p.png", "--audio", "nowhere.wav"], 1, "nowhere.wav"),
        (["--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["--profile", "kart"], 2, "there is no profile 'kart'; did you mean 'cart'?"),
        (["--config", "nowhere.toml", "ask", "--image", "p.png", "what is this"], 2, "nowhere.toml"),
    ],
)
def test_wrong_use_is_one_sentence_and_its_status(
    arguments: list[str], status: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no traceback, stdout stays empty, and the sentence names what is wrong."""
    picture(tmp_path / "p.png")
    assert main(arguments) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["ask", "--no-such-option"], ["sing"], ["ask", "--image"], ["fetch", "--language", "xx"]]
)
def test_an_unknown_option_is_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What the parser itself refuses has status 2 as well."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def jpeg(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (jpeg()[:300], "picture"), (b"this is no picture\n" * 20, "text"), (b"\x00" * 500, "picture")],
)
def test_a_bad_picture_is_told_before_anything_is_loaded(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty or truncated file, a text and rubbish each have status 1 and a sentence that names the file."""
    (tmp_path / "bad.jpg").write_bytes(content)
    assert main(["ask", "--image", "bad.jpg", "what is this"]) == 1
    err = capsys.readouterr().err
    assert "bad.jpg" in err
    assert words in err
    assert err.count("\n") == 1


def test_a_missing_model_folder_has_status_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence names the missing folder and the key that configures it."""
    (tmp_path / "config.toml").write_text('# SeeSay\n[engine]\nmodel = "nowhere"\n')
    picture(tmp_path / "p.png")
    assert main(["ask", "--image", "p.png", "what is this"]) == 3
    err = capsys.readouterr().err
    assert "nowhere" in err
    assert "engine.model" in err


def test_a_machine_without_camera_or_microphone_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a device the status is 3, the sentence says what to do, and nothing is loaded first."""
    assert main(["ask", "what is this"]) == 3
    assert "camera" in capsys.readouterr().err


def test_help_is_quick() -> None:
    """Help takes well under half a second of this process's own work, because nothing heavy is imported."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "assistant", "--help"], cwd=ROOT, check=True, capture_output=True)
    after = os.times()
    used = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    # CPU seconds: this is twice what a slow, busy machine needs, and importing torch alone takes more
    assert used < 1.5


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", "run"),
        ("--verbose", "run --verbose"),
        ("--config F ask Q", "ask --config F Q"),
        ("--profile button", "run --profile button"),
        ("--profile button ask Q", "ask --profile button Q"),
        ("button --learn", "button --learn"),
    ],
)
def test_the_verb_may_be_left_out_and_options_may_stand_before_it(given: str, meant: str) -> None:
    """The name of a profile is not taken for a verb, even if there is a verb with that name."""
    assert _with_default_verb(given.split()) == meant.split()


def test_ctrl_c_has_the_shells_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted `ask` is 130; `run`, which has no other end, is 0."""

    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assistant.models.catalog.choose_eye", interrupted)
    assert main(["ask", "what is this"]) == 130
    assert main(["run"]) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_to_be_ended_unwinds(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C, a service manager's signal or a closed terminal, everything that was opened is closed.

    This holds whatever is printed meanwhile, even if nobody can read it.
    """
    closed = []

    def ended(*args: object, **kwargs: object) -> None:
        try:
            signal.raise_signal(number)
        finally:
            console.say("the power limit is back")  # written to a terminal that is gone
            closed.append(number)

    def gone(text: str) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("assistant.models.catalog.choose_eye", ended)
    monkeypatch.setattr(sys.stderr, "write", gone)
    with default_signals():
        assert main(["run"]) == 0
    assert closed == [number]


def test_nohup_is_respected(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A user who starts it with nohup wants it to outlive the terminal."""

    def closing(config: object) -> None:
        signal.raise_signal(signal.SIGHUP)
        raise AssistantError("it went on")

    monkeypatch.setattr("assistant.models.catalog.choose_eye", closing)
    with default_signals():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert main(["run"]) == 1
    assert "it went on" in capsys.readouterr().err


def test_a_surprise_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An unforeseen error has status 1 and is named, without a traceback."""

    def surprised(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("assistant.models.catalog.choose_eye", surprised)
    began = time.monotonic()
    assert main(["run"]) == 1
    assert time.monotonic() - began < 5
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err


def test_a_full_disk_behind_stdout_is_a_sentence(tmp_path: Path) -> None:
    """If the answer cannot be written, the status is 1 and the sentence says why."""
    picture(tmp_path / "p.png")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "assistant", "ask", "--image", "p.png", "is it dark", "--json"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "cannot write the answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_tilde_in_an_option_is_the_users_home(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A shell leaves the tilde in --image=~/x as it is, and the message shows the folder that was searched."""
    assert main(["ask", "what is it", "--image=~/none.png"]) != 0
    assert f"there is no picture {tmp_path}/none.png" in capsys.readouterr().err
    assert main(["ask", "--image=~/none.png", "--audio=~/none.wav"]) != 0
    assert f"{tmp_path}/none.wav" in capsys.readouterr().err


@pytest.mark.parametrize(
    "hanging",
    [
        "import cv2, numpy\npicture = numpy.zeros((500, 500, 3), numpy.uint8)\n"
        "def work(): cv2.GaussianBlur(picture, (31, 31), 5)",
        "import ctypes\nlibc = ctypes.CDLL(None)\ndef work(): libc.sleep(60)",
    ],
    ids=["computes in OpenCV", "hangs for ever"],
)
@pytest.mark.parametrize("daemon", [True, False])
def test_a_thread_inside_a_library_spoils_neither_the_end_nor_its_status(hanging: str, daemon: bool) -> None:
    """The process ends with the verb's own status within two seconds, and everything that was printed arrives."""
    code = f"""
import sys, threading
import assistant.cli.main as cli
{hanging}
inside = threading.Event()
def hang():
    while True:
        inside.set()
        work()
threading.Thread(target=hang, daemon={daemon}).start()
inside.wait()
def no_camera(argv):
    print("ended at", __import__("time").monotonic(), end="")
    print("no camera", end="", file=sys.stderr)
    return 3
cli.main = no_camera
cli.entry()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    seconds = time.monotonic() - float(done.stdout.removeprefix("ended at "))
    assert (done.returncode, done.stderr) == (3, "no camera")
    assert seconds < 2.0


def test_an_end_whose_output_nobody_takes_is_a_failure(tmp_path: Path) -> None:
    """If something cannot be written at the very end, status 0 becomes 1, without a traceback."""
    code = 'import assistant.cli.main as cli\ncli.main = lambda argv: print("words") or 0\ncli.entry()'
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("seesay: cannot write the answer to standard output")
    assert done.stderr.count("\n") == 1

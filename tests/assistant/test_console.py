"""Output never fails for a closed or full stream, nor for its encoding, and a lost answer changes the exit status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from assistant import console

ROOT = Path(__file__).parents[2]
CHINESE = (
    "红色的圆 😀 \udc80"  # includes a character outside the first 65,536 and a byte of a file name that is not UTF-8
)
CLOSED = (">&-", "2>&-", "<&- >&- 2>&-")


@pytest.fixture(autouse=True)
def _nothing_lost_before() -> None:
    """Lets each test begin as a command line does, with nothing lost."""
    console.prepare_streams()


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a user with an empty home folder, where no models can be downloaded."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), "XDG_DATA_HOME": "/dev/null", **more}


def start(arguments: str, folder: Path, redirected: str = "", **more: str) -> subprocess.CompletedProcess[bytes]:
    """Starts `seesay ARGUMENTS` with some of its standard descriptors closed."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -m assistant {arguments} {redirected}', sys.executable],
        cwd=folder,
        env=environment(folder, **more),
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "gbk"])
def test_text_goes_out_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A character that the encoding lacks is written as an escape."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    console.prepare_streams()
    console.result(CHINESE)
    assert written.getvalue() == (CHINESE + "\n").encode(encoding, "backslashreplace")
    assert console.all_written()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "gbk"])
def test_json_stays_json_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that reads the JSON gets the same text back."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    console.prepare_streams()
    console.result(console.as_json_line({"answer": CHINESE}))
    assert json.loads(written.getvalue().decode(encoding)) == {"answer": CHINESE}


def test_a_closed_stdout_loses_results_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loss is reported once and nothing is raised, because a conversation goes on by voice."""
    monkeypatch.setattr(sys, "stdout", None)
    console.result("It is red.")
    console.result("It is round.")
    assert not console.all_written()
    assert capsys.readouterr().err.count("cannot write the answer to standard output: it is closed") == 1


def test_a_full_disk_loses_results_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk is treated in the same way, with the system's own reason."""
    with Path("/dev/full").open("w", encoding="utf-8", buffering=1) as full:
        monkeypatch.setattr(sys, "stdout", full)
        console.result("It is red.")
        assert not console.all_written()
    assert capsys.readouterr().err.count("No space left on device") == 1


def test_a_new_command_line_has_lost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss shows in the exit status of its own command line only."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        console.result("It is red.")
    console.prepare_streams()
    assert console.all_written()


@pytest.mark.parametrize("option", ["", " --json"])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_chinese_question_is_answered_on_a_narrow_terminal(encoding: str, option: str, tmp_path: Path) -> None:
    """The whole program ends with status 0 and no traceback."""
    Image.new("RGB", (64, 48), "white").save(tmp_path / "p.png")
    done = start(f"ask --image p.png '红色的圆在哪里？'{option}", tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    if option:
        assert json.loads(done.stdout)["heard"] == "红色的圆在哪里？"


@pytest.mark.parametrize("closed", CLOSED)
def test_an_answer_that_cannot_be_written_is_a_failure(closed: str, tmp_path: Path) -> None:
    """With stdout closed the status is 1 and one sentence says why; with stderr closed the answer is printed all the
    same.
    """
    Image.new("RGB", (64, 48), "white").save(tmp_path / "p.png")
    done = start("ask --image p.png 'is it dark'", tmp_path, closed)
    if closed == "2>&-":
        assert done.returncode == 0
        assert done.stdout.strip()
    else:
        assert done.returncode == 1
    if closed == ">&-":
        assert done.stderr.count(b"cannot write the answer to standard output: it is closed") == 1
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["run", "serve --port 99999", "fetch", "button", "power cap", "sing"])
def test_every_verb_ends_as_it_does_with_open_streams(verb: str, tmp_path: Path) -> None:
    """The status is the same with closed descriptors, and nothing unexpected is printed on those that are open."""
    usual = start(verb, tmp_path).returncode
    for closed in CLOSED:
        done = start(verb, tmp_path, closed)
        assert done.returncode == usual, (closed, done.stderr)
        assert b"Traceback" not in done.stderr
        assert b"should not have" not in done.stderr


@pytest.mark.parametrize("option", ["--help", "ask --help", "--version"])
@pytest.mark.parametrize(("place", "reason"), [(">/dev/full", b"No space left on device"), (">&-", b"it is closed")])
def test_help_that_cannot_be_written_is_a_failure(option: str, place: str, reason: bytes, tmp_path: Path) -> None:
    """The status is 1, with one sentence, and neither Python's own 120 nor 0."""
    done = start(option, tmp_path, place)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert reason in done.stderr


def test_a_message_is_written_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages of two threads stand on two lines, because none is written without its end."""
    written: list[str] = []

    class Watched(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stderr", Watched())
    console.say("the model is ready")
    assert [text for text in written if text] == ["the model is ready\n"]

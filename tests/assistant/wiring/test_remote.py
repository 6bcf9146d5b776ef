"""`seesay ask` with another computer's engine, with none, and with no network at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PIL import Image, ImageDraw

from assistant.cli.demo import demo_scene
from assistant.cli.main import main
from audio.speaking.voice import SpokenVoice
from tests.vision.remote.fake_openai import FakeOpenAI, fails, free_port, says
from vision.demo_model.rendering.fonts import load_font
from vision.demo_model.world import draw
from vision.engine.view import View
from vision.interface import AnswerChunk

ASK = ["ask", "--image", "picture.png", "What color is the circle?"]


@pytest.fixture(autouse=True)
def _fresh_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture in an empty folder, without a fetched model."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    draw(demo_scene()[0]).save("picture.png")


@pytest.fixture
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def use(base_url: str, more: str = "") -> None:
    Path("config.toml").write_text(
        f'# SeeSay\n[engine]\nbackend = "openai"\n[remote]\nbase_url = "{base_url}"\nretries = 0\n{more}'
    )


def test_the_other_computer_answers_and_it_is_said_where_the_picture_goes(
    fake: FakeOpenAI, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is printed at the start; the own engine is not loaded; stdout has the answer alone."""
    use(fake.base_url)
    assert main(ASK) == 0
    out, err = capsys.readouterr()
    assert out == "A cup. It is red.\n"
    assert f"PICTURES LEAVE THIS MACHINE: each one that is asked about goes to {fake.base_url}" in err
    assert "loading" not in err
    assert "demo" not in err
    (request,) = fake.requests
    assert request["messages"][0]["role"] == "system"
    assert request["messages"][1]["content"][1]["text"] == "What color is the circle?"


def test_it_is_also_said_aloud(
    fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a voice it is said before the answer, and it is no part of the answer that programs read."""
    heard: list[str] = []

    def say(voice: SpokenVoice, sentence: str, cancelled: Event) -> float:
        heard.append(sentence)
        return 1.0

    monkeypatch.setattr(SpokenVoice, "say", say)
    use(fake.base_url)
    assert main([*ASK, "--speech-out", "answer.wav", "--json"]) == 0
    assert heard == [
        "Attention: pictures leave this machine. They go to the computer 127.0.0.1.",
        "A cup.",
        "It is red.",
    ]
    result = json.loads(capsys.readouterr().out)
    assert (result["answer"], result["model"]) == ("A cup. It is red.", "eye at 127.0.0.1")
    assert result["tokens"] == {"prompt": 700, "answer": 11}


def test_when_it_is_away_this_machine_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing listens at the address: this is said, and the answer is right all the same."""
    use(f"http://127.0.0.1:{free_port()}/v1")
    assert main(ASK) == 0
    out, err = capsys.readouterr()
    assert out == "The circle is red.\n"
    assert "cannot be reached" in err
    assert "until it is back, the small demo model of this machine answers" in err


def test_when_it_fails_at_the_question_this_machine_answers(
    fake: FakeOpenAI, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other computer names its models and then fails at the question."""
    use(fake.base_url)
    fake.usually = fails(500, "out of memory")
    assert main(ASK) == 0
    out, err = capsys.readouterr()
    assert out == "The circle is red.\n"
    assert "out of memory" in err


def test_without_fallback_it_is_one_sentence_and_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 3, as for any missing device."""
    use(f"http://127.0.0.1:{free_port()}/v1", 'fallback = "none"\n')
    assert main(ASK) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("seesay: the engine at http://127.0.0.1:")
    assert "Traceback" not in err


def test_an_address_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 2, because the configuration makes no sense without an address."""
    use("")
    assert main(ASK) == 2
    assert "needs remote.base_url" in capsys.readouterr().err


def test_without_the_package_it_says_what_to_install(
    fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The package is an extra, which a user who stays offline does not need."""
    monkeypatch.setitem(sys.modules, "openai", None)
    use(fake.base_url)
    assert main(ASK) == 2
    assert 'pip install ".[remote]"' in capsys.readouterr().err


# The watch sees every socket that Python code makes and every name that it looks up, by the interpreter's own audit
# events. The files that are open at the end show sockets of C libraries. A socket of the system itself (AF_UNIX)
# reaches no other machine.
WATCHED = """
import os, socket, sys
seen = []
def hook(event, arguments):
    if event == "socket.__new__" and arguments[1] != socket.AF_UNIX:
        seen.append((event, int(arguments[1])))
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.bind") and (
        event != "socket.connect" or not isinstance(arguments[1], (str, bytes))
    ):
        seen.append((event, str(arguments[1:])))
sys.addaudithook(hook)
from assistant.cli.main import main
status = main(sys.argv[1:])
left = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")]
print("SEEN", seen, [link for link in left if link.startswith("socket:")],
      sorted({"openai", "httpx", "httpx2", "vision.remote"} & set(sys.modules)), status)
"""


def watched(*arguments: str) -> str:
    """The last line of the watched program: sockets, those left open, modules of the network, status."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    assert "SEEN" in done.stdout, done.stderr
    return done.stdout.splitlines()[-1]


def test_by_itself_it_opens_no_connection() -> None:
    """From the start to the spoken answer no socket is made, no name is looked up and no network module is loaded."""
    assert watched(*ASK, "--speech-out", "answer.wav") == "SEEN [] [] [] 0"


def test_the_watch_sees_a_connection(fake: FakeOpenAI) -> None:
    """A connection is seen, so the test above can fail."""
    use(fake.base_url)
    line = watched(*ASK)
    assert "socket.connect" in line
    assert "openai" in line


DOOR = "what number is on the door"


def door() -> list[str]:
    """The command line that asks about a picture with one line of print."""
    picture = Image.new("RGB", (640, 360), "white")
    ImageDraw.Draw(picture).text((120, 120), "Room 401", "black", font=load_font(None, 80))
    picture.save("door.png")
    return ["ask", "--image", "door.png", DOOR]


def test_print_is_read_here_and_told_there(fake: FakeOpenAI, capsys: pytest.CaptureFixture[str]) -> None:
    """The other computer gets the line and the question; an answer that the line contradicts is doubted."""
    fake.usually = says("The room is 407.")
    use(fake.base_url)
    assert main([*door(), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["heard"], told["doubt"]) == (DOOR, "unsure")
    assert told["answer"] == "I am not sure: the room is 407. I also read 401."
    text = fake.requests[-1]["messages"][1]["content"][1]["text"]
    assert text.startswith("Text that was read in the picture, it may be wrong")
    assert text.endswith(f"Question: {DOOR}")
    assert "401" in text


def test_the_config_turns_the_help_off(fake: FakeOpenAI, capsys: pytest.CaptureFixture[str]) -> None:
    """The question goes as it is, and the model alone decides about doubt."""
    fake.usually = says("The room is 407.")
    use(fake.base_url, '[reading]\ncontext = "off"\n')
    assert main([*door(), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["doubt"], told["answer"]) == ("plain", "The room is 407.")
    assert fake.requests[-1]["messages"][1]["content"][1]["text"] == DOOR


def test_the_demo_model_that_steps_in_gets_the_question_alone(
    fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It takes no instructions. The other computer goes away with the very question that has the print before it."""
    asked: list[str] = []
    ask = View.ask

    def listening(view: View, question: str, **options: Any) -> Iterator[AnswerChunk]:
        asked.append(question)
        return ask(view, question, **options)

    monkeypatch.setattr(View, "ask", listening)
    fake.usually = fails(500)
    use(fake.base_url)
    assert main(door()) == 0
    assert "401" in fake.requests[-1]["messages"][1]["content"][1]["text"]
    assert asked == [DOOR]

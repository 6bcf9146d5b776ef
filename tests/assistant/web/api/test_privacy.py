"""Who sees what others asked, and who hears that somebody looks through the camera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assistant.settings.config import Config, WebConfig
from assistant.web.answers.status_board import MOST_ASKERS, Board
from assistant.web.app import create_app
from assistant.web.server import WebServer
from assistant.web.services import Services
from assistant.web.settings import WebSettings
from assistant.wiring import web
from assistant.wiring.assembly import Assembly
from assistant.wiring.web import SideServer, web_settings
from audio.errors import DeviceMissing
from audio.pcm import AudioChunk
from tests.assistant.answering.watching.test_camera_watch import Pipeline as FakePipeline
from tests.assistant.web.api.conftest import take
from tests.assistant.web.api.serving import (
    QUESTION,
    Running,
    SteppedEngine,
    data_uri,
    eventually,
    parts_with,
    picture,
    running,
    send,
    send_form,
    send_json,
)

TOKEN = "0123456789abcdefghij"
HERE, PHONE, TABLET = "127.0.0.1", "192.168.1.7", "192.168.1.8"
FIELDS: dict[str, str | tuple[str, bytes]] = {"question": QUESTION, "image": ("image/png", picture())}


def served(**settings: Any) -> Any:
    engine = SteppedEngine(tokens=1)
    engine.steps.release(1000)
    return running(parts_with(engine, take=take), token=TOKEN, trusted_proxy=HERE, **settings)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A server behind a proxy, which tells the addresses of its clients."""
    with served() as started:
        yield started


def session(server: Running, address: str) -> dict[str, str]:
    """The headers of a browser at that address, after its login."""
    told = {"X-Forwarded-For": address}
    typed = {"Content-Type": "application/x-www-form-urlencoded", **told}
    reply = send(server.port, "POST", "/login", f"token={TOKEN}".encode(), typed)
    return {**told, "Cookie": reply.headers["Set-Cookie"].split(";")[0]}


def program(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address, "Authorization": f"Bearer {TOKEN}"}


def last(server: Running, headers: dict[str, str]) -> tuple[str | None, str | None]:
    status = send(server.port, "GET", "/api/status", headers=headers).json
    return status["last_question"], status["last_answer"]


def test_the_last_question_is_shown_only_to_who_asked_it(server: Running) -> None:
    """Another person who is logged in sees neither question nor answer, also not from the same address."""
    carer, other = session(server, PHONE), session(server, PHONE)
    send_form(server.port, "/api/ask", FIELDS, **carer)
    assert last(server, carer) == (QUESTION, "word")
    assert last(server, other) == (None, None)
    send_form(server.port, "/api/ask", {**FIELDS, "question": "is there a star"}, **other)
    assert last(server, other) == ("is there a star", "word")
    assert last(server, carer) == (QUESTION, "word")


def test_programs_with_the_token_are_told_apart_by_their_address(server: Running) -> None:
    """This holds for every way to ask."""
    asked = {
        "model": "stepped",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": data_uri(picture())}}]}],
    }  # fmt: skip
    assert send_json(server.port, "/v1/chat/completions", asked, **program(PHONE)).status == 200
    assert last(server, program(PHONE)) == ("what is it", "word")
    assert last(server, program(TABLET)) == (None, None)
    assert last(server, session(server, PHONE)) == (None, None)


def test_what_was_asked_by_voice_is_shown_on_this_machine_alone(server: Running) -> None:
    """A phone does not see it, whatever the configuration says of the clients' own questions."""
    with served(shows_all_last=True) as open_server:
        for each in (server, open_server):
            each.services.board.asked("is the door open")
            each.services.board.answered("Yes.")
            assert last(each, program(HERE)) == ("is the door open", "Yes.")
            assert last(each, program("192.168.1.99")) == (None, None)
            assert last(each, session(each, "192.168.1.99")) == (None, None)


def test_the_configuration_may_show_it_to_all() -> None:
    """With show_last = "all" every client sees the newest question of any client."""
    with served(shows_all_last=True) as server:
        send_form(server.port, "/api/ask", FIELDS, **session(server, PHONE))
        assert last(server, session(server, TABLET)) == (QUESTION, "word")
        assert last(server, program(HERE)) == (QUESTION, "word")


def test_a_session_that_was_ended_sees_nothing_of_its_past(server: Running) -> None:
    """Whoever logs in next in the same browser does not see what was asked before the logout."""
    carer = session(server, PHONE)
    send_form(server.port, "/api/ask", FIELDS, **carer)
    send(server.port, "POST", "/logout", b"", carer)
    assert last(server, session(server, PHONE)) == (None, None)


def test_the_board_forgets_who_has_not_asked_for_longest() -> None:
    """It keeps no more askers than it says, and each has an own answer."""
    board = Board()
    for number in range(MOST_ASKERS + 1):
        board.asked(f"question {number}", str(number))
    board.answered("late", "0")
    board.answered("yes", "1")
    assert board.newest(lambda asker: asker == "0").last_question is None
    assert board.newest(lambda asker: asker == "1").last_answer == "yes"
    assert board.newest().last_question == f"question {MOST_ASKERS}"


# Looks through the camera


def test_every_way_to_look_through_the_camera_is_told() -> None:
    """The camera's picture alone, a question about it and its print count; a client's own picture does not."""
    looks: list[str] = []
    engine = SteppedEngine(tokens=1)
    engine.steps.release(1000)
    settings = WebSettings(port=0)
    services = Services(parts_with(engine, take=take), settings, on_look=lambda: looks.append("look"))
    with WebServer(create_app(services), settings, services.sweep) as server:
        send_form(server.port, "/api/ask", FIELDS)
        assert looks == []
        assert send(server.port, "GET", "/api/frame.jpg").status == 200
        send_form(server.port, "/api/ask", {"question": QUESTION, "camera": "1"})
        send_form(server.port, "/api/read", {"camera": "1"})
    assert looks == ["look"] * 3


@pytest.mark.parametrize(
    ("config", "is_announced"),
    [
        (WebConfig(), False),
        (WebConfig(announce_looks="on"), True),
        (WebConfig(host="0.0.0.0"), True),
        (WebConfig(names="box.local"), True),
        (WebConfig(trusted_proxy="127.0.0.1"), True),
        (WebConfig(host="0.0.0.0", announce_looks="off"), False),
    ],
)
def test_looks_are_announced_where_others_may_come_in(config: WebConfig, is_announced: bool, tmp_path: Path) -> None:
    """By default nobody is told on a machine that only its own users can reach."""
    (tmp_path / "t").touch(mode=0o600)
    (tmp_path / "t").write_text(TOKEN)
    assert web_settings(Config(web=config), None, None, tmp_path / "t").announces_looks is is_announced


@dataclass
class RecordingSpeaker:
    played: list[AudioChunk] = field(default_factory=list)
    speaking = False

    def play(self, chunk: AudioChunk, cancelled: object) -> float:
        self.played.append(chunk)
        return 0.0

    def drain(self, cancelled: object) -> None: ...
    def mute_device(self) -> None: ...
    def close(self) -> None: ...


def test_a_server_without_a_conversation_says_it_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The sentence comes out of the loudspeaker of the machine whose camera was used."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    speaker = RecordingSpeaker()
    monkeypatch.setattr("assistant.wiring.devices.loudspeaker", lambda device: lambda: speaker)
    with ExitStack() as stack:
        assembly = Assembly(Config(), stack)
        monkeypatch.setattr(Assembly, "engine", SteppedEngine())
        monkeypatch.setattr(Assembly, "frames", None)
        pipeline = web._own_voice(assembly)
        assert pipeline is not None
        pipeline.say_soon(assembly.phrases.camera_looked_through)
        assert eventually(lambda: not pipeline.busy)
    assert sum(len(chunk.samples) / chunk.sample_rate_hz for chunk in speaker.played) > 1.0


def test_the_voice_is_told_of_each_look(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With looks announced the camera's picture is said or sounded, and without that it is not."""
    monkeypatch.setattr(web, "_parts", lambda assembly, camera, power: parts_with(SteppedEngine(), take=take))
    for announces_looks in (True, False):
        pipeline = FakePipeline()
        settings = WebSettings(port=0, announces_looks=announces_looks)
        with ExitStack() as stack:
            assembly = Assembly(Config(), stack)
            stack.enter_context(SideServer(settings).serving(assembly, pipeline=pipeline))  # type: ignore[arg-type]
            port = int(capsys.readouterr().err.split("127.0.0.1:")[1].split()[0])
            for _ in range(2):
                assert send(port, "GET", "/api/frame.jpg").status == 200
        said = f"now: {assembly.phrases.camera_looked_through}"
        assert pipeline.heard == ([said, "cue"] if announces_looks else [])


def test_without_a_loudspeaker_the_server_starts_and_says_that_nobody_hears_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine without sound still serves."""

    def none() -> None:
        raise DeviceMissing("no loudspeaker")

    monkeypatch.setattr("assistant.wiring.devices.loudspeaker", lambda device: none)
    with ExitStack() as stack:
        assert web._own_voice(Assembly(Config(), stack)) is None
    assert "nobody here hears when somebody looks through the camera" in capsys.readouterr().err

"""`engine.backend = "openai"` against this project's own server: two SeeSays on one network."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.judging.doubt import DoubtRule
from assistant.cli.main import main
from assistant.settings.config import RemoteConfig
from assistant.wiring.remote import settings_from
from tests.assistant.web.api.serving import (
    ANSWER,
    QUESTION,
    STATS,
    Running,
    SteppedEngine,
    data_uri,
    events_of,
    eventually,
    parts_with,
    picture,
    running,
    send,
    send_form,
    send_json,
)
from tests.vision.remote.fake_openai import FakeOpenAI, fails, says
from vision.engine.engine import Engine
from vision.errors import RemoteError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer
from vision.remote.engine import RemoteEngine
from vision.remote.fallback import FallbackEngine
from vision.remote.server import Server
from vision.remote_settings import RemoteSettings, ServerSettings
from vision.still import load_picture

TOKEN = "0123456789abcdefghij"


@pytest.fixture(autouse=True)
def _fresh_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without anything of the user's."""
    monkeypatch.chdir(tmp_path)
    for name in ("SEESAY_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def locked(engine: Engine) -> Iterator[Running]:
    with running(parts_with(engine), token=TOKEN) as server:
        yield server


def remote(server: Running, **more: str) -> RemoteEngine:
    settings = settings_from(RemoteConfig(base_url=f"{server.address}/v1", retries=0, **more))  # type: ignore[arg-type]
    return RemoteEngine(Server(settings), RemoteSettings())


def frame() -> Frame:
    return Frame(load_picture(picture()), 0.0)


def whole(chunks: Iterator[AnswerChunk]) -> tuple[str, AnswerChunk]:
    told = list(chunks)
    return "".join(chunk.text for chunk in told).strip(), told[-1]


def test_the_other_one_answers_with_counts_and_its_doubt(locked: Running, tmp_path: Path) -> None:
    """The token is the key, a follow-up is understood, and each token has a probability, from which doubt is worked
    out.
    """
    (tmp_path / "key").write_text(TOKEN)
    engine = remote(locked, api_key_file=str(tmp_path / "key"))
    engine.connect()
    assert engine.model_name == "demo_model at 127.0.0.1"
    view = engine.see(frame())
    chunks = list(view.ask(QUESTION))
    assert "".join(chunk.text for chunk in chunks).strip() == ANSWER
    assert sum(len(chunk.log_probabilities) for chunk in chunks) == 5
    stats = chunks[-1].stats
    assert stats is not None
    assert (stats.answer_tokens, stats.finish) == (5, "stop")
    assert stats.prompt_tokens > 50
    text, last = whole(view.ask("where is it"))
    assert "left" in text
    assert last.stats is not None
    assert last.stats.cached_tokens > stats.prompt_tokens > last.stats.prompt_tokens


def test_without_the_token_it_is_refused_in_one_sentence(locked: Running) -> None:
    """The sentence names the setting that has to be changed."""
    with pytest.raises(RemoteError, match=r"refuses the key \(status 401\): check remote\.api_key_file"):
        remote(locked).connect()


def test_a_question_that_is_no_longer_wanted_here_ends_there() -> None:
    """The other computer stops decoding within a token when the caller has left."""
    engine = SteppedEngine()
    with running(parts_with(engine)) as server:
        cancelled = threading.Event()
        answer = remote(server).see(frame()).ask(QUESTION, cancelled=cancelled)
        engine.steps.release(1)
        assert next(answer).text == "word "
        cancelled.set()
        assert whole(answer)[1].stats.finish == "cancelled"  # type: ignore[union-attr]
        assert eventually(lambda: server.services.queue.status.length == 0)
        engine.steps.release(1000)
        assert engine.decoded <= 2


def test_a_full_queue_there_is_told_as_being_away() -> None:
    """A full queue counts as being away, so that this machine's own engine answers, if there is one."""
    engine = SteppedEngine()
    with running(parts_with(engine), queue_limit=1) as server:
        server.services.queue.enter()
        with pytest.raises(RemoteError, match="not able to answer now"):
            list(remote(server).see(frame()).ask(QUESTION))


def test_who_answers_is_told_with_every_answer_and_status() -> None:
    """While the other computer is away, the stand-in is named, with the warning and the rule of doubt of the demo."""
    now = [100.0]
    own = SteppedEngine(words=(("Red.", -0.5),))
    own.steps.release(100)
    with FakeOpenAI() as fake:
        other = RemoteEngine(Server(ServerSettings(fake.base_url, retries=0)), RemoteSettings(model="eye"))
        engine = FallbackEngine(
            other,
            lambda stack: own,
            lambda change: None,
            clock=lambda: now[0],
            own=Answerer("small", is_demo=True),
        )
        parts = parts_with(engine, doubt=DoubtRule())
        with engine, running(parts) as server:

            def told() -> list[object]:
                status = send(server.port, "GET", "/api/status").json
                return [status[key] for key in ("model", "is_demo", "pictures_go_to", "engine_away")]

            def done() -> dict[str, Any]:
                fields: dict[str, str | tuple[str, bytes]] = {"question": QUESTION, "image": ("image/png", picture())}
                return events_of(send_form(server.port, "/api/ask", fields).body)[-1][1]

            there = ["eye at 127.0.0.1", False, "127.0.0.1", None]
            assert told() == there
            fake.usually = fails(500, "broken")
            answer = done()
            assert (answer["model"], answer["answer"], answer["doubt"]) == (
                "small",
                "I am not sure, but red.",
                "unsure",
            )
            assert told() == ["small", True, None, "127.0.0.1"]
            assert [model["id"] for model in send(server.port, "GET", "/v1/models").json["data"]] == ["small", there[0]]
            for name in ("small", there[0]):
                message = {"role": "user", "content": [{"type": "text", "text": "what"}, part(picture())]}
                chat = send_json(server.port, "/v1/chat/completions", {"model": name, "messages": [message]})
                assert chat.json["model"] == "small"
            now[0] += 30.0  # the next picture goes there again if the other computer is back
            assert told() == ["small", True, "127.0.0.1", "127.0.0.1"]
            fake.usually = says("Red.", log_probability=-0.5)
            answer = done()
            assert (answer["model"], answer["answer"], answer["doubt"]) == (there[0], "Red.", "plain")
            assert told() == there


def test_what_the_stand_in_reads_to_step_in_was_not_read_before() -> None:
    """The stand-in has to read the picture for a further question, and the counts include this."""
    own = SteppedEngine(words=(("Red.", -0.5),), cached_tokens=STATS.prompt_tokens)
    own.steps.release(100)
    with FakeOpenAI() as fake:
        fake.usually = says("Red.")
        other = RemoteEngine(Server(ServerSettings(fake.base_url, retries=0)), RemoteSettings(model="eye"))
        stand_in = Answerer("small", is_demo=True)
        engine = FallbackEngine(other, lambda stack: own, lambda change: None, own=stand_in)
        with engine, running(parts_with(engine)) as server:
            first = events_of(
                send_form(server.port, "/api/ask", {"question": QUESTION, "image": ("image/png", picture())}).body
            )
            assert first[-1][1]["model"] == "eye at 127.0.0.1"
            fake.usually = fails(500, "broken")
            again: dict[str, str | tuple[str, bytes]] = {
                "question": QUESTION,
                "conversation": first[0][1]["conversation"],
            }
            answers = [events_of(send_form(server.port, "/api/ask", again).body)[-1][1] for _ in range(2)]
    assert [answer["model"] for answer in answers] == ["small", "small"]
    everything = STATS.prompt_tokens + 5
    assert [(answer["tokens"]["prompt"], answer["tokens"]["cached"]) for answer in answers] == [
        (everything, 0),
        (everything, STATS.prompt_tokens),
    ]


def test_without_a_stand_in_its_name_is_nobodys() -> None:
    """With `fallback = "none"` this machine's own model is not listed and not taken for the one that answers."""
    with FakeOpenAI() as fake:
        fake.usually = says("Red.")
        other = RemoteEngine(Server(ServerSettings(fake.base_url, retries=0)), RemoteSettings(model="eye"))
        engine = FallbackEngine(other, None, lambda change: None, own=Answerer("small", is_demo=True))
        parts = parts_with(engine, doubt=DoubtRule())
        with engine, running(parts) as server:
            listed = send(server.port, "GET", "/v1/models").json["data"]
            assert [model["id"] for model in listed] == ["eye at 127.0.0.1"]
            message = {"role": "user", "content": [{"type": "text", "text": "what"}, part(picture())]}
            chat = send_json(server.port, "/v1/chat/completions", {"model": "small", "messages": [message]})
            assert chat.status == 404


def part(image: bytes) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": data_uri(image)}}


def test_ask_with_another_seesay_and_when_it_has_gone(web: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """The program first says where the picture goes, and if nobody is there, this machine answers."""
    Path("picture.png").write_bytes(picture())
    Path("config.toml").write_text(
        f'# SeeSay\n[engine]\nbackend = "openai"\n[remote]\nbase_url = "{web.address}/v1"\nretries = 0\n'
    )
    assert main(["ask", "--image", "picture.png", QUESTION]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == ANSWER
    assert "PICTURES LEAVE THIS MACHINE" in err
    assert "until it is back" not in err
    with running(parts_with(SteppedEngine())) as gone:
        Path("config.toml").write_text(
            f'# SeeSay\n[engine]\nbackend = "openai"\n[remote]\nbase_url = "{gone.address}/v1"\nretries = 0\n'
        )
    assert main(["ask", "--image", "picture.png", QUESTION]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == ANSWER
    assert "until it is back, the small demo model of this machine answers" in err

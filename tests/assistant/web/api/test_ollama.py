"""Ollama's API with the real `ollama` package as client."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.settings.config import Config, WebConfig
from assistant.web.protocols.ollama import PATHS
from assistant.wiring.web import web_settings
from tests.assistant.web.api.serving import (
    ANSWER,
    QUESTION,
    Running,
    SteppedEngine,
    parts_with,
    picture,
    running,
    send,
    send_json,
)
from vision.engine.engine import Engine

ollama: Any = pytest.importorskip("ollama")
TOKEN = "0123456789abcdefghij"
ASK: dict[str, Any] = {
    "model": "demo_model",
    "messages": [{"role": "user", "content": QUESTION, "images": [picture()]}],
}


@contextlib.contextmanager
def connected(server: Running, **more: Any) -> Iterator[Any]:
    with ollama.Client(host=server.address, timeout=20.0, **more) as client:
        yield client


@pytest.fixture(scope="module")
def server(engine: Engine) -> Iterator[Running]:
    with running(parts_with(engine), ollama=True) as started:
        yield started


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[Any]:
    with connected(server) as made:
        yield made


def test_the_model_is_listed_and_can_see(client: Any) -> None:
    """Programs offer the models of the list, and send pictures to those that can see."""
    assert [model.model for model in client.list().models] == ["demo_model"]
    assert [model.model for model in client.ps().models] == ["demo_model"]
    assert "vision" in client.show("demo_model").capabilities
    assert client.show("demo_model:latest").capabilities


def test_a_chat_is_answered(client: Any) -> None:
    """The answer has its tokens and nanoseconds counted, and the reason of its end."""
    done = client.chat(**ASK)
    assert (done.message.content, done.message.role) == (ANSWER, "assistant")
    assert (done.done, done.done_reason, done.model) == (True, "stop", "demo_model")
    assert done.eval_count == 5
    assert done.prompt_eval_count > 50
    assert done.total_duration > done.eval_duration > 0


def test_a_chat_is_answered_as_it_comes(client: Any) -> None:
    """The pieces make up the same text. Those before the first word are empty."""
    parts = list(client.chat(**ASK, stream=True))
    assert "".join(part.message.content for part in parts).strip() == ANSWER
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].eval_count == 5


def test_a_conversation_goes_on(client: Any) -> None:
    """The engine still holds what the client sends back."""
    messages = [*ASK["messages"], {"role": "assistant", "content": ANSWER}, {"role": "user", "content": "where is it"}]
    client.chat(**ASK)
    assert "the circle is" in client.chat(model="demo_model", messages=messages).message.content.lower()


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_without_a_conversation(client: Any, stream: bool) -> None:
    """`/api/generate` answers the prompt about the picture."""
    got = client.generate(model="demo_model", prompt=QUESTION, images=[picture()], stream=stream)
    parts = list(got) if stream else [got]
    assert "".join(part.response for part in parts).strip() == ANSWER
    assert parts[-1].done_reason == "stop"


def test_limits_and_stop_strings_are_obeyed(client: Any) -> None:
    """They are in the options. A limit of 0 or less stands for none, and one that is too high is lowered."""
    short = client.chat(**ASK, options={"num_predict": 2, "temperature": 0.1})
    assert (short.eval_count, short.done_reason) == (2, "length")
    stopped = client.chat(**ASK, options={"stop": ["circle"]})
    assert (stopped.message.content, stopped.done_reason) == ("The", "stop")
    for limit in (-1, -2, 0, 100_000):
        assert client.chat(**ASK, options={"num_predict": limit}).message.content == ANSWER


def test_a_request_without_a_question_finds_the_model_loaded(client: Any) -> None:
    """Programs send it to load the model ahead."""
    assert client.chat(model="demo_model", messages=[]).done_reason == "load"
    assert client.generate(model="demo_model", prompt="").done_reason == "load"


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"model": "llava"}, 404, "there is no model 'llava' here"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, 400, "tools is not supported"),
        ({"format": "json"}, 400, "format is not supported"),
        ({"think": True}, 400, "think is not supported"),
        ({"options": {"num_predict": 1.5}}, 400, "num_predict must be a whole number"),
        ({"options": {"stop": ["x"] * 17}}, 400, "stop has too much in it"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "role must be system, user or assistant"),
        ({"messages": [{"role": "user", "content": "hello"}]}, 400, "no message has a picture"),
        ({"messages": [{"role": "user", "content": QUESTION, "images": [b"no picture"]}]}, 422, "picture"),
    ],
)
def test_what_cannot_be_is_refused_in_ollamas_way(client: Any, change: dict[str, Any], status: int, why: str) -> None:
    """The client makes its exception from the sentence."""
    with pytest.raises(ollama.ResponseError, match=why) as caught:
        client.chat(**{**ASK, **change})
    assert caught.value.status_code == status


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_read(server: Running, kind: str) -> None:
    """`curl -d` and LiteLLM name a wrong type or none, and Ollama reads them. A page of another site is still refused."""
    body = json.dumps({"model": "demo_model", "prompt": ""}).encode()
    assert send(server.port, "POST", "/api/generate", body, {"Content-Type": kind}).json["done"]
    foreign = send(server.port, "POST", "/api/generate", body, {"Content-Type": kind, "Origin": "http://evil.example"})
    assert foreign.status == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", {}),
        ("/api/chat", {"model": 5}),
        ("/api/chat", {"model": "demo_model", "messages": {}}),
        ("/api/chat", {"model": "demo_model", "messages": [5]}),
        ("/api/chat", {"model": "demo_model", "messages": [{"role": "user", "content": 5}]}),
        ("/api/chat", {"model": "demo_model", "messages": [{"role": "user", "content": "x", "images": "y"}]}),
        ("/api/chat", {"model": "demo_model", "messages": [{"role": "user", "content": "x", "images": [5]}]}),
        ("/api/chat", {"model": "demo_model", "messages": [{"role": "user", "content": "x", "images": ["http://x/"]}]}),
        ("/api/chat", {"model": "demo_model", "messages": [{"role": "system", "content": "x", "images": ["aaaa"]}]}),
        ("/api/chat", {"model": "demo_model", "messages": [{"role": "user", "content": "x"}] * 201}),
        ("/api/chat", {"model": "demo_model", "messages": [], "options": []}),
        ("/api/generate", {"model": "demo_model", "prompt": 5}),
        ("/api/generate", {"model": "demo_model", "prompt": QUESTION, "raw": True}),
        ("/api/generate", {"model": "demo_model", "prompt": QUESTION, "stream": 1}),
        ("/api/show", {}),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(server: Running, path: str, body: dict[str, Any]) -> None:
    """With one sentence that names the wrong key."""
    reply = send_json(server.port, path, body)
    assert reply.status == 400
    assert isinstance(reply.json["error"], str)


def test_a_failure_in_the_middle_is_an_exception() -> None:
    """Also in a stream, which has begun with status 200; the sentence tells nothing of the inside."""
    engine = SteppedEngine(error=RuntimeError("inside"))
    engine.steps.release(10)
    with running(parts_with(engine), ollama=True) as server, connected(server) as client:
        for stream in (False, True):
            with pytest.raises(ollama.ResponseError, match="something failed here"):
                list(client.chat(**{**ASK, "model": "stepped"}, stream=stream))


def test_the_queue_and_the_token_are_those_of_the_server() -> None:
    """A question takes a place in the one queue, and without the token there is no answer."""
    with running(parts_with(SteppedEngine()), ollama=True, queue_limit=1, token=TOKEN) as server:
        with (
            connected(server) as stranger,
            pytest.raises(ollama.ResponseError, match="this server wants its token") as refused,
        ):
            stranger.list()
        assert refused.value.status_code == 401
        with connected(server, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            assert client.list().models
            ticket = server.services.queue.enter()
            with pytest.raises(ollama.ResponseError, match="1 questions are being answered") as full:
                client.chat(**{**ASK, "model": "stepped"})
            assert full.value.status_code == 429
            ticket.leave()


def test_it_is_off_unless_the_config_turns_it_on(web: Running) -> None:
    """Its addresses are then not there, and no description promises them."""
    assert not web_settings(Config(), None, None, None).ollama
    assert web_settings(Config(web=WebConfig(ollama=True)), None, None, None).ollama
    described = json.loads(send(web.port, "GET", "/openapi.json").body)["paths"]
    for path in PATHS:
        assert send(web.port, "GET", path).status == send_json(web.port, path, {}).status == 404
        assert path not in described

"""One engine and many clients: the end of the queue, and what happens when a client goes.

The tests use real sockets and an engine that takes steps when they say so.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.page_lines import PageReader
from assistant.errors import AssistantError
from assistant.web.answers.events import Leaving
from tests.assistant.fake_reader import FakeReader, page
from tests.assistant.web.api.serving import (
    PATIENCE_SECONDS,
    QUESTION,
    Running,
    SteppedEngine,
    ask_request,
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
from tests.assistant.web.api.test_ask import recording
from vision.engine.engine import Engine
from vision.errors import Cancelled
from vision.frame import Frame
from vision.still import load_picture

FIELDS: dict[str, Any] = {"question": QUESTION, "image": ("image/png", picture())}
SPOKEN: dict[str, Any] = {"audio": ("audio/wav", recording(1.0)), "image": ("image/png", picture())}


def connect(port: int, request: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
    client.sendall(request)
    return client


def read_until(client: socket.socket, words: str) -> str:
    """What arrives up to the end of the event with these words."""
    received = ""
    while "\n\n" not in received.partition(words)[2]:
        data = client.recv(4096)
        assert data, received
        received += data.decode()
    return received


def test_a_client_that_leaves_ends_its_decode_within_one_token() -> None:
    """After the connection is closed, the engine decodes no further token, although it may take a thousand steps."""
    engine = SteppedEngine()
    with running(parts_with(engine)) as server:
        client = connect(server.port, ask_request(FIELDS))
        engine.steps.release(3)
        assert eventually(lambda: engine.decoded == 3)
        client.close()
        assert eventually(lambda: server.services.queue.status.length == 0)
        engine.steps.release(1000)
        assert send(server.port, "GET", "/api/status").json["state"] == "idle"
        assert engine.decoded <= 4


def test_a_client_that_leaves_while_its_picture_is_looked_at_ends_that_too() -> None:
    """Nothing is being written then, so no write can fail: the server itself sees the connection end."""
    engine = SteppedEngine(see_waits=True)
    with running(parts_with(engine)) as server:
        client = connect(server.port, ask_request(FIELDS))
        assert eventually(lambda: server.services.board.newest().last_question == QUESTION)
        client.close()
        assert eventually(lambda: server.services.queue.status.length == 0)
        engine.steps.release(10)
        assert (engine.seen, engine.asked) == (0, [])


def slow_ears(begun: threading.Event) -> Callable[[Path, Callable[[], bool]], tuple[str, float]]:
    """Ears that hear until they are stopped, as they do with a long recording."""

    def hear(wav: Path, stopped: Callable[[], bool]) -> tuple[str, float]:
        begun.set()
        assert eventually(stopped)
        raise AssistantError("no words were heard")

    return hear


def test_a_client_that_leaves_while_its_recording_is_heard_ends_that_too() -> None:
    """A minute of sound takes many seconds to hear, and other clients need the place in the queue."""
    engine, begun = SteppedEngine(), threading.Event()
    with running(parts_with(engine, hear=slow_ears(begun))) as server:
        client = connect(server.port, ask_request(SPOKEN))
        assert begun.wait(PATIENCE_SECONDS)
        client.close()
        assert eventually(lambda: server.services.queue.status.length == 0, 2.0)
        assert engine.asked == []


def test_the_server_ends_while_a_recording_is_heard() -> None:
    """The server ends in good order and soon."""
    begun = threading.Event()
    with running(parts_with(SteppedEngine(), hear=slow_ears(begun))) as server:
        client = connect(server.port, ask_request(SPOKEN))
        assert begun.wait(PATIENCE_SECONDS)
    client.close()


@pytest.mark.parametrize("stream", [True, False])
def test_a_program_that_leaves_ends_its_decode_too(stream: bool) -> None:
    """This holds also if the answer was wanted in one piece, so that nothing is written before its end."""
    engine = SteppedEngine()
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": data_uri(picture())}}]
    body = {"model": "stepped", "stream": stream, "messages": [{"role": "user", "content": content}]}
    with running(parts_with(engine)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        engine.steps.release(2)
        assert eventually(lambda: engine.decoded == 2)
        connection.close()
        assert eventually(lambda: server.services.queue.status.length == 0)
        engine.steps.release(1000)
        assert engine.decoded <= 3


def test_a_client_that_leaves_the_queue_frees_its_place() -> None:
    """The engine does no work for a client that has left the queue."""
    engine = SteppedEngine(tokens=1)
    with running(parts_with(engine), queue_limit=2) as server:
        first = connect(server.port, ask_request(FIELDS))
        assert eventually(lambda: engine.asked == [QUESTION])
        second = connect(server.port, ask_request({**FIELDS, "question": "second"}))
        assert eventually(lambda: server.services.queue.status.length == 2)
        second.close()
        assert eventually(lambda: server.services.queue.status.length == 1)
        engine.steps.release(100)
        reply = send_form(server.port, "/api/ask", {**FIELDS, "question": "third"})
        assert events_of(reply.body)[-1][0] == "done"
        assert engine.asked == [QUESTION, "third"]
        first.close()


def test_a_full_queue_is_429_and_says_when_to_come_back() -> None:
    """The refusal comes at once and before the picture is seen; those in the queue are answered in order, one at a
    time.
    """
    engine = SteppedEngine(tokens=1)
    with running(parts_with(engine), queue_limit=3) as server:
        waiting = []
        for position, name in enumerate(("a", "b", "c")):
            waiting.append(connect(server.port, ask_request({**FIELDS, "question": name})))
            assert f'"queue_position": {position}}}' in read_until(waiting[-1], "queue_position")
        for path, body in (("/api/ask", None), ("/v1/chat/completions", "openai")):
            refused = _refusal(server, body)
            assert (refused.status, refused.code) == (429, "queue_full"), path
            assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert send(server.port, "GET", "/api/status").json["queue"] == {"length": 3, "limit": 3}
        assert send(server.port, "GET", "/api/status").json["state"] == "thinking"
        engine.steps.release(1)
        assert '"queue_position": 1}' in read_until(waiting[2], "event: queued")
        engine.steps.release(100)
        for client in waiting:
            read_until(client, "event: done")
            client.close()
        assert engine.asked == ["a", "b", "c"]
        assert eventually(lambda: server.services.queue.status.length == 0)


CHAT = {
    "model": "stepped",
    "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": data_uri(picture())}}]}],
}
CHAT["messages"][0]["content"].append({"type": "text", "text": "q"})  # type: ignore[index]
RESPONSES = {"model": "stepped", "instructions": "hello", "input": "q"}
OLLAMA = {"model": "stepped", "messages": [{"role": "user", "content": "q"}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": "q", "image": data_uri(picture())}),
        ("/api/read", {"image": data_uri(picture())}),
        ("/v1/chat/completions", CHAT),
        ("/v1/responses", RESPONSES),
        ("/api/chat", OLLAMA),
    ],
)
def test_another_address_has_its_turn_before_a_second_question(path: str, body: dict[str, Any]) -> None:
    """Whichever way it asks: what came first from each address is answered before what came second from any."""
    engine = SteppedEngine(tokens=1, is_demo=False)
    readable = threading.Event()

    def wait_to_read(step: str) -> None:
        readable.wait(PATIENCE_SECONDS)

    pages = PageReader(FakeReader(page("Room 401"), wait_to_read), lambda frame, layout: ())
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    with running(parts_with(engine, pages=pages), ollama=True) as server:
        asked = []
        for count, address in enumerate(("127.0.0.1", "127.0.0.1", "127.0.0.2"), 1):
            asked.append(socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS, (address, 0)))
            asked[-1].sendall(head.encode() + data)
            assert eventually(lambda count=count: server.services.queue.status.length == count)  # type: ignore[misc]
        clients = [ticket.client for ticket in server.services.queue._tickets]
        for each in asked:
            each.close()
        readable.set()
        engine.steps.release(100)
    assert clients == ["127.0.0.1", "127.0.0.2", "127.0.0.1"]


def _refusal(server: Running, kind: str | None) -> Any:
    if kind is None:
        return send_form(server.port, "/api/ask", {**FIELDS, "image": ("image/png", b"no picture at all")})
    content = [{"type": "text", "text": "q"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    return send_json(
        server.port, "/v1/chat/completions", {"model": "stepped", "messages": [{"role": "user", "content": content}]}
    )


def test_stop_ends_the_answer_and_keeps_the_picture() -> None:
    """The stream ends with the words so far, and a further question is answered."""
    engine = SteppedEngine()
    with ThreadPoolExecutor(1) as clients, running(parts_with(engine)) as server:
        reply = clients.submit(send_form, server.port, "/api/ask", FIELDS)
        engine.steps.release(3)
        assert eventually(lambda: engine.decoded == 3)
        conversation = next(iter(server.services.conversations._kept._entries.values())).value.id
        assert send_json(server.port, "/api/stop", {"conversation": conversation}).json == {"stopped": True}
        done = events_of(reply.result(PATIENCE_SECONDS).body)[-1][1]
        assert (done["finish"], done["answer"]) == ("cancelled", "word word word")
        engine.tokens = 1
        engine.steps.release(1)
        again = send_form(server.port, "/api/ask", {"question": "and now", "conversation": conversation})
        assert events_of(again.body)[-1][1]["finish"] == "stop"


def test_a_newer_question_in_a_conversation_ends_the_older() -> None:
    """A client that asks again no longer waits for the first answer."""
    engine = SteppedEngine()
    with ThreadPoolExecutor(1) as clients, running(parts_with(engine)) as server:
        first = clients.submit(send_form, server.port, "/api/ask", FIELDS)
        engine.steps.release(1)
        assert eventually(lambda: engine.decoded == 1)
        conversation = next(iter(server.services.conversations._kept._entries.values())).value.id
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as second:
            second.sendall(ask_request({"question": "newer", "conversation": conversation}))
            assert events_of(first.result(PATIENCE_SECONDS).body)[-1][1]["finish"] == "cancelled"
            assert eventually(lambda: engine.asked[-1] == "newer")


def test_two_programs_with_the_same_picture_do_not_stop_one_another() -> None:
    """They share the view of the picture and take turns."""
    engine = SteppedEngine(tokens=2)
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": data_uri(picture())}}]
    body = {"model": "stepped", "messages": [{"role": "user", "content": content}]}
    with ThreadPoolExecutor(2) as clients, running(parts_with(engine)) as server:
        replies = [clients.submit(send_json, server.port, "/v1/chat/completions", body) for _ in range(2)]
        assert eventually(lambda: server.services.queue.status.length == 2)
        engine.steps.release(4)
        texts = [reply.result(PATIENCE_SECONDS).json["choices"][0]["message"]["content"] for reply in replies]
        assert texts == ["word word"] * 2
        assert engine.seen == 1


def test_a_client_that_does_not_read_keeps_nobody_else_waiting_for_ever() -> None:
    """The rest of its answer waits, also if it is larger than the system's buffers, and others get the engine."""
    engine = SteppedEngine(tokens=300, words=(("x" * 600 + " ", 0.0),) * 300)
    engine.steps.release(1000)
    with running(parts_with(engine)) as server, socket.socket() as deaf:
        server.server._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # also of each connection
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect(("127.0.0.1", server.port))
        deaf.sendall(ask_request(FIELDS))
        assert eventually(lambda: engine.decoded == 300)
        assert eventually(lambda: server.services.queue.status.length == 0)
        channels = list(server.server._server.active_channels.values())
        assert (
            max(channel.total_outbufs_len for channel in channels) > 10_000
        )  # of the client that does not read: the system took no more
        engine.tokens, engine.words = 1, ()
        assert events_of(send_form(server.port, "/api/ask", FIELDS).body)[-1][0] == "done"


def test_the_server_ends_at_once_in_the_middle_of_an_answer() -> None:
    """Clients that are being answered or wait see the connection end, and no thread is left behind."""
    engine = SteppedEngine()
    before = {thread.name for thread in threading.enumerate()}
    with running(parts_with(engine)) as server:
        clients = [connect(server.port, ask_request(FIELDS)) for _ in range(3)]
        assert eventually(lambda: server.services.queue.status.length == 3)
    assert eventually(lambda: {thread.name for thread in threading.enumerate()} <= before, 5.0)
    for client in clients:
        while client.recv(4096):
            pass
        client.close()


def test_the_real_engine_asks_whether_the_client_is_there(engine: Engine) -> None:
    """Before its first layer the real engine already checks the connection, by way of the event that cancels it."""
    gone = False
    cancelled = Leaving(lambda: gone)
    frame = Frame(load_picture(picture()), 0.0)
    view = engine.see(frame, cancelled)
    answer = view.ask(QUESTION, cancelled=cancelled)
    next(answer)
    gone = True
    rest = list(answer)
    assert "".join(chunk.text for chunk in rest) == ""
    assert rest[-1].stats is not None
    assert rest[-1].stats.finish == "cancelled"
    with pytest.raises(Cancelled):
        engine.see(frame, cancelled)

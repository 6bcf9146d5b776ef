"""Broken input is answered with a JSON error and the right status, and the server goes on."""

from __future__ import annotations

import json
import socket
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.assistant.web.api.serving import (
    ANSWER,
    PATIENCE_SECONDS,
    QUESTION,
    Running,
    SteppedEngine,
    ask_request,
    data_uri,
    events_of,
    form,
    parts_with,
    picture,
    raw,
    running,
    send,
    send_form,
    send_json,
)
from tests.assistant.web.api.test_ask import recording

URI = data_uri(picture())


@pytest.fixture(autouse=True)
def _goes_on(web: Running) -> Iterator[None]:
    """After each of these tests the next question is answered as usual."""
    yield
    fields = {"question": QUESTION, "image": ("image/png", picture())}
    assert events_of(send_form(web.port, "/api/ask", fields).body)[-1][1]["answer"] == ANSWER


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_parameter"),
        ({"question": QUESTION}, "missing_parameter"),
        ({"image": URI}, "missing_parameter"),
        ({"question": " ", "image": URI}, "missing_parameter"),
        ({"question": "a" * 1001, "image": URI}, "invalid_parameter"),
        ({"question": 5, "image": URI}, "invalid_parameter"),
        ({"question": QUESTION, "image": None}, "invalid_parameter"),
        ({"question": QUESTION, "image": "http://192.168.1.1/a.png"}, "invalid_parameter"),
        ({"question": QUESTION, "image": "file:///etc/passwd"}, "invalid_parameter"),
        ({"question": QUESTION, "image": "data:image/png;base64,a b"}, "invalid_parameter"),
        ({"question": QUESTION, "image": "data:image/png;base64,é"}, "invalid_parameter"),
        ({"question": QUESTION, "image": "data:image/png,abc"}, "invalid_parameter"),
        ({"question": QUESTION, "image": URI, "camera": True}, "invalid_parameter"),
        ({"question": QUESTION, "audio": "data:audio/wav;base64,AAAA", "image": URI}, "invalid_parameter"),
        ({"question": QUESTION, "image": URI, "camera": "yes"}, "invalid_parameter"),
        ({"question": QUESTION, "image": URI, "max_tokens": 0}, "invalid_parameter"),
        ({"question": QUESTION, "image": URI, "max_tokens": 513}, "invalid_parameter"),
        ({"question": QUESTION, "image": URI, "max_tokens": True}, "invalid_parameter"),
        ({"question": QUESTION, "image": URI, "colour": "red"}, "invalid_parameter"),
    ],
)
def test_a_request_that_cannot_be_meant_is_400(web: Running, body: dict[str, Any], code: str) -> None:
    """The message names the key."""
    reply = send_json(web.port, "/api/ask", body)
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"question":' + b"[" * 100_000, b'{"max_tokens":' + b"9" * 9000 + b"}"],
)
def test_a_body_that_is_no_json_object_is_400(web: Running, body: bytes) -> None:
    """The status is 400 also where Python's JSON reader fails in ways of its own."""
    for path in ("/api/ask", "/api/stop", "/v1/chat/completions"):
        reply = send(web.port, "POST", path, body, {"Content-Type": "application/json"})
        assert reply.status == 400, path
        assert reply.code in ("bad_json", "missing_parameter")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_a_body_of_another_type_is_415(web: Running, kind: str) -> None:
    """Such a body is not read, because a page of another site could send it without asking for permission."""
    for path in ("/api/ask", "/api/stop", "/v1/chat/completions"):
        reply = send(web.port, "POST", path, b'{"question": "a"}', {"Content-Type": kind})
        assert (reply.status, reply.code) == (415, "wrong_type")


def test_a_part_of_another_type_is_415(web: Running) -> None:
    """A part of a form that is declared as text is not taken for a picture."""
    for kind in ("text/plain", "video/mp4", "application/pdf"):
        reply = send_form(web.port, "/api/ask", {"question": QUESTION, "image": (kind, picture())})
        assert (reply.status, reply.code) == (415, "wrong_type")
    reply = send_json(web.port, "/api/ask", {"question": QUESTION, "image": data_uri(b"hello", "text/plain")})
    assert (reply.status, reply.code) == (415, "wrong_type")


def test_a_picture_that_cannot_be_used_is_422(web: Running) -> None:
    """A picture that is cut off, empty, of an unknown kind, or a drawing that only browsers read is refused."""
    whole = picture("JPEG")
    for data in (whole[: len(whole) // 2], b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", whole[:100]):
        reply = send_form(web.port, "/api/ask", {"question": QUESTION, "image": ("image/jpeg", data)})
        assert (reply.status, reply.code) == (422, "bad_picture")


def test_a_bomb_is_413_before_it_is_unpacked(web: Running) -> None:
    """A few kilobytes that would become gigabytes of pixels are refused by their header."""
    for side in (7_000, 60_000):
        reply = send_form(web.port, "/api/ask", {"question": QUESTION, "image": ("image/png", bomb(side))})
        assert (reply.status, reply.code) == (413, "picture_too_large")


def test_a_recording_that_cannot_be_used_is_422(web: Running) -> None:
    """A recording that is no WAV file, is cut off or is far too long is refused, without its path on this machine."""
    for data in (b"hello", b"", recording(0.5)[:20], recording(61)):
        reply = send_form(web.port, "/api/ask", {"audio": ("audio/wav", data), "image": ("image/png", picture())})
        assert (reply.status, reply.code) == (422, "bad_recording")
        assert "/tmp" not in reply.body.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"question": ("text/plain", b"a file"), "image": ("image/png", picture())},
        {"question": QUESTION, "image": "no data URI"},
        {"question": QUESTION, "image": ("image/png", picture()), "speak": "perhaps"},
        {"question": QUESTION, "image": ("image/png", picture()), "max_tokens": "٣"},
        {"question": QUESTION, "image": ("image/png", picture()), "more": "x"},
        {},
    ],
)
def test_a_form_that_cannot_be_meant_is_400(web: Running, fields: dict[str, Any]) -> None:
    """Wrong keys in a form are refused like those in JSON."""
    assert send_form(web.port, "/api/ask", fields).status == 400


def test_a_broken_form_is_400(web: Running) -> None:
    """A form without its boundary, cut off, with a key twice or with too many parts is refused."""
    body, kind = form({"question": QUESTION, "image": ("image/png", picture())})
    twice = body.replace(b"--B--", form({"question": "again"})[0])
    many = (
        b"".join(b'--B\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n' % i for i in range(30))
        + b"--B--\r\n"
    )
    for sent, content_type in ((body, "multipart/form-data"), (body[:-200], kind), (twice, kind)):
        reply = send(web.port, "POST", "/api/ask", sent, {"Content-Type": content_type})
        assert reply.status == 400
        assert reply.code
    assert send(web.port, "POST", "/api/ask", many, {"Content-Type": kind}).code == "too_large"


def test_a_part_of_a_form_without_a_name_is_400(web: Running) -> None:
    """A field or a file without a name, or with an empty one, is refused."""
    for head in ("form-data", 'form-data; name=""', 'form-data; filename="f"'):
        body = f"--B\r\nContent-Disposition: {head}\r\n\r\nx\r\n--B--\r\n".encode()
        reply = send(web.port, "POST", "/api/ask", body, {"Content-Type": "multipart/form-data; boundary=B"})
        assert reply.status == 400, head
        assert "no name" in reply.json["error"]["message"]


def test_what_is_not_there_is_404_and_what_is_used_wrongly_405(web: Running) -> None:
    """The error is JSON too, and a 405 names the allowed methods."""
    assert send(web.port, "GET", "/api/nothing").code == "not_found"
    assert send_json(web.port, "/api/stop", {"conversation": "nobody's"}).code == "no_such_conversation"
    assert send_json(web.port, "/api/ask", {"question": QUESTION, "conversation": "x"}).code == "no_such_conversation"
    reply = send(web.port, "GET", "/api/ask")
    assert (reply.status, reply.code, reply.headers["Allow"]) == (405, "method_not_allowed", "OPTIONS, POST")
    for path in ("/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/%2e%2e/app.py"):
        assert send(web.port, "GET", path).status == 404


def test_a_body_over_the_limit_is_413_though_all_of_it_is_being_sent(web: Running) -> None:
    """The answer reaches a client that reads only after it has sent everything."""
    for size in (2_000_001, 9_000_000):
        reply = send(web.port, "POST", "/api/ask", b"x" * size, {"Content-Type": "application/json"})
        assert (reply.status, reply.code) == (413, "too_large")
        assert reply.headers["Connection"] == "close"


def test_a_body_over_the_limit_in_chunks_is_413(web: Running) -> None:
    """In chunks the length is not known beforehand, and the limit holds all the same."""
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    reply = raw(web.port, head + chunk * 40 + b"0\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 413 ")
    error = json.loads(reply.partition(b"\r\n\r\n")[2])["error"]
    assert error == {
        "code": "too_large",
        "message": "the body is larger than the limit of 2,000,000 bytes",
        "type": "invalid_request_error",
        "param": None,
    }


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", 400),
        (b"POST /api/ask HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /api/ask HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 403),
    ],
)
def test_bytes_that_are_no_request_are_answered_in_json(web: Running, sent: bytes, status: int) -> None:
    """waitress too answers in JSON, although its own errors are plain text."""
    head, _, body = raw(web.port, sent).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == str(status).encode()
    assert b"application/json" in head
    assert json.loads(body)["error"]["message"]


def test_a_client_that_sends_too_slowly_is_told_408() -> None:
    """The client may stop in its headers or in its body, and others are served meanwhile."""
    whole = ask_request({"question": QUESTION, "image": ("image/png", picture())})
    with running(parts_with(SteppedEngine()), slow_request_seconds=0.2) as server:
        clients = [socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) for _ in range(2)]
        for client, part in zip(clients, (whole[:30], whole[:-50]), strict=True):
            client.sendall(part)
        assert send(server.port, "GET", "/healthz").status == 200
        for client in clients:
            reply = b""
            while data := client.recv(4096):
                reply += data
            client.close()
            assert reply.startswith(b"HTTP/1.")
            assert b" 408 " in reply.split(b"\r\n")[0]
            assert json.loads(reply.partition(b"\r\n\r\n")[2])["error"]["code"] == "too_slow"


def test_an_answer_that_fails_ends_with_an_error_event() -> None:
    """The message is general, because the inner fault belongs into the log."""
    engine = SteppedEngine(error=RuntimeError("secret of the inside"))
    engine.steps.release(10)
    with running(parts_with(engine)) as server:
        for _ in range(2):
            reply = send_form(server.port, "/api/ask", {"question": QUESTION, "image": ("image/png", picture())})
            name, data = events_of(reply.body)[-1]
            assert (name, data["error"]["code"]) == ("error", "internal")
            assert "secret" not in reply.body.decode()


def bomb(side: int) -> bytes:
    """A PNG of side × side black pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(50_000)))
        + chunk(b"IEND", b"")
    )

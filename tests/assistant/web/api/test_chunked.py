"""Framing of bodies: expensive framing is refused early, and ambiguous framing ends the connection."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments

from assistant.web.settings import WebSettings
from assistant.web.sockets import Parser
from tests.assistant.web.api.serving import Running, SteppedEngine, parts_with, raw, running, send

HEAD = b"POST /api/stop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
BODY = b'{"conversation": "x"}'
WHOLE = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
BYTES = 15_000_000

EXPENSIVE = {
    "a chunk length of zeros": b"0" * BYTES,
    "an endless chunk extension": b"5;" + b"a" * BYTES,
    "an endless trailer": b"0\r\n" + b"a: b\r\n" * (BYTES // 6),
    "chunks of one byte": b"1\r\nx\r\n" * (BYTES // 6),
    "empty lines": b"\r\n" * (BYTES // 2),
}


def fed(body: bytes) -> tuple[Parser, float]:
    """A parser that got this body in the pieces that waitress reads, and the CPU seconds that it took."""
    server = SimpleNamespace(tokens=None, web=WebSettings())
    channel = SimpleNamespace(server=server, addr=("127.0.0.1", 1))
    parser = Parser(Adjustments(max_request_body_size=16_000_001), channel)  # type: ignore[arg-type]
    parser.received(HEAD + b"\r\n")
    begun_at = time.thread_time()
    for at in range(0, len(body), 8192):
        parser.received(body[at : at + 8192])
        seconds = time.thread_time() - begun_at
        if parser.completed or seconds > 1.0:
            break
    parser.close()
    return parser, seconds


@pytest.mark.parametrize("kind", EXPENSIVE)
def test_framing_that_outgrows_its_limit_is_refused_before_it_costs_work(kind: str) -> None:
    """The thread that reads all sockets spends less than a tenth of a second on such a body."""
    parser, seconds = fed(EXPENSIVE[kind])
    assert parser.completed
    assert parser.error is not None
    assert parser.error.code == 400
    assert seconds < 0.1


@pytest.mark.parametrize("kind", EXPENSIVE)
def test_who_sends_expensive_framing_reads_a_400_in_json(web: Running, kind: str) -> None:
    """The client reads a 400 in JSON, whose message says what to change."""
    head, _, body = raw(web.port, HEAD + b"\r\n" + EXPENSIVE[kind][:200_000]).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"chunks" in body
    assert json.loads(body)["error"]["code"] == "bad_request"


def test_chunks_as_programs_send_them_pass() -> None:
    """A large body in chunks of 512 bytes and a small one in chunks of one byte are accepted."""
    parser, _ = fed((b"200\r\n" + b"x" * 512 + b"\r\n") * 20_000 + b"0\r\nx: y\r\n\r\n")
    assert (parser.completed, parser.error, parser.headers["CONTENT_LENGTH"]) == (True, None, "10240000")
    parser, _ = fed(b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n")
    assert (parser.completed, parser.error, parser.headers["CONTENT_LENGTH"]) == (True, None, "1000")


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: %d\r\n" % len(WHOLE),
        b"POST /api/stop HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n" % len(BODY),
    ],
)  # fmt: skip
def test_a_length_that_is_stated_in_two_ways_ends_the_connection(web: Running, head: bytes) -> None:
    """A second request on the connection gets no answer, because it may be smuggled past a proxy (RFC 9112, 6.1 and
    6.3).
    """
    body = WHOLE if b"HTTP/1.1" in head else BODY
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = raw(web.port, head + b"\r\n" + body + smuggled)
    assert received.count(b"HTTP/1.") == 1
    assert b"Connection: close" in received


def test_a_login_has_4_kb_at_most() -> None:
    """The limit holds by length and in chunks, with and without the token."""
    token = "0123456789abcdefghij"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with running(parts_with(SteppedEngine()), token=token) as server:
        for shown in ({}, {"Authorization": f"Bearer {token}"}):
            for size in (4097, 100_000):
                reply = send(server.port, "POST", "/login", b"x" * size, {**form, **shown})
                assert (reply.status, reply.code) == (413, "too_large")
                assert "4,096 bytes" in reply.json["error"]["message"]
        below = f"token={token}&next=/".encode().ljust(4096, b"x")
        assert send(server.port, "POST", "/login", below, form).status == 303
        chunked = b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1100\r\n" + b"x" * 4352
        assert raw(server.port, chunked).startswith(b"HTTP/1.1 413 ")


def test_who_announces_too_large_a_body_is_refused_before_it_is_sent(web: Running) -> None:
    """With `Expect: 100-continue` the client waits for permission to send and gets the refusal instead."""
    for path, size in (("/api/ask", 2_000_001), ("/login", 4097)):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\nExpect: 100-continue\r\n\r\n"
        assert raw(web.port, head.encode()).startswith(b"HTTP/1.1 413 ")

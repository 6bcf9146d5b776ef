"""waitress as this server needs it: errors in JSON, time limits for slow clients, and no large body from a stranger.

It adds to waitress 3.0.2, whose insides it uses; pyproject.toml therefore pins that version. waitress alone behaves
like this:

- It watches a connection during an answer only with `channel_request_lookahead` above 0. When the client leaves, it
  then closes the channel, and `waitress.client_disconnected` in the WSGI environment returns True.
- Its error answers are plain text.
- It waits without limit for a request that arrives slowly.
- It closes the connection while the client still sends a body that is too large. Most clients then see a reset, not the
  413.
- Its reader of chunked bodies puts no limit on chunk lines and trailers, and needs time in the square of their length.
- It keeps a connection open after a request that states its length in two ways.

This module knows sizes, times and tokens. It does not know what a request asks for. It imports waitress, so only the
code that builds a server imports it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.proxy_headers import MalformedProxyHeader, parse_proxy_headers
from waitress.receiver import ChunkedReceiver
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from assistant.web.access import LOGIN_PATH, MAX_LOGIN_BYTES, Tokens, bearer_token
from assistant.web.answers.errors import ApiError, error_body, no_room
from assistant.web.settings import WebSettings

SWEEP_SECONDS = 0.5
_LINGER_SECONDS = (
    5.0  # After an early answer we read and drop what the client still sends, so that it reads the answer.
)
_LINGER_BYTES = 64_000_000
_STRANGERS_BYTES = 65_536  # the largest body that we read from a client without the token
# Chunk lines, chunk extensions and trailers together may have this size, plus a share of the body. One-byte chunks
# would cost the thread that reads all sockets seconds of work.
_FRAMING_BYTES = 8192
_FRAMING_SHARE = 1 / 64  # of the body: chunks of 450 bytes or more always pass

_log = logging.getLogger(__name__)

# How an error that waitress finds is told: by its status, our code for programs and a sentence.
_SENTENCES = {
    400: ("bad_request", "the request is not HTTP that can be read"),
    413: ("too_large", "the body is larger than the limit of {limit:,} bytes"),
    431: ("too_large", "the headers are larger than the limit"),
    501: ("not_implemented", "this transfer encoding is not read here"),
}


class Refusal(Error):  # type: ignore[misc]  # waitress carries no types
    """One of our own errors in the form that waitress expects."""

    def __init__(self, reason: str, told: ApiError) -> None:
        super().__init__("")
        self.code = told.status
        self.reason = reason
        self.told = told


def _too_slow() -> Refusal:
    return Refusal("Request Timeout", ApiError(408, "too_slow", "the request did not arrive in time: send it again"))


def _bad_chunks() -> Refusal:
    sentence = "the chunk lines and trailers of the body are too long: send it in fewer, larger chunks"
    return Refusal("Bad Request", ApiError(400, "bad_request", sentence))


def _login_too_large() -> Refusal:
    sentence = f"the body is larger than the limit of {MAX_LOGIN_BYTES:,} bytes for a login"
    return Refusal("Request Entity Too Large", ApiError(413, "too_large", sentence))


class JsonErrorTask(ErrorTask):  # type: ignore[misc]
    """Answers a request that is not valid HTTP, is too large, or has not arrived completely."""

    def execute(self) -> None:
        error, channel = self.request.error, self.channel
        channel.answered_early = True
        told = error.told if isinstance(error, Refusal) else _told(error, channel.server.web.max_body_bytes)
        as_openai = getattr(self.request, "path", "").startswith("/v1/")
        body = json.dumps(error_body(told, as_openai=as_openai)).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _told(error: Error, limit: int) -> ApiError:
    code, sentence = _SENTENCES.get(error.code, ("http_error", error.reason))
    return ApiError(error.code, code, sentence.format(limit=limit))


class ChunkedBody(ChunkedReceiver):  # type: ignore[misc]
    """waitress's reader of chunked bodies, with a limit on everything that is not body."""

    _received_bytes = 0

    def received(self, data: bytes) -> Any:
        consumed = super().received(data)
        self._received_bytes += consumed
        body_bytes = len(self.getbuf())
        if self._received_bytes - body_bytes > _FRAMING_BYTES + body_bytes * _FRAMING_SHARE:
            self.error = _bad_chunks()
        return consumed


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """A request while it arrives.

    The body of a client without the token is dropped as soon as it is known to be large: the request then ends with its
    headers, and the application refuses it.
    """

    completed: bool
    error: Any  # None while nothing is wrong
    body_rcv: Any  # waitress's receiver of the body, or None

    def __init__(self, adjustments: Any, channel: Channel) -> None:
        super().__init__(adjustments)
        self._channel = channel
        self._is_known = channel.server.tokens is None

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.chunked:
            self.body_rcv = ChunkedBody(self.body_rcv.getbuf())
        # RFC 9112, sections 6.1 and 6.3: who states the length in two ways may be smuggling a second request past a
        # proxy.
        if (self.chunked and "CONTENT_LENGTH" in self.headers) or "TRANSFER_ENCODING" in self.headers:
            self.headers["CONNECTION"] = "close"

    def received(self, data: bytes) -> Any:
        """Returns how many bytes of `data` belong to this request."""
        try:
            consumed = super().received(data)
        except OSError as error:  # a large body lies in a temporary file
            _log.warning("a request cannot be stored while it arrives: %s", error.strerror or error)
            return self._end(Refusal("Insufficient Storage", no_room()), len(data))
        body_bytes = max(self.content_length, self.body_bytes_received)
        if self.error is None and body_bytes > MAX_LOGIN_BYTES and self.path == LOGIN_PATH:
            return self._end(_login_too_large(), consumed)
        if self.error is not None:
            self.expect_continue = False  # else waitress would ask for the body
        elif not self.completed and not self._is_known and body_bytes > _STRANGERS_BYTES:
            self._is_known = self._shows_token()
            if not self._is_known:
                self._drop_body()
                return len(data)
        return consumed

    def close(self) -> None:
        """Releases the body. A temporary file on a full disk fails once more when it is closed."""
        with contextlib.suppress(OSError):
            super().close()

    def _end(self, refusal: Refusal, consumed: int) -> int:
        self.error = refusal
        self.completed = True
        self.expect_continue = False
        return consumed

    def _drop_body(self) -> None:
        self.headers |= {"CONTENT_LENGTH": "0", "CONNECTION": "close"}
        self.body_rcv = None
        self.expect_continue = False
        self.completed = True
        self._channel.answered_early = True

    def _shows_token(self) -> bool:
        """A wrong token is counted as a guess and removed, so that the application does not count it a second time."""
        tokens: Tokens = self._channel.server.tokens
        if tokens.has_session(self.headers.get("COOKIE", "")):
            return True
        given = bearer_token(self.headers.get("AUTHORIZATION", ""))
        if given is None:
            return False
        is_right, seconds = tokens.try_token(self._client(), given)
        if not is_right and not seconds:
            del self.headers["AUTHORIZATION"]
        return is_right

    def _client(self) -> str:
        """The client's address as the application will see it. `X-Forwarded-For` counts only from the trusted proxy."""
        peer = str(self._channel.addr[0])
        if peer != self._channel.server.web.trusted_proxy:
            return peer
        told: dict[str, str] = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": self.headers.get("X_FORWARDED_FOR", "")}
        try:
            parse_proxy_headers(told, 1, {"x-forwarded-for"})
        except (MalformedProxyHeader, IndexError):
            return peer  # waitress will refuse the request because of this header
        return told["REMOTE_ADDR"]


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. Its methods run on the thread that reads all sockets; only the answering runs on a worker."""

    error_task_class = JsonErrorTask
    request: Any  # the request that is arriving, or None
    answered_early = False  # True once an answer was begun before the whole request had arrived
    _begun_at = 0.0  # when the first byte of the arriving request came
    _lingering_until = 0.0  # 0.0 while the channel does not linger
    _thrown_away = 0  # bytes

    def parser_class(self, adjustments: Any) -> Parser:
        return Parser(adjustments, self)

    def received(self, data: bytes) -> Any:
        if self.request is None:
            self._begun_at = time.monotonic()
        return super().received(data)

    def refuse_if_slow(self, now: float) -> None:
        """Answers 408 to a request that has been arriving for too long, and ends a linger that has lasted enough."""
        if self._lingering_until and now > self._lingering_until:
            self.will_close = True
            return
        with self.requests_lock:
            is_slow = self.request is not None and now - self._begun_at > self.server.web.slow_request_seconds
            if not is_slow or self.requests:
                return
            request, self.request = self.request, None
            request.error, request.completed = _too_slow(), True
            if not hasattr(request, "path"):  # Not even the headers have arrived.
                request.parse_header(b"GET / HTTP/1.0\r\n")
            self.requests.append(request)
            self.server.add_task(self)

    def handle_close(self) -> None:
        # A socket that is closed with unread bytes resets the connection, and the client never reads our answer.
        if self.answered_early and self.connected and not self._lingering_until and not self.total_outbufs_len:
            self._linger()
        else:
            super().handle_close()

    def _linger(self) -> None:
        self._lingering_until = time.monotonic() + _LINGER_SECONDS
        self.will_close = self.close_when_flushed = False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            super().handle_close()

    def readable(self) -> Any:
        return self._lingering_until > 0 or super().readable()

    def handle_read(self) -> None:
        if not self._lingering_until:
            super().handle_read()
            return
        try:
            self._thrown_away += len(self.recv(65_536))  # `recv` closes the channel when the client has closed it
        except OSError:
            self._thrown_away = _LINGER_BYTES
        if self._thrown_away >= _LINGER_BYTES and self.connected:
            super().handle_close()


class SocketServer(TcpWSGIServer):  # type: ignore[misc]
    """Checks its connections about twice a second, and calls `sweep` so that other old things are dropped as well."""

    channel_class = Channel
    _stopping = False
    _swept_at = 0.0

    def __init__(
        self, *args: Any, web: WebSettings, sweep: Callable[[], None], tokens: Tokens | None, **named: Any
    ) -> None:
        self.web = web
        self.tokens = tokens
        self._sweep = sweep
        super().__init__(*args, **named)

    def readable(self) -> Any:
        """waitress calls this at every event and at least once a second; the periodic work is done here."""
        if self._stopping:
            for channel in self.active_channels.values():
                channel.connected = False  # An answer under way then gives up.
            raise SystemExit  # The only way to end waitress's loop: its `run` catches it and ends the workers.
        now = time.monotonic()
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            for channel in list(self.active_channels.values()):
                channel.refuse_if_slow(now)
            self._sweep()
        return super().readable()

    def stop(self) -> None:
        """Makes the loop end soon. Any thread may call it."""
        self._stopping = True
        with contextlib.suppress(OSError):  # The loop may have ended already, and its trigger with it.
            self.pull_trigger()

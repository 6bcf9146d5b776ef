"""waitress as this server wants it: errors in JSON, an end for slow clients, an answer even to a body that is too large, and
nothing large read from a stranger.

What was found out about waitress 3.0: it looks at a connection while a request is being answered only with
`channel_request_lookahead`; then it closes the channel when the client goes, and `waitress.client_disconnected` in the
environment says so. Its own errors are plain text, it waits for ever for a request that trickles in, and it closes the
connection on a body that is too large while that is still being sent, so that most clients see a reset and never the 413.
It knows nothing of what requests are about. Imported where a server is built, for it imports waitress.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.proxy_headers import MalformedProxyHeader, parse_proxy_headers
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from assistant.web.access import Tokens, bearer_token
from assistant.web.errors import ApiError, error_body
from assistant.web.settings import WebSettings

SWEEP_SECONDS = 0.5
_LINGER_SECONDS = 5.0  # how long what a client still sends is read and thrown away, so that it reads our answer
_LINGER_BYTES = 64_000_000
_STRANGERS_BYTES = 65_536  # of a body from who has not shown the token: a login form and more

_SENTENCES = {
    400: ("bad_request", "the request is not HTTP that can be read"),
    408: ("too_slow", "the request did not arrive in time: send it again"),
    413: ("too_large", "the body is larger than the limit of {limit:,} bytes"),
    431: ("too_large", "the headers are larger than the limit"),
    501: ("not_implemented", "this transfer encoding is not read here"),
}


class TooSlow(Error):  # type: ignore[misc]  # waitress carries no types
    code = 408
    reason = "Request Timeout"


class JsonErrorTask(ErrorTask):  # type: ignore[misc]
    """The answer to what is no request, or not all of one."""

    def execute(self) -> None:
        error, channel = self.request.error, self.channel
        channel.answered_early = True
        code, sentence = _SENTENCES.get(error.code, ("http_error", error.reason))
        told = ApiError(error.code, code, sentence.format(limit=channel.server.web.max_body_bytes))
        as_openai = getattr(self.request, "path", "").startswith("/v1/")
        body = json.dumps(error_body(told, as_openai=as_openai)).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """A request that is arriving. Without the token a large body ends with its headers, so that the application refuses it."""

    completed: bool

    def __init__(self, adjustments: Any, channel: Channel) -> None:
        super().__init__(adjustments)
        self._channel = channel
        self._is_known = channel.server.tokens is None

    def received(self, data: bytes) -> Any:
        consumed = super().received(data)
        is_large = max(self.content_length, self.body_bytes_received) > _STRANGERS_BYTES
        if self._is_known or self.completed or not is_large:
            return consumed
        self._is_known = self._shows_token()
        if self._is_known:
            return consumed
        self.headers |= {"CONTENT_LENGTH": "0", "CONNECTION": "close"}
        self.body_rcv = None
        self.expect_continue = False
        self.completed = True
        self._channel.answered_early = True
        return len(data)

    def _shows_token(self) -> bool:
        """A wrong one is counted here and taken away, so that the application does not count it again."""
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
        """The address as the application will know it: the proxy's word counts where it is trusted, and nowhere else."""
        peer = str(self._channel.addr[0])
        if peer != self._channel.server.web.trusted_proxy:
            return peer
        told: dict[str, str] = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": self.headers.get("X_FORWARDED_FOR", "")}
        try:
            parse_proxy_headers(told, 1, {"x-forwarded-for"})
        except (MalformedProxyHeader, IndexError):
            return peer  # the request will be refused for it
        return told["REMOTE_ADDR"]


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. All but the answering is done on the thread that reads."""

    error_task_class = JsonErrorTask
    request: Any  # that is arriving
    answered_early = False  # before all of the request had come
    _begun_at = 0.0  # of the request that is arriving
    _lingering_until = 0.0  # 0: not lingering
    _thrown_away = 0

    def parser_class(self, adjustments: Any) -> Parser:
        return Parser(adjustments, self)

    def received(self, data: bytes) -> Any:
        if self.request is None:
            self._begun_at = time.monotonic()
        return super().received(data)

    def refuse_if_slow(self, now: float) -> None:
        if self._lingering_until and now > self._lingering_until:
            self.will_close = True
            return
        with self.requests_lock:
            is_slow = self.request is not None and now - self._begun_at > self.server.web.slow_request_seconds
            if not is_slow or self.requests:
                return
            request, self.request = self.request, None
            request.error, request.completed = TooSlow(""), True
            if not hasattr(request, "path"):  # not even its headers have come
                request.parse_header(b"GET / HTTP/1.0\r\n")
            self.requests.append(request)
            self.server.add_task(self)

    def handle_close(self) -> None:
        # Closed with bytes unread, the connection is reset, and the client never reads our answer.
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
            self._thrown_away += len(self.recv(65_536))  # closes by itself where the client has
        except OSError:
            self._thrown_away = _LINGER_BYTES
        if self._thrown_away >= _LINGER_BYTES and self.connected:
            super().handle_close()


class SocketServer(TcpWSGIServer):  # type: ignore[misc]
    """Looks at its connections, and has `sweep` look at what else grows old, about twice a second."""

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
        """Asked for at every event, and at least once a second."""
        if self._stopping:
            for channel in self.active_channels.values():
                channel.connected = False  # whoever answers it gives up
            raise SystemExit  # the one way to end waitress's loop: `run` catches it and ends the workers
        now = time.monotonic()
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            for channel in list(self.active_channels.values()):
                channel.refuse_if_slow(now)
            self._sweep()
        return super().readable()

    def stop(self) -> None:
        """Any thread."""
        self._stopping = True
        with contextlib.suppress(OSError):  # the loop has looked by itself, and closed what it is woken by
            self.pull_trigger()

"""A server on loopback that speaks OpenAI's chat completions, and fails in whatever way a test wants."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT_SECONDS = 5.0  # reached only if a test fails


class Exchange(BaseHTTPRequestHandler):
    """One request and how it is answered."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.server.fake.asked_for_models += 1
        self._do(self.server.fake.models)

    def do_POST(self) -> None:
        self.json: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fake = self.server.fake
        with fake.lock:
            fake.requests.append(self.json)
            fake.headers.append({name.lower(): value for name, value in self.headers.items()})
            does = fake.script.pop(0) if fake.script else fake.usually
        self._do(does)

    def _do(self, does: Behaviour) -> None:
        try:
            does(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.fake.client_left.set()
            self.close_connection = True

    def reply(self, status: int, body: object, content_type: str = "application/json", **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, data: object) -> None:
        self.wfile.write(b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n")
        self.wfile.flush()

    def wait_until_left(self) -> None:
        """Waits until the client closes its connection, as a server notices it while it has nothing to send."""
        self.connection.settimeout(WAIT_SECONDS)
        try:
            left = self.connection.recv(1) == b""
        except ConnectionResetError:
            left = True
        except TimeoutError:
            left = False
        if left:
            self.server.fake.client_left.set()

    def log_message(self, *arguments: object) -> None:
        pass


Behaviour = Callable[[Exchange], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeOpenAI


class FakeOpenAI:
    """A server to use in a `with`.

    `script` has what it does with the next requests, one each; `usually` is for all others.
    """

    def __init__(self) -> None:
        self.script: list[Behaviour] = []
        self.usually: Behaviour = says("A cup.", " It is red.")
        self.models: Behaviour = lambda exchange: exchange.reply(200, {"object": "list", "data": [{"id": "eye"}]})
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked_for_models = 0
        self.client_left = threading.Event()
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> FakeOpenAI:
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.fake = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="fake-openai", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(WAIT_SECONDS)


def piece(text: str | None, *, log_probabilities: Sequence[float] | None = None, finish: str | None = None) -> Any:
    choice: dict[str, Any] = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    if log_probabilities is not None:
        choice["logprobs"] = {"content": [{"token": "x", "logprob": value} for value in log_probabilities]}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "eye", "choices": [choice]}


def says(*texts: str, log_probability: float | None = None, finish: str = "stop", usage: bool = True) -> Behaviour:
    """Sends a whole answer, one piece in each event."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.event({**piece(""), "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]})
        for text in texts:
            exchange.event(piece(text, log_probabilities=None if log_probability is None else [log_probability]))
        exchange.event(piece(None, finish=finish))
        if usage and "stream_options" in exchange.json:
            counts = {"prompt_tokens": 700, "completion_tokens": 11, "total_tokens": 711}
            exchange.event({**piece(None), "choices": [], "usage": counts})
        exchange.event(b"[DONE]")

    return behave


def fails(status: int, message: str = "no", **headers: str) -> Behaviour:
    return lambda exchange: exchange.reply(status, {"error": {"message": message, "code": "x"}}, **headers)


def hangs(*texts: str) -> Behaviour:
    """Sends these pieces and then nothing, until the client leaves."""

    def behave(exchange: Exchange) -> None:
        if texts:
            exchange.begin_stream()
        for text in texts:
            exchange.event(piece(text))
        exchange.wait_until_left()

    return behave


def breaks_off(*texts: str) -> Behaviour:
    """Sends these pieces and closes the connection, without an end mark."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for text in texts:
            exchange.event(piece(text))

    return behave


def resets(exchange: Exchange) -> None:
    """Closes the connection before any answer."""
    exchange.close_connection = True
    exchange.connection.shutdown(socket.SHUT_RDWR)


def sends(content: bytes, content_type: str = "text/event-stream") -> Behaviour:
    return lambda exchange: exchange.reply(200, content, content_type)


def free_port() -> int:
    """A port of loopback that refuses connections."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port

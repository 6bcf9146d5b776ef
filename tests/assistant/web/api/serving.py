"""Runs the real server on a free loopback port, over any engine, with clients that use plain sockets."""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw

from assistant.answering.judging.doubt import DEMO_RULE
from assistant.language.phrases import phrases_for
from assistant.web.app import create_app
from assistant.web.server import WebServer
from assistant.web.services import Parts, Services
from assistant.web.settings import WebSettings
from tests.assistant.fakes import OneModel
from vision.errors import Cancelled, QuestionError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Cut, SeeStats

PATIENCE_SECONDS = 20.0
QUESTION = "what color is the circle"
ANSWER = "The circle is red."


@dataclass
class Running:
    """A server that is running."""

    server: WebServer
    services: Services

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def address(self) -> str:
        return self.server.address


@contextlib.contextmanager
def running(parts: Parts, clock: Callable[[], float] = time.monotonic, **settings: Any) -> Iterator[Running]:
    wanted = WebSettings(**{"port": 0, "requests_per_minute": 100_000, **settings})
    services = Services(parts, wanted, clock=clock)
    with WebServer(create_app(services), wanted, services.sweep, services.tokens) as server:
        yield Running(server, services)


def parts_with(engine: Any, **more: Any) -> Parts:
    return Parts(**{"engine": engine, "phrases": phrases_for("en"), "doubt": DEMO_RULE, **more})


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error, which every refusal has in the same place."""
        assert self.headers.get_content_type() == "application/json", (self.status, self.body[:200])
        error = self.json["error"]
        assert error["message"].strip()
        assert "Traceback" not in error["message"]
        return str(error["code"])


def send(port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def send_json(port: int, path: str, value: object, **headers: str) -> Reply:
    return send(port, "POST", path, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def send_form(port: int, path: str, fields: dict[str, str | tuple[str, bytes]], **headers: str) -> Reply:
    """Sends a form. A field is a text, or a media type with the bytes of a file."""
    body, kind = form(fields)
    return send(port, "POST", path, body, {"Content-Type": kind, **headers})


def form(fields: dict[str, str | tuple[str, bytes]]) -> tuple[bytes, str]:
    parts = []
    for name, value in fields.items():
        if isinstance(value, str):
            parts.append(f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
        else:
            head = f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="f"\r\nContent-Type: {value[0]}\r\n\r\n'
            parts.append(head.encode() + value[1] + b"\r\n")
    return b"".join(parts) + b"--B--\r\n", "multipart/form-data; boundary=B"


def events_of(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream, without its comments."""
    found = []
    for block in body.decode().strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def raw(port: int, sent: bytes, *, wait_seconds: float = PATIENCE_SECONDS) -> bytes:
    """Sends these bytes and returns everything that comes back until the server ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_seconds) as client:
        client.sendall(sent)
        received = b""
        while data := client.recv(65_536):
            received += data
    return received


def ask_request(fields: dict[str, str | tuple[str, bytes]], path: str = "/api/ask") -> bytes:
    """The bytes of a whole request to ask a question."""
    body, kind = form(fields)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def picture(kind: str = "PNG", size: tuple[int, int] = (320, 240)) -> bytes:
    """A red circle at the top left of a white ground, as the demo model knows them."""
    image = Image.new("RGB", size, "white")
    side = min(size)
    ImageDraw.Draw(image).ellipse((side * 0.12, side * 0.12, side * 0.46, side * 0.46), fill="red")
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def data_uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def eventually(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    """Waits until the condition holds, for something that another thread is about to do.

    Returns False after `seconds`.
    """
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            return False
        threading.Event().wait(0.002)
    return True


STATS = SeeStats(image_tokens=4, prompt_tokens=9, vision_seconds=0.1, prefill_seconds=0.1)


@dataclass
class SteppedEngine(OneModel):
    """An engine that waits for `steps` before every token, so that the test decides when it takes a step.

    It records what was begun and decoded.
    """

    steps: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    tokens: int = 1_000_000  # in an answer
    decoded: int = 0
    asked: list[str] = field(default_factory=list)
    budgets: list[int | None] = field(default_factory=list)  # the most tokens that each question asked for
    seen: int = 0
    frames: list[Frame | None] = field(default_factory=list)
    see_waits: bool = False  # seeing waits for a step as well
    model_name = "stepped"
    is_demo: bool = True
    pictures_go_to: str | None = None
    error: Exception | None = None
    has_room: bool = True  # whether earlier questions and a further one fit
    longest: int = 1_000_000  # the longest question that fits beside the picture, in characters
    cached_tokens: int = 0  # in every prompt
    words: tuple[tuple[str, float], ...] = ()  # with their log-probabilities; (): the same word for ever

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> SteppedView:
        if self.see_waits:
            self.step(cancelled)
        self.seen += 1
        self.frames.append(frame)
        return SteppedView(self, frame)

    def step(self, cancelled: threading.Event | None) -> None:
        """Waits for a step. Like the real engine, it checks for a cancel before each step and during the wait."""
        while not self.steps.acquire(timeout=0.005):
            if cancelled is not None and cancelled.is_set():
                raise Cancelled("the caller no longer wants it")
        if cancelled is not None and cancelled.is_set():
            raise Cancelled("the caller no longer wants it")


class SteppedView:
    stats = STATS
    cache_bytes = 1

    def __init__(self, engine: SteppedEngine, frame: Frame | None) -> None:
        self.frame = frame
        self._engine = engine
        self._is_bare = False

    @property
    def answerer(self) -> Answerer:
        return self._engine.answerer

    def forget(self) -> None:
        self._is_bare = True

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        if len(question) > self._engine.longest:
            raise QuestionError(f"the question has {len(question)} characters, and {self._engine.longest} fit")
        return self._engine.has_room or self._is_bare

    can_go_on = False

    def go_on(
        self,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        raise QuestionError("the last answer has no rest: ask a question")

    def ask(
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        engine = self._engine
        engine.asked.append(question)
        engine.budgets.append(max_new_tokens)
        finish = "stop"
        said = 0
        try:
            for _ in range(engine.tokens):
                engine.step(cancelled)
                if engine.error is not None:
                    raise engine.error
                engine.decoded += 1
                said += 1
                text, log_probability = engine.words[said - 1] if engine.words else ("word ", 0.0)
                yield AnswerChunk(text, 1, None, (log_probability,))
                if said == len(engine.words):
                    break
                if said == max_new_tokens:
                    finish = "length"
                    break
        except Cancelled:
            finish = "cancelled"
        yield AnswerChunk("", 0, AnswerStats(5, said, 0.1, 0.1, finish, engine.cached_tokens))  # type: ignore[arg-type]

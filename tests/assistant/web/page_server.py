"""The page behind a server that speaks SeeSay's API and thinks nothing: what it answers, and when, is the test's to
say.

with PageServer() as server:
    server.replies.append([accepted(), text("A red"), HOLD, text(" circle."), done("A red circle.")])
    ... the page at server.address asks ...
    server.asked[-1].question
    server.go_on.set()  # past the HOLD
"""

from __future__ import annotations

import io
import json
import math
import struct
import threading
import wave
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from PIL import Image, ImageDraw
from werkzeug.serving import WSGIRequestHandler, make_server

from assistant.web.app import CONTENT_SECURITY_POLICY
from assistant.web.page import STATIC, TEMPLATES, chosen, words

Event = tuple[str, dict[str, Any]]
HOLD = ("hold", {})
PATIENCE_SECONDS = 10.0
CONVERSATION = "c1"


def accepted(position: int = 0, conversation: str = CONVERSATION) -> Event:
    return "accepted", {"conversation": conversation, "queue_position": position}


def text(piece: str) -> Event:
    return "text", {"text": piece}


def sentence(spoken: str, audio: str | None = None) -> Event:
    return "sentence", {"text": spoken, "audio": audio}


def done(answer: str) -> Event:
    return "done", {
        "answer": answer,
        "finish": "stop",
        "doubt": "plain",
        "timings": {},
        "tokens": {"answer": len(answer.split())},
    }


def line(words: str, paragraph: int = 0, *, is_doubtful: bool = False) -> Event:
    """A line of print as `/api/read` sends it."""
    corners = [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]]
    confidence = 0.4 if is_doubtful else 0.99
    told = {"text": words, "confidence": confidence, "is_doubtful": is_doubtful}
    return "line", {**told, "paragraph": paragraph, "corners": corners}


def found(lines: int, *advice: str) -> Event:
    return "found", {"lines": lines, "rotation": 0, "advice": [{"code": "x", "sentence": each} for each in advice]}


def end(answer: str) -> Event:
    return "end", {"answer": answer, "finish": "stop", "doubt": "plain", "timings": {}}


def failed(code: str, message: str) -> Event:
    return "error", {"error": {"code": code, "message": message}}


@dataclass(frozen=True)
class Asked:
    question: str | None
    audio: bytes | None
    image: bytes | None
    conversation: str | None
    speak: bool
    path: str = "/api/ask"


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str
    message: str
    retry_after: str | None = None


def picture(words: str = "", size: tuple[int, int] = (480, 360), form: str = "JPEG") -> bytes:
    """A red circle on a pale ground."""
    image = Image.new("RGB", size, (235, 232, 220))
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.ellipse((width * 0.3, height * 0.2, width * 0.75, height * 0.8), fill=(190, 40, 40))
    draw.text((10, 10), words, fill=(20, 20, 20))
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def tone(seconds: float, hertz: float = 330.0) -> bytes:
    """A tone as a WAV file, 16 kHz."""
    samples = [int(9000 * math.sin(2 * math.pi * hertz * i / 16_000)) for i in range(int(seconds * 16_000))]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # it keeps connections open, because the page needs some thirty files

    def log_request(self, *details: object) -> None:
        """Prints nothing: `asked` has the requests, and a line for each file would bury a failing test."""


class PageServer:
    def __init__(self) -> None:
        self.reset()
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, name="page server", daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> PageServer:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._thread.join(PATIENCE_SECONDS)
        self._server.server_close()

    def reset(self) -> None:
        """Brings the server back to the state of a start."""
        self.status: dict[str, Any] = {
            "state": "idle", "last_question": None, "last_answer": None, "model": "a model of the tests", "is_demo": False,
            "pictures_go_to": None, "engine_away": None, "journal": None, "has_round": False,
            "language": "en", "has_camera": True, "camera_pixels": [1920, 1080], "queue": {"length": 0, "limit": 8}, "power_watts": 8.4,
            "temperature_celsius": 51.2, "memory_bytes": 3_600_000_000, "look_again_seconds": 1, "version": "0",
        }  # fmt: skip
        self.replies: deque[list[Event] | Refusal] = deque()
        self.asked: list[Asked] = []
        self.stopped: list[str] = []
        self.spoken: list[str] = []
        self.logins: list[dict[str, str]] = []
        self.left = threading.Event()  # set when a client left before its answer was complete
        self.go_on = threading.Event()

    def _app(self) -> Flask:
        app = Flask("assistant.web", static_folder=str(STATIC), template_folder=str(TEMPLATES))
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 600  # seconds, because the scripts are the same for all tests

        def shown(template: str, **more: Any) -> str:
            language = chosen(request.args.get("lang"), self.status["language"])
            return render_template(template, words=words(language), language=language, **more)

        @app.after_request
        def headers(response: Response) -> Response:
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            return response

        @app.get("/")
        def page() -> str:
            return shown("index.html", longest_question=1000)

        @app.route("/login", methods=["GET", "POST"])
        def login() -> str:
            if request.method == "POST":
                self.logins.append(request.form.to_dict())
            error = ("too_many" if len(self.logins) > 1 else "wrong") if request.method == "POST" else None
            return shown("login.html", error=error, next="/")

        @app.get("/api/status")
        def status() -> Response:
            return jsonify(self.status)

        @app.get("/api/frame.jpg")
        def frame() -> Response | tuple[Response, int]:
            if not self.status["has_camera"]:
                return _refused(Refusal(404, "no_camera", "there is no camera"))
            return Response(picture("server"), mimetype="image/jpeg")

        @app.get("/api/speech/<name>.wav")
        def speech(name: str) -> Response:
            self.spoken.append(name)
            return Response(tone(int(name) / 10), mimetype="audio/wav")

        @app.post("/api/stop")
        def stop() -> Response:
            self.stopped.append(request.get_json()["conversation"])
            return jsonify(stopped=True)

        @app.post("/api/ask")
        @app.post("/api/read")
        def ask() -> Response | tuple[Response, int]:
            files = request.files
            self.asked.append(
                Asked(
                    question=request.form.get("question"),
                    audio=files["audio"].read() if "audio" in files else None,
                    image=files["image"].read() if "image" in files else None,
                    conversation=request.form.get("conversation"),
                    speak=request.form.get("speak") == "1",
                    path=request.path,
                )
            )
            reply = self.replies.popleft() if self.replies else [accepted(), done("Yes.")]
            if isinstance(reply, Refusal):
                return _refused(reply)
            return Response(self._stream(reply), mimetype="text/event-stream")

        return app

    def _stream(self, events: list[Event]) -> Iterator[str]:
        go_on = self.go_on  # this test's own event, because the answer may outlive the test
        left = self.left
        complete = False
        try:
            for name, data in events:
                if name == "hold":
                    # Comments are written meanwhile, because a server notices only by writing that the client has left.
                    for _ in range(int(PATIENCE_SECONDS / 0.02)):
                        if go_on.wait(0.02):
                            break
                        yield ": still here\n\n"
                    go_on.clear()
                    continue
                yield f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
            complete = True
        finally:
            if not complete:
                left.set()


def _refused(refusal: Refusal) -> tuple[Response, int]:
    response = jsonify({"error": {"code": refusal.code, "message": refusal.message}})
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = refusal.retry_after
    return response, refusal.status

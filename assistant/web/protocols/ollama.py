"""The routes of Ollama's API, for programs that speak no other: Home Assistant among them. The config turns them on.

They use the same engine, queue, token and limits as the other routes, and manage no models. It does not know how an
answer is begun (`chat`) or who may ask (`app`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from assistant.web.answers.answer import Answer
from assistant.web.answers.events import Done, Failed, Text
from assistant.web.protocols.api import client_gone, client_of
from assistant.web.protocols.ask_request import json_object
from assistant.web.protocols.chat import answer_tokens, begin_chat, check_model, text_of, whole
from assistant.web.protocols.ollama_request import model_name, parse_chat, parse_generate

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from assistant.web.protocols.chat_request import ChatRequest
    from assistant.web.services import Services

# The version of Ollama whose API this is. Programs compare it with the version that they want at least.
API_VERSION = "0.9.0"
PATHS = ("/api/tags", "/api/ps", "/api/version", "/api/show", "/api/chat", "/api/generate")
_DETAILS = {
    "parent_model": "",
    "format": "safetensors",
    "family": "qwen3vl",
    "families": ["qwen3vl"],
    "parameter_size": "",
    "quantization_level": "F32",
}
_NANOSECONDS = 1_000_000_000
# Where a piece of the answer stands in an object: in a message for /api/chat, as a text for /api/generate.
_Put = Callable[[str], dict[str, Any]]


def ollama_routes(services: Services) -> Blueprint:
    from flask import Blueprint, jsonify, request

    ollama = Blueprint("ollama", __name__, url_prefix="/api")
    since = _now()

    def listed(name: str) -> dict[str, Any]:
        digest = hashlib.sha256(name.encode()).hexdigest()  # of the name: programs only compare it
        return {"name": name, "model": name, "modified_at": since, "size": 0, "digest": digest, "details": _DETAILS}

    @ollama.get("/version")
    def version() -> Response:
        return jsonify(version=API_VERSION)

    @ollama.get("/tags")
    def tags() -> Response:
        return jsonify(models=[listed(name) for name in services.model_names])

    @ollama.get("/ps")
    def running() -> Response:
        # The model stays loaded. Programs want a time until which it does.
        until = "9999-12-31T00:00:00Z"
        return jsonify(
            models=[{**listed(name), "expires_at": until, "size_vram": 0} for name in services.model_names[:1]]
        )

    @ollama.post("/show")
    def show() -> Response:
        name = model_name(json_object(request, of_any_type=True), services.model_names)
        check_model(services, name)
        return jsonify(
            modelfile="",
            parameters="",
            template="",
            modified_at=since,
            details=_DETAILS,
            model_info={"general.architecture": _DETAILS["family"]},
            capabilities=["completion", "vision"],
        )

    @ollama.post("/chat")
    def chat() -> Response:
        body = json_object(request, of_any_type=True)
        wanted = parse_chat(body, services.model_names)
        return reply(body, wanted, lambda text: {"message": {"role": "assistant", "content": text}})

    @ollama.post("/generate")
    def generate() -> Response:
        body = json_object(request, of_any_type=True)
        wanted = parse_generate(body, services.model_names)
        return reply(body, wanted, lambda text: {"response": text})

    def reply(body: dict[str, Any], wanted: ChatRequest | None, put: _Put) -> Response:
        if wanted is None:  # the model is always loaded
            name = model_name(body, services.model_names)
            check_model(services, name)
            return jsonify(model=name, created_at=_now(), **put(""), done=True, done_reason="load")
        begun_at = time.monotonic()
        answer = begin_chat(services, wanted, client_gone(request.environ), client_of(request, services))
        if wanted.stream:
            return _stream(answer, _lines(answer, put, begun_at))
        pieces, done = whole(answer)
        return jsonify(_object(answer, put(text_of(pieces)), done, begun_at))

    return ollama


def _stream(answer: Answer, lines: Iterator[str]) -> Response:
    from flask import Response

    response = Response(lines, mimetype="application/x-ndjson")
    response.headers["X-Accel-Buffering"] = "no"  # else nginx would collect the lines
    response.call_on_close(answer.close)
    return response


def _lines(answer: Answer, put: _Put, begun_at: float) -> Iterator[str]:
    """An object for each piece. An empty piece tells every five seconds or so that the answer is still being made."""
    for event in answer.events:
        match event:
            case Text(text):
                yield _line(_object(answer, put(text)))
            case Done():
                yield _line(_object(answer, put(""), event, begun_at))
            case Failed(error):
                yield _line({"error": error.message})
            case _:
                yield _line(_object(answer, put("")))


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _object(answer: Answer, piece: dict[str, Any], done: Done | None = None, begun_at: float = 0.0) -> dict[str, Any]:
    common = {"model": answer.answerer.model_name, "created_at": _now(), **piece, "done": done is not None}
    if done is None:
        return common
    stats = done.turn.moments.answer
    return {
        **common,
        "done_reason": "length" if done.finish == "length" else "stop",
        "total_duration": round((time.monotonic() - begun_at) * _NANOSECONDS),
        "load_duration": 0,
        "prompt_eval_count": done.prompt_tokens,
        "prompt_eval_duration": round((stats.prefill_seconds if stats else 0.0) * _NANOSECONDS),
        "eval_count": answer_tokens(done),
        "eval_duration": round((stats.decode_seconds if stats else 0.0) * _NANOSECONDS),
    }


def _now() -> str:
    return dt.datetime.now(dt.timezone.utc).isoformat().replace("+00:00", "Z")

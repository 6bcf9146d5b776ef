"""The routes under `/v1/`: programs that were made for OpenAI's API use the same engine unchanged.

It does not know how an answer is begun (`chat`) or who may ask (`app`).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assistant.web.answers.answer import Answer
from assistant.web.answers.errors import error_body
from assistant.web.answers.events import Accepted, Done, Failed, Text
from assistant.web.protocols.api import client_gone, client_of, event_stream
from assistant.web.protocols.ask_request import json_object
from assistant.web.protocols.chat import answer_tokens, begin_chat, check_model, text_of, whole
from assistant.web.protocols.chat_request import parse_chat

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from assistant.web.services import Services

_LEAST_LOG_PROBABILITY = -9999.0  # in place of minus infinity, which JSON does not have; OpenAI sends the same
STILL_THERE = ": still there\n\n"


def v1_routes(services: Services) -> Blueprint:
    from flask import Blueprint, jsonify, request

    v1 = Blueprint("v1", __name__, url_prefix="/v1")
    created = int(time.time())

    def model(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": created, "owned_by": "local"}

    @v1.get("/models")
    def models() -> Response:
        return jsonify(object="list", data=[model(name) for name in services.model_names])

    @v1.get("/models/<path:name>")  # the name of another computer's model may have slashes and spaces
    def one_model(name: str) -> Response:
        check_model(services, name)
        return jsonify(model(name))

    @v1.post("/chat/completions")
    def chat() -> Response:
        wanted = parse_chat(json_object(request))
        answer = begin_chat(services, wanted, client_gone(request.environ), client_of(request, services))
        sheet = _Sheet(lambda: answer.answerer.model_name, logprobs=wanted.logprobs)
        if wanted.stream:
            return event_stream(answer, _chunks(answer, sheet, with_usage=wanted.stream_usage))
        return jsonify(sheet.completion(*whole(answer)))

    return v1


class _Sheet:
    """Writes the objects of one answer, which all have the same id, time and model."""

    def __init__(self, model: Callable[[], str], *, logprobs: bool) -> None:
        self._logprobs = logprobs
        self._model = model  # a function, because another model may step in during an answer
        self._id, self._created = f"chatcmpl-{secrets.token_hex(12)}", int(time.time())

    @property
    def _common(self) -> dict[str, Any]:
        return {"id": self._id, "created": self._created, "model": self._model(), "system_fingerprint": None}

    def completion(self, pieces: list[Text], done: Done) -> dict[str, Any]:
        message = {"role": "assistant", "content": text_of(pieces), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": self._told(pieces), "finish_reason": _finish(done)}
        return {**self._common, "object": "chat.completion", "choices": [choice], "usage": _usage(done)}

    def chunk(self, delta: dict[str, Any], finish: str | None = None, pieces: Sequence[Text] = ()) -> str:
        told = self._told(pieces) if pieces else None
        choice = {"index": 0, "delta": delta, "logprobs": told, "finish_reason": finish}
        return _data({**self._common, "object": "chat.completion.chunk", "choices": [choice]})

    def _told(self, pieces: Sequence[Text]) -> dict[str, Any] | None:
        """The log-probabilities of the tokens, or None when the client did not ask for them."""
        return {"content": [entry for piece in pieces for entry in _tokens(piece)]} if self._logprobs else None

    def usage_chunk(self, done: Done) -> str:
        return _data({**self._common, "object": "chat.completion.chunk", "choices": [], "usage": _usage(done)})


def _chunks(answer: Answer, sheet: _Sheet, *, with_usage: bool) -> Iterator[str]:
    for event in answer.events:
        match event:
            case Accepted():
                yield sheet.chunk({"role": "assistant", "content": ""})
            case Text(text):
                yield sheet.chunk({"content": text}, pieces=(event,))
            case Done():
                yield sheet.chunk({}, _finish(event))
                if with_usage:
                    yield sheet.usage_chunk(event)
                yield "data: [DONE]\n\n"
            case Failed(error):
                yield _data(error_body(error, as_openai=True))
            case _:
                yield STILL_THERE


def _tokens(piece: Text) -> list[dict[str, Any]]:
    """An entry for each token. A character of several tokens stands with the last of them; the others are empty."""
    texts = [*[""] * (len(piece.log_probabilities) - 1), piece.text]
    return [
        {"token": text, "logprob": max(value, _LEAST_LOG_PROBABILITY), "bytes": [*text.encode()], "top_logprobs": []}
        for text, value in zip(texts, piece.log_probabilities, strict=False)
    ]


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _finish(done: Done) -> str:
    return "length" if done.finish == "length" else "stop"


def _usage(done: Done) -> dict[str, Any]:
    tokens = answer_tokens(done)
    return {
        "prompt_tokens": done.prompt_tokens,
        "completion_tokens": tokens,
        "total_tokens": done.prompt_tokens + tokens,
        "prompt_tokens_details": {"cached_tokens": done.cached_tokens},
    }

"""The route `POST /v1/responses`: OpenAI's newer protocol, for text and one picture.

Nothing is stored: a request brings the whole conversation, as under `/v1/chat/completions`. It does not know how an
answer is begun (`chat`) or who may ask (`app`).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assistant.web.answers.answer import Answer
from assistant.web.answers.errors import ApiError, error_body, invalid, missing
from assistant.web.answers.events import Accepted, Done, Failed, Text
from assistant.web.answers.pictures import data_uri_bytes
from assistant.web.protocols.api import client_gone, client_of, event_stream
from assistant.web.protocols.ask_request import json_object
from assistant.web.protocols.chat import answer_tokens, begin_chat, text_of, whole
from assistant.web.protocols.chat_request import (
    ChatRequest,
    Message,
    check_count,
    check_ignored_numbers,
    max_tokens,
    request_of,
    yes_or_no,
)
from assistant.web.protocols.v1 import STILL_THERE

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from assistant.web.services import Services

_UNSUPPORTED = ("tools", "previous_response_id", "conversation", "background", "prompt", "top_logprobs")
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def responses_routes(services: Services) -> Blueprint:
    from flask import Blueprint, jsonify, request

    routes = Blueprint("responses", __name__, url_prefix="/v1")

    @routes.post("/responses")
    def responses() -> Response:
        wanted = parse(json_object(request))
        answer = begin_chat(services, wanted, client_gone(request.environ), client_of(request, services))
        sheet = _Sheet(answer, wanted)
        if wanted.stream:
            return event_stream(answer, sheet.events())
        pieces, done = whole(answer)
        return jsonify(sheet.response(text_of(pieces), done))

    return routes


def parse(body: dict[str, Any]) -> ChatRequest:
    """The body as values. Raises ApiError 400, or 415 for a data URI of another type."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise missing("model", "model is missing: GET /v1/models tells its name")
    _refuse_what_cannot_be(body)
    messages = _messages(body.get("input"))
    instructions = body.get("instructions")
    if instructions is not None and not isinstance(instructions, str):
        raise invalid("instructions", "instructions must be a text")
    if instructions:
        messages.insert(0, Message("system", instructions))
    return request_of(
        messages, model=model, max_tokens=max_tokens(body, "max_output_tokens"), stream=yes_or_no(body, "stream")
    )


def _refuse_what_cannot_be(body: dict[str, Any]) -> None:
    for key in _UNSUPPORTED:
        if body.get(key):
            raise ApiError(400, "unsupported_parameter", f"{key} is not supported here: leave it out", parameter=key)
    text = body.get("text")
    if text is not None and not isinstance(text, dict):
        raise invalid("text", "text must be an object")
    wanted = (text or {}).get("format")
    if wanted is not None and (not isinstance(wanted, dict) or wanted.get("type") != "text"):
        sentence = "text.format must be of type text: nothing here makes the model keep to JSON, so ask for it in words"
        raise ApiError(400, "unsupported_parameter", sentence, parameter="text.format")
    check_ignored_numbers(body)


def _messages(value: object) -> list[Message]:
    if isinstance(value, str) and value:
        return [Message("user", value)]
    if not isinstance(value, list) or not value:
        raise missing("input", "input is missing: send a question, or a list of messages")
    check_count(value, "input")
    return [_message(entry, f"input[{place}]") for place, entry in enumerate(value)]


def _message(entry: object, where: str) -> Message:
    if not isinstance(entry, dict) or entry.get("type", "message") != "message":
        raise invalid(where, f"{where} must be a message with role and content")
    role, content = entry.get("role"), entry.get("content")
    if not isinstance(role, str) or role not in _ROLES:
        raise invalid(f"{where}.role", f"{where}.role must be system, user or assistant")
    if isinstance(content, str):
        return Message(_ROLES[role], content)
    if not isinstance(content, list) or not content:
        raise invalid(f"{where}.content", f"{where}.content must be a text or a list of parts")
    message = Message(_ROLES[role], "")
    for place, part in enumerate(content):
        _add_part(message, part, f"{where}.content[{place}]")
    return message


def _add_part(message: Message, part: object, where: str) -> None:
    told: dict[str, Any] = part if isinstance(part, dict) else {}
    kind, text, url = told.get("type"), told.get("text"), told.get("image_url")
    if kind in ("input_text", "output_text") and isinstance(text, str):
        message.text = f"{message.text}\n{text}" if message.text else text
    elif kind == "input_image" and message.role == "user" and isinstance(url, str):
        message.pictures.append(data_uri_bytes(url, "image", f"{where}.image_url"))
    else:
        kinds = "input_text or output_text, or in a user's message input_image with image_url, a data URI"
        raise invalid(where, f"{where} must be of type {kinds}")


class _Sheet:
    """Writes the objects of one response, which all have the same ids and time."""

    def __init__(self, answer: Answer, wanted: ChatRequest) -> None:
        self._answer = answer
        self._wanted = wanted
        self._created = int(time.time())
        self._id, self._item_id = f"resp_{secrets.token_hex(12)}", f"msg_{secrets.token_hex(12)}"
        self._count = 0

    def response(self, text: str, done: Done | None) -> dict[str, Any]:
        """The whole response; without `done`, as it is before the answer."""
        status = "in_progress" if done is None else _status(done)
        usage = None
        if done is not None:
            tokens = answer_tokens(done)
            usage = {
                "input_tokens": done.prompt_tokens,
                "input_tokens_details": {"cached_tokens": done.cached_tokens},
                "output_tokens": tokens,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": done.prompt_tokens + tokens,
            }
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "model": self._answer.answerer.model_name,
            "output": [] if done is None else [self._item(text, status)],
            "usage": usage,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "instructions": self._wanted.before.instructions or None,
            "max_output_tokens": self._wanted.max_tokens,
            "metadata": {},
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "truncation": "disabled",
        }

    def events(self) -> Iterator[str]:
        """The response as an event stream, in the order that OpenAI's clients expect."""
        text, began = "", False
        where = {"item_id": self._item_id, "output_index": 0, "content_index": 0}
        for event in self._answer.events:
            match event:
                case Accepted():
                    yield self._event("response.created", response=self.response("", None))
                    yield self._event("response.in_progress", response=self.response("", None))
                case Text(piece):
                    if not began:
                        yield from self._begin(where)
                        began = True
                    text += piece
                    yield self._event("response.output_text.delta", **where, delta=piece, logprobs=[])
                case Done():
                    if not began:
                        yield from self._begin(where)
                    yield self._event("response.output_text.done", **where, text=text, logprobs=[])
                    yield self._event("response.content_part.done", **where, part=_part(text))
                    item = self._item(text, _status(event))
                    yield self._event("response.output_item.done", output_index=0, item=item)
                    yield self._event(f"response.{_status(event)}", response=self.response(text, event))
                case Failed(error):
                    yield self._event("error", **_flat(error))
                case _:
                    yield STILL_THERE

    def _begin(self, where: dict[str, Any]) -> Iterator[str]:
        item = {**self._item("", "in_progress"), "content": []}
        yield self._event("response.output_item.added", output_index=0, item=item)
        yield self._event("response.content_part.added", **where, part=_part(""))

    def _item(self, text: str, status: str) -> dict[str, Any]:
        return {
            "type": "message",
            "id": self._item_id,
            "status": status,
            "role": "assistant",
            "content": [_part(text)],
        }

    def _event(self, kind: str, **data: Any) -> str:
        told = {"type": kind, "sequence_number": self._count, **data}
        self._count += 1
        return f"event: {kind}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n"


def _status(done: Done) -> str:
    return "incomplete" if done.finish == "length" else "completed"


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _flat(error: ApiError) -> dict[str, Any]:
    """The error as OpenAI's clients read it in a stream: `error` for those that look there, its keys for the others."""
    body: Any = error_body(error, as_openai=True)
    return {"code": error.code, "message": error.message, "param": error.parameter, **body}

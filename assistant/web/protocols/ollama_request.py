"""Reads the bodies of `POST /api/chat` and `/api/generate`, as Ollama has them, into a `ChatRequest`.

What the engine cannot do is refused by name: tools, thinking, JSON formats, raw prompts. Options of sampling are
accepted and have no effect; config.toml decides. This module decodes no picture and does not know the engine.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from assistant.web.answers.errors import ApiError, invalid, missing
from assistant.web.answers.pictures import data_uri_bytes
from assistant.web.protocols.chat_request import (
    ChatRequest,
    Message,
    check_count,
    max_tokens,
    request_of,
    stop_strings,
    yes_or_no,
)

_LATEST = ":latest"  # the tag that Ollama's clients add to a name without one
_UNSUPPORTED = ("tools", "think", "format", "raw", "suffix", "template", "logprobs")


def model_name(body: dict[str, Any], names: list[str]) -> str:
    """The name of the model that a request asks for. Raises ApiError 400 if it names none."""
    name = body.get("model", body.get("name"))  # "name" is what older programs send to /api/show
    if not isinstance(name, str) or not name:
        raise missing("model", "model is missing: GET /api/tags tells its name")
    return name.removesuffix(_LATEST) if name not in names else name


def parse_chat(body: dict[str, Any], names: list[str]) -> ChatRequest | None:
    """The request, or None if it has no messages and so only wants the model to be loaded. Raises ApiError 400."""
    messages = body.get("messages")
    messages = [] if messages is None else messages
    if not isinstance(messages, list):
        raise invalid("messages", "messages must be a list")
    check_count(messages, "messages")
    _refuse_what_cannot_be(body)
    return _request(body, names, [_message(entry, f"messages[{place}]") for place, entry in enumerate(messages)])


def parse_generate(body: dict[str, Any], names: list[str]) -> ChatRequest | None:
    """The request, or None if it has no prompt. `context`, which is deprecated, has no effect. Raises ApiError 400."""
    _refuse_what_cannot_be(body)
    prompt, system = (_text(body, key) for key in ("prompt", "system"))
    pictures = _pictures(body.get("images"), "images")
    if not prompt and not pictures:
        return _request(body, names, [])
    return _request(body, names, [Message("system", system), Message("user", prompt, pictures)])


def _request(body: dict[str, Any], names: list[str], messages: list[Message]) -> ChatRequest | None:
    model, options = model_name(body, names), body.get("options")
    options = {} if options is None else options
    if not isinstance(options, dict):
        raise invalid("options", "options must be an object")
    # 0 and less mean "no limit" to Ollama
    limit = options.get("num_predict")
    most = None if type(limit) is int and limit <= 0 else max_tokens(options, "num_predict")
    stop = stop_strings(options.get("stop"), "options.stop")
    stream = yes_or_no(body, "stream") or body.get("stream") is None  # Ollama streams unless it is told not to
    if not messages:
        return None
    return request_of(messages, model=model, max_tokens=most, stream=stream, stop=stop)


def _message(entry: object, where: str) -> Message:
    if not isinstance(entry, dict):
        raise invalid(where, f"{where} must be an object with role and content")
    role = entry.get("role")
    if role not in ("system", "user", "assistant"):
        raise invalid(f"{where}.role", f"{where}.role must be system, user or assistant")
    message = Message(role, _text(entry, "content"), _pictures(entry.get("images"), f"{where}.images"))
    if message.pictures and role != "user":
        raise invalid(f"{where}.images", f"{where} has a picture, and only a user's message may have one")
    return message


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise invalid(key, f"{key} must be a text")
    return value or ""


def _pictures(value: object, where: str) -> list[bytes]:
    if value is not None and not isinstance(value, list):
        raise invalid(where, f"{where} must be a list of pictures in base64")
    return [_picture(entry, where) for entry in value or []]


def _picture(entry: object, where: str) -> bytes:
    if not isinstance(entry, str):
        raise invalid(where, f"{where} must be a list of pictures in base64")
    if entry.startswith("data:"):
        return data_uri_bytes(entry, "image", where)
    try:
        return base64.b64decode(entry, validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters beyond ASCII
        raise invalid(where, f"{where} holds what is not base64: no address or file is fetched from here") from None


def _refuse_what_cannot_be(body: dict[str, Any]) -> None:
    for key in _UNSUPPORTED:
        if body.get(key):
            raise ApiError(400, "unsupported_parameter", f"{key} is not supported here: leave it out", parameter=key)

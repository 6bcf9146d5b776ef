"""Reads the body of `POST /api/ask` or `/api/read`, a form or JSON, into checked values. An error names the wrong key.

Form and JSON have the same keys. This module decodes no picture and does not know the engine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.web.answers.errors import ApiError, invalid, missing
from assistant.web.answers.pictures import check_kind, data_uri_bytes
from assistant.web.settings import MAX_NEW_TOKENS

if TYPE_CHECKING:
    from flask import Request

_FORM_YES = {"1": True, "true": True, "on": True, "0": False, "false": False, "": False}
_ASK_KEYS = ("question", "audio", "image", "camera", "conversation", "speak", "max_tokens")
_READ_KEYS = ("image", "camera", "conversation", "speak", "stream")
_TEXTS = ("question", "audio", "image", "conversation")
_FLAGS = ("camera", "speak", "stream")


@dataclass(frozen=True)
class PictureRequest:
    """The keys of both requests. Exactly one of image, camera and conversation is given."""

    image: bytes | None
    camera: bool
    conversation: str | None
    speak: bool


@dataclass(frozen=True)
class AskRequest(PictureRequest):
    """A checked request: exactly one of question and audio, and one picture."""

    question: str | None
    audio: bytes | None
    max_tokens: int | None


@dataclass(frozen=True)
class ReadRequest(PictureRequest):
    """A checked request to read the print in one picture."""

    stream: bool  # the lines are sent as they come


def parse_ask(request: Request, max_question_characters: int) -> AskRequest:
    """The request's body as values. Raises ApiError 400 or 415."""
    asked = AskRequest(**_values(request, _ASK_KEYS))
    _check_question(asked, max_question_characters)
    _check_picture(asked)
    if asked.max_tokens is not None:
        checked_max_tokens(asked.max_tokens, MAX_NEW_TOKENS)
    return asked


def parse_read(request: Request) -> ReadRequest:
    """The request's body as values. Raises ApiError 400 or 415."""
    wanted = ReadRequest(**_values(request, _READ_KEYS))
    _check_picture(wanted)
    return wanted


def json_object(request: Request, *, of_any_type: bool = False) -> dict[str, Any]:
    """The body as a JSON object. Raises ApiError 400 or 415.

    `of_any_type` is for the programs of a protocol in which many name no type or a wrong one.
    """
    if request.mimetype != "application/json" and not of_any_type:
        raise ApiError(415, "wrong_type", "the body must be application/json")
    try:
        body = json.loads(request.get_data(cache=False).decode("utf-8"))
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, a number of 5,000 digits, or 2,000 brackets
        raise ApiError(400, "bad_json", f"the body is not valid JSON: {str(error)[:100]}") from None
    if not isinstance(body, dict):
        raise ApiError(400, "bad_json", "the body must be a JSON object")
    return body


def checked_question(question: str, longest: int, parameter: str = "question") -> str:
    """The question without space around it.

    Raises ApiError 400 when it is empty or longer than `longest` characters.
    """
    text = question.strip()
    if not text:
        raise missing(parameter, f"{parameter} is empty: ask something about the picture")
    if len(text) > longest:
        raise invalid(
            parameter, f"{parameter} has {len(text):,} characters, {longest:,} are the most: ask a shorter question"
        )
    return text


def checked_max_tokens(value: object, most: int, parameter: str = "max_tokens") -> int:
    """`value` as a whole number from 1 to `most`. Raises ApiError 400."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON does not tell 5.0 from 5
    if type(value) is not int or not 1 <= value <= most:
        raise invalid(parameter, f"{parameter} must be a whole number from 1 to {most}")
    return value


def _values(request: Request, keys: tuple[str, ...]) -> dict[str, Any]:
    kind = request.mimetype
    if kind == "multipart/form-data":
        return _form_values(request, keys)
    if kind == "application/json":
        return _json_values(json_object(request), keys)
    raise ApiError(415, "wrong_type", "the body must be multipart/form-data or application/json")


def _form_values(request: Request, keys: tuple[str, ...]) -> dict[str, Any]:
    given = [*request.form, *request.files]
    if not all(given):  # a missing name is "", or None from werkzeug's reader
        raise invalid("body", f"a part of the form has no name; known are {', '.join(keys)}")
    _refuse_unknown(given, keys)
    for key in given:
        if len(request.form.getlist(key)) + len(request.files.getlist(key)) > 1:
            raise invalid(key, f"{key} was sent more than once")
    values = {
        "max_tokens": _form_count,
        "question": _form_text,
        "conversation": _form_text,
        "audio": _form_file,
        "image": _form_file,
        "camera": _form_yes,
        "speak": _form_yes,
        "stream": _form_yes,
    }
    return {key: value(request, key) for key, value in values.items() if key in keys}


def _form_count(request: Request, key: str) -> int | None:
    digits = request.form.get(key)
    if digits is not None and not (digits.isascii() and digits.isdecimal() and len(digits) <= 4):
        raise invalid(key, f"{key} must be a whole number")
    return None if digits is None else int(digits)


def _form_text(request: Request, key: str) -> str | None:
    if key in request.files:
        raise invalid(key, f"{key} must be a field, not a file")
    return request.form.get(key)


def _form_file(request: Request, key: str) -> bytes | None:
    """The bytes of a file, or of a field that holds a data URI as in JSON. None when the key is missing."""
    if key in request.form:
        return data_uri_bytes(request.form[key], key, key)
    file = request.files.get(key)
    if file is None:
        return None
    check_kind(file.mimetype, key, key)
    data: bytes = file.read()
    return data


def _form_yes(request: Request, key: str) -> bool:
    text = (_form_text(request, key) or "").lower()
    if text not in _FORM_YES:
        raise invalid(key, f"{key} must be 1 or 0")
    return _FORM_YES[text]


def _json_values(body: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    _refuse_unknown(body, keys)
    for key in _TEXTS:
        if key in body and not isinstance(body[key], str):
            raise invalid(key, f"{key} must be a text")
    for key in _FLAGS:
        if key in body and not isinstance(body[key], bool):
            raise invalid(key, f"{key} must be true or false")
    values: dict[str, Any] = {
        "question": body.get("question"),
        "conversation": body.get("conversation"),
        "audio": data_uri_bytes(body["audio"], "audio", "audio") if "audio" in body else None,
        "image": data_uri_bytes(body["image"], "image", "image") if "image" in body else None,
        "camera": body.get("camera", False),
        "speak": body.get("speak", False),
        "stream": body.get("stream", False),
        "max_tokens": checked_max_tokens(body["max_tokens"], MAX_NEW_TOKENS) if "max_tokens" in body else None,
    }
    return {key: value for key, value in values.items() if key in keys}


def _refuse_unknown(given: list[str] | dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in given:
        if key not in keys:
            raise invalid(key[:40], f"unknown key {key[:40]!r}; known are {', '.join(keys)}")


def _check_question(asked: AskRequest, max_question_characters: int) -> None:
    if asked.question is not None and asked.audio is not None:
        raise invalid("audio", "send question or audio, not both")
    if asked.question is None and asked.audio is None:
        raise missing("question", "send question (a text) or audio (a WAV recording)")
    if asked.question is not None:
        checked_question(asked.question, max_question_characters)


def _check_picture(wanted: PictureRequest) -> None:
    pictures = (wanted.image is not None) + wanted.camera + (wanted.conversation is not None)
    if pictures > 1:
        raise invalid("image", "send one of image, camera and conversation")
    if not pictures:
        raise missing(
            "image", "send image (a picture), camera=1 (this machine's camera) or conversation (an earlier one)"
        )

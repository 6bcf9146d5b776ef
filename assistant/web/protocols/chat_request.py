"""Reads the body of `POST /v1/chat/completions` into checked values: the picture, the question, and what was said
before. `request_of` does the same for the messages of other protocols.

What the engine cannot do is refused by name: several answers, tools, JSON formats. Sampling settings are accepted and
have no effect, because most clients send them unasked; config.toml decides. Unknown keys are accepted, as other servers
do. This module decodes no picture and does not know the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assistant.web.answers.conversations import Said
from assistant.web.answers.errors import ApiError, invalid, missing
from assistant.web.answers.pictures import data_uri_bytes
from assistant.web.settings import MAX_NEW_TOKENS

_MOST_MESSAGES = 200
_LONGEST_QUESTION = 2000  # characters, of the engine
MOST_STOP_STRINGS = 16  # OpenAI takes 4, and some programs send more
LONGEST_STOP_STRING = 100  # characters
# These keys have no effect, but a value outside their range is refused, so that a mistake is noticed.
IGNORED_NUMBERS = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "seed": (-(2**63), 2**63 - 1),
}


@dataclass(frozen=True)
class ChatRequest:
    """A checked request. `before` is what was said before the question."""

    model: str
    question: str
    picture: bytes | None  # None: no message has a picture
    before: Said
    max_tokens: int | None
    stream: bool
    stream_usage: bool = False
    logprobs: bool = False
    stop: tuple[str, ...] = ()  # the answer ends before the first of these


@dataclass
class Message:
    """A message of any protocol."""

    role: str  # "system", "user" or "assistant"
    text: str
    pictures: list[bytes] = field(default_factory=list)


def parse_chat(body: dict[str, Any]) -> ChatRequest:
    """The body as values. Raises ApiError 400, or 415 for a data URI of another type."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise missing("model", "model is missing: GET /v1/models tells its name")
    messages = _messages(body.get("messages"))
    _refuse_what_cannot_be(body)
    options = body.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise invalid("stream_options", "stream_options must be an object")
    return request_of(
        messages,
        model=model,
        max_tokens=max_tokens(body, "max_completion_tokens", "max_tokens"),
        stream=yes_or_no(body, "stream"),
        stream_usage=yes_or_no(options or {}, "include_usage"),
        logprobs=yes_or_no(body, "logprobs"),
        stop=stop_strings(body.get("stop")),
    )


def request_of(messages: list[Message], **how: Any) -> ChatRequest:
    """The request that these messages make, of any protocol; `how` has the other fields. Raises ApiError 400."""
    question, before = _question(messages), _said(messages)
    _check_instructions(before.instructions, question)
    return ChatRequest(question=question, picture=_picture(messages), before=before, **how)


def _messages(value: object) -> list[Message]:
    if not isinstance(value, list) or not value:
        raise missing("messages", "messages is missing: send a list with a question and a picture")
    check_count(value, "messages")
    return [_message(entry, f"messages[{place}]") for place, entry in enumerate(value)]


def check_count(entries: list[Any], parameter: str) -> None:
    """Raises ApiError 400 for more messages than are read."""
    if len(entries) > _MOST_MESSAGES:
        raise invalid(parameter, f"{parameter} has {len(entries)} entries, {_MOST_MESSAGES} are the most")


def _message(entry: object, where: str) -> Message:
    if not isinstance(entry, dict):
        raise invalid(where, f"{where} must be an object with role and content")
    role, content = entry.get("role"), entry.get("content")
    if role == "developer":
        role = "system"
    if role not in ("system", "user", "assistant"):
        raise invalid(f"{where}.role", f"{where}.role must be system, user or assistant")
    if isinstance(content, str):
        return Message(role, content)
    if not isinstance(content, list) or not content:
        raise invalid(f"{where}.content", f"{where}.content must be a text or a list of parts")
    message = Message(role, "")
    for place, part in enumerate(content):
        _add_part(message, part, f"{where}.content[{place}]")
    return message


def _add_part(message: Message, part: object, where: str) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if isinstance(part, dict) and kind == "text" and isinstance(part.get("text"), str):
        message.text = f"{message.text}\n{part['text']}" if message.text else part["text"]
    elif isinstance(part, dict) and kind == "image_url" and message.role == "user":
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, dict) else None
        if not isinstance(url, str):
            raise invalid(where, f"{where}.image_url must be an object with url, a data URI")
        message.pictures.append(data_uri_bytes(url, "image", f"{where}.image_url.url"))
    else:
        raise invalid(where, f"{where} must be of type text, or in a user's message image_url")


def _question(messages: list[Message]) -> str:
    last = messages[-1]
    if last.role != "user":
        raise invalid("messages", "the last message must be the user's: the question")
    text = last.text.strip()
    if not text:
        raise missing("messages", "the last message has no text: ask something about the picture")
    if len(text) > _LONGEST_QUESTION:
        raise invalid("messages", f"the question has {len(text):,} characters, {_LONGEST_QUESTION:,} are the most")
    return text


def _check_instructions(instructions: str, question: str) -> None:
    """Raises ApiError when instructions and question, which go to the engine as one text, are too long together."""
    if instructions and len(instructions) + len("\n\n") + len(question) > _LONGEST_QUESTION:
        raise invalid(
            "messages",
            f"the system message has {len(instructions):,} characters and the question {len(question):,}: together "
            f"{_LONGEST_QUESTION:,} are the most, shorten the system message",
        )


def _picture(messages: list[Message]) -> bytes | None:
    """The newest picture, because a conversation may move on to another one. None when there is none."""
    for message in reversed(messages):
        if len(message.pictures) > 1:
            raise invalid("messages", "a message has several pictures, and one at a time is looked at: ask twice")
        if message.pictures:
            return message.pictures[0]
    return None


def _said(messages: list[Message]) -> Said:
    """The instructions and the earlier exchanges. A question that was never answered gets an empty answer."""
    instructions = "\n".join(m.text.strip() for m in messages if m.role == "system" and m.text.strip())
    exchanges: list[tuple[str, str]] = []
    for message in messages[:-1]:
        text = message.text.strip()
        if message.role == "user":
            exchanges.append((text, ""))
        elif message.role == "assistant" and exchanges and not exchanges[-1][1]:
            exchanges[-1] = (exchanges[-1][0], text)
    return Said(instructions, tuple(exchanges))


def max_tokens(body: dict[str, Any], *keys: str) -> int | None:
    """The value of the first of `keys` that is given, at most `MAX_NEW_TOKENS`.

    A larger number is lowered, because many programs send what their own favourite model can do. The answer then ends
    with the reason "length", which tells them.
    """
    for key in keys:
        value = body.get(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON does not tell 5.0 from 5
        if value is None:
            continue
        if type(value) is not int or value < 1:
            raise invalid(key, f"{key} must be a whole number, 1 or more ({MAX_NEW_TOKENS} are the most that count)")
        return min(value, MAX_NEW_TOKENS)
    return None


def stop_strings(value: object, parameter: str = "stop") -> tuple[str, ...]:
    """The strings before which the answer ends: from one text, a list of texts, or None. Empty ones end nothing."""
    strings = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(strings, list) or not all(isinstance(string, str) for string in strings):
        raise invalid(parameter, f"{parameter} must be a text or a list of texts")
    if len(strings) > MOST_STOP_STRINGS or any(len(string) > LONGEST_STOP_STRING for string in strings):
        most = f"{MOST_STOP_STRINGS} texts of {LONGEST_STOP_STRING} characters"
        raise invalid(parameter, f"{parameter} has too much in it: {most} are the most")
    return tuple(string for string in strings if string)


def _refuse_what_cannot_be(body: dict[str, Any]) -> None:
    if body.get("n") not in (None, 1) or isinstance(body.get("n"), bool):
        raise invalid("n", "n must be 1: there is one answer to a question")
    for key in ("tools", "functions", "logit_bias", "audio", "top_logprobs"):
        if body.get(key):
            raise ApiError(400, "unsupported_parameter", f"{key} is not supported here: leave it out", parameter=key)
    wanted = body.get("response_format")
    if wanted is not None and (not isinstance(wanted, dict) or wanted.get("type") != "text"):
        raise ApiError(
            400,
            "unsupported_parameter",
            "response_format must be of type text: nothing here makes the model keep to JSON, so ask for it in words",
            parameter="response_format",
        )
    check_ignored_numbers(body)


def check_ignored_numbers(body: dict[str, Any]) -> None:
    """Raises ApiError 400 for a sampling setting outside its range."""
    for key, (low, high) in IGNORED_NUMBERS.items():
        value = body.get(key)
        if value is not None and (type(value) not in (int, float) or not low <= value <= high):
            raise invalid(key, f"{key} must be a number from {low} to {high}")


def yes_or_no(body: dict[str, Any], key: str) -> bool:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise invalid(key, f"{key} must be true or false")
    return bool(value)

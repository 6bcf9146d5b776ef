"""How the events of `/api` are sent: as text of an event stream, or as one JSON object at the end.

docs/api.md lists the events. This file does not know how an answer is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from assistant.answering.report import line_as_json, turn_as_json
from assistant.web.answers.errors import error_body
from assistant.web.answers.events import (
    Accepted,
    Done,
    Event,
    Failed,
    Found,
    Heard,
    LineRead,
    Queued,
    Seeing,
    Sentence,
    StillThere,
    Text,
)
from vision.reading.text import paragraph_texts


def server_sent(event: Event) -> str:
    """The event as text of an event stream."""
    return _as_text(None if isinstance(event, StillThere) else _named(event))


def events_of_reading(events: Iterable[Event]) -> Iterator[str]:
    """The same for a page that is read: the lines stand for the text, and the result comes at the end."""
    return (_as_text(told) for told in _reading(events))


def result_of_reading(events: Iterable[Event]) -> dict[str, Any]:
    """The result alone. Raises ApiError when the page could not be read."""

    def kept() -> Iterator[Event]:
        for event in events:
            if isinstance(event, Failed):
                raise event.error
            yield event

    for told in _reading(kept()):
        if told is not None and told[0] == "end":
            return told[1]
    raise AssertionError("an answer ends with Done or Failed")


def _as_text(told: tuple[str, dict[str, Any]] | None) -> str:
    if told is None:
        return ": still there\n\n"
    name, data = told
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _reading(events: Iterable[Event]) -> Iterator[tuple[str, dict[str, Any]] | None]:
    """Names and data; None is sent so that no silence is taken for a broken connection."""
    conversation, found = "", Found(0, 0, ())
    for event in events:
        match event:
            case StillThere():
                yield None
            case Text():
                pass
            case Done():
                yield "end", {"conversation": conversation, **_result(event, found)}
            case _:
                if isinstance(event, Accepted):
                    conversation = event.conversation
                elif isinstance(event, Found):
                    found = event
                yield _named(event)


def _named(event: Event) -> tuple[str, dict[str, Any]]:
    match event:
        case Accepted() | Queued() | Heard() | Seeing():
            return type(event).__name__.lower(), asdict(event)
        case Found():
            return "found", {"lines": event.line_count, **_about_page(event)}
        case LineRead(line):
            return "line", line_as_json(line)
        case Text(text):
            return "text", {"text": text}
        case Sentence(text, speech):
            return "sentence", {"text": text, "audio": None if speech is None else f"/api/speech/{speech}.wav"}
        case Done():
            return "done", _done(event)
        case Failed(error):
            return "error", error_body(error, as_openai=False)
    raise AssertionError(f"{event} is no event that is sent")


def _about_page(found: Found) -> dict[str, Any]:
    advice = [{"code": known.name, "sentence": known.sentence} for known in found.advice]
    return {"rotation": found.rotation, "advice": advice}


def _result(done: Done, found: Found) -> dict[str, Any]:
    lines = done.turn.lines or []
    return {
        "text": "\n\n".join(paragraph_texts(lines)),
        "lines": [line_as_json(line) for line in lines],
        **_about_page(found),
        "answer": done.answer,
        "finish": done.finish,
        "doubt": done.doubt,
        "timings": turn_as_json(done.turn, "")["timings"],
    }


def _done(event: Done) -> dict[str, Any]:
    told = turn_as_json(event.turn, "")
    tokens = {"prompt": event.prompt_tokens, "cached": event.cached_tokens, "answer": told["tokens"]["answer"]}
    return {
        "answer": event.answer,
        "finish": event.finish,
        "doubt": event.doubt,
        "model": event.model,
        "timings": told["timings"],
        "tokens": tokens,
    }

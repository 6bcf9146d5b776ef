"""Each turn of a client goes to the journal at its end, with the answer as the client got it."""

from __future__ import annotations

import time
from pathlib import Path

from assistant.answering.turn import Turn
from assistant.inspection.journal import Journal
from assistant.inspection.keeper import JournalKeeper
from assistant.inspection.turns import TurnJournal
from assistant.language.phrases import phrases_for
from assistant.web.answers.pictures import jpeg
from tests.assistant.web.api.serving import (
    ANSWER,
    QUESTION,
    SteppedEngine,
    data_uri,
    events_of,
    parts_with,
    picture,
    running,
    send_form,
    send_json,
)
from vision.engine.engine import Engine
from vision.errors import VisionError


def test_a_clients_turn_is_kept_with_its_picture(engine: Engine, tmp_path: Path) -> None:
    """A turn of /api and one of /v1, the same as one by voice."""
    with JournalKeeper(Journal.write(tmp_path)) as keeper:
        journal = TurnJournal(keeper, phrases_for("en"), jpeg, profile="cart", language="en")

        def on_end(turn: Turn, answer: str, model: str) -> None:
            journal.ended(turn, model, answer=answer, source="web")

        with running(parts_with(engine, on_end=on_end)) as web:
            send_form(web.port, "/api/ask", {"question": QUESTION, "image": ("image/png", picture())})
            shown = {"type": "image_url", "image_url": {"url": data_uri(picture())}}
            message = {"role": "user", "content": [{"type": "text", "text": QUESTION}, shown]}
            send_json(web.port, "/v1/chat/completions", {"model": engine.model_name, "messages": [message]})
    with Journal.read(tmp_path) as kept:
        first, second = kept.entries()
    for entry in (first, second):
        assert entry.record is not None
        assert entry.picture is not None
        assert entry.picture.stat().st_size > 1000
        assert (entry.record.question, entry.record.answer, entry.record.confidence) == (QUESTION, ANSWER, None)
        assert (entry.record.model, entry.record.details["source"]) == (engine.model_name, "web")
        assert entry.record.timings["total"] is not None


def test_a_clients_turn_that_fails_is_kept_with_its_error() -> None:
    """It shows that something was asked; the turn keeps no picture afterwards."""
    ended: list[tuple[Turn, str, str]] = []
    stepped = SteppedEngine(error=VisionError("the engine is out of order"))
    stepped.steps.release(3)
    with running(parts_with(stepped, on_end=lambda *given: ended.append(given))) as web:
        reply = send_form(web.port, "/api/ask", {"question": QUESTION, "image": ("image/png", picture())})
    assert events_of(reply.body)[-1][0] == "error"
    ((turn, answer, model),) = ended
    assert (str(turn.error), answer, model) == ("the engine is out of order", "", "stepped")
    assert turn.timings is not None
    assert turn.frame is None
    assert turn.timings.total < time.monotonic()

"""The value of a gauge or a display for a round: read, compared with what the model says, and doubted where they differ."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pytest

from assistant.answering.reading import instrument_reader
from assistant.answering.reading.instrument_reader import InstrumentReader, asking
from assistant.language.phrases import phrases_for
from vision.errors import Cancelled
from vision.frame import Frame
from vision.interface import AnswerChunk
from vision.reading.instruments.value import InstrumentValue

FRAME = Frame(np.zeros((32, 32, 3), np.uint8), 0.0)
PHRASES = phrases_for("en")
SCALE = (Decimal(0), Decimal(10))


@pytest.fixture(autouse=True)
def _read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read from any picture."""
    monkeypatch.setattr(instrument_reader, "gauge_value", lambda *given, **rest: InstrumentValue(Decimal("7.20"), True))
    monkeypatch.setattr(
        instrument_reader, "display_value", lambda *given, **rest: InstrumentValue(Decimal("23.4"), True)
    )


class Model:
    """Plays the model: it gives one answer, and remembers what it was asked."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> Model:
        assert frame is FRAME
        if cancelled is not None and cancelled.is_set():
            raise Cancelled
        return self

    def ask(self, question: str, **rest: object) -> Iterator[AnswerChunk]:
        self.asked.append(question)
        yield AnswerChunk(self.answer, 3)


def reader(answer: str | None) -> tuple[InstrumentReader, Model]:
    model = Model(answer or "")
    ask = None if answer is None else asking(model)  # type: ignore[arg-type]
    return InstrumentReader(None, PHRASES, ask), model  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "is_sure", "contradicting"),
    [
        (None, True, None),
        ("7.3 bar", True, None),
        ("The needle shows 8.5.", False, Decimal("8.5")),
        ("red", True, None),
    ],
)
def test_the_model_is_a_second_opinion_about_a_gauge(
    answer: str | None, is_sure: bool, contradicting: Decimal | None
) -> None:
    """It agrees within 2 % of the scale; another number makes the value doubtful; an answer without one changes nothing."""
    instruments, model = reader(answer)
    found = instruments.read_gauge(FRAME, SCALE, 270.0, threading.Event())
    assert (found.value, found.is_sure, found.contradicting) == (Decimal("7.20"), is_sure, contradicting)
    assert len(model.asked) == (answer is not None)
    assert all("from 0 to 10" in question for question in model.asked)


def test_another_digit_on_a_display_is_a_contradiction() -> None:
    instruments, _ = reader("23.5")
    found = instruments.read_display(FRAME, threading.Event())
    assert (found.is_sure, found.contradicting) == (False, Decimal("23.5"))


def test_a_cancel_ends_the_second_look() -> None:
    instruments, model = reader("7.2")
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        instruments.read_gauge(FRAME, SCALE, None, cancelled)
    assert model.asked == []

"""Reads gauges and displays for code that works with the number: the reader's value, and the model as second opinion.

It knows pictures and values. It does not know limits, stations, or what is said.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from assistant.answering.reading.instruments import Opinion, with_second_opinion
from assistant.language.phrases import Phrases
from vision.reading.instruments.value import InstrumentValue, display_value, gauge_value

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.interface import SupportsSee
    from vision.reading.interface import Reader

ANSWER_TOKENS = 24  # a number with its unit, in a short sentence
Ask = Callable[["Frame", str, threading.Event], str]  # a model's answer to a question about a picture


class InstrumentReader:
    """Reads instruments. Any thread may call it. A cancel raises Cancelled, and a failure of the model VisionError."""

    def __init__(self, reader: Reader, phrases: Phrases, ask: Ask | None = None) -> None:
        """`ask` asks the model; None where it knows no instruments, as the demo model does."""
        self._reader = reader
        self._words = phrases.instruments
        self._ask = ask

    def read_gauge(
        self, frame: Frame, scale: tuple[Decimal, Decimal], sweep: float | None, cancelled: threading.Event
    ) -> Opinion:
        """The value that the needle shows, on a dial with these values at its ends.

        `sweep` is the angle between the two in degrees, None if it is not known.
        """
        ends = float(scale[0]), float(scale[1])
        found = gauge_value(frame.rgb, ends, sweep=sweep, reader=self._reader, cancelled=cancelled)
        question = self._words.ask_gauge.format(low=scale[0], high=scale[1])
        return self._compared(found, frame, question, cancelled, ends)

    def read_display(self, frame: Frame, cancelled: threading.Event) -> Opinion:
        """The number that a display shows."""
        found = display_value(frame.rgb, self._reader, cancelled=cancelled)
        return self._compared(found, frame, self._words.ask_display, cancelled)

    def _compared(
        self,
        found: InstrumentValue,
        frame: Frame,
        question: str,
        cancelled: threading.Event,
        ends: tuple[float, float] | None = None,
    ) -> Opinion:
        answer = "" if self._ask is None else self._ask(frame, question, cancelled)
        return with_second_opinion(found.value, found.is_sure, answer, ends)


def asking(engine: SupportsSee) -> Ask:
    """Asks an engine. The conversation about the picture that was seen before stays as it is."""

    def ask(frame: Frame, question: str, cancelled: threading.Event) -> str:
        view = engine.see(frame, cancelled)
        return "".join(
            chunk.text for chunk in view.ask(question, max_new_tokens=ANSWER_TOKENS, cancelled=cancelled)
        ).strip()

    return ask

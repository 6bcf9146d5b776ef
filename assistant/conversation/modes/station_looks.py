"""Looks at a station of a round: has the model asked, print or a code read, or an instrument.

What is found comes as `Evidence`, once the turn of the look is done. It does not know what a round does with it, nor
which library reads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from assistant.answering.judging.doubt import Verdict
from assistant.answering.reading.instruments import Opinion, opinion_in_words
from assistant.answering.reading.page_text import is_doubtful
from assistant.answering.turn import Question, Turn
from assistant.inspection.rounds.answers import found_value
from assistant.inspection.rounds.checklist import Station, StepKind
from assistant.inspection.rounds.moment import CANNOT_TELL, PLAIN, UNSURE, Evidence
from assistant.language.phrases import Phrases

if TYPE_CHECKING:
    from assistant.answering.capture import PictureCapture, Take
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.reply_writer import Sentences
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.reading.interface import Reader

MOST_LINES = 12  # of print that are read at a station: its plate, not the page behind it


class Instruments(Protocol):
    """Reads gauges and displays in a picture. Any thread may call it."""

    def read_gauge(
        self, frame: Frame, scale: tuple[Decimal, Decimal], sweep: float | None, cancelled: threading.Event
    ) -> Opinion:
        """The value that the needle shows, on a dial with these values at its ends.

        `sweep` is the angle between the two in degrees, None if it is not known. Raises Cancelled, VisionError.
        """

    def read_display(self, frame: Frame, cancelled: threading.Event) -> Opinion:
        """The number that a display shows. Raises Cancelled, VisionError."""


class StationLook:
    """One look at a station. `turn` is done when it is over."""

    def __init__(self, station: Station, phrases: Phrases) -> None:
        self.station = station
        self.turn: Turn
        self._phrases = phrases
        self._capture: PictureCapture | None = None  # where the model is asked
        self._frame: Frame | None = None
        self._evidence: Evidence | None = None

    @property
    def frame(self) -> Frame | None:
        """The picture, None where there was none."""
        return self._frame if self._capture is None else self._capture.frame

    @property
    def evidence(self) -> Evidence | None:
        """What was found, once the turn is done. None where there was no look: it failed, or was stopped."""
        turn, capture = self.turn, self._capture
        if turn.cancelled.is_set() or turn.error is not None:
            return None
        if capture is None:
            return self._evidence
        if capture.view is None:  # the picture was bad, and the user was told what helps
            return None
        is_told = turn.verdict is not Verdict.CANNOT_TELL
        value = found_value([turn.answer], self.station.answer, self._phrases) if is_told else ""
        return Evidence(turn.words, value, turn.verdict.value, is_said=bool(turn.said))


class StationLooks:
    """Begins looks. It belongs to the main thread; no call waits."""

    def __init__(
        self,
        answering: AnswerPipeline,
        reader: Reader,
        phrases: Phrases,
        *,
        instruments: Instruments | None = None,  # None: gauges and displays are told by the human
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answering = answering
        self._reader = reader
        self._phrases = phrases
        self._instruments = instruments
        self._clock = clock
        self._told_fault: Fault | None = None  # the user was told of it; the next picture with it is read all the same

    def begin(self, station: Station) -> StationLook:
        """Takes a picture of the station and finds out what it shows. Whatever is being said ends."""
        now = self._clock()
        question = Question(station.question or station.name, None, now, now, has_own_record=True)
        look = StationLook(station, self._phrases)
        if station.step is StepKind.ASK:
            look._capture = self._answering.look()
            look.turn = self._answering.ask(question, look._capture)
        else:
            look.turn = self._answering.tell(question, lambda turn, take: self._read(look, turn, take))
        return look

    # On the thread "answer".

    def _read(self, look: StationLook, turn: Turn, take: Take) -> Sentences:
        frame, fault = take(turn.cancelled)
        look._frame = frame
        if fault is not None and fault is not self._told_fault:
            self._told_fault = fault
            yield self._phrases.framing[fault.value].advice
            return
        self._told_fault = fault
        look._evidence = self._evidence_of(look.station, frame, turn.cancelled)

    def _evidence_of(self, station: Station, frame: Frame, cancelled: threading.Event) -> Evidence | None:
        match station.step:
            case StepKind.CODE:
                return self._code(station, frame, cancelled)
            case StepKind.READ:
                return self._print(station, frame, cancelled)
        instruments = self._instruments
        if instruments is None:
            return Evidence("", doubt=CANNOT_TELL)
        if station.scale is not None:
            reading = instruments.read_gauge(frame, station.scale, station.sweep, cancelled)
        else:
            reading = instruments.read_display(frame, cancelled)
        if reading.value is None:
            return Evidence("", doubt=CANNOT_TELL)
        value = format(reading.value, "f")
        told = opinion_in_words(reading, self._phrases) or value
        return Evidence(told, value, PLAIN if reading.is_sure else UNSURE)

    def _code(self, station: Station, frame: Frame, cancelled: threading.Event) -> Evidence:
        from vision.reading.code_contents import readable
        from vision.reading.codes import read_codes

        codes = read_codes(frame, cancelled).codes  # a code that is not read surely is not among them
        if not codes:
            return Evidence("", doubt=CANNOT_TELL)
        text = readable(codes[0].text)  # the one nearest to the middle
        is_only = len({code.text for code in codes}) == 1
        value = found_value([text], station.answer, self._phrases)
        return Evidence(text, value, PLAIN if is_only else UNSURE)

    def _print(self, station: Station, frame: Frame, cancelled: threading.Event) -> Evidence:
        lines = []
        layout = self._reader.find(frame, cancelled)
        for line in self._reader.recognise(frame, layout, 0, cancelled):
            lines.append(line)
            if len(lines) == MOST_LINES:
                break
        texts = [line.text for line in lines if line.text]
        sure = [line.text for line in lines if not is_doubtful(line)]
        told = " ".join(texts)
        value = found_value(sure, station.answer, self._phrases)
        if value and value == found_value(texts, station.answer, self._phrases):
            return Evidence(told, value)
        value = found_value(texts, station.answer, self._phrases)
        return Evidence(told, value, UNSURE if value else CANNOT_TELL)

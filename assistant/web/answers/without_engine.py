"""What a picture tells a client without the engine: its print, line by line, a code, the light, a colour.

It does not know which library reads, nor how the events are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.judging.doubt import Verdict
from assistant.answering.page_lines import LineRead, PageFound, PageReader, read_page
from assistant.answering.page_reading import PageAdvice
from assistant.answering.reading.page_text import is_doubtful
from assistant.web.answers import events
from vision.framing import Fault

if TYPE_CHECKING:
    from assistant.answering.pipeline import TellJob
    from assistant.answering.turn import Turn
    from assistant.language.phrases import Phrases
    from vision.frame import Frame


@dataclass(frozen=True)
class SaidAtOnce:
    """A sentence for the voice, and what is written with it: the same, or numbers in digits, or nothing more."""

    spoken: str
    written: str


Told = events.Found | events.LineRead | SaidAtOnce


def read_aloud(pages: PageReader, frame: Frame, fault: Fault | None, phrases: Phrases, turn: Turn) -> Iterator[Told]:
    """The lines of a picture, and the sentences of a voice. The turn keeps the lines. Raises ReaderError, Cancelled."""
    turn.lines = []
    about_picture = () if fault is None else (PageAdvice(fault.value, phrases.framing[fault.value].advice),)
    if fault is Fault.FROZEN:  # what it shows is not what is there now
        yield events.Found(0, 0, about_picture)
        yield from _as_written(about_picture)
        return
    for part in read_page(pages, frame, phrases, turn.cancelled):
        match part:
            case PageFound(layout, advice):
                # Where lines are found, only they tell how well they can be read: a clean white page counts as too
                # bright.
                before = () if layout.lines else about_picture
                yield events.Found(len(layout.lines), layout.rotation, (*before, *advice))
                yield from _as_written(before)
            case LineRead(line):
                turn.lines.append(line)
                if is_doubtful(line):
                    turn.verdict = Verdict.UNSURE
                yield events.LineRead(line)
            case told:
                yield SaidAtOnce(told.sentence, told.sentence)


def _as_written(advice: Iterable[PageAdvice]) -> Iterator[SaidAtOnce]:
    return (SaidAtOnce(known.sentence, known.sentence) for known in advice)


def tell_at_once(job: TellJob, frame: Frame, fault: Fault | None, turn: Turn) -> Iterator[Told]:
    """The sentences of a job about this one picture; no other one is taken. Raises VisionError, Cancelled."""
    written = ""
    for spoken in job(turn, lambda cancelled: (frame, fault)):
        if isinstance(spoken, str):  # else it is a sound
            yield SaidAtOnce(spoken, "" if turn.answer == written else turn.answer)
            written = turn.answer

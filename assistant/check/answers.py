"""Asks the model about the check's pictures as the assistant does, and marks what it says.

A picture is judged by framing, seen by the engine, and asked. Where the assistant would have a reader of print beside
the model, it is here too: it tells its lines with the question, and contradicts. The probabilities of the answer give
its certainty. No voice speaks and nothing is stored. It does not know which thresholds will be chosen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.answering.judging.doubt import Piece, certainty, text_of
from assistant.answering.judging.witness import ReadLine, Witness
from assistant.answering.reading.reader_context import PrintTold, QuestionReader
from assistant.check.matcher import mark
from assistant.check.tasks import SIDE_PIXELS, Task, blurred, empty, scenes
from assistant.check.thresholds import Trial
from assistant.language.sentences import split_sentences

if TYPE_CHECKING:
    from assistant.language.phrases import Phrases
    from vision.interface import SupportsSee

LONGEST_ANSWER_TOKENS = 60


def tasks() -> list[Task]:
    """All pictures, evenly mixed, so that the first part of them tells of every kind."""
    groups = [scenes(), empty(), blurred()]
    shares = [(place + 0.5) / len(group) for group in groups for place in range(len(group))]
    mixed = sorted(zip(shares, [task for group in groups for task in group], strict=True), key=lambda one: one[0])
    return [task for _, task in mixed]


def ask_all(
    engine: SupportsSee,
    phrases: Phrases,
    wanted: Sequence[Task],
    *,
    reader: QuestionReader | None = None,
    side_pixels: int = SIDE_PIXELS,
    goes_on: Callable[[Trial], bool] = lambda trial: True,
) -> list[Trial]:
    """One trial for each task, until `goes_on` says no to one of them. Raises VisionError."""
    found = []
    for task in wanted:
        found.append(ask(engine, phrases, task, reader, side_pixels))
        if not goes_on(found[-1]):
            break
    return found


def ask(engine: SupportsSee, phrases: Phrases, task: Task, reader: QuestionReader | None, side_pixels: int) -> Trial:
    """Asks one question about one picture, as its first."""
    from vision import framing

    never = threading.Event()
    began = time.perf_counter()
    frame = task.draw(side_pixels)
    faulty = framing.judge(frame).fault is not None
    view = engine.see(frame)
    question, witness = task.question, None
    if reader is not None:
        reader.prepare_for(task.question)
        read = reader.read_for(task.question, view, never)
        question = PrintTold().question_for(task.question, read, view, phrases)
        if read.lines:
            lines = [ReadLine(line.text, line.confidence) for line in read.lines]
            witness = Witness(task.question, lines, read.is_whole, phrases)
    pieces = [
        Piece(chunk.text, chunk.log_probabilities) for chunk in view.ask(question, max_new_tokens=LONGEST_ANSWER_TOKENS)
    ]
    answer = text_of(pieces).strip()
    contradicted = witness is not None and any(
        witness.readings_against(sentence) for sentence in split_sentences(answer, phrases.abbreviations)
    )
    return Trial(
        task.name,
        task.kind,
        certainty(pieces, phrases.doubt.formulaic),
        mark(answer, task.truth),
        faulty,
        contradicted,
        time.perf_counter() - began,
    )

"""What guessing the next tokens from the question gains: the full-size engine with and without it, by turns.

    python -m assistant.bench.drafts [--threads 2] [--rounds 3]

The answers are scripted, because weights that are random speak no language: each is what a model says to a question
about writing, after the lines that the reader found. A word, a mark and a digit count as one token, as in Qwen's
tokenizer for common words. It does not know how an answer is guessed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from assistant import console
from assistant.bench.material.kinds import pieces

if TYPE_CHECKING:
    from vision.engine.engine import Engine
    from vision.engine.generation.generate import LanguageModel, Scores
    from vision.engine.generation.prompt import PromptPart
    from vision.engine.kv_cache import KVCache
    from vision.engine.scheduling.fair_lock import Check

_FIRST_ID = 1000  # of the words, so that none of them is a special token of the random checkpoint
_INVOICE = ("Invoice 20311", "Desk lamp 49.90", "Delivery 4.50", "Total 54.40 EUR", "due within 14 days")
_SOUP = ("Tomato soup", "Ingredients: water, tomatoes 38 %, cream, sugar, salt, basil", "best before 12.03.2027")
_HOURS = ("Opening hours", "Monday to Friday 9:00 - 17:30", "Saturday 10:00 - 14:00", "closed on Sunday")


@dataclass(frozen=True)
class Script:
    """A question about writing and its answer."""

    lines: tuple[str, ...]  # that the reader found in the picture
    question: str
    answer: str

    @property
    def asked(self) -> str:
        return "The reader found: " + " / ".join(self.lines) + ". " + self.question


SCRIPTS = (
    Script(
        _HOURS,
        "When is it open on Saturday?",
        "On Saturday it is open from 10:00 - 14:00.",
    ),
    Script(
        _HOURS,
        "What does the sign say?",
        "The sign says: Opening hours. Monday to Friday 9:00 - 17:30. Saturday 10:00 - 14:00. It is closed on Sunday.",
    ),
    Script(
        ("CAUTION", "Wet floor", "Please use the other entrance"),
        "What does this say?",
        'This is a warning. It says "CAUTION Wet floor Please use the other entrance".',
    ),
    Script(
        _SOUP,
        "Is there milk in it?",
        "Yes. The ingredients are water, tomatoes 38 %, cream, sugar, salt and basil, and cream is made of milk.",
    ),
    Script(
        _SOUP,
        "Until when can I eat it?",
        "It is best before 12.03.2027.",
    ),
    Script(
        _INVOICE,
        "How much do I have to pay?",
        "The total is 54.40 EUR, due within 14 days.",
    ),
    Script(
        _INVOICE,
        "What is this letter about?",
        "It is an invoice for a lamp that somebody has ordered. Together with the delivery it costs 54.40 EUR.",
    ),
    Script(
        ("Pump 7", "bar", "0 2 4 6 8 10", "max. 8 bar"),
        "What is the pressure of this pump?",
        "The needle stands a little below 6, so the pressure is about 5.8 bar. At most 8 bar are allowed.",
    ),
    Script(
        ("Dear Mrs. Brown,", "your appointment on Tuesday, 4 May at 10:15", "has been moved to Friday, 7 May at 8:30."),
        "Read the letter to me.",
        "Dear Mrs. Brown, your appointment on Tuesday, 4 May at 10:15 has been moved to Friday, 7 May at 8:30.",
    ),
    Script(
        ("Platform 4", "Train 17 to Linz", "delayed by about 25 minutes"),
        "Which train is late?",
        "Train 17 to Linz is delayed by about 25 minutes. It leaves from platform 4.",
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(argv)
    from assistant.bench.engine import model_folder
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings

    with Engine.load(Path(model_folder("2b")), EngineSettings(threads=given.threads, stops_loops=False)) as engine:
        gains = [_told(engine, script, given.rounds) for script in SCRIPTS]
    console.result(f"median of {len(gains)} answers: {median(gains):.2f} times as fast with drafts")
    return 0


def _told(engine: Engine, script: Script, rounds: int) -> float:
    singly, drafted = list[float](), list[float]()
    for _ in range(rounds):
        for at_once, seconds in ((1, singly), (None, drafted)):
            taken, steps, tokens = _decode(engine, script, at_once)
            seconds.append(taken / tokens)
    gain = median(singly) / median(drafted)
    console.result(
        f"{gain:.2f}×  {1e3 * median(singly):.0f} → {1e3 * median(drafted):.0f} ms a token, {steps} steps for {tokens} tokens: {script.question}"
    )
    return gain


def _decode(engine: Engine, script: Script, at_once: int | None) -> tuple[float, int, int]:
    """Seconds, steps and tokens from the first token on. `at_once` limits the tokens of a step."""
    from vision.engine.generation.generate import generate
    from vision.engine.generation.prompt import text_part
    from vision.engine.scheduling.fair_lock import FairLock, WorkPermit

    words: dict[str, int] = {}
    question, answer = (
        [words.setdefault(piece.strip(), _FIRST_ID + len(words)) for piece in pieces(text)]
        for text in (script.asked, script.answer)
    )
    model = _Limited(engine.session.model, at_once)
    left = iter(answer)
    tokens = generate(
        model,
        model.new_cache(),
        text_part(question, 0),
        pick=lambda scores: next(left),
        stop_tokens=frozenset(),
        max_new_tokens=len(answer),
        chunk_tokens=256,
        permit=WorkPermit(FairLock(), lambda: None),
    )
    next(tokens)
    model.steps, started = 0, time.perf_counter()
    count = sum(1 for _ in tokens)
    return time.perf_counter() - started, model.steps, count


class _Limited:
    """A model that counts its steps, and that may be kept from reading several tokens in one of them."""

    def __init__(self, model: LanguageModel, at_once: int | None) -> None:
        self.verified_at_once = model.verified_at_once if at_once is None else at_once
        self.steps = 0
        self._model = model
        self.encode, self.new_cache, self.prefill = model.encode, model.new_cache, model.prefill
        self.use_threads = model.use_threads

    def decode(self, cache: KVCache, part: PromptPart, check: Check) -> Scores:
        self.steps += 1
        return self._model.decode(cache, part, check)

    def verify(self, cache: KVCache, part: PromptPart, check: Check) -> list[Scores]:
        self.steps += 1
        return self._model.verify(cache, part, check)


if __name__ == "__main__":
    raise SystemExit(main())

"""How fast this machine answers the three kinds of question of the reference design, from a short sample of each.

A kind's whole answer is not decoded: its time is that of looking and of the first word, and that of some words more,
carried on to the answer's length. `seesay bench` measures all of it, several times. It does not know where a report
goes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.bench.material.kinds import KINDS

if TYPE_CHECKING:
    from vision.engine.engine import Engine

SAMPLE_TOKENS = 16


@dataclass(frozen=True)
class KindSpeed:
    """One kind of question. Seconds, without the voice."""

    name: str
    title: str
    look_seconds: float  # the vision encoder and reading the picture
    first_seconds: float  # from the question to the first word
    token_seconds: float
    whole_seconds: float  # look, first word and the whole answer
    ahead_seconds: float  # the whole answer, where the picture was seen while the user spoke
    reference_seconds: float  # what the reference design reports for the whole answer


def measure(engine: Engine, *, lends_words: bool = False) -> list[KindSpeed]:
    """Asks each kind once, after a first question that is not measured. The engine is left as it was."""
    from assistant.bench.engines.forced import ForcedEngine
    from assistant.bench.material.pictures import padded_frame

    stop = engine.session.stop_tokens
    forced = ForcedEngine(engine, lends_words=lends_words)
    found = []
    try:
        for kind in (KINDS[0], *KINDS):
            forced.kind = replace(kind, answer_tokens=SAMPLE_TOKENS)
            began = time.perf_counter()
            view = forced.see(padded_frame(kind.name))
            seen = time.perf_counter()
            times = [(time.perf_counter(), chunk.tokens) for chunk in view.ask(forced.question(kind)) if chunk.tokens]
            first, decoded = times[0][0] - seen, sum(tokens for _, tokens in times[1:])
            token = (times[-1][0] - times[0][0]) / max(1, decoded)
            answer = first + token * (kind.answer_tokens - 1)
            found.append(
                KindSpeed(
                    kind.name,
                    kind.title,
                    seen - began,
                    first,
                    token,
                    seen - began + answer,
                    answer,
                    kind.reference_seconds,
                )
            )
    finally:
        engine.session.stop_tokens = stop
    return found[1:]

"""Whether this machine's packed arithmetic gives the tokens of transformers' own float32, on this very model.

The packed engine answers questions about drawn pictures. Then the reference reads the same tokens and says what it
would have chosen at each place. It takes the memory of one layer, so it runs where the whole float32 model has no room.
It is a process of its own (`python -m assistant.check.arithmetic FOLDER THREADS`), which prints one JSON object: the
main program never imports torch. It does not know how a report looks.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import exit_status_of
from audio.own_process import end_with_parent

if TYPE_CHECKING:
    from vision.engine.engine import Engine
    from vision.engine.models.layerwise import Answered, Choice
    from vision.frame import Frame

ANSWER_TOKENS = 24
PICTURE_PIXELS = 224  # small, so that ten questions take a minute: the arithmetic is the same for every size
# Two scores as near as this are a tie: both ways add the same float32 numbers, in another order. Scores are some 10 to
# 40, and the sums of 2,048 products differ by about 1e-5.
TIE = 1e-3
_QUESTIONS = ("What do you see?", "What does it say?")
_SEED = 19_005
_PICTURES = 5


@dataclass(frozen=True)
class Compared:
    """What the comparison found."""

    questions: int
    same_answers: int  # all tokens are the same, ties aside
    tokens: int
    same_tokens: int
    ties: int  # another token was as good, to within `TIE`
    farthest: float  # the largest lead of a token that the reference would have preferred


def compare(folder: Path, threads: int, questions: Sequence[tuple[Frame, str]] | None = None) -> Compared:
    """Answers with the packed arithmetic, and asks the reference about each token. Raises VisionError."""
    from vision.engine.checkpoint.checkpoint import open_checkpoint
    from vision.engine.engine import Engine
    from vision.engine.host import let_idle_threads_sleep
    from vision.engine.settings import EngineSettings

    let_idle_threads_sleep()
    settings = EngineSettings(threads=threads, fit="native")
    with Engine.load(folder, settings) as engine:
        answers = [answered(engine, folder, frame, question) for frame, question in questions or drawn_questions()]
    from vision.engine.models.layerwise import choices  # here, because it imports torch

    return judged(answers, choices(open_checkpoint(folder), answers, settings.threads or engine.threads, _quiet))


def drawn_questions() -> list[tuple[Frame, str]]:
    """Ten questions about five drawn pictures."""
    import random

    from assistant.check.drawn import frame_of
    from vision.demo_model.rendering.scene import random_scene

    dice = random.Random(_SEED)
    frames = [frame_of(random_scene(dice), PICTURE_PIXELS) for _ in range(_PICTURES)]
    return [(frame, question) for frame in frames for question in _QUESTIONS]


def answered(engine: Engine, folder: Path, frame: Frame, question: str) -> Answered:
    """The packed engine's greedy answer, with the token that ended it, and everything that was read for it."""
    from vision.engine.generation.generate import Scores, generate
    from vision.engine.generation.prompt import joined, text_part
    from vision.engine.models.layerwise import Answered
    from vision.preprocess import PatchSpec, fitted, pixel_values

    session, spec = engine.session, PatchSpec.of_checkpoint(folder)
    permit = session.permit(None)
    patches, grid = pixel_values(fitted(frame.rgb, session.settings.fit, spec.step_pixels), spec)
    before = joined(
        [session.prompt.preface, session.prompt.picture(*(int(side) // spec.merge_patches for side in grid[0, 1:]))]
    )
    prefix = session.look(frame, permit)
    asked = text_part(session.prompt.question(question), len(before) + prefix.shift)
    picked = list[int]()

    def pick(scores: Scores) -> int:
        picked.append(scores.likeliest)
        return scores.likeliest

    said = [
        token.id
        for token in generate(
            session.model,
            prefix.cache,
            asked,
            pick=pick,
            stop_tokens=session.stop_tokens,
            max_new_tokens=ANSWER_TOKENS,
            chunk_tokens=session.settings.prefill_chunk_tokens,
            permit=permit,
        )
    ]
    if len(said) < ANSWER_TOKENS:
        said.append(picked[-1])  # the stop token is a choice like any other
    answer = text_part(said, len(before) + prefix.shift + len(asked))
    return Answered(patches, grid, joined([before, asked, answer]), len(said))


def judged(answers: Sequence[Answered], chosen: Sequence[Sequence[Choice]]) -> Compared:
    """Counts the tokens that are the same. A tie counts as the same."""
    same_answers = same_tokens = ties = tokens = 0
    farthest = 0.0
    for one, choices in zip(answers, chosen, strict=True):
        same = [said == choice.token for said, choice in zip(one.answer, choices, strict=True)]
        tied = [not equal and choice.ahead < TIE for equal, choice in zip(same, choices, strict=True)]
        tokens += len(same)
        same_tokens += sum(same)
        ties += sum(tied)
        same_answers += all(equal or tie for equal, tie in zip(same, tied, strict=True))
        farthest = max([farthest, *(choice.ahead for choice in choices)])
    return Compared(len(answers), same_answers, tokens, same_tokens, ties, farthest)


def _quiet(share: float) -> None:
    return None


def main(folder: str, threads: str) -> int:
    """Compares and prints. Returns the exit status."""
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")  # libraries may print to standard output
    os.dup2(2, 1)
    found: dict[str, Any]
    try:
        found = asdict(compare(Path(folder), int(threads)))
    except Exception as problem:
        if os.environ.get("SEESAY_DEBUG"):
            raise
        found = {"error": str(problem) or type(problem).__name__, "status": exit_status_of(problem)}
    results.write(json.dumps(found))
    results.close()
    return int(found.get("status", 0))


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(*sys.argv[1:]))

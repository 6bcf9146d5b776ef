"""Makes conversations of up to ten turns about one picture. A question may depend on the last one ("where is it").

It is pure and seeded. `questions.py` decides what is true of a scene.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from vision.demo_model.asking import wording
from vision.demo_model.asking.questions import (
    Conversation,
    QuestionAnswer,
    any_question,
    color_answer,
    count_answer,
    not_drawn,
    plural,
    position_answer,
    presence_answer,
    worded,
)
from vision.demo_model.asking.wording import article
from vision.demo_model.rendering.scene import KINDS, Scene

MAX_TURNS = 10
GOES_ON = 0.6  # most conversations are short, but one in ten has five turns or more


def conversations(scene: Scene, rng: random.Random, count: int) -> list[Conversation]:
    """`count` separate conversations of one to MAX_TURNS turns about the same picture.

    A turn may depend on the last one.
    """
    return [conversation(scene, rng) for _ in range(count)]


def conversation(scene: Scene, rng: random.Random) -> Conversation:
    turns = [any_question(scene, rng)]
    while len(turns) < MAX_TURNS and rng.random() < GOES_ON:
        leaning = follow_up(scene, rng, turns[-1]) if rng.random() < 0.75 else None
        turns.append(leaning or any_question(scene, rng))
    return tuple(worded(turn, rng) for turn in turns)


def follow_up(scene: Scene, rng: random.Random, before: QuestionAnswer) -> QuestionAnswer | None:
    """A question that makes sense only after `before`. None if no question follows from it."""
    if not scene.is_drawn:
        return not_drawn(_leaning_words(rng))
    if before.about is None:
        return None
    same = _SAME_ASPECT.get(_aspect(before))
    if same is None or rng.random() < 0.5:
        aspect, wordings = rng.choice((("color", wording.COLOR_OF_IT), ("position", wording.PLACE_OF_IT)))
        return _followed(aspect, scene, before.about, rng.choice(wordings))
    kind = rng.choice(scene.shapes).kind if scene.shapes and rng.random() < 0.5 else rng.choice(KINDS)
    question = rng.choice(same).format(x=kind, a=article(kind), xs=plural(kind))
    return _followed(_aspect(before), scene, kind, question)


def _leaning_words(rng: random.Random) -> str:
    """Any question that leans on the one before. On a picture that is none of the world all have the same answer."""
    kind = rng.choice(KINDS)
    wordings = rng.choice((wording.COLOR_OF_IT, wording.PLACE_OF_IT, wording.SAME_OF, wording.SAME_OF_MANY))
    return rng.choice(wordings).format(x=kind, a=article(kind), xs=plural(kind))


_SAME_ASPECT: dict[str, Sequence[str]] = {
    "color": wording.SAME_OF,
    "position": wording.SAME_OF,
    "presence": wording.SAME_OF,
    "count": wording.SAME_OF_MANY,
}


def _aspect(before: QuestionAnswer) -> str:
    """What the last question asked for, by its words: an "absent" answer can be about colour or place."""
    asked = before.question
    if before.kind in ("several", "absent", "followup"):
        if asked.startswith(("and", "what about")):
            return ""
        return "color" if "color" in asked or "colour" in asked else "position"
    return before.kind


def _followed(aspect: str, scene: Scene, kind: str, question: str) -> QuestionAnswer:
    answers: dict[str, Callable[[Scene, str], str]] = {
        "color": color_answer,
        "position": position_answer,
        "presence": presence_answer,
        "count": count_answer,
    }
    return QuestionAnswer("followup", question, answers[aspect](scene, kind), kind)

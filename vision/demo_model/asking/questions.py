"""The questions that may be asked about a scene, and the one right answer to each of them, word for word.

There is only one right wording, so that answers can be marked exactly. It is pure and seeded, and knows neither
pixels nor the model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vision.demo_model.asking import wording
from vision.demo_model.asking.outside import outside
from vision.demo_model.asking.wording import NUMBERS, article, as_asked
from vision.demo_model.rendering.scene import COLORS, KINDS, Scene, Shape

UNKNOWN = "I am a small demo model and do not know that."
NO_TEXT = "I do not see any text."
NOT_DRAWN = "I only know drawn shapes."


@dataclass(frozen=True)
class QuestionAnswer:
    """`kind` groups questions for marking. `about` is the shape that was asked about, which "it" then means."""

    kind: str
    question: str
    answer: str
    about: str | None = None


Conversation = tuple[QuestionAnswer, ...]
Asker = Callable[[Scene, random.Random], QuestionAnswer]


# --- the right answers ----------------------------------------------------------------------------------------------


def color_answer(scene: Scene, kind: str) -> str:
    return _of_the_one(scene, kind, lambda shape: f"The {kind} is {shape.color}.")


def position_answer(scene: Scene, kind: str) -> str:
    return _of_the_one(scene, kind, lambda shape: f"The {kind} is {shape.place}.")


def colored_position_answer(scene: Scene, kind: str, color: str) -> str:
    """The position of a shape of this colour and kind. A scene never holds two of them."""
    found = [shape for shape in scene.of_kind(kind) if shape.color == color]
    name = f"{color} {kind}"
    return f"The {name} is {found[0].place}." if found else f"I do not see {article(name)}."


def _of_the_one(scene: Scene, kind: str, answer: Callable[[Shape], str]) -> str:
    found = scene.of_kind(kind)
    if len(found) == 1:
        return answer(found[0])
    return f"I see {NUMBERS[len(found)]} {plural(kind)}." if found else f"I do not see {article(kind)}."


def presence_answer(scene: Scene, kind: str, color: str | None = None) -> str:
    name = kind if color is None else f"{color} {kind}"
    there = any(color in (None, shape.color) for shape in scene.of_kind(kind))
    return f"Yes, there is {article(name)}." if there else f"No, I do not see {article(name)}."


def count_answer(scene: Scene, kind: str | None) -> str:
    """How many shapes of this kind there are. None counts all shapes."""
    count = len(scene.shapes if kind is None else scene.of_kind(kind))
    noun = kind or "shape"
    return f"There is one {noun}." if count == 1 else f"There are {NUMBERS[count]} {plural(noun)}."


def light_answer(scene: Scene) -> str:
    return "It is dark." if scene.is_dark else "It is bright."


def reading_answer(scene: Scene) -> str:
    return NO_TEXT if scene.sign is None else f"It says {scene.sign.text}."


def background_answer(scene: Scene) -> str:
    return f"The background is {scene.background}."


def description(scene: Scene) -> str:
    """One sentence that names the shapes in reading order, the background and the sign."""
    names = [article(f"{shape.color} {shape.kind}") for shape in scene.shapes]
    background = f"{article(scene.background)} background"
    if scene.sign is None:
        sign = ""
    else:
        sign = f" and the {'number' if scene.sign.is_number else 'word'} {scene.sign.text}"
    if not names:
        return f"I see {background}{sign}."
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"I see {listed} on {background}{',' if sign else ''}{sign}."


def plural(noun: str) -> str:
    return f"{noun}es" if noun == "cross" else f"{noun}s"


# --- single questions -----------------------------------------------------------------------------------------------


def ask_color(scene: Scene, rng: random.Random) -> QuestionAnswer:
    kind = _kind_to_ask(scene, rng)
    question = rng.choice(wording.COLOR).format(x=kind)
    return QuestionAnswer(_marked("color", scene, kind), question, color_answer(scene, kind), kind)


def ask_position(scene: Scene, rng: random.Random) -> QuestionAnswer:
    if scene.shapes and rng.random() < 0.15:
        return _ask_position_of_colored(scene, rng)
    kind = _kind_to_ask(scene, rng)
    question = rng.choice(wording.POSITION).format(x=kind)
    return QuestionAnswer(_marked("position", scene, kind), question, position_answer(scene, kind), kind)


def _ask_position_of_colored(scene: Scene, rng: random.Random) -> QuestionAnswer:
    shape = rng.choice(scene.shapes)
    color = shape.color if rng.random() < 0.75 else rng.choice(COLORS)
    question = rng.choice(wording.POSITION).format(x=f"{color} {shape.kind}")
    answer = colored_position_answer(scene, shape.kind, color)
    return QuestionAnswer("position" if answer.startswith("The") else "absent", question, answer)


def ask_background(scene: Scene, rng: random.Random) -> QuestionAnswer:
    return QuestionAnswer("background", rng.choice(wording.COLOR).format(x="background"), background_answer(scene))


def ask_presence(scene: Scene, rng: random.Random) -> QuestionAnswer:
    kind, color = rng.choice(KINDS), None
    if scene.shapes and rng.random() < 0.5:
        kind = rng.choice(scene.shapes).kind
    if rng.random() < 0.35:
        color = rng.choice([shape.color for shape in scene.of_kind(kind)] + [rng.choice(COLORS)])
    name = kind if color is None else f"{color} {kind}"
    question = rng.choice(wording.PRESENCE).format(x=name, a=article(name))
    return QuestionAnswer("presence", question, presence_answer(scene, kind, color), kind)


def ask_count(scene: Scene, rng: random.Random) -> QuestionAnswer:
    kind = None
    if rng.random() < 0.6:
        kind = rng.choice(scene.shapes).kind if scene.shapes and rng.random() < 0.7 else rng.choice(KINDS)
    question = rng.choice(wording.COUNT).format(xs=plural(kind or "shape"))
    return QuestionAnswer("count", question, count_answer(scene, kind), kind)


def ask_light(scene: Scene, rng: random.Random) -> QuestionAnswer:
    return QuestionAnswer("light", rng.choice(wording.LIGHT), light_answer(scene))


def ask_reading(scene: Scene, rng: random.Random) -> QuestionAnswer:
    wordings: Sequence[str] = wording.READ
    kind = "no_text"
    if scene.sign is not None:
        kind = "number" if scene.sign.is_number else "word"
    if rng.random() < 0.3:
        wordings = wording.READ_NUMBER if kind == "number" else wording.READ_WORD
        if kind == "no_text" or rng.random() < 0.1:
            wordings = rng.choice((wording.READ_NUMBER, wording.READ_WORD))
    return QuestionAnswer(kind, rng.choice(wordings), reading_answer(scene))


def ask_description(scene: Scene, rng: random.Random) -> QuestionAnswer:
    only = scene.shapes[0].kind if len(scene.shapes) == 1 else None
    return QuestionAnswer("describe", rng.choice(wording.DESCRIBE), description(scene), only)


def ask_absent(scene: Scene, rng: random.Random) -> QuestionAnswer:
    noun = rng.choice(wording.NOUNS)
    pattern = rng.choice(rng.choice((wording.COLOR, wording.POSITION, wording.PRESENCE)))
    return QuestionAnswer("absent", pattern.format(x=noun, a=article(noun)), f"I do not see {article(noun)}.")


def ask_outside(scene: Scene, rng: random.Random) -> QuestionAnswer:
    return QuestionAnswer("unknown", outside(rng), UNKNOWN)


def _kind_to_ask(scene: Scene, rng: random.Random) -> str:
    """A kind to ask about: mostly one that is there once, sometimes one that is not there or is there several times."""
    if scene.shapes and rng.random() < 0.85:
        single = [shape.kind for shape in scene.shapes if len(scene.of_kind(shape.kind)) == 1]
        return rng.choice(single if single and rng.random() < 0.85 else [shape.kind for shape in scene.shapes])
    return rng.choice(KINDS)


def _marked(aspect: str, scene: Scene, kind: str) -> str:
    found = len(scene.of_kind(kind))
    return aspect if found == 1 else "several" if found else "absent"


_ASKERS: tuple[tuple[Asker, int], ...] = (
    (ask_color, 4),
    (ask_position, 8),
    (ask_background, 1),
    (ask_presence, 4),
    (ask_count, 8),
    (ask_light, 1),
    (ask_reading, 5),
    (ask_description, 3),
    (ask_absent, 2),
    (ask_outside, 1),
)


def questions(scene: Scene, rng: random.Random) -> list[QuestionAnswer]:
    """One question of each sort. Each is the first of a conversation, and is worded as heard or as typed."""
    return [worded(_known(scene, ask(scene, rng)), rng) for ask, _ in _ASKERS]


def any_question(scene: Scene, rng: random.Random) -> QuestionAnswer:
    askers, weights = zip(*_ASKERS, strict=True)
    ask: Asker = rng.choices(askers, weights)[0]
    return _known(scene, ask(scene, rng))


def _known(scene: Scene, turn: QuestionAnswer) -> QuestionAnswer:
    """The turn itself, or the one honest answer if the picture is none of the world."""
    return turn if scene.is_drawn or turn.kind == "unknown" else not_drawn(turn.question)


def not_drawn(question: str) -> QuestionAnswer:
    return QuestionAnswer("not_drawn", question, NOT_DRAWN)


def worded(turn: QuestionAnswer, rng: random.Random) -> QuestionAnswer:
    return replace(turn, question=as_asked(turn.question, rng))

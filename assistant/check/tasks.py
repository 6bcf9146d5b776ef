"""The pictures of the check and the questions about them: what is true is known, whoever answers in whatever words.

The first list has scenes and signs; half of the signs are in type faces that the demo model's training never showed.
The second has pictures in which what is asked for cannot be seen or hardly be seen, to find out how often a model
invents. All of it is drawn from a seed, so every check asks the same. It does not know who is asked, nor how an answer is judged (`matcher`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.check.matcher import Colour, Count, Place, Presence, Shapes, Text, Truth

if TYPE_CHECKING:
    import numpy as np

    from vision.demo_model.rendering.scene import Scene
    from vision.frame import Frame, Rgb

SCENES = 60
EMPTY = 15
BLURRED = 9
SIDE_PIXELS = 320  # 100 image tokens: half the time of 448 x 448, and the signs are still as large as a hand
_SEED = 19_006
KINDS = ("color", "position", "count", "presence", "number", "word", "describe", "absent")


@dataclass(frozen=True)
class Task:
    """One question about one picture that is drawn when it is needed."""

    name: str  # unique within the check, and the same in every check
    kind: str
    question: str
    truth: Truth
    draw: Callable[[int], Frame]  # takes the side in pixels
    demo_answer: str = ""  # what the demo model was taught to answer


def scenes(count: int = SCENES) -> list[Task]:
    """Scenes and signs with known answers, the kinds by turns, so that a part of them has all kinds."""
    dice = random.Random(_SEED)
    found = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        found.append(task_about(_scene_for(kind, dice), dice, kind, name=f"scene {number + 1}"))
    return found


def task_about(scene: Scene, dice: random.Random, kind: str | None = None, name: str = "") -> Task:
    """A question of this kind about a scene; of any kind that the scene allows if it does not allow this one."""
    from vision.demo_model.asking import questions
    from vision.demo_model.rendering.fonts import BUILTIN, held_out_fonts

    allowed = [one for one in KINDS if _allows(scene, one)]
    chosen = kind if kind in allowed else dice.choice(allowed)
    font = dice.choice(held_out_fonts() or (BUILTIN,)) if dice.random() < 0.5 else BUILTIN

    def draw(side_pixels: int) -> Frame:
        from assistant.check.drawn import frame_of

        return frame_of(scene, side_pixels, font)

    def task(question: str, truth: Truth, demo_answer: str) -> Task:
        return Task(name, chosen, question, truth, draw, demo_answer)

    singles = [shape for shape in scene.shapes if len(scene.of_kind(shape.kind)) == 1]
    match chosen:
        case "color":
            shape = dice.choice(singles)
            answer = questions.color_answer(scene, shape.kind)
            return task(f"What color is the {shape.kind}?", Colour(shape.kind, shape.color), answer)
        case "position":
            shape = dice.choice(singles)
            answer = questions.position_answer(scene, shape.kind)
            return task(f"Where is the {shape.kind}?", Place(shape.row, shape.column), answer)
        case "count":
            of = dice.choice([None, *(shape.kind for shape in scene.shapes)])
            number = len(scene.shapes if of is None else scene.of_kind(of))
            many = questions.plural(of or "shape")
            return task(f"How many {many} are there?", Count(of or "shape", number), questions.count_answer(scene, of))
        case "presence":
            from vision.demo_model.rendering.scene import KINDS as SHAPE_KINDS

            of = dice.choice(scene.shapes).kind if scene.shapes and dice.random() < 0.5 else dice.choice(SHAPE_KINDS)
            truth = Presence(bool(scene.of_kind(of)))
            return task(f"Is there a {of}?", truth, questions.presence_answer(scene, of))
        case "number" | "word":
            assert scene.sign is not None
            question = "What is the number?" if chosen == "number" else "What does the sign say?"
            return task(question, Text(scene.sign.text), questions.reading_answer(scene))
        case "describe":
            pairs = frozenset((shape.color, shape.kind) for shape in scene.shapes)
            return task("What do you see?", Shapes(pairs), questions.description(scene))
        case _:
            noun = dice.choice(("person", "dog", "chair", "car", "bottle", "bicycle"))
            return task(f"Is there a {noun}?", Presence(is_=False), f"No, I do not see a {noun}.")


def empty(count: int = EMPTY) -> list[Task]:
    """Pictures of nothing, and pictures too spoilt to be read: whatever is told of them is invented."""
    dice = random.Random(_SEED + 1)
    found = []
    for number in range(count):
        kind, look = _EMPTY[number % len(_EMPTY)]
        question, truth = _ASKED[number // 2 % len(_ASKED)] if kind != "unreadable" else _UNREADABLE
        found.append(Task(f"empty {number + 1}", kind, question, truth, _drawer(look, dice.randrange(1 << 30))))
    return found


def blurred(count: int = BLURRED) -> list[Task]:
    """Scenes and signs with known answers, more and more out of focus."""
    dice = random.Random(_SEED + 2)
    kinds = ("number", "color", "count", "word", "position")
    found = []
    for number in range(count):
        task = task_about(_scene_for(kinds[number % len(kinds)], dice), dice, kinds[number % len(kinds)])
        draw = _out_of_focus(task.draw, _BLURS_PX[number % len(_BLURS_PX)])
        found.append(replace(task, name=f"blurred {number + 1}", kind="blurred", draw=draw))
    return found


# Standard deviations in pixels of a picture of 448. From 2 on, framing says that the picture is blurred.
_BLURS_PX = (1.8, 4.0, 8.0)


def _out_of_focus(draw: Callable[[int], Frame], deviation_px: float) -> Callable[[int], Frame]:
    def drawn(side_pixels: int) -> Frame:
        import numpy as np

        from vision.demo_model.rendering.photographs import defocus
        from vision.frame import Frame

        return Frame(defocus(draw(side_pixels).rgb, np.random.default_rng(0), deviation_px), 0.0)

    return drawn


_ASKED: tuple[tuple[str, Truth], ...] = (
    ("What does the sign say?", Text("")),
    ("Is there a person?", Presence(is_=False)),
    ("What is the number?", Text("")),
    ("Is there a dog?", Presence(is_=False)),
    ("Read the text.", Text("")),
)
# Nothing can be read there: it is right to say so, or that there is no text.
_UNREADABLE: tuple[str, Truth] = ("What is the number?", Text(""))
_EMPTY = (
    ("blank", "wall"),
    ("textless", "shapes"),
    ("unreadable", "blurred sign"),
    ("blank", "black"),
    ("blank", "noise"),
)


def _drawer(look: str, seed: int) -> Callable[[int], Frame]:
    def draw(side_pixels: int) -> Frame:
        import numpy as np

        from assistant.check.drawn import frame_of
        from vision.demo_model.rendering import photographs
        from vision.demo_model.rendering.scene import Scene, Sign, random_scene
        from vision.frame import Frame

        dice, grain = random.Random(seed), np.random.default_rng(seed)
        if look == "wall":
            return Frame(_wall(dice, grain, side_pixels), 0.0)
        if look == "black":
            return Frame(grain.integers(0, 4, (side_pixels, side_pixels, 3)).astype(np.uint8), 0.0)
        if look == "noise":
            return Frame(grain.integers(0, 256, (side_pixels, side_pixels, 3)).astype(np.uint8), 0.0)
        if look == "shapes":
            while not (scene := random_scene(dice)).shapes or scene.sign is not None:
                pass
            return frame_of(scene, side_pixels)
        digits = "".join(dice.choice("0123456789") for _ in range(4))
        sharp = frame_of(Scene("white", (), Sign(digits, 1), seed=seed % 1000), side_pixels)
        return Frame(photographs.defocus(sharp.rgb, grain, 24.0), 0.0)

    return draw


def _wall(dice: random.Random, grain: np.random.Generator, side: int) -> Rgb:
    """A wall with light that falls off to the right, and a sensor's noise."""
    import numpy as np

    shade = np.array([dice.randrange(120, 235)] * 3) - np.array([0, dice.randrange(15), dice.randrange(30)])
    fall = 1 - 0.3 * np.linspace(0, 1, side)[None, :, None] * np.ones((side, 1, 1))
    wall: Rgb = np.clip(shade * fall + grain.normal(0, 3, (side, side, 3)), 0, 255).astype(np.uint8)
    return wall


def _scene_for(kind: str, dice: random.Random) -> Scene:
    from vision.demo_model.rendering.scene import random_scene

    while not _allows(scene := random_scene(dice), kind):
        pass
    return scene


def _allows(scene: Scene, kind: str) -> bool:
    if kind in ("color", "position"):
        return any(len(scene.of_kind(shape.kind)) == 1 for shape in scene.shapes)
    if kind == "describe":
        return bool(scene.shapes)
    if kind in ("number", "word"):
        return scene.sign is not None and scene.sign.is_number == (kind == "number")
    return True

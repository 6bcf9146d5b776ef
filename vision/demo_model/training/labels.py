"""Labels of what each of the 49 image tokens shows, to train the vision encoder alone, and crowded practice boards.

The layout of a drawn picture is known, so every token (64 x 64 px) can have labels of its own. A practice board
teaches more with each picture than a scene. It is pure and seeded, and does not know the network.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from vision.demo_model.rendering import drawing
from vision.demo_model.rendering.drawing import CENTERS_PX, Layout, Light, PlacedShape, PlacedText
from vision.demo_model.rendering.scene import COLORS, KINDS, WORDS

SIDE = 7
TOKEN_PX = drawing.SIZE_PX // SIDE
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The places along a token's width where the type is sampled. The steps are narrower than the narrowest character.
SAMPLES_PX = (10, 32, 54)
MAX_LINE = 7
IGNORED = -100

# The name of each label and its number of classes. Class 0 of the shape and type labels is "nothing here".
GROUPS: tuple[tuple[str, int], ...] = (
    ("background", len(COLORS) + 1),  # the last class is a picture that is none of the world
    ("dim", 2),
    ("kind of the shape whose middle lies here", len(KINDS) + 1),
    ("colour of the shape whose middle lies here", len(COLORS) + 1),
    ("kind of the shape over the token's middle", len(KINDS) + 1),
    ("colour of the shape over the token's middle", len(COLORS) + 1),
    *((f"character at {x_px} px", len(CHARACTERS) + 1) for x_px in SAMPLES_PX),
    *((f"which character of its line at {x_px} px", MAX_LINE + 1) for x_px in SAMPLES_PX),
    ("row of the token", SIDE),
    ("column of the token", SIDE),
)
CLASSES = tuple(count for _, count in GROUPS)
SHAPE_GROUPS = range(2, 6)
_TYPE_GROUP = 6


def token_labels(layout: Layout) -> np.ndarray:
    """Labels (49, groups) int64, in the order of the tokens' rows.

    A label is IGNORED where it says nothing: in rows in which the middle of a line of type never lies, and for the
    type of a picture that is none of the world.
    """
    labels = np.zeros((SIDE, SIDE, len(GROUPS)), np.int64)
    is_drawn = layout.background in COLORS
    labels[:, :, 0] = COLORS.index(layout.background) if is_drawn else len(COLORS)
    labels[:, :, 1] = int(layout.dim)
    labels[:, :, -2], labels[:, :, -1] = np.indices((SIDE, SIDE))
    labels[:: 2 if is_drawn else 1, :, _TYPE_GROUP:-2] = IGNORED
    for shape in layout.shapes:
        _label_shape(labels, shape)
    for line in layout.lines:
        _label_line(labels, line)
    return labels.reshape(SIDE * SIDE, len(GROUPS))


def _label_shape(labels: np.ndarray, shape: PlacedShape) -> None:
    kind, color = KINDS.index(shape.kind) + 1, COLORS.index(shape.color) + 1
    labels[shape.y_px // TOKEN_PX, shape.x_px // TOKEN_PX, 2:4] = kind, color
    middles = np.arange(SIDE) * TOKEN_PX + TOKEN_PX // 2
    near_y, near_x = abs(middles - shape.y_px) < shape.radius_px, abs(middles - shape.x_px) < shape.radius_px
    for group, value in ((4, kind), (5, color)):
        labels[:, :, group][np.ix_(near_y, near_x)] = value


def _label_line(labels: np.ndarray, line: PlacedText) -> None:
    row = line.middle_px // TOKEN_PX
    edges = np.array(line.edges_px())
    for column in range(SIDE):
        for sample, x_px in enumerate(SAMPLES_PX):
            position = int(np.searchsorted(edges, column * TOKEN_PX + x_px, side="right")) - 1
            if 0 <= position < len(line.text):
                labels[row, column, _TYPE_GROUP + sample] = CHARACTERS.index(line.text[position]) + 1
                labels[row, column, _TYPE_GROUP + len(SAMPLES_PX) + sample] = position + 1


def practice_board(rng: random.Random, fonts: tuple[Path | None, ...]) -> Layout:
    """A picture full of type and shapes, drawn like a scene, from which several times more can be learned."""
    light = Light(rng, dim=rng.random() < 0.15)
    background = rng.choice(COLORS)
    background_rgb = light.tint(background)
    others = [color for color in COLORS if color != background]
    shapes: list[PlacedShape] = []
    lines: list[PlacedText] = []
    for row in range(len(CENTERS_PX)):
        if rng.random() < 0.5:
            ink = light.ink(background_rgb)
            lines.append(drawing.place_line(rng, _practice_text(rng), row, ink, rng.choice(fonts)))
            continue
        for column in range(len(CENTERS_PX)):
            if rng.random() < 0.9:
                shapes.append(drawing.place_shape(rng, light, rng.choice(KINDS), rng.choice(others), row, column))
    finish = drawing.random_finish(rng)
    return Layout(background, background_rgb, tuple(shapes), tuple(lines), light.gain < 0.6, finish)


def _practice_text(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.2:
        return rng.choice(WORDS)
    alphabet = CHARACTERS[:10] if draw < 0.6 else CHARACTERS[10:]
    return "".join(rng.choice(alphabet) for _ in range(rng.choice((4, 5, 6, 7))))

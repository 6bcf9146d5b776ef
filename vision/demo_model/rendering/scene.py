"""The contents of a drawn scene: a background, up to four shapes on a 3 x 3 board, and at most one sign.

It has pure values and a seeded generator. It does not know how a scene is drawn (`drawing.py`) nor what may be asked
about it (`asking/questions.py`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

PALETTE: dict[str, tuple[int, int, int]] = {
    "red": (210, 30, 30),
    "green": (30, 160, 50),
    "blue": (40, 70, 215),
    "yellow": (240, 222, 40),
    "orange": (245, 135, 20),
    "purple": (130, 45, 170),
    "white": (245, 245, 245),
    "black": (18, 18, 18),
}
COLORS = tuple(PALETTE)
KINDS = ("circle", "square", "triangle", "star", "cross")
PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("on the left", "in the middle", "on the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)
WORDS = tuple(
    "OPEN CLOSED EXIT STOP PUSH PULL DANGER START READY FULL EMPTY HOT COLD WATER MILK TEA COFFEE SALT SUGAR NORTH SOUTH LEFT "
    "RIGHT UP DOWN FIRE PUMP VALVE MOTOR TANK OFF ON DOOR GATE LIFT ROOM BUS TAXI".split()
)
MAX_SHAPES = 4


@dataclass(frozen=True)
class Shape:
    """One shape in one cell of the 3 x 3 board; row 0 is the top, column 0 the left."""

    kind: str
    color: str
    row: int
    column: int

    @property
    def place(self) -> str:
        return PLACES[self.row][self.column]


@dataclass(frozen=True)
class Sign:
    """One line of large type in a row of its own: a word in capitals, or a number of one to four digits."""

    text: str
    row: int

    @property
    def is_number(self) -> bool:
        return self.text.isdigit()


@dataclass(frozen=True)
class Scene:
    """A scene. `seed` decides the rest: sizes, small shifts of place and tint, noise, and the sign's point size.

    `is_drawn` is False for a picture that is none of the world (`elsewhere.py`). Of such a picture nothing else is
    true, and `background` is not a colour.
    """

    background: str
    shapes: tuple[Shape, ...] = ()
    sign: Sign | None = None
    dim: bool = False
    seed: int = 0
    is_drawn: bool = True

    @property
    def is_dark(self) -> bool:
        """True if the scene is poorly lit, or black all over."""
        return self.dim or self.background == "black"

    def of_kind(self, kind: str) -> tuple[Shape, ...]:
        return tuple(shape for shape in self.shapes if shape.kind == kind)


def random_scene(rng: random.Random) -> Scene:
    """A random scene of the world on which the model is trained. The same generator state gives the same scene."""
    background = rng.choice(COLORS)
    wanted = rng.choices(range(MAX_SHAPES + 1), (0.12, 0.28, 0.24, 0.20, 0.16))[0]
    sign = _random_sign(rng) if rng.random() < (0.7 if wanted == 0 else 0.5) else None
    shapes = _random_shapes(rng, wanted, background, sign)
    return Scene(background, shapes, sign, dim=rng.random() < 0.15, seed=rng.getrandbits(31))


def _random_sign(rng: random.Random) -> Sign:
    if rng.random() < 0.5:
        text = rng.choice(WORDS)
    else:
        text = "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 4)))
    return Sign(text, rng.randrange(3))


def _random_shapes(rng: random.Random, wanted: int, background: str, sign: Sign | None) -> tuple[Shape, ...]:
    """Different (colour, kind) pairs in different cells, in reading order.

    Now and then there are few kinds, so that counts vary.
    """
    kinds = rng.sample(KINDS, rng.choice((1, 2, 5, 5)))
    colors = [color for color in COLORS if color != background]
    cells = [(row, column) for row in range(3) for column in range(3) if sign is None or row != sign.row]
    pairs = rng.sample([(color, kind) for color in colors for kind in kinds], wanted)
    places = sorted(rng.sample(cells, wanted))
    return tuple(Shape(kind, color, row, column) for (color, kind), (row, column) in zip(pairs, places, strict=True))

"""Free drawings: one to four shapes of any size anywhere, filled or outlined, digital or as photographed from paper.

`drawing.py` draws the board, with its fixed cells, sizes and signs. Here are the drawings that people make with other
programs, and photographs of them. Only Pillow and numpy draw, so that other libraries stay strangers by which the
model can be measured. It is seeded, and knows neither questions nor the model.
"""

from __future__ import annotations

import colorsys
import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from vision.demo_model.rendering import lens
from vision.demo_model.rendering.drawing import SIZE_PX, Finish, Layout, PlacedShape, Rgb
from vision.demo_model.rendering.scene import COLORS, KINDS, MAX_SHAPES, Scene, Shape

Points = NDArray[np.float64]  # (corners, 2): x to the right and y downwards

# Hue in degrees, saturation and value of what counts as a colour. The gaps between them are left out: a drawing
# between red and orange has no right answer.
TINTS: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "red": ((-8, 10), (0.7, 1.0), (0.6, 1.0)),
    "green": ((85, 152), (0.45, 1.0), (0.35, 1.0)),
    "blue": ((200, 246), (0.55, 1.0), (0.45, 1.0)),
    "yellow": ((47, 62), (0.6, 1.0), (0.85, 1.0)),
    "orange": ((20, 40), (0.75, 1.0), (0.85, 1.0)),
    "purple": ((265, 303), (0.4, 1.0), (0.4, 0.9)),
    "white": ((0, 360), (0.0, 0.05), (0.9, 1.0)),
    "black": ((0, 360), (0.0, 0.5), (0.0, 0.12)),
}
# Width and height of the picture before it is brought to a square between grey bars (`vision.preprocess`).
FORMATS = ((1, 1), (1, 1), (1, 1), (4, 3), (4, 3), (3, 2), (16, 9), (3, 4))
BAR_LEVEL = 128
LEAST_RADIUS_PX = 18
LARGEST_RADIUS_PX = (0, 175, 125, 100, 85, 65)  # by the number of shapes
# The middle of a shape keeps this far from the borders of the nine regions, in shares of the picture's side. On a
# border both names would be right.
BORDER = 0.035
GAP_PX = 6


@dataclass(frozen=True, eq=False)
class FreeDrawing:
    """`picture` is (448, 448, 3) uint8. `layout` says where the shapes lie in it, for the labels of the tokens."""

    picture: NDArray[np.uint8]
    scene: Scene
    layout: Layout


@dataclass(frozen=True, eq=False)
class Pen:
    """How a shape is drawn: filled (`line_px` 0), as an outline of this width, or filled with an edge."""

    points: Points
    rgb: Rgb
    line_px: float = 0.0
    edge: Rgb | None = None


def free_drawing(rng: random.Random, *, crowded: bool = False) -> FreeDrawing:
    """A drawing with its scene. The same generator state gives the same drawing.

    A crowded one has up to thirteen shapes, to practise on. Its scene is outside the world.
    """
    ratio_x, ratio_y = rng.choice(FORMATS)
    width, height = (round(SIZE_PX * ratio / max(ratio_x, ratio_y)) for ratio in (ratio_x, ratio_y))
    photographed = rng.random() < 0.5
    paper = _paper(rng, width, height) if photographed else _whole(width, height)
    background = "white" if rng.random() < 0.5 else rng.choice(COLORS)
    background_rgb = tint(rng, background)
    pairs = _crowd(rng, background) if crowded else _pairs(rng, background)
    placed, pens = _shapes(rng, _room(width, height, paper), pairs, background_rgb)
    dim = rng.random() < 0.1
    picture = _drawn(rng, width, height, paper if photographed else None, background_rgb, pens)
    light = lens.photographed(rng, dim) if photographed else lens.digital(rng, dim)
    return _framed(lens.taken(picture, light, rng), background, background_rgb, placed, dim)


def tint(rng: random.Random, color: str) -> Rgb:
    """Any tint that goes by this name. Every third one is pure: the name's colour as most programs have it."""
    hue, saturation, value = (rng.uniform(*bounds) for bounds in TINTS[color])
    if rng.random() < 0.33:
        saturation, value = TINTS[color][1][color != "white"], TINTS[color][2][color != "black"]
        saturation = 0.0 if color in ("white", "black") else saturation
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value))
    return red, green, blue


def region(x: float, y: float) -> tuple[int, int] | None:
    """Row and column of a point, given in shares of the picture's sides. None if it is near a border of two regions."""
    if min(abs(share - border) for share in (x, y) for border in (1 / 3, 2 / 3)) < BORDER:
        return None
    return min(2, int(3 * y)), min(2, int(3 * x))


# --- the paper ------------------------------------------------------------------------------------------------------


def _whole(width: int, height: int) -> Points:
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], float)


def _paper(rng: random.Random, width: int, height: int) -> Points:
    """The corners of a sheet or screen that is seen at a slant: within the picture, or larger than it."""
    corners = _whole(width, height) - (width / 2, height / 2)
    scale = rng.uniform(0.78, 1.0) if rng.random() < 0.35 else rng.uniform(1.05, 1.5)
    slant = 0.09 * min(width, height)
    jitter = [(rng.uniform(-slant, slant), rng.uniform(-slant, slant)) for _ in range(4)]
    return _turned(corners * scale, rng.uniform(-10, 10)) + jitter + (width / 2, height / 2)


def _turned(points: Points, degrees: float) -> Points:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned: Points = points @ np.array([(cos, sin), (-sin, cos)])
    return turned


@dataclass(frozen=True, eq=False)
class Room:
    """The picture's size, and the 3 x 3 matrix that carries its corners to those of the paper."""

    width: int
    height: int
    matrix: Points

    def seen(self, points: Points) -> Points:
        """Where points of the paper lie in the picture."""
        carried = np.column_stack((points, np.ones(len(points)))) @ self.matrix.T
        lying: Points = carried[:, :2] / carried[:, 2:]
        return lying

    def seen_at(self, x: float, y: float) -> tuple[float, float]:
        u, v, scale = (row[0] * x + row[1] * y + row[2] for row in self.matrix.tolist())
        return u / scale, v / scale


def _room(width: int, height: int, paper: Points) -> Room:
    rows, wanted = [], []
    for (x, y), (u, v) in zip(_whole(width, height).tolist(), paper.tolist(), strict=True):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
        wanted += [u, v]
    matrix = np.append(np.linalg.solve(np.array(rows), np.array(wanted)), 1.0).reshape(3, 3)
    return Room(width, height, matrix)


# --- the shapes -----------------------------------------------------------------------------------------------------


def _pairs(rng: random.Random, background: str) -> list[tuple[str, str]]:
    """None to four different (colour, kind) pairs."""
    wanted = rng.choices(range(5), (0.08, 0.34, 0.24, 0.18, 0.16))[0]
    kinds = rng.sample(KINDS, rng.choice((1, 2, 5, 5)))
    return rng.sample([(color, kind) for color in COLORS if color != background for kind in kinds], wanted)


def _crowd(rng: random.Random, background: str) -> list[tuple[str, str]]:
    """Seven to thirteen pairs, which may be alike."""
    colors = [color for color in COLORS if color != background]
    return [(rng.choice(colors), rng.choice(KINDS)) for _ in range(rng.randint(7, 13))]


def _shapes(
    rng: random.Random, room: Room, pairs: list[tuple[str, str]], background_rgb: Rgb
) -> tuple[list[tuple[PlacedShape, tuple[int, int]]], list[Pen]]:
    """The shapes in reading order, each with its row and column, and how each is drawn."""
    alike = rng.choice((None, 0.0, 0.0, 1.0))  # most drawings have one manner of drawing
    found: list[tuple[PlacedShape, tuple[int, int], Pen]] = []
    for number, (color, kind) in enumerate(pairs):
        # The first ones of a crowd may be large, so that all sizes are practised in one picture.
        of = len(pairs) if len(pairs) <= MAX_SHAPES else (1, 3, 5)[min(2, number)]
        shape = _placed(rng, room, kind, color, of, [placed for placed, _, _ in found])
        if shape is not None:
            placed, place, points = shape
            outlined = rng.random() < 0.3 if alike is None else bool(alike)
            found.append((placed, place, _pen(rng, points, placed, outlined, background_rgb)))
    found.sort(key=lambda item: (item[1], item[0].x_px))
    return [(placed, place) for placed, place, _ in found], [pen for _, _, pen in found]


def _placed(
    rng: random.Random, room: Room, kind: str, color: str, of: int, others: list[PlacedShape]
) -> tuple[PlacedShape, tuple[int, int], Points] | None:
    """The shape at a random place where it lies in the picture and covers no other. None if no place was found."""
    width, height = room.width, room.height
    largest = LARGEST_RADIUS_PX[of] * min(width, height) / SIZE_PX
    radius = rng.uniform(LEAST_RADIUS_PX, largest) if rng.random() < 0.6 else rng.uniform(LEAST_RADIUS_PX, 45)
    for _ in range(60):
        radius = max(LEAST_RADIUS_PX, 0.97 * radius)  # a large one finds fewer places
        middle = (rng.uniform(0, width), rng.uniform(0, height))
        x, y = room.seen_at(*middle)
        place = region(x / width, y / height)
        x_px, y_px = round(x + (SIZE_PX - width) / 2), round(y + (SIZE_PX - height) / 2)
        near = (math.hypot(x_px - other.x_px, y_px - other.y_px) - other.radius_px - GAP_PX for other in others)
        free_px = min(near, default=math.inf)
        if place is None or min(x, y, width - x, height - y, free_px) < 0.7 * radius:
            continue  # the outline takes longer to compute, and would not fit
        points = room.seen(outline(rng, kind) * radius + middle)
        reach = float(np.hypot(*(points - (x, y)).T).max())
        if points.min() < 3 or points[:, 0].max() > width - 3 or points[:, 1].max() > height - 3:
            continue
        if 0.9 * LEAST_RADIUS_PX <= reach < free_px:
            return PlacedShape(kind, color, tint(rng, color), x_px, y_px, math.ceil(reach)), place, points
    return None


def outline(rng: random.Random, kind: str) -> Points:
    """The corners of a shape of about radius 1 around (0, 0): one of the many ways to draw it."""
    turn = _any_turn(rng)
    if kind == "circle":
        angles = np.arange(72) * math.tau / 72
        return np.column_stack((np.cos(angles), np.sin(angles) * rng.uniform(0.94, 1.06)))
    if kind == "square":
        half, ratio = rng.uniform(0.72, 0.9), rng.uniform(0.9, 1.1)
        return _turned(np.array([(-half, -half), (half, -half), (half, half), (-half, half)]) * (1, ratio), turn)
    if kind == "triangle":
        top, foot, wide = rng.uniform(-0.35, 0.35), rng.uniform(0.5, 0.8), rng.uniform(0.75, 1.0)
        top = 0.0 if rng.random() < 0.75 else top
        return _turned(np.array([(top, -1.0), (wide, foot), (-wide, foot)]), turn)
    if kind == "star":
        inner = rng.uniform(0.34, 0.55)
        angles = np.arange(10) * math.pi / 5
        reach = np.where(np.arange(10) % 2 == 0, 1.0, inner)
        return _turned(np.column_stack((reach * np.sin(angles), -reach * np.cos(angles))), turn)
    if kind == "cross":
        a, turn = rng.uniform(0.14, 0.38), 45.0 if rng.random() < 0.05 else turn * (abs(turn) < 25)
        quarter = np.array([(-a, -1), (a, -1), (a, -a)])
        return _turned(np.vstack([_turned(quarter, 90 * count) for count in range(4)]), turn)
    raise ValueError(f"no shape is called {kind!r}")


def _any_turn(rng: random.Random) -> float:
    """Degrees. Most shapes stand upright, some lean, a few are turned anyhow."""
    draw = rng.random()
    return 0.0 if draw < 0.6 else rng.uniform(-20, 20) if draw < 0.94 else rng.uniform(-180, 180)


def _pen(rng: random.Random, points: Points, placed: PlacedShape, outlined: bool, background_rgb: Rgb) -> Pen:
    if outlined:
        return Pen(points, placed.rgb, line_px=max(2.5, min(14.0, placed.radius_px * rng.uniform(0.06, 0.25))))
    if rng.random() < 0.15:
        dark = max(background_rgb) > 90
        return Pen(points, placed.rgb, rng.uniform(1.0, 3.5), edge=(0, 0, 0) if dark else (255, 255, 255))
    return Pen(points, placed.rgb)


# --- the picture ----------------------------------------------------------------------------------------------------


def _drawn(
    rng: random.Random, width: int, height: int, paper: Points | None, background_rgb: Rgb, pens: list[Pen]
) -> Image.Image:
    """The drawing before light and lens. Most have smooth edges: they are drawn at twice the size."""
    fine = 1 if rng.random() < 0.2 else 2
    table = lens.dull(rng) if paper is not None else background_rgb
    picture = Image.new("RGB", (fine * width, fine * height), table)
    brush = ImageDraw.Draw(picture)
    if paper is not None:
        brush.polygon(_corners(paper, fine), fill=background_rgb)
    for pen in pens:
        corners = _corners(pen.points, fine)
        if pen.edge is not None or not pen.line_px:
            brush.polygon(corners, fill=pen.rgb)
        if pen.line_px:
            color = pen.rgb if pen.edge is None else pen.edge
            brush.line([*corners, *corners[:2]], fill=color, width=max(1, round(fine * pen.line_px)), joint="curve")
    return picture if fine == 1 else picture.reduce(fine)


def _corners(points: Points, fine: int) -> list[tuple[float, float]]:
    return [(fine * float(x), fine * float(y)) for x, y in points]


def _framed(
    taken: NDArray[np.uint8], background: str, rgb: Rgb, placed: list[tuple[PlacedShape, tuple[int, int]]], dim: bool
) -> FreeDrawing:
    shapes = tuple(Shape(shape.kind, shape.color, *place) for shape, place in placed)
    layout = Layout(background, rgb, tuple(shape for shape, _ in placed), (), dim, Finish())
    return FreeDrawing(between_bars(taken), Scene(background, shapes, dim=dim), layout)


def between_bars(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture whose longer side is 448 px, in the middle of a grey square of 448 px, as the engine brings it."""
    height, width, _ = picture.shape
    square = np.full((SIZE_PX, SIZE_PX, 3), BAR_LEVEL, np.uint8)
    top, left = (SIZE_PX - height) // 2, (SIZE_PX - width) // 2
    square[top : top + height, left : left + width] = picture
    return square

"""Drawings of the demo model's shapes by OpenCV, matplotlib and Chromium (SVG), which its training never used.

A sketch says what is drawn and where; each library draws it in its own way. Every second one is then photographed by
OpenCV: a slant, uneven light, blur, noise, JPEG. The tints are names that people and programs use, not those of the
training. It does not know the model. The libraries are imported where they draw, and only OpenCV is always there.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.demo_model.rendering.scene import COLORS, KINDS, Scene, Shape
from vision.preprocess import to_square

Picture = NDArray[np.uint8]  # (height, width, 3), RGB

HEX = {
    "red": ("ff0000", "b22222", "d62728", "e53935"),
    "green": ("008000", "00ff00", "228b22", "2ca02c", "32cd32"),
    "blue": ("0000ff", "4169e1", "1e90ff", "1f77b4", "0000cd"),
    "yellow": ("ffff00", "ffd700", "fdd835"),
    "orange": ("ffa500", "ff8c00", "ff7f0e"),
    "purple": ("800080", "663399", "9400d3", "8a2be2", "9467bd"),
    "white": ("ffffff", "f5f5f5"),
    "black": ("000000", "111111"),
}
SIZES = ((448, 448), (500, 500), (640, 480), (800, 600), (900, 600), (1000, 1000), (1280, 720), (600, 800))
# In pixels of the 448 pixel picture: what is smaller is too small for the model.
LEAST_RADIUS_PX = 20
LARGEST_SHARE = (0.36, 0.36, 0.22, 0.17, 0.14)  # of the shorter side, by the number of shapes
BORDER = 0.04  # the middle keeps this share of the side away from the borders of the nine regions


@dataclass(frozen=True)
class Figure:
    """One shape: the middle and the radius in pixels, the turn in degrees. `line_px` 0 is a filled one."""

    kind: str
    color: str
    hex: str
    x: float
    y: float
    radius: float
    turn: float = 0.0
    line_px: int = 0


@dataclass(frozen=True)
class Sketch:
    width: int
    height: int
    background: str
    hex: str
    figures: tuple[Figure, ...]

    def scene(self) -> Scene | None:
        """What is true of it. None if a shape's middle is too near a border of two regions."""
        places = []
        for figure in self.figures:
            x, y = figure.x / self.width, figure.y / self.height
            if min(abs(share - third) for share in (x, y) for third in (1 / 3, 2 / 3)) < BORDER:
                return None
            places.append((int(3 * y), int(3 * x), figure.x, Shape(figure.kind, figure.color, int(3 * y), int(3 * x))))
        return Scene(self.background, tuple(shape for _, _, _, shape in sorted(places, key=lambda place: place[:3])))


def sketch(rng: random.Random) -> Sketch:
    """One to four different shapes anywhere that do not touch, on a plain background."""
    width, height = rng.choice(SIZES)
    background = "white" if rng.random() < 0.6 else rng.choice(COLORS)
    wanted = rng.choices((1, 2, 3, 4), (0.4, 0.3, 0.15, 0.15))[0]
    pairs = [(color, kind) for color in COLORS if color != background for kind in KINDS]
    outlined = rng.random() < 0.3
    figures: list[Figure] = []
    for color, kind in rng.sample(pairs, wanted):
        figure = _figure(rng, width, height, color, kind, outlined, LARGEST_SHARE[wanted], figures)
        if figure is not None:
            figures.append(figure)
    return Sketch(width, height, background, rng.choice(HEX[background]), tuple(figures))


def _figure(
    rng: random.Random, width: int, height: int, color: str, kind: str, outlined: bool, share: float,
    others: list[Figure],
) -> Figure | None:  # fmt: skip
    scale = max(width, height) / 448
    for _ in range(100):
        radius = rng.uniform(LEAST_RADIUS_PX * scale, max(LEAST_RADIUS_PX * scale, share * min(width, height)))
        room = radius + 4 * scale
        x, y = rng.uniform(room, width - room), rng.uniform(room, height - room)
        if all(math.hypot(x - o.x, y - o.y) > room + o.radius + 4 * scale for o in others):
            turn = 0.0 if rng.random() < 0.6 else rng.uniform(-20, 20)
            line_px = max(2, round(radius * rng.uniform(0.08, 0.2))) if outlined else 0
            return Figure(kind, color, rng.choice(HEX[color]), x, y, radius - line_px / 2, turn, line_px)
    return None


def corners(figure: Figure) -> list[tuple[float, float]]:
    """The corners of a shape other than a circle, in pixels."""
    if figure.kind == "square":
        steps = [(1.0, 45.0 + 90 * count) for count in range(4)]
    elif figure.kind == "triangle":
        steps = [(1.0, 120.0 * count) for count in range(3)]
    elif figure.kind == "star":
        steps = [(1.0 if count % 2 == 0 else 0.4, 36.0 * count) for count in range(10)]
    else:  # a cross, whose arms are two fifths as wide as it is long
        arm, tip = math.hypot(0.36, 0.9), math.degrees(math.atan2(0.36, 0.9))
        steps = []
        for quarter in range(0, 360, 90):
            steps += [(arm, quarter - tip), (arm, quarter + tip), (0.36 * math.sqrt(2), quarter + 45)]
    points = []
    for reach, degrees in steps:
        angle = math.radians(degrees + figure.turn)
        points.append(
            (figure.x + figure.radius * reach * math.sin(angle), figure.y - figure.radius * reach * math.cos(angle))
        )
    return points


def _rgb(hexadecimal: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(hexadecimal)
    return red, green, blue


# --- the three libraries --------------------------------------------------------------------------------------------


def by_opencv(drawing: Sketch) -> Picture:
    import cv2

    picture = np.full((drawing.height, drawing.width, 3), _rgb(drawing.hex), np.uint8)
    for figure in drawing.figures:
        color, smooth, fine = _rgb(figure.hex), cv2.LINE_AA, 4
        if figure.kind == "circle":
            middle = (round(figure.x * 2**fine), round(figure.y * 2**fine))
            thickness = figure.line_px or cv2.FILLED
            cv2.circle(picture, middle, round(figure.radius * 2**fine), color, thickness, smooth, fine)
            continue
        points = np.round(np.array(corners(figure)) * 2**fine).astype(np.int32)
        if figure.line_px:
            cv2.polylines(picture, [points], True, color, figure.line_px, smooth, fine)
        else:
            cv2.fillPoly(picture, [points], color, smooth, fine)
    return picture


def by_matplotlib(drawing: Sketch) -> Picture:
    """Raises ImportError without matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet
    from matplotlib.patches import Circle, Polygon

    dots = 100
    sheet = Sheet(figsize=(drawing.width / dots, drawing.height / dots), dpi=dots, facecolor=f"#{drawing.hex}")
    canvas = FigureCanvasAgg(sheet)
    axes = sheet.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, drawing.width)
    axes.set_ylim(drawing.height, 0)
    for figure in drawing.figures:
        style: dict[str, Any] = {"facecolor": f"#{figure.hex}", "linewidth": 0}
        if figure.line_px:
            style = {"fill": False, "edgecolor": f"#{figure.hex}", "linewidth": figure.line_px * 72 / dots}
        if figure.kind == "circle":
            axes.add_patch(Circle((figure.x, figure.y), figure.radius, **style))
        else:
            axes.add_patch(Polygon(corners(figure), closed=True, **style))
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.array(canvas.buffer_rgba())[:, :, :3]  # type: ignore[no-untyped-call]


def as_svg(drawing: Sketch) -> str:
    parts = [f'<rect width="100%" height="100%" fill="#{drawing.hex}"/>']
    for figure in drawing.figures:
        style = f'fill="#{figure.hex}"'
        if figure.line_px:
            style = f'fill="none" stroke="#{figure.hex}" stroke-width="{figure.line_px}"'
        if figure.kind == "circle":
            parts.append(f'<circle cx="{figure.x:.1f}" cy="{figure.y:.1f}" r="{figure.radius:.1f}" {style}/>')
        else:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners(figure))
            parts.append(f'<polygon points="{points}" {style}/>')
    size = f'width="{drawing.width}" height="{drawing.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} style="display:block">{"".join(parts)}</svg>'


@contextmanager
def chromium() -> Iterator[Callable[[str, int, int], Picture]]:
    """A function that shows HTML in Debian's Chromium and gives the screenshot of a width and height.

    Raises ImportError without playwright, and playwright's own error without Chromium.
    """
    import io

    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()

        def shown(html: str, width: int, height: int) -> Picture:
            page.set_viewport_size({"width": width, "height": height})
            page.set_content(html)
            return np.array(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))

        yield shown
        browser.close()


def svg_page(drawing: Sketch) -> str:
    return f'<body style="margin:0">{as_svg(drawing)}</body>'


# --- the camera -----------------------------------------------------------------------------------------------------


def photographed(rng: random.Random, drawing: Sketch, picture: Picture) -> tuple[Sketch, Picture]:
    """The drawing as a camera sees it from the side, and where its shapes lie then. A shape may leave the picture."""
    import cv2

    cv2.setRNGSeed(rng.getrandbits(30))
    width, height = drawing.width, drawing.height
    whole = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    slant, scale = 0.06 * min(width, height), rng.uniform(0.82, 1.1)
    moved = (whole - (width / 2, height / 2)) * scale + (width / 2, height / 2)
    moved = (moved + [(rng.uniform(-slant, slant), rng.uniform(-slant, slant)) for _ in whole]).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(whole, moved)
    level = rng.randint(30, 190)
    seen = cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(level,) * 3)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    light = rng.uniform(0.75, 1.0) * (1 + rng.uniform(-0.12, 0.12) * x + rng.uniform(-0.12, 0.12) * y)
    grain = np.zeros(seen.shape, np.float32)
    cv2.randn(grain, np.zeros(3), np.full(3, rng.uniform(0, 9)))
    blur = rng.uniform(0.2, 1.6) * max(width, height) / 448
    lit = np.clip(cv2.GaussianBlur(seen, (0, 0), blur) * light[..., None] + grain, 0, 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", lit, (cv2.IMWRITE_JPEG_QUALITY, rng.randint(45, 92)))
    middles = np.array([[(figure.x, figure.y) for figure in drawing.figures]], np.float32)
    places = cv2.perspectiveTransform(middles, matrix)[0]
    figures = tuple(
        replace(figure, x=float(x), y=float(y)) for figure, (x, y) in zip(drawing.figures, places, strict=True)
    )
    return replace(drawing, figures=figures), np.asarray(cv2.imdecode(file, cv2.IMREAD_UNCHANGED))


def _all_inside(drawing: Sketch) -> bool:
    return all(
        figure.radius < x_or_y * 1.04 and figure.radius < (side - x_or_y) * 1.04
        for figure in drawing.figures
        for x_or_y, side in ((figure.x, drawing.width), (figure.y, drawing.height))
    )


def drawn_by(draw: Callable[[Sketch], Picture], count: int, seed: int) -> list[tuple[Picture, Scene]]:
    """`count` pictures (448, 448, 3) with their scenes, every second one photographed."""
    rng = random.Random(seed)
    found: list[tuple[Picture, Scene]] = []
    while len(found) < count:
        drawing = sketch(rng)
        if drawing.scene() is None or not drawing.figures:
            continue
        picture = draw(drawing)
        if len(found) % 2:
            drawing, picture = photographed(rng, drawing, picture)
        scene = drawing.scene()
        if scene is not None and _all_inside(drawing):
            found.append((to_square(picture), scene))
    return found

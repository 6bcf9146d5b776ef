"""Makes pictures of scenes as a camera on a stand would give them, with a known change or with none.

A scene is a table with things on it, a display with digits, a lamp and a printed word. The camera adds what a camera
adds: noise, blocks of JPEG, an exposure that drifts, flickering light, a trembling stand. Everything comes from a seed.
What is drawn here is plainer than the world; that it shows what matters is an assumption. It does not know how pictures
are compared.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vision.frame import Frame

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageDraw import ImageDraw

Levels = NDArray[np.float32]  # (height, width, 3), 0..255

WIDTH_PX, HEIGHT_PX = 1920, 1080
# The segments of a digit: a top, b and c right, d bottom, e and f left, g middle.
_SEGMENTS = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
CHANGES = ("digit", "lamp", "hand", "moved", "added", "removed")
_LEAST_MOVE_PX = 12  # a thing that moves by less is not counted as a change that matters


@dataclass(frozen=True)
class Thing:
    """A box or a ball on the table. Places and sizes are pixels."""

    x: int
    y: int
    side: int
    color: tuple[int, int, int]
    is_ball: bool


@dataclass(frozen=True)
class Scene:
    """What stands before the camera."""

    table: tuple[int, int, int]
    things: tuple[Thing, ...]
    digits: str  # on the display
    digit_px: int  # their height
    ink: int  # their level
    paper: int  # the level of the display around them
    display_at: tuple[int, int]
    lamp_is_green: bool
    lamp_px: int  # radius
    word: str
    hand_px: int = 0  # how far a hand reaches into the picture; 0: none
    grain_seed: int = 0  # of the texture of the table


@dataclass(frozen=True)
class Camera:
    """What the camera does by itself. Shares are of the brightness."""

    noise_level: float = 3.0  # standard deviation of a pixel at medium brightness
    jpeg_quality: int = 85
    exposure: float = 1.0  # factor of the brightness
    flicker_share: float = 0.0  # the depth of bands that lamps on the mains make
    flicker_phase: float = 0.0
    tremble_px: tuple[float, float] = (0.0, 0.0)


@dataclass
class Script:
    """Draws scenes and their changes from one seed."""

    seed: int
    _random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    def scene(self) -> Scene:
        """A scene with two to six things that do not cover display, lamp and word."""
        random = self._random
        table = self._color(60, 230)
        things = tuple(self._thing(table) for _ in range(int(random.integers(2, 7))))
        paper = int(random.integers(20, 236))
        contrast = int(random.integers(45, 150))
        ink = paper - contrast if paper - contrast >= 5 and (paper + contrast > 250 or random.random() < 0.6) else 0
        ink = ink or min(250, paper + contrast)
        return Scene(
            table,
            things,
            digits="".join(str(digit) for digit in random.integers(0, 10, 4)),
            digit_px=int(random.integers(20, 61)),
            ink=ink,
            paper=paper,
            display_at=(int(random.integers(100, 700)), int(random.integers(60, 240))),
            lamp_is_green=bool(random.random() < 0.5),
            lamp_px=int(random.integers(6, 20)),
            word=str(random.choice(["OPEN", "CLOSED", "EXIT", "MILK", "FLOUR", "PUSH"])),
            grain_seed=int(random.integers(1 << 30)),
        )

    def changed(self, scene: Scene, kind: str) -> Scene:
        """The scene after one change of a kind in CHANGES."""
        random = self._random
        if kind == "digit":
            place = int(random.integers(len(scene.digits)))
            others = [str(digit) for digit in range(10) if str(digit) != scene.digits[place]]
            digits = scene.digits[:place] + str(random.choice(others)) + scene.digits[place + 1 :]
            return replace(scene, digits=digits)
        if kind == "lamp":
            return replace(scene, lamp_is_green=not scene.lamp_is_green)
        if kind == "hand":
            return replace(scene, hand_px=int(random.integers(60, 500)))
        place = int(random.integers(len(scene.things)))
        if kind == "moved":
            angle, way = random.uniform(0, 2 * np.pi), random.uniform(_LEAST_MOVE_PX, 80)
            thing = scene.things[-1]  # the last one is drawn over the others
            moved = replace(thing, x=thing.x + round(way * np.cos(angle)), y=thing.y + round(way * np.sin(angle)))
            return replace(scene, things=(*scene.things[:-1], moved))
        if kind == "added":
            return replace(scene, things=(*scene.things, self._thing(scene.table)))
        return replace(scene, things=scene.things[:-1])

    def camera(self) -> Camera:
        """A camera of some quality in some light."""
        random = self._random
        return Camera(
            noise_level=float(random.uniform(1.0, 7.0)),
            jpeg_quality=int(random.integers(70, 96)),
            flicker_share=float(random.uniform(0.0, 0.02)) if random.random() < 0.3 else 0.0,
        )

    def later(self, camera: Camera) -> Camera:
        """The same camera some seconds later: the exposure has drifted, and the stand has trembled."""
        random = self._random
        return replace(
            camera,
            exposure=float(random.uniform(0.92, 1.08)),
            flicker_phase=float(random.uniform(0, 2 * np.pi)),
            tremble_px=(float(random.uniform(-0.3, 0.3)), float(random.uniform(-0.3, 0.3))),
        )

    def next(self, camera: Camera) -> Camera:
        """The same camera a third of a second later: the exposure has drifted little."""
        return replace(self.later(camera), exposure=float(self._random.uniform(0.98, 1.02)))

    def frame(self, scene: Scene, camera: Camera, at: float = 0.0) -> Frame:
        """The picture that the camera gives, with noise of its own each time. `at` is its second."""
        levels = _drawn(scene)
        if camera.tremble_px != (0.0, 0.0):
            levels = _shifted(levels, *camera.tremble_px)
        rows = np.arange(HEIGHT_PX, dtype=np.float32)[:, None, None]
        light = 1.0 + camera.flicker_share * np.sin(rows * (2 * np.pi / 430) + camera.flicker_phase)
        levels = levels * (np.float32(camera.exposure) * light).astype(np.float32)
        # Shot noise: its variance grows with the brightness.
        noise = self._random.standard_normal(levels.shape, dtype=np.float32)
        levels += noise * (camera.noise_level * np.sqrt(0.25 + 0.75 * np.clip(levels, 0, 255) / 128))
        return Frame(_through_jpeg(np.clip(levels, 0, 255).astype(np.uint8), camera.jpeg_quality), at)

    def _color(self, low: int, high: int) -> tuple[int, int, int]:
        red, green, blue = (int(level) for level in self._random.integers(low, high, 3))
        return red, green, blue

    def _thing(self, table: tuple[int, int, int]) -> Thing:
        """A thing of 60 to 300 pixels, whose color differs from the table's by 20 levels in one channel at least."""
        random = self._random
        color = self._color(10, 246)
        while max(abs(one - other) for one, other in zip(color, table, strict=True)) < 20:
            color = self._color(10, 246)
        side = int(random.integers(60, 301))
        x, y = int(random.integers(0, WIDTH_PX - side)), int(random.integers(480, HEIGHT_PX - side // 2))
        return Thing(x, y, side, color, bool(random.random() < 0.5))


def _drawn(scene: Scene) -> Levels:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), scene.table)
    draw = ImageDraw.Draw(picture)
    x, y = scene.display_at
    width, gap = scene.digit_px * 6 // 10, scene.digit_px * 3 // 10
    draw.rectangle((x, y, x + 4 * (width + gap) + gap, y + scene.digit_px + 2 * gap), fill=(scene.paper,) * 3)
    for place, digit in enumerate(scene.digits):
        _draw_digit(draw, int(digit), (x + gap + place * (width + gap), y + gap, width, scene.digit_px), scene.ink)
    lamp_x, lamp_y, radius = x + 900, y + 40, scene.lamp_px
    lamp = (40, 200, 60) if scene.lamp_is_green else (220, 60, 40)
    draw.ellipse((lamp_x - radius, lamp_y - radius, lamp_x + radius, lamp_y + radius), fill=lamp)
    _draw_word(picture, scene.word, (x + 500, y))
    for thing in scene.things:
        shape = draw.ellipse if thing.is_ball else draw.rectangle
        shape((thing.x, thing.y, thing.x + thing.side, thing.y + thing.side), fill=thing.color, outline=(30, 30, 30))
    if scene.hand_px:
        reach = scene.hand_px
        draw.rounded_rectangle((WIDTH_PX - reach, 700, WIDTH_PX + 99, 860), 60, fill=(205, 160, 135))
    levels = np.asarray(picture, np.float32)
    grain = np.random.default_rng(scene.grain_seed).standard_normal((HEIGHT_PX // 4, WIDTH_PX // 4, 1), np.float32)
    return levels + 6.0 * grain.repeat(4, axis=0).repeat(4, axis=1)


def _draw_digit(draw: ImageDraw, digit: int, box: tuple[int, int, int, int], ink: int) -> None:
    x, y, width, height = box
    stroke = max(2, height // 8)
    right, middle, bottom = x + width - stroke, y + (height - stroke) // 2, y + height - stroke
    places = {
        "a": (x, y, x + width, y + stroke),
        "g": (x, middle, x + width, middle + stroke),
        "d": (x, bottom, x + width, bottom + stroke),
        "f": (x, y, x + stroke, middle + stroke),
        "b": (right, y, right + stroke, middle + stroke),
        "e": (x, middle, x + stroke, y + height),
        "c": (right, middle, right + stroke, y + height),
    }
    for segment in _SEGMENTS[digit]:
        left, top, end, low = places[segment]
        draw.rectangle((left, top, end - 1, low - 1), fill=(ink,) * 3)


def _draw_word(picture: Image.Image, word: str, at: tuple[int, int]) -> None:
    from PIL import ImageDraw, ImageFont

    ImageDraw.Draw(picture).text(at, word, fill=(20, 20, 20), font=ImageFont.load_default(48))


def _shifted(levels: Levels, right: float, down: float) -> Levels:
    """Moved by less than a pixel, by weighing each pixel with its neighbours."""
    for axis, way in ((1, right), (0, down)):
        levels = (1 - abs(way)) * levels + abs(way) * np.roll(levels, 1 if way > 0 else -1, axis)
    return levels.astype(np.float32)


def _through_jpeg(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    from PIL import Image

    stored = io.BytesIO()
    Image.fromarray(rgb).save(stored, "JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(stored).convert("RGB"))

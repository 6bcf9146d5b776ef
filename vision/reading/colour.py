"""Names the colour in the middle of a picture in the words that people use: "dark blue", or a mix of two or three.

The pixels are compared in OKLab (B. Ottosson, 2020), where equal distances look equally different. If something
brighter and nearly white lies around the middle, its tint is taken for the tint of the light and is removed, within
limits. A picture that is dark all over is made brighter first. Where it is too dark or too bright, no colour is named.
It is pure numpy and knows no language.
docs/codes.md says how often the names agree with those that people gave.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from vision.frame import Frame, Rgb
from vision.framing import Fault, judge

Values = NDArray[np.float64]  # (…, 3)

_MIDDLE_SHARE = 0.2  # the side of the square in the middle, as a part of the picture's shorter side
_BLOCKS = 16  # the square is averaged into at most so many blocks a side, which takes a sensor's noise away
_ONE_COLOUR = 0.8  # a colour that covers so much is the only one that is named
_PART = 0.18  # a colour that covers less is not named
_SAME = 0.10  # OKLab distance: closer colours in the middle are shades of one
_MOST_NAMED = 3
# The light. Pixels are taken for white things if they are so bright, and so nearly grey.
_WHITE_LUMA = 105.0
_WHITE_CHROMA = 0.055
_WHITE_CLIPPED = 250.0
_WHITE_SHARE = 0.04  # there must be so many of them around the middle
_BRIGHTER = 14.0  # than the middle by at least this much brightness, or the middle may be part of the same thing
_LEAST_TINT = 0.008  # a fainter tint of the light is left alone
_LAMP_CHROMA = 0.14  # what is bright and up to this much orange may be white in lamplight: the name is doubtful
_LAMP_TURN = (40.0, 105.0)  # the angle of such a tint in OKLab, degrees
# The light is taken for weak where even the brightest things of a picture are below this, in linear light of any
# channel. The picture is then made brighter, but not by more than this, because it may well show nothing but dark
# things.
_BRIGHT_THING = 0.7
_MOST_GAIN = 2.2
_DIM_LUMA = 70.0  # if hardly anything in the picture is brighter, the name is doubtful


class Hue(Enum):
    """The colour words that are used. They are the eleven that every language has first, and two more."""

    BLACK = "black"
    GREY = "grey"
    WHITE = "white"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TURQUOISE = "turquoise"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    BROWN = "brown"
    BEIGE = "beige"


class Shade(Enum):
    """What goes before a colour word."""

    DARK = "dark"
    PLAIN = ""
    LIGHT = "light"


@dataclass(frozen=True)
class ColourName:
    """For example dark blue."""

    hue: Hue
    shade: Shade = Shade.PLAIN


@dataclass(frozen=True)
class MiddleColour:
    """What colour the middle of a picture has."""

    names: tuple[ColourName, ...]  # the largest part first; () where none can be named
    hindrance: Fault | None = None  # why none can be named: COVERED, TOO_DARK or TOO_BRIGHT
    is_doubtful: bool = False  # the light is dim or strongly tinted


def middle_colour(frame: Frame) -> MiddleColour:
    """Names the colour of the square in the middle, a fifth of the picture's shorter side: some 10 ms."""
    fault = judge(frame).fault
    if fault in (Fault.COVERED, Fault.TOO_DARK, Fault.TOO_BRIGHT):
        return MiddleColour((), fault)
    blocks = _middle_blocks(frame.rgb)
    around = _sampled(frame.rgb)
    tint, maybe_lamplight = _tint_of_the_light(around, float(np.median(_luma(blocks))))
    brightest = float(np.percentile(_linear(np.concatenate([around, blocks])).max(axis=1), 97))
    gain = min(_MOST_GAIN, max(1.0, _BRIGHT_THING / max(brightest, 1e-3)))
    lab = _oklab(_linear(blocks) / tint * gain)
    is_dim = float(np.percentile(_luma(around), 95)) < _DIM_LUMA
    return MiddleColour(_named(lab), None, is_dim or maybe_lamplight)


def name_of(rgb: tuple[int, int, int]) -> ColourName:
    """The name of one colour, given as sRGB bytes."""
    return _name(_oklab(_linear(np.array(rgb, np.float64)[None]))[0])


# The pixels.


def _middle_blocks(rgb: Rgb) -> Values:
    """The means of the blocks of the middle square, (blocks, 3), 0..255."""
    height, width = rgb.shape[:2]
    side = max(1, round(min(height, width) * _MIDDLE_SHARE))
    top, left = (height - side) // 2, (width - side) // 2
    square = rgb[top : top + side, left : left + side]
    count = min(_BLOCKS, side)
    ends = np.arange(count) * side // count
    sums = np.add.reduceat(np.add.reduceat(square.astype(np.float64), ends, axis=0), ends, axis=1)
    sizes = np.diff(np.append(ends, side))
    means: Values = (sums / (sizes[:, None, None] * sizes[None, :, None])).reshape(-1, 3)
    return means


def _sampled(rgb: Rgb) -> Values:
    """Some thousand pixels of the whole picture without the middle, (pixels, 3), 0..255.

    Each is the mean of a few neighbours, so that noise does not make a grey pixel seem coloured.
    """
    height, width = rgb.shape[:2]
    step = max(1, min(height, width) // 48)
    near = max(1, step // 3)
    rows, columns = np.arange(0, height - near + 1, step), np.arange(0, width - near + 1, step)
    total = np.zeros((len(rows), len(columns), 3))
    for down in range(near):
        for right in range(near):
            total += rgb[rows[:, None] + down, columns[None, :] + right]
    outside = np.ones((len(rows), len(columns)), bool)
    half = min(height, width) * _MIDDLE_SHARE / 2
    outside[np.ix_(np.abs(rows + near / 2 - height / 2) < half, np.abs(columns + near / 2 - width / 2) < half)] = False
    pixels: Values = total / near**2
    return pixels[outside] if outside.any() else pixels.reshape(-1, 3)


def _tint_of_the_light(around: Values, middle_luma: float) -> tuple[Values, bool]:
    """How much of each linear channel the light has, the strongest being 1; and whether it may be a strong lamplight.

    It is (1, 1, 1) where nothing in the picture can be taken for white. A strong lamplight is not removed, because
    wood and cardboard look the same.
    """
    none = np.ones(3)
    luma = _luma(around)
    is_bright = (luma > max(_WHITE_LUMA, middle_luma + _BRIGHTER)) & (around.max(axis=1) < _WHITE_CLIPPED)
    if np.count_nonzero(is_bright) < _WHITE_SHARE * len(around):
        return none, False
    white = _linear(np.median(around[is_bright & (luma >= np.percentile(luma[is_bright], 50))], axis=0)[None])
    _, green_red, blue_yellow = _oklab(white)[0]
    chroma, turn = float(np.hypot(green_red, blue_yellow)), float(np.degrees(np.arctan2(blue_yellow, green_red))) % 360
    if chroma > _WHITE_CHROMA:
        return none, chroma < _LAMP_CHROMA and _LAMP_TURN[0] < turn < _LAMP_TURN[1]
    return (white[0] / white.max() if chroma > _LEAST_TINT else none), False


def _luma(pixels: Values) -> NDArray[np.float64]:
    weighed: NDArray[np.float64] = pixels @ np.array([0.299, 0.587, 0.114])
    return weighed


def _linear(srgb: Values) -> Values:
    """sRGB bytes as linear light, 0..1 (IEC 61966-2-1)."""
    share = srgb / 255.0
    linear: Values = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _oklab(linear: Values) -> Values:
    """Lightness 0..1, green to red, blue to yellow. https://bottosson.github.io/posts/oklab"""
    lab: Values = np.cbrt(np.clip(linear, 0.0, None) @ _TO_CONES.T) @ _TO_LAB.T
    return lab


# The names.


def _named(lab: Values) -> tuple[ColourName, ...]:
    """The names of the colours that cover a good part of (blocks, 3)."""
    names = [_name(value) for value in lab]
    counts = Counter(names)
    parts: list[NDArray[np.bool_]] = []  # the largest first
    for name, _ in counts.most_common():
        part = np.array([other == name for other in names])
        middle = np.median(lab[part], axis=0)
        for known, others in enumerate(parts):
            if float(np.linalg.norm(np.median(lab[others], axis=0) - middle)) < _SAME:
                parts[known] = others | part
                break
        else:
            parts.append(part)
    parts.sort(key=np.count_nonzero, reverse=True)
    share = np.count_nonzero(parts[0]) / len(lab)
    named = parts[:1] if share >= _ONE_COLOUR else [p for p in parts if np.count_nonzero(p) >= _PART * len(lab)]
    found = [_name(np.median(lab[part], axis=0)) for part in (named or parts[:1])[:_MOST_NAMED]]
    if len({name.hue for name in found}) == 1:  # light and shadow on one thing
        return (_name(np.median(lab, axis=0)),)
    return tuple(dict.fromkeys(found))


def _name(lab: Values) -> ColourName:
    lightness = float(lab[0])
    chroma, turn = float(np.hypot(lab[1], lab[2])), float(np.degrees(np.arctan2(lab[2], lab[1]))) % 360.0
    if chroma < _grey_below(lightness, turn) or lightness < 0.16:
        return _grey(lightness)
    hue = _hue(lightness, chroma, turn)
    dark, light = _SHADES.get(hue, (0.0, 1.1))
    if lightness < dark:
        return ColourName(hue, Shade.DARK)
    return ColourName(hue, Shade.LIGHT if lightness > light and chroma < _VIVID else Shade.PLAIN)


def _grey_below(lightness: float, turn: float) -> float:
    """The chroma below which a colour is called grey. A bluish grey is called grey for longer than a brownish one."""
    if lightness > 0.85:
        return 0.022
    return 0.045 if 190.0 < turn < 290.0 else 0.034


def _grey(lightness: float) -> ColourName:
    if lightness < 0.30:
        return ColourName(Hue.BLACK)
    if lightness > 0.925:
        return ColourName(Hue.WHITE)
    return ColourName(Hue.GREY, Shade.DARK if lightness < 0.5 else Shade.LIGHT if lightness > 0.75 else Shade.PLAIN)


_VIVID = 0.16  # with at least this chroma a colour is not light, however bright: pure yellow is plain yellow
# Below the first lightness a colour is dark, above the second it is light. Each hue is brightest at another lightness.
_SHADES = {
    Hue.RED: (0.46, 0.72),
    Hue.ORANGE: (0.60, 0.785),
    Hue.YELLOW: (0.78, 0.94),
    Hue.GREEN: (0.50, 0.80),
    Hue.TURQUOISE: (0.59, 0.84),
    Hue.BLUE: (0.40, 0.72),
    Hue.PURPLE: (0.38, 0.68),
    Hue.PINK: (0.62, 0.84),
    Hue.BROWN: (0.38, 0.60),
}


def _hue(lightness: float, chroma: float, turn: float) -> Hue:
    """The word for a colour that is not grey. `turn` is the angle in OKLab: red 29, yellow 110, green 142, blue 264."""
    if turn < 18.0 or turn >= 320.0:
        return _purple_to_red(lightness, chroma, turn)
    if turn < 77.0:
        return _red_to_orange(lightness, chroma, turn)
    if turn < 118.0:
        return _yellow(lightness, chroma, turn)
    if turn < 161.0:
        return Hue.GREEN
    if turn < 213.0:
        return Hue.BLUE if lightness > 0.86 and turn > 185.0 and chroma < 0.075 else Hue.TURQUOISE
    return Hue.BLUE if turn < 284.0 else Hue.PURPLE


def _purple_to_red(lightness: float, chroma: float, turn: float) -> Hue:
    if 320.0 <= turn < 338.0:
        return Hue.PINK if (lightness > 0.66 and chroma > 0.22) or lightness > 0.85 else Hue.PURPLE
    if turn >= 338.0:
        return Hue.PINK if lightness > 0.54 or chroma > 0.2 else Hue.PURPLE
    return Hue.PINK if lightness > 0.52 + 0.006 * turn else Hue.RED if chroma > 0.07 else Hue.BROWN


def _red_to_orange(lightness: float, chroma: float, turn: float) -> Hue:
    if turn < 33.0 and lightness > 0.68:
        return Hue.PINK
    if (turn < 33.0 and chroma > 0.095) or (turn < 40.0 and chroma > 0.095 and 0.5 < lightness < 0.645):
        return Hue.RED
    if lightness > 0.76 and chroma < 0.105:
        return Hue.PINK if turn < 45.0 else Hue.BEIGE
    is_vivid = (chroma > 0.15 and lightness > 0.57) or (chroma > 0.12 and lightness > 0.66)
    return Hue.ORANGE if is_vivid else Hue.BROWN


def _yellow(lightness: float, chroma: float, turn: float) -> Hue:
    if lightness > 0.72 and chroma < (0.105 if turn < 92.0 else 0.07) and lightness < 0.965:
        return Hue.BEIGE
    if (lightness > 0.64 and chroma > 0.07) or lightness > 0.9:
        return Hue.YELLOW
    return Hue.BROWN if turn < 102.0 else Hue.GREEN

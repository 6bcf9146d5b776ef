"""Judges within milliseconds whether a picture is worth asking about.

It finds a covered lens, a picture that is too dark, too bright or blurred, one that shows nothing but noise, a screen's
stripes or an even surface, and a frozen camera. It is pure numpy and knows pixels only. It does not know what is said to the user about a fault, nor whether an answer is tried all the same.
docs/framing.md says how the thresholds were chosen and how often they are right; `python -m
vision.demo_model.framing_rates` measures that again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from .emptiness import Structure, structure_of
from .frame import Frame, Rgb
from .sharpness import Plane, edge_widths, luma_of, noise_level_of, reduced, tile_means

MODEL_SIDE_PX = 448  # the model sees pictures of this side, and blur is given in their pixels

# A picture is too dark if its brightest hundredth is darker than this. Drawn scenes go down to 27: a blue shape on
# black in dim light, which the model still names. A photograph goes below 26 when it is underexposed by seven stops.
DARK_LEVEL = 26.0
# A dark picture shows nothing at all, not even a shadow, if the means of its tiles differ by less than this.
DARK_SPREAD = 3.0
# Light through a finger has these signs: red is well above green and blue nearly everywhere, the brightness falls off,
# and there is no sharp edge. The fall-off is measured between the darkest and the brightest twentieth of the tiles. It
# tells a finger from a painted red wall, which is even.
GLOW_RED_RATIO = 1.5
GLOW_SHARE = 0.9
GLOW_SPREAD = 15.0
GLOW_NOISE = 3.0  # a glow is bright, so it has little noise; in more noise than this edges may hide
# A picture is too bright if all three channels are at the top in over half of it, and nothing dark or coloured is left.
# Ink on white paper, or a yellow shape on white, always leaves a fiftieth of the picture well below the top.
CLIPPED_LEVEL = 250
CLIPPED_SHARE = 0.5
BRIGHT_FLOOR = 128.0
# A clean white page with a few lines of print, as a screen or a scanner gives it, leaves less than that: one pixel in
# 2,000 is enough if nine tenths are white. Where a camera gets too much light, less of the picture is quite white.
PAPER_SHARE = 0.9
INK_SHARE = 0.0005
# A picture is blurred if its edges are wider than this even where it is sharpest. The width of an edge is the standard
# deviation of a Gaussian.
BLUR_PX = 2.0
# A picture is also blurred, by a shake, if its edges are twice as wide in one direction as across it, and wider than
# SHAKE_PX. The ends of a shake are sharp, so its edges measure narrower than those of defocus. Sharp pictures reach a
# ratio of 2.0 only with edges below 0.6 pixels.
SHAKE_RATIO = 2.0
SHAKE_PX = 1.2
# A smear, from a camera that was swung, has no edge to measure. A picture is one if it changes softly nearly everywhere,
# and hardly in one direction. A corner of a room or a horizon changes in few places, stripes are sharp.
SMEAR_ALONG = 1.15  # levels a pixel
SMEAR_ALONG_SHARE = 0.01  # the same, of the brightest hundredth: in the dark everything changes softly
SMEAR_ACROSS = 1.0
SMEAR_ONE_WAY = 0.35
SMEAR_SHARE = 0.6
# A picture is noise if neighbours differ far more than tiles do, equally in all tiles. The finest cloth and gravel reach
# 3 times; lines of print reach 5, and differ from tile to tile.
NOISE_OVER_COARSE = 5.5
NOISE_VARIATION = 0.12
NOISE_LEAST = 1.5  # levels a pixel that are left of it once it is softened; the noise on a plain wall leaves less
# A screen that is photographed from near has bands of color: a regular wave from red to green, with fine changes of the
# two that do not go together. A picture of a color wheel has a wave of 0.31, but changes softly.
WAVE_SHARE = 0.35
WAVE_RED_GREEN = 0.72
WAVE_LEAST = 6.0  # levels a pixel
# A picture is blank if nothing in it changes by more than this, apart from light that falls off. A wall's own texture
# changes by about 1 level a pixel. The dimmest drawing in the demo model's world changes by 4 % of its brightness.
BLANK_MOST = 1.5  # levels a pixel
BLANK_MOST_SHARE = 0.02  # the same, of the brightest hundredth
BLANK_UNEVENNESS = 0.02
# A glare hides things before the picture counts as too bright. These were chosen on drawn scenes; a white cup on a white
# table has the same levels, so this is no fault.
VEIL_CLIPPED_SHARE = 0.2
VEIL_FLOOR = 85.0
# A sensor's noise changes every picture. So a camera is frozen if it gives the same bits for so long and so often.
FROZEN_SECONDS = 1.0
FROZEN_PICTURES = 3


class Fault(Enum):
    """What is wrong with a picture. If several faults apply, the first in this order is named."""

    COVERED = "covered"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    FROZEN = "frozen"
    NOISE = "noise"
    SCREEN = "screen"
    BLANK = "blank"
    BLURRED = "blurred"


SHOWS_NOTHING = frozenset({Fault.COVERED, Fault.TOO_DARK, Fault.TOO_BRIGHT, Fault.NOISE, Fault.SCREEN, Fault.BLANK})
"""Faults with which hardly anything can be seen. What a model says about such a picture is mostly invented."""


@dataclass(frozen=True)
class Framing:
    """A verdict and the measurements behind it. Levels are brightness, 0..255. Shares are parts of the picture 0..1."""

    fault: Fault | None
    bright_level: float  # the 99th percentile of the brightness
    spread_level: float  # difference between the darkest and the brightest twentieth of the tiles
    clipped_share: float  # pixels that are white in all channels
    floor_level: float  # the 2nd percentile of each pixel's lowest channel
    ink_level: float  # of each pixel's lowest channel: `INK_SHARE` of the pixels are as dark
    red_share: float  # pixels that are as red as light through a finger
    noise_level: float  # standard deviation, at the reduced size at which pictures are judged
    blur_px: float | None  # width of the edges at 448 pixels; None where there is no edge
    shake_ratio: float  # edge width in one direction over that across it; 1 if unknown
    unchanged_seconds: float  # how long the camera has given the same bits
    structure: Structure  # what there is to be seen

    @property
    def is_veiled(self) -> bool:
        """Whether a glare lies over much of the picture: a part of it is white, and nothing in the rest is dark."""
        return self.clipped_share > VEIL_CLIPPED_SHARE and self.floor_level > VEIL_FLOOR


def judge(frame: Frame, unchanged_seconds: float = 0.0) -> Framing:
    """Judges one picture of any size.

    `unchanged_seconds` comes from a `FrozenWatch`. Without it a frozen camera is not noticed.
    """
    red, green, blue = reduced(frame.rgb)
    luma = luma_of(red, green, blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    means = tile_means(luma)
    noise_level = noise_level_of(luma)
    blur_px, shake_ratio = edge_widths(luma, noise_level)
    if blur_px is not None:
        blur_px *= min(MODEL_SIDE_PX, max(frame.rgb.shape)) / max(luma.shape)
    measured = Framing(
        fault=None,
        bright_level=_percentile(luma, 0.99),
        spread_level=float(np.percentile(means, 95) - np.percentile(means, 5)),
        clipped_share=float(np.count_nonzero(lowest >= CLIPPED_LEVEL) / lowest.size),
        floor_level=_percentile(lowest, 0.02),
        ink_level=_percentile(lowest, INK_SHARE),
        red_share=float(np.count_nonzero(red > GLOW_RED_RATIO * np.maximum(green, blue) + 8) / red.size),
        noise_level=noise_level,
        blur_px=blur_px,
        shake_ratio=shake_ratio,
        unchanged_seconds=unchanged_seconds,
        structure=structure_of(red, green, luma),
    )
    return replace(measured, fault=_fault(measured))


def _fault(measured: Framing) -> Fault | None:
    limit_px = SHAKE_PX if measured.shake_ratio > SHAKE_RATIO else BLUR_PX
    blurred = (measured.blur_px is not None and measured.blur_px > limit_px) or _is_smeared(measured)
    dark = measured.bright_level < DARK_LEVEL
    glows = (
        measured.red_share > GLOW_SHARE
        and measured.spread_level > GLOW_SPREAD
        and measured.noise_level < GLOW_NOISE
        and measured.blur_px is None
    )
    if (dark and measured.spread_level < DARK_SPREAD) or glows:
        return Fault.COVERED
    if dark:
        return Fault.TOO_DARK
    printed = measured.clipped_share > PAPER_SHARE and measured.ink_level < BRIGHT_FLOOR
    if measured.clipped_share > CLIPPED_SHARE and measured.floor_level > BRIGHT_FLOOR and not printed:
        return Fault.TOO_BRIGHT
    if measured.unchanged_seconds >= FROZEN_SECONDS:
        return Fault.FROZEN
    if _is_noise(measured.structure):
        return Fault.NOISE
    if _is_screen(measured.structure):
        return Fault.SCREEN
    if _is_blank(measured):
        return Fault.BLANK
    return Fault.BLURRED if blurred else None


def _is_noise(structure: Structure) -> bool:
    return (
        structure.fine_over_coarse > NOISE_OVER_COARSE
        and structure.fine_variation < NOISE_VARIATION
        and structure.strongest_level > NOISE_LEAST
    )


def _is_screen(structure: Structure) -> bool:
    return (
        structure.wave_share > WAVE_SHARE
        and structure.red_green < WAVE_RED_GREEN
        and structure.strongest_level > WAVE_LEAST
    )


def _is_blank(measured: Framing) -> bool:
    structure = measured.structure
    return (
        structure.share > 0  # else the picture is too small to tell
        and structure.strongest_level < min(BLANK_MOST, BLANK_MOST_SHARE * measured.bright_level)
        and structure.unevenness < BLANK_UNEVENNESS
    )


def _is_smeared(measured: Framing) -> bool:
    structure = measured.structure
    return (
        structure.along_level < min(SMEAR_ALONG, SMEAR_ALONG_SHARE * measured.bright_level)
        and structure.across_level > SMEAR_ACROSS
        and structure.one_way > SMEAR_ONE_WAY
        and structure.share > SMEAR_SHARE
    )


def sharpest(frames: Sequence[Frame]) -> Frame:
    """Returns the sharpest picture of a burst of one scene. Of equally sharp ones it is the last, which is the newest.

    Raises ValueError if there is none.
    """
    if not frames:
        raise ValueError("there is no picture to choose from")
    if len(frames) == 1:
        return frames[0]
    best = max(range(len(frames)), key=lambda index: (_detail(frames[index].rgb), index))
    return frames[best]


class FrozenWatch:
    """Tells how long a camera has given the same picture, bit for bit.

    `live=False` is for a source that may stand still: a picture file, or a recording after its end. It is not
    thread-safe, so only the thread that takes the pictures may use it.
    """

    def __init__(self, *, live: bool = True) -> None:
        self._live = live
        self._digest: int | None = None
        self._since = 0.0
        self._pictures = 0

    def note(self, frames: Iterable[Frame]) -> float:
        """Takes pictures, oldest first, and returns for how many seconds nothing has changed.

        It is 0 while there are too few pictures to tell.
        """
        newest_at = self._since
        for frame in frames if self._live else ():
            digest = _digest(frame.rgb)
            if digest != self._digest:
                self._digest, self._since, self._pictures = digest, frame.captured_at, 0
            self._pictures += 1
            newest_at = frame.captured_at
        return max(0.0, newest_at - self._since) if self._pictures >= FROZEN_PICTURES else 0.0


def _digest(rgb: Rgb) -> int:
    # A sensor's noise is in every row, so each fourth row is enough and takes a quarter of the time.
    return zlib.crc32(np.ascontiguousarray(rgb[::4]).data, rgb.shape[1])


def _percentile(plane: Plane, share: float) -> float:
    """Returns a percentile from a histogram of whole levels, since sorting takes ten times as long."""
    counts = np.bincount(plane.astype(np.uint8).ravel(), minlength=256).cumsum()
    return float(np.searchsorted(counts, share * plane.size))


def _detail(rgb: Rgb) -> float:
    """Returns the energy of the finest differences. It can be compared only between pictures of one scene."""
    luma = luma_of(*reduced(rgb, MODEL_SIDE_PX))  # as fine as the model sees it, finer than for judging
    across, down = np.diff(luma, axis=1), np.diff(luma, axis=0)
    energy = float(np.square(across).sum() + np.square(down).sum())
    return energy / (float(luma.var()) + 1.0) / luma.size

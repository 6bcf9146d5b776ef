"""Is this picture worth asking about? A covered lens, too dark, too bright, blurred, a frozen camera: told in
milliseconds.

Pure numpy. It knows pixels only: not what is said to the user about a fault, nor whether an answer is tried all the
same. How the thresholds were chosen, and how often they are right, is in docs/framing.md; `python -m
vision.demo_model.framing_rates` measures it again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from .frame import Frame, Rgb
from .sharpness import Plane, edge_widths, luma_of, noise_level_of, reduced, tile_means

MODEL_SIDE_PX = 448  # blur is given in pixels of the picture that the model sees

# A picture whose brightest hundredth is darker than this is too dark. Drawn scenes go down to 27 (a blue shape on black
# in dim light, which the model still names); a photograph reaches it at seven stops under.
DARK_LEVEL = 26.0
# Dark, and the tiles' means differ by less: nothing is there at all, not even a shadow.
DARK_SPREAD = 3.0
# Light through a finger: red well above green and blue nearly everywhere, brightness that falls off, no sharp edge. A
# painted red wall is even, so the fall-off (between the darkest and the brightest twentieth of the tiles) tells the two
# apart.
GLOW_RED_RATIO = 1.5
GLOW_SHARE = 0.9
GLOW_SPREAD = 15.0
GLOW_NOISE = 3.0  # a glow is bright, so it has little noise; and where there is more, edges may hide in it
# All three channels at the top in over half of the picture, and nothing dark or coloured left: ink on white paper, or a
# yellow shape on white, always leaves a fiftieth of the picture well below.
CLIPPED_LEVEL = 250
CLIPPED_SHARE = 0.5
BRIGHT_FLOOR = 128.0
# Edges wider than this (as the standard deviation of a Gaussian) even where the picture is sharpest.
BLUR_PX = 2.0
# Or edges twice as wide in one direction as across it, and not narrow either: a shake. Its ends are sharp, so it
# measures narrower than defocus. Sharp pictures reach a ratio of 2.0 only with edges below 0.6 pixels.
SHAKE_RATIO = 2.0
SHAKE_PX = 1.2
# A sensor's noise changes every picture; the same bits again, for so long and in so many pictures, are an old one.
FROZEN_SECONDS = 1.0
FROZEN_PICTURES = 3


class Fault(Enum):
    """What is wrong with a picture; the first that applies, in this order."""

    COVERED = "covered"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    FROZEN = "frozen"
    BLURRED = "blurred"


@dataclass(frozen=True)
class Framing:
    """A verdict and what it rests on. Levels are brightness, 0..255; shares 0..1 of the picture."""

    fault: Fault | None
    bright_level: float  # the 99th percentile of the brightness
    spread_level: float  # between the darkest and the brightest twentieth of the tiles
    clipped_share: float  # white in all channels
    floor_level: float  # the 2nd percentile of each pixel's lowest channel
    red_share: float  # as red as light through a finger
    noise_level: float  # standard deviation, at the judged size
    blur_px: float | None  # at 448 pixels; None where there is no edge to judge by
    shake_ratio: float  # of the edges' widths in two directions at right angles, 1 where there is nothing to compare
    unchanged_seconds: float  # how long the camera has given the same bits


def judge(frame: Frame, unchanged_seconds: float = 0.0) -> Framing:
    """Judges one picture of any size. `unchanged_seconds` comes from a `FrozenWatch`; without one, frozen is not
    judged.
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
        red_share=float(np.count_nonzero(red > GLOW_RED_RATIO * np.maximum(green, blue) + 8) / red.size),
        noise_level=noise_level,
        blur_px=blur_px,
        shake_ratio=shake_ratio,
        unchanged_seconds=unchanged_seconds,
    )
    return replace(measured, fault=_fault(measured))


def _fault(measured: Framing) -> Fault | None:
    limit_px = SHAKE_PX if measured.shake_ratio > SHAKE_RATIO else BLUR_PX
    blurred = measured.blur_px is not None and measured.blur_px > limit_px
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
    if measured.clipped_share > CLIPPED_SHARE and measured.floor_level > BRIGHT_FLOOR:
        return Fault.TOO_BRIGHT
    if measured.unchanged_seconds >= FROZEN_SECONDS:
        return Fault.FROZEN
    return Fault.BLURRED if blurred else None


def sharpest(frames: Sequence[Frame]) -> Frame:
    """The sharpest of a burst of one scene; of equals the newest, which is the last. Raises ValueError for none."""
    if not frames:
        raise ValueError("there is no picture to choose from")
    if len(frames) == 1:
        return frames[0]
    best = max(range(len(frames)), key=lambda index: (_detail(frames[index].rgb), index))
    return frames[best]


class FrozenWatch:
    """How long a camera has given the same picture, bit for bit.

    `live=False` is for what may stand still: a picture file, a recording after its end. Not thread-safe: it belongs to
    whoever takes the pictures.
    """

    def __init__(self, *, live: bool = True) -> None:
        self._live = live
        self._digest: int | None = None
        self._since = 0.0
        self._pictures = 0

    def note(self, frames: Iterable[Frame]) -> float:
        """Takes in pictures, oldest first: the seconds for which nothing has changed, 0 while they are too few to
        tell.
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
    # Every fourth row: a sensor's noise is in each of them, and it takes a quarter of the time.
    return zlib.crc32(np.ascontiguousarray(rgb[::4]).data, rgb.shape[1])


def _percentile(plane: Plane, share: float) -> float:
    """By a histogram of whole levels: sorting takes ten times as long."""
    counts = np.bincount(plane.astype(np.uint8).ravel(), minlength=256).cumsum()
    return float(np.searchsorted(counts, share * plane.size))


def _detail(rgb: Rgb) -> float:
    """Energy of the finest differences: comparable between pictures of one scene only."""
    luma = luma_of(*reduced(rgb, MODEL_SIDE_PX))  # finer than for judging: as much as the model sees
    across, down = np.diff(luma, axis=1), np.diff(luma, axis=0)
    energy = float(np.square(across).sum() + np.square(down).sum())
    return energy / (float(luma.var()) + 1.0) / luma.size

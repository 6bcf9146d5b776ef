"""Measures how often the colour words agree with those that other people gave to colours, and with paints in odd light.

`python -m assistant.bench.accuracy.color_rates`. It needs matplotlib, which is no part of the project: its tables hold
the colours of CSS and those that people named in the XKCD survey. A name counts by the last colour word in it: "light
olive green" is a green. The tables are for docs/codes.md.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping

import numpy as np

from assistant import console
from vision.frame import Frame
from vision.reading.colour import Hue, middle_colour, name_of

Rgb = tuple[int, int, int]

# What people say beside our thirteen words, and which of ours it is.
_WORDS: Mapping[str, Hue] = {
    **{hue.value: hue for hue in Hue},
    "gray": Hue.GREY, "violet": Hue.PURPLE, "lavender": Hue.PURPLE, "lilac": Hue.PURPLE, "indigo": Hue.PURPLE, "mauve": Hue.PURPLE,
    "teal": Hue.TURQUOISE, "aqua": Hue.TURQUOISE, "cyan": Hue.TURQUOISE, "aquamarine": Hue.TURQUOISE, "navy": Hue.BLUE,
    "magenta": Hue.PINK, "fuchsia": Hue.PINK, "maroon": Hue.RED, "gold": Hue.YELLOW, "tan": Hue.BEIGE, "cream": Hue.BEIGE,
}  # fmt: skip
PAINTS: Mapping[Hue, Rgb] = {
    Hue.RED: (200, 30, 35), Hue.ORANGE: (240, 130, 20), Hue.YELLOW: (245, 220, 40), Hue.GREEN: (40, 140, 60),
    Hue.TURQUOISE: (30, 180, 175), Hue.BLUE: (40, 80, 190), Hue.PURPLE: (120, 50, 150), Hue.PINK: (245, 150, 180),
    Hue.BROWN: (110, 65, 35), Hue.GREY: (128, 128, 128), Hue.BLACK: (25, 25, 25), Hue.WHITE: (240, 240, 240),
    Hue.BEIGE: (220, 200, 165),
}  # fmt: skip
# What a camera's own white balance leaves of the light, for each linear channel.
LIGHTS = {
    "even": (1.0, 1.0, 1.0),
    "a little warm": (1.0, 0.93, 0.82),
    "a little cold": (0.88, 0.95, 1.0),
    "lamplight": (1.0, 0.75, 0.42),
}
GROUNDS: tuple[Rgb, ...] = ((60, 60, 60), (128, 128, 128), (235, 235, 235), (190, 150, 110))
EXPOSURES = (1.0, 0.6, 0.35)


def main() -> None:
    """Prints both tables."""
    colors = importlib.import_module("matplotlib.colors")
    console.result("| names from | colours | the same word |\n|---|---|---|")
    for title, table, is_plain in (
        ("CSS", colors.CSS4_COLORS, False),
        ("the XKCD survey", colors.XKCD_COLORS, False),
        ("the XKCD survey, without any other word than dark or light", colors.XKCD_COLORS, True),
    ):
        named = list(_named({name: colors.to_rgb(value) for name, value in table.items()}, is_plain=is_plain))
        right = sum(name_of(rgb).hue is hue for hue, rgb in named)
        console.result(f"| {title} | {len(named)} | {right / len(named):.0%} |")
    console.result(
        "\n| light | patches | right | wrong, said with doubt | wrong, said plainly |\n|---|---|---|---|---|"
    )
    for title, light in LIGHTS.items():
        for exposure in EXPOSURES:
            right, doubtful, wrong = in_light(light, exposure)
            total = right + doubtful + wrong
            console.result(f"| {title}, exposure {exposure:g} | {total} | {right} | {doubtful} | {wrong} |")


def _named(table: Mapping[str, tuple[float, float, float]], *, is_plain: bool) -> Iterable[tuple[Hue, Rgb]]:
    """The colours whose names end in a colour word."""
    for name, shares in table.items():
        words = name.removeprefix("xkcd:").lower()
        word = max((word for word in _WORDS if words.endswith(word)), key=len, default=None)
        if word is None or (is_plain and words.removesuffix(word).strip() not in ("", "dark", "light")):
            continue
        red, green, blue = (round(255 * share) for share in shares)
        yield _WORDS[word], (red, green, blue)


def in_light(light: tuple[float, float, float], exposure: float) -> tuple[int, int, int]:
    """Patches of all paints on all grounds: how many are right, wrong with doubt, wrong without."""
    right = doubtful = wrong = 0
    for hue, paint in PAINTS.items():
        for ground in GROUNDS:
            found = middle_colour(_patch(paint, ground, np.array(light) * exposure))
            if [name.hue for name in found.names] == [hue]:
                right += 1
            elif found.is_doubtful or not found.names:
                doubtful += 1
            else:
                wrong += 1
    return right, doubtful, wrong


def _patch(paint: Rgb, ground: Rgb, light: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Frame:
    """A patch on a ground in a light for each linear channel, with a sensor's noise."""
    picture = np.empty((240, 320, 3))
    picture[:] = ground
    picture[70:170, 110:210] = paint
    seen = np.clip((picture / 255) ** 2.2 * light, 0, 1) ** (1 / 2.2) * 255
    seen += np.random.default_rng(1).normal(0, 6, seen.shape)
    return Frame(np.clip(seen, 0, 255).astype(np.uint8), 0.0)


if __name__ == "__main__":
    main()

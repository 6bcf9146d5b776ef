"""Pictures without drawn shapes that the demo model's training never saw: photographs, noise and screenshots.

The photographs are those that scikit-image and matplotlib ship, where they are installed. The noise is OpenCV's, and
the screenshots are Chromium's. It does not know the model.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vision.demo_model.rendering.stranger_drawings import Picture
from vision.preprocess import to_square

# What is left out of scikit-image's folder is drawn (chessboard, horse, logo, phantom) or a few pixels large.
_SKIMAGE = (
    "astronaut.png brick.png camera.png cell.png chelsea.png clock_motion.png coffee.png coins.png grass.png gravel.png "
    "hubble_deep_field.jpg ihc.png microaneurysms.png moon.png motorcycle_left.png motorcycle_right.png page.png "
    "retina.jpg rocket.jpg text.png"
)
_MATPLOTLIB = "sample_data/grace_hopper.jpg"
CROPS = 3  # of each photograph, besides the whole


def photograph_files() -> list[Path]:
    """The photographs of the installed libraries. The list is empty where there are none."""
    found = []
    for library, folder, names in (("skimage", "data", _SKIMAGE), ("matplotlib", "mpl-data", _MATPLOTLIB)):
        spec = importlib.util.find_spec(library)
        if spec is not None and spec.origin is not None:
            found += [Path(spec.origin).parent / folder / name for name in names.split()]
    return [path for path in found if path.is_file()]


def photographs(seed: int, crops: int = CROPS) -> list[Picture]:
    """Each photograph whole and in some random parts, (448, 448, 3)."""
    from PIL import Image

    rng, pictures = random.Random(seed), []
    for path in photograph_files():
        whole = np.array(Image.open(path).convert("RGB"))
        pictures.append(to_square(whole))
        height, width, _ = whole.shape
        for _ in range(crops):
            share = rng.uniform(0.5, 0.9)
            high, wide = int(share * height), int(share * width)
            top, left = rng.randint(0, height - high), rng.randint(0, width - wide)
            pictures.append(to_square(np.ascontiguousarray(whole[top : top + high, left : left + wide])))
    return pictures


def noise(count: int, seed: int) -> list[Picture]:
    """Uniform and normal noise, grey and coloured, of single pixels and larger grains, (448, 448, 3)."""
    import cv2

    rng, pictures = random.Random(seed), []
    cv2.setRNGSeed(seed)
    for number in range(count):
        grain = rng.choice((1, 1, 2, 5, 12))
        width, height = rng.choice(((448, 448), (640, 480), (960, 540)))
        values = np.zeros((height // grain, width // grain, 3), np.uint8)
        if number % 2:
            cv2.randu(values, np.zeros(3), np.full(3, 256.0))
        else:
            cv2.randn(values, np.full(3, rng.uniform(70, 180)), np.full(3, rng.uniform(30, 80)))
        if number % 3 == 0:
            values = np.repeat(values[:, :, :1], 3, 2)
        how = rng.choice((cv2.INTER_NEAREST, cv2.INTER_LINEAR))
        pictures.append(to_square(np.asarray(cv2.resize(values, (width, height), interpolation=how))))
    return pictures


def screenshots(shown: Callable[[str, int, int], Picture], count: int, seed: int) -> list[Picture]:
    """Web pages of several sorts as `stranger_drawings.chromium` shows them, (448, 448, 3)."""
    rng = random.Random(seed)
    makers = (_article, _table, _form, _cards, _code, _chat)
    sizes = ((1280, 720), (1024, 768), (800, 600), (412, 870), (600, 600))
    return [to_square(shown(makers[number % 6](rng), *rng.choice(sizes))) for number in range(count)]


_WORDS = (
    "the river keeps its own time and nobody asks why it bends north before the town where boats lie open for "
    "winter repairs while prices of timber rise again said a trader from the coast on Monday"
).split()


def _text(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(count)).capitalize() + "."


def _color(rng: random.Random) -> str:
    return f"hsl({rng.randrange(360)},{rng.randint(20, 90)}%,{rng.randint(25, 85)}%)"


def _page(rng: random.Random, body: str, style: str = "") -> str:
    dark = rng.random() < 0.25
    colors = (
        "background:#1c1f24;color:#ddd"
        if dark
        else f"background:{rng.choice(('#fff', '#f7f7f4', '#eef2f6'))};color:#222"
    )
    face = rng.choice(("sans-serif", "serif", "system-ui"))
    return f"<style>body{{margin:0;font:{rng.randint(13, 19)}px {face};{colors}}}{style}</style>{body}"


def _header(rng: random.Random) -> str:
    links = "".join(f"<a style='margin:0 10px;color:inherit'>{rng.choice(_WORDS)}</a>" for _ in range(5))
    return f"<div style='background:{_color(rng)};padding:14px'><b>{_text(rng, 2)}</b>{links}</div>"


def _article(rng: random.Random) -> str:
    parts = "".join(f"<h2>{_text(rng, 4)}</h2><p>{_text(rng, 60)}</p>" for _ in range(5))
    return _page(rng, f"{_header(rng)}<div style='max-width:44em;margin:auto;padding:12px'>{parts}</div>")


def _table(rng: random.Random) -> str:
    rows = "".join(
        f"<tr><td>{_text(rng, 3)}</td>" + "".join(f"<td>{rng.randint(1, 9999)}</td>" for _ in range(5)) + "</tr>"
        for _ in range(24)
    )
    return _page(rng, f"{_header(rng)}<table>{rows}</table>", "td{border:1px solid #8888;padding:5px 9px}")


def _form(rng: random.Random) -> str:
    rows = "".join(f"<p><label>{_text(rng, 2)}</label><br><input value='{rng.choice(_WORDS)}'></p>" for _ in range(7))
    button = f"<button style='background:{_color(rng)};padding:9px 24px;border:0'>Send</button>"
    return _page(rng, f"{_header(rng)}<form style='padding:20px'>{rows}{button}<p>{_text(rng, 30)}</p></form>")


def _cards(rng: random.Random) -> str:
    cards = "".join(
        f"<div style='width:200px;border:1px solid #8886;margin:8px'><div style='height:90px;background:linear-gradient("
        f"{rng.randrange(360)}deg,{_color(rng)},{_color(rng)})'></div><p style='margin:8px'>{_text(rng, 12)}</p></div>"
        for _ in range(15)
    )
    return _page(rng, f"{_header(rng)}<div style='display:flex;flex-wrap:wrap'>{cards}</div>")


def _code(rng: random.Random) -> str:
    lines = "<br>".join(
        "&nbsp;" * rng.choice((0, 4, 8)) + f"<span style='color:{_color(rng)}'>{rng.choice(_WORDS)}</span> = "
        f"{rng.choice(_WORDS)}({rng.randint(0, 99)})"
        for _ in range(40)
    )
    return _page(rng, f"<pre style='padding:10px;line-height:1.5'>{lines}</pre>")


def _chat(rng: random.Random) -> str:
    said = "".join(
        f"<div style='margin:8px {rng.choice(('40% 8px 8px', '8px 8px 40%'))};padding:10px;border-radius:12px;"
        f"background:{_color(rng)}'>{_text(rng, rng.randint(3, 25))}</div>"
        for _ in range(12)
    )
    return _page(rng, _header(rng) + said)

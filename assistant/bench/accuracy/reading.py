"""Measures what the reader of print can read: drawn pages under a camera's flaws, real scans, order, guidance, time.

python -m assistant.bench.accuracy.reading [--pages 4] [--threads 2] [--part time text kinds scans turns]

There are two more parts, height and guidance.

A character is right or wrong by the edit distance between what stands there and what was read at that place, divided by
the number of characters. The order of a page is right if all its lines are read in the order in which they were set.
Faces come from Debian packages that nothing else in the project uses; what is not installed is named and left out.
docs/reading.md has the figures.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import console
from assistant.bench.accuracy.drawn.pages import (
    CHINESE,
    CHINESE_FACES,
    FACES,
    KINDS,
    Face,
    Page,
    Photograph,
    View,
    draw_page,
    face_at,
    installed_faces,
    photographed,
)
from assistant.machine.memory import peak_rss_bytes, used_bytes
from vision.frame import Frame, Rgb
from vision.reading.guidance import Advice, advise
from vision.reading.interface import Line, Reader
from vision.reading.order import line_height

SIZES = ((640, 480), (1280, 720), (1920, 1080))
# Blur is given for 1080 lines and shrinks with the picture: the lens is the same.
IN_HAND = View(slant_degrees=4, tilt=0.05, blur_px=0.8, noise=5, dark=0.7, jpeg_quality=80)
CONDITIONS = {
    "straight and sharp": View(),
    "slanted by 10°": View(slant_degrees=10),
    "seen from the side": View(tilt=0.12),
    "blurred": View(blur_px=1.5),
    "noisy": View(noise=20),
    "dim and uneven light": View(dark=0.25, noise=4),
    "strong JPEG": View(jpeg_quality=30),
    "held in the hand": IN_HAND,
}
TURNS = (0, 1, 2, 3)
DIRECTIONS = {
    "left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1),
    "up left": (-1, -1), "up right": (1, -1), "down left": (-1, 1), "down right": (1, 1),
}  # fmt: skip
# The side that is named for a page that was shifted this way.
_SIDE = {(-1, 0): Advice.CUT_LEFT, (1, 0): Advice.CUT_RIGHT, (0, -1): Advice.CUT_TOP, (0, 1): Advice.CUT_BOTTOM}
_CUT = set(_SIDE.values())
_TIMES_WHOLE = 6  # so many times as many whole pages are looked at, because false alarms are rare
# Pictures that scikit-image ships, and what a person reads in them. text.png is a formula in handwriting.
SCANS = {
    "page.png": "Region-based segmentation Let us first determine markers of the coins and the background. These markers "
    "are pixels that we can label unambiguously as either object or background. Here, the markers are found at the two "
    "extreme parts of the histogram of grey values: >>> markers = np.zeros_like(coins)",
    "text.png": "",
    "motorcycle_left.png": "YAMAHA YAMAHA",
    "rocket.jpg": "",
    "gravel.png": "",
    "coins.png": "",
}


@dataclass(frozen=True)
class Score:
    """How a page was read."""

    characters: int  # that stand there
    wrong: int  # the edit distance
    in_order: bool
    confidences: tuple[tuple[float, bool], ...]  # of each line, and whether it was read without a fault


def edit_distance(a: str, b: str) -> int:
    """Levenshtein's: the fewest characters to insert, delete or replace."""
    above = list(range(len(b) + 1))
    for number, sign in enumerate(a, 1):
        row = [number]
        for at, other in enumerate(b, 1):
            row.append(min(above[at] + 1, row[-1] + 1, above[at - 1] + (sign != other)))
        above = row
    return above[-1]


def score(photograph: Photograph, lines: Sequence[Line]) -> Score:
    """Compares what was read with what stands there, line by line. White space does not count."""
    page = photograph.page
    middles = photograph.corners.mean(axis=1)
    heights = np.hypot(*(photograph.corners[:, 3] - photograph.corners[:, 0]).T)
    read: dict[int, list[Line]] = {number: [] for number in range(len(page.texts))}
    wrong, order = 0, []
    for line in lines:
        number = _true_line(line, photograph, middles, heights)
        if number is None:
            wrong += len(_signs(line.text))  # text that was read where none stands
            continue
        read[number].append(line)
        order.append(number)
    confidences = []
    for number, text in enumerate(page.texts):
        distance = edit_distance(_signs(text), _signs("".join(line.text for line in read[number])))
        wrong += distance
        confidences += [(line.confidence, distance == 0) for line in read[number]]
    return Score(sum(len(_signs(text)) for text in page.texts), wrong, order == sorted(order), tuple(confidences))


def _true_line(line: Line, photograph: Photograph, middles: NDArray[Any], heights: NDArray[Any]) -> int | None:
    """The number of the line that stands where this one was found, by the distance across the line."""
    corners = np.array([line.quad.top_left, line.quad.top_right, line.quad.bottom_right, line.quad.bottom_left])
    middle = corners.mean(axis=0)
    best, least = None, 0.6
    for number, quad in enumerate(photograph.corners):
        along = quad[1] - quad[0]
        length = float(np.hypot(*along)) or 1.0
        along = along / length
        offset = middle - middles[number]
        aside = abs(float(offset[0] * -along[1] + offset[1] * along[0])) / float(heights[number])
        if aside < least and abs(float(offset @ along)) < length / 2 + float(heights[number]):
            best, least = number, aside
    return best


def _signs(text: str) -> str:
    """Without white space, and with the forms of a sign that are the same to the ear."""
    table = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "，": ",", "：": ":", "（": "(", "）": ")"})
    return "".join(text.translate(table).split())


def read(reader: Reader, rgb: Rgb) -> list[Line]:
    frame = Frame(rgb, 0.0)
    return list(reader.recognise(frame, reader.find(frame)))


def in_size(view: View, size: tuple[int, int]) -> View:
    """The same view by a camera of another size."""
    return replace(view, size=size, blur_px=view.blur_px * size[1] / 1080)


def pages_of(kind: str, number: int, faces: Sequence[Face]) -> Iterator[Page]:
    for seed in range(number):
        yield draw_page(kind, seed, faces[seed % len(faces)])


def accuracy(scores: Sequence[Score]) -> float:
    return 1 - sum(score.wrong for score in scores) / max(1, sum(score.characters for score in scores))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return (
        "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
        .replace("| --- ", "|---")
        .replace("|--- |", "|---|")
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


# --- the parts ---


def text_table(reader: Reader, pages: int, faces: Sequence[Face], all_scores: list[Score]) -> str:
    """Characters read rightly on pages of one column, by the flaw and the size of the picture."""
    rows = []
    for name, view in CONDITIONS.items():
        cells = [name]
        for size in SIZES:
            scores = [_scored(reader, page, in_size(view, size)) for page in pages_of("one column", pages, faces)]
            cells.append(percent(accuracy(scores)))
            all_scores += scores
        rows.append(cells)
    return table(["a page of about 30 lines", *(f"{height} lines" for _, height in SIZES)], rows)


def kinds_table(reader: Reader, pages: int, faces: Sequence[Face], chinese: Sequence[Face]) -> str:
    """Characters and order by the kind of page, held in the hand, at 1080 lines."""
    rows = []
    for kind in (*KINDS, *([CHINESE] if chinese else [])):
        scores = [
            _scored(reader, page, IN_HAND) for page in pages_of(kind, pages, chinese if kind == CHINESE else faces)
        ]
        in_order = sum(score.in_order for score in scores)
        rows.append([kind, percent(accuracy(scores)), f"{in_order} of {len(scores)}"])
    return table(["held in the hand, 1080 lines", "characters", "pages in order"], rows)


def confidence_table(scores: Sequence[Score]) -> str:
    """How many lines are read without a fault, by the confidence that the recogniser gives."""
    lines = [line for score in scores for line in score.confidences]
    rows = []
    for low, high in ((0.0, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 1.01)):
        right = [is_right for confidence, is_right in lines if low <= confidence < high]
        rows.append([f"{low:.2f} to {min(high, 1.0):.2f}", str(len(right)), percent(sum(right) / max(1, len(right)))])
    return table(["confidence", "lines", "without a fault"], rows)


def scans_table(reader: Reader) -> str:
    """Real pictures: characters read rightly, and what was read."""
    import skimage
    from PIL import Image

    folder = Path(skimage.__file__).parent / "data"
    rows = []
    for name, text in SCANS.items():
        lines = read(reader, np.array(Image.open(folder / name).convert("RGB")))
        found = " ".join(line.text for line in lines)
        right = (
            percent(1 - edit_distance(_signs(text), _signs(found)) / len(_signs(text))) if text else "nothing to read"
        )
        doubt = f"{min(line.confidence for line in lines):.2f}" if lines else "–"
        rows.append([name, right, str(len(lines)), doubt, f"`{found[:60]}`" if found else "–"])
    return table(["scikit-image's", "characters", "lines found", "least confidence", "read"], rows)


def turns_table(reader: Reader, pages: int, faces: Sequence[Face]) -> str:
    """How often the page's turn is found."""
    rows = []
    for turn in TURNS:
        right = total = 0
        for kind in ("one column", "two columns", "receipt", "label", "digits"):
            for page in pages_of(kind, pages, faces):
                view = in_size(replace(IN_HAND, turn=turn), (1280, 720))
                frame = Frame(photographed(page, view).rgb, 0.0)
                # A page that was turned clockwise is put upright by the rest of a whole turn.
                right += reader.find(frame).rotation == -90 * turn % 360
                total += 1
        rows.append([f"{90 * turn}° clockwise", f"{right} of {total}"])
    return table(["turned by", "found"], rows)


def height_table(reader: Reader, pages: int, faces: Sequence[Face]) -> str:
    """Characters read rightly by the height of the lines that were found: what "too far" is decided by."""
    steps: dict[int, list[Score]] = {}
    for scale in (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.94):
        for page in pages_of("one column", pages, faces):
            photograph = photographed(page, replace(IN_HAND, scale=scale))
            frame = Frame(photograph.rgb, 0.0)
            layout = reader.find(frame)
            if not layout.lines:
                steps.setdefault(0, []).append(score(photograph, []))
                continue
            height = float(np.median([line_height(line.quad) for line in layout.lines]))
            lines = list(reader.recognise(frame, layout))
            steps.setdefault(round(height / 2) * 2, []).append(score(photograph, lines))
    rows = [
        [f"{height} px" if height else "none found", percent(accuracy(steps[height])), str(len(steps[height]))]
        for height in sorted(steps)
    ]
    return table(["height of the found lines", "characters", "pages"], rows)


def guidance_table(reader: Reader, pages: int, faces: Sequence[Face]) -> str:
    """How often the side that is cut off is named, and how often one is named of a whole page. At 720 lines."""
    kinds = ("one column", "two columns", "heading over columns", "label", "receipt")
    rows = []
    for name, (x, y) in DIRECTIONS.items():
        named = also_wrong = total = 0
        wanted = {_SIDE[side] for side in ((x, 0), (0, y)) if side in _SIDE}
        for photograph in _shifted(kinds, pages, faces, x, y):
            found = _CUT.intersection(_advice(reader, photograph.rgb))
            named += bool(found & wanted)
            also_wrong += bool(found - wanted)
            total += 1
        rows.append([name, percent(named / total), percent(also_wrong / total), str(total)])
    false = total = 0
    for photograph in _shifted(kinds, _TIMES_WHOLE * pages, faces, 0, 0):
        false += bool(_CUT.intersection(_advice(reader, photograph.rgb)))
        total += 1
    rows.append(["whole page", "–", percent(false / total), str(total)])
    glare = [
        _advice(reader, photographed(page, in_size(replace(IN_HAND, glare=0.2), (1280, 720)), seed).rgb)
        for kind in kinds
        for seed, page in enumerate(pages_of(kind, pages, faces))
    ]
    rows.append(["glare", percent(sum(Advice.GLARE in found for found in glare) / len(glare)), "–", str(len(glare))])
    return table(["shifted", "right side named", "wrong side named", "pages"], rows)


def _shifted(kinds: Sequence[str], pages: int, faces: Sequence[Face], x: int, y: int) -> Iterator[Photograph]:
    """Pages that fill the frame's height or width, and of which a tenth to a third is out of the frame."""
    for kind in kinds:
        for seed, page in enumerate(pages_of(kind, pages, faces)):
            rng = random.Random(seed)
            view = in_size(replace(IN_HAND, slant_degrees=rng.uniform(-5, 5)), (1280, 720))
            height, width = page.rgb.shape[:2]
            scale = view.scale * min(view.size[0] / width, view.size[1] / height)
            # So far that a tenth of the page is out of the frame, and up to a third.
            beyond = rng.uniform(0.1, 0.33)
            shift_x = x * (0.5 + scale * width / view.size[0] * (beyond - 0.5))
            shift_y = y * (0.5 + scale * height / view.size[1] * (beyond - 0.5))
            photograph = photographed(page, replace(view, shift=(shift_x, shift_y)), seed)
            if not (x or y) or _is_cut(photograph, x, y):
                yield photograph


def _is_cut(photograph: Photograph, x: int, y: int) -> bool:
    """Whether a line is out of the frame on that side, and not only the page's margin."""
    frame_height, frame_width = photograph.rgb.shape[:2]
    across, down = photograph.corners[:, :, 0], photograph.corners[:, :, 1]
    outside = [
        x < 0 and bool((across < 0).any()),
        x > 0 and bool((across > frame_width).any()),
        y < 0 and bool((down < 0).any()),
        y > 0 and bool((down > frame_height).any()),
    ]
    return sum(outside) == abs(x) + abs(y)


def _advice(reader: Reader, rgb: Rgb) -> tuple[Advice, ...]:
    frame = Frame(rgb, 0.0)
    return advise(frame, reader.find(frame))


def _scored(reader: Reader, page: Page, view: View) -> Score:
    photograph = photographed(page, view)
    return score(photograph, read(reader, photograph.rgb))


def time_table(new_reader: Callable[[], Reader], faces: Sequence[Face]) -> str:
    """A page of about 30 lines at 1080 lines: the time to the first line and to the last, and the memory."""
    page = next(pages_of("one column", 1, faces))
    rgb = photographed(page, IN_HAND).rgb
    before = used_bytes() or 0
    reader = new_reader()
    rows = []
    for name in ("with loading", "loaded", "again"):
        started = time.monotonic()
        frame = Frame(rgb, 0.0)
        layout = reader.find(frame)
        found_at = time.monotonic() - started
        times = [time.monotonic() - started for _ in reader.recognise(frame, layout)]
        rows.append([name, f"{found_at:.2f} s", f"{times[0]:.2f} s", f"{times[-1]:.2f} s", str(len(times))])
    loaded, peak = used_bytes() or 0, peak_rss_bytes()
    reader.close()
    after = used_bytes() or 0
    memory = [[f"{value / 1e6:.0f} MB"] for value in (peak - before, loaded - before, after - before)]
    return "\n\n".join(
        (
            table(["a page at 1080 lines", "found", "first line", "last line", "lines"], rows),
            table(
                ["memory above the start", "MB"],
                [[name, *cell] for name, cell in zip(("at most", "while loaded", "given back"), memory, strict=True)],
            ),
        )
    )


PARTS = ("text", "kinds", "scans", "turns", "height", "guidance", "time")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=4, help="of each kind and condition (default: 4)")
    parser.add_argument("--threads", type=int, default=2, help="(default: 2)")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="(default: all)")
    given = parser.parse_args(argv)
    from vision.reading.ocr import OcrReader

    faces = _faces(FACES) or [face_at(None)]
    chinese = _faces(CHINESE_FACES)
    if not chinese:
        console.say("Chinese is left out: no Chinese face is installed.")

    def new_reader() -> Reader:
        return OcrReader(threads=given.threads)

    # Time and memory come first, while the process is still small.
    if "time" in given.part:
        _print(time_table(new_reader, faces))
    reader = new_reader()
    scores: list[Score] = []
    if "text" in given.part:
        _print(text_table(reader, given.pages, faces, scores))
        _print(confidence_table(scores))
    if "kinds" in given.part:
        _print(kinds_table(reader, given.pages, faces, chinese))
    if "scans" in given.part:
        try:
            _print(scans_table(reader))
        except ImportError:
            console.say("The real scans are left out: pip install scikit-image.")
    if "turns" in given.part:
        _print(turns_table(reader, given.pages, faces))
    if "height" in given.part:
        _print(height_table(reader, given.pages, faces))
    if "guidance" in given.part:
        _print(guidance_table(reader, given.pages, faces))
    reader.close()
    return 0


def _faces(faces: Mapping[str, str]) -> list[Face]:
    there, missing = installed_faces(faces)
    if missing:
        console.say(f"Faces that are left out: apt install {' '.join(missing)}")
    return [face_at(path) for path in there]


def _print(text: str) -> None:
    console.result(f"\n{text}")


if __name__ == "__main__":
    raise SystemExit(main())

"""Draws pages of print whose text, lines and reading order are known, and photographs them as a camera would.

The pages are drawn with Pillow on a sheet. `photographed` lays the sheet into a frame: turned, seen from the side,
blurred, noisy, badly lit. It tells where each line then stands. The tests of reading order and the bench share it.
It does not read.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vision.demo_model.rendering.fonts import load_font
from vision.frame import Rgb
from vision.reading.interface import Quad

FONT_FOLDER = Path("/usr/share/fonts")
# Faces that nothing else in the project uses, with the Debian package of each. Those not installed are left out.
FACES = {
    "opentype/ebgaramond/EBGaramond12-Regular.otf": "fonts-ebgaramond",
    "truetype/inconsolata/Inconsolata.otf": "fonts-inconsolata",
    "opentype/cantarell/Cantarell-Regular.otf": "fonts-cantarell",
    "truetype/comfortaa/Comfortaa-Regular.ttf": "fonts-comfortaa",
}
CHINESE_FACES = {
    "truetype/wqy/wqy-zenhei.ttc": "fonts-wqy-zenhei",
    "truetype/wqy/wqy-microhei.ttc": "fonts-wqy-microhei",
}

_WORDS = """
the a of and to in is that for with on as by at from it this be are was or an which not have has were will one all other
about more when some time many water house river street morning letter paper window market summer winter evening kitchen
garden doctor teacher village station machine pressure bottle medicine bread butter number between before during through
because without against together measure temperature instruction electric information important warning container
remove operate keep children protection government business development weather forecast newspaper photograph
""".split()
_LONG_WORDS = (
    "information temperature instruction development photograph protection container together government".split()
)
_GOODS = (
    """
Whole milk|Brown bread|Free range eggs|Orange juice 1L|Coffee beans|Potatoes 2kg|Green apples|Cheddar cheese|Olive oil
Washing powder|Paper towels|Dark chocolate|Tomato soup|Basmati rice|Chicken breast|Natural yoghurt|Bananas|Toothpaste
""".strip()
    .replace("\n", "|")
    .split("|")
)
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_CHINESE = (
    """
请在使用前仔细阅读本说明书|将本品放在儿童接触不到的地方|每日三次每次两片饭后服用|保质期十八个月见瓶盖|今天下午有小雨气温下降
图书馆周一至周五早上九点开门|请勿触摸展品谢谢合作|前方施工请绕行|小心地滑注意安全|本店营业时间上午八点到晚上十点
开封后请冷藏保存并尽快食用|紧急情况请拨打电话|列车即将进站请站在黄线以外|这条河流经过三个省最后流入大海
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

Face = Callable[[int], ImageFont.FreeTypeFont]
Points = NDArray[np.float32]  # (lines, 4 corners, x and y)


@dataclass(frozen=True)
class Page:
    """A drawn sheet. Texts, corners and paragraphs are in reading order, one each for a line."""

    kind: str
    rgb: Rgb
    texts: tuple[str, ...]
    corners: Points  # in pixels of the sheet; clockwise from each line's top left
    paragraphs: tuple[int, ...]


@dataclass(frozen=True)
class Photograph:
    """A frame that shows a page. Lines that are out of the frame in part are still listed."""

    rgb: Rgb
    page: Page
    corners: Points  # in pixels of the frame

    @property
    def quads(self) -> list[Quad]:
        return quads_of(self.corners)


@dataclass(frozen=True)
class View:
    """How a page is seen. The defaults are a good scan."""

    size: tuple[int, int] = (1920, 1080)  # width, height of the frame
    slant_degrees: float = 0.0
    tilt: float = 0.0  # the far edge of the page looks shorter by this share
    turn: int = 0  # the page is turned clockwise by so many quarters
    shift: tuple[float, float] = (0.0, 0.0)  # of the page's middle, in shares of the frame
    scale: float = 0.94  # the page's larger side, by the frame's
    blur_px: float = 0.0
    noise: float = 0.0  # standard deviation, of 255 levels
    dark: float = 1.0  # factor of brightness at the darkest side, falling off across the frame
    glare: float = 0.0  # radius of a reflection in the middle, by the frame's height
    jpeg_quality: int = 0  # 0: not compressed


def installed_faces(faces: Mapping[str, str] = FACES) -> tuple[list[Path], list[str]]:
    """The faces that there are, and the Debian packages of those that there are not."""
    there = [FONT_FOLDER / name for name in faces if (FONT_FOLDER / name).is_file()]
    return there, sorted({package for name, package in faces.items() if not (FONT_FOLDER / name).is_file()})


def face_at(path: Path | None) -> Face:
    """A face in any size; None is Pillow's own."""
    return lambda size_px: load_font(path, size_px)


def quads_of(corners: Points) -> list[Quad]:
    named = corners.astype(float)
    return [Quad(*((float(x), float(y)) for x, y in line)) for line in named]


@dataclass
class _Sheet:
    """A sheet that is being drawn on, in reading order."""

    rng: random.Random
    face: Face
    width: int = 1500
    height: int = 2000
    texts: list[str] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    paragraphs: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        paper = self.rng.randint(235, 255)
        self.image = Image.new("RGB", (self.width, self.height), (paper, paper, paper - self.rng.randint(0, 12)))
        self.draw = ImageDraw.Draw(self.image)
        self.size = self.rng.randint(30, 36)
        self.leading = self.rng.uniform(1.25, 1.6)
        self.is_indented = self.rng.random() < 0.5
        self._paragraph = -1

    @property
    def pitch(self) -> int:
        return round(self.size * self.leading)

    def begin_paragraph(self) -> None:
        self._paragraph += 1

    def put(self, x: float, y: float, text: str, size: int | None = None, anchor: str = "l") -> None:
        """One line, with its ascender at `y`; `anchor`: x is its left end, its middle or its right end."""
        font = self.face(size or self.size)
        x -= {"l": 0.0, "m": 0.5, "r": 1.0}[anchor] * font.getlength(text)
        self.draw.text((x, y), text, font=font, fill=(30, 30, 35))
        left, top, right, bottom = font.getbbox(text)
        margin = 0.15 * (size or self.size)  # as the detector leaves it
        self.texts.append(text)
        self.boxes.append((x + left - margin, y + top - margin, x + right + margin, y + bottom + margin))
        self.paragraphs.append(self._paragraph)

    def words(self, least: int, most: int) -> str:
        text = " ".join(self.rng.choice(_WORDS) for _ in range(self.rng.randint(least, most)))
        return text[0].upper() + text[1:]

    def heading(self, x: float, y: float, width: float, anchor: str = "l", factor: float = 1.7) -> int:
        """A taller line no wider than `width`; returns where the next one begins."""
        size = round(self.size * factor)
        words = self.words(2, 6).split()
        while len(words) > 1 and self.face(size).getlength(" ".join(words)) > width:
            words.pop()
        self.begin_paragraph()
        self.put(x, y, " ".join(words), size, anchor)
        return round(y + 1.6 * size)

    def flow(self, x: float, y: float, width: float, end: float, paragraphs: int = 99) -> int:
        """Running text down to `end`; returns where the next line would stand."""
        y = round(y)
        font = self.face(self.size)
        for _ in range(paragraphs):
            if y + 2 * self.pitch > end:
                break
            self.begin_paragraph()
            words = " ".join(self.words(8, 16) + "." for _ in range(self.rng.randint(2, 4))).split()
            indent = 1.5 * self.size if self.is_indented else 0.0
            while words and y + self.pitch <= end:
                line = [words.pop(0)]
                while words and font.getlength(" ".join([*line, words[0]])) <= width - indent:
                    line.append(words.pop(0))
                if words and len(words[0]) > 9 and self.rng.random() < 0.5:
                    begin, rest = words[0][:5] + "-", words[0][5:]
                    if font.getlength(" ".join([*line, begin])) <= width - indent:
                        line.append(begin)
                        words[0] = rest
                self.put(x + indent, y, " ".join(line))
                y, indent = y + self.pitch, 0.0
            if not self.is_indented:
                y += round(0.6 * self.pitch)
        return y

    def done(self, kind: str) -> Page:
        corners = np.array([[(a, b), (c, b), (c, d), (a, d)] for a, b, c, d in self.boxes], np.float32)
        return Page(kind, np.array(self.image), tuple(self.texts), corners, tuple(self.paragraphs))


def _one_column(sheet: _Sheet) -> None:
    top = sheet.heading(120, 110, 1200) if sheet.rng.random() < 0.6 else 120
    sheet.flow(120, top, 1260, 1900)


def _two_columns(sheet: _Sheet) -> None:
    gutter = sheet.rng.randint(50, 110)
    width = (1300 - gutter) / 2
    first, second = (sheet.rng.choice((100, 100, 100, 180)) for _ in range(2))
    sheet.flow(100, first, width, sheet.rng.choice((1900, 1500)))
    sheet.flow(100 + width + gutter, second, width, sheet.rng.choice((1900, 1300)))


def _three_columns(sheet: _Sheet) -> None:
    sheet.size = 28
    for number in range(3):
        sheet.flow(80 + number * 460, 120, 410, 1880)


def _heading_over_columns(sheet: _Sheet) -> None:
    top = sheet.heading(750, 90, 1300, "m", factor=2.2)
    if sheet.rng.random() < 0.5:
        top = sheet.flow(100, top + 20, 1300, top + 20 + 5 * sheet.pitch, paragraphs=1) + 30
    sheet.flow(100, top + 20, 610, 1850)
    sheet.flow(790, top + 20, 610, sheet.rng.choice((1850, 1500)))


def _columns_with_headings(sheet: _Sheet) -> None:
    for x in (100, 790):
        top = sheet.heading(x, 120, 600, factor=1.4)
        top = sheet.flow(x, top, 610, 1000, paragraphs=2)
        top = sheet.heading(x, top + 40, 600, factor=1.4)
        sheet.flow(x, top, 610, 1880, paragraphs=2)


def _header_and_footer(sheet: _Sheet) -> None:
    sheet.begin_paragraph()
    sheet.put(100, 50, sheet.words(2, 4), round(0.8 * sheet.size))
    sheet.put(1400, 50, str(sheet.rng.randint(2, 400)), round(0.8 * sheet.size), "r")
    sheet.flow(100, 180, 610, 1750)
    sheet.flow(790, 180, 610, 1750)
    sheet.begin_paragraph()
    sheet.put(750, 1920, f"Page {sheet.rng.randint(2, 90)}", round(0.8 * sheet.size), "m")


def _sidebar(sheet: _Sheet) -> None:
    top = sheet.heading(100, 100, 900)
    sheet.flow(100, top, 880, 1850)
    sheet.draw.rectangle((1030, 280, 1440, 1300), fill=(220, 225, 232))
    top = sheet.heading(1060, 310, 360, factor=1.2)
    sheet.flow(1060, top, 360, 1250)


def _caption(sheet: _Sheet) -> None:
    top = sheet.flow(100, 120, 1300, 750)
    sheet.draw.rectangle((250, top + 40, 1250, top + 640), fill=(120, 140, 150))
    sheet.begin_paragraph()
    small = round(0.8 * sheet.size)
    sheet.put(750, top + 660, f"Figure {sheet.rng.randint(1, 9)}: {sheet.words(3, 6)}", small, "m")
    sheet.flow(100, top + 660 + 3 * small, 1300, 1900)


def _receipt(sheet: _Sheet) -> None:
    y = sheet.heading(350, 60, 620, "m", factor=1.4)
    sheet.begin_paragraph()
    sheet.put(350, y, f"{sheet.rng.randint(2, 99)} {sheet.rng.choice(_LONG_WORDS).capitalize()} Street", anchor="m")
    y += 2 * sheet.pitch
    total = 0
    for name in sheet.rng.sample(_GOODS, sheet.rng.randint(4, 12)):
        cents = sheet.rng.randint(49, 2599)
        total += cents
        sheet.begin_paragraph()
        sheet.put(50, y, name)
        sheet.put(650, y, f"{cents / 100:.2f}", anchor="r")
        y += sheet.pitch
    y += sheet.rng.choice((0, sheet.pitch))
    sheet.begin_paragraph()
    sheet.put(50, y, "TOTAL", round(1.2 * sheet.size))
    sheet.put(650, y, f"{total / 100:.2f}", round(1.2 * sheet.size), "r")
    sheet.begin_paragraph()
    sheet.put(350, y + 3 * sheet.pitch, "Thank you for your visit", anchor="m")


def _table(sheet: _Sheet) -> None:
    y = sheet.heading(100, 100, 1200)
    columns = (100, 480, 800, 1120)
    rows = [("Day", "Open", "Close", "Visitors")]
    rows += [
        (day, f"{sheet.rng.randint(6, 10)}:00", f"{sheet.rng.randint(16, 22)}:30", str(sheet.rng.randint(10, 9000)))
        for day in _DAYS
    ]
    for row in rows:
        sheet.begin_paragraph()
        for x, cell in zip(columns, row, strict=True):
            sheet.put(x, y, cell)
        y += round(1.3 * sheet.pitch)
    sheet.flow(100, y + sheet.pitch, 1300, 1800, paragraphs=2)


def _form(sheet: _Sheet) -> None:
    y = sheet.heading(100, 100, 1200)
    for name in ("Operating temperature", "Weight", "Supply voltage", "Serial number", "Made in", "Expires"):
        sheet.begin_paragraph()
        sheet.put(100, y, name)
        sheet.put(700, y, sheet.words(1, 6))
        y += round(1.2 * sheet.pitch)


def _label(sheet: _Sheet) -> None:
    y = sheet.heading(500, 60, 900, "m", factor=2.4)
    y = sheet.flow(80, y + 20, 840, y + 20 + 6 * sheet.pitch, paragraphs=1)
    sheet.begin_paragraph()
    sheet.put(80, y + sheet.pitch, f"BEST BEFORE {sheet.rng.randint(1, 28):02d}.{sheet.rng.randint(1, 12):02d}.2027")
    sheet.begin_paragraph()
    sheet.put(80, y + round(2.6 * sheet.pitch), f"LOT {sheet.rng.randint(10000, 99999)}")


def _digits(sheet: _Sheet) -> None:
    y = 80
    for _ in range(10):
        sheet.begin_paragraph()
        sheet.put(80, y, " ".join(str(sheet.rng.randint(100, 9999)) for _ in range(4)))
        y += 2 * sheet.pitch


def _chinese(sheet: _Sheet) -> None:
    y = 100
    sheet.begin_paragraph()
    for text in sheet.rng.sample(_CHINESE, 10):
        sheet.put(100, y, text + "。")
        y += sheet.pitch


_SIZES = {"receipt": (700, 1200), "label": (1000, 800), "digits": (1000, 1300), "chinese": (1000, 800)}
_DRAWERS: Mapping[str, Callable[[_Sheet], None]] = {
    "one column": _one_column,
    "two columns": _two_columns,
    "three columns": _three_columns,
    "heading over columns": _heading_over_columns,
    "columns with headings": _columns_with_headings,
    "header and footer": _header_and_footer,
    "sidebar": _sidebar,
    "caption": _caption,
    "receipt": _receipt,
    "table": _table,
    "form": _form,
    "label": _label,
    "digits": _digits,
    "chinese": _chinese,
}
KINDS = tuple(kind for kind in _DRAWERS if kind != "chinese")
CHINESE = "chinese"


def draw_page(kind: str, seed: int, face: Face) -> Page:
    """A page of a kind; the same seed and face give the same page."""
    width, height = _SIZES.get(kind, (1500, 2000))
    sheet = _Sheet(random.Random(f"{kind} {seed}"), face, width, height)
    _DRAWERS[kind](sheet)
    return sheet.done(kind)


def seen(corners: Points, page_size: tuple[int, int], view: View) -> Points:
    """Where points of the sheet stand in the frame."""
    import cv2

    return np.asarray(
        cv2.perspectiveTransform(corners.reshape(-1, 1, 2), _projection(page_size, view)), np.float32
    ).reshape(corners.shape)


def photographed(page: Page, view: View, seed: int = 0) -> Photograph:
    """The page on a table of some colour, as a camera sees it. The same seed gives the same picture."""
    import cv2

    rng = np.random.default_rng(seed)
    height, width = page.rgb.shape[:2]
    projection = _projection((width, height), view)
    # The sheet is shown smaller than it was drawn: averaged first, so that thin strokes do not alias.
    reduction = float(np.sqrt(abs(np.linalg.det(projection[:2, :2] / projection[2, 2]))))
    sheet = cv2.GaussianBlur(page.rgb, (0, 0), 0.4 / reduction) if reduction < 0.8 else page.rgb
    table = tuple(float(level) for level in rng.integers(50, 140, 3))
    laid = cv2.warpPerspective(sheet, projection, view.size, flags=cv2.INTER_LINEAR, borderValue=table)
    levels = laid.astype(np.float32)
    across = np.linspace(0, 1, view.size[0], dtype=np.float32)[None, :, None]
    levels *= 1 - (1 - view.dark) * across
    if view.glare:
        y, x = np.mgrid[: view.size[1], : view.size[0]]
        distance = np.hypot(x - view.size[0] / 2, y - view.size[1] / 2) / (view.glare * view.size[1])
        levels += np.asarray(400 * np.exp(-(distance**4)), np.float32)[:, :, None]
    if view.blur_px:
        levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), view.blur_px), np.float32)
    if view.noise:
        levels += np.asarray(rng.normal(0, view.noise, levels.shape), np.float32)
    rgb = np.clip(levels, 0, 255).astype(np.uint8)
    if view.jpeg_quality:
        _, data = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, view.jpeg_quality])
        rgb = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return Photograph(rgb, page, seen(page.corners, (width, height), view))


def _projection(page_size: tuple[int, int], view: View) -> NDArray[np.float64]:
    """From the sheet to the frame: tilted, turned, scaled, laid into the frame's middle and shifted."""
    import cv2

    width, height = page_size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    middle = np.array([width / 2, height / 2])
    seen_at = corners - middle
    seen_at[:2, 0] *= 1 - view.tilt
    angle = np.deg2rad(view.slant_degrees + 90 * view.turn)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    seen_at = seen_at @ turn
    extent = seen_at.max(axis=0) - seen_at.min(axis=0)
    seen_at *= view.scale * min(view.size[0] / extent[0], view.size[1] / extent[1])
    seen_at += np.array(view.size) * (0.5 + np.array(view.shift))
    return np.asarray(cv2.getPerspectiveTransform(corners, seen_at.astype(np.float32)), np.float64)


def jittered(corners: Points, seed: int, share: float = 0.06) -> Points:
    """Corners as a detector finds them: off by a share of the line's height."""
    rng = np.random.default_rng(seed)
    heights = np.hypot(*(corners[:, 3] - corners[:, 0]).T)
    shifted = corners + rng.normal(0, share, corners.shape) * heights[:, None, None]
    return np.asarray(shifted, np.float32)

"""The type faces of the signs: those that training uses, and whole families that are held out for measuring.

All come from Debian packages (`FONT_PACKAGES`). Faces that are not installed are left out. `BUILTIN` is Pillow's own
face, with which the demo draws.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

FONT_FOLDER = Path("/usr/share/fonts/truetype")
FONT_PACKAGES = {
    "train": ("fonts-dejavu-core", "fonts-dejavu-extra", "fonts-liberation", "fonts-roboto-unhinted", "fonts-lato"),
    "held_out": ("fonts-open-sans", "fonts-freefont-ttf"),
}
BUILTIN: Path | None = None

_TRAIN = """
dejavu/DejaVuSans dejavu/DejaVuSans-Bold dejavu/DejaVuSansCondensed dejavu/DejaVuSansCondensed-Bold dejavu/DejaVuSansMono
dejavu/DejaVuSansMono-Bold dejavu/DejaVuSerif dejavu/DejaVuSerif-Bold liberation/LiberationSans-Regular
liberation/LiberationSans-Bold liberation/LiberationSerif-Regular
liberation/LiberationSerif-Bold liberation/LiberationMono-Regular liberation/LiberationMono-Bold
roboto/unhinted/RobotoTTF/Roboto-Regular roboto/unhinted/RobotoTTF/Roboto-Medium roboto/unhinted/RobotoTTF/Roboto-Bold
roboto/unhinted/RobotoTTF/Roboto-Black lato/Lato-Regular lato/Lato-Medium lato/Lato-Bold
lato/Lato-Heavy lato/Lato-Black
"""
_HELD_OUT = """
open-sans/OpenSans-Regular open-sans/OpenSans-Semibold open-sans/OpenSans-Bold open-sans/OpenSans-ExtraBold
freefont/FreeSans freefont/FreeSansBold freefont/FreeSerif freefont/FreeSerifBold
"""


def train_fonts() -> tuple[Path | None, ...]:
    """The faces for training. Pillow's own comes three times, because the demo draws with it."""
    return (*_installed(_TRAIN), BUILTIN, BUILTIN, BUILTIN)


def held_out_fonts() -> tuple[Path | None, ...]:
    """The faces of families that no training picture ever showed."""
    return _installed(_HELD_OUT)


def _installed(names: str) -> tuple[Path, ...]:
    paths = (FONT_FOLDER / f"{name}.ttf" for name in names.split())
    return tuple(path for path in paths if path.is_file())


@lru_cache(maxsize=2048)
def load_font(path: Path | None, size_px: int) -> ImageFont.FreeTypeFont:
    """A face at a size. None is Pillow's built-in face."""
    if path is not None:
        return ImageFont.truetype(str(path), size_px)
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise OSError(
            "this Pillow was built without FreeType and cannot draw large type: install Pillow from its wheel"
        )
    return font

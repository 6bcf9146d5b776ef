"""Draws the pictures of a round in the example's pump room, which the demo model and the readers can see, and writes the replies.

    python -m tests.assistant.drawn_round FOLDER

makes FOLDER/pictures and FOLDER/answers for `seesay round docs/examples/pump-room.toml --simulate`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vision.demo_model.world import Scene, Shape, Sign, draw

PICTURE_SIZE = (1280, 720)
REPLIES = {
    "1": "four eight\nfour seven\nyes",  # the first digits are those of another machine
    "2": "one hundred and thirty psi\nhow many are left\nnine point one\nconfirm\nthe filter is blocked",
    "3": "ready\nyes\nyes\nconfirm\nthe oil is low",
    "4": "ready\nyes",
    "5": "ready\nyes",
    "6": "where am i\nforty two point five\nyes\n# a comment",
    "7": "note the floor is wet\nskip\nthe belt is running",
}


def make(folder: Path) -> tuple[Path, Path]:
    """The folders of the pictures and of the replies."""
    pictures, answers = folder / "pictures", folder / "answers"
    for each in (pictures, answers):
        each.mkdir(parents=True, exist_ok=True)
    code("PUMP-2").save(pictures / "1.png")
    draw(
        Scene(
            "white", (Shape("circle", "red", row=0, column=0), Shape("square", "blue", row=1, column=2)), None, seed=2
        )
    ).save(pictures / "03.png")
    draw(Scene("white", (Shape("square", "blue", row=0, column=1),), Sign("OPEN", row=2), seed=3)).save(
        pictures / "valve four.png"
    )
    plate("KB-7731").save(pictures / "5.png")
    for name, text in REPLIES.items():
        (answers / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    return pictures, answers


def code(text: str) -> Image.Image:
    """A QR code on a wall."""
    import zxingcpp

    drawn = np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=10))
    wall = Image.new("RGB", PICTURE_SIZE, (176, 180, 172))
    wall.paste(Image.fromarray(drawn).convert("RGB"), (480, 200))
    return wall


def plate(text: str) -> Image.Image:
    """A plate with one line of print."""
    wall = Image.new("RGB", PICTURE_SIZE, (90, 96, 92))
    pen = ImageDraw.Draw(wall)
    pen.rectangle((320, 240, 960, 480), fill=(238, 238, 230))
    pen.text((640, 360), text, fill=(16, 16, 16), font=ImageFont.load_default(size=96), anchor="mm")
    return wall


if __name__ == "__main__":
    make(Path(sys.argv[1]))

"""Draws the pictures of the check: scenes with known answers, and pictures that show nothing that can be asked for.

No picture is a user's. It does not know who is asked about them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision.demo_model.rendering.scene import Scene
    from vision.frame import Frame


def frame_of(scene: Scene, side_pixels: int, font: Path | None = None) -> Frame:
    """The scene as a square picture of this side. Without a font the sign is in Pillow's own face."""
    import numpy as np
    from PIL import Image

    from vision.demo_model.rendering.drawing import draw
    from vision.frame import Frame

    picture = draw(scene, font)
    if picture.width != side_pixels:
        picture = picture.resize((side_pixels, side_pixels), Image.Resampling.LANCZOS)
    return Frame(np.asarray(picture), 0.0)

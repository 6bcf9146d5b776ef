"""Pictures of nothing: seeded, of any size, and told by framing; pictures of something are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest

from vision.demo_model.rendering.empty_pictures import EMPTY, screen
from vision.frame import Frame
from vision.framing import Fault, judge

FAULTS = {
    "blank": Fault.BLANK,
    "black": Fault.COVERED,
    "noise": Fault.NOISE,
    "smear": Fault.BLURRED,
    "moire": Fault.SCREEN,
}
SOMETHING = ("astronaut", "camera", "chelsea", "coffee", "coins", "moon", "page", "rocket", "text")


@pytest.mark.parametrize("kind", list(EMPTY))
def test_they_are_made_from_their_seed(kind: str) -> None:
    """The same seed gives the same bits, in the size that was asked for."""
    one, same, other = (EMPTY[kind](np.random.default_rng(seed), 200, 120) for seed in (7, 7, 8))
    assert one.shape == (120, 200, 3)
    assert one.dtype == np.uint8
    assert (one == same).all()
    assert kind == "black" or (one != other).any()


@pytest.mark.parametrize("kind", list(EMPTY))
def test_framing_names_them(kind: str) -> None:
    """Nearly all of them, in three sizes."""
    sizes = ((640, 480), (1280, 720), (448, 448))
    made = [EMPTY[kind](np.random.default_rng([50, n]), *sizes[n % 3]) for n in range(9)]
    assert sum(judge(Frame(rgb, 0.0)).fault is FAULTS[kind] for rgb in made) >= 7


@pytest.mark.parametrize("name", SOMETHING)
def test_photographs_by_strangers_show_something(name: str) -> None:
    """Photographs and scans that nobody here made are never called noise, blank or a screen's stripes."""
    data = pytest.importorskip("skimage.data")
    rgb = np.asarray(getattr(data, name)())
    rgb = np.dstack([rgb] * 3) if rgb.ndim == 2 else np.ascontiguousarray(rgb[..., :3])
    assert judge(Frame(rgb, 0.0)).fault not in (Fault.BLANK, Fault.NOISE, Fault.SCREEN)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_a_strangers_photograph_on_a_screen_is_told(name: str) -> None:
    """The stripes of the screen over a real photograph are found as well."""
    data = pytest.importorskip("skimage.data")
    shown = screen(np.asarray(getattr(data, name)()), np.random.default_rng(3), 0.9)
    assert judge(Frame(shown, 0.0)).fault is Fault.SCREEN

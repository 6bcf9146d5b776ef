"""Framing: rates on generated pictures, extremes of size and level, the frozen camera, and the sharpest of a burst."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from vision.camera import Camera
from vision.demo_model.framing_rates import FLAWS, Row, measure, pictures, table
from vision.demo_model.rendering import photographs
from vision.errors import CameraLost, Cancelled
from vision.frame import Frame, Rgb
from vision.framing import Fault, FrozenWatch, judge, sharpest
from vision.still import StillPicture
from vision.video import Video, VideoOptions


def plain(*colour: int, height: int = 480, width: int = 640) -> Rgb:
    return np.full((height, width, 3), colour, np.uint8)


def fault_of(rgb: Rgb, unchanged_seconds: float = 0.0) -> Fault | None:
    return judge(Frame(rgb, 0.0), unchanged_seconds).fault


# --- rates: the figures of docs/framing.md, with a margin ---


@pytest.fixture(scope="module")
def rates() -> dict[tuple[str, float], Row]:
    """The rates of one fixed set of small pictures, with every flaw at the steps that BOUNDS names."""
    chosen = [
        type(flaw)(flaw.name, flaw.apply, steps, flaw.right, flaw.subjects)
        for flaw in FLAWS
        if (steps := tuple(step for step in flaw.steps if (flaw.name, step) in BOUNDS))
    ]
    return {(row.flaw.name, row.step): row for row in measure(chosen, count=4, seed=7, sizes=((640, 360),))}


# For each flaw and step: the least share of hits, the largest share of hits, and the largest share of wrong names.
BOUNDS: dict[tuple[str, float], tuple[float, float, float]] = {
    ("none", 0): (0.0, 0.0, 0.0),
    ("noise (deviation)", 10): (0.0, 0.0, 0.05),
    ("defocus (px)", 1): (0.0, 0.05, 0.0),
    ("defocus (px)", 4): (0.85, 1.0, 0.0),
    ("shake (px)", 2): (0.0, 0.05, 0.0),
    ("shake (px)", 14): (0.6, 1.0, 0.0),
    ("under (stops)", -3): (0.0, 0.05, 0.05),
    ("under (stops)", -8): (0.9, 1.0, 0.0),
    ("over (stops)", 1): (0.0, 0.1, 0.05),
    ("over (stops)", 6): (0.5, 1.0, 0.05),
    ("finger (share)", 0.25): (0.0, 0.05, 0.25),
    ("finger (share)", 1.0): (1.0, 1.0, 0.0),
    ("glowing finger", 0.25): (0.0, 0.05, 0.25),
    ("glowing finger", 1.0): (0.9, 1.0, 0.1),
    ("empty: blank", 0): (0.95, 1.0, 0.05),
    ("empty: black", 1): (0.95, 1.0, 0.0),
    ("empty: noise", 2): (0.95, 1.0, 0.05),
    ("empty: smear", 3): (0.75, 1.0, 0.05),
    ("empty: screen", 4): (0.7, 1.0, 0.05),
}


@pytest.mark.parametrize(("flaw", "step"), list(BOUNDS))
def test_faults_are_called_at_strong_steps_and_not_at_weak_ones(
    flaw: str, step: float, rates: dict[tuple[str, float], Row]
) -> None:
    """Strong flaws get a right name, weak ones are let pass, and hardly any gets a wrong name."""
    least, most, wrong = BOUNDS[flaw, step]
    row = rates[flaw, step]
    hits = row.hits if row.flaw.right else 0.0
    assert least <= hits <= most, table([row])
    assert row.wrong_alarms <= wrong, table([row])


def test_blur_is_measured_in_the_models_pixels() -> None:
    """The same relative blur measures about the same at any resolution, and more blur measures more."""
    measured = {}
    for width, height in ((1280, 720), (640, 360)):
        (clean,) = pictures("leaves", 1, 3, ((width, height),))
        rng = np.random.default_rng(0)
        for deviation_px in (2.0, 4.0):
            measured[width, deviation_px] = judge(Frame(photographs.defocus(clean, rng, deviation_px), 0.0)).blur_px
    assert measured[1280, 4.0] == pytest.approx(measured[640, 4.0], rel=0.35)
    assert measured[1280, 2.0] == pytest.approx(measured[640, 2.0], rel=0.35)
    assert measured[640, 4.0] > 1.4 * measured[640, 2.0]


def test_a_shake_in_one_direction_is_a_blur() -> None:
    """Edges along the movement stay sharp, but those across it show the shake."""
    (clean,) = pictures("leaves", 1, 5, ((640, 480),))
    lengths = np.cumsum(np.pad(clean.astype(np.float32), ((0, 0), (20, 0), (0, 0)), mode="edge"), axis=1)
    moved = ((lengths[:, 20:] - lengths[:, :-20]) / 20).astype(np.uint8)
    assert fault_of(clean) is None
    assert fault_of(moved) is Fault.BLURRED


def test_a_dim_picture_is_not_called_a_smear() -> None:
    """In the dark everything changes softly, also what is sharp."""
    rng = np.random.default_rng(1)
    for seed in range(4):
        sharp = photographs.shallow(np.random.default_rng(seed), 640, 480)
        assert fault_of(photographs.stops(sharp, rng, -5.0)) is not Fault.BLURRED


def test_a_plain_wall_is_neither_blurred_nor_covered() -> None:
    """A wall without detail is blank, with and without a sensor's noise, in grey, red or any other colour."""
    rng = np.random.default_rng(4)
    for colour in ((128, 128, 128), (210, 30, 30), (40, 70, 215), (230, 225, 200)):
        for noise in (0.0, 5.0):
            framing = judge(Frame(photographs.expose(plain(*colour), rng, noise), 0.0))
            assert (framing.fault, framing.blur_px) == (Fault.BLANK, None), (colour, noise)


# --- edges ---


@pytest.mark.parametrize("height", [1, 2, 3, 17, 448, 721])
@pytest.mark.parametrize("width", [1, 2, 3, 18, 225, 1281])
def test_any_size_is_judged(height: int, width: int) -> None:
    """Pictures of one pixel and of odd sizes get a verdict with finite numbers, and numpy does not warn."""
    rgb = np.random.default_rng(height * 10000 + width).integers(60, 200, (height, width, 3), dtype=np.uint8)
    framing = judge(Frame(rgb, 0.0))
    measured = {**vars(framing), **vars(framing.structure)}
    numbers = [value for name, value in measured.items() if name not in ("fault", "blur_px", "structure")]
    assert np.isfinite(numbers).all()
    assert framing.fault in (None, Fault.BLURRED, Fault.NOISE, Fault.BLANK)


def test_of_a_large_picture_a_part_of_the_pixels_tells_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the pixels gives the same edges, to a twentieth, and the same levels as all of them."""
    (page,) = pictures("page", 1, seed=4, sizes=((2560, 1440),))
    noisy = Frame(photographs.expose(page, np.random.default_rng(4), 4.0), 0.0)
    quick = judge(noisy)
    monkeypatch.setattr("vision.sharpness.READ_SIDE_PX", 10_000)
    whole = judge(noisy)
    assert quick.blur_px == pytest.approx(whole.blur_px, rel=0.05)
    assert quick.bright_level == pytest.approx(whole.bright_level, abs=1.0)
    assert quick.fault is whole.fault is None


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (3840, 2160)])
def test_a_picture_is_judged_in_milliseconds(size: tuple[int, int]) -> None:
    """It takes 15 ms of this thread's own time for any size, however busy the machine is; the best of seven counts."""
    width, height = size
    frame = Frame(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8), 0.0)
    seconds = []
    for _ in range(7):
        began = time.thread_time()
        judge(frame)
        seconds.append(time.thread_time() - began)
    assert min(seconds) < 0.015


@pytest.mark.parametrize(
    ("level", "fault"),
    [(0, Fault.COVERED), (10, Fault.COVERED), (128, Fault.BLANK), (240, Fault.BLANK), (255, Fault.TOO_BRIGHT)],
)
def test_even_grey_pictures(level: int, fault: Fault | None) -> None:
    """Black counts as covered and blown-out white as too bright; every grey between them is blank."""
    assert fault_of(plain(level, level, level)) is fault


def test_ink_on_clipped_white_paper_is_fine() -> None:
    """A page whose paper is at the top of the scale can still be read."""
    rgb = plain(255, 255, 255)
    rgb[100:108, 40:600] = 20
    rgb[200:208, 40:600] = 20
    assert fault_of(rgb) is None


def test_a_colour_at_the_top_is_not_clipped() -> None:
    """Pure yellow or blue is a colour, not too much light."""
    for colour in ((255, 255, 0), (0, 0, 255), (255, 0, 0)):
        assert fault_of(plain(*colour)) is Fault.BLANK


def test_a_dark_room_is_not_a_covered_lens() -> None:
    """A picture with something dimly visible is too dark, and a picture that is dark and even is covered."""
    rgb = plain(4, 4, 4)
    rgb[200:400, 300:500] = 16
    assert fault_of(rgb) is Fault.TOO_DARK
    assert fault_of(plain(4, 4, 4)) is Fault.COVERED


def test_a_picture_that_may_not_be_written_is_judged() -> None:
    """A still picture's read-only bytes are judged and left as they are."""
    rgb = plain(90, 120, 60)
    rgb.setflags(write=False)
    assert fault_of(rgb) is Fault.BLANK


def test_framing_imports_numpy_alone() -> None:
    """Importing framing loads no OpenCV, Pillow or torch, because the command line may import it."""
    code = "import sys, vision.framing; print({'cv2', 'PIL', 'torch', 'scipy'} & set(sys.modules))"
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "set()"


# --- a frozen camera ---


def noisy(seed: int) -> Rgb:
    return photographs.expose(plain(120, 110, 100, height=48, width=64), np.random.default_rng(seed), 3.0)


def test_the_same_bits_for_a_second_are_a_frozen_camera() -> None:
    """Three equal pictures over more than a second are frozen, and one that changes begins the count anew."""
    watch = FrozenWatch()
    assert watch.note([Frame(noisy(1), 10.0)]) == 0.0
    assert watch.note([Frame(noisy(1), 10.5)]) == 0.0
    assert watch.note([Frame(noisy(1), 11.5)]) == 1.5
    assert watch.note([Frame(noisy(2), 12.0)]) == 0.0
    assert fault_of(noisy(1), unchanged_seconds=1.5) is Fault.FROZEN
    assert fault_of(noisy(1), unchanged_seconds=0.5) is None


def test_a_burst_of_equal_pictures_is_not_yet_frozen() -> None:
    """A slow camera that repeats a picture within a burst is not called frozen; the same bits at the next look are."""
    watch = FrozenWatch()
    assert fault_of(noisy(1), watch.note([Frame(noisy(1), at) for at in (0.0, 0.03, 0.07)])) is None
    assert fault_of(noisy(1), watch.note([Frame(noisy(1), at) for at in (9.0, 9.03, 9.07)])) is Fault.FROZEN


def test_what_may_stand_still_is_never_frozen() -> None:
    """A picture file, and a recording after its end, may be the same for ever."""
    watch = FrozenWatch(live=False)
    assert [watch.note([Frame(noisy(1), float(at))]) for at in range(5)] == [0.0] * 5


def test_black_is_called_covered_before_frozen() -> None:
    """A covered sensor may give pure black again and again, and the cover is what the user can change."""
    assert fault_of(plain(0, 0, 0), unchanged_seconds=60.0) is Fault.COVERED


# --- the sharpest of a burst ---


def test_the_sharpest_of_a_burst_is_taken() -> None:
    """The picture with the least shake is taken, wherever it stands among pictures of one scene with fresh noise."""
    (clean,) = pictures("leaves", 1, 9, ((640, 360),))
    rng = np.random.default_rng(2)
    frames = [
        Frame(photographs.expose(photographs.shake(clean, rng, length), rng, 3.0), 0.0) for length in (9.0, 5.0, 3.0)
    ]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        assert sharpest([frames[index] for index in order]) is frames[2]


def test_of_equally_sharp_pictures_the_newest_is_taken() -> None:
    """Of still pictures, of even ones and of a single one the last is taken."""
    frames = [Frame(plain(9, 9, 9, height=1, width=1), float(at)) for at in range(3)]
    assert sharpest(frames) is frames[2]
    assert sharpest(frames[:1]) is frames[0]
    with pytest.raises(ValueError, match="no picture to choose from"):
        sharpest([])


# --- the camera's burst ---


class Ticking:
    """A live video with a picture every few milliseconds, each a shade lighter."""

    live = True
    interval_seconds = 0.04
    size = None

    def __init__(self, grabbing: Callable[[], float | None] | None = None) -> None:
        self._grabbing = grabbing
        self.count = 0
        self.decoded = 0

    def grab(self) -> float | None:
        self.count += 1
        if self._grabbing is not None:
            return self._grabbing()
        threading.Event().wait(0.003)
        return time.monotonic()

    def rgb(self) -> Rgb | None:
        self.decoded += 1
        return np.full((4, 4, 3), self.count % 256, np.uint8)

    def close(self) -> None: ...


def camera(video: Video) -> Camera:
    def opener(source: int | str, options: VideoOptions) -> Video:
        return video

    return Camera(0, opener=opener)


def test_a_burst_is_new_pictures_in_order() -> None:
    """There are as many as were asked for, each newer than the call and than the one before."""
    with camera(Ticking()) as eye:
        for wanted in (1, 3, 5):
            called_at = time.monotonic()
            frames = eye.burst(wanted, within_seconds=5.0)
            times = [called_at, *(frame.captured_at for frame in frames)]
            assert len(frames) == wanted
            assert times == sorted(times)
            assert len({int(frame.rgb[0, 0, 0]) for frame in frames}) == wanted


def test_a_burst_is_never_longer_than_the_camera_keeps() -> None:
    """At most five pictures are kept while somebody waits, and one afterwards."""
    with camera(Ticking()) as eye:
        assert len(eye.burst(100, within_seconds=5.0)) == 5
        assert len(eye._recent) == 1
        assert eye.live


def test_a_slow_camera_gives_what_it_has() -> None:
    """A burst ends soon after its first picture, with as many as came; capture() goes on working."""
    more = threading.Event()

    def once() -> float:
        if video.decoded:
            more.wait()
        threading.Event().wait(0.001)
        return time.monotonic() + 100.0  # newer than any call

    video = Ticking(once)
    with camera(video) as eye:
        assert len(eye.burst(3, within_seconds=0.0)) == 1
        more.set()
        assert eye.capture().rgb.shape == (4, 4, 3)


def test_a_burst_of_a_lost_camera_says_so_and_can_be_cancelled() -> None:
    """No picture at all is the same error as for a single one; a cancel ends the waiting."""
    away = threading.Event()
    cancelled = threading.Event()
    cancelled.set()
    with camera(Ticking(lambda: -1e9 if not away.wait(0.003) else None)) as eye:
        with pytest.raises(CameraLost, match=r"has given no picture for 0\.02 s"):
            eye.burst(3, timeout_seconds=0.02)
        with pytest.raises(Cancelled):
            eye.burst(3, cancelled=cancelled)
        away.set()


def test_a_recording_and_a_still_picture_give_one(tmp_path: Path) -> None:
    """In a recording that has ended and in a still picture a burst is one picture, taken now."""
    path = tmp_path / "a1.png"
    Image.fromarray(noisy(1)).save(path)
    with StillPicture(path) as still:
        assert len(still.burst(3)) == 1
    with Camera(str(tmp_path / "a%d.png")) as recording:
        (frame,) = recording.burst(3)
        assert frame.rgb.shape == (48, 64, 3)
        assert not recording.live


@pytest.mark.parametrize(("size", "print_px"), [((640, 480), 14), ((1280, 720), 20), ((1920, 1080), 40)])
def test_a_clean_white_page_with_little_print_is_not_too_bright(size: tuple[int, int], print_px: int) -> None:
    """Three lines on a page that is otherwise pure white, as a screenshot or a receipt is, can be asked about."""
    page = Image.new("RGB", size, "white")
    for line in range(3):
        place = (size[0] // 8, size[1] // 6 + 2 * line * print_px)
        ImageDraw.Draw(page).text(place, "Total 12.50 EUR, thank you", "black", ImageFont.load_default(print_px))
    assert judge(Frame(np.asarray(page), 0.0)).fault is None

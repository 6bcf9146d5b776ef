"""The size that a camera device is asked for, with drivers that refuse it in every way; no device is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from vision.camera import Camera
from vision.errors import CameraMissing
from vision.picture_size import is_enough, sizes_to_ask_for
from vision.video import Video, VideoOptions, open_video

cv2 = pytest.importorskip("cv2")

DEVICE = "/dev/null"  # it is there and may be opened; the driver behind it is a stand-in
FULL = VideoOptions(width=1920, height=1080)
USUAL = [(1920, 1080), (1280, 720), (640, 480)]


class Driver:
    """A device that has some sizes and gives the nearest one. `refusal` is what it does where it lacks the size."""

    def __init__(self, sizes: list[tuple[int, int]], refusal: str = "gives the nearest", formats: str = "MJPG") -> None:
        self.sizes = sizes
        self.refusal = refusal
        self.formats = formats
        self.now = 100.0
        self.opened: list[Device] = []

    def clock(self) -> float:
        return self.now

    def open(self, source: int | str, backend: int, *options: Any) -> Device:
        assert (source, backend, options) == (DEVICE, cv2.CAP_V4L2, ())
        self.opened.append(Device(self))
        return self.opened[-1]


class Device:
    """What cv2.VideoCapture is of such a driver."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._is_open = True
        self.size = (640, 480) if (640, 480) in driver.sizes else driver.sizes[-1]
        self.width = 0
        self.asked: list[tuple[str, float]] = []
        self.sends = True
        self.released = False

    def isOpened(self) -> bool:
        return self._is_open

    def set(self, key: int, value: float) -> bool:
        name = {
            cv2.CAP_PROP_FOURCC: "format",
            cv2.CAP_PROP_FRAME_WIDTH: "width",
            cv2.CAP_PROP_FRAME_HEIGHT: "height",
            cv2.CAP_PROP_FPS: "rate",
        }[key]
        self.asked.append((name, value))
        if name == "format":
            return self._driver.formats == "MJPG" and value == cv2.VideoWriter.fourcc(*"MJPG")
        if name == "width":
            self.width = int(value)
        if name != "height" or (self.width, int(value)) in self._driver.sizes:
            self.size = (self.width, int(value)) if name == "height" else self.size
            return True
        return self._refuse(self.width * int(value))

    def _refuse(self, pixels: int) -> bool:
        refusal = self._driver.refusal
        if refusal == "raises":
            raise cv2.error("no such size")
        if refusal == "closes":
            self._is_open = False
        if refusal in ("sends nothing", "hangs", "sends garbage"):
            self.sends = False
        if refusal == "gives the nearest":
            fitting = [size for size in self._driver.sizes if size[0] * size[1] <= pixels]
            self.size = max(fitting, default=self.size)
        return refusal not in ("says no", "closes")

    def get(self, key: int) -> float:
        return 0.0

    def grab(self) -> bool:
        if self.sends:
            self._driver.now += 0.03
        elif self._driver.refusal == "hangs":
            self._driver.now += 2.0  # V4L2 gives up waiting
        else:
            self._driver.now += 0.1
        return self.sends or self._driver.refusal == "sends garbage"

    def retrieve(self) -> tuple[bool, Any]:
        if not self.sends:
            return False, None
        return True, np.zeros((self.size[1], self.size[0], 3), np.uint8)

    def release(self) -> None:
        self.released = True


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Driver], None]:
    return lambda driver: monkeypatch.setattr(cv2, "VideoCapture", driver.open)


def opened(driver: Driver, options: VideoOptions = FULL) -> Video:
    return open_video(DEVICE, options, driver.clock)


def test_a_device_is_asked_for_jpegs_first_then_for_the_size_then_for_the_rate(
    plug_in: Callable[[Driver], None],
) -> None:
    """A webcam gives its full size at a good rate only so; what came is what is told."""
    plug_in(driver := Driver(USUAL))
    with closing(opened(driver)) as video:
        assert video.size == (1920, 1080)
    (device,) = driver.opened
    assert device.asked == [
        ("format", cv2.VideoWriter.fourcc(*"MJPG")),
        ("width", 1920),
        ("height", 1080),
        ("rate", 15.0),
    ]
    assert device.released


REFUSALS = (
    "gives the nearest",
    "says no",
    "stays silent",
    "raises",
    "closes",
    "sends nothing",
    "sends garbage",
    "hangs",
)


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("has", [USUAL, USUAL[1:], USUAL[2:]], ids=["1080 lines", "720 lines", "480 lines"])
def test_a_refused_size_is_stepped_down(
    plug_in: Callable[[Driver], None], refusal: str, has: list[tuple[int, int]]
) -> None:
    """The largest size that it has comes, and soon; only a device that hangs at a size gets no time for a second try."""
    plug_in(driver := Driver(has, refusal))
    with closing(opened(driver)) as video:
        expected = (640, 480) if refusal == "hangs" and has != USUAL else has[0]
        assert video.size == expected
    assert driver.now - 100.0 < 5.0, "the opening's own limit"
    assert all(device.released for device in driver.opened), "a device that is left open cannot be opened again"


def test_a_size_between_the_usual_ones_is_taken(plug_in: Callable[[Driver], None]) -> None:
    """A driver's nearest size is as good as ours."""
    plug_in(driver := Driver([(1600, 896), (640, 480)]))
    with closing(opened(driver)) as video:
        assert video.size == (1600, 896)
    assert len(driver.opened) == 1


def test_a_device_without_jpegs_gives_its_own_format(plug_in: Callable[[Driver], None]) -> None:
    """A large picture that comes seldom is better than a small one."""
    plug_in(driver := Driver(USUAL, formats="YUYV"))
    with closing(opened(driver)) as video:
        assert video.size == (1920, 1080)


def test_an_odd_device_keeps_its_own_size(plug_in: Callable[[Driver], None]) -> None:
    """One that knows none of the usual sizes is asked for each, and then for nothing."""
    plug_in(driver := Driver([(352, 288)], "sends nothing"))
    with closing(opened(driver)) as video:
        assert video.size == (352, 288)
    assert [bool(device.asked) for device in driver.opened] == [True, True, True, False]


@pytest.mark.parametrize("options", [VideoOptions(), VideoOptions(width=1920), VideoOptions(height=1080)])
def test_who_asks_for_no_size_gets_the_devices_own(plug_in: Callable[[Driver], None], options: VideoOptions) -> None:
    """Nothing is set, not even the format."""
    plug_in(driver := Driver(USUAL))
    with closing(opened(driver, options)) as video:
        assert video.size == (640, 480)
    assert [device.asked for device in driver.opened] == [[]]


@pytest.mark.parametrize("broken", ["sends nothing", "sends garbage", "hangs"])
def test_a_device_that_never_gives_a_picture_is_missing(
    plug_in: Callable[[Driver], None], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """One sentence says which it is and what to do."""
    plug_in(driver := Driver([(640, 480)], broken))
    monkeypatch.setattr(Device, "sends", property(lambda device: False, lambda device, value: None), raising=False)
    with pytest.raises(CameraMissing, match=r"the camera /dev/null opens, but gives no picture: plug it in again, or"):
        opened(driver)
    assert driver.now - 100.0 < 10.0
    assert all(device.released for device in driver.opened)


def test_a_device_that_cannot_be_opened_is_named(
    plug_in: Callable[[Driver], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program uses it, for example."""
    plug_in(driver := Driver(USUAL))
    monkeypatch.setattr(Device, "isOpened", lambda device: False)
    with pytest.raises(CameraMissing, match="the camera /dev/null cannot be opened: close other programs"):
        opened(driver)


def test_the_camera_tells_the_size_that_it_got(plug_in: Callable[[Driver], None]) -> None:
    """From the opening on, before anybody has asked for a picture; another one after it was plugged in anew."""
    plug_in(driver := Driver(USUAL[1:]))
    sizes = []

    def opener(source: int | str, options: VideoOptions) -> Video:
        video = open_video(source, options, time.monotonic)
        sizes.append(video.size)
        return video

    with Camera(DEVICE, width=1920, height=1080, opener=opener) as camera:
        assert camera.picture_size == (1280, 720)
        driver.sizes = USUAL[2:]
        driver.opened[-1].sends = False
        driver.refusal = "gives the nearest"
        give_up_at = time.monotonic() + 5
        while len(sizes) < 2 and time.monotonic() < give_up_at:
            time.sleep(0.01)
        assert camera.capture().rgb.shape == (480, 640, 3)
        assert camera.picture_size == (640, 480)


def test_the_sizes_go_down_from_the_wanted_one() -> None:
    """The usual ones that are smaller follow, and the device's own is the last."""
    assert sizes_to_ask_for(1920, 1080) == [*USUAL, None]
    assert sizes_to_ask_for(3840, 2160) == [(3840, 2160), *USUAL, None]
    assert sizes_to_ask_for(1280, 720) == [*USUAL[1:], None]
    assert sizes_to_ask_for(320, 240) == [(320, 240), None]
    assert sizes_to_ask_for(None, 1080) == sizes_to_ask_for(0, 0) == [None]


def test_a_size_is_enough_unless_the_next_is_larger() -> None:
    """The same size, or any size before the device's own, is taken."""
    assert is_enough((1280, 720), [(1280, 720), (640, 480), None])
    assert not is_enough((640, 480), [(1280, 720), (640, 480), None])
    assert is_enough((160, 120), [None])
    assert is_enough((160, 120), [])

"""The camera gives no old picture and comes back after a failure, on scripted videos and on real OpenCV."""

from __future__ import annotations

import http.server
import io
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vision.network_camera import NetworkCamera
from vision.camera import Camera, open_frame_source
from vision.errors import CameraLost, CameraMissing, Cancelled, PictureError
from vision.frame import Frame, Rgb
from vision.still import StillPicture
from vision.video import MjpegVideo, Video, VideoOptions, describe, freshness, list_cameras, open_video

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def plain(colour: tuple[int, int, int] = RED) -> Rgb:
    rgb = np.empty((4, 4, 3), np.uint8)
    rgb[:] = colour
    return rgb


def near(frame: Frame, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(frame.rgb[2, 2].astype(int) - colour).max() <= 25)


class ScriptedVideo:
    """A live video whose every grab is a call of `grabbing`, and whose pictures are plain."""

    live = True
    interval_seconds = 0.04
    size = None

    def __init__(self, grabbing: Callable[[], float | None], picture: Callable[[], Rgb | None] = plain) -> None:
        self._grabbing = grabbing
        self._picture = picture
        self.grabbed = 0
        self.decoded = 0
        self.enough = threading.Event()  # set after five grabs
        self.closed = threading.Event()

    def grab(self) -> float | None:
        self.grabbed += 1
        if self.grabbed >= 5:
            self.enough.set()
        return self._grabbing()

    def rgb(self) -> Rgb | None:
        self.decoded += 1
        return self._picture()

    def is_whole(self) -> bool:
        return self._picture() is not None

    def close(self) -> None:
        self.closed.set()


def opening(*steps: Video | Exception | Callable[[], Video]) -> Callable[[int | str, VideoOptions], Video]:
    """An opener that gives these in turn, and the last one for ever."""
    left = list(steps)

    def opener(source: int | str, options: VideoOptions) -> Video:
        step = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(step, Exception):
            raise step
        return step() if callable(step) else step

    return opener


def ticking() -> float:
    """A picture every millisecond, taken when it is requested."""
    threading.Event().wait(0.001)
    return time.monotonic()


# --- freshness ---


def test_a_picture_from_before_the_call_is_never_given() -> None:
    """Pictures that lay in a buffer are skipped without decoding, until one was taken after the call."""
    video = ScriptedVideo(lambda: ticking() - (10.0 if video.grabbed < 200 else 0.0))
    with Camera(0, opener=opening(video)) as camera:
        called_at = time.monotonic()
        frame = camera.capture()
        grabbed = video.grabbed
    assert frame.captured_at >= called_at
    assert grabbed >= 200
    assert video.decoded <= 2, "a second one may have begun while the first was handed over"


def test_every_capture_is_a_new_look() -> None:
    """A second capture does not get the picture of the first one."""
    with Camera(0, opener=opening(ScriptedVideo(ticking))) as camera:
        for _ in range(20):
            called_at = time.monotonic()
            assert camera.capture().captured_at >= called_at


def test_nothing_is_decoded_while_nobody_asks() -> None:
    """An idle camera is drained by grabs alone, because decoding costs power."""
    video = ScriptedVideo(ticking)
    with Camera(0, opener=opening(video)):
        assert video.enough.wait(5)
    assert video.decoded == 0


def test_two_callers_are_both_served() -> None:
    """Captures from two threads at once each get a picture not older than their own call."""
    ages: list[float] = []

    def look() -> None:
        called_at = time.monotonic()
        ages.append(camera.capture().captured_at - called_at)

    with Camera(0, opener=opening(ScriptedVideo(ticking))) as camera:
        lookers = [threading.Thread(target=look) for _ in range(2)]
        for looker in lookers:
            looker.start()
        for looker in lookers:
            looker.join()
    assert len(ages) == 2
    assert min(ages) >= 0


@pytest.mark.parametrize(
    ("stamp", "taken_at"),
    [(99.5, 99.5), (0.0, 100.0), (1.7e9, 100.0), (103.0, 100.0)],
    ids=["monotonic", "no stamp", "wall clock", "from the future"],
)
def test_a_drivers_stamp_is_believed_where_it_can_be(stamp: float, taken_at: float) -> None:
    """The driver's time stamp counts if it fits our clock; otherwise the start of the read counts."""
    assert freshness(began=100.0, stamp=stamp, now=100.1) == taken_at


def test_a_damaged_picture_is_passed_over() -> None:
    """One picture that cannot be decoded delays the answer by one picture and loses nothing."""
    pictures = iter([None, None, plain(GREEN)])
    video = ScriptedVideo(ticking, lambda: next(pictures, plain(GREEN)))
    with Camera(0, opener=opening(video)) as camera:
        assert near(camera.capture(), GREEN)


# --- failures ---


def test_a_camera_that_comes_back_is_used_again() -> None:
    """After a failed stream and a failed attempt the camera is opened again by itself."""
    first, second = ScriptedVideo(lambda: None), ScriptedVideo(ticking, lambda: plain(BLUE))
    with Camera(0, opener=opening(first, CameraMissing("away"), second)) as camera:
        assert near(camera.capture(), BLUE)
    assert first.closed.is_set()
    assert second.closed.is_set()


def test_a_camera_that_stays_away_is_called_lost() -> None:
    """Beyond the time limit a capture says which camera is lost and what to do; a later one may succeed."""
    back = threading.Event()

    def reopen() -> Video:
        if back.is_set():
            return ScriptedVideo(ticking)
        raise CameraMissing("away")

    with Camera(3, opener=opening(ScriptedVideo(lambda: None), reopen)) as camera:
        with pytest.raises(
            CameraLost, match=r"camera 3 \(/dev/video3\) has given no picture for 0\.05 s: check that it"
        ):
            camera.capture(timeout_seconds=0.05)
        back.set()
        assert camera.capture().rgb.shape == (4, 4, 3)


def test_a_capture_can_be_cancelled() -> None:
    """A cancel ends the waiting for a picture long before its time limit."""
    cancelled, hung = threading.Event(), threading.Event()

    def hang() -> float | None:
        cancelled.set()
        hung.wait()
        return None

    with Camera(0, opener=opening(ScriptedVideo(hang))) as camera:
        started_at = time.monotonic()
        with pytest.raises(Cancelled):
            camera.capture(timeout_seconds=60, cancelled=cancelled)
        hung.set()
    assert time.monotonic() - started_at < 5


def test_close_is_quick_and_may_be_repeated() -> None:
    """Closing ends the thread, releases the device, and a second close does nothing."""
    video = ScriptedVideo(ticking)
    camera = Camera(0, opener=opening(video))
    camera.close()
    camera.close()
    assert video.closed.is_set()
    assert "camera" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(CameraLost, match="is closed"):
        camera.capture()


def test_a_reading_that_hangs_does_not_hold_up_close() -> None:
    """A thread that does not come back is left behind after a second, and named."""
    hung = threading.Event()

    def hang() -> float | None:
        hung.wait()
        return None

    video = ScriptedVideo(hang)
    camera = Camera("rtsp://door", opener=opening(video))
    started_at = time.monotonic()
    with pytest.raises(CameraLost, match='the thread "camera" still waits for the camera at rtsp://door'):
        camera.close()
    assert time.monotonic() - started_at < 3
    camera.close()
    hung.set()
    assert video.closed.wait(5)


def test_a_camera_that_never_answers_is_missing() -> None:
    """If opening hangs, it is given up one second after its time limit."""
    hung = threading.Event()

    def hang() -> Video:
        hung.wait()
        raise CameraMissing("too late")

    with pytest.raises(CameraMissing, match=r"did not answer within 0\.1 s: check that it is switched on"):
        Camera(0, opener=opening(hang), open_timeout_seconds=0.1)
    hung.set()


def test_a_fault_in_the_thread_reaches_the_caller() -> None:
    """An unforeseen error of the thread is raised to every caller that asks for a picture, at once."""

    def fault() -> float | None:
        raise MemoryError("no room")

    with Camera(0, opener=opening(ScriptedVideo(fault))) as camera:
        for _ in range(2):
            with pytest.raises(CameraLost, match=r"cannot be read any more \(MemoryError\('no room'\)\)"):
                camera.capture()


# --- real OpenCV: recordings ---


@pytest.fixture
def video_file(tmp_path: Path) -> Path:
    """A video of red, green and blue at 20 pictures a second."""
    import cv2

    path = tmp_path / "colours.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for red, green, blue in (RED, GREEN, BLUE):
        writer.write(np.full((48, 64, 3), (blue, green, red), np.uint8))
    writer.release()
    return path


def frames_until(camera: Camera, colour: tuple[int, int, int]) -> Iterator[Frame]:
    """Captures again and again until the condition holds, for at most five seconds."""
    give_up_at = time.monotonic() + 5
    while time.monotonic() < give_up_at:
        frame = camera.capture()
        yield frame
        if near(frame, colour):
            return
    pytest.fail("the recording never got there")


def pictures_of(source: str) -> list[Rgb]:
    """All pictures of a recording, as fast as they come."""
    with closing(open_video(source, VideoOptions())) as video:
        assert not video.live
        pictures = []
        while video.grab() is not None:
            rgb = video.rgb()
            assert rgb is not None
            pictures.append(rgb)
        return pictures


def test_a_video_file_has_its_colours_in_order(video_file: Path) -> None:
    """Every picture of the file comes once, in order, and red is red, not blue."""
    frames = [Frame(rgb, 0.0) for rgb in pictures_of(str(video_file))]
    assert [near(frame, colour) for frame, colour in zip(frames, (RED, GREEN, BLUE), strict=True)] == [True] * 3


def test_a_video_file_plays_at_its_own_pace(video_file: Path) -> None:
    """At 20 pictures a second the third one comes two intervals after the opening, and pictures never go back."""
    opened_at = time.monotonic()
    with Camera(str(video_file)) as camera:
        frames = list(frames_until(camera, BLUE))
    assert frames[-1].captured_at - opened_at >= 0.1
    order = [next(i for i, colour in enumerate((RED, GREEN, BLUE)) if near(frame, colour)) for frame in frames]
    assert order == sorted(order)


def test_a_finished_video_keeps_showing_its_last_picture(video_file: Path) -> None:
    """After its end a recording goes on as a still camera: the last picture, taken now."""
    with Camera(str(video_file)) as camera:
        list(frames_until(camera, BLUE))
        while "camera" in [thread.name for thread in threading.enumerate()]:
            assert near(camera.capture(), BLUE)
        called_at = time.monotonic()
        frame = camera.capture()
    assert near(frame, BLUE)
    assert frame.captured_at >= called_at


def test_numbered_pictures_are_a_recording(tmp_path: Path) -> None:
    """A printf-style pattern plays the pictures in the order of their numbers, from any first number, of any size."""
    for number, colour, size in ((98, RED, (8, 8)), (99, GREEN, (12, 8)), (100, BLUE, (8, 30))):
        Image.new("RGB", size, colour).save(tmp_path / f"shot_{number:02d}.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "shot_xx.png")
    pattern = str(tmp_path / "shot_%02d.png")
    assert [rgb.shape for rgb in pictures_of(pattern)] == [(8, 8, 3), (8, 12, 3), (30, 8, 3)]
    with Camera(pattern) as camera:
        *_, last = frames_until(camera, BLUE)
    assert last.rgb.shape == (30, 8, 3)


def test_a_broken_numbered_picture_is_named(tmp_path: Path) -> None:
    """If a numbered picture cannot be read, the error names its file."""
    (tmp_path / "a1.jpg").write_text("not a picture")
    with Camera(str(tmp_path / "a%d.jpg")) as camera, pytest.raises(PictureError, match=r"a1\.jpg is a text file"):
        camera.capture()


def test_a_broken_numbered_picture_among_good_ones_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The good pictures before and after it are shown, the log names it, and all damaged ones are counted."""
    for number, colour in ((1, RED), (4, BLUE)):
        Image.new("RGB", (8, 8), colour).save(tmp_path / f"a{number}.png")
    (tmp_path / "a2.png").write_text("not a picture")
    (tmp_path / "a3.png").write_bytes(b"")
    with Camera(str(tmp_path / "a%d.png")) as camera:
        list(frames_until(camera, BLUE))
        assert camera.damaged_pictures == 2
        while "camera" in [thread.name for thread in threading.enumerate()]:
            assert near(camera.capture(), BLUE)
    assert "a2.png is a text file" in caplog.text
    assert "a3.png is empty" not in caplog.text
    assert "2 of its pictures were damaged" in caplog.text


def test_damaged_pictures_at_the_beginning_are_passed_over(tmp_path: Path) -> None:
    """A recording whose first picture is damaged shows the second one."""
    (tmp_path / "a1.png").write_text("not a picture")
    Image.new("RGB", (8, 8), GREEN).save(tmp_path / "a2.png")
    with Camera(str(tmp_path / "a%d.png")) as camera:
        assert near(camera.capture(), GREEN)


# --- real OpenCV: streams ---


@pytest.mark.parametrize("with_lengths", [True, False], ids=["with lengths", "without lengths"])
def test_a_network_camera_gives_what_it_sent_after_the_call(with_lengths: bool) -> None:
    """A stream's picture was sent after the call, even if OpenCV holds each one back until the next begins."""
    with NetworkCamera(with_lengths=with_lengths) as server, Camera(server.url) as camera:
        for _ in range(5):
            called_at = time.monotonic()
            level = int(camera.capture().rgb[2, 2, 0])
            sent_at = server.sent_at[8 * round(level / 8)]
            assert sent_at >= called_at


def test_a_network_cameras_pictures_are_decoded_only_when_somebody_looks() -> None:
    """Waiting costs only the reading of bytes, and the last picture is decoded on request, the right way round."""
    with NetworkCamera() as server, closing(open_video(server.url, VideoOptions())) as video:
        assert isinstance(video, MjpegVideo)
        assert video.live
        for _ in range(3):
            assert video.grab() is not None
        rgb = video.rgb()
    assert rgb is not None
    assert (rgb.shape, rgb.dtype) == ((480, 640, 3), np.uint8)


@pytest.fixture(scope="module")
def full_size() -> Iterator[NetworkCamera]:
    """1920x1080, 30 a second, 330 kB each."""
    with NetworkCamera(size=(1920, 1080), interval_seconds=1 / 30, detailed=True) as server:
        yield server


def test_a_camera_of_full_size_gives_full_pictures_that_are_new(full_size: NetworkCamera) -> None:
    """Its size is known from the opening on; the closer look is the middle of all its pixels."""
    with Camera(full_size.url) as camera:
        assert camera.picture_size == (1920, 1080)
        for _ in range(3):
            called_at = time.monotonic()
            frame = camera.capture()
            assert frame.rgb.shape == (1080, 1920, 3)
            assert full_size.sent_at[8 * round(int(frame.rgb[2, 2, 0]) / 8)] >= called_at
        assert frame.middle().rgb.shape == (540, 960, 3)
        burst = camera.burst(3)
        assert {frame.rgb.shape for frame in burst} == {(1080, 1920, 3)}
        assert len(camera._recent) == 1, "each takes 6 MB"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel keeps no schedstat")
def test_a_camera_of_full_size_costs_next_to_nothing_while_nobody_asks(full_size: NetworkCamera) -> None:
    """At most 3 % of a core; decoding all of its pictures would take ten times as much and more."""

    def cpu_seconds() -> float:
        thread = next(thread for thread in threading.enumerate() if thread.name == "camera")
        return int(Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()[0]) / 1e9

    with Camera(full_size.url) as camera:
        camera.capture()
        before, began = cpu_seconds(), time.monotonic()
        threading.Event().wait(3.0)
        used, seconds = cpu_seconds() - before, time.monotonic() - began
    assert used / seconds <= 0.03


@pytest.mark.parametrize("cut", [0, 2, 300, 5000])
def test_a_damaged_jpeg_of_a_stream_is_passed_over(cut: int) -> None:
    """It is skipped without a word on the terminal, and the next one is used."""
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 90).save(buffer, "JPEG", quality=99)

    class Capture:
        def get(self, _: int) -> float:
            return 0.0

        def retrieve(self) -> tuple[bool, Rgb]:
            jpeg = np.frombuffer(buffer.getvalue(), np.uint8)
            return True, jpeg[:cut] if cut < 5000 else np.zeros((1, 700), np.uint8)

    assert MjpegVideo(Capture(), "stream", time.monotonic).rgb() is None  # type: ignore[arg-type]


def test_a_video_behind_an_address_is_a_recording(video_file: Path) -> None:
    """Its pictures are decoded one after the other, at its own pace."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(video_file.parent))

        def log_message(self, *_: object) -> None:
            """Prints nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="video server")
        thread.start()
        try:
            pictures = pictures_of(f"http://127.0.0.1:{server.server_address[1]}/{video_file.name}")
        finally:
            server.shutdown()
            thread.join()
    assert [near(Frame(rgb, 0.0), colour) for rgb, colour in zip(pictures, (RED, GREEN, BLUE), strict=True)] == [
        True
    ] * 3


def test_a_network_camera_that_was_cut_comes_back() -> None:
    """A cut connection costs one capture, and when the camera is back at its address, pictures come again."""
    with NetworkCamera() as server, Camera(server.url, read_timeout_seconds=0.5) as camera:
        camera.capture()
        server.cut()
        with pytest.raises(CameraLost, match=r"the camera at http://127\.0\.0\.1:\d+/stream has given no picture"):
            camera.capture(timeout_seconds=0.2)
        with NetworkCamera(port=server.port):
            assert camera.capture(timeout_seconds=10).rgb.shape == (480, 640, 3)


def test_a_network_camera_that_hung_is_opened_again() -> None:
    """OpenCV does not recover a stream that stalled beyond the read timeout, so it is opened anew."""
    with NetworkCamera() as server, Camera(server.url, read_timeout_seconds=0.3) as camera:
        camera.capture()
        server.sending.clear()
        with pytest.raises(CameraLost):
            camera.capture(timeout_seconds=0.5)
        server.sending.set()
        assert camera.capture(timeout_seconds=10).rgb.shape == (480, 640, 3)


def test_a_network_camera_that_is_not_there_is_missing() -> None:
    """The error names the address where nothing answers, without the password in it."""
    with NetworkCamera() as server:
        port = server.port
    with pytest.raises(CameraMissing) as caught:
        Camera(f"http://user:secret@127.0.0.1:{port}/stream")
    assert f"http://127.0.0.1:{port}/stream cannot be opened: check that it is switched on" in str(caught.value)
    assert "secret" not in str(caught.value)


# --- what is missing or no camera ---


def test_a_missing_device_is_named_with_what_to_do() -> None:
    """The error names the missing camera, the cameras that there are, and the setting to change."""
    with pytest.raises(CameraMissing, match=r"there is no camera at /dev/video63: .*seeing\.camera in config\.toml"):
        Camera(63)
    with pytest.raises(CameraMissing, match="there is no camera at /dev/video63"):
        Camera("/dev/video63")


def test_the_cameras_that_are_there_are_listed(tmp_path: Path) -> None:
    """Devices are listed in the order of their numbers, with their names where the system knows them."""
    dev, names = tmp_path / "dev", tmp_path / "names"
    dev.mkdir()
    for number in (10, 0, 2):
        (dev / f"video{number}").touch()
    (names / "video2").mkdir(parents=True)
    (names / "video2" / "name").write_text("HD Webcam\n")
    assert list_cameras(dev, names) == [f"{dev}/video0", f"{dev}/video2 (HD Webcam)", f"{dev}/video10"]
    assert list_cameras(tmp_path / "nothing", names) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "seeing.camera in config.toml is empty"),
        ("webcam", "there is no camera or file 'webcam': set seeing.camera"),
        ("{folder}/notes.mp4", "notes.mp4 is not a video that can be read"),
        ("{folder}", "is not a video that can be read"),
        ("{folder}/shot_%03d.png", "shot_%03d.png: no picture has such a name"),
        ("{folder}/none/shot_%03d.png", "shot_%03d.png: No such file or directory"),
    ],
)
def test_what_is_no_camera_is_refused_in_one_sentence(source: str, words: str, tmp_path: Path) -> None:
    """The error says what is wrong with the source and which setting to change."""
    (tmp_path / "notes.mp4").write_text("buy milk")
    with pytest.raises(CameraMissing) as caught:
        open_frame_source(source.format(folder=tmp_path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_source_is_opened_as_what_it_is(tmp_path: Path, video_file: Path) -> None:
    """A picture's name opens a still picture, a number a device, other files a video."""
    Image.new("RGB", (8, 8), BLUE).save(tmp_path / "Scene.PNG")
    with open_frame_source(f" {tmp_path / 'Scene.PNG'} ") as still:
        assert isinstance(still, StillPicture)
        assert near(still.capture(), BLUE)
    with open_frame_source(str(video_file)) as camera:
        assert isinstance(camera, Camera)
    with pytest.raises(CameraMissing, match="/dev/video63"):
        open_frame_source("63")


def test_sources_have_names_for_people() -> None:
    """Messages name a device by number and path, a stream by its address without the password."""
    assert describe(0) == "camera 0 (/dev/video0)"
    assert describe("/dev/v4l/by-id/usb-cam") == "the camera /dev/v4l/by-id/usb-cam"
    assert describe("rtsp://me:word@10.0.0.7:554/ch1?x=1") == "the camera at rtsp://10.0.0.7:554/ch1?x=1"


def test_opencv_stays_out_until_a_camera_is_opened_and_then_quiet() -> None:
    """Importing costs no OpenCV and no torch; a failed opening prints nothing of its own."""
    code = (
        "import sys, vision.camera, vision.preprocess\n"
        "assert not {'cv2', 'torch', 'transformers'} & set(sys.modules)\n"
        "from vision.errors import CameraMissing\n"
        f"for source in (63, 'http://127.0.0.1:9/none', {__file__!r}):\n"
        "    try: vision.camera.Camera(source)\n"
        "    except CameraMissing: pass\n"
        "assert 'cv2' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_settling_webcam_is_waited_for() -> None:
    """A device's first half second may be black or green, and is never given."""
    video = ScriptedVideo(lambda: -math.inf if ticking() and video.grabbed < 200 else time.monotonic())
    with Camera(0, opener=opening(video)) as camera:
        assert camera.capture().captured_at > 0
        assert video.grabbed >= 200


class Told:
    """What a camera told of its loss and its return, and when each can be waited for."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.lost, self.back = threading.Event(), threading.Event()

    def on_lost(self, sentence: str) -> None:
        self.sentences.append(sentence)
        self.lost.set()

    def on_back(self) -> None:
        self.back.set()


def test_a_camera_tells_of_its_loss_while_nobody_wants_a_picture() -> None:
    """Frozen for more than two seconds it is told to be lost, once, and at the next picture to be back."""
    going_on, told = threading.Event(), Told()
    going_on.set()

    def grab() -> float | None:
        going_on.wait(10)
        return ticking()

    with Camera(0, opener=opening(ScriptedVideo(grab)), on_lost=told.on_lost, on_back=told.on_back):
        going_on.clear()
        began = time.monotonic()
        assert told.lost.wait(10)
        assert 2.0 < time.monotonic() - began < 6.0
        assert not told.back.is_set()
        going_on.set()
        assert told.back.wait(10)
    assert len(told.sentences) == 1
    assert "camera 0 (/dev/video0) has given no picture for 2 s: check that it" in told.sentences[0]


def test_a_camera_whose_pictures_are_garbage_is_lost() -> None:
    """Parts that come in time but hold no picture count for nothing."""
    garbage, told = threading.Event(), Told()
    video = ScriptedVideo(ticking, lambda: None if garbage.is_set() else plain())
    with Camera(0, opener=opening(video), on_lost=told.on_lost, on_back=told.on_back):
        garbage.set()
        assert told.lost.wait(10)
        garbage.clear()
        assert told.back.wait(10)

"""Addresses that answer, but not as a camera does, are refused within the time limit.

The tests use real sockets on the loopback.
"""

from __future__ import annotations

import contextlib
import io
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from vision.camera import Camera
from vision.errors import CameraLost, CameraMissing

LIMIT_SECONDS = 1.0
LATE_SECONDS = 0.5

MULTIPART = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n\r\n"
VIDEO = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n"

Behaviour = Callable[[], Iterator[bytes]]  # gives what the server sends, piece by piece, until its client has gone


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def part(data: bytes) -> bytes:
    return b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(data), data)


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def again(piece: bytes, first: bytes = b"") -> Iterator[bytes]:
    yield first
    while True:
        yield piece


class BadCamera:
    """An HTTP server that reads the request and then behaves as the test says."""

    def __init__(self, behaviour: Behaviour, pause_seconds: float = 0.005) -> None:
        self._behaviour = behaviour
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.02)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/stream"
        self._serving: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="bad camera")

    def __enter__(self) -> BadCamera:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._accepting.join()
        for thread in self._serving:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listening.accept()
                connection.settimeout(0.2)
                thread = threading.Thread(target=self._serve, args=(connection,), name="bad camera's client")
                self._serving.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            for piece in self._behaviour():
                connection.sendall(piece)
                if self._stopping.wait(self._pause_seconds):
                    return


BEHAVIOURS: dict[str, Behaviour] = {
    "nothing": lambda: again(b""),
    "the connection is closed": lambda: iter(()),
    "garbage instead of HTTP": lambda: again(noise(20_000)),
    "endless header lines": lambda: again(b"X-A: b\r\n" * 100, b"HTTP/1.1 200 OK\r\n"),
    "an endless header line": lambda: again(b"y" * 1000, b"HTTP/1.1 200 OK\r\nX: "),
    "slow headers": lambda: again(b"y", b"HTTP/1.1 200 OK\r\nX: "),
    "nothing after the headers": lambda: again(b"", MULTIPART),
    "garbage as a video": lambda: again(noise(20_000), VIDEO),
    "slow garbage as a video": lambda: again(noise(100), VIDEO),
    "zeros as a video": lambda: again(bytes(20_000), VIDEO),
    "a web page": lambda: again(b"<p>Welcome to your camera.</p>\n" * 50, b"HTTP/1.1 200 OK\r\n\r\n"),
    "garbage between boundaries": lambda: again(part(noise(20_000)), MULTIPART),
    "slow garbage between boundaries": lambda: again(part(noise(300)), MULTIPART),
    "pictures' first bytes and garbage": lambda: again(part(b"\xff\xd8\xff\xe0" + noise(300)), MULTIPART),
    "the beginning of a picture": lambda: again(b"", MULTIPART + part(jpeg())[:2000]),
    "garbage with a video's marks": lambda: again(b"\0\0\x01\xb3" + noise(2000), VIDEO),
    "garbage with a sound's marks": lambda: again((b"\xff\xfb\x90\x00" + bytes(413)) * 4, VIDEO),
}


def the_camera_thread_has_ended() -> None:
    """Waits for the camera's threads, so that none outlives its test: reading garbage ends when the server has gone."""
    for thread in threading.enumerate():
        if thread.name == "camera":
            thread.join(10)


@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_what_is_no_stream_is_refused_in_time(behaviour: Behaviour) -> None:
    """Whatever the server sends, one sentence comes within the limit and half a second."""
    with BadCamera(behaviour) as server:
        began = time.monotonic()
        with pytest.raises(CameraMissing, match=r"the camera at http://127\.0\.0\.1:\d+/stream") as refused:
            Camera(server.url, open_timeout_seconds=LIMIT_SECONDS, read_timeout_seconds=LIMIT_SECONDS)
        assert time.monotonic() - began < LIMIT_SECONDS + LATE_SECONDS
        assert "\n" not in str(refused.value)
    the_camera_thread_has_ended()


@pytest.mark.parametrize("pictures", [1, 5])
@pytest.mark.parametrize("then", [noise(20_000), b"", part(noise(20_000))], ids=["garbage", "nothing", "bad parts"])
def test_a_stream_that_turns_into_garbage_is_lost_in_time(pictures: int, then: bytes) -> None:
    """The stream can be opened, because it did give a picture, and a later caller learns in time that no more come."""
    good = MULTIPART + part(jpeg()) * pictures
    with (
        BadCamera(lambda: again(then, good)) as server,
        Camera(server.url, open_timeout_seconds=LIMIT_SECONDS, read_timeout_seconds=LIMIT_SECONDS) as camera,
    ):
        time.sleep(0.2)  # until the good pictures are over
        began = time.monotonic()
        with pytest.raises(CameraLost, match="has given no picture for 1 s"):
            camera.capture(timeout_seconds=LIMIT_SECONDS)
        assert time.monotonic() - began < LIMIT_SECONDS + LATE_SECONDS
    the_camera_thread_has_ended()


def test_the_first_picture_of_a_stream_is_not_lost() -> None:
    """Opening waits for a picture that can be decoded, and passes it on with the good ones after it."""
    good = MULTIPART + part(noise(400)) + part(jpeg()) * 2
    with BadCamera(lambda: again(part(jpeg()), good)) as server, Camera(server.url) as camera:
        assert camera.capture().rgb.shape == (240, 320, 3)
    the_camera_thread_has_ended()

"""A network camera on the loopback: MJPEG over HTTP, that can hang, be cut, and come back at the same address."""

from __future__ import annotations

import http.server
import io
import threading
import time
from types import TracebackType

import numpy as np
from PIL import Image

# The pictures have 640x480 pixels, as a real camera's do. Of pictures under 2 kB without lengths, FFmpeg holds back two
# instead of one.
LEVELS = 32  # picture number n is grey 8 · (n mod 32), so that a picture tells when it was sent


class NetworkCamera:
    """Sends a new picture at equal intervals. `sent_at` holds when each grey level was last sent.

    A `detailed` picture has as many bytes as a webcam's own: 330 kB of 1920x1080. Grey is then only its first row of
    blocks.
    """

    def __init__(
        self,
        *,
        with_lengths: bool = True,
        port: int = 0,
        size: tuple[int, int] = (640, 480),
        interval_seconds: float = 0.02,
        detailed: bool = False,
    ) -> None:
        self._interval_seconds = interval_seconds
        scene = _scene(size) if detailed else None
        self._jpegs = [_jpeg(8 * number, size, scene) for number in range(LEVELS)]
        self.sent_at: dict[int, float] = {}
        self.sending = threading.Event()
        self.sending.set()
        self._with_lengths = with_lengths
        self._stopping = threading.Event()
        self._number = 0
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.serve(self)

            def log_message(self, *_: object) -> None:
                """Prints nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = False  # server_close() waits for its threads, so that none outlives a test
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/stream"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="network camera")
        self._thread.start()

    def serve(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        request.end_headers()
        try:
            while not self._stopping.wait(self._interval_seconds):
                if self.sending.is_set():
                    self._number += 1
                    request.wfile.write(self._part())
        except OSError:
            return  # the reader has gone

    def _part(self) -> bytes:
        level, jpeg = 8 * (self._number % LEVELS), self._jpegs[self._number % LEVELS]
        length = b"Content-Length: %d\r\n" % len(jpeg) if self._with_lengths else b""
        self.sent_at[level] = time.monotonic()
        return b"--picture\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + jpeg + b"\r\n"

    def cut(self) -> None:
        """Drop every connection and stop answering."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> NetworkCamera:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._stopping.is_set():
            self.cut()


def _scene(size: tuple[int, int]) -> np.ndarray:
    """Soft waves with a sensor's noise, (height, width, 3)."""
    width, height = size
    row, column = np.mgrid[0:height, 0:width]
    waves = 127 + 90 * np.sin(column / 60) * np.cos(row / 45)
    noise = np.random.default_rng(1).normal(0, 6, (height, width, 3))
    return np.clip(waves[..., None] + noise, 0, 255).astype(np.uint8)


def _jpeg(level: int, size: tuple[int, int], scene: np.ndarray | None) -> bytes:
    buffer = io.BytesIO()
    if scene is None:
        Image.new("RGB", size, (level, level, level)).save(buffer, "JPEG", quality=95)
    else:
        scene[:16] = level
        Image.fromarray(scene).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()

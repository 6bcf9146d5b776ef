"""The whole program with a model of full size in 6 GB: engine, ears, voice, reader of print and page in one process.

    pytest -m slow tests/test_small_memory.py -s      # prints the figures

The limit is on what the system cannot drop (RLIMIT_DATA: all private memory that may be written, whether it was touched
or not). The packed weights are a file, mapped read-only, and the rest of the 6 GB. The pages are taken back by the kernel
itself, as it does when memory is short (process_madvise with MADV_PAGEOUT). A model of three layers shows the same
within a minute or two. The one of full size is made for the run: 7.5 GB of random weights, published and packed, on a
real disk (`--basetemp FOLDER` names another one), and removed at the end.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from assistant.bench.material.random_model import CONFIG, random_checkpoint
from audio.pcm import AudioChunk
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests.virtual_sound import VirtualSoundCard, missing_tools
from vision.engine.packed.cache import weights_folder

ROOT = Path(__file__).parent.parent
IN_ALL_BYTES = 6_000_000_000
FULL_WEIGHTS_BYTES = 3_300_000_000  # packed
FEW_LAYERS: dict[str, Any] = {
    **CONFIG,
    "text_config": {**CONFIG["text_config"], "num_hidden_layers": 3},
    "vision_config": {**CONFIG["vision_config"], "depth": 4, "deepstack_visual_indexes": [0, 1, 2]},
}
START_SECONDS, TURN_SECONDS = 900.0, 300.0  # on a machine with twenty busy processes, packing alone took five minutes
PAGE = "The red box is on the table."

_PROCESS_MADVISE, _MADV_PAGEOUT = 440, 21  # Linux, the same on all processors
_AT_ONCE_BYTES = 1 << 30  # one call of process_madvise stops without a word at 2 GiB

pytestmark = [
    pytest.mark.slow,
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


class _Part(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Serving:
    """`seesay serve --with-voice` under the limit."""

    def __init__(self, card: VirtualSoundCard, folder: Path, cache: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [
                *(
                    "prlimit",
                    f"--data={IN_ALL_BYTES - FULL_WEIGHTS_BYTES}",
                    sys.executable,
                    "-m",
                    "assistant",
                    "serve",
                    "--with-voice",
                    "-v",
                ),
                *("--port", "0", "--config", str(folder / "config.toml")),
            ],
            env={**card.env, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder / "state"), **cache},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.messages: list[str] = []
        self._new: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def wait_for(self, words: str, seconds: float) -> str:
        """The first new message with these words."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._new.get(timeout=left)
            except queue.Empty:
                break
            if words in line:
                return line
        raise AssertionError(f"never said {words!r}, but: {self.messages}")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.messages.append(line)
            self._new.put(line)

    def bytes_of(self, key: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith(f"{key}:"))) * 1024

    def lose_pages(self, path: Path) -> None:
        """The kernel takes back every page of the mapped file. Skips where it does not let us."""
        parts = []
        for line in Path(f"/proc/{self.process.pid}/maps").read_text(encoding="utf-8").splitlines():
            if line.endswith(str(path)):
                first, end = (int(number, 16) for number in line.split()[0].split("-"))
                starts = range(first, end, _AT_ONCE_BYTES)
                parts += [_Part(start, min(end, start + _AT_ONCE_BYTES) - start) for start in starts]
        assert parts
        pidfd = os.pidfd_open(self.process.pid)
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            for part in parts:
                done = libc.syscall(_PROCESS_MADVISE, pidfd, ctypes.byref(part), 1, _MADV_PAGEOUT, 0)
                if done < 0:
                    pytest.skip(f"the kernel does not take the pages back ({os.strerror(ctypes.get_errno())})")
        finally:
            os.close(pidfd)
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard() as card:
        yield card


@pytest.fixture(params=["few layers", "full size"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The model's config, and the environment that says where its files are. They are removed at once, being large."""
    folder = tmp_path / "cache"
    yield CONFIG if request.param == "full size" else FEW_LAYERS, {"XDG_CACHE_HOME": str(folder)}
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(cache: tuple[dict[str, Any], dict[str, str]], tmp_path: Path) -> Path:
    """A page with a sentence, a spoken question, and the settings."""
    config, environment = cache
    page = Image.new("RGB", (1280, 720), (238, 236, 230))
    ImageDraw.Draw(page).text((120, 300), PAGE, (20, 20, 25), font=ImageFont.load_default(48))
    page.save(tmp_path / "page.png")
    with Synthesizer(rate_wpm=170) as voice:
        chunk = voice.synthesize("what is in front of me")
        quiet = np.zeros(chunk.sample_rate_hz // 4, np.int16)
        write_wav(
            tmp_path / "question.wav", AudioChunk(np.concatenate([quiet, chunk.samples, quiet]), chunk.sample_rate_hz)
        )
    bench = weights_folder({**os.environ, **environment}).with_name("bench")
    model = random_checkpoint(bench, lambda what, done, total: None, config)
    (tmp_path / "config.toml").write_text(
        f'[engine]\nmodel = "{model}"\nmax_new_tokens = 8\n[seeing]\ncamera = "{tmp_path / "page.png"}"\n',
        encoding="utf-8",
    )
    return tmp_path


def posted(address: str, picture: Path, **fields: str) -> str:
    """The body of the answer to a form with a picture."""
    edge = "edge-of-a-part"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="p.png"\r\nContent-Type: image/png\r\n\r\n'
    )
    body = b"".join(parts) + head.encode() + picture.read_bytes() + f"\r\n--{edge}--\r\n".encode()
    asked = urllib.request.Request(address, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
    with urllib.request.urlopen(asked, timeout=TURN_SECONDS) as answer:
        return str(answer.read().decode())


def test_everything_runs_in_6_gb_and_says_when_it_is_slow(
    card: VirtualSoundCard, cache: tuple[dict[str, Any], dict[str, str]], folder: Path
) -> None:
    """It loads, reads, answers page and voice, and tells a user whose answer waits for pages that were taken back."""
    with Serving(card, folder, cache[1]) as seesay:
        address = re.search(r"http://[\w.:]+", seesay.wait_for("the page and the API are at", START_SECONDS))
        assert address is not None
        seesay.wait_for("is ready after", START_SECONDS)
        read = json.loads(posted(f"{address[0]}/api/read", folder / "page.png"))
        assert PAGE in read["text"]
        began = time.monotonic()
        answered = posted(f"{address[0]}/api/ask", folder / "page.png", question="what is this")
        usual = time.monotonic() - began
        assert "event: done" in answered
        private, resident = seesay.bytes_of("VmData"), seesay.bytes_of("VmHWM")
        touched, files = seesay.bytes_of("RssAnon"), seesay.bytes_of("RssFile")
        packed = next(weights_folder({**os.environ, **cache[1]}).glob("Qwen3-VL-2B-random-*.packed"))
        assert resident - packed.stat().st_size <= IN_ALL_BYTES - FULL_WEIGHTS_BYTES
        seesay.lose_pages(packed)
        after = seesay.bytes_of("RssFile")
        assert after < 1_000_000_000
        began = time.monotonic()
        card.play_into_microphone(folder / "question.wav")
        told = seesay.wait_for("memory is short", TURN_SECONDS)
        waited = time.monotonic() - began
        turn = seesay.wait_for("first token", TURN_SECONDS)  # of the spoken question: it was answered to its end
        assert "first token -" not in turn
        answered = posted(f"{address[0]}/api/ask", folder / "page.png", question="what is this")
        assert "event: done" in answered
        assert seesay.process.poll() is None
        sys.stdout.write(
            f"private {private / 1e9:.2f} GB, of which {touched / 1e9:.2f} GB touched; packed {packed.stat().st_size / 1e9:.2f} GB, "
            f"resident {resident / 1e9:.2f} GB at most, files {files / 1e9:.2f} GB, and {after / 1e9:.2f} GB after they were taken "
            f"back; an answer by the page {usual:.1f} s; told after {waited:.1f} s: {told}{turn}"
        )

"""The reader of WAV files and hostile recordings."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import numpy as np
import soundfile

from audio.errors import WavError
from audio.wav import WavSource, read_wav
from tests.fuzz.door import Target, usual_faults

_LONGEST_SECONDS = 60.0


def wav(subtype: str, rate_hz: int, channels: int, kind: str = "WAV") -> bytes:
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, (80, channels)).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, subtype, format=kind)
    return file.getvalue()


def _seeds() -> list[bytes]:
    """A hundredth of a second in every encoding that is read, and some that are not."""
    kinds = [wav(s, 8000, c) for s in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE") for c in (1, 2)]
    return [*kinds, wav("PCM_16", 44_100, 1), wav("PCM_16", 16_000, 1, "WAVEX"), wav("PCM_16", 16_000, 1, "RF64")]


def _rewrite(seed: bytes, rng: random.Random) -> bytes:
    """Another header, with the sizes that belong to it or not: formats, channels, rates, widths."""
    rate = rng.choice((0, 1, 999, 1000, 8000, 44_100, 192_000, 655_350, 2**31 - 1, 2**32 - 1))
    channels, bits = rng.choice((0, 1, 2, 3, 255, 1024, 65_535)), rng.choice((0, 1, 4, 8, 12, 16, 24, 32, 64, 65_535))
    kind = rng.choice((1, 1, 1, 2, 3, 6, 7, 0x11, 0x31, 0x55, 0x161, 0xFFFE, rng.randrange(65_536)))
    width = channels * bits // 8 % 65_536 if rng.random() < 0.7 else rng.randrange(65_536)
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * width % 2**32, width, bits) + rng.randbytes(
        rng.choice((0, 2, 24))
    )
    data = rng.randbytes(rng.choice((0, 1, 2, 160, 400)))
    size = len(data) if rng.random() < 0.5 else rng.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 1_000_000))
    chunks = [(b"fmt ", head, len(head)), (b"data", data, size)]
    if rng.random() < 0.4:
        extra = rng.randbytes(rng.choice((0, 4, 26, 200)))
        name = rng.choice(
            (b"fact", b"LIST", b"bext", b"cue ", b"smpl", b"PEAK", b"ds64", b"id3 ", b"cart", b"fmt ", b"data")
        )
        chunks.insert(rng.randrange(3), (name, extra, rng.choice((len(extra), 0, 2**31, 2**32 - 1))))
    body = b"WAVE" + b"".join(name + struct.pack("<I", length) + content for name, content, length in chunks)
    return rng.choice((b"RIFF", b"RIFF", b"RIFF", b"RIFX", b"RF64")) + struct.pack("<I", len(body)) + body


def _read(data: bytes, folder: Path) -> None:
    path = folder / "recording.wav"
    path.write_bytes(data)
    for _ in WavSource(path, max_seconds=_LONGEST_SECONDS).chunks():
        pass
    read_wav(path, max_seconds=_LONGEST_SECONDS)


TARGET = Target(
    "wav",
    _seeds,
    _read,
    (WavError,),
    tokens=(b"RIFF", b"WAVE", b"fmt ", b"data", b"LIST", b"fact", b"ds64"),
    rewrite=_rewrite,
)


def test_a_hostile_recording_is_refused_with_a_sentence() -> None:
    """Whatever the file holds, there is sound or one WavError."""
    assert usual_faults(TARGET) == []

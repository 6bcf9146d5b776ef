"""Speaks with flite, which joins pieces of recorded speech: without it the model would know only espeak-ng.

It knows the command `flite` and the phones that it prints, but nothing of training.
"""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import numpy as np

from audio.demo_model.synthesis.speech import Speech
from audio.demo_model.words import phones


def speak(text: str, voice: str, scratch_wav: Path, stretch: float = 1.0, mean_pitch_hz: float | None = None) -> Speech:
    """Speaks `text` in a flite voice. A `stretch` above 1 is slower. Overwrites `scratch_wav`."""
    command = ["flite", "-voice", voice, "-psdur", "--setf", f"duration_stretch={stretch:.2f}"]
    if mean_pitch_hz is not None:
        command += ["--setf", f"int_f0_target_mean={mean_pitch_hz:.0f}"]
    command += ["-t", text, "-o", str(scratch_wav)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with wave.open(str(scratch_wav)) as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
    pairs = [item.rsplit(":", 1) for item in printed.split()]  # "phone:end in seconds"
    starts = [0.0] + [float(end) * rate_hz for _, end in pairs[:-1]]
    names = phones.from_flite([name for name, _ in pairs])
    return Speech(samples, rate_hz, tuple(zip(starts, names, strict=True)))

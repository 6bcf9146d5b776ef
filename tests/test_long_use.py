"""`seesay run` in long use, through its ears: hundreds of spoken turns, and minutes of noise that never pauses.

    pytest -m slow tests/test_long_use.py -s      # prints the figures; takes about 40 minutes

`seesay soak` asks typed questions and never touches Vosk or PortAudio; this test speaks into a virtual sound card.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.bench.soaking.slope import Slope, climbs, slope_of
from audio.pcm import AudioChunk
from audio.wav import write_wav
from tests.test_whole import RunningSeeSay, folder, wait_for_quiet
from tests.virtual_sound import RATE_HZ, VirtualSoundCard, missing_tools

TURNS = 300
NOISE_SECONDS = 600.0
SAMPLE_SECONDS = 5.0
WARM_UP_TURNS = 30  # the first turns fill the caches of the voice and of the allocator
# The recogniser keeps the memory that its hardest utterance so far took, and noise is harder than words. Ten minutes of
# noise took 34 MB: 27 MB in the first minute, and nothing in the second half.
WARM_UP_SECONDS = NOISE_SECONDS / 2
MOST_BYTES_BY_NOISE = 64e6
# A small PC has some 2 GB left beside the full model. At these slopes a day with a question a minute, or with noise
# only, takes less than a quarter of them.
MOST_BYTES_A_TURN = 300e3
MOST_BYTES_A_MINUTE_OF_NOISE = 300e3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]

__all__ = ["folder"]  # the fixture: the picture, the spoken words, the settings


def anonymous_bytes(seesay: RunningSeeSay) -> float:
    """What the process has allocated; pages of files, such as the weights, do not count."""
    status = Path(f"/proc/{seesay.process.pid}/status").read_text()
    return float(status.split("RssAnon:")[1].split()[0]) * 1024


def workshop_noise(seconds: float) -> npt.NDArray[np.int16]:
    """Noise without words that the detector takes for speech again and again: a fan, a hum that wavers, clanks."""
    random = np.random.default_rng(20260101)
    count = int(seconds * RATE_HZ)
    time_s = np.arange(count, dtype=np.float32) / RATE_HZ
    fan = np.convolve(random.normal(0, 1, count).astype(np.float32), np.ones(24, np.float32) / 24, "same") * 3000
    hum = 1500 * (1 + np.sin(2 * np.pi * 3.1 * time_s)) * np.sign(np.sin(2 * np.pi * 140 * time_s))
    clanks = np.zeros(count, np.float32)
    ring = np.exp(-np.arange(RATE_HZ // 4) / (RATE_HZ / 30)) * np.sin(
        2 * np.pi * 1900 * np.arange(RATE_HZ // 4) / RATE_HZ
    )
    for begin in random.integers(0, count - len(ring), int(seconds * 1.5)):
        clanks[begin : begin + len(ring)] += 9000 * ring.astype(np.float32)
    return np.clip(fan + hum + clanks, -32_000, 32_000).astype(np.int16)


def ask(seesay: RunningSeeSay, card: VirtualSoundCard, wav: Path) -> tuple[str, str]:
    """Asks aloud, and waits until the answer has been spoken. Returns what was heard, and the answer."""
    with card.record_loudspeaker() as recording:
        card.play_into_microphone(wav)
        turn = seesay.answer()
        wait_for_quiet(recording, 0.4)
    return str(turn["heard"]), str(turn["answer"])


def tell(what: str, slope: Slope, counts: list[tuple[int, int]]) -> None:
    sys.stdout.write(f"{what}: {slope} kB, threads and files {counts[0]} -> {counts[-1]}\n")


def test_neither_turns_nor_noise_make_it_grow(folder: Path) -> None:
    """In 300 spoken turns and ten minutes of noise all answers are right, and memory, threads and files do not grow."""
    noise_wav = folder / "noise.wav"
    write_wav(noise_wav, AudioChunk(workshop_noise(60.0), RATE_HZ))
    # The picture stays current for an hour, so that "where is it" always has the question before it to refer to.
    config = (folder / "config.toml").read_text(encoding="utf-8") + "[conversation]\npicture_seconds = 3600.0\n"
    (folder / "long.toml").write_text(config, encoding="utf-8")
    questions = [("color", "The circle is red."), ("where", "The circle is at the top left.")]
    turn_bytes: list[float] = []
    noise_times: list[float] = []
    noise_bytes: list[float] = []
    turn_counts: list[tuple[int, int]] = []
    noise_counts: list[tuple[int, int]] = []
    wrong: list[str] = []
    with VirtualSoundCard() as card, RunningSeeSay(card, folder, "long.toml") as seesay:
        with card.record_loudspeaker() as greeting:
            seesay.wait_for_message("listening")
            wait_for_quiet(greeting)

        def turns(count: int) -> None:
            for turn in range(count):
                name, right = questions[turn % 2]
                heard, answer = ask(seesay, card, folder / f"{name}.wav")
                wrong.extend([] if answer == right else [f"turn {turn}, {heard!r}: {answer}"])
                turn_bytes.append(anonymous_bytes(seesay))
                turn_counts.append(seesay.threads_and_files())

        turns(TURNS // 2)
        began = time.monotonic()
        while time.monotonic() < began + NOISE_SECONDS:
            player = card.play_into_microphone(noise_wav, wait=False)
            while player.poll() is None:
                noise_times.append(time.monotonic() - began)
                noise_bytes.append(anonymous_bytes(seesay))
                noise_counts.append(seesay.threads_and_files())
                threading.Event().wait(SAMPLE_SECONDS)
        with card.record_loudspeaker() as last_answer:  # words may have been heard in the noise, and were answered
            card.play_into_microphone(folder / "help.wav")
            wait_for_quiet(last_answer, 3.0)
        seesay.forget_answers()
        turns(TURNS - TURNS // 2)
        seesay.interrupt()
        assert seesay.process.returncode == 0
    halves = [turn_bytes[WARM_UP_TURNS : TURNS // 2], turn_bytes[TURNS // 2 :]]  # the noise lies between them
    slopes = [slope_of(range(len(half)), [each / 1e3 for each in half]) for half in halves]
    warm = sum(each < WARM_UP_SECONDS for each in noise_times)
    a_minute = slope_of([each / 60 for each in noise_times[warm:]], [each / 1e3 for each in noise_bytes[warm:]])
    assert a_minute is not None
    for slope in slopes:
        assert slope is not None
        tell("a turn", slope, turn_counts)
    tell("a minute of noise", a_minute, noise_counts)
    sys.stdout.write(
        f"MB after {WARM_UP_TURNS} turns {turn_bytes[WARM_UP_TURNS] / 1e6:.0f}, before the noise"
        f" {turn_bytes[TURNS // 2 - 1] / 1e6:.0f}, after it {turn_bytes[TURNS // 2] / 1e6:.0f}, at the end"
        f" {turn_bytes[-1] / 1e6:.0f}\n"
    )
    assert wrong == []
    assert all(slope is not None and slope.value * 1e3 < MOST_BYTES_A_TURN for slope in slopes)
    assert a_minute.value * 1e3 < MOST_BYTES_A_MINUTE_OF_NOISE
    assert turn_bytes[TURNS // 2] - turn_bytes[TURNS // 2 - 1] < MOST_BYTES_BY_NOISE
    for counts in (turn_counts, noise_counts):
        threads, files = zip(*counts, strict=True)
        assert not climbs(threads)
        assert not climbs(files)

"""Stop words over the assistant's own voice: how many are missed, how late they come, and does it stop itself?

Everything is synthetic speech: the assistant's voice as it ships, 12 dB below the user, who speaks in voices that the
recogniser was not trained on. The sound is mixed as arrays and fed with its times, because ten minutes then take
seconds. One test runs the program itself on the virtual sound card. To run everything, with the figures printed:

    pytest -m "slow or not slow" -s tests/test_stop_word.py
"""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from assistant.bench.accuracy.stop_rates import ANSWERS, STOP_PHRASES
from assistant.language.phrases import phrases_for
from assistant.language.sentences import split_sentences
from assistant.models import catalog
from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
from audio.listening.barge_in import StopListener, StopSettings, VoskSpotter, level_of
from audio.pcm import AudioChunk, Samples, resample
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav
from tests import virtual_sound
from tests.virtual_sound import VirtualSoundCard, missing_tools

RATE_HZ = 16_000
CHUNK = 480
LEAK_DB = -12.0
DELAY_SECONDS = 0.1  # from the program over the loudspeaker and the microphone back to it
CARD_REPEATS = 50
OWN_SPEECH_SECONDS = 600

HELP = tuple(split_sentences(phrases_for("en").help))


@dataclass(frozen=True)
class Speech:
    """The assistant's own speech, sentence after sentence, and which words it said when."""

    samples: Samples
    begins: tuple[tuple[float, str], ...]

    def words_at(self, seconds: float) -> str:
        """The words of the sentence at this time and of the one before."""
        return " ".join([text for begin, text in self.begins if begin <= seconds][-2:])


def own_speech(seconds: float, sentences: tuple[str, ...] = ANSWERS, rate_wpm: int = 230) -> Speech:
    pieces: list[Samples] = []
    begins: list[tuple[float, str]] = []
    length = 0
    with Synthesizer(rate_wpm=rate_wpm) as voice:
        rendered = {text: resample(voice.synthesize(text).samples, 22_050, RATE_HZ) for text in sentences}
    for text in itertools.cycle(sentences):
        begins.append((length / RATE_HZ, text))
        pieces.append(rendered[text])
        length += len(rendered[text])
        if length >= seconds * RATE_HZ:
            return Speech(np.concatenate(pieces)[: round(seconds * RATE_HZ)], tuple(begins))
    raise AssertionError("no sentences")


def rms(samples: Samples) -> float:
    """The level of the parts that sound, without the pauses."""
    loud = samples[np.abs(samples.astype(np.int32)) > 100]
    return level_of(loud)


def scaled(samples: Samples, to_rms: float) -> Samples:
    return np.clip(samples * (to_rms / rms(samples)), -32768, 32767).astype(np.int16)


def user_says(text: str, voice: str, rate_wpm: int) -> Samples:
    """The user's word to its last audible sample, at a speaking level."""
    with Synthesizer(voice=voice, rate_wpm=rate_wpm) as speaker:
        samples = resample(speaker.synthesize(text).samples, 22_050, RATE_HZ)
    samples = scaled(samples, 3000.0)
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > 0.03 * np.abs(samples.astype(np.int32)).max())
    return samples[: audible[-1] + 1]


@cache
def spotter() -> VoskSpotter:
    return VoskSpotter(catalog.demo_speech("en"), STOP_PHRASES)


def stops(samples: Samples, own: Samples, settings: StopSettings | None = None) -> Iterator[tuple[float, str]]:
    """The times at which a stop was told, computing included, and its word. `own` is its own speech in the samples.

    Computing is counted as this thread's own time, so that it does not matter what else the machine does.
    """
    clock = time.thread_time

    def played(started_at: float, count: int) -> Samples | None:
        """Its own speech left for the loudspeaker DELAY_SECONDS before it is in the samples."""
        place = round((started_at + DELAY_SECONDS) * RATE_HZ)
        part = own[max(0, place) : place + count]
        return np.pad(part, (max(0, -place), count - max(0, -place) - len(part)))

    listener = StopListener(spotter(), STOP_PHRASES, settings, clock=clock, played=played)
    for begin in range(0, len(samples) - CHUNK + 1, CHUNK):
        now = begin / RATE_HZ
        started = clock()
        heard = listener.hear(AudioChunk(samples[begin : begin + CHUNK], RATE_HZ, now))
        if heard is not None:
            yield now + CHUNK / RATE_HZ + clock() - started, heard.text


def mixed(leak: Samples, word: Samples, at_seconds: float) -> Samples:
    mix = leak.astype(np.int32)
    begin = round(at_seconds * RATE_HZ)
    mix[begin : begin + len(word)] += word
    return np.clip(mix, -32768, 32767).astype(np.int16)


@dataclass(frozen=True)
class Repeats:
    latencies: tuple[float, ...]  # seconds from the end of the word to StopHeard
    missed: tuple[str, ...]

    def __str__(self) -> str:
        told = len(self.latencies)
        ms = [round(1000 * seconds) for seconds in self.latencies] or [-1]
        return (
            f"{told} of {told + len(self.missed)} heard, {statistics.median(ms):.0f} ms median, {max(ms)} ms worst; "
            f"missed: {', '.join(self.missed) or 'none'}"
        )


def repeat(count: int, leak_db: float = LEAK_DB, text: str = "stop", settings: StopSettings | None = None) -> Repeats:
    """Says the word at `count` places in the assistant's speech, in one voice and rate after the other."""
    own = own_speech(60.0, (*ANSWERS, *HELP))
    leak = replace(own, samples=scaled(own.samples, 3000.0 * 10 ** (leak_db / 20)))
    speakers = list(itertools.product((200, 230, 260), HELD_OUT_VOICES))
    words = [user_says(text, voice, rate) for rate, voice in speakers]
    random = np.random.default_rng(4)
    latencies, missed = [], []
    for number in range(count):
        word = words[number % len(words)]
        begin = random.uniform(0.0, 52.0)
        at = random.uniform(3.0, 4.5)
        piece = leak.samples[round(begin * RATE_HZ) : round((begin + at + 2.0) * RATE_HZ)]
        ended = at + len(word) / RATE_HZ
        # A stop word is often told before its last sample, because the vowel and the closing of the lips are enough.
        told = [when for when, _ in stops(mixed(piece, word, at), piece, settings) if at < when]
        if told and told[0] - ended < 1.0:
            latencies.append(told[0] - ended)
        else:
            rate, voice = speakers[number % len(words)]
            missed.append(f"{voice}@{rate}")
    return Repeats(tuple(latencies), tuple(missed))


def self_interruptions(seconds: float, leak_db: float = LEAK_DB, rate_wpm: int = 230) -> list[tuple[float, str, str]]:
    """The times at which the assistant stopped itself, with the word and the sentence."""
    own = own_speech(seconds, (*ANSWERS, *HELP), rate_wpm)
    leak = scaled(own.samples, 3000.0 * 10 ** (leak_db / 20))
    return [(when, word, own.words_at(when)) for when, word in stops(leak, leak)]


def report(line: str) -> None:
    """Prints the figures, which `pytest -s` shows."""
    sys.stdout.write(f"\n{line}\n")


def test_the_user_s_stop_is_heard_over_the_assistant_s_voice() -> None:
    """Of ten stops in six voices none is missed, and each is told within 350 ms, which leaves 50 ms for the
    loudspeaker.
    """
    result = repeat(10)
    report(f"stop over own speech at {LEAK_DB} dB: {result}")
    assert result.missed == ()
    assert max(result.latencies) < 0.35


def test_the_assistant_does_not_stop_itself() -> None:
    """It does not stop itself in any of its sentences, with "top", "step" and "spot", nor in its help, which says
    "stop".
    """
    assert self_interruptions(60.0) == []


@pytest.mark.slow
def test_fifty_stops() -> None:
    """Measures the figures of docs/echo.md. With its voice only 9 dB below the user's, some stops are missed."""
    report(f"stop over own speech at -9 dB: {repeat(50, -9.0)}")
    result = repeat(50)
    report(f"stop over own speech at {LEAK_DB} dB: {result}")
    assert result.missed == ()
    assert max(result.latencies) < 0.35  # 50 ms are left for the loudspeaker's buffer


@pytest.mark.slow
@pytest.mark.parametrize("leak_db", [-12.0, 0.0])
def test_ten_minutes_of_its_own_speech(leak_db: float) -> None:
    """It never stops itself, however loud its voice is in the microphone."""
    found = self_interruptions(600.0, leak_db)
    report(f"ten minutes of own speech at {leak_db} dB: {len(found)} self-interruptions {found[:5]}")
    assert found == []


def silent_after(recording: Samples, from_seconds: float, for_seconds: float = 0.8) -> float | None:
    """Seconds from the start of the recording until the loudspeaker became silent; None if it did not."""
    rate = virtual_sound.RATE_HZ
    loud = np.flatnonzero(np.abs(recording.astype(np.int32)) > 200)
    ends = [*loud[np.flatnonzero(np.diff(loud) > for_seconds * rate)], loud[-1]]
    found = [end / rate for end in ends if end / rate >= from_seconds and len(recording) - end > for_seconds * rate]
    return float(found[0]) if found else None


def leak(card: VirtualSoundCard) -> None:
    """Makes its voice leak into the microphone.

    The user's word is brought to the level of its vowels, so that the difference is 12 dB.
    """
    card.pactl("load-module", "module-loopback", "source=spk.monitor", "sink=mic_in", "latency_msec=20")
    loopback = card.pactl("list", "short", "sink-inputs").split()[0]
    card.pactl("set-sink-input-volume", loopback, f"{LEAK_DB}dB")


@contextlib.contextmanager
def speaking_program(card: VirtualSoundCard, folder: Path, seconds: int) -> Iterator[subprocess.Popen[str]]:
    """The program of `stop_word_program`, once it is ready."""
    environment = {**card.env, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.stop_word_program", str(seconds)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=os.fspath(folder),
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        yield program
        program.terminate()


@pytest.mark.slow
@pytest.mark.device
@pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))
def test_no_self_interruption_on_the_virtual_sound_card(tmp_path: Path) -> None:
    """It does not stop itself in ten minutes of its own speech that leaks into the microphone at -12 dB."""
    with VirtualSoundCard() as card:
        leak(card)
        with speaking_program(card, tmp_path, OWN_SPEECH_SECONDS) as program:
            assert program.stdout is not None
            heard = program.stdout.read().split()
            assert program.wait() == 0, "it did not speak to the end"
    report(f"on the sound card, {OWN_SPEECH_SECONDS} s of its own speech: {len(heard)} self-interruptions {heard}")
    assert heard == []


@pytest.mark.slow
@pytest.mark.device
@pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools()))
def test_silence_on_the_virtual_sound_card(tmp_path: Path) -> None:
    """The loudspeaker falls silent soon after a stop word, while its voice leaks into the microphone at -12 dB."""
    latencies, missed = [], []
    voices = itertools.cycle(itertools.product((200, 230, 260), HELD_OUT_VOICES))
    with VirtualSoundCard() as card:
        leak(card)
        with speaking_program(card, tmp_path, 900):
            for rate_wpm, voice in itertools.islice(voices, CARD_REPEATS):
                word = scaled(user_says("stop", voice, rate_wpm), rms(own_speech(3.0).samples))
                write_wav(tmp_path / "stop.wav", AudioChunk(word, RATE_HZ))
                threading.Event().wait(5.0)  # it is silent for two seconds after the last stop and then speaks again
                with card.record_loudspeaker() as recording, card.record_microphone() as microphone:
                    card.play_into_microphone(tmp_path / "stop.wav")
                    threading.Event().wait(1.5)
                ended = microphone.end_of(word, RATE_HZ) - recording.started_at
                silent = silent_after(recording.samples, ended - len(word) / RATE_HZ)
                if silent is None or silent - ended > 1.2:
                    missed.append(f"{voice}@{rate_wpm}")
                else:
                    latencies.append(silent - ended)
    result = Repeats(tuple(latencies), tuple(missed))
    report(f"on the sound card, to silence: {result}")
    assert result.missed == ()
    assert max(result.latencies) < 0.4

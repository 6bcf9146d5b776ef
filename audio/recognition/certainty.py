"""Tells how surely an utterance was understood, by hearing it twice: as it was said, and a little faster.

Vosk's own confidence compares the words with the others that the recogniser considered. If none of these is what was
said, a wrong word gets a confidence of 1.0. Words that are really there are also heard when the sound is a little
faster; a word that only happens to fit comes out as another one. So both count. Measured on synthetic voices, in
silence, rooms and noise: `python -m assistant.bench.accuracy.confidence` prints it for any model.

With the embedded model that separates no better than Vosk's mean confidence, with a limit for it of 0.94. It is there
for models in the published layout: they make words of clicks and tones with a confidence of 1.0, which are other words
at the other speed. docs/hearing.md has the figures.

It costs a second recogniser that shares the model: its computing time, and no delay worth mentioning, since it is fed
while the user speaks. It does not know what the words are for.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from audio.pcm import SPEECH_FORMAT, Samples
from audio.recognition.transcriber import Transcriber, Transcript, warming_noise

_log = logging.getLogger(__name__)

FASTER = 1.07  # so much faster is the second sound, and so much higher
# The chance that every word is right is the logistic function of this sum. The two weights lie between the fits to two
# sets of development voices, on the embedded model, as neither may be relied on alone: a new model may be sharper or
# blunter than this one. docs/hearing.md has the figures.
OFFSET = -14.4
FOR_CONFIDENCE = 10.0  # times Vosk's mean confidence, 0..1
FOR_AGREEMENT = 6.0  # times the share of words that were heard both times, 0..1

UNDERSTOOD_CONFIDENCE = 0.1  # with less nothing was understood, and there is nothing to read back

# A model that is so slow that the second recogniser would take this share of a core is heard once only.
MOST_COST = 0.3  # seconds of computing for a second of sound
_COST_KNOWN_SECONDS = 6.0  # of sound, before that is judged


class TwiceHeard:
    """A `Transcriber` that hears with `first`, and takes `second` to see how sure its words are.

    Both must know the same words. `clock` counts this thread's computing time, in seconds.
    """

    def __init__(self, first: Transcriber, second: Transcriber, clock: Callable[[], float] = time.thread_time) -> None:
        self._first = first
        self._second: Transcriber | None = second
        self._clock = clock
        self._faster = Faster(FASTER)
        self._heard_seconds = self._cost_seconds = 0.0

    def warm(self) -> None:
        """Has both decode a moment of noise, so that the first utterance takes no longer than the others."""
        for one in (self._first, self._second):
            if one is not None:
                one.accept(warming_noise())
                one.finish()

    def accept(self, samples: Samples) -> None:
        self._first.accept(samples)
        if self._second is not None:
            began = self._clock()
            self._second.accept(self._faster.push(samples))
            self._cost_seconds += self._clock() - began
            self._heard_seconds += SPEECH_FORMAT.seconds_of(len(samples))

    def finish(self) -> Transcript:
        heard = self._first.finish()
        if self._second is None:
            return heard
        again = self._second.finish()
        self._faster = Faster(FASTER)
        self._watch_cost()
        if not heard.text:
            return heard
        return replace(heard, confidence=certainty(heard, again.text), own_confidence=heard.confidence)

    def reset(self) -> None:
        self._first.reset()
        if self._second is not None:
            self._second.reset()
        self._faster = Faster(FASTER)

    def _watch_cost(self) -> None:
        if self._heard_seconds < _COST_KNOWN_SECONDS:
            return
        if self._cost_seconds > MOST_COST * self._heard_seconds:
            _log.warning(
                "the speech model takes %.2f s for a second of sound, so it is asked once and not twice, and is "
                "surer of wrong words", self._cost_seconds / self._heard_seconds,
            )  # fmt: skip
            self._second = None
        self._heard_seconds = self._cost_seconds = 0.0


def certainty(heard: Transcript, again: str) -> float:
    """The chance, 0..1, that all words of `heard` are right, where `again` is what was heard at the other speed."""
    sum_ = OFFSET + FOR_CONFIDENCE * heard.confidence + FOR_AGREEMENT * agreement(heard.text.split(), again.split())
    return 1.0 / (1.0 + math.exp(-sum_))


def agreement(words: Sequence[str], others: Sequence[str]) -> float:
    """1 less the words that must be changed, added or dropped, as a share of `words`; 0 at least."""
    row = list(range(len(others) + 1))
    for index, word in enumerate(words, 1):
        diagonal, row[0] = row[0], index
        for at, other in enumerate(others, 1):
            diagonal, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, diagonal + (word != other))
    return max(0.0, 1.0 - row[-1] / max(1, len(words)))


class Faster:
    """Plays a stream of samples `factor` times as fast, by linear interpolation."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._last: npt.NDArray[np.int16] = np.empty(0, np.int16)  # the last sample, once there is one
        self._next = 0.0  # where the next sample to give out lies, counted from the last one

    def push(self, samples: Samples) -> Samples:
        """The next samples of the faster stream. It may hold one back."""
        whole = np.concatenate([self._last, samples])
        if len(whole) < 2:
            self._last = whole
            return np.empty(0, np.int16)
        places = np.arange(self._next, len(whole) - 1, self._factor)
        self._next = float(places[-1] + self._factor if len(places) else self._next) - (len(whole) - 1)
        self._last = whole[-1:]
        faster: Samples = np.rint(np.interp(places, np.arange(len(whole)), whole)).astype(np.int16)
        return faster

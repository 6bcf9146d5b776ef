"""Judges by the words whether the user has finished or only paused, a moment after the sound of speech has stopped.

A VAD alone cannot tell: in noise it misses soft consonants, and people stop to think in mid-sentence. So the last
second is decoded as a closed window. The pause counts when the recogniser, too, has heard the last word end, and that
word can end a question or a command. The partial result of the streaming recogniser is of no use here, because it
lags 0.2 to 0.3 s behind, which is just the last word. It does not know what a pause leads to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audio.listening.barge_in import SpottedWord, Spotter
from audio.pcm import SPEECH_FORMAT, Samples

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PauseSettings:
    min_silence_seconds: float = 0.09  # silence after the last word, as the recogniser hears it
    # A recogniser that expects whole sentences invents a last word where there is none. Such a word is short and
    # doubtful.
    min_word_seconds: float = 0.12
    min_confidence: float = 0.6
    max_cost_seconds: float = 0.1  # a window that takes longer would delay the words of the utterance itself
    patience: int = 3  # after this many slow windows in a row the machine has no time for it
    rest_windows: int = 60  # then it skips this many windows, about ten questions, before it tries again


class WordsEnded:
    """A `hearing.PauseEar` that uses a Spotter without a grammar, which knows every word of the model."""

    def __init__(
        self,
        spotter: Spotter,
        ends_open: Callable[[str], bool],
        settings: PauseSettings | None = None,
        *,
        wanted: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """`ends_open(text)` is true when more words must follow the text. While `wanted()` is false nothing is decoded.

        `clock` counts computing time, so that a busy machine does not make the recogniser look slow.
        """
        self._spotter = spotter
        self._ends_open = ends_open
        self._settings = settings or PauseSettings()
        self._wanted = wanted
        self._clock = clock
        self._slow = 0  # slow windows in a row
        self._rest = 0  # windows to skip
        self._warned = False

    def forget(self) -> None:
        pass

    def has_ended(self, samples: Samples) -> bool:
        if not self._wanted():
            return False
        if self._rest > 0:
            self._rest -= 1
            return False
        began = self._clock()
        words = self._spotter.spot(samples)
        self._watch_cost(self._clock() - began)
        seconds = SPEECH_FORMAT.seconds_of(len(samples))
        return words_ended(words, seconds, self._ends_open, self._settings)

    def _watch_cost(self, seconds: float) -> None:
        self._slow = self._slow + 1 if seconds > self._settings.max_cost_seconds else 0
        if self._slow < self._settings.patience:
            return
        self._slow, self._rest = 0, self._settings.rest_windows
        if not self._warned:
            _log.warning("the speech model takes %.2f s to judge a pause: that you were heard is told later", seconds)
        self._warned = True


class JudgedBeside:
    """A `hearing.PauseEar` that asks another one on a thread of its own, so that hearing never waits for it.

    With a large model the first windows take a second and more, and in that time no sound would be taken. The newest
    window is judged; the answer comes with one of the next chunks of the same pause. `warm` is called first, on that
    thread.
    """

    def __init__(self, ear: WordsEnded, warm: Callable[[], object] = lambda: None) -> None:
        self._ear = ear
        self._warm = warm
        self._changed = threading.Condition()  # whoever reads or writes the fields below holds it
        self._window: Samples | None = None  # the newest one that is not judged yet
        self._pause = 0  # its number, so that the answer to an earlier pause is dropped
        self._ended_pause = -1  # the last pause that was judged to be the end
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="pauses", daemon=True)
        self._thread.start()

    def has_ended(self, samples: Samples) -> bool:
        with self._changed:
            if self._ended_pause == self._pause:
                return True
            self._window = samples
            self._changed.notify()
        return False

    def forget(self) -> None:
        with self._changed:
            self._pause += 1
            self._window = None

    def close(self) -> None:
        """Ends the thread, which is not waited for: it may be in the middle of a window."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        try:
            self._warm()
            while (work := self._next()) is not None:
                pause, window = work
                ended = self._ear.has_ended(window)
                with self._changed:
                    if ended:
                        self._ended_pause = pause
        except Exception:  # noqa: BLE001 - the thread's boundary: without it the cue comes a little later
            _log.exception("judging pauses failed: that you were heard is told later")

    def _next(self) -> tuple[int, Samples] | None:
        with self._changed:
            while self._window is None and not self._closed:
                self._changed.wait()
            if self._closed or self._window is None:
                return None
            window, self._window = self._window, None
            return self._pause, window


def words_ended(
    words: Sequence[SpottedWord], seconds: float, ends_open: Callable[[str], bool], settings: PauseSettings
) -> bool:
    """True if the last of the words in a window of `seconds` has ended and may be the last one.

    False if there are no words.
    """
    if not words:
        return False
    last = words[-1]
    return (
        seconds - last.ended_seconds >= settings.min_silence_seconds - 1e-6
        and last.ended_seconds - last.started_seconds >= settings.min_word_seconds - 1e-6
        and last.confidence >= settings.min_confidence
        and not ends_open(" ".join(word.text for word in words))
    )

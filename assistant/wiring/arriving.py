"""The thread "models": notices models that `seesay fetch` brings while the assistant runs, and says how far it is.

A new speech model is loaded on this thread, with everything that hears by it. The conversation takes it in a quiet
moment, between two chunks of sound, so that no word is lost. For the model for seeing it calls `load_eye`, which
loads it beside the one that answers; without that it is only announced, and counts from the next start. A fetch that
ends before the models are whole is told too. This module does not know who runs the fetch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.errors import AssistantError
from assistant.language.phrases import SetupWords
from assistant.models import catalog
from assistant.wiring.hearing import Ears
from audio.errors import AudioError
from audio.listening.hearing import AudioSource
from audio.pcm import AudioChunk

_log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
# A fetch that failed so shortly before the start is told all the same: the set-up began it a moment ago.
RECENT_SECONDS = 60.0
_JOIN_SECONDS = 5.0  # a speech model loads within some seconds
_TOLD_PERCENT = (75, 50, 25)


class Arriving:
    """Watches for models until it is closed. Use it in a `with`.

    `fetched_speech` gives the folder of the whole speech model or None, `eye_share` the part of the model for seeing
    that is here, 0 to 1, and `failed_fetch` when the last fetch failed, in seconds of `clock`, or None. What is here at
    the first look is no news.
    """

    def __init__(
        self,
        words: SetupWords,
        say: Callable[[str], None],
        load_ears: Callable[[], Ears],
        *,
        wants_speech: bool,  # False: the configuration names a speech model, or the full one is in use
        fetched_speech: Callable[[], Path | None],
        eye_share: Callable[[], float] = catalog.fetched_share_of_vlm,
        load_eye: Callable[[], None] | None = None,  # it returns at once and tells the rest; None: only announced
        failed_fetch: Callable[[], float | None] = catalog.failed_fetch,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._words = words
        self._say = say
        self._load_ears = load_ears
        self._wants_speech = wants_speech
        self._fetched_speech = fetched_speech
        self._eye_share = eye_share
        self._told_share = eye_share()
        self._load_eye = load_eye
        self._failed_fetch = failed_fetch
        failed_at = failed_fetch()
        is_recent = failed_at is not None and clock() - failed_at < RECENT_SECONDS
        self._told_failure = None if is_recent else failed_at
        self._ears: Ears | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)

    def __enter__(self) -> Arriving:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join(_JOIN_SECONDS)
        if self._thread.is_alive():
            _log.warning("the thread 'models' has not ended; it is loading a speech model")

    @property
    def has_new_ears(self) -> bool:
        return self._ears is not None

    def take(self) -> Ears | None:
        """The new ears, once; None if there are none. The caller hears with them from now on."""
        ears, self._ears = self._ears, None
        if ears is not None:
            self._say(self._words.speech_ready)
        return ears

    def look(self) -> None:
        """Looks once, and says what is new."""
        if self._wants_speech and self._fetched_speech() is not None:
            self._wants_speech = False
            try:
                self._ears = self._load_ears()
            except (AssistantError, AudioError) as error:
                _log.warning("the speech model that was fetched is not used: %s", error)
        share = self._eye_share()
        if share >= 1.0 > self._told_share:
            if self._load_eye is None:
                self._say(self._words.eye_ready)
            else:
                self._load_eye()
        elif reached := next(
            (percent for percent in _TOLD_PERCENT if share * 100 >= percent > self._told_share * 100), 0
        ):
            self._say(self._words.progress.format(percent=reached))
        self._told_share = share
        failed_at = self._failed_fetch()
        if failed_at is not None and failed_at != self._told_failure:
            self._told_failure = failed_at
            self._say(self._words.fetch_failed)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # noqa: BLE001 - boundary of the thread: the conversation goes on without news
                _log.exception("looking for new models failed")


class Until:
    """An audio source that ends between two chunks as soon as `ends()` is True. The source behind it goes on."""

    def __init__(self, source: AudioSource, ends: Callable[[], bool]) -> None:
        self._source = source
        self._ends = ends
        self.live = source.live

    def chunks(self) -> Iterator[AudioChunk]:
        for chunk in self._source.chunks():
            yield chunk
            if self._ends():
                return

    def stop(self) -> None:
        self._source.stop()

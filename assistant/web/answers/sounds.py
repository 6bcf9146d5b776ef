"""The ears and the voice of this machine for other programs: a recording in words, and a text as sound.

Both have a short queue of their own, so that a dictation does not wait for answers of the model. Their work is short:
what a recording of a minute takes, and some milliseconds for a sentence. It does not know HTTP.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssistantError, ModelMissing
from assistant.language.sentences import NO_ABBREVIATIONS, Abbreviations, split_sentences
from assistant.web.answers.answer import NO_SPEECH_MODEL, Hear
from assistant.web.answers.errors import ApiError, invalid
from assistant.web.answers.recordings import check_recording, temporary_wav
from assistant.web.answers.work_queue import WorkQueue
from audio.errors import AudioError, SpeechModelError
from audio.pcm import AudioChunk

if TYPE_CHECKING:
    from assistant.web.answers.work_queue import Ticket

PLACES = 3  # one at work and two that wait: each holds a worker thread of the server, which has six to spare
LONGEST_TEXT = 4096  # characters, about five minutes of speech; OpenAI has the same limit

_log = logging.getLogger(__name__)


class Sounds:
    """Hears and speaks, one request after the other. None stands for what this machine does not have."""

    def __init__(
        self,
        hear: Hear | None,
        synthesize: Callable[[str], AudioChunk] | None,
        abbreviations: Abbreviations = NO_ABBREVIATIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hear = hear
        self._synthesize = synthesize
        self._abbreviations = abbreviations
        self._queue = WorkQueue(PLACES, clock, what="recordings and texts are at work")

    def words(self, wav: bytes, gone: Callable[[], bool]) -> tuple[str, float]:
        """The words in a WAV recording and its seconds. There are no words ("") if the client has gone meanwhile.

        Raises ApiError, also when the queue is full.
        """
        if self._hear is None:
            raise ApiError(503, "no_speech_model", NO_SPEECH_MODEL, parameter="file")
        ticket = self._queue.enter()
        try:
            _wait(ticket, gone)
            with temporary_wav(wav) as path:
                seconds = check_recording(path, "file")
                return self._heard(path, gone), seconds
        except (ModelMissing, SpeechModelError) as error:
            _log.warning("a recording was not heard: %s", error)
            raise ApiError(503, "no_speech_model", NO_SPEECH_MODEL, parameter="file") from None
        finally:
            ticket.leave()

    def _heard(self, path: Path, gone: Callable[[], bool]) -> str:
        assert self._hear is not None  # `words` has asked
        try:
            return self._hear(path, gone)[0]
        except AssistantError as error:
            if type(error) is not AssistantError:  # the speech model is missing
                raise
            return ""  # no words were heard

    def speech(self, text: str, gone: Callable[[], bool]) -> AudioChunk:
        """The text as sound. Raises ApiError, also when the queue is full.

        Sentence by sentence, because there is one espeak-ng: the voice of this machine, which may be speaking to its
        user meanwhile, gets its turn between two of them.
        """
        import numpy as np

        if self._synthesize is None:
            raise ApiError(503, "no_voice", "this machine has no voice: install libespeak-ng1 on it")
        ticket = self._queue.enter()
        try:
            _wait(ticket, gone)
            chunks: list[AudioChunk] = []
            for sentence in split_sentences(text, self._abbreviations):
                if gone():
                    break
                chunks.append(self._synthesize(sentence))
        except AudioError as error:
            _log.warning("a text is not spoken: %s", error)
            raise ApiError(503, "no_voice", "the voice of this machine does not work now: ask again later") from None
        finally:
            ticket.leave()
        if not sum(len(chunk.samples) for chunk in chunks):
            raise invalid("input", "input has nothing in it that can be spoken: send words")
        return AudioChunk(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate_hz)


def _wait(ticket: Ticket, gone: Callable[[], bool]) -> None:
    for _ in ticket.wait(gone):
        pass

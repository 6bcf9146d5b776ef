"""The thread "answers": hears a spoken yes, no, back or again while a question of the set-up waits for its answer.

It listens only between two questions, so that it never hears the set-up's own voice. Words that are no answer are told
as such; sounds without words are left aside. A microphone that is lost leaves the key. This module does not know what is asked.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.language.command_parser import is_no, is_yes, says
from assistant.language.phrases import Phrases
from assistant.setup.presses import Answer
from audio.errors import AudioError

if TYPE_CHECKING:
    from audio.listening.hearing import AudioSource
    from audio.recognition.transcriber import Transcriber

_log = logging.getLogger(__name__)

_MIN_CONFIDENCE = 0.4  # of words that may answer; a question that was answered wrongly can be gone back to
_JOIN_SECONDS = 1.0


def answer_in(text: str, phrases: Phrases) -> Answer | None:
    """The answer in what the user said; None if it is none."""
    if says(text, phrases.setup.say_back, phrases):
        return Answer.BACK
    if says(text, phrases.setup.say_again, phrases):
        return Answer.REPEAT
    if is_yes(text, phrases):
        return Answer.YES
    return Answer.NO if is_no(text, phrases) else None


def answer_words(phrases: Phrases) -> tuple[str, ...]:
    """All phrases that are an answer."""
    return (*phrases.yes, *phrases.no, *phrases.setup.say_back, *phrases.setup.say_again)


def open_transcriber(model: Path, phrases: Phrases) -> Transcriber:
    """Hears the answers with a grammar if the model takes one, since few words are heard more surely than many.

    Raises SpeechModelError.
    """
    from audio.recognition.closed_answers import ClosedAnswers
    from audio.recognition.grammar import GrammarListener
    from audio.recognition.transcriber import VoskTranscriber, takes_grammar, unknown_words

    words = VoskTranscriber(model)
    if not takes_grammar(model):
        return words
    known = tuple(phrase for phrase in answer_words(phrases) if not unknown_words(model, [phrase]))

    def listener_for(wanted: Sequence[str]) -> GrammarListener:
        return GrammarListener(model, wanted)

    return ClosedAnswers(words, lambda: known, listener_for, lambda text: answer_in(text, phrases) is not None)


class SpokenAnswers:
    """Hears answers in one language. Only one `listening` at a time."""

    def __init__(self, transcriber: Transcriber, phrases: Phrases, hand_on: Callable[[Answer], None]) -> None:
        """`hand_on` is called on the thread that hears, once for each answer, with UNCLEAR for other words."""
        self._transcriber = transcriber
        self._phrases = phrases
        self._hand_on = hand_on

    @contextlib.contextmanager
    def listening(self, source: AudioSource) -> Iterator[None]:
        """Hears answers from the source until the end of the `with`. The caller opens and closes the source."""
        thread = threading.Thread(target=self._hear, args=(source,), name="answers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            source.stop()
            thread.join(_JOIN_SECONDS)
            if thread.is_alive():
                _log.warning("the thread 'answers' has not ended")

    def _hear(self, source: AudioSource) -> None:
        from audio.listening.hearing import Hearing, Utterance
        from audio.listening.vad import VoiceActivity
        from audio.settings import VAD_AGGRESSIVENESS, EndpointSettings

        self._transcriber.reset()
        hearing = Hearing(
            source,
            VoiceActivity(VAD_AGGRESSIVENESS),
            EndpointSettings(),
            self._transcriber,
            min_confidence=_MIN_CONFIDENCE,
        )
        try:
            for event in hearing.events():
                if isinstance(event, Utterance):
                    self._hand_on(answer_in(event.text, self._phrases) or Answer.UNCLEAR)
        except AudioError as error:
            _log.warning("spoken answers are not heard any more: %s", error)

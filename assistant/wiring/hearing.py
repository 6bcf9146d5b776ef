"""Builds the parts that hear: speech from a microphone or a file, the stop word and the wake phrase."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import console
from assistant.errors import AssistantError
from assistant.language.phrases import phrases_for
from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.conversation.activation import Activation
    from audio.listening.barge_in import Played
    from audio.listening.hearing import AudioSource, Hearing, PauseEar, Situation, StopEar, Utterance
    from audio.listening.pausing import JudgedBeside
    from audio.pcm import AudioChunk
    from audio.recognition.certainty import TwiceHeard
    from audio.recognition.transcriber import Transcriber
    from audio.recognition.wake_word import AttentiveTranscriber


@contextlib.contextmanager
def quiet_stop(source: AudioSource) -> Iterator[None]:
    """Stops a source at the end, so that no generator goes on waiting for its next block."""
    try:
        yield
    finally:
        source.stop()


class Ears:
    """All that hears with one speech model, as configured. Each part is built when it is first asked for."""

    def __init__(self, config: Config, speech_model: Path, played: Played = lambda started_at, count: None) -> None:
        """`played` tells what the loudspeaker played, so that the stop ear can take it out of what it hears."""
        self._config = config
        self._speech_model = speech_model
        self._played = played
        self._phrases = phrases_for(config.conversation.language)

    def prepare(self) -> None:
        """Loads the Vosk model and warms it, so that the first answer comes as soon as the second.

        Raises `SpeechModelError`, also where the model does not know a word of the wake phrase or any stop word that is
        listened for. Tells the user of single stop words that it does not know.
        """
        self.transcriber.warm()
        if "wake_word" in self._config.activation.by.split("+"):
            self._check_wake_phrase()
        _ = self.stop_ear
        self._tell_unknown_stop_words()

    @cached_property
    def transcriber(self) -> TwiceHeard:
        """The Vosk model, loaded at the first use, with an honest confidence. Raises `SpeechModelError`."""
        from audio.recognition.certainty import TwiceHeard
        from audio.recognition.transcriber import VoskTranscriber

        return TwiceHeard(VoskTranscriber(self._speech_model), VoskTranscriber(self._speech_model))

    @property
    def wake_phrase(self) -> str:
        """The configured phrase, else the language's first one that the model knows. The transcriber must be loaded."""
        from audio.recognition.transcriber import unknown_words
        from audio.recognition.wake_word import default_phrase

        return self._config.activation.wake_phrase or default_phrase(
            self._phrases.wake_phrases, lambda phrases: unknown_words(self._speech_model, phrases)
        )

    def _check_wake_phrase(self) -> None:
        from audio.errors import SpeechModelError
        from audio.recognition.transcriber import unknown_words

        phrase = self.wake_phrase
        if unknown := unknown_words(self._speech_model, [phrase]):
            raise SpeechModelError(
                f"the Vosk model at {self._speech_model} does not know the word {unknown[0]!r}{self._near(unknown[0])} "
                f"of the wake phrase {phrase!r}: choose another activation.wake_phrase"
            )

    def _tell_unknown_stop_words(self) -> None:
        from audio.recognition.transcriber import unknown_words

        wanted = self._phrases.stop_words
        unknown = [phrase for phrase in wanted if unknown_words(self._speech_model, [phrase])]
        if len(unknown) == len(wanted):
            language = self._config.conversation.language
            console.say(
                f"the speech model knows none of the stop words ({', '.join(wanted)}): hearing.speech_model and "
                f"conversation.language = {language!r} may be of two languages"
            )
        elif unknown:
            named = ", ".join(f"{phrase!r}{self._near(phrase)}" for phrase in unknown)
            console.say(f"the speech model does not know these stop words, so they cannot be heard: {named}")

    def _near(self, phrase: str) -> str:
        """(it knows …) with words that are spelt like the first unknown one of the phrase, "" where there are none."""
        from assistant.inspection.rounds.vocabulary import near_spellings
        from audio.recognition.transcriber import unknown_words
        from audio.recognition.vocabulary import known_words

        # A model may know a word in capitals only, which is another word to it: that one would be no help here.
        word = unknown_words(self._speech_model, [phrase])[0]
        near = near_spellings(word, known_words(self._speech_model) - {word.lower()})
        return f" (it knows {', '.join(near)})" if near else ""

    @cached_property
    def stop_ear(self) -> StopEar | None:
        """Listens for "stop" while the assistant speaks; None if not configured. The transcriber must be loaded.

        Raises `SpeechModelError` if the model knows no stop word, or takes no grammar.
        """
        if self._config.hearing.barge_in != "stop_word":
            return None
        from audio.errors import SpeechModelError
        from audio.listening.barge_in import StopListener, VoskSpotter
        from audio.recognition.transcriber import unknown_words

        # A grammar leaves out words that the model does not know, without telling, so they are left out here.
        wanted = self._phrases.stop_words
        stops = [phrase for phrase in wanted if not unknown_words(self._speech_model, [phrase])]
        if not stops:
            raise SpeechModelError(
                f"the Vosk model at {self._speech_model} knows none of the stop words ({', '.join(wanted)}): "
                'set hearing.barge_in = "off", or use another model'
            )
        return StopListener(VoskSpotter(self._speech_model, stops), stops, played=self._played)

    def pause_ear(self, activation: Activation) -> JudgedBeside | None:
        """Tells a finished question from a pause in it, for the cue that says "I heard you". None if cues are off.

        It has a thread of its own, so the caller closes it.
        """
        if not self._config.speaking.earcons:
            return None
        from assistant.language.command_parser import ends_open
        from audio.listening.barge_in import VoskSpotter
        from audio.listening.pausing import JudgedBeside, WordsEnded

        wake_phrase = activation.settings.wake_phrase

        def more_must_come(text: str) -> bool:
            """True after a phrase that cannot end a question. The wake phrase is one: two rising notes answer it."""
            return ends_open(text, self._phrases) or bool(wake_phrase and text.endswith(wake_phrase))

        spotter = VoskSpotter(self._speech_model, None)
        ear = WordsEnded(
            spotter,
            more_must_come,
            wanted=lambda: activation.maybe_addressed or activation.attentive(time.monotonic()),
        )
        return JudgedBeside(ear, spotter.warm)

    def activation(
        self,
        *,
        speaking: Callable[[], bool],
        busy: Callable[[], bool],
        awaits: Callable[[], bool] = lambda: False,
        is_awaited: Callable[[str], bool] = lambda text: False,
    ) -> Activation:
        """Decides which speech is meant for the assistant. The transcriber must be loaded.

        `awaits` and `is_awaited` are those of `Activation`.
        """
        from assistant.conversation.activation import Activation, settings_from
        from assistant.language.command_parser import parse_command
        from assistant.language.phrases import Command

        wanted, barge_in, phrases = self._config.activation, self._config.hearing.barge_in, self._phrases
        return Activation(
            settings_from(wanted.by, self.wake_phrase, wanted.listen_seconds),
            always=lambda: barge_in == "any" and speaking(),
            stoppable=lambda: barge_in != "off" and busy(),
            is_stop=lambda text: parse_command(text, phrases) is Command.STOP,
            awaits=awaits,
            is_awaited=is_awaited,
        )

    def attentive(
        self,
        activation: Activation,
        phrases_awaited: Callable[[], tuple[str, ...]] | None = None,
        is_answer: Callable[[str], bool] = lambda text: True,
    ) -> AttentiveTranscriber:
        """A transcriber that skips speech which is not meant for the assistant. Raises `SpeechModelError`.

        `phrases_awaited` tells which few phrases are awaited at the moment, () for any words; None: it is always that.
        `is_answer` tells whether a text that was made of them answers what is asked.
        """
        from audio.recognition.grammar import GrammarListener
        from audio.recognition.wake_word import AttentiveTranscriber

        settings = activation.settings
        wake = GrammarListener(self._speech_model, [settings.wake_phrase]) if settings.wake_word else None
        words = self.transcriber if phrases_awaited is None else self._closed_answers(phrases_awaited, is_answer)
        return AttentiveTranscriber(words, lambda: activation.attentive(time.monotonic()), wake, settings.wake_phrase)

    def _closed_answers(
        self, phrases_awaited: Callable[[], tuple[str, ...]], is_answer: Callable[[str], bool]
    ) -> Transcriber:
        """A transcriber that hears awaited phrases with a grammar, if the model takes one."""
        from audio.listening.voicing import VowelWatch
        from audio.recognition.closed_answers import ClosedAnswers
        from audio.recognition.grammar import GrammarListener
        from audio.recognition.transcriber import takes_grammar, unknown_words

        model = self._speech_model

        def listener_for(phrases: tuple[str, ...]) -> GrammarListener:
            return GrammarListener(model, [phrase for phrase in phrases if not unknown_words(model, [phrase])])

        has_grammar = takes_grammar(model)
        if not has_grammar:
            console.say("this speech model takes no grammar, so numbers and yes or no are heard less surely in noise")
        return ClosedAnswers(
            self.transcriber, phrases_awaited, listener_for if has_grammar else None, is_answer, VowelWatch()
        )

    def hearing(
        self,
        source: AudioSource,
        transcriber: Transcriber | None = None,  # None: `transcriber` of these ears
        situation: Situation | None = None,
        *,
        stop_ear: StopEar | None = None,
        pause_ear: PauseEar | None = None,
        awaits_answer: Callable[[], bool] = lambda: False,
    ) -> Hearing:
        """Speech events from any audio source, as configured.

        While `awaits_answer()`, words without a vowel are heard too, if `transcriber` knows the answers by a grammar.
        """
        from audio.listening.hearing import Hearing, Situation
        from audio.listening.vad import VoiceActivity
        from audio.recognition.transcriber import takes_grammar
        from audio.settings import NOISE_CONFIDENCE, EndpointSettings

        wanted = self._config.hearing
        has_grammar = takes_grammar(self._speech_model)
        settings = EndpointSettings(
            end_silence_seconds=wanted.end_silence_seconds,
            max_utterance_seconds=wanted.max_utterance_seconds,
            min_speech_seconds=wanted.min_speech_seconds,
            pre_roll_seconds=wanted.pre_roll_seconds,
        )
        return Hearing(
            source,
            VoiceActivity(wanted.vad_aggressiveness, needs_vowel=lambda: not (has_grammar and awaits_answer())),
            settings,
            transcriber or self.transcriber,
            situation or Situation(),
            min_confidence=min(NOISE_CONFIDENCE, wanted.min_confidence),
            stop_ear=stop_ear,
            pause_ear=pause_ear,
        )

    def hear_file(self, path: Path, stopped: Callable[[], bool] = lambda: False) -> tuple[Utterance, float]:
        """All words in a WAV file as one utterance, and the monotonic time at which its last sound was read.

        Once `stopped()` is True, the rest is not heard. Raises `AssistantError` if no words are heard.
        """
        from audio.listening.hearing import Utterance
        from audio.wav import WavSource

        source = _TimedSource(WavSource(path), stopped)
        with quiet_stop(source):
            heard = [event for event in self.hearing(source).events() if isinstance(event, Utterance)]
        if not heard:
            raise AssistantError(f"no words were heard in {path}: speak closer to the microphone, or type the question")
        utterance = Utterance(
            text=" ".join(utterance.text for utterance in heard),
            confidence=min(utterance.confidence for utterance in heard),
            started_at=heard[0].started_at,
            ended_at=heard[-1].ended_at,
        )
        return utterance, source.ended_at


class _TimedSource:
    """An audio source that notes when it gave out its last sound (monotonic seconds), and ends once `stopped()`."""

    def __init__(self, source: AudioSource, stopped: Callable[[], bool]) -> None:
        self._source = source
        self._stopped = stopped
        self.live = source.live
        self.ended_at = 0.0

    def chunks(self) -> Iterator[AudioChunk]:
        yield from itertools.takewhile(lambda _: not self._stopped(), self._source.chunks())
        self.ended_at = time.monotonic()

    def stop(self) -> None:
        self._source.stop()

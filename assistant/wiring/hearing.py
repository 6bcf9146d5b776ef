"""Builds what hears: the microphone's or a file's ears, the wake phrase, the button."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import AssistantError
from assistant.language.phrases import phrases_for
from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.button.watcher import KeySource
    from assistant.conversation.activation import Activation
    from audio.hearing import AudioSource, Hearing, PauseEar, StopEar, Utterance
    from audio.pcm import AudioChunk
    from audio.transcriber import Transcriber

# Below this, what was heard is a noise and is ignored in silence; from here to `min_confidence` it is read back:
# "did you ask …?"
NOISE_CONFIDENCE = 0.3


@contextlib.contextmanager
def quiet_stop(source: AudioSource) -> Iterator[None]:
    """Stops a source at the end, so that no generator waits for its next block."""
    try:
        yield
    finally:
        source.stop()


def load_transcriber(speech_model: Path) -> Transcriber:
    """Loads the Vosk model."""
    from audio.transcriber import VoskTranscriber

    return VoskTranscriber(speech_model)


def make_hearing(
    config: Config,
    source: AudioSource,
    transcriber: Transcriber,
    deaf: Callable[[], bool] = lambda: False,
    stop_ear: StopEar | None = None,
    held: Callable[[], bool] = lambda: False,
    pause_ear: PauseEar | None = None,
    own_cue: Callable[[], tuple[float, ...]] = lambda: (),
) -> Hearing:
    """Ears over any audio source."""
    from audio.endpointing import EndpointSettings
    from audio.hearing import Hearing
    from audio.vad import VoiceActivity

    settings = EndpointSettings(
        end_silence_seconds=config.hearing.end_silence_seconds,
        max_utterance_seconds=config.hearing.max_utterance_seconds,
        min_speech_seconds=config.hearing.min_speech_seconds,
        pre_roll_seconds=config.hearing.pre_roll_seconds,
    )
    return Hearing(
        source,
        VoiceActivity(config.hearing.vad_aggressiveness),
        settings,
        transcriber,
        deaf=deaf,
        stop_ear=stop_ear,
        min_confidence=min(NOISE_CONFIDENCE, config.hearing.min_confidence),
        held=held,
        pause_ear=pause_ear,
        own_cue=own_cue,
    )


def make_stop_ear(config: Config, speech_model: Path) -> StopEar | None:
    """What listens for "stop" while the assistant speaks, if the config wants it. Needs the transcriber loaded.

    Raises `SpeechModelError` where the model knows no stop word, or takes no grammar.
    """
    if config.hearing.barge_in != "stop_word":
        return None
    from audio.barge_in import StopListener, VoskSpotter
    from audio.errors import SpeechModelError
    from audio.transcriber import unknown_words

    # A grammar would leave out what the model does not know, and say nothing.
    wanted = phrases_for(config.conversation.language).stop_words
    stops = [phrase for phrase in wanted if not unknown_words(speech_model, [phrase])]
    if not stops:
        raise SpeechModelError(
            f"the Vosk model at {speech_model} knows none of the stop words ({', '.join(wanted)}): "
            'set hearing.barge_in = "off", or use another model'
        )
    return StopListener(VoskSpotter(speech_model, stops), stops)


def make_pause_ear(config: Config, speech_model: Path, activation: Activation) -> PauseEar | None:
    """What tells a finished question from a pause in it, for the cue that says "I heard you"; where there are cues."""
    if not config.speaking.earcons:
        return None
    from assistant.language.command_parser import ends_open
    from audio.barge_in import VoskSpotter
    from audio.pausing import WordsEnded

    phrases, wake_phrase = phrases_for(config.conversation.language), activation.settings.wake_phrase

    def more_must_come(text: str) -> bool:
        """The wake phrase alone has an answer of its own: the two rising notes."""
        return ends_open(text, phrases) or bool(wake_phrase and text.endswith(wake_phrase))

    return WordsEnded(
        VoskSpotter(speech_model, None),
        more_must_come,
        wanted=lambda: activation.maybe_addressed or activation.attentive(time.monotonic()),
    )


def make_activation(
    config: Config, speech_model: Path, *, speaking: Callable[[], bool], busy: Callable[[], bool]
) -> Activation:
    """Which of what is heard is meant for the assistant. Needs the transcriber loaded."""
    from assistant.conversation.activation import Activation, settings_from
    from assistant.language.command_parser import parse_command
    from assistant.language.phrases import Command
    from audio.transcriber import unknown_words
    from audio.wake_word import default_phrase

    wanted, barge_in = config.activation, config.hearing.barge_in
    phrases = phrases_for(config.conversation.language)
    phrase = wanted.wake_phrase or default_phrase(
        phrases.wake_phrases, lambda phrases: unknown_words(speech_model, phrases)
    )
    return Activation(
        settings_from(wanted.by, phrase, wanted.listen_seconds),
        always=lambda: barge_in == "any" and speaking(),
        stoppable=lambda: barge_in != "off" and busy(),
        is_stop=lambda text: parse_command(text, phrases) is Command.STOP,
    )


def make_attentive(
    speech_model: Path, words: Transcriber, activation: Activation, on_maybe: Callable[[], None]
) -> Transcriber:
    """A transcriber that spares itself the words that nobody means for it. Raises `SpeechModelError`."""
    from audio.grammar import GrammarListener
    from audio.wake_word import AttentiveTranscriber

    settings = activation.settings
    if settings.is_open:
        return words
    wake = GrammarListener(speech_model, [settings.wake_phrase]) if settings.wake_word else None
    return AttentiveTranscriber(
        words, lambda: activation.attentive(time.monotonic()), wake, settings.wake_phrase, on_maybe
    )


def open_button(config: Config, stack: contextlib.ExitStack, say: Callable[[str], None]) -> KeySource | None:
    """The key that is the button, None where none is asked for.

    Raises `ButtonMissing` where it cannot be heard and there is no other way to begin.
    """
    ways = config.activation.by.split("+")
    if "button" not in ways:
        return None
    from assistant.button.watcher import open_key
    from assistant.errors import ButtonMissing

    key = open_key(config.button.device, config.button.key, grab=config.button.grab, say=say)
    stack.callback(key.close)
    if key.problem and len(ways) == 1:
        raise ButtonMissing(key.problem)
    return key


class _Timed:
    """An audio source that notes when its last sound was handed over (monotonic seconds), and ends when `stopped()`."""

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


def hear_file(
    config: Config, path: Path, transcriber: Transcriber, stopped: Callable[[], bool] = lambda: False
) -> tuple[Utterance, float]:
    """All that is said in a WAV file, as one utterance, and the monotonic time at which its last sound was read.

    Once `stopped()`, the rest is not heard. Raises `AssistantError` when nothing is said.
    """
    from audio.hearing import Utterance
    from audio.wav import WavSource

    source = _Timed(WavSource(path), stopped)
    with quiet_stop(source):
        heard = [e for e in make_hearing(config, source, transcriber).events() if isinstance(e, Utterance)]
    if not heard:
        raise AssistantError(f"no words were heard in {path}: speak closer to the microphone, or type the question")
    utterance = Utterance(
        text=" ".join(utterance.text for utterance in heard),
        confidence=min(utterance.confidence for utterance in heard),
        started_at=heard[0].started_at,
        ended_at=heard[-1].ended_at,
    )
    return utterance, source.ended_at

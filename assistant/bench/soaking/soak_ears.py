"""`seesay soak --ears`: hears noise for hours, a minute of it a turn, as fast as it can be heard.

Each minute is of another kind of noise, and all of it is taken for speech, which is the worst case: every recogniser
that `seesay run` may use decodes it, those for whole utterances every chunk, and those for windows one at each end. It measures nothing
itself, and knows no microphone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.bench.soaking.soak_log import Asked
from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config import Config
from audio.demo_model.sounds import noise

if TYPE_CHECKING:
    from audio.pcm import AudioChunk, Samples

KINDS = (noise.shaped, noise.clicks, noise.kitchen, noise.workshop, noise.tones)
TURN_SECONDS = 60.0
_PART_SECONDS = 5.0  # the noise is made in parts, and changes from one to the next
_LEVEL = 1500.0  # root mean square of 32,767: a loud room
CYCLE = len(KINDS)


class NoiseEars:
    """The recognisers that `seesay run` may use: for words, for pauses, for the wake phrase and for stop words."""

    def __init__(self, config: Config) -> None:
        from audio.listening.barge_in import VoskSpotter
        from audio.listening.hearing import Hearing
        from audio.recognition.grammar import GrammarListener
        from audio.recognition.transcriber import VoskTranscriber, takes_grammar, unknown_words
        from audio.settings import EndpointSettings

        model = catalog.speech_folder(config)
        self.model_name = model.name
        self._source = _Noise()
        settings = EndpointSettings(max_utterance_seconds=config.hearing.max_utterance_seconds)
        transcriber = VoskTranscriber(model)
        self._pauses = VoskSpotter(model, None)
        self._hearing = Hearing(self._source, _EverySpeech(), settings, transcriber, pause_ear=None)
        phrases = phrases_for(config.conversation.language)
        stops, wakes = (
            [phrase for phrase in wanted if takes_grammar(model) and not unknown_words(model, [phrase])]
            for wanted in (phrases.stop_words, phrases.wake_phrases)
        )
        self._stop = VoskSpotter(model, stops) if stops else None
        self._wake = GrammarListener(model, wakes[:1]) if wakes else None

    def ask(self, number: int) -> Asked:
        """Hears one minute of noise. The seconds are those of computing."""
        import numpy as np

        from audio.listening.hearing import SpeechRejected, Utterance

        began_at = time.monotonic()
        self._source.begin(number)
        window: list[Samples] = []
        for chunk in self._source.chunks():
            if self._wake is not None:
                self._wake.accept(chunk.samples)
            window = [*window[-39:], chunk.samples]  # 1.2 s, as the two that decode windows get
            for event in self._hearing.hear(chunk):
                if isinstance(event, (Utterance, SpeechRejected)):
                    self._pauses.spot(np.concatenate(window))
                    if self._stop is not None:
                        self._stop.spot(np.concatenate(window))
                    if self._wake is not None:
                        self._wake.finish()
        return Asked(time.monotonic() - began_at, None)


class _EverySpeech:
    """A voice detector that takes everything for speech."""

    def is_speech(self, samples: Samples) -> bool:
        return True


class _Noise:
    """An audio source of one minute of noise after the other. The same minute has the same samples on each machine."""

    live = False

    def __init__(self) -> None:
        self._number = 0

    def begin(self, number: int) -> None:
        self._number = number

    def chunks(self) -> Iterator[AudioChunk]:
        import numpy as np

        from audio.pcm import CHUNK_SECONDS, SPEECH_FORMAT, AudioChunk

        rng, size = np.random.default_rng(self._number), SPEECH_FORMAT.samples_in(CHUNK_SECONDS)
        began_at = self._number * TURN_SECONDS
        for part in range(round(TURN_SECONDS / _PART_SECONDS)):
            sound = KINDS[self._number % CYCLE](SPEECH_FORMAT.samples_in(_PART_SECONDS), rng) * _LEVEL
            samples = np.clip(sound, -32_768, 32_767).astype(np.int16)
            for begin in range(0, len(samples) - size + 1, size):
                at = began_at + part * _PART_SECONDS + SPEECH_FORMAT.seconds_of(begin)
                yield AudioChunk(samples[begin : begin + size], SPEECH_FORMAT.sample_rate_hz, at)

    def stop(self) -> None:
        pass

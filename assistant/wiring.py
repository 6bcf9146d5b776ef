"""Builds the assistant out of concrete devices and models: the only place that names them.

Everything opened here lies on one `ExitStack`, so that whatever ends the program closes all of it, in
the opposite order. Heavy imports happen in the functions that need them: `seesay --help` stays quick.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistant import models
from assistant.config import Config
from assistant.errors import AssistantError
from assistant.phrases import phrases_for

if TYPE_CHECKING:
    from assistant.activation import Activation
    from assistant.aim import Aim
    from assistant.answering import Answering
    from assistant.button_watch import KeySource
    from assistant.doubt import DoubtRule
    from assistant.look import Engine as AnyEngine
    from assistant.look import FrameSource, NamedEngine
    from assistant.power.keeper import PowerKeeper
    from assistant.speaking import Voice
    from assistant.turn import Turn
    from assistant.voice import SpokenVoice
    from audio.hearing import AudioSource, Hearing, PauseEar, StopEar, Utterance
    from audio.pcm import AudioChunk
    from audio.playback import Speaker
    from audio.transcriber import Transcriber
    from vision.engine import Engine
    from vision.engine.settings import Arithmetic
    from vision.preprocess import Fit

# Below this, what was heard is a noise and is ignored in silence; from here to `min_confidence` it is read back:
# "did you ask …?"
NOISE_CONFIDENCE = 0.3

_log = logging.getLogger(__name__)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ModelPaths:
    """The folders of the two models in use."""

    vision: Path
    speech: Path
    are_demo: bool  # the eye is the small embedded one: the program says so plainly


def choose_models(config: Config) -> ModelPaths:
    """What the config names, else what `seesay fetch` brought, else the embedded demo models.

    Raises `ModelMissing` when the config names a folder that is not there.
    """
    vision = models.choose_vlm(config.engine.model)
    return ModelPaths(vision.folder, choose_speech(config), are_demo=vision.is_demo)


def choose_speech(config: Config) -> Path:
    """The speech model's half of `choose_models`: a typed question has no use for the other's absence."""
    return models.choose_speech(config.hearing.speech_model, config.conversation.language).folder


def choose_eye(config: Config) -> models.ChosenModel:
    """The vision half."""
    return models.choose_vlm(config.engine.model)


def demo_models() -> ModelPaths:
    """The two embedded ones."""
    return ModelPaths(models.demo_vlm(), models.demo_speech("en"), are_demo=True)


# Hearing.


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
    from assistant.commands import ends_open
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
    from assistant.activation import Activation, settings_from
    from assistant.commands import parse_command
    from assistant.phrases import Command
    from assistant.waking import default_phrase
    from audio.transcriber import unknown_words

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
    from assistant.waking import AttentiveTranscriber
    from audio.grammar import GrammarListener

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
    from assistant.button_watch import open_key
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


# Speaking.


def open_voice(config: Config, stack: contextlib.ExitStack, open_speaker: Callable[[], Speaker]) -> SpokenVoice:
    """A voice over a loudspeaker or a WAV file; the voice owns it."""
    from assistant.voice import SpokenVoice
    from audio.synthesizer import Synthesizer

    speaking = config.speaking
    synthesizer = stack.enter_context(
        Synthesizer(
            voice=speaking.voice or phrases_for(config.conversation.language).voice,
            rate_wpm=speaking.rate_wpm,
            volume=speaking.volume,
        )
    )
    voice = SpokenVoice(synthesizer, open_speaker)
    stack.callback(voice.close)
    return voice


def loudspeaker(config: Config) -> Callable[[], Speaker]:
    """Opens the config's output device."""

    def open_it() -> Speaker:
        from audio.playback import Loudspeaker

        return Loudspeaker(config.speaking.output_device or None)

    return open_it


def wav_file(path: Path) -> Callable[[], Speaker]:
    """Opens a WAV file in a loudspeaker's place."""

    def open_it() -> Speaker:
        from audio.wav import WavSpeaker

        return WavSpeaker(path)

    return open_it


# Seeing.


def open_frames(config: Config, stack: contextlib.ExitStack, source: str | None = None) -> FrameSource:
    """The camera of the config, or the picture, video or address in its place."""
    from vision.camera import open_frame_source

    seeing = config.seeing
    frames = open_frame_source(
        seeing.camera if source is None else source, open_timeout_seconds=seeing.open_timeout_seconds
    )
    stack.callback(_close_camera, frames.close)
    return frames


def _close_camera(close: Callable[[], None]) -> None:
    """A camera whose driver hangs is named, and does not turn an orderly end into a failure."""
    from vision.errors import CameraLost

    try:
        close()
    except CameraLost as error:
        _log.warning("%s", error)


def load_engine(
    config: Config, vision_model: Path, stack: contextlib.ExitStack, progress: Progress, *, is_demo: bool
) -> Engine:
    """The one engine of the process. The demo model gets no instructions: it was trained without."""
    from vision.engine import Engine, EngineSettings

    settings = EngineSettings(
        threads=config.engine.threads,
        max_new_tokens=config.engine.max_new_tokens,
        prefill_chunk_tokens=config.engine.prefill_chunk_tokens,
        fit=cast("Fit", config.seeing.fit),  # one of the three: config.py has checked it
        temperature=config.engine.temperature,
        top_p=config.engine.top_p,
        repetition_penalty=config.engine.repetition_penalty,
        instructions="" if is_demo else config.prompt.text(config.conversation.language),
        arithmetic=cast("Arithmetic", config.engine.arithmetic),  # and this too
    )
    return stack.enter_context(Engine.load(vision_model, settings, progress))


def open_engine(
    config: Config,
    vision_model: Path,
    stack: contextlib.ExitStack,
    progress: Progress,
    aside: Callable[[str], None],  # says what there is to say of another computer, on the thread that sees or asks
    *,
    is_demo: bool,
) -> NamedEngine:
    """The engine that the config names: this machine's, or another computer's with this machine's behind it."""
    if not is_remote(config):
        return load_engine(config, vision_model, stack, progress, is_demo=is_demo)
    from assistant.remote.engine import RemoteEngine, RemoteSettings
    from assistant.remote.fallback import Change, FallbackEngine
    from assistant.remote.notices import Notice, of_change, pictures_leave
    from assistant.remote.server import Server
    from assistant.remote.settings import settings_from
    from vision.engine.threads import arithmetic_threads

    phrases = phrases_for(config.conversation.language)

    def tell(notice: Notice) -> None:
        progress(notice.printed)
        aside(notice.spoken)

    def tell_change(change: Change) -> None:
        tell(of_change(change, phrases, local_is_demo=is_demo))

    def load(own: contextlib.ExitStack) -> Engine:
        return load_engine(config, vision_model, own, progress, is_demo=is_demo)

    server = Server(settings_from(config.remote))
    asked = RemoteSettings(
        model=config.remote.model,
        instructions=config.prompt.text(config.conversation.language),
        picture_pixels=config.remote.picture_pixels,
        max_new_tokens=config.engine.max_new_tokens,
        temperature=config.engine.temperature,
        top_p=config.engine.top_p,
    )
    tell(pictures_leave(server.settings, phrases))
    own = load if config.remote.fallback == "local" else None
    engine = stack.enter_context(
        FallbackEngine(
            RemoteEngine(server, asked),
            own,
            tell_change,
            config.remote.again_seconds,
            threads=arithmetic_threads(config.engine.threads),
        )
    )
    engine.connect()
    return engine


def is_remote(config: Config) -> bool:
    """Another computer answers as a rule: the small demo model, if it is here at all, only stands in for it."""
    return config.engine.backend != "local"


def doubt_rule(config: Config, *, is_demo: bool) -> DoubtRule:
    """The demo model's own, which was measured, or the config's."""
    from assistant.doubt import DEMO_RULE, DoubtRule

    return DEMO_RULE if is_demo else DoubtRule(**vars(config.doubt))


def start_answering(
    config: Config,
    stack: contextlib.ExitStack,
    engine: AnyEngine,
    frames: FrameSource,
    voice: Voice,
    *,
    earcons: bool = True,
    doubt: DoubtRule,
    aim: Aim | None = None,
    on_text: Callable[[Turn, str], None] = lambda turn, text: None,
    on_end: Callable[[Turn], None] = lambda turn: None,
) -> Answering:
    from assistant.answering import Answering

    return stack.enter_context(
        Answering(
            engine,
            frames,
            voice,
            phrases_for(config.conversation.language),
            play_earcons=earcons and config.speaking.earcons,
            doubt=doubt,
            aim=aim,
            on_text=on_text,
            on_end=on_end,
        )
    )


# Power.


def keep_power(config: Config, stack: contextlib.ExitStack, engine: AnyEngine, say: Progress) -> PowerKeeper:
    """Holds the budget from now on; the newest figures are its `latest`. Of an engine on another computer only its stand-in here is slowed."""
    from assistant.power.keeper import Worker, keep_power
    from assistant.power.sysfs import Sysfs

    worker = cast("Worker", engine) if hasattr(engine, "set_rest") else None
    return stack.enter_context(keep_power(Sysfs(), config.power, worker, os.environ, say))


def watch_power(stack: contextlib.ExitStack) -> PowerKeeper:
    """Only looks: for one question, which is over before a governor could have learned anything."""
    from assistant.power.keeper import PowerKeeper
    from assistant.power.readings import PowerReader
    from assistant.power.sysfs import Sysfs

    return stack.enter_context(PowerKeeper(PowerReader(Sysfs())))

"""`seesay run`: the conversation through microphone, camera and loudspeaker until quit or Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistant import console, wiring
from assistant.config import Config
from assistant.phrases import Phrases, phrases_for
from assistant.state import VoiceState, load_state, state_path
from assistant.status import Status
from assistant.voice_settings import VoiceSettings
from assistant.wiring import ModelPaths

if TYPE_CHECKING:
    from assistant.aim import BurstSource
    from assistant.answering import Answering
    from assistant.loop import HearingEvent
    from assistant.turn import Turn
    from assistant.voice import SpokenVoice
    from audio.hearing import AudioSource, StopEar
    from audio.pcm import AudioChunk
    from audio.transcriber import Transcriber

ECHO_SECONDS = 0.3  # half-duplex: how long a room and the sound server still carry what was said
RETRY_SECONDS = 2.0  # between attempts to get a lost microphone back


def run(config: Config, paths: ModelPaths, *, verbose: bool = False, as_json: bool = False) -> None:
    """Returns when the user says quit; raises where a device or a model is missing at the start."""
    from assistant.aim import Aim
    from assistant.loop import Conversation, ConversationSettings
    from audio.echo import echo_cancelled_input, use_source
    from audio.microphone import Microphone
    from audio.playback import Loudspeaker

    phrases = phrases_for(config.conversation.language)
    if not config.hearing.input_device and (source := echo_cancelled_input()):
        use_source(source)  # before anything opens the sound system
    with contextlib.ExitStack() as stack:
        transcriber = wiring.load_transcriber(paths.speech)
        stop_ear = wiring.make_stop_ear(config, paths.speech)
        # What is missing is said before the minutes of loading, not after. Both are opened again when it is
        # done: a busy machine would starve the one, and what the other hears meanwhile is nobody's question.
        with Microphone(config.hearing.input_device or None), Loudspeaker(config.speaking.output_device or None):
            pass
        frames = wiring.open_frames(config, stack)
        engine = wiring.load_engine(config, paths.vision, stack, console.say)
        voice = wiring.open_voice(config, stack, wiring.loudspeaker(config))
        on_end = _turn_printer(engine.model_name, verbose=verbose, as_json=as_json)
        doubt = wiring.doubt_rule(config, is_demo=paths.are_demo)
        aim = Aim(cast("BurstSource", frames), live=getattr(frames, "live", False))  # all that `open_frames` gives
        answering = wiring.start_answering(config, stack, engine, frames, voice, doubt=doubt, aim=aim, on_end=on_end)
        deaf = HalfDuplex(lambda: answering.speaking) if config.hearing.barge_in != "any" else lambda: False
        events = stack.enter_context(
            contextlib.closing(_lasting_events(config, transcriber, answering, phrases, deaf, stop_ear))
        )
        settings = ConversationSettings(
            config.conversation.picture_seconds,
            config.hearing.min_confidence,
            doubt,
            takes_instructions=not paths.are_demo,
        )
        conversation = Conversation(
            events,
            answering,
            phrases,
            settings,
            on_heard=lambda utterance: None if as_json else console.heard(utterance, verbose=verbose),
            voice=_remembered_settings(config, voice),
            status=lambda: Status(memory_bytes=used_bytes(), model=engine.model_name),
        )
        console.say("listening: ask a question, or say help, or quit (Ctrl-C ends it too)")
        conversation.run(phrases.ready_demo_models if paths.are_demo else phrases.ready)


def _remembered_settings(config: Config, voice: SpokenVoice) -> VoiceSettings:
    """Rate and volume as they were last set by voice, else as configured."""
    path = state_path(os.environ)
    state = load_state(path, VoiceState(config.speaking.rate_wpm, config.speaking.volume))
    voice.sound_like(state.rate_wpm, state.volume)
    return VoiceSettings(state, lambda new: voice.sound_like(new.rate_wpm, new.volume), path)


def used_bytes(status: Path = Path("/proc/self/status")) -> int | None:
    """The memory that this process has now (Linux VmRSS), None where the system does not tell."""
    try:
        lines = status.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), None)


class HalfDuplex:
    """True while the assistant speaks and shortly after: without echo cancellation it would hear itself."""

    def __init__(self, speaking: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._speaking = speaking
        self._clock = clock
        self._deaf_until = float("-inf")

    def __call__(self) -> bool:
        now = self._clock()
        if self._speaking():
            self._deaf_until = now + ECHO_SECONDS
        return now < self._deaf_until


def _lasting_events(
    config: Config,
    transcriber: Transcriber,
    answering: Answering,
    phrases: Phrases,
    deaf: Callable[[], bool],
    stop_ear: StopEar | None,
) -> Generator[HearingEvent, None, None]:
    """What is heard, across losses of the microphone: running but deaf is what users forgive least."""
    from audio.errors import AudioError, DeviceLost
    from audio.microphone import Microphone

    waiting = threading.Event()  # never set: Ctrl-C interrupts the wait
    lost = False

    def sound_came() -> None:
        nonlocal lost
        if lost:
            console.say("the microphone is back")
            answering.say(phrases.device_back)
        lost = False

    while True:
        try:
            with Microphone(config.hearing.input_device or None) as microphone:
                transcriber.reset()  # half a question from before a loss is no part of the next one
                if stop_ear is not None:
                    stop_ear.rest()
                source = Heralded(microphone, sound_came)
                yield from wiring.make_hearing(config, source, transcriber, deaf, stop_ear).events()
                return
        except AudioError as error:
            if not lost and not isinstance(error, DeviceLost):
                raise
            if not lost:
                console.say(str(error))
                answering.say(phrases.device_lost)
            lost = True
            waiting.wait(RETRY_SECONDS)


class Heralded:
    """An audio source that calls `sound_came` at its first sound: an opened device may still send nothing."""

    def __init__(self, source: AudioSource, sound_came: Callable[[], None]) -> None:
        self._source = source
        self._sound_came = sound_came
        self.live = source.live

    def chunks(self) -> Iterator[AudioChunk]:
        chunks = self._source.chunks()
        for first in chunks:
            self._sound_came()
            yield first
            break
        yield from chunks

    def stop(self) -> None:
        self._source.stop()


def _turn_printer(model: str, *, verbose: bool, as_json: bool) -> Callable[[Turn], None]:
    def show(turn: Turn) -> None:
        if turn.error is not None:
            console.say(str(turn.error))
        if turn.question is None or turn.timings is None:
            return
        if as_json:
            console.result(console.as_json_line(console.turn_as_json(turn, model)))
            return
        if turn.answer:
            console.result(f"seesay: {turn.answer}" + ("  (stopped)" if turn.cancelled.is_set() else ""))
        if verbose:
            console.say(console.timings_line(turn))

    return show

"""Builds the assistant out of concrete devices and models. With `wiring_hearing` and `wiring_engine` the only place that names
them.

Everything opened here lies on one `ExitStack`, so that whatever ends the program closes all of it, in
the opposite order. Heavy imports happen in the functions that need them: `seesay --help` stays quick.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.language.phrases import phrases_for
from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.answering.doubt import DoubtRule
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.speech_queue import Voice
    from assistant.answering.turn import Turn
    from assistant.machine.power.keeper import PowerKeeper
    from audio.playback import Speaker
    from audio.voice import SpokenVoice
    from vision.best_shot import BestShot
    from vision.interface import Engine, FrameSource, SupportsSee

_log = logging.getLogger(__name__)

Progress = Callable[[str], None]


# Speaking.


def open_voice(config: Config, stack: contextlib.ExitStack, open_speaker: Callable[[], Speaker]) -> SpokenVoice:
    """A voice over a loudspeaker or a WAV file; the voice owns it."""
    from audio.synthesizer import Synthesizer
    from audio.voice import SpokenVoice

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


def start_answering(
    config: Config,
    stack: contextlib.ExitStack,
    engine: SupportsSee,
    frames: FrameSource,
    voice: Voice,
    *,
    earcons: bool = True,
    doubt: DoubtRule,
    aim: BestShot | None = None,
    on_text: Callable[[Turn, str], None] = lambda turn, text: None,
    on_end: Callable[[Turn], None] = lambda turn: None,
) -> AnswerPipeline:
    from assistant.answering.pipeline import AnswerPipeline

    return stack.enter_context(
        AnswerPipeline(
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


def keep_power(config: Config, stack: contextlib.ExitStack, engine: Engine, say: Progress) -> PowerKeeper:
    """Holds the budget from now on; the newest figures are its `latest`. Of an engine on another computer only its stand-in here is slowed."""
    from assistant.machine.power.keeper import keep_power
    from assistant.machine.power.sysfs import Sysfs

    return stack.enter_context(keep_power(Sysfs(), config.power, engine, os.environ, say))


def watch_power(stack: contextlib.ExitStack) -> PowerKeeper:
    """Only looks: for one question, which is over before a governor could have learned anything."""
    from assistant.machine.power.keeper import PowerKeeper
    from assistant.machine.power.readings import PowerReader
    from assistant.machine.power.sysfs import Sysfs

    return stack.enter_context(PowerKeeper(PowerReader(Sysfs())))

"""Opens the concrete devices: loudspeaker, camera, button and power sensors.

Each function takes the part of the configuration that it needs. A device that stays open for the whole run is put on
the caller's `ExitStack`. Heavy imports happen in the functions, because `seesay --help` must stay quick.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import console
from assistant.settings.config import ActivationConfig, ButtonConfig, Config, PowerConfig, SeeingConfig

if TYPE_CHECKING:
    from assistant.button.watcher import KeySource
    from assistant.machine.power.keeper import PowerKeeper
    from audio.speaking.playback import Speaker
    from vision.interface import Engine, FrameSource

_log = logging.getLogger(__name__)

Say = Callable[[str], None]


# Sound.


def loudspeaker(output_device: str) -> Callable[[], Speaker]:
    """A function that opens the output device of that name. "" is the system's default."""

    def open_it() -> Speaker:
        from audio.speaking.playback import Loudspeaker

        return Loudspeaker(output_device or None)

    return open_it


def wav_file(path: Path) -> Callable[[], Speaker]:
    """A function that opens a WAV file in place of a loudspeaker."""

    def open_it() -> Speaker:
        from audio.wav import WavSpeaker

        return WavSpeaker(path)

    return open_it


def check_sound_devices(config: Config) -> None:
    """Opens microphone and loudspeaker and closes them again. Raises DeviceMissing.

    They are checked before the engine is loaded, which may take minutes, and opened for good when the program can take
    what they hear.
    """
    from audio.microphone import Microphone
    from audio.speaking.playback import Loudspeaker

    with Microphone(config.hearing.input_device or None), Loudspeaker(config.speaking.output_device or None):
        pass


def use_echo_cancellation(config: Config) -> None:
    """Uses the sound server's echo cancellation where it has one and the config names no devices of its own.

    It must be called before anything opens the sound system.
    """
    from audio.listening.echo import echo_cancelled_input, echo_cancelled_output, use_sink, use_source

    if config.hearing.input_device or (source := echo_cancelled_input()) is None:
        return
    use_source(source)
    if config.speaking.output_device:
        console.say(f"the microphone is {source}, but speaking.output_device is set: its echo may not be cancelled")
    elif (sink := echo_cancelled_output()) is not None:
        use_sink(sink)


# Seeing.


def open_frames(
    source: str,
    seeing: SeeingConfig,
    stack: contextlib.ExitStack,
    *,
    on_lost: Say | None = None,
    on_back: Callable[[], None] = lambda: None,
) -> FrameSource:
    """Opens a camera, a picture, a video or an address; `stack` closes it.

    A webcam is asked for the configured size. Opening takes `seeing.open_timeout_seconds` at most. `on_lost` gets a
    sentence when it gives no picture any more, and `on_back` follows when it does again.
    """
    from vision.camera import open_frame_source

    frames = open_frame_source(
        source,
        open_timeout_seconds=seeing.open_timeout_seconds,
        width=seeing.width or None,
        height=seeing.height or None,
        on_lost=on_lost,
        on_back=on_back,
    )
    stack.callback(_close_camera, frames.close)
    return frames


def _close_camera(close: Callable[[], None]) -> None:
    """Closes a camera. If its driver hangs, that is logged, so that an orderly end does not become a failure."""
    from vision.errors import CameraLost

    try:
        close()
    except CameraLost as error:
        _log.warning("%s", error)


# The button.


def open_button(
    activation: ActivationConfig, button: ButtonConfig, stack: contextlib.ExitStack, say: Say
) -> KeySource | None:
    """The key that serves as the button, or None if the config wants no button.

    Raises `ButtonMissing` if the key cannot be read and the user has no other way to ask.
    """
    ways = activation.by.split("+")
    if "button" not in ways:
        return None
    from assistant.button.watcher import open_key
    from assistant.errors import ButtonMissing

    key = open_key(button.device, button.key, grab=button.grab, say=say)
    stack.callback(key.close)
    if key.problem and len(ways) == 1:
        raise ButtonMissing(key.problem)
    return key


# Power.


def keep_power(power: PowerConfig, engine: Engine, stack: contextlib.ExitStack, say: Say) -> PowerKeeper:
    """Holds the power budget from now on. It slows only what computes on this machine, never another computer."""
    from assistant.machine.power.keeper import keep_power
    from assistant.machine.power.sysfs import Sysfs

    return stack.enter_context(keep_power(Sysfs(), power, engine, os.environ, say))


def watch_power(stack: contextlib.ExitStack) -> PowerKeeper:
    """Measures power, and changes no setting of the machine."""
    from assistant.machine.power.keeper import PowerKeeper
    from assistant.machine.power.readings import PowerReader
    from assistant.machine.power.sysfs import Sysfs

    return stack.enter_context(PowerKeeper(PowerReader(Sysfs())))

"""Which sound devices there are, and which one a name or number means.

Knows PortAudio's device list and how its streams are opened and closed; not what flows in them.
The list is a snapshot of the program's start: PortAudio takes a new one only when every stream has been closed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from audio.errors import DeviceMissing
from audio.quiet import quiet_stderr

Direction = Literal["input", "output"]
_NOUN = {"input": "microphone", "output": "loudspeaker"}
_CLOSE_SECONDS = 0.4

# Tried in this order, then the device's own. 48,000 Hz is what hardware runs at: no resampling
# below us. A sound server accepts all of them; a bare `hw:` device refuses most.
_RATES_HZ = (48_000, 44_100, 32_000, 16_000)


@dataclass(frozen=True)
class SoundDevice:
    index: int
    name: str
    channels: int  # in the direction asked for
    default_rate_hz: int

    def __str__(self) -> str:
        return f"{self.index}: {self.name}"


def portaudio() -> Any:
    """The `sounddevice` module, loaded quietly. Raises DeviceMissing without the library."""
    with quiet_stderr():  # ALSA writes a page about every card that is not there
        try:
            import sounddevice
        except OSError as reason:
            raise DeviceMissing(
                "the sound library PortAudio is not installed: sudo apt install libportaudio2"
            ) from reason
    return sounddevice


def devices(direction: Direction) -> list[SoundDevice]:
    key = f"max_{direction}_channels"
    found = portaudio().query_devices()
    return [
        SoundDevice(index, entry["name"], entry[key], int(entry["default_samplerate"]))
        for index, entry in enumerate(found)
        if entry[key] > 0
    ]


def list_devices(direction: Direction) -> list[str]:
    """One line a device, "2: USB Audio (hw:1,0)"; for messages and `--list-devices`."""
    return [str(device) for device in devices(direction)]


def resolve(wanted: str | int | None, direction: Direction) -> SoundDevice:
    """The device that an index, a part of a name, or None or "" (the system's default) means."""
    present = devices(direction)
    if wanted is None or wanted == "":
        default = portaudio().default.device[0 if direction == "input" else 1]
        return choose(default, present, direction, is_default=True)
    return choose(wanted, present, direction)


def choose(
    wanted: str | int,
    present: Iterable[SoundDevice],
    direction: Direction,
    is_default: bool = False,
) -> SoundDevice:
    """Pure part of resolve(). An exact name wins over a part of one, the first part over later."""
    present = list(present)
    noun = _NOUN[direction]
    if isinstance(wanted, str) and wanted.strip().isdigit():
        wanted = int(wanted)
    if isinstance(wanted, int):
        matches = [device for device in present if device.index == wanted]
    else:
        name = wanted.lower()
        matches = [device for device in present if device.name.lower() == name]
        matches = matches or [device for device in present if name in device.name.lower()]
    if matches:
        return matches[0]
    if not present:
        raise DeviceMissing(f"no {noun} found: plug one in and start again")
    there = "; ".join(str(device) for device in present)
    if is_default:
        raise DeviceMissing(f"the system has no default {noun}: choose one of {there}")
    raise DeviceMissing(f"no {noun} matches {wanted!r}: choose one of {there}")


def open_stream(device: SoundDevice, direction: Direction, build: Callable[[int, int], Any]) -> Any:
    """Start the stream that `build(rate_hz, channels)` makes, with the first pair that works.

    Raises DeviceMissing when the device takes none (busy, or not permitted).
    """
    sounddevice = portaudio()
    refusal: Exception | None = None
    rates = dict.fromkeys([*_RATES_HZ, device.default_rate_hz])
    # Mono where it can be; a bare stereo device refuses one channel.
    for channels in dict.fromkeys([1, min(2, device.channels), device.channels]):
        for rate_hz in rates:
            stream = None
            try:
                with quiet_stderr():
                    stream = build(rate_hz, channels)
                    stream.start()
                return stream
            except sounddevice.PortAudioError as reason:
                refusal = reason
                if stream is not None:
                    stream.close()
    raise DeviceMissing(
        f"the {_NOUN[direction]} {device.name!r} cannot be opened ({refusal}): "
        "close the program that uses it, or choose another"
    ) from refusal


def close_stream(stream: Any, name: str) -> bool:
    """Abort and close, within 0.4 s; False if it hangs, as with a sound server that has frozen.

    PortAudio would then hang once more as the process exits: its exit handler is taken off.
    """
    sounddevice = portaudio()

    def close() -> None:
        try:
            stream.abort()
            stream.close()
        except sounddevice.PortAudioError:
            return  # the device is gone: nothing left to close

    closer = threading.Thread(target=close, name=f"close {name}", daemon=True)
    closer.start()
    closer.join(_CLOSE_SECONDS)
    if closer.is_alive():
        import atexit

        atexit.unregister(sounddevice._exit_handler)
        return False
    return True

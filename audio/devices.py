"""Lists the sound devices, finds the one that a name or number means, and opens and closes its streams.

It knows PortAudio's device list. It does not know what flows in the streams.
The list is a snapshot of the program's start: PortAudio takes a new one only when it is shut down and started again,
which destroys every open stream. `renew_list` therefore asks a process of its own first whether a new list would help.
Only then do the owners of open streams give them up for about a tenth of a second.

A call into PortAudio may never return: while a sound server is frozen, or because the server died just as a stream was
started. Every call that can hang therefore runs on a thread of its own, and its caller waits for a limited time. While
the caller waits, Ctrl-C still works. A stream whose start hangs is abandoned and never closed, because closing it
would abort the whole process.
"""

from __future__ import annotations

import atexit
import json
import logging
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

from audio.errors import DeviceMissing
from audio.own_process import command_of
from audio.quiet import mute_c_stderr, quiet_stderr

Direction = Literal["input", "output"]
Result = TypeVar("Result")

_NOUN = {"input": "microphone", "output": "loudspeaker"}
# Loading PortAudio asks every sound device of the machine, and opening a Bluetooth headset can take two seconds.
_LOAD_SECONDS = 10.0
_OPEN_SECONDS = 3.0
_START_SECONDS = 1.0  # measured on a virtual sound card: 1 to 5 ms
_CLOSE_SECONDS = 0.4  # short, because Ctrl-C waits for it
_LIST_SECONDS = 3.0  # for a process to start, to load PortAudio and to print its list; measured: 0.4 s
_PORTAUDIO_TIMED_OUT = -9987  # portaudio.h: paTimedOut

_log = logging.getLogger(__name__)

_loaded: Any = None  # the module `sounddevice`, once it has been imported
_hanging_opens: dict[str, threading.Event] = {}  # by direction; the event is set once that call has returned after all
_abandoned_streams: list[Any] = []  # never freed, because PortAudio's threads may still use them
_open_streams: list[Any] = []  # started and not yet closed; one whose closing hangs stays in it until it returns
_lenders: list[Callable[[], bool]] = []  # each closes its owner's stream if it can do so now, and tells whether it did


class _Backend:
    """PortAudio itself, which is either in use by threads that call it, or being started again, and never both."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._users = 0
        self._restarting = False

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Raises DeviceMissing if PortAudio is being started again and that hangs."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._restarting, _OPEN_SECONDS):
                raise DeviceMissing("the sound system does not answer: start its sound server again")
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1

    def restart(self) -> bool:
        """Shuts PortAudio down and starts it. False where a call or an open stream forbids it, or where it fails."""
        with self._changed:
            is_hanging = any(not returned.is_set() for returned in _hanging_opens.values())
            if self._restarting or self._users or _open_streams or _abandoned_streams or is_hanging:
                return False
            self._restarting = True
        sounddevice = portaudio()
        try:
            with quiet_stderr():
                call_within(_LOAD_SECONDS, self._restart_now, "restart PortAudio")
        except (sounddevice.PortAudioError, TimeoutError) as reason:
            _log.warning("the list of sound devices could not be renewed: %s", reason)
            return False
        return True

    def _restart_now(self) -> None:
        sounddevice = portaudio()
        try:
            if sounddevice._initialized:  # an earlier attempt may have failed half way
                sounddevice._terminate()
            sounddevice._initialize()
        finally:
            with self._changed:
                self._restarting = False
                self._changed.notify_all()


_backend = _Backend()

# The rates are tried in this order, and the device's own rate last. Hardware runs at 48,000 Hz, so nothing below us
# resamples at this rate. A sound server accepts all of them; a bare `hw:` device refuses most.
_RATES_HZ = (48_000, 44_100, 32_000, 16_000)


@dataclass(frozen=True)
class SoundDevice:
    """A device of PortAudio's list, in one direction."""

    index: int
    name: str
    channels: int  # in the direction that was asked for
    default_rate_hz: int

    def __str__(self) -> str:
        return f"{self.index}: {self.name}"


def portaudio() -> Any:
    """Returns the module `sounddevice`. Raises DeviceMissing if PortAudio is not installed or loading it hangs."""
    global _loaded
    if _loaded is None:
        try:
            with quiet_stderr():  # ALSA writes a page about every card that is not there
                _loaded = call_within(_LOAD_SECONDS, _import_sounddevice, "load PortAudio")
        except OSError as reason:
            if isinstance(reason, TimeoutError):
                raise DeviceMissing("the sound system does not answer: start its sound server again") from reason
            raise DeviceMissing(
                "the sound library PortAudio is not installed: sudo apt install libportaudio2"
            ) from reason
        mute_c_stderr()  # PortAudio prints a page when a sound server dies in the middle of a stream
    return _loaded


def _import_sounddevice() -> Any:
    import sounddevice

    return sounddevice


def devices(direction: Direction) -> list[SoundDevice]:
    """Returns the devices of one direction, in PortAudio's order. Raises DeviceMissing as portaudio() does."""
    key = f"max_{direction}_channels"
    sounddevice = portaudio()
    with _backend.in_use():
        try:
            found = sounddevice.query_devices()
        except sounddevice.PortAudioError:  # it was shut down and could not be started again
            return []
    return [
        SoundDevice(index, entry["name"], entry[key], int(entry["default_samplerate"]))
        for index, entry in enumerate(found)
        if entry[key] > 0
    ]


def snapshot() -> dict[str, Any]:
    """The names of PortAudio's list in both directions, each with its index, and the index of each default.

    It is a value that can be written as JSON and compared.
    """
    directions: tuple[Direction, Direction] = ("input", "output")
    named: dict[str, Any] = {
        way: [[device.index, device.name, device.channels, device.default_rate_hz] for device in devices(way)]
        for way in directions
    }
    return named | {"default": [int(index) for index in portaudio().default.device]}


def renew_list(wanted: str | int | None, direction: Direction) -> bool:
    """Takes a new device list if `wanted` is in it and the list differs from ours. True if there is a new list.

    It takes about half a second, and runs a process of its own. All devices get new indices by it. Nothing happens
    while an open stream cannot be closed, for example because something is being said: call it again later.
    """
    fresh = _fresh_snapshot()
    if fresh is None or fresh == snapshot():
        return False
    try:
        _choose_from(fresh, wanted, direction)
    except DeviceMissing:
        return False
    for lend in tuple(_lenders):
        if not lend():
            return False
    return _backend.restart()


def _choose_from(listed: dict[str, Any], wanted: str | int | None, direction: Direction) -> SoundDevice:
    present = [SoundDevice(*fields) for fields in listed[direction]]
    if wanted is None or wanted == "":
        return choose(listed["default"][0 if direction == "input" else 1], present, direction, is_default=True)
    return choose(wanted, present, direction)


def _fresh_snapshot() -> dict[str, Any] | None:
    """What `snapshot` gives in a process that has just started. None if that fails or takes too long."""
    try:
        done = subprocess.run(
            command_of("audio.fresh_list"), capture_output=True, text=True, timeout=_LIST_SECONDS, check=True
        )
        listed: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return listed


def add_lender(lend: Callable[[], bool]) -> None:
    """`lend` is called before the list is renewed. It closes its owner's stream, and returns whether it has done so.

    The owner opens its stream again by itself, with `resolve`, because the device may have another index then.
    """
    _lenders.append(lend)


def remove_lender(lend: Callable[[], bool]) -> None:
    """Forgets it. Does nothing if it is not known."""
    if lend in _lenders:
        _lenders.remove(lend)


def list_devices(direction: Direction) -> list[str]:
    """Returns one line for each device, like "2: USB Audio (hw:1,0)", for messages and `--list-devices`."""
    return [str(device) for device in devices(direction)]


def resolve(wanted: str | int | None, direction: Direction) -> SoundDevice:
    """Returns the device with this index or this part of a name. None and "" mean the system's default.

    Raises DeviceMissing if there is none.
    """
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
    """Chooses a device from a list; the pure part of resolve(). Raises DeviceMissing if none matches.

    An exact name wins over a part of a name. Of several matches the first one wins.
    """
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


def open_stream(
    device: SoundDevice,
    direction: Direction,
    build: Callable[[int, int], Any],
    formats: Iterable[tuple[int, int]] = (),
) -> Any:
    """Starts the stream that `build(rate_hz, channels)` makes, with the first pair that works, and returns it.

    `formats` are the pairs to be tried. Without any, the usual rates are tried with one channel and then with more.
    Raises DeviceMissing if the device takes none of them (it is busy, or not permitted) or does not answer in time.
    """
    sounddevice = portaudio()
    refusal: Exception | None = None
    for rate_hz, channels in formats or _usual_formats(device):
        stream = None
        try:
            with _backend.in_use(), quiet_stderr():
                stream = _build_in_time(direction, partial(build, rate_hz, channels))
                _start_in_time(stream)
                _open_streams.append(stream)
            return stream
        except TimeoutError as reason:
            raise DeviceMissing(
                f"the {_NOUN[direction]} {device.name!r} does not answer: check its plug, or start the sound server again"
            ) from reason
        except sounddevice.PortAudioError as reason:
            refusal = reason
            if stream is not None:
                _open_streams.append(stream)
                close_stream(stream, _NOUN[direction])
    raise DeviceMissing(
        f"the {_NOUN[direction]} {device.name!r} cannot be opened ({refusal}): "
        "close the program that uses it, or choose another"
    ) from refusal


def _usual_formats(device: SoundDevice) -> list[tuple[int, int]]:
    """Returns pairs of rate (Hz) and channel count. Mono comes first; a bare stereo device refuses one channel."""
    rates = dict.fromkeys([*_RATES_HZ, device.default_rate_hz])
    return [
        (rate_hz, channels)
        for channels in dict.fromkeys([1, min(2, device.channels), device.channels])
        for rate_hz in rates
    ]


def _build_in_time(direction: Direction, build: Callable[[], Any]) -> Any:
    """Returns the stream that `build` makes. Raises PortAudioError, or TimeoutError when it hangs.

    While an earlier call for the same direction still hangs, no second one is begun: a frozen sound server must not
    cost one thread after the other. PortAudio returns from opening as soon as the server goes on or dies.
    """
    earlier = _hanging_opens.get(direction)
    if earlier is not None and not earlier.is_set():
        raise TimeoutError("an earlier attempt to open the device still hangs")
    returned = _hanging_opens[direction] = threading.Event()

    def open_it() -> Any:
        try:
            return build()
        finally:
            returned.set()

    return call_within(
        _OPEN_SECONDS,
        open_it,
        f"open {_NOUN[direction]}",
        if_late=lambda stream: stream.close(),  # it was never started, and nobody wants it any more
    )


def _start_in_time(stream: Any) -> None:
    """Starts the stream, or abandons it when that takes longer than a second. Raises TimeoutError, PortAudioError.

    PortAudio 19.6 and 19.7 on ALSA wait for ever when the sound server died after the stream was opened. Their
    callback thread ends without giving back a lock, the starting thread waits for that lock, and closing the stream
    would fail an assertion about it and abort the process.
    """
    sounddevice = portaudio()
    try:
        call_within(_START_SECONDS, stream.start, "start stream")
    except sounddevice.PortAudioError as reason:
        if _PORTAUDIO_TIMED_OUT in reason.args:  # the callback thread did not come up, so it may hold the lock
            _abandon(stream)
            raise TimeoutError("the stream did not start") from reason
        raise
    except BaseException:  # it hangs, or Ctrl-C came meanwhile
        _abandon(stream)
        raise


def _abandon(stream: Any) -> None:
    """Leaves the stream as it is for the rest of the process.

    PortAudio's exit handler would close the stream, so the handler is unregistered.
    """
    _abandoned_streams.append(stream)
    atexit.unregister(portaudio()._exit_handler)


def close_stream(stream: Any, name: str) -> bool:
    """Aborts and closes the stream within 0.4 s. False if that hangs, as with a sound server that has frozen.

    PortAudio would then hang once more as the process exits, so its exit handler is unregistered. The closing goes on
    in its thread. It frees what the stream holds as soon as the sound server goes on or dies.
    """
    sounddevice = portaudio()

    def close() -> None:
        try:
            stream.abort()
            stream.close()
        except sounddevice.PortAudioError:
            pass  # the device is gone, so nothing is left to close
        if stream in _open_streams:
            _open_streams.remove(stream)

    try:
        call_within(_CLOSE_SECONDS, close, f"close {name}")
    except TimeoutError:
        atexit.unregister(sounddevice._exit_handler)
        return False
    return True


def call_within(
    seconds: float, call: Callable[[], Result], name: str, if_late: Callable[[Result], None] = lambda result: None
) -> Result:
    """Runs `call` on a daemon thread called `name` and returns its result. What `call` raises is raised here.

    Raises TimeoutError when it takes longer than `seconds`. The thread is then left behind. A result that comes after
    that, or after Ctrl-C has interrupted the waiting, is handed to `if_late` on the thread.
    """
    handing_over = threading.Lock()
    ended = threading.Event()
    results: list[Result] = []
    errors: list[BaseException] = []
    gave_up = False

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - boundary of a thread: the caller gets it
            errors.append(error)
            ended.set()
            return
        with handing_over:
            results.append(result)
            ended.set()
            too_late = gave_up
        if too_late:
            if_late(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        ended.wait(seconds)
    finally:
        with handing_over:
            gave_up = not ended.is_set()
    if errors:
        raise errors[0]
    if gave_up:
        raise TimeoutError(f"{name!r} took longer than {seconds:g} s")
    return results[0]

"""Keys of the machine's input devices: USB switches, headsets, presenters, pedals, keyboards.

This module reads the kernel's `struct input_event` from /dev/input/event*, and names and keys from /sys/class/input.
Both are the kernel's fixed, documented interface (Documentation/input/). It does not know what a press means: it hands
out downs and ups. A device that is pulled out counts as released, and is looked for until it is back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.button.gestures import KeyEvent

INPUT_FOLDER = Path("/dev/input")
SYSFS_FOLDER = Path("/sys/class/input")
RESCAN_SECONDS = 1.0  # how soon a device that was plugged in is noticed; a listing of one folder each time

# struct input_event, linux/input.h: struct timeval, type, code, value. Why this is not the library evdev: its package
# evdev-binary has wheels (2.0.0 for Python 3.11 to 3.14, 1.9.3 for 3.10, x86-64), so that no compiler is needed any
# more. But it would replace only the next lines and one ioctl. It cannot ask the kernel for times on the monotonic
# clock (EVIOCSCLOCKID), it lists no device that this user may not read, which is the very device that our message has
# to name, and it opens devices for writing where it may. Beside Debian's python3-evdev it would be a second `evdev`.
EVENT = struct.Struct("@llHHi")
EV_SYN, EV_KEY = 0x00, 0x01
SYN_DROPPED = 3  # the kernel's queue overflowed: ups may be missing
_EVIOCSCLOCKID = 0x400445A0  # _IOW('E', 0xa0, int)
_EVIOCGRAB = 0x40044590  # _IOW('E', 0x90, int)

# The keys that people press most, by their names in messages. Any other key is told by its number.
KEY_NAMES = {
    28: "enter", 48: "B", 57: "space", 63: "F5", 88: "F12", 104: "page up", 105: "left", 106: "right", 109: "page down",
    113: "mute", 114: "volume down", 115: "volume up", 163: "next track", 164: "play/pause", 165: "previous track",
    200: "play", 201: "pause", 226: "media", 256: "button 0", 272: "left mouse button", 273: "right mouse button",
    288: "trigger", 304: "button A", 582: "voice command",
}  # fmt: skip
# These keys cannot be the button: shift, control, alt and the logo keys (Ctrl-C has to end the program that waits for
# the button), and the touches of fingers on a touchpad or a tablet.
NO_BUTTON = frozenset({29, 97, 42, 54, 56, 100, 125, 126, *range(0x140, 0x150)})


@dataclass(frozen=True)
class InputDevice:
    """One device /dev/input/event*."""

    path: Path
    name: str
    keys: frozenset[int]  # the codes that it can send


@dataclass(frozen=True)
class Key:
    """A key of a device, as [button] in config.toml names it."""

    device: str  # a path, or a part of the device's name; "" is any device
    code: int  # of linux/input-event-codes.h; 0 is any key

    def fits(self, device: InputDevice) -> bool:
        if self.code and self.code not in device.keys:
            return False
        if self.device.startswith("/"):
            return os.path.realpath(self.device) == os.path.realpath(device.path)  # /dev/input/by-id/… are links
        return self.device.casefold() in device.name.casefold()


@dataclass(frozen=True)
class DeviceEvent:
    """A key event with its device and key code: `seesay button --learn` needs them."""

    device: InputDevice
    code: int
    event: KeyEvent


def key_name(code: int) -> str:
    return f"{KEY_NAMES[code]} ({code})" if code in KEY_NAMES else f"number {code}"


def list_devices(input_folder: Path = INPUT_FOLDER, sysfs_folder: Path = SYSFS_FOLDER) -> list[InputDevice]:
    """All input devices that have keys. No permission to read the devices is needed."""
    devices = []
    for path in sorted(input_folder.glob("event*"), key=lambda path: (len(path.name), path.name)):
        about = sysfs_folder / path.name / "device"
        with contextlib.suppress(OSError):  # pulled out at this moment
            name = (about / "name").read_text(errors="replace").strip()
            keys = _bits((about / "capabilities" / "key").read_text())
            if keys:
                devices.append(InputDevice(path, name, keys))
    return devices


def _bits(words: str) -> frozenset[int]:
    """The bits set in sysfs's bitmap: hexadecimal machine words, the highest first."""
    width = 8 * struct.calcsize("@L")
    numbers = [int(word, 16) for word in reversed(words.split())]
    return frozenset(
        place * width + bit for place, number in enumerate(numbers) for bit in range(width) if number >> bit & 1
    )


class InputKeys:
    """The downs and ups of a key, across loss and return of its device. Use it in a `with`.

    `problem` is a sentence while no device can be heard (none is there, or no permission: then `refused`), else "".
    """

    def __init__(
        self,
        key: Key,
        *,
        grab: bool = False,
        input_folder: Path = INPUT_FOLDER,
        sysfs_folder: Path = SYSFS_FOLDER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """With `grab` nobody else hears the device: a headset's key starts no music, a pedal types no letter."""
        self._key = key
        self._grab = grab
        self._folders = (input_folder, sysfs_folder)
        self._clock = clock
        self._open: dict[int, _OpenDevice] = {}
        self._stop_reader, self._stop_writer = os.pipe()
        self._scan_at = float("-inf")
        self._stopped = False
        self.problem = ""
        self.refused = False
        self._scan()

    def __enter__(self) -> InputKeys:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read(self, timeout_seconds: float | None = None) -> list[KeyEvent]:
        """Wait for key events, at most this long. Returns [] when the time is over, a device came or went, or after
        stop().
        """
        return [event.event for event in self.read_devices(timeout_seconds)]

    def read_devices(self, timeout_seconds: float | None = None) -> list[DeviceEvent]:
        """As `read`, with each event's device and key."""
        until_scan = max(0.0, self._scan_at - self._clock())
        wait = until_scan if timeout_seconds is None else min(timeout_seconds, until_scan)
        ready, _, _ = select.select([self._stop_reader, *self._open], [], [], wait)
        events = [event for number in ready if number in self._open for event in self._read(number)]
        if self._clock() >= self._scan_at:
            self._scan()
        return events

    @property
    def devices(self) -> list[InputDevice]:
        """The devices that have the key, be they readable or not."""
        return [device for device in list_devices(*self._folders) if self._key.fits(device)]

    def stop(self) -> None:
        """Make a read() that waits return at once. Any thread may call it."""
        if not self._stopped:
            self._stopped = True
            os.write(self._stop_writer, b".")

    def close(self) -> None:
        """Close the devices; a second call does nothing. While another thread reads, stop() and join it first."""
        for number in [*self._open]:
            self._close(number)
        for number in (self._stop_reader, self._stop_writer):
            if number >= 0:
                os.close(number)
        self._stop_reader = self._stop_writer = -1
        self._stopped = True

    def _scan(self) -> None:
        self._scan_at = self._clock() + RESCAN_SECONDS
        fitting = [device for device in list_devices(*self._folders) if self._key.fits(device)]
        heard = {opened.device.path for opened in self._open.values()}
        refused: list[InputDevice] = []
        for device in fitting:
            if device.path in heard:
                continue
            try:
                number = os.open(device.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except PermissionError:
                refused.append(device)
            except OSError:
                continue  # gone again: the next scan knows
            else:
                self._open[number] = _OpenDevice(device, _kernel_stamps_monotonic(number))
                if self._grab:
                    with contextlib.suppress(OSError):  # another program has grabbed it; its events may still come
                        fcntl.ioctl(number, _EVIOCGRAB, 1)
        self.refused = bool(refused) and not self._open
        self.problem = "" if self._open else self._sentence(refused)

    def _sentence(self, refused: list[InputDevice]) -> str:
        if refused:
            return (
                f"no permission to read the button {refused[0].name!r} ({refused[0].path}): "
                "run `sudo usermod -aG input $USER`, then log out and in again"
            )
        named = f" called {self._key.device!r}" if self._key.device else ""
        key = f" with the key {key_name(self._key.code)}" if self._key.code else " with keys"
        return f"there is no input device{named}{key}: plug the button in; `seesay button` lists what there is"

    def _read(self, number: int) -> Iterator[DeviceEvent]:
        opened = self._open[number]
        try:
            data = os.read(number, 64 * EVENT.size)
        except BlockingIOError:
            return
        except OSError:  # ENODEV: pulled out
            data = b""
        if not data:
            yield from opened.release_all(self._clock())
            self._close(number)
            return
        for seconds, microseconds, kind, code, value in EVENT.iter_unpack(data[: len(data) // EVENT.size * EVENT.size]):
            at = seconds + microseconds / 1e6 if opened.monotonic else self._clock()
            if kind == EV_SYN and code == SYN_DROPPED:
                yield from opened.release_all(at)
            elif kind == EV_KEY and value in (0, 1) and self._key.code in (0, code):  # 2 is auto-repeat
                yield opened.event(code, value == 1, at)

    def _close(self, number: int) -> None:
        del self._open[number]
        with contextlib.suppress(OSError):
            os.close(number)
        self._scan_at = self._clock()  # look for it at once, so that its loss is told


class _OpenDevice:
    """An open device, and which of its keys are down."""

    def __init__(self, device: InputDevice, monotonic: bool) -> None:
        self.device = device
        self.monotonic = monotonic
        self._down: set[int] = set()

    def event(self, code: int, down: bool, at: float) -> DeviceEvent:
        if down:
            self._down.add(code)
        else:
            self._down.discard(code)
        return DeviceEvent(self.device, code, KeyEvent(down, at))

    def release_all(self, at: float) -> list[DeviceEvent]:
        return [self.event(code, False, at) for code in sorted(self._down)]


def _kernel_stamps_monotonic(number: int) -> bool:
    """Ask the kernel for event times on the monotonic clock. False where it is no real device: then `clock` gives the
    time.
    """
    try:
        fcntl.ioctl(number, _EVIOCSCLOCKID, struct.pack("@i", time.CLOCK_MONOTONIC))
    except OSError:
        return False
    return True

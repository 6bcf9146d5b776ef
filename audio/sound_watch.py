"""Notices when the sound server takes our microphone or loudspeaker away, or gives them back, also while nothing sounds.

A sound server does not tell a program that its device has gone. When the last microphone goes, PulseAudio moves the
recording to the monitor of a loudspeaker: blocks keep coming, and the program is deaf. When the last loudspeaker goes,
it offers `auto_null`, which swallows everything. So this module reads the changes that `pactl subscribe` prints, and
asks `pactl` after each of them where our streams are; PulseAudio and PipeWire both answer it. Without a sound server it
looks every second whether the kernel's sound devices have changed.

It costs nothing while nothing changes. It does not know what is said about a loss.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from audio import microphone
from audio.devices import Direction, renew_list
from audio.errors import DeviceMissing
from audio.speaking import playback
from audio.speaking.played import PlayedSound

Device = TypeVar("Device")

RETRY_SECONDS = 1.0
_ASK_SECONDS = 2.0
_SETTLE_SECONDS = 0.1  # one plug makes a dozen changes
_JOIN_SECONDS = 0.4
_RARE_SECONDS = 30.0
_REFUSED_SECONDS = 0.5  # `pactl subscribe` ends sooner than that where there is no server
_NOWHERE = "auto_null"  # PulseAudio's and PipeWire's name for the loudspeaker that is none
_KERNEL_DEVICES = Path("/dev/snd")
# "Event 'remove' on source #3". Changes of streams, and of a device's state or volume, are too frequent and say nothing.
_CHANGE = re.compile(rb"^Event '(new|remove)' on (sink|source|card) #|^Event 'change' on server #")

NO_MICROPHONE = (
    "the sound server has no microphone left: check its plug, or its Bluetooth profile with `seesay doctor bluetooth`"
)
NO_LOUDSPEAKER = (
    "the sound server has no loudspeaker left: check its plug, or its Bluetooth profile with `seesay doctor bluetooth`"
)


@dataclass(frozen=True)
class Placement:
    """Where the sound server has put the streams of this process."""

    sources: tuple[str, ...]  # names of those that are recorded from
    sinks: tuple[str, ...]  # names of those that are played to
    default_sink: str

    @property
    def records_monitor(self) -> bool:
        return any(name.endswith(".monitor") for name in self.sources)

    def plays_nowhere(self, *, by_default: bool) -> bool:
        """`by_default`: no device was asked for, so that the server's default counts while no stream is open."""
        return _NOWHERE in self.sinks or (by_default and not self.sinks and self.default_sink == _NOWHERE)


def placement_of(listing: dict[str, Any], info: dict[str, Any], process: int) -> Placement:
    """Reads what `pactl --format=json list` and `… info` print, for the streams of one process."""

    def names(devices: str, streams: str, key: str) -> tuple[str, ...]:
        named = {device["index"]: device["name"] for device in listing.get(devices, [])}
        return tuple(
            named[stream[key]]
            for stream in listing.get(streams, [])
            if stream.get("properties", {}).get("application.process.id") == str(process) and stream[key] in named
        )

    return Placement(
        sources=names("sources", "source_outputs", "source"),
        sinks=names("sinks", "sink_inputs", "sink"),
        default_sink=str(info.get("default_sink_name", "")),
    )


def ask_placement() -> Placement | None:
    """None where no sound server answers, or its `pactl` is older than version 16 and knows no JSON."""
    try:
        return placement_of(_asked("list"), _asked("info"), os.getpid())
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _asked(what: str) -> dict[str, Any]:
    done = subprocess.run(
        ["pactl", "--format=json", what],
        capture_output=True, text=True, timeout=_ASK_SECONDS, check=True,
        env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered


class WatchedVoice(Protocol):
    """The part of `audio.speaking.voice.SpokenVoice` that is used here."""

    @property
    def lost(self) -> bool: ...
    def check(self) -> None: ...
    def lose(self) -> None: ...


class SoundWatch:
    """Opens microphone and loudspeaker, and owns the thread "sound-watch" while it is used in a `with`."""

    def __init__(
        self,
        input_device: str | None,
        output_device: str | None,
        *,
        placement: Callable[[], Placement | None] = ask_placement,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.played = PlayedSound()  # by the loudspeakers that were opened here
        self._input_device = input_device
        self._output_device = output_device
        self._placement = placement
        self._clock = clock
        self._voice: WatchedVoice | None = None
        self._microphone: microphone.Microphone | None = None
        self._monitor_is_wanted: bool | None = (
            None  # by the user, because it was recorded from the start; None: unknown
        )
        self._plays_nowhere = False
        self._stopping = threading.Event()
        self._subscription: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="sound-watch", daemon=True)

    def open_microphone(self) -> microphone.Microphone:
        """Raises DeviceMissing if it is away, also where the sound server offers a loudspeaker's monitor instead."""
        opened = _with_fresh_list(microphone.Microphone, self._input_device, "input")
        placement = self._placement()
        records_monitor = placement is not None and placement.records_monitor
        if self._monitor_is_wanted is None:
            self._monitor_is_wanted = records_monitor
        elif records_monitor and not self._monitor_is_wanted:
            opened.close()
            raise DeviceMissing(NO_MICROPHONE)
        self._microphone = opened
        return opened

    def open_loudspeaker(self) -> playback.Loudspeaker:
        """Raises DeviceMissing if it is away, also where the sound server offers a loudspeaker that is none."""
        if self._plays_nowhere:
            raise DeviceMissing(NO_LOUDSPEAKER)
        return _with_fresh_list(lambda device: playback.Loudspeaker(device, self.played), self._output_device, "output")

    @contextlib.contextmanager
    def watching(self, voice: WatchedVoice) -> Iterator[None]:
        """Checks the voice and the open microphone after each change of the devices, until the end of the `with`."""
        self._voice = voice
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            if self._subscription is not None:
                self._subscription.kill()
            self._thread.join(_JOIN_SECONDS)

    def changed(self) -> None:
        """Finds out where the streams are now, and declares those lost that lead nowhere."""
        placement = self._placement()
        if placement is not None:
            if placement.records_monitor and self._microphone is not None and not self._monitor_is_wanted:
                self._microphone.lose(NO_MICROPHONE)
            self._plays_nowhere = placement.plays_nowhere(by_default=not self._output_device)
        if self._voice is not None:
            if self._plays_nowhere:
                self._voice.lose()
            self._voice.check()

    # The thread "sound-watch".

    def _run(self) -> None:
        kernel_devices, has_server, wait_for_server = _listing(_KERNEL_DEVICES), False, RETRY_SECONDS
        next_try_at = self._clock()
        while not self._stopping.is_set():
            if self._clock() >= next_try_at:
                if has_server := self._follow_server(again=has_server) or has_server:
                    wait_for_server = RETRY_SECONDS
                else:  # a machine without any: to start a process every second would cost 1 % of a core
                    wait_for_server = min(2 * wait_for_server, _RARE_SECONDS)
                next_try_at = self._clock() + wait_for_server
            self._stopping.wait(RETRY_SECONDS)
            now = _listing(_KERNEL_DEVICES)
            if now != kernel_devices or (self._voice is not None and self._voice.lost):
                self.changed()
            kernel_devices = now

    def _follow_server(self, *, again: bool) -> bool:
        """Reads the server's changes until it dies. Returns whether there was one. `again`: one has died before."""
        try:
            subscription = subprocess.Popen(
                ["pactl", "subscribe"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        except OSError:
            return False
        self._subscription = subscription
        began, was_there = self._clock(), False
        try:
            assert subscription.stdout is not None
            output = subscription.stdout.fileno()
            while not self._stopping.is_set():
                is_lost = again or (self._voice is not None and self._voice.lost)
                ready, _, _ = select.select([output], [], [], RETRY_SECONDS if is_lost else None)
                read = os.read(output, 65536) if ready else b""
                if ready and not read:
                    break
                was_there = True
                if again or not ready or any(_CHANGE.match(line) for line in read.splitlines()):
                    again = False
                    self._stopping.wait(_SETTLE_SECONDS)
                    self.changed()
        finally:
            subscription.kill()
            subscription.wait()
            if subscription.stdout is not None:
                subscription.stdout.close()
        was_there = was_there or self._clock() - began > _REFUSED_SECONDS
        if was_there and not self._stopping.is_set():
            self.changed()
        return was_there


def _listing(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _with_fresh_list(open_it: Callable[[str | None], Device], wanted: str | None, direction: Direction) -> Device:
    """Opens a device. If it is not in PortAudio's list, or cannot be opened, once more with a new list."""
    try:
        return open_it(wanted)
    except DeviceMissing:
        if not renew_list(wanted, direction):
            raise
        return open_it(wanted)

"""`seesay devices` lists microphones, loudspeakers, cameras and buttons, each with its line for config.toml."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant import console
from assistant.button.input_devices import list_devices as list_buttons
from audio.devices import SoundDevice, call_within
from audio.devices import devices as list_sound_devices
from audio.errors import DeviceMissing

_LIMIT_SECONDS = 12.0  # loading PortAudio alone may take ten


@dataclass(frozen=True)
class Listed:
    """A device, and the setting that chooses it."""

    kind: str  # microphone, loudspeaker, camera or button
    name: str
    table: str
    key: str
    value: str

    @property
    def setting(self) -> str:
        """A line for config.toml, below the name of its table."""
        # A JSON text is a TOML text as well, apart from DEL, which TOML wants to be escaped.
        text = json.dumps(self.value, ensure_ascii=False).replace("\x7f", "\\u007f")
        return f"[{self.table}] {self.key} = {text}"


def microphones() -> list[Listed]:
    return _sound("microphone", list_sound_devices("input"), "hearing", "input_device")


def loudspeakers() -> list[Listed]:
    return _sound("loudspeaker", list_sound_devices("output"), "speaking", "output_device")


def _sound(kind: str, devices: Sequence[SoundDevice], table: str, key: str) -> list[Listed]:
    """The name chooses a device, because numbers change. Of two devices of one name only the number chooses."""
    names = [device.name for device in devices]
    return [
        Listed(kind, device.name, table, key, device.name if names.count(device.name) == 1 else str(device.index))
        for device in devices
    ]


def cameras(dev: Path = Path("/dev"), names: Path = Path("/sys/class/video4linux")) -> list[Listed]:
    """The cameras that give pictures. A webcam has a second device, with data about its pictures, which is left out.

    A link by the camera's own name is preferred to its number, which depends on the order of plugging in.
    """
    links = {link.resolve(): link for link in sorted((dev / "v4l" / "by-id").glob("*"), reverse=True)}
    found = []
    for device in sorted(dev.glob("video[0-9]*"), key=lambda path: int(path.name[5:])):
        about = names / device.name
        if _text(about / "index") not in ("", "0"):
            continue
        setting = str(links.get(device.resolve(), device))
        found.append(Listed("camera", _text(about / "name") or device.name, "seeing", "camera", setting))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def buttons() -> list[Listed]:
    return [
        Listed("button", device.name, "button", "device", device.name or str(device.path)) for device in list_buttons()
    ]


LISTS: dict[str, Callable[[], list[Listed]]] = {
    "microphones": microphones,
    "loudspeakers": loudspeakers,
    "cameras": cameras,
    "buttons": buttons,
}


def show(lists: dict[str, Callable[[], list[Listed]]], *, as_json: bool) -> None:
    """Prints all lists. One that cannot be made says so, and the others are printed all the same."""
    report: dict[str, Any] = {}
    for title, make in lists.items():
        problem, listed = "", []
        try:
            listed = call_within(_LIMIT_SECONDS, make, title)
        except TimeoutError:
            problem = "the system does not answer: start the sound server again, or unplug what you plugged in last"
        except DeviceMissing as error:
            problem = str(error)
        report[title] = [{**asdict(one), "setting": one.setting} for one in listed]
        if problem:
            console.say(f"seesay: {title}: {problem}")
        if as_json:
            continue
        console.result(f"{title}:" if listed else f"{title}: none found")
        for one in listed:
            console.result(f"  {one.name}\n    {one.setting}")
    if as_json:
        console.result(console.as_json_line(report))


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    devices = verbs.add_parser(
        "devices",
        parents=[common],
        help="microphones, loudspeakers, cameras and buttons, with their lines for config.toml",
    )
    devices.add_argument("--json", action="store_true", help="print one JSON object")
    devices.set_defaults(do=_devices)


def _devices(arguments: argparse.Namespace) -> None:
    show(LISTS, as_json=arguments.json)

"""Checks the camera: opens it, takes a few pictures, and judges their size, rate and light.

It keeps no picture unless the user asks for one.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.machine.doctor.finding import Finding, failure, ok, split_sentence, warning
from assistant.settings.config import Config
from vision.errors import VisionError
from vision.frame import Frame

_CHECK = "camera"
_RATE_PICTURES = 5  # as many as a burst may have
_RATE_SECONDS = 2.0  # a slower camera gives fewer pictures in this time
_SETTLING_SECONDS = 1.0  # a webcam's first pictures are dark, while it looks for its exposure
SLOWEST_PICTURES_PER_SECOND = 5.0

# What is wrong with a picture, by the names of vision/framing.py, and what to do about it.
FAULTS = {
    "covered": ("shows nothing: its lens is covered", "open its shutter, or take away what lies on the lens"),
    "too_dark": ("is dark", "switch a light on, or open its shutter"),
    "too_bright": ("gets too much light", "turn it away from the window or the lamp"),
    "noise": ("is nothing but noise", "switch a light on, and check its plug"),
    "blurred": ("is out of focus, or shakes", "clean its lens, set its focus, or fasten it"),
}


@dataclass(frozen=True)
class Seen:
    """What a camera gives."""

    name: str
    asked: tuple[int, int]  # width and height in pixels; 0 for what it gives by itself
    given: tuple[int, int]
    pictures_per_second: float | None  # None for a picture file or a recording
    fault: str = ""  # of vision/framing.py; "" is none
    blur_px: float | None = None  # width of the edges in a picture of 448 pixels; None where there is no edge
    bright_level: float = 0.0  # brightness of the brightest hundredth, 0..255


@dataclass(frozen=True)
class Unopened:
    """What is known of a device that cannot be opened."""

    problem: str  # the error's sentence
    device: Path | None  # None for anything that is no device of this machine
    exists: bool = False
    permitted: bool = False
    holders: tuple[str, ...] = ()  # programs that have it open, such as "zoom (4711)"


def judge_seen(seen: Seen) -> list[Finding]:
    size = f"{seen.given[0]}×{seen.given[1]}"
    figures = {
        "width_px": seen.given[0],
        "height_px": seen.given[1],
        "pictures_per_second": None if seen.pictures_per_second is None else round(seen.pictures_per_second, 1),
        "blur_px": None if seen.blur_px is None else round(seen.blur_px, 2),
        "bright_level": round(seen.bright_level, 1),
    }
    findings = []
    if seen.fault in FAULTS:
        says, fix = FAULTS[seen.fault]
        findings.append(warning(_CHECK, f"the picture of {seen.name} {says}", fix, **figures))
    if seen.given[0] * seen.given[1] < seen.asked[0] * seen.asked[1] / 2:
        findings.append(
            warning(
                _CHECK,
                f"{seen.name} gives {size} pixels where {seen.asked[0]}×{seen.asked[1]} were asked for: small print stays unread",
                "plug it into a USB 3 socket without a hub, or use a camera of 1920×1080 pixels",
                **figures,
            )
        )
    if seen.pictures_per_second is not None and seen.pictures_per_second < SLOWEST_PICTURES_PER_SECOND:
        findings.append(
            warning(
                _CHECK,
                f"{seen.name} gives {seen.pictures_per_second:.1f} pictures a second",
                "more light lets it expose for a shorter time; else another USB socket, or a smaller seeing.width",
                **figures,
            )
        )
    if findings:
        return findings
    rate = "" if seen.pictures_per_second is None else f", {seen.pictures_per_second:.0f} pictures a second"
    return [ok(_CHECK, f"{seen.name} gives {size} pixels{rate}, sharp and bright enough", **figures)]


def judge_unopened(found: Unopened) -> Finding:
    if found.device is not None and found.exists and not found.permitted:
        return failure(
            _CHECK,
            f"{found.device} may not be opened by this user",
            "sudo usermod -aG video $USER, then log out and in again",
            missing=True,
        )
    if found.device is not None and found.exists and found.holders:
        programs = ", ".join(found.holders)
        return failure(_CHECK, f"{found.device} is in use by {programs}", f"close {programs}", missing=True)
    says, fix = split_sentence(found.problem)
    return failure(_CHECK, says, fix, missing=True)


def device_of(camera: str) -> Path | None:
    """The device file of a camera setting such as "0" or "/dev/video2". None for a stream, a video or a picture."""
    name = camera.strip()
    if name.isascii() and name.isdigit():
        return Path(f"/dev/video{int(name)}")
    return Path(name) if name.startswith("/dev/") else None


def holders_of(device: Path, proc: Path = Path("/proc")) -> tuple[str, ...]:
    """The programs that have the device open. Those of other users are seen by root alone."""
    wanted, found = os.path.realpath(device), []
    for process in proc.glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if any(os.path.realpath(link) == wanted for link in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text(errors='replace').strip()} ({process.name})")
    return tuple(sorted(found))


def read_unopened(camera: str, problem: Exception, proc: Path = Path("/proc")) -> Unopened:
    device = device_of(camera)
    if device is None:
        return Unopened(str(problem), None)
    exists = device.exists()
    permitted = exists and os.access(device, os.R_OK | os.W_OK)
    return Unopened(str(problem), device, exists, permitted, holders_of(device, proc) if exists else ())


def rate_of(taken_at: list[float]) -> float:
    """Pictures a second, from the times in seconds of pictures that follow each other.

    A single picture tells only that no other came in the time that was waited.
    """
    seconds = taken_at[-1] - taken_at[0]
    return (len(taken_at) - 1) / seconds if seconds > 0 else 1 / _RATE_SECONDS


def look(config: Config, save_to: Path | None = None, clock: Callable[[], float] = time.monotonic) -> Seen:
    """Opens the camera, lets it settle for a second, and takes five pictures, or fewer within two seconds.

    Raises VisionError, and OSError if the picture cannot be saved.
    """
    from vision.camera import Camera, open_frame_source
    from vision.framing import judge

    seeing = config.seeing
    source = open_frame_source(
        seeing.camera,
        open_timeout_seconds=seeing.open_timeout_seconds,
        width=seeing.width or None,
        height=seeing.height or None,
    )
    try:
        began, rate = clock(), None  # pictures a second
        frame: Frame = source.burst(1)[-1]
        if isinstance(source, Camera) and source.live:
            while clock() < began + _SETTLING_SECONDS:
                frame = source.burst(1)[-1]
            frames = source.burst(_RATE_PICTURES, within_seconds=_RATE_SECONDS)
            frame, rate = frames[-1], rate_of([one.captured_at for one in frames])
    finally:
        with contextlib.suppress(VisionError):  # its driver hangs; the thread ends with the program
            source.close()
    if save_to is not None:
        from PIL import Image

        Image.fromarray(frame.rgb).save(save_to)
    framing = judge(frame)
    height, width = frame.rgb.shape[:2]
    is_device = device_of(seeing.camera) is not None
    return Seen(
        name=_name_of(seeing.camera),
        asked=(seeing.width, seeing.height) if is_device else (0, 0),  # only a device is asked
        given=(width, height),
        pictures_per_second=rate,
        fault=framing.fault.value if framing.fault else "",
        blur_px=framing.blur_px,
        bright_level=framing.bright_level,
    )


def _name_of(camera: str) -> str:
    from vision.video import describe

    device = device_of(camera)
    return str(device) if device is not None else describe(camera)


def check_camera(config: Config, save_to: Path | None = None) -> list[Finding]:
    try:
        return judge_seen(look(config, save_to))
    except VisionError as problem:
        return [judge_unopened(read_unopened(config.seeing.camera, problem))]

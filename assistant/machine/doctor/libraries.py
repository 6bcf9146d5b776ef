"""Checks the system's libraries, the Python packages, and that the voice makes sound."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from assistant.errors import ModelMissing, exit_status_of
from assistant.language.phrases import phrases_for
from assistant.machine.doctor.finding import Finding, failure, ok, split_sentence, warning
from assistant.settings.config import Config
from audio.errors import AudioError

# The soname of each system library and Debian's package that holds it, as in .ci/system-packages.
LIBRARIES = {
    "libportaudio.so.2": "libportaudio2",
    "libespeak-ng.so.1": "libespeak-ng1",
    "libGL.so.1": "libgl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
}
_PROJECT = "seesay"


@dataclass(frozen=True)
class Package:
    """A Python package that the program needs."""

    name: str
    wanted: str  # the versions that will do, such as ">=5,<6"; "" is any
    installed: str | None  # its version
    fits: bool


def missing_libraries(names: Iterable[str] = tuple(LIBRARIES)) -> list[str]:
    missing = []
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def judge_libraries(missing: Iterable[str]) -> Finding:
    if missing := list(missing):
        packages = " ".join(LIBRARIES[name] for name in missing)
        return failure("libraries", f"not installed: {', '.join(missing)}", f"sudo apt install {packages}")
    return ok("libraries", "all system libraries are there")


def read_packages() -> list[Package]:
    """The packages that this program's own metadata asks for. [] where it was not installed as a package."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(text) for text in metadata.requires(_PROJECT) or []]
    except metadata.PackageNotFoundError:
        return []
    packages = []
    for one in wanted:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            version = None
        fits = version is not None and one.specifier.contains(version, prereleases=True)
        packages.append(Package(one.name, str(one.specifier), version, fits))
    return packages


def judge_packages(packages: Iterable[Package], *, headless_opencv: bool) -> list[Finding]:
    packages = list(packages)
    wrong = [package for package in packages if not package.fits]
    findings = []
    if not packages:
        findings.append(
            warning("packages", "SeeSay is not installed as a package, so nothing tells what it needs", "make run")
        )
    elif wrong:
        told = ", ".join(
            f"{one.name} is missing" if one.installed is None else f"{one.name} is {one.installed} and not {one.wanted}"
            for one in wrong
        )
        names = " ".join(f"'{one.name}{one.wanted}'" for one in wrong)
        findings.append(failure("packages", told, f"pip install {names}, in SeeSay's own environment"))
    else:
        findings.append(ok("packages", f"all {len(packages)} Python packages have the right versions"))
    if headless_opencv:
        findings.append(
            warning(
                "packages",
                "opencv-python-headless lies over opencv-python, and both have the same files",
                "pip uninstall opencv-python-headless; pip install --force-reinstall opencv-python",
            )
        )
    return findings


def has_package(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def check_libraries(config: Config) -> list[Finding]:
    return [judge_libraries(missing_libraries())]


def check_packages(config: Config) -> list[Finding]:
    return judge_packages(read_packages(), headless_opencv=has_package("opencv-python-headless"))


def judge_voice(voice: str, sound_seconds: float, problem: Exception | None) -> Finding:
    """`sound_seconds` is how long the spoken test word is; `problem` is why there is no sound."""
    if problem is not None:
        says, fix = split_sentence(str(problem))
        return failure("voice", says, fix, missing=exit_status_of(problem) == 3)
    name = f"the voice {voice!r}" if voice else "its default voice"
    if sound_seconds == 0:
        return failure(
            "voice",
            f"espeak-ng makes no sound with {name}",
            "sudo apt install --reinstall espeak-ng-data libespeak-ng1",
            missing=True,
        )
    return ok("voice", f"espeak-ng speaks with {name}")


def judge_piper(sound_seconds: float, problem: Exception | None) -> Finding:
    """As `judge_voice`, for speaking.engine = "piper"."""
    if problem is not None:
        says, fix = split_sentence(str(problem))
        return failure("voice", says, fix, missing=exit_status_of(problem) == 3)
    if sound_seconds == 0:
        return failure("voice", "Piper makes no sound", "name another voice in speaking.piper_voice", missing=True)
    return ok("voice", "Piper speaks")


def check_voice(config: Config) -> list[Finding]:
    from assistant.models.synthesizer import open_synthesizer

    phrases = phrases_for(config.conversation.language)
    voice = config.speaking.voice or phrases.voice
    seconds, found = 0.0, None
    try:
        with open_synthesizer(config, config.speaking.rate_wpm, 1.0) as synthesizer:
            seconds = synthesizer.synthesize(phrases.ready).duration_seconds
    except (AudioError, ModelMissing) as problem:
        found = problem
    return [judge_piper(seconds, found) if config.speaking.engine == "piper" else judge_voice(voice, seconds, found)]

"""`seesay doctor` checks this installation and its devices: one line a check, and below it the fix.

With --say it speaks what is wrong. With --bundle it writes a file for a bug report. It does not know how anything is
checked. The checks are imported where they run, because `seesay --help` must stay quick.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import console
from assistant.cli.options import config_of
from assistant.errors import AssistantError, ConfigError, UsageError
from assistant.files import user_path
from assistant.machine.doctor.finding import Finding, Level, as_json, as_text, exit_status, failure, ok
from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.machine.doctor.checks import Check


class ChecksFailed(AssistantError):
    """At least one check failed. Its exit status is that of the worst finding."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        failed = list(dict.fromkeys(finding.check for finding in findings if finding.level is Level.FAILURE))
        super().__init__(f"{len(failed)} of the checks failed: {', '.join(failed)}")
        self.exit_status = exit_status(findings)


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    doctor = verbs.add_parser(
        "doctor",
        parents=[common],
        help="what is wrong with this machine, its devices or settings, and how to fix it",
        description="Checks everything, or only what is named. It speaks one sentence and records two seconds of sound.",
        epilog="exit status: 0 all is well, or there are warnings only; 3 a device or model is missing or damaged; "
        "1 anything else failed, or the report could not be written",
    )
    doctor.add_argument(
        "checks", nargs="*", metavar="CHECK", help="by the name in the report, such as camera (default: all of them)"
    )
    doctor.add_argument("--say", action="store_true", help="speak the failures and the warnings, too")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.add_argument("--listen", action="store_true", help="say something while it records; it prints what it heard")
    doctor.add_argument("--picture", type=user_path, metavar="FILE", help="keep the camera's picture (.jpg, .png)")
    doctor.add_argument(
        "--bundle", type=user_path, metavar="FILE.zip", help="write the report for others, without secrets"
    )
    doctor.set_defaults(do=_doctor)


def _doctor(arguments: argparse.Namespace) -> None:
    if arguments.picture and arguments.picture.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise UsageError(f"{arguments.picture} is no name for a picture: end it with .jpg or .png")
    from assistant.machine.doctor.checks import run_checks
    from assistant.wiring.devices import use_echo_cancellation

    checks = chosen_checks(arguments.checks, listen=arguments.listen, picture=arguments.picture)
    config, settings = read_settings(lambda: config_of(arguments))
    use_echo_cancellation(config)  # so that the microphone is checked that `seesay run` would use
    findings = []
    for finding in _all(settings, run_checks(config, checks)):
        findings.append(finding)
        if not arguments.json:
            console.result(as_text(finding))
    if arguments.json:
        report = {"exit_status": exit_status(findings), "findings": [as_json(finding) for finding in findings]}
        console.result(console.as_json_line(report))
    if arguments.bundle:
        keep_bundle(arguments.bundle, findings, config)
    if arguments.say:
        say_findings(findings, config)
    if exit_status(findings):
        raise ChecksFailed(findings)


def read_settings(read: Callable[[], Config]) -> tuple[Config, Finding]:
    """The settings and what is to be said of them. Where the file is refused, the defaults are checked."""
    try:
        config = read()
    except ConfigError as error:
        return Config(), failure(
            "settings", f"{error} (the rest is checked with the defaults)", "correct it, then try again"
        )
    return config, ok("settings", f"those of {config.source}")


def chosen_checks(names: Sequence[str], *, listen: bool, picture: Path | None) -> list[Check]:
    """The checks of these names, or all without any, with the options that change two of them. Raises UsageError."""
    from assistant.machine.doctor import camera
    from assistant.machine.doctor.checks import CHECKS

    known = [check.name for check in CHECKS]
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"there is no check {unknown[0]!r}: choose of {', '.join(known)}")
    chosen = []
    for check in CHECKS:
        if names and check.name not in names:
            continue
        if listen and check.name == "microphone":
            check = replace(check, probe=_listen, limit_seconds=60.0)
        if picture and check.name == "camera":
            check = replace(check, probe=partial(camera.check_camera, save_to=picture))
        chosen.append(check)
    return chosen


def _listen(config: Config) -> list[Finding]:
    from assistant.machine.doctor import microphone

    console.say("say something now, for five seconds")
    return microphone.check_spoken(config)


def _all(first: Finding, others: Iterable[Finding]) -> Iterator[Finding]:
    yield first
    yield from others


def keep_bundle(path: Path, findings: Sequence[Finding], config: Config) -> None:
    """Writes the file for a bug report. Raises AssistantError."""
    from assistant.machine.doctor.bundle import read_log, write_bundle

    try:
        write_bundle(path, findings, config, read_log())
    except OSError as error:
        raise AssistantError(f"{path} cannot be written: {error.strerror or error}; choose another place") from None
    console.say(f"{path} has the report, the versions, the settings without secrets, and the service's starts and ends")


def spoken(findings: Iterable[Finding]) -> list[str]:
    """What is said aloud: what is wrong and its fix, worst first, and one sentence if nothing is."""
    wrong = [finding for finding in findings if finding.level is not Level.OK]
    if not wrong:
        return ["All checks are well."]
    wrong.sort(key=lambda finding: finding.level is not Level.FAILURE)
    return [
        f"{finding.level.value}, {finding.check.replace('-', ' ')}. {finding.says}."
        + (f" To fix it: {finding.fix}." if finding.fix else "")
        for finding in wrong
    ]


def say_findings(findings: Sequence[Finding], config: Config) -> None:
    """Speaks in English, which is the language of the findings. Without voice or loudspeaker a message tells it."""
    from assistant.language.speakable import to_spoken
    from assistant.wiring.devices import loudspeaker
    from audio.errors import AudioError
    from audio.speaking.synthesizer import Synthesizer
    from audio.speaking.voice import SpokenVoice

    never = threading.Event()
    speaking = config.speaking
    try:
        english = config.conversation.language == "en"
        name = speaking.voice if english else ""
        to_words = partial(to_spoken, voice=name)
        with Synthesizer(name, speaking.rate_wpm, speaking.volume, to_words) as synthesizer:
            voice = SpokenVoice(synthesizer, loudspeaker(speaking.output_device))
            try:
                for sentence in spoken(findings):
                    voice.say(sentence, never)
                voice.drain(never)
            finally:
                voice.close()
    except AudioError as error:
        console.say(f"seesay: the report cannot be spoken: {error}")

"""All checks in their order, each with a time limit, so that none can hang the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from assistant.machine.doctor import (
    button,
    camera,
    cpu_and_memory,
    groups_and_services,
    libraries,
    loudspeaker,
    microphone,
    models,
    power,
    sound_server,
    web,
)
from assistant.machine.doctor.finding import Finding, warning
from assistant.settings.config import Config
from audio.devices import call_within

_log = logging.getLogger(__name__)

Probe = Callable[[Config], list[Finding]]


@dataclass(frozen=True)
class Check:
    """A check by the name that a user types, and how long it may take in seconds."""

    name: str
    probe: Probe
    limit_seconds: float = 5.0


CHECKS = (
    Check("processor", cpu_and_memory.check_processor),
    Check("memory", cpu_and_memory.check_memory),
    Check("disk", cpu_and_memory.check_disk),
    Check("libraries", libraries.check_libraries),
    Check("packages", libraries.check_packages),
    Check("groups", groups_and_services.check_groups),
    Check("sound-server", sound_server.check_sound_server, 10.0),
    Check("bluetooth", sound_server.check_bluetooth),
    Check("microphone", microphone.check_microphone, 20.0),
    Check("voice", libraries.check_voice, 15.0),
    Check("loudspeaker", loudspeaker.check_loudspeaker, 30.0),
    Check("camera", camera.check_camera, 30.0),
    Check("button", button.check_button),
    Check("power", power.check_power),
    Check("network", web.check_network),
    Check("proxy", web.check_proxy),
    Check("speech-model", models.check_speech_model, 60.0),
    Check("vision-model", models.check_vision_model, 180.0),  # it reads 4.3 GB
    Check("model-check", models.check_model_check),
)
NAMES = tuple(check.name for check in CHECKS)


def run_checks(config: Config, checks: Sequence[Check]) -> Iterator[Finding]:
    """The findings of the checks, as they come. A check that fails or hangs is a warning of its own."""
    for check in checks:
        try:
            yield from call_within(check.limit_seconds, partial(check.probe, config), f"check {check.name}")
        except TimeoutError:
            yield warning(
                check.name,
                f"it did not end within {check.limit_seconds:g} s",
                "unplug the device and plug it in, or start the machine again; then run `seesay doctor` again",
            )
        except Exception as error:  # noqa: BLE001 - one check must not end the report
            _log.debug("the check %s failed", check.name, exc_info=error)
            yield warning(
                check.name,
                f"it could not be checked ({type(error).__name__}: {error})",
                f"run `SEESAY_DEBUG=1 seesay doctor {check.name}` and report what it prints",
            )

"""What the service of systemd needs for one configuration, and its sign of life while the program runs.

It knows which settings need the network and how large the model is. The text of the unit is `machine.service.unit`'s.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping

from assistant.files import cache_folder, data_folder, state_folder
from assistant.machine.service.notify import Notifier, notifier_of, watchdog_seconds
from assistant.machine.service.unit import Network, UnitSettings, memory_max_bytes
from assistant.machine.service.watchdog import Watchdog
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.web.access import is_loopback

_FEEDS_A_LIMIT = 3  # systemd's manual advises twice in its time limit; a third allows for one that comes late


def unit_settings(
    config: Config, command: tuple[str, ...], environ: Mapping[str, str], *, page: bool, logs_words: bool
) -> UnitSettings:
    """The settings of the unit. `page`: the service serves the page and the API. Raises ModelMissing."""
    return UnitSettings(
        command,
        network_of(config, page=page),
        memory_max_bytes(_weights_bytes(config), packed=config.engine.arithmetic == "packed"),
        tuple(sorted(folder(environ) for folder in (state_folder, cache_folder, data_folder))),
        cache_folder(environ) / "machine-code",
        sets_power=config.power.govern == "on",
        logs_words=logs_words,
    )


def network_of(config: Config, *, page: bool) -> Network:
    """The least that this configuration needs."""
    journal = config.journal
    hosts = [_host(address) for address in (config.seeing.camera, journal.webhook_url, journal.mqtt_url)]
    if config.engine.backend != "local":
        hosts.append(_host(config.remote.base_url))
    if page:
        hosts.append(config.web.host)
    wanted = [host for host in hosts if host]
    if not wanted:
        return Network.NONE
    return Network.LOOPBACK if all(map(is_loopback, wanted)) else Network.ANY


def _host(address: str) -> str:
    """The host of an address; "" for what is no address, such as a camera's number or a file."""
    if "://" not in address:
        return ""
    try:
        return urllib.parse.urlsplit(address).hostname or ""
    except ValueError:
        return "unknown"  # the program will say what is wrong with it; until then any host may be meant


def _weights_bytes(config: Config) -> int:
    """Of the model that answers. The demo model answers only until the full one is fetched, so the full one counts."""
    eye = catalog.choose_eye(config)
    if eye.is_demo:
        return catalog.FULL_VLM.pinned["model.safetensors"][0]
    return catalog.weights_bytes(eye.folder)


# The sign of life.


class SignsOfLife:
    """Tells systemd that the program is ready, alive and ending. It does nothing where systemd did not start it."""

    def __init__(self, notifier: Notifier, limit_seconds: float | None, *, needs_sound: bool) -> None:
        self._notifier = notifier
        self.every_seconds = None if limit_seconds is None else limit_seconds / _FEEDS_A_LIMIT
        self._watchdog = (
            None
            if self.every_seconds is None
            else Watchdog(lambda: notifier.tell("WATCHDOG=1"), self.every_seconds, needs_sound=needs_sound)
        )

    def ready(self, status: str) -> None:
        """From now on systemd counts the service as started, and watches it."""
        self._notifier.tell("READY=1", f"STATUS={status}")
        self.loop_turned()

    def status(self, status: str) -> None:
        self._notifier.tell(f"STATUS={status}")

    def ending(self) -> None:
        self._notifier.tell("STOPPING=1", "STATUS=ending")

    def sound_lost(self) -> None:
        if self._watchdog is not None:
            self._watchdog.sound_lost()

    def sound_came(self, ended_at: float) -> None:
        """Sound has arrived that ended at this monotonic time."""
        if self._watchdog is not None:
            self._watchdog.sound_came(ended_at)

    def loop_turned(self) -> None:
        if self._watchdog is not None:
            self._watchdog.loop_turned()


def signs_of_life(environ: Mapping[str, str], *, needs_sound: bool) -> SignsOfLife:
    """As systemd asks for them in the environment. `needs_sound`: the program listens to a microphone."""
    return SignsOfLife(notifier_of(environ), watchdog_seconds(environ), needs_sound=needs_sound)

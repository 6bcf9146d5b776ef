"""Builds the receivers of the journal's records from the configuration, and starts the threads that send to them."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import console
from assistant.errors import ConfigError, JournalError
from assistant.inspection.handing_on.addresses import MQTT_PORTS, WEBHOOK_PORTS, Address, address_of
from assistant.inspection.journal import Journal
from assistant.settings.config import JournalConfig
from assistant.wiring.credentials import read_secret, ssl_context

if TYPE_CHECKING:
    from assistant.inspection.handing_on.handover import HandingOn, Handover
    from assistant.inspection.handing_on.receiver import Receiver


@dataclass(frozen=True)
class Receivers:
    """Who gets the records. Nothing is sent before `handing_on`."""

    receivers: Sequence[Receiver] = ()
    notices: Sequence[str] = ()  # printed at the start, one for each receiver

    @property
    def computers(self) -> tuple[str, ...]:
        """Their names, each once."""
        return tuple(dict.fromkeys(receiver.host for receiver in self.receivers))

    @property
    def hosts(self) -> str:
        """The computers, for a sentence. "" if there are none."""
        return ", ".join(self.computers)


NOBODY = Receivers()


def receivers_of(config: JournalConfig) -> Receivers:
    """Who gets the records: nobody unless the journal is kept. Raises ConfigError."""
    if not config.enabled:
        return NOBODY
    receivers: list[Receiver] = []
    notices = []
    if config.webhook_url:
        from assistant.inspection.handing_on.webhook import Webhook

        address = _address("webhook_url", config.webhook_url, WEBHOOK_PORTS)
        token = read_secret(config.webhook_token_file, "journal.webhook_token_file", "token")
        if token is not None and (address.user or address.password):
            raise ConfigError("journal.webhook_url has a name or password, and webhook_token_file a token: give one")
        receivers.append(Webhook(address, token, _tls(address, config.ca_file)))
        notices.append(_notice(address))
    if config.mqtt_url:
        address = _address("mqtt_url", config.mqtt_url, MQTT_PORTS)
        receivers.append(_mqtt_topic(address, _tls(address, config.ca_file)))
        notices.append(_notice(address))
    return Receivers(receivers, notices)


def hand_on(receivers: Receivers, journal: Journal, stack: contextlib.ExitStack) -> Callable[[], None]:
    """Starts a thread for each receiver, which the stack ends. The function that is returned tells them of new records.

    Call it before the journal is written, and enter the thread that writes it on the stack afterwards: so the newest
    records are sent as well.
    """
    if not receivers.receivers:
        return lambda: None
    from assistant.inspection.handing_on.handover import HandingOn, Handover
    from assistant.inspection.handing_on.progress import Progress

    progress = Progress(journal.folder)
    threads: list[HandingOn] = []
    for receiver, notice in zip(receivers.receivers, receivers.notices, strict=True):
        handover = Handover(journal.folder, receiver, progress, console.say)
        handover.begin(journal)
        console.say(notice)
        stack.callback(_tell_what_waits, journal.folder, handover)
        threads.append(stack.enter_context(HandingOn(handover, f"hand-on-{len(threads) + 1}")))

    def wake() -> None:
        for thread in threads:
            thread.wake()

    return wake


def _tell_what_waits(folder: Path, handover: Handover) -> None:
    """Prints at the end how many records a receiver has not got yet."""
    with contextlib.suppress(JournalError), Journal.read(folder) as journal:
        if count := handover.waiting(journal):
            records = "1 record of the journal waits" if count == 1 else f"{count} records of the journal wait"
            console.say(f"{records} for {handover.receiver.name}: the next start goes on with that")


def _address(key: str, text: str, ports: dict[str, int]) -> Address:
    try:
        return address_of(text, ports)
    except ValueError as error:
        raise ConfigError(f"journal.{key} cannot be used: {error}") from None


def _mqtt_topic(address: Address, tls: ssl.SSLContext | None) -> Receiver:
    from assistant.inspection.handing_on.mqtt import MqttTopic

    try:
        return MqttTopic(address, tls)
    except ImportError:
        raise ConfigError(
            'journal.mqtt_url needs the Python package paho-mqtt: .venv/bin/pip install ".[mqtt]" in the folder of '
            'SeeSay, or set it to ""'
        ) from None
    except ValueError as error:
        raise ConfigError(f"journal.mqtt_url cannot be used: {error}") from None


def _tls(address: Address, ca_file: str) -> ssl.SSLContext | None:
    return ssl_context(ca_file, "journal.ca_file") if address.is_encrypted else None


def _notice(address: Address) -> str:
    way = "encrypted" if address.is_encrypted else "NOT encrypted, so that network can read along"
    return f"RECORDS LEAVE THIS MACHINE: each one of the journal goes to {address.shown}, without pictures, {way}"

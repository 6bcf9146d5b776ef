"""What a receiver of records is to the thread that sends them, and the form in which it gets a record.

It does not know HTTP or MQTT, nor when a record is sent.
"""

from __future__ import annotations

import json
from typing import Protocol

from assistant.errors import AssistantError
from assistant.inspection.export import as_object
from assistant.inspection.record import Entry


class NotAcknowledged(AssistantError):
    """The receiver has not acknowledged a record. The thread that sends catches it; it never ends the program."""


class Away(NotAcknowledged):
    """The receiver cannot be reached, or has no time now. The same record may be accepted later."""

    def __init__(self, sentence: str, after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.after_seconds = after_seconds  # the pause that the receiver asks for; None: it asks for none


class Refused(NotAcknowledged):
    """The receiver was reached and does not accept the record. The fault may be the record's or the receiver's."""


class Receiver(Protocol):
    """One thread at a time calls it, but for `interrupt`."""

    @property
    def name(self) -> str:
        """What it is and where, for a person. It holds no password, and no part of an address that may be secret."""

    @property
    def key(self) -> str:
        """Stands for the receiver from one start to the next. It holds nothing secret."""

    @property
    def host(self) -> str: ...

    def send(self, entry: Entry) -> None:
        """Returns when the receiver has acknowledged the record. Raises Away, Refused."""

    def rest(self) -> None:
        """Closes what is open, because nothing is to be sent for a while. Never raises."""

    def interrupt(self) -> None:
        """Ends a `send` on another thread soon: it raises Away, and so does each later one."""


def body_of(entry: Entry) -> bytes:
    """The record as one JSON object in UTF-8, as in the list `records` of `seesay journal export --json`."""
    return json.dumps(as_object(entry), ensure_ascii=False).encode()

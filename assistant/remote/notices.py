"""What a user is told about the other computer: printed for those who read, spoken for those who hear."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.phrases import Phrases
from assistant.remote.fallback import Away, Change
from assistant.remote.settings import ServerSettings


@dataclass(frozen=True)
class Notice:
    printed: str
    spoken: str


def pictures_leave(server: ServerSettings, phrases: Phrases) -> Notice:
    """At the start, before the first picture."""
    way = "encrypted" if server.is_encrypted else "NOT encrypted, so that network can read along"
    return Notice(
        f"PICTURES LEAVE THIS MACHINE: each one that is asked about goes to {server.base_url} with the questions, {way}",
        phrases.pictures_leave.format(host=server.host),
    )


def of_change(change: Change, phrases: Phrases, *, local_is_demo: bool) -> Notice:
    """When the other computer's engine goes away or comes back."""
    if not isinstance(change, Away):
        return Notice("the engine on the other computer is back and answers again", phrases.remote_back)
    if not change.has_local:
        return Notice(str(change.error), phrases.remote_away_alone)
    if local_is_demo:
        own = "the small demo model of this machine answers, which knows drawn shapes only"
        return Notice(f"{change.error}; until it is back, {own}", phrases.remote_away_demo)
    return Notice(f"{change.error}; until it is back, this machine's own engine answers", phrases.remote_away)

"""What happens while a question is answered, in the order in which it happens.

These are facts only. `api` and `v1` write them down for clients.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.web.errors import ApiError

if TYPE_CHECKING:
    from assistant.answering.turn import Turn


@dataclass(frozen=True)
class Accepted:
    """It has a place in the queue; 0 is its turn."""

    conversation: str
    queue_position: int


@dataclass(frozen=True)
class Queued:
    """It has moved up."""

    queue_position: int


@dataclass(frozen=True)
class StillThere:
    """Nothing new for some seconds; said so that no proxy takes the silence for a broken connection."""


@dataclass(frozen=True)
class Heard:
    """A spoken question, in words."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Seeing:
    """The picture is looked at now. `advice`: what is wrong with it, as a sentence."""

    advice: str | None


@dataclass(frozen=True)
class Text:
    """Some more of the answer, as the model gave it out."""

    text: str
    log_probabilities: tuple[float, ...] = ()  # natural, one a token; () where another computer does not tell


@dataclass(frozen=True)
class Sentence:
    """A sentence as it is spoken, doubt included. `speech`: under which name its sound is kept."""

    text: str
    speech: str | None


@dataclass(frozen=True)
class Done:
    """The end. `answer` is what was said: the model's text, with the words of doubt where there is doubt."""

    answer: str
    turn: Turn
    finish: str  # "stop", "length" or "cancelled"
    doubt: str  # "plain", "unsure" or "cannot tell"
    prompt_tokens: int  # with the picture's and those of earlier turns
    cached_tokens: int  # of them, not computed again
    model: str  # that answered


@dataclass(frozen=True)
class Failed:
    """The end, in place of Done."""

    error: ApiError


Event = Accepted | Queued | StillThere | Heard | Seeing | Text | Sentence | Done | Failed


class Leaving(threading.Event):
    """Set when somebody says stop, and as soon as the client has gone: the engine asks it before every step.

    No thread watches the connection: the server knows it is closed, and whoever wants to know asks.
    """

    def __init__(self, gone: Callable[[], bool]) -> None:
        super().__init__()
        self._gone = gone

    def is_set(self) -> bool:
        if not super().is_set() and self._gone():
            self.set()
        return super().is_set()

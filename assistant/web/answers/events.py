"""What happens while a question of a client is answered, in this order. How an event is sent, `api` and `v1` decide."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.web.answers.errors import ApiError

if TYPE_CHECKING:
    from assistant.answering.page_reading import PageAdvice
    from assistant.answering.turn import Turn
    from vision.reading.interface import Line, Rotation


@dataclass(frozen=True)
class Accepted:
    """The question has a place in the queue; it is its turn at 0."""

    conversation: str
    queue_position: int


@dataclass(frozen=True)
class Queued:
    """The question's place in the queue has changed: it moved up, or another client has its turn first."""

    queue_position: int


@dataclass(frozen=True)
class StillThere:
    """Nothing new happened for some seconds. It is sent so that no proxy takes the silence for a broken connection."""


@dataclass(frozen=True)
class Heard:
    """A spoken question, in words."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Seeing:
    """The engine begins to look at the picture. `advice` is a sentence about what is wrong with the picture."""

    advice: str | None


@dataclass(frozen=True)
class Found:
    """The lines of print were found, and will be recognised one after the other."""

    line_count: int
    rotation: Rotation  # see `vision.reading.interface.Layout`
    advice: tuple[PageAdvice, ...]  # what hinders the reader, the worst first


@dataclass(frozen=True)
class LineRead:
    """A line of print, in reading order."""

    line: Line


@dataclass(frozen=True)
class Text:
    """Some more of the answer, as the model gave it out."""

    text: str
    log_probabilities: tuple[float, ...] = ()  # natural, one a token; () if another computer does not tell


@dataclass(frozen=True)
class Sentence:
    """A sentence as it is spoken, doubt included. `speech` is the name under which its sound is kept."""

    text: str
    speech: str | None


@dataclass(frozen=True)
class Done:
    """The answer has ended.

    `answer` is what was said: the model's text, with the words of doubt where there is doubt.
    """

    answer: str
    turn: Turn
    finish: str  # "stop", "length" or "cancelled"
    doubt: str  # "plain", "unsure" or "cannot tell"
    prompt_tokens: int  # with the picture's and those of earlier turns
    cached_tokens: int  # of them, not computed again
    model: str | None  # that answered; None: no model was asked


@dataclass(frozen=True)
class Failed:
    """The answer has failed. It comes in place of Done."""

    error: ApiError


Event = Accepted | Queued | StillThere | Heard | Seeing | Found | LineRead | Text | Sentence | Done | Failed


class Leaving(threading.Event):
    """An event that is set when somebody stops the answer, or when the client has gone. The engine asks it before
    every step.

    No thread watches the connection. The server knows whether it is closed, and `is_set` asks the server.
    """

    def __init__(self, gone: Callable[[], bool]) -> None:
        super().__init__()
        self._gone = gone

    def is_set(self) -> bool:
        if not super().is_set() and self._gone():
            self.set()
        return super().is_set()

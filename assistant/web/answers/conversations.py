"""Conversations with clients: a picture and what was said about it, kept in memory for some minutes.

It does not know HTTP.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.answering.reading.reader_context import PrintTold
from assistant.web.answers.expiring_store import Kept, KeptLimits
from vision.errors import QuestionError

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import View

# The pictures of all conversations together; one picture has at most 11 MB, since large ones are reduced.
KEPT_BYTES = 128_000_000
# These stand around earlier turns that the engine no longer holds, for a model that takes instructions.
_EARLIER = "Earlier in this conversation:"
_NOW = "Now answer:"

# How the two kinds of keys begin, so that none of one kind is ever one of the other.
_ID = "id "
_DIGEST = "digest "

Exchange = tuple[str, str]  # a question and its answer, without space around them


@dataclass(frozen=True)
class Said:
    """What came before a question: the client's own instructions, and the exchanges after them."""

    instructions: str = ""
    exchanges: tuple[Exchange, ...] = ()

    def and_then(self, question: str, answer: str) -> Said:
        return Said(self.instructions, (*self.exchanges, (question.strip(), answer.strip())))


@dataclass
class Conversation:
    """A conversation about one picture, or without one.

    Only the question whose turn it is in the queue may change the fields; any thread may change `stop`.
    """

    id: str
    frame: Frame | None  # None: a conversation without a picture
    fault: Fault | None  # what is wrong with the picture
    view: View | None = None  # None: not yet seen
    held: Said = field(default_factory=Said)  # what the view remembers
    print_told: PrintTold = field(default_factory=PrintTold)  # whether it was told what is printed in the picture
    looks_again: int = 0  # how often the user has asked "are you sure"
    was_advised: bool = False  # its client was told that the picture shows nothing
    stop: Callable[[], None] = lambda: None  # ends the answer under way

    def prompt_for(
        self,
        question: str,
        before: Said,
        *,
        takes_instructions: bool,
        longest: int,
        max_new_tokens: int | None = None,
        tell: Callable[[str], str] = lambda question: question,
    ) -> str:
        """The text to ask the view, so that it knows `before`.

        If the view remembers something else, or has no room for the question and its answer, it forgets, and the text
        tells it the earlier turns again, as far as they fit into `longest` characters and the model. `tell` puts before
        the question what the view has to be told with it; it is asked again after the view has forgotten. Raises
        QuestionError.
        """
        assert self.view is not None  # the answer has seen the picture first
        if self.view.cache_bytes == 0:  # the engine gave its room to another picture
            self._note_forgotten()
        text = tell(question)
        if before == self.held and self.view.remembers(text, max_new_tokens):
            return text
        self.view.forget()
        self._note_forgotten()
        if not takes_instructions:
            return question
        view = self.view
        return folded(tell(question), before, lambda text: len(text) <= longest and _takes(view, text, max_new_tokens))

    def _note_forgotten(self) -> None:
        self.held = Said()
        self.print_told.forget()


def folded(question: str, before: Said, fits: Callable[[str], bool]) -> str:
    """One text of the question and what came before it. The oldest exchanges are left out until the text fits."""
    exchanges = list(before.exchanges)
    while True:
        turns = [f"Question: {asked}\nAnswer: {answer}" for asked, answer in exchanges]
        earlier = "\n".join([_EARLIER, *turns, _NOW]) if turns else ""
        text = "\n\n".join(filter(None, (before.instructions, earlier, question)))
        if not exchanges or fits(text):
            return text
        del exchanges[0]


def _takes(view: View, text: str, max_new_tokens: int | None) -> bool:
    """Whether the text fits into the model. Only the view knows how many tokens a text has."""
    try:
        return view.remembers(text, max_new_tokens)
    except QuestionError:
        return False


class Conversations:
    """All conversations of the server. Any thread may call it."""

    def __init__(self, count: int, age_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: Kept[Conversation] = Kept(KeptLimits(count, KEPT_BYTES, age_seconds), clock)
        self._sharing = threading.Lock()

    def new(self, frame: Frame | None, fault: Fault | None) -> Conversation:
        """A conversation that `find` finds by its id. Nobody can guess the id: whoever knows it may ask on."""
        conversation = _new(frame, fault)
        self._put(_ID + conversation.id, conversation)
        return conversation

    def find(self, id: str) -> Conversation | None:
        """The conversation that `new` made under this id; `id` may be any text that a client sent."""
        return self._kept.get(_ID + id)

    def shared(self, digest: str, frame: Frame | None) -> Conversation:
        """The one conversation about the picture with this digest; it is made when there is none.

        Two requests that bring the same picture at once get the same one. `find` never finds it: a client that could
        name it would read what other clients have said.
        """
        with self._sharing:
            found = self.find_shared(digest)
            if found is None:
                found = _new(frame, None)
                self._put(_DIGEST + digest, found)
            return found

    def find_shared(self, digest: str) -> Conversation | None:
        return self._kept.get(_DIGEST + digest)

    def sweep(self) -> None:
        self._kept.sweep()

    def _put(self, key: str, conversation: Conversation) -> None:
        frame = conversation.frame
        self._kept.put(key, conversation, 0 if frame is None else frame.rgb.nbytes)

    def __len__(self) -> int:
        return len(self._kept)


def _new(frame: Frame | None, fault: Fault | None) -> Conversation:
    return Conversation(secrets.token_urlsafe(16), frame, fault)

"""A page that is read aloud: which words are commands about it, and what they start.

The page stays until the next one, also when it is read to its end or was put down, so that the user can come back to
it. This file does not know how print is recognised, or how far the voice has got.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.answering.page_reading import Advise, PageReading, no_advice
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Question, Turn
from assistant.conversation.modes.mode import Situation
from assistant.language.command_parser import parse_command, parse_reading_command
from assistant.language.phrases import Command, Phrases, ReadingCommand
from assistant.language.spelling import parts_to_spell, spell

if TYPE_CHECKING:
    from assistant.answering.capture import PictureCapture
    from vision.reading.interface import Reader


class ReadingAloud:
    """The newest page, and the commands about it. It is a `Mode`."""

    def __init__(
        self, answering: AnswerPipeline, reader: Reader, phrases: Phrases, *, advise: Advise = no_advice
    ) -> None:
        self._answering = answering
        self.reader = reader
        self._phrases = phrases
        self._advise = advise
        self._page: PageReading | None = None
        self._look: PictureCapture | None = None  # of that page
        self.turn: Turn | None = None

    @property
    def is_under_way(self) -> bool:
        """True while a page is being read."""
        turn = self.turn
        return turn is not None and not turn.done.is_set() and not turn.cancelled.is_set()

    @property
    def answers_questions(self) -> bool:
        """True: "read the text" is a question about the picture."""
        return True

    @property
    def awaits_free_words(self) -> bool:
        """False: a page asks for nothing."""
        return False

    def has_read(self, look: PictureCapture) -> bool:
        """Whether this picture is the one of the newest page."""
        return self._look is look

    def begin(self, question: Question, look: PictureCapture) -> Turn:
        """Reads a new page, which is in the picture of `look`, from its top."""
        self._page, self._look = PageReading(self.reader, self._phrases, advise=self._advise), look
        return self._go(question, ReadingCommand.FROM_THE_TOP)

    def take(self, question: Question, situation: Situation) -> Turn | None:
        """See `Mode.take`.

        Words that are another command as well are meant for the page if no question came after it.
        """
        page = self._page
        if page is None:
            return None
        other = parse_command(question.text, self._phrases)
        if other is Command.REPEAT:
            return self.repeat(question, situation)
        if situation.asked and other is not None:
            return None
        if other is Command.SPELL:
            return self._spell(page)
        command = parse_reading_command(question.text, self._phrases)
        if command is None:
            return None
        if command is ReadingCommand.CONTINUE and self.is_under_way:
            return self.turn
        return self._go(question, command)

    def repeat(self, question: Question, situation: Situation) -> Turn | None:
        """See `Mode.repeat`: reads on from the beginning of the sentence that was said last."""
        if self._page is None or situation.asked or situation.said:
            return None
        return self._go(question, ReadingCommand.AGAIN)

    def _go(self, question: Question, command: ReadingCommand | int) -> Turn:
        page, look = self._page, self._look
        assert page is not None
        assert look is not None
        self.turn = self._answering.read(question, look, lambda turn, frame: page.sentences(turn, frame, command))
        return self.turn

    def _spell(self, page: PageReading) -> Turn | None:
        """Spells what was read last. The page stays where it is: "repeat" then says the spelling again."""
        sentence = page.last_sentence
        if sentence is None or not sentence.text:
            return None
        parts = (sentence.text[begin:end] for begin, end in parts_to_spell(sentence.text))
        return self._answering.say(" ".join(spell(part, self._phrases) for part in parts))

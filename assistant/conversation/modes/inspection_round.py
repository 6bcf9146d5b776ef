"""An inspection round in the conversation: which words it gets, and its turns to the voice, the camera and the journal.

`assistant.inspection.rounds.rules` decides what happens. This file tells it the time and the words, and does what comes
out. It does not know stations, limits or languages, and words that are not meant for the round stay with the dialog.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from assistant.answering.turn import Question, Turn
from assistant.conversation.modes.mode import Situation
from assistant.inspection.rounds.closed_phrases import phrases_awaited
from assistant.inspection.rounds.moment import Ended, Expected, Looking, Moment, Reaction, awaits_closed_answer
from assistant.inspection.rounds.rules import Rules
from assistant.inspection.rounds.snapshot import round_shown
from assistant.language.command_parser import parse_command
from assistant.language.phrases import Command, Phrases

if TYPE_CHECKING:
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.conversation.modes.station_looks import StationLook, StationLooks
    from assistant.inspection.round_shown import RoundShown
    from assistant.inspection.rounds.journal import RoundJournal
    from vision.frame import Frame

# Wordings that are commands of the round and of the assistant. After a question they are about its answer.
_ABOUT_THE_ANSWER = (Command.REPEAT, Command.NEW_PICTURE, Command.MORE_DETAIL)


class InspectionRound:
    """The round that is under way. It is a `Mode`."""

    def __init__(
        self,
        answering: AnswerPipeline,
        rules: Rules,
        first: Reaction,
        looks: StationLooks,
        journal: RoundJournal,
        phrases: Phrases,
        *,
        pack: Callable[[Frame], bytes],  # makes a JPEG file; called on the thread that writes the journal
        about: Callable[[Turn], Mapping[str, Any]] = lambda turn: {},  # fields of a record: how an answer came about
        min_confidence: float = 0.0,  # 0..1; words below it are asked for again
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now().astimezone(),
    ) -> None:
        """`first` is the begin of a round, or how an earlier one goes on. `begin` does it."""
        self._answering = answering
        self._rules = rules
        self._first = first
        self._moment = first.moment
        self._shown = round_shown(rules, first.moment)
        self._looks = looks
        self._journal = journal
        self._phrases = phrases
        self._pack = pack
        self._about = about
        self._min_confidence = min_confidence
        self._now = now
        self._look: StationLook | None = None  # under way
        self._seen: StationLook | None = None  # the newest one that is over; its picture belongs to the next step
        self.turn: Turn | None = None

    def begin(self) -> str:
        """Stores the begin of the round. Returns what is said at the start of the conversation."""
        self._keep(self._first)
        return self._first.says

    @property
    def moment(self) -> Moment:
        """Where the round stands."""
        return self._moment

    @property
    def shown(self) -> RoundShown:
        """Where the round stands, for showing. Any thread may read it: the main thread replaces it as a whole."""
        return self._shown

    @property
    def has_ended(self) -> bool:
        return isinstance(self._moment.state, Ended)

    @property
    def is_under_way(self) -> bool:
        """See `Mode.is_under_way`."""
        turn = self.turn
        return turn is not None and not turn.done.is_set() and not turn.cancelled.is_set()

    @property
    def is_looking(self) -> bool:
        """True until the evidence of a look has been taken in."""
        return self._look is not None

    # Which words are meant for the round.

    @property
    def expected(self) -> Expected:
        """The closed set of words that is awaited now, for a recogniser that takes a grammar."""
        return self._rules.expected(self._moment)

    @property
    def awaits_words(self) -> bool:
        """True while some words count without a press or the wake phrase. In a pause none do."""
        return not self.has_ended and not self._rules.is_paused(self._moment)

    def counts_unasked(self, text: str) -> bool:
        """True if `text` is a reply from the closed set that is awaited now, or a command of the round.

        It then counts without a press or the wake phrase. A reason, a note or another free text does not.
        """
        if not self.awaits_words or not self._is_meant(text):
            return False
        return self.expected.closed is not None or self._rules.is_command(text)

    @property
    def awaits_closed_answer(self) -> bool:
        """True while the question that was asked last has few answers, such as a number, or yes and no."""
        return self.awaits_words and awaits_closed_answer(self.expected)

    @property
    def phrases_awaited(self) -> tuple[str, ...]:
        """What may be said now where the answer is of a closed kind, such as a number; () for any words."""
        if not self.awaits_words:
            return ()
        moment = self._moment
        return phrases_awaited(self._rules.expected(moment), moment.station.answer, self._phrases, self._rules.language)

    @property
    def answers_questions(self) -> bool:
        """False: a round keeps its own records, so "do not keep this" is not about its turns."""
        return False

    @property
    def awaits_free_words(self) -> bool:
        """True while any words are awaited, such as a reason."""
        return self.awaits_words and self.expected.closed is None

    def takes(self, text: str, situation: Situation) -> bool:
        """True if the words are meant for the round, before any command of the assistant."""
        command = parse_command(text, self._phrases)
        if situation.asked and command in _ABOUT_THE_ANSWER:
            return False
        if situation.said and command is Command.REPEAT:
            return False
        return self._is_meant(text) or self._is_about_a_record(command, situation)

    def take(self, question: Question, situation: Situation) -> Turn | None:
        """See `Mode.take`."""
        text = question.text
        if not self.takes(text, situation):
            return None
        if self._is_about_a_record(parse_command(text, self._phrases), situation):
            return self._say(self._phrases.round.record_stays)
        least = self._rules.least_confidence(self._moment, text, self._min_confidence)
        if question.confidence is not None and question.confidence < least:
            return self._perform(self._rules.ask_again(self._moment))
        reaction = self._rules.hear(self._moment, text, self._now())
        return None if reaction is None else self._perform(reaction)

    def repeat(self, question: Question, situation: Situation) -> Turn | None:
        """See `Mode.repeat`: says what is awaited again."""
        if situation.asked or situation.said or self.has_ended:
            return None
        return self._say(self._rules.again(self._moment))

    def tick(self) -> Turn | None:
        """Takes in what a look has found, once it is over and nothing else is being said. The turn that tells it."""
        look = self._look
        if look is None or not look.turn.done.is_set() or self._answering.busy:
            return None
        self._look = None
        reaction = self._rules.looked(self._moment, look.evidence, self._now())
        if reaction is None:
            return None
        self._seen = look
        return self._perform(reaction)

    # What a reaction does.

    def _is_meant(self, text: str) -> bool:
        return self._rules.hear(self._moment, text, self._now()) is not None

    def _is_about_a_record(self, command: Command | None, situation: Situation) -> bool:
        """True for "do not keep this" right after a step. It would delete the question before the step."""
        return command is Command.FORGET and not self.has_ended and not situation.asked

    def _perform(self, reaction: Reaction) -> Turn:
        before, self._moment = self._moment, reaction.moment
        self._shown = round_shown(self._rules, reaction.moment)
        self._keep(reaction)
        if reaction.moment.place != before.place:
            self._seen = None
        if reaction.looks:
            self._look = self._looks.begin(reaction.moment.station)
            self.turn = self._look.turn
            return self.turn
        if not isinstance(reaction.moment.state, Looking):
            self._look = None
        if isinstance(reaction.moment.state, Ended):
            self.turn = self._answering.say_result(lambda: self._last_words(reaction))
            return self.turn
        return self._say(reaction.says)

    def _say(self, text: str) -> Turn:
        self.turn = self._answering.say(text)
        return self.turn

    def _keep(self, reaction: Reaction) -> None:
        if reaction.record is None:
            return
        seen = self._seen if reaction.has_picture else None
        frame = None if seen is None else seen.frame
        self._journal.keep(
            reaction.record,
            None if frame is None else lambda: self._pack(frame),
            keep_picture=None if seen is None else seen.station.keep_picture,
            about={} if seen is None else self._about(seen.turn),
        )
        if reaction.has_picture:
            self._seen = None

    def _last_words(self, reaction: Reaction) -> str:
        """The report, and what of the round could not be kept. On the thread "answer": it waits for the disk."""
        lost = self._journal.not_kept(reaction.moment.progress.round_id)
        return self._rules.wording.with_not_kept(reaction.says, lost)

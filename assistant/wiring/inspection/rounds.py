"""Builds an inspection round out of a checklist, the journal, the camera and the voice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant import console
from assistant.inspection.journal import journal_folder, local_now
from assistant.inspection.rounds.checklist import Checklist
from assistant.inspection.rounds.journal import RoundJournal, new_round_id, rounds_before
from assistant.inspection.rounds.moment import Reaction
from assistant.inspection.rounds.progress import Earlier, Progress
from assistant.inspection.rounds.rules import Rules
from assistant.inspection.rounds.vocabulary import unknown_words
from assistant.inspection.rounds.wording import joined
from assistant.wiring.assembly import Assembly

if TYPE_CHECKING:
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.conversation.modes.inspection_round import InspectionRound
    from assistant.conversation.modes.station_looks import Instruments
    from assistant.inspection.turns import TurnJournal


@dataclass(frozen=True)
class RoundPlan:
    """A round that can begin, and what is said before it."""

    rules: Rules
    first: Reaction
    journal: RoundJournal
    warnings: str

    @property
    def round_id(self) -> str:
        return self.first.moment.progress.round_id


def plan_round(assembly: Assembly, checklist: Checklist) -> RoundPlan:
    """Goes on with the open round of this checklist, or begins a new one. The journal is opened.

    Raises JournalError where the journal cannot be read, SpeechModelError where the speech model is damaged.
    """
    config, phrases = assembly.config, assembly.phrases
    rules = Rules(phrases, config.conversation.language, config.conversation.profile)
    turns = assembly.journal
    journal = RoundJournal(None if turns is None else turns.keeper)
    earlier = Earlier(0) if turns is None else rounds_before(journal_folder(os.environ), checklist)
    warnings = [_about_words(assembly, checklist, rules)]
    if earlier.open is not None and not earlier.is_changed:
        return RoundPlan(rules, rules.go_on(earlier.open), journal, joined(*warnings))
    number, now = earlier.number, local_now()
    if earlier.open is not None:
        record, words = rules.given_up(earlier.open, now)
        journal.keep(record)
        warnings.append(words)
    round_id = new_round_id(checklist.title, now)
    return RoundPlan(rules, rules.begin(Progress(checklist), round_id, number, now), journal, joined(*warnings))


def inspection_round(assembly: Assembly, pipeline: AnswerPipeline, plan: RoundPlan) -> InspectionRound:
    """The round as a mode of the conversation."""
    from assistant.conversation.modes.inspection_round import InspectionRound
    from assistant.conversation.modes.station_looks import StationLooks
    from assistant.web.answers.pictures import jpeg

    console.say(
        f"the round {plan.round_id}: `seesay journal export --html --round {plan.round_id} -o report.html` makes its report"
    )
    return InspectionRound(
        pipeline,
        plan.rules,
        plan.first,
        StationLooks(pipeline, assembly.reader, assembly.phrases, instruments=_instruments(assembly)),
        plan.journal,
        assembly.phrases,
        pack=jpeg,
        about=_about(assembly.journal, lambda: assembly.model_name),
        min_confidence=assembly.config.hearing.min_confidence,
    )


def _instruments(assembly: Assembly) -> Instruments:
    """Reads gauges and displays. The demo model knows no instruments, so it is not asked about them."""
    from assistant.answering.reading.instrument_reader import InstrumentReader, asking

    if assembly.is_demo and not assembly.may_improve:
        return InstrumentReader(assembly.reader, assembly.phrases)
    ask = asking(assembly.engine)
    return InstrumentReader(
        assembly.reader, assembly.phrases, lambda *question: "" if assembly.is_demo else ask(*question)
    )


def _about(turns: TurnJournal | None, model_name: Callable[[], str]) -> Callable[..., dict[str, object]]:
    return lambda turn: {} if turns is None else turns.how(turn, model_name())


def _about_words(assembly: Assembly, checklist: Checklist, rules: Rules) -> str:
    """Names the words of the checklist that cannot be heard, "" if all can."""
    from audio.recognition.vocabulary import known_words

    unknown = unknown_words(checklist, known_words(assembly.speech_model))
    words = rules.wording.unknown_words([(each.word, each.near) for each in unknown])
    if words:
        console.say(words)
    return words

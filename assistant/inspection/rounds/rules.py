"""The rules of a round: words heard and evidence found come in; what is said, looked at and stored comes out.

All of it is pure: no thread, no clock, no device. A `Moment` is all that a round remembers, and each reaction gives the
next one. So whether words are meant for the round can be tried without any effect. The time comes in with the words,
and what is to be stored goes out as records of the journal, which are what a round is continued from after a restart.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from assistant.inspection.record import NOTE, ROUND_BEGAN, ROUND_ENDED, SKIP, STEP, Record
from assistant.inspection.rounds.answers import Value, WrongUnit, free_words, said_digits, said_value
from assistant.inspection.rounds.checklist import Number, OneOf, Text, YesNo
from assistant.inspection.rounds.moment import (
    AllDone,
    Answering,
    Arriving,
    Closed,
    Confirming,
    Ended,
    Evidence,
    Expected,
    Finding,
    Finishing,
    Looking,
    Moment,
    Noting,
    Paused,
    Reaction,
    ReadingBack,
    Ready,
    Reasoning,
    Skipping,
    State,
    wants_digits,
)
from assistant.inspection.rounds.progress import CHECKLIST_SHA256, ROUND_NUMBER, STATIONS, Progress
from assistant.inspection.rounds.wording import Wording, joined
from assistant.language.command_parser import is_no, is_yes, parse_note, parse_round_command
from assistant.language.phrases import Phrases, RoundCommand

# The confidence, 0..1, from which a yes agrees to a value that was read back. In noise a no is sometimes heard as a yes
# with less, and then a wrong value would be stored.
SURE_YES = 0.8
# From this on a no to a value that was read back counts: if it was none, the value is asked for once more.
LIKELY_NO = 0.2
# A command that leaves a value which was read back has to be heard this surely: in noise a yes sounds like "end".
SURE_LEAVE = 0.9
_LEAVING = (RoundCommand.NEXT, RoundCommand.BACK, RoundCommand.SKIP, RoundCommand.PAUSE, RoundCommand.FINISH)


class Rules:
    """The rules for one checklist in one language."""

    def __init__(self, phrases: Phrases, language: str, profile: str = "") -> None:
        self._phrases = phrases
        self.language = language
        self._profile = profile
        self._words = phrases.round
        self.wording = Wording(phrases, language)

    # The begin.

    def begin(self, progress: Progress, round_id: str, number: int, at: dt.datetime) -> Reaction:
        """Begins a round, of which `progress` has no record yet. `number` is how many there were before."""
        checklist = progress.checklist
        details = {CHECKLIST_SHA256: checklist.sha256, ROUND_NUMBER: number, STATIONS: len(checklist.stations)}
        record = self._record(ROUND_BEGAN, progress, at, round_id=round_id, details=details)
        progress = progress.with_record(record)
        return replace(self._at(progress, 0, self.wording.begins(progress)), record=record)

    def go_on(self, progress: Progress) -> Reaction:
        """Goes on with a round that was interrupted."""
        words = joined(self._words.goes_on.format(title=progress.checklist.title), self.wording.left(progress))
        place = progress.place
        return self._all_done(progress, words) if place is None else self._at(progress, place, words)

    def given_up(self, progress: Progress, at: dt.datetime) -> tuple[Record, str]:
        """Ends an open round whose checklist has changed: the record, and what is said."""
        words = self._words.changed.format(title=progress.checklist.title)
        return self._record(ROUND_ENDED, progress, at, reason=words), words

    # What comes in.

    def hear(self, moment: Moment, text: str, at: dt.datetime) -> Reaction | None:
        """The reaction to words of the user. None where they are not meant for the round."""
        if isinstance(moment.state, Ended):
            return None
        command = parse_round_command(text, self._phrases)
        note = parse_note(text, self._phrases)
        if note is not None:
            before = moment.state.before if isinstance(moment.state, Noting) else moment.state
            at_before = replace(moment, state=before)
            return self._noted(at_before, note, at) if note else self._asks_for(moment, Noting(before))
        if isinstance(moment.state, Paused):
            return self._heard_in_pause(moment, moment.state, command, at)
        if command is not None:
            reaction = self._obey(moment, command, at)
            waits_for_words = isinstance(moment.state, Reasoning | Skipping | Noting)
            if reaction is None and (command is RoundCommand.CONFIRM or waits_for_words):
                reaction = Reaction(moment, self._prompt(moment))  # "confirm" is no reason for anything
            if reaction is not None:
                return reaction
        match moment.state:
            case Arriving():
                return self._heard_digits(moment, text)
            case Ready():
                return self._look(moment) if is_yes(text, self._phrases) else None
            case Looking():  # the human is quicker than the camera
                return self._heard_answer(moment, text, at, Answering())
            case Answering() as asked:
                return self._heard_answer(moment, text, at, asked)
            case ReadingBack() as back:
                return self._heard_to_read_back(moment, back, text, at)
            case Confirming(finding):
                return self._heard_before_confirm(moment, finding, text, at)
            case Finishing(before):
                if is_yes(text, self._phrases):
                    return self._end(moment, at)
                return self._asks_for(moment, before) if is_no(text, self._phrases) else None
            case Reasoning() | Skipping() | Noting():
                return self._heard_free(moment, text, at)
        return None

    def looked(self, moment: Moment, evidence: Evidence | None, at: dt.datetime) -> Reaction | None:
        """The reaction to what was found. `evidence` is None if there was no look: it failed, or was stopped."""
        if not isinstance(moment.state, Looking):
            return None  # the user went on meanwhile
        station, words = moment.station, self._words
        ask = self.wording.ask(station)
        if evidence is None:
            return self._says(moment, Answering(), words.look_failed, ask)
        if not evidence.value:
            said = "" if evidence.is_said else words.no_reading
            return self._says(moment, Answering(evidence), said, ask)
        told = "" if evidence.is_said else self.wording.reading(words.reading, evidence.value, station)
        if not evidence.is_sure:
            doubtful = "" if evidence.is_said else self.wording.reading(words.unsure_reading, evidence.value, station)
            return self._says(moment, Answering(evidence), doubtful, ask)
        if isinstance(station.answer, YesNo):
            # "Yes" to a "no, right?" could mean both, so the human always says which of the two it is.
            return self._says(moment, Answering(evidence), told, words.yes_or_no if evidence.is_said else ask)
        side = station.answer.outside(evidence.value)
        if side is not None:
            outside = self.wording.outside(evidence.value, side, station)
            return self._says(moment, Answering(evidence, was_outside=True), told, outside, words.check_again)
        asked = self.wording.reading(words.read_back_reading, evidence.value, station)
        return self._says(moment, ReadingBack(Finding(evidence.value, evidence=evidence), asked), asked)

    def ask_again(self, moment: Moment) -> Reaction:
        """The words were meant for the round, and were not heard surely enough."""
        if isinstance(moment.state, Answering):
            moment = replace(moment, state=replace(moment.state, misheard=moment.state.misheard + 1))
        return Reaction(moment, joined(self._words.say_again, self._prompt(moment)))

    def again(self, moment: Moment) -> str:
        """The instruction of the station, and what is awaited."""
        return joined(moment.station.instruction, self._prompt(moment))

    def prompt(self, moment: Moment) -> str:
        """What is asked for now, in the words that are spoken."""
        return self._prompt(moment)

    # What is expected.

    def least_confidence(self, moment: Moment, text: str, usual: float) -> float:
        """The confidence, 0..1, that the transcript `text` needs, because of what it would do. Most need the usual one."""
        if not isinstance(moment.state, ReadingBack | Confirming):
            return usual
        command = parse_round_command(text, self._phrases)
        if is_yes(text, self._phrases) or command is RoundCommand.CONFIRM:
            return max(usual, SURE_YES)
        if command in _LEAVING:
            return max(usual, SURE_LEAVE)
        return min(usual, LIKELY_NO) if is_no(text, self._phrases) else usual

    def is_paused(self, moment: Moment) -> bool:
        return isinstance(moment.state, Paused)

    def is_command(self, text: str) -> bool:
        """True for a command of a round, and for a note with its words."""
        return parse_round_command(text, self._phrases) is not None or parse_note(text, self._phrases) is not None

    def expected(self, moment: Moment) -> Expected:
        """Which words the round waits for now. Its commands count beside them."""
        answer = moment.station.answer
        match moment.state:
            case Arriving():
                return Expected(Closed.DIGITS)
            case Ready() | Paused() | AllDone() | Ended():
                return Expected(Closed.COMMAND)
            case Finishing():
                return Expected(Closed.YES_NO)
            case Reasoning() | Skipping() | Noting():
                return Expected(None)
            case Confirming():
                return Expected(Closed.CONFIRM)
            case ReadingBack() if not isinstance(answer, Text):
                return Expected(Closed.YES_NO)
        match answer:
            case Number():
                return Expected(Closed.EACH_DIGIT if wants_digits(moment) else Closed.NUMBER)
            case YesNo():
                return Expected(Closed.YES_NO)
            case OneOf(items):
                return Expected(Closed.ITEM, items)
            case Text():
                return Expected(None)

    # Commands.

    def _obey(self, moment: Moment, command: RoundCommand, at: dt.datetime) -> Reaction | None:
        """The reaction to a command; None where it makes no sense now."""
        progress, place, words = moment.progress, moment.place, self._words
        match command:
            case RoundCommand.NEXT:
                return self._go_past(moment)
            case RoundCommand.BACK:
                if isinstance(moment.state, AllDone):
                    return self._at(progress, place)
                return self._at(progress, max(0, place - 1), words.first_station if place == 0 else "")
            case RoundCommand.SKIP if not isinstance(moment.state, AllDone):
                return self._asks_for(moment, Skipping())
            case RoundCommand.AGAIN:
                return Reaction(moment, self.again(moment))
            case RoundCommand.LOOK if self._can_look(moment):
                return self._look(moment)
            case RoundCommand.CONFIRM:
                return self._confirmed(moment, at)
            case RoundCommand.PAUSE:
                # A look under way would bring its result into the pause, so it is asked for anew afterwards.
                before: State = Ready() if isinstance(moment.state, Looking) else moment.state
                return self._asks_for(moment, Paused(before))
            case RoundCommand.WHERE:
                return Reaction(moment, joined(self.wording.where(progress, place), self._prompt(moment)))
            case RoundCommand.LEFT:
                return Reaction(moment, joined(self.wording.left(progress), self._prompt(moment)))
            case RoundCommand.REPORT:
                return Reaction(moment, joined(self.wording.report(progress), self._prompt(moment)))
            case RoundCommand.FINISH:
                if not progress.open_stations or isinstance(moment.state, Finishing):
                    return self._end(moment, at)
                return self._says(
                    moment, Finishing(moment.state), self.wording.left(progress), words.finish_all_the_same
                )
        return None

    def _heard_in_pause(
        self, moment: Moment, paused: Paused, command: RoundCommand | None, at: dt.datetime
    ) -> Reaction | None:
        match command:
            case RoundCommand.CONTINUE:
                after = replace(moment, state=paused.before)
                return Reaction(after, joined(self._words.goes_on_again, moment.station.name, self._prompt(after)))
            case RoundCommand.WHERE:
                return Reaction(moment, self.wording.where(moment.progress, moment.place))
            case RoundCommand.LEFT:
                return Reaction(moment, joined(self.wording.left(moment.progress)))
            case RoundCommand.REPORT:
                return Reaction(moment, self.wording.report(moment.progress))
            case RoundCommand.FINISH:
                return self._obey(moment, command, at)
        return None

    def _can_look(self, moment: Moment) -> bool:
        """True where the user has shown to be at the place, and the station has something to look at."""
        there = (Ready, Answering, ReadingBack, Confirming)
        return moment.station.step.looks and isinstance(moment.state, there)

    def _confirmed(self, moment: Moment, at: dt.datetime) -> Reaction | None:
        if isinstance(moment.state, ReadingBack):
            return self._store(moment, replace(moment.state.finding, is_confirmed=True), at)
        if not isinstance(moment.state, Confirming):
            return None
        finding = replace(moment.state.finding, is_confirmed=True)
        if finding.side is not None:
            return self._asks_for(moment, Reasoning(finding))
        return self._store(moment, finding, at)

    # Words that are no command.

    def _heard_digits(self, moment: Moment, text: str) -> Reaction | None:
        station = moment.station
        digits = said_digits(text, self.language)
        if digits is None:
            return None
        if digits != station.check_digits[moment.progress.digits_wanted(station)]:
            return Reaction(moment, self.wording.wrong_digits(station, digits))
        if station.step.looks:
            return self._look(moment)
        return self._asks_for(moment, Answering())

    def _heard_answer(self, moment: Moment, text: str, at: dt.datetime, asked: Answering) -> Reaction | None:
        station, words, evidence = moment.station, self._words, asked.evidence
        value = said_value(text, station.answer, self._phrases, self.language)
        is_text = isinstance(station.answer, Text | OneOf)
        if value is None and is_text and evidence is not None and evidence.value and is_yes(text, self._phrases):
            value = Value(evidence.value)  # a text that was read with doubt need not be said anew
        if value is None:
            return None
        if isinstance(value, WrongUnit):
            return Reaction(moment, joined(self.wording.wrong_unit(value, station), self.wording.ask(station)))
        side = station.answer.outside(value.text)
        is_agreed = evidence is not None and value.text == evidence.value and is_yes(text, self._phrases)
        is_own_word = not is_agreed or isinstance(station.answer, YesNo)
        finding = Finding(value.text, " ".join(text.split()) if is_own_word else "", evidence, side)
        if side is not None:
            outside = joined(self.wording.converted(value, station), self.wording.outside(value.text, side, station))
            if asked.was_outside:
                return self._says(moment, Confirming(finding), outside, words.say_confirm)
            return self._says(moment, replace(asked, was_outside=True), outside, words.check_again)
        if isinstance(station.answer, YesNo):
            return self._heard_yes_or_no(moment, finding, at)
        reading = evidence.value if evidence is not None and finding.differs else ""
        back = self.wording.read_back(value, station, reading)
        return self._says(moment, ReadingBack(finding, back, asked.misheard), back)

    def _heard_yes_or_no(self, moment: Moment, finding: Finding, at: dt.datetime) -> Reaction:
        evidence = finding.evidence
        if evidence is not None and finding.differs:
            differs = self.wording.differs(finding.value, evidence.value, moment.station)
            return self._says(moment, Confirming(finding), differs, self._words.say_confirm)
        is_confirmed = evidence is not None and evidence.is_sure  # two have found the same
        return self._store(moment, replace(finding, is_confirmed=is_confirmed), at)

    def _heard_to_read_back(self, moment: Moment, back: ReadingBack, text: str, at: dt.datetime) -> Reaction | None:
        if is_yes(text, self._phrases):
            return self._store(moment, replace(back.finding, is_confirmed=True), at)
        asked = Answering(back.finding.evidence, misheard=back.misheard + 1)
        if is_no(text, self._phrases):
            return self._asks_for(moment, asked)
        return self._heard_answer(moment, text, at, asked)

    def _heard_before_confirm(self, moment: Moment, finding: Finding, text: str, at: dt.datetime) -> Reaction | None:
        if is_no(text, self._phrases) and not isinstance(moment.station.answer, YesNo):
            return self._asks_for(moment, Answering(finding.evidence, was_outside=finding.side is not None))
        return self._heard_answer(moment, text, at, Answering(finding.evidence, was_outside=finding.side is not None))

    def _heard_free(self, moment: Moment, text: str, at: dt.datetime) -> Reaction | None:
        if isinstance(moment.state, Skipping) and is_no(text, self._phrases):
            return self._at(moment.progress, moment.place)
        words = free_words(text, self._phrases)
        if words is None:
            return None
        match moment.state:
            case Reasoning(finding):
                return self._store(moment, finding, at, reason=words)
            case Skipping():
                record = self._record(SKIP, moment.progress, at, station=moment.station.name, reason=words)
                return self._done(moment, record, self._words.skipped)
            case Noting(before):
                return self._noted(replace(moment, state=before), words, at)
        return None

    def _noted(self, moment: Moment, note: str, at: dt.datetime) -> Reaction:
        record = self._record(NOTE, moment.progress, at, station=moment.station.name, note=note)
        after = replace(moment, progress=moment.progress.with_record(record))
        return Reaction(after, joined(self._words.noted.format(note=note), self._prompt(after)), record)

    # Steps from one station to the next.

    def _store(self, moment: Moment, finding: Finding, at: dt.datetime, reason: str = "") -> Reaction:
        station, evidence = moment.station, finding.evidence
        answer = station.answer
        limits: dict[str, Any] = {}
        if isinstance(answer, Number):
            limits = {
                "unit": answer.unit,
                "low": None if answer.low is None else float(answer.low),
                "high": None if answer.high is None else float(answer.high),
            }
        record = self._record(
            STEP,
            moment.progress,
            at,
            station=station.name,
            question=station.question,
            answer=evidence.told if evidence is not None else "",
            doubt=evidence.doubt if evidence is not None else "",
            value=finding.value,
            spoken=finding.spoken,
            reading=evidence.value if evidence is not None else "",
            is_out_of_limits=finding.side is not None,
            is_confirmed=finding.is_confirmed,
            reason=reason,
            details={"step": station.step.value},
            **limits,
        )
        when_outside = station.when_outside if finding.side is not None else ""
        reaction = self._done(moment, record, joined(self._words.stored, when_outside))
        return replace(reaction, has_picture=station.step.looks)

    def _done(self, moment: Moment, record: Record, words: str) -> Reaction:
        progress = moment.progress.with_record(record)
        place = progress.next_open(moment.place)
        words = joined(words, self.wording.left(progress))
        if place is None:
            return replace(self._all_done(progress, words, moment.place), record=record)
        return replace(self._at(progress, place, words), record=record)

    def _go_past(self, moment: Moment) -> Reaction:
        progress, station = moment.progress, moment.station
        place = progress.next_open(moment.place)
        if place is None:
            return self._all_done(progress, "", moment.place)
        if place == moment.place:
            return self._at(progress, place, self.wording.left(progress))
        is_open = progress.result(station) is None
        return self._at(progress, place, self._words.stays_open.format(name=station.name) if is_open else "")

    def _at(self, progress: Progress, place: int, words: str = "") -> Reaction:
        """Goes to a station and says so."""
        station = progress.checklist.stations[place]
        state: State = Arriving() if station.check_digits else Ready() if station.step.looks else Answering()
        moment = Moment(progress, place, state)
        return Reaction(moment, joined(words, station.name, station.instruction, self._prompt(moment)))

    def _all_done(self, progress: Progress, words: str = "", place: int = 0) -> Reaction:
        return Reaction(Moment(progress, place, AllDone()), joined(words, self._words.all_done))

    def _end(self, moment: Moment, at: dt.datetime) -> Reaction:
        report = self.wording.report(moment.progress)
        record = self._record(ROUND_ENDED, moment.progress, at, answer=report)
        after = Moment(moment.progress.with_record(record), moment.place, Ended())
        return Reaction(after, joined(report, self._words.ended), record)

    def _look(self, moment: Moment) -> Reaction:
        return Reaction(replace(moment, state=Looking()), looks=True)

    def _asks_for(self, moment: Moment, state: State) -> Reaction:
        after = replace(moment, state=state)
        return Reaction(after, self._prompt(after))

    def _says(self, moment: Moment, state: State, *sentences: str) -> Reaction:
        return Reaction(replace(moment, state=state), joined(*sentences))

    def _prompt(self, moment: Moment) -> str:
        """What is asked for now."""
        words, station = self._words, moment.station
        match moment.state:
            case Arriving():
                return self.wording.ask_digits(station, moment.progress.digits_wanted(station))
            case Ready():
                return words.say_ready
            case Looking():
                return words.looking
            case Answering():
                return words.say_each_digit if wants_digits(moment) else self.wording.ask(station)
            case ReadingBack(asked=asked):
                return asked
            case Confirming():
                return words.say_confirm
            case Reasoning():
                return words.ask_reason
            case Skipping():
                return words.ask_skip_reason.format(name=station.name)
            case Noting():
                return words.ask_note
            case Paused():
                return words.paused
            case Finishing():
                return words.finish_all_the_same
            case AllDone():
                return words.all_done
            case Ended():
                return words.ended

    def _record(self, kind: str, progress: Progress, at: dt.datetime, **values: Any) -> Record:
        round_id = values.pop("round_id", progress.round_id)
        return Record(
            kind,
            at,
            profile=self._profile,
            language=self.language,
            round_id=round_id,
            round_title=progress.checklist.title,
            **values,
        )

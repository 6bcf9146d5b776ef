"""Puts a round into words: values with their units, where the round is, what is asked for, and the report.

It fills the sentences of `RoundWords`, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from assistant.inspection.record import SKIP, STEP, Record
from assistant.inspection.rounds.answers import Value, WrongUnit, is_same
from assistant.inspection.rounds.checklist import NO, YES, AnswerKind, Number, OneOf, Side, Station, Text, YesNo
from assistant.inspection.rounds.progress import Progress
from assistant.language.phrases import Phrases
from assistant.language.spelling import spell
from assistant.language.spoken_numbers import SpokenNumber, say_number

_PLAIN = "plain"  # how a record names an answer without doubt


def joined(*parts: str) -> str:
    """The parts that are not empty, one after the other, each with a large first letter and with an end mark."""
    text = ""
    for part in filter(None, parts):
        ended = part if not part[-1].isalnum() else part + ("." if part[-1].isascii() else "。")
        text += (" " if text and text[-1].isascii() else "") + ended[:1].upper() + ended[1:]
    return text


class Wording:
    """The words of one language for one checklist."""

    def __init__(self, phrases: Phrases, language: str) -> None:
        self.words = phrases.round
        self._phrases = phrases
        self._language = language

    # Values.

    def value(self, text: str, answer: AnswerKind) -> str:
        """A value as it is said."""
        match answer:
            case Number():
                return say_number(Decimal(text), answer.unit or None, self._language)
            case YesNo():
                return {YES: self.words.yes, NO: self.words.no}.get(text, text)
        return text

    def number(self, said: SpokenNumber) -> str:
        return say_number(said.value, said.unit, self._language)

    def read_back(self, value: Value, station: Station, reading: str) -> str:
        """Asks whether the value is right. `reading` is what the camera found, "" for nothing."""
        said = self.value(value.text, station.answer)
        if value.converted_from is not None:
            return self._sentence(
                self.words.read_back_converted.format(said=self.number(value.converted_from), value=said)
            )
        if reading:
            read = self.value(reading, station.answer)
            return self._sentence(self.words.read_back_differs.format(value=said, reading=read))
        return self._sentence(self.words.read_back.format(value=said))

    def reading(self, template: str, value: str, station: Station) -> str:
        return template.format(value=self.value(value, station.answer))

    def differs(self, value: str, reading: str, station: Station) -> str:
        answer = station.answer
        return self.words.differs.format(value=self.value(value, answer), reading=self.value(reading, answer))

    def converted(self, value: Value, station: Station) -> str:
        """What a value is in the unit of the station, "" where it was said in that unit."""
        if value.converted_from is None:
            return ""
        said = self.number(value.converted_from)
        return self.words.converted.format(said=said, value=self.value(value.text, station.answer))

    def outside(self, value: str, side: Side, station: Station) -> str:
        """How a value is outside of what is allowed."""
        answer, words = station.answer, self.words
        template = {Side.BELOW: words.below, Side.ABOVE: words.above, Side.NOT_RIGHT: words.not_right}[side]
        match answer:
            case Number(low=low, high=high):
                limit = self.value(str(low if side is Side.BELOW else high), answer)
            case OneOf(right=right):
                limit = self._listed(right)
            case YesNo(right=right) | Text(right=right):
                limit = self.value(right or "", answer)
        return self._sentence(template.format(value=self.value(value, answer), limit=limit))

    def wrong_unit(self, wrong: WrongUnit, station: Station) -> str:
        unit = station.answer.unit if isinstance(station.answer, Number) else ""
        # "two bar": the plural of a unit is its usual name.
        wanted = say_number(2, unit or None, self._language).removeprefix(say_number(2, None, self._language)).strip()
        return self._sentence(self.words.wrong_unit.format(said=self.number(wrong.said), wanted=wanted or unit))

    # Where the round is, and what is asked for.

    def left(self, progress: Progress) -> str:
        count, words = len(progress.open_stations), self.words
        if count == 0:
            return words.none_left
        return words.one_left if count == 1 else words.several_left.format(count=self._count(count))

    def where(self, progress: Progress, place: int) -> str:
        stations = progress.checklist.stations
        return self._sentence(
            self.words.where.format(
                name=stations[place].name, number=self._count(place + 1), count=self._count(len(stations))
            )
        )

    def begins(self, progress: Progress) -> str:
        title, count = progress.checklist.title, len(progress.checklist.stations)
        if count == 1:
            return self.words.begins_one.format(title=title)
        return self.words.begins.format(title=title, count=self._count(count))

    def ask_digits(self, station: Station, which: int) -> str:
        """Asks for the check digits number `which`, counted from 0."""
        if len(station.check_digits) == 1:
            return self.words.say_digits
        return self.words.say_digits_number.format(number=self._count(which + 1))

    def wrong_digits(self, station: Station, digits: str) -> str:
        """Tells what was heard. The right digits are never said."""
        return self.words.wrong_digits.format(
            name=station.name, said=spell(digits, self._phrases).replace(",", "").rstrip(".")
        )

    def ask(self, station: Station) -> str:
        """Asks the human for the answer."""
        closed = ""
        if isinstance(station.answer, YesNo):
            closed = self.words.yes_or_no
        elif isinstance(station.answer, OneOf):
            closed = self._sentence(self.words.which_one.format(items=self._listed(station.answer.items)))
        return joined(self._question(station.question) or ("" if closed else self.words.what_is_it), closed)

    # The report.

    def report(self, progress: Progress) -> str:
        """The result of the round so far, what is outside the limits first."""
        words, stations = self.words, progress.checklist.stations
        results = [(station, record) for station in stations if (record := progress.result(station)) is not None]
        steps = [(station, record) for station, record in results if record.kind == STEP]
        outside = [self._result(*step) for step in steps if step[1].is_out_of_limits]
        doubtful = [self._result(*step) for step in steps if not step[1].is_out_of_limits and is_doubtful(step[1])]
        skipped = [
            words.skipped_because.format(name=station.name, reason=record.reason)
            for station, record in results
            if record.kind == SKIP
        ]
        lists = (
            (words.outside, outside),
            (words.doubtful, doubtful),
            (words.left_out, skipped),
            (words.open, [station.name for station in progress.open_stations]),
        )
        told = [template.format(list=words.between.join(parts)) for template, parts in lists if parts]
        told.append(words.in_order.format(count=self._count(len(steps) - len(outside) - len(doubtful))))
        if progress.notes:
            told.append(words.notes.format(list=words.between.join(progress.notes)))
        return joined(*told)

    def with_not_kept(self, words: str, records: Iterable[Record]) -> str:
        """The words, and then which records are not in the journal."""
        names = [record.station or record.note or record.kind.replace("_", " ") for record in records]
        lost = self.words.not_kept.format(list=self.words.between.join(dict.fromkeys(names))) if names else ""
        return joined(words, lost)

    def unknown_words(self, near: Sequence[tuple[str, Sequence[str]]]) -> str:
        """Words that the speech model does not know, each with known ones that are spelt much the same."""
        told = [
            self.words.near_words.format(word=word, list=self._listed(words))
            if words
            else self.words.unknown_word.format(word=word)
            for word, words in near
        ]
        return self.words.unknown_words.format(list=self.words.between.join(told)) if told else ""

    def _result(self, station: Station, record: Record) -> str:
        value = self.value(record.value, station.answer)
        template = self.words.one_because if record.reason else self.words.one
        return template.format(name=station.name, value=value, reason=record.reason)

    def _listed(self, items: Sequence[str]) -> str:
        *first, last = items
        return f"{', '.join(first)}{self.words.between_items}{last}" if first else last

    def _question(self, text: str) -> str:
        text = self._sentence(text)
        return text if not text or not text[-1].isalnum() else text + ("?" if text[-1].isascii() else "？")

    def _count(self, count: int) -> str:
        return say_number(count, None, self._language)

    @staticmethod
    def _sentence(text: str) -> str:
        return text[:1].upper() + text[1:]


def is_doubtful(record: Record) -> bool:
    """True where the human took over a value of which the camera was not sure, or where the two have found others."""
    is_unsure = record.doubt not in ("", _PLAIN) and not record.spoken
    return is_unsure or bool(record.reading and not is_same(record.reading, record.value))

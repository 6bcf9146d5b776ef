"""Which records somebody asks for, by day, by time and by round, and the head of the report about them.

It does not know who asks, nor in which form the records are written.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass

from assistant.inspection.journal import Journal, Wanted
from assistant.inspection.report_page import Summary
from assistant.inspection.verify import verify_inside
from assistant.language.phrases import LANGUAGES, phrases_for

Moment = tuple[dt.datetime, dt.datetime]  # its beginning and its end


@dataclass(frozen=True)
class Choice:
    """An empty field chooses all. Raises ValueError where the first moment is later than the last one."""

    first: Moment | None = None
    last: Moment | None = None
    round_id: str = ""

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None and self.first[0] >= self.last[1]:
            raise ValueError("the first moment is later than the last one")

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.first and self.first[0], self.last and self.last[1], self.round_id)


EVERYTHING = Choice()


def moment(text: str) -> Moment:
    """A day, which lasts to the next one, or a time with minutes, which lasts for a minute: this machine's local time.

    Raises ValueError.
    """
    for form, lasting in (
        ("%Y-%m-%d", dt.timedelta(days=1)),
        ("%Y-%m-%dT%H:%M", dt.timedelta(minutes=1)),
        ("%Y-%m-%dT%H:%M:%S", dt.timedelta(seconds=1)),
    ):
        with contextlib.suppress(ValueError, OverflowError):
            begin = dt.datetime.strptime(text.replace(" ", "T"), form)
            return begin.astimezone(), (begin + lasting).astimezone()
    raise ValueError(f"a day or a time is expected, such as 2026-03-01 or 2026-03-01T14:30, not {text!r}")


def summary_of(journal: Journal, choice: Choice, language: str) -> Summary:
    """The head of a report about the chosen records, with the check of the whole journal.

    Call it inside of a `snapshot`. A language that is not known is taken for English.
    """
    language = language if language in LANGUAGES else "en"
    words, found = phrases_for(language).report, verify_inside(journal)
    number, chain = journal.head
    parts = []
    if choice.first:
        parts.append(words.begin.format(time=f"{choice.first[0]:%Y-%m-%d %H:%M}"))
    if choice.last:
        parts.append(words.end.format(time=f"{choice.last[1] - dt.timedelta(seconds=1):%Y-%m-%d %H:%M}"))
    if choice.round_id:
        parts.append(words.of_round.format(round=choice.round_id))
    return Summary(
        title=words.report.format(round=choice.round_id) if choice.round_id else words.journal,
        span=words.some_records.format(parts=" ".join(parts)) if parts else words.all_records,
        newest_number=number,
        newest_chain_sha256=chain,
        verdict=found.problem or words.unchanged,
        is_right=not found.problem,
        language=language,
    )


def language_of(journal: Journal, choice: Choice) -> str:
    """The language of the newest chosen record that has one, "" if none has."""
    newest = journal.newest(50, choice.wanted)
    languages = (entry.record.language for entry in reversed(newest) if entry.record is not None)
    return next(filter(None, languages), "")

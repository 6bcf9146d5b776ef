"""Which records are chosen by day, time and round, and what the head of a report says about that."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from assistant.inspection.choice import Choice, language_of, moment, summary_of
from assistant.inspection.journal import Journal
from assistant.inspection.record import NOTE, Record
from tests.assistant.inspection.test_journal import NOON, turn


def test_a_day_lasts_to_the_next_and_a_time_for_its_minute() -> None:
    """In this machine's local time; a space does for the T."""
    begin, end = moment("2026-03-01")
    assert (begin.hour, begin.minute, (end - begin) >= dt.timedelta(hours=23)) == (0, 0, True)
    assert begin.utcoffset() is not None
    assert moment("2026-03-01 14:30") == moment("2026-03-01T14:30")
    begin, end = moment("2026-03-01T14:30:05")
    assert end - begin == dt.timedelta(seconds=1)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-03-01T", "9999-12-31", "01.03.2026"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Also one at the end of the calendar, which has no next day."""
    with pytest.raises(ValueError, match="such as 2026-03-01"):
        moment(text)


def test_the_first_moment_is_not_later_than_the_last() -> None:
    """A single day is no mistake."""
    assert Choice(moment("2026-03-01"), moment("2026-03-01")).wanted.round_id == ""
    with pytest.raises(ValueError, match="later"):
        Choice(moment("2026-03-02"), moment("2026-03-01"))


def test_the_head_says_which_records_these_are_in_either_language(tmp_path: Path) -> None:
    """A language that is not known is taken for English."""
    choice = Choice(moment("2026-03-01"), moment("2026-03-02T14:30"), "r1")
    with Journal.write(tmp_path / "journal") as journal, journal.snapshot():
        english, chinese = (summary_of(journal, choice, language) for language in ("en", "zh"))
        assert summary_of(journal, Choice(), "tlh").language == "en"
        assert summary_of(journal, Choice(), "en").span == "All records"
    assert (english.title, english.language, english.is_right) == ("Inspection report r1", "en", True)
    assert english.span == "Records from 2026-03-01 00:00 to 2026-03-02 14:30 of the round r1"
    assert chinese.span == "记录范围：从 2026-03-01 00:00 起 到 2026-03-02 14:30 止 巡检 r1"
    assert chinese.title == "巡检报告 r1"


def test_the_language_is_that_of_the_newest_record_that_has_one(tmp_path: Path) -> None:
    """A note may have none."""
    with Journal.write(tmp_path / "journal") as journal:
        assert language_of(journal, Choice()) == ""
        journal.append(turn(language="en", round_id="r1"))
        journal.append(turn(language="zh"))
        journal.append(Record(NOTE, NOON, note="oil"))
        assert language_of(journal, Choice()) == "zh"
        assert language_of(journal, Choice(round_id="r1")) == "en"

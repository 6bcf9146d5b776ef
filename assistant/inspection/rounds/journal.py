"""Keeps the records of a round in the journal, and finds the rounds that it has already.

It does not know what a round does. Where no journal could be opened, the round goes on and nothing of it is kept.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.errors import JournalError
from assistant.inspection.journal import Journal, Wanted
from assistant.inspection.keeper import JournalKeeper
from assistant.inspection.record import NOTE, ROUND_BEGAN, ROUND_ENDED, SKIP, STEP, Entry, Record
from assistant.inspection.rounds.checklist import Checklist
from assistant.inspection.rounds.progress import Earlier, earlier_rounds

FLUSH_SECONDS = 10.0  # the longest that the end of a round waits for its last record
KINDS = (ROUND_BEGAN, STEP, SKIP, NOTE, ROUND_ENDED)


class RoundJournal:
    """The journal as one round uses it. No call waits, but for `not_kept`."""

    def __init__(self, keeper: JournalKeeper | None) -> None:
        """None: no journal could be opened."""
        self._keeper = keeper
        self._last: Future[Entry] | None = None
        self._without_journal: list[Record] = []

    def keep(
        self,
        record: Record,
        jpeg: Callable[[], bytes] | None = None,  # makes the JPEG file of its picture; called on the thread that writes
        *,
        keep_picture: bool | None = None,
        about: Mapping[str, Any] | None = None,  # further fields of the record: how the answer came about
    ) -> None:
        """Stores a record of the round."""
        record = replace(record, **(about or {}))
        if self._keeper is None:
            self._without_journal.append(record)
        else:
            self._last = self._keeper.keep(record, jpeg, keep_picture=keep_picture)

    def not_kept(self, round_id: str) -> list[Record]:
        """The records of the round that could not be stored. It waits until the last one is written."""
        if self._keeper is None:
            return self._without_journal
        if self._last is not None:
            with contextlib.suppress(Exception):  # the keeper lists what could not be kept, and tells of it
                self._last.result(FLUSH_SECONDS)
        return [
            lost.record
            for lost in self._keeper.not_kept
            if lost.record.round_id == round_id and not lost.is_picture_only
        ]


def rounds_before(folder: Path, checklist: Checklist) -> Earlier:
    """The rounds of this checklist that the journal in a folder has. None are there before the first journal.

    Raises JournalError where the journal cannot be read.
    """
    try:
        journal = Journal.read(folder)
    except JournalError:
        if not folder.exists():
            return Earlier(0)
        raise
    with journal:
        entries = journal.entries(Wanted(kinds=KINDS))
        return earlier_rounds((entry.record for entry in entries if entry.record is not None), checklist)


def new_round_id(title: str, at: dt.datetime) -> str:
    """The id of a round: its title in the letters of a file's name, and the second at which it began."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    name = re.sub(r"[\W_]+", "-", plain).strip("-")[:40].strip("-")
    return "-".join(filter(None, (name, f"{at:%Y%m%d-%H%M%S}")))

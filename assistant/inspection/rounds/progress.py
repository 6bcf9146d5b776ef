"""How far a round has got, as the journal's records of it tell. So it survives a restart.

It does not know what is said, nor where records are stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.inspection.record import NOTE, ROUND_BEGAN, ROUND_ENDED, SKIP, STEP, Record
from assistant.inspection.rounds.checklist import Checklist, Station

# What the record of the begin keeps in `details`.
CHECKLIST_SHA256, ROUND_NUMBER, STATIONS = "checklist_sha256", "round_number", "stations"


@dataclass(frozen=True)
class Progress:
    """The records of one round, in their order."""

    checklist: Checklist
    records: tuple[Record, ...] = ()
    _newest: dict[str, Record] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A step that was done twice has two records. The newest one counts.
        newest = {record.station: record for record in self.records if record.kind in (STEP, SKIP)}
        object.__setattr__(self, "_newest", newest)

    def with_record(self, record: Record) -> Progress:
        """The same round after one more record."""
        return replace(self, records=(*self.records, record))

    @property
    def round_id(self) -> str:
        """The id of the round, "" before its begin."""
        return self.records[0].round_id if self.records else ""

    @property
    def has_ended(self) -> bool:
        return any(record.kind == ROUND_ENDED for record in self.records)

    @property
    def notes(self) -> list[str]:
        return [record.note for record in self.records if record.kind == NOTE]

    def result(self, station: Station) -> Record | None:
        """The newest step or skip of a station, None while it is open."""
        return self._newest.get(station.name)

    @property
    def open_stations(self) -> list[Station]:
        return [station for station in self.checklist.stations if self.result(station) is None]

    def next_open(self, after: int) -> int | None:
        """The place of the first open station behind the place `after`, else from the top. None where none is open."""
        count = len(self.checklist.stations)
        places = [place % count for place in range(after + 1, after + 1 + count)]
        return next((place for place in places if self.result(self.checklist.stations[place]) is None), None)

    @property
    def place(self) -> int | None:
        """The place where the round goes on after a restart. None where no station is open."""
        names = [station.name for station in self.checklist.stations]
        last = next((record.station for record in reversed(self.records) if record.kind in (STEP, SKIP)), None)
        return self.next_open(names.index(last) if last in names else -1)

    def visits(self, station: Station) -> int:
        """How often the station was visited before, counting each earlier round of this checklist as one visit."""
        begin = self.records[0].details if self.records else {}
        here = sum(record.kind in (STEP, SKIP) and record.station == station.name for record in self.records)
        return _whole(begin.get(ROUND_NUMBER)) + here

    def digits_wanted(self, station: Station) -> int:
        """Which of the station's check digits are asked for at this visit, counted from 0."""
        return self.visits(station) % len(station.check_digits)


@dataclass(frozen=True)
class Earlier:
    """What the journal tells of earlier rounds with the title of a checklist."""

    number: int  # how many rounds there were, the open one aside: the number of the next one
    open: Progress | None = None  # the round that has begun and not ended
    is_changed: bool = False  # the open round was begun with another checklist


def earlier_rounds(records: Iterable[Record], checklist: Checklist) -> Earlier:
    """Looks through all records of rounds, in their order. Of several open rounds only the newest one goes on."""
    rounds: dict[str, list[Record]] = {}
    for record in records:
        if record.kind == ROUND_BEGAN and record.round_title == checklist.title:
            rounds[record.round_id] = [record]
        elif record.round_id in rounds:
            rounds[record.round_id].append(record)
    number = max((_whole(found[0].details.get(ROUND_NUMBER)) + 1 for found in rounds.values()), default=0)
    newest = Progress(checklist, tuple(list(rounds.values())[-1])) if rounds else None
    if newest is None or newest.has_ended:
        return Earlier(number)
    is_changed = newest.records[0].details.get(CHECKLIST_SHA256) != checklist.sha256
    return Earlier(number, newest, is_changed)


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0

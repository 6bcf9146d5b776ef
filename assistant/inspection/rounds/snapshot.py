"""Makes the immutable picture of a round that is shown on the page, out of what the round remembers.

It decides nothing, and it never tells the check digits of a station.
"""

from __future__ import annotations

from assistant.inspection.record import NOTE, SKIP, Record
from assistant.inspection.round_shown import (
    DOUBTFUL,
    IN_ORDER,
    OPEN,
    OUTSIDE,
    SKIPPED,
    NoteShown,
    RoundShown,
    StationShown,
)
from assistant.inspection.rounds.checklist import AnswerKind, Number, OneOf, Station, Text, YesNo
from assistant.inspection.rounds.moment import (
    AllDone,
    Answering,
    Arriving,
    Confirming,
    Ended,
    Finishing,
    Looking,
    Moment,
    Noting,
    Paused,
    ReadingBack,
    Ready,
    Reasoning,
    Skipping,
    State,
)
from assistant.inspection.rounds.rules import Rules
from assistant.inspection.rounds.wording import is_doubtful


def round_shown(rules: Rules, moment: Moment) -> RoundShown:
    """How the round stands at this moment."""
    progress = moment.progress
    is_over = isinstance(_resumed(moment.state), AllDone | Ended)
    return RoundShown(
        id=progress.round_id,
        title=progress.checklist.title,
        language=rules.language,
        station=None if is_over else moment.place + 1,
        awaits=_awaits(moment.state),
        prompt=rules.prompt(moment),
        stations=tuple(_station(station, progress.result(station)) for station in progress.checklist.stations),
        notes=tuple(NoteShown(record.station, record.note) for record in progress.records if record.kind == NOTE),
        has_ended=isinstance(moment.state, Ended),
    )


def _resumed(state: State) -> State:
    """The state that the round comes back to after a note, a pause, or a "no" to the end."""
    while isinstance(state, Noting | Paused | Finishing):
        state = state.before
    return state


def _awaits(state: State) -> str:
    """One of `AWAITED`."""
    match state:
        case Arriving():
            return "check_digits"
        case Ready():
            return "ready"
        case Looking():
            return "look"
        case Answering():
            return "answer"
        case ReadingBack():
            return "yes"
        case Confirming():
            return "confirm"
        case Reasoning():
            return "reason"
        case Skipping():
            return "skip_reason"
        case Noting():
            return "note"
        case Paused():
            return "continue"
        case Finishing():
            return "finish"
        case AllDone():
            return "command"
        case Ended():
            return "nothing"


def _station(station: Station, result: Record | None) -> StationShown:
    kind, right = _answer(station.answer)
    number = station.answer if isinstance(station.answer, Number) else Number()
    return StationShown(
        name=station.name,
        state=_state(result),
        is_doubtful=result is not None and is_doubtful(result),
        answer=kind,
        value=result.value if result is not None else "",
        unit=number.unit,
        low=None if number.low is None else float(number.low),
        high=None if number.high is None else float(number.high),
        right=right,
        reading=result.reading if result is not None else "",
        reason=result.reason if result is not None else "",
    )


def _state(result: Record | None) -> str:
    if result is None:
        return OPEN
    if result.kind == SKIP:
        return SKIPPED
    if result.is_out_of_limits:
        return OUTSIDE
    return DOUBTFUL if is_doubtful(result) else IN_ORDER


def _answer(answer: AnswerKind) -> tuple[str, tuple[str, ...]]:
    """The kind of an answer, one of `ANSWERS`, and what is allowed where it is no number."""
    match answer:
        case Number():
            return "number", ()
        case OneOf(right=right):
            return "one of", right
        case YesNo(right=right):
            return "yes/no", () if right is None else (right,)
        case Text(right=right):
            return "text", () if right is None else (right,)

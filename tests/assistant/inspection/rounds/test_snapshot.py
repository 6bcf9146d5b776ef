"""How a round is shown: where it is, what it waits for, and each station with its result."""

from __future__ import annotations

from dataclasses import asdict

from assistant.inspection.round_shown import ANSWERS, AWAITED, STATES, NoteShown, StationShown
from assistant.inspection.rounds.moment import Evidence
from tests.assistant.inspection.rounds.test_rules import GUARD, PLATE, PUMP, SWITCH, TANK, VALVE, YES_SEEN, Talk


def test_a_round_at_its_begin_shows_open_stations_and_no_check_digits() -> None:
    """With their units and limits. The check digits are written at the place alone."""
    shown = Talk(PUMP, TANK, GUARD, VALVE).shown
    assert (shown.id, shown.title, shown.language, shown.has_ended) == ("r1", "pump room", "en", False)
    assert (shown.station, shown.awaits, shown.prompt) == (1, "check_digits", "Say the check digits number one.")
    assert shown.stations == (
        StationShown("pump two", "open", False, "number", unit="bar", low=6.0, high=8.0),
        StationShown("the tank", "open", False, "number", unit="°C", high=60.0),
        StationShown("the guard", "open", False, "yes/no", right=("yes",)),
        StationShown("the valve", "open", False, "one of", right=("open",)),
    )
    assert shown.notes == ()
    assert "830" not in str(asdict(shown))


def test_each_result_is_shown_with_its_state() -> None:
    """In order, outside the limits with its reason, skipped with its reason, doubtful, and the notes."""
    talk = Talk(TANK, GUARD, VALVE, PLATE, SWITCH)
    talk.hear(
        "forty two", "yes", "no", "no", "confirm", "it was taken away", "note the floor is wet", "skip", "it is gone"
    )
    talk.hear("ready")
    talk.see(Evidence("KB-7731", "KB-7731", "unsure", is_said=True))
    talk.hear("yes", "yes", "ready")
    talk.see(YES_SEEN)
    shown = talk.shown
    tank, guard, valve, plate, switch = shown.stations
    assert (tank.state, tank.value, tank.unit) == ("in_order", "42", "°C")
    assert (guard.state, guard.value, guard.reason) == ("outside", "no", "it was taken away")
    assert (valve.state, valve.value, valve.reason) == ("skipped", "", "it is gone")
    assert (plate.state, plate.value, plate.reading, plate.is_doubtful) == ("doubtful", "KB-7731", "KB-7731", True)
    assert switch.state == "open"
    assert shown.notes == (NoteShown("the valve", "the floor is wet"),)
    assert (shown.station, shown.awaits) == (5, "answer")


def test_what_is_outside_the_limits_can_be_doubtful_too() -> None:
    """The camera surely read 9.4, and the human says 9.1."""
    talk = Talk(PUMP)
    talk.hear("four seven")
    talk.see(Evidence("9.4 bar", "9.4", is_said=True))
    talk.hear("nine point one", "confirm", "a new seal")
    (pump,) = talk.shown.stations
    assert (pump.state, pump.is_doubtful, pump.value, pump.reading) == ("outside", True, "9.1", "9.4")


def test_all_that_a_round_waits_for_has_a_name() -> None:
    """The number of the station stays until no station is open, also in a pause."""
    talk = Talk(PUMP, SWITCH)
    found = [(talk.shown.station, talk.shown.awaits)]

    def then(*texts: str) -> None:
        talk.hear(*texts)
        found.append((talk.shown.station, talk.shown.awaits))

    then("four seven")
    talk.see(None)
    then("seven point two")
    then("note")
    then("the floor is wet")
    then("pause")
    then("continue")
    then("nine", "nine")
    then("confirm")
    then("a new seal")
    then("skip")
    then("no")
    then("finish")
    then("no")
    then("skip", "it is dark")
    then("finish")
    assert found == [
        (1, "check_digits"), (1, "look"), (1, "yes"), (1, "note"), (1, "yes"), (1, "continue"), (1, "yes"),
        (1, "confirm"), (1, "reason"), (2, "ready"), (2, "skip_reason"), (2, "ready"), (2, "finish"), (2, "ready"),
        (None, "command"), (None, "nothing"),
    ]  # fmt: skip
    assert talk.shown.has_ended
    assert {awaits for _, awaits in found} | {"answer"} == set(AWAITED)
    assert {station.state for station in talk.shown.stations} < set(STATES)
    assert {station.answer for station in talk.shown.stations} < set(ANSWERS)

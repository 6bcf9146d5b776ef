"""`GET /api/round` over the real server: how the inspection round by voice stands."""

from __future__ import annotations

from tests.assistant.inspection.rounds.test_rules import PUMP, TANK, Talk
from tests.assistant.web.api.serving import SteppedEngine, parts_with, running, send

TOKEN = "0123456789abcdefghij"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def test_a_round_is_told_as_it_goes_on() -> None:
    """The next answer has the next step, and the status says that there is a round."""
    talk = Talk(TANK, PUMP)
    with running(parts_with(SteppedEngine())) as server:
        server.services.board.round_now = lambda: talk.shown
        assert send(server.port, "GET", "/api/status").json["has_round"] is True
        before = send(server.port, "GET", "/api/round").json
        assert (before["title"], before["station"], before["awaits"]) == ("pump room", 1, "answer")
        talk.hear("forty two", "yes", "note the floor is wet")
        after = send(server.port, "GET", "/api/round").json
    assert (after["station"], after["awaits"], after["has_ended"]) == (2, "check_digits", False)
    assert after["notes"] == [{"station": "pump two", "text": "the floor is wet"}]
    assert after["stations"] == [
        {
            "name": "the tank", "state": "in_order", "is_doubtful": False, "answer": "number", "value": "42", "unit": "°C",
            "low": None, "high": 60.0, "right": [], "reading": "", "reason": "",
        },
        {
            "name": "pump two", "state": "open", "is_doubtful": False, "answer": "number", "value": "", "unit": "bar",
            "low": 6.0, "high": 8.0, "right": [], "reading": "", "reason": "",
        },
    ]  # fmt: skip


def test_where_no_round_runs_there_is_nothing() -> None:
    """The status says so, and the sentence says how a round is started."""
    with running(parts_with(SteppedEngine())) as server:
        assert send(server.port, "GET", "/api/status").json["has_round"] is False
        refused = send(server.port, "GET", "/api/round")
    assert (refused.status, refused.code) == (404, "no_round")
    assert "seesay round FILE --with-page" in refused.json["error"]["message"]


def test_a_round_is_behind_the_token() -> None:
    """As everything that a user may not want others to see."""
    talk = Talk(TANK)
    with running(parts_with(SteppedEngine()), token=TOKEN) as server:
        server.services.board.round_now = lambda: talk.shown
        assert send(server.port, "GET", "/api/round").status == 401
        assert send(server.port, "GET", "/api/round", headers=BEARER).json["station"] == 1

"""The journal under /api/journal: what a client sees of it, and what it never sees."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from assistant.errors import JournalError
from assistant.inspection.export import read_csv, read_json
from assistant.inspection.journal import Journal
from assistant.inspection.record import STEP, Record
from assistant.web import journal as journal_module
from assistant.web.journal import JournalAccess
from tests.assistant.inspection.test_journal import NOON, turn
from tests.assistant.inspection.test_report_page import jpeg
from tests.assistant.web.api.serving import Reply, Running, SteppedEngine, eventually, parts_with, running, send

TOKEN = "0123456789abcdefghij"
DAY = f"{NOON.astimezone():%Y-%m-%d}"


class World:
    """A server over a journal that a test writes."""

    def __init__(self, folder: Path, server: Running, journal: Journal) -> None:
        self.folder = folder
        self.server = server
        self.journal = journal

    def get(self, path: str, **headers: str) -> Reply:
        return send(self.server.port, "GET", path, headers=headers)

    def numbers(self, query: str = "") -> list[int]:
        return [record["number"] for record in self.get(f"/api/journal{query}").json["records"]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "journal"
    access = JournalAccess(folder, keeps_pictures=True, records_go_to=("hall3",))
    with Journal.write(folder) as journal, running(parts_with(SteppedEngine(), journal=access)) as server:
        journal.append(turn("is the valve open", language="en"), jpeg())
        journal.append(
            Record(
                STEP, NOON, station="P2", value="9.1", unit="bar", round_id="r1", is_out_of_limits=True, doubt="unsure"
            )
        )
        journal.append(turn("阀门是开着的吗", "看不清", round_id="r1", language="zh"))
        yield World(folder, server, journal)


def test_the_newest_record_comes_first_as_the_export_has_it(world: World) -> None:
    """The picture is an address here. What was written a moment ago is there."""
    assert world.numbers() == [3, 2, 1]
    world.journal.append(turn())
    assert world.numbers() == [4, 3, 2, 1]
    reply = world.get("/api/journal/1")
    entry = world.journal.entry(1)
    assert entry is not None
    assert reply.json["picture"] == "/api/journal/1/picture.jpg"
    assert (reply.json["question"], reply.json["chain_sha256"]) == ("is the valve open", entry.chain_sha256)
    exported = world.get("/api/journal/export.json").json["records"]
    assert {**exported[0], "picture": None} == {**reply.json, "picture": None}
    assert world.get("/api/journal/2").json["picture"] is None


def test_records_are_searched_and_chosen_by_day_and_round(world: World) -> None:
    """All choices can be combined; the words are found in any form."""
    assert world.numbers("?search=valves") == [1]
    assert world.numbers("?search=" + quote("阀门")) == [3]
    assert world.numbers("?round=r1") == [3, 2]
    assert world.numbers("?round=r1&search=bar") == [2]
    assert world.numbers("?round=r2") == []
    assert world.numbers(f"?from={DAY}&to={DAY}") == [3, 2, 1]
    assert world.numbers("?from=2026-03-05") == []
    assert world.numbers("?to=2026-02-01T10:00") == []
    assert world.get("/api/journal/rounds").json == {"rounds": ["r1"]}


def test_a_long_journal_comes_in_parts(world: World) -> None:
    """The next part is before the last number of this one, also of a search."""
    for _ in range(30):
        world.journal.append(turn("is the pump on"))
    assert len(world.numbers()) == 20
    first = world.get("/api/journal?search=pump&limit=25").json
    assert [record["number"] for record in first["records"]] == [*range(33, 8, -1)]
    assert first["has_more"]
    rest = world.get("/api/journal?search=pump&limit=25&before=9").json
    assert [record["number"] for record in rest["records"]] == [8, 7, 6, 5, 4]
    assert not rest["has_more"]


def test_a_picture_is_found_by_the_number_of_its_record(world: World) -> None:
    """In full, or small for a list."""
    reply = world.get("/api/journal/1/picture.jpg")
    assert (reply.status, reply.headers.get_content_type()) == (200, "image/jpeg")
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply.body == jpeg()
    with Image.open(io.BytesIO(world.get("/api/journal/1/small.jpg").body)) as small:
        assert small.size == (640, 360)


@pytest.mark.parametrize(
    "path",
    ["/api/journal/2/picture.jpg", "/api/journal/2/small.jpg", "/api/journal/99", "/api/journal/0", "/api/journal/-1",
     "/api/journal/99999999999999999999", "/api/journal/1/../../x", "/api/journal/..%2f..%2fetc%2fpasswd/picture.jpg",
     "/api/journal/export.exe", "/api/journal/export.html%2f..", "/api/journal/1/picture.png"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    """No path of a client reaches the disk."""
    assert world.get(path).status == 404


def test_a_picture_that_was_deleted_or_damaged_is_not_found(world: World) -> None:
    """And so is a deleted record."""
    entry = world.journal.entry(1)
    assert entry is not None
    assert entry.picture is not None
    entry.picture.write_bytes(b"no picture")
    assert world.get("/api/journal/1/small.jpg").code == "no_such_picture"
    entry.picture.unlink()
    assert world.get("/api/journal/1/picture.jpg").code == "no_such_picture"
    world.journal.delete([1], "command")
    assert world.get("/api/journal/1").code == "no_such_record"
    assert world.numbers() == [3, 2]


@pytest.mark.parametrize(
    "query",
    ["?from=yesterday", "?to=2026-13-01", "?from=2026-03-02&to=2026-03-01", "?before=0", "?before=x", "?limit=101", "?limit=-1",
     "?limit=%D9%A1", "?colour=red", f"?search={'x' * 201}", f"?round={'x' * 201}", "?before=" + "9" * 5000],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(world: World, query: str) -> None:
    """With the key in the sentence."""
    reply = world.get(f"/api/journal{query}")
    assert (reply.status, reply.code) == (400, "invalid_parameter")
    key = query[1:].partition("=")[0]
    assert key in reply.json["error"]["message"]


def test_a_language_that_there_is_not_is_refused(world: World) -> None:
    """A program should not get another one unnoticed."""
    assert world.get("/api/journal/export.html?lang=tlh").code == "invalid_parameter"
    assert world.get("/api/journal/export.html?lang=").status == 200


def test_signs_of_the_search_language_have_no_meaning(world: World) -> None:
    """They neither fail nor find everything."""
    for words in ('"', "valve OR", "*", "NEAR(", "x' --", "a:b", "\0"):
        assert world.get(f"/api/journal?search={quote(words)}").status == 200
    assert world.numbers("?search=valve%20NOT%20open") == []


def test_it_is_exported_in_all_forms(world: World) -> None:
    """As files to save, with the same content as the command's."""
    replies = {form: world.get(f"/api/journal/export.{form}") for form in ("html", "csv", "json", "zip")}
    for form, reply in replies.items():
        assert reply.status == 200
        assert reply.headers["Content-Disposition"] == f"attachment; filename=seesay-journal.{form}"
        assert reply.headers["Cache-Control"] == "no-store"
        assert int(reply.headers["Content-Length"]) == len(reply.body)
    records = [entry.record for entry in world.journal.entries()]
    assert [entry.record for entry in read_json(replies["json"].body.decode())] == records
    assert [entry.record for entry in read_csv(replies["csv"].body.decode())] == records
    assert "data:image/jpeg;base64," in replies["html"].body.decode()
    assert '<html lang="en">' in replies["html"].body.decode()
    with zipfile.ZipFile(io.BytesIO(replies["zip"].body)) as archive:
        assert {"report.html", "journal.csv", "journal.json"} < set(archive.namelist())
    chosen = world.get(f"/api/journal/export.html?round=r1&from={DAY}&lang=zh").body.decode()
    assert "<title>巡检报告 r1</title>" in chosen
    assert "is the valve open" not in chosen


def test_a_slow_client_holds_up_no_deletion(world: World) -> None:
    """The export is complete before it is sent, so no reading of the journal stays open."""
    file = world.server.services.journal.export("csv", journal_module.EVERYTHING, "en", lambda: False)
    assert file is not None
    world.journal.append(turn("quetzal"))
    world.journal.delete([4], "said")
    assert not any(b"quetzal" in path.read_bytes() for path in world.folder.glob("journal.sqlite3*"))
    file.close()


def test_one_export_is_written_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second client is told when to come back."""
    go_on, begun = threading.Event(), threading.Event()
    real = journal_module._write_export

    def slow(*given: Any) -> None:
        begun.set()
        assert go_on.wait(10)
        real(*given)

    monkeypatch.setattr(journal_module, "_write_export", slow)
    first: list[Reply] = []
    thread = threading.Thread(target=lambda: first.append(world.get("/api/journal/export.csv")))
    thread.start()
    assert begun.wait(10)
    second = world.get("/api/journal/export.zip")
    go_on.set()
    thread.join(10)
    assert (second.status, second.code, second.headers["Retry-After"]) == (429, "export_busy", "5")
    assert first[0].status == 200
    assert world.get("/api/journal/export.csv").status == 200


def test_nobody_works_for_a_client_that_has_left(world: World) -> None:
    """The export ends at the next record, and the next client gets its own."""
    asked = []

    def gone() -> bool:
        asked.append(1)
        return len(asked) > 1

    assert world.server.services.journal.export("html", journal_module.EVERYTHING, "en", gone) is None
    assert len(asked) == 2
    assert world.get("/api/journal/export.html").status == 200


def test_a_full_disk_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for other temporary files, and without a folder's name."""

    def full(*given: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device", "/tmp/x")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    reply = world.get("/api/journal/export.csv")
    assert (reply.status, reply.code) == (507, "no_room")
    assert "/tmp" not in reply.body.decode()


def test_a_journal_that_cannot_be_read_is_told_without_its_folder(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log of the machine has it."""

    def broken(folder: Path) -> Journal:
        raise JournalError(f"the journal in {folder} is damaged")

    monkeypatch.setattr(Journal, "read", broken)
    for path in ("/api/journal", "/api/journal/1", "/api/journal/rounds", "/api/journal/export.csv"):
        reply = world.get(path)
        assert (reply.status, reply.code) == (503, "journal_away")
        assert str(world.folder) not in reply.body.decode()
    assert str(world.folder) in caplog.text
    page = world.get("/journal").body.decode()
    assert "The journal cannot be read now." in page
    assert str(world.folder) not in page


def test_where_none_is_kept_nothing_is_shown(tmp_path: Path) -> None:
    """Even if there is one from before: the user has switched it off."""
    with running(parts_with(SteppedEngine())) as server:
        for path in ("/api/journal", "/api/journal/1", "/api/journal/1/picture.jpg", "/api/journal/export.zip"):
            reply = send(server.port, "GET", path)
            assert (reply.status, reply.code) == (404, "no_journal")
        assert send(server.port, "GET", "/api/status").json["journal"] is None
        page = send(server.port, "GET", "/journal?lang=zh")
        assert page.status == 404
        assert "这里不做记录。" in page.body.decode()


def test_the_status_tells_whoever_asks(world: World) -> None:
    """That it is kept, with pictures or without, and who gets the records."""
    assert world.get("/api/status").json["journal"] == {"pictures": True, "records_go_to": ["hall3"]}


def test_nothing_of_it_is_shown_without_the_token(world: World, tmp_path: Path) -> None:
    """The page leads to the login, and from there back to the same records."""
    access = JournalAccess(world.folder, keeps_pictures=True)
    with running(parts_with(SteppedEngine(), journal=access), token=TOKEN) as server:
        for path in ("/api/journal", "/api/journal/1/picture.jpg", "/api/journal/export.csv", "/api/journal/rounds"):
            assert send(server.port, "GET", path).status == 401
            assert send(server.port, "GET", path, headers={"Authorization": f"Bearer {TOKEN}"}).status == 200
        page = send(server.port, "GET", "/journal?search=valve")
        assert page.status == 303
        assert page.headers["Location"] == "/login?next=/journal?search%3Dvalve"
        form = send(server.port, "GET", page.headers["Location"]).body.decode()
        assert 'name="next" value="/journal?search=valve"' in form
        assert "valve" not in send(server.port, "GET", "/journal").body.decode()


def test_it_works_while_the_conversation_writes(world: World) -> None:
    """Readers and the writer do not wait for each other."""
    stop = threading.Event()

    def write() -> None:
        with Journal.read(world.folder):  # a further reader, as the command is
            while not stop.is_set():
                world.journal.append(turn())

    thread = threading.Thread(target=write)
    thread.start()
    try:
        seen = [max(world.numbers("?limit=1")) for _ in range(20)]
        assert eventually(lambda: max(world.numbers("?limit=1")) > 5)
    finally:
        stop.set()
        thread.join(10)
    assert seen == sorted(seen)
    assert json.loads(world.get("/api/journal/export.json").body)["records"]

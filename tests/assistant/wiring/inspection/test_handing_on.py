"""The whole program hands its journal on to a webhook, says so, and refuses settings that cannot work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import ConfigError
from assistant.inspection.handing_on import handover
from assistant.inspection.record import DELETED, TURN
from assistant.language.phrases import phrases_for
from assistant.settings.config import JournalConfig
from assistant.wiring.inspection.handing_on import receivers_of
from tests.assistant.inspection.handing_on.test_webhook import FakeServer
from tests.assistant.wiring.inspection.test_journal import World
from tests.vision.remote.fake_openai import free_port

WORDS = phrases_for("en").journal


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    server = FakeServer()
    server.start()
    yield server
    server.stop()


def test_records_are_handed_on_and_the_start_says_so(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A deletion by voice says that the record may have left, and the receiver is told of it."""
    monkeypatch.setattr(handover, "END_SECONDS", 30.0)  # a busy machine needs more than two for three records
    journal = JournalConfig(enabled=True, pictures=True, webhook_url=f"http://me:secret@127.0.0.1:{server.port}/hidden")
    said = world.run("what color is the circle", "do not keep this", "what shape is it", "quit", journal=journal)
    assert WORDS.kept_with_pictures in said[0]
    assert WORDS.records_leave.format(hosts="127.0.0.1") in said[0]
    assert said[2] == WORDS.forgotten_here.format(hosts="127.0.0.1")
    records = [post.record for post in server.posts]
    assert [(record["number"], record["kind"]) for record in records] == [(1, TURN), (2, DELETED), (3, TURN)]
    assert records[0]["answer"] == "The circle is red."
    assert records[1]["details"]["records"] == [[1, 1]]
    assert {post.path for post in server.posts} == {"/hidden"}
    printed = capsys.readouterr().err
    assert (
        f"RECORDS LEAVE THIS MACHINE: each one of the journal goes to http://127.0.0.1:{server.port}, without pictures, NOT"
        in printed
    )
    assert "secret" not in printed
    assert "hidden" not in printed


def test_records_that_wait_are_told_at_the_end_and_sent_after_the_next_start(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The conversation is not disturbed by a receiver that is away."""
    server = FakeServer()
    server.port = free_port()
    journal = JournalConfig(enabled=True, webhook_url=f"http://127.0.0.1:{server.port}/")
    said = world.run("what color is the circle", "quit", journal=journal)
    assert said[1:] == ["The circle is red.", "Goodbye."]
    printed = capsys.readouterr().err
    assert "cannot be reached" in printed
    assert f"1 record of the journal waits for the webhook at http://127.0.0.1:{server.port}" in printed
    server.start()
    world.run("quit", journal=journal)
    server.stop()
    assert [post.record["question"] for post in server.posts] == ["what color is the circle"]
    assert "waits for" not in capsys.readouterr().err


def test_without_a_journal_nobody_gets_records() -> None:
    """A profile switches the journal on; without it the addresses have no effect, whatever they are."""
    assert receivers_of(JournalConfig(webhook_url="nonsense")).hosts == ""


def test_two_receivers_are_named_once_each() -> None:
    """On one computer they are one computer."""
    both = JournalConfig(enabled=True, webhook_url="https://hall3/x", mqtt_url="mqtt://hall3/t")
    assert receivers_of(both).hosts == "hall3"
    assert [notice.rpartition(", ")[2] for notice in receivers_of(both).notices] == [
        "encrypted",
        "so that network can read along",
    ]
    other = JournalConfig(enabled=True, webhook_url="https://hall3/x", mqtt_url="mqtt://hall4/t")
    assert receivers_of(other).hosts == "hall3, hall4"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"webhook_url": "hall3/secret"}, r"journal\.webhook_url cannot be used: it must begin with http:// or https://"),
        ({"mqtt_url": "mqtt://me:secret@hall3"}, r"journal\.mqtt_url cannot be used: it needs a topic"),
        ({"mqtt_url": "http://hall3/t"}, r"journal\.mqtt_url cannot be used: it must begin with mqtt://"),
        ({"webhook_url": "https://hall3/", "ca_file": "/no/such/file"}, r"journal\.ca_file /no/such/file: No such file"),
        ({"webhook_url": "https://hall3/", "webhook_token_file": "/no/such/file"}, r"journal\.webhook_token_file .*No such"),
        ({"webhook_url": "https://a:secret@hall3/", "webhook_token_file": "TOKEN"}, "give one"),
        ({"webhook_url": "https://hall3/", "webhook_token_file": "TWO"}, "must hold one token on one line"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(tmp_path: Path, config: dict[str, str], words: str) -> None:
    """With the setting's name, before the engine is loaded, and without the password."""
    (tmp_path / "TOKEN").write_text("abc123\n")
    (tmp_path / "TWO").write_text("abc 123\n")
    config = {key: str(tmp_path / value) if value in ("TOKEN", "TWO") else value for key, value in config.items()}
    with pytest.raises(ConfigError, match=words) as caught:
        receivers_of(JournalConfig(enabled=True, **config))  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)

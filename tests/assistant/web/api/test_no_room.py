"""With a full folder for temporary files, a client that sends something large gets a 507, and the server goes on."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from tests.assistant.web.api.serving import (
    ANSWER,
    QUESTION,
    Running,
    data_uri,
    events_of,
    picture,
    raw,
    send,
    send_form,
    send_json,
)
from tests.assistant.web.api.test_ask import recording

FIELDS: dict[str, Any] = {"question": QUESTION, "image": ("image/png", picture())}


class FullFile:
    """A temporary file on a full disk: Linux's /dev/full refuses every write."""

    made: ClassVar[list[Any]] = []

    def __init__(self, mode: str = "w+b", suffix: str = "", buffering: int = -1) -> None:
        self._file = open("/dev/full", mode, buffering)  # noqa: SIM115 - the caller closes it
        self.name = "/tmp/full.wav"
        FullFile.made.append(self._file)  # waitress leaves it to the garbage collector, which would warn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> FullFile:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()


@pytest.fixture
def _full(monkeypatch: pytest.MonkeyPatch, web: Running) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", FullFile)
        patch.setattr(tempfile, "NamedTemporaryFile", FullFile)
        yield
    for file in FullFile.made:
        with contextlib.suppress(OSError):
            file.close()
    FullFile.made.clear()
    assert events_of(send_form(web.port, "/api/ask", FIELDS).body)[-1][1]["answer"] == ANSWER


@pytest.mark.usefixtures("_full")
def test_a_large_body_is_507_in_json(web: Running) -> None:
    """A large body gets a 507, by length and in chunks; a small one needs no file and is answered."""
    reply = send(web.port, "POST", "/api/ask", b"x" * 1_500_000, {"Content-Type": "application/json"})
    assert (reply.status, reply.code) == (507, "no_room")
    assert "/" not in reply.json["error"]["message"]
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked = raw(web.port, head + (b"10000\r\n" + b"x" * 65_536 + b"\r\n") * 20)
    assert chunked.startswith(b"HTTP/1.1 507 ")
    assert b'"type": "server_error"' in chunked
    assert events_of(send_form(web.port, "/api/ask", FIELDS).body)[-1][1]["answer"] == ANSWER


@pytest.mark.usefixtures("_full")
def test_a_recording_is_507_in_json(web: Running) -> None:
    """A recording, sent as a form or as JSON, is written to a file while it is heard."""
    wav = recording(0.5)
    form = send_form(web.port, "/api/ask", {"audio": ("audio/wav", wav), "image": ("image/png", picture())})
    json = send_json(web.port, "/api/ask", {"audio": data_uri(wav, "audio/wav"), "image": data_uri(picture())})
    for reply in (form, json):
        assert (reply.status, reply.code) == (507, "no_room")

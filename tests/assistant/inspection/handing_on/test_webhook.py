"""A real HTTP server gets the records, fails in all ways that servers do, and comes back."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assistant.inspection.export import json_pieces, read_json
from assistant.inspection.handing_on import webhook as webhook_module
from assistant.inspection.handing_on.addresses import WEBHOOK_PORTS, address_of
from assistant.inspection.handing_on.handover import HandingOn, Handover
from assistant.inspection.handing_on.progress import Progress
from assistant.inspection.handing_on.receiver import Away, Refused
from assistant.inspection.handing_on.webhook import Webhook
from assistant.inspection.journal import Journal
from assistant.inspection.record import Entry
from tests.assistant.inspection.test_journal import JPEG, turn

SECONDS = 10.0


@dataclass(frozen=True)
class Post:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class FakeServer:
    """A server on this machine that can go away and come back at the same port."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.posts: list[Post] = []
        self.answers: list[Callable[[BaseHTTPRequestHandler], None]] = []  # for the next requests; then each gets 204
        self.came = threading.Condition()
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    def start(self) -> None:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with world.came:
                    world.posts.append(Post(self.path, dict(self.headers.items()), body))
                    answer = world.answers.pop(0) if world.answers else status(204)
                    world.came.notify_all()
                answer(self)

            def log_message(self, *given: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *given: object) -> None:
                """A client that leaves or distrusts the certificate is no fault of a test."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), name="fake server", daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def wait_for(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.posts) >= count, SECONDS)


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def says_nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"220 mail.example ESMTP\r\n")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    server = FakeServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    with Journal.write(tmp_path / "one") as journal:
        return journal.append(turn("is the valve open", unit="°C", language="zh", note="阀门"), JPEG)


def webhook(server: FakeServer, path: str = "/records", user: str = "", **more: Any) -> Webhook:
    return Webhook(address_of(f"http://{user}127.0.0.1:{server.port}{path}", WEBHOOK_PORTS), **more)


def test_a_record_is_posted_as_the_json_export_has_it(server: FakeServer, entry: Entry) -> None:
    """Number, salt and both hashes are in it, and of the picture only the hash. A header tells a repetition."""
    webhook(server, "/records?from=cart 3").send(entry)
    (post,) = server.posts
    assert post.path == "/records?from=cart%203"
    assert post.headers["Content-Type"] == "application/json"
    assert post.headers["Idempotency-Key"] == entry.chain_sha256
    assert post.headers["User-Agent"].startswith("SeeSay/")
    assert "Authorization" not in post.headers
    exported = json.loads("".join(json_pieces([entry], (1, entry.chain_sha256))))
    assert exported["records"] == [post.record]
    assert JPEG not in post.body
    assert post.record["picture_sha256"]
    exported["records"] = [post.record]
    (read,) = read_json(json.dumps(exported))
    assert read.record == entry.record


def test_name_and_password_or_a_token_are_sent(server: FakeServer, entry: Entry) -> None:
    """The password may have any signs, percent-encoded in the address."""
    webhook(server, user="cart:p%40ss%20word@").send(entry)
    webhook(server, token="abc123").send(entry)
    assert [post.headers["Authorization"] for post in server.posts] == ["Basic Y2FydDpwQHNzIHdvcmQ=", "Bearer abc123"]


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_every_success_is_an_acknowledgement(server: FakeServer, entry: Entry, code: int) -> None:
    """A receiver may queue the record itself."""
    server.answers.append(status(code))
    webhook(server).send(entry)


@pytest.mark.parametrize("code", [408, 425, 429, 502, 503, 504])
def test_a_server_without_time_is_away(server: FakeServer, entry: Entry, code: int) -> None:
    """It may say how long."""
    server.answers.append(status(code, Retry_After="17"))
    with pytest.raises(Away, match=f"has no time now .status {code}") as caught:
        webhook(server).send(entry)
    assert caught.value.after_seconds == 17


def test_a_wait_that_is_a_date_counts_as_none(server: FakeServer, entry: Entry) -> None:
    """HTTP allows it, and the waits of ours will do."""
    server.answers.append(status(503, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"))
    with pytest.raises(Away) as caught:
        webhook(server).send(entry)
    assert caught.value.after_seconds is None


@pytest.mark.parametrize(
    ("code", "words"),
    [(400, "refuses it"), (404, "refuses it"), (401, "password or the token"), (403, "password or the token"), (500, "refuses it")],
)  # fmt: skip
def test_a_refusal_is_told_with_its_status(server: FakeServer, entry: Entry, code: int, words: str) -> None:
    """Whether it is because of the record is found out by others, so an error in the server counts as well."""
    server.answers.append(status(code))
    with pytest.raises(Refused, match=words) as caught:
        webhook(server).send(entry)
    assert f"status {code}" in str(caught.value)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_no_redirection_is_followed(server: FakeServer, entry: Entry, code: int) -> None:
    """A record goes to the address that was set, and to no other."""
    server.answers.append(status(code, Location=f"http://127.0.0.1:{server.port}/elsewhere"))
    with pytest.raises(Refused, match="sends on to another address"):
        webhook(server).send(entry)
    assert [post.path for post in server.posts] == ["/records"]


@pytest.mark.parametrize("answer", [breaks_off, says_nonsense])
def test_an_answer_that_is_none_counts_as_away(
    server: FakeServer, entry: Entry, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    """Whether the record arrived is not known, so it will be sent again."""
    server.answers.append(answer)
    with pytest.raises(Away, match="cannot be reached"):
        webhook(server).send(entry)


def test_a_server_that_does_not_answer_is_given_up(
    server: FakeServer, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is open, and nothing comes."""
    monkeypatch.setattr(webhook_module, "ANSWER_SECONDS", 0.05)
    over = threading.Event()
    server.answers.append(lambda handler: over.wait(SECONDS) and None)
    with pytest.raises(Away, match="does not answer in time"):
        webhook(server).send(entry)
    over.set()


def test_an_interrupted_try_ends_at_once(server: FakeServer, entry: Entry) -> None:
    """The end of the program need not wait for the answer; and nothing is sent afterwards."""
    over = threading.Event()
    server.answers.append(lambda handler: over.wait(SECONDS) and None)
    receiver = webhook(server)
    errors: list[Exception] = []

    def send() -> None:
        try:
            receiver.send(entry)
        except Away as error:
            errors.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    server.wait_for(1)
    began = time.monotonic()
    receiver.interrupt()
    sending.join(SECONDS)
    assert time.monotonic() - began < webhook_module.ANSWER_SECONDS / 2
    assert len(errors) == 1
    with pytest.raises(Away):
        receiver.send(entry)
    assert len(server.posts) == 1
    over.set()


def test_no_proxy_of_the_environment_gets_the_records(
    server: FakeServer, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go to the address that was set."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    webhook(server).send(entry)
    assert len(server.posts) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=hall3", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, "-keyout", "key.pem", "-out", "ca.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "ca.pem", folder / "key.pem"


def test_the_certificate_is_checked(certificate: tuple[Path, Path], entry: Entry) -> None:
    """A server whose certificate is not known gets no byte of a record."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(*certificate)
    server = FakeServer(served)
    server.start()
    try:
        address = address_of(f"https://127.0.0.1:{server.port}/records", WEBHOOK_PORTS)
        with pytest.raises(Away, match=r"cannot be reached .*CERTIFICATE_VERIFY_FAILED"):
            Webhook(address).send(entry)
        assert server.posts == []
        Webhook(address, tls=ssl.create_default_context(cafile=certificate[0])).send(entry)
        assert len(server.posts) == 1
    finally:
        server.stop()


def test_a_server_that_fails_and_comes_back_gets_every_record_once(tmp_path: Path, server: FakeServer) -> None:
    """It is stopped, started at the same port, fails in several ways, and gets all in order."""
    folder = tmp_path / "journal"
    told: list[str] = []
    with Journal.write(folder) as journal:
        handover = Handover(folder, webhook(server), Progress(folder), told.append)
        handover.begin(journal)

        def write_and_work() -> float | None:
            journal.append(turn())
            return handover.work()

        assert write_and_work() is None
        server.stop()
        assert write_and_work() == 1
        assert write_and_work() == 2
        server.start()
        server.answers += [status(503, Retry_After="9"), status(500), status(429)]
        assert handover.work() == 9
        assert handover.work() == 8
        assert handover.work() == 16
        assert handover.work() is None
        assert handover.waiting(journal) == 0
    acknowledged = [post.record["number"] for post in server.posts]
    assert acknowledged == [1, 2, 2, 2, 2, 3]
    # The repetitions can be told from new records.
    assert len({post.headers["Idempotency-Key"] for post in server.posts}) == 3
    assert told[-1] == f"the webhook at http://127.0.0.1:{server.port} gets the records again"


def test_by_its_thread_a_server_that_comes_back_gets_what_waited(
    tmp_path: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to record anything new for that."""
    monkeypatch.setattr("assistant.inspection.handing_on.handover.FIRST_WAIT_SECONDS", 0.02)
    folder = tmp_path / "journal"
    failed = threading.Event()
    server.stop()
    with Journal.write(folder) as journal:
        handover = Handover(folder, webhook(server), Progress(folder), lambda sentence: failed.set())
        handover.begin(journal)
        with HandingOn(handover, "hand-on") as thread:
            for _ in range(3):
                journal.append(turn())
            thread.wake()
            assert failed.wait(SECONDS)
            server.start()
            server.wait_for(3)
    assert [post.record["number"] for post in server.posts] == [1, 2, 3]

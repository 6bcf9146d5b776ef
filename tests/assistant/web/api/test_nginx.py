"""docs/nginx.conf in a real nginx, before the real server, with the certificate that docs/https.md makes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.web.api.serving import (
    PATIENCE_SECONDS,
    QUESTION,
    Reply,
    Running,
    SteppedEngine,
    data_uri,
    eventually,
    form,
    parts_with,
    picture,
    running,
)
from tests.vision.remote.fake_openai import free_port

DOCS = Path(__file__).parents[4] / "docs"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
NAME = "seesay.example"
TOKEN = "0123456789abcdefghij"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
SILENCE = "600s"  # the silence that nginx tolerates in docs/nginx.conf
SHORT_SILENCE = "3s"  # used where a test waits for its end
STRICT = "max-age=31536000"

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx: apt install nginx-light")


@dataclass(frozen=True)
class Proxy:
    http_port: int
    https_port: int
    upstream_port: int
    trust: ssl.SSLContext
    silence: str = SILENCE
    folder: Path = Path()

    @property
    def pid(self) -> int:
        """The process number of nginx's master process."""
        return int((self.folder / "pid").read_text())

    def connection(self) -> http.client.HTTPSConnection:
        """Connects like a browser that trusts the authority and finds the name."""
        made = http.client.HTTPSConnection(NAME, 443, timeout=PATIENCE_SECONDS, context=self.trust)
        made._create_connection = lambda address, *more: socket.create_connection(  # type: ignore[attr-defined]
            ("127.0.0.1", self.https_port), PATIENCE_SECONDS
        )
        return made

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        connection = self.connection()
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, Proxy]]:
    """One nginx with the documented configuration twice, on two sets of ports. The second one waits only 3 s."""
    folder = tmp_path_factory.mktemp("nginx")
    make_certificate(folder)
    trust = ssl.create_default_context(cafile=str(folder / "authority.pem"))
    made = Proxy(free_port(), free_port(), free_port(), trust, folder=folder)
    hasty = Proxy(free_port(), free_port(), made.upstream_port, trust, SHORT_SILENCE, folder)
    temporary = write_configuration(folder, made, hasty)
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with (folder / "said").open("w") as said, subprocess.Popen(command, stderr=said) as nginx:
        try:
            assert eventually(lambda: listens(made.https_port)), (folder / "said").read_text()
            for path in temporary:
                path.rmdir()  # without it nginx cannot write a picture or an answer to a file
            yield made, hasty
        finally:
            nginx.terminate()


@pytest.fixture
def proxy(proxies: tuple[Proxy, Proxy]) -> Proxy:
    return proxies[0]


@pytest.fixture
def hasty(proxies: tuple[Proxy, Proxy]) -> Proxy:
    """The second proxy, before the same server."""
    return proxies[1]


def make_certificate(folder: Path) -> None:
    """Makes the certificate with the commands of docs/https.md, up to those that install it."""
    section = (DOCS / "https.md").read_text(encoding="utf-8").partition("## 1.")[2]
    commands = section.split("```")[1].partition("sudo ")[0]
    subprocess.run(["sh", "-euc", commands], cwd=folder, check=True, capture_output=True)


def documented_with(folder: Path, proxy: Proxy) -> str:
    text = (DOCS / "nginx.conf").read_text(encoding="utf-8")
    for documented, here in (
        ("listen 80;", f"listen 127.0.0.1:{proxy.http_port};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{proxy.https_port} ssl;"),
        ("http://127.0.0.1:8765", f"http://127.0.0.1:{proxy.upstream_port}"),
        ("/etc/seesay/tls/", f"{folder}/"),
        (f"proxy_read_timeout {SILENCE};", f"proxy_read_timeout {proxy.silence};"),
    ):
        assert documented in text
        text = text.replace(documented, here)
    return text


def write_configuration(folder: Path, *proxies: Proxy) -> list[Path]:
    """Writes nginx's configuration. Returns the folders for temporary files."""
    text = "".join(documented_with(folder, proxy) for proxy in proxies)
    (folder / "seesay.conf").write_text(text, encoding="utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""  # so that its workers can read pytest's folder
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log stderr;\nevents {{}}\nhttp {{ {paths} include seesay.conf; }}\n"
    )
    return [folder / kind for kind in kinds]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def engine() -> SteppedEngine:
    return SteppedEngine()


@pytest.fixture
def behind(proxy: Proxy, engine: SteppedEngine) -> Iterator[Running]:
    """The server with the settings of docs/https.md."""
    settings: dict[str, Any] = {"names": frozenset({NAME}), "trusted_proxy": "127.0.0.1", "token": TOKEN}
    with running(parts_with(engine), port=proxy.upstream_port, **settings) as server:
        yield server


def test_plain_http_leads_to_https(proxy: Proxy) -> None:
    """It leads to the name in the certificate, whatever name the request used."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.http_port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/?lang=zh", headers={"Host": "evil.example"})
    response = connection.getresponse()
    connection.close()
    assert (response.status, response.headers["Location"]) == (301, f"https://{NAME}/?lang=zh")


def test_through_it_access_is_checked_as_without(proxy: Proxy, behind: Running) -> None:
    """/healthz is open, everything else needs the token, and the login's cookie is for https only."""
    assert proxy.send("GET", "/healthz").json == {"ok": True}
    refused = proxy.send("GET", "/api/status")
    assert (refused.status, refused.code, refused.headers["Strict-Transport-Security"]) == (401, "token_wanted", STRICT)
    assert "SeeSay" in proxy.send("GET", "/login").body.decode()
    fields = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{NAME}"}
    login = proxy.send("POST", "/login", f"token={TOKEN}".encode(), fields)
    assert login.status == 303
    assert "Secure" in login.headers["Set-Cookie"]
    cookie = login.headers["Set-Cookie"].partition(";")[0]
    assert proxy.send("GET", "/api/status", headers={"Cookie": cookie}).status == 200
    foreign = proxy.send("GET", "/api/status", headers={"Host": "evil.example", **AUTHORIZED})
    assert (foreign.status, foreign.code) == (403, "wrong_host")


def test_words_come_through_one_by_one(proxy: Proxy, behind: Running, engine: SteppedEngine) -> None:
    """Each word arrives before the next is made, and a client that leaves ends the decoding, through nginx too.

    A picture of a megabyte is accepted.
    """
    noise = picture("BMP", (700, 500))
    assert len(noise) > 1_000_000
    body, kind = form({"question": QUESTION, "image": ("image/bmp", noise)})
    connection = proxy.connection()
    connection.request("POST", "/api/ask", body, {"Content-Type": kind, **AUTHORIZED})
    response = connection.getresponse()
    received = ""
    for count in (1, 2, 3):
        engine.steps.release(1)
        while received.count("event: text") < count:
            received += response.read1(4096).decode()
        assert engine.decoded == count
    response.close()
    connection.close()
    assert eventually(lambda: behind.services.queue.status.length == 0)
    engine.steps.release(1000)
    assert engine.decoded <= 4


def test_what_a_client_says_of_its_own_address_is_not_believed(proxy: Proxy, engine: SteppedEngine) -> None:
    """The address that a client claims is ignored, because it could avoid the limit of requests a minute."""
    settings: dict[str, Any] = {"names": frozenset({NAME}), "trusted_proxy": "127.0.0.1", "token": TOKEN}
    with running(parts_with(engine), port=proxy.upstream_port, requests_per_minute=1, **settings):
        statuses = [
            proxy.send("POST", "/api/ask", b"{}", {"X-Forwarded-For": f"10.0.0.{number}", **AUTHORIZED}).status
            for number in range(2)
        ]
    assert statuses == [415, 429]


def test_a_picture_that_is_too_large_is_413_in_json(proxy: Proxy, behind: Running) -> None:
    """nginx refuses it by itself, before SeeSay gets any of it."""
    headers = {"Content-Type": "application/json", **AUTHORIZED}
    reply = proxy.send("POST", "/api/ask", b"x" * 17_000_000, headers)
    assert (reply.status, reply.code) == (413, "too_large")
    assert reply.headers["Strict-Transport-Security"] == STRICT
    below = proxy.send("POST", "/v1/chat/completions", b"x" * 15_900_000, headers)
    assert (below.status, below.code) == (400, "bad_json")


def test_without_seesay_behind_it_it_says_so_in_json(proxy: Proxy) -> None:
    """The error says when to come again."""
    reply = proxy.send("GET", "/api/status")
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "away", "10")
    assert reply.headers["Strict-Transport-Security"] == STRICT


def test_an_answer_that_never_comes_is_not_called_a_server_that_is_away(hasty: Proxy, behind: Running) -> None:
    """SeeSay is running and notices the end: the question leaves its queue."""
    content = [{"type": "text", "text": QUESTION}, {"type": "image_url", "image_url": {"url": data_uri(picture())}}]
    body = json.dumps({"model": "stepped", "messages": [{"role": "user", "content": content}]}).encode()
    headers = {"Content-Type": "application/json", **AUTHORIZED}
    reply = hasty.send("POST", "/v1/chat/completions", body, headers)
    assert (reply.status, reply.code) == (504, "silent")
    assert "not running" not in reply.body.decode()
    assert reply.headers["Strict-Transport-Security"] == STRICT
    assert eventually(lambda: behind.services.queue.status.length == 0)


def test_every_line_to_change_is_marked() -> None:
    """Every name, file and port of the example is marked, because one without a mark would be overlooked."""
    lines = (DOCS / "nginx.conf").read_text(encoding="utf-8").splitlines()
    own = [line for line in lines if re.search(rf"{re.escape(NAME)}|/etc/seesay|:8765", line.partition("#")[0])]
    assert len(own) == 5
    assert [line for line in own if "<-" not in line] == []


def memory_bytes(pid: int) -> int:
    """The memory that nginx's master and workers hold together; what they share is counted once."""
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    rollups = [Path(f"/proc/{process}/smaps_rollup").read_text() for process in (pid, *workers)]
    return sum(int(kilobytes) * 1000 for text in rollups for kilobytes in re.findall(r"^Pss:\s+(\d+) kB", text, re.M))


def test_strangers_cannot_fill_the_memory(proxy: Proxy, behind: Running, engine: SteppedEngine) -> None:
    """Forty clients send 15.8 MB each without the token: each gets a 401, nginx stays small, and others are served."""
    announced, sent, strangers = 15_900_000, 15_800_000, 40
    head = f"POST /api/ask HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n"
    piece, answers, held = b"x" * 100_000, [], threading.Barrier(strangers + 1)

    def stranger() -> None:
        """Sends all but the last 0.1 MB and only then reads, as most clients do."""
        with (
            socket.create_connection(("127.0.0.1", proxy.https_port), PATIENCE_SECONDS) as plain,
            proxy.trust.wrap_socket(plain, server_hostname=NAME) as client,
        ):
            client.sendall(head.encode())
            with contextlib.suppress(OSError):  # nginx may have closed the connection after its answer
                for _ in range(sent // len(piece)):
                    client.sendall(piece)
            held.wait(PATIENCE_SECONDS * 3)  # until all of them have sent
            held.wait(PATIENCE_SECONDS * 3)  # until the memory has been read
            with contextlib.suppress(OSError):
                answers.append(client.recv(4096))

    threads = [threading.Thread(target=stranger) for _ in range(strangers)]
    for thread in threads:
        thread.start()
    held.wait(PATIENCE_SECONDS * 3)
    used = memory_bytes(proxy.pid)
    engine.steps.release(1000)
    engine.tokens = 1
    body, kind = form({"question": QUESTION, "image": ("image/bmp", picture("BMP", (640, 480)))})
    assert len(body) > 900_000
    known = proxy.send("POST", "/api/ask", body, {"Content-Type": kind, **AUTHORIZED})
    held.wait(PATIENCE_SECONDS * 3)
    for thread in threads:
        thread.join()
    assert used < 20_000_000
    assert (known.status, b"event: done" in known.body) == (200, True)
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 401 UNAUTHORIZED"] * strangers

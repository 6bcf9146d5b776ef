"""Who may come in: DNS rebinding and CSRF are refused, a token is required, and requests are limited."""

from __future__ import annotations

import heapq
import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.web.access import SESSION_SECONDS, RateLimit, Tokens, host_is_ours, is_loopback, origin_is_ours
from tests.assistant.web.api.serving import (
    PATIENCE_SECONDS,
    QUESTION,
    Running,
    SteppedEngine,
    eventually,
    parts_with,
    picture,
    raw,
    running,
    send,
    send_form,
    send_json,
)

TOKEN = "0123456789abcdefghij"
FIELDS: dict[str, str | tuple[str, bytes]] = {"question": QUESTION, "image": ("image/png", picture())}


@pytest.fixture(scope="module")
def locked() -> Iterator[Running]:
    """A server with a token, which is also reached by a name."""
    engine = SteppedEngine(tokens=1)
    engine.steps.release(1000)
    with running(parts_with(engine), token=TOKEN, names=frozenset({"box.local"})) as server:
        yield server


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil", "a b", ""]
)
def test_a_name_that_was_made_to_resolve_to_this_machine_is_refused(web: Running, host: str) -> None:
    """With DNS rebinding the browser believes that it talks to another site and sends that site's name in Host."""
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/status"),
        ("GET", "/api/frame.jpg"),
        ("GET", "/healthz"),
        ("POST", "/api/ask"),
    ):
        reply = send(web.port, method, path, headers={"Host": host})
        assert (reply.status, reply.code) == (403, "wrong_host")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1.evil.example", "http://127.0.0.1:1", "file://", "http://"],
)
def test_a_page_of_another_site_may_not_ask(web: Running, origin: str) -> None:
    """With CSRF the request carries the other site's origin, and is refused."""
    for path in ("/api/ask", "/api/stop", "/v1/chat/completions", "/login"):
        reply = send_form(web.port, path, FIELDS, Origin=origin)
        assert (reply.status, reply.code) == (403, "wrong_origin")
    reply = send_form(web.port, "/api/ask", FIELDS, **{"Sec-Fetch-Site": "cross-site"})
    assert (reply.status, reply.code) == (403, "wrong_origin")
    reply = send(web.port, "GET", "/api/frame.jpg", headers={"Sec-Fetch-Site": "cross-site"})
    assert (reply.status, reply.code) == (403, "wrong_origin")
    # a link to the page is allowed
    assert send(web.port, "GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


@pytest.mark.parametrize(("pages", "requests_each"), [(1, 1), (20, 1), (20, 2), (50, 2)])
def test_many_open_pages_behind_one_address_stay_below_the_limit(pages: int, requests_each: int) -> None:
    """Each pauses as long as it is told to; a page of a round asks twice each time. None is refused in ten minutes."""
    now = [0.0]
    limit = RateLimit(600, lambda: now[0])
    due = [(number / pages, number) for number in range(pages)]
    longest = 0.0
    while now[0] < 600.0:
        now[0], page = heapq.heappop(due)
        assert [limit.seconds_to_wait("10.0.0.1") for _ in range(requests_each)] == [0.0] * requests_each
        pause = limit.pause_seconds("10.0.0.1")
        longest = max(longest, pause) if now[0] > 300.0 else 0.0  # at first all pages look at the same time
        heapq.heappush(due, (now[0] + pause, page))
    assert longest <= max(1.0, 1.5 * pages * requests_each / 10)  # ten requests come back each second
    assert limit.pause_seconds("10.0.0.2") == 1.0


def test_the_status_says_when_to_look_again(locked: Running) -> None:
    """One page alone may look every second."""
    status = send(locked.port, "GET", "/api/status", headers={"Authorization": f"Bearer {TOKEN}"}).json
    assert status["look_again_seconds"] == 1.0


def test_our_own_page_may(web: Running) -> None:
    """The server's own page may ask, by whichever of the server's names the browser knows it."""
    for host in (f"127.0.0.1:{web.port}", f"localhost:{web.port}", f"[::1]:{web.port}"):
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert send_form(web.port, "/api/ask", FIELDS, **headers).status == 200


def test_no_answer_lets_other_sites_read_it(web: Running) -> None:
    """No answer has a CORS header, other sites may not show its pictures, and scripts come from this server only."""
    for path in ("/", "/api/status", "/api/frame.jpg", "/healthz", "/static/vendor/bootstrap.min.css", "/nothing"):
        headers = send(
            web.port, "GET", path, headers={"Origin": f"http://127.0.0.1:{web.port}", "Host": f"127.0.0.1:{web.port}"}
        ).headers
        assert not [name for name in headers if name.lower().startswith("access-control")]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Server"] is None
    assert not re.search(rb"<script(?![^>]*\bsrc=)|\bon\w+=|style=|<style", send(web.port, "GET", "/").body)


def test_without_the_token_nothing_is_told(locked: Running) -> None:
    """Programs get a 401 and people the login form; only /healthz and the page's public files are open."""
    for method, path in (
        ("GET", "/api/status"), ("GET", "/api/frame.jpg"), ("GET", "/v1/models"), ("GET", "/openapi.json"), ("GET", "/nothing"),
        ("POST", "/api/ask"), ("POST", "/api/stop"), ("POST", "/v1/chat/completions"), ("GET", "/api/speech/x.wav"),
    ):  # fmt: skip
        reply = send(locked.port, method, path)
        assert (reply.status, reply.code) == (401, "token_wanted"), path
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    for wrong in ("Bearer wrong", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"):
        headers = {"Authorization": wrong.encode("latin-1").decode("latin-1")}
        assert send(locked.port, "GET", "/api/status", headers=headers).status == 401
    page = send(locked.port, "GET", "/?lang=zh")
    assert (page.status, page.headers["Location"]) == (303, "/login?lang=zh")
    assert send(locked.port, "GET", "/healthz").json == {"ok": True}
    assert send(locked.port, "GET", "/static/vendor/bootstrap.min.css").status == 200
    assert send(locked.port, "GET", "/api/status", headers={"Authorization": f"Bearer {TOKEN}"}).status == 200


def test_a_browser_logs_in_with_the_token(locked: Running) -> None:
    """The cookie cannot be read by a script or used by another site's page, and does not contain the token."""
    form = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://box.local:{locked.port}",
        "Host": f"box.local:{locked.port}",
    }
    wrong = send(locked.port, "POST", "/login?lang=en", b"token=wrong&next=/", form)
    assert wrong.status == 401
    assert b'id="login-error"' in wrong.body
    assert wrong.headers["Set-Cookie"] is None
    right = send(locked.port, "POST", "/login", f"token={TOKEN}&next=/%3Flang=zh".encode(), form)
    assert (right.status, right.headers["Location"]) == (303, "/?lang=zh")
    cookie, *marks = [part.strip() for part in right.headers["Set-Cookie"].split(";")]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(marks)
    assert TOKEN not in cookie
    assert send(locked.port, "GET", "/api/status", headers={"Cookie": cookie}).status == 200
    assert send(locked.port, "GET", "/", headers={"Cookie": cookie}).status == 200
    assert send(locked.port, "GET", "/api/status", headers={"Cookie": cookie[:-1]}).status == 401
    foreign = send_form(locked.port, "/api/ask", FIELDS, Cookie=cookie, Origin="http://evil.example")
    assert (foreign.status, foreign.code) == (403, "wrong_origin")


def test_a_browser_logs_out(locked: Running) -> None:
    """The session ends for every copy of its cookie and for no other, also one that began in the same second."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{locked.port}"}
    cookies = [
        send(locked.port, "POST", "/login", f"token={TOKEN}".encode(), form).headers["Set-Cookie"].partition(";")[0]
        for _ in range(2)
    ]
    assert b'action="/logout?lang=en"' in send(locked.port, "GET", "/", headers={"Cookie": cookies[0]}).body
    out = send(locked.port, "POST", "/logout?lang=zh", b"", {**form, "Cookie": cookies[0]})
    assert (out.status, out.headers["Location"]) == (303, "/login?lang=zh")
    assert "seesay=;" in out.headers["Set-Cookie"]
    statuses = [send(locked.port, "GET", "/api/status", headers={"Cookie": cookie}).status for cookie in cookies]
    assert statuses == [401, 200]
    assert send(locked.port, "POST", "/logout", b"", form).status == 303  # also for who is not logged in
    foreign = send(locked.port, "POST", "/logout", b"", {"Cookie": cookies[1], "Origin": "http://evil.example"})
    assert (foreign.status, foreign.code) == (403, "wrong_origin")
    assert send(locked.port, "GET", "/api/status", headers={"Cookie": cookies[1]}).status == 200


def test_where_no_token_is_wanted_nobody_logs_out(web: Running) -> None:
    """The page then has no button for it."""
    assert b"/logout" not in send(web.port, "GET", "/").body
    assert send(web.port, "POST", "/logout", b"").status == 303


@pytest.mark.parametrize(
    "after", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil", "/\r\nX: y", "http://[x"]
)
def test_the_login_leads_nowhere_else(locked: Running, after: str) -> None:
    """An address in `next` that is not on this server is left out."""
    from urllib.parse import quote

    body = f"token={TOKEN}&next={quote(after)}".encode()
    reply = send(locked.port, "POST", "/login", body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert (reply.status, reply.headers["Location"]) == (303, "/")
    form = send(locked.port, "GET", f"/login?next={quote(after)}")
    assert (form.status, b'name="next" value="/"' in form.body) == (200, True)


def test_the_language_is_kept_through_the_login(locked: Running) -> None:
    """A user who came for the Chinese page gets it after the login."""
    form = send(locked.port, "GET", "/login?lang=zh").body.decode()
    assert 'name="next" value="/?lang=zh"' in form


@pytest.mark.parametrize("trusted", ["127.0.0.1", ""])
def test_a_proxy_in_front_is_believed_only_if_the_config_says_so(trusted: str) -> None:
    """Without the setting its headers about the client's address and https are ignored, because anybody could send
    them.
    """
    with running(
        parts_with(SteppedEngine()),
        token=TOKEN,
        requests_per_minute=1,
        names=frozenset({"box.local"}),
        trusted_proxy=trusted,
    ) as server:
        said = {"Host": "box.local", "Origin": "https://box.local", "X-Forwarded-Proto": "https"}
        form = {**said, "Content-Type": "application/x-www-form-urlencoded"}
        answers = [
            send(server.port, "POST", "/login", f"token={TOKEN}".encode(), {**form, "X-Forwarded-For": client})
            for client in ("10.0.0.1", "10.0.0.2", "10.0.0.1")
        ]
        assert [answer.status for answer in answers] == ([303, 303, 429] if trusted else [303, 429, 429])
        assert ("Secure" in answers[0].headers["Set-Cookie"]) is bool(trusted)


def stopped() -> float:
    """A clock that stands still, so that no further guess is allowed, however slow the machine is."""
    return 0.0


def test_guessing_the_token_is_slow() -> None:
    """After ten tries in a minute the form refuses every token, even the right one."""
    with running(parts_with(SteppedEngine()), stopped, token=TOKEN) as server:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        statuses = [send(server.port, "POST", "/login", b"token=guess", form).status for _ in range(11)]
        assert statuses == [401] * 10 + [429]


def test_guessing_the_token_as_a_program_is_as_slow() -> None:
    """Guesses by form and by header are counted together, and a user who is logged in is not disturbed."""
    with running(parts_with(SteppedEngine()), stopped, token=TOKEN) as server:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        right = send(server.port, "POST", "/login", f"token={TOKEN}".encode(), form)
        cookie = right.headers["Set-Cookie"].partition(";")[0]

        def status(token: str, **more: str) -> int:
            return send(server.port, "GET", "/v1/models", headers={"Authorization": f"Bearer {token}", **more}).status

        assert [status(TOKEN) for _ in range(12)] == [200] * 12
        assert [status(f"guess {number}") for number in range(11)] == [401] * 10 + [429]
        assert status(TOKEN) == 429
        assert send(server.port, "POST", "/login", f"token={TOKEN}".encode(), form).status == 429
        assert status("guess", Cookie=cookie) == 200


def announced(port: int, token: str, client: str = "") -> bytes:
    """The first line that comes back for a large body of which only the headers are sent."""
    head = "POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n"
    forwarded = f"X-Forwarded-For: {client}\r\n" if client else ""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(f"{head}{forwarded}Authorization: Bearer {token}\r\n\r\n".encode())
        return connection.makefile("rb").readline().strip()


def test_guessing_by_a_body_that_is_only_announced_is_as_slow() -> None:
    """Such a guess is counted once, together with all other guesses.

    After too many guesses the right token is refused like a wrong one.
    """
    now = [0.0]
    with running(parts_with(SteppedEngine()), lambda: now[0], token=TOKEN) as server:
        assert announced(server.port, TOKEN) == b"HTTP/1.1 100 Continue"
        assert [announced(server.port, f"guess{n}")[9:12] for n in range(6)] == [b"401"] * 6
        wrong = {"Authorization": "Bearer guess"}
        assert [send(server.port, "GET", "/v1/models", headers=wrong).status for _ in range(5)] == [401] * 4 + [429]
        assert [announced(server.port, token)[9:12] for token in ("guess", TOKEN)] == [b"429"] * 2
        now[0] = 6.0  # six seconds later one more guess is allowed
        assert [announced(server.port, token)[9:12] for token in ("guess", TOKEN)] == [b"401", b"429"]


@pytest.mark.parametrize("trusted", ["127.0.0.1", ""])
def test_behind_a_proxy_everybody_guesses_for_himself(trusted: str) -> None:
    """Guesses are counted for the client's address that the proxy tells.

    Without a trusted proxy, a client that claims another address still counts as the same one.
    """
    settings: dict[str, Any] = {"token": TOKEN, "names": frozenset({"box.local"}), "trusted_proxy": trusted}
    with running(parts_with(SteppedEngine()), stopped, **settings) as server:
        for number in range(10):
            # the last address is the one that the proxy added
            announced(server.port, "guess", f"10.0.0.{number}, 10.1.1.1")
        assert announced(server.port, TOKEN, "10.1.1.1")[9:12] == b"429"
        assert announced(server.port, TOKEN, "10.0.0.2")[9:12] == (b"100" if trusted else b"429")
        assert announced(server.port, "guess", "10.0.0.2,")[9:12] == (b"401" if trusted else b"429")


def test_a_large_body_is_not_read_before_its_token() -> None:
    """Without the token the refusal comes while most of the body is still to be sent, by length or in chunks.

    With the token, the whole body is read.
    """
    with running(parts_with(SteppedEngine()), token=TOKEN) as server:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        right = send(server.port, "POST", "/login", f"token={TOKEN}".encode(), form)
        cookie = right.headers["Set-Cookie"].partition(";")[0]
        head = "POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        for sent in (
            f"{head}Content-Length: 5000000\r\n\r\n".encode(),
            f"{head}Content-Length: 5000000\r\nAuthorization: Bearer {TOKEN}x\r\n\r\nxxxx".encode(),
            f"{head}Content-Length: 5000000\r\nCookie: seesay=1.x\r\nExpect: 100-continue\r\n\r\n".encode(),
            f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 2,
        ):
            refusal, _, body = raw(server.port, sent).partition(b"\r\n\r\n")
            assert refusal.startswith(b"HTTP/1.1 401 ")
            assert b"Connection: close" in refusal
            assert json.loads(body)["error"]["code"] == "token_wanted"
        for shown in ({"Authorization": f"Bearer {TOKEN}"}, {"Cookie": cookie}):
            headers = {"Content-Type": "application/json", **shown}
            assert send(server.port, "POST", "/api/ask", b"x" * 5_000_000, headers).code == "bad_json"
        stranger = send(server.port, "POST", "/api/ask", b"x" * 5_000_000, {"Content-Type": "application/json"})
        # a client that first sends everything reads the same refusal
        assert (stranger.status, stranger.code) == (401, "token_wanted")
        assert send(server.port, "POST", "/login", b"token=" + b"x" * 4_000, form).status == 401
        assert (
            send(server.port, "POST", "/login", b"token=" + b"x" * 100_000, form).status == 413
        )  # no token is that long


@pytest.mark.parametrize("cookie", [b"a=\xff\xfe", b"seesay=\xff.\xff", b"\xff"])
def test_a_cookie_of_any_bytes_gets_an_answer(locked: Running, cookie: bytes) -> None:
    """The cookie is checked while the request still arrives, and other cookies beside the session's do no harm."""
    head = b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nCookie: " + cookie + b"\r\n\r\n"
    refusal, _, body = raw(locked.port, head).partition(b"\r\n\r\n")
    assert refusal.startswith(b"HTTP/1.1 401 ")
    assert json.loads(body)["error"]["code"] == "token_wanted"
    session = locked.services.tokens.new_session() if locked.services.tokens else ""
    known = head.replace(b"Cookie: ", b"Expect: 100-continue\r\nCookie: seesay=" + session.encode() + b"; ")
    with socket.create_connection(("127.0.0.1", locked.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(known)
        assert connection.makefile("rb").readline() == b"HTTP/1.1 100 Continue\r\n"


def test_who_comes_too_often_is_told_when_to_come_again() -> None:
    """Cheap requests are counted separately, and /healthz is not counted."""
    engine = SteppedEngine(tokens=1)
    engine.steps.release(100)
    with running(parts_with(engine), requests_per_minute=3) as server:
        replies = [send_form(server.port, "/api/ask", FIELDS) for _ in range(4)]
        assert [reply.status for reply in replies] == [200, 200, 200, 429]
        assert replies[-1].code == "too_many_requests"
        assert 1 <= int(replies[-1].headers["Retry-After"]) <= 20
        statuses = [send(server.port, "GET", "/api/status").status for _ in range(31)]
        assert statuses == [200] * 30 + [429]
        assert send(server.port, "GET", "/healthz").status == 200
        # not counted, because one page needs thirty files
        assert send(server.port, "GET", "/static/seesay.css").status == 200


def test_an_old_picture_is_forgotten_without_anybody_asking() -> None:
    """A picture is dropped when its time is over, also if no request comes."""
    engine = SteppedEngine(tokens=1)
    engine.steps.release(1)
    with running(parts_with(engine), kept_seconds=0.3) as server:
        send_form(server.port, "/api/ask", FIELDS)
        assert len(server.services.conversations) == 1
        assert eventually(lambda: len(server.services.conversations) == 0, 5.0)
        assert send_json(server.port, "/api/stop", {"conversation": "x"}).status == 404


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True), ("127.0.0.1:8765", True), ("[::1]:8765", True), ("192.168.1.9:80", True), ("LOCALHOST:1", True),
        ("box.local", True), ("box.local.:80", True), ("box", False), ("localhost:99999", False), ("[::1", False), ("::1", False),
        ("evil", False), ("1.2.3.4.5", False), ("127.0.0.1@evil", False), ("0x7f.1", False),
    ],
)  # fmt: skip
def test_the_names_that_are_ours(host: str, ours: bool) -> None:
    """Addresses in figures, localhost, and the names in the config are the server's own."""
    assert host_is_ours(host, frozenset({"box.local"})) is ours


def test_an_origin_is_ours_when_host_and_port_are() -> None:
    """An origin matches with or without the port that its scheme implies."""
    assert origin_is_ours("http://127.0.0.1:8765", "127.0.0.1:8765")
    assert origin_is_ours("https://box.local", "box.local")
    assert origin_is_ours("https://BOX.local", "box.local:443")
    assert not origin_is_ours("http://127.0.0.1:8766", "127.0.0.1:8765")
    assert not origin_is_ours("ftp://box.local", "box.local")


def test_what_only_this_machine_can_reach() -> None:
    """Loopback addresses need no token; every other address does."""
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.9", "box.local", "")] == [False] * 5


def test_a_session_ends_by_itself() -> None:
    """A session ends after half a day, and its owner cannot make it longer."""
    now = [1000.0]
    tokens = Tokens(TOKEN, lambda: now[0])
    session = tokens.new_session()
    assert tokens.is_session(session)
    ends_at, _, signature = session.partition(".")
    assert not tokens.is_session(f"{int(ends_at) + 1}.{signature}")
    assert not tokens.is_session("")
    assert not tokens.is_session("x.y")
    assert not Tokens(TOKEN, lambda: now[0]).is_session(session)  # a session from an earlier start of the program
    now[0] += SESSION_SECONDS
    assert not tokens.is_session(session)


def test_a_bucket_fills_evenly_and_forgets_strangers() -> None:
    """Half a minute gives half of a minute's requests, and after a thousand clients the first counts as new again."""
    now = [0.0]
    limit = RateLimit(4, lambda: now[0])
    assert [limit.seconds_to_wait("a") for _ in range(4)] == [0, 0, 0, 0]
    assert limit.seconds_to_wait("a") == pytest.approx(15.0)
    assert limit.seconds_to_wait("b") == 0
    now[0] = 30.0
    assert [limit.seconds_to_wait("a") > 0 for _ in range(3)] == [False, False, True]
    for number in range(1100):
        limit.seconds_to_wait(str(number))
    assert limit.seconds_to_wait("a") == 0


def test_a_session_is_one_that_itsdangerous_has_signed() -> None:
    """The end of the session is in it in plain figures; a text without the signature is no session."""
    tokens = Tokens(TOKEN, lambda: 1000.0)
    session = tokens.new_session()
    assert session.partition(".")[0] == str(1000 + SESSION_SECONDS)
    assert tokens._signer.validate(session)
    assert not any(map(tokens.is_session, ("é.ü", "\ud800", ".", f"{session}x", f" {session}", "9" * 5000)))

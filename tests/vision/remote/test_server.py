"""Another computer's engine over HTTP, with everything that can go wrong on the way."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ConfigError, exit_status_of
from assistant.settings.config import RemoteConfig
from assistant.settings.config_reader import parse_config
from assistant.wiring.credentials import ssl_context
from assistant.wiring.remote import settings_from
from tests.vision.remote.fake_openai import (
    WAIT_SECONDS,
    Exchange,
    FakeOpenAI,
    breaks_off,
    fails,
    free_port,
    hangs,
    piece,
    resets,
    says,
    sends,
)
from vision.errors import Cancelled, RemoteError
from vision.remote.server import LOOK_SECONDS, Server
from vision.remote.wire import Piece
from vision.remote_settings import ServerSettings

ASKED = [{"role": "user", "content": "what is it"}]


@pytest.fixture
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def settings(fake: FakeOpenAI) -> ServerSettings:
    return ServerSettings(
        fake.base_url,
        connect_timeout_seconds=1.0,
        answer_timeout_seconds=WAIT_SECONDS,
        silence_timeout_seconds=WAIT_SECONDS,
    )


def answer(settings: ServerSettings) -> list[Piece]:
    return list(Server(settings).answer("eye", ASKED, {"max_tokens": 9}, lambda: False))


def text(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def problem(settings: ServerSettings) -> str:
    with pytest.raises(RemoteError) as caught:
        answer(settings)
    assert exit_status_of(caught.value) == 3
    assert settings.base_url in str(caught.value)
    return str(caught.value)


def test_an_answer_comes_in_pieces_with_its_end_and_its_counts(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """The request is sent as it is, with the wish for log-probabilities and counts."""
    fake.usually = says("A ", "cup.", log_probability=-0.25)
    pieces = answer(settings)
    assert [(p.text, p.log_probabilities) for p in pieces[:2]] == [("A ", (-0.25,)), ("cup.", (-0.25,))]
    assert pieces[2].finish == "stop"
    assert (pieces[3].prompt_tokens, pieces[3].answer_tokens) == (700, 11)
    (request,) = fake.requests
    assert request["messages"] == ASKED
    assert (request["model"], request["max_tokens"], request["stream"], request["logprobs"]) == ("eye", 9, True, True)


def test_the_first_piece_arrives_before_the_last_is_sent(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """No part of the way waits for the whole answer."""
    go_on = threading.Event()

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.event(piece("A cup."))
        assert go_on.wait(WAIT_SECONDS)
        exchange.event(piece(" Red.", finish="stop"))
        exchange.event(b"[DONE]")

    fake.usually = behave
    pieces = Server(settings).answer("eye", ASKED, {}, lambda: False)
    assert next(pieces).text == "A cup."
    go_on.set()
    assert next(pieces).text == " Red."
    assert list(pieces) == []


def test_a_server_that_takes_no_extras_is_asked_without_and_remembered(
    fake: FakeOpenAI, settings: ServerSettings
) -> None:
    """Some servers refuse log-probabilities and counts, and their answer is accepted without them."""
    fake.script = [fails(400, "logprobs is not supported")]
    server = Server(settings)
    for _ in range(2):
        assert text(list(server.answer("eye", ASKED, {}, lambda: False))) == "A cup. It is red."
    assert ["logprobs" in request for request in fake.requests] == [True, False, False]
    assert all("stream_options" in request for request in fake.requests)  # these were not what it refused


def test_a_request_that_is_refused_plain_was_wrong_for_another_reason(
    fake: FakeOpenAI, settings: ServerSettings
) -> None:
    """The server's words are in the message, and the next question asks for the extras again."""
    fake.script = [fails(400, "no logprobs"), fails(400, "no options"), fails(400, "too many tokens")]
    server = Server(settings)
    with pytest.raises(RemoteError, match="too many tokens"):
        list(server.answer("eye", ASKED, {}, lambda: False))
    list(server.answer("eye", ASKED, {}, lambda: False))
    assert ["logprobs" in request for request in fake.requests] == [True, False, False, True]


@pytest.mark.parametrize(
    "fault",
    [
        fails(500),
        fails(503),
        fails(429, Retry_After="0.01"),
        resets,
        breaks_off(),
        sends(b"<html>not this one</html>", "text/html"),
        sends(b"data: {{{\n\n"),
        sends(b'data: {"error": {"message": "out of memory"}}\n\n'),
        sends(b'data: {"choices": 5}\n\n'),
    ],
    ids="500 503 429 reset nothing html json error shape".split(),
)
def test_a_failure_that_may_pass_is_tried_again(fake: FakeOpenAI, settings: ServerSettings, fault: object) -> None:
    """After two failures the answer is complete and comes once."""
    fake.script = [fault, fault]  # type: ignore[list-item]
    assert text(answer(settings)) == "A cup. It is red."
    assert len(fake.requests) == 3


def test_it_is_not_tried_for_ever(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """After `retries` repetitions the failure is raised."""
    fake.usually = fails(500, "broken")
    assert "status 500" in problem(replace(settings, retries=1))
    assert len(fake.requests) == 2


@pytest.mark.parametrize(
    ("status", "named"),
    [(401, "remote.api_key_file"), (403, "remote.api_key_file"), (404, "[remote]"), (413, "refuses")],
)
def test_a_refusal_is_not_tried_again(fake: FakeOpenAI, settings: ServerSettings, status: int, named: str) -> None:
    """The message says which setting to check."""
    fake.usually = fails(status)
    assert named in problem(settings)
    assert len(fake.requests) == 1


def test_a_server_that_asks_for_long_patience_counts_as_away(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """If Retry-After is a minute, another engine is quicker."""
    fake.usually = fails(429, "queue full", Retry_After="60")
    assert "queue full" in problem(settings)
    assert len(fake.requests) == 1


def test_a_redirection_is_not_followed(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """Pictures go to the address that was named and to no other."""
    with FakeOpenAI() as other:
        fake.usually = fails(307, Location=f"{other.base_url}/chat/completions")
        problem(settings)
        assert other.requests == []


def test_the_environment_changes_nothing(
    fake: FakeOpenAI, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxy, key and organisation from the environment are not used."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-another")
    monkeypatch.setenv("OPENAI_ORG_ID", "organisation-of-another")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    answer(settings)
    assert "another" not in str(fake.headers)
    assert fake.headers[0]["authorization"] == "Bearer none"


def test_the_key_is_sent_and_never_said(fake: FakeOpenAI, settings: ServerSettings, tmp_path: Path) -> None:
    """It is sent as a bearer token, and no message contains it."""
    (tmp_path / "key").write_text("sk-123\n")
    with_key = settings_from(RemoteConfig(base_url=fake.base_url, api_key_file=str(tmp_path / "key")))
    answer(with_key)
    assert fake.headers[0]["authorization"] == "Bearer sk-123"
    fake.usually = fails(401, "bad key")
    assert "sk-123" not in problem(with_key)


def test_nobody_at_home_is_said_within_a_second(settings: ServerSettings) -> None:
    """A refused connection is tried three times, which takes 0.6 s."""
    began = time.monotonic()
    assert "cannot be reached" in problem(replace(settings, base_url=f"http://127.0.0.1:{free_port()}/v1"))
    assert time.monotonic() - began < 3.0


def test_a_server_that_never_answers_is_left_after_the_time_out(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """The request is not repeated, because the user has waited long enough, and its connection is closed."""
    fake.usually = hangs()
    assert "sent nothing for 0.3 s" in problem(replace(settings, answer_timeout_seconds=0.3))
    assert fake.client_left.wait(WAIT_SECONDS)
    assert len(fake.requests) == 1


def test_a_server_that_falls_silent_is_left_after_a_shorter_one(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """Half an answer is not requested again, because it would be spoken twice."""
    fake.usually = hangs("A cup")
    assert "sent nothing for 0.3 s" in problem(replace(settings, silence_timeout_seconds=0.3))
    assert fake.client_left.wait(WAIT_SECONDS)
    assert len(fake.requests) == 1


def test_an_answer_that_is_cut_off_is_no_whole_answer(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """If the connection ends without an end mark, the half answer is not taken for a whole one."""
    fake.usually = breaks_off("A cup")
    assert "broke off" in problem(settings)


def test_an_answer_is_whole_when_only_the_counts_are_missing(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """The server says that the answer has ended and then hangs."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.event(piece("A cup.", finish="stop"))
        exchange.wait_until_left()

    fake.usually = behave
    assert text(answer(settings)) == "A cup."
    assert fake.client_left.wait(WAIT_SECONDS)


@pytest.mark.parametrize("said", [(), ("A cup",)], ids=["before the first word", "between two"])
def test_whoever_stops_does_not_wait_for_the_server(
    fake: FakeOpenAI, settings: ServerSettings, said: tuple[str, ...]
) -> None:
    """The connection is closed at once, so that the server stops too."""
    fake.usually = hangs(*said)
    stopped = threading.Event()
    pieces = Server(settings).answer("eye", ASKED, {}, stopped.is_set)
    assert [next(pieces).text for _ in said] == list(said)
    stopped.set()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        next(pieces)
    assert time.monotonic() - began < LOOK_SECONDS + 0.5  # on a busy machine; on a quiet one it takes LOOK_SECONDS
    assert fake.client_left.wait(WAIT_SECONDS)


def test_an_answer_that_is_put_down_is_closed(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """A caller that takes no more of the answer closes the connection."""
    fake.usually = hangs("A cup")
    pieces = Server(settings).answer("eye", ASKED, {}, lambda: False)
    next(pieces)
    pieces.close()
    assert fake.client_left.wait(WAIT_SECONDS)


def test_a_slow_server_is_waited_for(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """Each piece comes in time, although all of them together take longer than the time-out between two."""

    def behave(exchange: Exchange) -> None:
        exchange.begin_stream()
        for word in "one two three four five".split():
            assert not exchange.server.fake.client_left.wait(0.15)
            exchange.event(piece(word))
        exchange.event(piece(None, finish="stop"))

    fake.usually = behave
    assert text(answer(replace(settings, silence_timeout_seconds=0.6))) == "onetwothreefourfive"


def test_it_names_its_models(fake: FakeOpenAI, settings: ServerSettings) -> None:
    """The list is empty if the server does not tell its models, and a server that does not answer is an error."""
    assert Server(settings).models() == ["eye"]
    fake.models = fails(404)
    assert Server(settings).models() == []
    fake.models = hangs()
    quick = replace(settings, connect_timeout_seconds=0.1)
    with pytest.raises(RemoteError, match=r"sent nothing for 0\.2 s"):
        Server(quick).models()


# Settings


@pytest.mark.parametrize(
    "url",
    [
        "",
        "192.168.1.20:8000",
        "ftp://a/v1",
        "http://",
        "http://user:pass@a/v1",
        "http://user:pass@a/v1?x=1",
        "http://user:pass@[",
        "user:pass@a/v1",
        "http://a/v1?x=1",
        "http://[",
        "http://a:99999",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The error shows a right address, and no password that was in the wrong one."""
    with pytest.raises(ConfigError, match=r"remote.base_url.*http://192\.168\.1\.20:8000/v1") as caught:
        settings_from(RemoteConfig(base_url=url))
    assert "pass" not in str(caught.value)


def test_the_host_is_what_people_are_told() -> None:
    """The host is told without the port and the path."""
    settings = settings_from(parse_config('[remote]\nbase_url = "https://eye.example:8443/v1/"\n', "x").remote)
    assert (settings.host, settings.base_url) == ("eye.example", "https://eye.example:8443/v1")
    assert settings.is_encrypted


@pytest.mark.parametrize("content", [b"", b"two words", b"a\nb", b"\xff\xfe"])
def test_a_key_file_holds_one_key(tmp_path: Path, content: bytes) -> None:
    """A wrong key file is named in the error, and its content is not shown."""
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"api_key_file .*key"):
        settings_from(RemoteConfig(base_url="http://a/v1", api_key_file=str(file)))
    file.unlink()
    with pytest.raises(ConfigError, match="No such file"):
        settings_from(RemoteConfig(base_url="http://a/v1", api_key_file=str(file)))


def test_certificates_are_checked_against_the_file_that_is_named(tmp_path: Path) -> None:
    """A file without certificates is refused at the start."""
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"remote\.ca_file"):
        ssl_context(str(tmp_path / "ca.pem"), "remote.ca_file")
    context = Server(ServerSettings("https://a/v1"))._ssl
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname

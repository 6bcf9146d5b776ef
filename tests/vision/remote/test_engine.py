"""Another computer's engine behaves like this machine's: see, ask, follow up, cancel."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.vision.remote.fake_openai import WAIT_SECONDS, Exchange, FakeOpenAI, breaks_off, fails, hangs, piece, says
from vision.errors import Cancelled, QuestionError, RemoteError
from vision.frame import Frame
from vision.interface import AnswerChunk, AnswerStats, Cut
from vision.remote.engine import KEPT_EXCHANGES, RemoteEngine, RemoteView
from vision.remote.server import Server
from vision.remote_settings import RemoteSettings, ServerSettings

FRAME = Frame(np.zeros((30, 40, 3), np.uint8), captured_at=1.0)


@pytest.fixture
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def engine(fake: FakeOpenAI, **settings: object) -> RemoteEngine:
    return RemoteEngine(Server(ServerSettings(fake.base_url)), RemoteSettings(**settings))  # type: ignore[arg-type]


def asked(view: RemoteView, question: str = "what is it", **options: object) -> list[AnswerChunk]:
    return list(view.ask(question, **options))  # type: ignore[arg-type]


def stats(chunks: list[AnswerChunk]) -> AnswerStats:
    assert [chunk.stats for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].stats is not None
    return chunks[-1].stats


def test_an_answer_comes_as_from_the_engine_of_this_machine(fake: FakeOpenAI) -> None:
    """The chunks have text and log-probabilities, and only the last one has the counts."""
    fake.usually = says("A ", "cup.", log_probability=-0.5)
    chunks = asked(engine(fake).see(FRAME))
    assert [(c.text, c.tokens, c.log_probabilities) for c in chunks] == [
        ("A ", 1, (-0.5,)),
        ("cup.", 1, (-0.5,)),
        ("", 0, ()),
    ]
    told = stats(chunks)
    assert (told.prompt_tokens, told.answer_tokens, told.finish) == (700, 11, "stop")
    assert told.prefill_seconds > 0
    assert told.decode_seconds >= 0


def test_nothing_is_sent_before_a_question(fake: FakeOpenAI) -> None:
    """A picture that was taken because of a noise is not sent."""
    engine(fake, model="eye").see(FRAME)
    assert (fake.requests, fake.asked_for_models) == ([], 0)


def test_the_settings_of_the_engine_and_the_prompt_go_along(fake: FakeOpenAI) -> None:
    """The request has the instructions first, the model by its name, the token budget and the sampling options."""
    view = engine(fake, model="eye", instructions="Be brief.", max_new_tokens=50, temperature=0.5, top_p=0.9).see(FRAME)
    asked(view)
    asked(view, "and now", max_new_tokens=7)
    first, second = fake.requests
    assert first["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (first["model"], first["max_tokens"], first["temperature"], first["top_p"]) == ("eye", 50, 0.5, 0.9)
    assert second["max_tokens"] == 7


def test_without_a_name_the_first_model_of_the_server_is_asked(fake: FakeOpenAI) -> None:
    """The name is looked up once."""
    remote = engine(fake)
    for _ in range(2):
        asked(remote.see(FRAME))
    assert [request["model"] for request in fake.requests] == ["eye", "eye"]
    assert fake.asked_for_models == 1
    assert remote.model_name == "eye at 127.0.0.1"


def test_a_model_that_is_not_there_is_said_with_those_that_are(fake: FakeOpenAI) -> None:
    """The error comes at the start and not at the first question.

    If the server names no model, one has to be configured.
    """
    with pytest.raises(RemoteError, match=r"no model 'ear' but 'eye': set remote\.model"):
        engine(fake, model="ear").connect()
    engine(fake, model="eye").connect()
    fake.models = fails(404)
    engine(fake, model="ear").connect()
    with pytest.raises(RemoteError, match=r"names no model: set remote\.model"):
        engine(fake).connect()


def test_a_follow_up_sends_what_was_said_about_the_picture(fake: FakeOpenAI) -> None:
    """ "What color is it" works because the earlier questions are sent; another picture begins anew."""
    remote = engine(fake, model="eye")
    view = remote.see(FRAME)
    asked(view)
    asked(view, "what color")
    asked(remote.see(FRAME), "another")
    told = [[(m["role"], m["content"]) for m in request["messages"]] for request in fake.requests]
    assert told[1][1:] == [("assistant", "A cup. It is red."), ("user", "what color")]
    assert [len(messages) for messages in told] == [1, 3, 1]


def test_what_was_said_can_be_forgotten(fake: FakeOpenAI) -> None:
    """The questions and answers are forgotten, and the picture stays."""
    view = engine(fake, model="eye").see(FRAME)
    asked(view)
    view.forget()
    asked(view, "and now")
    assert len(fake.requests[-1]["messages"]) == 1
    assert view.cache_bytes > 100


def test_a_long_conversation_is_sent_without_its_beginning(fake: FakeOpenAI) -> None:
    """The oldest exchanges are left out, so that the rest always fits; the picture is always sent."""
    view = engine(fake, model="eye").see(FRAME)
    for number in range(KEPT_EXCHANGES + 3):
        asked(view, f"question {number}")
    messages = fake.requests[-1]["messages"]
    assert len(messages) == 2 * KEPT_EXCHANGES + 1
    assert messages[0]["content"][0]["type"] == "image_url"
    assert messages[0]["content"][1]["text"] == "question 2"


def test_a_cancel_ends_the_answer_as_if_it_had_not_been_asked(fake: FakeOpenAI) -> None:
    """A last chunk says so, the connection is closed, and the next question does not know of it."""
    view = engine(fake, model="eye").see(FRAME)
    cancelled = threading.Event()
    fake.script = [hangs("A cup.")]
    answer = view.ask("what is it", cancelled=cancelled)
    assert next(answer).text == "A cup."
    cancelled.set()
    assert stats(list(answer)).finish == "cancelled"
    assert fake.client_left.wait(WAIT_SECONDS)
    asked(view, "and now")
    assert len(fake.requests[-1]["messages"]) == 1


def test_what_is_cancelled_before_it_begins_is_not_sent(fake: FakeOpenAI) -> None:
    """Neither seeing nor asking sends anything then."""
    cancelled = threading.Event()
    cancelled.set()
    remote = engine(fake, model="eye")
    with pytest.raises(Cancelled):
        remote.see(FRAME, cancelled)
    assert stats(list(remote.see(FRAME).ask("what", cancelled=cancelled))).finish == "cancelled"
    assert fake.requests == []


def test_a_newer_question_ends_the_older_one(fake: FakeOpenAI) -> None:
    """On the same picture a newer question ends the older one."""
    view = engine(fake, model="eye").see(FRAME)
    fake.script = [hangs("A cup.")]
    older = view.ask("older")
    next(older)
    newer = list(view.ask("newer"))
    assert stats(newer).finish == "stop"
    assert stats(list(older)).finish == "cancelled"


def test_an_answer_that_never_ends_is_ended(fake: FakeOpenAI) -> None:
    """If a server ignores max_tokens, the connection is closed after that many pieces."""

    def babbles(exchange: Exchange) -> None:
        exchange.begin_stream()
        words = (f"la{number} " for number in itertools.count())  # different ones, since this is no loop
        while not exchange.server.fake.client_left.wait(0.001):
            exchange.event(piece(next(words)))

    fake.usually = babbles
    chunks = asked(engine(fake, model="eye", max_new_tokens=20).see(FRAME))
    assert "".join(chunk.text for chunk in chunks) == "".join(f"la{number} " for number in range(20))
    assert stats(chunks).finish == "length"
    assert fake.client_left.wait(WAIT_SECONDS)


def test_an_answer_at_its_longest_says_so(fake: FakeOpenAI) -> None:
    """The finish is "length", and if the server sends no counts, the pieces are counted."""
    fake.usually = says("A", " cup", finish="length", usage=False)
    told = stats(asked(engine(fake, model="eye").see(FRAME)))
    assert (told.finish, told.answer_tokens, told.prompt_tokens) == ("length", 2, 0)


def test_an_empty_question_is_refused_at_once(fake: FakeOpenAI) -> None:
    """An empty question is refused at once, as on this machine."""
    with pytest.raises(QuestionError):
        engine(fake, model="eye").see(FRAME).ask("  ")


def test_a_slow_listener_does_not_count_as_a_slow_server(fake: FakeOpenAI) -> None:
    """Only the seconds of waiting for the answer count, and not those in which it is spoken."""
    now = [100.0]
    remote = RemoteEngine(Server(ServerSettings(fake.base_url)), RemoteSettings(model="eye"), clock=lambda: now[0])
    answer = remote.see(FRAME).ask("what is it")
    chunks = []
    for chunk in answer:
        now[0] += 60.0  # for speaking it
        chunks.append(chunk)
    assert (stats(chunks).prefill_seconds, stats(chunks).decode_seconds) == (0.0, 0.0)


def test_an_answer_that_goes_round_in_circles_is_cut(fake: FakeOpenAI) -> None:
    """No repeat is given out, the answer counts as cut, and the next question is sent with what was given out."""
    fake.usually = says("a", *[" yellow"] * 50)
    view = engine(fake).see(FRAME)
    chunks = asked(view)
    assert "".join(chunk.text for chunk in chunks) == "a yellow…"
    assert stats(chunks).finish == "length"
    asked(view, "and now")
    assert fake.requests[-1]["messages"][1]["content"] == "a yellow…"


def test_the_presence_penalty_is_sent(fake: FakeOpenAI) -> None:
    """It is part of the protocol; 0 stands for none and is left out."""
    asked(engine(fake, presence_penalty=1.5).see(FRAME))
    assert fake.requests[-1]["presence_penalty"] == 1.5
    asked(engine(fake).see(FRAME))
    assert "presence_penalty" not in fake.requests[-1]


def cut_behind(view: RemoteView, behind: int) -> list[AnswerChunk]:
    """Asks, and cuts the answer behind its first characters once those have come."""
    how, given, chunks = Cut(), "", list[AnswerChunk]()
    for chunk in view.ask("what is it", cut=how):
        chunks.append(chunk)
        given += chunk.text
        if len(given) >= behind and how.behind is None:
            how.behind = behind
    return chunks


def test_what_the_server_says_behind_a_cut_is_kept(fake: FakeOpenAI) -> None:
    """The rest is told from here, with its probabilities; nothing more is asked of the server."""
    fake.usually = says("A cup.", " It is", " red. And", " full.", log_probability=-0.5)
    view = engine(fake, model="eye").see(FRAME)
    chunks = cut_behind(view, len("A cup. It is red."))
    assert "".join(chunk.text for chunk in chunks) == "A cup. It is red. And"
    assert stats(chunks).finish == "length"
    assert view.can_go_on
    rest = list(view.go_on())
    assert [(c.text, c.log_probabilities) for c in rest] == [(" And", ()), (" full.", (-0.5,)), ("", ())]
    assert stats(rest).finish == "stop"
    assert not view.can_go_on
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("parts", "told"), [(0, "A cup."), (1, "A cup. It is red."), (2, "A cup. It is red. It is full.")]
)
def test_a_follow_up_sends_what_was_told_of_a_cut_answer(fake: FakeOpenAI, parts: int, told: str) -> None:
    """Nothing that nobody has heard is part of the conversation, and what was told later is."""
    fake.usually = says("A cup.", " It is red.", " It is full.")
    view = engine(fake, model="eye").see(FRAME)
    cut_behind(view, len("A cup."))
    for _ in range(parts):
        how = Cut()
        for chunk in view.go_on(cut=how):
            how.behind = how.behind or len(chunk.text)
    assert view.can_go_on == (parts < 2)
    asked(view, "and now")
    assert [m["content"] for m in fake.requests[-1]["messages"][1:]] == [told, "and now"]
    assert not view.can_go_on  # that answer was not cut


def test_a_server_that_goes_away_behind_a_cut_leaves_what_came(fake: FakeOpenAI) -> None:
    """The answer that was told stands, and the rest is what was received of it."""
    fake.usually = breaks_off("A cup.", " It is red.")
    view = engine(fake, model="eye").see(FRAME)
    assert stats(cut_behind(view, len("A cup."))).finish == "length"
    assert "".join(chunk.text for chunk in view.go_on()) == " It is red."


def test_an_answer_that_ends_at_the_cut_has_no_rest(fake: FakeOpenAI) -> None:
    """White space and the mark of an answer that was given up are none."""
    fake.usually = says("A cup.", " \n")
    view = engine(fake, model="eye").see(FRAME)
    cut_behind(view, len("A cup."))
    assert not view.can_go_on
    with pytest.raises(QuestionError, match="has no rest"):
        view.go_on()


def test_a_cancelled_rest_is_forgotten(fake: FakeOpenAI) -> None:
    """What was told before stays."""
    fake.usually = says("A cup.", " It is red.", " It is full.")
    view = engine(fake, model="eye").see(FRAME)
    cut_behind(view, len("A cup."))
    cancelled = threading.Event()
    rest = view.go_on(cancelled=cancelled)
    next(rest)
    cancelled.set()
    assert stats(list(rest)).finish == "cancelled"
    assert not view.can_go_on
    asked(view, "and now")
    assert fake.requests[-1]["messages"][1]["content"] == "A cup."

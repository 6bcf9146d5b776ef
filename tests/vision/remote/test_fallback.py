"""This machine's own engine stands in for another computer's while that is away, and the user hears of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import pytest

from assistant.answering.announcements import Announcements
from assistant.answering.capture import any_picture
from assistant.answering.judging.doubt import DEMO_RULE, DoubtRule
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import phrases_for
from assistant.wiring.remote import of_change, pictures_leave
from tests.assistant.fakes import FakeCamera, FakeEngine, FakeVoice
from tests.vision.remote.fake_openai import WAIT_SECONDS, FakeOpenAI, breaks_off, fails, hangs, says
from vision.errors import Cancelled, RemoteError
from vision.frame import Frame
from vision.interface import Answerer, Cut
from vision.remote.engine import RemoteEngine
from vision.remote.fallback import Away, Back, Change, FallbackEngine, FallbackView
from vision.remote.server import Server
from vision.remote_settings import RemoteSettings, ServerSettings

PHRASES = phrases_for("en")
FRAME = Frame(np.zeros((30, 40, 3), np.uint8), captured_at=1.0)
AGAIN_SECONDS = 30.0


@dataclass
class Site:
    """Two engines, a clock, and the changes that were told."""

    fake: FakeOpenAI
    changes: list[Change] = field(default_factory=list)
    local: FakeEngine = field(default_factory=lambda: FakeEngine(("Seen here.",)))
    loaded: int = 0
    closed: int = 0
    now: float = 100.0

    def __post_init__(self) -> None:
        server = ServerSettings(self.fake.base_url, connect_timeout_seconds=0.5, silence_timeout_seconds=1.0, retries=0)
        self.remote = RemoteEngine(Server(server), RemoteSettings(model="eye"))
        self.on_change: Callable[[Change], None] = lambda change: None
        self.engine = FallbackEngine(self.remote, self._load, self._tell, AGAIN_SECONDS, clock=lambda: self.now)

    def _load(self, stack: ExitStack) -> FakeEngine:
        self.loaded += 1
        stack.callback(self._close)
        return self.local

    def _close(self) -> None:
        self.closed += 1

    def _tell(self, change: Change) -> None:
        self.changes.append(change)
        self.on_change(change)

    def answer(self, view: FallbackView | None = None, question: str = "what is it") -> str:
        view = view or self.engine.see(FRAME)
        return "".join(chunk.text for chunk in view.ask(question))


@pytest.fixture
def site() -> Iterator[Site]:
    with FakeOpenAI() as fake:
        site = Site(fake)
        with site.engine:
            yield site


def kinds(changes: list[Change]) -> list[type]:
    return [type(change) for change in changes]


def test_while_the_other_is_there_the_own_engine_is_not_even_loaded(site: Site) -> None:
    """The own engine takes no memory, and nothing is said."""
    assert site.answer() == "A cup. It is red."
    assert (site.loaded, site.changes) == (0, [])


def test_when_it_goes_away_the_question_is_answered_here(site: Site) -> None:
    """The same question about the same picture is answered, and the change is told once."""
    site.fake.usually = fails(500, "broken")
    assert [site.answer(), site.answer()] == ["Seen here.", "Seen here."]
    assert [view.frame for view in site.local.views] == [FRAME, FRAME]
    assert kinds(site.changes) == [Away]
    assert isinstance(site.changes[0], Away)
    assert "broken" in str(site.changes[0].error)
    assert site.loaded == 1


def test_the_own_engine_is_slowed_too(site: Site) -> None:
    """The own engine gets its limits whether they were set before it was loaded or afterwards."""
    site.engine.set_threads(2)
    site.engine.set_rest(0.3)
    assert site.loaded == 0
    site.fake.usually = fails(500, "broken")
    site.answer()
    assert site.local.pace == (2, 0.3)
    site.engine.set_threads(4)
    site.engine.set_rest(0.0)
    assert site.local.pace == (4, 0.0)


def test_while_it_is_away_it_is_left_in_peace(site: Site) -> None:
    """No question waits for its time-outs, and pictures are seen here ahead of the question."""
    site.fake.usually = fails(500)
    site.answer()
    asked = len(site.fake.requests)
    view = site.engine.see(FRAME)
    assert len(site.local.views) == 2
    site.answer(view)
    assert len(site.fake.requests) == asked
    assert site.fake.asked_for_models == 0


def test_when_it_is_back_it_answers_again(site: Site) -> None:
    """A new picture finds this out, after the pause and not before.

    It is told once, and the own engine stays loaded.
    """
    site.fake.script = [fails(500)]
    site.answer()
    site.now += AGAIN_SECONDS - 1
    assert site.answer() == "Seen here."
    site.now += 2
    assert site.answer() == "A cup. It is red."
    assert site.answer() == "A cup. It is red."
    assert kinds(site.changes) == [Away, Back]
    assert site.fake.asked_for_models == 1
    assert (site.loaded, site.closed) == (1, 0)


def test_when_it_is_still_away_the_pause_begins_anew(site: Site) -> None:
    """The pause begins anew, and nothing is said twice."""
    site.fake.script, site.fake.models = [fails(500)], fails(500)
    site.answer()
    site.now += AGAIN_SECONDS + 1
    assert [site.answer(), site.answer()] == ["Seen here.", "Seen here."]
    assert site.fake.asked_for_models == 1
    assert kinds(site.changes) == [Away]


def test_a_picture_that_was_seen_here_is_asked_about_here(site: Site) -> None:
    """The conversation about it stays here, also when the other engine is back."""
    site.fake.script = [fails(500)]
    view = site.engine.see(FRAME)
    site.answer(view)
    site.now += AGAIN_SECONDS + 1
    assert site.answer() == "A cup. It is red."
    assert site.answer(view, "what color") == "Seen here."
    assert site.local.views[0].asked == ["what is it", "what color"]


def test_half_an_answer_is_followed_by_a_whole_one(site: Site) -> None:
    """The whole answer begins on a line of its own, and the half answer is left out of later requests."""
    site.fake.usually = breaks_off("A cup. It is")
    assert site.answer() == "A cup. It is\nSeen here."


def test_a_cancel_is_no_failure(site: Site) -> None:
    """A cancel by the user does not count as a failure of the other computer."""
    site.fake.script = [hangs("A cup.")]
    cancelled = threading.Event()
    answer = site.engine.see(FRAME).ask("what is it", cancelled=cancelled)
    next(answer)
    cancelled.set()
    last = list(answer)[-1]
    assert last.stats is not None
    assert last.stats.finish == "cancelled"
    assert (site.changes, site.loaded) == ([], 0)


def test_a_cancel_while_the_picture_is_seen_anew_here_ends_the_answer(site: Site) -> None:
    """A cancel works here as in any other part of the answer."""
    site.fake.usually = fails(500)
    cancelled = threading.Event()
    site.on_change = lambda change: cancelled.set()
    site.local.see_gate = type(site.local.see_gate)(is_open=False)
    (last,) = site.engine.see(FRAME).ask("what is it", cancelled=cancelled)
    assert last.stats is not None
    assert last.stats.finish == "cancelled"


def test_without_an_own_engine_the_failure_is_one(site: Site) -> None:
    """The failure is told and raised, and every further question tries again."""
    alone = FallbackEngine(site.remote, None, site._tell, AGAIN_SECONDS, clock=lambda: site.now)
    site.fake.script = [fails(500)]
    with pytest.raises(RemoteError):
        list(alone.see(FRAME).ask("what is it"))
    assert "".join(chunk.text for chunk in alone.see(FRAME).ask("what is it")) == "A cup. It is red."
    assert kinds(site.changes) == [Away, Back]


def test_the_own_engine_is_freed_at_the_end(site: Site) -> None:
    """It is freed once, and only if it was loaded; afterwards nothing is loaded any more."""
    site.fake.usually = fails(500)
    site.answer()
    site.engine.close()
    site.engine.close()
    assert site.closed == 1
    with pytest.raises(Cancelled):
        site.engine.see(FRAME)


def test_an_end_does_not_wait_for_the_loading(site: Site) -> None:
    """The thread that loads the engine frees it in that case."""
    begun, go_on = threading.Event(), threading.Event()

    def load(stack: ExitStack) -> FakeEngine:
        begun.set()
        assert go_on.wait(WAIT_SECONDS)
        return site._load(stack)

    engine = FallbackEngine(site.remote, load, site._tell)
    engine.note_away(RemoteError("gone"))
    failed: list[BaseException] = []

    def see() -> None:
        try:
            engine.see(FRAME)
        except Cancelled as error:
            failed.append(error)

    thread = threading.Thread(target=see)
    thread.start()
    assert begun.wait(WAIT_SECONDS)
    engine.close()
    assert site.closed == 0
    go_on.set()
    thread.join(WAIT_SECONDS)
    assert (site.closed, len(failed)) == (1, 1)


# What the user hears.


class Stage:
    """The whole way from a question to the voice."""

    def __init__(self, site: Site, doubt: DoubtRule) -> None:
        self.voice = FakeVoice()
        self.answering = AnswerPipeline(
            site.engine, any_picture(FakeCamera()), self.voice, PHRASES, play_earcons=False, doubt=doubt
        )
        site.on_change = lambda change: self.answering.announce(of_change(change, PHRASES, local_is_demo=False).spoken)

    def ask(self) -> Turn:
        now = time.monotonic()
        turn = self.answering.ask(Question("what is it", 0.9, asked_at=now, transcribed_at=now), self.answering.look())
        assert turn.done.wait(WAIT_SECONDS)
        return turn


@pytest.fixture
def stage(site: Site) -> Iterator[Stage]:
    stage = Stage(site, DoubtRule(hedge_below=0.5))
    with stage.answering:
        yield stage


def test_the_user_hears_that_it_is_away_and_then_the_answer(site: Site, stage: Stage) -> None:
    """The sentence comes first and is no part of the answer; the second time there is only the answer."""
    site.fake.script = [fails(500)]
    turn = stage.ask()
    assert stage.voice.heard == [PHRASES.remote_away, "Seen here."]
    assert (turn.answer, turn.said, turn.error) == ("Seen here.", ["Seen here."], None)
    stage.ask()
    assert stage.voice.heard[2:] == ["Seen here."]


def test_what_there_is_to_say_before_there_is_a_voice_comes_with_the_greeting(stage: Stage) -> None:
    """The first thing that is heard is that pictures leave the machine."""
    announcements = Announcements()
    announcements("Pictures leave.")
    announcements.go_to(stage.answering.announce)
    announcements("It is away.")
    assert stage.answering.greet("I am ready.").done.wait(WAIT_SECONDS)
    assert stage.voice.heard == ["Pictures leave.", "It is away.", "I am ready."]


def test_the_user_hears_that_it_is_back(site: Site, stage: Stage) -> None:
    """It is said with the next answer and not while the picture is taken, because the user is speaking then."""
    site.fake.script = [fails(500)]
    stage.ask()
    site.now += AGAIN_SECONDS + 1
    stage.voice.heard.clear()
    look = stage.answering.look()
    deadline = time.monotonic() + WAIT_SECONDS
    while look.view is None and time.monotonic() < deadline:
        threading.Event().wait(0.002)
    assert stage.voice.heard == []
    now = time.monotonic()
    turn = stage.answering.ask(Question("what is it", 0.9, asked_at=now, transcribed_at=now), look)
    assert turn.done.wait(WAIT_SECONDS)
    assert stage.voice.heard == [PHRASES.remote_back, "A cup.", "It is red."]


def test_an_answer_that_breaks_off_is_explained_between_its_halves(site: Site, stage: Stage) -> None:
    """The user hears the first half, what happened, and then the whole answer."""
    site.fake.usually = breaks_off("A cup. It is ", "very")
    turn = stage.ask()
    assert stage.voice.heard == ["A cup.", "It is very", PHRASES.remote_away, "Seen here."]
    assert turn.answer == "A cup. It is very\nSeen here."


def test_the_demo_model_that_steps_in_is_doubted_as_one(site: Site, stage: Stage) -> None:
    """It is hedged by the demo's rule; when the other computer is back, that model's rule counts again."""
    site.engine.own = Answerer("demo_model", is_demo=True)
    site.local.log_probability = -0.5
    site.fake.usually = fails(500, "broken")
    hedged = stage.ask()
    assert (hedged.told, hedged.rule) == (["I am not sure, but seen here."], DEMO_RULE)  # it is spelt by that rule too
    site.fake.usually = says("A", " cup.", log_probability=-0.5)
    site.now += AGAIN_SECONDS
    assert stage.ask().told == ["A cup."]


def test_engine_and_pictures_say_who_answers(site: Site) -> None:
    """The engine tells who will answer about the next picture, and a picture tells who answers about it."""
    site.engine.own = Answerer("demo_model", is_demo=True)
    other = Answerer("eye at 127.0.0.1", host="127.0.0.1")
    first = site.engine.see(FRAME)
    assert (site.engine.answerer, first.answerer) == (other, other)
    site.fake.usually = fails(500, "broken")
    site.answer(first)
    assert (site.engine.answerer, first.answerer) == (site.engine.own, site.engine.own)
    site.fake.usually = says("A cup.")
    site.now += AGAIN_SECONDS
    second = site.engine.see(FRAME)
    assert (site.engine.answerer, first.answerer, second.answerer) == (other, site.engine.own, other)


def test_an_answer_is_hedged_by_the_servers_log_probabilities(site: Site, stage: Stage) -> None:
    """If the server gives log-probabilities they are used, and if not, no doubt is made up."""
    site.fake.script = [says("A cup.", log_probability=-2.0), says("A cup.")]
    stage.ask()
    stage.ask()
    assert stage.voice.heard == ["I am not sure, but a cup.", "A cup."]


def test_without_an_own_engine_the_user_hears_why_there_is_no_answer(site: Site) -> None:
    """The user hears that the other computer is away, and an apology."""
    site.engine = FallbackEngine(site.remote, None, site._tell)
    stage = Stage(site, DoubtRule())
    site.fake.usually = fails(500)
    with stage.answering:
        turn = stage.ask()
    assert stage.voice.heard == [PHRASES.remote_away_alone, PHRASES.answer_failed]
    assert isinstance(turn.error, RemoteError)


def test_what_is_said_aloud_is_also_printed_with_more(site: Site) -> None:
    """The printed text also says whether the connection is encrypted, why the other engine is away, and who answers."""
    leave = pictures_leave(ServerSettings("http://192.168.1.20:8000/v1"), PHRASES)
    assert "PICTURES LEAVE THIS MACHINE" in leave.printed
    assert "http://192.168.1.20:8000/v1" in leave.printed
    assert "NOT encrypted" in leave.printed
    assert leave.spoken == "Attention: pictures leave this machine. They go to the computer 192.168.1.20."
    assert "NOT" not in pictures_leave(ServerSettings("https://eye/v1"), PHRASES).printed
    away = Away(RemoteError("the engine is gone"), has_local=True)
    assert "drawn shapes" in of_change(away, PHRASES, local_is_demo=True).spoken
    assert "the engine is gone" in of_change(away, PHRASES, local_is_demo=False).printed


def test_the_own_engine_may_be_asked_in_other_words(site: Site) -> None:
    """A small model gets the question without what only a large one can use; the other computer gets all of it."""
    site.engine.question_for_own = lambda question: question.partition("\n")[2]
    view = site.engine.see(FRAME)
    site.answer(view, "Text in the picture: 401\nwhat is it")
    assert "Text in the picture: 401" in str(site.fake.requests[-1])
    site.fake.usually = fails(500)
    site.answer(view, "Text in the picture: 401\nwhat is it")
    assert site.local.views[0].asked == ["what is it"]


@pytest.mark.parametrize("behind", [len("A cup."), len("A cup.\nSeen"), len("A cup.\nSeen here.")])
def test_an_answer_that_is_cut_goes_on_where_it_came_from(site: Site, behind: int) -> None:
    """With the other computer's words, or with those of the own engine that stepped in."""
    site.local.answer = ("Seen", " here.", " And there.")
    view, how, given = site.engine.see(FRAME), Cut(), ""
    if behind == len("A cup."):
        site.fake.script = [says("A cup.", " It is red.")]
        whole = "A cup. It is red."
    else:
        site.fake.script = [breaks_off("A cup.")]
        whole = "A cup.\nSeen here. And there."
    assert not view.can_go_on
    for chunk in view.ask("what is it", cut=how):
        given += chunk.text
        how.behind = behind if len(given) >= behind else None
    assert given.startswith(whole[:behind])
    assert view.can_go_on
    assert whole[:behind] + "".join(chunk.text for chunk in view.go_on()) == whole
    assert not view.can_go_on

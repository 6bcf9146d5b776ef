"""An answer that was cut goes on with the words that it would have had, and the conversation keeps what was told."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.vision.engine.test_engine import ASKED, INFO, Remembering, frame, text
from tests.vision.engine.test_loops import engine_of, saying, told, yellow
from tests.vision.engine.tiny_checkpoint import make
from vision.engine.engine import Engine
from vision.engine.settings import EngineSettings
from vision.engine.view import View
from vision.errors import QuestionError
from vision.interface import AnswerChunk, Cut

TOKENS = 12


@pytest.fixture
def model() -> Remembering:
    return Remembering()


@pytest.fixture
def engine(model: Remembering) -> Iterator[Engine]:
    settings = EngineSettings(max_new_tokens=TOKENS, prefill_chunk_tokens=16, max_views=2)
    with Engine(model, INFO, settings) as engine:
        yield engine
        assert not engine.session.lock.busy  # whatever a test does, the way in is free again


def cut(
    chunks: Iterator[AnswerChunk], how: Cut, behind: int, after: int | None = None
) -> tuple[str, list[AnswerChunk]]:
    """Takes `after` characters and then cuts behind `behind`. Gives the text up to the cut, and all chunks."""
    taken, found = list[AnswerChunk](), ""
    for chunk in chunks:
        taken.append(chunk)
        found += chunk.text
        if how.behind is None and len(found) >= (behind if after is None else after):
            how.behind = behind
    return found[:behind], taken


def cut_at(view: View, question: str, behind: int, after: int | None = None) -> str:
    how = Cut()
    return cut(view.ask(question, cut=how), how, behind, after)[0]


def cache_of(view: View) -> list[int]:
    assert view._prefix is not None
    cache = view._prefix.cache
    return cache.keys[0][0, : cache.length, 0].astype(int).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("after", range(1, TOKENS))
def test_cut_and_rest_are_the_whole_answer(engine: Engine, model: Remembering, after: int) -> None:
    """Wherever it is cut, and however far behind that it was decoded; no token is computed twice but the one before."""
    whole = text(engine.see(frame()).ask(ASKED))
    for behind in range(after + 1):
        view = engine.see(frame())
        model.read = 0
        first = cut_at(view, ASKED, behind, after)
        assert model.read == len(ASKED) + len("\nassistant\n") + 2 + after - 1  # nothing is decoded behind the cut
        assert view.can_go_on
        model.read = 0
        assert first + text(view.go_on(max_new_tokens=TOKENS - after)) == whole
        assert model.read == TOKENS - after


def test_a_cut_answer_tells_its_figures(engine: Engine) -> None:
    """Both parts together have each token once, and a cut answer counts as one that was too long."""
    view, how = engine.see(frame()), Cut()
    _, chunks = cut(view.ask(ASKED, cut=how), how, 4, 7)
    first = chunks[-1].stats
    rest = list(view.go_on(max_new_tokens=5))
    last = rest[-1].stats
    assert first is not None
    assert last is not None
    assert (first.answer_tokens, first.finish) == (7, "length")
    assert (last.answer_tokens, last.prompt_tokens, last.finish) == (5, 0, "length")
    assert sum(chunk.tokens for chunk in rest) == 3 + 5  # three of them were given out before the cut as well
    assert all(len(chunk.log_probabilities) == chunk.tokens for chunk in rest)
    more = list(view.go_on(max_new_tokens=2))[-1].stats
    assert more is not None
    assert more.answer_tokens == 2


def test_a_rest_can_be_cut_again(engine: Engine) -> None:
    """Each part goes on where the one before was cut, until nothing is left."""
    whole = text(engine.see(frame()).ask(ASKED, max_new_tokens=30))
    view = engine.see(frame())
    found, dice = cut_at(view, ASKED, 3, 6), random.Random(1)
    while len(found) < 30:
        how = Cut()
        behind = dice.randint(1, 5)
        found += cut(view.go_on(cut=how), how, behind, behind + dice.randint(0, 3))[0]
        assert view.can_go_on
    assert found[:30] == whole
    model = engine.session.model
    assert isinstance(model, Remembering)
    model.stops_one_in = 1
    text(view.go_on())
    assert not view.can_go_on


def test_an_answer_at_its_longest_can_go_on(engine: Engine) -> None:
    """What `max_new_tokens` has ended goes on as well."""
    whole = text(engine.see(frame()).ask(ASKED, max_new_tokens=20))
    view = engine.see(frame())
    assert text(view.ask(ASKED)) + text(view.go_on(max_new_tokens=8)) == whole


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_further_question_sees_what_was_told(engine: Engine, model: Remembering, *, goes_on: bool) -> None:
    """The conversation has the answer up to the cut, and with its rest all of it: nothing that nobody has heard."""
    view = engine.see(frame())
    first = cut_at(view, ASKED, 4, 9)
    said = first + (text(view.go_on(max_new_tokens=3)) if goes_on else "")
    assert view._conversation == [(ASKED, said)]
    text(view.ask("and now", max_new_tokens=1))
    asked = f"{ASKED}\nassistant\n{said}\nuser\nand now\nassistant\n"
    assert INFO.tokenizer.decode(cache_of(view)).endswith(asked)
    assert view.can_go_on  # of the second answer, which has one token
    assert model.encoded == 1


def test_another_question_ends_what_could_go_on(engine: Engine) -> None:
    """So do a view that forgets and one that is put away, and going on is then refused."""
    for drop in (View.forget, View.put_away, lambda view: text(view.ask("another one", cancelled=threading.Event()))):
        model = engine.session.model
        assert isinstance(model, Remembering)
        model.stops_one_in = 0
        view = engine.see(frame())
        cut_at(view, ASKED, 4)
        model.stops_one_in = 1
        drop(view)
        assert not view.can_go_on
        with pytest.raises(QuestionError, match="has no rest"):
            view.go_on()


def test_a_view_that_others_push_out_has_no_rest(engine: Engine) -> None:
    """The cache that it would go on from is gone."""
    view = engine.see(frame())
    cut_at(view, ASKED, 4)
    others = [engine.see(frame(50))]
    assert view.can_go_on
    others.append(engine.see(frame(60)))
    assert not view.can_go_on


def test_a_model_that_takes_over_is_told_what_was_said(engine: Engine) -> None:
    """It cannot go on with another model's answer."""
    view = engine.see(frame())
    first = cut_at(view, ASKED, 4, 9)
    with Engine(Remembering(), INFO, EngineSettings(max_new_tokens=3)) as successor:
        engine.hand_over(successor)
        assert not view.can_go_on
        text(view.ask("and now"))
        assert f"{ASKED}\nassistant\n{first}\nuser\nand now" in INFO.tokenizer.decode(cache_of(view))


def test_a_cancelled_rest_leaves_what_was_told(engine: Engine) -> None:
    """The next question is answered as if nobody had wanted the rest."""
    view, other = engine.see(frame()), engine.see(frame())
    for each in (view, other):
        cut_at(each, ASKED, 4, 6)
    cancelled = threading.Event()
    chunks = view.go_on(cancelled=cancelled)
    next(chunks)
    cancelled.set()
    assert list(chunks)[-1].stats.finish == "cancelled"  # type: ignore[union-attr]
    assert not view.can_go_on
    assert text(view.ask("and now")) == text(other.ask("and now"))


def test_a_question_ends_a_rest_that_is_being_told(engine: Engine) -> None:
    """The newer one counts."""
    view = engine.see(frame())
    cut_at(view, ASKED, 4, 6)
    rest = view.go_on()
    next(rest)
    text(view.ask("and now"))
    assert list(rest)[-1].stats.finish == "cancelled"  # type: ignore[union-attr]


def test_a_full_context_has_no_rest(model: Remembering) -> None:
    """The rest ends where nothing fits any more, and what was decoded already is told all the same."""
    with Engine(model, INFO, EngineSettings(max_new_tokens=30, context_tokens=110)) as engine:
        view = engine.see(frame())
        whole = text(view.ask(ASKED))
        assert len(whole) < 30
        assert not view.can_go_on
        view = engine.see(frame())
        first = cut_at(view, ASKED, 2, len(whole) - 1)
        assert first + text(view.go_on()) == whole
        assert not view.can_go_on


@pytest.mark.parametrize("may_go_on", [False, True])
def test_an_answer_that_may_go_on_pushes_no_question_out(model: Remembering, *, may_go_on: bool) -> None:
    """With a cut the earlier question stays if the usual answer has room, and the answer ends where the room does."""
    with Engine(model, INFO, EngineSettings(max_new_tokens=5, context_tokens=150)) as engine:
        view = engine.see(frame())
        text(view.ask("first"))
        answer = text(view.ask("second", max_new_tokens=60, cut=Cut() if may_go_on else None))
        read = INFO.tokenizer.decode(cache_of(view))
        assert ("first" in read) == may_go_on
        assert "second" in read
        assert 5 < len(answer) <= 60
        assert len(cache_of(view)) <= 150


@pytest.mark.parametrize("verified_at_once", [1, 8])
@pytest.mark.parametrize("behind", [3, 9, 20, 33])
def test_words_that_were_guessed_are_not_lost(verified_at_once: int, behind: int) -> None:
    """A cut in the middle of several tokens that were read at once."""
    question = "does it say one two three four five six seven eight nine ten"
    answer = "It says one two three four five six seven eight nine ten."
    with engine_of(saying(answer), verified_at_once=verified_at_once) as engine:
        view = engine.see(None)
        assert cut_at(view, question, behind) == answer[:behind]
        assert told(view.go_on()) == (answer[behind:], "stop")
        assert view._conversation == [(question, answer)]


def test_a_repeat_that_is_held_back_is_found_behind_the_cut() -> None:
    """The watch over loops goes on with the answer, and an answer that was given up has no rest."""
    loop = " It is a car." + " The car is red, the car is red, the car is red." * 9
    with engine_of(saying(loop)) as engine:
        view = engine.see(None)
        whole = told(view.ask("what is it"))
        assert whole[0].endswith("…")
        assert not view.can_go_on
        view = engine.see(None)
        first = cut_at(view, "what is it", len(" It is a car."))
        assert first == " It is a car."
        assert (first + text(view.go_on()), "length") == whole
        assert not view.can_go_on
    with engine_of(yellow({})) as engine:
        view = engine.see(None)
        text(view.ask("what is it", max_new_tokens=3))
        assert not view.can_go_on  # it was repeating itself when it was cut


def test_a_presence_penalty_and_the_dice_go_on() -> None:
    """With settings that draw, cut and rest are the whole answer for the same seed."""
    words = {f" {word}": 9.0 for word in "one two three four five six seven eight nine ten".split()}
    options = {"temperature": 0.8, "presence_penalty": 0.2, "repetition_penalty": 1.1, "seed": 5, "stops_loops": False}
    with engine_of(lambda answer: words, max_new_tokens=40, **options) as engine:
        whole = text(engine.see(None).ask(ASKED))
        assert len(set(whole.split())) == 10
        view = engine.see(None)
        assert cut_at(view, ASKED, 20, 33) + text(view.go_on(max_new_tokens=40))[: len(whole) - 20] == whole


@pytest.mark.parametrize("arithmetic", ["packed", "transformers"])
def test_the_true_arithmetic_goes_on_bit_for_bit(tmp_path: Path, arithmetic: str) -> None:
    """Text and log-probabilities of cut and rest are those of the whole, with packed weights and with transformers."""
    settings = EngineSettings(threads=1, max_new_tokens=40, stops_loops=False)
    with Engine.load(
        make(tmp_path / "tiny"), replace(settings, arithmetic=arithmetic), cache=tmp_path / "cache"
    ) as engine:
        pixels = np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8)
        view = engine.see(replace(frame(), rgb=pixels))
        chunks = list(view.ask(ASKED))
        whole = [sign for chunk in chunks for sign in chunk.text]
        certainty = [value for chunk in chunks for value in chunk.log_probabilities]
        assert len(whole) > 8
        at = sum(len(chunk.text) for chunk in chunks[:5])  # the end of a token, so that none is told in halves
        view.forget()
        how, found = Cut(), list[AnswerChunk]()
        for chunk in view.ask(ASKED, cut=how):
            found.append(chunk)
            how.behind = at if len(found) == 9 else None
        tokens = len(certainty) - sum(chunk.tokens for chunk in found)
        rest = list(view.go_on(max_new_tokens=max(1, tokens)))
        assert "".join(whole) == "".join(chunk.text for chunk in (*found[:5], *rest))
        again = [value for chunk in (*found[:5], *rest) for value in chunk.log_probabilities]
        assert again == certainty

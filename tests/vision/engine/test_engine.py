"""Views, conversations and cancels of the engine, on a model whose every token depends on all that it has read."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vision.engine.tiny_checkpoint import make
from vision.engine.engine import Engine
from vision.engine.generation.generate import EncodedPicture, Scores
from vision.engine.generation.prompt import PromptPart, SpecialTokens, joined
from vision.engine.host import arithmetic_threads, let_idle_threads_sleep, physical_cores
from vision.engine.kv_cache import CacheShape, KVCache
from vision.engine.session import ModelInfo
from vision.engine.settings import Arithmetic, EngineSettings
from vision.engine.view import View
from vision.errors import Cancelled, QuestionError, VisionError, VisionModelError
from vision.frame import Frame
from vision.interface import AnswerChunk
from vision.preprocess import PatchSpec

LAYERS = 3
STOP = 300
ASKED = "what is this"


class Letters:
    """A tokenizer of bytes."""

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(token for token in ids if token < 256).decode("utf-8", "replace")


class Remembering:
    """A model that keeps the tokens as keys and answers by a hash of all of them, so any leftover shows."""

    def __init__(self) -> None:
        self.encoded = 0
        self.read = 0  # tokens
        self.stops_one_in = 0  # tokens; 0: never by itself
        self.before_layer: Callable[[], None] = lambda: None  # a test may do something here, or raise

    def _layers(self, check: Callable[[], None]) -> None:
        for _ in range(LAYERS):
            self.before_layer()
            check()

    def encode(self, patches: Any, grid: Any, check: Callable[[], None]) -> EncodedPicture:
        self._layers(check)
        self.encoded += 1
        brightness = np.full((49, 1), round(float(patches.mean()) * 100), np.float32)
        return EncodedPicture(brightness, ())

    def new_cache(self) -> KVCache:
        return KVCache(CacheShape(1, 1, 2))

    def prefill(
        self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Callable[[], None]
    ) -> None:
        cache.reserve(len(part))
        rows = slice(cache.length, cache.length + len(part))
        cache.keys[0][0, rows, 0] = part.ids
        if picture is not None:
            cache.keys[0][0, rows, 0] += np.where(part.picture_rows >= 0, picture.tokens[part.picture_rows, 0], 0)
        cache.keys[0][0, rows, 1] = part.positions[2]
        self._layers(check)
        cache.commit(len(part))
        self.read += len(part)

    def decode(self, cache: KVCache, part: PromptPart, check: Callable[[], None]) -> Scores:
        self.prefill(cache, part, None, check)
        read = cache.keys[0][0, : cache.length].astype(np.int64)
        weights = np.arange(1, cache.length + 1)
        key = int((weights * (read[:, 0] * 31 + read[:, 1])).sum())
        logits = np.zeros(STOP + 1, np.float32)
        logits[STOP if self.stops_one_in and key % self.stops_one_in == 0 else 97 + key % 26] = 1
        return Scores.of(logits)

    verified_at_once = 1

    def verify(self, cache: KVCache, part: PromptPart, check: Callable[[], None]) -> list[Scores]:
        raise NotImplementedError


INFO = ModelInfo(
    name="letters",
    tokenizer=Letters(),
    special=SpecialTokens(turn_start=257, turn_end=258, vision_start=259, vision_end=260, image=261),
    stop_tokens=frozenset({STOP}),
    patches=PatchSpec(patch_pixels=32, merge_patches=2, temporal_patches=2),
    max_positions=2048,
)


@pytest.fixture
def model() -> Remembering:
    return Remembering()


@pytest.fixture
def engine(model: Remembering) -> Iterator[Engine]:
    with Engine(model, INFO, EngineSettings(max_new_tokens=12, prefill_chunk_tokens=16, max_views=3)) as engine:
        yield engine
        assert not engine.session.lock.busy  # whatever a test does, the way in is free again


def frame(grey: int = 40) -> Frame:
    return Frame(np.full((30, 40, 3), grey, np.uint8), captured_at=1.0)


def text(chunks: Iterator[AnswerChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def end(chunks: Iterator[AnswerChunk]) -> str:
    *_, last = chunks
    assert last.stats is not None
    return last.stats.finish


def bare_answer(question: str, grey: int = 40) -> str:
    """The answer of a new engine about a picture that nobody has asked about."""
    with Engine(Remembering(), INFO, EngineSettings(max_new_tokens=12)) as fresh:
        return text(fresh.see(frame(grey)).ask(question))


def test_an_answer_comes_in_chunks_and_ends_with_its_figures(engine: Engine) -> None:
    """Text comes as it becomes certain; only the last chunk has stats, and they add up."""
    view = engine.see(frame())
    chunks = list(view.ask(ASKED))
    assert [chunk.stats is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    stats = chunks[-1].stats
    assert stats is not None
    assert stats.answer_tokens == sum(chunk.tokens for chunk in chunks) == 12
    assert stats.prompt_tokens == len(ASKED) + len("\nassistant\n") + 2
    assert stats.finish == "length"
    assert stats.prefill_seconds > 0
    assert stats.decode_seconds > 0
    assert engine.model_name == "letters"


def test_what_see_did_is_told(engine: Engine) -> None:
    """The view has the picture's tokens and times."""
    view = engine.see(frame())
    assert view.stats.image_tokens == 49
    assert view.stats.prompt_tokens == 49 + len("user\n") + 3
    assert view.stats.vision_seconds > 0
    assert view.stats.prefill_seconds > 0
    assert view.cache_bytes > 0


def test_an_answer_that_stops_by_itself_says_so(engine: Engine, model: Remembering) -> None:
    """The stop token is no text, and an answer may have no text at all."""
    view = engine.see(frame())
    model.stops_one_in = 5
    lengths = set()
    for number in range(30):
        view.forget()
        chunks = list(view.ask(f"question {number}"))
        stats = chunks[-1].stats
        assert stats is not None
        assert stats.finish == ("length" if stats.answer_tokens == 12 else "stop")
        assert len(text(iter(chunks))) == stats.answer_tokens
        lengths.add(stats.answer_tokens)
    assert {0, 1, 2} < lengths


def test_a_conversation_needs_no_picture(engine: Engine, model: Remembering) -> None:
    """No encoder runs; remembering, forgetting and putting away work as with a picture."""
    view = engine.see(None)
    first = text(view.ask(ASKED))
    assert len(first) == 12
    assert text(view.ask(ASKED)) != first
    view.put_away()
    assert text(view.ask(ASKED)) == first
    assert first != bare_answer(ASKED)
    assert (model.encoded, view.stats.image_tokens) == (0, 0)
    assert view.stats.prompt_tokens == 1 + len("user\n")


def test_a_follow_up_never_runs_the_vision_encoder(engine: Engine, model: Remembering) -> None:
    """The picture is read once for any number of questions."""
    view = engine.see(frame())
    for number in range(5):
        text(view.ask(f"question {number}"))
    assert model.encoded == 1


def test_the_conversation_is_remembered_and_forgotten(engine: Engine) -> None:
    """A follow-up depends on what was said; after forget() the picture is as new."""
    view = engine.see(frame())
    first = text(view.ask(ASKED))
    assert first == bare_answer(ASKED)
    assert text(view.ask(ASKED)) != first
    view.forget()
    assert text(view.ask(ASKED)) == first


def test_what_a_repetition_would_repeat_is_the_whole_conversation(
    model: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Picture, questions and answers count; cancelled and forgotten questions do not."""
    read: list[set[int]] = []
    monkeypatch.setattr(
        "vision.engine.generation.sampling.penalized", lambda logits, ids, _: read.append(set(ids)) or logits
    )
    bare = {*b"user\nassistant\n", 257, 258, 259, 260, 261}
    with Engine(model, INFO, EngineSettings(max_new_tokens=3, repetition_penalty=1.5)) as engine:
        view = engine.see(frame())
        first = text(view.ask("1?"))
        assert read[0] == bare | {*b"1?"}
        assert read[2] == bare | {*b"1?", *first[:2].encode()}
        assert end(view.ask("23", cancelled=cancel_at(model, 2 * LAYERS))) == "cancelled"
        model.before_layer = lambda: None
        read.clear()
        text(view.ask("4!"))
        assert read[0] == bare | {*b"1?4!", *first.encode()}
        view.forget()
        read.clear()
        text(view.ask("5"))
        assert read[0] == bare | {*b"5"}


# Instructions.

TOLD = "be brief"
TOLD_TOKENS = len(f"system\n{TOLD}\n") + 2


def instructed(model: Remembering | None = None, **settings: Any) -> Engine:
    return Engine(model or Remembering(), INFO, EngineSettings(max_new_tokens=12, instructions=TOLD, **settings))


def test_instructions_are_read_once_for_all_pictures(model: Remembering) -> None:
    """They are read when the engine is made; a picture then costs what it costs without them."""
    with instructed(model, max_views=1) as engine:
        assert model.read == TOLD_TOKENS
        views = [engine.see(frame(grey)) for grey in (40, 80)]
        picture = 49 + len("user\n") + 3
        assert model.read == TOLD_TOKENS + 2 * picture
        assert [view.stats.prompt_tokens for view in views] == [TOLD_TOKENS + picture] * 2
        assert [view.cache_bytes > 0 for view in views] == [False, True]
        first = text(views[0].ask(ASKED, max_new_tokens=1))
        question = len(ASKED) + len("\nassistant\n") + 2
        assert model.read == TOLD_TOKENS + 3 * picture + question
        assert first == text(engine.see(frame(40)).ask(ASKED, max_new_tokens=1))


def test_an_answer_depends_on_the_instructions() -> None:
    """They count as if they stood before the picture in one prompt, also after forget() and put_away()."""
    with instructed() as engine:
        view = engine.see(frame())
        first = text(view.ask(ASKED))
        second = text(view.ask(ASKED))
        view.forget()
        assert text(view.ask(ASKED)) == first
        view.put_away()
        assert [text(view.ask(ASKED)), text(view.ask(ASKED))] == [first, second]
        whole = joined([engine.prompt.preface, engine.prompt.picture(7, 7)])
    with Engine(Remembering(), INFO, EngineSettings(max_new_tokens=12)) as plain:
        plain.prompt.picture = lambda rows, columns: whole  # type: ignore[method-assign]
        view = plain.see(frame())
        assert [text(view.ask(ASKED)), text(view.ask(ASKED))] == [first, second]
    assert first != bare_answer(ASKED)


def test_instructions_count_as_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repetition penalty applies to their tokens, also after forget() and put_away()."""
    read: list[set[int]] = []
    monkeypatch.setattr(
        "vision.engine.generation.sampling.penalized", lambda logits, ids, _: read.append(set(ids)) or logits
    )
    with instructed(repetition_penalty=1.5) as engine:
        view = engine.see(frame())
        for clear in (view.forget, view.put_away):
            text(view.ask("5", max_new_tokens=1))
            clear()
    assert read == [{*b"system\nuser\nassistant\n", *TOLD.encode(), *b"5", 257, 258, 259, 260, 261}] * 2


def test_instructions_take_their_part_of_the_context() -> None:
    """A question and a conversation have so much less room."""
    with instructed(context_tokens=100) as engine:
        view = engine.see(frame())
        with pytest.raises(QuestionError, match=rf"the question takes 53 tokens, and {42 - TOLD_TOKENS} fit"):
            view.ask("x" * 40)
        lengths = [view._kept.length for _ in range(4) if text(view.ask("x"))]
    assert max(lengths) <= 100
    with (
        instructed(context_tokens=64) as engine,
        pytest.raises(VisionModelError, match="a picture with its instructions"),
    ):
        engine.see(frame())


@pytest.mark.parametrize("arithmetic", ["packed", "transformers"])
def test_instructions_without_end_are_refused(tmp_path: Path, arithmetic: Arithmetic) -> None:
    """The engine refuses them in one sentence when it is made, and no thread is left behind."""
    settings = EngineSettings(threads=2, arithmetic=arithmetic, context_tokens=200, instructions="go on " * 100)
    before = set(threading.enumerate())
    with pytest.raises(VisionModelError, match=r"^the instructions take [\d,]+ tokens and tiny reads 100 at most: "):
        Engine.load(make(tmp_path / "tiny"), settings, cache=tmp_path / "cache")
    assert set(threading.enumerate()) == before


def test_two_views_do_not_mix(engine: Engine) -> None:
    """Answers about two pictures that take turns are those given one after the other."""
    views = [engine.see(frame(grey)) for grey in (40, 200)]
    answers = [view.ask(ASKED) for view in views]
    found = ["", ""]
    for _ in range(13):
        for index in (0, 1):
            found[index] += next(answers[index]).text
    assert found == [bare_answer(ASKED, 40), bare_answer(ASKED, 200)]
    assert found[0] != found[1]


@pytest.mark.parametrize("tokens", range(12))
def test_a_cancel_at_any_token_leaves_the_view_as_it_was(engine: Engine, tokens: int) -> None:
    """The answer ends as cancelled, and the next one is what it would have been."""
    view = engine.see(frame())
    text(view.ask("first"))
    before = view._kept
    expected = text(view.ask(ASKED))
    view._kept = before
    cancelled = threading.Event()
    chunks = view.ask(ASKED, cancelled=cancelled)
    said = "".join(next(chunks).text for _ in range(tokens))
    cancelled.set()
    last = next(chunks)
    assert last.stats is not None
    assert (last.stats.finish, last.text, last.stats.answer_tokens) == ("cancelled", "", tokens)
    assert expected.startswith(said)
    assert list(chunks) == []
    assert text(view.ask(ASKED)) == expected


def cancel_at(model: Remembering, count: int) -> threading.Event:
    """An event that is set when the model reaches its layer number `count` from now."""
    cancelled, layers = threading.Event(), iter(range(count))

    def before_layer() -> None:
        if next(layers, None) is None:
            cancelled.set()

    model.before_layer = before_layer
    return cancelled


@pytest.mark.parametrize("layer", range(4 * LAYERS))
def test_a_cancel_at_any_layer_of_a_question_leaves_the_view(engine: Engine, model: Remembering, layer: int) -> None:
    """Prefill (two chunks) and decode stop within one layer, with nothing kept."""
    view = engine.see(frame())
    assert end(view.ask(ASKED, cancelled=cancel_at(model, layer))) == "cancelled"
    assert view._kept.length == view.stats.prompt_tokens
    model.before_layer = lambda: None
    assert text(view.ask(ASKED)) == bare_answer(ASKED)


@pytest.mark.parametrize("layer", range(5 * LAYERS))
def test_a_cancelled_look_raises_at_once(engine: Engine, model: Remembering, layer: int) -> None:
    """That works between the encoder's blocks and between chunks; the next look is undisturbed."""
    with pytest.raises(Cancelled):
        engine.see(frame(), cancel_at(model, layer))
    model.before_layer = lambda: None
    assert text(engine.see(frame()).ask(ASKED)) == bare_answer(ASKED)


def test_a_cancel_beforehand_computes_nothing(engine: Engine, model: Remembering) -> None:
    """Neither looking nor answering begins."""
    view, cancelled = engine.see(frame()), threading.Event()
    cancelled.set()
    model.before_layer = lambda: pytest.fail("the model was run")
    with pytest.raises(Cancelled):
        engine.see(frame(), cancelled)
    assert end(view.ask(ASKED, cancelled=cancelled)) == "cancelled"


def test_a_newer_question_ends_the_older(engine: Engine) -> None:
    """Of two at once about the same picture, the older stops and the newer is answered as if alone."""
    view = engine.see(frame())
    older = view.ask("older")
    next(older)
    newer = view.ask(ASKED)
    said = next(newer).text
    (last,) = older  # without one more word, and without a trace in what the newer one reads
    assert last.stats is not None
    assert last.stats.finish == "cancelled"
    assert said + text(newer) == bare_answer(ASKED)


@pytest.mark.parametrize("tokens", [1, 12])
def test_forgetting_ends_an_answer_under_way(engine: Engine, tokens: int) -> None:
    """Nothing of the forgotten conversation is kept, even if only the end of the answer was missing."""
    view = engine.see(frame())
    older = view.ask("older")
    for _ in range(tokens):
        next(older)
    view.forget()
    assert end(older) == "cancelled"
    assert text(view.ask(ASKED)) == bare_answer(ASKED)


@pytest.mark.parametrize("leave", ["close", "drop"])
def test_an_abandoned_answer_keeps_nobody_out(engine: Engine, leave: str) -> None:
    """A consumer that closes its iterator, or just drops it, holds no lock and leaves nothing behind."""
    view = engine.see(frame())
    chunks = view.ask("something else")
    next(chunks)
    if leave == "close":
        chunks.close()  # type: ignore[attr-defined]
    del chunks
    assert not engine.session.lock.busy
    assert text(view.ask(ASKED)) == bare_answer(ASKED)


@pytest.mark.parametrize("layer", [0, LAYERS, 3 * LAYERS])
def test_a_fault_in_the_model_leaves_everything_clean(engine: Engine, model: Remembering, layer: int) -> None:
    """The error reaches the consumer, and the next question is answered."""
    view, layers = engine.see(frame()), iter(range(layer))

    def fail() -> None:
        if next(layers, None) is None:
            raise RuntimeError("a bug")

    model.before_layer = fail
    with pytest.raises(RuntimeError, match="a bug"):
        list(view.ask(ASKED))
    assert not engine.session.lock.busy
    model.before_layer = lambda: None
    assert text(view.ask(ASKED)) == bare_answer(ASKED)


@pytest.mark.parametrize("question", ["", " ", "x" * 2001, "x" * 10_000])
def test_a_bad_question_is_refused_at_once(engine: Engine, question: str) -> None:
    """The error comes before the iterator is used, so the caller's own error handling sees it."""
    view = engine.see(frame())
    with pytest.raises(QuestionError):
        view.ask(question)


@pytest.mark.parametrize("tokens", [0, -1, 513])
def test_an_answer_has_one_to_512_tokens(engine: Engine, tokens: int) -> None:
    """The limit holds for each question."""
    with pytest.raises(QuestionError, match="1 to 512 tokens"):
        engine.see(frame()).ask(ASKED, max_new_tokens=tokens)


def test_a_question_can_ask_for_a_shorter_answer(engine: Engine) -> None:
    """`max_new_tokens` of one question does not touch the next."""
    view = engine.see(frame())
    short = list(view.ask(ASKED, max_new_tokens=3))
    assert short[-1].stats is not None
    assert short[-1].stats.answer_tokens == 3
    view.forget()
    assert len(text(view.ask(ASKED))) == 12


def small(context: int) -> Engine:
    return Engine(Remembering(), INFO, EngineSettings(max_new_tokens=12, context_tokens=context))


def test_who_asks_can_know_what_will_be_forgotten_and_what_was_read() -> None:
    """Callers learn before whether a question still fits, and after how many tokens were read."""
    with small(180) as engine:
        view = engine.see(frame())
        totals, remembered = [], []
        for _ in range(6):
            remembered.append(view.remembers(ASKED))
            stats = list(view.ask(ASKED))[-1].stats
            assert stats is not None
            totals.append(stats.prompt_tokens + stats.cached_tokens)
        forgot = remembered.index(False)
        assert totals[:forgot] == sorted(totals[:forgot])
        assert totals[forgot] == totals[0]  # as if it were the first
        view.put_away()
        stats = list(view.ask(ASKED))[-1].stats
        assert stats is not None
        assert (stats.prompt_tokens, stats.cached_tokens) == (totals[0], 0)  # the picture was read again
        with pytest.raises(QuestionError):
            view.remembers("")


def test_a_question_that_would_cut_its_answer_is_known_before() -> None:
    """`remembers` says so for a first question by the room that its answer has."""
    with small(180) as engine:
        view = engine.see(frame())
        beside = engine.context_tokens - view.stats.prompt_tokens
        around = len(engine.prompt.question("a" * 50)) - 50  # a token a letter
        half, whole = beside - beside // 2 - around, beside - 12 - around
        assert [view.remembers("a" * letters, 512) for letters in (half, half + 1)] == [True, False]
        assert [view.remembers("a" * letters) for letters in (whole, whole + 1)] == [True, False]
        assert text(view.ask("a" * (whole + 1)))  # with what room there is


def test_a_long_conversation_falls_back_to_the_picture() -> None:
    """A question that no longer fits is answered from the picture alone instead of failing."""
    with small(180) as engine:
        view = engine.see(frame())
        lengths, answers = [], []
        for _ in range(6):
            answers.append(text(view.ask(ASKED)))
            lengths.append(view._kept.length)
        assert max(lengths) <= 180
        again = lengths.index(lengths[0], 1)  # the cache is as long as after the first question
        assert answers[again] == answers[0] == bare_answer(ASKED)


def test_a_question_that_cannot_fit_is_refused() -> None:
    """The error has the numbers, and nothing is computed."""
    with small(100) as engine:
        view = engine.see(frame())
        with pytest.raises(QuestionError, match=r"the question takes 103 tokens, and 42 fit beside the picture"):
            view.ask("x" * 90)
        assert end(view.ask("x" * 27)) == "length"  # two tokens are left for the answer


def test_a_picture_that_cannot_fit_is_refused() -> None:
    """That is so for a model whose context is shorter than a picture."""
    with small(64) as engine:
        engine.session.context_tokens = 50  # as a checkpoint's own limit would
        with pytest.raises(VisionModelError, match="a picture takes 57 tokens, and letters is limited to 50"):
            engine.see(frame())


def test_only_so_many_views_keep_their_memory(engine: Engine, model: Remembering) -> None:
    """The view not used for longest is put away, and looks again when it is asked."""
    views = [engine.see(frame(grey)) for grey in (40, 80, 120)]
    text(views[0].ask("first"))  # now the second is the oldest
    views.append(engine.see(frame(160)))
    assert [view.cache_bytes > 0 for view in views] == [True, False, True, True]
    assert model.encoded == 4
    assert text(views[1].ask(ASKED)) == bare_answer(ASKED, 80)
    assert model.encoded == 5
    assert [view.cache_bytes > 0 for view in views] == [True, True, False, True]


def test_a_dropped_view_frees_its_memory(engine: Engine) -> None:
    """The engine keeps no view alive, not even after an unfinished answer."""
    view = engine.see(frame())
    chunks = view.ask(ASKED)
    next(chunks)
    assert view._prefix is not None
    cache = weakref.ref(view._prefix.cache)
    del view, chunks
    gc.collect()
    assert cache() is None


def test_closing_ends_everything(model: Remembering) -> None:
    """An answer under way ends as cancelled, nothing new begins, and closing twice is no error."""
    engine = Engine(model, INFO, EngineSettings())
    view = engine.see(frame())
    chunks = view.ask(ASKED)
    next(chunks)
    engine.close()
    engine.close()
    assert end(chunks) == "cancelled"
    assert end(view.ask(ASKED)) == "cancelled"
    with pytest.raises(VisionError, match="the engine is closed"):
        engine.see(frame())


def test_a_waiting_caller_can_be_called_off(engine: Engine, model: Remembering) -> None:
    """A caller who cancels during another's long step leaves; the other is not disturbed."""
    inside, go_on, cancelled = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        assert go_on.wait(10)

    model.before_layer = hold
    views: list[View] = []
    slow = threading.Thread(target=lambda: views.append(engine.see(frame())), name="slow")
    slow.start()
    assert inside.wait(10)
    errors: list[VisionError] = []

    def wait() -> None:
        try:
            engine.see(frame(), cancelled)
        except Cancelled as error:
            errors.append(error)

    waiter = threading.Thread(target=wait, name="waiter")
    waiter.start()
    cancelled.set()
    waiter.join(10)
    assert len(errors) == 1
    assert slow.is_alive()
    go_on.set()
    slow.join(10)
    assert text(views[0].ask(ASKED)) == bare_answer(ASKED)


def test_a_look_is_not_kept_waiting_by_an_answer(engine: Engine, model: Remembering) -> None:
    """A new picture gets the lock between two tokens of an answer."""
    view, seen = engine.see(frame()), threading.Event()
    chunks = view.ask(ASKED, max_new_tokens=512)
    next(chunks)
    other = threading.Thread(target=lambda: (engine.see(frame(200)), seen.set()), name="other")
    other.start()
    tokens_meanwhile = 0
    for _ in chunks:
        tokens_meanwhile += 1
        if seen.is_set():
            break
        other.join(0.001)  # lets the other thread run; it does not have to end here
    assert seen.is_set()
    assert tokens_meanwhile < 500
    other.join(10)


def test_a_storm_of_questions_and_cancels_ends_clean(engine: Engine) -> None:
    """Four threads ask and cancel at random, and every completed answer is right."""
    expected = {grey: bare_answer(ASKED, grey) for grey in (10, 20, 30)}
    wrong: list[str] = []

    def user(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(15):
            grey, cancelled = dice.choice([10, 20, 30]), threading.Event()
            view = engine.see(frame(grey))
            said, stop_after = "", dice.randrange(16)
            for count, chunk in enumerate(view.ask(ASKED, cancelled=cancelled)):
                said += chunk.text
                if count == stop_after:
                    cancelled.set()
                if chunk.stats is not None and chunk.stats.finish != "cancelled" and said != expected[grey]:
                    wrong.append(said)
            if not expected[grey].startswith(said):
                wrong.append(said)

    users = [threading.Thread(target=user, args=(seed,), name=f"user {seed}") for seed in range(4)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join(30)
    assert not any(thread.is_alive() for thread in users)
    assert wrong == []


LOADED: dict[Arithmetic, tuple[str, str]] = {  # how the weights are kept, and what takes long
    "packed": ("12 bits", "packing the weights of tiny once"),
    "transformers": ("0.00 GiB as float32", "loading tiny"),
}


@pytest.mark.parametrize("arithmetic", LOADED)
def test_loading_tells_how_far_it_is(tmp_path: Path, arithmetic: Arithmetic) -> None:
    """There is a line with what is loaded and how, and a line when it is ready."""
    folder, lines = make(tmp_path / "tiny"), list[str]()
    Engine.load(folder, EngineSettings(threads=1, arithmetic=arithmetic), lines.append, tmp_path / "cache").close()
    assert lines[0].startswith("loading tiny: 1 million parameters, ")
    assert lines[0].endswith(f"{LOADED[arithmetic][0]}, 1 thread")
    assert lines[-1].startswith("tiny is ready after ")
    assert len(lines) == 2


@pytest.mark.parametrize("arithmetic", LOADED)
def test_a_large_model_counts_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arithmetic: Arithmetic) -> None:
    """Ten steps are reported, each once."""
    monkeypatch.setattr("vision.engine.models.loading._LONG_BYTES", 0)
    folder, lines = make(tmp_path / "tiny"), list[str]()
    Engine.load(folder, EngineSettings(threads=1, arithmetic=arithmetic), lines.append, tmp_path / "cache").close()
    told = [line for line in lines if line.endswith("%")]
    assert told[-1] == f"{LOADED[arithmetic][1]}: 100 %"
    assert len(told) == len(set(told)) <= 10


def test_the_packed_arithmetic_needs_no_torch(tmp_path: Path) -> None:
    """Loading, seeing and answering import neither torch nor transformers."""
    code = f"""
import sys, numpy, pathlib
from vision.engine.engine import Engine
from vision.engine.settings import EngineSettings
from vision.frame import Frame
with Engine.load(pathlib.Path({str(make(tmp_path / "tiny"))!r}), EngineSettings(threads=1)) as engine:
    list(engine.see(Frame(numpy.zeros((30, 40, 3), numpy.uint8), 0.0)).ask("what is this", max_new_tokens=2))
print([name for name in ("torch", "transformers") if name in sys.modules])
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"


def test_the_face_is_light_to_import() -> None:
    """torch, transformers, numba and Pillow are imported by `Engine.load`, not with the package."""
    heavy = ("torch", "transformers", "numba", "PIL", "safetensors", "tokenizers")
    code = f"import sys, vision.engine; print([name for name in {heavy!r} if name in sys.modules])"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "wrong",
    [
        {"threads": -1},
        {"max_new_tokens": 0},
        {"max_new_tokens": 513},
        {"prefill_chunk_tokens": 0},
        {"context_tokens": 10},
        {"max_views": 0},
        {"fit": "zoom"},
        {"arithmetic": "bfloat16"},
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"repetition_penalty": 0.9},
        {"seed": -1},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    """The error names the setting and its range."""
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))} is "):
        EngineSettings(**wrong)


def topology(root: Path, cores: list[tuple[int, int]]) -> Path:
    """A sysfs with logical processors, each on a (package, core)."""
    for number, (package, core) in enumerate(cores):
        folder = root / f"cpu{number}" / "topology"
        folder.mkdir(parents=True)
        (folder / "physical_package_id").write_text(f"{package}\n")
        (folder / "core_id").write_text(f"{core}\n")
    return root


def test_threads_are_physical_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hyper-threads do not count, at most four cores are used, and a set number is used as it is."""
    monkeypatch.setattr("vision.engine.host._allowed", lambda: set(range(12)))
    four = topology(tmp_path / "4", [(0, core % 4) for core in range(8)])
    six = topology(tmp_path / "6", [(package, core) for package in (0, 1) for core in (0, 1, 2)] * 2)
    assert (physical_cores(four), arithmetic_threads(0, four)) == (4, 4)
    assert (physical_cores(six), arithmetic_threads(0, six)) == (6, 4)
    assert arithmetic_threads(7, four) == 7
    monkeypatch.setattr("vision.engine.host._allowed", lambda: {0, 4})  # a container with one core's two threads
    assert arithmetic_threads(0, four) == 1
    assert arithmetic_threads(0, tmp_path / "nothing") == 1


def test_idle_threads_sleep_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenMP is asked for sleeping threads; a setting of the user's stays."""
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    let_idle_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "active"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    let_idle_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


# Another engine takes over.


@pytest.mark.parametrize("stops_one_in", [0, 5])
def test_a_conversation_goes_on_with_another_engine(stops_one_in: int) -> None:
    """Its model sees the picture anew, reads the earlier questions and answers, and answers as if it had given them."""
    models = [Remembering() for _ in range(3)]
    for each in models:
        each.stops_one_in = stops_one_in
    settings = EngineSettings(max_new_tokens=12, prefill_chunk_tokens=16)
    old, new, other = (Engine(each, INFO, settings) for each in models)
    with new, other:
        kept, moved = other.see(frame()), old.see(frame())
        for view in (kept, moved):
            assert text(view.ask(ASKED)) == text(other.see(frame()).ask(ASKED))
            list(view.ask("and now"))
        old.hand_over(new)
        old.close()
        assert models[1].encoded == 0, "it is seen when it is needed"
        assert moved.remembers("what color")
        assert text(moved.ask("what color")) == text(kept.ask("what color"))
        assert text(moved.ask("and why")) == text(kept.ask("and why"))
        assert models[1].encoded == 1


def test_the_answer_comes_from_the_new_engine() -> None:
    """Whoever asks for the name of the model hears the new one, and what was forgotten stays forgotten."""
    old, new = (
        Engine(Remembering(), INFO, EngineSettings(max_new_tokens=12)),
        Engine(Remembering(), replace(INFO, name="large"), EngineSettings(max_new_tokens=12)),
    )
    with new:
        view = old.see(frame())
        list(view.ask("what is this"))
        view.forget()
        begun = view.ask(ASKED)
        old.hand_over(new)
        old.close()
        assert view.answerer.model_name == "large"
        assert text(begun) == bare_answer(ASKED), "it was asked before, and nobody had waited for a word yet"


def test_an_answer_under_way_ends_when_the_engine_is_replaced() -> None:
    """Its words stop, it is forgotten, and the next question is answered."""
    old, new = (Engine(Remembering(), INFO, EngineSettings(max_new_tokens=12)) for _ in range(2))
    with new:
        view = old.see(frame())
        answer = view.ask("what is this")
        next(answer)
        old.hand_over(new)
        assert end(answer) == "cancelled"
        old.close()
        assert text(view.ask(ASKED)) == bare_answer(ASKED)


def test_the_model_that_was_replaced_is_freed() -> None:
    """No View holds on to its weights."""
    model = Remembering()
    gone = weakref.ref(model)
    old, new = (
        Engine(model, INFO, EngineSettings(max_new_tokens=12)),
        Engine(Remembering(), INFO, EngineSettings(max_new_tokens=12)),
    )
    with new:
        view = old.see(frame())
        list(view.ask(ASKED))
        old.hand_over(new)
        old.close()
        del model, old
        gc.collect()
        assert gone() is None
        assert view.cache_bytes == 0


def test_a_conversation_that_has_no_room_in_the_new_model_begins_anew() -> None:
    """The new model reads less at once: the question is answered as a first one, and never beyond its room."""
    small = replace(INFO, max_positions=130)
    old, new = (
        Engine(Remembering(), INFO, EngineSettings(max_new_tokens=40)),
        Engine(Remembering(), small, EngineSettings(max_new_tokens=40)),
    )
    with new:
        view = old.see(frame())
        for _ in range(3):
            list(view.ask("what is this thing in the middle"))
        old.hand_over(new)
        old.close()
        with Engine(Remembering(), small, EngineSettings(max_new_tokens=40)) as fresh:
            assert text(view.ask(ASKED)) == text(fresh.see(frame()).ask(ASKED))

"""An engine whose model goes round in circles cuts the answer, tries once more, and never gives out a repeat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from vision.engine.engine import Engine
from vision.engine.generation.generate import EncodedPicture, Scores
from vision.engine.generation.prompt import PromptPart, SpecialTokens
from vision.engine.kv_cache import CacheShape, KVCache
from vision.engine.session import ModelInfo
from vision.engine.settings import EngineSettings
from vision.interface import AnswerChunk
from vision.preprocess import PatchSpec

STOP = 300
FIRST_WORD = 400
VOCABULARY = 600
Script = Callable[[str], dict[str, float]]  # from the answer so far to the scores of some next words


class Words:
    """A tokenizer whose tokens are words with the space before them; what was never seen gets the next id."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}

    def encode(self, text: str) -> list[int]:
        found = re.findall(r"\n| ?\w+|.", text)
        return [self.ids.setdefault(word, FIRST_WORD + len(self.ids)) for word in found]

    def decode(self, ids: Sequence[int]) -> str:
        words = {number: word for word, number in self.ids.items()}
        return "".join(words.get(token, "") for token in ids)


class Scripted:
    """A model whose scores a script gives. It keeps the tokens as keys, so it sees what the cache really holds."""

    def __init__(self, words: Words, script: Script, verified_at_once: int = 1) -> None:
        self.script = script
        self.verified_at_once = verified_at_once
        self._words = words

    def encode(self, patches: Any, grid: Any, check: Callable[[], None]) -> EncodedPicture:
        raise NotImplementedError

    def use_threads(self, threads: int) -> None:
        raise NotImplementedError

    def new_cache(self) -> KVCache:
        return KVCache(CacheShape(1, 1, 2))

    def prefill(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Any) -> None:
        cache.reserve(len(part))
        rows = slice(cache.length, cache.length + len(part))
        cache.keys[0][0, rows, 0], cache.keys[0][0, rows, 1] = part.ids, part.positions[0]
        cache.commit(len(part))

    def decode(self, cache: KVCache, part: PromptPart, check: Any) -> Scores:
        self.prefill(cache, part, None, check)
        assert (cache.keys[0][0, : cache.length, 1] == np.arange(cache.length)).all()  # no position is missing
        read = cache.keys[0][0, : cache.length, 0].astype(int).tolist()
        answer = self._words.decode(read).rpartition("assistant\n")[2]
        logits = np.full(VOCABULARY, -30.0, np.float32)
        for word, score in self.script(answer).items():
            [token] = [STOP] if word == "" else self._words.encode(word)
            logits[token] = score
        return Scores.of(logits)

    def verify(self, cache: KVCache, part: PromptPart, check: Any) -> list[Scores]:
        return [self.decode(cache, part._slice(at, at + 1), check) for at in range(len(part))]


def engine_of(script: Script, *, verified_at_once: int = 1, **settings: Any) -> Engine:
    words = Words()
    info = ModelInfo(
        "scripted",
        words,
        SpecialTokens(turn_start=257, turn_end=258, vision_start=259, vision_end=260, image=261),
        frozenset({STOP}),
        PatchSpec(patch_pixels=32, merge_patches=2, temporal_patches=2),
        2048,
    )
    return Engine(Scripted(words, script, verified_at_once), info, EngineSettings(**settings))


def told(chunks: Iterator[AnswerChunk]) -> tuple[str, str]:
    """The text and how it ended. Each chunk has one log-probability for each of its tokens."""
    text, finish = "", ""
    for chunk in chunks:
        assert len(chunk.log_probabilities) == chunk.tokens
        text += chunk.text
        if chunk.stats is not None:
            finish = chunk.stats.finish
    return text, finish


def saying(*sentences: str) -> Script:
    """A model that says exactly this, whatever it has said."""
    whole = "".join(sentences)

    def script(answer: str) -> dict[str, float]:
        rest = whole[len(answer) :] if whole.startswith(answer) else ""
        return {(re.findall(r"\n| ?\w+|.", rest) or [""])[0]: 9.0}

    return script


def yellow(then: dict[str, float]) -> Script:
    """After "a yellow" it repeats the word, and `then` are the scores of other words."""

    def script(answer: str) -> dict[str, float]:
        if answer.endswith("yellow"):
            return {" yellow": 9.0, **then}
        return {"": 9.0} if answer.endswith(".") else {"a": 9.0} if not answer else {" yellow": 9.0}

    return script


def test_a_loop_is_tried_again_with_a_presence_penalty() -> None:
    """The repeat is not given out, and the second try goes on behind the first occurrence, the same every time."""
    script = yellow({" square": 8.5})

    def with_end(answer: str) -> dict[str, float]:
        return {".": 9.0} if answer.endswith("square") else script(answer)

    with engine_of(with_end) as engine:
        view = engine.see(None)
        assert told(view.ask("what is it")) == ("a yellow square.", "stop")
        view.forget()
        assert told(view.ask("what is it")) == ("a yellow square.", "stop")


def test_an_answer_that_loops_twice_ends_with_a_mark() -> None:
    """It has no repeat, it counts as cut, and a further question sees the answer as it was given out."""
    with engine_of(yellow({})) as engine:
        view = engine.see(None)
        chunks = list(view.ask("what is it"))
        assert told(iter(chunks)) == ("a yellow…", "length")
        assert chunks[-1].stats is not None
        assert chunks[-1].stats.answer_tokens == 2
        model = engine.session.model
        assert isinstance(model, Scripted)
        model.script = saying("red.")
        assert told(view.ask("and now")) == ("red.", "stop")
        cache = view._prefix.cache if view._prefix else None
        assert cache is not None
        ids = cache.keys[0][0, : cache.length, 0].astype(int).tolist()
        assert engine.session.tokenizer.decode(ids).count("yellow") == 1


def test_a_sentence_is_not_said_twice() -> None:
    """A model that says one sentence for ever is heard to say it once, with the mark apart."""
    with engine_of(lambda answer: saying(" The cat is on the mat." * (1 + answer.count(".") + 1))(answer)) as engine:
        assert told(engine.see(None).ask("what is it")) == (" The cat is on the mat. …", "length")


@pytest.mark.parametrize("verified_at_once", [1, 8])
def test_a_loop_is_found_while_words_of_the_question_are_verified(verified_at_once: int) -> None:
    """Tokens that were read at once are taken back with the rest."""
    question = "is it a yellow yellow yellow yellow yellow yellow yellow yellow yellow square"
    with engine_of(yellow({}), verified_at_once=verified_at_once) as engine:
        view = engine.see(None)
        assert told(view.ask(question)) == ("a yellow…", "length")
        assert told(view.ask(question)) == ("a yellow…", "length")


TABLE = "\n".join(["0 0 0 0"] * 8)


@pytest.mark.parametrize(
    "text", [TABLE, "Call 777 7777777.", "Line 1: free\nLine 2: free\nLine 3: free\nLine 4: free", "no no no, never."]
)
@pytest.mark.parametrize("is_print", [True, False])
def test_a_true_repeat_is_told_in_full(text: str, is_print: bool) -> None:
    """Zeros, equal digits and like rows come out as the model says them, in the pieces in which it says them."""
    with engine_of(saying(text)) as engine, engine_of(saying(text), stops_loops=False) as plain:
        chunks = list(engine.see(None).ask("read it", is_print=is_print))
        assert told(iter(chunks)) == (text, "stop")
        others = list(plain.see(None).ask("read it"))
        assert [(c.text, c.log_probabilities) for c in chunks] == [(c.text, c.log_probabilities) for c in others]


def test_an_answer_at_its_longest_ends_before_a_repeat() -> None:
    """An answer that reaches its longest in the middle of a repeat does not give out the repeat."""
    loop = saying("I see a red car by a wall, a red car by a wall, a red")
    with engine_of(loop) as engine:
        text, finish = told(engine.see(None).ask("what is it", max_new_tokens=16))
        assert (text.strip(" ,"), finish) == ("I see a red car by a wall", "length")


def test_without_the_guard_a_loop_goes_on() -> None:
    """`stops_loops = False` gives the model's own tokens, as measuring needs them."""
    with engine_of(yellow({}), stops_loops=False) as engine:
        text, finish = told(engine.see(None).ask("what is it", max_new_tokens=20))
        assert (text.count("yellow"), finish) == (19, "length")

"""A View: one look at the world, and the conversation about it.

The picture is read once; every completed question and answer is kept behind it, so that "what color is it" works. What
is not completed leaves nothing: a turn begins by winding the cache back to the last completed one, so a cancelled, failed
or abandoned answer needs no clean-up at all. It does not know what computes, nor what a camera is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision.errors import Cancelled, QuestionError
from vision.frame import Frame
from vision.interface import AnswerChunk, AnswerStats, Finish, SeeStats

from .generation.generate import Token, generate
from .generation.prompt import PromptPart, TextStream, text_part
from .generation.sampling import Sampler
from .kv_cache import KVCache
from .scheduling.fair_lock import WorkPermit
from .settings import MAX_NEW_TOKENS

if TYPE_CHECKING:
    from .engine import Engine


@dataclass(frozen=True, eq=False)
class Prefix:
    """A picture that has been read."""

    cache: KVCache
    read: frozenset[int]  # the ids in it
    shift: int  # a later token's position minus its index
    stats: SeeStats


@dataclass(frozen=True)
class _Held:
    """What counts of the cache."""

    length: int
    read: frozenset[int]  # the ids behind it and in `pending`: what a repetition would repeat
    pending: tuple[int, ...] = ()  # said, but not in the cache: the last token of an answer cut at its longest


@dataclass(eq=False)
class _Turn:
    """One question on its way. A View's newest turn is the only one that may go on."""

    question: list[int]
    max_new_tokens: int
    has_room: bool  # the answer: for all of it, or for half of what fits beside the picture


class View:
    """Made by `Engine.see`. Any thread may call it; of two questions at once, the newer one ends the older."""

    def __init__(self, engine: Engine, frame: Frame | None, prefix: Prefix) -> None:
        self.frame = frame
        self.stats = prefix.stats
        self._engine = engine
        self._prefix: Prefix | None = prefix  # None: put away, to bound the memory
        self._bare = _Held(prefix.cache.length, prefix.read)
        self._held = self._bare
        self._turn: _Turn | None = None
        self._state = threading.Lock()  # over the three above, for moments only

    def ask(
        self, question: str, *, max_new_tokens: int | None = None, cancelled: threading.Event | None = None
    ) -> Iterator[AnswerChunk]:
        """Answer a question, chunk by chunk as the words become certain.

        A cancel ends it with a last chunk whose stats say "cancelled", within a token or a layer of prefill, and the
        View is as before the question. Raises QuestionError at once (empty, too long for the model), VisionModelError
        from the iterator.
        """
        return self._answer(self._turn_for(question, max_new_tokens), cancelled)

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """Whether there is room for it and its answer behind what was asked before; else it will be answered as if it were the first.

        False of a first one that would leave less for the answer than the answer may have, and than half of what fits
        beside the picture. Raises QuestionError as `ask` does.
        """
        turn = self._turn_for(question, max_new_tokens)
        with self._state:
            return turn.has_room and self._behind_held(turn) is not None

    def _turn_for(self, question: str, max_new_tokens: int | None) -> _Turn:
        budget = self._engine.settings.max_new_tokens if max_new_tokens is None else max_new_tokens
        if not 1 <= budget <= MAX_NEW_TOKENS:
            raise QuestionError(f"an answer has 1 to {MAX_NEW_TOKENS} tokens at most, not {budget}")
        tokens = self._engine.prompt.question(question)
        room = self._engine.context_tokens - self.stats.prompt_tokens - len(tokens)
        if room < 1:
            raise QuestionError(
                f"the question takes {len(tokens)} tokens, and {len(tokens) + room - 1} fit beside the picture: ask a shorter one"
            )
        return _Turn(tokens, min(budget, room), room >= min(budget, (room + len(tokens)) // 2))

    def forget(self) -> None:
        """Back to the bare picture: what was asked and answered no longer counts. An answer under way ends."""
        with self._state:
            self._turn = None
            self._held = self._bare

    def put_away(self) -> None:
        """Free the cache. The next question looks at the frame again, and remembers no earlier one."""
        with self._state:
            self._turn = self._prefix = None
            self._held = self._bare

    @property
    def cache_bytes(self) -> int:
        prefix = self._prefix
        return prefix.cache.nbytes if prefix else 0

    def _answer(self, turn: _Turn, cancelled: threading.Event | None) -> Iterator[AnswerChunk]:
        self._engine.used(self)  # first: from now on nobody else's picture puts this one away
        with self._state:
            self._turn = turn
        gate = self._engine.gate(cancelled, lambda: self._turn is not turn)
        meter, stream, said = _Meter(gate), TextStream(self._engine.tokenizer), list[int]()
        was_away = self._prefix is None
        try:
            cache, prompt, read = self._begin(turn, gate)
            seen_again = self.stats.prompt_tokens if was_away else 0
            meter.prompt_tokens, meter.cached_tokens = seen_again + len(prompt), cache.length - seen_again
            for token in self._tokens(cache, prompt, read, turn, gate):
                said.append(token.id)
                meter.count(token)
                if text := stream.push(token.id):
                    yield meter.chunk(text)
            cut = len(said) == turn.max_new_tokens
            self._keep(turn, _Held(cache.length, read.union(said), tuple(said[-1:]) if cut else ()))
            last = meter.last(stream.rest(), "length" if cut else "stop")
        except Cancelled:
            last = meter.last("", "cancelled")
        yield last

    def _tokens(
        self, cache: KVCache, prompt: PromptPart, read: frozenset[int], turn: _Turn, gate: WorkPermit
    ) -> Iterator[Token]:
        engine = self._engine
        return generate(
            engine._open_model(),
            cache,
            prompt,
            pick=Sampler(engine.settings, read).pick,
            stop_tokens=engine._info.stop_tokens,
            max_new_tokens=turn.max_new_tokens,
            chunk_tokens=engine.settings.prefill_chunk_tokens,
            gate=gate,
        )

    def _begin(self, turn: _Turn, gate: WorkPermit) -> tuple[KVCache, PromptPart, frozenset[int]]:
        """Wind the cache back to what counts, and put the question behind it; also all ids from the very start."""
        prefix = self._prefix or self._engine.look(self.frame, gate)
        with gate.step(), self._state:  # inside a step nobody else computes on this cache
            if self._turn is not turn:
                raise Cancelled("a newer question was asked about the same picture")
            self._prefix = prefix
            ids = self._behind_held(turn)
            if ids is None:
                self._held, ids = self._bare, turn.question
            prefix.cache.rewind(self._held.length)
            read = self._held.read.union(ids)
        return prefix.cache, text_part(ids, prefix.cache.length + prefix.shift), read

    def _behind_held(self, turn: _Turn) -> list[int] | None:
        """The ids that put the question behind what counts; None where there is no room for them and the answer."""
        if self._held == self._bare:
            return turn.question
        ids = [*self._held.pending, *self._engine.prompt.next_turn, *turn.question]
        fits = self._held.length + len(ids) + turn.max_new_tokens <= self._engine.context_tokens
        return ids if fits else None

    def _keep(self, turn: _Turn, held: _Held) -> None:
        with self._state:
            if self._turn is not turn:
                raise Cancelled("a newer question was asked about the same picture")
            self._turn, self._held = None, held


class _Meter:
    """Counts the tokens of an answer and its time."""

    def __init__(self, gate: WorkPermit) -> None:
        self.prompt_tokens = self.cached_tokens = 0
        self._gate = gate
        self._tokens = 0
        self._unsaid: list[float] = []  # log-probabilities
        self._prefill_seconds: float | None = None

    def count(self, token: Token) -> None:
        if self._prefill_seconds is None:
            self._prefill_seconds = self._gate.seconds
        self._tokens += 1
        self._unsaid.append(token.log_probability)

    def chunk(self, text: str, stats: AnswerStats | None = None) -> AnswerChunk:
        unsaid, self._unsaid = tuple(self._unsaid), []
        return AnswerChunk(text, len(unsaid), stats, unsaid)

    def last(self, text: str, finish: Finish) -> AnswerChunk:
        seconds = self._gate.seconds
        prefill = seconds if self._prefill_seconds is None else self._prefill_seconds
        decode, counts = seconds - prefill, (self.prompt_tokens, self._tokens)
        return self.chunk(text, AnswerStats(*counts, prefill, decode, finish, self.cached_tokens))

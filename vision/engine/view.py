"""A View: one look at the world, and the conversation about it.

The picture is read once. Every completed question and answer stays in the cache behind it, so that "what color is it"
works as a follow-up. A question that does not complete leaves nothing behind: each question begins by winding the cache
back to the last completed one, so a cancelled, failed or abandoned answer needs no clean-up. This file does not know
what computes, nor what a camera is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from vision.errors import Cancelled, QuestionError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Finish

from .generation.generate import Token, generate
from .generation.prompt import PromptPart, TextStream, text_part
from .generation.sampling import Sampler
from .kv_cache import KVCache
from .scheduling.fair_lock import WorkPermit
from .session import Prefix, Session
from .settings import MAX_NEW_TOKENS


@dataclass(frozen=True)
class _Kept:
    """How much of the cache belongs to completed questions and answers."""

    length: int
    read: frozenset[int]  # the token ids before it and in `pending`: a repetition penalty applies to them
    pending: tuple[int, ...] = ()  # said but not in the cache: the last token of an answer that was cut at its longest


@dataclass(eq=False)
class _Turn:
    """A question that is being answered. Only the newest one of a View may go on."""

    session: Session  # whose model is asked
    text: str
    wanted_tokens: int | None  # the longest answer, as it was asked for
    question: list[int]
    max_new_tokens: int
    has_room: bool  # the answer has room for all its tokens, or for half of what fits beside the picture


class View:
    """One frame that was looked at, and the conversation about it; `Engine.see` makes it.

    Any thread may call it. Of two questions at once, the newer one ends the older.
    """

    def __init__(self, session: Session, frame: Frame | None, prefix: Prefix) -> None:
        self.frame = frame
        self.stats = prefix.stats
        self._session = session
        self._prefix: Prefix | None = prefix  # None: it was put away, to bound the memory
        self._bare = _Kept(prefix.cache.length, prefix.read)
        self._kept = self._bare
        self._turn: _Turn | None = None
        # The completed questions and answers as text. Another model, with tokens of its own, is told them anew.
        self._conversation: list[tuple[str, str]] = []
        self._retold: list[int] = []  # the same as the ids of a new model that has not read them yet
        self._is_moved = False  # True until the new model has seen the picture
        self._state = threading.Lock()  # guards all from _prefix on; it is only ever held for a moment

    @property
    def answerer(self) -> Answerer:
        """The engine's one model."""
        return self._session.answerer

    def ask(
        self, question: str, *, max_new_tokens: int | None = None, cancelled: threading.Event | None = None
    ) -> Iterator[AnswerChunk]:
        """Answer a question, chunk by chunk as the words become certain.

        A cancel takes effect within a token or a layer of prefill: the last chunk's stats then say "cancelled", and the
        View is as it was before the question. Raises QuestionError at once (a question that is empty or too long for
        the model), and VisionModelError from the iterator.
        """
        return self._answer(self._turn_for(question, max_new_tokens), cancelled)

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """Whether the question and its answer fit behind what was asked before; if not, it is answered as a first one.

        It is also False for a first question that leaves its answer less room than `max_new_tokens`, and less than half
        of what fits beside the picture. Raises QuestionError as `ask` does.
        """
        turn = self._turn_for(question, max_new_tokens)
        with self._state:
            return turn.has_room and self._behind_kept(turn) is not None

    def _turn_for(self, question: str, max_new_tokens: int | None) -> _Turn:
        budget = self._session.settings.max_new_tokens if max_new_tokens is None else max_new_tokens
        if not 1 <= budget <= MAX_NEW_TOKENS:
            raise QuestionError(f"an answer has 1 to {MAX_NEW_TOKENS} tokens at most, not {budget}")
        session = self._session
        tokens = session.prompt.question(question)
        room = _room(session.context_tokens - self.stats.prompt_tokens, tokens)
        has_room = room >= min(budget, (room + len(tokens)) // 2)
        return _Turn(session, question, max_new_tokens, tokens, min(budget, room), has_room)

    def forget(self) -> None:
        """Forget what was asked and answered, and keep the picture. An answer under way ends."""
        with self._state:
            self._turn = None
            self._start_anew()

    def put_away(self) -> None:
        """Free the cache. The next question then looks at the frame again and remembers no earlier question."""
        with self._state:
            self._turn = self._prefix = None
            self._start_anew()

    def move_to(self, session: Session) -> None:
        """Have the model of another session answer from now on. It sees the frame when it is asked the next question.

        The completed questions and answers are told to it with that question. An answer under way ends.
        """
        prompt, tokenizer, retold = session.prompt, session.tokenizer, list[int]()
        with self._state:
            for question, answer in self._conversation:
                retold += [*prompt.question(question), *tokenizer.encode(answer), *prompt.next_turn]
            self._session = session
            self._turn = self._prefix = None
            self._kept = self._bare
            self._retold, self._is_moved = retold, True

    @property
    def cache_bytes(self) -> int:
        """Bytes of memory that the cache takes; 0 once it was put away."""
        prefix = self._prefix
        return prefix.cache.nbytes if prefix else 0

    def _answer(self, turn: _Turn, cancelled: threading.Event | None) -> Iterator[AnswerChunk]:
        if turn.session is not self._session:  # the engine was replaced before the first word was asked for
            turn = self._turn_for(turn.text, turn.wanted_tokens)
        session = turn.session
        session.used(self)  # first, so that from now on no other picture puts this one away
        with self._state:
            self._turn = turn if session is self._session else None
        permit = session.permit(cancelled, lambda: self._turn is not turn)
        meter, stream, said, spoken = _Meter(permit), TextStream(session.tokenizer), list[int](), list[str]()
        was_away = self._prefix is None
        try:
            cache, prompt, read = self._begin(turn, permit)
            read_again = self.stats.prompt_tokens if was_away else 0
            meter.prompt_tokens, meter.cached_tokens = read_again + len(prompt), cache.length - read_again
            for token in self._tokens(cache, prompt, read, turn, permit):
                said.append(token.id)
                meter.count(token)
                if text := stream.push(token.id):
                    spoken.append(text)
                    yield meter.chunk(text)
            cut = len(said) == turn.max_new_tokens
            rest = stream.rest()
            kept = _Kept(cache.length, read.union(said), tuple(said[-1:]) if cut else ())
            self._keep(turn, kept, "".join(spoken) + rest)
            last = meter.last(rest, "length" if cut else "stop")
        except Cancelled:
            last = meter.last("", "cancelled")
        yield last

    def _tokens(
        self, cache: KVCache, prompt: PromptPart, read: frozenset[int], turn: _Turn, permit: WorkPermit
    ) -> Iterator[Token]:
        session = turn.session
        return generate(
            session.model,
            cache,
            prompt,
            pick=Sampler(session.settings, read).pick,
            stop_tokens=session.stop_tokens,
            max_new_tokens=turn.max_new_tokens,
            chunk_tokens=session.settings.prefill_chunk_tokens,
            permit=permit,
        )

    def _begin(self, turn: _Turn, permit: WorkPermit) -> tuple[KVCache, PromptPart, frozenset[int]]:
        """Wind the cache back to the last completed answer.

        Returns the cache, the question as it is put behind it, and the ids of all tokens from the very start.
        """
        prefix = self._prefix or turn.session.look(self.frame, permit)
        with permit.step(), self._state:  # within a step, nobody else computes on this cache
            if self._turn is not turn:
                raise Cancelled("a newer question was asked about the same picture")
            self._prefix = prefix
            if self._is_moved:
                self._is_moved, self.stats = False, prefix.stats
                self._kept = self._bare = _Kept(prefix.cache.length, prefix.read)
                room = _room(turn.session.context_tokens - prefix.stats.prompt_tokens, turn.question)
                turn.max_new_tokens = min(turn.max_new_tokens, room)
            ids = self._behind_kept(turn)
            if ids is None:
                self._start_anew()
                ids = turn.question
            prefix.cache.rewind(self._kept.length)
            read = self._kept.read.union(ids)
        return prefix.cache, text_part(ids, prefix.cache.length + prefix.shift), read

    def _behind_kept(self, turn: _Turn) -> list[int] | None:
        """The ids that put the question behind the last completed answer; None if they and the answer have no room."""
        is_first = self._kept == self._bare
        before = self._retold if is_first else [*self._kept.pending, *turn.session.prompt.next_turn]
        if not before:
            return turn.question
        ids = [*before, *turn.question]
        fits = self._kept.length + len(ids) + turn.max_new_tokens <= turn.session.context_tokens
        return ids if fits else None

    def _start_anew(self) -> None:
        """Forget the conversation. The lock has to be held."""
        self._kept = self._bare
        self._conversation, self._retold = [], []

    def _keep(self, turn: _Turn, kept: _Kept, answer: str) -> None:
        with self._state:
            if self._turn is not turn:
                raise Cancelled("a newer question was asked about the same picture")
            self._turn, self._kept = None, kept
            self._conversation.append((turn.text, answer))
            self._retold = []


def _room(tokens: int, question: list[int]) -> int:
    """How many tokens an answer may have, where question and answer may have so many. Raises QuestionError."""
    room = tokens - len(question)
    if room < 1:
        raise QuestionError(
            f"the question takes {len(question)} tokens, and {len(question) + room - 1} fit beside the picture: ask a shorter one"
        )
    return room


class _Meter:
    """Counts the tokens of an answer and measures its time."""

    def __init__(self, permit: WorkPermit) -> None:
        self.prompt_tokens = self.cached_tokens = 0
        self._permit = permit
        self._tokens = 0
        self._unsaid: list[float] = []  # log-probabilities of tokens that no chunk has carried yet
        self._prefill_seconds: float | None = None

    def count(self, token: Token) -> None:
        if self._prefill_seconds is None:
            self._prefill_seconds = self._permit.seconds
        self._tokens += 1
        self._unsaid.append(token.log_probability)

    def chunk(self, text: str, stats: AnswerStats | None = None) -> AnswerChunk:
        unsaid, self._unsaid = tuple(self._unsaid), []
        return AnswerChunk(text, len(unsaid), stats, unsaid)

    def last(self, text: str, finish: Finish) -> AnswerChunk:
        seconds = self._permit.seconds
        prefill = seconds if self._prefill_seconds is None else self._prefill_seconds
        decode, counts = seconds - prefill, (self.prompt_tokens, self._tokens)
        return self.chunk(text, AnswerStats(*counts, prefill, decode, finish, self.cached_tokens))

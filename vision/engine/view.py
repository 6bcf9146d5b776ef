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

from .generation.answer_text import AnswerText, TextPiece, cut_mark_behind
from .generation.cycles import CycleDetector
from .generation.generate import Pick, Token, generate
from .generation.prompt import PromptPart, text_part
from .generation.sampling import PUBLISHED, Sampler
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
        self,
        question: str,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        is_print: bool = False,
    ) -> Iterator[AnswerChunk]:
        """Answer a question, chunk by chunk as the words become certain.

        An answer that goes round in circles is tried again once, from the end of what was given out, with the settings
        that the model's developers publish. If that loops too, it ends with "…" and the last chunk's stats say
        "length". `is_print` allows more repeats. A cancel takes effect within a token or a layer of prefill: the last chunk's stats then say "cancelled", and the
        View is as it was before the question. Raises QuestionError at once (a question that is empty or too long for
        the model), and VisionModelError from the iterator.
        """
        return self._answer(self._turn_for(question, max_new_tokens), cancelled, is_print)

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

    def _answer(self, turn: _Turn, cancelled: threading.Event | None, is_print: bool) -> Iterator[AnswerChunk]:
        if turn.session is not self._session:  # the engine was replaced before the first word was asked for
            turn = self._turn_for(turn.text, turn.wanted_tokens)
        session = turn.session
        session.used(self)  # first, so that from now on no other picture puts this one away
        with self._state:
            self._turn = turn if session is self._session else None
        permit = session.permit(cancelled, lambda: self._turn is not turn)
        meter = _Meter(permit)
        detector = CycleDetector(is_print=is_print) if session.settings.stops_loops else None
        answer = AnswerText(session.tokenizer, detector)
        was_away = self._prefix is None
        try:
            cache, prompt, read = self._begin(turn, permit)
            read_again = self.stats.prompt_tokens if was_away else 0
            meter.prompt_tokens, meter.cached_tokens = read_again + len(prompt), cache.length - read_again
            begins_at, question = cache.length + len(prompt), prompt
            said = list[str]()
            for chunk in self._decoded(cache, prompt, Sampler(session.settings, read), turn, answer, meter):
                said.append(chunk.text)
                yield chunk
            if answer.loops:
                prompt = self._wound_back(turn, cache, begins_at, question, answer, permit)
                sampler = Sampler(PUBLISHED, read, answer.ids)
                for chunk in self._decoded(cache, prompt, sampler, turn, answer, meter):
                    said.append(chunk.text)
                    yield chunk
            loops, cut = answer.loops, answer.loops or len(answer.ids) >= turn.max_new_tokens
            if loops or (cut and answer.repeats):
                self._wound_back(turn, cache, begins_at, question, answer, permit)
            *held, rest = answer.finish()
            for piece in held:
                said.append(piece.text)
                yield meter.chunk(piece)
            last_ids = answer.ids[-1:] or [int(question.ids[-1])]
            kept = _Kept(cache.length, read.union(answer.ids), tuple(last_ids) if cut else ())
            self._keep(turn, kept, "".join(said) + rest.text)
            if loops:
                rest = TextPiece(rest.text + cut_mark_behind(meter.last_text), rest.tokens)
            last = meter.last(rest, "length" if cut else "stop")
        except Cancelled:
            last = meter.last(TextPiece("", ()), "cancelled")
        yield last

    def _decoded(
        self, cache: KVCache, prompt: PromptPart, sampler: Sampler, turn: _Turn, answer: AnswerText, meter: _Meter
    ) -> Iterator[AnswerChunk]:
        """Decode behind the prompt until the answer ends, is as long as it may be, or goes round in circles."""
        left = turn.max_new_tokens - len(answer.ids)
        if not left:
            return
        for token in self._tokens(turn.session, cache, prompt, sampler.pick, left, meter.permit):
            meter.note_token()
            for piece in answer.push(token):
                yield meter.chunk(piece)
            if answer.loops:
                return

    def _tokens(
        self, session: Session, cache: KVCache, prompt: PromptPart, pick: Pick, max_new_tokens: int, permit: WorkPermit
    ) -> Iterator[Token]:
        return generate(
            session.model,
            cache,
            prompt,
            pick=pick,
            stop_tokens=session.stop_tokens,
            max_new_tokens=max_new_tokens,
            chunk_tokens=session.settings.prefill_chunk_tokens,
            permit=permit,
        )

    def _wound_back(
        self, turn: _Turn, cache: KVCache, begins_at: int, question: PromptPart, answer: AnswerText, permit: WorkPermit
    ) -> PromptPart:
        """Drop what repeats, from the cache too. Returns the last token before it, which is then not in the cache.

        It is the question's last token where all of the answer was held back, as a loop from its first word on.
        """
        answer.drop_held()
        with permit.step(), self._state:
            prefix = self._prefix
            if self._turn is not turn or prefix is None:
                raise Cancelled("a newer question was asked about the same picture")
            cache.rewind(begins_at + len(answer.ids) - 1)
            last = answer.ids[-1:] or [int(question.ids[-1])]
            return text_part(last, cache.length + prefix.shift)

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
        self.permit = permit
        self.prompt_tokens = self.cached_tokens = 0
        self.last_text = ""  # the newest text that was given out
        self._tokens = 0
        self._prefill_seconds: float | None = None

    def note_token(self) -> None:
        """The model has picked a token. The first one ends the prefill."""
        if self._prefill_seconds is None:
            self._prefill_seconds = self.permit.seconds

    def chunk(self, piece: TextPiece, stats: AnswerStats | None = None) -> AnswerChunk:
        if stats is None:
            self._tokens += len(piece.tokens)
        self.last_text = piece.text or self.last_text
        return AnswerChunk(piece.text, len(piece.tokens), stats, tuple(token.log_probability for token in piece.tokens))

    def last(self, piece: TextPiece, finish: Finish) -> AnswerChunk:
        seconds = self.permit.seconds
        prefill = seconds if self._prefill_seconds is None else self._prefill_seconds
        counts = self.prompt_tokens, self._tokens + len(piece.tokens)
        return self.chunk(piece, AnswerStats(*counts, prefill, seconds - prefill, finish, self.cached_tokens))

"""A View: one look at the world, and the conversation about it.

The picture is read once. Every completed question and answer stays in the cache behind it, so that "what color is it"
works as a follow-up. A question that does not complete leaves nothing behind: each question begins by winding the cache
back to the last completed one, so a cancelled, failed or abandoned answer needs no clean-up. An answer that was cut leaves what was told of it, and what was
decoded beyond stays in the cache until another question is asked, so that it can go on. This file does not know what
computes, nor what a camera is.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from vision.errors import Cancelled, QuestionError
from vision.frame import Frame
from vision.interface import AnswerChunk, Answerer, AnswerStats, Cut, Finish

from .generation.answer_text import AnswerText, TextPiece, cut_mark_behind
from .generation.cycles import CycleDetector
from .generation.generate import Token, generate
from .generation.prompt import PromptPart, text_part
from .generation.sampling import PUBLISHED, Sampler
from .kv_cache import KVCache
from .open_answer import Ending, Kept, OpenAnswer
from .scheduling.fair_lock import WorkPermit
from .session import Prefix, Session
from .settings import MAX_NEW_TOKENS


@dataclass(eq=False)
class _Turn:
    """A question that is being answered, or the rest of an answer. Only the newest one of a View may go on."""

    session: Session  # whose model is asked
    text: str
    wanted_tokens: int | None  # the longest answer, as it was asked for
    question: list[int]  # its ids, none for the rest of an answer
    max_new_tokens: int
    needed_tokens: int  # earlier questions are forgotten where the answer has less room
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
        self._bare = Kept(prefix.cache.length, prefix.read)
        self._kept = self._bare
        self._turn: _Turn | None = None
        self._open: OpenAnswer | None = None  # the last answer, where it was cut and can go on
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
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """Answer a question, chunk by chunk as the words become certain.

        An answer that goes round in circles is tried again once, from the end of what was given out, with the settings
        that the model's developers publish. If that loops too, it ends with "…" and the last chunk's stats say
        "length". `is_print` allows more repeats. `cut` ends the answer without another token. A cancel takes effect
        within a token or a layer of prefill: the last chunk's stats then say "cancelled", and the View is as it was
        before the question. Raises QuestionError at once (a question that is empty or too long for the model), and
        VisionModelError from the iterator.
        """
        return self._answer(self._turn_for(question, max_new_tokens, cut), cancelled, is_print, cut)

    @property
    def can_go_on(self) -> bool:
        """See `vision.interface.View`."""
        with self._state:
            return self._open is not None

    def go_on(
        self,
        *,
        max_new_tokens: int | None = None,
        cancelled: threading.Event | None = None,
        cut: Cut | None = None,
    ) -> Iterator[AnswerChunk]:
        """See `vision.interface.View`: nothing that was read or decoded is computed again.

        With a greedy pick the words are those of the answer without the cut, bit for bit; the draws of a temperature
        may differ, where words had been drafted beyond the cut.
        """
        budget = self._budget(max_new_tokens)
        with self._state:
            answer = self._open
        if answer is None:
            raise QuestionError("the last answer has no rest: ask a question")
        return self._rest(_Turn(self._session, "", None, [], budget, budget, has_room=True), answer, cancelled, cut)

    def remembers(self, question: str, max_new_tokens: int | None = None) -> bool:
        """Whether the question and its answer fit behind what was asked before; if not, it is answered as a first one.

        It is also False for a first question that leaves its answer less room than `max_new_tokens`, and less than half
        of what fits beside the picture. Raises QuestionError as `ask` does.
        """
        turn = self._turn_for(question, max_new_tokens)
        with self._state:
            return turn.has_room and self._behind_kept(turn) is not None

    def _budget(self, max_new_tokens: int | None) -> int:
        budget = self._session.settings.max_new_tokens if max_new_tokens is None else max_new_tokens
        if not 1 <= budget <= MAX_NEW_TOKENS:
            raise QuestionError(f"an answer has 1 to {MAX_NEW_TOKENS} tokens at most, not {budget}")
        return budget

    def _turn_for(self, question: str, max_new_tokens: int | None, cut: Cut | None = None) -> _Turn:
        budget = self._budget(max_new_tokens)
        session = self._session
        tokens = session.prompt.question(question)
        room = _room(session.context_tokens - self.stats.prompt_tokens, tokens)
        has_room = room >= min(budget, (room + len(tokens)) // 2)
        # An answer that may go on later need not fit as a whole: earlier questions are worth more than its end.
        needed = budget if cut is None else min(budget, session.settings.max_new_tokens)
        return _Turn(session, question, max_new_tokens, tokens, min(budget, room), min(needed, room), has_room)

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
            self._turn = self._prefix = self._open = None
            self._kept = self._bare
            self._retold, self._is_moved = retold, True

    @property
    def cache_bytes(self) -> int:
        """Bytes of memory that the cache takes; 0 once it was put away."""
        prefix = self._prefix
        return prefix.cache.nbytes if prefix else 0

    def _answer(
        self, turn: _Turn, cancelled: threading.Event | None, is_print: bool, cut: Cut | None
    ) -> Iterator[AnswerChunk]:
        if turn.session is not self._session:  # the engine was replaced before the first word was asked for
            turn = self._turn_for(turn.text, turn.wanted_tokens, cut)
        session = turn.session
        session.used(self)  # first, so that from now on no other picture puts this one away
        with self._state:
            self._turn = turn if session is self._session else None
        meter = _Meter(session.permit(cancelled, lambda: self._turn is not turn))
        was_away = self._prefix is None
        try:
            cache, prompt, read = self._begin(turn, meter.permit)
            read_again = self.stats.prompt_tokens if was_away else 0
            meter.prompt_tokens, meter.cached_tokens = read_again + len(prompt), cache.length - read_again
            detector = CycleDetector(is_print=is_print) if session.settings.stops_loops else None
            answer = OpenAnswer(
                cache,
                begins_at=cache.length + len(prompt),
                question=prompt,
                read=read,
                sampler=Sampler(session.settings, read),
                text=AnswerText(session.tokenizer, detector),
                longest=turn.max_new_tokens,
            )
            last = yield from self._told(turn, answer, prompt, meter, cut)
        except Cancelled:
            last = meter.last(TextPiece("", ()), "cancelled")
        yield last

    def _rest(
        self, turn: _Turn, answer: OpenAnswer, cancelled: threading.Event | None, cut: Cut | None
    ) -> Iterator[AnswerChunk]:
        session = turn.session
        session.used(self)
        with self._state:
            self._turn = turn if self._open is answer else None
            self._open = None
        meter = _Meter(session.permit(cancelled, lambda: self._turn is not turn), answer.tokens_again)
        meter.cached_tokens, answer.tokens_again = answer.begins_at, 0
        try:
            prompt = None if answer.ending else self._wound_back(turn, answer, meter.permit)
            room = session.context_tokens - answer.begins_at - len(answer.text.ids)
            answer.longest = len(answer.text.ids) + min(turn.max_new_tokens, room)
            answer.sampler.go_on_behind(answer.read, answer.text.ids)
            last = yield from self._told(turn, answer, prompt, meter, cut)
        except Cancelled:
            last = meter.last(TextPiece("", ()), "cancelled")
        yield last

    def _told(
        self, turn: _Turn, answer: OpenAnswer, prompt: PromptPart | None, meter: _Meter, cut: Cut | None
    ) -> Generator[AnswerChunk, None, AnswerChunk]:
        """Give out the answer, and keep what was told of it. Returns the last chunk.

        `prompt` is what the model reads next; None if the answer has ended and only has to be given out.
        """
        for piece in self._pieces(turn, answer, prompt, meter):
            yield meter.chunk(piece)
            if cut is not None and cut.behind is not None:
                kept = answer.cut_behind(cut.behind)
                self._keep(turn, kept, answer, is_open=answer.has_rest(turn.session.context_tokens))
                return meter.last(TextPiece("", ()), "length")
        ending = answer.ending
        assert ending is not None  # all of the answer was given out
        answer.given.append(ending.last)
        answer.ending = None if ending.may_go_on else ending
        is_open = ending.may_go_on and answer.has_rest(turn.session.context_tokens)
        self._keep(turn, ending.kept, answer, is_open=is_open)
        return meter.last(TextPiece(ending.last.text + ending.mark, ending.last.tokens), ending.finish)

    def _pieces(self, turn: _Turn, answer: OpenAnswer, prompt: PromptPart | None, meter: _Meter) -> Iterator[TextPiece]:
        """Decode until the answer ends by itself, is as long as it may be, or goes round in circles twice."""
        yield from answer.given_out()
        if prompt is None:
            return
        text = answer.text
        yield from self._decoded(turn.session, answer, prompt, meter)
        if text.loops and not answer.tried_again:
            answer.tried_again = True
            text.drop_held()
            prompt = self._wound_back(turn, answer, meter.permit)
            answer.sampler = Sampler(PUBLISHED, answer.read, text.ids)
            yield from self._decoded(turn.session, answer, prompt, meter)
        loops, repeats = text.loops, text.repeats
        is_cut = loops or len(text.ids) >= answer.longest
        if loops or (is_cut and repeats):
            text.drop_held()
            self._wound_back(turn, answer, meter.permit)
        *held, last = text.finish()
        answer.ahead += held
        answer.ending = Ending(
            "length" if is_cut else "stop",
            last,
            Kept(answer.cache.length, answer.read.union(text.ids), (answer.last_id,) if is_cut else ()),
            mark=cut_mark_behind(meter.last_text) if loops else "",
            # Nobody wants to hear more of a repeat, and half a character at the end would come twice.
            may_go_on=is_cut and not (loops or repeats or last.tokens),
        )
        yield from answer.given_out()

    def _decoded(self, session: Session, answer: OpenAnswer, prompt: PromptPart, meter: _Meter) -> Iterator[TextPiece]:
        """Decode behind the prompt until the answer ends, is as long as it may be, or goes round in circles."""
        left = answer.longest - len(answer.text.ids)
        if left < 1:
            return
        for token in self._tokens(session, answer, prompt, left, meter.permit):
            meter.note_token()
            answer.ahead += answer.text.push(token)
            yield from answer.given_out()
            if answer.text.loops:
                return

    def _tokens(
        self, session: Session, answer: OpenAnswer, prompt: PromptPart, max_new_tokens: int, permit: WorkPermit
    ) -> Iterator[Token]:
        return generate(
            session.model,
            answer.cache,
            prompt,
            pick=answer.sampler.pick,
            stop_tokens=session.stop_tokens,
            max_new_tokens=max_new_tokens,
            chunk_tokens=session.settings.prefill_chunk_tokens,
            permit=permit,
            drafts_from=answer.question,
        )

    def _wound_back(self, turn: _Turn, answer: OpenAnswer, permit: WorkPermit) -> PromptPart:
        """Wind the cache back to the newest token of the answer, which is then not in the cache. Returns that token.

        It is the question's last token where all of the answer was held back, as a loop from its first word on.
        """
        with permit.step(), self._state:
            prefix = self._prefix
            if self._turn is not turn or prefix is None:
                raise Cancelled("a newer question was asked about the same picture")
            answer.cache.rewind(answer.begins_at + len(answer.text.ids) - 1)
            return text_part([answer.last_id], answer.cache.length + prefix.shift)

    def _begin(self, turn: _Turn, permit: WorkPermit) -> tuple[KVCache, PromptPart, frozenset[int]]:
        """Wind the cache back to the last completed answer.

        Returns the cache, the question as it is put behind it, and the ids of all tokens from the very start.
        """
        prefix = self._prefix or turn.session.look(self.frame, permit)
        with permit.step(), self._state:  # within a step, nobody else computes on this cache
            if self._turn is not turn:
                raise Cancelled("a newer question was asked about the same picture")
            self._prefix, self._open = prefix, None
            if self._is_moved:
                self._is_moved, self.stats = False, prefix.stats
                self._kept = self._bare = Kept(prefix.cache.length, prefix.read)
                room = _room(turn.session.context_tokens - prefix.stats.prompt_tokens, turn.question)
                turn.max_new_tokens, turn.needed_tokens = min(turn.max_new_tokens, room), min(turn.needed_tokens, room)
            ids = self._behind_kept(turn)
            if ids is None:
                self._start_anew()
                ids = turn.question
            prefix.cache.rewind(self._kept.length)
            room = turn.session.context_tokens - self._kept.length - len(ids)
            turn.max_new_tokens = min(turn.max_new_tokens, room)
            read = self._kept.read.union(ids)
        return prefix.cache, text_part(ids, prefix.cache.length + prefix.shift), read

    def _behind_kept(self, turn: _Turn) -> list[int] | None:
        """The ids that put the question behind the last completed answer; None if they and the answer have no room."""
        is_first = self._kept == self._bare
        before = self._retold if is_first else [*self._kept.pending, *turn.session.prompt.next_turn]
        if not before:
            return turn.question
        ids = [*before, *turn.question]
        fits = self._kept.length + len(ids) + turn.needed_tokens <= turn.session.context_tokens
        return ids if fits else None

    def _start_anew(self) -> None:
        """Forget the conversation. The lock has to be held."""
        self._kept, self._open = self._bare, None
        self._conversation, self._retold = [], []

    def _keep(self, turn: _Turn, kept: Kept, answer: OpenAnswer, *, is_open: bool) -> None:
        with self._state:
            if self._turn is not turn:
                raise Cancelled("a newer question was asked about the same picture")
            self._turn, self._kept, self._open = None, kept, answer if is_open else None
            if turn.question:
                self._conversation.append((turn.text, answer.so_far))
            else:  # the rest of the last answer
                self._conversation[-1] = (self._conversation[-1][0], answer.so_far)
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

    def __init__(self, permit: WorkPermit, counted: int = 0) -> None:
        """`counted`: so many of the tokens that come first were counted with an earlier part of the answer."""
        self.permit = permit
        self.prompt_tokens = self.cached_tokens = 0
        self.last_text = ""  # the newest text that was given out
        self._tokens = -counted
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

"""A question, the turn that answers it, and how long each part of the turn took. Values only: it reads no clock."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.answering.judging.doubt import DoubtRule, Piece, Verdict
from assistant.machine.memory import peak_rss_bytes

if TYPE_CHECKING:
    from assistant.answering.reading.reader_context import PrintRead
    from vision.frame import Frame
    from vision.interface import AnswerStats, SeeStats, View
    from vision.reading.interface import Line

Span = tuple[float, float]  # from, to: monotonic seconds

_turn_numbers = itertools.count(1)


@dataclass(frozen=True)
class Question:
    """What the user wants to know."""

    text: str
    confidence: float | None  # 0..1 from the recogniser; None when the question was typed
    asked_at: float  # monotonic seconds: the end of the speech, or when a typed question was sent
    transcribed_at: float  # monotonic seconds
    speech_seconds: float | None = None  # how long the user spoke; None when the question was typed
    endpoint_seconds: float | None = None  # of silence after which the speech counted as ended; None: not waited for
    has_own_record: bool = False  # True: whoever asks keeps a record of the answer, so the journal keeps no turn of it

    @property
    def began_at(self) -> float:
        """Monotonic seconds of its first sound, where the work for its answer begins."""
        return self.asked_at - (self.speech_seconds or 0.0)


@dataclass(frozen=True)
class TurnTimings:
    """Each part of a turn in seconds; None for a part that never came.

    Moments stand in their usual order. They count from the end of the question: the end of its speech, or when a typed
    one was sent. A moment before that is negative. All other figures are lengths of parts, and some parts run side by
    side.
    """

    # Moments.
    picture_requested: float | None  # at the onset of speech, or the press; None: the picture was known already
    picture_taken: float | None
    picture_seen: float | None  # the vision encoder and the picture's prefill are through
    endpoint: float | None  # the pause was taken for the end of the question
    transcript: float | None  # the words are there; None: the question was typed, or its speech was not timed
    first_token: float | None  # TTFT
    first_sentence: float | None  # complete, on its way to the voice
    first_sound: float | None  # TTFA: the first audible sample
    total: float  # the last sound is out, or it was cancelled
    # Lengths.
    speech: float | None  # the user's
    capture: float | None  # taking the picture, and judging it
    vision: float | None  # the vision encoder's own seconds, None when the picture was known or seen already
    picture_prefill: float | None  # reading the prompt up to the end of the picture
    hidden: float | None  # how much of capture, encoder and prefill ran before the words were there
    question_prefill: float | None  # reading the question, up to the first token
    decode: float | None  # the engine's own seconds, not those in which it waited for the voice
    speaking: float | None  # from the first sound to the end
    prompt_tokens: int
    prompt_tokens_per_second: float | None
    answer_tokens: int
    decode_tokens_per_second: float | None
    peak_rss_bytes: int


@dataclass(frozen=True)
class CaptureTimings:
    """When a picture was taken and seen, in monotonic seconds, with the engine's own figures."""

    requested_at: float
    taken: Span
    seen: Span
    stats: SeeStats | None  # None: an earlier picture of the same scene had been seen, and this one was not
    picture_pixels: tuple[int, int] | None = None  # width and height of what was seen


@dataclass
class Moments:
    """When the parts of a turn happened, in monotonic seconds, with the engine's own figures."""

    first_token_at: float | None = None
    first_sentence_at: float | None = None
    first_sound_at: float | None = None
    sight: CaptureTimings | None = None  # None: the picture was known already
    answer: AnswerStats | None = None
    picture_taken_at: float | None = None  # of the picture that the model saw, also where it was known already


@dataclass(frozen=True)
class Rest:
    """Where an answer goes on that was too long to be told at once."""

    view: View  # decodes it, as long as that can go on
    read: PrintRead  # the print in the picture: what contradicts it is doubted


@dataclass
class Turn:
    """From a question to the end of its answer. `done` is set when the last sound is out or it was cancelled."""

    question: Question | None  # None: the assistant says a text that is no answer
    number: int = field(default_factory=lambda: next(_turn_numbers))
    cancelled: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    answer: str = ""  # the model's own words
    told: list[str] = field(default_factory=list)  # the answer sentence by sentence, with the words of doubt
    by_model: bool = True  # False: a page, a code, the light or a color was read, or a fault of the picture is told
    spelling: str = ""  # what "spell that" says, where that is more than a part of the answer
    verdict: Verdict = Verdict.PLAIN
    rule: DoubtRule | None = None  # the thresholds that judged it; None: nothing was judged
    pieces: tuple[Piece, ...] = ()  # of the answer, each with its probability
    said: list[str] = field(default_factory=list)  # the sentences that went to the voice
    lines: list[Line] | None = None  # of a page that is read aloud, as far as they were recognised in this turn
    frame: Frame | None = None  # the picture that it is about, until the turn has ended
    before: Turn | None = None  # the turn whose answer this one goes on with
    is_cut: bool = False  # the answer was too long to be told at once
    rest: Rest | None = None  # of such an answer, until somebody hears it or it is not wanted any more
    error: BaseException | None = None
    moments: Moments = field(default_factory=Moments)
    timings: TurnTimings | None = None  # once the turn of a question is done
    joules: float | None = None  # of the processor packages, for question and answer; None: not measurable here

    @property
    def asked(self) -> str:
        """The question that it answers, "" for none. Of the rest of an answer it is that of the answer's begin."""
        if self.before is not None:
            return self.before.asked
        return "" if self.question is None else self.question.text

    @property
    def whole_pieces(self) -> tuple[Piece, ...]:
        """The pieces of the answer from its begin on, where this turn goes on with one."""
        return (*(self.before.whole_pieces if self.before is not None else ()), *self.pieces)

    @property
    def picture_age_s(self) -> float | None:
        """How old the picture that the model saw was at the end of the question, in seconds. None without a picture.

        It is 0 if it was taken afterwards.
        """
        taken_at = self.moments.picture_taken_at
        return None if self.question is None or taken_at is None else max(0.0, self.question.asked_at - taken_at)

    @property
    def words(self) -> str:
        """The answer as the user gets it: with its doubt, and without what was too doubtful to be told.

        Of a page that is read aloud it is what went to the voice, since a stop may come before the end.
        """
        if self.lines is not None:
            return " ".join(self.said)
        return self.answer if self.verdict is Verdict.PLAIN else " ".join(self.told)

    def add_up(self, ended_at: float) -> None:
        """Works out the timings from the moments. `ended_at` is in monotonic seconds."""
        if self.question is not None:
            self.timings = _timings(self.question, self.moments, ended_at)


def _timings(question: Question, moments: Moments, ended_at: float) -> TurnTimings:
    def since(moment: float | None) -> float | None:
        return None if moment is None else moment - question.asked_at

    def rate(count: int, seconds: float) -> float | None:
        return count / seconds if count and seconds > 0 else None

    sight, stats, first_sound_at = moments.sight, moments.answer, moments.first_sound_at
    return TurnTimings(
        picture_requested=since(sight.requested_at if sight else None),
        picture_taken=since(sight.taken[1] if sight else None),
        picture_seen=since(sight.seen[1] if sight else None),
        endpoint=question.endpoint_seconds,
        transcript=(question.transcribed_at - question.asked_at) or None,
        first_token=since(moments.first_token_at),
        first_sentence=since(moments.first_sentence_at),
        first_sound=since(first_sound_at),
        total=ended_at - question.asked_at,
        speech=question.speech_seconds,
        capture=sight.taken[1] - sight.taken[0] if sight else None,
        vision=sight.stats.vision_seconds if sight and sight.stats else None,
        picture_prefill=sight.stats.prefill_seconds if sight and sight.stats else None,
        hidden=sum(_before(question.transcribed_at, span) for span in (sight.taken, sight.seen)) if sight else None,
        question_prefill=stats.prefill_seconds if stats else None,
        decode=stats.decode_seconds if stats else None,
        speaking=ended_at - first_sound_at if first_sound_at is not None else None,
        prompt_tokens=stats.prompt_tokens if stats else 0,
        prompt_tokens_per_second=rate(stats.prompt_tokens, stats.prefill_seconds) if stats else None,
        answer_tokens=stats.answer_tokens if stats else 0,
        decode_tokens_per_second=rate(stats.answer_tokens, stats.decode_seconds) if stats else None,
        peak_rss_bytes=peak_rss_bytes(),
    )


def _before(moment: float, span: Span) -> float:
    """How many of the span's seconds lie before a moment."""
    begin, end = span
    return max(0.0, min(end, moment) - begin)

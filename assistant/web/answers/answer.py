"""One question of a client, from its place in the queue to the last word of its answer, on the thread of its request.

The events of an answer are a generator: whoever consumes it decodes. So a client that reads slowly slows only its own
answer, and nothing is decoded for a client that has left. This file does not know HTTP, nor how events are written
down.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answering.judging.doubt import Piece, Verdict
from assistant.answering.page_lines import PageReader
from assistant.answering.reading.reader_context import NOTHING_READ, PrintRead, PrintTold, QuestionReader
from assistant.answering.reply import (
    ChunkDecoded,
    DecodingEnded,
    NothingAnswered,
    Reply,
    SentenceAdded,
    SentenceFinished,
    Wording,
)
from assistant.answering.turn import CaptureTimings, Question, Turn
from assistant.answering.visibility import told_instead
from assistant.errors import AssistantError, ModelMissing
from assistant.language.command_parser import parse_command
from assistant.language.phrases import Command
from assistant.web.answers import events
from assistant.web.answers.conversations import Conversation, Said
from assistant.web.answers.errors import ApiError
from assistant.web.answers.events import Event, Leaving
from assistant.web.answers.speech import Speech
from assistant.web.answers.status_board import Board
from assistant.web.answers.stop_strings import StopStrings
from assistant.web.answers.without_engine import SaidAtOnce, Told, read_aloud, tell_at_once
from assistant.web.answers.work_queue import Ticket
from audio.errors import AudioError, SpeechModelError
from vision.errors import Cancelled, QuestionError, ReaderError, RemoteError, VisionError
from vision.framing import SHOWS_NOTHING, Fault

if TYPE_CHECKING:
    from assistant.answering.pipeline import TellJob
    from vision.frame import Frame
    from vision.interface import Answerer, AnswerStats, Engine, View

STILL_THERE_SECONDS = 5.0
LONGEST_QUESTION = 2000  # characters: the engine takes no longer one
NO_SPEECH_MODEL = "this machine has no speech model that works: type the question"

Hear = Callable[
    [Path, Callable[[], bool]], "tuple[str, float]"
]  # turns a WAV file into words and confidence, unless it is stopped

_log = logging.getLogger(__name__)


# The job for a command that a picture answers without the engine, as `AnswerPipeline.tell` takes it; None for others.
Tell = Callable[[Command], "TellJob | None"]


def tells_nothing(command: Command) -> TellJob | None:
    return None


# Gets each turn at its end, with the answer as the client got it and the name of the model.
OnEnd = Callable[[Turn, str, str], None]


def ends_quietly(turn: Turn, answer: str, model: str) -> None:
    pass


@dataclass(frozen=True)
class Spoken:
    """A question as a recording."""

    wav: bytes


@dataclass(frozen=True)
class Asked:
    """What a client asks about a picture, and how it wants the answer."""

    question: str | Spoken
    reads: bool = False  # the print in the picture is wanted, whatever the question says
    speak: bool = False  # each sentence comes with its sound
    plain: bool = False  # the model's text and nothing else: no sentences, no words of doubt
    max_new_tokens: int | None = None
    stop: tuple[str, ...] = ()  # the answer ends before the first of these strings; only where it is `plain`
    before: Said | None = None  # None: what the conversation itself remembers


@dataclass(frozen=True)
class AnswerContext:
    """What every answer needs from the server."""

    engine: Engine
    speech: Speech
    board: Board
    wording: Wording
    hear: Hear | None
    clock: Callable[[], float]
    reader: QuestionReader | None = None  # None: questions about writing get no help
    pages: PageReader | None = None  # None: nothing reads print
    tell: Tell = tells_nothing
    on_end: OnEnd = ends_quietly


class Answer:
    """An answer under way. Iterate `events`, and call `close` whatever happens."""

    def __init__(
        self,
        means: AnswerContext,
        asked: Asked,
        conversation: Conversation,
        ticket: Ticket,
        gone: Callable[[], bool],
        asker: str = "",  # who asks, as the board tells askers apart
    ) -> None:
        self.events: Generator[Event, None, None] = self._run()
        self._means = means
        self._asked = asked
        self._asker = asker
        self._conversation = conversation
        self._ticket = ticket
        self._cancelled = Leaving(gone)
        typed = asked.question if isinstance(asked.question, str) else ""
        now = means.clock()
        self._question = Question(typed, None, now, now)
        self._turn = Turn(self._question, cancelled=self._cancelled)
        self._said = ""  # the model's text with the words of doubt
        self._spoken_to = 0  # characters of it that were given out as sentences
        self._finish = "cancelled"
        self._prompt_tokens = self._cached_tokens = 0
        self._asked_of: Answerer | None = None  # who was to answer when the question was asked
        if asked.before is None:  # the conversation remembers: a newer question ends the older
            conversation.stop()
            conversation.stop = self._cancelled.set

    @property
    def answerer(self) -> Answerer:
        """Who answers, as far as is known. It may change until the end of the answer."""
        view = self._conversation.view
        return self._means.engine.answerer if view is None else view.answerer

    def close(self) -> None:
        """Ends the answer within a token and frees its place in the queue. A second call does nothing."""
        self._cancelled.set()
        self._ticket.leave()  # here: a generator that never began runs no `finally`
        self._let_go()

    def _run(self) -> Generator[Event, None, None]:
        try:
            yield events.Accepted(self._conversation.id, self._ticket.position)
            yield from self._wait()
            if not self._cancelled.is_set():
                yield from self._hear()
                yield from self._without_engine() or self._checked() or self._advised() or self._with_engine()
            yield self._done()
        except Cancelled:
            yield self._done()
        except Exception as error:  # noqa: BLE001 - boundary of an answer: said to whoever asked, the next one is answered
            self._turn.error = error
            self._note_end("")
            yield events.Failed(_as_api_error(error, "messages" if self._asked.plain else "question"))
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Lets go of the connection: the conversation is kept for minutes, and would keep the connection that long."""
        if self._conversation.stop == self._cancelled.set:  # else a newer question has begun
            self._conversation.stop = _nothing

    def _wait(self) -> Iterator[Event]:
        clock = self._means.clock
        position, said_at = self._ticket.position, clock()
        for now_at in self._ticket.wait(self._cancelled.is_set):
            if now_at != position:
                position, said_at = now_at, clock()
                yield events.Queued(position)
            elif clock() - said_at >= STILL_THERE_SECONDS:
                said_at = clock()
                yield events.StillThere()

    def _hear(self) -> Iterator[Event]:
        spoken = self._asked.question
        if isinstance(spoken, Spoken):
            text, confidence = self._words_of(spoken.wav)
            self._question = Question(text, confidence, self._question.asked_at, self._means.clock())
            self._turn.question = self._question
            yield events.Heard(text, confidence)
        self._means.board.asked(self._question.text, self._asker)

    def _words_of(self, wav: bytes) -> tuple[str, float]:
        assert self._means.hear is not None  # api has refused the recording otherwise
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(wav)
            file.flush()
            try:
                heard = self._means.hear(Path(file.name), self._cancelled.is_set)
                if self._cancelled.is_set():
                    raise Cancelled("the client has left while its recording was heard")
                return heard
            except AssistantError as error:
                if self._cancelled.is_set():  # cut off: what there was of it had no words
                    raise Cancelled("the client has left while its recording was heard") from None
                if type(error) is not AssistantError:  # the speech model is missing
                    raise
                sentence = "no words were heard in the recording: speak closer to the microphone"
                raise ApiError(422, "nothing_heard", sentence, parameter="audio") from None

    def _without_engine(self) -> Iterator[Event] | None:
        """The events of what needs no engine: print, a code, the light, a colour. None: the question is for the engine.

        A client of /v1 gets the model's own answer to its own prompt.
        """
        frame, means = self._conversation.frame, self._means
        if self._asked.plain or frame is None:
            return None
        phrases = means.wording.phrases
        command = Command.READ_TEXT if self._asked.reads else parse_command(self._question.text, phrases)
        told: Iterator[Told] | None = None
        if command is Command.READ_TEXT and means.pages is not None:
            told = read_aloud(means.pages, frame, self._conversation.fault, phrases, self._turn)
        elif command is not None and (job := means.tell(command)) is not None:
            told = tell_at_once(job, frame, self._conversation.fault, self._turn)
        elif self._asked.reads:
            raise ReaderError("nothing on this machine reads print")
        return None if told is None else self._tell(told)

    def _checked(self) -> Iterator[Event] | None:
        """The events of a second look at the picture, for "are you sure". None: the question is another one.

        The first question about a picture is never taken for it.
        """
        about = self._conversation
        if self._asked.plain or about.frame is None or not about.held.exchanges:
            return None
        if parse_command(self._question.text, self._means.wording.phrases) is not Command.ARE_YOU_SURE:
            return None
        return self._look_again(about.frame, *about.held.exchanges[-1])

    def _advised(self) -> Iterator[Event] | None:
        """What is wrong with a picture that shows nothing, in place of an answer that the model would invent. None: ask it.

        It is told once. Whoever asks on about the same picture gets the model's answer, with its doubt. A client of /v1
        gets the model's own answer at once.
        """
        about = self._conversation
        if self._asked.plain or about.was_advised or about.fault is None or about.fault not in SHOWS_NOTHING:
            return None
        about.was_advised = True
        return self._advise(about.fault)

    def _advise(self, fault: Fault) -> Iterator[Event]:
        yield events.Seeing(None)  # the advice is the answer, and is not told twice
        self._turn.moments.first_sentence_at = self._means.clock()
        for sentence in told_instead(self._turn, fault, self._means.wording.phrases):
            yield from self._add(sentence)
        self._finish = "stop"

    def _look_again(self, frame: Frame, question: str, answer: str) -> Iterator[Event]:
        yield events.Seeing(None)
        reply = Reply(self._turn, self._means.wording, self._means.clock, None)
        number = self._conversation.looks_again = self._conversation.looks_again + 1
        for event in reply.look_again([Piece(answer, ())], question, frame.shifted(number), self._means.engine.see):
            if isinstance(event, SentenceFinished):
                yield from self._add(event.spoken)
        self._finish = "cancelled" if self._cancelled.is_set() else "stop"

    def _add(self, sentence: str) -> Iterator[Event]:
        """Puts a sentence of the assistant's own behind the text."""
        added = f" {sentence}" if self._said else sentence
        self._said += added
        yield events.Text(added)
        yield self._sentence(sentence)

    def _tell(self, told: Iterator[Told]) -> Iterator[Event]:
        self._turn.by_model = False
        yield events.Seeing(None)
        for part in told:
            if not isinstance(part, SaidAtOnce):
                yield part
                continue
            if self._turn.moments.first_sentence_at is None:
                self._turn.moments.first_sentence_at = self._means.clock()
            if part.written:
                self._said += f"{part.written} "
                yield events.Text(f"{part.written} ")
            yield self._sentence(part.spoken)
        self._finish = "stop"

    def _with_engine(self) -> Iterator[Event]:
        yield from self._see()
        yield from self._answer()

    def _see(self) -> Iterator[Event]:
        about, means = self._conversation, self._means
        if means.reader is not None and not self._asked.plain:
            means.reader.prepare_for(self._question.text)
        if about.view is not None:
            return
        yield events.Seeing(None if about.fault is None else means.wording.phrases.framing[about.fault.value].advice)
        begun_at = means.clock()
        taken_at = begun_at if about.frame is None else about.frame.captured_at
        view = means.engine.see(about.frame, self._cancelled)
        self._turn.moments.sight = CaptureTimings(taken_at, (taken_at, taken_at), (begun_at, means.clock()), view.stats)
        about.view, about.held, about.print_told = view, Said(), PrintTold()

    def _answer(self) -> Iterator[Event]:
        about, asked, turn = self._conversation, self._asked, self._turn
        assert about.view is not None  # set by _see
        before = about.held if asked.before is None else asked.before
        view, phrases = about.view, self._means.wording.phrases
        read = self._read(view)
        prompt = about.prompt_for(
            self._question.text,
            before,
            takes_instructions=not self.answerer.is_demo,
            longest=LONGEST_QUESTION,
            max_new_tokens=asked.max_new_tokens,
            tell=lambda text: about.print_told.question_for(text, read, view, phrases),
        )
        self._asked_of = self.answerer
        reply = Reply(turn, self._means.wording, self._means.clock, about.fault, read)
        stop = StopStrings(asked.stop)
        told = reply.answer(
            view, prompt, max_new_tokens=asked.max_new_tokens, plain=asked.plain, see=self._means.engine.see
        )
        for event in told:
            match event:
                case ChunkDecoded(chunk):
                    if chunk.stats is not None:
                        self._count(chunk.stats)
                    for text, log_probabilities in stop.push(chunk):
                        self._said += text
                        yield events.Text(text, log_probabilities)
                    if stop.found:  # the model ends within a token, and the view is as it was before the question
                        self._cancelled.set()
                case SentenceFinished(text, spoken):
                    self._put_in_words(text, spoken)
                    yield self._sentence(spoken)
                case DecodingEnded(finish):
                    self._finish = "stop" if stop.found else finish
                    if finish == "cancelled":
                        return
                case NothingAnswered(spoken):
                    self._said = spoken
                    yield self._sentence(spoken)
        if reply.is_remembered:
            about.print_told.was_answered()
        if not asked.plain:
            for event in reply.check_numbers(view, self._question.text, self._means.engine.see):
                if isinstance(event, SentenceAdded):
                    yield from self._add(event.spoken)
        if turn.verdict is not Verdict.CANNOT_TELL:  # an answer that was withheld is no part of the conversation
            about.held = before.and_then(self._question.text, turn.answer)

    def _read(self, view: View) -> PrintRead:
        """What is printed in the picture, if the question is about that.

        A client of /v1 gets the model's own answer to its own prompt: nothing is read for it.
        """
        reader = self._means.reader
        if reader is None or self._asked.plain:
            return NOTHING_READ
        return reader.read_for(self._question.text, view, self._cancelled)

    def _count(self, stats: AnswerStats) -> None:
        view, is_new = self._conversation.view, self._turn.moments.sight is not None
        is_new |= self.answerer != self._asked_of  # a model that steps in reads the picture first
        just_seen = view.stats.prompt_tokens if view is not None and is_new else 0  # read for this very question
        self._prompt_tokens = stats.prompt_tokens + stats.cached_tokens
        self._cached_tokens = max(0, stats.cached_tokens - just_seen)

    def _put_in_words(self, sentence: str, spoken: str) -> None:
        """Puts the words of doubt into the whole text too, at this sentence and not at an earlier one of the same
        words.
        """
        at = self._said.find(sentence, self._spoken_to)
        if self._turn.verdict is Verdict.CANNOT_TELL:
            self._said = spoken
        elif at >= 0:
            self._said = self._said[:at] + spoken + self._said[at + len(sentence) :]
            self._spoken_to = at + len(spoken)

    def _sentence(self, spoken: str) -> Event:
        return events.Sentence(spoken, self._means.speech.speak(spoken) if self._asked.speak else None)

    def _note_end(self, answer: str) -> None:
        turn = self._turn
        turn.add_up(self._means.clock())
        turn.frame = self._conversation.frame
        self._means.on_end(turn, answer, self.answerer.model_name)
        turn.frame = None

    def _done(self) -> Event:
        answer = self._said.strip()
        self._note_end(answer)
        if answer:
            self._means.board.answered(answer, self._asker)
        doubt = self._turn.verdict.value
        model = self.answerer.model_name if self._turn.by_model else None
        return events.Done(answer, self._turn, self._finish, doubt, self._prompt_tokens, self._cached_tokens, model)


def _as_api_error(error: Exception, question: str) -> ApiError:
    """`question` is the name of the parameter that brought the question."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, QuestionError):
        return ApiError(400, "bad_question", str(error), parameter=question)
    # The log gets the error's own words. A client does not: they tell folders and addresses of this machine.
    if isinstance(error, VisionError | AudioError | AssistantError):
        _log.warning("a question was not answered: %s", error)
    if isinstance(error, ModelMissing | SpeechModelError):
        return ApiError(503, "no_speech_model", NO_SPEECH_MODEL, parameter="audio")
    if isinstance(error, ReaderError):
        return ApiError(
            503, "no_reader", "this machine cannot read print now, and has written down why: ask again later"
        )
    if isinstance(error, RemoteError):
        return ApiError(503, "engine_away", "the computer that answers for this one is away: ask again later")
    if isinstance(error, VisionError | AudioError | AssistantError):
        return ApiError(503, "failed", "this machine could not answer, and has written down why: ask again")
    _log.error("an answer failed: %s: %s", type(error).__name__, error)
    _log.debug("it failed here", exc_info=error)
    return ApiError(500, "internal", "something failed here that should not have: ask again")


def _nothing() -> None:
    return None

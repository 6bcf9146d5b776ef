"""Looks, answers and speaks: two threads, one turn at a time, each turn cancelled through its own event.

The thread "answer" takes the picture, has the engine see it and decodes the answer; the thread "speak"
turns sentences into sound. Between them lie two sentences at most: when the voice is behind, decoding
waits, which saves power too. It does not hear and does not decide what is asked of it: that is `loop`.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Protocol

from assistant.phrases import Phrases
from assistant.sentences import SentenceCutter, split_sentences
from assistant.turn import Question, Turn, TurnTimings, peak_rss_bytes
from audio import earcons
from audio.pcm import AudioChunk
from vision.errors import Cancelled

if TYPE_CHECKING:
    from vision.engine import AnswerChunk, SeeStats
    from vision.frame import Frame

_log = logging.getLogger(__name__)

EARCON_RATE_HZ = 22_050  # the synthesizer's own rate: one rate for all that is played
JOIN_SECONDS = 0.8  # Ctrl-C ends the program within a second, all threads together


class View(Protocol):
    """A picture that the engine has seen."""

    @property
    def stats(self) -> SeeStats: ...

    def ask(self, question: str, *, cancelled: threading.Event | None = None) -> Iterator[AnswerChunk]: ...


class Engine(Protocol):
    """Sees a frame; what it returns can be asked."""

    def see(self, frame: Frame, cancelled: threading.Event | None = None) -> View: ...


class FrameSource(Protocol):
    """A camera, or a picture in its place."""

    def capture(self, timeout_seconds: float = ..., cancelled: threading.Event | None = None) -> Frame: ...


class Voice(Protocol):
    """See `assistant.voice.SpokenVoice`."""

    @property
    def speaking(self) -> bool: ...
    def say(self, sentence: str, cancelled: threading.Event) -> float | None: ...
    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None: ...
    def drain(self, cancelled: threading.Event) -> None: ...
    def silence(self) -> None: ...


class Look:
    """A picture being taken and seen, ahead of the question about it."""

    def __init__(self, requested_at: float) -> None:
        self.requested_at = requested_at  # monotonic seconds
        self.cancelled = threading.Event()
        self.view: View | None = None
        self.error: BaseException | None = None
        self.asked = False  # a second question on it is a follow-up: no vision encoder in its timings

    def cancel(self) -> None:
        self.cancelled.set()

    @property
    def usable(self) -> bool:
        """Seen, or still on the way to it: a question can be put to it."""
        return self.view is not None or (self.error is None and not self.cancelled.is_set())


class _Moments:
    """When the parts of one turn happened; written by both threads, each its own fields."""

    def __init__(self) -> None:
        self.first_token_at: float | None = None
        self.first_sound_at: float | None = None
        self.see: SeeStats | None = None
        self.last_chunk: AnswerChunk | None = None


_Spoken = str | AudioChunk  # a sentence, or an earcon
_Sentences = Callable[[Turn, _Moments], Generator[_Spoken, None, None]]


class Answering:
    """Owns the two threads. Every public call returns at once; use it in a `with`."""

    def __init__(
        self,
        engine: Engine,
        frames: FrameSource,
        voice: Voice,
        phrases: Phrases,
        *,
        play_earcons: bool = True,
        on_text: Callable[[Turn, str], None] = lambda turn, text: None,
        on_end: Callable[[Turn], None] = lambda turn: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._frames = frames
        self._voice = voice
        self._phrases = phrases
        self._play_earcons = play_earcons
        self._on_text = on_text  # called on the answer thread, a piece of the answer each time
        self._on_end = on_end  # called on the speak thread, once a turn
        self._clock = clock
        # One place each for the newest look and the newest turn: a newer one takes the place of an older.
        self._wanted = threading.Condition()
        self._next_look: Look | None = None
        self._next_turn: tuple[Turn, _Sentences] | None = None
        self._current_look: Look | None = None
        self._current_turn: Turn | None = None
        self._closing = threading.Event()
        # Two sentences ahead of the voice; when full, decoding waits and keeps watching `cancelled`.
        self._to_speak: queue.Queue[tuple[Turn, _Moments, _Spoken | None] | None] = queue.Queue(maxsize=2)
        self._threads = [
            threading.Thread(target=self._answer_forever, name="answer", daemon=True),
            threading.Thread(target=self._speak_forever, name="speak", daemon=True),
        ]

    def __enter__(self) -> Answering:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # What the conversation asks for (main thread; none of these waits).

    def look(self) -> Look:
        """Begins taking a picture and seeing it, for the question that is being spoken."""
        look = Look(self._clock())
        with self._wanted:
            if self._next_look is not None:
                self._next_look.cancel()
            self._next_look = look
            self._wanted.notify_all()
        return look

    def ask(self, question: Question, look: Look) -> Turn:
        """Answers `question` about `look`'s picture; whatever was being said or decoded ends."""
        turn = Turn(question)
        self._begin(turn, lambda turn, moments: self._answer(turn, moments, question, look), keep=look)
        if self._play_earcons:
            self._cue(turn, earcons.thinking(EARCON_RATE_HZ))
        return turn

    def say(self, text: str, *, then: AudioChunk | None = None) -> Turn:
        """Speaks a text of the assistant's own, then an earcon; whatever was being said or decoded ends."""
        turn = Turn(question=None)
        self._begin(turn, lambda turn, moments: _phrase(text, then), keep=None)
        return turn

    def greet(self, text: str) -> Turn:
        """Says `text`, then sounds the earcon that means: I am listening."""
        return self.say(text, then=earcons.listening(EARCON_RATE_HZ) if self._play_earcons else None)

    def cancel(self) -> None:
        """Silence within one audio block; decoding ends within one token."""
        with self._wanted:
            self._cancel_turns()
        self._hush()

    @property
    def speaking(self) -> bool:
        return self._voice.speaking

    def close(self) -> None:
        """Idempotent. A thread that does not end in time is named in the log."""
        self._closing.set()
        with self._wanted:
            self._cancel_turns()
            for look in (self._current_look, self._next_look):
                if look is not None:
                    look.cancel()
            self._next_look = None
            self._wanted.notify_all()
        self._hush()
        deadline = time.monotonic() + JOIN_SECONDS
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _log.error("the thread %r did not end within %s s", thread.name, JOIN_SECONDS)

    # Turns in and out.

    def _begin(self, turn: Turn, sentences: _Sentences, keep: Look | None) -> None:
        with self._wanted:
            self._cancel_turns()
            for look in (self._current_look, self._next_look):
                if look is not None and look is not keep and keep is not None:
                    look.cancel()
            self._next_turn = (turn, sentences)
            self._wanted.notify_all()
        self._hush()

    def _cancel_turns(self) -> None:
        """With the lock held. A turn that never began ends here, a running one ends by itself."""
        if self._current_turn is not None:
            self._current_turn.cancelled.set()
        if self._next_turn is not None:
            turn, _ = self._next_turn
            turn.cancelled.set()
            turn.done.set()
            self._next_turn = None

    def _hush(self) -> None:
        """Empties what waits to be spoken (it belongs to cancelled turns) and silences the device."""
        while True:
            try:
                item = self._to_speak.get_nowait()
            except queue.Empty:
                break
            if item is None:  # the end of the thread "speak", not a turn's
                self._put_to_speak(None, lambda: False)
                break
            if item[2] is None:
                self._end(item[0], item[1])
        self._voice.silence()

    # The thread "answer".

    def _answer_forever(self) -> None:
        try:
            while not self._closing.is_set():
                self._take_next_job()
        finally:
            self._put_to_speak(None, lambda: False)

    def _take_next_job(self) -> None:
        with self._wanted:
            self._wanted.wait_for(lambda: self._closing.is_set() or self._next_turn or self._next_look)
            if self._closing.is_set():
                return
            job, look = self._next_turn, None
            if job is not None:
                self._next_turn, self._current_turn = None, job[0]
            else:
                look, self._next_look = self._next_look, None
                self._current_look = look
        if job is not None:
            self._run_turn(*job)
        elif look is not None:
            self._see(look)
            self._current_look = None

    def _see(self, look: Look) -> None:
        """Takes the picture and sees it; what goes wrong is kept for the turn that asks about it."""
        if look.view is not None or not look.usable:
            return
        try:
            frame = self._frames.capture(cancelled=look.cancelled)
            look.view = self._engine.see(frame, look.cancelled)
        except Cancelled:
            look.cancelled.set()
        except Exception as error:  # noqa: BLE001 - boundary of a look: the turn that needs it tells the user
            look.error = error

    def _run_turn(self, turn: Turn, sentences: _Sentences) -> None:
        moments = _Moments()
        try:
            with contextlib.closing(sentences(turn, moments)) as said:
                for sentence in said:
                    if not self._put_to_speak((turn, moments, sentence), turn.cancelled.is_set):
                        break
        except Cancelled:
            turn.cancelled.set()
        except Exception as error:  # noqa: BLE001 - boundary of a turn: apologise, be there for the next one
            _log.debug("turn %s failed", turn.number, exc_info=error)
            turn.error = error
            self._apologise(turn, moments, self._phrases.answer_failed)
        finally:
            if not self._put_to_speak((turn, moments, None), self._closing.is_set):
                turn.done.set()

    def _answer(self, turn: Turn, moments: _Moments, question: Question, look: Look) -> Generator[_Spoken, None, None]:
        """The sentences of an answer as they are decoded."""
        self._see_for(turn, look)
        if look.error is not None:
            turn.error = look.error
            self._apologise(turn, moments, self._phrases.picture_failed)
            return
        if look.view is None:
            raise Cancelled("the picture was dropped before it was seen")
        if not look.asked:
            look.asked, moments.see = True, look.view.stats
        cutter = SentenceCutter()
        for chunk in look.view.ask(question.text, cancelled=turn.cancelled):
            if moments.first_token_at is None:
                moments.first_token_at = self._clock()
            moments.last_chunk = chunk
            turn.answer += chunk.text
            self._on_text(turn, chunk.text)
            yield from cutter.push(chunk.text)
        turn.answer = turn.answer.strip()
        yield from cutter.flush()
        if not turn.answer and not turn.cancelled.is_set():
            yield self._phrases.no_answer

    def _see_for(self, turn: Turn, look: Look) -> None:
        """Sees the picture now when nobody has yet; a cancel of the turn must reach it."""
        with self._wanted:
            if self._next_look is look:
                self._next_look = None
        if look.view is None:
            look.cancelled = turn.cancelled
            self._see(look)

    def _apologise(self, turn: Turn, moments: _Moments, text: str) -> None:
        if self._play_earcons:
            self._put_to_speak((turn, moments, earcons.error(EARCON_RATE_HZ)), turn.cancelled.is_set)
        self._put_to_speak((turn, moments, text), turn.cancelled.is_set)

    def _put_to_speak(self, item: tuple[Turn, _Moments, _Spoken | None] | None, give_up: Callable[[], bool]) -> bool:
        """Waits for room; False when `give_up` came true first."""
        while not give_up():
            try:
                self._to_speak.put(item, timeout=0.02)
            except queue.Full:
                continue
            return True
        return False

    def _cue(self, turn: Turn, earcon: AudioChunk) -> None:
        # Full: the voice is still letting go of the turn before, and words matter more than a cue.
        with contextlib.suppress(queue.Full):
            self._to_speak.put_nowait((turn, _Moments(), earcon))

    # The thread "speak".

    def _speak_forever(self) -> None:
        while (item := self._to_speak.get()) is not None:
            turn, moments, what = item
            try:
                self._speak(turn, moments, what)
            except Exception as error:  # noqa: BLE001 - boundary of a sentence: the voice is gone, so is the turn
                _log.error("%s", error)
                turn.error = turn.error or error
                turn.cancelled.set()
            if what is None:
                self._end(turn, moments)

    def _speak(self, turn: Turn, moments: _Moments, what: _Spoken | None) -> None:
        if turn.cancelled.is_set():
            return
        if what is None:
            self._voice.drain(turn.cancelled)
        elif isinstance(what, AudioChunk):
            self._voice.play(what, turn.cancelled)
        else:
            turn.said.append(what)
            began_at = self._voice.say(what, turn.cancelled)
            if moments.first_sound_at is None:
                moments.first_sound_at = began_at

    def _end(self, turn: Turn, moments: _Moments) -> None:
        if turn.question is not None:
            turn.timings = _timings(turn.question, moments, self._clock())
        with self._wanted:
            if self._current_turn is turn:
                self._current_turn = None
        self._on_end(turn)
        turn.done.set()


def _phrase(text: str, then: AudioChunk | None) -> Generator[_Spoken, None, None]:
    yield from split_sentences(text)
    if then is not None:
        yield then


def _timings(question: Question, moments: _Moments, ended_at: float) -> TurnTimings:
    def since(moment: float | None) -> float | None:
        return None if moment is None else moment - question.asked_at

    def rate(count: int, seconds: float) -> float | None:
        return count / seconds if count and seconds > 0 else None

    stats = moments.last_chunk.stats if moments.last_chunk is not None else None
    return TurnTimings(
        transcript=question.transcribed_at - question.asked_at,
        first_token=since(moments.first_token_at),
        first_sound=since(moments.first_sound_at),
        total=ended_at - question.asked_at,
        vision=moments.see.vision_seconds if moments.see is not None else None,
        prompt_tokens=stats.prompt_tokens if stats else 0,
        prompt_tokens_per_second=rate(stats.prompt_tokens, stats.prefill_seconds) if stats else None,
        answer_tokens=stats.answer_tokens if stats else 0,
        decode_tokens_per_second=rate(stats.answer_tokens, stats.decode_seconds) if stats else None,
        peak_rss_bytes=peak_rss_bytes(),
    )

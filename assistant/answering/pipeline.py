"""Looks and answers: the threads "look" and "answer", one turn at a time, each cancelled through its own event.

The one takes the picture and has the engine see it, also while an earlier answer is still decoded or spoken; the other decodes
the answer and hands its sentences to `speaking`. When the voice is behind, decoding waits, which saves power too. It does not
hear and does not decide what is asked of it: that is `loop`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.answering.capture import PictureCapture, Take
from assistant.answering.doubt import NEVER, DoubtRule
from assistant.answering.reply import Wording
from assistant.answering.reply_writer import ReplyWriter, Sentences
from assistant.answering.speech_queue import EARCON_RATE_HZ, SpeechQueue, Voice
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import Phrases
from assistant.language.sentences import split_sentences
from audio import earcons
from audio.pcm import AudioChunk
from vision.errors import Cancelled

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import FrameSource, SupportsSee

_log = logging.getLogger(__name__)

JOIN_SECONDS = 0.4  # for each of the three threads: Ctrl-C ends the program within a second

_Job = Callable[[Turn], Sentences]


class AnswerPipeline:
    """Owns the threads "look" and "answer", and `SpeechQueue` with its own. Every public call returns at once; use it in a `with`."""

    def __init__(
        self,
        engine: SupportsSee,
        frames: FrameSource,
        voice: Voice,
        phrases: Phrases,
        *,
        play_earcons: bool = True,
        doubt: DoubtRule = NEVER,
        aim: Take | None = None,  # None: every picture is good enough
        on_text: Callable[[Turn, str], None] = lambda turn, text: None,
        on_end: Callable[[Turn], None] = lambda turn: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._frames = frames
        self._phrases = phrases
        self._play_earcons = play_earcons
        self._take = aim or self._capture
        self._clock = clock
        self._speaking = SpeechQueue(voice, on_end, clock)
        self._writer = ReplyWriter(
            Wording(phrases, doubt),
            wait=self._wait_for,
            see_anyway=self._see_anyway,
            on_text=on_text,  # called on the answer thread, a piece of the answer each time
            clock=clock,
            play_earcons=play_earcons,
        )
        # One place for the newest look, which takes that of an older one. Turns that have not begun: the next one, and
        # one that is to wait behind it while that waits for its picture.
        self._wanted = threading.Condition()
        self._next_look: PictureCapture | None = None
        self._next_turns: list[tuple[Turn, _Job]] = []
        self._current_look: PictureCapture | None = None
        self._begun: list[Turn] = []  # and not done: one being decoded, and those whose last sentences are still spoken
        self._turn: Turn | None = None  # under way; belongs to the thread "answer"
        self._announcements: list[str] = []  # still to be said
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="answer", daemon=True)
        self._looking = threading.Thread(target=self._run_looks, name="look", daemon=True)

    def __enter__(self) -> AnswerPipeline:
        self._speaking.start()
        self._looking.start()
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # What the conversation asks for (main thread; none of these waits).

    def look(self, frame: Frame | None = None, *, closer: bool = False) -> PictureCapture:
        """Begins taking a picture (or has that frame for one) and seeing it, for the question that is being spoken.

        `closer`: only the middle of it.
        """
        look = PictureCapture(self._clock(), frame, self._clock, closer=closer)
        with self._wanted:
            if self._next_look is not None:
                self._next_look.cancel()
            self._next_look = look
            self._wanted.notify_all()
        return look

    def ask(self, question: Question, look: PictureCapture, *, queued: bool = False) -> Turn:
        """Answers `question` about `look`'s picture; whatever was being said or decoded ends.

        `queued`: not so, it is answered behind that. One question may wait; a newer one takes its place.
        """
        turn = Turn(question)
        with self._wanted:
            for other in (self._current_look, self._next_look):
                if other is not None and other is not look and not queued:
                    other.cancel()
        self._begin(turn, lambda turn: self._writer.answer(turn, question, look), queued=queued, waited_for=True)
        return turn

    def compare(self, question: Question, old: PictureCapture, new: PictureCapture) -> Turn:
        """Asks both pictures, and says what the answers were if they differ; whatever was being said or decoded ends."""
        turn = Turn(question)
        self._begin(turn, lambda turn: self._writer.compare(turn, question, old, new), waited_for=True)
        return turn

    def say(self, text: str, *, then: AudioChunk | None = None) -> Turn:
        """Speaks a text of the assistant's own, then an earcon; whatever was being said or decoded ends."""
        turn = Turn(question=None)
        self._begin(turn, lambda turn: self._phrase(text, then))
        return turn

    def greet(self, text: str) -> Turn:
        """Says `text`, then sounds the earcon that means: I am listening."""
        return self.say(text, then=earcons.listening(EARCON_RATE_HZ) if self._play_earcons else None)

    def advise(self, look: PictureCapture) -> Turn:
        """Says what is wrong with the picture before anything was asked, then sounds the earcon that means: I am listening."""
        assert look.fault is not None
        return self.greet(self._writer.advice(look.fault))

    def was_advised_of(self, fault: Fault) -> bool:
        """Not long ago, and no picture without it has been asked about since: it is not said again, the picture is seen."""
        return self._writer.was_advised_of(fault)

    def cue(self, earcon: AudioChunk) -> None:
        """An earcon now, unless the voice has something to say; it interrupts nothing."""
        if self._play_earcons:
            self._speaking.put_if_room(Turn(question=None), earcon)

    def announce(self, text: str) -> None:
        """What an engine has to say of itself while it works: it is no part of the answer, and said before what is left of it.

        While a picture is seen ahead, it waits for the next turn.
        """
        with self._wanted:
            self._announcements.append(text)
            self._wanted.notify_all()
        if self._turn is not None and threading.current_thread() is self._thread:
            self._say_announcements(self._turn)

    def cancel(self) -> None:
        """Silence within one audio block; decoding ends within one token."""
        with self._wanted:
            self._cancel_turns()
            self._speaking.flush()

    def pause(self) -> None:
        """Silent at once while the user speaks, until `resume` goes on with the sentence that was cut.

        Whatever is begun or cancelled meanwhile ends it, too. To be called again as long as it is `paused`.
        """
        self._speaking.pause()

    def resume(self) -> None:
        """What the user said was nothing, or is no reason to end the answer."""
        self._speaking.resume()

    @property
    def paused(self) -> bool:
        return self._speaking.paused

    def user_speaks(self, speaks: bool) -> None:
        """No cue sounds into the user's own words."""
        self._speaking.cues.user_speaks(speaks)

    def acknowledge(self) -> None:
        """The user seems to have said all of it: the cue that says "I heard you", unless something is being said."""
        if self._play_earcons:
            self._speaking.acknowledge()

    @property
    def speaking(self) -> bool:
        """In words. A cue by itself is none: see `cue_pitches_hz`."""
        return self._speaking.audible

    @property
    def cue_pitches_hz(self) -> tuple[float, ...]:
        """Of the cue that sounds by itself, () when none does."""
        return self._speaking.sounding_pitches_hz

    @property
    def busy(self) -> bool:
        """Thinking or speaking, cues aside: there is something that a press of the button can stop."""
        with self._wanted:
            return bool(self._next_turns) or self._is_answering()

    def close(self) -> None:
        """Idempotent. A thread that does not end in time is named in the log."""
        self._closing.set()
        with self._wanted:
            self._cancel_turns()
            for look in (self._current_look, self._next_look):
                if look is not None:
                    look.cancel()
            self._wanted.notify_all()
        self._speaking.flush()
        for thread in (self._looking, self._thread):
            if thread.ident is not None:
                thread.join(JOIN_SECONDS)
            if thread.is_alive():
                _log.error("the thread %r did not end within %s s", thread.name, JOIN_SECONDS)
        self._speaking.close()
        if not self._speaking.join(JOIN_SECONDS):
            _log.error("the thread 'speak' did not end within %s s", JOIN_SECONDS)

    # Turns in and out.

    def _begin(self, turn: Turn, sentences: _Job, *, queued: bool = False, waited_for: bool = False) -> None:
        # Hushed before the answer thread can see the new turn: what is dropped is never a sentence of that one. For the
        # same reason the cues begin before: else the first might sound behind the answer's first words.
        with self._wanted:
            if queued:
                self._drop_next_turns(0 if self._is_answering() else 1)
            else:
                self._cancel_turns()
                self._speaking.flush()
            if waited_for and self._play_earcons:
                self._speaking.wait_with_cues(turn)
            self._next_turns.append((turn, sentences))
            self._wanted.notify_all()

    def _cancel_turns(self) -> None:
        """With the lock held. A turn that never began ends here, a running one ends by itself."""
        for turn in self._begun:
            turn.cancelled.set()
        self._drop_next_turns(0)
        self._wanted.notify_all()  # one of them may be waiting for its picture

    def _drop_next_turns(self, first: int) -> None:
        for turn, _ in self._next_turns[first:]:
            turn.cancelled.set()
            turn.done.set()
        del self._next_turns[first:]

    def _is_answering(self) -> bool:
        return any(not turn.done.is_set() for turn in self._begun)

    # The thread "look".

    def _run_looks(self) -> None:
        while (look := self._take_look()) is not None:
            look.see(self._take, self._engine, self._writer.was_advised_of)
            with self._wanted:
                self._current_look = None
                self._wanted.notify_all()

    def _take_look(self) -> PictureCapture | None:
        """The look that is wanted; None when closing."""
        with self._wanted:
            self._wanted.wait_for(lambda: self._closing.is_set() or self._next_look)
            self._current_look, self._next_look = self._next_look, None
            return None if self._closing.is_set() else self._current_look

    # The thread "answer".

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            self._run_turn(*job)

    def _next_job(self) -> tuple[Turn, _Job] | None:
        """The turn that is wanted; None when closing."""
        with self._wanted:
            self._wanted.wait_for(lambda: self._closing.is_set() or self._next_turns)
            if self._closing.is_set():
                return None
            job = self._next_turns.pop(0)
            self._begun = [turn for turn in self._begun if not turn.done.is_set()] + [job[0]]
            return job

    def _run_turn(self, turn: Turn, sentences: _Job) -> None:
        self._turn = turn
        try:
            self._say_announcements(turn)
            with contextlib.closing(sentences(turn)) as said:
                for sentence in said:
                    if not self._speaking.put(turn, sentence, turn.cancelled.is_set):
                        break
        except Cancelled:
            turn.cancelled.set()
        except Exception as error:  # noqa: BLE001 - boundary of a turn: apologise, be there for the next one
            _log.debug("turn %s failed", turn.number, exc_info=error)
            self._apologise(turn, error, self._phrases.answer_failed)
        finally:
            self._turn = None
            if not self._speaking.put_end(turn, self._closing.is_set):
                turn.done.set()

    def _say_announcements(self, turn: Turn) -> None:
        while self._announcements:
            # Not in the turn's own name: the user still waits for its first word, with the cues that go with it.
            announcement = Turn(question=None, cancelled=turn.cancelled)
            self._speaking.put(announcement, self._announcements.pop(0), turn.cancelled.is_set)

    def _wait_for(self, turn: Turn, look: PictureCapture) -> None:
        """Waits until the picture has been seen, or is not going to be. Raises Cancelled when the turn is."""
        while not look.settled:
            with self._wanted:
                self._wanted.wait_for(lambda: look.settled or self._announcements or turn.cancelled.is_set())
            self._say_announcements(turn)
            if turn.cancelled.is_set():
                raise Cancelled("the question is not to be answered any more")

    def _see_anyway(self, turn: Turn, look: PictureCapture) -> None:
        look.cancelled = turn.cancelled
        look.see(self._take, self._engine, lambda fault: True)

    def _capture(self, cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        return self._frames.capture(cancelled=cancelled), None

    def _apologise(self, turn: Turn, error: Exception, text: str) -> None:
        for spoken in self._writer.apology(turn, error, text):
            self._speaking.put(turn, spoken, turn.cancelled.is_set)

    def _phrase(self, text: str, then: AudioChunk | None) -> Sentences:
        yield from split_sentences(text, self._phrases.abbreviations)
        if then is not None:
            yield then

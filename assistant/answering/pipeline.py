"""Takes pictures and answers questions, on the threads "look" and "answer". Each turn is cancelled through an event of
its own.

The thread "look" takes a picture and has the engine see it, also while an earlier answer is still being decoded or
spoken. The thread "answer" decodes the answer and hands its sentences to the `SpeechQueue`. When the voice is behind,
decoding waits, which also saves power. This file does not hear, and does not decide what is asked: the conversation
does.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.answering.capture import PictureCapture, Take
from assistant.answering.judging.doubt import NEVER, DoubtRule
from assistant.answering.length import Limit
from assistant.answering.reading.reader_context import QuestionReader
from assistant.answering.reply import Wording
from assistant.answering.reply_writer import ReplyWriter, Sentences
from assistant.answering.speech_queue import EARCON_RATE_HZ, SpeechQueue, Spoken, Voice
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import Phrases
from assistant.language.sentences import split_sentences
from audio.pcm import AudioChunk
from audio.speaking import earcons
from vision.errors import Cancelled, VisionError

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import SupportsSee

_log = logging.getLogger(__name__)

LOADING_SECONDS = 0.7  # a question waits so long for an engine that is being loaded, before its user is told
_LAST_WORDS_SECONDS = 0.1  # how often it is checked whether the last words have been said, while a sentence waits
JOIN_SECONDS = 0.4  # for each of the three threads: Ctrl-C ends the program within a second

_Job = Callable[[Turn], Sentences]
ReadJob = Callable[[Turn, Callable[[], "Frame | list[Spoken]"]], Sentences]
TellJob = Callable[[Turn, Take], Sentences]  # gets its turn, and the way to take a picture


class AnswerPipeline:
    """Owns the threads "look" and "answer", and a `SpeechQueue`. Every public call returns at once.

    Use it in a `with`.
    """

    def __init__(
        self,
        engine: SupportsSee,
        take: Take,
        voice: Voice,
        phrases: Phrases,
        *,
        play_earcons: bool = True,
        doubt: DoubtRule = NEVER,
        reader: QuestionReader | None = None,  # reads the print that a question is about; None: it is not read
        on_text: Callable[[Turn, str], None] = lambda turn, text: None,
        on_end: Callable[[Turn], None] = lambda turn: None,
        on_user: Callable[[], None] = lambda: None,  # the user does something; on any thread, and it must not wait
        is_loading: Callable[[], bool] = lambda: False,  # the engine is not there yet, so questions have to wait for it
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_user = on_user
        self._is_loading = is_loading
        self._told_to_wait: Turn | None = None  # the last turn that was told that the engine is still being loaded
        self._user_speaks = False
        self._engine = engine
        self._phrases = phrases
        self._play_earcons = play_earcons
        self._take = take
        self._clock = clock
        self._speaking = SpeechQueue(voice, on_end, clock)
        self._writer = ReplyWriter(
            Wording(phrases, doubt),
            wait=self._wait_for,
            see_anyway=self._see_anyway,
            see=engine.see,
            on_text=on_text,  # called on the answer thread, a piece of the answer each time
            clock=clock,
            play_earcons=play_earcons,
            reader=reader,
        )
        # There is one place for a picture that no question is about yet: a newer wish replaces an older one. A picture
        # that a question waits for stays before it. At most two turns have not begun: the next one, and one that waits
        # behind it while the next one waits for its picture.
        self._wanted = threading.Condition()
        self._next_looks: list[PictureCapture] = []
        self._next_turns: list[tuple[Turn, _Job]] = []
        self._current_look: PictureCapture | None = None
        self._begun: list[Turn] = []  # and not done: one is decoded, of others the last sentences are still spoken
        self._turn: Turn | None = None  # under way; belongs to the thread "answer"
        self._announcements: list[str] = []  # still to be said
        self._urgent: list[str] = []  # to be said before those, and also where no further turn comes
        self._said_soon: tuple[str, Turn | None] = (
            "",
            None,
        )  # the last sentence that had a turn of its own, and that turn
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

    # What the conversation calls, on the main thread. None of these waits.

    def look(self, frame: Frame | None = None, *, closer: bool = False) -> PictureCapture:
        """Begins to take a picture and to see it, for the question that the user is still speaking.

        A `frame` is seen in place of a new picture. With `closer` only the middle of the picture is seen.
        """
        self._on_user()
        look = PictureCapture(self._clock(), frame, self._clock, closer=closer)
        with self._wanted:
            for replaced in [other for other in self._next_looks if not other.awaited]:
                replaced.cancel()
                self._next_looks.remove(replaced)
            self._next_looks.append(look)
            self._wanted.notify_all()
        return look

    def ask(
        self, question: Question, look: PictureCapture, *, queued: bool = False, limit: Limit | None = None
    ) -> Turn:
        """Answers `question` about the picture of `look`. Whatever is being said or decoded ends.

        With `queued` it does not end, and the question is answered afterwards. One question may wait: a newer one
        replaces it. Of an answer that is longer than `limit` the turn has the `rest`, and the user is told so.
        """
        turn = Turn(question)
        look.await_until(turn.cancelled)
        if not queued:
            self._drop_other_looks(look)
        self._begin(turn, lambda turn: self._writer.answer(turn, question, look, limit), queued=queued, waited_for=True)
        return turn

    def go_on(self, question: Question, first: Turn, limit: Limit | None = None) -> Turn:
        """Tells the `rest` of the answer of `first`, which then has none any more. Whatever is being said ends.

        No picture is taken or seen for it.
        """
        rest, first.rest = first.rest, None
        assert rest is not None  # the caller has looked
        turn = Turn(question, before=first)
        self._begin(turn, lambda turn: self._writer.go_on(turn, rest, limit), waited_for=True)
        return turn

    def read(self, question: Question, look: PictureCapture, job: ReadJob) -> Turn:
        """Says the sentences of `job`, which reads the picture of `look` aloud. Whatever is being said or decoded ends.

        The engine does not see the picture or any other one, because reading needs the processor. The job runs on the
        thread "answer", at most two sentences ahead of the voice. The function that it gets waits for the frame. It
        gives the frame, or what is said because there is none, and raises Cancelled.
        """
        turn = Turn(question, by_model=False)
        look.await_until(turn.cancelled)
        look.keep_frame()
        self._drop_other_looks(look)
        self._begin(turn, lambda turn: job(turn, lambda: self._writer.frame_of(turn, look)), waited_for=True)
        return turn

    def compare(self, question: Question, old: PictureCapture, new: PictureCapture) -> Turn:
        """Asks about both pictures, and says both answers if they differ. Whatever is being said or decoded ends."""
        turn = Turn(question)
        for look in (old, new):
            look.await_until(turn.cancelled)
        self._begin(turn, lambda turn: self._writer.compare(turn, question, old, new), waited_for=True)
        return turn

    def look_again(self, question: Question, first: Turn, frame: Frame) -> Turn:
        """Asks what `first` asked once more, about `frame`: another view of the same picture. Says whether that differs.

        Whatever is being said or decoded ends.
        """
        turn = Turn(question)
        self._begin(turn, lambda turn: self._writer.look_again(turn, first, frame), waited_for=True)
        return turn

    def tell(self, question: Question, sentences: TellJob) -> Turn:
        """Says what `sentences` finds out without the engine. Whatever is being said or decoded ends.

        `sentences` runs on the thread "answer".
        """
        turn = Turn(question, by_model=False)
        self._begin(turn, lambda turn: self._told(turn, sentences), waited_for=True)
        return turn

    def say(self, text: str, *, then: AudioChunk | None = None) -> Turn:
        """Speaks a text that is no answer, then an earcon. Whatever is being said or decoded ends."""
        turn = Turn(question=None)
        self._begin(turn, lambda turn: self._phrase(text, then))
        return turn

    def say_result(self, words: Callable[[], str]) -> Turn:
        """Speaks what `words` gives, which may wait: it is called on the thread "answer". Whatever is being said ends."""
        turn = Turn(question=None)
        self._begin(turn, lambda turn: self._phrase(words(), None))
        return turn

    def say_soon(self, text: str, *, instead_of: str = "") -> None:
        """Says a sentence about the program: now if nothing is being said, else before the rest of the answer.

        It ends no answer. If the answer ends meanwhile, it is said afterwards. An earlier sentence `instead_of` which it
        is said is dropped, if it still waits or is being said. Any thread may call it.
        """
        with self._wanted:
            if instead_of in self._urgent:
                self._urgent.remove(instead_of)
            earlier, turn = self._said_soon
            is_outdated = turn is not None and earlier == instead_of and not turn.done.is_set()
            if self.busy and not is_outdated:
                self._urgent.append(text)
                self._wanted.notify_all()
            else:
                self._said_soon = text, self.say(text)

    def greet(self, text: str) -> Turn:
        """Says `text`, then sounds the earcon that means: I am listening."""
        return self.say(text, then=earcons.listening(EARCON_RATE_HZ) if self._play_earcons else None)

    def advise(self, look: PictureCapture) -> Turn:
        """Says what is wrong with the picture before anything was asked, then sounds the earcon that means: I am
        listening.
        """
        assert look.fault is not None
        return self.greet(self._writer.advice(look.fault))

    def was_advised_of(self, fault: Fault) -> bool:
        """Whether the user was told of this fault not long ago, and asked about no picture without it since."""
        return self._writer.was_advised_of(fault)

    def cue(self, earcon: AudioChunk) -> None:
        """An earcon now, unless the voice has something to say; it interrupts nothing."""
        if self._play_earcons:
            self._speaking.put_if_room(Turn(question=None), earcon)

    def announce(self, text: str) -> None:
        """Says a sentence about the program, for example that the other computer is away, before the rest of the
        answer.

        It is no part of the answer. While no turn is under way it waits for the next one. Any thread may call it.
        """
        with self._wanted:
            self._announcements.append(text)
            self._wanted.notify_all()
        if self._turn is not None and threading.current_thread() is self._thread:
            self._say_announcements(self._turn)

    def say_meanwhile(self, text: str) -> None:
        """Says a sentence about the program beside the answer under way, also where its thread only computes.

        It ends no answer. Where none is under way it is dropped. It waits for room; any thread but "answer" may call it.
        """
        turn = self._turn
        if turn is not None and not turn.cancelled.is_set():
            self._say_beside(turn, text)

    def cancel(self) -> None:
        """Ends all turns: the voice is silent within one audio block, decoding ends within one token."""
        self._on_user()
        with self._wanted:
            self._cancel_turns()
            self._speaking.flush()

    def pause(self) -> None:
        """Silences the voice while the user speaks. `resume` then goes on with the sentence that was cut.

        A turn that begins, or a cancel, ends the pause too. Call it again and again as long as the voice is `paused`.
        """
        self._speaking.pause()

    def resume(self) -> None:
        """Goes on after a `pause`: the user said nothing, or nothing that ends the answer."""
        self._speaking.resume()

    @property
    def paused(self) -> bool:
        return self._speaking.paused

    def user_speaks(self, speaks: bool) -> None:
        """Tells whether the user is speaking: no cue is played meanwhile."""
        self._user_speaks = speaks
        self._on_user()
        self._speaking.cues.user_speaks(speaks)

    def acknowledge(self) -> None:
        """Plays the cue "I heard you" when the user seems to have finished, unless something is being said."""
        if self._play_earcons:
            self._speaking.acknowledge()

    @property
    def speaking(self) -> bool:
        """Whether words are being spoken. A cue by itself does not count: see `cue_pitches_hz`."""
        return self._speaking.audible

    @property
    def cue_pitches_hz(self) -> tuple[float, ...]:
        """The pitches of a cue that sounds without words, () when none does."""
        return self._speaking.sounding_pitches_hz

    @property
    def busy(self) -> bool:
        """Whether a question is being answered or a text spoken, which a press of the button can stop.

        Cues do not count.
        """
        with self._wanted:
            return bool(self._next_turns) or self._is_answering()

    @property
    def in_use(self) -> bool:
        """Whether a user speaks, waits for a picture or an answer, or hears one. Any thread may ask."""
        with self._wanted:
            has_look = self._current_look is not None or bool(self._next_looks)
        return self._user_speaks or has_look or self.busy or self.paused or self.speaking

    def close(self) -> None:
        """Idempotent. A thread that does not end in time is named in the log."""
        self._closing.set()
        with self._wanted:
            self._cancel_turns()
            for look in (self._current_look, *self._next_looks):
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
        self._on_user()
        # The queue is flushed before the answer thread can see the new turn, so that no sentence of that turn is
        # dropped. The cues begin before it as well, or the first cue might sound behind the first words of the answer.
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

    def _drop_other_looks(self, look: PictureCapture) -> None:
        with self._wanted:
            for other in (self._current_look, *self._next_looks):
                if other is not None and other is not look:
                    other.cancel()

    def _cancel_turns(self) -> None:
        """With the lock held. A turn that never began ends here, a running one ends by itself."""
        for turn in self._begun:
            if not turn.done.is_set():
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
        """Waits for the next picture that is wanted; None when closing."""
        with self._wanted:
            self._wanted.wait_for(lambda: self._closing.is_set() or self._next_looks)
            if self._closing.is_set():
                return None
            self._current_look = self._next_looks.pop(0)
            return self._current_look

    # The thread "answer".

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            self._run_turn(*job)

    def _next_job(self) -> tuple[Turn, _Job] | None:
        """Waits for the next turn; None when closing."""
        with self._wanted:
            while not (self._closing.is_set() or self._next_turns):
                if self._urgent and not self._is_answering():
                    text = self._urgent.pop(0)
                    self._said_soon = text, self.say(text)
                else:  # the thread "speak" does not notify of the end of a turn
                    self._wanted.wait(_LAST_WORDS_SECONDS if self._urgent else None)
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
                    self._say_announcements(turn)
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
        while waiting := self._urgent or self._announcements:
            self._say_beside(turn, waiting.pop(0))

    def _say_beside(self, turn: Turn, text: str) -> None:
        # A turn of its own says it: the user still waits for the first word of the answer, and the cues go on.
        own = Turn(question=None, cancelled=turn.cancelled)
        self._speaking.put(own, text, turn.cancelled.is_set)

    def _wait_for(self, turn: Turn, look: PictureCapture) -> None:
        """Waits until the picture has been seen, or is not going to be. Raises Cancelled when the turn is."""
        while not look.settled:
            patience = LOADING_SECONDS if self._may_tell_to_wait(turn) else None
            with self._wanted:
                self._wanted.wait_for(
                    lambda: look.settled or self._urgent or self._announcements or turn.cancelled.is_set(), patience
                )
            self._say_announcements(turn)
            if not look.settled:
                self._tell_to_wait(turn)
            if turn.cancelled.is_set():
                raise Cancelled("the question is not to be answered any more")

    def _may_tell_to_wait(self, turn: Turn) -> bool:
        """Whether the turn waits for an engine that is still being loaded, and was not told so."""
        return turn.by_model and turn is not self._told_to_wait and self._is_loading()

    def _tell_to_wait(self, turn: Turn) -> None:
        if self._may_tell_to_wait(turn) and not turn.cancelled.is_set():
            self._told_to_wait = turn
            self._say_beside(turn, self._phrases.still_loading)

    def _see_anyway(self, turn: Turn, look: PictureCapture) -> None:
        self._tell_to_wait(turn)
        look.want_seen(turn.cancelled)
        look.see(self._take, self._engine, lambda fault: True)

    def _apologise(self, turn: Turn, error: Exception, text: str) -> None:
        for spoken in self._writer.apology(turn, error, text):
            self._speaking.put(turn, spoken, turn.cancelled.is_set)

    def _told(self, turn: Turn, sentences: TellJob) -> Sentences:
        try:
            yield from sentences(turn, self._take)
        except Cancelled:
            raise
        except VisionError as error:  # only a camera or a picture can be wrong here
            yield from self._writer.apology(turn, error, self._phrases.picture_failed)

    def _phrase(self, text: str, then: AudioChunk | None) -> Sentences:
        yield from split_sentences(text, self._phrases.abbreviations)
        if then is not None:
            yield then

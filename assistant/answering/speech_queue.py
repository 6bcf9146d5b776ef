"""The thread "speak" gives the sentences and earcons of a turn to the voice, one after the other.

The queue holds at most two items, and a caller who brings more waits for room. Items of a cancelled turn are dropped.
At the end of a turn the thread works out its timings and marks it as done. While there is nothing to say and a user
waits for an answer, the thread plays the cues that `WaitingCues` reports as due. The speech can be paused while the
user speaks; afterwards it goes on with the sentence that was cut off.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import Protocol

from assistant.answering.turn import Turn
from assistant.answering.waiting_cues import NEVER, WaitingCues
from audio.pcm import AudioChunk
from audio.speaking import earcons

_log = logging.getLogger(__name__)

_PUT_SECONDS = 0.02  # how often a caller who waits for room checks whether it should give up
EARCON_RATE_HZ = 22_050  # the synthesizer's rate, so that everything is played at one rate

Spoken = str | AudioChunk  # a sentence, or an earcon


class Voice(Protocol):
    """The part of `audio.speaking.voice.SpokenVoice` that is used here."""

    @property
    def speaking(self) -> bool: ...
    def prepare(self, sentence: str, cancelled: threading.Event) -> None: ...
    def say(self, sentence: str, cancelled: threading.Event) -> float | None: ...
    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None: ...
    def drain(self, cancelled: threading.Event) -> None: ...
    def mute_device(self) -> None: ...


class SpeechQueue:
    """Owns the thread "speak". `on_end` is called once for each turn, mostly on that thread."""

    def __init__(
        self,
        voice: Voice,
        on_end: Callable[[Turn], None],
        clock: Callable[[], float],
        cues: WaitingCues | None = None,
    ) -> None:
        self._voice = voice
        self._on_end = on_end
        self._clock = clock
        self.cues = cues or WaitingCues(clock)
        self._alone: tuple[float, ...] = ()  # the pitches of the last earcon if no words sounded before it, else ()
        # At most two items wait for the voice. When the queue is full, decoding waits and keeps checking `cancelled`.
        # An item with None in place of something to say marks the end of its turn; None in place of an item ends the
        # thread.
        self._waiting: queue.Queue[tuple[Turn, Spoken | None] | None] = queue.Queue(maxsize=2)
        self._sounding: tuple[Turn, str] | None = None  # the last sentence that was given to the voice
        self._cut: tuple[Turn, str] | None = None  # the sentence that `pause` cut off; it will be said again
        self._let = threading.Event()  # cleared while the voice is paused
        self._let.set()
        self._cue_held: AudioChunk | None = None  # an earcon to play while the voice is paused because the user speaks
        self._thread = threading.Thread(target=self._run, name="speak", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, turn: Turn, spoken: Spoken, give_up: Callable[[], bool]) -> bool:
        """Adds a sentence or an earcon when there is room. Returns False if `give_up` returned True first."""
        if isinstance(spoken, str):
            if turn.moments.first_sentence_at is None:
                turn.moments.first_sentence_at = self._clock()
            self._voice.prepare(spoken, turn.cancelled)
        return self._put((turn, spoken), give_up)

    def put_if_room(self, turn: Turn, spoken: Spoken) -> None:
        """Adds a sentence or an earcon if there is room now, and drops it otherwise."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait((turn, spoken))

    def wait_with_cues(self, turn: Turn) -> None:
        """Plays an earcon now unless it has just been heard, then quieter ones until the answer's first word.

        They stop by themselves.
        """
        # The queue is full while the voice is still finishing the turn before. Then this cue is dropped, because words
        # matter more than a cue. In both cases the thread comes back to `_next` and takes the times of the later cues
        # from there. After `acknowledge` it does so already.
        if self.cues.start(turn):
            self.put_if_room(turn, earcons.thinking(EARCON_RATE_HZ))

    def acknowledge(self) -> None:
        """Plays the earcon for a user who seems to have finished speaking.

        Does nothing while something is being said.
        """
        if self._voice.speaking:
            return
        self.cues.acknowledge()
        if self._let.is_set():
            self.put_if_room(Turn(question=None), earcons.thinking(EARCON_RATE_HZ))
        else:
            # While paused, the earcon overtakes the sentences that wait. An empty item wakes the thread if it waits for
            # one.
            self._cue_held = earcons.thinking(EARCON_RATE_HZ)
            nudge = Turn(question=None)
            nudge.cancelled.set()
            self.put_if_room(nudge, self._cue_held)

    def put_end(self, turn: Turn, give_up: Callable[[], bool]) -> bool:
        """Marks the end of the turn after its last sentence. The turn is done when that sentence has been heard."""
        return self._put((turn, None), give_up)

    def pause(self) -> None:
        """Silences the voice at once, until `resume` or `flush`; nothing is lost. Any thread may call it.

        Call it again and again during the pause, because a sentence that was being synthesised at the first call may
        still begin to sound.
        """
        self._let.clear()
        if self.audible:
            self._cut = self._sounding
            self._voice.mute_device()

    def resume(self) -> None:
        """Goes on speaking, beginning with the sentence that was cut off.

        Does nothing if nothing is paused. Any thread may call it.
        """
        self._cue_held = None
        self._let.set()

    @property
    def paused(self) -> bool:
        return not self._let.is_set()

    def flush(self) -> None:
        """Silences the device and empties the queue, whose items all belong to cancelled turns.

        Any thread may call it.
        """
        self._cut = self._cue_held = None
        self._voice.mute_device()  # comes first, because showing an ended turn takes time
        self._let.set()
        while True:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
            if item is None:  # this item ends the thread, not a turn
                self._put(None, lambda: False)
                break
            if item[1] is None:
                self._end(item[0])

    @property
    def audible(self) -> bool:
        """True while words sound, or an earcon right after them.

        An earcon by itself counts in `sounding_pitches_hz` only.
        """
        return self._voice.speaking and not self._alone

    @property
    def sounding_pitches_hz(self) -> tuple[float, ...]:
        """The pitches of an earcon that sounds by itself, while the user may be speaking; () if there is none."""
        return self._alone if self._voice.speaking else ()

    def close(self) -> None:
        """Tells the thread to end after everything that still waits. `join` returns whether it has ended."""
        self._put(None, lambda: not self._thread.is_alive())

    def join(self, seconds: float) -> bool:
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _put(self, item: tuple[Turn, Spoken | None] | None, give_up: Callable[[], bool]) -> bool:
        while not give_up():
            try:
                self._waiting.put(item, timeout=_PUT_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def _run(self) -> None:
        while (item := self._next()) is not None:
            turn, spoken = item
            try:
                self._play_cue_held()
                if not turn.cancelled.is_set():
                    self._speak(turn, spoken)
            except Exception as error:  # noqa: BLE001 - a sentence's boundary: without the voice the turn is lost
                _log.debug("turn %s is not heard", turn.number, exc_info=error)
                turn.error = turn.error or error
                turn.cancelled.set()
            if spoken is None:
                self._end(turn)

    def _next(self) -> tuple[Turn, Spoken | None] | None:
        """The next item to say. While there is none, it is the next cue that is due. None ends the thread."""
        while True:
            seconds = self.cues.seconds_left()
            try:
                return self._waiting.get(timeout=None if seconds == NEVER else seconds)
            except queue.Empty:
                turn = self.cues.due()
            # If the cue before still sounds, because the device is slow, this one is dropped.
            if turn is not None and not self._voice.speaking:
                return turn, earcons.waiting(EARCON_RATE_HZ)

    def _speak(self, turn: Turn, spoken: Spoken | None) -> None:
        self._say_what_was_cut(turn)
        if turn.cancelled.is_set():
            return
        if spoken is None:
            self._voice.drain(turn.cancelled)
            while self._say_what_was_cut(turn):
                self._voice.drain(turn.cancelled)
        elif isinstance(spoken, AudioChunk):
            self._play(turn, spoken)
        else:
            self.cues.end(turn)
            turn.said.append(spoken)
            self._say(turn, spoken)
            self._say_what_was_cut(turn)

    def _say(self, turn: Turn, sentence: str) -> None:
        self._alone = ()
        self._sounding = turn, sentence
        began_at = self._voice.say(sentence, turn.cancelled)
        if turn.moments.first_sound_at is None:
            turn.moments.first_sound_at = began_at

    def _play(self, turn: Turn, earcon: AudioChunk) -> None:
        behind_words = self._voice.speaking and not self._alone
        self._alone = earcon.pitches_hz if isinstance(earcon, earcons.Earcon) and not behind_words else ()
        if behind_words:
            self._sounding = None  # the words before the earcon have been heard in full
        self._voice.play(earcon, turn.cancelled)

    def _play_cue_held(self) -> None:
        earcon, self._cue_held = self._cue_held, None
        if earcon is not None:
            self._play(Turn(question=None), earcon)

    def _say_what_was_cut(self, turn: Turn) -> bool:
        """Waits while the voice is paused, then repeats the sentence of this turn that was cut off.

        Returns whether there was such a sentence.
        """
        again = False
        while True:
            while not (self._let.wait(_PUT_SECONDS) or turn.cancelled.is_set()):
                self._play_cue_held()
            cut = self._cut
            if cut is None or cut[0] is not turn or turn.cancelled.is_set():
                return again
            self._cut, again = None, True
            self._say(turn, cut[1])

    def _end(self, turn: Turn) -> None:
        try:
            turn.add_up(self._clock())
            self._on_end(turn)
        except Exception as error:  # noqa: BLE001 - a turn's boundary: a terminal that is gone must not end the voice
            turn.error = turn.error or error
            _log.error("the answer could not be shown: %s", error)
        finally:
            turn.frame = None  # the conversation keeps its newest turns, and a picture has 6 MB
            turn.done.set()

"""The thread "speak": it gives the sentences and earcons of a turn, one after the other, to the voice.

The queue holds two of them at most, and whoever brings more waits. What belongs to a cancelled turn is dropped. At the
end of a turn its timings are worked out, and the turn is done. While there is nothing to say and a user waits for an
answer, the thread plays the cues that `WaitingCues` says are due. It can be paused while the user speaks, and then
goes on with the sentence that was cut.
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
from audio import earcons
from audio.pcm import AudioChunk

_log = logging.getLogger(__name__)

_PUT_SECONDS = 0.02  # how often someone who waits for room looks whether to give up
EARCON_RATE_HZ = 22_050  # the synthesizer's own rate: one rate for all that is played

Spoken = str | AudioChunk  # a sentence, or an earcon


class Voice(Protocol):
    """See `audio.voice.SpokenVoice`."""

    @property
    def speaking(self) -> bool: ...
    def say(self, sentence: str, cancelled: threading.Event) -> float | None: ...
    def play(self, chunk: AudioChunk, cancelled: threading.Event) -> float | None: ...
    def drain(self, cancelled: threading.Event) -> None: ...
    def mute_device(self) -> None: ...


class SpeechQueue:
    """Owns the thread. `on_end` is called once a turn, mostly on that thread."""

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
        self._alone: tuple[float, ...] = ()  # the pitches of the earcon that was played last, with no word before it
        # Two ahead of the voice; when full, decoding waits and keeps watching `cancelled`. None in place of
        # something to say is the turn's end, None in place of a turn is the thread's.
        self._waiting: queue.Queue[tuple[Turn, Spoken | None] | None] = queue.Queue(maxsize=2)
        self._sounding: tuple[Turn, str] | None = None  # the sentence that was given to the voice last
        self._cut: tuple[Turn, str] | None = None  # by `pause`: to be said again
        self._let = threading.Event()  # clear while the voice is held
        self._let.set()
        self._cue_held: AudioChunk | None = None  # an earcon for who speaks meanwhile
        self._thread = threading.Thread(target=self._run, name="speak", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, turn: Turn, spoken: Spoken, give_up: Callable[[], bool]) -> bool:
        """Waits for room; False when `give_up` came true first."""
        if turn.moments.first_sentence_at is None and isinstance(spoken, str):
            turn.moments.first_sentence_at = self._clock()
        return self._put((turn, spoken), give_up)

    def put_if_room(self, turn: Turn, spoken: Spoken) -> None:
        """At once or not at all."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait((turn, spoken))

    def wait_with_cues(self, turn: Turn) -> None:
        """An earcon now unless it has been heard, quieter ones until the answer's first word; they end by themselves."""
        # No room: the voice is still letting go of the turn before, and words matter more than a cue. Either way
        # the thread comes by, and keeps the time from then on; after `acknowledge` it does so already.
        if self.cues.start(turn):
            self.put_if_room(turn, earcons.thinking(EARCON_RATE_HZ))

    def acknowledge(self) -> None:
        """The earcon for a user who seems to have said all; nothing while something is being said."""
        if self._voice.speaking:
            return
        self.cues.acknowledge()
        if self._let.is_set():
            self.put_if_room(Turn(question=None), earcons.thinking(EARCON_RATE_HZ))
        else:  # past the sentences that wait; the thread, if it waits for one, is woken
            self._cue_held = earcons.thinking(EARCON_RATE_HZ)
            nudge = Turn(question=None)
            nudge.cancelled.set()
            self.put_if_room(nudge, self._cue_held)

    def put_end(self, turn: Turn, give_up: Callable[[], bool]) -> bool:
        """After its last sentence: the turn is done when that has been heard."""
        return self._put((turn, None), give_up)

    def pause(self) -> None:
        """Silent at once, and until `resume` or `flush`; nothing is lost. Any thread.

        To be called again and again meanwhile: a sentence that was just being synthesised may slip through once.
        """
        self._let.clear()
        if self.audible:
            self._cut = self._sounding
            self._voice.mute_device()

    def resume(self) -> None:
        """Goes on, with the sentence that was cut. Any thread; nothing where nothing is held."""
        self._cue_held = None
        self._let.set()

    @property
    def paused(self) -> bool:
        return not self._let.is_set()

    def flush(self) -> None:
        """Silences the device, and empties what waits, which belongs to cancelled turns. Any thread."""
        self._cut = self._cue_held = None
        self._voice.mute_device()  # first: showing an ended turn takes its time
        self._let.set()
        while True:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
            if item is None:  # the end of the thread, not of a turn
                self._put(None, lambda: False)
                break
            if item[1] is None:
                self._end(item[0])

    @property
    def audible(self) -> bool:
        """Words, or an earcon at their end. Not an earcon by itself: see `sounding_pitches_hz`."""
        return self._voice.speaking and not self._alone

    @property
    def sounding_pitches_hz(self) -> tuple[float, ...]:
        """Of the earcon that sounds by itself; the user may be speaking meanwhile."""
        return self._alone if self._voice.speaking else ()

    def close(self) -> None:
        """The thread ends behind what is still waiting; `join` says whether it did."""
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
            except Exception as error:  # noqa: BLE001 - boundary of a sentence: the voice is gone, so is the turn
                _log.debug("turn %s is not heard", turn.number, exc_info=error)
                turn.error = turn.error or error
                turn.cancelled.set()
            if spoken is None:
                self._end(turn)

    def _next(self) -> tuple[Turn, Spoken | None] | None:
        """What is to be said next; the cue that is due when that takes long."""
        while True:
            seconds = self.cues.seconds_left()
            try:
                return self._waiting.get(timeout=None if seconds == NEVER else seconds)
            except queue.Empty:
                turn = self.cues.due()
            # While the cue before still sounds (a slow device), this one is left out.
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
            self._sounding = None  # the words before it have been heard
        self._voice.play(earcon, turn.cancelled)

    def _play_cue_held(self) -> None:
        earcon, self._cue_held = self._cue_held, None
        if earcon is not None:
            self._play(Turn(question=None), earcon)

    def _say_what_was_cut(self, turn: Turn) -> bool:
        """Waits while the voice is held; says again what of this turn that cut. Whether there was something."""
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
        except Exception as error:  # noqa: BLE001 - boundary of a turn: a terminal that is gone must not end the voice
            turn.error = turn.error or error
            _log.error("the answer could not be shown: %s", error)
        finally:
            turn.done.set()

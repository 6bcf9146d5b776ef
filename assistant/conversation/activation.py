"""Decides which speech is meant for the assistant: after a press of the button, after the wake phrase, or all of it.

It filters the events of hearing before the conversation sees them. Apart from a lock it is pure logic on presses,
times and texts. It takes no picture and says nothing: the conversation does that when an event passes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.button.gestures import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.conversation.event_queue import Event, Tick
from assistant.settings.config import ActivationConfig
from audio.listening.hearing import (
    SpeechPaused,
    SpeechRejected,
    SpeechResumed,
    SpeechStarted,
    StopHeard,
    Utterance,
    WakeSuspected,
)

ALWAYS = float("inf")
NEVER = float("-inf")
# A longer utterance is no call: in an hour of somebody reading aloud in a room, all that the recogniser took for the
# phrase by chance was in speech of 13 to 15 s without a pause. A longer question can follow the two notes.
LONGEST_CALL_SECONDS = 10.0
LATE_SECONDS = 1.0  # the start of speech is reported up to one pre-roll after it happened


@dataclass(frozen=True)
class Woken:
    """The user said the wake phrase and nothing after it. The next utterance is the question."""

    at: float  # the end of the phrase, monotonic seconds


@dataclass(frozen=True)
class NotAwaited:
    """Words without a press or the wake phrase, while a reply was awaited that they are not."""

    ended_at: float  # monotonic seconds


@dataclass(frozen=True)
class ActivationSettings:
    """How a user gets the assistant's attention: the table [activation] of config.toml."""

    button: bool = False
    wake_word: bool = False  # with neither button nor wake word, everything heard is meant for the assistant
    wake_phrase: str = ""  # spelt as the recogniser writes it; in open mode too it is cut from a question's front
    listen_seconds: float = (
        ActivationConfig.listen_seconds
    )  # the longest time from the press or the wake phrase to the first word of the question
    early_seconds: float = 0.5  # speech may begin this long before the press, because people speak as they press

    @property
    def is_open(self) -> bool:
        return not (self.button or self.wake_word)


def settings_from(activation: str, wake_phrase: str, listen_seconds: float) -> ActivationSettings:
    """The settings for `activation`, which is "open", "button", "wake_word" or "button+wake_word"."""
    ways = activation.split("+")
    return ActivationSettings("button" in ways, "wake_word" in ways, wake_phrase, listen_seconds)


@dataclass
class _Attention:
    """A stretch of time, in monotonic seconds. Speech that begins within it is meant for the assistant."""

    begins: float = NEVER
    ends: float = NEVER
    wanted: bool = False  # True if the user asked for attention, and so is told when it ends unused

    def covers(self, at: float) -> bool:
        return self.begins <= at <= self.ends


@dataclass
class Activation:
    """The filter of events, and its state. Times are monotonic seconds.

    Only `pressed` may be called on another thread than the rest.
    """

    settings: ActivationSettings
    # While this returns True, all speech that begins counts: during an answer with `barge_in = "any"`.
    always: Callable[[], bool] = lambda: False
    # While this returns True, because the assistant thinks or speaks, every utterance is transcribed. So "stop" is
    # heard without a press or the wake phrase.
    stoppable: Callable[[], bool] = lambda: False
    is_stop: Callable[[str], bool] = lambda text: False
    # While `awaits` returns True, because a mode waits for a reply, every utterance is transcribed, and those for which
    # `is_awaited` returns True count without a press or the wake phrase.
    awaits: Callable[[], bool] = lambda: False
    is_awaited: Callable[[str], bool] = lambda text: False
    _attention: _Attention = field(default_factory=_Attention)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: bool = False  # True from a SpeechStarted that passed until its utterance ends
    _always: bool = False  # True if this utterance began while `always()` was True
    _suspected: bool = False  # True if this utterance may contain the wake phrase

    def pressed(self, press: Press) -> None:
        with self._lock:
            match press:
                case Pressed(at):
                    self._attend(at - self.settings.early_seconds, at + self.settings.listen_seconds, wanted=True)
                case Held(_, pressed_at):
                    self._attend(pressed_at - self.settings.early_seconds, ALWAYS, wanted=True)
                case Released(at, held=True):
                    self._attention.ends = at  # speech that began before the release still passes
                case StopPress() | DoublePress():
                    self._attend(NEVER, NEVER)

    def expect(self, now: float, seconds: float) -> None:
        """Lets speech within `seconds` pass without a press or the phrase: the assistant has asked something."""
        with self._lock:
            if self._attention.ends < now + seconds:
                self._attend(now, now + seconds)

    def listen_on(self, now: float) -> None:
        """Pays attention again, as after a press: what the user said last was no question."""
        with self._lock:
            self._attend(now, now + self.settings.listen_seconds, wanted=True)

    @property
    def maybe_addressed(self) -> bool:
        """True during an utterance that may contain the wake phrase."""
        with self._lock:
            return self._suspected

    def listen_timed_out(self, now: float) -> bool:
        """True once, when the user has asked for attention and then said nothing until it ended."""
        with self._lock:
            attention = self._attention
            over = now > attention.ends + LATE_SECONDS and attention.wanted and not self._started
            if over:
                self._attend(NEVER, NEVER)
            return over

    def held(self) -> bool:
        """True while the button is held down: a pause in the question then does not end the question."""
        with self._lock:
            return self._attention.ends == ALWAYS

    def attentive(self, now: float) -> bool:
        """True if words heard now may count. It may say True too often; `meant` decides in the end."""
        if self.settings.is_open or self.stoppable() or self.awaits():
            return True
        with self._lock:
            # A long utterance ends long after it began.
            late = self._attention.ends + LATE_SECONDS
            return self._started or self._attention.begins <= now <= late

    def meant(self, event: Event) -> Event | Woken | NotAwaited | None:
        """The event for the conversation, its wake phrase cut off, or None if it is not meant for the assistant.

        A press passes as it is: the button's own thread has already called `pressed` with it.
        """
        if isinstance(event, (Tick, Pressed, Held, Released, DoublePress, StopPress)):
            return event
        with self._lock:
            match event:
                case SpeechStarted(at):
                    self._always, self._suspected = self.always(), False
                    self._started = self.settings.is_open or self._always or self._attention.covers(at)
                    return event if self._started else None
                case SpeechPaused() | SpeechResumed():
                    return event if self._started or self._suspected else None
                case WakeSuspected():  # from now on the conversation must learn how this utterance ends
                    self._suspected = True
                    return event
                case SpeechRejected():
                    return event if self._end() else None
                case StopHeard():  # the stop word's own listener has already judged it
                    self._attend(NEVER, NEVER)
                    return event
                case Utterance():
                    return self._utterance(event)

    def _utterance(self, heard: Utterance) -> SpeechRejected | Utterance | Woken | NotAwaited | None:
        concerned = self._end()
        # It is looked up again, and `_started` is not used: the press may have come after the speech began.
        counts = self.settings.is_open or self._always or self._attention.covers(heard.started_at)
        counts = counts or self.is_stop(heard.text) or self.is_awaited(heard.text)
        question = without_phrase(heard.text, self.settings.wake_phrase)
        is_call = self.settings.wake_word and heard.ended_at - heard.started_at <= LONGEST_CALL_SECONDS
        if question is not None and (counts or is_call):
            if not question:
                self._attend(heard.ended_at, heard.ended_at + self.settings.listen_seconds, wanted=True)
                return Woken(heard.ended_at)
            heard = replace(heard, text=question)
            counts = True
        if not counts:
            # The conversation took a picture when this began. It is no question after all, for example because the
            # user stopped the assistant meanwhile, so the conversation must drop that picture.
            if concerned:
                return SpeechRejected(heard.ended_at)
            return NotAwaited(heard.ended_at) if self.awaits() else None
        if self._attention.ends == ALWAYS:  # a held button serves many questions, a press or a wake phrase one
            self._attention.wanted = False
        else:
            self._attend(NEVER, NEVER)
        return heard

    def _end(self) -> bool:
        """Ends an utterance. True if the conversation knows of the utterance, and so must learn how it ends."""
        concerned = self._started or self._suspected
        self._started = self._suspected = False
        return concerned

    def _attend(self, begins: float, ends: float, *, wanted: bool = False) -> None:
        self._attention = _Attention(begins, ends, wanted)


def without_phrase(text: str, phrase: str) -> str | None:
    """What follows the wake phrase in `text`, "" if nothing does. None if `text` does not begin with the phrase."""
    if not phrase or not (text + " ").startswith(phrase + " "):
        return None
    return text[len(phrase) :].strip()

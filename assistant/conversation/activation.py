"""Which of what is heard is meant for the assistant: by button, by wake word, or everything. Pure but for a lock.

Stands between Hearing's events and the conversation. It knows presses, times and texts; it takes no picture and says nothing:
that is the conversation's answer to what is let through.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.button.gestures import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.conversation.event_queue import Event, Tick
from assistant.settings.config import ActivationConfig
from audio.hearing import (
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
LATE_SECONDS = 1.0  # an onset is told up to a pre-roll later than it was


@dataclass(frozen=True)
class Woken:
    """The wake phrase and nothing after it: the next utterance is the question."""

    at: float


@dataclass(frozen=True)
class ActivationSettings:
    """From the table [activation] of config.toml."""

    button: bool = False
    wake_word: bool = False  # neither of the two: open, everything heard is meant
    wake_phrase: str = ""  # as the recogniser writes it; in open mode it is taken off the front of a question as well
    listen_seconds: float = (
        ActivationConfig.listen_seconds
    )  # from the press or the wake phrase to the first word of the question
    early_seconds: float = 0.5  # people begin to speak as they press, or just before

    @property
    def is_open(self) -> bool:
        return not (self.button or self.wake_word)


def settings_from(activation: str, wake_phrase: str, listen_seconds: float) -> ActivationSettings:
    """From the config's words: "open", "button", "wake_word" or "button+wake_word"."""
    ways = activation.split("+")
    return ActivationSettings("button" in ways, "wake_word" in ways, wake_phrase, listen_seconds)


@dataclass
class _Attention:
    """Speech that begins within this stretch counts."""

    begins: float = NEVER
    ends: float = NEVER
    wanted: bool = False  # by the user, who is told when it is over unused

    def covers(self, at: float) -> bool:
        return self.begins <= at <= self.ends


@dataclass
class Activation:
    """`pressed` may be called on another thread than the rest. Times are monotonic seconds."""

    settings: ActivationSettings
    # While this is true, whatever begins counts: `barge_in = "any"` during an answer.
    always: Callable[[], bool] = lambda: False
    # While this is true, every utterance is transcribed, so that a stop is heard without a call: it thinks or speaks.
    stoppable: Callable[[], bool] = lambda: False
    is_stop: Callable[[str], bool] = lambda text: False
    _attention: _Attention = field(default_factory=_Attention)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: bool = False  # a SpeechStarted was let through, its end has not been seen
    _always: bool = False  # this utterance began while `always`
    _suspected: bool = False  # the wake phrase may be in it

    def pressed(self, press: Press) -> None:
        with self._lock:
            match press:
                case Pressed(at):
                    self._attend(at - self.settings.early_seconds, at + self.settings.listen_seconds, wanted=True)
                case Held(_, pressed_at):
                    self._attend(pressed_at - self.settings.early_seconds, ALWAYS, wanted=True)
                case Released(at, held=True):
                    self._attention.ends = at  # what was begun before is still let through
                case StopPress() | DoublePress():
                    self._attend(NEVER, NEVER)

    def expect(self, now: float, seconds: float) -> None:
        """The assistant has asked something back: the answer counts without a press or the phrase."""
        with self._lock:
            if self._attention.ends < now + seconds:
                self._attend(now, now + seconds)

    def listen_on(self, now: float) -> None:
        """What came counted for nothing: as after a press, once more."""
        with self._lock:
            self._attend(now, now + self.settings.listen_seconds, wanted=True)

    @property
    def maybe_addressed(self) -> bool:
        """Within an utterance that may hold the wake phrase."""
        with self._lock:
            return self._suspected

    def listen_timed_out(self, now: float) -> bool:
        """True once when the user asked for attention and then said nothing."""
        with self._lock:
            attention = self._attention
            over = now > attention.ends + LATE_SECONDS and attention.wanted and not self._started
            if over:
                self._attend(NEVER, NEVER)
            return over

    def held(self) -> bool:
        """The button is kept down: a pause in the question does not end it."""
        with self._lock:
            return self._attention.ends == ALWAYS

    def attentive(self, now: float) -> bool:
        """Whether words heard now may count; errs on the side of yes, `heard` decides."""
        if self.settings.is_open or self.stoppable():
            return True
        with self._lock:
            # A long utterance ends long after it began.
            late = self._attention.ends + LATE_SECONDS
            return self._started or self._attention.begins <= now <= late

    def meant(self, event: Event) -> Event | Woken | None:
        """The event as the conversation is to see it: as it is, without the wake phrase, or None: it is for somebody else.

        A press has been told to `pressed` before, on the button's own thread.
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
                case WakeSuspected():  # the utterance's end, whatever it is, now concerns the conversation
                    self._suspected = True
                    return event
                case SpeechRejected():
                    return event if self._end() else None
                case StopHeard():  # judged by its own listener
                    self._attend(NEVER, NEVER)
                    return event
                case Utterance():
                    return self._utterance(event)

    def _utterance(self, heard: Utterance) -> SpeechRejected | Utterance | Woken | None:
        concerned = self._end()
        # Again and not `started`: the press may have come after the onset.
        counts = self.settings.is_open or self._always or self._attention.covers(heard.started_at)
        counts = counts or self.is_stop(heard.text)
        question = without_phrase(heard.text, self.settings.wake_phrase)
        if question is not None and (counts or self.settings.wake_word):
            if not question:
                self._attend(heard.ended_at, heard.ended_at + self.settings.listen_seconds, wanted=True)
                return Woken(heard.ended_at)
            heard = replace(heard, text=question)
            counts = True
        if not counts:
            # A picture was taken at its onset, and now it is no question after all (stopped meanwhile): drop it.
            return SpeechRejected(heard.ended_at) if concerned else None
        if self._attention.ends == ALWAYS:  # a press or a wake phrase is good for one question, a hold for many
            self._attention.wanted = False
        else:
            self._attend(NEVER, NEVER)
        return heard

    def _end(self) -> bool:
        """Of an utterance: whether the conversation knows of it, and so must learn how it ends."""
        concerned = self._started or self._suspected
        self._started = self._suspected = False
        return concerned

    def _attend(self, begins: float, ends: float, *, wanted: bool = False) -> None:
        self._attention = _Attention(begins, ends, wanted)


def without_phrase(text: str, phrase: str) -> str | None:
    """What follows the wake phrase at the front of `text` ("" if nothing), None if it is not there."""
    if not phrase or not (text + " ").startswith(phrase + " "):
        return None
    return text[len(phrase) :].strip()

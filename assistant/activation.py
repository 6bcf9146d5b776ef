"""Which of what is heard is meant for the assistant: by button, by wake word, or everything. Pure but for a lock.

Stands between Hearing's events and the conversation. It knows presses, times and texts; it takes no picture and says nothing:
that is the conversation's answer to what is let through.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from assistant.button import DoublePress, Held, Press, Pressed, Released, StopPress
from audio.hearing import SpeechRejected, SpeechStarted, StopHeard, Utterance

ALWAYS = float("inf")
NEVER = float("-inf")


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
    listen_seconds: float = 6.0  # from the press or the wake phrase to the first word of the question
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

    def covers(self, at: float) -> bool:
        return self.begins <= at <= self.ends


@dataclass
class Activation:
    """`pressed` may be called on another thread than the rest. Times are monotonic seconds."""

    settings: ActivationSettings
    _attention: _Attention = field(default_factory=_Attention)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: bool = False  # a SpeechStarted was let through, its end has not been seen

    def pressed(self, press: Press) -> None:
        with self._lock:
            match press:
                case Pressed(at):
                    self._attend(at - self.settings.early_seconds, at + self.settings.listen_seconds)
                case Held(_, pressed_at):
                    self._attend(pressed_at - self.settings.early_seconds, ALWAYS)
                case Released(at, held=True):
                    self._attention.ends = at  # what was begun before is still let through
                case StopPress() | DoublePress():
                    self._attend(NEVER, NEVER)

    def expect(self, now: float, seconds: float) -> None:
        """The assistant has asked something back: the answer counts without a press or the phrase."""
        with self._lock:
            if self._attention.ends < now + seconds:
                self._attend(now, now + seconds)

    def held(self) -> bool:
        """The button is kept down: a pause in the question does not end it."""
        with self._lock:
            return self._attention.ends == ALWAYS

    def attentive(self, now: float) -> bool:
        """Whether words heard now may count; errs on the side of yes, `heard` decides."""
        if self.settings.is_open:
            return True
        with self._lock:
            # An onset is told up to a pre-roll later than it was, and a long utterance ends long after it began.
            return self._started or self._attention.begins <= now <= self._attention.ends + 1.0

    def heard(
        self, event: SpeechStarted | SpeechRejected | Utterance
    ) -> SpeechStarted | SpeechRejected | Utterance | Woken | None:
        """The event as the conversation is to see it: itself, with the wake phrase taken off, or None."""
        with self._lock:
            match event:
                case SpeechStarted(at):
                    self._started = self.settings.is_open or self._attention.covers(at)
                    return event if self._started else None
                case SpeechRejected():
                    started, self._started = self._started, False
                    return event if started else None
                case StopHeard():  # judged by its own listener
                    self._attend(NEVER, NEVER)
                    return event
                case Utterance():
                    return self._utterance(event)

    def _utterance(self, heard: Utterance) -> SpeechRejected | Utterance | Woken | None:
        started, self._started = self._started, False
        # Again and not `started`: the press may have come after the onset.
        counts = self.settings.is_open or self._attention.covers(heard.started_at)
        question = without_phrase(heard.text, self.settings.wake_phrase)
        if question is not None and (counts or self.settings.wake_word):
            if not question:
                self._attend(heard.ended_at, heard.ended_at + self.settings.listen_seconds)
                return Woken(heard.ended_at)
            heard = Utterance(question, heard.confidence, heard.started_at, heard.ended_at)
            counts = True
        if not counts:
            # A picture was taken at its onset, and now it is no question after all (stopped meanwhile): drop it.
            return SpeechRejected(heard.ended_at) if started else None
        if self._attention.ends != ALWAYS:  # a press or a wake phrase is good for one question, a hold for many
            self._attend(NEVER, NEVER)
        return heard

    def _attend(self, begins: float, ends: float) -> None:
        self._attention = _Attention(begins, ends)


def without_phrase(text: str, phrase: str) -> str | None:
    """What follows the wake phrase at the front of `text` ("" if nothing), None if it is not there."""
    if not phrase or not (text + " ").startswith(phrase + " "):
        return None
    return text[len(phrase) :].strip()

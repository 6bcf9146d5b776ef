"""The conversation, as it reads: speech begins → look; words arrive → obey or answer.

It runs on the main thread and never waits for the engine or the voice: `AnswerPipeline` does. It knows no
device, no model and no file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.speech_queue import EARCON_RATE_HZ
from assistant.button.gestures import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.conversation.activation import Activation, ActivationSettings, Woken
from assistant.conversation.current_picture import Pictures
from assistant.conversation.dialog import CommandHandler, ConversationSettings, OwnState
from assistant.conversation.event_queue import Event, Tick
from assistant.conversation.expected_reply import ExpectedReply
from assistant.language.command_parser import asks_nothing, is_hesitation, is_no, is_yes, parse_command
from assistant.language.phrases import Command, Phrases
from audio import earcons
from audio.hearing import SpeechPaused, SpeechRejected, SpeechResumed, SpeechStarted, Utterance, WakeSuspected

ADVICE_AFTER_SECONDS = 0.5  # from a press to the advice about its picture: who speaks by then is not interrupted


class Conversation:
    """Turns what is heard into looks, answers and obeyed commands."""

    def __init__(
        self,
        events: Iterable[Event],
        answering: AnswerPipeline,
        phrases: Phrases,
        settings: ConversationSettings,
        *,
        activation: Activation | None = None,  # None: everything heard is meant for the assistant
        on_heard: Callable[[Utterance], None] = lambda utterance: None,
        own_state: OwnState = OwnState(),  # noqa: B008 - frozen, so one for all calls is fine
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._answering = answering
        self._phrases = phrases
        self._settings = settings
        self._activation = activation or Activation(ActivationSettings())
        self._on_heard = on_heard
        self._clock = clock
        self._pictures = Pictures(
            answering,
            clock,
            follow_up_seconds=settings.picture_seconds,
            ahead_seconds=self._activation.settings.listen_seconds,
        )
        self._speaks = False  # the user, as far as it concerns the assistant
        self._began_at: float | None = None  # to speak
        self._acknowledged = False  # by the release of the button: not once more at the pause
        self._stopped = False  # by the press that may yet become a hold
        self._expected = ExpectedReply(self._activation, clock)
        self._commands = CommandHandler(answering, phrases, settings, self._pictures, self._expected, own_state, clock)

    def run(self, greeting: str) -> None:
        """Says `greeting`, then listens; returns when the events end or the user says quit."""
        self._commands.turns.append(self._answering.greet(greeting))
        for event in self._events:
            if not self._react(event):
                return

    def _react(self, event: Event) -> bool:
        """Does what one event asks for; False when the user has said quit."""
        match self._activation.meant(event):
            case Tick():
                self._tick()
            case WakeSuspected():  # the picture need not wait for the end of what is being said
                self._user_speaks(True)
                self._pictures.look_ahead()
            case Woken():
                self._user_speaks(False)
                if self._answering.paused:  # called by name in the midst of an answer
                    self._answering.cancel()
                self._listen()
            case SpeechStarted():
                self._user_speaks(True)
                self._acknowledged = False
                if self._settings.speech_interrupts:
                    self._answering.pause()
                self._pictures.look_ahead()
            case SpeechPaused():
                self._acknowledge()
            case SpeechResumed():
                self._user_speaks(True)
            case SpeechRejected():
                self._user_speaks(False)
                self._answering.resume()
                self._pictures.drop_ahead()
            case Utterance() as utterance:
                return self._heard(utterance)
            case Pressed() | Held() | Released() | DoublePress() | StopPress() as press:
                self._pressed(press)
        return True

    def _heard(self, utterance: Utterance) -> bool:
        self._user_speaks(False)
        self._on_heard(utterance)
        if not self._take_in(utterance):
            return False
        self._began_at = None
        self._answering.resume()  # where that ended nothing: a question that waits for the answer's end
        return True

    def _user_speaks(self, speaks: bool) -> None:
        if speaks and not self._speaks:
            self._began_at = self._clock()
        self._speaks = speaks
        self._answering.user_speaks(speaks)

    def _acknowledge(self) -> None:
        if not self._acknowledged:
            self._answering.acknowledge()

    def _pressed(self, press: Press) -> None:
        """A press of the button. Its thread has told `Activation`, and for a stop silenced `AnswerPipeline`, already."""
        match press:
            case Pressed():
                self._stopped = False
                if self._answering.busy:  # since the press: the last words were just being made out. It begins anew
                    self._answering.cancel()
                self._pictures.look_anew()
                self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            case Held() if self._stopped:  # it grew out of a stop: only now it is known that a question follows
                self._stopped = False
                self._pictures.look_anew()
                self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            case Released(held=True) if self._speaks:  # letting go is the end of the question
                self._acknowledge()
                self._acknowledged = True
            case DoublePress():
                self._pictures.drop_ahead()
                self._commands.repeat()
            case StopPress():
                self._stopped = True
                self._pictures.drop_ahead()
                self._expected.forget()

    def _tick(self) -> None:
        """Time goes by: who pressed the button hears what is wrong with the picture, or that it no longer listens."""
        if self._answering.paused:  # a sentence may have slipped through
            self._answering.pause()
        self._expected.tick()
        self._advise_early()
        if self._activation.listen_timed_out(self._clock()):
            self._pictures.drop_ahead()
            self._answering.cue(earcons.error(EARCON_RATE_HZ))

    def _listen(self) -> None:
        self._pictures.look_ahead()
        self._answering.cue(earcons.listening(EARCON_RATE_HZ))

    def _advise_early(self) -> None:
        """A picture that was taken at a press, or at the wake phrase, can be judged before anything has been asked."""
        ahead, now = self._pictures.ahead, self._clock()
        if ahead is None or ahead.fault is None or self._speaks or self._answering.busy:
            return
        if now - ahead.requested_at >= ADVICE_AFTER_SECONDS and not self._answering.was_advised_of(ahead.fault):
            self._pictures.drop_ahead()  # the next words, or the next press, take a better one
            self._commands.turns.append(self._answering.advise(ahead))
            self._expected.after(self._commands.turns[-1])

    # What an utterance means.

    def _take_in(self, utterance: Utterance) -> bool:
        """Obeys or answers; False when the user has said quit."""
        phrases, misheard = self._phrases, self._expected.misheard
        if misheard is not None and is_yes(utterance.text, phrases):
            self._commands.agreed()
            return self._commands.do(replace(utterance, text=misheard.text), self._began_at)
        command = parse_command(utterance.text, phrases)
        if command is Command.STOP:  # at any confidence: a stop that was not meant costs little
            self._expected.forget()
            self._pictures.drop_ahead()
            self._answering.cancel()
        elif command is None and asks_nothing(utterance.text, phrases):
            self._pass_over(utterance)
        elif utterance.confidence < self._settings.min_confidence:
            self._pictures.drop_ahead()
            self._commands.ask_back(utterance)
        else:
            return self._commands.do(utterance, self._began_at)
        return True

    def _pass_over(self, utterance: Utterance) -> None:
        """ "Thank you", "um", "okay": not worth an answer, nor the end of one. "No" to what was read back: it listens anew."""
        self._pictures.drop_ahead()
        activation = self._activation
        if self._expected.misheard is not None and is_no(utterance.text, self._phrases):
            self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            self._expected.after(self._commands.turns[-1])
        elif self._expected.is_open:
            self._expected.extend_for(self._commands.turns[-1])
        elif activation.settings.is_open or self._answering.busy:
            pass
        elif is_hesitation(utterance.text, self._phrases):
            activation.listen_on(self._clock())
        else:
            self._answering.cue(earcons.error(EARCON_RATE_HZ))  # who has pressed must not wait for an answer

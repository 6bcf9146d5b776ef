"""The loop of the conversation: a picture is taken when speech begins; the words are then answered or executed.

It runs on the main thread and never waits for the engine or the voice, because `AnswerPipeline` does that on threads
of its own. It knows no device, no model and no file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.speech_queue import EARCON_RATE_HZ
from assistant.button.gestures import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.conversation.activation import Activation, ActivationSettings, NotAwaited, Woken
from assistant.conversation.current_picture import Pictures
from assistant.conversation.dialog import CommandHandler, ConversationSettings, OwnState
from assistant.conversation.event_queue import Event, Tick
from assistant.conversation.expected_reply import ExpectedReply
from assistant.conversation.modes.inspection_round import InspectionRound
from assistant.conversation.modes.reading_aloud import ReadingAloud
from assistant.conversation.much_talk import MuchTalk
from assistant.language.command_parser import asks_nothing, is_hesitation, is_no, is_yes, parse_command
from assistant.language.phrases import Command, Phrases
from audio.listening.hearing import SpeechPaused, SpeechRejected, SpeechResumed, SpeechStarted, Utterance, WakeSuspected
from audio.speaking import earcons

ADVICE_AFTER_SECONDS = 0.5  # from a press to advice about its picture; a user who speaks by then is not interrupted


class Conversation:
    """Turns speech and presses into pictures, answers and executed commands."""

    def __init__(
        self,
        events: Iterable[Event],
        answering: AnswerPipeline,
        phrases: Phrases,
        settings: ConversationSettings,
        *,
        activation: Activation | None = None,  # None: all speech is meant for the assistant
        on_heard: Callable[[Utterance], None] = lambda utterance: None,
        own_state: OwnState = OwnState(),  # noqa: B008 - frozen, so one for all calls is fine
        reading: ReadingAloud | None = None,  # reads pages aloud; None: the model is asked to read
        inspection: InspectionRound | None = None,  # the round that is under way
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
            looks_ahead=settings.looks_ahead,
        )
        self._speaks = False  # True while the user says something that may be meant for the assistant
        self._began_at: float | None = None  # when the user began to speak, clock seconds; None if unknown
        self._acknowledged = (
            False  # True if the release of the button has acknowledged the question, so the pause need not
        )
        self._stopped = False  # True after a press that stopped the answer: held on, that press begins a question
        self._expected = ExpectedReply(self._activation, clock)
        self._talk = MuchTalk()
        self._missed = False  # True if the last words, other than small talk, were not understood
        self._commands = CommandHandler(
            answering, phrases, settings, self._pictures, self._expected, own_state, clock, reading, inspection
        )

    def change(self, settings: ConversationSettings) -> None:
        """Behave by other settings from now on, because another model answers. How long a picture serves stays."""
        self._settings = settings
        self._commands.change(settings)

    def run(self, greeting: str) -> None:
        """Says `greeting`, then listens. Returns when the events end or the user says quit."""
        self._commands.turns.append(self._answering.greet(greeting))
        for event in self._events:
            if not self._react(event):
                return

    def _react(self, event: Event) -> bool:
        """Does what one event asks for. False when the user has said quit."""
        match self._activation.meant(event):
            case Tick():
                self._tick()
            case WakeSuspected():  # the picture need not wait for the end of the utterance
                self._user_speaks(True)
                self._pictures.look_ahead()
            case Woken():
                self._user_speaks(False)
                if self._answering.paused:  # the user said the wake phrase during an answer
                    self._answering.cancel()
                self._listen()
            case NotAwaited(ended_at):
                if self._commands.has_just_asked(ended_at) and not self._answering.busy:
                    self._answering.cue(earcons.error(EARCON_RATE_HZ))
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
        self._answering.resume()  # an answer that was not ended goes on; a queued question waits for its end
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
        """Reacts to a press of the button.

        The button's own thread has already told `Activation` of it, and has cancelled the answer if it is a stop.
        """
        match press:
            case Pressed():
                self._stopped = False
                if self._answering.busy:  # an answer began just after the press; the press begins a new question
                    self._answering.cancel()
                self._pictures.look_anew()
                self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            case Held() if self._stopped:  # a press that stopped the answer is now held, so a question follows
                self._stopped = False
                self._pictures.look_anew()
                self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            case Released(held=True) if self._speaks:  # the question ends when the button is let go
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
        """Does what is due by now. After a press it tells of a bad picture, or that listening has ended."""
        if self._answering.paused:  # a sentence that was being synthesised may have begun since
            self._answering.pause()
        self._expected.tick()
        self._commands.tick()
        self._advise_early()
        if self._activation.listen_timed_out(self._clock()):
            self._pictures.drop_ahead()
            self._answering.cue(earcons.error(EARCON_RATE_HZ))

    def _listen(self) -> None:
        self._pictures.look_ahead()
        self._answering.cue(earcons.listening(EARCON_RATE_HZ))

    def _advise_early(self) -> None:
        """Tells what is wrong with a picture taken at a press or the wake phrase, before a question is asked."""
        ahead, now = self._pictures.ahead, self._clock()
        if ahead is None or ahead.fault is None or self._speaks or self._answering.busy:
            return
        if now - ahead.requested_at >= ADVICE_AFTER_SECONDS and not self._answering.was_advised_of(ahead.fault):
            self._pictures.drop_ahead()  # the next words or the next press take a new picture, which may be better
            self._commands.turns.append(self._answering.advise(ahead))
            self._expected.after(self._commands.turns[-1])

    # What an utterance means.

    def _take_in(self, utterance: Utterance) -> bool:
        """Executes or answers what the user said. False when the user has said quit."""
        phrases, misheard = self._phrases, self._expected.misheard
        if misheard is not None and is_yes(utterance.text, phrases):
            self._talk.followed_up()
            self._commands.agreed()
            return self._commands.do(replace(utterance, text=misheard.text), self._began_at)
        if self._commands.take_awaited(utterance):
            self._talk.followed_up()
            return True
        command = parse_command(utterance.text, phrases)
        if command is not None:
            self._talk.followed_up()
        if command is Command.STOP:  # obeyed at any confidence, because a stop that was not meant costs little
            self._expected.forget()
            self._pictures.drop_ahead()
            self._commands.drop_rest()
            self._answering.cancel()
        elif command is None and asks_nothing(utterance.text, phrases):
            self._pass_over(utterance)
        elif command is None and utterance.confidence < min(
            self._settings.understood_from, self._settings.min_confidence
        ):
            self._miss(utterance)  # a command of one word that was heard once is worth reading back
        elif utterance.confidence < self._least_confidence(command):
            self._pictures.drop_ahead()
            self._commands.ask_back(utterance)
            self._count_turn(utterance)
        else:
            self._missed = False
            before = self._commands.last_answer
            goes_on = self._commands.do(utterance, self._began_at)
            if command is None and self._commands.last_answer is not before:  # not taken by a mode, as "next" is
                self._count_turn(utterance)
            return goes_on
        return True

    def _least_confidence(self, command: Command | None) -> float:
        """What a question or a command needs. An answer shows a wrong question, but nothing shows a wrong command."""
        settings = self._settings
        if command is None:
            return settings.min_confidence
        return max(settings.min_confidence, settings.min_command_confidence)

    def _miss(self, utterance: Utterance) -> None:
        """Says that it did not understand, where somebody waits for an answer.

        Where all speech counts, it may be noise or the talk of others. So there a single word is passed over, and so is
        all that follows until something is understood again.
        """
        self._pictures.drop_ahead()
        is_open = self._activation.settings.is_open
        is_doubtful = is_open and (self._missed or len(utterance.text.split()) < 2) and not self._expected.is_open
        self._missed = True
        if not self._answering.busy and not is_doubtful:
            self._commands.not_understood(listens_on=not is_open)

    def _count_turn(self, utterance: Utterance) -> None:
        """Proposes to listen less if much is answered that nobody follows up."""
        if self._talk.answered(utterance.ended_at) and self._settings.much_talk:
            self._answering.say_soon(self._settings.much_talk)

    def _pass_over(self, utterance: Utterance) -> None:
        """Ignores words such as "thank you", "um" and "okay": they get no answer and end no answer.

        "No" to a question that was read back makes the assistant listen again.
        """
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
            self._answering.cue(
                earcons.error(EARCON_RATE_HZ)
            )  # tells a user who pressed the button that no answer will come

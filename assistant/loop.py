"""The conversation, as it reads: speech begins → look; words arrive → obey or answer.

It runs on the main thread and never waits for the engine or the voice: `Answering` does. It knows no
device, no model and no file.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from assistant import state
from assistant.activation import Activation, ActivationSettings, Woken
from assistant.answering import Answering
from assistant.button import DoublePress, Held, Press, Pressed, Released, StopPress
from assistant.commands import asks_nothing, is_hesitation, is_no, is_yes, parse_command
from assistant.doubt import NEVER, DoubtRule, Verdict, unsure_characters
from assistant.expecting import Expecting
from assistant.phrases import Command, Phrases
from assistant.pictures import Pictures
from assistant.speaking import EARCON_RATE_HZ
from assistant.spelling import parts_to_spell, spell
from assistant.status import Status, status_in_words
from assistant.turn import Question, Turn
from assistant.voice_settings import VoiceSettings
from audio import earcons
from audio.hearing import HearingEvent, SpeechPaused, SpeechRejected, SpeechResumed, SpeechStarted, Utterance

# Commands that make use of the picture that was taken as they were spoken.
_ABOUT_PICTURES = (
    Command.NEW_PICTURE,
    Command.SAME_PICTURE,
    Command.READ_TEXT,
    Command.WHAT_CHANGED,
    Command.LOOK_CLOSER,
)
PLAIN_DESCRIPTION = "describe the picture"  # as the demo model, which is English, has learnt it
GOODBYE_SECONDS = 3.0  # how long quit waits for its last words
ADVICE_AFTER_SECONDS = 0.5  # from a press to the advice about its picture: who speaks by then is not interrupted
TURNS_KEPT = 4  # of the last ones "repeat" says the newest of which there are words


@dataclass(frozen=True)
class ConversationSettings:
    """Mostly from the tables [conversation] and [hearing] of config.toml."""

    picture_seconds: float = 60.0  # a follow-up stays on a picture that is younger than this
    min_confidence: float = 0.5  # 0..1; words heard with less are read back, not answered
    doubt: DoubtRule = NEVER
    takes_instructions: bool = True  # False: a model that knows short questions only, like the demo's
    queue_questions: bool = False  # a question during an answer waits for its end, else it ends it
    hint: str = ""  # how to begin, said after the help
    speech_interrupts: bool = False  # `barge_in = "any"`: the voice is silent as soon as the user speaks
    live: bool = True  # the events' times are monotonic times (a microphone), not a file's


class Conversation:
    """Turns what is heard into looks, answers and obeyed commands."""

    def __init__(
        self,
        events: Iterable[HearingEvent],
        answering: Answering,
        phrases: Phrases,
        settings: ConversationSettings,
        *,
        activation: Activation | None = None,  # None: everything heard is meant for the assistant
        on_heard: Callable[[Utterance], None] = lambda utterance: None,
        clock: Callable[[], float] = time.monotonic,
        voice: VoiceSettings | None = None,
        status: Callable[[], Status] = Status,
        time_of_day: Callable[[], dt.time] = lambda: dt.datetime.now().time(),
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
        self._turns: deque[Turn] = deque(maxlen=TURNS_KEPT)  # the last ones that are worth repeating
        self._last_answer: Turn | None = None  # the last turn with a question: what "spell that" is about
        self._last_asked = ""  # as the user asked it: what "more detail" and "look closer" are about
        self._speaks = False  # the user, as far as it concerns the assistant
        self._began_at: float | None = None  # to speak
        self._acknowledged = False  # by the release of the button: not once more at the pause
        self._stopped = False  # by the press that may yet become a hold
        self._expecting = Expecting(self._activation, clock)
        self._read_back = 0  # the number of the turn that began to ask back
        self._voice = voice
        self._status = status
        self._time_of_day = time_of_day

    def run(self, greeting: str) -> None:
        """Says `greeting`, then listens; returns when the events end or the user says quit."""
        self._turns.append(self._answering.greet(greeting))
        for event in self._events:
            match self._activation.heard(event):
                case Woken():
                    self._user_speaks(False)
                    if self._answering.held:  # called by name in the midst of an answer
                        self._answering.cancel()
                    self._listen()
                case SpeechStarted():
                    self._user_speaks(True)
                    self._acknowledged = False
                    if self._settings.speech_interrupts:
                        self._answering.hold()
                    self._pictures.look_ahead()
                case SpeechPaused():
                    self._acknowledge()
                case SpeechResumed():
                    self._user_speaks(True)
                case SpeechRejected():
                    self._user_speaks(False)
                    self._answering.release()
                    self._pictures.drop_ahead()
                case Utterance() as utterance:
                    self._user_speaks(False)
                    self._on_heard(utterance)
                    if not self._take_in(utterance):
                        return
                    self._began_at = None
                    self._answering.release()  # where that ended nothing: a question that waits for the answer's end

    def _user_speaks(self, speaks: bool) -> None:
        if speaks and not self._speaks:
            self._began_at = self._clock()
        self._speaks = speaks
        self._answering.user_speaks(speaks)

    def _acknowledge(self) -> None:
        if not self._acknowledged:
            self._answering.acknowledge()

    # What comes in beside the events, on the same thread: between two blocks of sound.

    def pressed(self, press: Press) -> None:
        """A press of the button. Its thread has told `Activation`, and for a stop silenced `Answering`, already."""
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
                self._repeat()
            case StopPress():
                self._stopped = True
                self._pictures.drop_ahead()
                self._expecting.forget()

    def maybe_woken(self) -> None:
        """The wake phrase seems to be in what is being said: the picture is not worth waiting for the end of it."""
        self._activation.stirred()
        self._user_speaks(True)
        self._pictures.look_ahead()

    def tick(self) -> None:
        """Time goes by: who pressed the button hears what is wrong with the picture, or that it no longer listens."""
        if self._answering.held:  # a sentence may have slipped through
            self._answering.hold()
        self._expecting.tick()
        self._advise_early()
        if self._activation.lapsed(self._clock()):
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
            self._turns.append(self._answering.advise(ahead))
            self._expecting.after(self._turns[-1])

    # What an utterance means.

    def _take_in(self, utterance: Utterance) -> bool:
        """Obeys or answers; False when the user has said quit."""
        phrases, misheard = self._phrases, self._expecting.misheard
        if misheard is not None and is_yes(utterance.text, phrases):
            self._expecting.forget()
            self._forget_read_back()
            return self._do(replace(utterance, text=misheard.text))
        command = parse_command(utterance.text, phrases)
        if command is Command.STOP:  # at any confidence: a stop that was not meant costs little
            self._expecting.forget()
            self._pictures.drop_ahead()
            self._answering.cancel()
        elif command is None and asks_nothing(utterance.text, phrases):
            self._pass_over(utterance)
        elif utterance.confidence < self._settings.min_confidence:
            self._pictures.drop_ahead()
            turn = self._say(phrases.did_you_ask.format(question=utterance.text))
            if misheard is None:  # else it asks back again, and what came between is no answer either
                self._read_back = turn.number
            self._expecting.after(turn, utterance)
        else:
            return self._do(utterance)
        return True

    def _pass_over(self, utterance: Utterance) -> None:
        """ "Thank you", "um", "okay": not worth an answer, nor the end of one. "No" to what was read back: it listens anew."""
        self._pictures.drop_ahead()
        activation = self._activation
        if self._expecting.misheard is not None and is_no(utterance.text, self._phrases):
            self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            self._expecting.after(self._turns[-1])
        elif self._expecting.is_open:
            self._expecting.still_after(self._turns[-1])
        elif activation.settings.is_open or self._answering.busy:
            pass
        elif is_hesitation(utterance.text, self._phrases):
            activation.listen_on(self._clock())
        else:
            self._answering.cue(earcons.error(EARCON_RATE_HZ))  # who has pressed must not wait for an answer

    def _do(self, utterance: Utterance) -> bool:
        """What was understood well enough; False for quit."""
        command = parse_command(utterance.text, self._phrases)
        if command is None:
            self._ask(utterance.text, utterance)
            return True
        return self._obey(command, utterance)

    def _obey(self, command: Command, utterance: Utterance) -> bool:
        phrases = self._phrases
        if command not in _ABOUT_PICTURES:
            self._pictures.drop_ahead()
        match command:
            case Command.SLOWER | Command.FASTER | Command.LOUDER | Command.QUIETER:
                self._change_voice(command)
            case Command.SPELL:
                self._say(self._spelt() or phrases.nothing_to_spell)
            case Command.READ_TEXT:
                self._ask(
                    phrases.read_text_question if self._settings.takes_instructions else utterance.text, utterance
                )
            case Command.MORE_DETAIL | Command.SHORTER:
                more = command is Command.MORE_DETAIL
                self._ask_anew(phrases.more_detail_question if more else phrases.shorter_question, utterance)
            case Command.LOOK_CLOSER:
                self._look_closer(utterance)
            case Command.WHAT_CHANGED:
                self._compare(utterance)
            case Command.STATUS:
                self._say(status_in_words(self._status(), phrases))
            case Command.TIME:
                self._say(phrases.time_in_words(self._time_of_day()))
            case Command.NEW_PICTURE:
                self._pictures.renew()
                self._say(phrases.new_picture)
            case Command.SAME_PICTURE:
                self._say(phrases.same_picture if self._pictures.keep() else phrases.no_picture_yet)
            case Command.REPEAT:
                self._repeat()
            case Command.HELP:
                self._say(f"{phrases.help} {self._settings.hint}".strip())
            case Command.QUIT:
                self._answering.say(phrases.goodbye).done.wait(GOODBYE_SECONDS)
                return False
        return True

    def _change_voice(self, command: Command) -> None:
        phrases = self._phrases
        step, done, at_the_end = {
            Command.SLOWER: (state.slower, phrases.slower, phrases.slowest),
            Command.FASTER: (state.faster, phrases.faster, phrases.fastest),
            Command.LOUDER: (state.louder, phrases.louder, phrases.loudest),
            Command.QUIETER: (state.quieter, phrases.quieter, phrases.quietest),
        }[command]
        changed = self._voice is not None and self._voice.change(step)
        # An answer that is under way goes on, and is heard to be slower; words of the assistant's own would end it.
        if not (self._answering.held or self._answering.busy):
            self._say(done if changed else at_the_end, repeatable=False)

    def _spelt(self) -> str:
        """What of the last answer is worth it, by its characters, and which of them the model was least sure of."""
        turn = self._last_answer
        if turn is None or turn.verdict is Verdict.CANNOT_TELL:  # what was not told is not spelt either
            return ""
        rule = turn.rule or self._settings.doubt
        doubts = [position for position, _ in unsure_characters(turn.pieces, rule)]
        return " ".join(
            spell(turn.answer[begin:end], self._phrases, [position - begin for position in doubts])
            for begin, end in parts_to_spell(turn.answer)
        )

    # Questions.

    def _ask(self, text: str, utterance: Utterance, about: str | None = None) -> None:
        """`about`: the question as the user has put it, where `text` only asks for it in other words."""
        self._expecting.forget()
        self._read_back = 0
        self._last_asked = text if about is None else about
        question, look = self._question(text, utterance), self._pictures.for_question(self._began_at)
        self._last_answer = self._answering.ask(question, look, queued=self._settings.queue_questions)
        self._turns.append(self._last_answer)

    def _ask_anew(self, template: str, utterance: Utterance) -> None:
        """The last question in other words, about the same picture."""
        self._pictures.drop_ahead()
        last = self._last_asked
        asks = last and self._settings.takes_instructions
        self._ask(template.format(question=last) if asks else self._describe, utterance, last)

    def _look_closer(self, utterance: Utterance) -> None:
        self._pictures.look_closer()
        self._ask(self._last_asked or self._describe, utterance, self._last_asked)

    def _compare(self, utterance: Utterance) -> None:
        old, new = self._pictures.to_compare()
        if old is None:
            self._say(self._phrases.no_picture_yet)
            return
        self._last_asked = self._describe
        question = self._question(self._describe, utterance)
        self._last_answer = self._answering.compare(question, old, new)
        self._turns.append(self._last_answer)

    @property
    def _describe(self) -> str:
        return self._phrases.describe_question if self._settings.takes_instructions else PLAIN_DESCRIPTION

    # Words out.

    def _repeat(self) -> None:
        if not self._is_thinking():  # else the answer comes in a moment, and saying it now would be saying it twice
            self._say(self._last_words() or self._phrases.nothing_to_repeat)

    def _say(self, text: str, *, repeatable: bool = True) -> Turn:
        turn = self._answering.say(text)
        self._expecting.still_after(turn)
        if repeatable:
            self._turns.append(turn)
        return turn

    def _forget_read_back(self) -> None:
        """Agreed to, it is not what "repeat" means."""
        while self._read_back and len(self._turns) > 1 and self._turns[-1].number >= self._read_back:
            self._turns.pop()
        self._read_back = 0

    def _is_thinking(self) -> bool:
        turn = self._turns[-1]
        return not turn.done.is_set() and not turn.cancelled.is_set() and not turn.said

    def _last_words(self) -> str:
        return next((" ".join(turn.said) for turn in reversed(self._turns) if turn.said), "")

    def _question(self, text: str, utterance: Utterance) -> Question:
        now = self._clock()
        live = self._settings.live
        return Question(
            text,
            utterance.confidence,
            asked_at=utterance.ended_at if live else now,
            transcribed_at=now,
            speech_seconds=utterance.ended_at - utterance.started_at,
            endpoint_seconds=utterance.endpoint_seconds if live else None,
        )

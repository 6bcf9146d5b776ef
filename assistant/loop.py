"""The conversation, as it reads: speech begins → look; words arrive → obey or answer.

It runs on the main thread and never waits for the engine or the voice: `Answering` does. It knows no
device, no model and no file.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from assistant import state
from assistant.activation import Activation, ActivationSettings, Woken
from assistant.answering import Answering
from assistant.button import DoublePress, Held, Press, Pressed, StopPress
from assistant.commands import is_yes, parse_command
from assistant.doubt import NEVER, DoubtRule, unsure_characters
from assistant.look import Look
from assistant.phrases import Command, Phrases
from assistant.speaking import EARCON_RATE_HZ
from assistant.spelling import part_to_spell, spell
from assistant.status import Status, status_in_words
from assistant.turn import Question, Turn
from assistant.voice_settings import VoiceSettings
from audio import earcons
from audio.hearing import HearingEvent, SpeechPaused, SpeechRejected, SpeechResumed, SpeechStarted, Utterance

# Commands that make use of the picture that was taken as they were spoken.
_ABOUT_PICTURES = (Command.NEW_PICTURE, Command.SAME_PICTURE, Command.READ_TEXT, Command.WHAT_CHANGED)
PLAIN_DESCRIPTION = "describe the picture"  # as the demo model, which is English, has learnt it
GOODBYE_SECONDS = 3.0  # how long quit waits for its last words
REPLY_SECONDS = 10.0  # from "did you ask …?" to a yes that needs no button and no wake word


@dataclass(frozen=True)
class ConversationSettings:
    """Mostly from the tables [conversation] and [hearing] of config.toml."""

    picture_seconds: float = 60.0  # a follow-up stays on a picture that is younger than this
    min_confidence: float = 0.5  # 0..1; words heard with less are read back, not answered
    doubt: DoubtRule = NEVER
    takes_instructions: bool = True  # False: a model that knows short questions only, like the demo's
    queue_questions: bool = False  # a question during an answer waits for its end, else it ends it
    hint: str = ""  # how to begin, said after the help
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
        self._picture: Look | None = None  # what follow-up questions are about
        self._ahead: Look | None = None  # taken at the onset of speech, not yet asked about
        self._keep_picture = False  # "same picture": no expiry until "new picture"
        self._last_turn: Turn | None = None
        self._last_answer: Turn | None = None  # the last turn with a question: what "spell that" is about
        self._misheard: Utterance | None = None  # read back, waiting for a yes
        self._voice = voice
        self._status = status
        self._time_of_day = time_of_day

    def run(self, greeting: str) -> None:
        """Says `greeting`, then listens; returns when the events end or the user says quit."""
        self._last_turn = self._answering.greet(greeting)
        for event in self._events:
            match self._activation.heard(event):
                case Woken():
                    self._answering.user_speaks(False)
                    self._listen()
                case SpeechStarted():
                    self._answering.user_speaks(True)
                    self._look_ahead()
                case SpeechPaused():
                    self._answering.acknowledge()
                case SpeechResumed():
                    self._answering.user_speaks(True)
                case SpeechRejected():
                    self._answering.user_speaks(False)
                    self._drop_look_ahead()
                case Utterance() as utterance:
                    self._answering.user_speaks(False)
                    self._on_heard(utterance)
                    if not self._take_in(utterance):
                        return

    # What comes in beside the events, on the same thread: between two blocks of sound.

    def pressed(self, press: Press) -> None:
        """A press of the button. Its thread has told `Activation`, and for a stop silenced `Answering`, already."""
        match press:
            case Pressed():
                self._look_anew()
                self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            case Held() if self._ahead is None:  # it grew out of a stop
                self._look_anew()
                self._answering.cue(earcons.listening(EARCON_RATE_HZ))
            case DoublePress():
                self._drop_look_ahead()
                self._repeat()
            case StopPress():
                self._drop_look_ahead()
                self._misheard = None

    def maybe_woken(self) -> None:
        """The wake phrase seems to be in what is being said: the picture is not worth waiting for the end of it."""
        self._activation.stirred()
        self._look_ahead()

    def tick(self) -> None:
        """Time goes by: who pressed the button and then said nothing is told that it no longer listens."""
        if self._activation.lapsed(self._clock()):
            self._drop_look_ahead()
            self._answering.cue(earcons.error(EARCON_RATE_HZ))

    # What an utterance means.

    def _take_in(self, utterance: Utterance) -> bool:
        """Obeys or answers; False when the user has said quit."""
        misheard, self._misheard = self._misheard, None
        if misheard is not None and is_yes(utterance.text, self._phrases):
            self._ask(misheard.text, utterance)
            return True
        command = parse_command(utterance.text, self._phrases)
        if command is Command.STOP:  # at any confidence: a stop that was not meant costs little
            self._drop_look_ahead()
            self._answering.cancel()
        elif utterance.confidence < self._settings.min_confidence:
            self._drop_look_ahead()
            self._misheard = utterance
            self._say(self._phrases.did_you_ask.format(question=utterance.text))
            self._activation.expect(self._clock(), REPLY_SECONDS)
        elif command is not None:
            return self._obey(command, utterance)
        else:
            self._ask(utterance.text, utterance)
        return True

    def _obey(self, command: Command, utterance: Utterance) -> bool:
        phrases = self._phrases
        if command not in _ABOUT_PICTURES:
            self._drop_look_ahead()
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
                self._picture, self._ahead = self._ahead or self._answering.look(), None
                self._keep_picture = False
                self._say(phrases.new_picture)
            case Command.SAME_PICTURE:
                self._keep_the_picture()
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
        self._say(done if changed else at_the_end)

    def _spelt(self) -> str:
        """The last answer by its characters, and which of them the model was least sure of."""
        turn = self._last_answer
        part = part_to_spell(turn.answer) if turn is not None else ""
        if turn is None or not part:
            return ""
        doubts = unsure_characters(turn.pieces, self._settings.doubt, within=part)
        return spell(part, self._phrases, [position for position, _ in doubts])

    # Questions.

    def _ask(self, text: str, utterance: Utterance) -> None:
        question, look = self._question(text, utterance), self._picture_for_question()
        self._last_turn = self._last_answer = self._answering.ask(question, look, queued=self._settings.queue_questions)

    def _ask_anew(self, template: str, utterance: Utterance) -> None:
        """The last question in other words, about the same picture."""
        self._drop_look_ahead()
        last = self._last_question()
        asks = last and self._settings.takes_instructions
        self._ask(template.format(question=last) if asks else self._describe, utterance)

    def _look_closer(self, utterance: Utterance) -> None:
        """The middle of the picture in hand, at its full resolution."""
        self._drop_look_ahead()
        picture = self._picture_in_hand()
        if picture is None or picture.frame is None:
            self._say(self._phrases.no_picture_yet)
            return
        self._picture = self._answering.look(picture.frame.middle())
        self._ask(self._last_question() or self._describe, utterance)

    def _compare(self, utterance: Utterance) -> None:
        old, new = self._picture, self._ahead or self._answering.look()
        self._picture, self._ahead, self._keep_picture = new, None, False
        if old is None or not old.usable:
            self._say(self._phrases.no_picture_yet)
            return
        question = self._question(self._describe, utterance)
        self._last_turn = self._answering.compare(question, old, new)

    @property
    def _describe(self) -> str:
        return self._phrases.describe_question if self._settings.takes_instructions else PLAIN_DESCRIPTION

    def _last_question(self) -> str:
        turn = self._last_answer
        return turn.question.text if turn is not None and turn.question is not None else ""

    # Which picture.

    def _look_ahead(self) -> None:
        """The idea that makes it fast: the picture is seen while the user is still speaking."""
        if self._picture_in_hand() is None and not self._has_fresh_look_ahead():
            self._ahead = self._answering.look()

    def _look_anew(self) -> None:
        """A press of the button means what is before the camera now, unless the user keeps a picture."""
        if not self._keep_picture or self._picture_in_hand() is None:
            self._drop_look_ahead()
            self._ahead = self._answering.look()

    def _listen(self) -> None:
        self._look_ahead()
        self._answering.cue(earcons.listening(EARCON_RATE_HZ))

    def _has_fresh_look_ahead(self) -> bool:
        """One taken at the press of the button, or at the wake phrase, for the words that begin now."""
        ahead = self._ahead
        if ahead is None or not ahead.usable:
            return False
        return self._clock() - ahead.requested_at < self._activation.settings.listen_seconds

    def _drop_look_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None

    def _picture_for_question(self) -> Look:
        look = self._ahead if self._ahead is not None and self._ahead.usable else self._picture_in_hand()
        self._picture, self._ahead = look or self._answering.look(), None
        return self._picture

    def _picture_in_hand(self) -> Look | None:
        """The picture that a follow-up stays on: still usable, kept on purpose or young enough."""
        picture = self._picture
        if picture is None or not picture.usable:
            return None
        age_seconds = self._clock() - picture.requested_at
        return picture if self._keep_picture or age_seconds < self._settings.picture_seconds else None

    def _keep_the_picture(self) -> None:
        """An old picture is kept too: the user asked for it by name."""
        if self._picture is None or not self._picture.usable:
            self._picture, self._ahead = self._ahead, None
        self._drop_look_ahead()
        self._keep_picture = self._picture is not None
        self._say(self._phrases.same_picture if self._keep_picture else self._phrases.no_picture_yet)

    # Words out.

    def _repeat(self) -> None:
        if not self._is_thinking():  # else the answer comes in a moment, and saying it now would be saying it twice
            self._say(self._last_words() or self._phrases.nothing_to_repeat)

    def _say(self, text: str) -> None:
        self._last_turn = self._answering.say(text)

    def _is_thinking(self) -> bool:
        turn = self._last_turn
        return turn is not None and not turn.done.is_set() and not turn.said

    def _last_words(self) -> str:
        return " ".join(self._last_turn.said) if self._last_turn is not None else ""

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

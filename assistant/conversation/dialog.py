"""Executes spoken commands, asks questions, and remembers what "repeat", "spell that" and "more detail" refer to.

It runs on the main thread and waits only for the goodbye. It does not know how words come in or whether they were
understood.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering.capture import PictureCapture
from assistant.answering.judging.doubt import NEVER, DoubtRule, Verdict, unsure_characters
from assistant.answering.length import Limit
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Question, Turn
from assistant.conversation import at_once
from assistant.conversation.at_once import AtOnce
from assistant.conversation.current_picture import Pictures
from assistant.conversation.expected_reply import REPLY_SECONDS, ExpectedReply
from assistant.conversation.lengths import QuestionKind, kind_of, limit_of
from assistant.conversation.modes.inspection_round import InspectionRound
from assistant.conversation.modes.mode import Mode, Situation
from assistant.conversation.modes.reading_aloud import ReadingAloud
from assistant.language.command_parser import parse_command
from assistant.language.phrases import Command, Phrases
from assistant.language.spelling import parts_to_spell, spell
from assistant.machine.status import Status
from assistant.settings import voice_state
from assistant.settings.config import ConversationConfig, HearingConfig, LengthConfig, SpeakingConfig
from assistant.settings.voice_state import VoiceSettings
from audio.listening.hearing import Utterance

# Commands that use the picture which was taken while they were spoken.
_ABOUT_PICTURES = (
    Command.NEW_PICTURE,
    Command.SAME_PICTURE,
    Command.READ_TEXT,
    Command.WHAT_CHANGED,
    Command.LOOK_CLOSER,
    *at_once.COMMANDS,
)
PLAIN_DESCRIPTION = "describe the picture"  # in the words that the demo model, which is English, was trained on
GOODBYE_SECONDS = 3.0  # the longest that quit waits until the goodbye has been said
TURNS_KEPT = 4  # "repeat" says the newest of these turns that has words


@dataclass(frozen=True)
class ConversationSettings:
    """How the conversation behaves: mostly the tables [conversation] and [hearing] of config.toml."""

    picture_seconds: float = (
        ConversationConfig.picture_seconds
    )  # a follow-up question is about the current picture while that is younger than this
    min_confidence: float = HearingConfig.min_confidence  # 0..1; a question below it is read back, not answered
    doubt: DoubtRule = NEVER
    takes_instructions: bool = True  # False for a model that knows short questions only, as the demo model does
    queue_questions: bool = False  # True: a question during an answer waits for its end; False: it ends the answer
    hint: str = ""  # how to get the assistant's attention; said after the help
    much_talk: str = ""  # said once if many turns are followed by nothing; "" where not all speech counts
    speech_interrupts: bool = False  # True with `barge_in = "any"`: the voice is silent when the user speaks
    looks_ahead: bool = True  # False: no picture is taken before the question is known
    understood_from: float = 0.0  # 0..1; a question below it was not understood, and is not read back either
    # 0..1; a command below it, or below `min_confidence` if that is more, is read back and not obeyed.
    min_command_confidence: float = 0.0
    length: LengthConfig | None = None  # how much of an answer is told at a time; None: all of it
    live: bool = True  # True if event times are monotonic seconds (a microphone); False if they are a file's


@dataclass(frozen=True)
class OwnState:
    """What the assistant can tell about itself, and the settings that can be changed by voice."""

    voice: VoiceSettings | None = None  # None: rate and volume cannot be changed
    status: Callable[[], Status] = Status
    time_of_day: Callable[[], dt.time] = lambda: dt.datetime.now().time()
    # Deletes turns from the journal. What it returns waits for that, and gives the sentence that says how it went.
    # None: no journal is kept.
    forget: Callable[[Sequence[Turn]], Callable[[], str]] | None = None
    farewell: Callable[[], str] = str  # what is said before the goodbye, "" for nothing


class CommandHandler:
    """Executes commands and asks questions. It remembers what was asked, answered and said last."""

    def __init__(
        self,
        answering: AnswerPipeline,
        phrases: Phrases,
        settings: ConversationSettings,
        pictures: Pictures,
        expecting: ExpectedReply,
        own_state: OwnState,
        clock: Callable[[], float],
        reading: ReadingAloud | None = None,  # None: the model is asked to read
        inspection: InspectionRound | None = None,
    ) -> None:
        self._answering = answering
        self._phrases = phrases
        self._settings = settings
        self._pictures = pictures
        self._reading = reading
        self._inspection = inspection
        self._inspection_asked_at = float("-inf")  # the last moment at which it was heard, clock seconds
        self._modes: tuple[Mode, ...] = tuple(mode for mode in (inspection, reading) if mode is not None)
        self._expected = expecting
        self._own_state = own_state
        self._clock = clock
        self._at_once = AtOnce(answering, phrases, clock, reading.reader if reading is not None else None)
        self.turns: deque[Turn] = deque(maxlen=TURNS_KEPT)  # the newest turns that are worth repeating
        self.last_answer: Turn | None = None  # the newest turn with a question; "spell that" spells it
        # The newest turns with a question that the journal may hold: "do not keep this" is about them.
        self._may_be_kept: deque[Turn] = deque(maxlen=TURNS_KEPT)
        self._last_asked = ""  # the last question in the user's words; "more detail" and "look closer" use it
        # "Are you sure" is about the last answer of the model, and asks about its picture again.
        self._checkable: tuple[Turn, PictureCapture] | None = None
        self._looks_again = 0  # at that picture
        # The newest answer that was too long: "more detail" tells its rest. None: it has none, or nobody wants it.
        self._cut: Turn | None = None
        self._offered: Turn | None = None  # the newest answer whose rest was offered
        self._told_last: Command | None = None  # the newest answer was this one, which no model gave
        self._began_at: float | None = None  # when the user began to speak, clock seconds; None if just now
        self._read_back = 0  # the number of the first turn that read the question back; 0 if none did

    def do(self, utterance: Utterance, began_at: float | None) -> bool:
        """Executes or answers an utterance that was understood. False if it was quit.

        `began_at` is when the user began to speak, in clock seconds. None stands for now.
        """
        self._began_at = began_at
        if self._taken_by_a_mode(utterance):
            return True
        command = parse_command(utterance.text, self._phrases)
        if command is None:
            self._ask(utterance.text, utterance)
            return True
        return self._obey(command, utterance)

    def change(self, settings: ConversationSettings) -> None:
        """Behave by other settings from now on."""
        self._settings = settings

    def ask_back(self, utterance: Utterance) -> None:
        """Reads an utterance back as a question, because it was hardly understood."""
        is_first = self._expected.misheard is None  # False: an earlier question is already being read back
        turn = self.say(self._phrases.did_you_ask.format(question=utterance.text))
        if is_first:
            self._read_back = turn.number
        self._expected.after(turn, utterance)

    def not_understood(self, *, listens_on: bool) -> None:
        """Asks to say it again. With `listens_on` the next words count without a press or the wake phrase."""
        turn = self.say(self._phrases.not_understood, repeatable=False)
        if listens_on:
            self._expected.after(turn, self._expected.misheard)

    def agreed(self) -> None:
        """Notes that the user said yes to a question that was read back. "Repeat" skips the turns that did so."""
        self._expected.forget()
        while self._read_back and len(self.turns) > 1 and self.turns[-1].number >= self._read_back:
            self.turns.pop()
        self._read_back = 0

    def say(self, text: str, *, repeatable: bool = True) -> Turn:
        """Says the assistant's own words.

        "Repeat" skips them if `repeatable` is False, as for a change of the voice.
        """
        turn = self._answering.say(text)
        self._expected.extend_for(turn)
        if repeatable:
            self.turns.append(turn)
        return turn

    def repeat(self) -> None:
        """Says the last words again, unless an answer is about to come. Of a page it is the last sentence."""
        now = self._clock()
        question = Question(Command.REPEAT.value, None, asked_at=now, transcribed_at=now)
        for mode in self._modes:
            if (turn := mode.repeat(question, self._situation(mode))) is not None:
                self._note(mode, turn)
                return
        if not self._is_thinking():  # an answer that comes in a moment would be said twice
            self.say(self._last_words() or self._phrases.nothing_to_repeat)

    # Modes.

    def take_awaited(self, utterance: Utterance) -> bool:
        """Gives an inspection round the words that it waits for, before all else. False if they are not meant for it.

        A page that is being read aloud comes first, because "next" and "back" are about that page then.
        """
        inspection = self._inspection
        if inspection is None or (self._reading is not None and self._reading.is_under_way):
            return False
        turn = inspection.take(self._question(utterance.text, utterance), self._situation(inspection))
        if turn is None:
            return False
        self._pictures.drop_ahead()
        self._note(inspection, turn)
        return True

    def tick(self) -> None:
        """Does what is due by now. Call it a few times a second.

        An inspection round says what it has found. After an offer of the rest of an answer, a reply counts unasked.
        """
        if (cut := self._with_rest()) is not None and cut is not self._offered:
            self._offered = cut
            self._expected.after(cut)
        inspection = self._inspection
        if inspection is None:
            return
        if (turn := inspection.tick()) is not None:
            self._note(inspection, turn)
        if inspection.is_under_way:
            self._inspection_asked_at = self._clock()

    def has_just_asked(self, at: float) -> bool:
        """True if an inspection round has asked for something at most `REPLY_SECONDS` before `at`, clock seconds.

        Words that are not what was asked for may then be a reply that was heard wrongly.
        """
        return at - self._inspection_asked_at <= REPLY_SECONDS

    def _taken_by_a_mode(self, utterance: Utterance) -> bool:
        question = self._question(utterance.text, utterance)
        for mode in reversed(self._modes):  # the page before the round, which has a place of its own: `take_awaited`
            if (turn := mode.take(question, self._situation(mode))) is not None:
                self._pictures.drop_ahead()
                self._note(mode, turn)
                return True
        return False

    def _situation(self, mode: Mode) -> Situation:
        turn = mode.turn
        if turn is None:
            return Situation(asked=self.last_answer is not None, said=False)
        asked = self.last_answer is not None and self.last_answer.number > turn.number
        return Situation(asked, bool(self.turns) and self.turns[-1].number > turn.number)

    def _note(self, mode: Mode, turn: Turn) -> None:
        """The turn of a mode is the newest thing that was said."""
        self._expected.forget()
        self._read_back = 0
        if turn not in self.turns:
            self.turns.append(turn)
            if mode.answers_questions:
                self._may_be_kept.append(turn)
        if mode.awaits_free_words:
            self._expected.after(turn)  # a reason counts without the wake phrase as long as a yes to "did you ask …?"

    # Commands.

    def _obey(self, command: Command, utterance: Utterance) -> bool:
        phrases = self._phrases
        if command not in _ABOUT_PICTURES:
            self._pictures.drop_ahead()
        match command:
            case Command.SLOWER | Command.FASTER | Command.LOUDER | Command.QUIETER:
                self._change_voice(command)
            case Command.SPELL:
                self.say(self._spelt() or phrases.nothing_to_spell)
            case Command.READ_TEXT if self._reading is not None:
                self._read(self._reading, utterance)
            case Command.READ_TEXT:
                asked = phrases.read_text_question if self._settings.takes_instructions else utterance.text
                self._ask(asked, utterance, kind=QuestionKind.READ)
            case Command.MORE_DETAIL if (cut := self._with_rest()) is not None:
                self._tell_rest(cut, utterance)
            case Command.MORE_DETAIL:
                self._ask_anew(phrases.more_detail_question, utterance, QuestionKind.DETAIL)
            case Command.SHORTER:
                self._ask_anew(phrases.shorter_question, utterance)
            case Command.LOOK_CLOSER:
                self._look_closer(utterance)
            case Command.ARE_YOU_SURE:
                self._check(utterance)
            case Command.WHAT_CHANGED:
                self._compare(utterance)
            case _ if command in at_once.COMMANDS:
                self._tell_at_once(command, utterance)
            case Command.STATUS:
                self.say(status_in_words(self._own_state.status(), phrases))
            case Command.TIME:
                self.say(phrases.time_in_words(self._own_state.time_of_day()))
            case Command.NEW_PICTURE:
                self.drop_rest()
                self._pictures.renew()
                self.say(phrases.new_picture)
            case Command.SAME_PICTURE:
                self.say(phrases.same_picture if self._pictures.keep() else phrases.no_picture_yet)
            case Command.REPEAT:
                self.repeat()
            case Command.HELP:
                limits = "" if self._settings.takes_instructions else phrases.demo_limits
                self.say(" ".join(filter(None, (phrases.help, limits, self._settings.hint))))
            case Command.FORGET:
                self._forget()
            case Command.QUIT:
                words = filter(None, (self._own_state.farewell(), phrases.goodbye))
                self._answering.say(" ".join(words)).done.wait(GOODBYE_SECONDS)
                return False
        return True

    def _change_voice(self, command: Command) -> None:
        phrases = self._phrases
        step, done, at_the_end = {
            Command.SLOWER: (voice_state.slower, phrases.slower, phrases.slowest),
            Command.FASTER: (voice_state.faster, phrases.faster, phrases.fastest),
            Command.LOUDER: (voice_state.louder, phrases.louder, phrases.loudest),
            Command.QUIETER: (voice_state.quieter, phrases.quieter, phrases.quietest),
        }[command]
        voice = self._own_state.voice
        changed = voice is not None and voice.change(step)
        # An answer that is being spoken goes on, and the user hears the change in it. A confirmation would end it.
        if not (self._answering.paused or self._answering.busy):
            self.say(done if changed else at_the_end, repeatable=False)

    def _forget(self) -> None:
        """Has the last turn deleted from the journal: those that have not ended, or else the newest one."""
        if self._own_state.forget is None:
            self.say(self._phrases.journal.none_is_kept)
            return
        under_way = [turn for turn in self._may_be_kept if not turn.done.is_set()]
        outcome = self._own_state.forget(under_way or list(self._may_be_kept)[-1:])
        self.drop_rest()
        self._may_be_kept.clear()  # said twice, it must not delete the turn before as well
        turn = self._answering.say_result(outcome)
        self._expected.extend_for(turn)
        self.turns.append(turn)

    def _spelt(self) -> str:
        """The parts of the last answer that are worth spelling, spelt, and which characters the model was unsure of."""
        turn = self.last_answer
        if turn is None or turn.verdict is Verdict.CANNOT_TELL:  # an answer that was not said is not spelt
            return ""
        if turn.spelling:
            return turn.spelling
        rule = turn.rule or self._settings.doubt
        doubts = [position for position, _ in unsure_characters(turn.pieces, rule)]
        return " ".join(
            spell(turn.answer[begin:end], self._phrases, [position - begin for position in doubts])
            for begin, end in parts_to_spell(turn.answer)
        )

    # Questions.

    def _ask(self, text: str, utterance: Utterance, about: str | None = None, kind: QuestionKind | None = None) -> None:
        """Asks `text`. `about` is the question in the user's words, if `text` puts it differently.

        `kind` is that of the question, if its words do not tell.
        """
        self._expected.forget()
        self.drop_rest()
        self._read_back = 0
        self._last_asked = text if about is None else about
        limit = self._limit(kind or kind_of(self._last_asked, self._phrases))
        question, look = self._question(text, utterance), self._pictures.for_question(self._began_at)
        # A page may take minutes, so a question ends it at once. "Continue" goes on with it.
        queued = self._settings.queue_questions and not any(mode.is_under_way for mode in self._modes)
        self.last_answer = self._answering.ask(question, look, queued=queued, limit=limit)
        self._note_question(self.last_answer)
        self._checkable, self._looks_again, self._told_last = (self.last_answer, look), 0, None
        self._cut = self.last_answer

    def drop_rest(self) -> None:
        """The rest of an answer that was too long is not wanted: "more detail" asks anew."""
        if self._cut is not None:
            self._cut.rest = None
        self._cut = None

    def _with_rest(self) -> Turn | None:
        """The newest answer that was too long, if its rest can still be told. None if there is nothing to tell.

        An answer that was stopped before it offered its rest has none: the user has not heard what comes before that.
        """
        turn = self._cut
        if turn is None or turn.rest is None or self._phrases.length.more_left not in turn.said:
            return None
        return turn if turn.rest.view.can_go_on else None

    def _tell_rest(self, cut: Turn, utterance: Utterance) -> None:
        self._expected.forget()
        self._pictures.drop_ahead()
        self._read_back = 0
        question = self._question(utterance.text, utterance)
        # The user has asked for more, so the rest may be as long as an answer in detail.
        self.last_answer = self._answering.go_on(question, cut, self._limit(QuestionKind.DETAIL))
        self._note_question(self.last_answer)
        if self._checkable is not None:
            self._checkable = (self.last_answer, self._checkable[1])
        self._cut, self._told_last = self.last_answer, None

    def _limit(self, kind: QuestionKind) -> Limit | None:
        voice, config = self._own_state.voice, self._settings.length
        rate_wpm = SpeakingConfig.rate_wpm if voice is None else voice.rate_wpm
        return None if config is None else limit_of(kind, config, rate_wpm)

    def _check(self, utterance: Utterance) -> None:
        """Looks a second time at the picture of the last answer, or tells once more what needs no model."""
        words, newest = self._phrases.second_look, self.last_answer
        if self._told_last is not None:
            if self._told_last in at_once.COMMANDS:
                self._tell_at_once(self._told_last, utterance)
            else:
                self.say(words.printed)
            return
        first, look = self._checkable or (None, None)
        frame = None if look is None else look.frame
        if newest is None or first is None or frame is None or not first.pieces:
            self.say(words.nothing_to_check)
            return
        self._expected.forget()
        self._read_back = 0
        self._looks_again += 1
        question = self._question(utterance.text, utterance)
        self.last_answer = self._answering.look_again(question, first, frame.shifted(self._looks_again))
        self._note_question(self.last_answer)

    def _note_question(self, turn: Turn) -> None:
        self.turns.append(turn)
        self._may_be_kept.append(turn)

    def _read(self, reading: ReadingAloud, utterance: Utterance) -> None:
        look = self._pictures.for_reading(self._began_at, reading.has_read)
        self._note(reading, reading.begin(self._question(utterance.text, utterance), look))
        self._told_last = Command.READ_TEXT

    def _ask_anew(self, template: str, utterance: Utterance, kind: QuestionKind | None = None) -> None:
        """Asks the last question again in other words, about the same picture."""
        self._pictures.drop_ahead()
        last = self._last_asked
        asks = last and self._settings.takes_instructions
        self._ask(template.format(question=last) if asks else self._describe, utterance, last, kind)

    def _look_closer(self, utterance: Utterance) -> None:
        self._pictures.look_closer()
        self._ask(self._last_asked or self._describe, utterance, self._last_asked)

    def _compare(self, utterance: Utterance) -> None:
        old, new = self._pictures.to_compare()
        if old is None:
            self.say(self._phrases.no_picture_yet)
            return
        self._expected.forget()
        self.drop_rest()
        self._last_asked = self._describe
        question = self._question(self._describe, utterance)
        self.last_answer = self._answering.compare(question, old, new)
        self._note_question(self.last_answer)
        self._checkable, self._told_last = None, None

    def _tell_at_once(self, command: Command, utterance: Utterance) -> None:
        """Tells what needs no model. What "more detail" refers to stays."""
        self._expected.forget()
        self._read_back = 0
        question = self._question(utterance.text, utterance)
        self.last_answer = self._at_once.begin(command, question, self._pictures.for_telling())
        self._note_question(self.last_answer)
        self._told_last = command

    @property
    def _describe(self) -> str:
        return self._phrases.describe_question if self._settings.takes_instructions else PLAIN_DESCRIPTION

    def _is_thinking(self) -> bool:
        turn = self.turns[-1]
        return not turn.done.is_set() and not turn.cancelled.is_set() and not turn.said

    def _last_words(self) -> str:
        return next((" ".join(turn.said) for turn in reversed(self.turns) if turn.said), "")

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


def status_in_words(status: Status, phrases: Phrases) -> str:
    """One short sentence for each value that is known, in the language of `phrases`."""
    sentences = []
    if status.model is not None:
        sentences.append(phrases.status_model.format(model=status.model))
    if status.power_watts is not None:
        sentences.append(phrases.status_power.format(watts=status.power_watts))
    if status.temperature_celsius is not None:
        sentences.append(phrases.status_temperature.format(celsius=status.temperature_celsius))
    if status.memory_bytes is not None:
        sentences.append(phrases.status_memory.format(gigabytes=status.memory_bytes / 1e9))
    if status.camera_pixels is not None:
        width, height = status.camera_pixels
        sentences.append(phrases.status_camera.format(width=width, height=height))
    if status.looks_ahead_in_last_hour is not None:
        sentences.append(phrases.status_looks_ahead.format(looks=status.looks_ahead_in_last_hour))
    return " ".join(sentences) or phrases.status_unknown

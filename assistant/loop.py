"""The conversation, as it reads: speech begins → look; words arrive → obey or answer.

It runs on the main thread and never waits for the engine or the voice: `Answering` does. It knows no
device, no model and no file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from assistant.answering import Answering
from assistant.commands import parse_command
from assistant.look import Look
from assistant.phrases import Command, Phrases
from assistant.turn import Question, Turn
from audio.hearing import SpeechRejected, SpeechStarted, Utterance

GOODBYE_SECONDS = 3.0  # how long quit waits for its last words

HearingEvent = SpeechStarted | SpeechRejected | Utterance


@dataclass(frozen=True)
class ConversationSettings:
    """From the tables [conversation] and [hearing] of config.toml."""

    picture_seconds: float = 60.0  # a follow-up stays on a picture that is younger than this
    min_confidence: float = 0.5  # 0..1; words heard with less are not answered
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
        on_heard: Callable[[Utterance], None] = lambda utterance: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._answering = answering
        self._phrases = phrases
        self._settings = settings
        self._on_heard = on_heard
        self._clock = clock
        self._picture: Look | None = None  # what follow-up questions are about
        self._ahead: Look | None = None  # taken at the onset of speech, not yet asked about
        self._keep_picture = False  # "same picture": no expiry until "new picture"
        self._last_turn: Turn | None = None

    def run(self, greeting: str) -> None:
        """Says `greeting`, then listens; returns when the events end or the user says quit."""
        self._last_turn = self._answering.greet(greeting)
        for event in self._events:
            match event:
                case SpeechStarted():
                    self._look_ahead()
                case SpeechRejected():
                    self._drop_look_ahead()
                case Utterance():
                    self._on_heard(event)
                    if not self._take_in(event):
                        return

    # What an utterance means.

    def _take_in(self, utterance: Utterance) -> bool:
        """Obeys or answers; False when the user has said quit."""
        command = parse_command(utterance.text, self._phrases)
        if command is Command.STOP:  # at any confidence: a stop that was not meant costs little
            self._drop_look_ahead()
            self._answering.cancel()
        elif utterance.confidence < self._settings.min_confidence:
            self._drop_look_ahead()
            self._say(self._phrases.not_understood)
        elif command is not None:
            return self._obey(command)
        else:
            self._last_turn = self._answering.ask(self._question(utterance), self._picture_for_question())
        return True

    def _obey(self, command: Command) -> bool:
        phrases = self._phrases
        match command:
            case Command.NEW_PICTURE:
                self._picture, self._ahead = self._ahead or self._answering.look(), None
                self._keep_picture = False
                self._say(phrases.new_picture)
            case Command.SAME_PICTURE:
                self._keep_the_picture()
            case Command.REPEAT:
                self._drop_look_ahead()
                if self._is_thinking():
                    return True  # the answer comes in a moment: saying it now would be saying it twice
                self._say(self._last_words() or phrases.nothing_to_repeat)
            case Command.HELP:
                self._drop_look_ahead()
                self._say(phrases.help)
            case Command.QUIT:
                self._drop_look_ahead()
                self._answering.say(phrases.goodbye).done.wait(GOODBYE_SECONDS)
                return False
        return True

    # Which picture.

    def _look_ahead(self) -> None:
        """The idea that makes it fast: the picture is seen while the user is still speaking."""
        if self._picture_in_hand() is None:
            self._ahead = self._answering.look()

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

    def _say(self, text: str) -> None:
        self._last_turn = self._answering.say(text)

    def _is_thinking(self) -> bool:
        turn = self._last_turn
        return turn is not None and not turn.done.is_set() and not turn.said

    def _last_words(self) -> str:
        return " ".join(self._last_turn.said) if self._last_turn is not None else ""

    def _question(self, utterance: Utterance) -> Question:
        now = self._clock()
        asked_at = utterance.ended_at if self._settings.live else now
        return Question(utterance.text, utterance.confidence, asked_at=asked_at, transcribed_at=now)

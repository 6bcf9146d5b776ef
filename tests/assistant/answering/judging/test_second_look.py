"""A second look: "are you sure", numbers that are easily misread, and check digits, from the engine to the voice."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.answering.capture import any_picture
from assistant.answering.judging.doubt import NEVER, Piece, Verdict, text_of
from assistant.answering.judging.second_look import compared
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.reading.reader_context import PrintRead, QuestionReader
from assistant.answering.reply import Reply, SentenceAdded, SentenceFinished, Wording
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import phrases_for
from tests.assistant.fake_reader import FakeReader, page
from tests.assistant.fakes import WAIT_SECONDS, FakeCamera, FakeEngine, FakeView, FakeVoice
from vision.frame import Frame
from vision.reading.interface import Line, Quad

PHRASES = phrases_for("en")
WORDS = PHRASES.second_look


class Looks(FakeEngine):
    """Gives another answer about each picture that it sees, the last one from then on."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.looks = list(answers)

    def see(self, frame: Frame, cancelled: object = None) -> FakeView:
        self.answer = (self.looks.pop(0) if len(self.looks) > 1 else self.looks[0],)
        return super().see(frame)


def said_of(before: str, now: str, language: str = "en") -> tuple[str, bool]:
    told = compared([Piece(before, (-0.1,))], [Piece(now, (-0.2,))], phrases_for(language))
    return text_of(told.pieces), told.differs


def test_both_looks_are_told_as_such() -> None:
    """Numbers alone where each answer has one; else both answers; and one sentence where they agree."""
    assert said_of("The room is 407.", "It says 401.") == ("I read 407, and looking again 401.", True)
    assert said_of("The room is 407.", "407") == ("I read the same again.", False)
    assert said_of("A red mug.", "a red mug") == ("I see the same again.", False)
    assert said_of("A red mug", "A blue mug.") == ("First I said: A red mug. Looking again: A blue mug.", True)
    assert said_of("It is 407.", "") == (f"First I said: It is 407. Looking again: {PHRASES.no_answer}", True)
    assert said_of("房间号是407。", "房间号是401。", "zh") == ("我读到407，再看一遍读到401。", True)
    assert said_of("有人", "没有人", "zh") == ("我先说的是：有人。再看一遍：没有人。", True)


def test_numbers_keep_their_probabilities() -> None:
    """ "Spell that" names the doubtful digit of either look."""
    told = compared([Piece("It is ", (0.0,)), Piece("407", (-0.5,))], [Piece("401", (-1.0,))], PHRASES)
    assert [piece for piece in told.pieces if piece.log_probabilities] == [Piece("407", (-0.5,)), Piece("401", (-1.0,))]


def checked(*answers: str, lines: tuple[str, ...] = (), question: str = "what is it") -> tuple[Turn, list[str]]:
    """The turn, and all that is said to a question, the second look included."""
    engine, turn = Looks(*answers), Turn(Question(question, None, 0.0, 0.0))
    quad = Quad((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
    read = tuple(Line(number, quad, 0, text, 0.98) for number, text in enumerate(lines))
    reply = Reply(turn, Wording(PHRASES, NEVER), lambda: 7.0, None, PrintRead(read, read, is_whole=False))
    view = engine.see(Frame(np.zeros((40, 40, 3), np.uint8), 1.0))
    events = [*reply.answer(view, question), *reply.check_numbers(view, question, engine.see)]
    return turn, [event.spoken for event in events if isinstance(event, (SentenceFinished, SentenceAdded))]


def test_a_long_number_is_looked_at_again() -> None:
    """The answer is said at once; then both looks are told, and the answer counts as doubtful if they differ."""
    turn, said = checked("It is 12345678.", "It is 1234678.")
    assert said == ["It is 12345678.", WORDS.looking_again, "I read 12345678, and looking again 1234678."]
    assert turn.verdict is Verdict.UNSURE
    turn, said = checked("It is 777.")
    assert (said, turn.verdict) == (["It is 777.", WORDS.looking_again, WORDS.read_again], Verdict.PLAIN)


def test_a_number_that_is_printed_there_needs_no_second_look() -> None:
    """The reader of print has a say where one of its lines holds the number."""
    assert checked("It is 12345678.", "1", lines=("No. 1234 5678",))[1] == ["It is 12345678."]
    assert checked("It is 407.", "1")[1] == ["It is 407."]
    assert len(checked("It is 12345678.", "1", lines=("Push",))[1]) == 3


def test_a_check_digit_that_does_not_fit_is_doubt() -> None:
    """An account by its form, a bar code where the question asks for it."""
    turn, said = checked("It is DE89370400440532013001.", lines=("DE89370400440532013001",))
    assert said[0] == "I am not sure: it is DE89370400440532013001. The check digit of that number does not fit."
    assert turn.verdict is Verdict.UNSURE
    turn, said = checked("It is 4006381333932.", lines=("4006381333932",), question="what is the bar code number")
    assert said == ["I am not sure: it is 4006381333932. The check digit of that number does not fit."]
    turn, said = checked("It is 4006381333931.", lines=("4006381333931",), question="what is the bar code number")
    assert (said, turn.verdict) == (["It is 4006381333931."], Verdict.PLAIN)


class Stage:
    """A pipeline over an engine that answers differently each time."""

    def __init__(self, *answers: str, text: str = "") -> None:
        self.engine, self.voice = Looks(*answers), FakeVoice()
        reader = QuestionReader(FakeReader(page(text), lambda step: None), PHRASES, seconds=60.0) if text else None
        camera = any_picture(FakeCamera())
        self.answering = AnswerPipeline(self.engine, camera, self.voice, PHRASES, play_earcons=False, reader=reader)

    def ask(self, text: str) -> Turn:
        turn = self.answering.ask(Question(text, 0.9, time.monotonic(), time.monotonic()), self.answering.look())
        assert turn.done.wait(WAIT_SECONDS)
        return turn


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage("The room is 407.", "The room is 401.", "It is 407.")
    with stage.answering:
        yield stage


def test_are_you_sure_asks_about_another_view_of_the_same_picture(stage: Stage) -> None:
    """The same question, alone, about a picture that is a little larger; the turn tells both, and that it is doubtful."""
    first = stage.ask("what number is on the door")
    assert first.frame is None or first.frame.rgb.shape == (4, 4, 3)
    frame = stage.engine.views[0].frame
    turn = stage.answering.look_again(Question("are you sure", 0.9, 0.0, 0.0), first, frame.shifted())
    assert turn.done.wait(WAIT_SECONDS)
    assert stage.voice.heard[-1] == "I read 407, and looking again 401."
    assert (turn.verdict, turn.words) == (Verdict.UNSURE, stage.voice.heard[-1])
    assert [view.asked for view in stage.engine.views] == [["what number is on the door"]] * 2
    assert stage.engine.views[1].frame.rgb.shape == (5, 5, 3)
    again = stage.answering.look_again(Question("are you sure", 0.9, 0.0, 0.0), first, frame.shifted(2))
    assert again.done.wait(WAIT_SECONDS)
    assert (again.words, again.verdict) == (WORDS.read_again, Verdict.PLAIN)


def test_a_long_number_is_checked_aloud_by_itself() -> None:
    """The voice says the number first, so that no second of silence is added before it."""
    stage = Stage("It is 11111111.", "It is 1111111.")
    with stage.answering:
        turn = stage.ask("what is this")
    assert stage.voice.heard == ["It is 11111111.", WORDS.looking_again, "I read 11111111, and looking again 1111111."]
    assert (turn.verdict, turn.words) == (Verdict.UNSURE, " ".join(stage.voice.heard))

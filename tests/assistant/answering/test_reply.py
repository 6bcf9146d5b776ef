"""The one stream of events that the voice and the web server both consume."""

from __future__ import annotations

import math

import numpy as np

from assistant.answering.judging.doubt import DoubtRule, Verdict
from assistant.answering.reading.reader_context import PrintRead
from assistant.answering.reply import ChunkDecoded, DecodingEnded, NothingAnswered, Reply, SentenceFinished, Wording
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import phrases_for
from tests.assistant.fakes import FakeEngine
from vision.frame import Frame
from vision.framing import Fault
from vision.reading.interface import Line, Quad

PHRASES = phrases_for("en")
WORDING = Wording(PHRASES, DoubtRule(hedge_below=0.5, cannot_tell_below=0.5))


def told(
    *answer: str, certainty: float = 1.0, fault: Fault | None = None, plain: bool = False
) -> tuple[Turn, list[object]]:
    """The turn, and the events of its reply, with each chunk as its text."""
    engine = FakeEngine(answer)
    engine.log_probability = math.log(certainty)
    turn = Turn(Question("what is this", None, 0.0, 0.0))
    reply = Reply(turn, WORDING, lambda: 7.0, fault)
    view = engine.see(Frame(np.zeros((4, 4, 3), np.uint8), 1.0))
    events = reply.answer(view, "what is this", plain=plain)
    return turn, [event.chunk.text if isinstance(event, ChunkDecoded) else event for event in events]


def test_a_sentence_follows_the_chunk_that_ends_it() -> None:
    """The last sentence comes after the end of decoding, and the turn has the text and the times."""
    turn, events = told("A cup. ", "It is red.")
    first, second = SentenceFinished("A cup.", "A cup."), SentenceFinished("It is red.", "It is red.")
    assert [event for event in events if isinstance(event, SentenceFinished)] == [first, second]
    assert events.index(first) < events.index(DecodingEnded("stop"))
    assert turn.answer == "A cup. It is red."
    assert (turn.moments.first_token_at, turn.moments.first_sentence_at) == (7.0, 7.0)
    assert turn.moments.answer is not None


def test_a_doubtful_sentence_is_told_with_its_doubt() -> None:
    """The event holds both the model's words and the hedged words that are spoken."""
    turn, events = told("A cup.", certainty=0.3)
    assert SentenceFinished("A cup.", PHRASES.doubt.not_sure.format(answer="a cup.")) in events
    assert (turn.verdict, turn.rule) == (Verdict.UNSURE, WORDING.doubt)


def test_after_a_withheld_answer_nothing_is_decoded() -> None:
    """One sentence says why there is no answer, and nothing follows it."""
    turn, events = told("A cup. ", "It is red. ", "It is", certainty=0.3, fault=Fault.BLURRED)
    because = PHRASES.framing[Fault.BLURRED.value].because
    withheld = SentenceFinished("A cup.", PHRASES.doubt.cannot_tell.format(because=because))
    assert events[-2:] == [withheld, DecodingEnded("stop")]
    assert "It is" not in events
    assert turn.verdict is Verdict.CANNOT_TELL


def test_an_answer_without_a_word_is_said_to_be_none() -> None:
    """An empty answer brings a sentence that says so, so that no silence follows the question."""
    _, events = told()
    assert events[-1] == NothingAnswered(PHRASES.no_answer)


def test_a_plain_reply_is_the_models_text_alone() -> None:
    """A plain reply has no sentences, no doubt, and nothing in place of an empty answer."""
    turn, events = told("A cup.", certainty=0.3, plain=True)
    assert events == ["A cup.", "", DecodingEnded("stop")]
    assert (turn.answer, turn.verdict) == ("A cup.", Verdict.PLAIN)
    assert told(plain=True)[1] == ["", DecodingEnded("stop")]


def judged(
    *answer: str, certainty: float = 1.0, fault: Fault | None = None, line: str = "Room 401"
) -> tuple[Turn, list[str]]:
    """The turn, and what is said to a question about writing in a picture with one line of print."""
    engine = FakeEngine(answer)
    engine.log_probability = math.log(certainty)
    turn = Turn(Question("what number is on the door", None, 0.0, 0.0))
    quad = Quad((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
    lines = (Line(0, quad, 0, line, 0.98),)
    reply = Reply(turn, WORDING, lambda: 7.0, fault, PrintRead(lines, lines, is_whole=True))
    events = reply.answer(engine.see(Frame(np.zeros((4, 4, 3), np.uint8), 1.0)), "what number is on the door")
    return turn, [event.spoken for event in events if isinstance(event, SentenceFinished)]


def test_an_answer_that_the_reader_contradicts_is_doubted() -> None:
    """However sure the model is. What was read is told behind the answer."""
    turn, spoken = judged("The room is 407.")
    assert spoken == ["I am not sure: the room is 407. I also read 401."]
    turn.told = spoken
    assert (turn.verdict, turn.answer, turn.words) == (Verdict.UNSURE, "The room is 407.", spoken[0])
    assert judged("407")[1] == ["I am not sure: 407. I also read 401."]
    assert judged("The room is 401.")[1] == ["The room is 401."]
    assert judged("The room is 401.")[0].verdict is Verdict.PLAIN


def test_an_unsure_answer_is_doubted_once() -> None:
    """The reader's words come in place of the model's doubt, and behind a later sentence alone."""
    assert judged("The room is 407.", certainty=0.3)[1] == ["I am not sure: the room is 407. I also read 401."]
    said = judged("It is a door. ", "The room is 407.", certainty=0.3)[1]
    assert said == ["I am not sure, but it is a door.", "The room is 407. I also read 401."]


def test_what_is_withheld_is_withheld_whatever_was_read() -> None:
    """A very doubtful answer about a faulty picture is not told."""
    turn, spoken = judged("The room is 407.", certainty=0.3, fault=Fault.BLURRED)
    assert turn.verdict is Verdict.CANNOT_TELL
    assert "407" not in spoken[0]


def test_braces_in_the_print_are_print() -> None:
    """What was read is never taken for a template."""
    assert "{answer}" in judged('It says "Push".', line="{answer}")[1][0]


def test_a_reply_tells_whether_the_view_keeps_it() -> None:
    """After a whole answer it does; after one that was withheld, or is still to come, it does not."""
    engine, turn = FakeEngine(("A cup.",)), Turn(Question("what is this", None, 0.0, 0.0))
    reply = Reply(turn, WORDING, lambda: 7.0, None)
    events = reply.answer(engine.see(Frame(np.zeros((4, 4, 3), np.uint8), 1.0)), "what is this")
    next(events)
    assert not reply.is_remembered
    list(events)
    assert reply.is_remembered

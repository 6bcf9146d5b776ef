"""The one stream of events that the voice and the web server both consume."""

from __future__ import annotations

import math

import numpy as np

from assistant.answering.doubt import DoubtRule, Verdict
from assistant.answering.reply import ChunkDecoded, DecodingEnded, NothingAnswered, Reply, SentenceFinished, Wording
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import phrases_for
from tests.assistant.fakes import FakeEngine
from vision.frame import Frame
from vision.framing import Fault

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

"""How long a yes, or a better question, counts without a press."""

from __future__ import annotations

from assistant.answering.turn import Turn
from assistant.conversation.activation import Activation, settings_from
from assistant.conversation.expected_reply import REPLY_SECONDS, ExpectedReply
from audio.listening.hearing import Utterance

MISHEARD = Utterance("what is mist", 0.3, 999.0, 1000.0)


def test_the_seconds_for_an_answer_begin_when_the_question_has_been_said() -> None:
    """The time for a reply begins when the question has been said, so a slow voice leaves as much time as any other."""
    now = [1000.0]
    activation = Activation(settings_from("button", "", 6.0))
    expecting = ExpectedReply(activation, lambda: now[0])
    turn = Turn(question=None)
    expecting.after(turn, MISHEARD)
    while now[0] < 1012.0:  # saying it takes this long
        now[0] += 0.5
        expecting.tick()
    turn.done.set()
    now[0] += REPLY_SECONDS - 0.5
    expecting.tick()
    assert expecting.misheard is MISHEARD
    assert activation.attentive(now[0])
    now[0] += 2.0
    expecting.tick()
    assert expecting.misheard is None
    assert not activation.attentive(now[0])


def test_words_in_between_leave_it_open_and_other_questions_do_not() -> None:
    """Words in between leave the question open and restart its time; another question closes it."""
    now = [1000.0]
    expecting = ExpectedReply(Activation(settings_from("open", "", 6.0)), lambda: now[0])
    expecting.extend_for(Turn(question=None))
    assert expecting.misheard is None
    expecting.after(Turn(question=None), MISHEARD)
    now[0] += 9.0
    expecting.extend_for(Turn(question=None))
    now[0] += 9.0
    assert expecting.misheard is MISHEARD
    expecting.forget()
    assert expecting.misheard is None

"""What presses of one key mean."""

from __future__ import annotations

import pytest

from assistant.setup.presses import MORE_SECONDS, Answer, PressCounter


def answer_to(presses: list[tuple[bytes, float]]) -> Answer | None:
    """The answer that presses at these times make, a long time after the last one."""
    counter = PressCounter()
    for typed, at in presses:
        if (answer := counter.push(typed, at)) or (answer := counter.tick(at)):
            return answer
    return counter.tick(presses[-1][1] + MORE_SECONDS)


@pytest.mark.parametrize(
    ("presses", "answer"),
    [
        ([(b" ", 1.0)], Answer.YES),
        ([(b"\n", 1.0)], Answer.YES),
        ([(b" ", 1.0), (b" ", 1.3)], Answer.NO),
        ([(b" ", 1.0), (b" ", 1.3), (b"\r", 1.6)], Answer.BACK),
        ([(b" ", 1.0), (b" ", 1.02)], Answer.YES),  # a key that bounces
        ([(b" ", 1.0), *((b" ", 1.5 + 0.03 * n) for n in range(20))], Answer.REPEAT),  # a held key
        ([(b"n", 1.0)], Answer.NO),
        ([(b"\x7f", 1.0)], Answer.BACK),
        ([(b"r", 1.0)], Answer.REPEAT),
        ([(b"x", 1.0)], None),
    ],
)
def test_the_number_of_presses_is_the_answer(presses: list[tuple[bytes, float]], answer: Answer | None) -> None:
    """Once is yes, twice no, three times back, held again; other keys say it at once or mean nothing."""
    assert answer_to(presses) is answer


def test_an_answer_waits_for_a_further_press() -> None:
    """One press is an answer only when no second one can belong to it, and then it is given once."""
    counter = PressCounter()
    assert counter.push(b" ", 1.0) is None
    assert counter.tick(1.0 + MORE_SECONDS - 0.01) is None
    assert counter.due_at == 1.0 + MORE_SECONDS
    assert counter.tick(1.0 + MORE_SECONDS) is Answer.YES
    assert counter.tick(9.0) is None

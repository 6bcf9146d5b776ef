"""Tests the guesses of the next tokens."""

from vision.engine.generation.drafting import Drafter


def test_what_followed_in_the_question_is_guessed() -> None:
    """Two tokens have to agree, and no more is guessed than was asked for or than there is."""
    drafter = Drafter([5, 6, 7, 8, 9, 5, 6, 1])
    assert drafter.draft([3, 5, 6], 3) == [7, 8, 9]  # the first place of several
    assert drafter.draft([8, 9], 9) == [5, 6, 1]
    assert drafter.draft([6, 1], 3) == []  # nothing follows
    assert drafter.draft([6], 3) == []
    assert drafter.draft([], 3) == []
    assert drafter.draft([6, 8], 3) == []
    assert drafter.draft([5, 6], 0) == []


def test_a_short_question_gives_no_guess() -> None:
    """There is nothing to look up."""
    assert Drafter([]).draft([1, 2], 3) == Drafter([1, 2]).draft([1, 2], 3) == []

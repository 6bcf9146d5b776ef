"""Freely worded answers are judged by what they claim, however they say it."""

from __future__ import annotations

import random

import pytest

from assistant.check.matcher import Colour, Count, Mark, Place, Presence, Shapes, Text, Truth, mark

RED_CIRCLE = Shapes(frozenset({("red", "circle")}))
TWO = Shapes(frozenset({("red", "circle"), ("blue", "star")}))


def each(truth: Truth, answers: str) -> list[tuple[Truth, str]]:
    return [(truth, line.strip()) for line in answers.strip().splitlines()]


RIGHT = [
    *each(
        RED_CIRCLE,
        """There's a red circle in the middle.
        I see one: a circle, coloured red
        A red circle.
        The image shows a single red circle on a white background.
        There is a circle. It is in the middle and the circle is red.
        One red-colored circle is visible.
        I can see a circle that is red, on a plain blue background.
        A solid red disc on a green surface.
        It's a large, bright red circle.
        The picture contains a crimson circle.""",
    ),
    *each(
        TWO,
        """I see a red circle and a blue star.
        There are two shapes: a blue star at the top and a red circle at the bottom left.
        A circle, coloured red, and a star in blue.
        The circle is red, and the star is dark blue.
        Two shapes—a red circle and a blue star—stand side by side on a pale background.
        There's a small red circle, and to the right of it there's a navy blue star.""",
    ),
    *each(
        Colour("circle", "red"),
        """The circle is red.
        Red.
        red
        It's red.
        It is a bright red.
        The circle is red and stands on a green background.
        The color of the circle is red.
        The circle in the picture is colored red.
        It is not blue but red.
        The circle's color is scarlet.
        The red circle is next to a blue square.
        Its colour is red, on a white background.""",
    ),
    *each(
        Colour("background", "white"),
        """The background is white.
        White.
        It is white.
        The picture has a plain white background.
        A white background, with a red circle on it.
        The background of the picture appears white.""",
    ),
    *each(
        Place(0, 0),
        """The star is at the top left.
        It's in the upper left corner.
        In the top-left corner of the picture.
        Top left.
        The star is in the upper-left part of the image.
        At the top, on the left side.""",
    ),
    *each(
        Place(1, 1),
        """In the middle.
        It is right in the center.
        The circle is in the centre of the image.
        It's located at the center.""",
    ),
    *each(
        Place(1, 2),
        """On the right.
        It is on the right side of the picture.
        The circle is to the right.
        In the middle right.
        It is at the center right of the image, to the right of the square.""",
    ),
    *each(
        Place(2, 1),
        """At the bottom.
        In the lower part, in the middle.
        The cross is at the bottom center of the picture, below the red circle.
        It's at the bottom of the image.""",
    ),
    *each(
        Count("circle", 2),
        """There are two circles.
        Two.
        2
        I see 2 circles.
        There are two red circles.
        I can see two circles: one is red and one is blue.
        There is one red circle and one blue circle.
        A pair of circles.
        The picture has two circles and a square.""",
    ),
    *each(
        Count("circle", 0),
        """There are no circles.
        None.
        Zero.
        I don't see any circles.
        There aren't any circles in the picture.
        There are no circles, but there is a square.
        No circles are visible.""",
    ),
    *each(
        Count("circle", 1),
        """There is one circle.
        I see one: a circle, coloured red
        There is a single circle.
        One.
        There's a circle.
        Just one red circle.
        I can see 1 circle in the picture.""",
    ),
    *each(
        Count("shape", 3),
        """There are three shapes.
        I see three shapes: a red circle, a blue star and a green cross.
        Three.
        There is a red circle, a blue star and a green cross.
        There are 3 objects in the image.""",
    ),
    *each(
        Presence(True),
        """Yes.
        Yes, there is a circle.
        There is a red circle in the picture.
        I can see one.
        Yes, I see a circle at the top.
        Yes, it isn't large, but there is one.
        The image contains a red circle.""",
    ),
    *each(
        Presence(False),
        """No.
        No, there is no circle.
        There isn't a circle.
        I don't see a circle.
        I do not see a person.
        There is no person in this picture.
        No, but there is a square.
        I can't see any person here.
        The picture shows a plain wall, without any people.
        Nobody is visible.""",
    ),
    *each(
        Text("OPEN"),
        """It says OPEN.
        The sign says "OPEN".
        OPEN
        Open.
        The word on the sign is 'OPEN'.
        The text reads “OPEN” in large letters.
        It says "Open."
        There's a sign that says **OPEN**.
        The sign reads open.""",
    ),
    *each(
        Text("4071"),
        """It says 4071.
        The number is 4071.
        4071
        "4071"
        The digits are 4 0 7 1.
        four zero seven one
        The number four oh seven one is written there.
        It reads '4071' in black.""",
    ),
    *each(
        Text(""),
        """I do not see any text.
        There is no text in the picture.
        There's no writing.
        No text is visible.
        I don't see a sign.
        Nothing is written there.
        The picture does not contain any readable text.
        There is no visible text or writing in this image.
        I can't see any words.
        It doesn't say anything.
        The wall is blank.
        NO TEXT
        There are no warning signs or other markings visible in the image.""",
    ),
]  # fmt: skip

WRONG = [
    *each(RED_CIRCLE, "A blue circle.\nA red square.\nA red circle and a blue star.\nThere is a circle."),
    *each(
        Colour("circle", "red"),
        """The circle is blue.
        Blue.
        It is reddish orange.
        The circle is red and blue.
        There is a red square.
        It's not red but blue.
        It is on a red background.""",
    ),
    *each(
        Place(0, 0),
        """At the bottom left.
        In the middle.
        At the top right.
        It is at the top left of the square.
        It is right at the top.""",
    ),
    *each(Count("circle", 2), "There are three circles.\nOne.\nThere is a circle.\nThere are no circles.\nI see two squares and a circle."),
    *each(Count("circle", 0), "There is one circle.\nTwo."),
    *each(Presence(True), "No.\nI don't see one.\nThere is no circle."),
    *each(Presence(False), "Yes.\nThere is a person standing on the left.\nI can see a man."),
    *each(
        Text("OPEN"),
        """It says CLOSED.
        There is no text.
        It says OPEN 24 HOURS.
        The sign reads "OPEN" and "EXIT".
        It says closed.
        I do not see a sign, so it is not open.""",
    ),
    *each(Text("4071"), "It says 407.\nThe number is 40711.\n4 0 1 7\nfour zero seven"),
    *each(Text(""), 'It says "EXIT".\nThe sign says STOP.\nThere is the number 42.\nThe text reads "No smoking".'),
]  # fmt: skip

DECLINED = [
    *each(
        Colour("circle", "red"),
        """I cannot tell.
        I can't really tell from this picture.
        I'm not sure.
        The image is too dark.
        It is hard to say, the picture is blurry.
        I only know drawn shapes.
        I am a small demo model and do not know that.
        I am not certain, but it may be blue.""",
    ),
    *each(Text("4071"), "The number is illegible.\nI can't read it.\nIt is too small.\nThe text is not readable."),
    *each(Count("circle", 2), "There are several circles.\nIt is difficult to say how many there are."),
    *each(Presence(True), "I am unable to determine that.\nIt is unclear."),
    (Place(0, 0), ""),
]  # fmt: skip


@pytest.mark.parametrize(("truth", "answer"), RIGHT)
def test_what_is_true_in_any_words_is_right(truth: Truth, answer: str) -> None:
    """Other words, other order, marks and asides change nothing."""
    assert mark(answer, truth) is Mark.RIGHT


@pytest.mark.parametrize(("truth", "answer"), WRONG)
def test_one_false_claim_is_wrong(truth: Truth, answer: str) -> None:
    """A false claim beside a true one is wrong as well."""
    assert mark(answer, truth) is Mark.WRONG


@pytest.mark.parametrize(("truth", "answer"), DECLINED)
def test_no_claim_is_no_error(truth: Truth, answer: str) -> None:
    """Who says that it cannot be told has told nothing false."""
    assert mark(answer, truth) is Mark.DECLINED


def test_the_demo_models_own_wording_is_understood() -> None:
    """All right answers of the drawn world are right, and no answer to another scene is."""
    from assistant.check.tasks import task_about
    from vision.demo_model.rendering.scene import random_scene

    dice = random.Random(5)
    right = other = others_right = 0
    for _ in range(400):
        scene, another = random_scene(dice), random_scene(dice)
        asked = task_about(scene, dice)
        assert mark(asked.demo_answer, asked.truth) is Mark.RIGHT, (asked.question, asked.demo_answer, asked.truth)
        right += 1
        elsewhere = task_about(another, dice, kind=asked.kind)
        if _differ(elsewhere.truth, asked.truth):
            other += 1
            others_right += mark(elsewhere.demo_answer, asked.truth) is Mark.RIGHT
    assert right == 400
    assert other > 100
    assert others_right == 0


def _differ(one: Truth, other: Truth) -> bool:
    """Whether two truths of one kind differ in what an answer tells. Of a number it is the number alone."""
    if isinstance(one, Count) and isinstance(other, Count):
        return one.is_ != other.is_
    return type(one) is type(other) and one != other

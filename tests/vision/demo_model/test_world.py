"""The demo model's world: the same seed gives the same picture, and labels and answers say what the scene holds."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest

from vision.demo_model import drawing, labels
from vision.demo_model.conversations import conversation, follow_up
from vision.demo_model.questions import color_answer, count_answer, description, position_answer
from vision.demo_model.world import (
    COLORS,
    KINDS,
    UNKNOWN,
    WORDS,
    QuestionAnswer,
    Scene,
    Shape,
    Sign,
    draw,
    questions,
    random_scene,
)

SHOP = Scene("white", (Shape("circle", "red", 0, 0), Shape("star", "blue", 1, 2)), Sign("OPEN", row=2), seed=5)


def test_the_same_seed_draws_the_same_picture_and_asks_the_same_questions() -> None:
    """Two generators with one seed give equal scenes, equal pixels and equal questions."""
    first, second = random.Random(11), random.Random(11)
    for _ in range(5):
        one, other = random_scene(first), random_scene(second)
        assert one == other
        assert np.array_equal(np.asarray(draw(one)), np.asarray(draw(other)))
        assert questions(one, first) == questions(other, second)


def test_a_picture_is_448_pixels_square() -> None:
    """Every picture is RGB and of the engine's fixed size, so that nothing resizes it."""
    picture = draw(SHOP)
    assert (picture.size, picture.mode) == ((448, 448), "RGB")


def test_scenes_stay_inside_the_world() -> None:
    """No shape has the background's colour, shares a cell with another or lies in the sign's row.

    Signs hold known words or short numbers.
    """
    rng = random.Random(3)
    for _ in range(300):
        scene = random_scene(rng)
        cells = [(shape.row, shape.column) for shape in scene.shapes]
        assert len(set(cells)) == len(cells) <= 4
        assert cells == sorted(cells)
        assert scene.background not in {shape.color for shape in scene.shapes}
        if scene.sign is not None:
            assert scene.sign.row not in {row for row, _ in cells}
            assert scene.sign.text in WORDS or (scene.sign.is_number and 1 <= len(scene.sign.text) <= 4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("color", COLORS)
def test_a_shape_is_drawn_in_its_colour_at_its_place(kind: str, color: str) -> None:
    """The pixel at the shape's middle is nearest to the named colour of the palette."""
    background = "white" if color != "white" else "blue"
    scene = Scene(background, (Shape(kind, color, row=2, column=1),), seed=8)
    shape = drawing.place(scene).shapes[0]
    pixel = np.asarray(draw(scene), dtype=int)[shape.y_px, shape.x_px]
    distance = {name: np.abs(pixel - np.array(rgb)).sum() for name, rgb in drawing.PALETTE.items()}
    assert min(distance, key=lambda name: distance[name]) == color


def test_token_labels_agree_with_the_scene() -> None:
    """The token under a shape's middle names its kind and colour, and the sign's tokens spell the sign."""
    rng = random.Random(21)
    for _ in range(50):
        scene = random_scene(rng)
        tokens = labels.token_labels(drawing.place(scene)).reshape(labels.SIDE, labels.SIDE, -1)
        assert (tokens[:, :, 0] == COLORS.index(scene.background)).all()
        assert np.count_nonzero(tokens[:, :, 2]) == len(scene.shapes)
        for shape in scene.shapes:
            here = tokens[2 * shape.row + 1, 2 * shape.column + 1]
            assert (KINDS[here[2] - 1], COLORS[here[3] - 1]) == (shape.kind, shape.color)
        if scene.sign is not None:
            assert _spelt(tokens[2 * scene.sign.row + 1]) == scene.sign.text


def _spelt(row: np.ndarray) -> str:
    """The characters of a row of tokens, in the order that their labels give."""
    samples = len(labels.SAMPLES_PX)
    characters, order = row[:, 6 : 6 + samples].ravel(), row[:, 6 + samples : 6 + 2 * samples].ravel()
    found = {
        int(place): labels.CHARACTERS[int(code) - 1] for code, place in zip(characters, order, strict=True) if code
    }
    return "".join(found[place] for place in sorted(found))


def test_answers_are_canonical() -> None:
    """Each sort of question has one right answer, word for word."""
    assert color_answer(SHOP, "circle") == "The circle is red."
    assert color_answer(SHOP, "cross") == "I do not see a cross."
    assert position_answer(SHOP, "star") == "The star is on the right."
    assert count_answer(SHOP, None) == "There are two shapes."
    assert count_answer(SHOP, "circle") == "There is one circle."
    assert count_answer(SHOP, "cross") == "There are no crosses."
    assert description(SHOP) == "I see a red circle and a blue star on a white background, and the word OPEN."
    assert description(Scene("orange")) == "I see an orange background."


def test_questions_cover_every_sort_and_their_answers_hold() -> None:
    """A scene is asked one question of each sort, and a question outside the world gets the one honest sentence."""
    pairs = questions(SHOP, random.Random(1))
    assert len(pairs) == 10
    answers = {pair.kind: pair.answer for pair in pairs}
    assert answers["background"] == "The background is white."
    assert answers["word"] == "It says OPEN."
    assert answers["unknown"] == UNKNOWN


def test_a_follow_up_means_the_shape_asked_about_before() -> None:
    """After a question about the star, "it" is the star; "and the circle" asks the same of the circle."""
    before = QuestionAnswer("color", "what color is the star", "The star is blue.", about="star")
    answers = {follow_up(SHOP, random.Random(seed), before).answer for seed in range(60)}  # type: ignore[union-attr]
    assert {"The star is blue.", "The star is on the right.", "The circle is red.", "I do not see a square."} <= answers
    assert follow_up(SHOP, random.Random(0), QuestionAnswer("light", "is it dark", "It is bright.")) is None


def test_questions_come_as_heard_and_as_typed() -> None:
    """Many are in lower case without marks, as Vosk gives them, and many have a capital and a question mark."""
    rng = random.Random(9)
    asked = [conversation(random_scene(rng), rng)[0].question for _ in range(400)]
    assert sum(question == question.lower() and question[-1].isalpha() for question in asked) > 100
    assert sum(question[0].isupper() and question.endswith("?") for question in asked) > 50


def test_the_world_needs_neither_torch_nor_transformers() -> None:
    """The demo draws at run time, so importing the world loads nothing heavy."""
    code = (
        "import sys, vision.demo_model.world; print(sorted({'torch', 'transformers', 'tokenizers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

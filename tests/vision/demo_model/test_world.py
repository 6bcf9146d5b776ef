"""The demo model's world: the same seed gives the same picture, and labels and answers say what the scene holds."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest

from vision.demo_model.asking.conversations import conversation, follow_up
from vision.demo_model.asking.questions import NOT_DRAWN, color_answer, count_answer, description, position_answer
from vision.demo_model.rendering import drawing
from vision.demo_model.rendering.elsewhere import elsewhere
from vision.demo_model.rendering.free import free_drawing, region
from vision.demo_model.training import labels
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


def test_the_same_seed_makes_the_same_free_drawing() -> None:
    """Two generators with one seed give equal free drawings, and equal pictures that are none of the world."""
    for make in (free_drawing, elsewhere):
        first, second = random.Random(17), random.Random(17)
        for _ in range(6):
            one, other = make(first), make(second)
            assert one.scene == other.scene
            assert one.picture.shape == (448, 448, 3)
            assert np.array_equal(one.picture, other.picture)


def test_free_shapes_stay_inside_and_apart() -> None:
    """No free shape leaves the picture, covers another, or shares its colour and kind with another."""
    rng = random.Random(31)
    for _ in range(80):
        drawn = free_drawing(rng)
        shapes = drawn.layout.shapes
        assert len({(shape.color, shape.kind) for shape in shapes}) == len(shapes) <= 4
        assert drawn.scene.background not in {shape.color for shape in shapes}
        for number, one in enumerate(shapes):
            assert 0 < one.x_px < 448
            assert 0 < one.y_px < 448
            for other in shapes[:number]:
                apart = np.hypot(one.x_px - other.x_px, one.y_px - other.y_px)
                assert apart > one.radius_px + other.radius_px


def test_labels_of_a_free_drawing_agree_with_its_scene() -> None:
    """The token in which the middle of a free shape lies names its kind and colour."""
    rng = random.Random(32)
    for _ in range(30):
        drawn = free_drawing(rng)
        tokens = labels.token_labels(drawn.layout).reshape(labels.SIDE, labels.SIDE, -1)
        for placed, shape in zip(drawn.layout.shapes, drawn.scene.shapes, strict=True):
            here = tokens[placed.y_px // 64, placed.x_px // 64]
            assert (KINDS[here[2] - 1], COLORS[here[3] - 1]) == (placed.kind, placed.color) == (shape.kind, shape.color)


def test_the_nine_regions_are_thirds_of_the_picture() -> None:
    """A point belongs to the third in which it lies. Near a border it belongs to none."""
    assert region(0.1, 0.5) == (1, 0)
    assert region(0.99, 0.01) == (0, 2)
    assert region(0.34, 0.5) is None
    assert region(0.5, 0.65) is None


def test_every_question_about_a_picture_of_something_else_has_one_answer() -> None:
    """Of a picture that is none of the world it is said that only drawn shapes are known; the rest is not known."""
    rng = random.Random(33)
    scene = elsewhere(rng).scene
    turns = [turn for _ in range(40) for turn in conversation(scene, rng)] + questions(scene, rng)
    assert {turn.answer for turn in turns} == {NOT_DRAWN, UNKNOWN}
    assert {turn.kind for turn in turns} == {"not_drawn", "unknown"}


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

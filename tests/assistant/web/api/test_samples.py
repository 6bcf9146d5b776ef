"""The sample pictures of the page: drawn by the demo model's drawing code, and answered rightly by the demo model."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from assistant.web.page import STATIC, words
from tests.assistant.web.api.serving import Running, events_of, send, send_form
from vision.demo_model.asking.questions import color_answer, position_answer, reading_answer
from vision.demo_model.world import Scene, Shape, Sign, draw

SHAPES = Scene("white", (Shape("circle", "red", row=0, column=0), Shape("square", "blue", row=2, column=2)))
SIGN = Scene("white", (Shape("triangle", "green", row=0, column=1),), Sign("OPEN", row=2))
STARS = Scene(
    "blue",
    (Shape("star", "yellow", row=0, column=0), Shape("star", "white", row=1, column=1), Shape("star", "orange", row=2, column=2)),
)  # fmt: skip
SCENES = {"shapes": SHAPES, "sign": SIGN, "stars": STARS}
ANSWERS = {
    "What color is the circle?": color_answer(SHAPES, "circle"),
    "Where is the square?": position_answer(SHAPES, "square"),
    "What does it say?": reading_answer(SIGN),
    "What color is the triangle?": color_answer(SIGN, "triangle"),
    "How many stars are there?": "There are three stars.",
    "What color is the background?": "The background is blue.",
}


@pytest.mark.parametrize("name", SCENES)
def test_the_demo_model_answers_every_question_about_a_sample_rightly(web: Running, name: str) -> None:
    """The picture is the one that the page shows, and the questions are those of its buttons."""
    picture = send(web.port, "GET", f"/static/samples/{name}.jpg").body
    questions = words("en")["samples"]["questions"][name]
    assert len(questions) >= 2
    for question in questions:
        reply = send_form(web.port, "/api/ask", {"question": question, "image": ("image/jpeg", picture)})
        assert events_of(reply.body)[-1][1]["answer"] == ANSWERS[question]


def test_the_samples_are_drawn_by_the_drawing_code() -> None:
    """Each file is what the code draws, but for what another version of Pillow may draw otherwise; there is no other."""
    assert {path.stem for path in (STATIC / "samples").iterdir()} == SCENES.keys()
    for name, scene in SCENES.items():
        kept = Image.open(io.BytesIO((STATIC / "samples" / f"{name}.jpg").read_bytes())).convert("RGB")
        difference = np.abs(np.asarray(kept, float) - np.asarray(draw(scene).convert("RGB"), float))
        assert difference.mean() < 5.0, name  # of 255: JPEG smooths the noise; another sample has 20

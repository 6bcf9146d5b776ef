"""The demo model's whole world in one place: scenes, their pictures, and questions with their right answers.

    scene = Scene("white", (Shape("circle", "red", row=0, column=2),), Sign("OPEN", row=2))
    picture = draw(scene)                              # PIL, 448 x 448, sign in Pillow's own face
    pairs = questions(scene, random.Random(7))         # [QuestionAnswer(kind, question, answer), ...]

It imports only numpy and Pillow, and does not know the model.
"""

from __future__ import annotations

from vision.demo_model.asking.conversations import conversations
from vision.demo_model.asking.questions import UNKNOWN, Conversation, QuestionAnswer, questions
from vision.demo_model.rendering.drawing import SIZE_PX, draw
from vision.demo_model.rendering.scene import COLORS, KINDS, PLACES, WORDS, Scene, Shape, Sign, random_scene

__all__ = [
    "COLORS",
    "KINDS",
    "PLACES",
    "SIZE_PX",
    "UNKNOWN",
    "WORDS",
    "Conversation",
    "QuestionAnswer",
    "Scene",
    "Shape",
    "Sign",
    "conversations",
    "draw",
    "questions",
    "random_scene",
]

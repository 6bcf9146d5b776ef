"""Whether a picture shows what a sentence of an answer is about, as far as pixels and words tell that.

A model is sure that "there is no person" in a dark picture, and its probabilities do not tell that it could not have
seen one. So a sentence about a picture that shows nothing is never said surely, whatever the model's probabilities are.
This file judges a picture by `vision.framing` and a sentence by the language's words. It does not know what doubt
sounds like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.language.phrases import Phrases
from assistant.language.writing_questions import has_one_of
from vision.framing import SHOWS_NOTHING, Fault

if TYPE_CHECKING:
    from vision.frame import Frame
    from vision.framing import Framing

SMALLEST_PX = 64  # a picture with a shorter side is too small to be judged


def framing_of(frame: Frame | None) -> Framing | None:
    """Judges the picture of an answer, within some 8 ms. None without a picture, or if it is too small."""
    from vision.framing import judge

    return None if frame is None or min(frame.rgb.shape[:2]) < SMALLEST_PX else judge(frame)


def is_hidden(sentence: str, framing: Framing | None, phrases: Phrases, *, doubts_veiled: bool = False) -> bool:
    """Whether a sentence is about something that the picture cannot show.

    On an even surface only denials are: what is there has a color. What the model says about itself is about no
    picture. `doubts_veiled`: a glare over much of the picture counts as well.
    """
    if framing is None or has_one_of(phrases.doubt.about_itself, sentence, phrases):
        return False
    if framing.fault is Fault.BLANK:
        return has_one_of(phrases.writing.denies, sentence, phrases)
    return framing.fault in SHOWS_NOTHING or (doubts_veiled and framing.is_veiled)

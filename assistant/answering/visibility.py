"""Whether a picture shows what a sentence of an answer is about, as far as pixels and words tell that.

A model is sure that "there is no person" in a dark picture, and its probabilities do not tell that it could not have
seen one. So a sentence about a picture that shows nothing is never said surely, whatever the model's probabilities are.
This file judges a picture by `vision.framing` and a sentence by the language's words. It does not know what doubt
sounds like, nor who is told first what is wrong with such a picture, in place of an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.answering.judging.doubt import Verdict
from assistant.language.phrases import Phrases
from assistant.language.sentences import split_sentences
from assistant.language.writing_questions import has_one_of
from vision.framing import DARK_LEVEL, SHOWS_NOTHING, Fault

if TYPE_CHECKING:
    from assistant.answering.turn import Turn
    from vision.frame import Frame
    from vision.framing import Framing

SMALLEST_PX = 64  # a picture with a shorter side is too small to be judged
# Edges that are wider, in pixels of the model's 448, blur shapes into one another. Chosen, as the next two, on the
# calibration scenes of `assistant.bench.accuracy.doubt_rates`.
STRONG_BLUR_PX = 4.0
# A dark and even picture that changes more, in levels a pixel, is no covered lens: that reaches 0.25.
SHADOW_LEVEL = 1.0
# A picture is looked at twice if its brightest hundredth is darker than this.
DIM_LEVEL = 60.0
# Stretched levels bring nothing back here. An even surface is no such picture, nor one that is dark and not covered.
_NOTHING_LEFT = SHOWS_NOTHING - {Fault.BLANK, Fault.TOO_DARK}


def framing_of(frame: Frame | None) -> Framing | None:
    """Judges the picture of an answer, within some 8 ms. None without a picture, or if it is too small."""
    from vision.framing import judge

    return None if frame is None or min(frame.rgb.shape[:2]) < SMALLEST_PX else judge(frame)


def fault_of_nothing(frame: Frame | None) -> Fault | None:
    """The fault with which a picture shows nothing to ask a model about. None if it shows something."""
    framing = framing_of(frame)
    return framing.fault if framing is not None and framing.fault in SHOWS_NOTHING else None


def told_instead(turn: Turn, fault: Fault, phrases: Phrases) -> list[str]:
    """What is wrong with the picture, in place of an answer: the turn has it as its answer, by no model.

    Returns the sentences.
    """
    advice = phrases.framing[fault.value].advice
    turn.told = split_sentences(advice, phrases.abbreviations)
    turn.answer, turn.verdict, turn.by_model = advice, Verdict.CANNOT_TELL, False
    return list(turn.told)


def deserves_second_look(framing: Framing | None) -> bool:
    """Whether the picture is so dim, or so veiled by a glare, that a look at its stretched levels may tell something else.

    Not where nothing can be seen at all: what is said about such a picture is doubted without a look.
    """
    if framing is None or _is_lost(framing):
        return False
    return framing.bright_level < DIM_LEVEL or framing.is_veiled


def _is_lost(framing: Framing) -> bool:
    """Whether stretched levels bring nothing back."""
    has_shadows = framing.bright_level < DARK_LEVEL and framing.structure.strongest_level > SHADOW_LEVEL
    return framing.fault in _NOTHING_LEFT and not (framing.fault is Fault.COVERED and has_shadows)


def is_strongly_blurred(framing: Framing | None) -> bool:
    """Whether shapes run into one another, so that even what the model is rather sure of is often wrong."""
    if framing is None or framing.fault is not Fault.BLURRED:
        return False
    return framing.blur_px is not None and framing.blur_px > STRONG_BLUR_PX


def is_about_itself(sentence: str, phrases: Phrases) -> bool:
    """Whether the model speaks of itself ("I do not know that"), and so of no picture."""
    return has_one_of(phrases.doubt.about_itself, sentence, phrases)


def is_hidden(
    sentence: str,
    framing: Framing | None,
    phrases: Phrases,
    *,
    doubts_veiled: bool = False,
    agrees: bool | None = None,
) -> bool:
    """Whether a sentence is about something that the picture cannot show.

    On an even surface only denials are: what is there has a color. What the model says about itself is about no
    picture. `doubts_veiled`: a glare over much of the picture counts as well. `agrees`: whether a second look at the
    stretched levels gave the same answer; None if there was none. Where two looks agree, the dark and a glare hide
    nothing.
    """
    if framing is None or is_about_itself(sentence, phrases):
        return False
    if agrees is False:
        return True
    if framing.fault is Fault.BLANK:
        return has_one_of(phrases.writing.denies, sentence, phrases)
    if _is_lost(framing):
        return True
    return agrees is None and (framing.fault in SHOWS_NOTHING or (doubts_veiled and framing.is_veiled))

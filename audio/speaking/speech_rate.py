"""From the rate that a user wants, in real words a minute, to the settings of espeak-ng or Piper that give it.

espeak-ng's own number is not what is heard: at "175" its English says 231 words a minute. It takes 80 at least, where
English still has 114, and goes to 450 by itself. Above that it uses the library sonic, which shortens the sound. The
tables below were measured with espeak-ng 1.51 by `python -m assistant.bench.accuracy.voice_rates --settings`: the
words of a text of 21 sentences, divided by the time that they and the pauses between them take. A Mandarin word counts
as 1.5 characters.

Piper takes a scale for the lengths of its sounds, but no sound becomes shorter than 12 ms, so that half the scale is
not twice the rate. Its table was measured in the same way with the voice en_US-joe-medium. Above 360 words a minute
Piper drops sounds, so from there on its speech is shortened afterwards.

This module does not know the engine, and how a voice differs from others of its kind.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

MIN_RATE_WPM, MAX_RATE_WPM = 80, 900
CHARACTERS_PER_WORD = 1.5  # Mandarin: about as many syllables as an English word has

_LOWEST_SETTING = 80  # espeak-ng takes no lower one; slower speech comes from longer gaps between words
# (real words a minute, setting)
_Curve = tuple[tuple[float, float], ...]
_ENGLISH: _Curve = (
    (114, 80), (135, 100), (160, 120), (187, 140), (211, 160), (231, 175), (261, 200), (297, 230), (335, 265),
    (384, 305), (438, 350), (497, 400), (549, 449), (555, 450), (617, 500), (743, 600), (865, 700), (991, 800),
)  # fmt: skip
_MANDARIN: _Curve = (
    (67, 80), (80, 100), (97, 120), (116, 140), (134, 160), (148, 175), (173, 200), (202, 230), (238, 265),
    (283, 305), (320, 350), (370, 400), (377, 450), (419, 500), (503, 600), (587, 700), (673, 800), (758, 900),
    (843, 1000), (1003, 1200),
)  # fmt: skip
# English below the lowest setting: (real words a minute, gap between words in units of about 10 ms at the normal rate)
_ENGLISH_GAPS: _Curve = ((77, 8), (83, 6), (89, 4), (97, 2), (114, 0))
# Mandarin is faster just below 450, where sonic is not used yet, than at 450. These settings would not be monotonic.
_MANDARIN_UNUSED = range(401, 450)
# Piper's voice "joe": (real words a minute, length scale)
_PIPER: _Curve = (
    (72, 4.0), (94, 3.0), (134, 2.0), (170, 1.5), (207, 1.2), (230, 1.0), (261, 0.8), (295, 0.7), (333, 0.6), (361, 0.5),
)  # fmt: skip


@dataclass(frozen=True)
class EngineRate:
    """What espeak-ng is to be set to."""

    setting: int  # espeakRATE
    word_gap: int  # espeakWORDGAP


def engine_rate(rate_wpm: int, *, mandarin: bool = False) -> EngineRate:
    """The settings for `rate_wpm` real words a minute, which is held within 80..900.

    Languages other than Mandarin take the English table, since espeak-ng changes all of them alike.
    """
    wanted = min(MAX_RATE_WPM, max(MIN_RATE_WPM, rate_wpm))
    if mandarin:
        setting = round(_interpolated(_MANDARIN, wanted))
        return EngineRate(450 if setting in _MANDARIN_UNUSED else setting, word_gap=0)
    if wanted < _ENGLISH[0][0]:
        return EngineRate(_LOWEST_SETTING, word_gap=round(_interpolated(_ENGLISH_GAPS, wanted)))
    return EngineRate(round(_interpolated(_ENGLISH, wanted)), word_gap=0)


@dataclass(frozen=True)
class PiperRate:
    """What Piper is to be set to."""

    length_scale: float  # of its sounds; 1 is the voice's own pace
    shortening: float  # how often its speech fits into the time that it is to take; 1 or more


def piper_rate(rate_wpm: int, pace: float = 1.0) -> PiperRate:
    """The settings for `rate_wpm` real words a minute, which is held within 80..900.

    `pace` is how fast the voice is by itself, compared with the voice "joe".
    """
    wanted = min(MAX_RATE_WPM, max(MIN_RATE_WPM, rate_wpm)) / pace
    return PiperRate(_interpolated(_PIPER, wanted), max(1.0, wanted / _PIPER[-1][0]))


def pause_seconds(rate_wpm: int) -> float:
    """The silence after a sentence. It is 0.12 s, and at high rates it shortens as the words do."""
    return 0.12 * min(1.0, 250.0 / max(1, rate_wpm))


def spoken_seconds(text: str, rate_wpm: int) -> float:
    """About how long a sentence takes at `rate_wpm` real words a minute, with the pause behind it.

    It counts letters and digits, since words differ more. Measured with espeak-ng at 120, 230 and 400 words a minute,
    ten English sentences together took 5 % more to 4 % less than this, five Mandarin ones 2 to 7 % less. A sentence of
    one word is off by a third.
    """
    letters = sum(sign.isalpha() and not _is_chinese(sign) for sign in text)
    characters = sum(map(_is_chinese, text))
    digits = sum(map(str.isdigit, text)) * (1 / CHARACTERS_PER_WORD if characters else 1.35)
    words = letters / 4.5 + characters / CHARACTERS_PER_WORD + digits + 1.5 * len(_CLAUSE_END.findall(text))
    return 60.0 * words / max(1, rate_wpm) + 2 * pause_seconds(rate_wpm)


_CLAUSE_END = re.compile(r"[,;:](?=\s)|\n")  # the voice pauses there; the pauses of Mandarin are in its rate


def _is_chinese(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff"


def _interpolated(curve: _Curve, wanted: float) -> float:
    """The setting for `wanted` words a minute, between the measured points around it."""
    for (below, low), (above, high) in itertools.pairwise(curve):
        if below <= wanted <= above:
            return low + (high - low) * (wanted - below) / (above - below)
    return curve[0][1] if wanted < curve[0][0] else curve[-1][1]

"""Writes a sentence as it is to be spoken: units, dates, codes, prices and the like, one file a language.

Only what the voice would say wrongly or unclearly is rewritten. What can mean two things ("1/2", "5 in", "5m") stays as
it is. What is printed never comes from here. It does not know voices, beyond their names.
"""

from __future__ import annotations

from assistant.language.speakable import chinese, english

_LONGEST_SENTENCE = 500  # characters; the sentences of answers have 240 at most


def to_spoken(sentence: str, voice: str) -> str:
    """The sentence for an English or a Mandarin voice; for a voice of another language it is left as it is.

    `voice` is espeak-ng's name or identifier, such as "en-gb", "gmw/en-us+f3" or "cmn"; "" is English, as for
    `audio.speaking.synthesizer`. A text of more than 500 characters is left as it is, so that no pattern takes long on text that
    was made for that.
    """
    if len(sentence) > _LONGEST_SENTENCE:
        return sentence
    name = voice.strip().lower().rpartition("/")[2] or "en"
    if name.startswith("en"):
        return english.to_spoken(sentence)
    if name.startswith("cmn"):
        return chinese.to_spoken(sentence)
    return sentence

"""Draws the sentences to train and test on, from the templates in `phrases`.

It knows text only, no sound and no phones. A hash of its words decides whether a sentence is held out, so that every
script on every machine agrees without a list. Neither the acoustic model nor the language model is ever trained on a
held-out sentence.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator

from audio.demo_model.words import phrases

_SLOT = re.compile(r"\{(?:(a):)?(\w+)\}")
_OTHER_SPELLING = re.compile(r"\b(?:" + "|".join(phrases.SPELLINGS) + r")\b")


def alternatives(text: str) -> list[str]:
    """The parts of a text that are separated by bars (|)."""
    return [part.strip() for part in text.replace("\n", " ").split("|")]


def spelled(text: str) -> str:
    """The text with one spelling for words that sound alike and mean the same: "okay" also for "ok"."""
    return _OTHER_SPELLING.sub(lambda match: phrases.SPELLINGS[match.group()], text)


SLOTS: dict[str, list[str]] = {name: alternatives(text) for name, text in phrases.SLOTS.items()}
_ALL_FIXED: list[str] = alternatives(phrases.COMMANDS) + alternatives(phrases.QUESTIONS)
FIXED: list[str] = [spelled(text) for text in _ALL_FIXED]
NATURAL: list[str] = [spelled(text) for text in alternatives(phrases.NATURAL)]
NATURAL_BLIND: list[str] = [spelled(text) for text in alternatives(phrases.NATURAL_BLIND)]
_FIXED_SET = frozenset(FIXED)
_NATURAL_SET = frozenset(NATURAL + NATURAL_BLIND)
SAID: list[str] = [spelled(text) for text in phrases.said()]
# Words that one may say instead of each other, by word: every slot of things that holds the word.
_ALIKE: dict[str, list[list[str]]] = {}
for _slot in phrases.ALIKE:
    for _word in set(SLOTS[_slot]) - phrases.OFTEN_ELSE:
        _ALIKE.setdefault(_word, []).append(SLOTS[_slot])
_TEMPLATES = [template for _, template in phrases.TEMPLATES]
_WEIGHTS = [weight for weight, _ in phrases.TEMPLATES]


def with_article(noun: str) -> str:
    """The noun with "a" or "an" before it. The first letters decide, which is enough for the words here."""
    sounds_like_vowel = noun.startswith(("a", "e", "i", "o", "um", "un", "hour")) and not noun.startswith(
        ("one", "euro", "uni")
    )
    return ("an " if sounds_like_vowel else "a ") + noun


def fill(template: str, rng: random.Random) -> str:
    """The template with every slot filled at random. The word in a slot may hold slots itself."""

    def draw(match: re.Match[str]) -> str:
        word = fill(rng.choice(SLOTS[match.group(2)]), rng)
        return with_article(word) if match.group(1) else word

    return _SLOT.sub(draw, template)


def opening(before: str, rng: random.Random) -> str:
    """A polite opening that may stand before this sentence."""
    first = before.split()[0]
    if first in ("what", "where", "how", "which", "who", "what's", "where's", "who's"):
        return rng.choice(SLOTS["opening_question"])
    if first in ("find", "count", "read", "describe", "tell", "look", "take", "zoom", "show", "turn", "set", "spell"):
        return rng.choice(SLOTS["opening_request"])
    return rng.choice(SLOTS["opening"])


def templated(rng: random.Random) -> str:
    """One sentence from the templates, sometimes with a polite opening or ending."""
    said = spelled(fill(rng.choices(_TEMPLATES, _WEIGHTS)[0], rng))
    opens = " " in said and not said.startswith(("please", "and ", "can ", "could "))
    if opens and rng.random() < phrases.OPENING_SHARE:
        return opening(said, rng) + " " + said
    if rng.random() < phrases.CLOSING_SHARE and "please" not in said:
        return said + " please"
    return said


def varied(said: str, rng: random.Random) -> str:
    """The sentence about something else: some of its things, colors and people are changed for others of their kind."""
    words = said.split()
    for at, word in enumerate(words):
        if word not in _ALIKE or rng.random() > phrases.CHANGED_SHARE:
            continue
        words[at] = fill(rng.choice(rng.choice(_ALIKE[word])), rng)
        if at and words[at - 1] in ("a", "an"):
            # as many words as before, so that the others keep their places
            words[at - 1 : at + 1] = ["", with_article(words[at])]
    return spelled(" ".join(filter(None, words)))


def planned(rng: random.Random) -> str:
    """A fixed phrase or a filled template."""
    if rng.random() < phrases.FIXED_SHARE / (1 - phrases.SAID_SHARE):
        return rng.choice(FIXED)
    return templated(rng)


def said_alike(rng: random.Random) -> str:
    """A sentence that somebody said, or one like it."""
    return varied(rng.choice(SAID), rng)


def sentence(rng: random.Random) -> str:
    """One sentence as a user may say it, of any kind."""
    return said_alike(rng) if rng.random() < phrases.SAID_SHARE else planned(rng)


def is_held_out(text: str) -> bool:
    """True if this sentence is kept for testing.

    These are one in ten by hash, but never a fixed phrase or a single word, and all of `phrases.natural`.
    """
    if text in _NATURAL_SET:
        return True
    if text in _FIXED_SET or " " not in text:
        return False
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % 10 == 0


def training_sentences(rng: random.Random, draw: Callable[[random.Random], str] = sentence) -> Iterator[str]:
    """An endless stream of sentences, none of them held out: of all kinds, or `planned` or `said_alike` ones only."""
    while True:
        text = draw(rng)
        if not is_held_out(text):
            yield text


def is_for_development(text: str) -> bool:
    """True if a held-out sentence belongs to the development set (one in four), False if it belongs to the test set."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) // 10 % 4 == 0


def held_out_sentences(count: int, rng: random.Random, development: bool = False) -> list[str]:
    """`count` different held-out sentences of the test or the development set, drawn by the templates' weights."""
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        text = templated(rng)
        if is_held_out(text) and is_for_development(text) == development:
            chosen[text] = None
    return list(chosen)


def vocabulary() -> list[str]:
    """All words that the model knows, sorted."""
    texts = [*_ALL_FIXED, *phrases.said(), *_TEMPLATES, *(word for words in SLOTS.values() for word in words)]
    return sorted({word for text in texts for word in _SLOT.sub(" ", text).split()} | {"a", "an"})


if __name__ == "__main__":
    words = vocabulary()
    drawn = {sentence(random.Random(seed)) for seed in range(50_000)}
    print(f"{len(words)} words, {len(drawn)} different sentences among 50,000 drawn")
    print(" ".join(words))
    print("\n".join(held_out_sentences(40, random.Random(1))))

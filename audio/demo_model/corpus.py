"""Draws the sentences to train and test on, from the templates in `phrases`.

Knows text only: no sound, no phones. Held-out sentences are chosen by a hash of their words, so that every script on every
machine agrees about them without a list: neither the acoustic model nor the language model is ever trained on one.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator

from audio.demo_model import phrases

_SLOT = re.compile(r"\{(?:(a):)?(\w+)\}")


def alternatives(text: str) -> list[str]:
    """The parts of a text between bars."""
    return [part.strip() for part in text.replace("\n", " ").split("|")]


SLOTS: dict[str, list[str]] = {name: alternatives(text) for name, text in phrases.SLOTS.items()}
FIXED: list[str] = alternatives(phrases.COMMANDS) + alternatives(phrases.QUESTIONS)
_FIXED_SET = frozenset(FIXED)
_TEMPLATES = [template for _, template in phrases.TEMPLATES]
_WEIGHTS = [weight for weight, _ in phrases.TEMPLATES]


def with_article(noun: str) -> str:
    """The noun behind "a" or "an", by its first letter (no word here needs more)."""
    return ("an " if noun[0] in "aeio" else "a ") + noun


def fill(template: str, rng: random.Random) -> str:
    """The template with every slot drawn; a slot's word may hold slots itself."""

    def draw(match: re.Match[str]) -> str:
        word = fill(rng.choice(SLOTS[match.group(2)]), rng)
        return with_article(word) if match.group(1) else word

    return _SLOT.sub(draw, template)


def opening(before: str, rng: random.Random) -> str:
    """Something polite that may stand before this sentence."""
    first = before.split()[0]
    if first in ("what", "where", "how", "which", "who"):
        return rng.choice(SLOTS["opening_question"])
    if first in ("find", "count", "read", "describe", "tell", "look", "take", "zoom", "show", "turn", "set", "spell"):
        return rng.choice(SLOTS["opening_request"])
    return rng.choice(SLOTS["opening"])


def templated(rng: random.Random) -> str:
    """One sentence from the templates, sometimes with a polite opening or ending."""
    said = fill(rng.choices(_TEMPLATES, _WEIGHTS)[0], rng)
    opens = " " in said and not said.startswith(("please", "and ", "can ", "could "))
    if opens and rng.random() < phrases.OPENING_SHARE:
        return opening(said, rng) + " " + said
    if rng.random() < phrases.CLOSING_SHARE and "please" not in said:
        return said + " please"
    return said


def sentence(rng: random.Random) -> str:
    """One sentence as a user may say it: a fixed phrase or a filled template."""
    return rng.choice(FIXED) if rng.random() < phrases.FIXED_SHARE else templated(rng)


def is_held_out(text: str) -> bool:
    """Whether this sentence is kept for testing: one in ten by hash, never a fixed phrase nor a single word."""
    if text in _FIXED_SET or " " not in text:
        return False
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % 10 == 0


def training_sentences(rng: random.Random) -> Iterator[str]:
    """Endless sentences, none held out."""
    while True:
        text = sentence(rng)
        if not is_held_out(text):
            yield text


def is_for_development(text: str) -> bool:
    """Whether a held-out sentence belongs to the development set (one in four) and not to the test set."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) // 10 % 4 == 0


def held_out_sentences(count: int, rng: random.Random, development: bool = False) -> list[str]:
    """`count` different held-out sentences of the test or the development set, drawn with the templates' own weights."""
    chosen: dict[str, None] = {}
    while len(chosen) < count:
        text = templated(rng)
        if is_held_out(text) and is_for_development(text) == development:
            chosen[text] = None
    return list(chosen)


def vocabulary() -> list[str]:
    """Every word the model knows, sorted."""
    texts = [*FIXED, *_TEMPLATES, *(word for words in SLOTS.values() for word in words)]
    return sorted({word for text in texts for word in _SLOT.sub(" ", text).split()} | {"a", "an"})


if __name__ == "__main__":
    words = vocabulary()
    drawn = {sentence(random.Random(seed)) for seed in range(50_000)}
    print(f"{len(words)} words, {len(drawn)} different sentences among 50,000 drawn")
    print(" ".join(words))
    print("\n".join(held_out_sentences(40, random.Random(1))))

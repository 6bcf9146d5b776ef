"""The templates fit together."""

from __future__ import annotations

import re

import pytest

from audio.demo_model.words import phrases


def test_every_slot_has_one_name_and_exists() -> None:
    """No two subjects define the same slot, and no template names a slot that nobody defines."""
    names = [name for subject in (*phrases.SUBJECTS, phrases.things) for name in subject.SLOTS]
    assert len(names) == len(set(names))
    texts = [*phrases.SLOTS.values(), *(template for _, template in phrases.TEMPLATES)]
    used = {name for text in texts for name in re.findall(r"\{(?:a:)?(\w+)\}", text)}
    assert used <= set(names)


def test_subjects_have_their_share() -> None:
    """The weights of all templates make one, so that a subject's share is what the table says."""
    assert sum(weight for weight, _ in phrases.TEMPLATES) == pytest.approx(1)
    assert sum(phrases.SUBJECTS.values()) == pytest.approx(1)

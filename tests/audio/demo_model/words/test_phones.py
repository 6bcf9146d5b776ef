"""The phone set."""

from __future__ import annotations

from audio.demo_model.words import phones


def test_flite_vowels_before_r_are_one_unit() -> None:
    """flite's "aa r" is the vowel of "star", not that of "stop"."""
    assert phones.from_flite(["s", "t", "aa", "r"]) == ["fl:s", "fl:t", "fl:aar", "fl:aarr"]
    assert all(name.removeprefix("fl:") in phones.FLITE_TO_PHONES for name in phones.from_flite(["aa", "r", "ah", "l"]))

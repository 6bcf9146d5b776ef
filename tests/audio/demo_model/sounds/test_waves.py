"""Changes of a waveform: rooms, telephones, headsets."""

from __future__ import annotations

import numpy as np
import pytest

from audio.demo_model.sounds import waves


def test_room_dies_away_by_sixty_decibels() -> None:
    """The echoes of a made-up room fall by about 60 dB in its RT60."""
    response = waves.room_response(0.5, 1.0, np.random.default_rng(3))[1:]
    decay = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] / (response**2).sum())  # Schroeder's curve
    at = [int(np.argmax(decay < level)) / 16_000 for level in (-5, -25)]
    assert 3 * (at[1] - at[0]) == pytest.approx(0.45, abs=0.12)


@pytest.mark.parametrize(("hz", "is_kept"), [(100, False), (1000, True), (3000, True), (5000, False)])
def test_telephone_keeps_its_band_only(hz: float, is_kept: bool) -> None:
    """A tone of 300 to 3400 Hz passes a telephone, others do not."""
    tone = (1000 * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)).astype(np.float32)
    assert (waves.telephone(tone).std() > 0.9 * tone.std()) == is_kept
    assert (waves.band_limited(tone, 300, 3400).std() < 0.05 * tone.std()) != is_kept


def test_headset_code_errs_a_little() -> None:
    """Four bits in each band keep the speech and add audible noise."""
    sound = np.random.default_rng(1).standard_normal(16_050).astype(np.float32) * 1000
    coded = waves.headset_coded(sound, 4)
    assert coded.shape == sound.shape
    assert 10 < 10 * np.log10(np.var(sound) / np.var(coded - sound)) < 40

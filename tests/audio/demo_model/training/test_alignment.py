"""Where each phone lies, by the best path."""

from __future__ import annotations

import numpy as np
import pytest

from audio.demo_model.training import alignment


def test_best_path_goes_through_all_phones_in_order() -> None:
    """Each phone lasts at least one step, silence only where it is heard, and the boundaries lie where the scores say."""
    sure = np.full((8, 5), -9.0)  # states: silence, a, silence, b, silence
    for step, state in enumerate([0, 1, 1, 1, 3, 3, 4, 4]):
        sure[step, state] = -0.1
    found = alignment.best_path(sure, [True, False, True, False, True])
    assert found is not None
    assert found[0] == [0, 1, 1, 1, 3, 3, 4, 4]
    assert found[1] == pytest.approx(-0.1)


def test_best_path_needs_a_step_for_each_phone() -> None:
    """Two steps cannot hold three phones."""
    assert alignment.best_path(np.zeros((2, 3)), [False, False, False]) is None

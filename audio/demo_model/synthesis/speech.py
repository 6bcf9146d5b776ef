"""A piece of synthetic speech with its phones, which both synthesisers return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Speech:
    """`samples` are at int16 scale.

    `phones` are (first sample, name) in order. `words` are each word's phones, if known.
    """

    samples: Samples
    rate_hz: int
    phones: tuple[tuple[float, str], ...]
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()

"""A piece of synthetic speech with its phones: what both synthesisers return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Speech:
    """Samples at int16 scale; `phones` are (first sample, name) in order; `words` the phones of each word when known."""

    samples: Samples
    rate_hz: int
    phones: tuple[tuple[float, str], ...]
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()

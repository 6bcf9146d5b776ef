"""What the user may set about the engine. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision.preprocess import Fit  # it imports Pillow

MAX_NEW_TOKENS = 512


@dataclass(frozen=True)
class EngineSettings:
    threads: int = 0  # 0: the physical cores, at most 4
    max_new_tokens: int = 128  # 1..512, the longest answer
    prefill_chunk_tokens: int = 64  # a cancel waits for one of these (and for a single layer of it)
    fit: Fit = "pad"
    context_tokens: int = 2048  # picture, questions and answers of one View; then it goes back to the bare picture
    max_views: int = 2  # Views that keep their cache; an older one looks again when it is asked

    def __post_init__(self) -> None:
        ranges = {
            "threads": (0, 256),
            "max_new_tokens": (1, MAX_NEW_TOKENS),
            "prefill_chunk_tokens": (1, 4096),
            "context_tokens": (64, 1 << 20),
            "max_views": (1, 64),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {low} to {high}, not {value}")
        if self.fit not in ("pad", "crop", "stretch"):
            raise ValueError(f'fit is "pad", "crop" or "stretch", not "{self.fit}"')

"""What the user may set about the engine. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vision.preprocess import Fit  # it imports Pillow

MAX_NEW_TOKENS = 512

Arithmetic = Literal["packed", "transformers"]


@dataclass(frozen=True)
class EngineSettings:
    threads: int = 0  # 0: the physical cores, at most 4
    max_new_tokens: int = 128  # 1..512, the longest answer
    prefill_chunk_tokens: int = 64  # a cancel waits for one of these (and for a single layer of it)
    fit: Fit = "pad"
    context_tokens: int = 2048  # picture, questions and answers of one View; then it goes back to the bare picture
    max_views: int = 2  # Views that keep their cache; an older one looks again when it is asked
    temperature: float = 0.0  # 0: the likeliest token always (greedy), so the same answer every time
    top_p: float = 1.0  # with a temperature: draw among the likeliest tokens that have this share together; 1: all
    repetition_penalty: float = 1.0  # above 1: what stands in the conversation becomes less likely, needed words too
    seed: int | None = None  # of the draws, for an answer that can be drawn again; None: different every time
    instructions: str = ""  # what the model is told before it sees a picture; "": nothing
    is_demo: bool = False  # the model is the small demo model: whoever asks it is told so (`vision.interface.Answerer`)
    arithmetic: Arithmetic = "packed"  # "transformers": the plain float32 reference, same answers, slower and larger

    def __post_init__(self) -> None:
        ranges = {
            "threads": (0, 256),
            "max_new_tokens": (1, MAX_NEW_TOKENS),
            "prefill_chunk_tokens": (1, 4096),
            "context_tokens": (64, 1 << 20),
            "max_views": (1, 64),
            "temperature": (0.0, 2.0),
            "top_p": (0.01, 1.0),
            "repetition_penalty": (1.0, 2.0),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {low} to {high}, not {value}")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"seed is 0 or more, not {self.seed}")
        if self.fit not in ("pad", "crop", "stretch"):
            raise ValueError(f'fit is "pad", "crop" or "stretch", not "{self.fit}"')
        if self.arithmetic not in ("packed", "transformers"):
            raise ValueError(f'arithmetic is "packed" or "transformers", not "{self.arithmetic}"')

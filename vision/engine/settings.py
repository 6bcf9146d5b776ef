"""What the user may set about the engine, and the range of each value. It holds values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vision.preprocess import Fit  # it imports Pillow

MAX_NEW_TOKENS = 512

Arithmetic = Literal["packed", "transformers"]


@dataclass(frozen=True)
class EngineSettings:
    """The settings of an engine. Raises ValueError for a value outside its range."""

    threads: int = 0  # 0: as many as there are physical cores, but at most 4
    max_new_tokens: int = 128  # 1 to 512; an answer that is longer is cut
    prefill_chunk_tokens: int = 256  # tokens read at a time; a cancel waits for a third of a layer of these
    fit: Fit = (
        "pad"  # "native": the picture keeps its shape; it needs a model that has learned other shapes than squares
    )
    context_tokens: int = 2048  # of one View: picture, questions, answers; beyond, earlier questions are forgotten
    max_views: int = 2  # Views that keep their cache; an older one looks at its picture again when it is asked
    temperature: float = 0.0  # 0: always the likeliest token (greedy), so the same answer every time
    top_k: int = 0  # with a temperature above 0: draw among so many of the likeliest tokens; 0: among all
    top_p: float = 1.0  # with a temperature above 0: draw among the likeliest tokens that have this share in all
    repetition_penalty: float = 1.0  # above 1: tokens of the conversation become less likely, needed ones too
    presence_penalty: float = 0.0  # above 0: tokens that the answer has already become less likely; below 0: likelier
    seed: int | None = None  # of the draws, to get the same answer again; None: a different one every time
    stops_loops: bool = True  # an answer that goes round in circles is cut, and tried again once from there
    instructions: str = ""  # text that the model reads before the picture; "" for none
    is_demo: bool = False  # the model is the small demo model: whoever asks it is told so (`vision.interface.Answerer`)
    arithmetic: Arithmetic = "packed"  # "transformers": the plain float32 reference, same answers, slower, larger

    def __post_init__(self) -> None:
        ranges = {
            "threads": (0, 256),
            "max_new_tokens": (1, MAX_NEW_TOKENS),
            "prefill_chunk_tokens": (1, 4096),
            "context_tokens": (64, 1 << 20),
            "max_views": (1, 64),
            "temperature": (0.0, 2.0),
            "top_k": (0, 1 << 20),
            "top_p": (0.01, 1.0),
            "repetition_penalty": (1.0, 2.0),
            "presence_penalty": (-2.0, 2.0),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} is {low} to {high}, not {value}")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"seed is 0 or more, not {self.seed}")
        if self.fit not in ("native", "pad", "crop", "stretch"):
            raise ValueError(f'fit is "native", "pad", "crop" or "stretch", not "{self.fit}"')
        if self.arithmetic not in ("packed", "transformers"):
            raise ValueError(f'arithmetic is "packed" or "transformers", not "{self.arithmetic}"')

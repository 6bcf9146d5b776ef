"""Who answers, as the assistant sees it, whichever engine it is: this machine's or another computer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Answerer:
    model_name: str
    is_demo: bool = False
    host: str | None = None  # the other computer, to which pictures go; None: this machine


class NamedModel(Protocol):
    @property
    def model_name(self) -> str: ...


def answerer_of(engine: NamedModel, *, is_demo: bool, host: str | None = None) -> Answerer:
    """Now. `is_demo` and `host`: of an engine that does not change."""
    own = getattr(engine, "answerer", None)
    return own if isinstance(own, Answerer) else Answerer(engine.model_name, is_demo, host)

"""Who answers: a model of this machine's, or another computer's. With a stand-in it changes while the program runs.

An engine and its views that can change say it by an `answerer` of their own; for all others it is what the start has found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.doubt import DEMO_RULE, DoubtRule


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


def rule_for(view: object, usual: DoubtRule) -> DoubtRule:
    """By which the answers about this picture are doubted, now: the demo model's own where it has stepped in."""
    own = getattr(view, "answerer", None)
    return DEMO_RULE if isinstance(own, Answerer) and own.is_demo else usual

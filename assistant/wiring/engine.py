"""Loads this machine's own engine, and chooses the rule for when its answers are doubted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistant.settings.config import Config, DoubtConfig

if TYPE_CHECKING:
    from assistant.answering.judging.doubt import DoubtRule
    from assistant.models.checked import Result
    from vision.engine.engine import Engine
    from vision.engine.settings import Arithmetic
    from vision.preprocess import Fit

Progress = Callable[[str], None]


def load_engine(
    config: Config, vision_model: Path, stack: contextlib.ExitStack, progress: Progress, *, is_demo: bool
) -> Engine:
    """Loads the only engine of the process. The demo model gets no instructions, because it was trained without."""
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings

    settings = EngineSettings(
        threads=config.engine.threads,
        max_new_tokens=config.engine.max_new_tokens,
        prefill_chunk_tokens=config.engine.prefill_chunk_tokens,
        fit=_fit(config.seeing.fit, progress, is_demo=is_demo),
        temperature=config.engine.temperature,
        top_k=config.engine.top_k,
        top_p=config.engine.top_p,
        repetition_penalty=config.engine.repetition_penalty,
        presence_penalty=config.engine.presence_penalty,
        instructions="" if is_demo else config.prompt.text(config.conversation.language),
        arithmetic=cast("Arithmetic", config.engine.arithmetic),  # reading the configuration has checked this value
        is_demo=is_demo,
    )
    return stack.enter_context(Engine.load(vision_model, settings, progress))


def _fit(configured: str, progress: Progress, *, is_demo: bool) -> Fit:
    """The fit for the model in use. The demo model was trained on squares and knows no other shape."""
    if is_demo and configured == "native":
        progress(
            'seeing.fit = "native" is left aside: the demo model knows only squares, so its pictures get grey bars'
        )
    if configured in ("auto", "native"):
        return "pad" if is_demo else "native"
    return cast("Fit", configured)  # reading the configuration has checked this value


def is_remote(config: Config) -> bool:
    """True if another computer answers as a rule. A model on this machine then only stands in for it."""
    return config.engine.backend != "local"


def doubt_rule(config: Config, *, is_demo: bool, checked: Result | None = None) -> tuple[DoubtRule, str]:
    """The rule of doubt for the model, and a sentence about where it comes from.

    The demo model's thresholds were measured on thousands of answers, so a check does not change them, and the sentence
    is "". For any other model a threshold that the config sets to another value than the default counts first, then the
    one that was `checked` on this very model, then the default.
    """
    from assistant.answering.judging.doubt import DEMO_RULE, DoubtRule

    if is_demo:
        return DEMO_RULE, ""
    own, default = config.doubt, DoubtConfig()
    measured = checked if own.measured else None
    hedge, cannot_tell = own.hedge_below, own.cannot_tell_below
    if measured is not None and measured.hedge_below is not None and hedge == default.hedge_below:
        hedge = measured.hedge_below
    if measured is not None and measured.cannot_tell_below is not None and cannot_tell == default.cannot_tell_below:
        cannot_tell = measured.cannot_tell_below
    rule = DoubtRule(
        hedge_below=hedge, cannot_tell_below=cannot_tell, spell_below=own.spell_below, looks_twice=own.looks_twice
    )
    figures = f"doubt: thresholds {hedge:g} and {cannot_tell:g}"
    is_own = (own.hedge_below, own.cannot_tell_below) != (default.hedge_below, default.cannot_tell_below)
    if measured is not None and measured.hedge_below is not None and not is_own:
        return rule, f"{figures}, measured on this model by `seesay check` on {measured.checked_on}"
    if is_own:
        return rule, f"{figures}, the config's own where they are not the default"
    return rule, f"{figures}, built in and not measured on this model; `seesay check` measures them"

"""Loads this machine's own engine, and chooses the rule that says when its answers are doubted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.answering.doubt import DoubtRule
    from vision.engine.engine import Engine
    from vision.engine.settings import Arithmetic
    from vision.preprocess import Fit

Progress = Callable[[str], None]


def load_engine(
    config: Config, vision_model: Path, stack: contextlib.ExitStack, progress: Progress, *, is_demo: bool
) -> Engine:
    """The one engine of the process. The demo model gets no instructions: it was trained without."""
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings

    settings = EngineSettings(
        threads=config.engine.threads,
        max_new_tokens=config.engine.max_new_tokens,
        prefill_chunk_tokens=config.engine.prefill_chunk_tokens,
        fit=cast("Fit", config.seeing.fit),  # one of the three: config.py has checked it
        temperature=config.engine.temperature,
        top_p=config.engine.top_p,
        repetition_penalty=config.engine.repetition_penalty,
        instructions="" if is_demo else config.prompt.text(config.conversation.language),
        arithmetic=cast("Arithmetic", config.engine.arithmetic),  # and this too
        is_demo=is_demo,
    )
    return stack.enter_context(Engine.load(vision_model, settings, progress))


def is_remote(config: Config) -> bool:
    """Another computer answers as a rule: the small demo model, if it is here at all, only stands in for it."""
    return config.engine.backend != "local"


def doubt_rule(config: Config, *, is_demo: bool) -> DoubtRule:
    """The demo model's own, which was measured, or the config's."""
    from assistant.answering.doubt import DEMO_RULE, DoubtRule

    return DEMO_RULE if is_demo else DoubtRule(**vars(config.doubt))

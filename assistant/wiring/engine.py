"""Builds the engine that the config names, and the rule that says when its answers are doubted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistant.language.phrases import phrases_for
from assistant.settings.config import Config

if TYPE_CHECKING:
    from assistant.answering.doubt import DoubtRule
    from vision import interface
    from vision.engine import Engine
    from vision.engine.settings import Arithmetic
    from vision.preprocess import Fit

Progress = Callable[[str], None]


def load_engine(
    config: Config, vision_model: Path, stack: contextlib.ExitStack, progress: Progress, *, is_demo: bool
) -> Engine:
    """The one engine of the process. The demo model gets no instructions: it was trained without."""
    from vision.engine import Engine, EngineSettings

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


def open_engine(
    config: Config,
    vision_model: Path,
    stack: contextlib.ExitStack,
    progress: Progress,
    aside: Callable[[str], None],  # says what there is to say of another computer, on the thread that sees or asks
    *,
    is_demo: bool,
) -> interface.Engine:
    """The engine that the config names: this machine's, or another computer's with this machine's behind it."""
    if not is_remote(config):
        return load_engine(config, vision_model, stack, progress, is_demo=is_demo)
    from assistant.wiring.remote import Notice, of_change, open_server, pictures_leave
    from vision.engine.host import arithmetic_threads
    from vision.interface import Answerer
    from vision.remote.engine import RemoteEngine, RemoteSettings
    from vision.remote.fallback import Change, FallbackEngine

    phrases = phrases_for(config.conversation.language)

    def tell(notice: Notice) -> None:
        progress(notice.printed)
        aside(notice.spoken)

    def tell_change(change: Change) -> None:
        tell(of_change(change, phrases, local_is_demo=is_demo))

    def load(own: contextlib.ExitStack) -> Engine:
        return load_engine(config, vision_model, own, progress, is_demo=is_demo)

    server = open_server(config.remote)
    asked = RemoteSettings(
        model=config.remote.model,
        instructions=config.prompt.text(config.conversation.language),
        picture_pixels=config.remote.picture_pixels,
        max_new_tokens=config.engine.max_new_tokens,
        temperature=config.engine.temperature,
        top_p=config.engine.top_p,
    )
    tell(pictures_leave(server.settings, phrases))
    own = load if config.remote.fallback == "local" else None
    engine = stack.enter_context(
        FallbackEngine(
            RemoteEngine(server, asked),
            own,
            tell_change,
            config.remote.again_seconds,
            threads=arithmetic_threads(config.engine.threads),
            own=Answerer(vision_model.name, is_demo),
        )
    )
    engine.connect()
    return engine


def is_remote(config: Config) -> bool:
    """Another computer answers as a rule: the small demo model, if it is here at all, only stands in for it."""
    return config.engine.backend != "local"


def doubt_rule(config: Config, *, is_demo: bool) -> DoubtRule:
    """The demo model's own, which was measured, or the config's."""
    from assistant.answering.doubt import DEMO_RULE, DoubtRule

    return DEMO_RULE if is_demo else DoubtRule(**vars(config.doubt))

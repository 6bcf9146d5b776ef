"""`seesay setup` sets the program up by voice and one key, with the screen off, and then begins the conversation.

All that is said is also printed, one plain line after the other. It does not know what is asked: `assistant.setup` has
the questions.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import console
from assistant.cli import devices
from assistant.cli.button import config_to_write
from assistant.cli.options import config_of
from assistant.errors import AssistantError
from assistant.language.phrases import LANGUAGES
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.settings.config_reader import read_config
from audio.errors import AudioError, DeviceMissing

if TYPE_CHECKING:
    from assistant.setup.steps import Device, Draft

# What the steps may change.
_KEYS = (
    ("conversation", "language"), ("speaking", "output_device"), ("speaking", "voice"), ("speaking", "rate_wpm"),
    ("hearing", "input_device"), ("seeing", "camera"), ("activation", "by"), ("button", "device"), ("button", "key"),
)  # fmt: skip


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    setup = verbs.add_parser(
        "setup",
        parents=[common],
        help="set everything up by voice and one key; no screen is needed",
        description="One press of the space bar or Enter is yes, two are no, three go back; a held key repeats. "
        "n, b and r do the same. A button of its own answers like the key, and so do the words yes, no, back and again, "
        "once a microphone understands you. Nothing is written before the question whether to keep the settings.",
    )
    setup.add_argument("--no-start", action="store_true", help="end after the last step, without a conversation")
    setup.set_defaults(do=_setup)


def _setup(arguments: argparse.Namespace) -> None:
    config = config_of(arguments)
    path = config_to_write(arguments.config, os.environ, Path.cwd())
    if not set_up(config, path) or arguments.no_start:
        return
    from assistant.wiring.assembly import Assembly
    from assistant.wiring.conversation import run

    with contextlib.ExitStack() as stack:
        assembly = Assembly(read_config(path, arguments.profile), stack)
        assembly.choose_models()
        run(assembly, verbose=arguments.verbose)


def set_up(config: Config, path: Path) -> bool:
    """Leads through all steps. Returns whether the conversation shall begin.

    Raises AssistantError, DeviceMissing without a loudspeaker, and KeyboardInterrupt after it has said what was written.
    """
    from assistant.machine.service.manager import is_possible
    from assistant.setup.buttons import Buttons
    from assistant.setup.devices import RealParts
    from assistant.setup.dialogue import Dialogue, NotPossible
    from assistant.setup.keys import Keys
    from assistant.setup.screen_reader import screen_reader
    from assistant.setup.steps import steps_of

    draft = draft_of(config)
    with contextlib.ExitStack() as stack:
        keys = stack.enter_context(Keys())
        buttons = stack.enter_context(Buttons(keys.hand_on, keys.pressed.set))
        parts = RealParts(config, draft, path, keys, listed, buttons)
        stack.callback(parts.close)
        steps = steps_of(
            draft,
            parts,
            language=language_of(os.environ.get("LC_ALL") or os.environ.get("LANG") or "", config),
            preference=screen_reader(os.environ),
            can_start_at_boot=is_possible(),
            wants_models=wanted_models(config),
        )
        before = path.read_bytes() if path.is_file() else None
        try:
            return Dialogue(steps, parts.ask, parts.tell).run()
        except NotPossible as problem:
            raise DeviceMissing(str(problem)) from None
        except KeyboardInterrupt:
            after = path.read_bytes() if path.is_file() else None
            console.say("nothing was changed" if after == before else f"the settings are kept in {path}")
            raise


def draft_of(config: Config) -> Draft:
    """The settings that the steps may change, as they are."""
    from assistant.setup.steps import Draft

    return Draft({(table, key): getattr(getattr(config, table), key) for table, key in _KEYS})


def language_of(locale: str, config: Config) -> str:
    """The language to begin in: the configuration's if it was chosen, else the system's if we speak it."""
    language = locale[:2].lower()
    is_chosen = config.conversation.language != Config().conversation.language
    return language if language in LANGUAGES and not is_chosen else config.conversation.language


def wanted_models(config: Config) -> list[str]:
    """What `seesay fetch` can still bring, as the names of `SetupWords.models`."""
    speech_here = catalog.fetched_speech(config.conversation.language) is not None
    if catalog.fetched_vlm() is None:
        return ["all"] if speech_here else ["all", "speech"]
    return [] if speech_here else ["speech"]


def listed(kind: str) -> Sequence[Device]:
    """The devices of a kind as `seesay devices` lists them. A list that cannot be made is empty."""
    from assistant.setup.steps import Device

    try:
        return [Device(one.name, one.value) for one in devices.LISTS[kind]()]
    except (AssistantError, AudioError, OSError) as error:
        console.say(f"seesay: {kind}: {error}")
        return []

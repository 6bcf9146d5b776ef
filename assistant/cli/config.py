"""`seesay config` prints the settings in force and where each of them comes from.

With --defaults it prints the commented configuration file that ships with the program.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
from typing import Any

from assistant import console
from assistant.cli.options import config_file_of
from assistant.settings.config import BUILT_IN, Config
from assistant.settings.config_reader import (
    MARKER_COMMENT,
    SHIPPED_FILE,
    parse_config,
    parse_layers,
    read_config,
    read_text,
)
from assistant.settings.origins import Setting, as_json, as_toml, settings_in_force
from assistant.settings.voice_state import VoiceState, load_state, state_path


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    config = verbs.add_parser("config", parents=[common], help="the settings in force, and where each comes from")
    what = config.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="print one JSON object")
    what.add_argument("--defaults", action="store_true", help="print config.toml as it ships: every key, with comments")
    config.set_defaults(do=_config)


def _config(arguments: argparse.Namespace) -> None:
    if arguments.defaults:
        print_defaults()
    else:
        print_settings(arguments)


def print_defaults() -> None:
    """Prints the file that ships with the program, word for word: it is a valid configuration file.

    Raises ConfigError.
    """
    text = read_text(SHIPPED_FILE)
    # In a checkout this is an ordinary file, and whoever runs the program from there may have edited it.
    if dataclasses.replace(parse_config(text, str(SHIPPED_FILE)), source=BUILT_IN) != Config():
        console.say(f"seesay: {SHIPPED_FILE} was edited: some of these values are not the defaults")
    console.piece(text)


def print_settings(arguments: argparse.Namespace) -> None:
    """Prints every setting in force. Raises ConfigError."""
    path = config_file_of(arguments)
    config = read_config(path, arguments.profile)
    layers = parse_layers("" if path is None else read_text(path), config.source, arguments.profile)
    settings = [_as_set_by_voice(setting, config) for setting in settings_in_force(config, layers)]
    if arguments.json:
        console.result(
            console.as_json_line({"file": None if path is None else str(path), "settings": as_json(settings)})
        )
        return
    console.result(f"{MARKER_COMMENT}'s settings in force. The file that is read: {config.source}.")
    console.result(as_toml(settings))


def _as_set_by_voice(setting: Setting, config: Config) -> Setting:
    """The setting as `seesay run` will use it: a rate or volume that was set by voice overrides the configuration."""
    if setting.table != "speaking" or setting.key not in ("rate_wpm", "volume"):
        return setting
    path = state_path(os.environ)
    state = load_state(path, VoiceState(config.speaking.rate_wpm, config.speaking.volume))
    remembered = getattr(state, setting.key)
    if remembered == setting.value:
        return setting
    return dataclasses.replace(setting, value=remembered, origin=f"set by voice, {path}", line=None)

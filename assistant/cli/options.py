"""The options that several verbs share.

Importing this module imports nothing heavy, because `seesay --help` needs it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from assistant import console
from assistant.errors import UsageError
from assistant.files import user_path
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.settings.config_reader import find_config, read_config

MODEL_HELP = "2b: the full model's shapes with random weights; the embedded demo model; any other"


def config_of(arguments: argparse.Namespace) -> Config:
    """The configuration that `--config` and `--profile` ask for. Raises ConfigError."""
    return read_config(config_file_of(arguments), arguments.profile)


def config_file_of(arguments: argparse.Namespace) -> Path | None:
    """The configuration file to read, or None for the defaults.

    Tells the user which config.toml was passed over, if any.
    """
    found = find_config(arguments.config, os.environ, Path.cwd())
    if found.passed_over:
        console.say(f"seesay: {found.passed_over}")
    return found.path


def add_page_options(verb: argparse.ArgumentParser) -> None:
    """Adds the options that say where the page and the API are."""
    verb.add_argument("--host", metavar="ADDRESS", help="where to listen (default: the config's, this machine only)")
    verb.add_argument("--port", type=int, metavar="N", help="the port (default: the config's; 0: any that is free)")
    verb.add_argument(
        "--token-file", type=user_path, metavar="FILE", help="holds the token; needed to listen elsewhere"
    )


def model_of(arguments: argparse.Namespace) -> tuple[Config, Path]:
    """The settings, and the folder of the checkpoint that is named on the command line or else of the one in use."""
    from assistant.bench.engine import model_folder
    from assistant.wiring.engine import is_remote

    if arguments.synthetic and arguments.model not in (None, "2b"):
        raise UsageError("give either --synthetic or --model")
    config = config_of(arguments)
    if is_remote(config):
        console.say(
            f'engine.backend = "{config.engine.backend}" is left aside: this machine is measured, not the other one'
        )
    named = "2b" if arguments.synthetic else arguments.model
    if named is not None:
        return config, model_folder(named)
    eye = catalog.choose_eye(config)
    if eye.is_demo:
        console.say(console.DEMO_NOTICE + " `--synthetic` measures the full size without them.")
    return config, eye.folder


def is_random(arguments: argparse.Namespace) -> bool:
    """True if the weights are random. Then the answers have no meaning, and only their speed counts."""
    return bool(arguments.synthetic or arguments.model == "2b")


def whole_number(text: str) -> int:
    """Parses a whole number from 1 to 256. Raises ArgumentTypeError."""
    return whole_number_up_to(text, 256)


def whole_number_up_to(text: str, most: int) -> int:
    """Parses a whole number from 1 to `most`. Raises ArgumentTypeError."""
    if not text.strip().isdecimal() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"a number from 1 to {most:,} is expected, not {text!r}")
    return int(text)

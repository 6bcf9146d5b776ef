"""`seesay fetch` downloads the full models and prepares them for a quick start.

It is the only verb that needs a network.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant import console
from assistant.cli.options import config_of
from assistant.models import catalog
from audio.own_process import command_of


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    fetch = verbs.add_parser("fetch", parents=[common], help="download the full models (the only use of a network)")
    fetch.add_argument(
        "--language", choices=tuple(catalog.FULL_SPEECH), help="of the speech model (default: the config's)"
    )
    only = fetch.add_mutually_exclusive_group()
    only.add_argument("--speech", action="store_true", help="only the model of speech (44 MB at most)")
    only.add_argument("--eye", action="store_true", help="only the model for seeing (4.3 GB)")
    only.add_argument(
        "--voice", action="store_true", help='only a natural voice, for speaking.engine = "piper" (63 MB)'
    )
    fetch.set_defaults(do=_fetch, uses_network=True)


def _fetch(arguments: argparse.Namespace) -> None:
    from assistant.models.fetch import Which, fetch
    from assistant.models.prepare import prepare
    from assistant.models.progress import ProgressBars

    language = arguments.language or config_of(arguments).conversation.language
    which: Which = (
        "speech" if arguments.speech else "vision" if arguments.eye else "voice" if arguments.voice else "all"
    )
    with ProgressBars() as bars:
        folders = fetch(language, which, progress=bars.show)
    if which == "voice":
        console.say(f'the voice is here, and is used with engine = "piper" under [speaking]: {folders[0]}')
        return
    what = "the full models are" if which == "all" else "the full model is"
    console.say(f"{what} here and used from now on: " + ", ".join(map(str, folders)))
    if which != "speech" and (model := catalog.fetched_vlm()) is not None:
        console.say("preparing a quick start: packing the weights, compiling for this processor")
        with ProgressBars() as bars:
            packed = prepare(model, bars.show)
        console.say(f"ready; the packed weights are {packed}")
        offer_check(arguments.config)


def offer_check(config_file: Path | None, run: Callable[[list[str]], int] = subprocess.call) -> None:
    """Offers to prove that the fetched model works here. Only a person at a terminal is asked; all others are told.

    The check is a program of its own, because this one may use the network.
    """
    if sys.stdin is None or not sys.stdin.isatty() or sys.stderr is None or not sys.stderr.isatty():
        console.say(
            "`seesay check` proves that the model works on this machine, and finds when to doubt it (5 minutes)"
        )
        return
    console.say("Check now that the model works on this machine, and find when to doubt it? It takes 5 minutes. [Y/n]")
    answer = sys.stdin.readline()
    if not answer or answer.strip().lower() not in ("", "y", "yes"):
        console.say("`seesay check` does it later")
        return
    given = [] if config_file is None else ["--config", str(config_file)]
    run([*command_of("assistant"), "check", *given])

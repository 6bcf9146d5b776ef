"""`seesay run` holds the conversation by voice, until the user says to quit or presses Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from assistant.cli.options import config_of


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    run = verbs.add_parser("run", parents=[common], help="listen, look and answer until quit (the default)")
    run.add_argument("--json", action="store_true", help="one JSON object for each answered question")
    run.set_defaults(do=_run, has_no_other_end=True)


def _run(arguments: argparse.Namespace) -> None:
    from assistant.wiring.assembly import Assembly
    from assistant.wiring.conversation import run

    with contextlib.ExitStack() as stack:
        assembly = Assembly(config_of(arguments), stack)
        assembly.choose_models()
        run(assembly, verbose=arguments.verbose, as_json=arguments.json)

"""`seesay check`: its options and what they mean. This module checks nothing itself."""

from __future__ import annotations

import argparse
from typing import Any

from assistant import console
from assistant.cli.options import MODEL_HELP, config_of, is_random, model_of, whole_number
from assistant.files import user_path, without_tilde
from assistant.models import catalog


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    check = verbs.add_parser(
        "check", parents=[common], help="prove on this machine that the model in use works (5 minutes)"
    )
    check.description = (
        "Compares files and arithmetic, asks about drawn pictures with known answers, hears its own voice, and finds the "
        "thresholds from which on this very model is doubted. It looks through no camera and records nothing. What is done is "
        "kept, and the next run goes on."
    )
    check.add_argument(
        "--minutes",
        type=whole_number,
        default=5,
        metavar="N",
        help="stop after so many, and go on in the next run (default: 5)",
    )
    check.add_argument("--again", action="store_true", help="begin anew, also with what is done")
    check.add_argument(
        "--model", type=without_tilde, metavar="2b|demo|FOLDER", help=f"{MODEL_HELP} (default: the model in use)"
    )
    check.add_argument("--html", type=user_path, metavar="FILE", help="write the report as one page that stands alone")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(do=_check, synthetic=False)


def _check(arguments: argparse.Namespace) -> None:
    from assistant.check.checking import Wanted, check

    if arguments.model is None:
        config = config_of(arguments)
        model = catalog.choose_eye(config)
        if model.is_demo:
            console.say(console.DEMO_NOTICE)
    else:
        config, folder = model_of(arguments)
        model = catalog.ChosenModel(folder, is_demo=folder == catalog.demo_vlm())
    has_random_weights = is_random(arguments)
    if has_random_weights:
        console.say("the weights are random, so its answers have no meaning: files, arithmetic and speed count")
    wanted = Wanted(
        minutes=arguments.minutes,
        again=arguments.again,
        as_json=arguments.json,
        html=arguments.html,
        is_random=has_random_weights,
    )
    check(config, model, wanted)

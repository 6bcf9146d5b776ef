"""`seesay soak`: its options and what they mean. This module measures nothing itself."""

from __future__ import annotations

import argparse
import math
import re
from typing import Any

from assistant.cli.options import MODEL_HELP, config_of, is_random, model_of, whole_number_up_to
from assistant.errors import UsageError
from assistant.files import without_tilde

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s?)?")


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    soak = verbs.add_parser("soak", parents=[common], help="ask for hours, and see whether memory grows")
    soak.description = (
        "Asks again and again through the assistant's own threads, spoken to nobody. Ctrl-C ends it with the report."
    )
    soak.add_argument(
        "--every", type=_seconds, default=None, metavar="TIME", help="between two questions (default: 60s)"
    )
    soak.add_argument(
        "--for", dest="lasting", type=_some_seconds, metavar="TIME", help="such as 2h, 30m, 90s (default: 2h)"
    )
    soak.add_argument("--turns", type=_many, metavar="N", help="so many questions instead")
    soak.add_argument(
        "--limit", type=float, default=5.0, metavar="MB/H",
        help="memory that grows faster than this, for certain, is a failure (default: 5)",
    )  # fmt: skip
    soak.add_argument(
        "--synthetic", action="store_true", help="a full-size model with random weights, made on the spot"
    )
    soak.add_argument(
        "--model", type=without_tilde, metavar="2b|demo|FOLDER", help=f"{MODEL_HELP} (default: the model in use)"
    )
    soak.add_argument(
        "--ears",
        action="store_true",
        help="hear noise instead, a minute of it a turn, as fast as it goes (default: --turns 60, an hour)",
    )
    soak.add_argument("--json", action="store_true", help="print one JSON object")
    soak.set_defaults(do=_soak)


def _soak(arguments: argparse.Namespace) -> None:
    from assistant.bench.soaking.soak import SoakSettings, soak

    if arguments.turns and arguments.lasting:
        raise UsageError("give either --for or --turns")
    if not 0 <= arguments.limit < math.inf:
        raise UsageError("--limit is 0 MB an hour or more")
    if arguments.ears:
        _soak_ears(arguments)
        return
    config, folder = model_of(arguments)
    wanted = SoakSettings(
        every_seconds=60.0 if arguments.every is None else arguments.every,
        for_seconds=None if arguments.turns else arguments.lasting or 7200.0,
        turns=arguments.turns,
        limit_mb_per_hour=arguments.limit,
    )
    soak(config, folder, wanted, lends_words=is_random(arguments), as_json=arguments.json)


def _soak_ears(arguments: argparse.Namespace) -> None:
    from assistant.bench.soaking.soak import SoakSettings, soak_ears

    if arguments.synthetic or arguments.model or arguments.every is not None:
        raise UsageError("--ears asks no model: leave out --model, --synthetic and --every")
    turns = arguments.turns or (None if arguments.lasting else 60)
    wanted = SoakSettings(0.0, arguments.lasting, turns, arguments.limit)
    soak_ears(config_of(arguments), wanted, as_json=arguments.json)


def _seconds(text: str) -> float:
    """Parses a time into seconds: "2h", "1h30m", "90s" or "90". Raises ArgumentTypeError."""
    found = _DURATION.fullmatch(text.strip())
    if not text.strip() or found is None:
        raise argparse.ArgumentTypeError(f"a time is expected, such as 2h, 30m, 90s, not {text!r}")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def _some_seconds(text: str) -> float:
    if (seconds := _seconds(text)) <= 0:
        raise argparse.ArgumentTypeError(f"more than no time is expected, not {text!r}")
    return seconds


def _many(text: str) -> int:
    return whole_number_up_to(text, 1_000_000)

"""The verbs `bench` and `soak` of the command line: their options, and what they mean. Nothing is measured here.

Importing it imports nothing heavy: `seesay --help` reads it.
"""

from __future__ import annotations

import argparse
import math
import os
import re
from pathlib import Path
from typing import Any

from assistant import console
from assistant.errors import UsageError
from assistant.files import user_path, without_tilde
from assistant.models import catalog

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s?)?")
_MODEL = "2b: the full model's shapes with random weights; the embedded demo model; any other"


def add_verbs(verbs: Any, common: argparse.ArgumentParser) -> None:
    """`verbs` is what argparse's add_subparsers gives."""
    _add_bench(verbs.add_parser("bench", parents=[common], help="measure this machine (minutes)"))
    _add_soak(verbs.add_parser("soak", parents=[common], help="ask for hours, and see whether memory grows"))


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.description = "Measures three kinds of question from their words to the last sound, on the model in use."
    bench.add_argument(
        "--synthetic", action="store_true", help="a full-size model with random weights, made on the spot"
    )
    bench.add_argument(
        "--model", type=without_tilde, metavar="2b|demo|FOLDER", help=f"{_MODEL} (default: the model in use)"
    )
    bench.add_argument(
        "--compare", choices=("transformers",), help="measure plain transformers float32 as well, in turns"
    )
    bench.add_argument("--runs", type=_number, metavar="N", help="of every kind of question (default: 5)")
    bench.add_argument(
        "--rounds", type=_number, metavar="N", help="processes of each engine (default: 1, 2 with --compare, 3 with --engine)"
    )  # fmt: skip
    bench.add_argument(
        "--threads", type=_numbers, default=[], metavar="N", help="threads (default: the physical cores, at most 4)"
    )
    bench.add_argument(
        "--html", type=user_path, metavar="FILE", help="write a report with plots, one page that stands alone"
    )
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    engine = bench.add_argument_group("the engine alone")
    engine.add_argument(
        "--engine", action="store_true", help="seeing and decoding beside transformers, without a voice"
    )
    engine.add_argument("--tokens", type=_number, metavar="N", help="of an answer (default: 32)")
    engine.add_argument(
        "--isa", action="append", default=[], choices=("avx512", "avx2", "plain"), help="force SeeSay to it as well"
    )
    bench.set_defaults(do=_bench)


def _add_soak(soak: argparse.ArgumentParser) -> None:
    soak.description = (
        "Asks again and again through the assistant's own threads, spoken to nobody. Ctrl-C ends it with the report."
    )
    soak.add_argument(
        "--every", type=_seconds, default=60.0, metavar="TIME", help="between two questions (default: 60s)"
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
        "--model", type=without_tilde, metavar="2b|demo|FOLDER", help=f"{_MODEL} (default: the model in use)"
    )
    soak.add_argument("--json", action="store_true", help="print one JSON object")
    soak.set_defaults(do=_soak)


def _bench(arguments: argparse.Namespace) -> None:
    if arguments.engine:
        _bench_engine(arguments)
        return
    from assistant.bench.questions import QuestionsBench, bench_questions

    if arguments.tokens or arguments.isa:
        raise UsageError("--tokens and --isa belong to --engine: the answers have the lengths of the reference design")
    if len(arguments.threads) > 1:
        raise UsageError("give one number of --threads, or --engine, which compares several")
    config, folder = _model(arguments)
    if config.engine.arithmetic != "packed":
        console.say(
            f'engine.arithmetic = "{config.engine.arithmetic}" is left aside: SeeSay\'s own arithmetic is measured, and '
            "the plain one beside it with --compare transformers"
        )
    wanted = QuestionsBench(
        folder,
        is_random=_is_random(arguments),
        threads=arguments.threads[0] if arguments.threads else config.engine.threads,
        runs=arguments.runs or 5,
        rounds=arguments.rounds or 0,
        compares=arguments.compare is not None,
        prefill_chunk_tokens=config.engine.prefill_chunk_tokens,
        other_watts=config.power.other_watts,
    )
    bench_questions(wanted, as_json=arguments.json, html=arguments.html)


def _bench_engine(arguments: argparse.Namespace) -> None:
    from assistant.bench.engine import EngineBench, bench_engine

    if arguments.html or arguments.compare or arguments.runs:
        raise UsageError("--engine compares by itself and has no page: leave out --html, --compare and --runs")
    if arguments.synthetic and arguments.model not in (None, "2b"):
        raise UsageError("give either --synthetic or --model")
    wanted = EngineBench(
        model=arguments.model or "2b",
        threads=tuple(arguments.threads),
        rounds=arguments.rounds or 3,
        tokens=arguments.tokens or 32,
        isas=tuple(arguments.isa),
    )
    bench_engine(wanted, as_json=arguments.json)


def _soak(arguments: argparse.Namespace) -> None:
    from assistant.bench.soak import SoakSettings, soak

    if arguments.turns and arguments.lasting:
        raise UsageError("give either --for or --turns")
    if not 0 <= arguments.limit < math.inf:
        raise UsageError("--limit is 0 MB an hour or more")
    config, folder = _model(arguments)
    wanted = SoakSettings(
        every_seconds=arguments.every,
        for_seconds=None if arguments.turns else arguments.lasting or 7200.0,
        turns=arguments.turns,
        limit_mb_per_hour=arguments.limit,
    )
    soak(config, folder, wanted, lends_words=_is_random(arguments), as_json=arguments.json)


def _model(arguments: argparse.Namespace) -> tuple[Any, Path]:
    """The settings and the checkpoint's folder: the one that is named, or the one in use."""
    from assistant.bench.engine import model_folder
    from assistant.settings.config import load_config
    from assistant.wiring.engine import is_remote

    if arguments.synthetic and arguments.model not in (None, "2b"):
        raise UsageError("give either --synthetic or --model")
    config = load_config(arguments.config, os.environ, Path.cwd(), arguments.profile)
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


def _is_random(arguments: argparse.Namespace) -> bool:
    return bool(arguments.synthetic or arguments.model == "2b")


def _seconds(text: str) -> float:
    """ "2h", "1h30m", "90s", "90" → seconds."""
    found = _DURATION.fullmatch(text.strip())
    if not text.strip() or found is None:
        raise argparse.ArgumentTypeError(f"a time is expected, such as 2h, 30m, 90s, not {text!r}")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def _some_seconds(text: str) -> float:
    if (seconds := _seconds(text)) <= 0:
        raise argparse.ArgumentTypeError(f"more than no time is expected, not {text!r}")
    return seconds


def _numbers(text: str) -> list[int]:
    return [_number(part) for part in text.split(",")]


def _number(text: str) -> int:
    return _whole(text, 256)


def _many(text: str) -> int:
    return _whole(text, 1_000_000)


def _whole(text: str, most: int) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"a number from 1 to {most:,} is expected, not {text!r}")
    return int(text)

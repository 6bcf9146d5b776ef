"""`seesay bench`: its options and what they mean. This module measures nothing itself."""

from __future__ import annotations

import argparse
from typing import Any

from assistant import console
from assistant.cli.options import MODEL_HELP, is_random, model_of, whole_number
from assistant.errors import UsageError
from assistant.files import user_path, without_tilde


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    bench = verbs.add_parser("bench", parents=[common], help="measure this machine (minutes)")
    bench.description = "Measures three kinds of question from their words to the last sound, on the model in use."
    bench.add_argument(
        "--synthetic", action="store_true", help="a full-size model with random weights, made on the spot"
    )
    bench.add_argument(
        "--model", type=without_tilde, metavar="2b|demo|FOLDER", help=f"{MODEL_HELP} (default: the model in use)"
    )
    bench.add_argument(
        "--compare", choices=("transformers",), help="measure plain transformers float32 as well, in turns"
    )
    bench.add_argument("--runs", type=whole_number, metavar="N", help="of every kind of question (default: 5)")
    bench.add_argument(
        "--rounds", type=whole_number, metavar="N", help="processes of each engine (default: 1, 2 with --compare, 3 with --engine)"
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
    engine.add_argument("--tokens", type=whole_number, metavar="N", help="of an answer (default: 32)")
    engine.add_argument(
        "--isa", action="append", default=[], choices=("avx512", "avx2", "plain"), help="force SeeSay to it as well"
    )
    bench.set_defaults(do=_bench)


def _bench(arguments: argparse.Namespace) -> None:
    if arguments.engine:
        _bench_engine(arguments)
        return
    from assistant.bench.questions import QuestionsBench, bench_questions

    if arguments.tokens or arguments.isa:
        raise UsageError("--tokens and --isa belong to --engine: the answers have the lengths of the reference design")
    if len(arguments.threads) > 1:
        raise UsageError("give one number of --threads, or --engine, which compares several")
    config, folder = model_of(arguments)
    if config.engine.arithmetic != "packed":
        console.say(
            f'engine.arithmetic = "{config.engine.arithmetic}" is left aside: SeeSay\'s own arithmetic is measured, and '
            "the plain one beside it with --compare transformers"
        )
    wanted = QuestionsBench(
        folder,
        is_random=is_random(arguments),
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


def _numbers(text: str) -> list[int]:
    return [whole_number(part) for part in text.split(",")]

"""`seesay bench`: its options and what they mean. This module measures nothing itself."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from assistant import console
from assistant.cli.options import MODEL_HELP, is_random, model_of, whole_number
from assistant.errors import UsageError
from assistant.files import user_path, without_tilde

if TYPE_CHECKING:
    from assistant.bench.engines.compared import Compared


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
        "--compare",
        action="append",
        default=[],
        choices=("transformers", "llama.cpp", "openvino"),
        help="measure this as well, in turns; with --engine several are possible (there the default is transformers)",
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
    bench.add_argument(
        "--from",
        dest="saved",
        type=user_path,
        metavar="FILE",
        help="measure nothing: show what --json printed into this file, also as a page with --html",
    )
    engine = bench.add_argument_group("the engine alone")
    engine.add_argument("--engine", action="store_true", help="seeing and decoding beside others, without a voice")
    engine.add_argument("--tokens", type=whole_number, metavar="N", help="of an answer (default: 32)")
    engine.add_argument(
        "--isa", action="append", default=[], choices=("avx512", "avx2", "plain"), help="force SeeSay to it as well"
    )
    llama = bench.add_argument_group("--engine --compare llama.cpp")
    llama.add_argument("--llama-server", type=user_path, metavar="PROGRAM", help="llama.cpp's program llama-server")
    llama.add_argument("--gguf", type=user_path, metavar="FILE", help="the same model, converted to GGUF")
    llama.add_argument("--mmproj", type=user_path, metavar="FILE", help="its vision encoder, converted to GGUF")
    openvino = bench.add_argument_group("--engine --compare openvino")
    openvino.add_argument(
        "--openvino-model", type=user_path, metavar="FOLDER", help="the same model, exported by optimum-intel"
    )
    bench.set_defaults(do=_bench)


def _bench(arguments: argparse.Namespace) -> None:
    if arguments.saved is not None:
        _show_saved(arguments)
        return
    if arguments.engine:
        _bench_engine(arguments)
        return
    from assistant.bench.questions import QuestionsBench, bench_questions

    if arguments.tokens or arguments.isa:
        raise UsageError("--tokens and --isa belong to --engine: the answers have the lengths of the reference design")
    if set(arguments.compare) - {"transformers"} or _has_files(arguments):
        raise UsageError(
            "only transformers can be given the same questions and lengths of answers: llama.cpp and openvino, with their "
            "files, belong to --engine"
        )
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
        compares=bool(arguments.compare),
        prefill_chunk_tokens=config.engine.prefill_chunk_tokens,
        other_watts=config.power.other_watts,
    )
    bench_questions(wanted, as_json=arguments.json, html=arguments.html)


def _bench_engine(arguments: argparse.Namespace) -> None:
    from assistant.bench.engine import EngineBench, bench_engine

    if arguments.runs:
        raise UsageError("--engine has no kinds of question: leave out --runs, and give --rounds")
    if arguments.synthetic and arguments.model not in (None, "2b"):
        raise UsageError("give either --synthetic or --model")
    wanted = EngineBench(
        model=arguments.model or "2b",
        threads=tuple(arguments.threads),
        rounds=arguments.rounds or 3,
        tokens=arguments.tokens or 32,
        isas=tuple(arguments.isa),
        compared=_compared(arguments),
    )
    bench_engine(wanted, as_json=arguments.json, html=arguments.html)


def _compared(arguments: argparse.Namespace) -> Compared:
    from assistant.bench.engines.compared import LLAMA, OPENVINO, PLAIN, Compared

    compared = Compared(
        names=tuple(dict.fromkeys(arguments.compare)) or (PLAIN,),
        llama_server=arguments.llama_server,
        gguf=arguments.gguf,
        mmproj=arguments.mmproj,
        openvino_model=arguments.openvino_model,
    )
    if LLAMA not in compared.names and (compared.llama_server or compared.gguf or compared.mmproj):
        raise UsageError(f"--llama-server, --gguf and --mmproj belong to --compare {LLAMA}")
    if OPENVINO not in compared.names and compared.openvino_model:
        raise UsageError(f"--openvino-model belongs to --compare {OPENVINO}")
    return compared


def _has_files(arguments: argparse.Namespace) -> bool:
    return any((arguments.llama_server, arguments.gguf, arguments.mmproj, arguments.openvino_model))


def _show_saved(arguments: argparse.Namespace) -> None:
    from assistant.bench.saved import show_saved

    measures = (
        *(arguments.synthetic, arguments.model, arguments.compare, arguments.runs, arguments.rounds, arguments.threads),
        *(arguments.json, arguments.engine, arguments.tokens, arguments.isa, _has_files(arguments)),
    )
    if any(measures):
        raise UsageError("--from measures nothing: give only --html with it")
    show_saved(arguments.saved, arguments.html)


def _numbers(text: str) -> list[int]:
    return [whole_number(part) for part in text.split(",")]

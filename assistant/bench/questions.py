"""`seesay bench`: three kinds of question, from their words to the last sound of the answer, on this machine.

Our engine is measured through the assistant's own threads. `--compare transformers` also measures the plain float32
load of the same checkpoint, on the same pictures, questions and lengths of answers. Each engine runs in a process of
its own, in turns. A figure is the median of all runs. This file knows what is measured and compared. It does not know
how (`answers`, `plain_answers`), nor how a table or a page looks (`questions_table`, `page`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assistant import console
from assistant.bench.engine import divided, mean_of, median_of, memory_missing
from assistant.bench.engines.compared import OURS, PLAIN
from assistant.bench.engines.processes import run_process
from assistant.bench.limits import shapes
from assistant.bench.limits.feasible import feasible
from assistant.bench.limits.machine import Limits, description
from assistant.bench.limits.shares import bytes_of, points, shares
from assistant.bench.limits.work import Work, work_of
from assistant.bench.material.kinds import KINDS
from assistant.bench.material.pictures import HEIGHT_PX, WIDTH_PX
from assistant.bench.pages.page import page
from assistant.bench.pages.page_file import require_writable, write
from assistant.bench.pages.questions_table import table
from assistant.bench.task import Task
from vision.engine.checkpoint.checkpoint import Checkpoint, open_checkpoint
from vision.engine.host import arithmetic_threads, available_bytes

FIGURES = (
    "vision_seconds",
    "prefill_seconds",
    "first_token_seconds",
    "first_sound_seconds",
    "seen_first_token_seconds",
    "seen_first_sound_seconds",
    "decode_seconds",
    "total_seconds",
    "seen_total_seconds",
    "cpu_seconds",
    "peak_bytes",
    "joules",
    "watts",
)
"""Of one kind of question."""

Run = Callable[[Task], Mapping[str, Any]]


@dataclass(frozen=True)
class QuestionsBench:
    """The options that the user gave."""

    checkpoint: Path
    is_random: bool = False  # its weights are random, so it speaks no language
    threads: int = 0  # 0: the physical cores, at most 4
    runs: int = 5  # how often our engine is asked each kind of question
    rounds: int = 0  # processes of each engine; 0: one, or two if something is compared
    compares: bool = False  # with plain transformers, which is asked each kind once a round
    prefill_chunk_tokens: int = 256
    other_watts: float = 0.0  # of the box without the processor: stated, not measured


def bench_questions(wanted: QuestionsBench, *, as_json: bool, html: Path | None, run: Run = run_process) -> None:
    """Measures and prints; it takes minutes for the full size. Raises AssistantError, VisionModelError."""
    if html is not None:
        require_writable(html)
    measured = measure(wanted, open_checkpoint(wanted.checkpoint), run)
    # Printed before the page is written, so that a full disk cannot lose the measurement.
    console.result(console.as_json_line(measured) if as_json else table(measured))
    if html is not None:
        write(html, page(measured))


def measure(wanted: QuestionsBench, checkpoint: Checkpoint, run: Run) -> dict[str, Any]:
    """The documented object of `seesay bench --json`."""
    threads = arithmetic_threads(wanted.threads)
    missing = memory_missing(checkpoint, available_bytes()) if wanted.compares else ""
    if missing:
        console.say(f"seesay: {missing}")
    engines = [OURS, *([PLAIN] if wanted.compares and not missing else [])]
    console.say("preparing: packed weights, compiled arithmetic")
    first_start = run(Task("load", threads, str(checkpoint.folder)))["load_seconds"]
    rounds = _rounds(wanted, engines, str(checkpoint.folder), threads, run)
    limits = Limits.of_rounds(rounds.pop("limits"))
    first = rounds[OURS][0]
    questions = {kind.name: first["runs"][kind.name][0]["question_tokens"] for kind in KINDS}
    work = {
        kind: work_of(checkpoint.config, first["image_tokens"], first["prompt_tokens"], tokens)
        for kind, tokens in questions.items()
    }
    found = {name: summary(ones) for name, ones in rounds.items()}
    full_size = _is_full_size(checkpoint)
    busy = [one.get("others_share") for ones in rounds.values() for one in ones]
    return {
        "machine": description(),
        "model": {
            "name": checkpoint.name,
            "parameters": checkpoint.parameters,
            "float32_bytes": checkpoint.float32_bytes,
            "random_weights": wanted.is_random,
            "is_full_size": full_size,
            "picture_pixels": [WIDTH_PX, HEIGHT_PX],
        },
        "tokens": {
            "image": first["image_tokens"],
            "prompt": first["prompt_tokens"],
            "question": questions,
            "answer": {kind.name: first["runs"][kind.name][0]["answer_tokens"] for kind in KINDS},
            "first_sentence": {kind.name: kind.first_sentence_tokens for kind in KINDS},
        },
        "threads": threads,
        "runs": {name: sum(len(one["runs"][KINDS[0].name]) for one in ones) for name, ones in rounds.items()},
        "rounds": len(rounds[OURS]),
        "left_out": missing,
        "first_start_seconds": first_start,
        "limits": asdict(limits),
        "work": {kind: asdict(one) for kind, one in work.items()},
        "engines": found,
        "ratios": ratios(found),
        "shapes": shapes.medians([one["shapes"] for one in rounds[OURS]]),
        "shares": {
            name: _of_each_kind(one, work, first if name == OURS else {}, partial(shares, limits=limits))
            for name, one in found.items()
        },
        "roofline": {
            name: _of_each_kind(one, work, first if name == OURS else {}, points) for name, one in found.items()
        },
        "energy_source": first["energy_source"],
        "others_share": {"mean": mean_of(busy), "most": max((one for one in busy if one is not None), default=None)},
        "other_watts": wanted.other_watts,
        "reference": [asdict(row) for row in feasible(limits, found[OURS], wanted.other_watts, is_full_size=full_size)],
        "series": {name: ones[0]["series"] for name, ones in rounds.items()},
        "all_rounds": {name: [{**one, "series": None} for one in ones] for name, ones in rounds.items()},
    }


def _rounds(
    wanted: QuestionsBench, engines: Sequence[str], folder: str, threads: int, run: Run
) -> dict[str, list[Mapping[str, Any]]]:
    """For each engine, what every process measured of it."""
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in ("limits", *engines)}

    def measure_limits() -> None:
        # The limits are measured before every engine and after the last, because limits that others slowed would
        # flatter our shares.
        found["limits"].append(run(Task("limits", threads, folder)))

    parts = portions(wanted.runs, wanted.rounds or (2 if wanted.compares else 1))
    for number, part in enumerate(parts, start=1):
        for name in engines:
            runs = part if name == OURS else 1
            times = "once" if runs == 1 else f"{runs} times"
            console.say(f"round {number} of {len(parts)}: {name}, each of {len(KINDS)} questions {times}")
            measure_limits()
            task = Task(
                f"answers of {name}",
                threads,
                folder,
                runs=runs,
                lends_words=wanted.is_random,
                prefill_chunk_tokens=wanted.prefill_chunk_tokens,
            )
            found[name].append(run(task))
    measure_limits()
    return found


def portions(runs: int, rounds: int) -> list[int]:
    """Divides the runs over at most `rounds` rounds, as evenly as possible, with no round empty."""
    rounds = min(runs, rounds)
    return [runs // rounds + (number < runs % rounds) for number in range(rounds)]


def summary(rounds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The summary of one engine: what loading took, and the medians and ranges of all runs of each kind."""
    return {
        "load_seconds": median_of([one["load_seconds"] for one in rounds]),
        "load_cpu_seconds": median_of([one["load_cpu_seconds"] for one in rounds]),
        "disk_bytes": median_of([one["disk_bytes"] for one in rounds]),
        "load_peak_bytes": max(one["load_peak_bytes"] for one in rounds),
        "peak_bytes": max(one["peak_bytes"] for one in rounds),
        "kinds": {kind.name: _of_kind([run for one in rounds for run in one["runs"][kind.name]]) for kind in KINDS},
    }


def _of_kind(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    complete = [derived(run) for run in runs]
    figures: dict[str, Any] = {name: median_of([run[name] for run in complete]) for name in FIGURES}
    figures["ranges"] = {name: _range([run[name] for run in complete]) for name in FIGURES}
    return figures


def derived(run: Mapping[str, Any]) -> dict[str, Any]:
    """A run with the figures that follow from it.

    With the picture seen ahead, the answer ends as much earlier as it begins.
    """
    seen = run["seen_first_token_seconds"]
    earlier = None if seen is None else run["first_token_seconds"] - seen
    return {
        **run,
        "seen_total_seconds": None if earlier is None else run["total_seconds"] - earlier,
        "watts": divided(run["joules"], run["total_seconds"]),
    }


def _range(figures: Sequence[float | None]) -> list[float] | None:
    known = [figure for figure in figures if figure is not None]
    return [min(known), max(known)] if known else None


def ratios(engines: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """For each kind and figure, how many times less ours takes than the plain engine; empty if not measured."""
    if PLAIN not in engines:
        return {}
    plain, ours = engines[PLAIN], engines[OURS]
    of_kinds = {
        kind.name: {key: divided(plain["kinds"][kind.name][key], ours["kinds"][kind.name][key]) for key in FIGURES}
        for kind in KINDS
    }
    return {key: divided(plain[key], ours[key]) for key in ("load_seconds", "peak_bytes")} | {"kinds": of_kinds}


def _of_each_kind(
    engine: Mapping[str, Any], work: Mapping[str, Work], told: Mapping[str, Any], counted: Callable[..., dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """For each kind, what `counted` makes of an engine's figures, the work and the bytes that it reads."""
    return {kind: counted(figures, work[kind], bytes_of(work[kind], told)) for kind, figures in engine["kinds"].items()}


def _is_full_size(checkpoint: Checkpoint) -> bool:
    from assistant.bench.material.random_model import CONFIG
    from vision.engine.checkpoint.shapes import Shapes

    return Shapes.of(checkpoint.config) == Shapes.of(CONFIG)

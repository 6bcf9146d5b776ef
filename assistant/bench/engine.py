"""`seesay bench --engine`: our engine beside others, on the same picture and question.

A round measures each of them once, every time in a new process. A figure is the median of the rounds. The engines
take turns, because a machine that grows warm or has another user slows both alike; then the ratios stay right even
where the figures do not. It does not know how an engine is measured, nor how a table looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

from assistant import console
from assistant.bench.engines.compared import OURS, PLAIN, Compared
from assistant.bench.engines.processes import run_process
from assistant.bench.limits.machine import Limits, description
from assistant.bench.limits.shares import bytes_of, points, shares
from assistant.bench.limits.work import work_of
from assistant.bench.pages.engine_page import page
from assistant.bench.pages.page_file import require_writable, write
from assistant.bench.pages.report import table
from assistant.bench.task import PICTURE_PIXELS, Task
from vision.engine.checkpoint.checkpoint import Checkpoint, open_checkpoint
from vision.engine.host import available_bytes, physical_cores

FIGURES = (
    "load_seconds",
    "vision_seconds",
    "prefill_seconds",
    "first_token_seconds",
    "seen_first_token_seconds",
    "decode_seconds",
    "cancel_seconds",
    "load_cpu_seconds",
    "answer_cpu_seconds",
    "answer_joules",
    "peak_bytes",
    "anonymous_bytes",
    "file_bytes",
    "disk_bytes",
)
"""Of the smaller of two, the better."""
_NO_COST = ("file_bytes", "disk_bytes")  # figures whose ratio would say nothing
_PLAIN_PEAK = 1.5  # times the float32 weights: the file that they are made from is mapped at the same time
_PLAIN_ROOM_BYTES = 300_000_000

Run = Callable[[Task], Mapping[str, Any]]


@dataclass(frozen=True)
class EngineBench:
    """The options that the user gave."""

    model: str = "2b"  # "demo", or a checkpoint's folder
    threads: tuple[int, ...] = ()  # (): measured with one thread and with all physical cores
    rounds: int = 3
    tokens: int = 32  # length of an answer
    isas: tuple[str, ...] = ()  # instruction sets that are measured beside the fastest
    compared: Compared = field(default_factory=Compared)  # what our engine is measured beside


def bench_engine(wanted: EngineBench, *, as_json: bool, html: Path | None = None, run: Run = run_process) -> None:
    """Measures and prints; it takes minutes for the full size. Raises AssistantError, VisionModelError."""
    wanted.compared.require()
    if html is not None:
        require_writable(html)
    checkpoint = open_checkpoint(model_folder(wanted.model))
    measured = measure(wanted, checkpoint, run)
    # Printed before the page is written, so that a full disk cannot lose the measurement.
    console.result(console.as_json_line(measured) if as_json else table(measured))
    if html is not None:
        write(html, page(measured))


def measure(wanted: EngineBench, checkpoint: Checkpoint, run: Run) -> dict[str, Any]:
    """The documented object of `seesay bench --engine --json`."""
    missing = memory_missing(checkpoint, available_bytes()) if PLAIN in wanted.compared.names else ""
    if missing:
        console.say(f"seesay: {missing}")
    compared = [name for name in wanted.compared.names if name != PLAIN or not missing]
    engines = [OURS, *compared, *(f"{OURS} {isa}" for isa in wanted.isas)]
    folder = str(checkpoint.folder)
    first_starts = {}
    for engine in engines:
        if engine not in compared:  # the first load packs the weights and compiles the kernels
            console.say(f"preparing {engine}")
            first_starts[engine] = run(_task(wanted, engine, folder, max(_threads(wanted)), 2))["load_seconds"]
    results = [_at(threads, _rounds(wanted, engines, folder, threads, run), checkpoint) for threads in _threads(wanted)]
    return {
        "machine": description(),
        "model": {"name": checkpoint.name, "parameters": checkpoint.parameters, "picture_pixels": PICTURE_PIXELS},
        "rounds": wanted.rounds,
        "answer_tokens": wanted.tokens,
        "compared": compared,
        "left_out": missing,
        "first_start_seconds": first_starts,
        "results": results,
        "scaling": scaling(results),
    }


def _rounds(
    wanted: EngineBench, engines: Sequence[str], folder: str, threads: int, run: Run
) -> dict[str, list[Mapping[str, Any]]]:
    """For each engine, what every round measured of it."""
    rounds: dict[str, list[Mapping[str, Any]]] = {name: [] for name in ("limits", *engines)}
    for number in range(1, wanted.rounds + 1):
        for name, found in rounds.items():
            console.say(f"round {number} of {wanted.rounds}, {_counted(threads)}: {name}")
            found.append(run(_task(wanted, name, folder, threads, wanted.tokens)))
    return rounds


def _at(threads: int, rounds: Mapping[str, list[Mapping[str, Any]]], checkpoint: Checkpoint) -> dict[str, Any]:
    """All figures for one number of threads."""
    busy = [one.get("others_share") for found in rounds.values() for one in found]
    limits = Limits.of_rounds(rounds["limits"])
    rounds = {name: found for name, found in rounds.items() if name != "limits"}
    one = rounds[OURS][0]
    work = work_of(checkpoint.config, one["image_tokens"], one["prompt_tokens"], one["question_tokens"])
    engines = {name: medians(found) for name, found in rounds.items()}
    read = {name: bytes_of(work, found[0]["detail"]) for name, found in rounds.items()}
    ours = [name for name in engines if name.partition(" ")[0] == OURS]
    return {
        "threads": threads,
        "limits": asdict(limits),
        "tokens": {key: one[f"{key}_tokens"] for key in ("image", "prompt", "question")},
        "other_tokens": _other_tokens(rounds, one["prompt_tokens"] + one["question_tokens"]),
        "work": asdict(work),
        "engines": engines,
        "ratios": {
            name: {own: ratios(figures, engines[own]) for own in ours}
            for name, figures in engines.items()
            if name not in ours
        },
        "shares": {
            name: shares(figures, work, read[name], limits) | _stream_share(rounds[name])
            for name, figures in engines.items()
        },
        "roofline": {name: points(figures, work, read[name]) for name, figures in engines.items()},
        "others_share": {"mean": mean_of(busy), "most": max((one for one in busy if one is not None), default=None)},
        "all_rounds": rounds,
    }


def _other_tokens(rounds: Mapping[str, Sequence[Mapping[str, Any]]], ours: int) -> dict[str, int]:
    """The tokens of picture and question of each engine that says it read another number than ours."""
    said = {name: found[0]["detail"].get("read_tokens", ours) for name, found in rounds.items()}
    return {name: tokens for name, tokens in said.items() if tokens != ours}


def medians(rounds: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The median of every figure over the rounds. None for a figure that some round does not have."""
    return {name: median_of([_one_number(one.get(name)) for one in rounds]) for name in FIGURES}


def ratios(plain: Mapping[str, float | None], ours: Mapping[str, float | None]) -> dict[str, float | None]:
    """For every figure, how many times less our engine takes than the other one."""
    return {name: divided(plain[name], ours[name]) for name in FIGURES if name not in _NO_COST}


def _stream_share(rounds: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Decode's share of the memory's speed, as the engine's own process measured it; empty where it did not."""
    share = median_of([one["detail"].get("stream_share") for one in rounds])
    return {} if share is None else {"decode_seconds": share}


def scaling(results: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float | None]]:
    """For each number of threads, how many times faster our engine is than with the fewest threads."""
    fewest = results[0]["engines"][OURS]
    return {
        str(one["threads"]): {
            name: divided(fewest[name], one["engines"][OURS][name])
            for name in FIGURES
            if name.endswith("_seconds") and "cpu" not in name
        }
        for one in results[1:]
    }


def memory_missing(checkpoint: Checkpoint, available: int | None) -> str:
    """The reason why transformers is left out; empty if there is enough memory for it."""
    needed = int(_PLAIN_PEAK * checkpoint.float32_bytes) + _PLAIN_ROOM_BYTES
    if available is None or needed <= available:
        return ""
    return (
        f"transformers in float32 takes {needed / 1e9:.1f} GB of memory for {checkpoint.name} and "
        f"{available / 1e9:.1f} GB are free: only SeeSay is measured"
    )


def model_folder(model: str) -> Path:
    """The folder of `model`: "demo", "2b" with random weights (made if they are missing), or a folder's path."""
    from assistant.models.catalog import demo_vlm

    if model == "demo":
        return demo_vlm()
    if model != "2b":
        return Path(model)
    from assistant.bench.material.random_model import random_checkpoint
    from assistant.models.progress import ProgressBars
    from vision.engine.packed.cache import weights_folder

    with ProgressBars() as bars:
        return random_checkpoint(weights_folder().with_name("bench"), bars.show)


def is_demo(folder: Path) -> bool:
    """True if it is the small embedded model."""
    from assistant.models.catalog import demo_vlm

    return folder == demo_vlm()


def _threads(wanted: EngineBench) -> list[int]:
    return sorted(set(wanted.threads or (1, physical_cores())))


def _task(wanted: EngineBench, name: str, folder: str, threads: int, tokens: int) -> Task:
    what, _, isa = name.partition(" ")
    return wanted.compared.with_files(Task(what, threads, folder, tokens, isa))


def _one_number(figure: Any) -> float | None:
    if isinstance(figure, list):
        return median(figure) if figure else None
    return figure  # type: ignore[no-any-return]  # as JSON has it


def median_of(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return median(known) if known and len(known) == len(figures) else None


def mean_of(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return fmean(known) if known else None


def divided(a: float | None, b: float | None) -> float | None:
    return None if a is None or not b else a / b


def _counted(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"

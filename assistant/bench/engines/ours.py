"""Measures our engine through its own interface, `load`, `see` and `ask`, which the assistant waits for.

It runs in a process of its own.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from assistant.bench.sensors import this_machine
from assistant.bench.task import Figures, Stopwatch, Task, memory, picture, question
from assistant.errors import UsageError

if TYPE_CHECKING:
    from vision.interface import AnswerChunk

_STREAM_PORTIONS = 100  # of 3 MiB each: many times larger than a cache


def measure(task: Task) -> Figures:
    """Loads, looks, asks and decodes once, after one unmeasured question that wakes threads and pages of memory."""
    os.environ["SEESAY_ISA"] = task.isa
    loading = Stopwatch()
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings
    from vision.frame import Frame

    settings = EngineSettings(threads=task.threads, stops_loops=False)
    with Engine.load(Path(task.checkpoint), settings) as engine:
        load_seconds, load_cpu_seconds = loading.seconds, loading.cpu_seconds
        isa = _isa(task.isa)
        words = question(engine.prompt)
        frame = Frame(picture(), 0.0)
        for _ in engine.see(frame).ask(words, max_new_tokens=2):
            pass

        meter = this_machine().meter()
        answering = Stopwatch()
        watched = Watched()
        view = engine.see(frame, watched)
        see_seconds = answering.seconds
        asked = Stopwatch()
        times: list[tuple[float, int]] = []  # (moment, tokens so far)
        tokens, stats = 0, None
        for chunk in view.ask(words, max_new_tokens=task.tokens, cancelled=watched):
            tokens += chunk.tokens
            times.append((asked.seconds, tokens))
            stats = chunk.stats
        answer_cpu_seconds, joules = answering.cpu_seconds, meter()
        assert stats is not None  # the last chunk has them
        between = _between(times)
        # The first piece of text may be that of several tokens, if they make one character together.
        first_seconds = times[0][0] - (times[0][1] - 1) * (median(between) if between else 0.0)
        used = memory()
        decode_bytes = bytes_of_a_token(Path(task.checkpoint))
        view.forget()
        share = _stream_share(view.ask(words, max_new_tokens=task.tokens), task.threads, decode_bytes)
        return Figures(
            load_seconds=load_seconds,
            vision_seconds=view.stats.vision_seconds,
            prefill_seconds=view.stats.prefill_seconds,
            first_token_seconds=see_seconds + first_seconds,
            seen_first_token_seconds=first_seconds,
            decode_seconds=between,
            cancel_seconds=watched.longest_seconds,
            load_cpu_seconds=load_cpu_seconds,
            answer_cpu_seconds=answer_cpu_seconds,
            answer_joules=joules,
            image_tokens=view.stats.image_tokens,
            prompt_tokens=view.stats.prompt_tokens,
            question_tokens=stats.prompt_tokens,
            detail={
                "isa": isa,
                "decode_bytes": decode_bytes,
                "vision_bytes": bytes_of_the_encoder(Path(task.checkpoint)),
                "stream_share": share,
            },
            **used,  # type: ignore[arg-type]  # the peak is always there
        )


class Watched(threading.Event):
    """A `cancelled` that never comes true, and that notes the longest time in which the engine did not look at it."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_seconds = 0.0
        self._looked_at: float | None = None

    def is_set(self) -> bool:
        now = time.perf_counter()
        if self._looked_at is not None:
            self.longest_seconds = max(self.longest_seconds, now - self._looked_at)
        self._looked_at = now
        return super().is_set()


def _stream_share(answer: Iterator[AnswerChunk], threads: int, decode_bytes: int) -> float | None:
    """How fast tokens read their weights, as a share of the speed of plain reads of memory between them; the median.

    Both are measured by turns, because the memory's speed changes every second where other machines share it.
    """
    import numpy as np

    from vision.engine.kernels.roofline import WORK_ITEM_BYTES, read_bytes_per_second
    from vision.engine.kernels.thread_pool import Pool

    shares = []
    others = np.ones(_STREAM_PORTIONS * WORK_ITEM_BYTES, np.uint8)
    with Pool(threads) as pool:
        next(answer)  # reads the question
        started = time.perf_counter()
        for chunk in answer:
            seconds = time.perf_counter() - started
            if chunk.tokens:
                rate = chunk.tokens * decode_bytes / seconds
                shares.append(rate / read_bytes_per_second(pool, others, 1))
            started = time.perf_counter()
    return median(shares) if shares else None


def _isa(wanted: str) -> str:
    """The instruction set that the engine uses. Raises UsageError if it could not use the one that was asked for."""
    from vision.engine.models.packed_model import chosen_isa

    chosen = chosen_isa().name.lower()
    if wanted and wanted != chosen:
        raise UsageError(f"--isa {wanted}: this processor has no {wanted}; the best it has is {chosen}")
    return chosen


def bytes_of_a_token(folder: Path) -> int:
    """The bytes of the packed file that one token reads."""
    from assistant.bench.limits.work import is_read_by_a_token

    matrices = _packed_matrices(folder)
    return sum(matrix.nbytes for name, matrix in matrices.items() if is_read_by_a_token(name, matrices))


def bytes_of_the_encoder(folder: Path) -> int:
    """The bytes of the packed file that a look at a picture reads for the encoder."""
    from assistant.bench.limits.work import is_of_the_encoder

    return sum(matrix.nbytes for name, matrix in _packed_matrices(folder).items() if is_of_the_encoder(name))


def _packed_matrices(folder: Path) -> Mapping[str, Any]:
    from vision.engine.checkpoint.checkpoint import open_checkpoint
    from vision.engine.packed.cache import packed_path, weights_folder
    from vision.engine.packed.file import PackedFile

    return PackedFile(packed_path(weights_folder(), open_checkpoint(folder))).contents.matrices


def _between(times: list[tuple[float, int]]) -> list[float]:
    """Seconds of every token after the first. Some come two at a time, because a character or a word may need two."""
    seconds = []
    for (before, said), (now, more) in pairwise(times):
        if more > said:  # else this was only the end
            seconds += [(now - before) / (more - said)] * (more - said)
    return seconds

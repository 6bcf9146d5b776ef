"""Measures transformers in float32, as its documentation shows it, with the questions of `answers`. In its own process.

Pictures, questions and lengths of answers are the same, to the last token. It has no voice, so it has no first sound.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from assistant.bench.engines.answers import AnswerRun
from assistant.bench.engines.forced import asked_words
from assistant.bench.engines.plain import User, load
from assistant.bench.material.kinds import KINDS, Kind
from assistant.bench.material.pictures import padded_frame
from assistant.bench.recorder import END, Recorder
from assistant.bench.sensors import Sensors, this_machine
from assistant.bench.task import Stopwatch, Task, forget_peak, memory


def measure(task: Task, sensors: Sensors | None = None) -> dict[str, Any]:
    """Loads the model, asks once without measuring, and then asks every kind as often as the task says, in turns."""
    sensors = sensors or this_machine()
    folder = Path(task.checkpoint)
    with Recorder(sensors) as recorder:
        recorder.mark("load")
        loading = Stopwatch()
        network = load(folder, task.threads)
        loaded = {"load_seconds": loading.seconds, "load_cpu_seconds": loading.cpu_seconds, **memory()}
        import torch

        with torch.inference_mode():
            users = {kind.name: _user(network, folder, kind, task) for kind in KINDS}
            recorder.mark("warm-up")
            first = users[KINDS[0].name]
            first.look()
            first.read_question()
            first.one_more()
            runs: dict[str, list[dict[str, Any]]] = {kind.name: [] for kind in KINDS}
            for _ in range(task.runs):
                for kind in KINDS:
                    recorder.mark(kind.name)
                    runs[kind.name].append(asdict(_run(users[kind.name], kind, sensors)))
        recorder.mark(END)
    return {
        **loaded,
        "load_peak_bytes": loaded["peak_bytes"],
        "peak_bytes": max([loaded["peak_bytes"], *(run["peak_bytes"] for found in runs.values() for run in found)]),
        "runs": runs,
        "image_tokens": first.image_tokens,
        "prompt_tokens": len(first.prompt),
        "decode_bytes": None,
        "energy_source": sensors.energy_source,
        "series": recorder.series(),
    }


def _run(user: User, kind: Kind, sensors: Sensors) -> AnswerRun:
    forget_peak()
    lap = sensors.meter()
    whole = Stopwatch()
    vision, prefill = user.look()
    seen = Stopwatch()
    user.read_question()
    seen_seconds, first_seconds = seen.seconds, whole.seconds
    decode = [user.one_more() for _ in range(kind.answer_tokens - 1)]
    total, cpu, joules = whole.seconds, whole.cpu_seconds, lap()
    return AnswerRun(
        vision_seconds=vision,
        prefill_seconds=prefill,
        first_token_seconds=first_seconds,
        first_sound_seconds=None,
        seen_first_token_seconds=seen_seconds,
        seen_first_sound_seconds=None,
        decode_seconds=sum(decode) / max(1, len(decode)),
        total_seconds=total,
        cpu_seconds=cpu,
        joules=joules,
        answer_tokens=kind.answer_tokens,
        question_tokens=len(user.question),
        peak_bytes=memory()["peak_bytes"] or 0,
    )


def _user(network: Any, folder: Path, kind: Kind, task: Task) -> User:
    words = partial(asked_words, kind, lends_words=task.lends_words)
    return User(network, folder, padded_frame(kind.name).rgb, words)

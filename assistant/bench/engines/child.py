"""One process of the benchmark: it measures what its argument says and prints one JSON object, figures or an error.

`python -m assistant.bench.engines.child '{"what": "seesay", …}'`. Each measurement has a process of its own, because the
first engine would leave its memory, its threads and its settings behind for the second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.bench.engines.compared import LLAMA, OPENVINO, PLAIN
from assistant.bench.task import Stopwatch, Task
from assistant.errors import exit_status_of
from audio.own_process import end_with_parent


def main(argument: str) -> int:
    """Measures and prints. Returns the exit status, which is that of the error if it printed one."""
    # Libraries may print to standard output, so it is redirected. The figures go to the real one.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        figures = _measured(Task.of_json(argument))
    except Exception as problem:  # the boundary of the process: the parent reports it
        if os.environ.get("SEESAY_DEBUG"):
            raise
        figures = {"error": str(problem) or type(problem).__name__, "status": exit_status_of(problem)}
    results.write(json.dumps(figures))
    results.close()
    return int(figures.get("status", 0))


def _measured(task: Task) -> Mapping[str, Any]:
    if task.what == "limits":
        from assistant.bench.limits.machine import limits

        return vars(limits(task.threads))
    if task.what == "load":
        return {"load_seconds": _load_seconds(task)}
    if task.what == "answers of seesay":
        from assistant.bench.engines import answers

        return answers.measure(task)
    if task.what == "answers of transformers":
        from assistant.bench.engines import plain_answers

        return plain_answers.measure(task)
    if task.what == PLAIN:
        from assistant.bench.engines.plain import measure
    elif task.what == LLAMA:
        from assistant.bench.engines.llama import measure
    elif task.what == OPENVINO:
        from assistant.bench.engines.openvino import measure
    else:
        from assistant.bench.engines.ours import measure
    return vars(measure(task))


def _load_seconds(task: Task) -> float:
    """Seconds to load the model. The first time this packs the weights and compiles the kernels."""
    loading = Stopwatch()
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings

    with Engine.load(Path(task.checkpoint), EngineSettings(threads=task.threads)):
        return loading.seconds


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(sys.argv[1]))

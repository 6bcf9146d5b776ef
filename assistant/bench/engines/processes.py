"""Runs one measurement in a process of its own and brings its figures back. It does not know what the figures mean."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

from assistant.bench.limits.machine import Others
from assistant.bench.task import Task
from assistant.errors import AssistantError
from audio.own_process import command_of


class MeasurementFailed(AssistantError):
    """A process of the benchmark ended without figures. The error carries the exit status of what went wrong there."""

    def __init__(self, message: str, status: int = AssistantError.exit_status) -> None:
        super().__init__(message)
        self.exit_status = status


def run_process(task: Task) -> dict[str, Any]:
    """The figures of a task, with `others_share`, other programs' share of the processors. Raises MeasurementFailed."""
    meanwhile = Others()
    done = subprocess.run(
        command_of("assistant.bench.engines.child", task.as_json()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return figures_of(task, done.returncode, done.stdout, done.stderr) | {"others_share": meanwhile.share()}


def figures_of(task: Task, status: int, output: str, messages: str) -> dict[str, Any]:
    """The figures that the process printed. Raises MeasurementFailed with the reason why it printed none."""
    try:
        figures = json.loads(output)
    except ValueError:
        figures = None
    if isinstance(figures, dict) and status == 0:
        return figures
    if isinstance(figures, dict) and "error" in figures:
        raise MeasurementFailed(f"measuring {task.what} failed: {figures['error']}", int(figures["status"]))
    raise MeasurementFailed(f"the process that measured {task.what} {_end(status, messages)}")


def _end(status: int, messages: str) -> str:
    if status == -signal.SIGKILL:
        return "was killed, most likely because the memory ran out: close other programs, or bench a smaller model"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}: start the benchmark again"
    last = ([line.strip() for line in messages.splitlines() if line.strip()] or ["no message"])[-1]
    return f"ended with status {status} and no figures ({last[-200:]})"

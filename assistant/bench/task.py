"""The tasks and figures of the benchmark: values that are sent from one process to another."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vision.engine.generation.prompt import ChatPrompt

PICTURE_PIXELS = 448
QUESTION_TOKENS = 18
_WORDS = "what is in front of me and where is the nearest free chair or table that can be seen in this picture "
OTHER_WORDS = "tell me how many things of which color lie on the floor or stand near the wall of this small room here "
"""For a question that does not begin as the first one does."""


@dataclass(frozen=True)
class Task:
    """What one process of the benchmark has to measure."""

    what: str  # "limits", "load", "answers of seesay", "answers of transformers", or the name of an engine
    threads: int
    checkpoint: str = ""
    tokens: int = 32  # length of an answer
    isa: str = ""  # instruction set of our engine; empty: the fastest
    runs: int = 1  # how often each kind of question is asked
    lends_words: bool = False  # because the model's own words are no language
    prefill_chunk_tokens: int = 256
    program: str = ""  # llama-server
    model: str = ""  # of llama.cpp the GGUF file, of OpenVINO the folder; for the other engines see `checkpoint`
    encoder: str = ""  # of llama.cpp the GGUF file with the vision encoder

    def as_json(self) -> str:
        return json.dumps(vars(self))

    @staticmethod
    def of_json(text: str) -> Task:
        return Task(**json.loads(text))


@dataclass(frozen=True)
class Figures:
    """What one process measured of one engine, in seconds and bytes; None where it does not say."""

    load_seconds: float
    vision_seconds: float | None
    prefill_seconds: float | None  # reading the prompt up to the end of the picture
    first_token_seconds: float | None  # from picture and question to the first token
    seen_first_token_seconds: float | None  # from the question to the first token, on a picture that has been read
    decode_seconds: list[float]  # one figure for each token, or their mean
    cancel_seconds: float | None  # the longest time that a cancel has to wait
    load_cpu_seconds: float | None  # user and system
    answer_cpu_seconds: float | None  # picture, question and all tokens
    peak_bytes: int
    anonymous_bytes: int | None  # at the end
    file_bytes: int | None  # mapped files, which the system can take back
    disk_bytes: int | None  # read from the disk; 0 if all files were in the page cache
    answer_joules: float | None = None  # of the processor, for picture, question and all tokens
    image_tokens: int | None = None
    prompt_tokens: int | None = None
    question_tokens: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


class Stopwatch:
    """Measures wall clock and processor time since it was made."""

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._cpu = _cpu_seconds()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._wall

    @property
    def cpu_seconds(self) -> float:
        return _cpu_seconds() - self._cpu


def picture() -> NDArray[np.uint8]:
    """A still life of soft shapes and noise (448, 448, 3): the same every time."""
    import numpy as np

    row, column = np.mgrid[0:PICTURE_PIXELS, 0:PICTURE_PIXELS] / PICTURE_PIXELS
    waves = np.stack([np.sin(7 * row + 3 * n) * np.cos(5 * column - n) for n in range(3)], axis=-1)
    noise = np.random.default_rng(1).normal(0, 8, waves.shape)
    return np.clip(127 + 90 * waves + noise, 0, 255).astype(np.uint8)


def question(prompt: ChatPrompt, words: str = _WORDS) -> str:
    """A question of QUESTION_TOKENS tokens, including those that make the model answer."""
    best = words[:4]
    for end in range(4, len(words)):
        if len(prompt.question(words[:end])) > QUESTION_TOKENS:
            break
        best = words[:end]
    return best.strip()


def memory(process_id: int | None = None) -> dict[str, int | None]:
    """The memory of a process in bytes, of this one if none is named: its peak, and what it has now."""
    folder = Path(f"/proc/{process_id or 'self'}")
    now = numbers_in(folder / "status")
    peak = None if process_id else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "peak_bytes": now.get("VmHWM", peak),
        "anonymous_bytes": now.get("RssAnon"),
        "file_bytes": now.get("RssFile"),
        "disk_bytes": numbers_in(folder / "io").get("read_bytes"),
    }


def cpu_seconds_of(process_id: int) -> float | None:
    """The processor time of another process so far, user and system; None where the system does not say."""
    try:
        # The name, which may hold anything, stands in brackets; after it come the fields from the third one on.
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


def resident_bytes() -> int | None:
    """The resident memory of this process now; None where the system does not say."""
    return numbers_in(Path("/proc/self/status")).get("VmRSS")


def forget_peak() -> None:
    """Makes `memory` tell the peak from now on.

    Where the system does not allow that, the peak stays that of the process.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def numbers_in(path: Path) -> dict[str, int]:
    """The numbers of the lines "name: 12 kB" or "name: 12" of a file; none if the system has no such file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, _, value = line.partition(":")
        number, *unit = value.split() or [""]
        if number.isdecimal():
            found[name] = int(number) * (1024 if unit == ["kB"] else 1)
    return found


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system

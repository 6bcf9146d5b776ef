"""Measures llama.cpp through its own program, llama-server, which runs as a child of this process.

The picture, the question, the length of the answer and the number of threads are those of the other engines. The
server's own timings are used. They come with every answer in the object `timings`:

    prompt_n       tokens of the prompt that were computed, without those that were kept from the question before
    prompt_ms      from the beginning of the prompt, the picture included, to the first token
    predicted_n    tokens of the answer
    predicted_ms   from the first token to the last one

The vision encoder and the picture's tokens are timed in the server's log ("image slice encoded in 4500 ms", "image
decoded (batch 1/1) in 4200 ms"). A version that does not log them gives no figure for them. Memory and processor time
are those of the server's process. This module does not know how well a GGUF file keeps the model's weights.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from assistant.bench.sensors import this_machine
from assistant.bench.task import OTHER_WORDS, Figures, Stopwatch, Task, cpu_seconds_of, memory, picture, question
from assistant.errors import AssistantError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONTEXT_TOKENS = 4096
_ANSWER_TIMEOUT_SECONDS = 3600.0
_LOAD_TIMEOUT_SECONDS = 1200.0
_POLL_SECONDS = 0.02
_END_SECONDS = 10.0
_ENCODED = re.compile(r"image slice encoded in (\d+) ms")
_DECODED = re.compile(r"image decoded \(batch \d+/\d+\) in (\d+) ms")


@dataclass(frozen=True)
class Answer:
    """What the server told of one question, in seconds."""

    seconds: float  # from the request to the end of the answer
    prompt_tokens: int  # computed
    answer_tokens: int
    decode_seconds: float  # from the first token to the last
    build: str

    @property
    def first_token_seconds(self) -> float:
        return self.seconds - self.decode_seconds


def measure(task: Task) -> Figures:
    """Loads, asks about a picture and asks again, after one unmeasured question about another picture."""
    words, others = _questions(Path(task.checkpoint))
    meter = this_machine().meter()
    loading = Stopwatch()
    with Server(task) as server:
        load_seconds, load_cpu_seconds = loading.seconds, server.cpu_seconds()
        server.ask(picture()[::-1], words, tokens=2, keeps=False)
        cpu = server.cpu_seconds()
        meter()
        whole = server.ask(picture(), words, tokens=task.tokens, keeps=False)
        joules = meter()
        answer_cpu_seconds = None if cpu is None else (server.cpu_seconds() or cpu) - cpu
        seen = server.ask(picture(), others, tokens=1, keeps=True)
        used = memory(server.process_id)
    vision, prefill = _phases_of_second_picture(server.log)
    was_kept = seen.prompt_tokens < whole.prompt_tokens / 2
    between = [whole.decode_seconds / (whole.answer_tokens - 1)] if whole.answer_tokens > 1 else []
    return Figures(
        load_seconds=load_seconds,
        vision_seconds=vision,
        prefill_seconds=prefill,
        first_token_seconds=whole.first_token_seconds,
        seen_first_token_seconds=seen.first_token_seconds if was_kept else None,
        decode_seconds=between,
        cancel_seconds=None,
        load_cpu_seconds=load_cpu_seconds,
        answer_cpu_seconds=answer_cpu_seconds,
        answer_joules=joules,
        detail={
            "build": whole.build,
            "model": Path(task.model).name,
            "encoder": Path(task.encoder).name,
            "decode_bytes": Path(task.model).stat().st_size,
            "vision_bytes": Path(task.encoder).stat().st_size,
            "read_tokens": whole.prompt_tokens,
            "seen_read_tokens": seen.prompt_tokens,
        },
        **used,  # type: ignore[arg-type]  # a living process has a peak
    )


class Server:
    """llama-server, ready to answer. Use it in a `with`; after it, `log` is all that it wrote.

    Raises AssistantError if the program cannot be started, ends, or does not load its model.
    """

    def __init__(self, task: Task) -> None:
        self.log = ""
        self._address = f"http://127.0.0.1:{(port := _free_port())}"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        threads = str(task.threads)
        self._command = [
            *(task.program, "--model", task.model, "--mmproj", task.encoder),
            *("--threads", threads, "--threads-batch", threads, "--parallel", "1"),
            *("--ctx-size", str(_CONTEXT_TOKENS), "--host", "127.0.0.1", "--port", str(port)),
            # The processor is compared, so a build that knows a graphics card must not use it.
            *("--gpu-layers", "0", "--no-mmproj-offload"),
        ]

    def __enter__(self) -> Server:
        with contextlib.ExitStack() as stack:
            written = stack.enter_context(tempfile.TemporaryFile())
            self._written = written
            stack.callback(self._keep_log, written)
            self._process = stack.enter_context(_running(self._command, written))
            self._wait_until_loaded()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float | None:
        return cpu_seconds_of(self._process.pid)

    def ask(self, rgb: NDArray[np.uint8], words: str, *, tokens: int, keeps: bool) -> Answer:
        """Asks about a picture (height, width, 3), for an answer of exactly so many tokens.

        With `keeps` the server may go on from what it has kept of the question before. Raises AssistantError.
        """
        body = {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": _data_url(rgb)}},
                        {"type": "text", "text": words},
                    ],
                }
            ],
            "max_tokens": tokens,
            "temperature": 0,
            "ignore_eos": True,
            "cache_prompt": keeps,
        }
        whole = Stopwatch()
        try:
            found = self._answered("/v1/chat/completions", body)
        except urllib.error.HTTPError as problem:
            raise AssistantError(f"llama-server refused the question: {_reason(problem)}") from problem
        except (OSError, ValueError) as problem:
            raise AssistantError(f"llama-server did not answer: {problem}{self._last_words()}") from problem
        return answer_of(found, whole.seconds)

    def _answered(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self._address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=_ANSWER_TIMEOUT_SECONDS) as answer:
            return json.load(answer)

    def _wait_until_loaded(self) -> None:
        """Waits until `/health` is right. While the model is being loaded, the server answers with status 503."""
        until = time.monotonic() + _LOAD_TIMEOUT_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise AssistantError(
                    f"llama-server ended with status {self._process.returncode} while it loaded its model{self._last_words()}"
                )
            try:
                self._answered("/health")
            except (OSError, ValueError):
                time.sleep(_POLL_SECONDS)
            else:
                return
        raise AssistantError(f"llama-server has not loaded its model in {_LOAD_TIMEOUT_SECONDS:.0f} s")

    def _last_words(self) -> str:
        self._keep_log(self._written)
        lines = [line.strip() for line in self.log.splitlines() if line.strip()]
        return f" ({lines[-1][-200:]})" if lines else ""

    def _keep_log(self, written: IO[bytes]) -> None:
        # The server writes where this file's position is, so reading must not move it.
        size = os.fstat(written.fileno()).st_size
        self.log = os.pread(written.fileno(), size, 0).decode(errors="replace")


def answer_of(found: Mapping[str, Any], seconds: float) -> Answer:
    """Reads the server's answer. Raises AssistantError if it has no timings."""
    timings = found.get("timings")
    try:
        return Answer(
            seconds=seconds,
            prompt_tokens=int(timings["prompt_n"]),  # type: ignore[index]  # None is caught below
            answer_tokens=int(timings["predicted_n"]),  # type: ignore[index]
            decode_seconds=float(timings["predicted_ms"]) / 1e3,  # type: ignore[index]
            build=str(found.get("system_fingerprint", "")),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise AssistantError(
            "llama-server's answer has no timings of prompt and answer: use a version that gives them"
        ) from problem


def phases_of(log: str) -> list[tuple[float, float | None]]:
    """For every picture that the log tells of, the seconds of the encoder and of its tokens (None: not told)."""
    found: list[tuple[float, float | None]] = []
    for line in log.splitlines():
        if encoded := _ENCODED.search(line):
            found.append((int(encoded[1]) / 1e3, None))
        elif (decoded := _DECODED.search(line)) and found:
            encoder, before = found[-1]
            found[-1] = (encoder, (before or 0.0) + int(decoded[1]) / 1e3)
    return found


def _phases_of_second_picture(log: str) -> tuple[float | None, float | None]:
    """The measured picture is the second one: the first belongs to the unmeasured question."""
    found = phases_of(log)
    return found[1] if len(found) > 1 else (None, None)


@contextlib.contextmanager
def _running(command: list[str], written: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT)
    except OSError as problem:
        raise AssistantError(f"cannot start {command[0]}: {problem.strerror}") from problem
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _questions(folder: Path) -> tuple[str, str]:
    """Two questions of the same number of tokens that begin with different words."""
    from vision.engine.checkpoint.checkpoint import open_checkpoint
    from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
    from vision.engine.generation.prompt import ChatPrompt

    checkpoint = open_checkpoint(folder)
    tokenizer = CheckpointTokenizer(checkpoint)
    prompt = ChatPrompt(tokenizer, tokenizer.special_tokens(checkpoint.config))
    return question(prompt), question(prompt, OTHER_WORDS)


def _data_url(rgb: NDArray[np.uint8]) -> str:
    from PIL import Image

    png = io.BytesIO()
    Image.fromarray(rgb).save(png, "PNG")
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _reason(problem: urllib.error.HTTPError) -> str:
    """The message of an answer `{"error": {"message": …}}`, or else its status."""
    try:
        return str(json.load(problem)["error"]["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"status {problem.code}"

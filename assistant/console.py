"""What a sighted person reads while the assistant runs: results on stdout, messages on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.turn import Turn
    from audio.hearing import Utterance


DEMO_NOTICE = (
    "using the small demo model: it knows drawn shapes, colors, counts, places and large printed words only. "
    "`seesay fetch` brings the full models (4.3 GB)."
)


def say(message: str) -> None:
    """A message to the person at the terminal, never part of a result."""
    if sys.stderr is not None:  # closed by whoever started us; print would take stdout instead
        with contextlib.suppress(OSError):  # a terminal that is gone: what must be put back comes first
            print(message, file=sys.stderr, flush=True)


def result(line: str) -> None:
    """A line of the result. Raises `AssistantError` when it cannot be written (a full disk)."""
    piece(line + "\n")


def piece(text: str) -> None:
    """A part of a result that is still growing. Raises as `result` does."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise AssistantError(
            f"cannot write the answer to standard output: {error.strerror}; free some space or choose another file"
        ) from None


def heard(utterance: Utterance, *, verbose: bool) -> None:
    """What the recogniser made of an utterance."""
    result(f"you: {utterance.text}" + (f"  (confidence {utterance.confidence:.2f})" if verbose else ""))


def turn_as_json(turn: Turn, model: str) -> dict[str, Any]:
    """The documented object of `seesay ask --json` and of each line of `seesay run --json`."""
    assert turn.question is not None  # only turns with a question come here,
    assert turn.timings is not None  # when they have ended
    timings = asdict(turn.timings)
    tokens = {"prompt": timings.pop("prompt_tokens"), "answer": timings.pop("answer_tokens")}
    peak_rss_bytes = timings.pop("peak_rss_bytes")
    return {
        "heard": turn.question.text,
        "confidence": turn.question.confidence,
        "answer": turn.words,
        "doubt": turn.verdict.value,
        "model": model,
        "timings": {key: None if value is None else round(value, 4) for key, value in timings.items()},
        "tokens": tokens,
        "peak_rss_bytes": peak_rss_bytes,
        "joules": None if turn.joules is None else round(turn.joules, 2),
    }


def as_json_line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


def timings_line(turn: Turn) -> str:
    """The figures of a turn: when each thing came, counted from the end of the question, and how long each part took."""
    timings = turn.timings
    assert timings is not None

    def seconds(value: float | None) -> str:
        return "-" if value is None else f"{value:.2f} s"

    def rate(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f}/s"

    came = (
        f"  picture {seconds(timings.picture_requested)}, seen {seconds(timings.picture_seen)}"
        f" · endpoint {seconds(timings.endpoint)} · transcript {seconds(timings.transcript)}"
        f" · first token {seconds(timings.first_token)} · first sentence {seconds(timings.first_sentence)}"
        f" · first sound {seconds(timings.first_sound)} · end {seconds(timings.total)}"
    )
    took = (
        f"  speech {seconds(timings.speech)} · capture {seconds(timings.capture)} · vision {seconds(timings.vision)}"
        f" · picture prefill {seconds(timings.picture_prefill)} (of the three hidden {seconds(timings.hidden)})"
        f" · question prefill {seconds(timings.question_prefill)}"
        f" of {timings.prompt_tokens} tokens, {rate(timings.prompt_tokens_per_second)}"
        f" · decode {seconds(timings.decode)} of {timings.answer_tokens} tokens, {rate(timings.decode_tokens_per_second)}"
        f" · speaking {seconds(timings.speaking)} · peak memory {timings.peak_rss_bytes / 1e6:.0f} MB"
    )
    if turn.joules is not None:
        took += f" · energy of the processor {turn.joules:.1f} J"
    return f"{came}\n{took}"

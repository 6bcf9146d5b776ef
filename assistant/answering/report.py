"""A finished turn in words: the documented JSON object, and the line of timings for people. It prints nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.answering.reading.page_text import is_doubtful

if TYPE_CHECKING:
    from assistant.answering.turn import Turn
    from vision.reading.interface import Line


def turn_as_json(turn: Turn, model: str) -> dict[str, Any]:
    """The documented object of `seesay ask --json` and of each line of `seesay run --json`.

    `model` is left out where none was asked: a page was read, or a code, the light or a color was told. A page that was
    read has its lines.
    """
    assert turn.question is not None  # the callers pass only turns with a question,
    assert turn.timings is not None  # and only after their end
    timings = asdict(turn.timings)
    tokens = {"prompt": timings.pop("prompt_tokens"), "answer": timings.pop("answer_tokens")}
    peak_rss_bytes = timings.pop("peak_rss_bytes")
    found = {
        "heard": turn.question.text,
        "confidence": turn.question.confidence,
        "answer": turn.words,
        "doubt": turn.verdict.value,
        "model": model if turn.by_model else None,
        "timings": {key: None if value is None else round(value, 4) for key, value in timings.items()},
        "tokens": tokens,
        "peak_rss_bytes": peak_rss_bytes,
        "joules": None if turn.joules is None else round(turn.joules, 2),
        "picture_age_s": None if turn.picture_age_s is None else round(turn.picture_age_s, 3),
    }
    if turn.lines is not None:
        found["lines"] = [line_as_json(line) for line in turn.lines]
    return found


def line_as_json(line: Line) -> dict[str, Any]:
    """A line of print. The corners, in pixels, begin at its first letter and go around clockwise."""
    quad = line.quad
    corners = (quad.top_left, quad.top_right, quad.bottom_right, quad.bottom_left)
    return {
        "text": line.text,
        "confidence": round(line.confidence, 4),
        "is_doubtful": is_doubtful(line),
        "paragraph": line.paragraph,
        "corners": [[round(x, 1), round(y, 1)] for x, y in corners],
    }


def timings_line(turn: Turn) -> str:
    """The figures of a turn in two lines: when each part came after the end of the question, and how long each took."""
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
        f"  speech {seconds(timings.speech)} · capture {seconds(timings.capture)}{_pixels(turn)} · vision {seconds(timings.vision)}"
        f" · picture prefill {seconds(timings.picture_prefill)} (of the three hidden {seconds(timings.hidden)})"
        f" · question prefill {seconds(timings.question_prefill)}"
        f" of {timings.prompt_tokens} tokens, {rate(timings.prompt_tokens_per_second)}"
        f" · decode {seconds(timings.decode)} of {timings.answer_tokens} tokens, {rate(timings.decode_tokens_per_second)}"
        f" · speaking {seconds(timings.speaking)} · peak memory {timings.peak_rss_bytes / 1e6:.0f} MB"
    )
    if turn.picture_age_s is not None:
        took += f" · picture {turn.picture_age_s:.1f} s old"
    if turn.joules is not None:
        took += f" · energy of the processor {turn.joules:.1f} J"
    return f"{came}\n{took}"


def _pixels(turn: Turn) -> str:
    sight = turn.moments.sight
    if sight is None or sight.picture_pixels is None:
        return ""
    width, height = sight.picture_pixels
    return f" of {width}×{height} pixels"

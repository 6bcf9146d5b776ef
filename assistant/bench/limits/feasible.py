"""The reference design's own figures beside ours, and which of them plain float32 cannot reach.

It is pure and measures nothing.

Plain float32 reads 4 bytes of every weight of the language model for every token. These bytes divided by the memory's
speed are the least time that a token can take, whatever the program. The reference's model is Qwen3-VL-2B, so the
work is counted for that size, even if a smaller model is measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant.bench.limits.machine import Limits
from assistant.bench.limits.work import Work, work_of
from assistant.bench.material.kinds import KINDS, REFERENCE, Kind
from assistant.bench.material.random_model import CONFIG
from vision.engine.checkpoint.shapes import required_tensors

_IMAGE_TOKENS, _PROMPT_TOKENS = 196, 201  # for a picture of 448×448
_TWO_CHANNELS = 51.2e9  # bytes a second: two channels of DDR4-3200, 8 bytes each
_NOT_THIS_SIZE = "another model was measured"


@dataclass(frozen=True)
class Row:
    """One figure of the reference, as texts with their units."""

    what: str
    reference: str
    ours: str
    plain_at_least: str  # the least that float32 takes on this machine; empty if it is not known
    verdict: str


def feasible(limits: Limits, ours: Mapping[str, Any], other_watts: float = 0.0, *, is_full_size: bool) -> list[Row]:
    """The rows of the table.

    `ours` is the summary of our engine; its figures are left out if its model has another size.

    `other_watts` are the watts of the box without the processor, as the config states them.
    """
    work = work_of(CONFIG, _IMAGE_TOKENS, _PROMPT_TOKENS)
    weights = 4 * sum(map(math.prod, required_tensors(CONFIG).values()))
    return [
        *(_answer(kind, work, limits, ours, is_full_size) for kind in KINDS),
        Row(
            "peak memory",
            "7.3 to 7.6 GB",
            f"{ours['peak_bytes'] / 1e9:.1f} GB" if is_full_size else _NOT_THIS_SIZE,
            f"{weights / 1e9:.1f} GB",
            f"cannot be had by plain float32: its weights alone are {weights / 1e9:.1f} GB ({weights / 2**30:.2f} GiB)",
        ),
        _encoder(work, limits, ours, is_full_size),
        Row(
            "load",
            f"{REFERENCE.load_seconds:.0f} s",
            f"{ours['load_seconds']:.1f} s" if is_full_size else _NOT_THIS_SIZE,
            "",
            "can be had: 4.3 GB in 90 s are 47 MB/s from the disk",
        ),
        _power(ours, other_watts, is_full_size),
    ]


def _answer(kind: Kind, work: Work, limits: Limits, ours: Mapping[str, Any], is_full_size: bool) -> Row:
    read = 4 * work.decode_weights * kind.answer_tokens
    seconds = read / limits.read_bytes_per_second
    needed = read / kind.reference_seconds
    total = ours["kinds"][kind.name]["total_seconds"]
    verdict = f"its tokens alone would need {needed / 1e9:.0f} GB/s; this machine reads {limits.read_bytes_per_second / 1e9:.0f}"
    if needed > limits.read_bytes_per_second:
        verdict = f"cannot be had by plain float32: {verdict}"
    if needed > _TWO_CHANNELS:
        verdict += f", a PC with two channels of DDR4-3200 {_TWO_CHANNELS / 1e9:.0f} at most"
    return Row(
        f"{kind.title}, {kind.answer_tokens} tokens",
        f"{kind.reference_seconds} s",
        f"{total:.1f} s" if is_full_size else _NOT_THIS_SIZE,
        f"{seconds:.1f} s for the tokens, without the picture",
        verdict,
    )


def _encoder(work: Work, limits: Limits, ours: Mapping[str, Any], is_full_size: bool) -> Row:
    seconds = work.vision_flop / limits.flop_per_second
    share = seconds / REFERENCE.encode_seconds
    verdict = f"at {share:.0%} of this machine's float32 peak"
    measured = min(ours["kinds"][kind.name]["vision_seconds"] for kind in KINDS)
    return Row(
        "vision encoder",
        f"{REFERENCE.encode_seconds} s",
        f"{measured:.1f} s" if is_full_size else _NOT_THIS_SIZE,
        f"{seconds:.1f} s",
        f"can be had, {verdict}" if share < 1 else f"cannot be had by float32 on this machine: it would run {verdict}",
    )


def _power(ours: Mapping[str, Any], other_watts: float, is_full_size: bool) -> Row:
    """The watts.

    The reference's are a whole box's; ours are the processor's plus what the config states, and the row says so.
    """
    watts = [ours["kinds"][kind.name]["watts"] for kind in KINDS]
    known = [one for one in watts if one is not None]
    measured = "not measurable here"
    if known and not is_full_size:
        measured = _NOT_THIS_SIZE
    elif known and other_watts > 0:
        measured = f"{max(known) + other_watts:.1f} W, {other_watts:g} W of it stated (power.other_watts)"
    elif known:
        measured = f"{max(known):.1f} W, the processor only"
    return Row("power", f"{REFERENCE.watts} W", measured, "", "a question of the computer, not of the arithmetic")

"""What share of the machine's limits each phase of an answer reaches, and where it stands in the roofline plot. Pure.

A phase computes so many FLOP (`Work`) and reads so many bytes of weights, each weight once. Encoder, prefill and a
question read a weight once for many vectors, so the processor's peak limits them. Decode reads every weight for one
token, so the memory limits it. The roofline plot shows both limits: `x` is FLOP per byte read, `y` is FLOP a second.
What activations and the KV cache read is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.bench.limits.machine import Limits
from assistant.bench.limits.work import Work

PHASES = {
    "vision_seconds": "vision encoder",
    "prefill_seconds": "prefill of the picture",
    "seen_first_token_seconds": "question on a seen picture",
    "decode_seconds": "decode",
}
"""The figure with a phase's seconds, and the phase's name."""
ROWS = tuple(
    (key, f"of the memory's speed: {name}" if key == "decode_seconds" else f"of the peak: {name}")
    for key, name in PHASES.items()
)
"""The shares as rows of a table: key and title."""
FLOAT32_BYTES = 4


def flop_of(work: Work) -> dict[str, int]:
    """The FLOP of every phase."""
    found = (work.vision_flop, work.prefill_flop, work.question_flop, work.decode_flop)
    return dict(zip(PHASES, found, strict=True))


def bytes_of(work: Work, detail: Mapping[str, Any]) -> dict[str, float]:
    """The bytes of weights that every phase of an engine reads.

    `detail` is what the engine said of itself: `decode_bytes` of the weights that a token reads, and `vision_bytes` of
    the encoder's weights. Without `decode_bytes` a weight has the 4 bytes of float32. Without `vision_bytes` the
    encoder's weights are as large as the others.
    """
    decode = float(detail.get("decode_bytes") or FLOAT32_BYTES * work.decode_weights)
    of_a_weight = decode / work.decode_weights
    vision = float(detail.get("vision_bytes") or of_a_weight * work.vision_weights)
    return dict(zip(PHASES, (vision, of_a_weight * work.layer_weights, decode, decode), strict=True))


def shares(
    figures: Mapping[str, float | None], work: Work, read_bytes: Mapping[str, float], limits: Limits
) -> dict[str, float | None]:
    """For every phase, the share of the machine's limit: of the peak, and for decode of the memory's speed."""
    least = {key: flop / limits.flop_per_second for key, flop in flop_of(work).items()}
    least["decode_seconds"] = read_bytes["decode_seconds"] / limits.read_bytes_per_second
    return {key: _divided(seconds, figures[key]) for key, seconds in least.items()}


def points(
    figures: Mapping[str, float | None], work: Work, read_bytes: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """Where every phase stands in the roofline plot. A phase that was not measured is left out."""
    found = {}
    for key, flop in flop_of(work).items():
        rate = _divided(flop, figures[key])
        if rate is not None:
            found[key] = {
                "flop": flop,
                "read_bytes": read_bytes[key],
                "flop_per_byte": flop / read_bytes[key],
                "flop_per_second": rate,
            }
    return found


def limits_text(limits: Mapping[str, float | None]) -> str:
    """The machine's limits as a part of a sentence, from their JSON object."""
    peak = _billions(limits["flop_per_second"])
    matmul = limits["matmul_flop_per_second"]
    other = "torch is not installed" if matmul is None else f"torch's matmul of large squares {_billions(matmul)}"
    return (
        f"reads {(limits['read_bytes_per_second'] or 0.0) / 1e9:.1f} GB/s, computes {peak} GFLOP/s of float32 "
        f"(fused multiply-adds in registers {_billions(limits['fma_flop_per_second'])}, {other}; the larger is the peak)"
    )


UNIT = "A product that is added to a sum (one fused multiply-add) is 2 FLOP; 1 GFLOP/s is a billion FLOP a second."


def _billions(value: float | None) -> str:
    return "?" if value is None else f"{value / 1e9:.0f}" if value >= 1e10 else f"{value / 1e9:.3g}"


def _divided(a: float, b: float | None) -> float | None:
    return a / b if b else None

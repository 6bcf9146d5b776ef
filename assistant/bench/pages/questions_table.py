"""The figures of `seesay bench` as a table for a person at a terminal. It computes nothing but widths and units."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.bench.limits.shapes import rows
from assistant.bench.limits.shares import ROWS as SHARE_ROWS
from assistant.bench.limits.shares import UNIT, limits_text
from assistant.bench.material.kinds import KINDS
from assistant.bench.pages.report import ABOVE_THE_LIMIT, aligned, quantity, threads_text, times
from assistant.bench.sensors import NOT_MEASURABLE

ROWS = (  # key, name, unit, how many of this unit are 1 of the figure's
    ("vision_seconds", "vision encoder", "s", 1.0),
    ("prefill_seconds", "prefill of the picture", "s", 1.0),
    ("first_token_seconds", "first token (TTFT)", "s", 1.0),
    ("first_sound_seconds", "first sound (TTFA)", "s", 1.0),
    ("seen_first_token_seconds", "picture seen ahead: first token", "s", 1.0),
    ("seen_first_sound_seconds", "picture seen ahead: first sound", "s", 1.0),
    ("decode_seconds", "decode, a token", "ms", 1e3),
    ("tokens_per_second", "decode, tokens a second", "/s", 1.0),
    ("total_seconds", "whole answer", "s", 1.0),
    ("seen_total_seconds", "picture seen ahead: whole answer", "s", 1.0),
    ("cpu_seconds", "processor time", "s", 1.0),
    ("peak_bytes", "peak memory", "GB", 1e-9),
    ("joules", "energy", "J", 1.0),
    ("watts", "mean power", "W", 1.0),
)
NAMES = {"seesay": "SeeSay", "transformers": "transformers"}
_WIDTH = 118


def table(measured: Mapping[str, Any]) -> str:
    """The whole table, without a line break at the end."""
    parts = ["\n".join(head(measured)), *(_kind(measured, kind.name, kind.title) for kind in KINDS)]
    parts += ["\n".join(aligned(rows(measured["shapes"])))] if measured["shapes"] else []
    parts += ["\n".join(_limits(measured)), _reference(measured), "\n".join(notes(measured))]
    return "\n\n".join(parts)


def head(measured: Mapping[str, Any]) -> list[str]:
    """A few lines that say what was measured and on which machine."""
    machine, model, threads = measured["machine"], measured["model"], measured["threads"]
    memory = machine["memory_bytes"]
    versions = " · ".join(f"{name} {number}" for name, number in machine["versions"].items())
    runs = ", ".join(f"{NAMES[name]} {count}" for name, count in measured["runs"].items())
    loads = ", ".join(
        f"{NAMES[name]} {quantity(one['load_seconds'], 1.0, 's')} and {quantity(one['load_peak_bytes'], 1e-9, 'GB')} at most"
        for name, one in _ordered(measured)
    )
    return [
        f"{model['name']}: {model['parameters'] / 1e6:,.0f} million parameters, float32 arithmetic",
        f"{machine['processor']}, {machine['cores']} cores, {'?' if memory is None else f'{memory / 1e9:.1f}'} GB · {machine['system']}",
        f"{machine['date']} · {versions}",
        f"{threads_text(threads)} · runs of each kind: {runs}, after one unmeasured · medians",
        f"load: {loads}; the start before, which packs and compiles what is not there yet, took {quantity(measured['first_start_seconds'], 1.0, 's')}",
    ]


def notes(measured: Mapping[str, Any]) -> list[str]:
    """Sentences that a reader needs to understand the figures."""
    tokens = measured["tokens"]
    first = ", ".join(str(tokens["first_sentence"][kind.name]) for kind in KINDS)
    lines = [
        "Lengths of the answers are forced to those of the reference design (124, 89 and 156 tokens): the model's own end is "
        "passed over."
        + (
            " Here the model's context has room for fewer."
            if any(tokens["answer"][kind.name] < kind.answer_tokens for kind in KINDS)
            else ""
        ),
    ]
    if measured["model"]["random_weights"]:
        lines.append(
            "The weights are random, the shapes are the true ones: speed does not depend on the values. What such a model says is "
            f"no language; the voice is given a written answer of the same kind, a word a token, whose first sentence has {first} "
            "tokens."
        )
    else:
        lines.append("The first sound is that of the model's own first sentence.")
    lines += [
        "Times count from the question's words. In a conversation the silence that ends a question (end_silence_seconds, 0.7 s) "
        "and the rest of its transcription come before them.",
        "The voice is espeak-ng's; its sound is taken by a loudspeaker that is not there, so a whole answer is decoded and "
        "rendered, not spoken.",
        "Picture seen ahead: it was looked at while the user still spoke. Its whole answer is computed: it ends as much earlier "
        "as its first token comes.",
        "The questions are asked about pictures in squares with grey bars, as the reference design shows them"
        + (
            "; the full model's default is the picture's own shape, whose looking is measured beside it."
            if measured["shapes"]
            else ", which is all that the demo model knows."
        ),
        "The instructions of config.toml are left out; they are read once, while the model is loaded.",
        UNIT,
        f"Energy: {measured['energy_source']}.",
    ]
    best = [one for shares in measured["shares"].values() for kind in shares.values() for one in kind.values()]
    if any(one is not None and one > 1 for one in best):
        lines.append(ABOVE_THE_LIMIT)
    share = measured["others_share"]
    if share["mean"] is not None:
        lines.append(
            f"Meanwhile other programs kept {share['mean']:.0%} of the processors busy, {share['most']:.0%} in the busiest process."
        )
    if measured["left_out"]:
        lines.append(measured["left_out"][0].upper() + measured["left_out"][1:] + ".")
    return lines


def cell(figures: Mapping[str, Any], key: str, unit: str, factor: float) -> str:
    """A figure with its unit, as the table shows it."""
    if key in ("joules", "watts") and figures[key] is None:
        return NOT_MEASURABLE
    return quantity(figure_of(figures, key), factor, unit)


def figure_of(figures: Mapping[str, Any], key: str) -> float | None:
    """A figure of a kind. Tokens per second are those of the median token."""
    if key != "tokens_per_second":
        return figures[key]  # type: ignore[no-any-return]  # as JSON has it
    return 1 / figures["decode_seconds"] if figures["decode_seconds"] else None


def ratio_of(measured: Mapping[str, Any], kind: str, key: str) -> float | None:
    """How many times better our engine is; None if it was not measured."""
    found = measured["ratios"].get("kinds", {}).get(kind, {})
    return found.get("decode_seconds" if key == "tokens_per_second" else key)  # type: ignore[no-any-return]


def _ordered(measured: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The engines with their figures; the one that ours is compared with comes first."""
    return sorted(measured["engines"].items(), key=lambda item: item[0] == "seesay")


def _kind(measured: Mapping[str, Any], kind: str, title: str) -> str:
    engines = _ordered(measured)
    tokens = measured["tokens"]
    lines: list[list[str]] = [[f"{title}: {tokens['question'][kind]} + {tokens['answer'][kind]} tokens"]]
    lines[0] += [NAMES[name] for name, _ in engines] + ["least to most"]
    lines[0] += ["ratio"] if measured["ratios"] else []
    for key, name, unit, factor in ROWS:
        row = [name, *(cell(one["kinds"][kind], key, unit, factor) for _, one in engines)]
        row.append(_range(measured["engines"]["seesay"]["kinds"][kind], key, factor))
        if measured["ratios"]:
            row.append(times(ratio_of(measured, kind, key), none=""))
        lines.append(row)
    for key, name in SHARE_ROWS:
        shares = [measured["shares"][engine][kind].get(key) for engine, _ in engines]
        row = [name, *("-" if one is None else f"{one:.0%}" for one in shares)]
        lines.append([*row, *[""] * (len(lines[0]) - len(row))])
    return "\n".join(aligned(lines))


def _range(figures: Mapping[str, Any], key: str, factor: float) -> str:
    ends = figures["ranges"].get(key)
    return "" if ends is None else f"{quantity(ends[0], factor, '').strip()} to {quantity(ends[1], factor, '').strip()}"


def _limits(measured: Mapping[str, Any]) -> list[str]:
    return [f"this machine at most: {limits_text(measured['limits'])}, with {threads_text(measured['threads'])}"]


def _reference(measured: Mapping[str, Any]) -> str:
    rows: Sequence[Mapping[str, str]] = measured["reference"]
    lines = [["the reference design's figures", "reference", "SeeSay", "plain float32 here, at least"]]
    lines += [[row["what"], row["reference"], row["ours"], row["plain_at_least"]] for row in rows]
    verdicts = [textwrap.fill(f"{row['what']}: {row['verdict']}.", _WIDTH, subsequent_indent="  ") for row in rows]
    return "\n".join([*aligned(lines), *verdicts])

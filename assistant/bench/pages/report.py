"""The figures of `seesay bench --engine` as a table for a person. It computes only widths and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.bench.engines.compared import OURS
from assistant.bench.limits.shares import ROWS as SHARE_ROWS
from assistant.bench.limits.shares import UNIT, limits_text

_ROWS = (  # key, name, unit, how many of this unit are 1 of the figure's
    ("load_seconds", "load", "s", 1.0),
    ("vision_seconds", "vision encoder", "s", 1.0),
    ("prefill_seconds", "prefill of the picture", "s", 1.0),
    ("first_token_seconds", "picture + question to first token", "s", 1.0),
    ("seen_first_token_seconds", "question on a seen picture to first token", "s", 1.0),
    ("decode_seconds", "decode, a token", "ms", 1e3),
    ("tokens_per_second", "decode, tokens a second", "/s", 1.0),
    ("cancel_seconds", "longest wait of somebody who cancels", "ms", 1e3),
    ("load_cpu_seconds", "processor time, load", "s", 1.0),
    ("answer_cpu_seconds", "processor time, picture and answer", "s", 1.0),
    ("answer_joules", "energy, picture and answer", "J", 1.0),
    ("peak_bytes", "peak memory", "GB", 1e-9),
    ("anonymous_bytes", "  of its own, at the end", "GB", 1e-9),
    ("file_bytes", "  mapped files, at the end", "GB", 1e-9),
    ("disk_bytes", "read from the disk, 0: all was in the page cache", "GB", 1e-9),
)
_NAMES = {"seesay": "SeeSay", "openvino": "OpenVINO"}


def table(measured: Mapping[str, Any]) -> str:
    """The whole table, without a line break at the end."""
    parts = ["\n".join(head(measured)), *(_one(result) for result in measured["results"])]
    return "\n\n".join([*parts, "\n".join(notes(measured))])


def head(measured: Mapping[str, Any]) -> list[str]:
    """A few lines that say what was measured and on which machine."""
    machine, model = measured["machine"], measured["model"]
    tokens = measured["results"][0]["tokens"]
    memory = machine["memory_bytes"]
    versions = " · ".join(f"{name} {number}" for name, number in machine["versions"].items())
    firsts = ", ".join(f"{name_of(name)} {seconds:.1f} s" for name, seconds in measured["first_start_seconds"].items())
    return [
        f"{model['name']}: {model['parameters'] / 1e6:,.0f} million parameters, float32 arithmetic",
        f"picture {model['picture_pixels']}×{model['picture_pixels']}: {tokens['image']} tokens, {tokens['prompt']} with "
        f"the prompt around it · question {tokens['question']} tokens · answer up to {measured['answer_tokens']} tokens",
        f"{machine['processor']}, {machine['cores']} cores, {'?' if memory is None else f'{memory / 1e9:.1f}'} GB · {machine['system']}",
        f"{machine['date']} · {versions}",
        f"median of {measured['rounds']}, in turns, each in a process of its own; the first start "
        f"(packing, compiling) took {firsts}",
    ]


def notes(measured: Mapping[str, Any]) -> list[str]:
    """Sentences that a reader needs to understand the figures."""
    lines = [*_scaling(measured["scaling"]), UNIT]
    results = measured["results"]
    if any(
        share is not None and share > 1
        for result in results
        for one in result["shares"].values()
        for share in one.values()
    ):
        lines.append(ABOVE_THE_LIMIT)
    for name, build in _builds(results[0]).items():
        lines.append(f"{name_of(name)}: {build}.")
    for name, tokens in results[0]["other_tokens"].items():
        ours = results[0]["tokens"]["prompt"] + results[0]["tokens"]["question"]
        lines.append(
            f"{name_of(name)} read {tokens} tokens for picture and question where SeeSay read {ours}: its seconds are not for "
            "the same work, and its shares are wrong by as much."
        )
    return [*lines, *filter(None, [measured["left_out"]])]


ABOVE_THE_LIMIT = "A share of more than 100 %: others were busier while the limit was measured."


def _builds(result: Mapping[str, Any]) -> dict[str, str]:
    """For every program or package that the user brought, its version and the files that it computed with."""
    found = {}
    for name, rounds in result["all_rounds"].items():
        detail = rounds[0].get("detail", {})
        said = [detail[key] for key in ("build", "model", "encoder") if detail.get(key)]
        if said:
            found[name] = ", ".join(said)
    return found


def ordered(result: Mapping[str, Any]) -> list[str]:
    """The engines in the order of the table: first those that ours is compared with, then ours."""
    return sorted(result["engines"], key=lambda name: name.partition(" ")[0] == OURS)


def rows_of(result: Mapping[str, Any]) -> list[list[str]]:
    """The table for one number of threads as cells, a heading first.

    A ratio says how many times less ours takes. Beside one other engine it stands after each of ours; beside several it
    stands after each of the others and is that of ours with the best instruction set.
    """
    engines: Mapping[str, Mapping[str, float | None]] = result["engines"]
    order = ordered(result)
    pairs = _pairs(result)
    lines = [[threads_text(result["threads"])]]
    for name in order:
        lines[0] += [name_of(name), *(["ratio"] if name in pairs else [])]
    for key, title, unit, factor in _ROWS:
        line = [title]
        for name in order:
            line.append(quantity(_figure(engines[name], key), factor, unit))
            if name in pairs:
                line.append(times(pairs[name].get(_ratio_of(key)), none=""))
        lines.append(line)
    for key, title in SHARE_ROWS:
        line = [title]
        for name in order:
            share = result["shares"][name].get(key)
            line += ["-" if share is None else f"{share:.0%}", *([""] if name in pairs else [])]
        lines.append(line)
    return lines


def _pairs(result: Mapping[str, Any]) -> dict[str, Mapping[str, float | None]]:
    """For every engine after which a ratio stands, its ratios."""
    ratios: Mapping[str, Mapping[str, Mapping[str, float | None]]] = result["ratios"]
    if len(ratios) == 1:
        return dict(next(iter(ratios.values())))
    return {other: of_ours[OURS] for other, of_ours in ratios.items()}


def _one(result: Mapping[str, Any]) -> str:
    """The table for one number of threads."""
    best = f"at most: {limits_text(result['limits'])}"
    return "\n".join([*aligned(rows_of(result)), best, *_others(result["others_share"])])


def threads_text(threads: int) -> str:
    return "1 thread" if threads == 1 else f"{threads} threads"


def _others(share: Mapping[str, float | None]) -> list[str]:
    mean, most = share["mean"], share["most"]
    if mean is None or most is None:
        return []
    return [f"meanwhile other programs kept {mean:.0%} of the processors busy, {most:.0%} in the busiest measurement"]


def _figure(figures: Mapping[str, float | None], key: str) -> float | None:
    if key != "tokens_per_second":
        return figures.get(key)
    seconds = figures["decode_seconds"]
    return 1 / seconds if seconds else None


def _ratio_of(key: str) -> str:
    return "decode_seconds" if key == "tokens_per_second" else key


def _scaling(scaling: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    lines = []
    for threads, factors in scaling.items():
        known = [(title, factors[key]) for key, title, *_ in _ROWS if factors.get(key) is not None]
        lines.append(f"SeeSay with {threads} threads: " + ", ".join(f"{title} {times(f)}" for title, f in known))
    return lines


def quantity(value: float | None, factor: float, unit: str) -> str:
    if value is None:
        return "-"
    scaled = value * factor
    digits = 0 if scaled >= 100 or not value else 1 if scaled >= 10 else 2 if scaled >= 0.1 else 4
    return f"{scaled:,.{digits}f} {unit}"


def times(ratio: float | None, none: str = "-") -> str:
    return none if ratio is None else f"{ratio:.2f}×" if ratio < 10 else f"{ratio:.0f}×"


def name_of(engine: str) -> str:
    """An engine's name as a reader sees it."""
    first, _, isa = engine.partition(" ")
    return " ".join(filter(None, [_NAMES.get(first, first), isa]))


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """The cells with the first column aligned to the left and the others to the right."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return [
        "   ".join([
            line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        ]).rstrip()
        for line in lines
    ]  # fmt: skip

"""The figures of `seesay bench --engine` as a table for a person. It computes only widths and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = "transformers"
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
    ("peak_bytes", "peak memory", "GB", 1e-9),
    ("anonymous_bytes", "  of its own, at the end", "GB", 1e-9),
    ("file_bytes", "  mapped files, at the end", "GB", 1e-9),
    ("disk_bytes", "read from the disk, 0: all was in the page cache", "GB", 1e-9),
)
_NAMES = {"seesay": "SeeSay"}


def table(measured: Mapping[str, Any]) -> str:
    """The whole table, without a line break at the end."""
    parts = [_head(measured), *(_one(result) for result in measured["results"])]
    foot = [*_scaling(measured["scaling"]), *filter(None, [measured["left_out"]])]
    return "\n\n".join([*parts, *(["\n".join(foot)] if foot else [])])


def _head(measured: Mapping[str, Any]) -> str:
    machine, model = measured["machine"], measured["model"]
    tokens = measured["results"][0]["tokens"]
    memory = machine["memory_bytes"]
    versions = " · ".join(f"{name} {number}" for name, number in machine["versions"].items())
    firsts = ", ".join(f"{_name(name)} {seconds:.1f} s" for name, seconds in measured["first_start_seconds"].items())
    return "\n".join([
        f"{model['name']}: {model['parameters'] / 1e6:,.0f} million parameters, float32 arithmetic",
        f"picture {model['picture_pixels']}×{model['picture_pixels']}: {tokens['image']} tokens, {tokens['prompt']} with "
        f"the prompt around it · question {tokens['question']} tokens · answer up to {measured['answer_tokens']} tokens",
        f"{machine['processor']}, {machine['cores']} cores, {'?' if memory is None else f'{memory / 1e9:.1f}'} GB · {machine['system']}",
        f"{machine['date']} · {versions}",
        f"median of {measured['rounds']}, in turns, each in a process of its own; the first start "
        f"(packing, compiling) took {firsts}",
    ])  # fmt: skip


def _one(result: Mapping[str, Any]) -> str:
    """The table for one number of threads."""
    engines: Mapping[str, Mapping[str, float | None]] = result["engines"]
    order = sorted(engines, key=lambda name: name != _PLAIN)  # the engine that ours is compared with comes first
    threads, limits = result["threads"], result["limits"]
    lines = [["1 thread" if threads == 1 else f"{threads} threads"]]
    for name in order:
        lines[0] += [_name(name), *(["ratio"] if name in result["ratios"] else [])]
    lines[0].append("of the machine's best")
    for key, title, unit, factor in _ROWS:
        line = [title]
        for name in order:
            line.append(quantity(_figure(engines[name], key), factor, unit))
            if name in result["ratios"]:
                line.append(times(result["ratios"][name].get(_ratio_of(key)), none=""))
        lines.append([*line, _share(key, result)])
    best = (
        f"at most: reads {limits['read_bytes_per_second'] / 1e9:.1f} GB/s, "
        f"computes {2 * limits['products_per_second'] / 1e9:.0f} GFLOP/s of float32"
    )
    return "\n".join([*aligned(lines), best, *_others(result["others_share"])])


def _others(share: Mapping[str, float | None]) -> list[str]:
    mean, most = share["mean"], share["most"]
    if mean is None or most is None:
        return []
    return [f"meanwhile other programs kept {mean:.0%} of the processors busy, {most:.0%} in the busiest measurement"]


def _figure(figures: Mapping[str, float | None], key: str) -> float | None:
    if key != "tokens_per_second":
        return figures[key]
    seconds = figures["decode_seconds"]
    return 1 / seconds if seconds else None


def _ratio_of(key: str) -> str:
    return "decode_seconds" if key == "tokens_per_second" else key


def _share(key: str, result: Mapping[str, Any]) -> str:
    """The shares of the machine's best that our engine and its forced variants reach."""
    known = [shares.get(key) for name, shares in result["shares"].items() if name != _PLAIN]
    return ", ".join(f"{share:.0%}" for share in known if share is not None)


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


def _name(engine: str) -> str:
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

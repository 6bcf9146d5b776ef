"""A soak as text for a person: a line while it runs, and a report at its end. It computes only units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.bench.pages.report import quantity
from assistant.bench.sensors import NOT_MEASURABLE
from assistant.bench.soaking.soak_log import COUNTS, MEMORY, Log


def progress_line(log: Log, turns: int | None, for_seconds: float | None) -> str:
    """One line that says how far the soak is and how the last turn went."""
    far = (
        f"turn {log.turns} of {turns}"
        if turns
        else f"turn {log.turns}, {_minutes(log.last('seconds'))} of {_minutes(for_seconds)}"
    )
    slope = log.slope("resident_bytes")
    parts = [
        far,
        f"{quantity(log.last('total_seconds'), 1.0, 's')}, first sound {quantity(log.last('first_sound_seconds'), 1.0, 's')}",
        f"memory {quantity(log.last('resident_bytes'), 1e-6, 'MB')}" + (f", {slope} MB/h" if slope else ""),
        f"{_count(log.last('threads'))} threads, {_count(log.last('open_files'))} files",
    ]  # fmt: skip
    if (celsius := log.last("celsius")) is not None:
        parts.append(f"{celsius:.0f} °C")
    return " · ".join(parts)


def text(found: Mapping[str, Any]) -> str:
    """The whole report, without a line break at the end."""
    ended = ", ended by Ctrl-C" if found["interrupted"] else ""
    lines = [
        f"{found['model']}: {found['turns']} {_what(found)}{ended}",
        f"{found['machine']['processor']}, {found['machine']['cores']} cores · {found['machine']['system']} · {found['machine']['date']}",
    ]
    if found["late_turns"]:
        lines.append(f"{found['late_turns']} turns began late, because the one before took longer")
    lines.append(f"the first {found['left_out_turns']} turns, in which caches fill, count in none of the figures")
    if found["hour_is_60_turns"] and not found.get("hears_noise"):
        lines.append("turns came faster than one a minute: of memory, 60 of them count as an hour")
    lines += [
        *_times(found),
        *(_memory(title, found["memory"][name]) for name, title in MEMORY.items()),
        *(_ends(title, found[name], "") for name, title in COUNTS.items()),
        _ends("temperature", found["celsius"], " °C"),
        f"energy a turn: {_energy(found)}",
    ]
    return "\n".join([*lines, *_verdict(found)])


def _what(found: Mapping[str, Any]) -> str:
    if found.get("hears_noise"):
        return f"minutes of noise in {_minutes(found['seconds'])}, all of it taken for speech"
    return f"turns in {_minutes(found['seconds'])}, one every {found['settings']['every_seconds']:g} s"


def _times(found: Mapping[str, Any]) -> list[str]:
    if found.get("hears_noise"):
        return [_spread("to hear a minute", found["total_seconds"])]
    return [_spread("whole answer", found["total_seconds"]), _spread("first sound", found["first_sound_seconds"])]


def _verdict(found: Mapping[str, Any]) -> list[str]:
    if found["failures"]:
        return found["failures"]  # type: ignore[no-any-return]  # as JSON has it
    if found["unknown"]:
        return ["nothing failed", *found["unknown"]]
    return [f"nothing failed, nothing grows (limit {found['limit_mb_per_hour']:g} MB an hour)"]


def _energy(found: Mapping[str, Any]) -> str:
    joules = found["joules_per_turn"]
    if joules is not None:
        return f"{joules:.1f} J {found['energy_source']}; pauses included"
    if found["energy_source"].startswith(NOT_MEASURABLE):  # the text goes on with the reason
        return found["energy_source"]  # type: ignore[no-any-return]  # as JSON has it
    return f"{NOT_MEASURABLE}: there was no turn in which the energy counter could be read all the time"


def _spread(title: str, spread: Mapping[str, float] | None) -> str:
    if spread is None:
        return f"{title}: {NOT_MEASURABLE}"
    shown = {name: quantity(value, 1.0, "s") for name, value in spread.items()}
    return f"{title}: median {shown['median']}, 95 % within {shown['p95']}, longest {shown['most']}"


def _memory(title: str, memory: Mapping[str, Any]) -> str:
    if memory["first"] is None:
        return f"{title}: {NOT_MEASURABLE}"
    first, last, most = (quantity(memory[name], 1e-6, "MB") for name in ("first", "last", "most"))
    slope = memory["mb_per_hour"]
    grown = "too few turns to tell whether it grows"
    if slope is not None:
        grown = f"{slope['value']:+.2f} MB an hour (95 % confidence: {slope['low']:+.2f} to {slope['high']:+.2f})"
    return f"{title}: {first} at first, {last} at the end, {most} at most; {grown}"


def _ends(title: str, ends: Mapping[str, float] | None, unit: str) -> str:
    if ends is None:
        return f"{title}: {NOT_MEASURABLE}"
    return f"{title}: {ends['first']:.0f}{unit} at first, {ends['last']:.0f}{unit} at the end, {ends['most']:.0f}{unit} at most"


def _count(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

"""What a check found: a level, a sentence, and the fix. It does not know how anything is checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from assistant.errors import FAILED, MISSING


class Level(Enum):
    """How bad a finding is, from good to bad."""

    OK = "ok"
    WARNING = "warning"  # it works, but worse than it could, or it could not be checked
    FAILURE = "failure"  # a question cannot be asked or answered as configured


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    check: str
    level: Level
    says: str  # a sentence without its full stop
    fix: str = ""  # what to do about it; "" where there is nothing to do
    missing: bool = False  # a device or a model is missing, damaged or cannot be used
    figures: Mapping[str, Any] = field(default_factory=dict)  # measured values for programs; names have the units
    heard: str = ""  # what the user said to the check; it is printed, and never part of a bundle


def ok(check: str, says: str, **figures: Any) -> Finding:
    return Finding(check, Level.OK, says, figures=figures)


def warning(check: str, says: str, fix: str, **figures: Any) -> Finding:
    return Finding(check, Level.WARNING, says, fix, figures=figures)


def failure(check: str, says: str, fix: str, *, missing: bool = False, **figures: Any) -> Finding:
    return Finding(check, Level.FAILURE, says, fix, missing, figures)


def split_sentence(message: str) -> tuple[str, str]:
    """An error's sentence as what is wrong and what to do. The program's errors put a colon between the two."""
    says, _, fix = message.rpartition(": ")
    return (says, fix.rstrip(".")) if says else (message.rstrip("."), "")


def exit_status(findings: Iterable[Finding]) -> int:
    """0 without a failure, 3 if only devices or models are missing or damaged, 1 if anything else failed."""
    failures = [finding for finding in findings if finding.level is Level.FAILURE]
    if not failures:
        return 0
    return MISSING if all(finding.missing for finding in failures) else FAILED


def as_json(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "level": finding.level.value,
        "says": finding.says,
        "fix": finding.fix,
        "figures": dict(finding.figures),
        **({"heard": finding.heard} if finding.heard else {}),
    }


def as_text(finding: Finding) -> str:
    """The line of a finding, and below it the fix. Without color and table, so that a screen reader reads it well."""
    line = f"{finding.level.value}: {finding.check}: {finding.says}"
    heard = f"\n  heard: {finding.heard}" if finding.heard else ""
    return line + heard + (f"\n  fix: {finding.fix}" if finding.fix else "")

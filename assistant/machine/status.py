"""What the assistant says of its own state. Pure: others measure, this makes sentences of what they know.

What is not known is left out and never made up.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.machine.power.readings import PowerSample, box_watts


@dataclass(frozen=True)
class Status:
    """None: this machine does not tell."""

    power_watts: float | None = None
    temperature_celsius: float | None = None
    memory_bytes: int | None = None  # in use by this program
    model: str | None = None  # a name for people


def status_of(sample: PowerSample, other_watts: float, memory_bytes: int | None, model: str) -> Status:
    """The watts are the box's as far as they are known: see `box_watts`."""
    return Status(box_watts(sample, other_watts).value, sample.celsius.value, memory_bytes, model)

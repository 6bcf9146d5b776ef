"""The assistant's own state, as it is told to the user: power, temperature, memory, model, camera.

A value that is not known is None and never made up. This module does not measure: others do.
"""

from __future__ import annotations

from dataclasses import dataclass

from assistant.machine.power.readings import PowerSample, box_watts


@dataclass(frozen=True)
class Status:
    """A value is None where this machine does not tell it."""

    power_watts: float | None = None
    temperature_celsius: float | None = None
    memory_bytes: int | None = None  # in use by this program
    model: str | None = None  # a name for people
    camera_pixels: tuple[int, int] | None = None  # width and height of the camera's pictures
    looks_ahead_in_last_hour: int | None = None  # pictures that were seen before a question; None: none ever is


def status_of(
    sample: PowerSample,
    other_watts: float,
    memory_bytes: int | None,
    model: str,
    camera_pixels: tuple[int, int] | None = None,
) -> Status:
    """The status that a sample of the sensors gives. The watts are those of the whole box where they are known: see
    `box_watts`.
    """
    return Status(box_watts(sample, other_watts).value, sample.celsius.value, memory_bytes, model, camera_pixels)

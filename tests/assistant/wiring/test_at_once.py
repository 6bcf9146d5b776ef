from __future__ import annotations

import pytest

from assistant.language.phrases import Command, phrases_for
from assistant.wiring.at_once import job_at_once


@pytest.mark.parametrize(
    ("command", "is_told"),
    [
        (Command.READ_CODE, True), (Command.LIGHT, True), (Command.LIGHT_METER, True), (Command.MIDDLE_COLOR, True),
        (Command.READ_GAUGE, True), (Command.READ_DISPLAY, True), (Command.READ_TEXT, False), (Command.STOP, False), (None, False),
    ],
)  # fmt: skip
def test_codes_light_and_colours_need_no_model(command: Command | None, is_told: bool) -> None:
    """One picture has a light, so the light meter is answered as well."""
    assert (job_at_once(command, phrases_for("en")) is not None) == is_told

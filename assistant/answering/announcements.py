"""What the program has to say of itself before there is a voice, and beside the answers once there is one."""

from __future__ import annotations

from collections.abc import Callable


class Announcements:
    """Keeps what there is to say until `go_to` names who says it: `AnswerPipeline.announce`, mostly."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._say: Callable[[str], None] = self._kept.append

    def __call__(self, text: str) -> None:
        self._say(text)

    def go_to(self, say: Callable[[str], None]) -> None:
        """Once, before any thread says something."""
        self._say = say
        for text in self._kept:
            say(text)
        self._kept.clear()

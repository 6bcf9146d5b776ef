"""What the program says of itself, from the time before there is a voice: that pictures leave the machine, for example.

The engine has something to say while it is opened, and the pipeline that says it is built afterwards, over that
engine. So the sentences wait here. It does not know when they are spoken: see `AnswerPipeline.announce`.
"""

from __future__ import annotations

from collections.abc import Callable


class Announcements:
    """Call it with a sentence. Sentences are kept until `go_to` names who says them."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._say: Callable[[str], None] = self._kept.append

    def __call__(self, text: str) -> None:
        self._say(text)

    def go_to(self, say: Callable[[str], None]) -> None:
        """Give `say` what was kept, and everything from now on. Call it once, before any thread announces something."""
        self._say = say
        for text in self._kept:
            say(text)
        self._kept.clear()

"""Shows a download's progress on stderr, one bar for each file. It does not know what is downloaded."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class ProgressBars:
    """Bars of the bytes that have come. Use it in a `with`, and pass `show` to fetch()."""

    def __init__(self) -> None:
        self._name = ""
        self._bar: Any = None

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, name: str, done_bytes: int, total_bytes: int) -> None:
        """Move the bar of the file `name`. A new name begins a new bar."""
        from tqdm import tqdm  # comes with huggingface_hub

        if name != self._name or self._bar is None:
            self.__exit__(None, None, None)
            # In a log file or a pipe a bar is only noise: there, each file gets one line.
            is_terminal = sys.stderr.isatty()
            if not is_terminal:
                sys.stderr.write(f"{name}: {total_bytes:,} bytes\n")
            self._name = name
            # `initial`: the bytes of an earlier attempt count as done, but not for the speed.
            self._bar = tqdm(
                desc=name, total=total_bytes, initial=done_bytes, unit="B", unit_scale=True, disable=not is_terminal
            )
        self._bar.n = done_bytes
        self._bar.update(0)

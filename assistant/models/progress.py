"""A download's progress on the terminal: one bar a file, on stderr. It does not know what is downloaded."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class ProgressBars:
    """Shows each file's bytes; use it as a context manager and hand `show` to fetch()."""

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
        """Move the bar of the file `name`; a new name begins a new bar."""
        from tqdm import tqdm  # comes with huggingface_hub

        if name != self._name or self._bar is None:
            self.__exit__(None, None, None)
            # Where nobody looks (a log file, a pipe) a bar is only noise: a line a file is enough.
            is_terminal = sys.stderr.isatty()
            if not is_terminal:
                sys.stderr.write(f"{name}: {total_bytes:,} bytes\n")
            self._name = name
            # `initial`: what an earlier attempt brought counts as done, and not as speed.
            self._bar = tqdm(
                desc=name, total=total_bytes, initial=done_bytes, unit="B", unit_scale=True, disable=not is_terminal
            )
        self._bar.n = done_bytes
        self._bar.update(0)

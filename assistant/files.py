"""Where this user's files are: the XDG base directories, and nothing about what lies in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def config_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the user's own config.toml; it may not exist."""
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "seesay"


def data_folder(environ: Mapping[str, str]) -> Path:
    """The folder of what was fetched for this user; it may not exist."""
    return _base(environ, "XDG_DATA_HOME", ".local/share") / "seesay"


def state_folder(environ: Mapping[str, str]) -> Path:
    """The folder of what the program remembers between two runs; it may not exist."""
    return _base(environ, "XDG_STATE_HOME", ".local/state") / "seesay"


def _base(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    # A relative folder is to be ignored, says the XDG base directory specification.
    configured = Path(environ.get(variable) or "")
    home = Path(environ.get("HOME") or Path.home())
    return configured if configured.is_absolute() else home / below_home

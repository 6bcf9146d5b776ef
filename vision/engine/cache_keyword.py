"""What transformers' modules call their KV cache: it was renamed within the range of versions that we accept."""

from __future__ import annotations

import inspect
from typing import Any


def cache_keyword(module: Any) -> str:
    """The keyword of `module.forward`: "cache" from transformers 5.24 on, "past_key_values" before."""
    return "cache" if "cache" in inspect.signature(module.forward).parameters else "past_key_values"

"""SeeSay's small vision-language demo model: what it looks at, how it is trained, and its weights.

It does not know who asks.
"""

from __future__ import annotations

from pathlib import Path

CHECKPOINT: Path = Path(__file__).parent / "checkpoint"

"""SeeSay's small vision-language demo model: what it looks at, how it is trained, and its weights.

The files here are the commands (`python -m vision.demo_model.train`) and `world.py`, the model's whole world in one
place. What they are made of stands in `rendering/`, `asking/` and `training/`, each of which knows only those before
it. None knows who asks.
"""

from __future__ import annotations

from pathlib import Path

CHECKPOINT: Path = Path(__file__).parent / "checkpoint"

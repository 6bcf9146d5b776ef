"""The engine: looks at a frame, then answers questions about it. `Engine.load` is the only slow thing here to import."""

from .engine import Engine
from .settings import EngineSettings
from .view import AnswerChunk, AnswerStats, SeeStats, View

__all__ = ["AnswerChunk", "AnswerStats", "Engine", "EngineSettings", "SeeStats", "View"]

"""The engine: looks at a frame, then answers questions about it. `Engine.load` is the only slow thing here to import."""

from vision.interface import AnswerChunk, AnswerStats, SeeStats

from .engine import Engine
from .settings import EngineSettings
from .view import View

__all__ = ["AnswerChunk", "AnswerStats", "Engine", "EngineSettings", "SeeStats", "View"]

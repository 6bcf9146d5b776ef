"""The engine: it looks at a frame and answers questions about it. Slow imports happen in `Engine.load` only."""

from vision.interface import AnswerChunk, AnswerStats, SeeStats

from .engine import Engine
from .settings import EngineSettings
from .view import View

__all__ = ["AnswerChunk", "AnswerStats", "Engine", "EngineSettings", "SeeStats", "View"]

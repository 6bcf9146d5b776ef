"""One demo engine, and one server over it, for all of these tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.models import catalog
from audio.pcm import AudioChunk
from tests.assistant.web.api.serving import Running, parts_with, picture, running
from vision.engine.engine import Engine
from vision.engine.settings import EngineSettings
from vision.frame import Frame
from vision.framing import Fault
from vision.still import load_picture


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine.load(catalog.demo_vlm(), EngineSettings(is_demo=True)) as loaded:
        yield loaded


def take(cancelled: threading.Event) -> tuple[Frame, Fault | None]:
    return Frame(load_picture(picture()), 0.0), None


def beep(sentence: str) -> AudioChunk:
    """A sound that lasts as long as the sentence would."""
    return AudioChunk(np.full(100 * len(sentence), 1000, np.int16), 16_000)


@pytest.fixture(scope="session")
def web(engine: Engine) -> Iterator[Running]:
    parts = parts_with(engine, take=take, synthesize=beep, hear=lambda wav, stopped: ("what color is the circle", 0.9))
    with running(parts, max_body_bytes=2_000_000) as server:
        yield server

"""Models that are fetched while the assistant runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assistant.conversation.event_queue import EventQueue, Tick
from assistant.errors import ModelMissing
from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.wiring import conversation
from assistant.wiring.arriving import Arriving, Until
from audio.listening.hearing import SpeechRejected, SpeechStarted
from audio.pcm import AudioChunk

WORDS = phrases_for("en").setup


class Watched:
    """An `Arriving` with models that come when the test says so."""

    def __init__(
        self,
        *,
        wants_speech: bool = True,
        share: float = 0.0,
        damaged: bool = False,
        failed_at: float | None = None,
        load_eye: Callable[[], None] | None = None,
    ) -> None:
        self.failed_at = failed_at
        self.said: list[str] = []
        self.speech: Path | None = None
        self.share = share
        self.ears = object()
        self.damaged = damaged
        self.arriving = Arriving(
            WORDS,
            self.said.append,
            self._load,
            wants_speech=wants_speech,
            fetched_speech=lambda: self.speech,
            eye_share=lambda: self.share,
            load_eye=load_eye,
            failed_fetch=lambda: self.failed_at,
            clock=lambda: 1000.0,
        )

    def _load(self) -> Any:
        if self.damaged:
            raise ModelMissing("the speech model is damaged.")
        return self.ears


def test_a_new_speech_model_is_taken_once() -> None:
    """It is loaded when it is whole, and told at the moment when it is taken into use."""
    watched = Watched()
    watched.arriving.look()
    assert watched.arriving.take() is None
    watched.speech = Path("/models/speech")
    watched.arriving.look()
    assert watched.said == []
    assert watched.arriving.has_new_ears
    assert watched.arriving.take() is watched.ears
    assert watched.said == [WORDS.speech_ready]
    watched.arriving.look()
    assert watched.arriving.take() is None


def test_a_speech_model_that_nobody_waits_for_is_left() -> None:
    """The full one is in use already, or the configuration names another one."""
    watched = Watched(wants_speech=False)
    watched.speech = Path("/models/speech")
    watched.arriving.look()
    assert watched.arriving.take() is None


def test_a_damaged_speech_model_leaves_the_old_ears(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once, and the assistant goes on hearing as before."""
    watched = Watched(damaged=True)
    watched.speech = Path("/models/speech")
    watched.arriving.look()
    watched.arriving.look()
    assert watched.arriving.take() is None
    assert [record.getMessage() for record in caplog.records] == [
        "the speech model that was fetched is not used: the speech model is damaged."
    ]


def test_progress_is_said_at_each_quarter() -> None:
    """Several quarters at once are one sentence; the whole model is told as such."""
    watched = Watched(share=0.1)
    for share in (0.2, 0.26, 0.3, 0.8, 0.99, 1.0, 1.0):
        watched.share = share
        watched.arriving.look()
    assert watched.said == [
        WORDS.progress.format(percent=25), WORDS.progress.format(percent=75), WORDS.eye_ready,
    ]  # fmt: skip


def test_what_is_here_at_the_start_is_no_news() -> None:
    """Nothing is said of a model that was fetched before."""
    watched = Watched(share=1.0)
    watched.arriving.look()
    assert watched.said == []


def test_a_model_for_seeing_that_can_be_loaded_is_not_announced() -> None:
    """It is loaded once, beside the other one; whoever loads it tells the rest."""
    loaded: list[bool] = []
    watched = Watched(share=0.9, load_eye=lambda: loaded.append(True))
    for share in (0.99, 1.0, 1.0):
        watched.share = share
        watched.arriving.look()
    assert watched.said == []
    assert loaded == [True]


def test_a_fetch_that_failed_is_said_once() -> None:
    """Each fetch by itself. One that failed long before the start is no news; one of a moment ago is."""
    watched = Watched(failed_at=900.0)
    watched.arriving.look()
    assert watched.said == []
    for failed_at in (None, 1001.0, 1001.0, None, 1200.0):
        watched.failed_at = failed_at
        watched.arriving.look()
    assert watched.said == [WORDS.fetch_failed] * 2
    recent = Watched(failed_at=990.0)
    recent.arriving.look()
    assert recent.said == [WORDS.fetch_failed]


def test_the_share_of_a_fetch_is_seen_in_its_folder(tmp_path: Path) -> None:
    """It is 0 without a fetch, and below 1 as long as the model is not whole."""
    environ = {"XDG_DATA_HOME": str(tmp_path)}
    assert catalog.fetched_share_of_vlm(environ) == 0.0
    part = tmp_path / "seesay" / "models" / f"{catalog.FULL_VLM.name}.part"
    part.mkdir(parents=True)
    with (part / "model.safetensors.part").open("wb") as file:
        file.truncate(catalog.FULL_VLM.pinned["model.safetensors"][0] // 2)
    assert catalog.fetched_share_of_vlm(environ) == pytest.approx(0.5, abs=0.001)
    with (part / "model.safetensors.part").open("wb") as file:
        file.truncate(2 * catalog.FULL_VLM.pinned["model.safetensors"][0])
    assert catalog.fetched_share_of_vlm(environ) == 0.999


class Source:
    """A microphone with numbered chunks. It goes on where it was when it is read again."""

    live = True

    def __init__(self, count: int) -> None:
        self._left = list(range(count))

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def chunks(self) -> Iterator[AudioChunk]:
        while self._left:
            yield AudioChunk(np.zeros(480, np.int16), 16_000, float(self._left.pop(0)))

    def stop(self) -> None:
        self._left = []


def test_a_source_ends_between_two_chunks() -> None:
    """No chunk is lost: the next reader gets the one after the last."""
    source = Source(5)
    ended = iter([False, True])
    first = [chunk.started_at for chunk in Until(source, lambda: next(ended)).chunks()]
    assert first == [0.0, 1.0]
    assert [chunk.started_at for chunk in source.chunks()] == [2.0, 3.0, 4.0]


class FakeEars:
    """Ears that note the chunks they hear. Of chunk 2 they hear the beginning of speech, of chunk 4 its end."""

    stop_ear = None

    def __init__(self) -> None:
        self.heard: list[float] = []

    def attentive(self, *arguments: object) -> Any:
        return SimpleNamespace(reset=lambda: None, wake_suspected=lambda: False)

    def pause_ear(self, activation: object) -> None:
        return None

    def hearing(self, source: Any, *arguments: object, **options: object) -> Any:
        def hear(chunk: AudioChunk) -> Iterator[object]:
            self.heard.append(chunk.started_at)
            if chunk.started_at == 2.0:
                yield SpeechStarted(2.0)
            if chunk.started_at == 4.0:
                yield SpeechRejected(4.0)

        return SimpleNamespace(chunks=source.chunks, hear=hear, finish=lambda: iter(()))


def test_the_ears_are_changed_between_two_utterances(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that comes while the user speaks is taken after their words, and not a chunk of sound is lost."""
    old, watched = FakeEars(), Watched()
    new = watched.ears = FakeEars()
    monkeypatch.setattr(conversation, "_arriving", lambda assembly, new_eye: watched.arriving)
    microphone = SimpleNamespace(open_microphone=lambda: Source(8))
    assembly: Any = SimpleNamespace(ears=old, phrases=phrases_for("en"), config=Config(), sound_watch=microphone)
    pipeline: Any = SimpleNamespace(in_use=False, speaking=False, cue_pitches_hz=())
    activation: Any = SimpleNamespace(held=lambda: False)
    ticks = 0
    life: Any = SimpleNamespace(sound_lost=lambda: None, loop_turned=lambda: None)
    queue = EventQueue()
    with contextlib.closing(conversation._events(assembly, pipeline, activation, queue, None, life)) as events:
        for event in events:
            ticks += isinstance(event, Tick)
            if isinstance(event, SpeechStarted):
                watched.speech = Path("/models/speech")
                watched.arriving.look()
    assert ticks == 8
    assert (old.heard, new.heard) == ([0.0, 1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0])
    assert watched.said == [WORDS.speech_ready]
    assert assembly.ears is new

"""`seesay run` while `seesay fetch` brings models: the whole program, a server on this machine, and real models.

The model for seeing is a tiny one with random weights in the published layout, the speech model a copy of the embedded
one under another name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import stat
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.answering.turn import Turn
from assistant.cli.demo import demo_scene
from assistant.errors import FetchError
from assistant.language.phrases import SpeechModel, phrases_for
from assistant.models import catalog
from assistant.models.catalog import HubModel
from assistant.models.fetch import Sources, Which, fetch
from assistant.settings.config import Config, EngineConfig, PowerConfig, SeeingConfig
from assistant.wiring import assembly as parts
from assistant.wiring.assembly import Assembly
from assistant.wiring.conversation import run
from audio.pcm import AudioChunk
from audio.wav import WavSource
from tests.assistant.models.test_fetch import REPOSITORY, REVISION, Server, handler_of
from tests.assistant.wiring.inspection.test_journal import Quiet, spoken
from tests.vision.engine.tiny_checkpoint import edit_json, make
from vision.demo_model.world import draw

WAIT_SECONDS = 60.0  # reached only if a test fails
PHRASES = phrases_for("en")
WORDS = PHRASES.setup
SPEECH = "vosk-small"
load_engine = parts.load_engine


def listing_of(files: dict[str, bytes]) -> dict[str, Any]:
    """What the hub's API answers for a model of these files."""
    siblings = []
    for name, content in files.items():
        git_id = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        siblings.append({"rfilename": name, "size": len(content), "blobId": git_id})
    return {
        "id": REPOSITORY,
        "modelId": REPOSITORY,
        "sha": REVISION,
        "private": False,
        "tags": [],
        "siblings": siblings,
    }


def zip_of(folder: Path, name: str) -> bytes:
    """The folder's files in a folder `name`, as Vosk's models are packed."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != catalog.MANIFEST):
            info = zipfile.ZipInfo(f"{name}/{path.relative_to(folder)}")
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, path.read_bytes())
    return content.getvalue()


@dataclass
class Step:
    """What the user says once `ready` is True; `first` is called before."""

    wav: Path
    first: Callable[[], None] = lambda: None
    ready: Callable[[], bool] = lambda: True


@dataclass
class Room:
    """A user who speaks, and waits for each answer. Between the words there is silence."""

    steps: list[Step] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    models: list[str] = field(default_factory=list)  # that answered the questions
    assembly: Assembly | None = None
    at_work: bool = False

    @property
    def said(self) -> list[str]:
        return [" ".join(turn.said) for turn in self.turns]

    @property
    def answered(self) -> int:
        """Questions and commands that were answered, and the greeting."""
        return sum(text not in (WORDS.eye_taken, WORDS.speech_ready, WORDS.eye_fails) for text in self.said)

    def turn_ended(self, turn: Turn) -> None:
        self.turns.append(turn)
        if turn.question is not None:
            assert self.assembly is not None
            self.models.append(self.assembly.model_name)

    @contextlib.contextmanager
    def serving(self, *parts: object, **more: object) -> Iterator[None]:
        yield

    def microphone(self, device: object) -> Any:
        room = self

        class Microphone(contextlib.AbstractContextManager[Any]):
            live = True

            def __init__(self) -> None:
                self._chunks = self._all()

            def chunks(self) -> Iterator[AudioChunk]:
                yield from iter(lambda: next(self._chunks, None), None)

            def _all(self) -> Iterator[AudioChunk]:
                for number, step in enumerate(room.steps, 1):
                    yield from self._silence_until(lambda count=number: room.answered >= count)  # type: ignore[misc]
                    step.first()
                    yield from self._silence_until(step.ready)
                    for chunk in WavSource(step.wav).chunks():
                        yield replace(chunk, started_at=time.monotonic())

            def _silence_until(self, ready: Callable[[], bool]) -> Iterator[AudioChunk]:
                ends_at = time.monotonic() + WAIT_SECONDS
                while not ready():
                    assert time.monotonic() < ends_at, room.said
                    time.sleep(0.005)
                    yield AudioChunk(np.zeros(480, np.int16), 16_000, time.monotonic())

            def stop(self) -> None:
                pass

            def __exit__(self, *error: object) -> None:
                pass

        return Microphone()


class Hub:
    """A server with both models, and a user whose data folder is empty."""

    def __init__(self, folder: Path, url: str, server: Server, sources: Sources) -> None:
        self.server = server
        self.sources = sources
        self.environ = {"XDG_DATA_HOME": str(folder), "HF_ENDPOINT": url, "SEESAY_VOSK_URL": url + "/vosk"}

    def bring(self, which: Which) -> None:
        fetch("en", which, environ=self.environ, sources=self.sources, wait=lambda seconds: None)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return make(tmp_path / "tiny")


@pytest.fixture
def hub(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    files = {path.name: path.read_bytes() for path in checkpoint.iterdir()}
    speech = zip_of(catalog.demo_speech("en"), SPEECH)
    served = Server(
        files={
            **{f"/{REPOSITORY}/resolve/{REVISION}/{name}": content for name, content in files.items()},
            f"/vosk/{SPEECH}.zip": speech,
        },
        listing=listing_of(files),
    )
    weights = files["model.safetensors"]
    model = HubModel(
        REPOSITORY,
        REVISION,
        required=("config.json", "tokenizer.json"),
        pinned={"model.safetensors": (len(weights), hashlib.sha256(weights).hexdigest())},
    )
    speech_model = SpeechModel(SPEECH, len(speech), hashlib.sha256(speech).hexdigest())
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(catalog, "FULL_VLM", model)
    monkeypatch.setattr(catalog, "FULL_SPEECH", {"en": speech_model})
    monkeypatch.setattr("assistant.wiring.arriving.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("audio.speaking.playback.Loudspeaker", Quiet)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for folder in ("STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{folder}_HOME", str(tmp_path / folder.lower()))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(served)) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), name="hub")
        thread.start()
        sources = Sources(vlm=model, speech={"en": speech_model})
        yield Hub(tmp_path / "data", f"http://127.0.0.1:{httpd.server_port}", served, sources)
        httpd.shutdown()
        thread.join(5)


def converse(room: Room, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(demo_scene()[0]).save(folder / "picture.png")
    monkeypatch.setattr("audio.microphone.Microphone", room.microphone)
    config = Config(
        seeing=SeeingConfig(camera=str(folder / "picture.png")),
        power=PowerConfig(govern="off"),
        engine=EngineConfig(max_new_tokens=8),
    )
    with contextlib.ExitStack() as stack:
        assembly = room.assembly = Assembly(config, stack)
        run(assembly, side_server=room)


def test_the_full_model_for_seeing_is_taken_into_use_between_two_turns(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once, the next question about the picture goes to it, and the small model is freed."""
    engines: list[Any] = []

    def load(*arguments: Any, **options: Any) -> Any:
        engines.append(load_engine(*arguments, **options))
        return engines[-1]

    monkeypatch.setattr(parts, "load_engine", load)
    room = Room()
    color, shape, asked_for_help, left = spoken(
        tmp_path, "what color is the circle", "what shape is it", "help", "quit"
    )
    room.steps = [
        Step(color),
        Step(shape, first=lambda: hub.bring("vision"), ready=lambda: WORDS.eye_taken in room.said),
        Step(asked_for_help),
        Step(left),
    ]
    converse(room, tmp_path, monkeypatch)
    assert room.said[1] == "The circle is red."
    assert room.said.count(WORDS.eye_taken) == 1
    assert WORDS.eye_ready not in room.said
    demo = catalog.demo_vlm().parent.name
    assert [name == "Small-VL" for name in room.models] == [False, True], (demo, room.models)
    about_shape = next(turn for turn in room.turns if turn.question is not None and "shape" in turn.question.text)
    assert about_shape.error is None
    assert about_shape.answer
    helped = next(text for text in room.said if PHRASES.help.split(".")[0] in text)
    assert PHRASES.demo_limits not in helped
    assert room.assembly is not None
    assert not room.assembly.is_demo
    small, full = engines
    assert small.session._model is None
    assert full.settings.instructions


def test_a_model_for_seeing_that_cannot_be_loaded_leaves_the_small_one(
    checkpoint: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once, and the next question is answered as before."""
    edit_json(checkpoint / "config.json", model_type="other")
    hub: Hub = request.getfixturevalue("hub")
    room = Room()
    color, left = spoken(tmp_path, "what color is the circle", "quit")
    room.steps = [
        Step(color, first=lambda: hub.bring("vision"), ready=lambda: WORDS.eye_fails in room.said),
        Step(left),
    ]
    converse(room, tmp_path, monkeypatch)
    assert room.said.count(WORDS.eye_fails) == 1
    assert "The circle is red." in room.said
    assert WORDS.eye_taken not in room.said


def test_a_real_speech_model_is_taken_into_use_between_two_utterances(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once, and the next words are heard with it."""
    room = Room()
    color, left = spoken(tmp_path, "what color is the circle", "quit")
    folders: list[Path] = []

    def note() -> None:
        assert room.assembly is not None
        folders.append(room.assembly.ears._speech_model)

    room.steps = [
        Step(color, first=lambda: (note(), hub.bring("speech"))[1], ready=lambda: WORDS.speech_ready in room.said),
        Step(left, first=note),
    ]
    converse(room, tmp_path, monkeypatch)
    assert [folder.name for folder in folders] == ["en", SPEECH]
    assert room.said.count(WORDS.speech_ready) == 1
    assert "The circle is red." in room.said


def test_a_fetch_that_fails_is_said_aloud(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs it: the server refuses, and the user hears it once."""
    hub.server.listing = json.loads(json.dumps(hub.server.listing).replace(REVISION, "0" * 40))
    room = Room()
    (left,) = spoken(tmp_path, "quit")

    def fail() -> None:
        with pytest.raises(FetchError):
            hub.bring("vision")

    room.steps = [Step(left, first=fail, ready=lambda: WORDS.fetch_failed in room.said)]
    converse(room, tmp_path, monkeypatch)
    assert room.said.count(WORDS.fetch_failed) == 1

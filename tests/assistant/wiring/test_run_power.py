"""`seesay run` and the machine's power: the whole program on a NUC's files, with WAV files instead of a sound card."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.answering.turn import Turn
from assistant.bench.engines.speech import NullSpeaker
from assistant.cli.demo import demo_scene
from assistant.machine.power import Sysfs
from assistant.machine.power.readings import PowerSample
from assistant.models import catalog
from assistant.settings.config import Config, PowerConfig, SeeingConfig
from assistant.wiring.assembly import Assembly
from assistant.wiring.conversation import run
from audio.pcm import SPEECH_FORMAT, AudioChunk, resample
from audio.speaking.synthesizer import Synthesizer
from audio.wav import WavSource, write_wav
from tests.assistant.machine.power.machine_trees import RAPL, kernel_write, nuc
from vision.demo_model.world import draw

WAIT_SECONDS = 30.0  # reached only if a test fails
WATTS = 6.0
PL1 = f"{RAPL}/constraint_0_power_limit_uw"


class Room:
    """A user who speaks and waits for each answer. It also takes the place of the server beside the conversation."""

    def __init__(self, words: list[Path]) -> None:
        self._words = words
        self.turns: list[Turn] = []
        self.power: Callable[[], PowerSample] | None = None
        self.round_now: Any = None
        self.limit_meanwhile = ""
        self.look: Callable[[], str] = str
        self._ended = threading.Semaphore(0)
        # set after several measurements, because a question before them has no energy
        self.measured = threading.Event()

    def turn_ended(self, turn: Turn) -> None:
        self.turns.append(turn)
        self._ended.release()

    @contextlib.contextmanager
    def serving(self, *parts: object, power: Callable[[], PowerSample], **more: object) -> Iterator[None]:
        self.power = power
        self.round_now = more.get("round_now")
        yield

    def microphone(self, device: object) -> Any:
        room = self

        class Microphone(contextlib.AbstractContextManager[Any]):
            live = True

            def chunks(self) -> Iterator[AudioChunk]:
                assert room.measured.wait(WAIT_SECONDS)
                for wav in room._words:
                    assert room._ended.acquire(timeout=WAIT_SECONDS)  # the greeting's end, and then each answer's
                    room.limit_meanwhile = room.look()
                    for chunk in WavSource(wav).chunks():
                        samples = (
                            chunk.samples + np.arange(len(chunk.samples), dtype=np.int16) % 2
                        )  # as noise, never still
                        yield replace(chunk, samples=samples, started_at=time.monotonic())

            def stop(self) -> None:
                pass

            def __exit__(self, *error: object) -> None:
                pass

        return Microphone()


@pytest.fixture
def words(tmp_path: Path) -> list[Path]:
    paths = []
    with Synthesizer(voice="en-us", rate_wpm=200) as voice:
        for text in ("what color is the circle", "status", "quit"):
            sound = voice.synthesize(text)
            samples = resample(sound.samples, sound.sample_rate_hz, SPEECH_FORMAT.sample_rate_hz)
            quiet = np.zeros(SPEECH_FORMAT.sample_rate_hz, np.int16)
            write_wav(tmp_path / f"{text}.wav", AudioChunk(np.concatenate([quiet, samples, quiet]), 16_000))
            paths.append(tmp_path / f"{text}.wav")
    return paths


def test_a_conversation_holds_the_budget_and_knows_its_energy(
    tmp_path: Path, words: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The limit is set from the start to the end, and the page, the voice and each answer get the sensors' figures."""
    tree, room = nuc(tmp_path / "machine"), Room(words)
    room.look = lambda: tree.text(PL1)

    readings = itertools.count(1)

    def read(path: Path) -> str:
        if path.name == "energy_uj" and next(readings) == 6:
            room.measured.set()
        return str(round(time.monotonic() * WATTS * 1e6)) if path.name == "energy_uj" else path.read_text()

    class Quiet(NullSpeaker, contextlib.AbstractContextManager[Any]):
        def __init__(self, device: object, played: object = None) -> None:
            super().__init__()

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr("assistant.machine.power.sysfs.Sysfs", lambda: Sysfs(tree.root, read, kernel_write))
    monkeypatch.setattr("audio.microphone.Microphone", room.microphone)
    monkeypatch.setattr("audio.speaking.playback.Loudspeaker", Quiet)
    # The period is short, because the test asks for the status within the first second.
    monkeypatch.setattr("assistant.machine.power.keeper._PERIOD_SECONDS", 0.06)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    draw(demo_scene()[0]).save(tmp_path / "picture.png")
    config = Config(
        seeing=SeeingConfig(camera=str(tmp_path / "picture.png")), power=PowerConfig(budget_watts=10.0, other_watts=2.0)
    )

    with contextlib.ExitStack() as stack:
        demo = catalog.ChosenModel(catalog.demo_vlm(), is_demo=True)
        assembly = Assembly(config, stack, vision_model=demo, speech_model=catalog.demo_speech("en"))
        run(assembly, as_json=True, side_server=room)

    assert (room.limit_meanwhile, tree.text(PL1)) == ("8000000", "28000000")
    (answered,) = (turn for turn in room.turns if turn.question is not None)
    assert answered.timings is not None
    line = json.loads(capsys.readouterr().out)
    assert line["answer"] == "The circle is red."
    seconds = answered.timings.total + (answered.timings.speech or 0.0)
    assert line["joules"] == pytest.approx(WATTS * seconds, rel=0.05, abs=0.3)
    status = " ".join(room.turns[-2].said)
    assert "I use 8 watts." in status
    assert "52 degrees" in status
    assert room.power is not None
    assert room.power().package_watts.value == pytest.approx(WATTS, rel=0.1)

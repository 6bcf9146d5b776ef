"""`seesay run` with `seeing.ahead = "still"`: the whole program with the demo model, and WAV files for a sound card."""

from __future__ import annotations

import contextlib
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
from assistant.conversation.activation import Activation, ActivationSettings
from assistant.models import catalog
from assistant.settings.config import Config, ConversationConfig, PowerConfig, SeeingConfig
from assistant.settings.config_reader import parse_config
from assistant.wiring.assembly import Assembly
from assistant.wiring.conversation import run
from assistant.wiring.looking_ahead import limits_of
from audio.pcm import SPEECH_FORMAT, AudioChunk, resample
from audio.speaking.synthesizer import Synthesizer
from audio.wav import WavSource, write_wav
from vision.demo_model.world import draw
from vision.engine.session import Session
from vision.frame import Frame, Rgb

WAIT_SECONDS = 30.0  # reached only if a test fails


class Room:
    """A user who speaks when the test lets them, before a camera whose picture the test chooses."""

    live = False  # its picture may stand still bit for bit
    picture_size = None
    at_work = False  # no page asks anything

    def __init__(self, rgb: Rgb, script: Iterator[Path]) -> None:
        self.rgb = rgb
        self.turns: list[Turn] = []
        self.looked_ahead = threading.Event()
        self._script = script
        self._ended = threading.Semaphore(0)

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        return Frame(self.rgb, time.monotonic())

    def burst(
        self, pictures: int = 3, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None
    ) -> tuple[Frame, ...]:
        return (self.capture(),)

    def close(self) -> None:
        pass

    def turn_ended(self, turn: Turn) -> None:
        self.turns.append(turn)
        self._ended.release()

    @contextlib.contextmanager
    def serving(self, *parts: object, **more: object) -> Iterator[None]:
        yield

    def say(self, message: str) -> None:
        if message.startswith("looked ahead"):
            self.looked_ahead.set()

    def microphone(self, device: object) -> Any:
        room = self

        class Microphone(contextlib.AbstractContextManager[Any]):
            live = True

            def chunks(self) -> Iterator[AudioChunk]:
                while room._ended.acquire(timeout=WAIT_SECONDS):  # the greeting's end, and then each answer's
                    words = WavSource(next(room._script))
                    at = time.monotonic()  # the words come faster than they were spoken; their times are as spoken
                    for chunk in words.chunks():
                        yield replace(chunk, started_at=at)
                        at += chunk.duration_seconds

            def stop(self) -> None:
                pass

            def __exit__(self, *error: object) -> None:
                pass

        return Microphone()


class Quiet(NullSpeaker, contextlib.AbstractContextManager[Any]):
    def __init__(self, device: object, played: object = None) -> None:
        super().__init__()

    def __exit__(self, *error: object) -> None:
        pass


def spoken(folder: Path, text: str) -> Path:
    with Synthesizer(voice="en-us", rate_wpm=200) as voice:
        sound = voice.synthesize(text)
    samples = resample(sound.samples, sound.sample_rate_hz, SPEECH_FORMAT.sample_rate_hz)
    quiet = np.zeros(SPEECH_FORMAT.sample_rate_hz, np.int16)
    write_wav(folder / f"{text}.wav", AudioChunk(np.concatenate([quiet, samples, quiet]), 16_000))
    return folder / f"{text}.wav"


def test_a_question_on_a_still_scene_waits_for_no_look_and_one_on_a_changed_scene_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The encoder does not run between the first question and its answer. Then the red circle becomes a blue one.

    The second answer is about the new picture, which nobody has looked at before.
    """
    color, quits = spoken(tmp_path, "what color is the circle"), spoken(tmp_path, "quit")
    scene = demo_scene()[0]
    encoded: list[int] = []  # at each run of the encoder, how many turns had ended by then
    look = Session.look

    def counted(session: Session, frame: Frame | None, permit: Any) -> Any:
        encoded.append(len(room.turns))
        return look(session, frame, permit)

    def script() -> Iterator[Path]:
        assert room.looked_ahead.wait(WAIT_SECONDS)
        encoded.clear()
        yield color
        assert encoded == [], "the encoder ran for a scene that had been seen"
        red = (room.rgb[..., 0] > 150) & (room.rgb[..., 1] < 110) & (room.rgb[..., 2] < 110)
        room.rgb = room.rgb.copy()
        room.rgb[red] = (40, 70, 210)
        yield color
        assert len(encoded) == 1
        yield quits

    room = Room(np.asarray(draw(scene).convert("RGB")), script())
    monkeypatch.setattr(Session, "look", counted)
    monkeypatch.setattr("assistant.console.say", room.say)
    monkeypatch.setattr("audio.microphone.Microphone", room.microphone)
    monkeypatch.setattr("audio.speaking.playback.Loudspeaker", Quiet)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    config = Config(
        # One look ahead is enough for the test; the second question must find a scene that nobody has looked at.
        seeing=SeeingConfig(ahead="still", ahead_every_seconds=3600.0),
        power=PowerConfig(govern="off"),
        conversation=ConversationConfig(picture_seconds=0.0),
    )
    with contextlib.ExitStack() as stack:
        demo = catalog.ChosenModel(catalog.demo_vlm(), is_demo=True)
        assembly = Assembly(config, stack, vision_model=demo, speech_model=catalog.demo_speech("en"))
        assembly.__dict__["frames"] = room
        run(assembly, verbose=True, as_json=True, side_server=room)

    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert [first["answer"], second["answer"]] == ["The circle is red.", "The circle is blue."]
    assert first["timings"]["vision"] is None
    assert second["timings"]["vision"] is not None
    assert first["picture_age_s"] > second["picture_age_s"] > 0.0


@pytest.mark.parametrize(("profile", "ahead"), [("cart", "still"), ("button", "still"), ("headset", "speech")])
def test_each_profile_has_its_way(profile: str, ahead: str) -> None:
    """A cart and a button look at a still picture. Without a profile the picture is seen when speech begins."""
    assert parse_config("", "x", profile).seeing.ahead == ahead
    assert Config().seeing.ahead == "speech"


def test_the_limits_are_those_of_the_config() -> None:
    """Where no budget is held, its watts only stand for what a look needs."""
    text = "[seeing]\nahead_every_seconds = 20.0\nahead_joules_per_minute = 60.0\nahead_battery_percent = 30.0\n"
    limits = limits_of(parse_config(text + "[power]\nbudget_watts = 12.0", "x"))
    assert (limits.every_seconds, limits.joules_per_minute, limits.battery_percent) == (20.0, 60.0, 30.0)
    assert (limits.budget_watts, limits.max_celsius, limits.watts_of_a_look) == (12.0, 85.0, 12.0)
    free = limits_of(parse_config('[power]\ngovern = "off"\nbudget_watts = 12.0', "x"))
    assert (free.budget_watts, free.max_celsius, free.watts_of_a_look) == (None, None, 12.0)


def test_off_takes_no_picture_before_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """The conversation is told, and nothing watches the picture."""
    from assistant.wiring import conversation

    monkeypatch.setattr(conversation, "_hint", lambda activation, phrases: "")
    with contextlib.ExitStack() as stack:
        demo = catalog.ChosenModel(catalog.demo_vlm(), is_demo=True)
        assembly = Assembly(parse_config('[seeing]\nahead = "off"', "x"), stack, vision_model=demo)
        activation = Activation(ActivationSettings())
        assert not conversation._settings(assembly, activation).looks_ahead
        nothing: Callable[[], bool] = lambda: False  # noqa: E731 - a name for what is never called
        assert conversation._looking_ahead(assembly, nothing, verbose=False) == (None, None)

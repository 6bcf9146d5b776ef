"""`seesay run` listens while its engine is still being loaded: the whole program, with WAV files and the demo models."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest

from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Turn
from assistant.cli.demo import demo_scene
from assistant.errors import MISSING, exit_status_of
from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config import Config, PowerConfig, SeeingConfig
from assistant.wiring import assembly as parts
from assistant.wiring.assembly import Assembly
from assistant.wiring.conversation import run
from tests.assistant.wiring.inspection.test_journal import Quiet, spoken
from tests.assistant.wiring.test_run_power import WAIT_SECONDS, Room
from vision.demo_model.world import draw
from vision.errors import VisionModelError

PHRASES = phrases_for("en")
load_engine = parts.load_engine


class ListeningRoom(Room):
    """Tells when the greeting has ended, and so when the user may speak."""

    def __init__(self, words: list[Path]) -> None:
        super().__init__(words)
        self.measured.set()
        self.greeted = threading.Event()

    def turn_ended(self, turn: Turn) -> None:
        super().turn_ended(turn)
        self.greeted.set()


def converse(room: ListeningRoom, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(demo_scene()[0]).save(folder / "picture.png")
    monkeypatch.setattr("audio.speaking.playback.Loudspeaker", Quiet)
    monkeypatch.setattr("audio.microphone.Microphone", room.microphone)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    config = Config(seeing=SeeingConfig(camera=str(folder / "picture.png")), power=PowerConfig(govern="off"))
    with contextlib.ExitStack() as stack:
        demo = catalog.ChosenModel(catalog.demo_vlm(), is_demo=True)
        assembly = Assembly(config, stack, vision_model=demo, speech_model=catalog.demo_speech("en"))
        run(assembly, side_server=room)


def test_a_question_that_comes_before_the_engine_is_answered_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It greets and hears without an engine, says that it is waking up, and then answers."""
    room = ListeningRoom(spoken(tmp_path, "what color is the circle", "quit"))
    told: list[str] = []
    was_told = threading.Event()
    say_beside = AnswerPipeline._say_beside

    def note(pipeline: AnswerPipeline, turn: Turn, text: str) -> None:
        told.append(text)
        say_beside(pipeline, turn, text)
        was_told.set()

    def load(*arguments: Any, **options: Any) -> Any:
        assert was_told.wait(WAIT_SECONDS)
        return load_engine(*arguments, **options)

    monkeypatch.setattr(AnswerPipeline, "_say_beside", note)
    monkeypatch.setattr(parts, "load_engine", load)
    converse(room, tmp_path, monkeypatch)
    assert told == [PHRASES.still_loading]
    assert [turn.answer for turn in room.turns if turn.question is not None] == ["The circle is red."]


def test_an_engine_that_cannot_be_loaded_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user hears it, and the program ends with the sentence and the status of the error, as if nobody listened."""
    room = ListeningRoom(spoken(tmp_path, "what color is the circle", "quit"))

    def load(*arguments: Any, **options: Any) -> Any:
        assert room.greeted.wait(WAIT_SECONDS)
        raise VisionModelError("the weights are damaged: fetch the model again")

    monkeypatch.setattr(parts, "load_engine", load)
    with pytest.raises(VisionModelError, match="the weights are damaged") as ended:
        converse(room, tmp_path, monkeypatch)
    assert exit_status_of(ended.value) == MISSING
    assert " ".join(room.turns[-1].said) == PHRASES.not_loaded

"""Questions that are asked while the engine is still being loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from assistant.answering import pipeline
from assistant.answering.capture import any_picture
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Turn
from tests.assistant.answering.test_pipeline import PHRASES, question
from tests.assistant.fakes import WAIT_SECONDS, FakeCamera, FakeEngine, FakeVoice, Gate

if TYPE_CHECKING:
    from assistant.answering.reply_writer import Sentences
    from assistant.answering.speech_queue import Spoken
    from vision.frame import Frame

WAITING = PHRASES.still_loading.split(". ")[0] + "."  # its first sentence, which the voice gets by itself or not


class SlowCamera(FakeCamera):
    """A camera that takes several times as long as a question waits before its user is told."""

    def capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        threading.Event().wait(0.1)
        return super().capture(timeout_seconds, cancelled)


class Waking:
    """A pipeline whose engine sees nothing until `wake` is called."""

    def __init__(self) -> None:
        self.engine, self.voice = FakeEngine(), FakeVoice()
        self.engine.see_gate = Gate(is_open=False)
        self.loading = True
        self.answering = AnswerPipeline(
            self.engine,
            any_picture(SlowCamera()),
            self.voice,
            PHRASES,
            play_earcons=False,
            is_loading=lambda: self.loading,
        )

    def wake(self) -> None:
        self.loading = False
        self.engine.see_gate.open()

    def hears(self, words: str) -> bool:
        """Whether the voice says the words within some seconds."""
        for _ in range(round(WAIT_SECONDS / 0.005)):
            if any(words in heard for heard in self.voice.heard):
                return True
            threading.Event().wait(0.005)
        return False


@pytest.fixture
def waking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Waking]:
    monkeypatch.setattr(pipeline, "LOADING_SECONDS", 0.02)
    waking = Waking()
    with waking.answering:
        yield waking


def test_a_question_meanwhile_is_told_to_wait_once_and_then_answered(waking: Waking) -> None:
    """The user hears that the assistant is waking up, and the answer when it is awake."""
    turn = waking.answering.ask(question(), waking.answering.look())
    assert waking.hears(WAITING)
    threading.Event().wait(0.1)  # several times as long as it waits before it tells
    waking.wake()
    assert turn.done.wait(WAIT_SECONDS)
    assert " ".join(waking.voice.heard) == f"{PHRASES.still_loading} A cup. It is red."
    assert turn.answer == "A cup. It is red."


def test_each_question_is_told(waking: Waking) -> None:
    """A user who asks again, perhaps another one, is told again."""
    first = waking.answering.ask(question(), waking.answering.look())
    assert waking.hears(WAITING)
    second = waking.answering.ask(question("where is it"), waking.answering.look())
    assert first.done.wait(WAIT_SECONDS)
    waking.voice.heard.clear()
    assert waking.hears(WAITING)
    waking.wake()
    assert second.done.wait(WAIT_SECONDS)


def test_once_it_is_awake_nobody_is_told(waking: Waking) -> None:
    """However long the picture takes, it is not for waking up."""
    waking.loading = False
    turn = waking.answering.ask(question(), waking.answering.look())
    threading.Event().wait(0.1)
    waking.wake()
    assert turn.done.wait(WAIT_SECONDS)
    assert waking.voice.heard == ["A cup.", "It is red."]


def test_a_cancel_ends_a_question_that_waits_for_the_engine(waking: Waking) -> None:
    """ "Stop" need not wait until the model is loaded."""
    turn = waking.answering.ask(question(), waking.answering.look())
    assert waking.hears(WAITING)
    waking.answering.cancel()
    assert turn.done.wait(WAIT_SECONDS)
    assert turn.answer == ""


def test_a_page_is_read_meanwhile(waking: Waking) -> None:
    """Reading needs no model, so it does not wait and tells nothing of it."""

    def read(turn: Turn, frame_of: Callable[[], Frame | list[Spoken]]) -> Sentences:
        frame_of()
        yield "OPEN."

    turn = waking.answering.read(question("read the text"), waking.answering.look(), read)
    assert turn.done.wait(WAIT_SECONDS)
    assert waking.voice.heard == ["OPEN."]

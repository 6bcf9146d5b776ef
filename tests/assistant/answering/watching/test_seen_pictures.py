from __future__ import annotations

import threading

import numpy as np
import pytest

from assistant.answering.capture import PictureCapture, Take
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.report import turn_as_json
from assistant.answering.turn import Question, Turn
from assistant.answering.watching.seen_pictures import SeenPictures
from assistant.language.phrases import phrases_for
from tests.assistant.fakes import WAIT_SECONDS, FakeEngine, FakeView, FakeVoice
from vision.errors import Cancelled
from vision.frame import Frame
from vision.framing import Fault

RANDOM = np.random.default_rng(3)


def picture(digit: int = 0, at: float = 1.0, height: int = 240) -> Frame:
    """A noisy picture of a display, on which one bar of a digit stands at one of several places."""
    levels = np.full((height, 320, 3), 140.0)
    levels[100:112, 150 + 12 * digit : 153 + 12 * digit] = 40.0
    return Frame(np.clip(levels + 2.0 * RANDOM.standard_normal(levels.shape), 0, 255).astype(np.uint8), at)


class RememberingEngine(FakeEngine):
    """An engine whose views can be put away and note that they were told to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.forgot: list[FakeView] = []

    def see(self, frame: Frame, cancelled: threading.Event | None = None) -> FakeView:
        view = super().see(frame, cancelled)
        view.forget = lambda: self.forgot.append(view)  # type: ignore[method-assign]
        return view


def test_the_same_scene_is_not_seen_twice() -> None:
    """Noise alone makes no new picture."""
    engine = RememberingEngine()
    seen = SeenPictures(engine)
    first = seen.see(picture(at=1.0))
    assert seen.see(picture(at=9.0)) is first
    assert len(engine.views) == 1


def test_one_bar_of_a_digit_makes_another_scene() -> None:
    """And the scene before it is another one again: only the last picture is remembered."""
    engine = RememberingEngine()
    seen = SeenPictures(engine)
    views = [seen.see(picture(digit)) for digit in (0, 1, 0)]
    assert len(set(map(id, views))) == 3


def test_a_view_whose_memory_was_freed_is_not_used_again() -> None:
    """Asking it would have the engine see its picture again, which is older."""
    engine = RememberingEngine()
    seen = SeenPictures(engine)
    first = seen.see(picture())
    first.cache_bytes = 0  # type: ignore[misc]
    assert not seen.has_seen(picture())
    assert seen.see(picture()) is not first


def test_the_middle_of_a_picture_takes_no_whole_one_s_place() -> None:
    """After "look closer" the whole picture is still known."""
    engine = RememberingEngine()
    seen = SeenPictures(engine)
    whole = seen.see(picture())
    assert seen.see(picture().middle()) is not whole
    assert seen.see(picture()) is whole


def test_pictures_that_leave_the_machine_are_not_remembered() -> None:
    """The other computer gets the picture that the question is about."""
    engine = RememberingEngine()
    seen = SeenPictures(engine)
    first = seen.see(picture())
    engine.pictures_go_to = "10.0.0.2"
    assert seen.see(picture()) is not first
    assert not seen.stays_here


def test_an_interrupted_look_ahead_leaves_nothing() -> None:
    """The picture before it was given up for it."""
    engine = RememberingEngine()
    seen = SeenPictures(engine)
    seen.see(picture())
    cancelled = threading.Event()
    cancelled.set()
    engine.see_gate._open.clear()
    with pytest.raises(Cancelled):
        seen.see_ahead(picture(1), cancelled)
    assert not seen.has_seen(picture())
    assert not seen.has_seen(picture(1))


# Through the pipeline.


class Desk:
    """A pipeline before a display, whose pictures the test chooses. Pictures are taken at the second `at`."""

    def __init__(self) -> None:
        self.engine = RememberingEngine()
        self.seen = SeenPictures(self.engine)
        self.digit, self.at = 0, 100.0
        self.acts = 0
        take: Take = self.take
        self.pipeline = AnswerPipeline(
            self.seen, take, FakeVoice(), phrases_for("en"), play_earcons=False, on_user=self.note
        )

    def take(self, cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        return picture(self.digit, self.at), None

    def note(self) -> None:
        self.acts += 1

    def asks(self, look: PictureCapture | None = None) -> Turn:
        question = Question("what does it say", 0.9, asked_at=self.at + 2.0, transcribed_at=self.at + 2.5)
        turn = self.pipeline.ask(question, look or self.pipeline.look())
        assert turn.done.wait(WAIT_SECONDS)
        return turn


def test_a_question_about_a_scene_seen_ahead_waits_for_no_look() -> None:
    """No vision encoder ran for it, and the age of the picture that answers is told."""
    desk = Desk()
    desk.seen.see_ahead(picture(at=70.0), threading.Event())
    with desk.pipeline:
        turn = desk.asks()
    assert len(desk.engine.views) == 1
    assert desk.engine.views[0].asked == ["what does it say"]
    told = turn_as_json(turn, "model")
    assert told["picture_age_s"] == 32.0
    assert told["timings"]["vision"] is told["timings"]["picture_prefill"] is None
    assert told["timings"]["picture_seen"] is not None


def test_a_question_about_a_changed_scene_is_answered_from_a_new_picture() -> None:
    """As if nothing had been seen ahead."""
    desk = Desk()
    desk.seen.see_ahead(picture(at=70.0), threading.Event())
    desk.digit = 1
    with desk.pipeline:
        turn = desk.asks()
    assert [view.frame.captured_at for view in desk.engine.views] == [70.0, 100.0]
    assert [view.asked for view in desk.engine.views] == [[], ["what does it say"]]
    assert turn_as_json(turn, "model")["picture_age_s"] == 2.0
    assert turn.timings is not None
    assert turn.timings.vision == 0.5


def test_a_view_that_was_asked_before_forgets_that_for_a_new_picture() -> None:
    """A later question about the same scene is no follow-up, but one about the same picture is."""
    desk = Desk()
    with desk.pipeline:
        look = desk.pipeline.look()
        desk.asks(look)
        desk.asks(look)
        assert desk.engine.forgot == []
        desk.at = 400.0
        turn = desk.asks()
    assert desk.engine.forgot == desk.engine.views
    assert len(desk.engine.views) == 1
    assert turn.picture_age_s == 302.0


def test_the_same_scene_is_compared_with_itself_without_a_look() -> None:
    """What has changed: nothing has. The new picture is asked without the questions about the old one."""
    desk = Desk()
    with desk.pipeline:
        old, new = desk.pipeline.look(), None
        desk.asks(old)
        new = desk.pipeline.look()
        turn = desk.pipeline.compare(Question("what is this", 0.9, 101.0, 101.5), old, new)
        assert turn.done.wait(WAIT_SECONDS)
    assert turn.answer == phrases_for("en").nothing_changed
    assert len(desk.engine.views) == len(desk.engine.forgot) == 1


def test_the_pipeline_tells_of_everything_that_the_user_does() -> None:
    """Speech, a picture for a press, a question, words that are said, and a stop."""
    desk = Desk()
    with desk.pipeline as pipeline:
        for act in (
            lambda: pipeline.user_speaks(True),
            lambda: pipeline.user_speaks(False),
            pipeline.look,
            desk.asks,
            lambda: pipeline.say("hello"),
            pipeline.cancel,
        ):
            before = desk.acts
            act()
            assert desk.acts > before


def test_the_pipeline_is_in_use_while_the_user_speaks_or_waits() -> None:
    """Nothing else may use the engine then."""
    desk = Desk()
    with desk.pipeline as pipeline:
        assert not pipeline.in_use
        pipeline.user_speaks(True)
        assert pipeline.in_use
        pipeline.user_speaks(False)
        desk.engine.see_gate._open.clear()
        look = pipeline.look()
        assert desk.engine.see_gate.reached.wait(WAIT_SECONDS)
        assert pipeline.in_use
        look.cancel()
        desk.engine.see_gate.open()
        desk.engine.token_gate._open.clear()
        turn = pipeline.ask(Question("what is this", 0.9, 101.0, 101.5), pipeline.look())
        assert desk.engine.token_gate.reached.wait(WAIT_SECONDS)
        assert pipeline.in_use
        desk.engine.token_gate.open()
        assert turn.done.wait(WAIT_SECONDS)


def test_a_typed_question_s_picture_is_not_older_than_the_question() -> None:
    """It was taken after the words, so its age is 0."""
    turn = Turn(Question("what is this", None, asked_at=10.0, transcribed_at=10.0))
    turn.moments.picture_taken_at = 10.4
    assert turn.picture_age_s == 0.0

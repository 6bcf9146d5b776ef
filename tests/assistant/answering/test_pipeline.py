from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from assistant.answering.capture import any_picture
from assistant.answering.judging.doubt import DEMO_RULE, Verdict, unsure_characters
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import phrases_for
from audio.pcm import AudioChunk
from tests.assistant.fakes import WAIT_SECONDS, FakeCamera, FakeEngine, FakeVoice, Gate
from vision.errors import CameraLost
from vision.frame import Frame
from vision.framing import Fault

PHRASES = phrases_for("en")


def question(text: str = "what is this") -> Question:
    return Question(text, 0.9, asked_at=time.monotonic(), transcribed_at=time.monotonic())


class Stage:
    """An AnswerPipeline over fakes."""

    def __init__(self) -> None:
        self.engine, self.camera, self.voice = FakeEngine(), FakeCamera(), FakeVoice()
        self.ended: list[Turn] = []
        self.shown: list[str] = []
        self.answering = AnswerPipeline(
            self.engine, any_picture(self.camera), self.voice, PHRASES, play_earcons=False, on_end=self.ended.append
        )

    def finished(self, turn: Turn) -> Turn:
        assert turn.done.wait(WAIT_SECONDS), "the turn never ended"
        return turn


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with stage.answering:
        yield stage
    assert [thread.name for thread in threading.enumerate() if thread.name in ("answer", "look", "speak")] == []


def test_an_answer_is_spoken_sentence_by_sentence(stage: Stage) -> None:
    """The sentences reach the voice in order, and the turn holds the whole answer."""
    turn = stage.finished(stage.answering.ask(question(), stage.answering.look()))
    assert stage.voice.heard == ["A cup.", "It is red."]
    assert turn.answer == "A cup. It is red."
    assert stage.ended == [turn]


def test_each_sentence_is_announced_to_the_voice(stage: Stage) -> None:
    """A sentence that waits for its turn is named to the voice, so that a slow one can render it meanwhile."""
    stage.voice.gate = Gate(is_open=False)
    turn = stage.answering.ask(question(), stage.answering.look())
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    deadline = time.monotonic() + WAIT_SECONDS
    while len(stage.voice.prepared) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stage.voice.prepared == ["A cup.", "It is red."]
    assert stage.voice.heard == ["A cup."]
    stage.voice.gate.open()
    stage.finished(turn)


def test_the_first_sentence_is_spoken_while_the_second_is_decoded(stage: Stage) -> None:
    """Decoding goes on while the voice is still busy with the first sentence."""
    stage.voice.gate = Gate(is_open=False)
    turn = stage.answering.ask(question(), stage.answering.look())
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    deadline = time.monotonic() + WAIT_SECONDS
    while stage.engine.pieces_decoded < 2 and time.monotonic() < deadline:
        threading.Event().wait(0.001)
    assert stage.engine.pieces_decoded == 2
    assert stage.voice.heard == ["A cup."]
    stage.voice.gate.open()
    stage.finished(turn)


def test_decoding_waits_when_the_voice_is_two_sentences_behind(stage: Stage) -> None:
    """A long answer is not decoded far ahead of what is heard, because that would waste power."""
    stage.engine.answer = tuple(f" Sentence {number}." for number in range(50))
    stage.voice.gate = Gate(is_open=False)
    turn = stage.answering.ask(question(), stage.answering.look())
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    threading.Event().wait(0.1)
    assert stage.engine.pieces_decoded < 10
    stage.voice.gate.open()
    stage.finished(turn)
    assert len(stage.voice.heard) == 50


def test_a_follow_up_stays_on_the_picture(stage: Stage) -> None:
    """Two questions on one look need one picture, which is seen once, and the second has no vision time."""
    look = stage.answering.look()
    first = stage.finished(stage.answering.ask(question("one"), look))
    second = stage.finished(stage.answering.ask(question("two"), look))
    assert stage.camera.captured == 1
    assert stage.engine.views[0].asked == ["one", "two"]
    assert first.timings is not None
    assert first.timings.vision == 0.5
    assert second.timings is not None
    assert second.timings.vision is None


def reads_aloud(turn: Turn, frame: Callable[[], Frame | list[str | AudioChunk]]) -> Iterator[str | AudioChunk]:
    """A job that says when the frame was taken, or what is said in its place."""
    got = frame()
    if isinstance(got, Frame):
        yield f"Picture {got.captured_at:.0f}."
    else:
        yield from got


def test_a_picture_that_is_read_is_not_seen(stage: Stage) -> None:
    """What the engine has begun of it ends, and its frame stays."""
    stage.engine.see_gate = Gate(is_open=False)
    look = stage.answering.look()
    assert stage.engine.see_gate.reached.wait(WAIT_SECONDS)
    turn = stage.finished(stage.answering.read(question("read it"), look, reads_aloud))
    assert stage.voice.heard == ["Picture 1."]
    assert turn.error is None
    deadline = time.monotonic() + WAIT_SECONDS
    while not look.settled and time.monotonic() < deadline:
        threading.Event().wait(0.001)
    assert look.settled
    assert (look.view, look.error, look.usable) == (None, None, True)


def test_a_question_about_a_read_picture_has_it_seen(stage: Stage) -> None:
    """The same picture, and "read it" afterwards leaves that view alone."""
    look = stage.answering.look()
    look.keep_frame()
    stage.finished(stage.answering.read(question("read it"), look, reads_aloud))
    turn = stage.finished(stage.answering.ask(question(), look))
    assert (turn.answer, turn.error) == ("A cup. It is red.", None)
    stage.finished(stage.answering.read(question("read it"), look, reads_aloud))
    assert stage.finished(stage.answering.ask(question(), look)).answer == "A cup. It is red."
    assert stage.camera.captured == 1


def test_reading_drops_the_picture_of_the_spoken_command(stage: Stage) -> None:
    """The engine would see it for nothing."""
    page = stage.answering.look()
    stage.finished(stage.answering.read(question("read it"), page, reads_aloud))
    stage.engine.see_gate = Gate(is_open=False)
    other = stage.answering.look()
    assert stage.engine.see_gate.reached.wait(WAIT_SECONDS)
    stage.finished(stage.answering.read(question("continue"), page, reads_aloud))
    assert other.cancelled.is_set()


def test_a_page_without_a_camera_is_told(stage: Stage) -> None:
    """As for a question."""
    stage.camera.error = CameraLost("away")
    turn = stage.finished(stage.answering.read(question("read it"), stage.answering.look(), reads_aloud))
    assert stage.voice.heard == [PHRASES.picture_failed]
    assert isinstance(turn.error, CameraLost)


def test_a_blurred_page_is_told_once_and_read_the_second_time(stage: Stage) -> None:
    """The advice comes in place of the text; who asks again within a minute gets what can be read."""
    blurred = Frame(np.zeros((4, 4, 3), np.uint8), 1.0), Fault.BLURRED
    with AnswerPipeline(stage.engine, lambda cancelled: blurred, stage.voice, PHRASES, play_earcons=False) as answering:
        for _ in range(2):
            look = answering.look()
            stage.finished(answering.read(question("read it"), look, reads_aloud))
    advice = PHRASES.framing["blurred"].advice
    assert stage.voice.heard == [*advice.replace(". ", ".|").split("|"), "Picture 1."]


def test_a_turn_that_has_ended_is_not_cancelled_afterwards(stage: Stage) -> None:
    """Whoever asks later knows whether it was heard to its end."""
    turn = stage.finished(stage.answering.say("Hello."))
    stage.answering.cancel()
    stage.finished(stage.answering.say("Again."))
    assert not turn.cancelled.is_set()


def test_the_picture_is_seen_before_the_question_is_known(stage: Stage) -> None:
    """A look alone takes the picture and makes the engine see it."""
    stage.answering.look()
    assert stage.engine.see_gate.reached.wait(WAIT_SECONDS)
    assert stage.camera.captured == 1


def test_a_question_waits_behind_its_own_look_only(stage: Stage) -> None:
    """Asking while the look is still being seen neither blocks the caller nor cancels that look."""
    stage.engine.see_gate = Gate(is_open=False)
    look = stage.answering.look()
    assert stage.engine.see_gate.reached.wait(WAIT_SECONDS)
    turn = stage.answering.ask(question(), look)
    assert not turn.done.is_set()
    stage.engine.see_gate.open()
    assert stage.finished(turn).answer == "A cup. It is red."
    assert stage.camera.captured == 1


def test_a_newer_question_ends_the_older_one(stage: Stage) -> None:
    """A newer question ends the older ones at once, even during a prefill."""
    stage.engine.token_gate = Gate(is_open=False)
    look = stage.answering.look()
    first = stage.answering.ask(question("one"), look)
    assert stage.engine.token_gate.reached.wait(WAIT_SECONDS)
    second = stage.answering.ask(question("two"), look)
    third = stage.answering.ask(question("three"), look)
    assert stage.finished(first).cancelled.is_set()
    assert stage.finished(second).cancelled.is_set()
    stage.engine.token_gate.open()
    assert stage.finished(third).answer == "A cup. It is red."


def test_cancel_ends_the_turn_and_silences_the_voice(stage: Stage) -> None:
    """Nothing of a stopped answer is spoken afterwards."""
    stage.voice.gate = Gate(is_open=False)
    look = stage.answering.look()
    turn = stage.answering.ask(question(), look)
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    stage.answering.cancel()
    stage.finished(turn)
    assert stage.voice.silenced
    assert stage.voice.heard == ["A cup."]
    assert look.usable, "the picture is still there for the next question"


def test_a_stop_is_silence_before_the_turn_is_shown(stage: Stage) -> None:
    """The voice is silenced before the ended turn is shown, because a terminal or a page may be slow."""
    silenced: list[int] = []
    stage.answering._speaking._on_end = lambda turn: silenced.append(stage.voice.silenced)
    stage.engine.answer = ("A cup.",)
    stage.voice.gate = Gate(is_open=False)
    look = stage.answering.look()
    turn = stage.answering.ask(question(), look)
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    deadline = time.monotonic() + WAIT_SECONDS
    while not stage.answering._speaking._waiting.qsize() and time.monotonic() < deadline:
        threading.Event().wait(0.001)  # until the turn's end waits behind its sentence
    before = stage.voice.silenced
    stage.answering.cancel()
    stage.finished(turn)
    assert silenced == [before + 1]


def test_a_failing_engine_is_apologised_for_and_the_next_question_works(stage: Stage) -> None:
    """An exception ends its own turn and not the program."""
    look = stage.answering.look()
    stage.engine.error = RuntimeError("kernel on fire")
    failed = stage.finished(stage.answering.ask(question(), look))
    assert stage.voice.heard == [PHRASES.answer_failed]
    assert isinstance(failed.error, RuntimeError)
    stage.engine.error = None
    assert stage.finished(stage.answering.ask(question(), look)).answer == "A cup. It is red."


def test_a_lost_camera_is_said(stage: Stage) -> None:
    """The user is told that there is no picture, and a later look works again."""
    stage.camera.error = CameraLost("gone")
    failed = stage.finished(stage.answering.ask(question(), stage.answering.look()))
    assert stage.voice.heard == [PHRASES.picture_failed]
    assert failed.error is stage.camera.error
    stage.camera.error = None
    assert stage.finished(stage.answering.ask(question(), stage.answering.look())).answer


def test_a_broken_voice_does_not_stop_the_threads(stage: Stage) -> None:
    """A loudspeaker that fails ends the turn with its error, and the next turn is tried."""
    stage.voice.error = OSError("unplugged")
    failed = stage.finished(stage.answering.ask(question(), stage.answering.look()))
    assert failed.error is stage.voice.error
    stage.voice.error = None
    assert stage.finished(stage.answering.say("Hello.")).said == ["Hello."]


def test_what_is_said_is_never_lost_to_what_it_ends(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phrase that ends an answer is always spoken itself, however long the answer takes to end."""
    stage.engine.answer = ("A cup.",)
    stage.answering._speaking._on_end = lambda turn: threading.Event().wait(0.003)  # type: ignore[assignment]
    speak = stage.voice.say

    def slow_but_for_numbers(sentence: str, cancelled: threading.Event) -> float | None:
        if not sentence.startswith("Number"):
            cancelled.wait(WAIT_SECONDS)
            threading.Event().wait(0.01)  # the device stops a moment later
        return speak(sentence, cancelled)

    monkeypatch.setattr(stage.voice, "say", slow_but_for_numbers)
    look = stage.answering.look()
    for number in range(30):
        turn = stage.answering.ask(question(), look)
        while not turn.said:
            threading.Event().wait(0.001)
        threading.Event().wait(0.002)  # until the turn's end waits behind its sentence
        assert stage.finished(stage.answering.say(f"Number {number}.")).said == [f"Number {number}."]


def test_a_result_that_cannot_be_shown_does_not_end_the_voice(stage: Stage) -> None:
    """A full disk or a closed pipe behind stdout becomes that turn's error, and the next turn is spoken."""

    def broken(turn: Turn) -> None:
        raise OSError("no space left on device")

    stage.answering._speaking._on_end = broken
    assert isinstance(stage.finished(stage.answering.say("One.")).error, OSError)
    assert stage.finished(stage.answering.say("Two.")).said == ["Two."]


def test_an_empty_answer_is_never_silence(stage: Stage) -> None:
    """If the model says nothing, the user is told."""
    stage.engine.answer = ()
    stage.finished(stage.answering.ask(question(), stage.answering.look()))
    assert stage.voice.heard == [PHRASES.no_answer]


@pytest.mark.parametrize("held", ["see_gate", "token_gate", "voice"])
def test_close_takes_effect_in_the_middle_of_anything(held: str) -> None:
    """Whatever is under way, both threads end at once and nobody waits for ever."""
    stage = Stage()
    gate = Gate(is_open=False)
    if held == "voice":
        stage.voice.gate = gate
    else:
        setattr(stage.engine, held, gate)
    with stage.answering:
        turn = stage.answering.ask(question(), stage.answering.look())
        assert gate.reached.wait(WAIT_SECONDS)
        began = time.monotonic()
    assert time.monotonic() - began < 0.5
    assert turn.done.is_set()
    assert [thread.name for thread in threading.enumerate() if thread.name in ("answer", "look", "speak")] == []


@pytest.mark.parametrize("seed", range(20))
def test_random_storms_end_clean(seed: int) -> None:
    """No order of looking, asking, saying and stopping leaves a turn open or a thread behind."""
    rng = random.Random(seed)
    stage = Stage()
    turns: list[Turn] = []
    with stage.answering:
        look = stage.answering.look()
        for _ in range(60):
            match rng.randrange(6):
                case 0:
                    look = stage.answering.look()
                case 1:
                    look.cancel()
                case 2:
                    stage.answering.cancel()
                case 3:
                    turns.append(stage.answering.say("One. Two."))
                case 4:
                    turns.append(stage.answering.ask(question(), look if look.usable else stage.answering.look()))
                case 5:
                    threading.Event().wait(rng.random() * 0.002)
        last = stage.answering.ask(question("last"), stage.answering.look())
        assert stage.finished(last).answer == "A cup. It is red."
        for turn in turns:
            assert turn.done.wait(WAIT_SECONDS)
    assert [thread.name for thread in threading.enumerate() if thread.name in ("answer", "look", "speak")] == []


def test_two_pictures_are_compared(stage: Stage) -> None:
    """Both pictures are asked the same question, and equal answers mean that nothing has changed."""
    old = stage.answering.look()
    stage.finished(stage.answering.ask(question(), old))
    turn = stage.finished(stage.answering.compare(question(), old, stage.answering.look()))
    assert turn.answer == PHRASES.nothing_changed
    stage.engine.answers = {3.0: ("A hat.",)}
    turn = stage.finished(stage.answering.compare(question(), old, stage.answering.look()))
    assert turn.answer == PHRASES.what_changed.format(before="A cup. It is red.", now="A hat.")
    assert " ".join(stage.voice.heard[-2:]).endswith("A hat.")


def test_a_picture_that_fails_is_told_when_comparing(stage: Stage) -> None:
    """If the new picture cannot be taken, the user is told so, and nothing is said about a change."""
    old = stage.answering.look()
    stage.finished(stage.answering.ask(question(), old))
    stage.camera.error = CameraLost("the camera has gone")
    turn = stage.finished(stage.answering.compare(question(), old, stage.answering.look()))
    assert stage.voice.heard[-1] == PHRASES.picture_failed
    assert turn.error is not None


def test_a_new_picture_that_is_no_good_is_told_when_comparing() -> None:
    """A new picture with a fault brings advice first, as for any question.

    Asked again, both pictures are compared all the same, and the answer is doubted because of the fault.
    """
    stage = aimed(None, Fault.BLURRED, Fault.BLURRED, sure=0.5)
    with stage.answering as answering:
        old = answering.look()
        stage.finished(answering.ask(question(), old))
        first = stage.finished(answering.compare(question(), old, answering.look()))
        assert first.answer == " ".join(first.said) == PHRASES.framing["blurred"].advice
        again = stage.finished(answering.compare(question(), old, answering.look()))
    because = PHRASES.framing["blurred"].because
    assert again.said == [PHRASES.doubt.cannot_tell.format(because=because)]


def test_an_unsure_comparison_sounds_unsure() -> None:
    """ "Nothing has changed" is as doubtful as the less sure of the two answers, but none of its own letters is
    doubtful.
    """
    stage = aimed(None, None, sure=0.72)
    with stage.answering as answering:
        old = answering.look()
        stage.finished(answering.ask(question(), old))
        turn = stage.finished(answering.compare(question(), old, answering.look()))
    assert turn.said == [PHRASES.doubt.not_sure.format(answer=PHRASES.nothing_changed)]
    assert unsure_characters(turn.pieces, DEMO_RULE) == []


def test_the_unsure_characters_of_a_comparison_are_where_they_are_said(stage: Stage) -> None:
    """The doubtful characters are those of the two answers, at their places among the words that compare them."""
    stage.engine.log_probability = math.log(0.8)
    old = stage.answering.look()
    stage.finished(stage.answering.ask(question(), old))
    stage.engine.answers = {2.0: (" It says 40", "7. ")}
    turn = stage.finished(stage.answering.compare(question(), old, stage.answering.look()))
    assert turn.answer == PHRASES.what_changed.format(before="A cup. It is red.", now="It says 407.")
    places = [place for place, _ in unsure_characters(turn.pieces, DEMO_RULE)]
    assert "".join(turn.answer[place] for place in places) == "AcupItisredItsays407"


class BestShot:
    """Names the fault that the test wants for each picture."""

    def __init__(self, *faults: Fault | None) -> None:
        self.faults = list(faults)

    def __call__(self, cancelled: threading.Event) -> tuple[Frame, Fault | None]:
        return Frame(np.zeros((4, 4, 3), np.uint8), 0.0), self.faults.pop(0)


def aimed(*faults: Fault | None, sure: float = 1.0, clock: Callable[[], float] = time.monotonic) -> Stage:
    stage = Stage()
    stage.engine.log_probability = math.log(sure)
    stage.answering = AnswerPipeline(
        stage.engine,
        BestShot(*faults),
        stage.voice,
        PHRASES,
        play_earcons=False,
        doubt=DEMO_RULE,
        on_text=lambda turn, text: stage.shown.append(text),
        clock=clock,
    )
    return stage


def test_advice_comes_before_the_costly_look() -> None:
    """The engine does not see a blurred picture: the user gets advice. Asked again about a blurred one, it answers."""
    stage = aimed(Fault.BLURRED, Fault.BLURRED, None)
    with stage.answering as answering:
        first = stage.finished(answering.ask(question(), answering.look()))
        assert first.answer == first.words == PHRASES.framing["blurred"].advice
        assert (first.verdict, first.by_model) == (Verdict.CANNOT_TELL, False)
        assert stage.engine.views == []
        second = stage.finished(answering.ask(question(), answering.look()))
        assert second.answer == "A cup. It is red."
        third = stage.finished(answering.ask(question(), answering.look()))
        assert third.answer == "A cup. It is red."


def test_who_asks_on_in_the_dark_is_answered_each_time() -> None:
    """In the dark the advice is given once, and then every question is answered until a good picture comes between."""
    stage = aimed(*[Fault.TOO_DARK] * 6, None, Fault.TOO_DARK)
    with stage.answering as answering:
        turns = [stage.finished(answering.ask(question(), answering.look())) for _ in range(8)]
    advice = PHRASES.framing["too_dark"].advice
    assert [turn.answer == advice for turn in turns] == [True, False, False, False, False, False, False, True]
    assert turns[1].answer == "A cup. It is red."


def test_advice_is_news_again_after_a_while() -> None:
    """Advice is given again after a minute, and advice before the question counts as given."""
    now = 1000.0
    stage = aimed(Fault.BLURRED, Fault.BLURRED, Fault.BLURRED, Fault.BLURRED, clock=lambda: now)
    with stage.answering as answering:
        look = answering.look()
        assert stage.finished(answering.ask(question(), look)).answer == PHRASES.framing["blurred"].advice
        now += 61.0
        turn = stage.finished(answering.ask(question(), answering.look()))
        assert turn.answer == PHRASES.framing["blurred"].advice
        now += 61.0
        assert " ".join(stage.finished(answering.advise(look)).said) == PHRASES.framing["blurred"].advice
        assert stage.finished(answering.ask(question(), answering.look())).answer == "A cup. It is red."


def test_another_flaw_gets_its_own_advice() -> None:
    """Advice about the dark is given right after advice about blur."""
    stage = aimed(Fault.BLURRED, Fault.TOO_DARK)
    with stage.answering as answering:
        for fault in ("blurred", "too_dark"):
            turn = stage.finished(answering.ask(question(), answering.look()))
            assert turn.answer == PHRASES.framing[fault].advice


def test_doubt_is_heard() -> None:
    """An unsure answer begins with "I am not sure, but", and the turn keeps the model's own words."""
    stage = aimed(None, sure=0.72)
    with stage.answering as answering:
        turn = stage.finished(answering.ask(question(), answering.look()))
    assert stage.voice.heard[0] == PHRASES.doubt.not_sure.format(answer="a cup.")
    assert turn.answer == "A cup. It is red."
    assert turn.words == "I am not sure, but a cup. It is red."  # the words as they are printed
    assert (turn.words, turn.verdict) == ("".join(stage.shown), Verdict.UNSURE)
    assert [piece.text for piece in turn.pieces][:2] == ["A cup.", " It is red."]


def test_an_unsure_answer_about_a_flawed_picture_is_not_given() -> None:
    """It only says that it cannot tell, and why."""
    stage = aimed(Fault.BLURRED, Fault.BLURRED, sure=0.3)
    with stage.answering as answering:
        stage.finished(answering.ask(question(), answering.look()))
        stage.voice.heard.clear()
        stage.shown.clear()
        turn = stage.finished(answering.ask(question(), answering.look()))
    cannot_tell = PHRASES.doubt.cannot_tell.format(because=PHRASES.framing["blurred"].because)
    assert stage.voice.heard == stage.shown == [turn.words] == [cannot_tell]
    assert turn.verdict is Verdict.CANNOT_TELL


# A question during an answer.


def test_a_queued_question_is_answered_behind_the_answer(stage: Stage) -> None:
    """The whole first answer is spoken, and the second follows it."""
    stage.voice.gate = Gate(is_open=False)
    look = stage.answering.look()
    first = stage.answering.ask(question("one"), look)
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    second = stage.answering.ask(question("two"), look, queued=True)
    stage.voice.gate.open()
    stage.finished(first)
    stage.finished(second)
    assert stage.voice.heard == ["A cup.", "It is red."] * 2
    assert stage.engine.views[0].asked == ["one", "two"]
    assert not first.cancelled.is_set()


def test_only_the_newest_question_waits(stage: Stage) -> None:
    """Only one question waits behind an answer: a newer one replaces it."""
    stage.engine.token_gate = Gate(is_open=False)
    look = stage.answering.look()
    first = stage.answering.ask(question("one"), look)
    assert stage.engine.token_gate.reached.wait(WAIT_SECONDS)
    second = stage.answering.ask(question("two"), look, queued=True)
    third = stage.answering.ask(question("three"), look, queued=True)
    assert stage.finished(second).cancelled.is_set()
    stage.engine.token_gate.open()
    stage.finished(first)
    stage.finished(third)
    assert stage.engine.views[0].asked == ["one", "three"]


def test_stop_ends_the_answer_and_what_waits_behind_it(stage: Stage) -> None:
    """A stop ends both, also while the first answer is only being spoken and the second is being decoded."""
    stage.voice.gate = Gate(is_open=False)
    look = stage.answering.look()
    first = stage.answering.ask(question("one"), look)
    assert stage.voice.gate.reached.wait(WAIT_SECONDS)
    second = stage.answering.ask(question("two"), look, queued=True)
    assert stage.answering.busy
    stage.answering.cancel()
    assert stage.finished(first).cancelled.is_set()
    assert stage.finished(second).cancelled.is_set()
    assert stage.voice.heard == ["A cup."]
    assert not stage.answering.busy


def test_a_cue_interrupts_nothing_and_is_nothing_to_stop() -> None:
    """An earcon by itself does not count as busy, so a press of the button then begins a question."""
    voice = FakeVoice()
    with AnswerPipeline(FakeEngine(), any_picture(FakeCamera()), voice, PHRASES) as answering:
        answering.cue(AudioChunk(np.zeros(10, np.int16), 22_050))
        assert not answering.busy
        deadline = time.monotonic() + WAIT_SECONDS
        while not voice.cues and time.monotonic() < deadline:
            threading.Event().wait(0.001)
    assert voice.cues == 1

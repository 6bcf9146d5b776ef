"""The pure parts behind the server: what is kept and for how long, the queue, and the prompts for a view."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language.phrases import phrases_for
from assistant.machine.power.readings import PowerReader
from assistant.machine.power.sysfs import Sysfs
from assistant.machine.status import Status
from assistant.web.answers.answer import Asked
from assistant.web.answers.conversations import Conversation, Said, folded
from assistant.web.answers.errors import ApiError, QueueFull
from assistant.web.answers.events import Done, Sentence
from assistant.web.answers.expiring_store import Kept, KeptLimits
from assistant.web.answers.pictures import jpeg, picture_frame, reduced
from assistant.web.answers.speech import Speech
from assistant.web.answers.status_board import Board
from assistant.web.answers.work_queue import WorkQueue
from assistant.web.machine import Machine
from assistant.web.services import Services
from assistant.web.settings import WebSettings
from audio.errors import VoiceError
from audio.pcm import AudioChunk
from tests.assistant.web.api.serving import SteppedEngine, parts_with, picture
from vision.frame import Frame


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_has_not_been_used_for_longest_goes_first() -> None:
    """The entry that was not used for the longest time goes first when there are too many or they are too large."""
    kept: Kept[str] = Kept(KeptLimits(count=3, size_bytes=100, age_seconds=60), Clock())
    for name in "abc":
        kept.put(name, name, 10)
    assert kept.get("a") == "a"
    kept.put("d", "d", 10)
    assert [kept.get(name) for name in "abcd"] == ["a", None, "c", "d"]
    kept.put("e", "e", 85)
    assert [kept.get(name) for name in "acde"] == [None, None, "d", "e"]
    kept.put("f", "f", 101)
    assert (len(kept), kept.size_bytes) == (0, 0)


def test_what_is_old_goes_and_a_use_makes_young() -> None:
    """An entry's age counts from its last use."""
    clock = Clock()
    kept: Kept[str] = Kept(KeptLimits(count=9, size_bytes=100, age_seconds=60), clock)
    kept.put("a", "a", 10)
    kept.put("b", "b", 10)
    clock.now += 50
    assert kept.get("a") == "a"
    clock.now += 50
    kept.sweep()
    assert (len(kept), kept.size_bytes) == (1, 10)
    assert kept.get("a") == "a"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60), st.integers(0, 30))))
def test_the_bounds_of_what_is_kept_hold_always(actions: list[tuple[str, int, int]]) -> None:
    """Whatever is put in and in whatever order, the bounds hold and the sum of the sizes is right."""
    clock = Clock()
    kept: Kept[int] = Kept(KeptLimits(count=3, size_bytes=100, age_seconds=60), clock)
    for name, size, seconds in actions:
        kept.put(name, size, size)
        clock.now += seconds
        assert len(kept) <= 3
        assert kept.size_bytes == sum(entry.size_bytes for entry in kept._entries.values()) <= 100


def test_the_queue_is_first_come_first_served_and_has_an_end() -> None:
    """A client that leaves makes room, wherever it was in the queue."""
    queue = WorkQueue(3, Clock())
    first, second, third = (queue.enter() for _ in range(3))
    assert [ticket.position for ticket in (first, second, third)] == [0, 1, 2]
    with pytest.raises(QueueFull):
        queue.enter()
    second.leave()
    assert [first.position, third.position, queue.status.length] == [0, 1, 2]
    first.leave()
    first.leave()
    assert list(third.wait(lambda: False)) == []
    assert queue.status.length == 1


def test_clients_take_turns() -> None:
    """A client with one question does not wait for all of another's. Its own keep their order, and none is displaced
    while it is at work.
    """
    queue = WorkQueue(8, Clock())
    many = [queue.enter("a") for _ in range(4)]
    one = queue.enter("b")
    two = [queue.enter("c") for _ in range(2)]
    assert [ticket.position for ticket in (many[0], one, two[0], many[1], two[1], many[2], many[3])] == [*range(7)]
    many[0].leave()
    assert (one.position, two[0].position, many[1].position) == (0, 1, 2)
    assert queue.enter("d").position == 3  # the next question of the client with many is not overtaken again


def test_a_waiter_that_gives_up_does_not_wait() -> None:
    """A waiting client checks every few milliseconds whether it should give up."""
    queue = WorkQueue(2)
    queue.enter()
    looks = iter([False, False, True])
    assert list(queue.enter().wait(lambda: next(looks))) == [1, 1]


def test_when_to_come_back_is_learnt_from_the_answers_so_far() -> None:
    """The time is a second or more, and ten at most before any answer was timed.

    If an answer takes longer than the earlier ones did, the guess is half as long again.
    """
    clock = Clock()
    queue = WorkQueue(1, clock)

    def retry_after() -> int:
        with pytest.raises(QueueFull) as refused:
            queue.enter()
        return int(refused.value.headers["Retry-After"])

    ticket = queue.enter()
    guess = retry_after()
    for _ in range(20):
        clock.now += 12.0
        ticket.leave()
        ticket = queue.enter()
    assert guess < retry_after() == 12
    clock.now += 11.9
    assert retry_after() == 1
    clock.now += 12.1
    assert retry_after() == 12
    clock.now += 176.0
    assert retry_after() == 100


def test_an_answer_that_nobody_ever_reads_frees_its_place() -> None:
    """If a client is gone before the first byte, no code of the answer runs, but its place in the queue is freed."""
    services = Services(parts_with(SteppedEngine()), WebSettings())
    about = services.conversations.new(Frame(np.zeros((4, 4, 3), np.uint8), 0.0), None)
    answer = services.answer(lambda: False, lambda: (Asked("what is it"), about))
    assert services.queue.status.length == 1
    under_way = about.stop
    answer.close()
    answer.close()
    assert services.queue.status.length == 0
    assert about.stop != under_way  # otherwise the picture, which is kept for minutes, would keep the connection


def test_a_conversation_keeps_no_hold_of_a_connection_that_has_ended() -> None:
    """Pictures are kept for minutes, and must not keep connections with their buffers."""
    engine = SteppedEngine(tokens=1)
    engine.steps.release(1)
    services = Services(parts_with(engine), WebSettings())
    about = services.conversations.new(Frame(np.zeros((4, 4, 3), np.uint8), 0.0), None)
    connection = Clock()
    gone = weakref.ref(connection)
    answer = services.answer(lambda c=connection: c.now < 0, lambda: (Asked("q"), about))  # type: ignore[misc]
    list(answer.events)
    answer.close()
    del connection, answer
    gc.collect()
    assert gone() is None


def test_an_error_that_quotes_a_request_is_one_printable_line() -> None:
    """A media type or a key from outside may hold a terminal's commands."""
    error = ApiError(415, "wrong_type", "image is \x1b[2J\nimage/png: send image/…")
    assert error.message == str(error) == "image is \\x1b[2J\\nimage/png: send image/…"


def test_words_of_doubt_stand_where_the_doubt_is() -> None:
    """The whole answer has the hedge at the same sentence as the spoken text, also if the same words came before."""
    engine = SteppedEngine(words=(("A box. Yes! ", 0.0), ("Yes", -9.0), ("!", 0.0)))
    engine.steps.release(3)
    services = Services(parts_with(engine), WebSettings())
    about = services.conversations.new(Frame(np.zeros((4, 4, 3), np.uint8), 0.0), None)
    answer = services.answer(lambda: False, lambda: (Asked("q"), about))
    told = list(answer.events)
    said = [event.text for event in told if isinstance(event, Sentence)]
    assert isinstance(told[-1], Done)
    assert (told[-1].answer, said[-1]) == (" ".join(said), phrases_for("en").doubt.not_sure.format(answer="yes!"))


def conversation(engine: SteppedEngine) -> Conversation:
    found = Conversation("c", Frame(np.zeros((4, 4, 3), np.uint8), 0.0), None)
    found.view = engine.see(found.frame)
    return found


EARLIER = Said("Be brief.", (("what is it", "A cup."),))


def test_a_view_that_holds_what_was_said_is_asked_the_question_alone() -> None:
    """A view that remembers the conversation gets the question alone, so that nothing is told twice."""
    about = conversation(SteppedEngine())
    about.held = EARLIER
    assert about.prompt_for("where", EARLIER, takes_instructions=True, longest=2000) == "where"


def test_what_a_view_does_not_hold_is_told_with_the_question() -> None:
    """Nothing that the client sent is silently left out, except for the demo model, which cannot read such a text."""
    about = conversation(SteppedEngine())
    about.held = Said("", (("another", "Thing."),))
    told = about.prompt_for("where", EARLIER, takes_instructions=True, longest=2000)
    assert (
        told == "Be brief.\n\nEarlier in this conversation:\nQuestion: what is it\nAnswer: A cup.\nNow answer:\n\nwhere"
    )
    assert about.held == Said()
    about.held = EARLIER
    assert about.prompt_for("where", Said(), takes_instructions=False, longest=2000) == "where"


def test_what_no_longer_fits_into_a_view_is_told_again() -> None:
    """Otherwise the view would go back to the bare picture and silently forget."""
    engine = SteppedEngine(has_room=False)
    about = conversation(engine)
    about.held = EARLIER
    told = about.prompt_for("where", EARLIER, takes_instructions=True, longest=2000)
    assert "Answer: A cup." in told
    assert about.held == Said()


def test_of_a_long_conversation_the_oldest_part_is_left_out() -> None:
    """The oldest exchanges are left out, and the question itself always fits."""
    said = Said("", tuple((f"question {n}", "answer") for n in range(100)))
    text = folded("now?", said, lambda text: len(text) <= 500)
    assert len(text) <= 500
    assert "question 99" in text
    assert "question 1\n" not in text
    assert text.endswith("now?")


def test_what_is_told_again_fits_into_the_model() -> None:
    """The limit is in tokens, so a text of few characters may still be too long."""
    about = conversation(SteppedEngine(longest=120))
    said = Said("Be brief.", (*EARLIER.exchanges, ("where is it", "On the left of the table."), ("is it full", "Yes.")))
    told = about.prompt_for("why", said, takes_instructions=True, longest=2000)
    assert told == "Be brief.\n\nEarlier in this conversation:\nQuestion: is it full\nAnswer: Yes.\nNow answer:\n\nwhy"
    about = conversation(SteppedEngine(longest=20))
    assert about.prompt_for("why", said, takes_instructions=True, longest=2000) == "Be brief.\n\nwhy"


def test_a_view_that_was_put_away_is_told_again() -> None:
    """A view loses its memory when another picture needs the room in the engine."""
    about = conversation(SteppedEngine())
    about.held = EARLIER
    about.view.cache_bytes = 0  # type: ignore[union-attr,misc]
    assert "A cup." in about.prompt_for("where", EARLIER, takes_instructions=True, longest=2000)


def test_a_large_picture_is_kept_smaller() -> None:
    """A large picture is made smaller, because many may wait in the queue; its proportions stay."""
    frame = picture_frame(picture(size=(4000, 1000)), 40_000_000)
    assert frame.rgb.shape == (480, 1920, 3)
    small = picture_frame(picture(size=(300, 200)), 40_000_000)
    assert reduced(small, 1920) is small
    assert jpeg(frame).startswith(b"\xff\xd8")


def test_a_voice_that_fails_costs_no_answer() -> None:
    """If the voice fails there is no sound, and the sentence can be read."""

    def fails(sentence: str) -> AudioChunk:
        raise VoiceError("no such voice")

    assert Speech(fails).speak("A cup.") is None
    assert Speech(None).speak("A cup.") is None


def test_the_state_is_that_of_the_voice_unless_only_the_page_is_at_work() -> None:
    """The state is what a person in the room hears; while the voice only listens, the page's own work shows."""
    board = Board()
    assert board.state(at_work=True) == "thinking"
    board.voice_state = lambda: "listening"
    assert [board.state(at_work=at_work) for at_work in (True, False)] == ["thinking", "listening"]
    board.voice_state = lambda: "speaking"
    assert board.state(at_work=True) == "speaking"
    board.asked("a")
    board.answered("b")
    board.asked("c")
    assert (board.newest().last_question, board.newest().last_answer) == ("c", None)


def test_the_sensors_are_read_at_most_once_a_second(tmp_path: Path) -> None:
    """The sensors are read once a second however many clients ask, and a missing value is no figure."""
    clock, reads = Clock(), []

    def memory() -> int:
        reads.append(clock.now)
        return 5

    machine = Machine(lambda: "m", 0.0, memory, PowerReader(Sysfs(tmp_path)).sample, clock)
    assert machine() == Status(memory_bytes=5, model="m")
    machine()
    assert len(reads) == 1
    clock.now += 1.0
    machine()
    assert len(reads) == 2
    assert json.dumps(vars(machine()))


def test_the_cameras_size_is_told_as_it_is_now(tmp_path: Path) -> None:
    """A camera that was plugged in again may have another."""
    clock, sizes = Clock(), iter([None, (1920, 1080), (640, 480)])
    reader = PowerReader(Sysfs(tmp_path)).sample
    machine = Machine(lambda: "m", 0.0, lambda: None, reader, clock, camera_pixels=lambda: next(sizes))
    found = []
    for _ in range(3):
        found.append(machine().camera_pixels)
        clock.now += 1.0
    assert found == [None, (1920, 1080), (640, 480)]

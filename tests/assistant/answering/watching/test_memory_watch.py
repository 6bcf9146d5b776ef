"""A user whose answer stalls, because the system has taken the model's memory back, is told so once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assistant.answering.capture import any_picture
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Question
from assistant.answering.watching.memory_watch import SAY_AGAIN_SECONDS, TOLD_FROM_BYTES, MemoryWatch
from assistant.language.phrases import phrases_for
from tests.assistant.fakes import FakeCamera, FakeEngine, FakeVoice, Gate

PHRASES = phrases_for("en")
WAIT_SECONDS = 5.0


class Machine:
    """How much was read from the disk, and the time: both stand still until a test changes them."""

    def __init__(self) -> None:
        self.read: int | None = 0
        self.now = 0.0
        self.loading = False
        self.printed: list[str] = []


def until(happens: Callable[[], bool]) -> bool:
    for _ in range(round(WAIT_SECONDS / 0.005)):
        if happens():
            return True
        threading.Event().wait(0.005)
    return False


@contextmanager
def stalled(machine: Machine) -> Iterator[tuple[AnswerPipeline, FakeEngine, FakeVoice]]:
    """A pipeline whose engine computes the first word of an answer until its gate is opened."""
    engine, voice = FakeEngine(), FakeVoice()
    engine.token_gate = Gate(is_open=False)
    watches: list[MemoryWatch] = []
    pipeline = AnswerPipeline(
        engine, any_picture(FakeCamera()), voice, PHRASES, play_earcons=False, on_user=lambda: watches[0].wake()
    )
    watch = MemoryWatch(
        pipeline,
        PHRASES.short_of_memory,
        machine.printed.append,
        is_loading=lambda: machine.loading,
        read_bytes=lambda: machine.read,
        clock=lambda: machine.now,
        every_seconds=0.01,
    )
    watches.append(watch)
    with pipeline, watch:
        yield pipeline, engine, voice


def ask(pipeline: AnswerPipeline) -> threading.Event:
    return pipeline.ask(Question("what is this", None, 0.0, 0.0), pipeline.look()).done


def test_it_says_so_while_the_answer_is_computed() -> None:
    """The sentence comes before the first word, once, and the answer follows whole."""
    machine = Machine()
    with stalled(machine) as (pipeline, engine, voice):
        done = ask(pipeline)
        assert engine.token_gate.reached.wait(WAIT_SECONDS)
        threading.Event().wait(0.05)
        machine.read = 2 * TOLD_FROM_BYTES
        assert until(lambda: PHRASES.short_of_memory in " ".join(voice.heard))
        machine.read = 4 * TOLD_FROM_BYTES
        threading.Event().wait(0.1)
        engine.token_gate.open()
        assert done.wait(WAIT_SECONDS)
        assert " ".join(voice.heard) == f"{PHRASES.short_of_memory} A cup. It is red."
        assert machine.printed == [
            "memory is short: 0.6 GB were read from the disk for this answer, so it is slow; close other programs"
        ]


def test_what_is_read_for_the_first_time_is_no_shortage() -> None:
    """Neither a model that is being loaded nor a little reading is told."""
    machine = Machine()
    machine.loading = True
    with stalled(machine) as (pipeline, engine, voice):
        done = ask(pipeline)
        machine.read = 10 * TOLD_FROM_BYTES
        threading.Event().wait(0.1)
        machine.loading = False
        machine.read += TOLD_FROM_BYTES - 1
        threading.Event().wait(0.1)
        engine.token_gate.open()
        assert done.wait(WAIT_SECONDS)
        assert voice.heard == ["A cup.", "It is red."]


def test_it_is_told_again_only_after_a_minute() -> None:
    """Repeated excuses are noise."""
    machine = Machine()
    with stalled(machine) as (pipeline, engine, _):
        for passed, times in ((0.0, 1), (SAY_AGAIN_SECONDS - 1, 1), (SAY_AGAIN_SECONDS + 1, 2)):
            machine.now = passed
            engine.token_gate = Gate(is_open=False)
            done = ask(pipeline)
            threading.Event().wait(0.05)
            assert machine.read is not None
            machine.read += 2 * TOLD_FROM_BYTES
            assert until(lambda times=times: len(machine.printed) == times)  # type: ignore[misc]
            threading.Event().wait(0.05)
            engine.token_gate.open()
            assert done.wait(WAIT_SECONDS)
            assert len(machine.printed) == times


def test_a_system_that_does_not_tell_is_left_alone() -> None:
    """The thread ends, and answers come as ever."""
    machine = Machine()
    machine.read = None
    with stalled(machine) as (pipeline, engine, voice):
        engine.token_gate.open()
        assert ask(pipeline).wait(WAIT_SECONDS)
        assert voice.heard == ["A cup.", "It is red."]

"""What is asked, what it is asked about, and how an answer gets its length."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.bench.engines.forced import ForcedEngine, UnheardStop, asked_words
from assistant.bench.engines.speech import NullSpeaker
from assistant.bench.material.kinds import KINDS, Kind, pieces
from assistant.bench.material.pictures import HEIGHT_PX, WIDTH_PX, draw
from assistant.bench.material.random_model import random_checkpoint
from assistant.bench.recorder import _MOST_SAMPLES, END, Recorder
from assistant.bench.sensors import Lap
from assistant.language.sentences import split_sentences
from assistant.models.catalog import demo_vlm
from audio.pcm import AudioChunk
from tests.assistant.bench.test_bench import quiet, small_config
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
from vision.engine.engine import Engine
from vision.engine.generation.prompt import ChatPrompt
from vision.engine.settings import EngineSettings
from vision.frame import Frame
from vision.framing import judge

LENGTHS = {"describe": 124, "read": 89, "trend": 156}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint with random weights."""
    return random_checkpoint(tmp_path_factory.mktemp("bench"), quiet, small_config())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_written_answer_has_the_length_of_the_reference(kind: Kind) -> None:
    """The answer has one piece for each token, and together they are the text."""
    assert kind.answer_tokens == LENGTHS[kind.name]
    assert len(kind.pieces) == kind.answer_tokens
    assert "".join(kind.pieces) == kind.answer


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_first_sentence_is_known_with_the_token_behind_it(kind: Kind) -> None:
    """The first sentence is known with the token after it, and long before the end."""
    first = split_sentences(kind.answer)[0]
    assert len(pieces(first)) >= kind.first_sentence_tokens - 1
    assert 5 <= kind.first_sentence_tokens <= 20


def test_words_marks_and_digits_are_pieces() -> None:
    """A text is cut as the model's tokenizer cuts common English."""
    assert pieces("In March: 151, Dr. Wu's.") == "In| March|:| 1|5|1|,| Dr|.| Wu|'|s|.".split("|")


def test_the_pictures_are_different_and_fit_to_be_answered_about() -> None:
    """They are sharp, bright enough and of a camera's size, so that the assistant would not refuse them."""
    drawn = [draw(kind.name) for kind in KINDS]
    for rgb in drawn:
        assert rgb.shape == (HEIGHT_PX, WIDTH_PX, 3)
        assert rgb.dtype == np.uint8
        assert judge(Frame(rgb, 0.0)).fault is None
    assert len({rgb.tobytes() for rgb in drawn}) == len(KINDS)
    assert np.array_equal(draw("trend"), draw("trend"))


def test_a_stop_that_is_not_heard_is_remembered() -> None:
    """No token ends the answer, but it is recorded whether one would have."""
    stop = UnheardStop({7, 9})
    assert 3 not in stop
    assert not stop.came
    assert 7 not in stop
    assert stop.came


def test_a_forced_answer_is_as_long_as_wanted_and_speaks_the_models_own_words() -> None:
    """The demo model says a sentence and then goes on silently to the last token."""
    frame = Frame(draw("describe"), 0.0)
    with Engine.load(demo_vlm()) as engine:
        own = "".join(chunk.text for chunk in engine.see(frame).ask(KINDS[1].question))
        forced = ForcedEngine(engine, lends_words=False)
        forced.kind = KINDS[1]
        chunks = list(forced.see(frame).ask(KINDS[1].question))
    assert "".join(chunk.text for chunk in chunks) == own + "\n"
    assert chunks[-1].stats is not None
    assert chunks[-1].stats.answer_tokens == sum(chunk.tokens for chunk in chunks) == 89


def test_a_model_that_speaks_no_language_is_lent_words(small: Path) -> None:
    """Each token gives one word, together they are the written answer, and after `forget` it is the same again."""
    with Engine.load(small, EngineSettings(stops_loops=False)) as engine:  # random words do go round in circles
        forced = ForcedEngine(engine, lends_words=True)
        forced.kind = KINDS[2]
        view = forced.see(Frame(draw("trend"), 0.0))
        for _ in range(2):
            chunks = list(view.ask(forced.question(KINDS[2])))
            assert "".join(chunk.text for chunk in chunks) == KINDS[2].answer
            assert chunks[-1].stats is not None
            assert chunks[-1].stats.answer_tokens == 156
            view.forget()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_question_takes_as_many_tokens_as_with_the_real_tokenizer(small: Path, kind: Kind) -> None:
    """If the tokenizer has no words, a question gets one token for each word or mark.

    It may be one less where a word cannot be cut like that.
    """
    checkpoint = open_checkpoint(small)
    tokenizer = CheckpointTokenizer(checkpoint)
    prompt = ChatPrompt(tokenizer, tokenizer.special_tokens(checkpoint.config))
    around = len(prompt.question("a")) - 1
    words = asked_words(kind, prompt, lends_words=True)
    assert len(prompt.question(words)) - around - len(pieces(kind.question)) in (0, -1)
    assert asked_words(kind, prompt, lends_words=False) == kind.question


def test_the_speaker_that_is_not_there_notes_the_first_sound() -> None:
    """The first sound of each answer is recorded, except for empty and for cancelled sounds."""
    speaker, cancelled = NullSpeaker(), threading.Event()
    sound = AudioChunk(np.ones(22_050, np.int16), 22_050)
    speaker.expect()
    speaker.play(AudioChunk(np.empty(0, np.int16), 22_050), cancelled)
    assert speaker.began_at is None
    before = time.monotonic()
    began_at = speaker.play(sound, cancelled)
    assert speaker.began_at == began_at
    assert before <= (speaker.began_at or 0.0) <= time.monotonic()
    speaker.play(sound, cancelled)
    assert speaker.began_at == began_at
    assert speaker.seconds == pytest.approx(2.0)
    speaker.expect()
    cancelled.set()
    assert speaker.play(sound, cancelled) is None
    assert not speaker.began.is_set()


# The recorder


class Rising:
    """A sensor that always reads ten watts and sixty degrees."""

    energy_source = "of a test"

    def __init__(self, clock: Iterator[float] | None = None) -> None:
        self.now = 0.0

    def meter(self) -> Lap:
        before = self.now

        def lap() -> float | None:
            nonlocal before
            passed, before = self.now - before, self.now
            return 10.0 * passed

        return lap

    def celsius(self) -> float | None:
        return 60.0


def recorded(samples: int, sensors: Rising) -> Recorder:
    recorder = Recorder(sensors, clock=lambda: sensors.now)
    for number in range(samples):
        sensors.now = 0.5 * number
        recorder.record()
    return recorder


def test_watts_are_joules_over_the_time_between_two_samples() -> None:
    """The first sample has no watts, because there is none before it."""
    series = recorded(4, Rising()).series()
    assert series["seconds"] == [0.0, 0.5, 1.0, 1.5]
    assert series["watts"] == [None, 10.0, 10.0, 10.0]
    assert series["celsius"] == [60.0] * 4
    assert all(series["resident_bytes"])


def test_a_long_measurement_has_coarser_samples_not_more() -> None:
    """The mean power stays right when samples are dropped."""
    series = recorded(3 * _MOST_SAMPLES, Rising()).series()
    assert len(series["seconds"]) < _MOST_SAMPLES
    assert series["seconds"][-1] > 0.9 * 1.5 * _MOST_SAMPLES
    assert set(series["watts"][1:]) == {10.0}


def test_what_comes_after_the_end_is_no_part_of_it() -> None:
    """A sample after the end is left out, because the engine is being closed then."""
    sensors = Rising()
    recorder = recorded(3, sensors)
    recorder.mark(END)
    sensors.now = 9.0
    recorder.record()
    series = recorder.series()
    assert series["seconds"] == [0.0, 0.5, 1.0]
    assert series["marks"] == [[1.0, END]]


def test_the_recorders_thread_ends_with_its_block() -> None:
    """There is one sample at the start and one at the end, and no thread is left."""
    with Recorder(Rising(), every_seconds=60.0) as recorder:
        assert any(thread.name == "recorder" for thread in threading.enumerate())
    assert len(recorder.samples) == 2
    assert not any(thread.name == "recorder" for thread in threading.enumerate())

"""Spoken answers to the questions of the set-up: a WAV file as microphone, and the embedded speech model."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.setup.presses import Answer
from assistant.setup.spoken_answers import SpokenAnswers, answer_in, open_transcriber
from audio.errors import DeviceLost
from audio.pcm import AudioChunk, resample
from audio.synthesizer import Synthesizer
from audio.transcriber import Transcriber

ENGLISH, CHINESE = phrases_for("en"), phrases_for("zh")
WAIT_SECONDS = 20.0  # reached only if a test fails


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("yes", Answer.YES), ("yes please", Answer.YES), ("that is right", Answer.YES), ("no", Answer.NO),
        ("no thanks", Answer.NO), ("back", Answer.BACK), ("go back please", Answer.BACK), ("again", Answer.REPEAT),
        ("say it again", Answer.REPEAT), ("what color is it", None), ("", None), ("please", None), ("yes no", None),
    ],
)  # fmt: skip
def test_english_answers(text: str, answer: Answer | None) -> None:
    """An answer may be polite; what is more than an answer is none."""
    assert answer_in(text, ENGLISH) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [("是 的", Answer.YES), ("不", Answer.NO), ("返回", Answer.BACK), ("再 说 一遍", Answer.REPEAT), ("红色", None)],
)
def test_chinese_answers(text: str, answer: Answer | None) -> None:
    """The recogniser puts spaces between the words."""
    assert answer_in(text, CHINESE) is answer


class Spoken:
    """A microphone that gives these words and then silence, until it is stopped."""

    live = False

    def __init__(self, *words: str) -> None:
        self._stopped = False
        with Synthesizer(voice="en-us", rate_wpm=180) as voice:
            spoken = [voice.synthesize(text) for text in words]
        quiet = np.zeros(16_000, np.int16)
        pieces = [quiet]
        for chunk in spoken:
            pieces += [resample(chunk.samples, chunk.sample_rate_hz, 16_000), quiet]
        self._samples = np.concatenate(pieces)

    def chunks(self) -> Iterator[AudioChunk]:
        at = 0
        while not self._stopped:
            samples = self._samples[at : at + 480]
            if len(samples) < 480:
                samples = np.zeros(480, np.int16)
            yield AudioChunk(samples, 16_000, at / 16_000)
            at += 480

    def stop(self) -> None:
        self._stopped = True


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return open_transcriber(catalog.demo_speech("en"), ENGLISH)


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (("yes",), [Answer.YES]),
        (("no",), [Answer.NO]),
        (("go back",), [Answer.BACK]),
        (("say it again",), [Answer.REPEAT]),
        (("what color is the circle", "no"), [Answer.NO]),
    ],
)
def test_answers_are_heard(transcriber: Transcriber, words: tuple[str, ...], answers: list[Answer]) -> None:
    """By the embedded speech model; what is no answer is left aside."""
    heard: queue.Queue[Answer] = queue.Queue()
    with SpokenAnswers(transcriber, ENGLISH, heard.put).listening(Spoken(*words)):
        found = [heard.get(timeout=WAIT_SECONDS) for _ in answers]
    assert found == answers


def test_a_microphone_that_is_lost_leaves_the_key(transcriber: Transcriber, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the question still waits."""

    class Lost(Spoken):
        def chunks(self) -> Iterator[AudioChunk]:
            raise DeviceLost("the microphone is gone")
            yield

    heard: queue.Queue[Answer] = queue.Queue()
    with SpokenAnswers(transcriber, ENGLISH, heard.put).listening(Lost()):
        pass
    assert heard.empty()
    assert "the microphone is gone" in caplog.text

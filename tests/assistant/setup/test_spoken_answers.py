"""Spoken answers to the questions of the set-up: a WAV file as microphone, and the embedded speech model."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.cli.setup import draft_of
from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.setup import devices
from assistant.setup.devices import RealParts
from assistant.setup.keys import Keys
from assistant.setup.presses import Answer
from assistant.setup.spoken_answers import SpokenAnswers, answer_in, open_transcriber
from audio.errors import DeviceLost
from audio.pcm import AudioChunk, resample
from audio.recognition.transcriber import Transcriber
from audio.speaking.synthesizer import Synthesizer

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
        (("what color is the circle", "no"), [Answer.UNCLEAR, Answer.NO]),
    ],
)
def test_answers_are_heard(transcriber: Transcriber, words: tuple[str, ...], answers: list[Answer]) -> None:
    """By the embedded speech model; other words are told to be no answer."""
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


def asked(*answers: Answer) -> tuple[Answer, list[str]]:
    """What a question gives when these answers come one after the other, and what was said."""
    reader, writer = os.pipe()
    with Keys(reader) as keys:
        parts = RealParts(Config(), draft_of(Config()), Path("config.toml"), keys, lambda kind: [])
        coming, said = iter(answers), list[str]()

        def tell(text: str) -> None:
            said.append(text)
            keys.hand_on(next(coming))

        parts.tell = tell  # type: ignore[method-assign]
        answer = parts.ask("Shall I?", Answer.REPEAT)
    os.close(reader)
    os.close(writer)
    return answer, said


def test_words_that_are_no_answer_are_answered_with_what_would_be() -> None:
    """The question is not said again, and still waits."""
    told = ENGLISH.setup.say_it_too
    assert asked(Answer.YES) == (Answer.YES, ["Shall I?"])
    assert asked(Answer.UNCLEAR, Answer.NO) == (Answer.NO, ["Shall I?", told])


def test_where_others_talk_only_the_key_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some times it is not said any more; without a press the question comes again."""
    monkeypatch.setattr(devices, "SILENCE_SECONDS", 0.01)
    told = ENGLISH.setup.say_it_too
    assert asked(*[Answer.UNCLEAR] * 3) == (Answer.REPEAT, ["Shall I?", told, told])

"""The real conversation, pipeline, View and engine over a scripted model whose answer has more than 200 tokens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from assistant.answering.capture import any_picture
from assistant.answering.pipeline import AnswerPipeline
from assistant.answering.turn import Turn
from assistant.conversation.conversation import Conversation
from assistant.conversation.dialog import ConversationSettings
from assistant.conversation.event_queue import Event
from assistant.language.phrases import Phrases, phrases_for
from assistant.settings.config import LengthConfig
from audio.listening.hearing import SpeechStarted, Utterance
from audio.speaking.speech_rate import spoken_seconds
from tests.assistant.fakes import WAIT_SECONDS, FakeCamera, FakeVoice
from tests.vision.engine.test_loops import STOP, Scripted, Words, saying
from vision.engine.engine import Engine
from vision.engine.generation.generate import EncodedPicture, Scores
from vision.engine.generation.prompt import PromptPart, SpecialTokens
from vision.engine.kv_cache import KVCache
from vision.engine.session import ModelInfo
from vision.engine.settings import EngineSettings
from vision.frame import Frame
from vision.preprocess import PatchSpec

LONG = {
    "en": [
        "Cup 00 is red and stands there.",
        *(f" Cup {number:02} is red and stands there." for number in range(1, 30)),
    ],
    "zh": [f"第{number:02}个杯子是红色的，放在桌子上。" for number in range(30)],
}
WPM = 230


class Counting(Scripted):
    """Takes pictures, and counts what it computes."""

    encoded = decoded = 0

    def encode(self, patches: Any, grid: Any, check: Any) -> EncodedPicture:
        self.encoded += 1
        return EncodedPicture(np.zeros((int(grid[0].prod()) // 4, 1), np.float32), ())

    def prefill(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Any) -> None:
        super().prefill(cache, part, picture, check)
        cache.keys[0][0, : cache.length, 1] = np.arange(cache.length)  # a picture's positions have gaps

    def decode(self, cache: KVCache, part: PromptPart, check: Any) -> Scores:
        self.decoded += 1
        return super().decode(cache, part, check)


class Told:
    """A conversation: `say` speaks to it, and waits until it has answered."""

    def __init__(self, language: str, **lengths: float) -> None:
        self.phrases: Phrases = phrases_for(language)
        words = Words()
        self.model = Counting(words, saying(*LONG[language]))
        special = SpecialTokens(turn_start=257, turn_end=258, vision_start=259, vision_end=260, image=261)
        patches = PatchSpec(patch_pixels=32, merge_patches=2, temporal_patches=2)
        info = ModelInfo("scripted", words, special, frozenset({STOP}), patches, 2048)
        self.engine = Engine(self.model, info, EngineSettings())
        self.camera, self.voice, self.turns = FakeCamera(), FakeVoice(), list[Turn]()
        self.camera.capture = self._capture  # type: ignore[method-assign]
        self.pipeline = AnswerPipeline(
            self.engine,
            any_picture(self.camera),
            self.voice,
            self.phrases,
            play_earcons=False,
            on_end=self.turns.append,
        )
        self.settings = ConversationSettings(length=LengthConfig(**lengths), min_confidence=0.0)  # type: ignore[arg-type]

    def _capture(self, timeout_seconds: float = 5.0, cancelled: threading.Event | None = None) -> Frame:
        self.camera.captured += 1
        return Frame(np.zeros((60, 80, 3), np.uint8), captured_at=float(self.camera.captured))

    def run(self, *words: str) -> None:
        with self.engine, self.pipeline:
            self.conversation = Conversation(self._events(words), self.pipeline, self.phrases, self.settings)
            self.conversation.run("hello")

    def _events(self, words: tuple[str, ...]) -> Iterator[Event]:
        for at, text in enumerate(words, start=1):
            yield SpeechStarted(float(at))
            yield Utterance(text, 1.0, float(at), float(at))
            assert self.conversation._commands.turns[-1].done.wait(WAIT_SECONDS), f"{text} was not answered"

    @property
    def answers(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.question is not None]


def without_space(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("language", "question", "more", "seconds"),
    [
        ("en", "what is this", "more detail", 20.0),
        ("en", "is the door open", "tell me more", 8.0),
        ("en", "what does the label say", "go on", 45.0),
        ("zh", "这是什么", "详细一点", 20.0),
    ],
)
def test_the_rest_is_really_there(language: str, question: str, more: str, seconds: float) -> None:
    """Parts of the wanted length come to the voice and make up the answer, each token is decoded once, and the picture
    is encoded once."""
    told = Told(language)
    told.run(question, *[more] * 5)
    hint = told.phrases.length.more_left
    parts: list[Turn] = []
    for turn in told.answers:
        parts.append(turn)
        if hint not in turn.said:
            break
    assert len(parts) >= 2
    assert without_space("".join(part.answer for part in parts)) == without_space("".join(LONG[language]))
    for part, limit in zip(parts, [seconds, *[45.0] * 9], strict=False):
        spoken = [sentence for sentence in part.said if sentence != hint]
        assert sum(spoken_seconds(sentence, WPM) for sentence in spoken) <= limit + spoken_seconds(hint, WPM)
        assert part.error is None
    assert told.model.encoded == told.camera.captured == 1
    tokens = len(Words().encode("".join(LONG[language])))
    assert tokens > (200 if language == "en" else 100)  # the tokenizer takes Chinese clauses for words
    # The word before each cut is read once more, and so is the question that asks anew when nothing is left.
    asked_anew = len(told.answers) - len(parts)
    assert told.model.decoded <= (tokens + len(parts) + 2) * (1 + asked_anew)


def test_a_follow_up_remembers_what_was_told() -> None:
    """The model reads the part that was told, and with it the rest that was told later, before the next question."""
    for more, parts in ((), 1), (("more detail",), 2):
        told = Told("en")
        told.run("what is this", *more, "and what is that")
        view = told.conversation._commands._checkable[1].view  # type: ignore[index]
        cache = view._prefix.cache  # type: ignore[union-attr]
        read = told.engine.session.tokenizer.decode(cache.keys[0][0, : cache.length, 0].astype(int).tolist())
        heard = " ".join(turn.answer for turn in told.answers[:parts])
        assert heard in read
        before_question = read.partition("and what is that")[0].strip()
        assert before_question.endswith(f"{heard}\nuser")
        assert told.model.encoded == 1


def test_without_limits_the_answer_is_as_long_as_the_engine_lets_it() -> None:
    """0 switches each limit off; then `max_new_tokens` counts."""
    told = Told("en", describe_seconds=0.0, describe_tokens=0)
    told.run("what is this")
    [turn] = told.answers
    assert turn.moments.answer is not None
    assert turn.moments.answer.answer_tokens == EngineSettings.max_new_tokens
    assert told.phrases.length.more_left not in turn.said

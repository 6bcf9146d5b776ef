"""What is heard beside the device when somebody else looks through its camera."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.answering.watching.camera_watch import SAY_AGAIN_SECONDS, CameraWatch
from audio.pcm import AudioChunk

SENTENCE = "Somebody looks."


@dataclass
class Pipeline:
    in_use: bool = False
    heard: list[str] = field(default_factory=list)

    def say_soon(self, text: str) -> None:
        self.heard.append(f"now: {text}")

    def announce(self, text: str) -> None:
        self.heard.append(f"with the next answer: {text}")

    def cue(self, earcon: AudioChunk) -> None:
        self.heard.append("cue")


def test_the_first_look_is_said_and_the_next_ones_sound() -> None:
    """After a minute the sentence is said again."""
    pipeline, now = Pipeline(), [0.0]
    watch = CameraWatch(pipeline, SENTENCE, clock=lambda: now[0])
    for now[0] in (0.0, 1.0, SAY_AGAIN_SECONDS - 1.0, SAY_AGAIN_SECONDS):
        watch()
    assert pipeline.heard == [f"now: {SENTENCE}", "cue", "cue", f"now: {SENTENCE}"]


def test_nobody_who_speaks_or_listens_is_interrupted() -> None:
    """The cue sounds at once, and the sentence waits for the next answer."""
    pipeline = Pipeline(in_use=True)
    CameraWatch(pipeline, SENTENCE)()
    assert pipeline.heard == ["cue", f"with the next answer: {SENTENCE}"]

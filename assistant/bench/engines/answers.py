"""Measures our engine: every kind of question through the assistant's own threads, from its words to its last sound.

It runs in a process of its own. A run first asks about a picture that was not looked at before, to the end of the
answer. Then it asks once more about the same picture, which now counts as seen ahead, up to the first sound. The
synthesizer is the real one. The loudspeaker is `speech.NullSpeaker`, so that only computing takes time. It compares
nothing.

The questions are asked about pictures in squares with grey bars, as the reference design shows them. What a picture in
its own shape costs is measured afterwards (`shapes`).
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.answering.capture import any_picture
from assistant.bench.engine import is_demo
from assistant.bench.engines.forced import ForcedEngine
from assistant.bench.engines.ours import bytes_of_a_token, bytes_of_the_encoder
from assistant.bench.engines.speech import NullSpeaker
from assistant.bench.limits import shapes
from assistant.bench.material.kinds import KINDS, Kind
from assistant.bench.material.pictures import Drawings, padded_frame
from assistant.bench.recorder import END, Recorder
from assistant.bench.sensors import Sensors, this_machine
from assistant.bench.task import Stopwatch, Task, forget_peak, memory
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.answering.capture import PictureCapture
    from assistant.answering.pipeline import AnswerPipeline
    from assistant.answering.turn import Turn

_LONGEST_SECONDS = 1800.0  # an answer that takes longer is taken for lost


@dataclass(frozen=True)
class AnswerRun:
    """One question and its answer. Seconds count from the question's words; None where the engine has no such part."""

    vision_seconds: float
    prefill_seconds: float  # reading the picture and what stands before it
    first_token_seconds: float
    first_sound_seconds: float | None  # TTFA
    seen_first_token_seconds: float | None  # this and the next: the same two with the picture seen ahead
    seen_first_sound_seconds: float | None
    decode_seconds: float  # a token, the mean
    total_seconds: float  # until the last word is rendered as sound
    cpu_seconds: float
    joules: float | None
    answer_tokens: int
    question_tokens: int
    peak_bytes: int


def measure(task: Task, sensors: Sensors | None = None) -> dict[str, Any]:
    """Loads the model, asks once without measuring, and then asks every kind as often as the task says, in turns."""
    sensors = sensors or this_machine()
    with contextlib.ExitStack() as stack:
        recorder = stack.enter_context(Recorder(sensors))
        recorder.mark("load")
        loading = Stopwatch()
        engine = _load(task, stack)
        loaded = {"load_seconds": loading.seconds, "load_cpu_seconds": loading.cpu_seconds, **memory()}
        asker = Asker(ForcedEngine(engine, lends_words=task.lends_words), stack, sensors)
        recorder.mark("warm-up")
        asker.warm_up(KINDS[0])
        runs: dict[str, list[dict[str, Any]]] = {kind.name: [] for kind in KINDS}
        for _ in range(task.runs):
            for kind in KINDS:
                recorder.mark(kind.name)
                runs[kind.name].append(asdict(asker.run(kind)))
        seen = asker.stats
        recorder.mark("shapes")
        # The demo model was trained on squares only.
        measured_shapes = [] if is_demo(Path(task.checkpoint)) else shapes.measure(engine, task.runs)
        recorder.mark(END)
    return {
        **loaded,
        "load_peak_bytes": loaded["peak_bytes"],
        "peak_bytes": max([loaded["peak_bytes"], *(run["peak_bytes"] for found in runs.values() for run in found)]),
        "runs": runs,
        "image_tokens": seen.image_tokens,
        "prompt_tokens": seen.prompt_tokens,
        "shapes": measured_shapes,
        "decode_bytes": bytes_of_a_token(Path(task.checkpoint)),
        "vision_bytes": bytes_of_the_encoder(Path(task.checkpoint)),
        "energy_source": sensors.energy_source,
        "series": recorder.series(),
    }


class Asker:
    """Owns the assistant's threads and asks them questions."""

    def __init__(self, engine: ForcedEngine, stack: contextlib.ExitStack, sensors: Sensors) -> None:
        from assistant.answering.pipeline import AnswerPipeline
        from assistant.language.phrases import phrases_for
        from assistant.language.speakable import to_spoken
        from audio.speaking.synthesizer import Synthesizer
        from audio.speaking.voice import SpokenVoice

        self._engine = engine
        self._sensors = sensors
        self._speaker = NullSpeaker()
        to_words = partial(to_spoken, voice="")
        voice = SpokenVoice(stack.enter_context(Synthesizer(to_spoken=to_words)), lambda: self._speaker)
        self._answering: AnswerPipeline = stack.enter_context(
            AnswerPipeline(
                engine,
                any_picture(Drawings()),
                voice,
                phrases_for("en"),
                play_earcons=False,
                on_end=lambda turn: self._speaker.began.set(),  # else the wait for an answer that failed would not end
            )
        )

    def warm_up(self, kind: Kind) -> None:
        """Asks once without measuring: it starts the threads, touches the pages of memory and loads the voice."""
        self._ask_to_first_sound(kind, self._answering.look(padded_frame(kind.name)))

    def run(self, kind: Kind) -> AnswerRun:
        forget_peak()
        # Drawn before the measuring begins, because beside a small model's answer this takes long.
        frame = padded_frame(kind.name)
        lap = self._sensors.meter()
        watch = Stopwatch()
        look = self._answering.look(frame)
        turn = self._ask(kind, look)
        self._wait(turn)
        cpu_seconds, used = watch.cpu_seconds, lap()
        peak_bytes = memory()["peak_bytes"] or 0
        timings, answer = turn.timings, turn.moments.answer
        assert timings is not None  # a turn that has ended has them
        assert timings.first_token is not None  # and a turn that did not fail has this
        assert answer is not None
        assert look.view is not None
        self.stats = look.view.stats
        first_sound_seconds = self._since(turn)
        seen = self._ask_to_first_sound(kind, look)
        return AnswerRun(
            vision_seconds=self.stats.vision_seconds,
            prefill_seconds=self.stats.prefill_seconds,
            first_token_seconds=timings.first_token,
            first_sound_seconds=first_sound_seconds,
            seen_first_token_seconds=seen.timings.first_token if seen.timings else None,
            seen_first_sound_seconds=self._since(seen),
            decode_seconds=answer.decode_seconds / max(1, answer.answer_tokens - 1),
            total_seconds=timings.total,
            cpu_seconds=cpu_seconds,
            joules=used,
            answer_tokens=answer.answer_tokens,
            question_tokens=answer.prompt_tokens,
            peak_bytes=peak_bytes,
        )

    def _ask(self, kind: Kind, look: PictureCapture) -> Turn:
        from assistant.answering.turn import Question

        self._engine.kind = kind
        words = self._engine.question(kind)
        self._speaker.expect()
        now = time.monotonic()
        return self._answering.ask(Question(words, None, asked_at=now, transcribed_at=now), look)

    def _ask_to_first_sound(self, kind: Kind, look: PictureCapture) -> Turn:
        """Asks about a picture that has been seen, as its first question, and waits for the first sound only."""
        if look.view is not None:
            look.view.forget()
        turn = self._ask(kind, look)
        self._speaker.began.wait(_LONGEST_SECONDS)
        self._answering.cancel()
        self._wait(turn)
        return turn

    def _wait(self, turn: Turn) -> None:
        if not turn.done.wait(_LONGEST_SECONDS):
            raise AssistantError(f"an answer did not come within {_LONGEST_SECONDS:.0f} s: ask a smaller model")
        if turn.error is not None:
            raise turn.error

    def _since(self, turn: Turn) -> float | None:
        assert turn.question is not None
        began_at = self._speaker.began_at
        return None if began_at is None else began_at - turn.question.asked_at


def _load(task: Task, stack: contextlib.ExitStack) -> Any:
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings

    # "native" leaves a square as it is, so this engine sees both shapes.
    settings = EngineSettings(
        threads=task.threads, prefill_chunk_tokens=task.prefill_chunk_tokens, fit="native", stops_loops=False
    )
    return stack.enter_context(Engine.load(Path(task.checkpoint), settings))

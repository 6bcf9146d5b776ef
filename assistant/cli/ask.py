"""`seesay ask`: one question about one picture, typed or from a WAV file; the answer printed, spoken or kept."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant import console
from assistant.answering import report
from assistant.answering.announcements import Announcements
from assistant.answering.turn import Question, Turn
from assistant.language.phrases import phrases_for
from assistant.models import catalog
from assistant.settings.config import Config
from assistant.wiring import devices, hearing
from assistant.wiring.engine import doubt_rule, is_remote, open_engine

if TYPE_CHECKING:
    from assistant.answering.doubt import DoubtRule
    from assistant.answering.speech_queue import Voice
    from vision.interface import Engine, FrameSource


def ask(
    config: Config,
    *,
    text: str | None,
    audio: Path | None,
    image: str | None,
    say: bool = False,
    speech_out: Path | None = None,
    as_json: bool = False,
    verbose: bool = False,
) -> None:
    """Prints the answer as it comes (one JSON object at the end with `as_json`).

    Raises what went wrong: bad question, picture or WAV, a missing model or device, a failed answer.
    """
    with contextlib.ExitStack() as stack:
        eye = catalog.choose_eye(config)
        question = _question(config, text, audio)
        if audio is not None and not as_json:
            console.result(f"you: {question.text}")
        frames = devices.open_frames(config, stack, image)
        frames.capture()  # a bad picture is said before the minutes of loading, not after
        voice = _voice(config, stack, say, speech_out)
        is_demo = eye.is_demo and not is_remote(config)
        if is_demo:
            console.say(console.DEMO_NOTICE)
        asides = Announcements()
        engine = open_engine(config, eye.folder, stack, console.say, asides, is_demo=eye.is_demo)
        doubt = doubt_rule(config, is_demo=is_demo)
        keeper = devices.watch_power(stack)
        turn = _answer(config, engine, frames, voice, question, doubt, asides, stream=not as_json)
        if turn.question is not None:  # its words, that is: a recording was spoken long ago
            turn.joules = keeper.energy.since(turn.question.transcribed_at).value
        if turn.error is not None:
            raise turn.error
        if not turn.answer:
            console.say(phrases_for(config.conversation.language).no_answer)
        if as_json:
            console.result(console.as_json_line(report.turn_as_json(turn, engine.answerer.model_name)))
        elif verbose:
            console.say(report.timings_line(turn))
    if speech_out is not None and not as_json:
        console.say(f"the spoken answer is in {speech_out}")


def _question(config: Config, text: str | None, audio: Path | None) -> Question:
    if audio is not None:
        transcriber = hearing.load_transcriber(catalog.speech_folder(config))
        heard, ended_at = hearing.hear_file(config, audio, transcriber)
        return Question(
            heard.text,
            heard.confidence,
            asked_at=ended_at,
            transcribed_at=time.monotonic(),
            speech_seconds=heard.ended_at - heard.started_at,
        )
    assert text is not None  # the command line gives one of the two
    from vision.engine.generation.prompt import checked_question

    now = time.monotonic()
    return Question(checked_question(text), None, asked_at=now, transcribed_at=now)


def _voice(config: Config, stack: contextlib.ExitStack, say: bool, speech_out: Path | None) -> Voice:
    if speech_out is not None:
        return devices.open_voice(config, stack, devices.wav_file(speech_out))
    if say:
        return devices.open_voice(config, stack, devices.loudspeaker(config))
    from audio.voice import NoVoice

    return NoVoice()


def _answer(
    config: Config,
    engine: Engine,
    frames: FrameSource,
    voice: Voice,
    question: Question,
    doubt: DoubtRule,
    asides: Announcements,
    *,
    stream: bool,
) -> Turn:
    """One turn from the question, which is asked now that the model is loaded, to its last sound."""

    def show(turn: Turn, text: str) -> None:
        if stream:
            console.piece(text)

    with contextlib.ExitStack() as stack:
        answering = devices.start_answering(
            config, stack, engine, frames, voice, earcons=False, doubt=doubt, on_text=show
        )
        asides.go_to(answering.aside)
        waited_seconds = time.monotonic() - question.transcribed_at
        question = replace(
            question,
            asked_at=question.asked_at + waited_seconds,
            transcribed_at=question.transcribed_at + waited_seconds,
        )
        turn = answering.ask(question, answering.look())
        turn.done.wait()
    if stream and turn.answer:
        console.result("")
    return turn

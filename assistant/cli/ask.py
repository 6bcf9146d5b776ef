"""`seesay ask` answers one question about one picture.

The question is typed or comes from a WAV file. The answer is printed, spoken or written to a file. "Read the text" is
answered by the reader of print, line by line, and needs no engine. A picture that shows nothing needs none either: what
is wrong with it is told in place of an answer.
"""

from __future__ import annotations

import argparse
import contextlib
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import console
from assistant.cli.options import config_of
from assistant.errors import UsageError
from assistant.files import user_path, without_tilde
from assistant.language.command_parser import parse_command
from assistant.language.phrases import Command, ReadingCommand
from assistant.wiring.at_once import job_at_once

if TYPE_CHECKING:
    from assistant.answering.capture import Take
    from assistant.answering.pipeline import TellJob
    from assistant.answering.reply_writer import Sentences
    from assistant.answering.speech_queue import Voice
    from assistant.answering.turn import Question, Turn
    from assistant.language.phrases import Phrases
    from assistant.wiring.assembly import Assembly
    from vision.frame import Frame
    from vision.framing import Fault
    from vision.interface import FrameSource, View
    from vision.reading.interface import Line


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns."""
    ask = verbs.add_parser("ask", parents=[common], help="one question about one picture")
    ask.add_argument("question", nargs="?", help="the question, in quotes")
    ask.add_argument("--audio", type=user_path, metavar="WAV", help="the question as speech")
    ask.add_argument(
        "--image", type=without_tilde, metavar="PICTURE", help="picture, video or address (default: the camera)"
    )
    ask.add_argument("--say", action="store_true", help="speak the answer")
    ask.add_argument("--speech-out", type=user_path, metavar="WAV", help="write the spoken answer to a file")
    ask.add_argument("--json", action="store_true", help="print one JSON object")
    ask.add_argument("--anyway", action="store_true", help="ask the model even about a picture that shows nothing")
    ask.set_defaults(do=_ask)


def _ask(arguments: argparse.Namespace) -> None:
    """Prints the answer as it comes, or one JSON object at the end.

    Raises the error of whatever went wrong: a bad question, picture or WAV file, a missing model or device, or a failed
    answer.
    """
    from assistant.answering import report
    from assistant.answering.visibility import fault_of_nothing
    from assistant.wiring.assembly import Assembly

    if (arguments.question is None) == (arguments.audio is None):
        raise UsageError('give either a question in quotes or --audio FILE: seesay ask --image P "what is this"')
    if arguments.say and arguments.speech_out:
        raise UsageError("give --say or --speech-out FILE, not both")
    with contextlib.ExitStack() as stack:
        assembly = Assembly(config_of(arguments), stack)
        _ = assembly.vision_model
        question = _question(assembly, arguments.question, arguments.audio)
        if arguments.audio is not None and not arguments.json:
            console.result(f"you: {question.text}")
        frames = assembly.frames if arguments.image is None else assembly.open_frames(arguments.image)
        # A bad picture is reported before the model loads, which takes minutes; so is one that shows nothing.
        frame = frames.capture()
        fault = None if arguments.anyway else fault_of_nothing(frame)
        voice = _voice(assembly, arguments.say, arguments.speech_out)
        command = parse_command(question.text, assembly.phrases)
        reads, at_once = command is Command.READ_TEXT, job_at_once(command, assembly.phrases, assembly.reader)
        if not reads and at_once is None and fault is not None:
            at_once = _telling_of(fault, assembly.phrases)
        if not reads and at_once is None:
            assembly.tell_of_demo_model()
            _ = assembly.engine
        power = assembly.power_watch
        if reads:
            turn = _read(assembly, frames, voice, question, stream=not arguments.json)
        elif at_once is not None:
            turn = _tell(assembly, frames, voice, question, at_once, stream=not arguments.json)
        else:
            turn = _answer(assembly, frames, voice, question, stream=not arguments.json)
        # A recording was spoken long ago, so its energy is counted from the moment of its transcript.
        if turn.question is not None:
            turn.joules = power.energy.since(turn.question.transcribed_at).value
        if turn.error is not None:
            raise turn.error
        if not reads and not turn.answer:
            console.say(assembly.phrases.no_answer)
        if arguments.json:
            model = "" if reads or at_once is not None else assembly.model_name
            console.result(console.as_json_line(report.turn_as_json(turn, model)))
        elif arguments.verbose:
            console.say(report.timings_line(turn))
    if arguments.speech_out is not None and not arguments.json:
        console.say(f"the spoken answer is in {arguments.speech_out}")


def _telling_of(fault: Fault, phrases: Phrases) -> TellJob:
    """A job that tells what is wrong with the picture in place of an answer."""

    from assistant.answering.visibility import told_instead

    def sentences(turn: Turn, take: Take) -> Sentences:
        yield from told_instead(turn, fault, phrases)

    return sentences


def _question(assembly: Assembly, text: str | None, audio: Path | None) -> Question:
    from assistant.answering.turn import Question

    if audio is not None:
        heard, ended_at = assembly.ears.hear_file(audio)
        return Question(
            heard.text,
            heard.confidence,
            asked_at=ended_at,
            transcribed_at=time.monotonic(),
            speech_seconds=heard.ended_at - heard.started_at,
        )
    assert text is not None  # the command line allows only one of the two
    from vision.engine.generation.prompt import checked_question

    now = time.monotonic()
    return Question(checked_question(text), None, asked_at=now, transcribed_at=now)


def _voice(assembly: Assembly, say: bool, speech_out: Path | None) -> Voice:
    from assistant.wiring.devices import wav_file
    from audio.speaking.voice import NoVoice

    if speech_out is not None:
        return assembly.open_voice(wav_file(speech_out))
    return assembly.voice if say else NoVoice()


def _answer(assembly: Assembly, frames: FrameSource, voice: Voice, question: Question, *, stream: bool) -> Turn:
    """Runs one turn to its last sound. The question counts as asked now, when the model is loaded."""

    def show(turn: Turn, text: str) -> None:
        if stream:
            console.piece(text)

    pipeline = assembly.start_pipeline(voice, frames=frames, earcons=False, on_text=show)
    with contextlib.closing(pipeline):
        turn = pipeline.ask(_asked_now(question), pipeline.look())
        turn.done.wait()
    if stream and turn.answer:
        console.result("")
    return turn


def _asked_now(question: Question) -> Question:
    """The same question, as if the waiting for the models had not been."""
    waited_seconds = time.monotonic() - question.transcribed_at
    return replace(
        question,
        asked_at=question.asked_at + waited_seconds,
        transcribed_at=question.transcribed_at + waited_seconds,
    )


def _read(assembly: Assembly, frames: FrameSource, voice: Voice, question: Question, *, stream: bool) -> Turn:
    """One turn that reads the picture aloud. The lines are printed as they come, and what is said beside them."""
    from assistant.answering.capture import PictureCapture
    from assistant.answering.page_reading import PageReading
    from assistant.answering.reading.page_text import is_doubtful

    def show(line: Line) -> None:
        doubt = "" if not is_doubtful(line) else "  (not sure)" if line.text else "(not readable)"
        if stream:
            console.result(f"{line.text}{doubt}")

    page = PageReading(
        assembly.reader, assembly.phrases, advise=assembly.page_advice, on_line=show, on_message=console.say
    )
    pipeline = assembly.start_pipeline(voice, engine=_NoEngine(), frames=frames, earcons=False)
    with contextlib.closing(pipeline):
        look = PictureCapture(time.monotonic(), frames.capture())
        turn = pipeline.read(
            _asked_now(question),
            look,
            lambda turn, frame: page.sentences(turn, frame, ReadingCommand.FROM_THE_TOP),
        )
        turn.done.wait()
    return turn


def _tell(
    assembly: Assembly, frames: FrameSource, voice: Voice, question: Question, job: TellJob, *, stream: bool
) -> Turn:
    """One turn about a code, the light or a colour. No model is loaded for it."""
    pipeline = assembly.start_pipeline(voice, engine=_NoEngine(), frames=frames, earcons=False)
    with contextlib.closing(pipeline):
        turn = pipeline.tell(_asked_now(question), job)
        turn.done.wait()
    if stream and turn.answer:
        console.result(turn.answer)
    return turn


class _NoEngine:
    """For a pipeline that needs no engine."""

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> View:
        raise NotImplementedError("no engine is asked")

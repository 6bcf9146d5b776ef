"""`seesay demo` runs the whole path on the two small embedded models and checks the answers.

It draws a picture and speaks three questions about it, with a voice that the speech model was not trained on. The real
recogniser hears the questions and the real engine answers them. The answers are spoken or, on a machine without a sound
card, written to a WAV file. The demo fails when an answer is wrong, because a demo that cannot fail shows nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import queue
import tempfile
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import console
from assistant.answering import report
from assistant.cli.options import config_of
from assistant.errors import AssistantError
from assistant.files import user_path
from assistant.models import catalog
from assistant.settings.config import Config, EngineConfig, SeeingConfig

if TYPE_CHECKING:
    from assistant.answering.turn import Turn
    from assistant.wiring.assembly import Assembly
    from assistant.wiring.hearing import Ears
    from audio.listening.hearing import HearingEvent, Utterance
    from audio.speaking.voice import SpokenVoice
    from vision.demo_model.world import Scene

TURN_SECONDS = 60.0  # Adds this verb to the command line. `verbs` is what argparse's add_subparsers returns.


@dataclass(frozen=True)
class DemoQuestion:
    """A question and its only right answer."""

    text: str
    answer: str


def demo_scene() -> tuple[Scene, tuple[DemoQuestion, ...]]:
    """The scene to draw and the questions about it: a color, a follow-up about the same shape, and a word to read."""
    from vision.demo_model.asking.questions import color_answer, position_answer, reading_answer
    from vision.demo_model.world import Scene, Shape, Sign

    scene = Scene(
        background="white",
        shapes=(Shape("circle", "red", row=0, column=0), Shape("square", "blue", row=1, column=2)),
        sign=Sign("OPEN", row=2),
        seed=2,
    )
    questions = (
        DemoQuestion("what color is the circle", color_answer(scene, "circle")),
        DemoQuestion("where is it", position_answer(scene, "circle")),
        DemoQuestion("what does it say", reading_answer(scene)),
    )
    return scene, questions


def add_verb(verbs: Any, common: argparse.ArgumentParser) -> None:
    """`verbs` is what argparse's add_subparsers gives."""
    demo = verbs.add_parser("demo", parents=[common], help="three spoken questions about a drawn picture")
    demo.add_argument("--output", type=user_path, metavar="FOLDER", help="where picture and sound are kept")
    demo.set_defaults(do=_demo)


def _demo(arguments: argparse.Namespace) -> None:
    """Runs the demo. Raises `AssistantError` if an answer is wrong."""
    from assistant.wiring.assembly import Assembly

    config = config_of(arguments)
    console.say("This is the demo of the small embedded models, made for showing that everything works:")
    console.say("they know drawn shapes, colors, counts, places and large printed words, and nothing of real pictures.")
    console.say("`seesay fetch` brings the full models (4.3 GB); afterwards `seesay` uses them by itself.\n")
    scene, questions = demo_scene()
    folder = _folder(arguments.output)
    picture = _draw(scene, folder / "picture.png")
    # The devices and the voice are the user's own. Every other setting that changes what is heard or seen keeps its
    # default, because it could make a right answer wrong.
    config = Config(
        speaking=config.speaking,
        engine=replace(EngineConfig(), threads=config.engine.threads),
        seeing=replace(SeeingConfig(), camera=str(picture)),
    )
    with contextlib.ExitStack() as stack:
        console.say(f"the picture: {picture}")
        demo_model = catalog.ChosenModel(catalog.demo_vlm(), is_demo=True)
        assembly = Assembly(
            config, stack, vision_model=demo_model, speech_model=catalog.whole_demo_speech(catalog.demo_speech("en"))
        )
        turns = _converse(assembly, questions, folder)
    right = sum(_mark(question, turn) for question, turn in zip(questions, turns, strict=True))
    if right < len(questions):
        raise AssistantError(
            f"{len(questions) - right} of {len(questions)} answers were wrong; the sound is in {folder}"
        )
    console.say(f"\nall {right} answers are right. Picture and sound: {folder}")


def _converse(assembly: Assembly, questions: tuple[DemoQuestion, ...], folder: Path) -> list[Turn]:
    """Speaks the questions, has them answered, and returns the answers."""
    from assistant.conversation.conversation import Conversation
    from assistant.conversation.dialog import ConversationSettings

    _ = assembly.ears.transcriber
    voice = _voice(assembly, folder)
    ended: queue.Queue[Turn] = queue.Queue()
    pipeline = assembly.start_pipeline(voice, on_end=ended.put)
    wavs = [folder / f"question-{number}.wav" for number in range(1, len(questions) + 1)]
    _speak_questions(questions, wavs)
    lesson = _Lesson(assembly.ears, voice, wavs, ended)
    settings = ConversationSettings(
        assembly.config.conversation.picture_seconds, min_confidence=0.0, takes_instructions=False, live=False
    )
    with contextlib.closing(lesson.events()) as events:
        Conversation(events, pipeline, assembly.phrases, settings, on_heard=lesson.hear).run(greeting="")
    return lesson.turns


class _Lesson:
    """Feeds the spoken questions to the conversation; each one waits for the answer to the question before it."""

    def __init__(self, ears: Ears, voice: SpokenVoice, wavs: list[Path], ended: queue.Queue[Turn]) -> None:
        self._ears = ears
        self._voice = voice
        self._wavs = wavs
        self._ended = ended
        self.turns: list[Turn] = []

    def hear(self, utterance: Utterance) -> None:
        console.heard(utterance, verbose=True)

    def events(self) -> Generator[HearingEvent, None, None]:
        from assistant.wiring.hearing import quiet_stop
        from audio.listening.hearing import Utterance
        from audio.wav import WavSource

        for wav in self._wavs:
            self._play(wav)
            source = WavSource(wav)
            words = 0
            with quiet_stop(source):
                for event in self._ears.hearing(source).events():
                    words += isinstance(event, Utterance)
                    yield event
            if words != 1:
                raise AssistantError(f"{wav} was heard as {words} utterances, not as one question")
            self.turns.append(self._wait_for_answer())

    def _play(self, wav: Path) -> None:
        """Plays the question aloud, so that a listener hears both sides of the conversation."""
        from audio.wav import read_wav

        never = threading.Event()
        self._voice.play(read_wav(wav), never)
        self._voice.drain(never)

    def _wait_for_answer(self) -> Turn:
        while True:
            try:
                turn = self._ended.get(timeout=TURN_SECONDS)
            except queue.Empty:
                raise AssistantError(f"no answer within {TURN_SECONDS:.0f} s") from None
            if turn.question is not None:
                console.result(f"seesay: {turn.words}")
                console.say(report.timings_line(turn))
                return turn


def _mark(question: DemoQuestion, turn: Turn) -> bool:
    if turn.answer == question.answer and turn.error is None:
        return True
    console.say(f'wrong: "{question.text}" has the answer "{question.answer}"')
    if turn.error is not None:
        console.say(str(turn.error))
    return False


def _folder(output: Path | None) -> Path:
    try:
        if output is None:
            return Path(tempfile.mkdtemp(prefix="seesay-demo-"))
        output.mkdir(parents=True, exist_ok=True)
        return output
    except OSError as error:
        raise _cannot_write(output or Path(tempfile.gettempdir()), error) from None


def _cannot_write(path: Path, error: OSError) -> AssistantError:
    return AssistantError(f"cannot write to {path}: {error.strerror}; give another --output folder")


def _draw(scene: Scene, path: Path) -> Path:
    from vision.demo_model.world import draw

    try:
        draw(scene).save(path)
    except OSError as error:
        raise _cannot_write(path, error) from None
    return path


def _voice(assembly: Assembly, folder: Path) -> SpokenVoice:
    """The loudspeaker's voice or, without a sound card, a voice that writes into a WAV file."""
    from assistant.wiring.devices import wav_file
    from audio.errors import DeviceLost, DeviceMissing

    try:
        return assembly.voice
    except (DeviceLost, DeviceMissing) as error:
        path = folder / "conversation.wav"
        console.say(f"no sound here ({error}); the conversation is written to {path}")
        return assembly.open_voice(wav_file(path))


def _speak_questions(questions: tuple[DemoQuestion, ...], wavs: list[Path]) -> None:
    from audio.demo_model.synthesis.voices import HELD_OUT_VOICES
    from audio.speaking.synthesizer import Synthesizer
    from audio.wav import write_wav

    with Synthesizer(voice=HELD_OUT_VOICES[0], rate_wpm=200) as stranger:
        for question, wav in zip(questions, wavs, strict=True):
            write_wav(wav, stranger.synthesize(question.text))

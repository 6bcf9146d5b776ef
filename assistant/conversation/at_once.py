"""Tells what a picture shows without asking the model: codes, gauges, displays, light, the colour in the middle.

What is said is put together on the pipeline's thread "answer", from a picture that was taken as the user began to speak
or from a new one. The light meter goes on for a while and sounds a note a few times a second. This file does not know
pixels, and not how words come in.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.answering.speech_queue import EARCON_RATE_HZ, Spoken
from assistant.language.phrases import Command, Phrases
from assistant.language.spelling import spell
from audio.speaking import earcons
from vision.framing import Fault

if TYPE_CHECKING:
    from assistant.answering.capture import PictureCapture, Take
    from assistant.answering.pipeline import AnswerPipeline, TellJob
    from assistant.answering.reply_writer import Sentences
    from assistant.answering.turn import Question, Turn
    from vision.frame import Frame
    from vision.reading.code_contents import Content
    from vision.reading.codes import Code
    from vision.reading.colour import ColourName
    from vision.reading.interface import Reader

COMMANDS = frozenset(
    {
        Command.READ_CODE, Command.READ_GAUGE, Command.READ_DISPLAY, Command.LIGHT, Command.LIGHT_METER,
        Command.MIDDLE_COLOR,
    }
)  # fmt: skip

MOST_CODES_TOLD = 3
MOST_CHARACTERS_SAID = 160  # of a code's text: some 12 seconds
MOST_CHARACTERS_SPELT = 80  # of one text: half a minute

METER_SECONDS = 30.0  # then the light meter ends by itself
NOTE_SECONDS = 0.25  # from one note to the next, or longer where the camera is slow
LOWEST_HZ, HIGHEST_HZ = 262.0, 1568.0  # the notes for black and for white, two and a half octaves apart
_STEPS_AN_OCTAVE = 12
_SPEAKING_SECONDS = 3.0  # the longest that the first note waits for the words before it
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Told:
    """What is said about a picture."""

    sentences: tuple[str, ...]  # for the voice
    written: str  # the same for the eye: numbers in digits
    spelling: str = ""  # for "spell that"; "" where a part of `written` is spelt


class AtOnce:
    """Answers the commands in `COMMANDS`. It belongs to the main thread; no call waits."""

    def __init__(
        self,
        answering: AnswerPipeline,
        phrases: Phrases,
        clock: Callable[[], float] = time.monotonic,
        reader: Reader | None = None,
    ) -> None:
        """`reader` reads the numbers on a dial, and finds the digits of a display."""
        self._answering = answering
        self._phrases = phrases
        self._clock = clock
        self._reader = reader

    def begin(self, command: Command, question: Question, picture: PictureCapture | None) -> Turn:
        """Begins to tell. `picture` has a frame; None: one is taken. Whatever is being said ends."""
        if command is Command.LIGHT_METER:
            return self._answering.tell(
                question, light_meter(self._phrases, lambda: self._answering.speaking, self._clock)
            )
        frame = picture.frame if picture is not None else None
        fault = picture.fault if picture is not None else None
        return self._answering.tell(question, telling(command, self._phrases, frame, fault, self._reader))


def telling(
    command: Command,
    phrases: Phrases,
    frame: Frame | None = None,
    fault: Fault | None = None,
    reader: Reader | None = None,
) -> TellJob:
    """A job for `AnswerPipeline.tell` that says what a picture shows. `frame` is None where one is to be taken."""

    def sentences(turn: Turn, take: Take) -> Sentences:
        picture = (frame, fault) if frame is not None else take(turn.cancelled)
        if command in (Command.READ_GAUGE, Command.READ_DISPLAY) and picture[1] is not Fault.FROZEN:
            sentence = instrument_in_words(command, picture[0], phrases, reader, turn)
            turn.answer, turn.frame = sentence, picture[0]
            yield sentence
            return
        told = _told(command, *picture, phrases, turn)
        if told is None and frame is not None:  # a second picture may be sharper
            picture = take(turn.cancelled)
            told = _told(command, *picture, phrases, turn)
        told = told or no_code(phrases, picture[1])
        turn.answer, turn.spelling, turn.frame = told.written, told.spelling, picture[0]
        yield from told.sentences

    return sentences


def _told(command: Command, frame: Frame, fault: Fault | None, phrases: Phrases, turn: Turn) -> Told | None:
    """None where no code could be read."""
    if fault is Fault.FROZEN:  # what it shows is not what is there now
        advice = phrases.framing[fault.value].advice
        return Told((advice,), advice)
    if command is Command.READ_CODE:
        from vision.reading.codes import read_codes

        found = read_codes(frame, turn.cancelled)
        if found.codes:
            return codes_in_words(found.codes, phrases)
        if found.refused and fault is None:
            return _joined([phrases.codes.unsure, phrases.codes.hold_still])
        return None
    return light_in_words(frame, phrases) if command is Command.LIGHT else color_in_words(frame, phrases)


# Gauges and displays.


def instrument_in_words(command: Command, frame: Frame, phrases: Phrases, reader: Reader | None, turn: Turn) -> str:
    """What the gauge or the display in the picture shows. The turn keeps whether it is sure."""
    from assistant.answering.judging.doubt import Verdict
    from assistant.answering.reading.instruments import display_in_words, gauge_in_words

    if command is Command.READ_GAUGE:
        from vision.reading.instruments.gauge import read_gauge

        gauge = read_gauge(frame, reader=reader, cancelled=turn.cancelled)
        turn.verdict = Verdict.PLAIN if gauge.doubt is None else Verdict.UNSURE
        return gauge_in_words(gauge, phrases)
    if reader is None:
        return phrases.reading.failed
    from vision.reading.instruments.display import read_display

    display = read_display(frame, reader, turn.cancelled)
    turn.verdict = Verdict.PLAIN if display.doubt is None else Verdict.UNSURE
    return display_in_words(display, phrases)


# Codes.


def no_code(phrases: Phrases, fault: Fault | None) -> Told:
    """There is no code that can be read, and what may help."""
    advice = phrases.codes.hold_still if fault is None else phrases.framing[fault.value].advice
    return _joined([phrases.codes.none, advice])


def codes_in_words(codes: tuple[Code, ...], phrases: Phrases) -> Told:
    """How many codes there are, and what the nearest to the middle say."""
    from vision.reading.code_contents import content_of

    words = phrases.codes
    told = [(code, content_of(code)) for code in codes[:MOST_CODES_TOLD]]
    before = [words.several.format(count=len(codes))] if len(codes) > 1 else []
    after = [words.further.format(count=len(codes) - MOST_CODES_TOLD)] if len(codes) > MOST_CODES_TOLD else []
    said = [_code_in_words(code, content, phrases, is_said=True) for code, content in told]
    written = [_code_in_words(code, content, phrases, is_said=False) for code, content in told]
    has_password = [words.spell_password] if any(content.password for _, content in told) else []
    return Told(
        (*before, *said, *after, *has_password),
        " ".join((*before, *written, *after, *has_password)),
        " ".join(filter(None, (_spelt(content, phrases) for _, content in told))),
    )


def _code_in_words(code: Code, content: Content, phrases: Phrases, *, is_said: bool) -> str:
    words = phrases.codes
    if not is_said:
        shown = content.written or content.main
    elif content.groups:
        names = phrases.character_names
        shown = ", ".join(" ".join(names[digit] for digit in group) for group in content.groups)
    elif content.kind.value == "number":
        shown = spell(content.main[:MOST_CHARACTERS_SAID], phrases).rstrip(".")
    else:
        shown = content.main
    if is_said and not content.groups and len(content.main) > MOST_CHARACTERS_SAID:
        shown = f"{shown[:MOST_CHARACTERS_SAID]} {words.cut.format(count=len(content.main))}"
    return words.contents[content.kind.value].format(kind=words.kinds[code.kind.value], content=shown)


def _spelt(content: Content, phrases: Phrases) -> str:
    name = spell(content.main[:MOST_CHARACTERS_SPELT], phrases)
    if not content.password:
        return name
    password = spell(content.password[:MOST_CHARACTERS_SPELT], phrases)
    if content.password.isupper():  # `spell` names capitals only beside small letters
        password = phrases.codes.all_capitals.format(letters=password)
    return phrases.codes.name_and_password.format(name=name, password=password)


# Light and colour.


def light_in_words(frame: Frame, phrases: Phrases) -> Told:
    """How bright it is, and where it is brightest."""
    from vision.reading.light import measure_light

    light, words = measure_light(frame), phrases.light
    if light.maybe_covered:
        return _joined([words.covered])
    brightest = [] if light.brightest is None else [words.brightest.format(place=words.places[light.brightest.value])]
    return _joined([words.levels[light.level.value], *brightest])


def color_in_words(frame: Frame, phrases: Phrases) -> Told:
    """The colour in the middle, or why it cannot be told."""
    from vision.reading.colour import middle_colour

    found, words = middle_colour(frame), phrases.colors
    if found.hindrance is not None:
        return _joined([words.hindrances[found.hindrance.value]])
    names = [_color_name(name, phrases) for name in found.names]
    if len(names) > 1:
        parts = dict(zip(("first", "second", "third"), names, strict=False))
        color = words.mixes[len(names) - 2].format(**parts)
    else:
        color = names[0]
    return _joined([(words.doubtful if found.is_doubtful else words.is_in_the_middle).format(color=color)])


def _color_name(name: ColourName, phrases: Phrases) -> str:
    words = phrases.colors
    templates = {"dark": words.dark, "light": words.light}
    return templates.get(name.shade.value, "{color}").format(color=words.names[name.hue.value])


def _joined(sentences: list[str]) -> Told:
    return Told(tuple(sentences), " ".join(sentences))


# The light meter.


def light_meter(phrases: Phrases, speaking: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> TellJob:
    """A job for `AnswerPipeline.tell` that sounds how bright it is, until the turn is cancelled or its time is over.

    `speaking` tells whether words are being spoken. No note follows on words without a pause: it would count as their
    end, and the microphone would not be listened to.
    """

    def sentences(turn: Turn, take: Take) -> Sentences:
        turn.answer = phrases.light.meter_on
        yield phrases.light.meter_on
        _wait_for_silence(turn, speaking, clock)
        ends_at = clock() + METER_SECONDS
        yield from _notes(turn, take, clock, ends_at)
        if not turn.cancelled.is_set():
            yield phrases.light.meter_off

    return sentences


def _wait_for_silence(turn: Turn, speaking: Callable[[], bool], clock: Callable[[], float]) -> None:
    """Waits until the first sentence has been said."""
    give_up_at = clock() + _SPEAKING_SECONDS
    while clock() < give_up_at and (turn.moments.first_sound_at is None or speaking()):
        if turn.cancelled.wait(_POLL_SECONDS):
            return


def _notes(turn: Turn, take: Take, clock: Callable[[], float], ends_at: float) -> Iterator[Spoken]:
    from vision.reading.light import brightness_of

    before_hz: float | None = None
    while not turn.cancelled.is_set() and (now := clock()) < ends_at:
        frame, _ = take(turn.cancelled)
        if turn.cancelled.is_set():
            return
        pitch_hz = pitch_of(brightness_of(frame))
        yield earcons.brightness(pitch_hz, before_hz or pitch_hz, EARCON_RATE_HZ)
        before_hz = pitch_hz
        turn.cancelled.wait(max(0.0, NOTE_SECONDS - (clock() - now)))


def pitch_of(brightness: float) -> float:
    """The note, in Hz, for a brightness of 0 to 1: a semitone, and the brighter the higher."""
    span = HIGHEST_HZ / LOWEST_HZ
    exact = span ** min(1.0, max(0.0, brightness))
    semitones = round(_STEPS_AN_OCTAVE * math.log2(exact))
    return float(LOWEST_HZ * 2.0 ** (semitones / _STEPS_AN_OCTAVE))

"""What the assistant says itself and the commands it obeys, a file per language.

A further language is one more file here with a `PHRASES`: `LANGUAGES` finds it, the config takes its name (as a language,
and as a key of [prompt]), and a test checks that nothing is missing.
Pure data, but for the few functions that a language needs to put a time into words.
"""

from __future__ import annotations

import datetime as dt
import enum
import importlib
import pkgutil
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from assistant.language.sentences import Abbreviations


class Command(enum.Enum):
    """What a user can ask of the assistant itself."""

    STOP = "stop"
    REPEAT = "repeat"
    SLOWER = "slower"
    FASTER = "faster"
    LOUDER = "louder"
    QUIETER = "quieter"
    SPELL = "spell that"
    MORE_DETAIL = "more detail"
    SHORTER = "shorter"
    NEW_PICTURE = "new picture"
    SAME_PICTURE = "same picture"
    LOOK_CLOSER = "look closer"
    READ_TEXT = "read the text"
    WHAT_CHANGED = "what has changed"
    HELP = "help"
    STATUS = "status"
    TIME = "what time is it"
    QUIT = "quit"


@dataclass(frozen=True)
class FaultWords:
    """What is wrong with a picture: `advice` says it by itself, `because` ends "I cannot tell from this picture, because …"."""

    advice: str
    because: str


@dataclass(frozen=True)
class Phrases:
    """One language's spoken sentences and command words (lower case, no punctuation)."""

    speech_model: SpeechModel | None  # what `seesay fetch` brings; None: the user names one in hearing.speech_model
    voice: str  # espeak-ng's voice where the config names none; "" is the system's default
    ready: str
    ready_demo_models: str
    help: str
    did_you_ask: str  # with {question}: heard, but not surely enough to answer
    nothing_to_repeat: str
    nothing_to_spell: str
    no_picture_yet: str
    new_picture: str
    same_picture: str
    no_answer: str
    answer_failed: str
    picture_failed: str
    goodbye: str
    device_lost: str
    device_back: str
    button_lost: str
    button_back: str

    # Another computer's engine: said at the start, and when it goes and comes back.
    pictures_leave: str  # with {host}
    remote_away: str  # this machine's own engine answers
    remote_away_demo: str  # the same, and it is the small demo model
    remote_away_alone: str  # there is none here
    remote_back: str

    # Settings by voice. The limits are said in place of the change.
    slower: str
    faster: str
    louder: str
    quieter: str
    slowest: str
    fastest: str
    loudest: str
    quietest: str
    profiles: Mapping[str, str]  # a profile's name in config.toml to what is said when it is in use

    # How to begin, by activation: said after `ready`, and on "help".
    hint_button: str
    hint_wake_word: str  # with {wake_word}

    # What is said to the model.
    instructions: str  # before it sees a picture, where the config's [prompt] has nothing else
    read_text_question: str
    more_detail_question: str  # with {question}: the one that was asked last
    shorter_question: str  # with {question}
    describe_question: str  # where nothing was asked yet, and what "what has changed" asks of both pictures
    nothing_changed: str
    what_changed: str  # with {before} and {now}: the answers for the old picture and for the new one

    # Doubt.
    framing: Mapping[str, FaultWords]  # by the name of the fault, see `vision.framing`
    doubt: DoubtWords

    # Spelling: see `assistant.language.spelling`.
    character_names: Mapping[str, str]  # digits and signs; a letter is its own name
    other_sign: str
    capital: str  # with {letter}
    ordinals: tuple[str, ...]  # first, second, …
    doubtful_digit: str  # with {ordinal} and {name}
    doubtful_letter: str
    doubtful_character: str
    doubtful_several: str

    # Status: see `assistant.machine.status`. Each is left out where it is not known.
    status_power: str  # with {watts}, a number
    status_temperature: str  # with {celsius}, a number
    status_memory: str  # with {gigabytes}, a number
    status_model: str  # with {model}
    status_unknown: str
    time_in_words: Callable[[dt.time], str]  # a whole sentence

    abbreviations: Abbreviations  # in the model's answers: see `assistant.language.sentences`

    # Commands: see `assistant.language.command_parser`.
    commands: Mapping[Command, Collection[str]]
    # As a recogniser writes the words, which may cut them in its own way: the first that it knows every word of is used.
    wake_phrases: tuple[str, ...]
    yes: tuple[str, ...]  # answers to `did_you_ask`; whatever else is said is a question or command of its own
    no: tuple[str, ...]
    small_talk: Collection[str]  # what people say that asks for nothing
    noises: Collection[str]  # words that a recogniser makes of a breath, and that ask nothing by themselves
    # The few that interrupt the assistant's own voice: short, and not words of answers. As the recogniser cuts them: those
    # whose words it knows are listened for.
    stop_words: tuple[str, ...]
    same_words: Mapping[str, str]  # what is said to what the tables below say: "what's" is "what is"
    fillers_before: tuple[str, ...]
    fillers_after: tuple[str, ...]
    fillers_around: tuple[tuple[str, str], ...]  # (before, after), only both together
    fillers_anywhere: tuple[str, ...]
    unfinished: Collection[str]  # endings after which more must come: who pauses there is still asking

    @cached_property
    def command_of(self) -> Mapping[str, Command]:
        """`commands` the other way round."""
        return {wording: command for command, wordings in self.commands.items() for wording in wordings}


LANGUAGES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def phrases_for(language: str) -> Phrases:
    """The phrases of a language code; an unknown code is a `ValueError` (config checks it first)."""
    if language not in LANGUAGES:
        raise ValueError(f"no phrases for language {language!r}: known are {', '.join(LANGUAGES)}")
    phrases = importlib.import_module(f"assistant.language.phrases.{language}").PHRASES
    assert isinstance(phrases, Phrases)  # a programming error in the language's file, never user input
    return phrases


def spoken(*templates: str) -> Collection[str]:
    """Every wording that the templates stand for: `[a|b]` is a or b or nothing, `(a|b)` is a or b; they nest."""
    return _Spoken(templates)


@dataclass(frozen=True)
class _Spoken(Collection[str]):
    """Thousands of wordings, 30 ms for two languages: put together when they are asked for, not at every start."""

    templates: tuple[str, ...]

    @cached_property
    def _all(self) -> tuple[str, ...]:
        wordings = (" ".join(wording.split()) for template in self.templates for wording in _wordings(template))
        return tuple(dict.fromkeys(wordings))

    def __contains__(self, wording: object) -> bool:
        return wording in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


_INNERMOST = re.compile(r"([\[(])([^\[\]()]*)[\])]")


def _wordings(template: str) -> Iterator[str]:
    group = _INNERMOST.search(template)
    if group is None:
        yield from template.split("|")  # outside of brackets it parts whole wordings
        return
    choices = group[2].split("|") + ([""] if group[1] == "[" else [])
    for choice in dict.fromkeys(choices):
        yield from _wordings(template[: group.start()] + choice + template[group.end() :])


@dataclass(frozen=True)
class DoubtWords:
    """One language's words of doubt."""

    not_sure: str  # with {answer}
    cannot_tell: str  # with {because}
    # Words that can be put otherwise without saying another thing ("the picture shows", "this is"): a model that wavers
    # between two of them is not unsure of what it sees. Lower case.
    formulaic: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SpeechModel:
    """A zipped Vosk model, as its publisher names it; the zip holds one folder of its own name."""

    name: str
    size_bytes: int
    sha256: str

"""The sentences that the assistant says itself and the commands that it obeys, in one file for each language.

A further language is one more file here with a `PHRASES`. `LANGUAGES` finds it, the config takes its name as a
language and as a key of [prompt], and a test checks that nothing is missing. All of it is data, except for the few
functions that a language needs to put a time into words.
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
    """The commands that a user can give to the assistant itself."""

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
    ARE_YOU_SURE = "are you sure"
    READ_TEXT = "read the text"
    WHAT_CHANGED = "what has changed"
    READ_CODE = "read the code"
    READ_GAUGE = "read the gauge"
    READ_DISPLAY = "read the display"
    LIGHT = "how bright is it"
    LIGHT_METER = "light meter"
    MIDDLE_COLOR = "color in the middle"
    HELP = "help"
    STATUS = "status"
    TIME = "what time is it"
    FORGET = "do not keep this"
    QUIT = "quit"


class ReadingCommand(enum.Enum):
    """The commands about a page that is being read aloud, or was read. `ReadingWords.line` has one more: a line."""

    CONTINUE = "continue"
    BACK = "back"
    AGAIN = "again"
    NEXT = "next"
    NEXT_PARAGRAPH = "next paragraph"
    FROM_THE_TOP = "from the top"


class RoundCommand(enum.Enum):
    """The commands of an inspection round. A note is one more: `RoundWords.note_before`."""

    NEXT = "next"  # the station stays open
    BACK = "back"
    SKIP = "skip"
    AGAIN = "again"
    LOOK = "look"  # the user is there, or wants the picture taken again
    CONFIRM = "confirm"
    PAUSE = "pause"
    CONTINUE = "continue"
    WHERE = "where am i"
    LEFT = "how many are left"
    REPORT = "report"
    FINISH = "finish"


@dataclass(frozen=True)
class RoundWords:
    """What is said, and what can be said, in an inspection round. {value} and {limit} have their units, in words."""

    # Where the round is.
    begins: str  # with {title} and {count}, the number of stations
    begins_one: str  # with {title}: there is one station
    goes_on: str  # with {title}: a round that was interrupted
    changed: str  # with {title}: the checklist is not the one of the open round
    where: str  # with {name}, {number} and {count}
    none_left: str
    one_left: str
    several_left: str  # with {count}
    first_station: str
    stays_open: str  # with {name}
    all_done: str
    paused: str
    goes_on_again: str
    finish_all_the_same: str  # behind how many are left
    ended: str

    # What is asked for.
    say_digits: str
    say_digits_number: str  # with {number}: which of several
    wrong_digits: str  # with {name} and {said}
    say_ready: str
    looking: str
    what_is_it: str  # where the checklist has no question
    yes_or_no: str
    which_one: str  # with {items}
    between_items: str  # between the last two of {items}
    yes: str  # the value
    no: str
    say_confirm: str
    ask_reason: str
    ask_skip_reason: str  # with {name}
    ask_note: str
    say_again: str  # it was heard, but not surely enough

    # What was found.
    read_back: str  # with {value}
    converted: str  # with {said} in its own unit and {value}
    read_back_converted: str  # with {said} in its own unit and {value}
    read_back_reading: str  # with {value}: the camera's
    read_back_differs: str  # with {value} and {reading}
    differs: str  # with {value} and {reading}: a yes against a no
    reading: str  # with {value}
    unsure_reading: str  # with {value}
    no_reading: str
    look_failed: str
    below: str  # with {value} and {limit}
    above: str
    not_right: str  # with {value} and {limit}: what it should be
    check_again: str
    say_each_digit: str  # a number was heard wrongly twice
    wrong_unit: str  # with {said} and {wanted}
    stored: str
    skipped: str
    noted: str  # with {note}

    # The report, and what is told at the start and at the end.
    outside: str  # with {list}, as all of these
    doubtful: str
    left_out: str
    open: str
    in_order: str  # with {count}
    notes: str
    one: str  # with {name} and {value}
    one_because: str  # with {name}, {value} and {reason}
    skipped_because: str  # with {name} and {reason}
    between: str  # the parts of a list
    not_kept: str  # with {list}
    record_stays: str  # the answer to "do not keep this" after a step
    unknown_words: str  # with {list}
    unknown_word: str  # with {word}
    near_words: str  # with {word} and {list}

    # Wordings as in `Phrases.commands`.
    commands: Mapping[RoundCommand, Collection[str]]
    note_before: Collection[str]  # what stands before a note; alone, the note is asked for

    @cached_property
    def command_of(self) -> Mapping[str, RoundCommand]:
        """From each wording to its command: `commands` inverted."""
        return {wording: command for command, wordings in self.commands.items() for wording in wordings}


@dataclass(frozen=True)
class ReadingWords:
    """What is said, and what can be said, about a page that is read aloud."""

    doubtful_line: str  # with {line}: the reader was not sure of it
    also_doubtful_line: str  # with {line}: the same, right behind another such line
    unreadable_line: str  # there is print, but nothing could be made of it
    unreadable_lines: str  # with {count}, from 2 on
    no_text: str
    nothing_sure: str  # of what was found no line is sure: there may be no print at all
    possible_line: str  # with {line}: the first line behind `nothing_sure`
    also_possible_line: str  # with {line}: each further one
    the_end: str  # behind the last line of a long page
    after_the_end: str  # the user wants to go on where nothing is left
    no_such_line: str  # with {count}: how many lines there are
    failed: str  # the reader cannot be used
    advice: Mapping[str, str]  # by the name of what hinders the reader: said before the text
    too_near: str  # the same, where two sides that face each other are cut off

    # Wordings as in `Phrases.commands`. Those that are a command of another kind as well ("again") count only while
    # nothing else was asked since the page.
    commands: Mapping[ReadingCommand, Collection[str]]
    line: Collection[str]  # with {number}
    numbers: Mapping[str, int]  # from the words of a line's number to the number, from 1 on

    @cached_property
    def command_of(self) -> Mapping[str, ReadingCommand]:
        """From each wording to its command: `commands` inverted."""
        return {wording: command for command, wordings in self.commands.items() for wording in wordings}


@dataclass(frozen=True)
class FaultWords:
    """How a fault of a picture is put into words.

    `advice` is a sentence of its own. `because` ends "I cannot tell from this picture, because …".
    """

    advice: str
    because: str


@dataclass(frozen=True)
class Phrases:
    """One language's spoken sentences and command words (lower case, no punctuation)."""

    speech_model: SpeechModel | None  # what `seesay fetch` brings; None: the user names one in hearing.speech_model
    voice: str  # espeak-ng's voice if the config names none; "" is the system's default
    ready: str
    ready_demo_models: str
    still_loading: str  # a question came before the model is loaded; it is answered then
    short_of_memory: str  # said while an answer stalls, because the system has taken the model's memory back
    not_loaded: str  # said before the program ends, because the model cannot be loaded
    demo_limits: str  # what the program can do while the small demo model sees; said after the help
    help: str
    did_you_ask: str  # with {question}: it was heard, but not surely enough to answer it
    not_understood: str  # words were heard, but hardly one of them surely
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
    microphone_muted: str  # it sends no sound at all, not even noise
    button_lost: str
    button_back: str
    loudspeaker_back: str
    camera_lost: str
    camera_back: str
    camera_looked_through: str  # by a page or a program, not by the user beside the device

    # Sentences about another computer's engine: at the start, and when it goes away and comes back.
    pictures_leave: str  # with {host}
    remote_away: str  # this machine's own engine answers
    remote_away_demo: str  # the same, and it is the small demo model
    remote_away_alone: str  # there is no engine on this machine
    remote_back: str

    # Settings that are changed by voice. At a limit its sentence is said in place of the change.
    slower: str
    faster: str
    louder: str
    quieter: str
    slowest: str
    fastest: str
    loudest: str
    quietest: str
    profiles: Mapping[str, str]  # by the profile's name in config.toml: said at the start if it is used

    # How to begin, for each kind of activation. It is said after `ready` and in answer to "help".
    hint_button: str
    hint_wake_word: str  # with {wake_word}
    open_listening: str  # at the first start, if all speech counts; `offer_button_or_wake_word` follows
    much_talk: str  # others seem to talk, and all speech counts; `offer_button_or_wake_word` follows
    offer_button_or_wake_word: str  # with {wake_word}

    # Texts for the model.
    instructions: str  # what it reads before a picture, unless the config's [prompt] has another text
    read_text_question: str
    more_detail_question: str  # with {question}: the last one that was asked
    shorter_question: str  # with {question}
    describe_question: str  # used if nothing was asked yet, and for both pictures of "what has changed"
    nothing_changed: str
    what_changed: str  # with {before} and {now}: the answers for the old picture and for the new one
    writing: WritingWords
    length: LengthWords

    reading: ReadingWords

    # What is told about a picture without the model.
    codes: CodeWords
    instruments: InstrumentWords
    light: LightWords
    colors: ColorWords

    # Doubt.
    framing: Mapping[str, FaultWords]  # by the name of the fault in `vision.framing`
    doubt: DoubtWords
    second_look: SecondLookWords

    # Spelling: see `assistant.language.spelling`.
    character_names: Mapping[str, str]  # digits and signs; a letter is its own name
    other_sign: str
    capital: str  # with {letter}
    ordinals: tuple[str, ...]  # first, second, …
    doubtful_digit: str  # with {ordinal} and {name}
    doubtful_letter: str
    doubtful_character: str
    doubtful_several: str

    # Status (`assistant.machine.status`). A sentence is left out if its value is not known.
    status_power: str  # with {watts}, a number
    status_temperature: str  # with {celsius}, a number
    status_memory: str  # with {gigabytes}, a number
    status_model: str  # with {model}
    status_camera: str  # with {width} and {height}, in pixels
    status_looks_ahead: str  # with {looks}, a number
    status_unknown: str
    time_in_words: Callable[[dt.time], str]  # makes a whole sentence

    abbreviations: Abbreviations  # those of the model's answers, for `assistant.language.sentences`

    journal: JournalWords
    report: ReportWords
    round: RoundWords
    setup: SetupWords

    # Commands: see `assistant.language.command_parser`.
    commands: Mapping[Command, Collection[str]]
    # Written as a recogniser writes the words, which may divide them in its own way. The first phrase of which the
    # speech model knows every word is used.
    wake_phrases: tuple[str, ...]
    yes: tuple[str, ...]  # answers to `did_you_ask`; anything else is a question or command of its own
    no: tuple[str, ...]
    small_talk: Collection[str]  # sayings that ask for nothing
    noises: Collection[str]  # words that a recogniser makes of a breath; alone they ask nothing
    # The few phrases that interrupt the assistant's own voice. They are short and do not occur in answers. They are
    # written as a recogniser divides the words; those of which the speech model knows every word are listened for.
    stop_words: tuple[str, ...]
    same_words: Mapping[str, str]  # from what is said to what the tables below write: "what's" is "what is"
    fillers_before: tuple[str, ...]
    fillers_after: tuple[str, ...]
    fillers_around: tuple[tuple[str, str], ...]  # (before, after); only both together are fillers
    fillers_anywhere: tuple[str, ...]
    unfinished: Collection[str]  # endings after which more must come: a user who pauses there is still asking

    @cached_property
    def command_of(self) -> Mapping[str, Command]:
        """From each wording to its command: `commands` inverted."""
        return {wording: command for command, wordings in self.commands.items() for wording in wordings}


LANGUAGES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def phrases_for(language: str) -> Phrases:
    """The phrases of a language code. Raises ValueError for an unknown code, but the config checks it first."""
    if language not in LANGUAGES:
        raise ValueError(f"no phrases for language {language!r}: known are {', '.join(LANGUAGES)}")
    phrases = importlib.import_module(f"assistant.language.phrases.{language}").PHRASES
    assert isinstance(phrases, Phrases)  # anything else is a programming error in the language's file, never user input
    return phrases


def spoken(*templates: str) -> Collection[str]:
    """All wordings of the templates. `[a|b]` stands for a, b or nothing, and `(a|b)` for a or b; they may be nested."""
    return _Spoken(templates)


@dataclass(frozen=True)
class _Spoken(Collection[str]):
    """Thousands of wordings, built when they are first used, because two languages take 30 ms."""

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
        yield from template.split("|")  # outside of brackets | separates whole wordings
        return
    choices = group[2].split("|") + ([""] if group[1] == "[" else [])
    for choice in dict.fromkeys(choices):
        yield from _wordings(template[: group.start()] + choice + template[group.end() :])


@dataclass(frozen=True)
class CodeWords:
    """What is said about bar codes and matrix codes.

    Kinds and contents are those of `vision.reading`, by their names.
    """

    kinds: Mapping[str, str]  # by the kind of the code; it begins a sentence
    contents: Mapping[str, str]  # by what the code holds; with {kind}, and {content} for all but "data"
    spell_password: str  # after a wireless network that has a password, which is not said
    name_and_password: str  # with {name} and {password}, both spelt
    all_capitals: str  # with {letters}: of a password that has no small letter
    cut: str  # with {count}: ends a text that is too long to be said
    several: str  # with {count}: before all codes of a picture
    further: str  # with {count}: codes that are not told one by one
    none: str
    unsure: str  # there is a code, but it cannot be read surely
    hold_still: str  # the advice after the two above, if nothing better is known


@dataclass(frozen=True)
class InstrumentWords:
    """What is said about gauges and displays. Doubts are those of `vision.reading`, by their names."""

    gauge: str  # with {value}
    doubtful_gauge: str  # with {value} and {because}
    no_gauge: str  # with {because}
    needs_scale: str  # with {percent}: no scale is known, and the numbers on the dial do not tell it
    display: str  # with {value}
    doubtful_display: str  # with {value} and {because}
    no_display: str  # with {because}
    contradicted: str  # with {value} and {other}: what was read, and what the model says
    ask_gauge: str  # asked of the model, with {low} and {high}, the ends of the scale
    ask_display: str
    because: Mapping[str, str]  # by the name of the doubt; it ends a sentence


@dataclass(frozen=True)
class LightWords:
    """What is said about the light. Levels and places are those of `vision.reading.light`, by their names."""

    levels: Mapping[str, str]
    covered: str  # so dark that the lens may be covered
    brightest: str  # with {place}
    places: Mapping[str, str]
    meter_on: str
    meter_off: str  # it ends by itself


@dataclass(frozen=True)
class ColorWords:
    """What is said about the colour in the middle. Colours are those of `vision.reading.colour`, by their names."""

    names: Mapping[str, str]
    dark: str  # with {color}
    light: str  # with {color}
    mixes: tuple[str, str]  # of two colours and of three: with {first}, {second} and {third}
    is_in_the_middle: str  # with {color}, which may be a mix
    doubtful: str  # with {color}: the light is dim or tinted
    hindrances: Mapping[str, str]  # by the name of a fault in `vision.framing`: why no colour can be told


@dataclass(frozen=True)
class JournalWords:
    """What is said about the journal of what was asked and answered."""

    kept: str  # at the start
    kept_with_pictures: str  # the same, where it keeps the pictures too
    records_leave: str  # at the start, with {hosts}: who gets the records
    cannot_open: str  # at the start
    disk_full: str  # something could not be kept
    failed: str  # the same, for any other reason
    works_again: str
    forgotten: str  # the last question was deleted
    forgotten_here: str  # the same, with {hosts}: who may have got it before
    not_forgotten: str  # it could not be deleted
    nothing_to_forget: str
    none_is_kept: str  # the answer to "do not keep this" where there is no journal
    one_not_kept: str  # at the end
    several_not_kept: str  # with {count}, from 2 on


@dataclass(frozen=True)
class ReportWords:
    """What is written around the records of the journal: in the report and on the page."""

    journal: str  # the title of all records
    report: str  # the title of one round's records, with {round}
    all_records: str  # which records these are
    some_records: str  # the same, with {parts}, of which there are one to three:
    begin: str  # with {time}
    end: str  # with {time}
    of_round: str  # with {round}
    kinds: Mapping[str, str]  # by the kind of a record
    doubts: Mapping[str, str]  # by the verdict: "unsure", "cannot tell"
    facts: Mapping[str, str]  # the names of a record's values
    outside: str  # of its limits
    differ: str  # the human's value, and what the model or the reader found
    at_least: str  # with {limit}
    at_most: str  # with {limit}
    and_at_most: str  # with {low} and {high}
    yes: str
    picture: str
    picture_for: str  # with {about}, a station or a question
    answer: str  # with {said}
    picture_gone: str
    chain_hash: str  # with {hash}
    counts: Mapping[str, str]  # stand behind a number: "all", "outside", "doubtful", "skipped"
    changed: str  # with {verdict}, a sentence
    records: str
    others: str  # all but those outside their limits
    none: str
    check: str  # with {verdict}
    unchanged: str  # the verdict if all is right
    newest: str  # with {number}; the chain hash follows


@dataclass(frozen=True)
class SetupWords:
    """What `seesay setup` says, and the sentences about models that come while the assistant runs."""

    welcome: str  # the first sentence: what the presses mean
    language: str
    default_device: str  # the name of the system's own choice
    output: str  # with {name}
    output_fails: str  # with {name} and {problem}
    say_something: str  # with {name}
    heard: str  # with {words}
    heard_no_words: str
    heard_sound: str  # there is no speech model yet, so only the level was judged
    too_quiet: str
    silent: str
    input_fails: str  # with {problem}
    hold_a_page: str  # with {name}
    page: str  # with {text}
    no_page: str  # the camera works, but no print was found
    camera_fails: str  # with {problem}
    activation: Mapping[str, str]  # by the value of activation.by
    press_the_button: str
    button_found: str  # with {key} and {name}
    no_button: str  # nothing was pressed
    button_fails: str  # with {problem}
    button_stays: str  # with {name}
    space_bar: str
    as_screen_reader: str  # with {program} and {wpm}
    rate: str  # with {wpm}
    keep: str
    throw_away: str
    kept: str  # with {path}
    thrown_away: str
    models: Mapping[str, str]  # "all", "speech", "later"
    fetching: str
    boot: str
    boot_later: str
    begin: str
    not_now: str
    ended: str
    progress: str  # with {percent}
    speech_ready: str
    eye_ready: str  # it counts from the next start
    eye_taken: str  # it counts from now on
    eye_fails: str  # it was fetched, but could not be loaded
    fetch_failed: str
    say_it_too: str  # answers can be spoken from now on
    say_back: tuple[str, ...]  # spoken answers, in lower case; yes and no are those of the conversation
    say_again: tuple[str, ...]


@dataclass(frozen=True)
class DoubtWords:
    """One language's words of doubt."""

    not_sure: str  # with {answer}
    cannot_tell: str  # with {because}
    # Words that can be replaced without changing what is said ("the picture shows", "this is"). A model that wavers
    # between two of them is not unsure of what it sees. Lower case.
    formulaic: frozenset[str] = frozenset()
    # Regular expressions for a sentence in lower case in which the model speaks of itself, not of the picture.
    about_itself: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecondLookWords:
    """One language's words about a second look at a picture, and about numbers that are easily misread."""

    looking_again: str  # behind an answer with a long number, before the second look
    read_again: str  # both looks gave the same number
    seen_again: str  # both looks gave the same answer, and no number is in it
    read_differs: str  # with {before} and {now}: the numbers of both looks
    differs: str  # with {before} and {now}: both answers, each a sentence
    nothing_to_check: str  # there is no answer about a picture yet
    printed: str  # the last thing was print that was read aloud, which no model has seen
    # With {answer}: a number in it has a check digit, which does not fit. The second one is for an answer that was
    # doubted before.
    not_sure_check_digit: str
    check_digit: str
    # Regular expressions by the kinds of `assistant.language.long_numbers`: the question or the answer speaks of it.
    checked_kinds: Mapping[str, str]


@dataclass(frozen=True)
class LengthWords:
    """One language's words about answers that are too long to be told at once."""

    more_left: str  # behind the first part: the command that tells the rest
    that_was_all: str  # the rest has no word
    yes_or_no: tuple[
        str, ...
    ]  # regular expressions for a question in lower case without punctuation that is so answered


@dataclass(frozen=True)
class WritingWords:
    """One language's words around writing in a picture, which a reader of print has read as well as the model."""

    # Texts for the model. The lines that were read stand between the two, each in quotation marks of its own.
    read_before: str
    question_after: str  # with {question}

    # With {answer} and {read}: the reader contradicts the answer. The second one is for an answer that was doubted
    # before.
    not_sure_also_read: str
    also_read: str
    between_readings: str

    # Parts of a question or of an answer, as regular expressions for text in lower case without punctuation.
    asks_about_writing: tuple[str, ...]
    asks_for_a_number: tuple[str, ...]  # the answer to such a question is a number that is written there
    asks_when: tuple[str, ...]  # the answer is a date or a time
    asks_how_many: tuple[str, ...]  # the answer is a count of things, which is written nowhere
    quotes: tuple[str, ...]  # in an answer: the words behind them are claimed to be written there
    denies: tuple[str, ...]  # in an answer: what the user asked about may not be written there


@dataclass(frozen=True)
class SpeechModel:
    """A zipped Vosk model under its publisher's name. The zip holds one folder of the same name."""

    name: str
    size_bytes: int
    sha256: str

"""The steps of the set-up, in their order, over a `Parts` that tries things out.

What was taken is kept in a `Draft` until the user says that it shall be kept; then it is written in one step. This
module does not know which devices there are, or how a sentence is spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from assistant.language.phrases import LANGUAGES, SetupWords, phrases_for
from assistant.settings.voice_state import RATES_WPM
from assistant.setup.dialogue import NotPossible, Offer, Setting
from assistant.setup.presses import Answer
from assistant.setup.screen_reader import Preference

TERMINAL = "terminal"  # as the button's device in config.toml: the space bar
MOST_WORDS_READ = 12  # of the page: enough to know that it is the right one


@dataclass(frozen=True)
class Device:
    """A device that can be chosen."""

    name: str
    value: str  # of its key in config.toml; "" is the system's own choice


@dataclass(frozen=True)
class Heard:
    """What a microphone gave while the user was asked to speak."""

    kind: Literal["words", "no words", "sound", "too quiet", "silent", "fails"]
    text: str = ""  # the words, or the problem


@dataclass(frozen=True)
class Page:
    """What a camera gave while the user held a page in front of it."""

    kind: Literal["text", "no text", "fails"]
    text: str = ""  # what was read, or the problem


@dataclass(frozen=True)
class FoundButton:
    """A key of an input device that the user has pressed."""

    device: str  # its name, as button.device wants it
    key: int
    name: str  # of the key


@dataclass
class Draft:
    """The settings that were taken so far, over those that were there before."""

    before: dict[tuple[str, str], str | int | float | bool]
    taken: dict[tuple[str, str], str | int | float | bool] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, str]) -> str | int | float | bool:
        return self.taken.get(key, self.before[key])

    def take(self, settings: Sequence[Setting]) -> None:
        for table, key, value in settings:
            self.taken[table, key] = value

    @property
    def language(self) -> str:
        return str(self["conversation", "language"])

    @property
    def words(self) -> SetupWords:
        return phrases_for(self.language).setup

    def changes(self) -> dict[str, dict[str, str | int | float | bool]]:
        """What differs from before, by table."""
        tables: dict[str, dict[str, str | int | float | bool]] = {}
        for (table, key), value in self.taken.items():
            if value != self.before[table, key]:
                tables.setdefault(table, {})[key] = value
        return tables


class Parts(Protocol):
    """The devices and effects behind the steps."""

    def speak_as(self, settings: Sequence[Setting]) -> None:
        """Speaks from now on in the draft's language, voice, rate and device with these settings over it.

        Raises NotPossible if that loudspeaker does not open.
        """

    def tell(self, text: str) -> None:
        """Says and prints a sentence, and waits until it was heard."""

    def loudspeakers(self) -> Sequence[Device]: ...
    def microphones(self) -> Sequence[Device]: ...
    def cameras(self) -> Sequence[Device]: ...
    def listen(self, device: str) -> Heard: ...
    def read_page(self, camera: str) -> Page: ...
    def write(self, draft: Draft) -> Path:
        """Writes the draft's changes. Raises ConfigError."""

    def fetch(self, which: str) -> None:
        """Begins to fetch models beside the conversation."""

    def can_hear(self) -> bool:
        """Whether there is a speech model. It waits for one that is being fetched, as long as the fetch goes on."""

    def fetch_has_failed(self) -> bool:
        """Whether a fetch that was begun here has ended without the models."""

    def has_buttons(self) -> bool:
        """Whether there is any input device with keys, be it one that may not be read."""

    def find_button(self) -> FoundButton:
        """The button that was pressed to answer, or else the next one that the user presses. Raises NotPossible."""

    def start_at_boot(self) -> str:
        """Makes the program start with the machine. Returns a sentence that says what came of it."""


@dataclass
class _Step:
    """A step made of functions. Where `present` is None, the offers' names are the questions."""

    offer_list: Callable[[], Sequence[Offer]]
    question: Callable[[Offer], str]
    on_take: Callable[[Offer], str] = lambda offer: ""
    silence_means: Answer = Answer.REPEAT

    def offers(self) -> Sequence[Offer]:
        return self.offer_list()

    def present(self, offer: Offer) -> str:
        return self.question(offer)

    def take(self, offer: Offer) -> str:
        return self.on_take(offer)


def steps_of(
    draft: Draft,
    parts: Parts,
    *,
    language: str,  # the user's, by the system's settings: offered first
    preference: Preference | None,
    can_start_at_boot: bool,
    wants_models: Sequence[str],  # of "all", "speech": what can still be fetched; () leaves the step out
) -> list[_Step]:
    """All steps in their order."""
    return [
        _language(draft, parts, language),
        _output(draft, parts),
        _microphone(draft, parts),
        _camera(draft, parts),
        _activation(draft),
        _button(draft, parts),
        _rate(draft, parts, preference),
        _keep(draft, parts),
        _models(draft, parts, wants_models),
        _boot(draft, parts, can_start_at_boot),
        _begin(draft, parts),
    ]


def _taking(draft: Draft) -> Callable[[Offer], str]:
    def take(offer: Offer) -> str:
        draft.take(offer.settings)
        return ""

    return take


def _language(draft: Draft, parts: Parts, first: str) -> _Step:
    order = sorted(LANGUAGES, key=lambda language: language != first)

    def question(offer: Offer) -> str:
        parts.speak_as(offer.settings)
        words = phrases_for(offer.name).setup
        return f"{words.welcome} {words.language}"

    def offers() -> list[Offer]:
        # A voice that the configuration names belongs to its own language.
        return [
            Offer(
                language,
                (("conversation", "language", language),)
                + ((("speaking", "voice", ""),) if language != draft.before["conversation", "language"] else ()),
            )
            for language in order
        ]

    return _Step(offers, question, _taking(draft))


def _device_offers(now: str, devices: Sequence[Device], default: str, table: str, key: str) -> list[Offer]:
    """The device that is set at present first, then the system's own choice, then all others."""
    known = {device.value: device.name for device in devices}
    values = list(dict.fromkeys([now, *([""] if default else []), *known]))
    return [Offer(known.get(value) or value or default, ((table, key, value),)) for value in values]


def _output(draft: Draft, parts: Parts) -> _Step:
    key = ("speaking", "output_device")

    def question(offer: Offer) -> str:
        try:
            parts.speak_as(offer.settings)
        except NotPossible as problem:
            raise NotPossible(draft.words.output_fails.format(name=offer.name, problem=problem)) from None
        return draft.words.output.format(name=offer.name)

    return _Step(
        lambda: _device_offers(str(draft[key]), parts.loudspeakers(), draft.words.default_device, *key),
        question,
        _taking(draft),
        silence_means=Answer.NO,  # who hears nothing presses nothing, so the next loudspeaker is tried
    )


def _microphone(draft: Draft, parts: Parts) -> _Step:
    key = ("hearing", "input_device")

    def question(offer: Offer) -> str:
        words = draft.words
        parts.tell(words.say_something.format(name=offer.name))
        heard = parts.listen(str(offer.settings[0][2]))
        return {
            "words": words.heard.format(words=heard.text),
            "no words": words.heard_no_words,
            "sound": words.heard_sound,
            "too quiet": words.too_quiet,
            "silent": words.silent,
            "fails": words.input_fails.format(problem=heard.text),
        }[heard.kind]

    return _Step(
        lambda: _device_offers(str(draft[key]), parts.microphones(), draft.words.default_device, *key),
        question,
        _taking(draft),
    )


def _camera(draft: Draft, parts: Parts) -> _Step:
    key = ("seeing", "camera")

    def question(offer: Offer) -> str:
        words = draft.words
        parts.tell(words.hold_a_page.format(name=offer.name))
        page = parts.read_page(str(offer.settings[0][2]))
        if page.kind == "fails":
            return words.camera_fails.format(problem=page.text)
        return words.page.format(text=_beginning(page.text)) if page.kind == "text" else words.no_page

    return _Step(lambda: _device_offers(str(draft[key]), parts.cameras(), "", *key), question, _taking(draft))


def _beginning(text: str) -> str:
    words = text.split()
    return " ".join(words[:MOST_WORDS_READ])[:120]


def _activation(draft: Draft) -> _Step:
    def offers() -> list[Offer]:
        now = str(draft["activation", "by"])
        ways = sorted(draft.words.activation, key=lambda way: way != now)
        return [Offer(way, (("activation", "by", way),)) for way in ways]

    return _Step(offers, lambda offer: draft.words.activation[offer.name], _taking(draft))


def _button(draft: Draft, parts: Parts) -> _Step:
    """Which key is the button. It is left out where nothing listens for one, or where there is only the space bar."""
    device_key, code_key = ("button", "device"), ("button", "key")
    found: list[FoundButton] = []  # the one that was pressed last

    def offers() -> list[Offer]:
        if "button" not in str(draft["activation", "by"]) or not parts.has_buttons():
            return []
        named = str(draft[device_key])
        stays = [Offer("stays")] if named not in ("", TERMINAL) else []
        return [*stays, Offer("pressed"), Offer("space", ((*device_key, TERMINAL), (*code_key, 0)))]

    def question(offer: Offer) -> str:
        words = draft.words
        if offer.name == "stays":
            return words.button_stays.format(name=draft[device_key])
        if offer.name == "space":
            return words.space_bar
        found[:] = [parts.find_button()]
        return words.button_found.format(key=found[0].name, name=found[0].device)

    def take(offer: Offer) -> str:
        if offer.name == "pressed":
            draft.take(((*device_key, found[0].device), (*code_key, found[0].key)))
        draft.take(offer.settings)
        return ""

    return _Step(offers, question, take)


def _rate(draft: Draft, parts: Parts, preference: Preference | None) -> _Step:
    def offers() -> list[Offer]:
        now = int(draft["speaking", "rate_wpm"])
        rates = sorted((wpm for wpm in RATES_WPM if wpm != now), key=lambda wpm: (abs(wpm - now), wpm))
        found = [Offer("", (("speaking", "rate_wpm", wpm),)) for wpm in (now, *rates)]
        if preference is not None:
            voice = preference.voice_for(draft.language, phrases_for(draft.language).voice)
            settings: tuple[Setting, ...] = (("speaking", "voice", voice),) if voice else ()
            wpm = now if preference.rate_wpm is None else preference.rate_wpm
            found.insert(0, Offer(preference.program, (*settings, ("speaking", "rate_wpm", wpm))))
        return found

    def question(offer: Offer) -> str:
        parts.speak_as(offer.settings)
        wpm = offer.settings[-1][2]
        if offer.name:
            return draft.words.as_screen_reader.format(program=offer.name, wpm=wpm)
        return draft.words.rate.format(wpm=wpm)

    return _Step(offers, question, _taking(draft))


def _keep(draft: Draft, parts: Parts) -> _Step:
    def offers() -> list[Offer]:
        return [Offer("keep"), Offer("end", ends=True)]

    def question(offer: Offer) -> str:
        parts.speak_as(())
        return draft.words.throw_away if offer.ends else draft.words.keep

    def take(offer: Offer) -> str:
        if offer.ends:
            return draft.words.thrown_away
        return draft.words.kept.format(path=parts.write(draft))

    return _Step(offers, question, take)


def _models(draft: Draft, parts: Parts, wanted: Sequence[str]) -> _Step:
    def take(offer: Offer) -> str:
        if offer.name == "later":
            return ""
        parts.fetch(offer.name)
        return draft.words.fetching

    return _Step(
        lambda: [Offer(name) for name in (*wanted, "later")] if wanted else [],
        lambda offer: draft.words.models[offer.name],
        take,
    )


def _boot(draft: Draft, parts: Parts, can: bool) -> _Step:
    return _Step(
        lambda: [Offer("boot"), Offer("")] if can else [],
        lambda offer: draft.words.boot if offer.name else draft.words.boot_later,
        lambda offer: parts.start_at_boot() if offer.name else "",
    )


def _begin(draft: Draft, parts: Parts) -> _Step:
    def take(offer: Offer) -> str:
        if offer.ends:
            failed = draft.words.fetch_failed if parts.fetch_has_failed() else ""
            return " ".join(filter(None, (failed, draft.words.ended)))
        return "" if parts.can_hear() else draft.words.fetch_failed

    return _Step(
        lambda: [Offer("begin"), Offer("end", ends=True)],
        lambda offer: draft.words.not_now if offer.ends else draft.words.begin,
        take,
    )

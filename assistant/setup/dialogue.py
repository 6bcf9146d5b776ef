"""Leads through the steps of the set-up: each step offers something, and the user's answer says where to go.

YES takes what is offered and goes on, NO goes to the step's next offer, BACK to the step before, REPEAT says it again.
This module does not know what the steps are about, how anything is said, or which key was pressed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistant.setup.presses import Answer

Setting = tuple[str, str, "str | int | float | bool"]  # table, key and value of config.toml


class NotPossible(Exception):
    """An offer cannot be tried at all, as a loudspeaker that does not open. Its text says why."""


@dataclass(frozen=True)
class Offer:
    """Something that the user may take."""

    name: str  # what a step calls it, "" where it needs no name
    settings: tuple[Setting, ...] = ()
    ends: bool = False  # the set-up ends where this is taken


class Step(Protocol):
    """One question with its offers."""

    @property
    def silence_means(self) -> Answer:
        """What it means that no key was pressed for a while: REPEAT, or NO where the question was perhaps not heard."""

    def offers(self) -> Sequence[Offer]:
        """What can be taken, the likeliest first. A step without offers is left out."""

    def present(self, offer: Offer) -> str:
        """Tries the offer and returns the question. Raises NotPossible."""

    def take(self, offer: Offer) -> str:
        """The user said yes. Returns what is to be said about it, "" if nothing is."""


@dataclass(frozen=True)
class Place:
    """Where the dialogue is: the number of the step and that of its offer."""

    step: int = 0
    offer: int = 0


def place_after(place: Place, answer: Answer, offers: int) -> Place:
    """Where an answer leads. After a step's last offer comes its first one again."""
    if answer is Answer.YES:
        return Place(place.step + 1)
    if answer is Answer.NO:
        return Place(place.step, (place.offer + 1) % offers)
    if answer is Answer.BACK:
        return Place(max(0, place.step - 1))
    return place


@dataclass
class Dialogue:
    """Asks step after step until the last one, or until an offer that ends it was taken."""

    steps: Sequence[Step]
    ask: Callable[[str, Answer], Answer]  # says a question; the answer, or the one that stands for silence
    tell: Callable[[str], None]  # says and prints a sentence
    _failed: int = field(default=0, init=False)  # offers in a row that were not possible

    def run(self) -> bool:
        """True when all steps were passed, False where the user ended it before. Raises NotPossible if a step has no
        offer that can be tried.
        """
        place, back = Place(), False
        while place.step < len(self.steps):
            step = self.steps[place.step]
            offers = step.offers()
            if not offers:  # nothing to decide: pass it, in the direction of the user
                back = back and place.step > 0
                place = Place(place.step - 1 if back else place.step + 1)
                continue
            place = Place(place.step, min(place.offer, len(offers) - 1))
            offer = offers[place.offer]
            answer = self._answer(step, offer, len(offers))
            back = answer is Answer.BACK
            if answer is Answer.YES:
                if said := step.take(offer):
                    self.tell(said)
                if offer.ends:
                    return False
            place = place_after(place, answer, len(offers))
        return True

    def _answer(self, step: Step, offer: Offer, offers: int) -> Answer:
        try:
            question = step.present(offer)
        except NotPossible as problem:
            self._failed += 1
            if self._failed >= offers:
                raise
            self.tell(str(problem))
            return Answer.NO
        self._failed = 0
        return self.ask(question, step.silence_means)

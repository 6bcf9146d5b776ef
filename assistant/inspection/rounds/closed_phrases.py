"""The few phrases that a round waits for, for a recogniser that hears nothing else: `audio.recognition.closed_answers`.

It does not know which words a speech model has; whoever makes the recogniser leaves out what the model does not know.
"""

from __future__ import annotations

from decimal import Decimal

from assistant.inspection.rounds.checklist import AnswerKind, Number, OneOf
from assistant.inspection.rounds.moment import Closed, Expected
from assistant.inspection.rounds.units import converted
from assistant.language.command_parser import plain_words
from assistant.language.phrases import Phrases
from assistant.language.spoken_numbers import digit_phrases, number_phrases
from assistant.language.spoken_units import all_units

# Longer commands are heard by the recogniser of all words.
MOST_COMMAND_WORDS = 2
_ONE = Decimal(1)


def phrases_awaited(expected: Expected, answer: AnswerKind, phrases: Phrases, language: str) -> tuple[str, ...]:
    """What may be said now, the commands of the round among it. () where any words are awaited.

    Where a yes or "confirm" is awaited, another value may be said as well: "no, seven point four".
    """
    said: list[str] = []
    match expected.closed:
        case None:
            return ()
        case Closed.DIGITS:
            said += number_phrases(language)
        case Closed.EACH_DIGIT:
            said += digit_phrases(language)
        case Closed.NUMBER | Closed.ITEM:
            said += _of_answer(answer, phrases, language)
        case Closed.YES_NO | Closed.CONFIRM:
            said += [*phrases.yes, *phrases.no, *_of_answer(answer, phrases, language)]
        case Closed.COMMAND:
            pass
    commands = (words for words in phrases.round.command_of if len(words.split()) <= MOST_COMMAND_WORDS)
    return tuple(dict.fromkeys([*said, *commands]))


def _of_answer(answer: AnswerKind, phrases: Phrases, language: str) -> list[str]:
    match answer:
        case Number(unit):
            return number_phrases(language, _units_like(unit))
        case OneOf(items):
            return [plain_words(item, phrases) for item in items]
        case _:
            return []


def _units_like(wanted: str) -> list[str]:
    """The units that measure the same as `wanted`."""
    if not wanted:
        return []
    return [unit.symbol for unit in all_units() if converted(_ONE, unit.symbol, wanted) is not None]

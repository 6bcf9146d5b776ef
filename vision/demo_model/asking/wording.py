"""The words of the demo world: how each question may be worded, and things that are never in a picture.

It has only lists and small text helpers. `questions.py` decides what is true of a scene.
"""

from __future__ import annotations

import random

NUMBERS = ("no", "one", "two", "three", "four")

COLOR = (
    "what color is the {x}",
    "what color is the {x}",
    "which color is the {x}",
    "what is the color of the {x}",
    "what color does the {x} have",
    "tell me the color of the {x}",
    "what colour is the {x}",
)
POSITION = (
    "where is the {x}",
    "where is the {x}",
    "where do you see the {x}",
    "where can i find the {x}",
    "what is the position of the {x}",
    "where in the picture is the {x}",
    "where do i find the {x}",
)
PRESENCE = (
    "is there {a}",
    "is there {a}",
    "do you see {a}",
    "can you see {a}",
    "is there {a} in the picture",
    "do you see {a} in the picture",
    "can you find {a}",
    "do you see the {x}",
    "is the {x} there",
)
COUNT = (
    "how many {xs} are there",
    "how many {xs} are there",
    "how many {xs} do you see",
    "how many {xs} can you see",
    "how many {xs} are in the picture",
    "count the {xs}",
    "how many {xs}",
)
LIGHT = (
    "is it bright or dark",
    "is the picture bright or dark",
    "is it dark or bright",
    "is it dark",
    "is it bright",
    "is the picture dark",
    "is the light on or off",
)
READ = (
    "what does it say",
    "read the text",
    "read it",
    "read the sign",
    "what does the sign say",
    "is there any text",
    "can you read it",
    "what is written there",
    "what text is there",
    "can you read the text",
    "is there a sign",
    "do you see any text",
    "read that",
    "what does the text say",
    "what does that say",
    "what does this say",
    "read this",
    "read the text please",
    "can you see any text",
    "is there text",
    "is there a number",
    "do you see a number",
    "is there a word",
    "do you see a word",
    "what is on the sign",
    "what is written on the sign",
    "what is the number on the sign",
    "what is the word on the sign",
)
READ_NUMBER = (
    "what is the number",
    "read the number",
    "what number is it",
    "what number do you see",
    "which number is it",
)
READ_WORD = ("what is the word", "read the word", "what word is it", "what word do you see", "which word is it")
DESCRIBE = (
    "what do you see",
    "what do you see",
    "what is this",
    "what is in the picture",
    "describe the picture",
    "describe it",
    "what is in front of me",
    "what can you see",
    "tell me what you see",
    "what is that",
    "what is there",
    "describe what you see",
    "what am i looking at",
    "what's this",
    "what's that",
    "what's in front of me",
    "what is in this picture",
    "what is in the image",
    "describe this",
    "describe this picture",
    "describe the image",
    "describe the scene",
    "what else do you see",
    "tell me more",
    "more detail",
)
COLOR_OF_IT = (
    "what color is it",
    "what color is it",
    "which color is it",
    "what is its color",
    "and what color is it",
    "and the color",
)
PLACE_OF_IT = ("where is it", "where is it", "and where is it", "where exactly is it", "and where")
SAME_OF = ("and the {x}", "and the {x}", "what about the {x}", "and {a}", "and what about the {x}")
SAME_OF_MANY = ("and the {xs}", "and {xs}", "what about the {xs}", "and how many {xs}")

ABSENT = tuple(
    "car dog cat cup door chair table person man woman child phone book bottle key bag tree bus window bed glass plate knife "
    "fork spoon bowl box ball bird horse cow fish flower house wall floor roof stair step road street bike bicycle truck train "
    "boat plane computer screen keyboard mouse clock watch lamp camera television radio pen pencil paper letter coin hat shoe "
    "coat shirt hand face baby boy girl apple banana orange egg cake bread pizza umbrella elevator escalator ladder hammer "
    "tool machine robot cart wheel pipe handle button switch plug cable rope bucket towel pillow mirror picture frame fence "
    "bench river mountain cloud sun moon rectangle line heart arrow".split()
)
# Nouns that are also colours, or parts of a sign, or the picture itself, are left out, because they would be trick
# questions.
NOUNS = tuple(
    noun for noun in ABSENT if noun not in ("orange", "picture", "letter", "paper", "line", "screen", "wall", "window")
)


def article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def as_asked(question: str, rng: random.Random) -> str:
    """The question as Vosk gives it (lower case, no marks) or as people type it (capital, mark). Both are frequent."""
    if rng.random() < 0.06:
        question = rng.choice((f"{question} please", f"please {question}"))
    form = rng.random()
    if form < 0.55:
        return question
    mark = "?" if question.split()[0] not in _ORDERS else "."
    if form < 0.85:
        return _capital(question) + mark
    return question + mark if form < 0.92 else _capital(question)


_ORDERS = {"read", "count", "describe", "tell", "call", "play", "sing", "set", "send", "translate", "spell", "please"}


def _capital(question: str) -> str:
    typed = " ".join("I" if word == "i" else word for word in question.split(" "))
    return typed[0].upper() + typed[1:]

"""The sentences that the model is built around: fixed phrases, slot words and templates, one file for each subject.

It is data in plain English, and to teach the model new sentences is to write them here. A template is a sentence with
`{slot}`s; `{a:slot}` puts "a" or "an" before the word. A slot's words are separated by bars and may hold slots
themselves. Slots may be used in every file, so each name exists once. `said.txt` holds whole sentences as different
people say them, one a line, which no template would give. `corpus` draws sentences from all of these, and decides which
are kept for testing. `natural` holds sentences that are for measuring only.
"""

from __future__ import annotations

from pathlib import Path

from audio.demo_model.words.phrases import (
    asked,
    commands,
    everyday,
    inspection,
    numbers,
    reading,
    remarks,
    shapes,
    things,
)
from audio.demo_model.words.phrases.commands import COMMANDS, QUESTIONS
from audio.demo_model.words.phrases.natural import NATURAL, NATURAL_BLIND

__all__ = [
    "ALIKE", "CHANGED_SHARE", "CLOSING_SHARE", "COMMANDS", "DEMO_QUESTIONS", "FIXED_SHARE", "NATURAL", "NATURAL_BLIND", "OFTEN_ELSE", "OPENING_SHARE", "QUESTIONS",
    "SAID_SHARE", "SLOTS", "SPELLINGS", "SUBJECTS", "TEMPLATES", "said",
]  # fmt: skip

# The share of each subject among the sentences that come from templates.
SUBJECTS = {
    shapes: 0.14,
    commands: 0.15,
    everyday: 0.21,
    asked: 0.1,
    remarks: 0.1,
    reading: 0.13,
    numbers: 0.11,
    inspection: 0.06,
}

SLOTS: dict[str, str] = {name: words for subject in (*SUBJECTS, things) for name, words in subject.SLOTS.items()}

# (weight, template), where the weights of all subjects together make one.
TEMPLATES: tuple[tuple[float, str], ...] = tuple(
    (share * weight / sum(weight for weight, _ in subject.TEMPLATES), template)
    for subject, share in SUBJECTS.items()
    for weight, template in subject.TEMPLATES
)
# The slots whose words may stand for each other in a sentence of `said.txt`.
ALIKE = (
    "anycolor", "furniture", "household", "kitchenware", "appliance", "electronics", "fruit", "fruits", "vegetable", "beverage", "grocery",
    "clothing", "clothes", "personal", "bathroom", "medicine", "tool", "machine", "office", "printed_thing", "street", "vehicle", "animal",
    "person", "relative", "body", "room", "part", "day",
)  # fmt: skip
# Other spellings of words that sound alike and mean the same, and how the model writes them. It knows all these words,
# since a checklist may name them, but nobody can hear which of the two spellings was meant.
SPELLINGS = {
    "ok": "okay", "alright": "all right", "nought": "naught", "fourty": "forty", "gage": "gauge", "colour": "color", "centre": "center",
    "cue are code": "qr code", "queue are code": "qr code", "q r code": "qr code",
    "metre": "meter", "metres": "meters", "millimetre": "millimeter", "millimetres": "millimeters", "centimetre": "centimeter",
    "centimetres": "centimeters", "kilometre": "kilometer", "kilometres": "kilometers", "litre": "liter", "litres": "liters",
    "millilitre": "milliliter", "millilitres": "milliliters",
}  # fmt: skip
# Words of these slots that often are something else: "can you", "watch out", "the other one", "is it back".
OFTEN_ELSE = frozenset(
    "can watch press level file park form tie date fly iron back face hand head matches plain light note label sign stamp"
    " switch drink fish left right card one plane play crack leak smell noise damage dirt wear guard fan spring chain seal"
    " weld cover today tomorrow yesterday nut orange washer hose storm match paint brush saw rake glue tape plant lock plug"
    " game picture photo frame fit cap hood belt suit back toe nose jam roll toast pickle date trash bank store shop".split()
)
CHANGED_SHARE = 0.35  # the share of such words that are changed for others
SAID_SHARE = 0.4  # the share of sentences of `said.txt` and sentences like them among all sentences
FIXED_SHARE = 0.12  # the share of commands and fixed questions among all sentences
OPENING_SHARE = 0.04  # the share of templated sentences with "please …" or "hey camera …" before them
CLOSING_SHARE = 0.03  # the share with "… please" after them


def said() -> list[str]:
    """The sentences of `said.txt`."""
    return (Path(__file__).parent / "said.txt").read_text(encoding="utf-8").splitlines()


# The questions that a user of the demo asks first. They must be understood nearly perfectly in every ordinary voice
# (`evaluate`).
DEMO_QUESTIONS = """what color is the circle|what color is the background|which color is the star|how many shapes are there
|how many circles are there|how many squares do you see|count the shapes|where is the star|is there a square|do you see a square
|can you see a triangle|is there a red circle|is it bright or dark|is the picture bright or dark|what does it say|read the text
|read it|what is the number|read the number|what number is it|what is the word|read the word|what does the sign say
|is there any text|what do you see|what is this|what is in the picture|describe the picture|describe it|what is in front of me
|what color is it|where is it|and the square|what color is the square|what color is the car|is there a dog|where is the cup
|is it safe to cross|who is that|what time is it|stop|stop talking|be quiet|repeat|repeat that|say that again|help
|what can you do|new picture|take a new picture|same picture|keep the picture|quit|goodbye|exit|slower|faster|speak slower
|speak faster|louder|quieter|spell that|more detail|tell me more|shorter|look closer|zoom in|what has changed|status|battery
|hey camera|yes|no|please|thank you|where is the triangle|where is the cross|what color is the star|what color is the triangle
|what color is the cross|how many triangles are there|how many stars are there|is there a blue square|is there a green triangle
|is there a star|do you see a circle|where is the red circle|where is the square"""

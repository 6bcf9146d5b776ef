"""Which synthetic voices the model learned from and which were kept for testing.

Knows names only: it imports nothing, so the demo and the tests may import it at no cost.
"""

# espeak-ng accents (voice files below its data folder) and how often each is drawn in training.
ACCENTS: dict[str, int] = {
    "gmw/en-US": 42,
    "gmw/en": 24,
    "gmw/en-GB-x-rp": 10,
    "gmw/en-GB-scotland": 6,
    "gmw/en-US-nyc": 6,
    "gmw/en-GB-x-gbclan": 5,
    "gmw/en-GB-x-gbcwmd": 4,
    "gmw/en-029": 3,
}

# espeak-ng voice variants (`accent+variant`) that no training utterance used, in any accent.
HELD_OUT_VARIANTS: tuple[str, ...] = (
    "f5", "m7", "klatt4", "Alicia", "belinda", "michael", "travis", "linda", "pablo", "edward2", "steph3", "david",
    "Annie", "norbert",
)  # fmt: skip

# Of these the development set uses five, to choose decoding figures on; the test set uses the others.
DEVELOPMENT_VARIANTS: tuple[str, ...] = ("linda", "pablo", "edward2", "steph3", "norbert")
TEST_VARIANTS: tuple[str, ...] = tuple(name for name in HELD_OUT_VARIANTS if name not in DEVELOPMENT_VARIANTS)

# Ready-made names for whoever needs a voice that the model has never heard: `espeak-ng -v NAME`, pyttsx3 "voice".
HELD_OUT_VOICES: tuple[str, ...] = (
    "gmw/en-US+f5",
    "gmw/en-US+m7",
    "gmw/en+michael",
    "gmw/en-US+Alicia",
    "gmw/en+f5",
    "gmw/en-GB-x-rp+m7",
)

# Variants that are not meant to sound human: left out of training and of the tests.
EFFECT_VARIANTS: tuple[str, ...] = (
    "Demonic", "UniRobot", "anikaRobot", "Storm", "Tweaky", "whisper", "whisperf", "croak", "fast", "AnxiousAndy",
)  # fmt: skip
EFFECT_PREFIXES: tuple[str, ...] = ("robosoft", "Ricishay")

# flite voices: three to learn from, one of a different speaker to test on.
FLITE_VOICES: tuple[str, ...] = ("rms", "awb", "kal16")
HELD_OUT_FLITE_VOICE = "slt"

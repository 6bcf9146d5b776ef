"""The names of the synthetic voices that the model learned from, and of those that were kept for testing.

It imports nothing, so the demo and the tests may import it at no cost.
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

# The development set uses five of these, to choose decoding figures on. The test set uses the others.
DEVELOPMENT_VARIANTS: tuple[str, ...] = ("linda", "pablo", "edward2", "steph3", "norbert")
TEST_VARIANTS: tuple[str, ...] = tuple(name for name in HELD_OUT_VARIANTS if name not in DEVELOPMENT_VARIANTS)

# Names of voices that the model has never heard, for `espeak-ng -v NAME` or pyttsx3's "voice".
HELD_OUT_VOICES: tuple[str, ...] = (
    "gmw/en-US+f5",
    "gmw/en-US+m7",
    "gmw/en+michael",
    "gmw/en-US+Alicia",
    "gmw/en+f5",
    "gmw/en-GB-x-rp+m7",
)

# Variants that are not meant to sound human. They are left out of training and tests.
EFFECT_VARIANTS: tuple[str, ...] = (
    "Demonic", "UniRobot", "anikaRobot", "Storm", "Tweaky", "whisper", "whisperf", "croak", "fast", "AnxiousAndy",
)  # fmt: skip
EFFECT_PREFIXES: tuple[str, ...] = ("robosoft", "Ricishay")

# flite's voices: three to learn from, and one of another speaker to test on.
FLITE_VOICES: tuple[str, ...] = ("rms", "awb", "kal16")
HELD_OUT_FLITE_VOICE = "slt"

# Kokoro's speakers: three to learn from and to mix, and two of other people to test on.
KOKORO_VOICES: tuple[str, ...] = ("jf_alpha", "jf_gongitsune", "jm_kumo")
HELD_OUT_KOKORO_VOICES: tuple[str, ...] = ("jf_nezumi", "jf_tebukuro")

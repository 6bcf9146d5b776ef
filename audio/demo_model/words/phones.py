"""The phone set: espeak-ng's phoneme mnemonics with the rare ones merged, and what flite's phones may stand for.

It knows names only. A flite phone is ambiguous against espeak-ng's set (its "ah" covers several vowels). So it maps
to a set of phones, and any of them counts as right in training.
"""

from __future__ import annotations

SILENCE = "SIL"
FLITE_PREFIX = "fl:"

# The classes in the order of the network's outputs. espeak-ng says all of them in a few hours of English.
CLASSES: tuple[str, ...] = (
    SILENCE, "0", "3", "3:", "@", "@L", "A:", "A@", "D", "E", "I", "N", "O:", "O@", "OI", "S", "T", "U", "V", "Z", "a", "a#", "aI",
    "aI@", "aU", "aa", "b", "d", "dZ", "e@", "eI", "f", "g", "h", "i", "i:", "i@", "j", "k", "l", "m", "n", "o@", "oU", "p", "r", "s", "t",
    "t#", "tS", "u:", "v", "w", "z",
)  # fmt: skip

# Mnemonics with too little data to be a class of their own. A class with a tiny prior would make `[unk]` win
# everywhere.
_MERGED = {
    ";": "j", "n-": "n", "r-": "r", "t2": "t", "?": "t", "aI2": "aI", "aI3": "aI@", "i@3": "i@", "O2": "O:", "I#": "I", "I2": "I",
    "IR": "3:", "VR": "3:", "w#": "w", "t[": "t", "@2": "@", "@5": "@", "@-": "@", "l#": "l", "E#": "E", "E2": "E", "u": "u:",
    "U#": "U", "eI#": "eI", "tS;": "tS", "R": "r", "r2": "r", "v#": "v", "x": "k", "C": "k", "l^": "l", "n^": "n", "N^": "N",
    "h2": "h", "a2": "a#", "A": "A:", "e": "E", "o": "oU", "0#": "0", "3#": "3", "w2": "w", "oU#": "oU", "d#": "t#", "z#": "z",
    "z/2": "z", "s#": "s", "L": "l", "H": "h", "hw": "w", "W": "w", "j2": "j", "e:": "eI", "o:": "oU", "ts": "s", "Q": "k",
    "R2": "r", "O": "O:", "**": "t#", "*": "t#", "U@": "U", "aU@": "aU",
}  # fmt: skip


def from_espeak(mnemonic: str) -> str:
    """The phone class of an espeak-ng phoneme event. Pauses are silence."""
    if mnemonic.startswith("_") or mnemonic in ("", "|"):
        return SILENCE
    return _MERGED.get(mnemonic, mnemonic)


# flite's phones, which resemble ARPABET. R-coloured vowels are one unit here: "aar" is the vowel before "r", "aarr"
# is that "r".
FLITE_TO_PHONES: dict[str, tuple[str, ...]] = {
    "aa": ("0", "A:", "O:"), "aar": ("A@",), "aarr": ("A@", "r"), "ae": ("a", "aa"), "ah": ("V", "@", "a#", "I", "3"),
    "ax": ("@", "a#", "I", "V"), "ahl": ("@L", "@", "V"), "syl": ("@L", "l"), "ao": ("O:", "0"), "aor": ("O@", "o@"),
    "aorr": ("O@", "o@", "r"), "aw": ("aU",), "ay": ("aI", "aI@"), "b": ("b",), "ch": ("tS",), "d": ("d", "t#"), "dh": ("D",),
    "eh": ("E",), "ehr": ("e@",), "ehrr": ("e@", "r"), "er": ("3", "3:"), "ey": ("eI",), "f": ("f",), "g": ("g",), "hh": ("h",),
    "ih": ("I", "i", "@"), "ihr": ("i@",), "ihrr": ("i@", "r"), "iy": ("i:", "i"), "jh": ("dZ",), "k": ("k",), "l": ("l", "@L"),
    "m": ("m",), "n": ("n",), "ng": ("N",), "ow": ("oU",), "oy": ("OI",), "p": ("p",), "r": ("r",), "s": ("s",), "sh": ("S",),
    "t": ("t", "t#"), "th": ("T",), "uh": ("U",), "uw": ("u:",), "v": ("v",), "w": ("w",), "y": ("j",), "z": ("z",), "zh": ("Z",),
    "pau": (SILENCE,), "brth": (SILENCE,), "h": ("h",),
}  # fmt: skip
_BEFORE_R = ("aa", "ao", "eh", "ih")


def from_flite(names: list[str]) -> list[str]:
    """flite's phones with r-coloured vowels and syllabic "l" marked, each with FLITE_PREFIX."""
    marked = []
    for index, name in enumerate(names):
        before = names[index - 1] if index else ""
        after = names[index + 1] if index + 1 < len(names) else ""
        if name in _BEFORE_R and after == "r":
            name += "r"
        elif name == "r" and before in _BEFORE_R:
            name = before + "rr"
        elif name == "l" and before in ("ah", "ax"):
            name = "syl"
        elif name in ("ah", "ax") and after == "l":
            name = "ahl"
        marked.append(FLITE_PREFIX + name)
    return marked

"""The checks of a Vosk model folder, before Vosk itself reads it, and hostile files in it.

Vosk's own reading is not checked here: Kaldi dies of damaged files, so a folder without known checksums is loaded in a
process of its own first, which `tests.assistant.models.test_damaged_models` does with the real program.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from assistant.errors import ModelMissing
from assistant.models.catalog import MANIFEST, demo_speech, read_manifest
from assistant.models.verified import damaged_file
from audio.errors import SpeechModelError
from audio.recognition.model_trial import check_words
from audio.recognition.transcriber import check_folder
from audio.recognition.vocabulary import known_words
from tests.fuzz.door import Target, usual_faults
from tests.fuzz.mutations import json_bytes, json_mutated, lines_mutated

_WORDS = Path("graph", "words.txt")
_FILES = (_WORDS, Path(MANIFEST))  # an input begins with the number of the file that holds the rest


def _seeds() -> list[bytes]:
    """The manifest and the beginning and the end of the embedded model's table of words."""
    lines = (demo_speech("en") / _WORDS).read_bytes().splitlines(keepends=True)
    return [
        b"\0" + b"".join(lines[:20]),
        b"\0" + b"".join(lines[-30:]),
        b"\1" + (demo_speech("en") / MANIFEST).read_bytes(),
    ]


def _rewrite(seed: bytes, rng: random.Random) -> bytes:
    if seed[0] == 1:
        return seed[:1] + json_bytes(json_mutated(json.loads(seed[1:]), rng))
    return seed[:1] + lines_mutated(seed[1:].replace(b" ", b"="), (b"1",), rng).replace(b"=", b" ")


def _read(data: bytes, folder: Path) -> None:
    if not (folder / "am").exists():
        for part in ("am", "graph"):
            (folder / part).mkdir()
        for name in ("am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst"):
            (folder / name).write_bytes(b"a")
    (folder / _WORDS).write_bytes(b"a 0\nb 1\n")
    (folder / MANIFEST).unlink(missing_ok=True)
    (folder / _FILES[data[0] % len(_FILES) if data else 0]).write_bytes(data[1:])
    check_folder(folder, needs_lookahead=True)
    manifest = read_manifest(folder)
    assert manifest is None or all(type(size) is int for size, _ in manifest.values())
    damaged_file(folder, manifest or {})
    known_words(folder)
    check_words(folder)


TARGET = Target(
    "vosk folder", _seeds, _read, (SpeechModelError, ModelMissing), tokens=(b"<eps> 0\n", b"#0 9\n"), rewrite=_rewrite
)


def test_a_hostile_vosk_folder_is_refused_with_a_sentence() -> None:
    """Whatever its table of words and its manifest hold, they are taken or there is one SpeechModelError."""
    assert usual_faults(TARGET) == []

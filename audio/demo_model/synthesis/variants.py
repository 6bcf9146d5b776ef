"""Makes random espeak-ng voice variants, which are new throats, in a copy of espeak-ng's data folder.

It knows the file format of variants only. espeak-ng takes at most 349 voices, so the copy keeps only the English
voices and the installed variants, and adds RANDOM_VARIANTS files.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

INSTALLED_DATA = Path("/usr/lib/x86_64-linux-gnu/espeak-ng-data")
RANDOM_VARIANTS = 200
_VARIANT_FOLDER = Path("voices/!v")


def installed() -> list[str]:
    """The names of the variants that come with espeak-ng."""
    return sorted(path.name for path in (INSTALLED_DATA / _VARIANT_FOLDER).iterdir())


def random_names() -> list[str]:
    return [f"r{index:03d}" for index in range(RANDOM_VARIANTS)]


def variant_text(name: str, rng: random.Random) -> str:
    """One voice file.

    Pitch, vocal tract length, breath, roughness and tone are drawn so that it still sounds like a person.
    """
    female = rng.random() < 0.5
    pitch = rng.uniform(130, 230) if female else rng.uniform(70, 125)
    tract = rng.uniform(1.0, 1.2) if female else rng.uniform(0.9, 1.06)
    lines = [
        "language variant",
        f"name {name}",
        f"gender {'female' if female else 'male'}",
        f"pitch {pitch:.0f} {pitch * rng.uniform(1.15, 1.9):.0f}",
        f"roughness {rng.choice([0, 0, 1, 2, 3, 4, 5])}",
        f"flutter {rng.choice([0, 1, 2, 4, 6, 10])}",
    ]
    for formant in range(9):
        frequency = 100 * tract * (rng.uniform(0.95, 1.05) if formant else 1.0)
        height = rng.uniform(65, 130) if formant < 5 else rng.uniform(40, 140)
        lines.append(f"formant {formant} {frequency:.0f} {height:.0f} {rng.uniform(70, 180):.0f}")
    if rng.random() < 0.6:
        lines.append("breath " + " ".join(str(rng.randint(0, 6)) for _ in range(8)))
    if rng.random() < 0.3:
        lines.append("breathw " + " ".join(str(rng.choice([100, 150, 200, 300, 400])) for _ in range(8)))
    if rng.random() < 0.3:
        lines.append(f"echo {rng.randint(20, 150)} {rng.randint(3, 20)}")
    lines.append(f"consonants {rng.randint(70, 140)} {rng.randint(70, 140)}")
    lines.append(f"voicing {rng.randint(75, 150)}")
    if rng.random() < 0.5:
        lines.append("stressAdd " + " ".join(str(rng.randint(-30, 60)) for _ in range(8)))
    if rng.random() < 0.3:
        lines.append("stressLength " + " ".join(str(rng.randint(120, 260)) for _ in range(8)))
    if rng.random() < 0.4:
        lines.append(f"intonation {rng.randint(1, 4)}")
    if rng.random() < 0.3:
        lines.append(f"klatt {rng.randint(1, 5)}")
    if rng.random() < 0.5:
        pivots = sorted(rng.sample(range(200, 6000, 100), 4))
        lines.append("tone " + " ".join(f"{pivot} {rng.randint(60, 255)}" for pivot in pivots))
    return "\n".join(lines) + "\n"


def data_folder(parent: Path) -> Path:
    """Puts a copy of espeak-ng's data with the random variants into `parent`, unless it is there. Returns `parent`."""
    copy = parent / "espeak-ng-data"
    if not copy.exists():
        partial = parent / "espeak-ng-data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(INSTALLED_DATA, partial)
        for language in (partial / "lang").rglob("*"):
            if language.is_file() and not (language.parent.name == "gmw" and language.name.startswith("en")):
                language.unlink()
        shutil.rmtree(partial / "voices" / "mb", ignore_errors=True)  # voices of MBROLA, which is not installed
        rng = random.Random(8)
        for name in random_names():
            (partial / _VARIANT_FOLDER / name).write_text(variant_text(name, rng))
        partial.rename(copy)
    return parent

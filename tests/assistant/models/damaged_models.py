"""Damages copies of the embedded speech model and starts the real program with each of them.

    python -m tests.assistant.models.damaged_models

Every start is `seesay ask --audio` in a process of its own, with a picture that does not exist. A damaged model
therefore ends it with status 3, and a model that works ends it with status 1 after the line "you: …", before the large
libraries are loaded. The same number gives the same damage.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import audio
from assistant.language.phrases import phrases_for
from audio.speaking.synthesizer import Synthesizer
from audio.wav import write_wav

ROOT = Path(__file__).parents[3]
MODEL = Path(audio.__file__).parent / "demo_model" / "en"
MANIFEST = "seesay-model.json"
WORDS = "what color is the circle"
HANGS = "[killed: it did not end by itself]"
ORIGINS = ("fetched", "embedded", "named")
KINDS = ("one byte", "one byte", "one byte", "16 zeros", "64 random bytes", "empty", "cut", "removed")
_START = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_DATA, (6_000_000_000,) * 2)  # a small machine: some damage asks for all memory
from assistant.models import catalog
if sys.argv[1]:
    catalog._DEMO_SPEECH = {"en": Path(sys.argv[1])}
from assistant.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


@dataclass(frozen=True)
class Damage:
    """One change of one file of a model."""

    file: str  # relative to the model's folder
    kind: str
    seed: int

    def apply(self, model: Path) -> None:
        """Changes the file. Every kind of damage leaves other bytes than before."""
        path, rng = model / self.file, random.Random(self.seed)
        before = path.read_bytes()
        if self.kind == "removed":
            path.unlink()
            return
        content = bytearray(before)
        if self.kind == "empty":
            content.clear()
        elif self.kind == "cut":
            del content[rng.randrange(len(content)) :]
        else:
            width = {"one byte": 1, "16 zeros": 16, "64 random bytes": 64}[self.kind]
            at = rng.randrange(max(1, len(content) - width + 1))
            stretch = slice(at, min(len(content), at + width))
            size = stretch.stop - stretch.start
            content[stretch] = bytes(size) if self.kind == "16 zeros" else rng.randbytes(size)
            if content == before:
                content[at] ^= 1 << rng.randrange(8)
        path.write_bytes(content)


@dataclass(frozen=True)
class Start:
    """How a start with a damaged model ended."""

    damage: Damage
    status: int  # negative: it was killed by that signal
    output: str
    messages: str

    @property
    def refused(self) -> bool:
        """True for the only right end of a model whose files are known: status 3, one sentence, nothing heard."""
        lines = self.messages.splitlines()
        return self.status == 3 and len(lines) == 1 and lines[0].startswith("seesay: ") and not self.output

    @property
    def heard(self) -> str | None:
        """What was understood, if the model was used."""
        return self.output.removeprefix("you: ").strip() if self.status == 1 and self.output else None


def damages(count: int, seed: int = 1, model: Path = MODEL) -> list[Damage]:
    """`count` different damages, over all files of the model in turn."""
    rng = random.Random(seed)
    files = sorted(p.relative_to(model).as_posix() for p in model.rglob("*") if p.is_file() and p.name != MANIFEST)
    return [Damage(files[n % len(files)], rng.choice(KINDS), rng.randrange(1 << 30)) for n in range(count)]


def speak_question(path: Path) -> None:
    """The question that every start should understand, as a WAV file."""
    with Synthesizer("en-us", rate_wpm=200) as synthesizer:
        write_wav(path, synthesizer.synthesize(WORDS))


def start_with(damage: Damage | None, origin: str, folder: Path, question: Path, limit_seconds: float = 60.0) -> Start:
    """Starts the program with a damaged copy of the model in `folder`, as one that was fetched, embedded or named."""
    speech = phrases_for("en").speech_model
    assert speech is not None
    copy = folder / "seesay" / "models" / speech.name if origin == "fetched" else folder / "model"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(MODEL, copy)
    if origin == "named":  # a model from elsewhere has no manifest
        (copy / MANIFEST).unlink(missing_ok=True)
    if damage is not None:
        damage.apply(copy)
    config = folder / "config.toml"
    config.write_text(f'[hearing]\nspeech_model = "{copy}"\n' if origin == "named" else "")
    arguments = ["--config", str(config), "ask", "--audio", str(question), "--image", str(folder / "nowhere.png")]
    process = subprocess.Popen(
        [sys.executable, "-c", _START, str(copy) if origin == "embedded" else "", *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "XDG_DATA_HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HOME": str(folder),
        },
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    with process:
        try:
            output, messages = process.communicate(timeout=limit_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, messages = process.communicate()
            messages += HANGS
    return Start(damage or Damage("", "none", 0), process.returncode, output, messages)


def main() -> None:
    """Prints how the starts ended, the number of each kind of end, and each end that is wrong."""
    parser = argparse.ArgumentParser(description="start the program with damaged speech models")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--origin", choices=ORIGINS, default="fetched")
    chosen = parser.parse_args()
    ends: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        question = Path(scratch, "question.wav")
        speak_question(question)
        for damage in damages(chosen.count, chosen.seed):
            start = start_with(damage, chosen.origin, Path(scratch), question)
            if start.refused:
                end = "status 3 and one sentence"
            elif start.messages.endswith(HANGS):
                end = "did not end"
            elif start.status < 0:
                end = f"killed by signal {-start.status}"
            elif start.heard is not None:
                end = "heard well" if start.heard == WORDS else "heard wrongly"
            else:
                end = f"status {start.status}"
            ends[end] += 1
            if end != "status 3 and one sentence":
                sys.stdout.write(f"{damage.file} ({damage.kind}, {damage.seed}): {end} {start.messages[-300:]!r}\n")
    for end, count in ends.most_common():
        sys.stdout.write(f"{count:5}  {end}\n")


if __name__ == "__main__":
    main()

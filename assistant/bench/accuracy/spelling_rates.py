"""Measures whether "spell that" names the misread characters, on clean and spoilt signs of the demo model's world.

python -m assistant.bench.accuracy.spelling_rates [--scenes 500] [--spoilt 500]

The engine really reads the numbers and words. If it read as many characters as there are, each is right or wrong in
its place. If it read more or fewer, no place can be right, and the table only tells whether any character was named.
docs/doubt.md has the figures.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant import console
from assistant.answering.judging.doubt import DEMO_RULE, Piece, unsure_characters
from assistant.bench.accuracy.doubt_rates import CLEAN, FLAWS, answered, looks, share
from assistant.language.spelling import parts_to_spell

if TYPE_CHECKING:
    from vision.engine.engine import Engine

MEASURING_SEED = 940_001  # `spell_below` was chosen on 930_001, so another seed measures it
THRESHOLDS = (0.9, 0.97, 0.99, 0.999)  # for `spell_below`


@dataclass(frozen=True)
class Reading:
    """A sign that was read: its true text, and the answer with its probabilities."""

    flaw: str
    there: str
    pieces: tuple[Piece, ...]

    @property
    def read(self) -> str:
        return spelt("".join(piece.text for piece in self.pieces))

    @property
    def is_aligned(self) -> bool:
        return len(self.read) == len(self.there)

    def named(self, spell_below: float) -> set[int]:
        rule = dataclasses.replace(DEMO_RULE, spell_below=spell_below)
        begin = "".join(piece.text for piece in self.pieces).strip().find(self.read)
        positions = {position - begin for position, _ in unsure_characters(self.pieces, rule)}
        return {position for position in positions if 0 <= position < len(self.read)}


def spelt(answer: str) -> str:
    """The part of an answer that is spelt. These answers have one sign each, so there is one part."""
    return " ".join(answer.strip()[begin:end] for begin, end in parts_to_spell(answer.strip()))


def readings(engine: Engine, flaw: str, scenes: int, seed: int = MEASURING_SEED) -> Iterator[Reading]:
    """Reads every sign in `scenes` new scenes; half of the scenes have no sign."""
    for view, _, asked_of_it in looks(engine, flaw, scenes, seed):
        for asked in asked_of_it:
            if asked.kind in ("number", "word"):
                yield Reading(flaw, spelt(asked.answer), tuple(answered(view, asked.question)))


def spelling_table(done: Sequence[Reading], spell_below: float) -> list[str]:
    """A Markdown table: how many of the misread characters are named, and how many of the right ones."""
    rows = [
        "| | signs | misread | wrong characters | named | right characters | named | other lengths | any named |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for flaw in [*dict.fromkeys(reading.flaw for reading in done), "all"]:
        here = [reading for reading in done if flaw in ("all", reading.flaw)]
        places = [
            (reading.read[at] == reading.there[at], at in reading.named(spell_below))
            for reading in here
            if reading.is_aligned
            for at in range(len(reading.read))
        ]
        wrong, right = ([named for is_right, named in places if is_right is wanted] for wanted in (False, True))
        others = [bool(reading.named(spell_below)) for reading in here if not reading.is_aligned]
        cells = [flaw, str(len(here)), _percent(reading.read != reading.there for reading in here)]
        for named in (wrong, right, others):
            cells += [str(len(named)), _percent(named)]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _percent(of: Iterable[bool]) -> str:
    value = share(of)
    return "–" if value != value else f"{100 * value:.1f} %"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--scenes", type=int, default=500, help="clean ones (default: 500, with a sign in half of them)"
    )
    parser.add_argument("--spoilt", type=int, default=500, help="of each flaw (default: 500)")
    given = parser.parse_args(argv)
    from vision.demo_model import CHECKPOINT
    from vision.engine.engine import Engine

    with Engine.load(CHECKPOINT, progress=console.say) as engine:
        done = [
            reading
            for flaw in FLAWS
            for reading in readings(engine, flaw, given.scenes if flaw == CLEAN else given.spoilt)
        ]
    for spell_below in THRESHOLDS:
        console.result("\n".join(["", f"spell_below = {spell_below:g}", "", *spelling_table(done, spell_below)]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

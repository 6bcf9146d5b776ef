"""Builds the decoding graph: `graph/` with HCLr.fst (phones to words), Gr.fst (word sequences) and their tables.

It knows pronunciations and an n-gram acceptor, but no sound. It uses OpenFst's command-line tools (package
libfst-tools), and kaldifst for Kaldi's own determinisation. The input labels are transition ids, which `kaldi_io`
explains.
"""

from __future__ import annotations

import collections
import ctypes.util
import math
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from audio.demo_model.words import lm
from audio.demo_model.words.lexicon import Pronunciation
from audio.demo_model.words.phones import SILENCE

UNKNOWN = "[unk]"
SILENCE_PROBABILITY = 0.25  # between two words
UNKNOWN_ENTRY, UNKNOWN_PER_PHONE = 5.0, 5.0  # costs; with 2 a phone or less, long babble exhausts the lattice's memory
_POSITIONS = (("_B", "begin"), ("_I", "internal"), ("_E", "end"), ("_S", "singleton"))

Arc = tuple[int, int, int, int, float]  # from, to, transition id, word id, cost


@dataclass(frozen=True)
class PhoneTable:
    """The phones with their place in a word. All copies of a phone share one network output."""

    ids: dict[str, int]  # from 1
    outputs: list[int]  # of phone 1, 2, …
    kinds: list[str]  # Kaldi's word-boundary kinds

    @classmethod
    def of(cls, classes: list[str]) -> PhoneTable:
        table = cls({SILENCE: 1}, [0], ["nonword"])
        for output, name in enumerate(classes[1:], 1):
            for suffix, kind in _POSITIONS:
                table.ids[name + suffix] = len(table.ids) + 1
                table.outputs.append(output)
                table.kinds.append(kind)
        return table

    def forward(self, name: str) -> int:
        return 2 * self.ids[name]

    @property
    def transitions(self) -> int:
        return 2 * len(self.ids)


def in_word(said: tuple[str, ...]) -> tuple[str, ...]:
    """The phones with their place in the word: ("k", "a", "t") → ("k_B", "a_I", "t_E")."""
    if len(said) == 1:
        return (said[0] + "_S",)
    return (said[0] + "_B", *(phone + "_I" for phone in said[1:-1]), said[-1] + "_E")


@dataclass
class _Builder:
    """Collects arcs. Disambiguation symbols are transition ids above the real ones."""

    table: PhoneTable
    arcs: list[Arc] = field(default_factory=list)
    states: int = 3
    most_symbols: int = 3  # 1 after silence, 2 and 3 around [unk] (3 also the first for homophones)

    START, LOOP, AFTER_SILENCE = 0, 1, 2
    TO_SILENCE, TO_LOOP = -math.log(SILENCE_PROBABILITY), -math.log(1 - SILENCE_PROBABILITY)

    def new_state(self) -> int:
        self.states += 1
        return self.states - 1

    def symbol(self, number: int) -> int:
        self.most_symbols = max(self.most_symbols, number)
        return self.table.transitions + number

    def end_word(self, state: int, label: int, word: int, cost: float) -> None:
        self.arcs.append((state, self.LOOP, label, word, cost + self.TO_LOOP))
        self.arcs.append((state, self.AFTER_SILENCE, label, word, cost + self.TO_SILENCE))

    def silence(self) -> None:
        self.arcs.append((self.START, self.LOOP, 0, 0, self.TO_LOOP))
        self.arcs.append((self.START, self.AFTER_SILENCE, 0, 0, self.TO_SILENCE))
        said = self.new_state()
        self.arcs.append((self.AFTER_SILENCE, said, self.table.forward(SILENCE), 0, 0.0))
        self.arcs.append((said, self.LOOP, self.symbol(1), 0, 0.0))

    def word(self, labels: list[int], word: int, cost: float) -> None:
        """Adds a word. Its id and cost are put on its first phone."""
        state = self.LOOP
        for label in labels[:-1]:
            to = self.new_state()
            self.arcs.append((state, to, label, word, cost))
            state, word, cost = to, 0, 0.0
        self.end_word(state, labels[-1], word, cost)

    def unknown(self, word: int, classes: list[str]) -> None:
        """Adds [unk], which stands for any two or more phones, since what was said is no word of the model."""
        begin, middle, end = self.new_state(), self.new_state(), self.new_state()
        self.arcs.append((self.LOOP, begin, self.symbol(2), word, UNKNOWN_ENTRY))
        for phone in classes[1:]:
            self.arcs.append((begin, middle, self.table.forward(phone + "_B"), 0, UNKNOWN_PER_PHONE))
            self.arcs.append((middle, middle, self.table.forward(phone + "_I"), 0, UNKNOWN_PER_PHONE))
            self.arcs.append((middle, end, self.table.forward(phone + "_E"), 0, UNKNOWN_PER_PHONE))
        self.end_word(end, self.symbol(3), 0, 0.0)


def _lexicon_arcs(
    builder: _Builder, entries: list[Pronunciation], word_ids: dict[str, int], classes: list[str]
) -> None:
    placed = [in_word(entry.phones) for entry in entries]
    times = collections.Counter(placed)
    prefixes = {said[:length] for said in placed for length in range(1, len(said))}
    used: collections.Counter[tuple[str, ...]] = collections.Counter()
    builder.silence()
    for entry, said in zip(entries, placed, strict=True):
        labels = [builder.table.forward(phone) for phone in said]
        if times[said] > 1 or said in prefixes:  # it is a homophone, or the beginning of another word
            used[said] += 1
            labels.append(builder.symbol(2 + used[said]))
        builder.word(labels, word_ids[entry.word], entry.cost)
    builder.unknown(word_ids[UNKNOWN], classes)


def _extension(kind: str) -> str:
    """The OpenFst extension that fstconvert must load to write a type of file. Raises FileNotFoundError."""
    name = ctypes.util.find_library(f"fst{kind}")
    if name is None:
        raise FileNotFoundError(f"OpenFst's library fst{kind} is missing: install the package libfst-tools")
    return name


def _shell(command: str) -> str:
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, capture_output=True, text=True).stdout


def _write_arcs(path: Path, arcs: list[Arc], finals: dict[int, float]) -> None:
    with path.open("w") as file:
        for source, to, label, word, cost in arcs:
            file.write(f"{source} {to} {label} {word} {cost:.6f}\n")
        for state, cost in finals.items():
            file.write(f"{state} {cost:.6f}\n")


def _determinized(arcs: list[Arc], scratch: Path) -> tuple[list[Arc], dict[int, float], int]:
    """The same graph made deterministic and minimal, as arcs, final costs and start state."""
    import kaldifst

    _write_arcs(scratch / "L.txt", arcs, {_Builder.LOOP: 0.0})
    _shell(f"fstcompile {scratch}/L.txt {scratch}/L.fst")
    graph = kaldifst.StdVectorFst.read(str(scratch / "L.fst"))
    kaldifst.determinize_star(graph)
    kaldifst.minimize_encoded(graph)
    graph.write(str(scratch / "det.fst"))
    lines = [line.split() for line in _shell(f"fstprint {scratch}/det.fst").splitlines()]
    small = [
        (int(x[0]), int(x[1]), int(x[2]), int(x[3]), float(x[4]) if len(x) > 4 else 0.0) for x in lines if len(x) >= 4
    ]
    finals = {int(x[0]): float(x[1]) if len(x) > 1 else 0.0 for x in lines if len(x) < 4}
    return small, finals, int(lines[0][0])


def _with_self_loops(arcs: list[Arc], start: int, transitions: int) -> list[Arc]:
    """Adds self-loops, so that each phone may last.

    A loop sits on the state to which its forward arc leads (Kaldi's "reorder").

    A state to which several phones lead gets one copy for each phone, with a free arc to the state itself.
    """

    def phone_label(label: int) -> int:
        return label if 0 < label <= transitions else 0

    arriving: dict[int, set[int]] = collections.defaultdict(set, {start: {0}})
    for _, to, label, _, _ in arcs:
        arriving[to].add(phone_label(label))
    states = max(max(arc[0], arc[1]) for arc in arcs) + 1
    landing, looped = {}, []
    for state, labels in arriving.items():
        for label in labels:
            if label == 0:
                landing[state, label] = state
                continue
            own = state
            if len(labels) > 1:
                own, states = states, states + 1
                looped.append((own, state, 0, 0, 0.0))
            landing[state, label] = own
            looped.append((own, own, label - 1, 0, 0.0))
    looped += [(source, landing[to, phone_label(label)], label, word, cost) for source, to, label, word, cost in arcs]
    return sorted(looped, key=lambda arc: (arc[0] != start, arc[0]))  # the first arc's source is the start


def _relabelled(relabel: Path, words: list[str]) -> dict[str, int]:
    """The word ids with the numbers that the look-ahead conversion gave them."""
    new_ids = {int(old): int(new) for old, new in (line.split() for line in relabel.read_text().splitlines())}
    numbers = {word: new_ids[index] for index, word in enumerate(words) if index and index in new_ids}
    free: Iterator[int] = iter(range(max(numbers.values()) + 1, 1 << 30))
    return {"<eps>": 0} | {word: numbers[word] if word in numbers else next(free) for word in words[1:]}


def build(
    folder: Path, scratch: Path, entries: list[Pronunciation], classes: list[str], grammar: lm.Acceptor
) -> PhoneTable:
    """Writes all files of `folder` (the model's graph/). Intermediate files stay in `scratch`."""
    (folder / "phones").mkdir(parents=True, exist_ok=True)
    table = PhoneTable.of(classes)
    words = ["<eps>", *sorted({entry.word for entry in entries} | {UNKNOWN})]
    builder = _Builder(table)
    _lexicon_arcs(builder, entries, {word: index for index, word in enumerate(words)}, classes)
    small, finals, start = _determinized(builder.arcs, scratch)
    _write_arcs(scratch / "HCL.txt", _with_self_loops(small, start, table.transitions), finals)
    _shell(f"fstcompile {scratch}/HCL.txt | fstarcsort --sort_type=olabel > {scratch}/HCL.fst")
    convert = f"fstconvert --fst_type=olabel_lookahead --save_relabel_opairs={scratch}/relabel {scratch}/HCL.fst {folder}/HCLr.fst"
    _shell(f"LD_PRELOAD={_extension('lookahead')} {convert}")
    ids = _relabelled(scratch / "relabel", words)
    symbols = range(table.transitions + 1, table.transitions + builder.most_symbols + 1)
    (folder / "disambig_tid.int").write_text("".join(f"{symbol}\n" for symbol in symbols))
    (folder / "words.txt").write_text("".join(f"{word} {ids[word]}\n" for word in sorted(words, key=ids.__getitem__)))
    boundary = "".join(f"{phone} {kind}\n" for phone, kind in enumerate(table.kinds, 1))
    (folder / "phones" / "word_boundary.int").write_text(boundary)
    ids[lm.BACK_OFF] = 0
    arcs = [(source, to, ids[word], ids[word], cost) for source, to, word, cost in grammar.arcs]
    _write_arcs(scratch / "G.txt", sorted(arcs, key=lambda arc: (arc[0] != 0, arc[0])), grammar.finals)
    _shell(f"fstcompile {scratch}/G.txt | fstarcsort --sort_type=ilabel > {scratch}/G.fst")
    # The type "ngram" takes 8.5 bytes an arc instead of 19, and a third to a half more time to decode with.
    convert = f"fstconvert --fst_type=ngram {scratch}/G.fst {folder}/Gr.fst"
    _shell(f"LD_PRELOAD={_extension('ngram')} {convert}")
    return table

"""Builds the model folder from a trained network: `python -m audio.demo_model.build WORK [FOLDER]`.

It builds the folder beside the target and then swaps them, so that a reader never sees half a model. The figures
below were chosen on the development sentences of `evaluate` (`--set dev`), not on the test sentences.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from audio.demo_model.sounds.features import FBANK_CONF, MELS
from audio.demo_model.training import graph, kaldi_io
from audio.demo_model.training.network import Network
from audio.demo_model.words import corpus, lm, phrases
from audio.demo_model.words.lexicon import lexicon

MANIFEST = "seesay-model.json"  # the program reads it to see whether the model is whole
DEFAULT_FOLDER = Path(__file__).parent / "en"
LM_SEED = 77


@dataclass(frozen=True)
class Tuning:
    """The weights and costs that are balanced against each other when decoding."""

    acoustic_scale: float = 0.7
    beam: float = 15.0
    lattice_beam: float = 4.0
    max_active: int = 3000
    order: int = 3
    lm_sentences: int = 1_000_000
    rarest: int = 2  # a context of two or more words counts if it occurs at least this often
    word_cost: float = 0.5
    prior_floor: float = 5e-3
    prior_power: float = 0.5
    unknown_in_lm: float | None = None  # cost of [unk] in the open language model; None: it has no [unk]

    def model_conf(self) -> str:
        return (
            f"--min-active=200\n--max-active={self.max_active}\n--beam={self.beam}\n--lattice-beam={self.lattice_beam}\n"
            f"--acoustic-scale={self.acoustic_scale}\n--frame-subsampling-factor=3\n--endpoint.silence-phones=1\n"
            "--endpoint.rule2.min-trailing-silence=0.5\n--endpoint.rule3.min-trailing-silence=0.8\n"
            "--endpoint.rule4.min-trailing-silence=1.5\n"
        )


def language_model(tuning: Tuning) -> lm.Acceptor:
    rng, count_said = random.Random(LM_SEED), int(phrases.SAID_SHARE * tuning.lm_sentences)
    planned = itertools.islice(corpus.training_sentences(rng, corpus.planned), tuning.lm_sentences - count_said)
    said = itertools.islice(corpus.training_sentences(rng, corpus.said_alike), count_said)
    witnesses = [text for text in corpus.SAID if not corpus.is_held_out(text)]
    grammar = lm.ngram(planned, corpus.vocabulary(), tuning.order, tuning.rarest, said, witnesses)
    if tuning.unknown_in_lm is not None:
        state = grammar.unigram_state
        grammar.arcs.append((state, state, graph.UNKNOWN, tuning.unknown_in_lm))
    return grammar


def write(work: Path, folder: Path, tuning: Tuning, grammar: lm.Acceptor) -> None:
    """Writes the model into the empty `folder`, from the network and the pronunciations in `work`."""
    state = torch.load(work / "network.pt", weights_only=False)
    classes: list[str] = state["phones"]
    for name in ("am", "conf", "graph"):
        (folder / name).mkdir(parents=True)
    entries = lexicon(work, corpus.vocabulary(), classes, tuning.word_cost)
    with tempfile.TemporaryDirectory() as scratch:
        table = graph.build(folder / "graph", Path(scratch), entries, classes, grammar)
    network = Network(len(classes), state["narrow"], state["wide"])
    network.load_state_dict(state["weights"])
    priors = np.maximum(state["priors"], tuning.prior_floor) ** tuning.prior_power
    kaldi_io.write_model(
        folder / "am" / "final.mdl", table.outputs, MELS, network.eval().folded(), priors / priors.sum()
    )
    (folder / "conf" / "fbank.conf").write_text(FBANK_CONF)
    (folder / "conf" / "model.conf").write_text(tuning.model_conf())


def write_manifest(folder: Path) -> None:
    """The bytes and the SHA-256 of every file into the manifest, in the form of the models that `seesay fetch` brings."""
    files = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    text = json.dumps({"source": "audio.demo_model.build", "files": files}, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def swap_in(made: Path, folder: Path) -> None:
    """Puts `made` in the place of `folder`, which is missing for an instant only."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def build(work: Path, folder: Path, tuning: Tuning, grammar: lm.Acceptor | None = None) -> int:
    """Makes the model and returns its size in bytes."""
    made = folder.with_name(folder.name + ".partial")
    shutil.rmtree(made, ignore_errors=True)
    write(work, made, tuning, grammar or language_model(tuning))
    write_manifest(made)
    swap_in(made, folder)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description="build the small Vosk model's folder")
    parser.add_argument("work", type=Path)
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT_FOLDER)
    parser.add_argument("--sentences", type=int, default=Tuning.lm_sentences, help="drawn for the language model")
    chosen = parser.parse_args()
    size = build(chosen.work, chosen.folder, Tuning(lm_sentences=chosen.sentences))
    print(f"{chosen.folder}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

"""The readers of a checkpoint folder, with one hostile file among sound ones."""

from __future__ import annotations

import json
import math
import os
import random
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from tests.fuzz.door import Target, usual_faults
from tests.fuzz.mutations import json_bytes, json_mutated, mutated
from tests.vision.engine.tiny_checkpoint import Tiny, make
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.checkpoint.shapes import Shapes, required_tensors
from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
from vision.errors import VisionModelError
from vision.preprocess import PatchSpec

# An input begins with the number of the file that holds the rest.
_FILES = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "model-00001-of-00002.safetensors",
    "model.safetensors.index.json",
)
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "config.json")
_WEIGHTS_FILE_BYTES = 1_000_000


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    """The files of a tiny checkpoint with one layer of each kind. Of the weights there is only the header."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = make(Path(scratch, "tiny"), Tiny(deepstack=()))
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".safetensors"}
    config = json.loads(files["config.json"])
    config["text_config"]["num_hidden_layers"] = config["vision_config"]["depth"] = 1
    shapes = list(required_tensors(config).items())
    where = {}
    for number, shard in enumerate((shapes[::2], shapes[1::2]), start=1):
        file, header, at = f"model-0000{number}-of-00002.safetensors", {}, 0
        for name, shape in shard:
            size = 2 * math.prod(shape)
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
            at += size
            where[name] = file
        table = json_bytes(header)
        files[file] = len(table).to_bytes(8, "little") + table
    files["config.json"] = json_bytes(config)
    files["model.safetensors.index.json"] = json_bytes({"metadata": {}, "weight_map": where})
    return files


def _seeds_of(names: tuple[str, ...]) -> list[bytes]:
    return [bytes([number]) + _files()[name] for number, name in enumerate(names)]


def _rewrite(seed: bytes, rng: random.Random) -> bytes:
    """JSON changed by its structure, and a safetensors header whose length is right again."""
    number, data = seed[:1], seed[1:]
    if not data.startswith(b"{"):
        table = data[8:]
        table = (
            json_bytes(json_mutated(json.loads(table), rng)) if rng.random() < 0.8 else mutated(table, [table], (), rng)
        )
        return number + len(table).to_bytes(8, "little") + table
    return number + json_bytes(json_mutated(json.loads(data), rng))


def _lay_out(folder: Path, name: str, data: bytes) -> Path:
    """The checkpoint with this file in place of its own. Returns where the file is."""
    if not (folder / _FILES[0]).exists():
        for each, content in _files().items():
            _write(folder / each, content)
    _write(folder / name, data)
    return folder / name


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    if path.suffix == ".safetensors":  # the weights are zeros, which take no room on the disk
        os.truncate(path, max(len(data), _WEIGHTS_FILE_BYTES))


def _read(data: bytes, folder: Path) -> None:
    name = _FILES[data[0] % len(_FILES)] if data else _FILES[0]
    path = _lay_out(folder, name, data[1:])
    try:
        checkpoint = open_checkpoint(folder)
        PatchSpec.of_checkpoint(folder)
        source = folder / "config.json"
        Shapes.of(checkpoint.config, source)
        shapes = required_tensors(checkpoint.config, source)
        checkpoint.require(shapes)
        smallest = min(shapes, key=lambda each: checkpoint.tensors[each].elements)
        checkpoint.read_into(smallest, np.empty(shapes[smallest], np.float32))
    finally:
        _write(path, _files()[name])


def _read_tokenizer(data: bytes, folder: Path) -> None:
    name = _TOKENIZER_FILES[data[0] % len(_TOKENIZER_FILES)] if data else _TOKENIZER_FILES[0]
    path = _lay_out(folder, name, data[1:])
    try:
        checkpoint = open_checkpoint(folder)
        tokenizer = CheckpointTokenizer(checkpoint)
        special = tokenizer.special_tokens(checkpoint.config)
        assert all(type(token) is int for token in vars(special).values())
        tokenizer.decode(tokenizer.encode("what is <|im_end|> this?")[:20])
    finally:
        _write(path, _files()[name])


_TOKENS = (
    b'"dtype"',
    b'"shape"',
    b'"data_offsets"',
    b'"BF16"',
    b'"F32"',
    b'"I8"',
    b'"__metadata__"',
    b'"weight_map"',
    b"{}",
    b"[]",
)
TARGETS = (
    Target("checkpoint", lambda: _seeds_of(_FILES), _read, (VisionModelError,), _TOKENS, _rewrite),
    Target("tokenizer", lambda: _seeds_of(_TOKENIZER_FILES), _read_tokenizer, (VisionModelError,), _TOKENS, _rewrite),
)


def test_a_hostile_checkpoint_is_refused_with_a_sentence() -> None:
    """Whatever one of its files holds, its headers are sound or there is one VisionModelError."""
    assert usual_faults(TARGETS[0]) == []


def test_a_hostile_tokenizer_is_refused_with_a_sentence() -> None:
    """Whatever its files hold, a text can be encoded or there is one VisionModelError."""
    assert usual_faults(TARGETS[1]) == []

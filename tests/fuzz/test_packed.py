"""The reader of packed weights and hostile files."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from pathlib import Path

import numpy as np

from tests.fuzz.door import Target, usual_faults
from tests.fuzz.mutations import json_bytes, json_mutated, mutated
from vision.engine.packed.file import ALIGNMENT, HEADER, MAGIC, VERSION, PackedFile, PackedFileError
from vision.engine.packed.file_writer import PackedFileWriter
from vision.engine.packed.q12 import pack


def _seeds() -> list[bytes]:
    """Two packed matrices, one with exceptions, and two arrays."""
    random_bits = np.random.default_rng(1).integers(0, 1 << 16, (32, 16)).astype(np.uint16)
    weights = np.random.default_rng(2).standard_normal((16, 32), np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "seed.packed")
        with PackedFileWriter(path) as writer:
            writer.write_matrix("any", [pack(random_bits)])
            writer.write_matrix("usual", [pack((weights.view(np.uint32) >> 16).astype(np.uint16))])
            writer.write_array("norm", np.ones(4, np.float32))
            writer.write_array("patch", np.ones((2, 3, 4), np.float32))
            writer.finish({"sources": []})
        return [path.read_bytes()]


def _rewrite(seed: bytes, rng: random.Random) -> bytes:
    """Another table of contents, or other sections, with the header and the table's checksum right again."""
    _, _, offset, length, _ = HEADER.unpack(seed[: HEADER.size])
    body, table = seed[ALIGNMENT:offset], seed[offset : offset + length]
    if rng.random() < 0.85:
        table = (
            json_bytes(json_mutated(json.loads(table), rng)) if rng.random() < 0.8 else mutated(table, [table], (), rng)
        )
    else:
        body = mutated(body, [body], (), rng)
        offset = ALIGNMENT + len(body)
    head = HEADER.pack(MAGIC, VERSION, offset, len(table), hashlib.sha256(table).digest())
    return head.ljust(ALIGNMENT, b"\0") + body + table


def _read(data: bytes, folder: Path) -> None:
    path = folder / "weights.packed"
    path.write_bytes(data)
    file = PackedFile(path)
    file.check_sections()
    for matrix in file.contents.matrices.values():
        matrix.data.sum()
    for array in file.contents.arrays.values():
        array.sum()


TARGET = Target("packed", _seeds, _read, (PackedFileError,), tokens=(MAGIC, b'"at":', b'"size":'), rewrite=_rewrite)


def test_hostile_packed_weights_are_refused_with_a_sentence() -> None:
    """Whatever the file holds, every array lies within it, or there is one PackedFileError."""
    assert usual_faults(TARGET) == []

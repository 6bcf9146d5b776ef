"""Whether the files of the models are those that were fetched, byte for byte, by the sums of their manifests.

It does not know what else is checked, nor where a report goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.models.catalog import joined_hash, read_manifest, weights_files
from assistant.models.download import digest
from assistant.models.verified import damaged_file


@dataclass(frozen=True)
class Files:
    """A model's files. `damaged` names the first one that is not as its manifest says, and is "" where all are."""

    model: str
    compared: int  # with sums of a manifest; 0: there is none
    damaged: str = ""


def compare_files(folder: Path, name: str) -> Files:
    """Reads every byte of a model that has a manifest: 4.3 GB take some ten seconds."""
    manifest = read_manifest(folder)
    if not manifest:
        return Files(name, 0)
    return Files(name, len(manifest), damaged_file(folder, manifest) or "")


def hash_weights(folder: Path, progress: Callable[[str], None]) -> str:
    """The SHA-256 of weights that have no manifest, read from the disk. Raises OSError."""
    progress("reading the weights, which have no checksums of their own")
    return joined_hash([digest(path) for path in weights_files(folder)])

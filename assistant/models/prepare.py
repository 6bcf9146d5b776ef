"""Prepares a fetched vision model, so that its first start is quick: packs its weights, and compiles the arithmetic.

`seesay fetch` does it, because its user waits anyway. This module does not know how weights are packed, nor where a
model comes from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from assistant.errors import FetchError
from assistant.models.download import Progress, silent


def prepare(model: Path, progress: Progress = silent, environ: Mapping[str, str] = os.environ) -> Path:
    """Pack the weights of a vision model into the user's cache and return the file, at once if it is there and right.

    Raises FetchError. The model then stays, and its first start packs the weights. An interrupt leaves nothing half
    done.
    """
    # Here, because they import numba.
    from vision.engine.checkpoint.checkpoint import open_checkpoint
    from vision.engine.host import arithmetic_threads
    from vision.engine.models.packed_model import PackedModel
    from vision.engine.models.tuned import tuning_folder
    from vision.engine.packed.cache import keep_packed, packed_path, weights_folder
    from vision.errors import VisionError

    try:
        checkpoint = open_checkpoint(model)
        path = packed_path(weights_folder(environ), checkpoint)
        total_bytes = sum(file.stat().st_size for file in {tensor.file for tensor in checkpoint.tensors.values()})

        def show(share: float) -> None:
            progress(f"packing {checkpoint.name}", int(share * total_bytes), total_bytes)

        threads = arithmetic_threads(0)
        packed = keep_packed(checkpoint, path, show, threads)
        # What it compiles and measures stays on the disk.
        PackedModel(checkpoint, packed, threads, tuned_in=tuning_folder(path, packed.size)).close()
        return packed.path
    except (VisionError, OSError) as problem:
        raise FetchError(
            f"{model.name} is here and can be used, but its weights could not be packed for a quick start: {problem}"
        ) from None

"""Loads the arithmetic of a checkpoint in one of two ways: packed weights with our kernels, or transformers' modules.

Slow imports are inside the functions: the packed way never imports torch or transformers. This file knows what loading
needs (a cache folder, memory) and tells how far it is. It does not know what a prompt or a View is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vision.engine.checkpoint.checkpoint import Checkpoint
from vision.engine.checkpoint.shapes import Shapes
from vision.engine.generation.generate import LanguageModel
from vision.engine.host import available_bytes, let_idle_threads_sleep, total_bytes
from vision.engine.settings import EngineSettings

from .memory import bytes_beside_weights, require_beside_weights, slow_because_small

Say = Callable[[str], None]

_LONG_BYTES = 1 << 30  # of float32 weights; loading more than that takes seconds, so it tells how far it is


@dataclass(frozen=True)
class Loaded:
    """A model, and how to free what it holds beside memory."""

    model: LanguageModel
    release: Callable[[], None]  # call it once nothing computes any more


def load_packed(
    checkpoint: Checkpoint, settings: EngineSettings, threads: int, picture_patches: int, cache: Path | None, say: Say
) -> Loaded:
    """Load the packed arithmetic; pack the weights first if they are not yet packed. Raises VisionModelError."""
    from vision.engine.packed.cache import open_or_pack, packed_path, weights_folder  # here, because it imports numba

    shapes = Shapes.of(checkpoint.config, checkpoint.folder / "config.json")
    context = min(settings.context_tokens, shapes.text.max_positions)
    needed = bytes_beside_weights(shapes, context, picture_patches)
    require_beside_weights(checkpoint.folder, needed, available_bytes())
    path = packed_path(weights_folder() if cache is None else cache, checkpoint)
    progress = percent(checkpoint, f"packing the weights of {checkpoint.name} once", say)
    packed = open_or_pack(checkpoint, path, progress, threads)
    if warning := slow_because_small(checkpoint.name, needed, packed.size, total_bytes()):
        say(warning)
    from vision.engine.kernels.isa import Isa
    from vision.engine.kernels.jit import telling

    from .packed_model import PackedModel
    from .tuned import tuning_folder

    with telling(lambda: say("compiling the arithmetic for this processor, which takes some 20 seconds, once")):
        model = PackedModel(checkpoint, packed, threads, tuned_in=tuning_folder(path, packed.size))
    if model.isa is Isa.PLAIN:
        say("this processor has no AVX2, so answers take several times as long as they could")
    return Loaded(model, model.close)


def load_transformers(checkpoint: Checkpoint, threads: int, say: Say) -> Loaded:
    """Load the plain float32 reference: 4 bytes a parameter, 7.93 GiB for the 2B model. Raises VisionModelError."""
    let_idle_threads_sleep()
    from .transformers_model import TransformersModel  # here, because it imports torch and transformers

    model = TransformersModel(checkpoint, threads)
    model.load_weights(percent(checkpoint, f"loading {checkpoint.name}", say))
    return Loaded(model, _nothing)


def percent(checkpoint: Checkpoint, what: str, say: Say) -> Callable[[float], None]:
    """A function that takes the share done of a long work, and says a line at every tenth."""
    said = 0

    def progress(share: float) -> None:
        nonlocal said
        if checkpoint.float32_bytes >= _LONG_BYTES and int(share * 10) > said:
            said = int(share * 10)
            say(f"{what}: {said * 10} %")

    return progress


def _nothing() -> None:
    return None

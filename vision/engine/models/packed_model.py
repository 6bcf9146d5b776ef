"""A `generate.LanguageModel` on packed weights: no torch, and no second copy of a weight.

Its memory is the mapped file, which the system can take back at any time, the caches of the Views, and the buffers of
decoder and encoder. Importing this file imports numba, so only `Engine.load` does.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vision.engine.checkpoint.checkpoint import Checkpoint
from vision.engine.checkpoint.shapes import Shapes
from vision.engine.generation.generate import EncodedPicture, Scores
from vision.engine.generation.prompt import PromptPart
from vision.engine.kernels.graph import GraphRuntime
from vision.engine.kernels.isa import Isa, available, fastest
from vision.engine.kernels.linear import Multiplier
from vision.engine.kernels.thread_pool import Pool
from vision.engine.kernels.tuning import usual_tuning
from vision.engine.kv_cache import KVCache
from vision.engine.packed.file import PackedFile
from vision.engine.scheduling.fair_lock import Check

from .text_decoder import TextDecoder
from .tuned import tuning_for
from .vision_encoder import VisionEncoder

_VERIFIED_AT_ONCE = {Isa.PLAIN: 1, Isa.AVX2: 3, Isa.AVX512: 4}  # as many as one pass over the weights multiplies well


class PackedModel:
    """A `LanguageModel` over a packed file."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        packed: PackedFile,
        threads: int,
        isa: Isa | None = None,
        tuned_in: Path | None = None,  # the folder that keeps what suits this processor; None: the usual choices
    ) -> None:
        self.isa = chosen_isa() if isa is None else isa
        tuning = usual_tuning(self.isa) if tuned_in is None else tuning_for(tuned_in, threads, self.isa)
        shapes = Shapes.of(checkpoint.config)
        self._file = packed
        self._pool = Pool(threads)
        try:
            runtime = GraphRuntime(self._pool, Multiplier(self._pool, self.isa, tuning))
            self._text = TextDecoder(runtime, packed.contents, shapes.text)
            self._vision_encoder = VisionEncoder(runtime, packed.contents, shapes.vision)
            # This compiles the last function that the first question would otherwise compile.
            self._text.embed(np.zeros(1, np.int64))
        except BaseException:
            self._pool.close()
            raise

    def close(self) -> None:
        """End the threads."""
        self._pool.close()

    def use_threads(self, threads: int) -> None:
        """Compute with at most so many threads from now on; the results are the same."""
        self._pool.use(threads)

    def new_cache(self) -> KVCache:
        return KVCache(self._text.cache_shape)

    def encode(self, patches: NDArray[np.float32], grid: NDArray[np.int64], check: Check) -> EncodedPicture:
        _, rows, columns = (int(side) for side in grid[0])
        return EncodedPicture(*self._vision_encoder.encode(patches, rows, columns, check))

    def prefill(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Check) -> None:
        self._read(cache, part, picture, check)

    def decode(self, cache: KVCache, part: PromptPart, check: Check) -> Scores:
        before = cache.length
        self._read(cache, part, None, check)
        try:
            check()
            return Scores(*self._text.scores(cache, 1)[0])
        except BaseException:
            cache.rewind(before)
            raise

    @property
    def verified_at_once(self) -> int:
        return _VERIFIED_AT_ONCE[self.isa]

    def verify(self, cache: KVCache, part: PromptPart, check: Check) -> list[Scores]:
        before = cache.length
        self._read(cache, part, None, check)
        try:
            check()
            return [Scores(*scores) for scores in self._text.scores(cache, len(part))]
        except BaseException:
            cache.rewind(before)
            raise

    def _read(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Check) -> None:
        at_picture = part.picture_rows >= 0  # (n,)
        embedded = np.empty((len(part), self._text.shape.hidden), np.float32)
        embedded[~at_picture] = self._text.embed(part.ids[~at_picture])
        deepstack = []
        if picture is not None and at_picture.any():
            rows = part.picture_rows[at_picture]
            embedded[at_picture] = picture.tokens[rows]
            for level in picture.deepstack:
                spread = np.zeros_like(embedded)
                spread[at_picture] = level[rows]
                deepstack.append(spread)
        self._text.read(cache, embedded, part.positions, deepstack, check)


def chosen_isa(wanted: str | None = None) -> Isa:
    """The instruction set to use: the one that SEESAY_ISA names if this machine has it, else the fastest."""
    name = (os.environ.get("SEESAY_ISA", "") if wanted is None else wanted).upper()
    return next((isa for isa in available() if isa.name == name), fastest())

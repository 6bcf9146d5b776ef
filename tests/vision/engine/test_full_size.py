"""What `test_packed`, `test_kernels` and `test_generate` show for small models, here for one of full size.

The model has 2.1 billion random weights. This takes some minutes, 18 GB of memory and 8 GB of disk:
`pytest -m slow tests/vision/engine/test_full_size.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.bench.material.random_model import random_checkpoint
from tests.vision.engine.reference import Reference
from vision.engine.checkpoint.checkpoint import Checkpoint, open_checkpoint
from vision.engine.engine import Engine
from vision.engine.generation.generate import Scores
from vision.engine.generation.prompt import text_part
from vision.engine.host import available_bytes
from vision.engine.kernels.isa import available
from vision.engine.kernels.linear import Multiplier
from vision.engine.kernels.thread_pool import Pool
from vision.engine.models.transformers_model import cache_keyword
from vision.engine.packed.cache import open_or_pack, packed_path
from vision.engine.packed.file import PackedFile
from vision.engine.packed.q12 import unpack
from vision.engine.packed.tensor_plan import plan_tensors
from vision.engine.settings import EngineSettings
from vision.frame import Frame

pytestmark = pytest.mark.slow

PLACES = 60  # teacher-forced
BYTES = 16 << 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if (available_bytes() or BYTES) < BYTES:
        pytest.skip("transformers needs 13 GB for the full size in float32")
    return random_checkpoint(tmp_path_factory.mktemp("bench"), lambda what, done, total: None)


@pytest.fixture(scope="module")
def checkpoint(folder: Path) -> Checkpoint:
    return open_checkpoint(folder)


@pytest.fixture(scope="module")
def packed(folder: Path, checkpoint: Checkpoint) -> PackedFile:
    return open_or_pack(checkpoint, packed_path(folder.parent, checkpoint), lambda share: None, 2)


@pytest.fixture(scope="module")
def frame() -> Frame:
    small = np.random.default_rng(2).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Frame(small.repeat(56, axis=0).repeat(56, axis=1), captured_at=0.0)


@pytest.fixture(scope="module")
def words() -> list[int]:
    return np.random.default_rng(3).integers(1000, 100_000, PLACES).tolist()


def test_every_weight_is_its_sources(checkpoint: Checkpoint, packed: PackedFile) -> None:
    """The packed weights are the source's, bit for bit, and all matrices are in 12 bits."""
    contents = packed.contents
    plan = plan_tensors(checkpoint)
    assert not contents.notes
    for planned in plan.matrices:
        matrix = contents.matrices[planned.name]
        assert matrix.form == "q12"
        bits = unpack(matrix)
        start = 0
        for source in planned.read():
            assert np.array_equal(bits[start : start + len(source)], source), planned.name
            start += len(source)
        assert start == matrix.rows
    assert set(contents.arrays) == set(plan.arrays)
    assert packed.size < 0.76 * 2 * checkpoint.parameters


@pytest.mark.parametrize("isa", available(), ids=lambda isa: isa.name)
@pytest.mark.parametrize("name", ["layers.0.mlp.gate_up_proj", "layers.27.mlp.down_proj", "blocks.11.attn.qkv"])
def test_products_against_float64(packed: PackedFile, isa: object, name: str) -> None:
    """The error relative to the largest result is small, and exact integer sums have torch's bits."""
    matrix = next(matrix for key, matrix in packed.contents.matrices.items() if f"{name}.weight" in key)
    exact = (unpack(matrix).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    rng = np.random.default_rng(1)
    with Pool(2) as pool:
        multiplier = Multiplier(pool, isa)  # type: ignore[arg-type]
        for count in (1, 2, 3, 5, 12, 13, 18, 231):
            x = rng.standard_normal((count, matrix.columns), np.float32)
            right = x.astype(np.float64) @ exact.T
            assert np.abs(multiplier.multiply(matrix, x) - right).max() <= 1e-6 * np.abs(right).max(), count


def said(folder: Path, frame: Frame, words: list[int], threads: int) -> list[Scores]:
    """The scores after each word behind the picture."""
    with Engine.load(folder, EngineSettings(threads=threads), cache=folder.parent) as engine:
        prefix = engine.session.look(frame, engine.session.permit(None))
        model, cache = engine.session.model, prefix.cache
        return [model.decode(cache, text_part([word], cache.length + prefix.shift), lambda: None) for word in words]


@pytest.fixture(scope="module")
def ours(folder: Path, packed: PackedFile, frame: Frame, words: list[int]) -> list[Scores]:
    return said(folder, frame, words, 1)


def test_threads_change_no_bit(folder: Path, frame: Frame, words: list[int], ours: list[Scores]) -> None:
    """Two threads give the bits of one, through encoder and decoder."""
    others = said(folder, frame, words[:8], 2)
    assert all(a.logits.tobytes() == b.logits.tobytes() for a, b in zip(ours, others, strict=False))


@pytest.fixture(scope="module")
def reference(folder: Path) -> Reference:
    return Reference(folder)


def test_the_logits_are_those_of_transformers(
    reference: Reference, frame: Frame, words: list[int], ours: list[Scores]
) -> None:
    """The likeliest token agrees everywhere; the logits differ by at most twice torch's own noise."""
    at_once, one_by_one = recomputed(reference, frame, words)
    logits = np.stack([scores.logits for scores in ours])
    assert np.array_equal([scores.likeliest for scores in ours], at_once.argmax(axis=1))
    noise = float(np.abs(one_by_one - at_once).max())
    difference = float(np.abs(logits - at_once).max())
    assert difference <= 2 * noise, f"{difference:.2e} beside torch's {noise:.2e}"


def recomputed(reference: Reference, frame: Frame, words: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """transformers' logits for the words behind the picture: in one pass, and one by one on its cache."""
    import torch
    from transformers import DynamicCache

    ids = reference.encode("<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>")
    inputs, network = reference.inputs(frame, [*ids, *words]), reference.network
    prompt, kinds = inputs["input_ids"], inputs["mm_token_type_ids"]
    count = len(words)
    with torch.inference_mode():
        whole = network(**inputs, logits_to_keep=count).logits[0].numpy()
        positions, _ = network.model.get_rope_index(prompt, kinds, inputs["image_grid_thw"])  # (3, 1, n)
        cache = DynamicCache(config=network.config)
        head = {**inputs, "input_ids": prompt[:, :-count], "mm_token_type_ids": kinds[:, :-count]}
        network(
            **head,
            position_ids=positions[..., :-count],
            **{cache_keyword(network): cache},
            use_cache=True,
            logits_to_keep=1,
        )
        steps = []
        for place in range(prompt.shape[1] - count, prompt.shape[1]):
            step = network(
                input_ids=prompt[:, place, None],
                position_ids=positions[..., place, None],
                **{cache_keyword(network): cache},
                use_cache=True,
            )
            steps.append(step.logits[0, -1].numpy())
    return whole, np.stack(steps)


def test_a_stopped_reading_is_noticed_in_time(folder: Path, packed: PackedFile, frame: Frame) -> None:
    """A cancel is checked four times in a block and twice in a layer."""
    looks = 0

    def check() -> None:
        nonlocal looks
        looks += 1

    with Engine.load(folder, EngineSettings(threads=2), cache=folder.parent) as engine:
        permit = engine.session.permit(None)
        permit.check = check
        engine.session.look(frame, permit)
    assert looks >= 24 * 4 + 27 * 2

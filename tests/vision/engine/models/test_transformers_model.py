"""The plain float32 arithmetic, transformers' own modules: its weights, its precision, its memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vision.engine.reference import Reference
from tests.vision.engine.tiny_checkpoint import Tiny, make
from vision.engine.engine import Engine
from vision.engine.generation.prompt import text_part
from vision.engine.settings import EngineSettings
from vision.errors import VisionModelError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("own-head") / "tiny", Tiny(tied=False, seed=4))


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[Engine]:
    with Engine.load(folder, EngineSettings(threads=1, arithmetic="transformers")) as engine:
        yield engine


def test_all_arithmetic_is_float32(engine: Engine) -> None:
    """No weight is left in bfloat16, and no product may be rounded to it."""
    import torch

    network = engine.session.model._network  # type: ignore[attr-defined]
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.backends.mkldnn.enabled


def test_weights_are_those_that_transformers_loads(folder: Path, engine: Engine) -> None:
    """Our loader and `from_pretrained` agree bit for bit, also in computed tables."""
    import torch

    theirs = Reference(folder).network
    ours = engine.session.model._network  # type: ignore[attr-defined]
    expected = {**dict(theirs.named_parameters()), **dict(theirs.named_buffers())}
    found = {**dict(ours.named_parameters()), **dict(ours.named_buffers())}
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_memory_that_runs_out_is_said(engine: Engine) -> None:
    """torch's message about its allocator becomes a clear sentence; other faults stay as they are."""
    model = engine.session.model

    def fail(message: str) -> None:
        raise RuntimeError(message)

    with pytest.raises(VisionModelError, match="the memory ran out while the model computed"):
        model.decode(
            model.new_cache(), text_part([1], 0), lambda: fail("DefaultCPUAllocator: not enough memory: you tried")
        )
    with pytest.raises(RuntimeError, match="a bug"):
        model.decode(model.new_cache(), text_part([1], 0), lambda: fail("a bug"))
    assert model.decode(model.new_cache(), text_part([1], 0), lambda: None).logits.ndim == 1

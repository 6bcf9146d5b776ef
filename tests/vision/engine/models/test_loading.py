"""Which arithmetic is loaded, from where, and what is said while it loads."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from tests.vision.engine.tiny_checkpoint import Tiny, make
from vision.engine.engine import Engine
from vision.engine.kernels.isa import Isa, fastest
from vision.engine.packed.cache import weights_folder
from vision.engine.settings import Arithmetic, EngineSettings

ONE_THREAD = EngineSettings(threads=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("loading") / "tiny")


def load(folder: Path, cache: Path | None, settings: EngineSettings = ONE_THREAD) -> list[str]:
    """Load and close an engine, and return the lines that it said."""
    lines: list[str] = []
    Engine.load(folder, settings, lines.append, cache).close()
    return lines


def test_weights_are_packed_at_the_first_start_only(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go into the folder that the caller names, and the second start finds them there."""
    monkeypatch.setattr("vision.engine.models.loading._LONG_BYTES", 0)
    first = load(folder, tmp_path / "cache")
    assert "packing the weights of tiny once: 100 %" in first
    assert [file.name.partition("-")[0] for file in sorted((tmp_path / "cache").glob("*.packed"))] == ["tiny"]
    assert not [line for line in load(folder, tmp_path / "cache") if "packing" in line]


def test_the_folder_is_by_default_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this test run the user's cache is a folder of the tests."""
    folder = make(tmp_path / "mine", Tiny(seed=9))
    before = set(weights_folder().glob("*.packed"))
    load(folder, None)
    assert [file.name.partition("-")[0] for file in set(weights_folder().glob("*.packed")) - before] == ["mine"]


def test_the_reference_packs_nothing(folder: Path, tmp_path: Path) -> None:
    """It needs only the checkpoint."""
    load(folder, tmp_path / "cache", EngineSettings(threads=1, arithmetic="transformers"))
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("isa", [Isa.PLAIN, fastest()])
def test_a_processor_without_vector_kernels_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isa: Isa
) -> None:
    """The user is told that it will be slow, and it runs."""
    monkeypatch.setenv("SEESAY_ISA", isa.name)
    assert any("no AVX2" in line for line in load(folder, tmp_path / "cache")) is (isa is Isa.PLAIN)


@pytest.mark.parametrize("arithmetic", ["packed", "transformers"])
def test_a_closed_engine_holds_no_model(folder: Path, tmp_path: Path, arithmetic: Arithmetic) -> None:
    """Its memory is free even while somebody still holds the engine; closing it twice is no error."""
    settings = EngineSettings(threads=1, arithmetic=arithmetic)
    engine = Engine.load(folder, settings, cache=tmp_path / "cache")
    model = weakref.ref(engine.session.model)
    engine.close()
    engine.close()
    gc.collect()
    assert model() is None

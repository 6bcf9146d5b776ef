"""After a fetch the weights are packed. Whatever goes wrong with that, the model that was fetched stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.errors import FetchError, exit_status_of
from assistant.models.catalog import demo_vlm
from assistant.models.prepare import prepare


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model like a fetched one."""
    return Path(shutil.copytree(demo_vlm(), tmp_path / "Small-VL"))


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": "/none"}


def test_the_weights_are_packed_once(model: Path, user: dict[str, str]) -> None:
    """The bar counts up to the whole size, and the second time there is nothing to do."""
    seen: list[tuple[str, int, int]] = []
    packed = prepare(model, lambda *step: seen.append(step), user)
    assert packed.parent == Path(user["XDG_CACHE_HOME"]) / "seesay" / "weights"
    assert packed.is_file()
    size = (model / "model.safetensors").stat().st_size
    assert {(name, total) for name, _, total in seen} == {("packing Small-VL", size)}
    done = [done for _, done, _ in seen]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(size, abs=1)
    seen.clear()
    assert prepare(model, lambda *step: seen.append(step), user) == packed
    assert seen == []


def test_a_failure_leaves_the_model_and_says_so(model: Path, user: dict[str, str], tmp_path: Path) -> None:
    """A file in the place of the cache folder is reported, and the model stays."""
    before = sorted(model.iterdir())
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(FetchError, match=r"^Small-VL is here and can be used, but its weights could .*: cannot make"):
        prepare(model, environ=user)
    assert sorted(model.iterdir()) == before
    (model / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(FetchError, match="is not a safetensors file") as caught:
        prepare(model, environ=user)
    assert exit_status_of(caught.value) == 1


def test_an_interrupt_leaves_nothing_half_done(model: Path, user: dict[str, str]) -> None:
    """Ctrl-C while the bar moves leaves no partial file."""

    def interrupt(name: str, done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(model, interrupt, user)
    assert [file.suffix for file in Path(user["XDG_CACHE_HOME"]).rglob("*") if file.is_file()] == [".lock"]


@pytest.fixture
def fetched(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes it look as if the model had just been fetched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("assistant.models.fetch.fetch", lambda language, which, progress: [model])
    monkeypatch.setattr("assistant.models.catalog.fetched_vlm", lambda: model)
    return model


def test_the_command_fetches_and_packs(fetched: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The next start finds the packed file."""
    assert main.main(["fetch", "--language", "en"]) == 0
    said = capfd.readouterr().err
    assert "packing Small-VL: " in said
    assert "ready; the packed weights are " in said
    assert list((tmp_path / "cache" / "seesay" / "weights").glob("Small-VL-*.packed"))


def test_the_command_says_that_it_could_not_pack(
    fetched: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It says so after it has said that the models are here."""
    (tmp_path / "cache").write_text("in the way")
    assert main.main(["fetch", "--language", "en"]) == 1
    first, _, second = capfd.readouterr().err.splitlines()
    assert first.startswith("the full models are here and used from now on: ")
    assert second.startswith("seesay: Small-VL is here and can be used, but its weights could not be packed")

"""What a check found belongs to the weights that it was found on, and to no others."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant.models import catalog, checked
from assistant.models.checked import Result, note_key, read_result, weights_key, write_result
from assistant.settings.config import Config, EngineConfig
from assistant.wiring.assembly import Assembly

FOUND = Result("2026-11-29", True, True, "60 of 60 drawn pictures right", 0.31, 0.2, 75)


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(catalog.demo_vlm(), tmp_path / "model"))


def test_a_result_comes_back_for_the_same_weights(folder: Path, tmp_path: Path, environ: Mapping[str, str]) -> None:
    """Also from a copy elsewhere. Other weights have none."""
    write_result(weights_key(folder, environ), FOUND, environ)
    assert read_result(folder, environ) == FOUND
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    assert read_result(copy, environ) == FOUND
    (copy / catalog.MANIFEST).unlink()
    (copy / "model.safetensors").write_bytes(b"other weights")
    assert read_result(copy, environ) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"hedge_below": 0.3}', json.dumps(vars(FOUND) | {"hedge_below": 7.0})]
)
def test_a_damaged_result_is_none(folder: Path, environ: Mapping[str, str], text: str) -> None:
    """It must never become a threshold."""
    key = weights_key(folder, environ)
    write_result(key, FOUND, environ)
    (checked.folder_of(key, environ) / checked.RESULT).write_text(text)
    assert read_result(folder, environ) is None


def test_a_noted_hash_counts_while_no_file_has_changed(
    folder: Path, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights without a manifest are hashed by the check alone, because that takes long."""
    monkeypatch.setattr(checked, "weights_hash", lambda folder: "")  # as of 4 GB without a manifest
    assert weights_key(folder, environ) == ""
    note_key(folder, "abc123", environ)
    assert weights_key(folder, environ) == "abc123"
    os.utime(folder / "model.safetensors", (1, 1))
    assert weights_key(folder, environ) == ""


def test_the_program_uses_what_was_measured(
    folder: Path, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The parts of `run`, `ask` and `serve` get the thresholds of the model in use, and the start says so once."""
    monkeypatch.setenv("XDG_STATE_HOME", environ["XDG_STATE_HOME"])
    write_result(weights_key(folder), FOUND)
    with ExitStack() as stack:
        assembly = Assembly(Config(engine=EngineConfig(model=str(folder))), stack)
        assert (assembly.doubt.hedge_below, assembly.doubt.cannot_tell_below) == (0.31, 0.2)
        assert assembly.doubt.hedge_below == 0.31
    assert capsys.readouterr().err.count("measured on this model by `seesay check` on 2026-11-29") == 1

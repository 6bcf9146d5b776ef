"""A model that kills the process which loads it is told from a good one, by a process that may die."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import audio
from audio.errors import SpeechModelError
from audio.recognition import model_trial
from audio.recognition.model_trial import try_model

MODEL = Path(audio.__file__).parent / "demo_model" / "en"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the embedded model, to be damaged."""
    return Path(shutil.copytree(MODEL, tmp_path / "en"))


def test_a_good_model_passes() -> None:
    """Nothing is raised."""
    try_model(MODEL)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("graph/disambig_tid.int", b"", "loading it ends with SIGSEGV"),
        ("conf/model.conf", b"", "loading it ends with SIGABRT"),
        ("am/final.mdl", b"damaged", "Vosk refuses it"),
        ("graph/words.txt", b"", "Vosk refuses it"),
        ("graph/words.txt", b"<eps> 0\norange 1\norang", "Vosk refuses it"),
        ("graph/words.txt", b"<eps> 0\norange 1\noranges 1\n", "Vosk refuses it"),
    ],
)
def test_a_damaged_model_is_one_sentence(copy: Path, file: str, content: bytes, reason: str) -> None:
    """The process lives on, and the sentence says what happened to the other one."""
    (copy / file).write_bytes(content)
    with pytest.raises(SpeechModelError) as caught:
        try_model(copy)
    assert str(caught.value) == f"the Vosk model at {copy} is damaged ({reason}): fetch it again"


def test_a_folder_that_is_no_model_is_told_without_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named."""
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("a process was started"))
    with pytest.raises(SpeechModelError, match=r"it has no am/final\.mdl"):
        try_model(tmp_path)


def test_a_load_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is bounded."""
    monkeypatch.setattr(model_trial, "_FEWEST_SECONDS", 0.0)
    monkeypatch.setattr(model_trial, "_BYTES_A_SECOND", 1e12)
    with pytest.raises(SpeechModelError, match="did not end within"):
        try_model(MODEL)

"""The real program is started with damaged speech models and never dies of one.

The full number of starts is slow.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assistant.models.damaged_models import (
    HANGS,
    ORIGINS,
    WORDS,
    Damage,
    damages,
    speak_question,
    start_with,
)  # fmt: skip

# These four once killed the program, or let it hear nonsense.
KNOWN = (
    Damage("graph/disambig_tid.int", "one byte", 3),
    Damage("graph/Gr.fst", "one byte", 1),
    Damage("conf/model.conf", "empty", 0),
    Damage("graph/words.txt", "cut", 0),
)


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spoken question, as a WAV file."""
    path = tmp_path_factory.mktemp("question") / "question.wav"
    speak_question(path)
    return path


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_whole_model_hears_the_question(origin: str, tmp_path: Path, question: Path) -> None:
    """Each origin works undamaged, so a refusal in the other tests comes from the damage."""
    assert start_with(None, origin, tmp_path, question).heard == WORDS


@pytest.mark.parametrize("damage", KNOWN, ids=lambda damage: f"{damage.file} {damage.kind}")
def test_a_damaged_model_ends_the_start_in_one_sentence(damage: Damage, tmp_path: Path, question: Path) -> None:
    """The status is 3, no signal ended it, and nothing was heard."""
    start = start_with(damage, "fetched", tmp_path, question)
    assert start.refused, start


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["fetched", "embedded"])
def test_300_damaged_models_end_in_one_sentence_each(origin: str, tmp_path: Path, question: Path) -> None:
    """This holds for any byte of any file."""
    wrong = [
        start
        for damage in damages(300)
        if not (start := start_with(damage, origin, tmp_path, question)).refused
    ]  # fmt: skip
    assert wrong == []


@pytest.mark.slow
def test_300_damaged_folders_of_the_users_own_kill_nothing(tmp_path: Path, question: Path) -> None:
    """Without checksums a wrong weight is not noticed, but the program ends by itself, with a message."""
    for damage in damages(300):
        start = start_with(damage, "named", tmp_path, question)
        assert start.refused or (start.status == 1 and not start.messages.endswith(HANGS)), start
        assert "Traceback" not in start.messages

"""What suits this processor is measured once and kept; whatever goes wrong with that costs a little speed only."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from vision.engine.kernels.isa import Isa, available
from vision.engine.kernels.tuning import Tuning, usual_tuning
from vision.engine.models import tuned

pytestmark = pytest.mark.skipif(Isa.AVX2 not in available(), reason="the plain loops have nothing to choose")
FOUND = Tuning(Isa.AVX2, 24, 8192, 96)


@pytest.fixture(name="measured")
def _measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The thread counts for which it was measured; the measurement itself is instant here."""
    threads_seen: list[int] = []

    def measure(threads: int, isa: Isa) -> Tuning:
        threads_seen.append(threads)
        return FOUND

    monkeypatch.setattr(tuned, "measure", measure)
    return threads_seen


def test_the_measurement_is_made_once(tmp_path: Path, measured: list[int]) -> None:
    """The second start finds what the first one has kept."""
    folder = tmp_path / "weights"
    assert [tuned.tuning_for(folder, 2, Isa.AVX2) for _ in range(3)] == [FOUND] * 3
    assert measured == [2]
    assert [path.name for path in folder.iterdir()] == [tuned.FILE_NAME]


@pytest.mark.parametrize("change", ["threads", "processor", "kernels"])
def test_another_machine_is_measured_again(
    tmp_path: Path, measured: list[int], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A home folder may be carried to another processor, and an update may bring other kernels."""
    tuned.tuning_for(tmp_path, 2, Isa.AVX2)
    if change == "processor":
        monkeypatch.setattr(tuned, "processor_name", lambda: "another one")
    elif change == "kernels":
        monkeypatch.setattr(tuned, "kernels_digest", lambda: "other ones")
    tuned.tuning_for(tmp_path, 3 if change == "threads" else 2, Isa.AVX2)
    assert len(measured) == 2


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"for": 1}', "limit", "text"])
def test_a_damaged_file_is_measured_again(tmp_path: Path, measured: list[int], damage: str) -> None:
    """Nothing in the file is used before it was checked: a wrong limit would compute nonsense."""
    tuned.tuning_for(tmp_path, 2, Isa.AVX2)
    path = tmp_path / tuned.FILE_NAME
    if damage in ("limit", "text"):
        told = json.loads(path.read_text())
        told["gemv_limit"] = 2 if damage == "limit" else "many"
        path.write_text(json.dumps(told))
    else:
        path.write_text(damage)
    assert tuned.tuning_for(tmp_path, 2, Isa.AVX2) == FOUND
    assert measured == [2, 2]


def test_nothing_is_measured_where_nothing_can_be_kept(tmp_path: Path, measured: list[int]) -> None:
    """Else each start would take a second longer."""
    (tmp_path / "file").write_text("")
    assert tuned.tuning_for(tmp_path / "file", 2, Isa.AVX2) == usual_tuning(Isa.AVX2)
    assert measured == []


def test_a_small_model_is_not_worth_the_second(tmp_path: Path) -> None:
    """The demo model starts at once, on its first start too."""
    assert tuned.tuning_folder(tmp_path / "demo.packed", 15_000_000) is None
    assert tuned.tuning_folder(tmp_path / "big.packed", 3_200_000_000) == tmp_path


def test_the_usual_choice_stays_unless_another_is_clearly_faster() -> None:
    """One hundredth is noise; the shortest of the times counts, because load only makes them longer."""
    times = {1: iter([9.0, 5.0, *[9.0] * 9]), 2: iter([0.98] * 11), 3: iter([1.0] * 11)}
    assert tuned.quickest((1, 2, 3), 3, lambda value: next(times[value])) == 3
    times = {1: iter([9.0, 0.5, *[9.0] * 9]), 2: iter([0.98] * 11), 3: iter([1.0] * 11)}
    assert tuned.quickest((1, 2, 3), 3, lambda value: next(times[value])) == 1


def test_the_real_measurement_gives_choices_that_the_kernels_take() -> None:
    """It tries each of them, so a product with the best ones works."""
    found = tuned.measure(min(2, os.cpu_count() or 1), Isa.AVX2)
    assert found.isa is Isa.AVX2
    assert found.prefetch_bytes in tuned.PREFETCH_BYTES
    assert found.gemv_limit in tuned.GEMV_LIMITS[Isa.AVX2]
    assert found.vectors_together in tuned.VECTORS_TOGETHER

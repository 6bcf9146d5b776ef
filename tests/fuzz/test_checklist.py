"""The reader of checklists and hostile files."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import ConfigError
from assistant.inspection.rounds.checklist_file import load_checklist
from assistant.language.phrases import phrases_for
from tests.fuzz.door import Target, usual_faults
from tests.fuzz.mutations import lines_mutated

_EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "pump-room.toml"
_PHRASES = phrases_for("en")
_VALUES = (
    *(b'"a"', b'"a\\nb"', b'"\\u0000"', b'""', b"true", b"[]", b"{}", b"[[1]]", b"[0, 10]", b"[10, 10]", b'["a", "b"]', b'["47"]'),
    *(b'"bar"', b'"gauge"', b'"number"', b'"yes/no"', b'"one of"', b'"m**9**9"', b'"degC"', b'"1/0"', b'"bar" * 2', b"1e300"),
)  # fmt: skip


def _seeds() -> list[bytes]:
    """The stations of the example, two to a list, and short ones."""
    stations = _EXAMPLE.read_bytes().split(b"[[station]]")[1:]
    pairs = [
        b'title = "Pump room"\n[[station]]' + b"[[station]]".join(stations[n : n + 2]) for n in range(len(stations))
    ]
    return [
        *pairs,
        b'title = "a"\n[[station]]\nname = "p"\nstep = "gauge"\nscale = [0, 10]\nunit = "bar"\nlow = 1\nhigh = 2.5\nsweep = 270\n',
        b'title = "a"\n[[station]]\nname = "d"\nstep = "ask"\nquestion = "is it dry"\nanswer = "yes/no"\nright = "yes"\n',
        b'title = "a"\n[[station]]\nname = "e"\nstep = "ask"\nquestion = "how"\nanswer = "one of"\nitems = ["full", "low"]\n',
    ]


def _read(data: bytes, folder: Path) -> None:
    path = folder / "round.toml"
    path.write_bytes(data)
    load_checklist(path, _PHRASES)


TARGET = Target(
    "checklist",
    _seeds,
    _read,
    (ConfigError,),
    tokens=(b"[[station]]", b"[station]", b"title", b"unit", b"items", b"right", b"scale", b" = "),
    rewrite=lambda seed, rng: lines_mutated(seed, _VALUES, rng),
)


def test_a_hostile_checklist_is_refused_with_a_sentence() -> None:
    """Whatever the file holds, there is a checklist or one ChecklistError or ConfigError."""
    assert usual_faults(TARGET) == []

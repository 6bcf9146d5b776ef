"""The files of the engine stand one above the other, read from their own import statements."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ENGINE = "vision.engine"


def imports_of(path: Path, module: str) -> set[str]:
    """The modules that a file names in import statements anywhere in it, also those for type checkers only."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def graph() -> dict[str, set[str]]:
    """Which module of the engine imports which others; a package's own `__init__` only gathers names, so it is left out."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / "vision/engine").rglob("*.py")
    }
    modules = {module: path for module, path in paths.items() if path.name != "__init__.py"}
    return {module: imports_of(path, module) & modules.keys() - {module} for module, path in modules.items()}


def room(module: str) -> str:
    """The sub-package of a module, or the module itself if it stands directly in the engine."""
    return module.removeprefix(f"{ENGINE}.").split(".")[0]


def circle(imports: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_file_of_the_engine_imports_itself_in_a_circle() -> None:
    """This also holds for imports that only a type checker sees."""
    assert len(graph()) > 30
    assert circle(graph()) == []


def test_no_package_of_the_engine_imports_itself_in_a_circle() -> None:
    """The sub-packages and the files beside them have an order too."""
    rooms: dict[str, set[str]] = {}
    for module, imported in graph().items():
        rooms.setdefault(room(module), set()).update({room(other) for other in imported} - {room(module)})
    assert circle(rooms) == []


@pytest.mark.parametrize(
    "statement", ["from .b import x", "from vision.engine.b import x", "import vision.engine.b", "from . import b"]
)
def test_the_reader_sees_every_kind_of_import(statement: str, tmp_path: Path) -> None:
    """The checks above can fail."""
    path = tmp_path / "a.py"
    path.write_text(f"if TYPE_CHECKING:\n    {statement}\n")
    assert f"{ENGINE}.b" in imports_of(path, f"{ENGINE}.a")
    assert circle({"a": {"b"}, "b": {"a"}})

"""The cut between the packages, held by reading the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {"audio": {"audio"}, "vision": {"vision"}, "assistant": {"assistant", "audio", "vision"}}
HEAVY = (
    "torch", "transformers", "cv2", "vosk", "sounddevice", "pyttsx3", "PIL", "huggingface_hub", "numba", "flask", "waitress",
    "itsdangerous",
)  # fmt: skip


def imported_packages(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_run_one_way(package: str) -> None:
    """tests → assistant → {audio, vision}; audio and vision know nothing of each other."""
    forbidden = {"audio", "vision", "assistant", "tests"} - MAY_IMPORT[package]
    wrong = {
        str(path.relative_to(ROOT)): bad
        for path in (ROOT / package).rglob("*.py")
        if (bad := imported_packages(path) & forbidden)
    }
    assert wrong == {}


def test_the_import_reader_sees_an_import(tmp_path: Path) -> None:
    """The check above can fail."""
    path = tmp_path / "wrong.py"
    path.write_text(
        "def f():\n    from assistant.conversation.conversation import Conversation\n    import vision.frame\n"
    )
    assert imported_packages(path) == {"assistant", "vision"}


@pytest.mark.parametrize(
    "module",
    [
        "assistant.cli.main",
        "assistant.wiring.conversation",
        "assistant.cli.ask",
        "assistant.cli.demo",
        "assistant.conversation.conversation",
        "assistant.wiring.web",
    ],
)
def test_the_command_line_imports_nothing_heavy(module: str) -> None:
    """`--help` answers at once: libraries of seconds are imported where a device or an engine is built."""
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_no_file_is_swallowed_by_its_neighbours() -> None:
    """Only what is agreed stands at the top level."""
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False).stdout.split()
    top = {name.split("/")[0] for name in tracked if not name.startswith(".")}
    agreed = {
        "assistant", "audio", "vision", "tests", "docs", "config.toml", "pyproject.toml", "README.md", "CHANGELOG.md",
        "LICENSE", "Makefile",
    }  # fmt: skip
    assert top <= agreed

"""The rooms of the program and the imports between them, checked by reading the imports of every file.

A room is a folder, or those files of a folder that belong below or above its other rooms. `MAY_IMPORT` names for each
room the other rooms that its files may import. An import counts wherever it is: at the top of a file, inside a
function, or for the type checker only.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("audio", "vision", "assistant", "seesay_app")
MOST_OF_ASSISTANT = (
    "assistant.ground assistant.settings assistant.machine assistant.models assistant.answering assistant.conversation"
)

# The rooms from the lowest to the highest. Each room comes after all rooms that it imports.
MAY_IMPORT: Mapping[str, str] = {
    "audio.settings": "",
    "audio": "",
    "audio.recognition": "audio",
    "audio.listening": "audio audio.settings audio.recognition",
    "audio.speaking": "audio",
    "audio.sound_watch": "audio audio.speaking",
    "audio.demo_model.words": "",
    "audio.demo_model.synthesis": "audio.demo_model.words",
    "audio.demo_model.sounds": "audio.demo_model.synthesis",
    "audio.demo_model.training": "audio.demo_model.words audio.demo_model.sounds",
    "audio.demo_model": (
        "audio.demo_model.words audio.demo_model.synthesis audio.demo_model.sounds audio.demo_model.training"
    ),
    "vision.settings": "",
    "vision": "vision.settings",
    "vision.reading": "vision",
    "vision.reading.instruments": "vision vision.reading",
    "vision.engine.arrays": "",
    "vision.engine.ground": "vision vision.engine.arrays",
    "vision.engine.scheduling": "",
    "vision.engine.kernels": "vision.engine.arrays",
    "vision.engine.generation": "vision vision.engine.ground vision.engine.scheduling",
    "vision.engine.checkpoint": "vision vision.engine.generation",
    "vision.engine.packed": "vision vision.engine.ground vision.engine.kernels vision.engine.checkpoint",
    "vision.engine.models": (
        "vision vision.engine.arrays vision.engine.ground vision.engine.scheduling vision.engine.kernels"
        " vision.engine.generation vision.engine.checkpoint vision.engine.packed"
    ),
    "vision.engine": (
        "vision vision.engine.ground vision.engine.scheduling vision.engine.generation vision.engine.checkpoint"
        " vision.engine.models"
    ),
    "vision.remote_settings": "vision.engine.ground",
    "vision.remote": "vision vision.remote_settings vision.engine.generation vision.engine",
    "vision.demo_model.rendering": "vision",
    "vision.demo_model.asking": "vision.demo_model.rendering",
    "vision.demo_model.training": "vision.demo_model.rendering vision.demo_model.asking",
    "vision.demo_model": "vision vision.demo_model.rendering vision.demo_model.asking vision.demo_model.training",
    "assistant.ground": "audio audio.listening vision",
    "assistant.language": "",
    "assistant.button": "",
    "assistant.settings": (
        "assistant.ground assistant.language assistant.button audio.settings vision.settings vision.engine.ground"
        " vision.remote_settings"
    ),
    "assistant.machine": "assistant.ground assistant.settings",
    "assistant.models": (
        "audio audio.recognition audio.speaking vision vision.engine.ground vision.engine.checkpoint"
        " vision.engine.packed vision.engine.models assistant.ground assistant.language assistant.settings"
    ),
    "assistant.machine.doctor": (
        "audio audio.recognition audio.speaking vision vision.engine.ground assistant.ground"
        " assistant.language assistant.button assistant.settings assistant.machine assistant.models"
    ),
    "assistant.machine.service": "assistant.ground assistant.machine",
    "assistant.setup": (
        "audio audio.settings audio.recognition audio.listening audio.speaking vision vision.reading assistant.ground"
        " assistant.language assistant.button assistant.settings assistant.models assistant.machine.doctor"
    ),
    "assistant.answering.reading": "vision vision.reading vision.reading.instruments assistant.language",
    "assistant.answering.judging": "vision assistant.language assistant.settings assistant.answering.reading",
    "assistant.answering": (
        "audio audio.speaking vision vision.reading assistant.language assistant.machine assistant.answering.reading"
        " assistant.answering.judging"
    ),
    "assistant.answering.watching": "audio audio.speaking vision assistant.machine assistant.answering",
    "assistant.inspection": "assistant.ground assistant.language assistant.answering vision",
    "assistant.inspection.rounds": "assistant.ground assistant.language assistant.settings assistant.inspection",
    "assistant.conversation": (
        "audio.listening audio.speaking vision vision.reading vision.reading.instruments assistant.language"
        " assistant.button assistant.settings assistant.machine assistant.answering.reading"
        " assistant.answering.judging assistant.answering assistant.inspection assistant.inspection.rounds"
    ),
    "assistant.web.answers": (
        "assistant.ground assistant.language assistant.answering assistant.inspection audio vision vision.reading"
        " assistant.answering.reading assistant.answering.judging"
    ),
    "assistant.web.ground": (
        "assistant.ground assistant.language assistant.settings assistant.machine assistant.answering"
        " assistant.inspection assistant.web.answers audio vision assistant.answering.reading"
        " assistant.answering.judging"
    ),
    "assistant.web.protocols": (
        "assistant.ground assistant.language assistant.answering assistant.web.answers assistant.web.ground audio"
        " vision.reading"
    ),
    "assistant.web": (
        "assistant.ground assistant.language assistant.inspection assistant.web.answers assistant.web.ground"
        " assistant.web.protocols"
    ),
    "assistant.agents": "assistant.ground",
    "assistant.wiring": (
        f"{MOST_OF_ASSISTANT} assistant.agents audio.settings audio audio.recognition audio.listening audio.speaking"
        " audio.sound_watch vision vision.reading vision.engine.ground vision.engine vision.remote_settings"
        " vision.remote assistant.language assistant.button assistant.machine.service assistant.answering.reading"
        " assistant.answering.judging assistant.answering.watching assistant.inspection assistant.inspection.rounds"
        " assistant.web.answers assistant.web.ground assistant.web"
    ),
    "assistant.bench": (
        f"{MOST_OF_ASSISTANT} audio.settings audio audio.recognition audio.listening audio.speaking"
        " audio.demo_model.words audio.demo_model.synthesis audio.demo_model.sounds audio.demo_model vision"
        " vision.reading vision.reading.instruments vision.engine.ground vision.engine.scheduling"
        " vision.engine.kernels vision.engine.generation vision.engine.checkpoint vision.engine.packed"
        " vision.engine.models vision.engine vision.demo_model.rendering vision.demo_model.asking vision.demo_model"
        " assistant.language assistant.answering.judging assistant.inspection assistant.inspection.rounds"
        " assistant.wiring"
    ),
    "assistant.check": (
        "assistant.ground assistant.language assistant.settings assistant.machine assistant.models assistant.wiring"
        " assistant.bench audio audio.speaking vision vision.engine vision.engine.ground vision.engine.generation"
        " vision.engine.checkpoint vision.engine.models vision.demo_model.rendering vision.demo_model.asking"
        " assistant.answering.reading assistant.answering.judging"
    ),
    "assistant.cli": (
        f"{MOST_OF_ASSISTANT} audio audio.listening audio.speaking audio.demo_model.synthesis vision vision.reading"
        " vision.engine.generation vision.demo_model.asking vision.demo_model assistant.language assistant.button"
        " assistant.machine.doctor assistant.machine.service assistant.setup assistant.answering.reading"
        " assistant.inspection assistant.inspection.rounds assistant.wiring assistant.bench assistant.check"
    ),
    "assistant": "assistant.cli",  # `python -m assistant`
    "seesay_app": "assistant.cli",  # the command `seesay`
}
# These files belong below the other rooms of their folder.
GROUND_FILES = {
    "assistant": ("assistant", "assistant.errors", "assistant.files", "assistant.console"),
    "assistant.web": (
        "assistant.web.access",
        "assistant.web.settings",
        "assistant.web.journal",
        "assistant.web.machine",
        "assistant.web.services",
    ),
    "vision.engine": ("vision.engine.host", "vision.engine.settings", "vision.engine.kv_cache"),
}
HEAVY = (
    "torch", "transformers", "cv2", "vosk", "sounddevice", "pyttsx3", "PIL", "huggingface_hub", "numba", "flask", "waitress",
    "itsdangerous", "onnxruntime", "rapidocr", "zxingcpp", "skimage", "jinja2", "paho", "pint", "piper", "mcp", "httpx2", "anyio", "pydantic",
)  # fmt: skip


def module_of(path: Path, root: Path) -> str:
    """The dotted name by which a file is imported."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_under(root: Path) -> dict[str, Path]:
    return {module_of(path, root): path for package in PACKAGES for path in (root / package).rglob("*.py")}


def imports_of(module: str, path: Path, modules: Iterable[str]) -> set[str]:
    """The project's own modules that a file imports, anywhere in the file."""
    known, found = set(modules), set()
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join(above + ([node.module] if node.module else []))
            # `from package import module` names a module, but `from module import name` does not.
            found |= {name if (name := f"{base}.{alias.name}") in known else base for alias in node.names}
    return found & known - {module}


def arrows_under(root: Path) -> dict[str, set[str]]:
    """Maps each module to the project's own modules that it imports."""
    modules = modules_under(root)
    return {module: imports_of(module, path, modules) for module, path in modules.items()}


def room_of(module: str) -> str:
    """The room with the longest name that contains the module."""
    for folder, files in GROUND_FILES.items():
        if module in files:
            return f"{folder}.ground"
    parts = module.split(".")
    return next(room for end in range(len(parts), 0, -1) if (room := ".".join(parts[:end])) in MAY_IMPORT)


def wrong_arrows(arrows: Mapping[str, Iterable[str]]) -> list[str]:
    """The imports that `MAY_IMPORT` does not allow."""
    return [
        f"{module} imports {other}: {room} must not know {room_of(other)}"
        for module, others in sorted(arrows.items())
        for other in sorted(others)
        if (room := room_of(module)) != room_of(other) and room_of(other) not in MAY_IMPORT[room].split()
    ]


def circle_in(arrows: Mapping[str, Iterable[str]]) -> list[str]:
    """The modules of one circle of imports, or [] if there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_each_room_imports_only_what_it_may_know() -> None:
    """No file imports from a room that `MAY_IMPORT` does not name for its own room."""
    assert wrong_arrows(arrows_under(ROOT)) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """No imports form a circle, not even those for the type checker only.

    A reader who begins with the lowest files therefore never meets a name before its meaning.
    """
    assert circle_in(arrows_under(ROOT)) == []


def test_the_rooms_stand_one_above_the_other() -> None:
    """The allowed imports have no circle themselves, so every import points to a lower room."""
    assert circle_in({room: others.split() for room, others in MAY_IMPORT.items()}) == []


def test_no_allowance_is_left_over() -> None:
    """`MAY_IMPORT` allows nothing that the code does not use."""
    used = {(room_of(module), room_of(other)) for module, others in arrows_under(ROOT).items() for other in others}
    allowed = {(room, other) for room, others in MAY_IMPORT.items() for other in others.split()}
    assert allowed - used == set()


def test_a_wrong_import_is_seen(tmp_path: Path) -> None:
    """The checks above see an import inside a function, a relative import, and a circle for the type checker."""
    for folder in ("audio", "assistant/conversation", "assistant/answering", "vision"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "audio" / "pcm.py").write_text("def f():\n    import assistant.conversation.dialog\n")
    (tmp_path / "assistant" / "conversation" / "dialog.py").write_text("from ..answering import turn\n")
    (tmp_path / "assistant" / "answering" / "turn.py").write_text(
        "if TYPE_CHECKING:\n    from assistant.conversation.dialog import CommandHandler\n"
    )
    arrows = arrows_under(tmp_path)
    assert wrong_arrows(arrows) == [
        "assistant.answering.turn imports assistant.conversation.dialog: "
        "assistant.answering must not know assistant.conversation",
        "audio.pcm imports assistant.conversation.dialog: audio must not know assistant.conversation",
    ]
    assert set(circle_in(arrows)) == {"assistant.answering.turn", "assistant.conversation.dialog"}


@pytest.mark.parametrize(
    "module",
    [
        "assistant.cli.main",
        "assistant.conversation.conversation",
        "assistant.wiring.assembly",
        "assistant.wiring.conversation",
        "assistant.wiring.web",
        "assistant.machine.doctor.checks",
        "assistant.wiring.service",
        "assistant.wiring.agents",
        "assistant.setup.devices",
    ],
)
def test_the_command_line_imports_nothing_heavy(module: str) -> None:
    """`--help` answers at once, because libraries that load for seconds are imported only where they are used."""
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_that_answers_unpickles_a_file() -> None:
    """Outside of the training scripts no file names a function that runs what stands in a model file."""
    names = re.compile(
        r"\b(torch\.load|(import|from) (pickle|marshal|shelve|dill)|allow_pickle|pickle\.loads?)\b|eval\(['\"]"
    )
    found = [module for module, path in modules_under(ROOT).items() if names.search(path.read_text(encoding="utf-8"))]
    assert [module for module in found if ".demo_model" not in module] == []


def test_no_file_is_swallowed_by_its_neighbours() -> None:
    """The top level holds only the names that were agreed on."""
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False).stdout.split()
    top = {name.split("/")[0] for name in tracked if not name.startswith(".")}
    agreed = {
        "assistant", "audio", "vision", "seesay_app", "tests", "docs", "deb", "config.toml", "pyproject.toml", "setup.py",
        "MANIFEST.in", "README.md", "CHANGELOG.md", "LICENSE", "Makefile",
    }  # fmt: skip
    assert top <= agreed

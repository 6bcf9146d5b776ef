"""What our engine may be compared with, and the files that each of them needs. It measures nothing.

transformers computes the same checkpoint in float32. llama.cpp needs its own server program and two GGUF files.
OpenVINO needs the package openvino-genai and a folder that optimum-intel exported. The user names these files, because
they cannot be made here.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.bench.task import Task
from assistant.errors import MISSING, AssistantError, UsageError

OURS, PLAIN, LLAMA, OPENVINO = "seesay", "transformers", "llama.cpp", "openvino"
NAMES = (PLAIN, LLAMA, OPENVINO)
_LANGUAGE_MODEL = "openvino_language_model.xml"


class NotInstalled(AssistantError, OSError):
    """A program, a package or a file of something that is to be compared is not on this machine."""

    exit_status = MISSING


@dataclass(frozen=True)
class Compared:
    """The names of what is compared, in the order of the table, and the files that the user named for it."""

    names: tuple[str, ...] = (PLAIN,)
    llama_server: Path | None = None
    gguf: Path | None = None
    mmproj: Path | None = None
    openvino_model: Path | None = None

    def require(self) -> None:
        """Checks that everything is there, before the minutes of measuring. Raises UsageError, NotInstalled."""
        if LLAMA in self.names:
            self._require_llama()
        if OPENVINO in self.names:
            self._require_openvino()

    def with_files(self, task: Task) -> Task:
        """The task with the files that the engine of this name needs."""
        if task.what == LLAMA:
            return replace(task, program=str(self.llama_server), model=str(self.gguf), encoder=str(self.mmproj))
        if task.what == OPENVINO:
            return replace(task, model=str(self.openvino_model))
        return task

    def _require_llama(self) -> None:
        if self.llama_server is None or self.gguf is None or self.mmproj is None:
            raise UsageError(f"--compare {LLAMA} needs --llama-server PROGRAM, --gguf FILE and --mmproj FILE")
        if "mtmd-cli" in self.llama_server.name:
            raise UsageError(
                f"--llama-server {self.llama_server}: give llama-server, which is built beside it, because llama-mtmd-cli "
                "cannot ask a second question about a picture"
            )
        wanted = (("--llama-server", self.llama_server), ("--gguf", self.gguf), ("--mmproj", self.mmproj))
        for option, path in wanted:
            if not path.is_file():
                raise NotInstalled(f"{option} {path}: there is no such file; give the path of the file itself")

    def _require_openvino(self) -> None:
        if self.openvino_model is None:
            raise UsageError(f"--compare {OPENVINO} needs --openvino-model FOLDER, which optimum-intel exported")
        if importlib.util.find_spec("openvino_genai") is None:
            raise NotInstalled(
                f"--compare {OPENVINO} needs the package openvino-genai, which is not installed: pip install openvino-genai"
            )
        if not (self.openvino_model / _LANGUAGE_MODEL).is_file():
            raise NotInstalled(
                f"--openvino-model {self.openvino_model}: there is no {_LANGUAGE_MODEL} in it; give a folder that "
                "`optimum-cli export openvino` wrote"
            )

"""The state that the stages of a training pass on: the model, the encoder's practice head, and how much was seen.

It can be saved and resumed.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vision.demo_model.training.labels import CLASSES
from vision.demo_model.training.network import model_config, new_model
from vision.demo_model.training.tokenizer import SPECIAL_TOKENS, world_tokenizer

SEED = 20
# The mean weights of the last stage, which are exported.
MEAN_WEIGHTS = "mean.pt"


@dataclass
class Training:
    model: Any
    head: nn.Module
    tokenizer: Any
    work: Path
    pictures: int = 0
    seconds: float = 0.0
    stages: int = 0

    def __post_init__(self) -> None:
        self._clock = time.monotonic()

    def fresh_seed(self) -> int:
        """A new seed, so that each start of a stage draws pictures that were not seen before."""
        self.stages += 1
        return 1000 + self.stages

    def save(self, name: str = "state.pt") -> None:
        now = time.monotonic()
        self.seconds, self._clock = self.seconds + now - self._clock, now
        kept = {
            "model": self.model.state_dict(),
            "head": self.head.state_dict(),
            "counts": (self.pictures, self.seconds, self.stages),
        }
        part = self.work / f"{name}.part"
        torch.save(kept, part)
        part.replace(self.work / name)


def begin(work: Path, name: str = "state.pt") -> Training:
    """The training in `work`, either a new one or in the state in which it was left."""
    work.mkdir(parents=True, exist_ok=True)
    tokenizer = _kept_tokenizer(work / "tokenizer.json")
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL_TOKENS}
    model = new_model(model_config(tokenizer.get_vocab_size(), ids), SEED)
    training = Training(model, nn.Linear(256, sum(CLASSES)), tokenizer, work)
    if (work / name).is_file():
        kept = torch.load(work / name)
        model.load_state_dict(kept["model"])
        training.head.load_state_dict(kept["head"])
        training.pictures, training.seconds, training.stages = kept["counts"]
    return training


def continue_from(work: Path, checkpoint: Path) -> None:
    """Starts the training in `work` with a checkpoint's weights and tokenizer instead of new ones.

    A checkpoint has no practice head; that starts anew. Does nothing if `work` already holds a training.
    """
    from safetensors.torch import load_file

    work.mkdir(parents=True, exist_ok=True)
    if (work / "state.pt").is_file():
        return
    shutil.copyfile(checkpoint / "tokenizer.json", work / "tokenizer.json")
    training = begin(work)
    missing, unexpected = training.model.load_state_dict(load_file(checkpoint / "model.safetensors"), strict=False)
    if set(missing) - {"lm_head.weight"} or unexpected:  # the output is tied to the embedding
        raise ValueError(f"{checkpoint}: its weights are not of this model ({missing + unexpected})")
    training.save()


def _kept_tokenizer(path: Path) -> Any:
    """The tokenizer. It is made once for a training and kept beside it, because ids must fit the trained weights."""
    from tokenizers import Tokenizer

    if not path.is_file():
        world_tokenizer().save(str(path))
    return Tokenizer.from_file(str(path))


def say(training: Training, line: str) -> None:
    """Writes one line to the screen and to the log."""
    line = f"{time.strftime('%H:%M:%S')} {training.pictures} pictures {line}"
    print(line, flush=True)
    with (training.work / "log.txt").open("a") as log:
        log.write(line + "\n")

"""The engine's public face: `see` a frame to get a `View`, then ask the View questions.

    engine = Engine.load(folder)
    view = engine.see(frame)                  # while the user is still speaking
    for chunk in view.ask("what is this"):    # the picture has already been read
        print(chunk.text, end="")

The prompt puts the instructions before every picture, so they are read once, when the engine is made. `see` runs the
vision encoder and reads the prompt up to the end of the picture; `ask` reads only the question. All work passes one
lock, a step at a time (the vision encoder, a chunk of a prompt, a token). So calls from any thread are safe, and a
caller who cancels never waits for another caller's answer. Make one engine a process: its weights take most of the
memory.

This file puts the parts together and checks the checkpoint. It does not know words and special tokens (`prompt`), nor
the arithmetic (`generate.LanguageModel`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vision.errors import VisionError, VisionModelError
from vision.frame import Frame
from vision.interface import Answerer

from .checkpoint.checkpoint import Checkpoint, open_checkpoint
from .checkpoint.shapes import Shapes
from .checkpoint.tokenizer import CheckpointTokenizer
from .generation.generate import LanguageModel
from .generation.prompt import ChatPrompt
from .host import arithmetic_threads
from .models.loading import load_packed, load_transformers
from .session import ModelInfo, Session
from .settings import EngineSettings
from .view import View

if TYPE_CHECKING:
    from vision.preprocess import PatchSpec


class Engine:
    """A loaded checkpoint that looks at frames. Use it in a `with`, or `close` it."""

    pictures_go_to: str | None = None  # pictures stay on this machine
    away_host: str | None = None  # no other computer answers here

    def __init__(
        self,
        model: LanguageModel,
        info: ModelInfo,
        settings: EngineSettings,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        """`release` frees what the model holds beside memory, its threads for example. Raises VisionModelError."""
        self.session = Session(model, info, settings, release)
        self.settings = settings
        self.model_name = info.name
        self.threads = arithmetic_threads(settings.threads)  # the most that compute

    @property
    def answerer(self) -> Answerer:
        """The one model."""
        return self.session.answerer

    @property
    def answerers(self) -> tuple[Answerer, ...]:
        """The one model."""
        return (self.session.answerer,)

    @property
    def prompt(self) -> ChatPrompt:
        """The words and special tokens around pictures and questions."""
        return self.session.prompt

    @property
    def context_tokens(self) -> int:
        """The most tokens of one View: its picture, questions and answers."""
        return self.session.context_tokens

    @classmethod
    def load(
        cls,
        checkpoint: Path,
        settings: EngineSettings | None = None,
        progress: Callable[[str], None] | None = None,
        cache: Path | None = None,
    ) -> Engine:
        """Check and load a Qwen3-VL folder in the published layout; all arithmetic is float32. Raises VisionModelError.

        `settings.arithmetic` chooses the implementation. `progress` gets lines that tell how far loading is. Packed
        weights are kept in the folder `cache`, which is a folder of the user's cache by default.
        """
        settings, say = settings or EngineSettings(), progress or _quiet
        started = time.perf_counter()
        opened = open_checkpoint(checkpoint)
        threads = arithmetic_threads(settings.threads)
        patches = _patches(opened)
        tokenizer = CheckpointTokenizer(opened)
        info = ModelInfo(
            name=opened.name,
            tokenizer=tokenizer,
            special=tokenizer.special_tokens(opened.config),
            stop_tokens=opened.stop_tokens,
            patches=patches,
            max_positions=Shapes.of(opened.config, opened.folder / "config.json").text.max_positions,
        )
        packs = settings.arithmetic == "packed"
        kept = "packed in 12 bits" if packs else f"{opened.float32_bytes / 2**30:.2f} GiB as float32"
        say(
            f"loading {opened.name}: {opened.parameters / 1e6:,.0f} million parameters, {kept}, "
            f"{threads} {'thread' if threads == 1 else 'threads'}"
        )
        if packs:
            picture_patches = patches.image_tokens() * patches.merge_patches**2  # of a square, the most
            loaded = load_packed(opened, settings, threads, picture_patches, cache, say)
        else:
            loaded = load_transformers(opened, threads, say)
        try:
            engine = cls(loaded.model, info, settings, loaded.release)
        except BaseException:
            loaded.release()
            raise
        say(f"{opened.name} is ready after {time.perf_counter() - started:.1f} s")
        return engine

    def see(self, frame: Frame | None, cancelled: threading.Event | None = None) -> View:
        """Look at a frame and read it, so that afterwards only the question is missing.

        None makes a conversation without a picture. A cancel takes effect within one layer. Raises Cancelled,
        VisionError.
        """
        session = self.session
        if session.closed.is_set():
            raise VisionError("the engine is closed: load it again")
        view = View(session, frame, session.look(frame, session.permit(cancelled)))
        session.used(view)
        return view

    def set_threads(self, threads: int) -> None:
        """Compute with at most so many threads from now on; the answers stay the same. Any thread may call it."""
        self.session.use_threads(max(1, min(threads, self.threads)))

    def set_rest(self, share: float) -> None:
        """Rest for this share of the time, 0 to 0.9, to be slower and cooler. Any thread may call it."""
        self.session.duty_cycle.rest_share = share

    def hand_over(self, successor: Engine) -> None:
        """Have another engine answer all further questions about the pictures that this one has seen.

        It reads each picture again when it is next asked about it, and the earlier questions and answers with it. An
        answer that is under way ends. Afterwards this engine can be closed. Any thread may call it.
        """
        self.session.hand_over(successor.session)

    def close(self) -> None:
        """End all work and free the weights. Views can no longer be asked. A second call does nothing."""
        self.session.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _patches(checkpoint: Checkpoint) -> PatchSpec:
    """How a picture is cut into patches. Raises VisionModelError if the two configs that say so disagree."""
    from vision.preprocess import PatchSpec  # here, because it imports Pillow

    spec = PatchSpec.of_checkpoint(checkpoint.folder)
    encoder: dict[str, Any] = checkpoint.config["vision_config"]
    pairs = {
        "patch_size": spec.patch_pixels,
        "spatial_merge_size": spec.merge_patches,
        "temporal_patch_size": spec.temporal_patches,
    }
    for key, value in pairs.items():
        if encoder.get(key, value) != value:
            raise VisionModelError(
                f"config.json and preprocessor_config.json in {checkpoint.folder} disagree about {key} "
                f"({encoder[key]} and {value}): fetch the model again"
            )
    return spec


def _quiet(line: str) -> None:
    return None

"""The engine's face: `see` a frame, get a `View`, ask it.

    engine = Engine.load(folder)
    view = engine.see(frame)                  # while the user still speaks
    for chunk in view.ask("what is this"):    # the picture has been read already
        print(chunk.text, end="")

Instructions stand before every picture, so they are read once, when the engine is made. `see` runs the vision encoder
and reads the prompt up to the end of the picture; `ask` reads only the question. All work passes one turnstile, a step
(encoder, prefill chunk, token) at a time, so calls from any thread are safe, and a caller who is cancelled never waits
for another's. One engine per process: the weights are its memory.

It knows the order of things. Words and special tokens are `prompt`'s, the arithmetic is behind `generate.LanguageModel`.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vision.errors import Cancelled, VisionError, VisionModelError
from vision.frame import Frame
from vision.interface import SeeStats

from .checkpoint.checkpoint import Checkpoint, open_checkpoint
from .checkpoint.shapes import Shapes
from .checkpoint.tokenizer import CheckpointTokenizer
from .generation.generate import EncodedPicture, LanguageModel, read
from .generation.prompt import ChatPrompt, PromptPart, SpecialTokens, Tokenizer
from .host import arithmetic_threads
from .kv_cache import KVCache
from .models.loading import load_packed, load_transformers
from .scheduling.duty_cycle import DutyCycle
from .scheduling.fair_lock import FairLock, WorkPermit
from .settings import EngineSettings
from .view import Prefix, View

if TYPE_CHECKING:
    from vision.preprocess import PatchSpec


@dataclass(frozen=True)
class ModelInfo:
    """How a checkpoint wants to be spoken to."""

    name: str
    tokenizer: Tokenizer
    special: SpecialTokens
    stop_tokens: frozenset[int]
    patches: PatchSpec
    max_positions: int


class Engine:
    def __init__(
        self,
        model: LanguageModel,
        info: ModelInfo,
        settings: EngineSettings,
        release: Callable[[], None] = lambda: None,  # what the model has beside memory
    ) -> None:
        self.settings = settings
        self.model_name = info.name
        self.tokenizer = info.tokenizer
        self.prompt = ChatPrompt(info.tokenizer, info.special, settings.instructions)
        self.context_tokens = min(settings.context_tokens, info.max_positions)
        self._info = info
        self._model: LanguageModel | None = model
        self._release = release
        self._turnstile = FairLock()
        self.threads = arithmetic_threads(settings.threads)  # the most that compute
        self._pace = DutyCycle()
        self._closed = threading.Event()
        self._views: list[weakref.ref[View]] = []  # with a cache, the one used last at the end
        self._views_lock = threading.Lock()
        self._start = self._read_instructions(model)

    @classmethod
    def load(
        cls,
        checkpoint: Path,
        settings: EngineSettings | None = None,
        progress: Callable[[str], None] | None = None,
        cache: Path | None = None,
    ) -> Engine:
        """Check and load a Qwen3-VL folder in the published layout; all arithmetic is float32. Raises VisionModelError.

        `settings.arithmetic` says how. Packed weights are kept in the folder `cache`, by default in the user's cache.
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
            picture_patches = patches.image_tokens() * patches.merge_patches**2
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
        """Look at a frame and read it: afterwards only the question is missing. Raises Cancelled, VisionError.

        None: a conversation without a picture. A cancel takes effect within one layer.
        """
        if self._closed.is_set():
            raise VisionError("the engine is closed: load it again")
        view = View(self, frame, self.look(frame, self.gate(cancelled)))
        self.used(view)
        return view

    def set_threads(self, threads: int) -> None:
        """Compute with at most so many threads from now on; the answers are the same. Any thread may call it."""
        if (model := self._model) is not None:
            model.use_threads(max(1, min(threads, self.threads)))

    def set_rest(self, share: float) -> None:
        """Rest for this share of the time, 0 to 0.9, between pieces of work: slower and cooler. Any thread may call it."""
        self._pace.rest_share = share

    def close(self) -> None:
        """End all work and free the weights. Views can no longer be asked."""
        self._closed.set()  # what runs ends at its next layer
        self._turnstile.enter(_nothing)
        try:
            release, self._release, self._model = self._release, _nothing, None
            release()
        finally:
            self._turnstile.leave()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What a View needs.

    def look(self, frame: Frame | None, gate: WorkPermit) -> Prefix:
        """The vision encoder and the prompt up to the end of the picture."""
        if frame is None:
            return self._read(self.prompt.no_picture(), None, gate)
        from vision.preprocess import pixel_values, to_square  # here, because it imports Pillow

        with gate.step():
            square = to_square(frame.rgb, self.settings.fit)
            patches, grid = pixel_values(square, self._info.patches)
            model = self._open_model()
            picture = model.encode(patches, grid, gate.check)
        merge = self._info.patches.merge_patches
        prompt = self.prompt.picture(int(grid[0, 1]) // merge, int(grid[0, 2]) // merge)
        return self._read(prompt, picture, gate)

    def _read(self, prompt: PromptPart, picture: EncodedPicture | None, gate: WorkPermit) -> Prefix:
        model, vision_seconds = self._open_model(), gate.seconds
        preface = self.prompt.preface
        tokens = len(preface) + len(prompt)
        if tokens >= self.context_tokens:
            raise VisionModelError(
                f"a picture {'with its instructions ' if len(preface) else ''}takes {tokens} tokens, and "
                f"{self.model_name} is limited to {self.context_tokens}: use another model"
            )
        with gate.step():
            cache = self._start.copy(room=len(prompt))
        read(model, cache, prompt, picture, self.settings.prefill_chunk_tokens, gate)
        stats = SeeStats(
            0 if picture is None else len(picture.tokens), tokens, vision_seconds, gate.seconds - vision_seconds
        )
        return Prefix(cache, frozenset([*preface.ids.tolist(), *prompt.ids.tolist()]), prompt.shift, stats)

    def gate(self, cancelled: threading.Event | None, superseded: Callable[[], bool] = lambda: False) -> WorkPermit:
        """A way in that ends by Cancelled when the caller cancels, when a newer question comes, or at close."""

        def check() -> None:
            if (cancelled is not None and cancelled.is_set()) or superseded() or self._closed.is_set():
                raise Cancelled("the caller no longer wants the answer")

        return WorkPermit(self._turnstile, check, pace=self._pace)

    def used(self, view: View) -> None:
        """Note that a View's cache is in use; beyond `max_views` the one not used for longest is put away."""
        with self._views_lock:
            others = [ref for ref in self._views if ref() not in (None, view)]
            self._views = [*others, weakref.ref(view)]
            surplus = [self._views.pop(0)() for _ in range(len(self._views) - self.settings.max_views)]
        for old in surplus:
            if old is not None:
                old.put_away()

    def _read_instructions(self, model: LanguageModel) -> KVCache:
        """What every picture's cache begins with: nothing in it depends on the picture. Raises VisionModelError."""
        start, preface = model.new_cache(), self.prompt.preface
        most = self.context_tokens // 2  # the rest is for the picture and the conversation
        if len(preface) > most:
            raise VisionModelError(
                f"the instructions take {len(preface):,} tokens and {self.model_name} reads {most:,} at most: shorten them"
            )
        if len(preface):
            read(model, start, preface, None, self.settings.prefill_chunk_tokens, self.gate(None))
        return start

    def _open_model(self) -> LanguageModel:
        model = self._model
        if model is None:
            raise Cancelled("the engine was closed")
        return model


def _patches(checkpoint: Checkpoint) -> PatchSpec:
    """The picture's cut, which the two configs have to agree about. Raises VisionModelError."""
    from vision.preprocess import PatchSpec  # here, because it imports Pillow

    spec = PatchSpec.of_checkpoint(checkpoint.folder)
    eye: dict[str, Any] = checkpoint.config["vision_config"]
    pairs = {
        "patch_size": spec.patch_pixels,
        "spatial_merge_size": spec.merge_patches,
        "temporal_patch_size": spec.temporal_patches,
    }
    for key, value in pairs.items():
        if eye.get(key, value) != value:
            raise VisionModelError(
                f"config.json and preprocessor_config.json in {checkpoint.folder} disagree about {key} "
                f"({eye[key]} and {value}): fetch the model again"
            )
    return spec


def _quiet(line: str) -> None:
    return None


def _nothing() -> None:
    return None

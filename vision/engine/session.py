"""What looking at a picture and asking about it share: one loaded model, and everything that belongs to it.

A `Session` holds the model, the prompt around pictures and questions, the settings, the lock that lets one computation
in at a time, and the signal that the engine was closed. `Engine` makes it and `View` uses it. It reads the instructions
once, when it is made, and reads a picture whenever one is looked at. It does not know questions, answers or
conversations.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vision.errors import Cancelled, VisionModelError
from vision.frame import Frame
from vision.interface import Answerer, SeeStats

from .generation.generate import EncodedPicture, LanguageModel, read
from .generation.prompt import ChatPrompt, PromptPart, SpecialTokens, Tokenizer
from .kv_cache import KVCache
from .scheduling.duty_cycle import DutyCycle
from .scheduling.fair_lock import FairLock, WorkPermit
from .settings import EngineSettings

if TYPE_CHECKING:
    from vision.preprocess import PatchSpec  # importing it imports Pillow


@dataclass(frozen=True)
class ModelInfo:
    """What a checkpoint says about how to prompt it and how to cut pictures for it."""

    name: str
    tokenizer: Tokenizer
    special: SpecialTokens
    stop_tokens: frozenset[int]
    patches: PatchSpec
    max_positions: int


@dataclass(frozen=True, eq=False)
class Prefix:
    """The part of a prompt up to the end of the picture, after the model has read it."""

    cache: KVCache
    read: frozenset[int]  # the token ids in it
    shift: int  # a later token's position minus its index
    stats: SeeStats


class HoldsCache(Protocol):
    """A View, as the session sees it: something that holds a cache and can free it."""

    def put_away(self) -> None: ...

    def move_to(self, session: Session) -> None: ...


class Session:
    """A loaded model in use. Calls from any thread are safe: every piece of work passes `lock`."""

    def __init__(
        self, model: LanguageModel, info: ModelInfo, settings: EngineSettings, release: Callable[[], None]
    ) -> None:
        """Reads the instructions. `release` frees what the model holds beside memory. Raises VisionModelError."""
        self.settings = settings
        self.model_name = info.name
        self.answerer = Answerer(info.name, settings.is_demo)
        self.tokenizer = info.tokenizer
        self.prompt = ChatPrompt(info.tokenizer, info.special, settings.instructions)
        self.context_tokens = min(settings.context_tokens, info.max_positions)
        self.stop_tokens = info.stop_tokens
        self.lock = FairLock()
        self.duty_cycle = DutyCycle()
        self.closed = threading.Event()
        self._patches = info.patches
        self._model: LanguageModel | None = model
        self._release = release
        self._holders: list[weakref.ref[HoldsCache]] = []  # Views with a cache; the one used last is at the end
        self._views: weakref.WeakSet[HoldsCache] = weakref.WeakSet()  # all that are alive, with a cache or without one
        self._holders_lock = threading.Lock()  # guards the two above
        self._start = self._read_instructions(model)

    @property
    def model(self) -> LanguageModel:
        """The model. Raises Cancelled after `close`."""
        model = self._model
        if model is None:
            raise Cancelled("the engine was closed")
        return model

    def permit(self, cancelled: threading.Event | None, superseded: Callable[[], bool] = lambda: False) -> WorkPermit:
        """A caller's permit to compute. A cancel, a newer question (`superseded`) or `close` ends it by Cancelled."""

        def check() -> None:
            if (cancelled is not None and cancelled.is_set()) or superseded() or self.closed.is_set():
                raise Cancelled("the caller no longer wants the answer")

        return WorkPermit(self.lock, check, duty_cycle=self.duty_cycle)

    def look(self, frame: Frame | None, permit: WorkPermit) -> Prefix:
        """Run the vision encoder on the frame, and read the prompt up to the end of the picture.

        None reads the prompt of a conversation without a picture. Raises Cancelled, VisionModelError.
        """
        if frame is None:
            return self._read(self.prompt.no_picture(), None, permit)
        from vision.preprocess import fitted, pixel_values  # here, because it imports Pillow

        with permit.step():
            rgb = fitted(frame.rgb, self.settings.fit, self._patches.step_pixels)
            patches, grid = pixel_values(rgb, self._patches)
            picture = self.model.encode(patches, grid, permit.check)
        merge = self._patches.merge_patches
        prompt = self.prompt.picture(int(grid[0, 1]) // merge, int(grid[0, 2]) // merge)
        return self._read(prompt, picture, permit)

    def use_threads(self, threads: int) -> None:
        """Compute with so many threads from now on. It does nothing after `close`."""
        if (model := self._model) is not None:
            model.use_threads(threads)

    def used(self, view: HoldsCache) -> None:
        """Note that a View's cache is in use. Of more than `max_views`, the one not used for longest is put away."""
        with self._holders_lock:
            self._views.add(view)
            others = [ref for ref in self._holders if ref() not in (None, view)]
            self._holders = [*others, weakref.ref(view)]
            surplus = [self._holders.pop(0)() for _ in range(len(self._holders) - self.settings.max_views)]
        for old in surplus:
            if old is not None:
                old.put_away()

    def hand_over(self, successor: Session) -> None:
        """Move all Views to another session. An answer that is under way ends."""
        with self._holders_lock:
            views = list(self._views)
        for view in views:
            view.move_to(successor)

    def close(self) -> None:
        """End all work and free the weights. A second call does nothing."""
        self.closed.set()  # what is running ends at its next layer
        self.lock.enter(_nothing)
        try:
            release, self._release, self._model = self._release, _nothing, None
            release()
        finally:
            self.lock.leave()

    def _read(self, prompt: PromptPart, picture: EncodedPicture | None, permit: WorkPermit) -> Prefix:
        model, vision_seconds = self.model, permit.seconds
        preface = self.prompt.preface
        tokens = len(preface) + len(prompt)
        if tokens >= self.context_tokens:
            raise VisionModelError(
                f"a picture {'with its instructions ' if len(preface) else ''}takes {tokens} tokens, and "
                f"{self.model_name} is limited to {self.context_tokens}: use another model"
            )
        with permit.step():
            cache = self._start.copy(room=len(prompt))
        read(model, cache, prompt, picture, self.settings.prefill_chunk_tokens, permit)
        stats = SeeStats(
            0 if picture is None else len(picture.tokens), tokens, vision_seconds, permit.seconds - vision_seconds
        )
        return Prefix(cache, frozenset([*preface.ids.tolist(), *prompt.ids.tolist()]), prompt.shift, stats)

    def _read_instructions(self, model: LanguageModel) -> KVCache:
        """The cache that every picture's cache begins as a copy of. Nothing in it depends on the picture."""
        start, preface = model.new_cache(), self.prompt.preface
        most = self.context_tokens // 2  # the other half is for the picture and the conversation
        if len(preface) > most:
            raise VisionModelError(
                f"the instructions take {len(preface):,} tokens and {self.model_name} reads {most:,} at most: shorten them"
            )
        if len(preface):
            read(model, start, preface, None, self.settings.prefill_chunk_tokens, self.permit(None))
        return start


def _nothing() -> None:
    return None

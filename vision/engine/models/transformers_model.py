"""The plain reference, a `generate.LanguageModel`: transformers' own Qwen3-VL modules in true float32.

It loads the weights and runs encoder and decoder. Its callers decide which tokens to run, when to stop and what a View
is. Positions are passed in, so the model's own `rope_deltas`, a state that all callers would share, is never used.
Importing this file imports torch and transformers, so only `Engine.load` does.

Loading takes the float32 weights and 2 MiB at its peak: the modules are made without memory, and every tensor is read
and widened slice by slice into its final place (2B: 7.93 GiB; a float32 `from_pretrained` was measured to peak at
11.9).
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration
from transformers.cache_utils import Cache, DynamicLayer

from vision.engine.checkpoint.checkpoint import Checkpoint, require_memory
from vision.engine.generation.generate import EncodedPicture, Scores
from vision.engine.generation.prompt import PromptPart
from vision.engine.host import available_bytes
from vision.engine.kv_cache import CacheShape, KVCache
from vision.engine.scheduling.fair_lock import Check
from vision.errors import VisionModelError

HEAD = "lm_head.weight"
_ROOM_BYTES = 256 << 20  # beside the weights: a View's cache, and the arrays of a forward pass


class TransformersModel:
    """A `LanguageModel` that computes with transformers' modules on the processor's cores.

    The constructor checks sizes, tensors and memory, which takes a moment; `load_weights` takes the time.
    """

    def __init__(self, checkpoint: Checkpoint, threads: int) -> None:
        torch.backends.mkldnn.enabled = True  # type: ignore[assignment]  # torch declares its own switch as a property
        torch.set_float32_matmul_precision("highest")  # any lower setting turns products into bfloat16
        self._threads = threads
        self._check: Check = _go_on
        self._checkpoint = checkpoint
        self._network = empty_network(checkpoint)
        self._places = places_of(self._network)
        checkpoint.require(self._places)
        require_memory(checkpoint, checkpoint.float32_bytes // 20 + _ROOM_BYTES, available_bytes())
        text = self._network.config.text_config
        self.cache_shape = CacheShape(text.num_hidden_layers, text.num_key_value_heads, text.head_dim)
        self._text = self._network.model.language_model
        self._cache_keyword = cache_keyword(self._text)
        self._vision_encoder = self._network.model.visual

    def load_weights(self, progress: Callable[[float], None]) -> None:
        """Read every tensor into its place as float32. `progress` gets the share done. Raises VisionModelError."""
        _fill(self._network, self._places, self._checkpoint, progress)
        for layer in (*self._vision_encoder.blocks, *self._text.layers):
            layer.register_forward_pre_hook(self._look)

    def use_threads(self, threads: int) -> None:
        """Compute with so many threads from the next call on."""
        self._threads = threads

    def new_cache(self) -> KVCache:
        return KVCache(self.cache_shape)

    def encode(self, patches: NDArray[np.float32], grid: NDArray[np.int64], check: Check) -> EncodedPicture:
        with self._running(check):
            seen = self._vision_encoder(torch.from_numpy(patches), grid_thw=torch.from_numpy(grid))
            return EncodedPicture(seen.pooler_output.numpy(), tuple(level.numpy() for level in seen.deepstack_features))

    def prefill(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None, check: Check) -> None:
        with self._running(check):
            self._read(cache, part, picture)

    def decode(self, cache: KVCache, part: PromptPart, check: Check) -> Scores:
        with self._running(check):
            hidden = self._read(cache, part, None)  # (1, n, hidden)
            return Scores.of(self._network.lm_head(hidden[:, -1])[0].numpy())

    @property
    def verified_at_once(self) -> int:
        return 1  # torch adds up in another order for several tokens, so an answer could change

    def verify(self, cache: KVCache, part: PromptPart, check: Check) -> list[Scores]:
        with self._running(check):
            return [Scores.of(row.numpy()) for row in self._network.lm_head(self._read(cache, part, None))[0]]

    def _read(self, cache: KVCache, part: PromptPart, picture: EncodedPicture | None) -> torch.Tensor:
        embedded = self._text.embed_tokens(torch.from_numpy(part.ids)[None])  # (1, n, hidden)
        at_picture = part.picture_rows >= 0
        extra: dict[str, Any] = {}
        if picture is not None and at_picture.any():
            rows = part.picture_rows[at_picture]
            mask = torch.from_numpy(at_picture)[None]  # (1, n)
            embedded[mask] = torch.from_numpy(picture.tokens[rows])
            deepstack = [torch.from_numpy(level[rows]) for level in picture.deepstack]
            extra = {"visual_pos_masks": mask, "deepstack_visual_embeds": deepstack}
        cache.reserve(len(part))
        layers: list[Any] = [_CacheLayer(cache, index) for index in range(cache.shape.layers)]
        read = self._text(
            inputs_embeds=embedded,
            position_ids=torch.from_numpy(part.positions)[:, None],  # (3, 1, n)
            **{self._cache_keyword: Cache(layers=layers)},
            use_cache=True,
            **extra,
        )
        cache.commit(len(part))
        hidden: torch.Tensor = read.last_hidden_state
        return hidden

    @contextmanager
    def _running(self, check: Check) -> Iterator[None]:
        # In every thread, every time: torch 2.13 uses all cores in a thread that has not set the number itself.
        torch.set_num_threads(self._threads)
        self._check = check
        try:
            with torch.inference_mode():
                yield
        except RuntimeError as problem:
            if "memory" not in str(problem):
                raise
            raise VisionModelError(
                "the memory ran out while the model computed: close other programs, or use the small demo model"
            ) from problem
        finally:
            self._check = _go_on

    def _look(self, module: torch.nn.Module, args: Any) -> None:
        self._check()


class _CacheLayer(DynamicLayer):  # type: ignore[misc]  # transformers carries no types
    """Shows one layer of our cache to transformers' attention, which appends to it and reads all of it."""

    def __init__(self, cache: KVCache, index: int) -> None:
        super().__init__()
        self.is_initialized = True
        self._cache = cache
        self._index = index

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        start = self._cache.length
        end = start + key_states.shape[2]
        return tuple(  # type: ignore[return-value]  # a tuple of two
            self._appended(arrays[self._index], new, start, end)
            for arrays, new in ((self._cache.keys, key_states), (self._cache.values, value_states))
        )

    @staticmethod
    def _appended(stored: NDArray[np.float32], new: torch.Tensor, start: int, end: int) -> torch.Tensor:
        stored[:, start:end] = new[0].numpy()  # (kv_heads, new tokens, head_dim)
        return torch.from_numpy(stored[:, :end])[None]

    def get_seq_length(self) -> int:
        return self._cache.length  # the committed ones, which are the same for all layers of a step


def empty_network(checkpoint: Checkpoint) -> Any:
    """The modules that config.json describes, without memory for their weights. Raises VisionModelError."""
    try:
        # A copy, because transformers edits what it gets.
        config = Qwen3VLConfig.from_dict(copy.deepcopy(checkpoint.config))
        with torch.device("meta"):
            return Qwen3VLForConditionalGeneration(config)
    except Exception as problem:  # the library's checks raise many kinds of errors, and all are reported
        reason = " ".join(str(problem).split())[:200]
        raise VisionModelError(
            f"{checkpoint.folder / 'config.json'} does not describe a Qwen3-VL that can be built ({reason}): fetch the model again"
        ) from problem


def places_of(network: Any) -> dict[str, tuple[int, ...]]:
    """The tensors that the network needs from a checkpoint, and their shapes."""
    tied = bool(network.config.tie_word_embeddings)
    return {name: tuple(place.shape) for name, place in network.named_parameters() if not (tied and name == HEAD)}


def _fill(
    network: Any, places: dict[str, tuple[int, ...]], checkpoint: Checkpoint, progress: Callable[[float], None]
) -> None:
    done, total = 0, sum(checkpoint.tensors[name].elements for name in places)
    for name, shape in places.items():
        weight = torch.empty(shape, dtype=torch.float32)
        checkpoint.read_into(name, weight.numpy())
        put_weight(network, name, weight)
        done += weight.numel()
        progress(done / total)
    if HEAD not in places:
        network.lm_head.weight = network.model.language_model.embed_tokens.weight
    fill_rotary_tables(network)
    _require_all(network)
    network.eval()


def put_weight(network: Any, name: str, weight: torch.Tensor) -> None:
    """Put a weight into its place, instead of what is there."""
    owner, _, leaf = name.rpartition(".")
    setattr(network.get_submodule(owner), leaf, torch.nn.Parameter(weight, requires_grad=False))


def fill_rotary_tables(network: Any) -> None:
    """Make the parts with the rotation frequencies anew: no checkpoint has them, and the meta device has no values."""
    text, vision = network.model.language_model, network.model.visual
    text.rotary_emb = type(text.rotary_emb)(text.config)
    vision.rotary_pos_emb = type(vision.rotary_pos_emb)(vision.config)


def _require_all(network: Any) -> None:
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        if tensor.is_meta:
            raise VisionModelError(
                f"this version of transformers expects {name}, which no checkpoint has: install the pinned one"
            )


def _go_on() -> None:
    return None


def cache_keyword(module: Any) -> str:
    """The keyword of `module.forward`: "cache" from transformers 5.24 on, "past_key_values" before."""
    return "cache" if "cache" in inspect.signature(module.forward).parameters else "past_key_values"

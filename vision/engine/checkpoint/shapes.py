"""The numbers of a Qwen3-VL and the names and shapes of its tensors, from its `config.json` alone.

It holds values and names only: no torch, no transformers, no file. A number that a config leaves out gets transformers'
own default (configuration_qwen3_vl.py of transformers 5). A key that this arithmetic would compute wrong is refused by
name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vision.errors import VisionModelError

from .config_values import (
    Unfit,
    is_tied,
    read_count,
    read_deepstack,
    read_positive,
    read_rope,
    read_sections,
    read_table,
    read_theta,
    require_only,
)

HEAD = "lm_head.weight"
EMBEDDING = "model.language_model.embed_tokens.weight"
_TEXT = "model.language_model"
_VISUAL = "model.visual"
_TEXT_DEFAULTS: dict[str, int] = {
    "vocab_size": 151936,
    "hidden_size": 4096,
    "intermediate_size": 22016,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "head_dim": 128,
    "max_position_embeddings": 128000,
}
# The largest published Qwen3-VL has 94 layers, and its longest side is its 151,936 tokens. A config that asks for many
# more is damaged, and would cost its own time and memory before the weights are looked at.
_MOST_LAYERS = 1_000
_LARGEST = 100_000_000
_VISION_DEFAULTS: dict[str, int] = {
    "depth": 27,
    "hidden_size": 1152,
    "intermediate_size": 4304,
    "num_heads": 16,
    "in_channels": 3,
    "patch_size": 16,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
    "out_hidden_size": 3584,
    "num_position_embeddings": 2304,
}


@dataclass(frozen=True)
class TextShape:
    """The numbers of the language model."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    max_positions: int
    norm_epsilon: float  # of every RMS norm
    rope_theta: float
    mrope_section: tuple[int, int, int]  # pairs of a head rotated by time, height, width
    tied: bool  # the head is the embedding

    @property
    def rotations(self) -> tuple[int, ...]:
        """By which of a token's three positions (0 time, 1 height, 2 width) each of the head_dim/2 pairs is rotated.

        Height and width take every third pair until their sections are full; time takes all others.
        """
        axes = [0] * (self.head_dim // 2)
        for axis in (1, 2):
            for pair in range(axis, min(3 * self.mrope_section[axis], len(axes)), 3):
                axes[pair] = axis
        return tuple(axes)


@dataclass(frozen=True)
class VisionShape:
    """The numbers of the vision encoder.

    Its norms are layer norms with an epsilon of 1e-6; the activation of its mergers is the exact GELU.
    """

    depth: int
    hidden: int
    heads: int
    intermediate: int
    channels: int
    patch_pixels: int
    temporal_patches: int  # frames that a patch spans; a still picture is repeated
    merge_patches: int  # side of the square of patches that becomes one image token
    out_hidden: int
    places: int  # learned position embeddings, which form a square grid
    deepstack: tuple[int, ...]  # blocks whose output the first decoder layers also get
    rope_theta: float

    @property
    def head_dim(self) -> int:
        return self.hidden // self.heads

    @property
    def places_side(self) -> int:
        return math.isqrt(self.places)

    @property
    def patch_values(self) -> int:
        return self.channels * self.temporal_patches * self.patch_pixels**2

    @property
    def merged(self) -> int:
        """Size of a merger's input: the patches of one image token, one behind the other."""
        return self.hidden * self.merge_patches**2


@dataclass(frozen=True)
class Shapes:
    """The numbers of a whole Qwen3-VL."""

    text: TextShape
    vision: VisionShape

    @staticmethod
    def of(config: Mapping[str, Any], source: Path | str = "config.json") -> Shapes:
        """Read a `config.json`. Raises VisionModelError if it describes no Qwen3-VL that can be computed here."""
        try:
            text, vision = _text(config), _vision(read_table(config, "vision_config"))
            if vision.out_hidden != text.hidden:
                raise Unfit("vision_config.out_hidden_size", vision.out_hidden, f"text_config's {text.hidden}")
            if len(vision.deepstack) > text.layers:
                raise Unfit("vision_config.deepstack_visual_indexes", vision.deepstack, "at most one a decoder layer")
        except Unfit as problem:
            raise VisionModelError(
                f"{source} does not describe a Qwen3-VL that can be computed: {problem};"
                " fetch the model again, or set engine.model to a Qwen3-VL folder"
            ) from None
        return Shapes(text, vision)


def required_tensors(config: Mapping[str, Any], source: Path | str = "config.json") -> dict[str, tuple[int, ...]]:
    """Every tensor that a checkpoint of this config must hold, and its shape. Raises VisionModelError."""
    shapes = Shapes.of(config, source)
    return {**_vision_tensors(shapes.vision), **_text_tensors(shapes.text)}


def _text(config: Mapping[str, Any]) -> TextShape:
    table = read_table(config, "text_config")
    where = "text_config"
    number = {key: read_count(table, key, where, default, _most(key)) for key, default in _TEXT_DEFAULTS.items()}
    heads, head_dim = number["num_attention_heads"], number["head_dim"]
    kv_heads = (
        heads
        if table.get("num_key_value_heads", 32) is None
        else read_count(table, "num_key_value_heads", where, 32, _LARGEST)
    )
    if heads % kv_heads:
        raise Unfit(f"{where}.num_key_value_heads", kv_heads, f"a divisor of num_attention_heads {heads}")
    if head_dim % 2:
        raise Unfit(f"{where}.head_dim", head_dim, "an even number")
    require_only(table, "hidden_act", where, "silu")
    require_only(table, "attention_bias", where, False)
    rope = read_rope(table, where, ("default",))
    require_only(rope, "mrope_interleaved", f"{where}.rope_scaling", True)
    return TextShape(
        layers=number["num_hidden_layers"],
        hidden=number["hidden_size"],
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        intermediate=number["intermediate_size"],
        vocabulary=number["vocab_size"],
        max_positions=number["max_position_embeddings"],
        norm_epsilon=read_positive(table, "rms_norm_eps", where, 1e-6),
        rope_theta=read_theta(rope, table, where, 500_000.0),
        mrope_section=read_sections(rope, where),
        tied=is_tied(config, table),
    )


def _vision(table: Mapping[str, Any]) -> VisionShape:
    where = "vision_config"
    number = {key: read_count(table, key, where, default, _most(key)) for key, default in _VISION_DEFAULTS.items()}
    hidden, heads = number["hidden_size"], number["num_heads"]
    if hidden % (4 * heads):
        raise Unfit(f"{where}.num_heads", heads, f"a number that splits hidden_size {hidden} into multiples of 4")
    require_only(table, "head_dim", where, hidden // heads)
    require_only(table, "hidden_act", where, "gelu_pytorch_tanh")
    rope = read_rope(table, where, ("default", "axial"))
    return VisionShape(
        depth=number["depth"],
        hidden=hidden,
        heads=heads,
        intermediate=number["intermediate_size"],
        channels=number["in_channels"],
        patch_pixels=number["patch_size"],
        temporal_patches=number["temporal_patch_size"],
        merge_patches=number["spatial_merge_size"],
        out_hidden=number["out_hidden_size"],
        places=number["num_position_embeddings"],
        deepstack=read_deepstack(table, where, number["depth"]),
        rope_theta=read_theta(rope, table, where, 10_000.0),
    )


def _most(key: str) -> int:
    return _MOST_LAYERS if key in ("num_hidden_layers", "depth") else _LARGEST


def _text_tensors(text: TextShape) -> dict[str, tuple[int, ...]]:
    hidden, queries, keys = text.hidden, text.heads * text.head_dim, text.kv_heads * text.head_dim
    layer = {
        "self_attn.q_proj.weight": (queries, hidden),
        "self_attn.k_proj.weight": (keys, hidden),
        "self_attn.v_proj.weight": (keys, hidden),
        "self_attn.o_proj.weight": (hidden, queries),
        "self_attn.q_norm.weight": (text.head_dim,),
        "self_attn.k_norm.weight": (text.head_dim,),
        "mlp.gate_proj.weight": (text.intermediate, hidden),
        "mlp.up_proj.weight": (text.intermediate, hidden),
        "mlp.down_proj.weight": (hidden, text.intermediate),
        "input_layernorm.weight": (hidden,),
        "post_attention_layernorm.weight": (hidden,),
    }
    tensors: dict[str, tuple[int, ...]] = {EMBEDDING: (text.vocabulary, hidden)}
    for index in range(text.layers):
        tensors |= {f"{_TEXT}.layers.{index}.{name}": shape for name, shape in layer.items()}
    tensors[f"{_TEXT}.norm.weight"] = (hidden,)
    return tensors if text.tied else tensors | {HEAD: (text.vocabulary, hidden)}


def _vision_tensors(vision: VisionShape) -> dict[str, tuple[int, ...]]:
    hidden = vision.hidden
    patch = (hidden, vision.channels, vision.temporal_patches, vision.patch_pixels, vision.patch_pixels)
    block = {
        **_affine("norm1", (hidden,)),
        **_affine("norm2", (hidden,)),
        **_affine("attn.qkv", (3 * hidden, hidden)),
        **_affine("attn.proj", (hidden, hidden)),
        **_affine("mlp.linear_fc1", (vision.intermediate, hidden)),
        **_affine("mlp.linear_fc2", (hidden, vision.intermediate)),
    }
    tensors = {**_affine("patch_embed.proj", patch), "pos_embed.weight": (vision.places, hidden)}
    for index in range(vision.depth):
        tensors |= {f"blocks.{index}.{name}": shape for name, shape in block.items()}
    tensors |= _merger("merger", vision, normalised=hidden)
    for index in range(len(vision.deepstack)):
        tensors |= _merger(f"deepstack_merger_list.{index}", vision, normalised=vision.merged)
    return {f"{_VISUAL}.{name}": shape for name, shape in tensors.items()}


def _merger(name: str, vision: VisionShape, normalised: int) -> dict[str, tuple[int, ...]]:
    return {
        **_affine(f"{name}.norm", (normalised,)),
        **_affine(f"{name}.linear_fc1", (vision.merged, vision.merged)),
        **_affine(f"{name}.linear_fc2", (vision.out_hidden, vision.merged)),
    }


def _affine(name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}

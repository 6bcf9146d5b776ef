"""The demo model's size, its initial weights, and a quick batched forward pass for training.

`QuickEye` and `QuickLanguage` compute the same as transformers' modules, on the same parameters, but for fixed 448 x
448 pictures, in bfloat16 and in batches. A test compares the two. It does not know the training data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

PATCH_PX = 32
GRID = 14
IMAGE_TOKENS = 49
# Room for a picture, about eight questions with their answers, and the 128 tokens that the engine keeps for an
# answer. The model gives wrong answers in conversations that are longer than those in training. An engine that keeps
# to this number goes back to the bare picture in time.
MAX_POSITIONS = 352
# The tokens <|im_start|> user \n <|vision_start|> come before the picture.
IMAGE_AT = 4
# The first text position after the picture, which starts at 4 and is 7 positions wide and high.
AFTER_IMAGE = IMAGE_AT + 7


@dataclass(frozen=True)
class Eyesight:
    """What the vision side gives to the language side. Each tensor is (batch, 49, 256)."""

    merged: Tensor
    deepstack: tuple[Tensor, ...]


def model_config(vocabulary: int, ids: dict[str, int]) -> Any:
    """A Qwen3-VL configuration of about 8 million parameters. `ids` are the special tokens' ids by their text."""
    from transformers import Qwen3VLConfig

    return Qwen3VLConfig(
        text_config={
            "vocab_size": vocabulary,
            "hidden_size": 256,
            "intermediate_size": 640,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 64,
            "rope_parameters": {
                "rope_type": "default",
                "mrope_interleaved": True,
                "mrope_section": [12, 10, 10],
                "rope_theta": 10000.0,
            },
            "max_position_embeddings": MAX_POSITIONS,
            "tie_word_embeddings": True,
            "bos_token_id": ids["<|endoftext|>"],
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        vision_config={
            "depth": 4,
            "hidden_size": 192,
            "intermediate_size": 640,
            "num_heads": 3,
            "patch_size": PATCH_PX,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "out_hidden_size": 256,
            "num_position_embeddings": GRID * GRID,
            "deepstack_visual_indexes": [1, 2],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def new_model(config: Any, seed: int) -> Any:
    """A Qwen3VLForConditionalGeneration in float32, with initial weights that learn quickly at this size."""
    from transformers import Qwen3VLForConditionalGeneration

    torch.manual_seed(seed)
    model = Qwen3VLForConditionalGeneration(config).float()
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            is_output = name.endswith(("o_proj", "down_proj", "attn.proj", "linear_fc2"))
            nn.init.normal_(module.weight, std=(0.5 if is_output else 1.0) / math.sqrt(module.in_features))
    nn.init.normal_(model.model.language_model.embed_tokens.weight, std=0.05)
    projection = model.model.visual.patch_embed.proj
    with torch.no_grad():
        first = torch.from_numpy(cosine_patterns(projection.out_channels, PATCH_PX)).float()
        projection.weight.copy_(first[:, :, None].expand_as(projection.weight) / 2)
        nn.init.zeros_(projection.bias)
    return model


def cosine_patterns(count: int, side: int) -> np.ndarray:
    """The lowest 2-D cosine patterns (count, 3, side, side) of brightness; every fifth one is of a colour contrast.

    A vision encoder that starts with these sees flat tints, edges and strokes from the first step. One that starts
    with noise would have to find them.
    """
    frequencies = sorted(
        ((u, v) for u in range(side) for v in range(side)), key=lambda pair: (pair[0] ** 2 + pair[1] ** 2, pair)
    )
    steps = (np.arange(side) + 0.5) * math.pi / side
    axes = (np.array([1, 1, 1]) / 3, np.array([1, -1, 0]) / 2, np.array([-0.5, -0.5, 1]) / 2)
    chroma = [(axis, pair) for pair in frequencies[:12] for axis in (1, 2)]
    chosen = chroma + [(0, pair) for pair in frequencies[: count - len(chroma)]]
    patterns = np.empty((count, 3, side, side))
    for index, (axis, (u, v)) in enumerate(chosen):
        wave = np.cos(steps * u)[:, None] * np.cos(steps * v)[None, :]
        loudness = (2.0 + math.hypot(u, v)) / side**2
        patterns[index] = axes[axis][:, None, None] * wave * loudness
    return patterns


# --- the vision encoder ---------------------------------------------------------------------------------------------


def to_patches(pictures: np.ndarray) -> np.ndarray:
    """Pictures (batch, 448, 448, 3) uint8 to patches (batch, 196, 3072) uint8 in the image processor's order.

    The image processor repeats a picture for two moments in time; this is one of the two equal halves.
    """
    batch = pictures.shape[0]
    blocks = pictures.reshape(batch, GRID // 2, 2, PATCH_PX, GRID // 2, 2, PATCH_PX, 3)
    return np.ascontiguousarray(blocks.transpose(0, 1, 4, 2, 5, 7, 3, 6)).reshape(batch, GRID * GRID, -1)


class QuickEye:
    """The vision encoder over a batch of pictures. It holds what depends only on the fixed picture size."""

    def __init__(self, visual: Any, dtype: torch.dtype = torch.bfloat16) -> None:
        from transformers.vision_utils import get_vision_position_ids

        self.visual = visual
        self.dtype = dtype
        positions = get_vision_position_ids(torch.tensor([[1, GRID, GRID]]), 2)
        # The row and column of each patch (196, 2). The learned positions are on the same 14 x 14 grid.
        self.order = positions[:, 0] * GRID + positions[:, 1]
        cos, sin = visual.rotary_pos_emb(torch.zeros(1), positions)
        self.cos, self.sin = cos.to(dtype), sin.to(dtype)

    def __call__(self, patches: Tensor) -> Eyesight:
        """What the encoder sees in `patches` (batch, 196, 3072) uint8."""
        visual, dtype = self.visual, self.dtype
        projection = visual.patch_embed.proj
        weight = projection.weight.sum(2).flatten(1)
        pixels = (
            patches.to(dtype).div(127.5).sub(1.0)
            if dtype == torch.float32
            else patches.float().div_(127.5).sub_(1.0).to(dtype)
        )
        x = F.linear(pixels, weight.to(dtype), projection.bias.to(dtype)) + visual.pos_embed.weight[self.order].to(
            dtype
        )
        deepstack = []
        for depth, block in enumerate(visual.blocks):
            x = x + self._attention(block.attn, _norm(block.norm1, x))
            x = x + _linear(
                block.mlp.linear_fc2, F.gelu(_linear(block.mlp.linear_fc1, _norm(block.norm2, x)), approximate="tanh")
            )
            if depth in visual.deepstack_visual_indexes:
                merger = visual.deepstack_merger_list[visual.deepstack_visual_indexes.index(depth)]
                deepstack.append(_merge(merger, _norm(merger.norm, x.reshape(x.shape[0], IMAGE_TOKENS, -1))))
        merged = _merge(visual.merger, _norm(visual.merger.norm, x).reshape(x.shape[0], IMAGE_TOKENS, -1))
        return Eyesight(merged, tuple(deepstack))

    def _attention(self, attention: Any, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = _linear(attention.qkv, x).view(batch, length, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        mixed = _attend(_turn(q, self.cos, self.sin), _turn(k, self.cos, self.sin), v, None)
        return _linear(attention.proj, mixed.transpose(1, 2).reshape(batch, length, width))


def _merge(merger: Any, x: Tensor) -> Tensor:
    return _linear(merger.linear_fc2, F.gelu(_linear(merger.linear_fc1, x)))


# --- the language side ----------------------------------------------------------------------------------------------


class QuickLanguage:
    """The language model over packed conversations. It gives the hidden state after the last norm."""

    def __init__(self, language: Any, dtype: torch.dtype = torch.bfloat16) -> None:
        self.language = language
        self.dtype = dtype

    def __call__(self, ids: Tensor, positions: Tensor, bias: Tensor, sight: Eyesight) -> Tensor:
        """`ids` (batch, n), `positions` (3, batch, n), `bias` (batch, 1, n, n): 0 where a token may look, else -inf."""
        language, dtype = self.language, self.dtype
        after = ids.shape[1] - IMAGE_AT - IMAGE_TOKENS
        x = language.embed_tokens(ids).to(dtype)
        x = torch.cat((x[:, :IMAGE_AT], sight.merged.to(dtype), x[:, IMAGE_AT + IMAGE_TOKENS :]), dim=1)
        cos, sin = language.rotary_emb(x, positions)
        cos, sin = cos[:, None], sin[:, None]
        for depth, layer in enumerate(language.layers):
            x = x + self._attention(layer.self_attn, _rms(layer.input_layernorm, x), cos, sin, bias)
            h = _rms(layer.post_attention_layernorm, x)
            x = x + _linear(
                layer.mlp.down_proj, F.silu(_linear(layer.mlp.gate_proj, h)) * _linear(layer.mlp.up_proj, h)
            )
            if depth < len(sight.deepstack):
                x = x + F.pad(sight.deepstack[depth].to(dtype), (0, 0, IMAGE_AT, after))
        return _rms(language.norm, x)

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.language.embed_tokens.weight.to(self.dtype)).float()

    def _attention(self, attention: Any, x: Tensor, cos: Tensor, sin: Tensor, bias: Tensor) -> Tensor:
        batch, length, _ = x.shape
        shape = (batch, length, -1, attention.head_dim)
        q = _turn(_rms(attention.q_norm, _linear(attention.q_proj, x).view(shape)).transpose(1, 2), cos, sin)
        k = _turn(_rms(attention.k_norm, _linear(attention.k_proj, x).view(shape)).transpose(1, 2), cos, sin)
        v = _linear(attention.v_proj, x).view(shape).transpose(1, 2)
        groups = attention.num_key_value_groups
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        mixed = _attend(q, k, v, bias)
        return _linear(attention.o_proj, mixed.transpose(1, 2).reshape(batch, length, -1))


def _linear(layer: Any, x: Tensor) -> Tensor:
    return F.linear(x, layer.weight.to(x.dtype), None if layer.bias is None else layer.bias.to(x.dtype))


def _norm(layer: Any, x: Tensor) -> Tensor:
    return F.layer_norm(x, layer.normalized_shape, layer.weight.to(x.dtype), layer.bias.to(x.dtype), layer.eps)


def _rms(layer: Any, x: Tensor) -> Tensor:
    return F.rms_norm(x, (x.shape[-1],), layer.weight.to(x.dtype), layer.variance_epsilon)


def _attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """Plain attention, which at these lengths is twice as fast on a CPU, forwards and backwards, as the fused one."""
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    return torch.matmul(torch.softmax(scores if bias is None else scores + bias, dim=-1), v)


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Applies rotary positions."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin

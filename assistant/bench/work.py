"""Counts from the shapes how much there is to compute and to read; nothing is measured. Pure.

A product is one multiply-add of float32. Norms, softmax and activations are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vision.engine.checkpoint.shapes import EMBEDDING, Shapes, TextShape, VisionShape


@dataclass(frozen=True)
class Work:
    vision_products: int  # for one picture
    prefill_products: int  # for the prompt up to the end of the picture
    decode_weights: int  # weights that one token reads: all matrices of the layers, and the head


def work_of(config: Mapping[str, Any], image_tokens: int, prompt_tokens: int) -> Work:
    """The work for a model with this `config.json`."""
    shapes = Shapes.of(config)
    layers = _layer_weights(shapes.text)
    return Work(
        vision_products=_vision_products(shapes.vision, image_tokens),
        prefill_products=layers * prompt_tokens + _attention_products(shapes.text, prompt_tokens),
        decode_weights=layers + shapes.text.vocabulary * shapes.text.hidden,
    )


def is_read_by_a_token(matrix: str, matrices: Mapping[str, Any]) -> bool:
    """True if decoding a token reads all of a packed matrix: none of the encoder, no embedding that is not the head."""
    is_only_looked_up = matrix == EMBEDDING and any("lm_head" in name for name in matrices)
    return not matrix.startswith("model.visual.") and not is_only_looked_up


def _layer_weights(text: TextShape) -> int:
    heads = text.head_dim * (2 * text.heads + 2 * text.kv_heads)  # query and output, key and value
    return text.layers * text.hidden * (heads + 3 * text.intermediate)


def _attention_products(text: TextShape, tokens: int) -> int:
    """The products of attention: a score and a weighted value for every token and each token before it."""
    pairs = tokens * (tokens + 1) // 2
    return text.layers * text.heads * text.head_dim * 2 * pairs


def _vision_products(eye: VisionShape, image_tokens: int) -> int:
    patches = image_tokens * eye.merge_patches**2
    block = eye.hidden * (4 * eye.hidden + 2 * eye.intermediate) + 2 * eye.hidden * patches
    merger = eye.merged * (eye.merged + eye.out_hidden)
    return patches * (eye.patch_values * eye.hidden + eye.depth * block) + image_tokens * merger * (
        1 + len(eye.deepstack)
    )

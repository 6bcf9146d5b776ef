"""Counts from the shapes how much there is to compute and to read; nothing is measured. Pure.

The unit of computing is FLOP: one multiplication or one addition of float32. A product that is added to a sum is one
fused multiply-add, which is 2 FLOP. Norms, softmax and activations are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vision.engine.checkpoint.shapes import EMBEDDING, Shapes, TextShape, VisionShape


@dataclass(frozen=True)
class Work:
    vision_flop: int  # for one picture
    prefill_flop: int  # for the prompt up to the end of the picture
    question_flop: int  # for a question about a picture that was seen, up to its first token
    decode_flop: int  # for the first token of an answer
    vision_weights: int  # weights of the encoder's matrices
    layer_weights: int  # weights of the matrices in the language model's layers, which prefill reads
    decode_weights: int  # weights that one token reads: all matrices of the layers, and the head


def work_of(config: Mapping[str, Any], image_tokens: int, prompt_tokens: int, question_tokens: int = 0) -> Work:
    """The work for a model with this `config.json`.

    `prompt_tokens` go up to the end of the picture; the `question_tokens` follow them.
    """
    shapes = Shapes.of(config)
    text = shapes.text
    layers = _layer_weights(text)
    head = text.vocabulary * text.hidden
    asked = prompt_tokens + question_tokens
    prompt, question = _attention_products(text, prompt_tokens), _attention_products(text, asked)
    return Work(
        vision_flop=2 * _vision_products(shapes.vision, image_tokens),
        prefill_flop=2 * (layers * prompt_tokens + prompt),
        question_flop=2 * (layers * question_tokens + question - prompt + head),
        decode_flop=2 * (layers + _attention_products(text, asked + 1) - question + head),
        vision_weights=_vision_weights(shapes.vision),
        layer_weights=layers,
        decode_weights=layers + head,
    )


def is_read_by_a_token(matrix: str, matrices: Mapping[str, Any]) -> bool:
    """True if decoding a token reads all of a packed matrix: none of the encoder, no embedding that is not the head."""
    is_only_looked_up = matrix == EMBEDDING and any("lm_head" in name for name in matrices)
    return not is_of_the_encoder(matrix) and not is_only_looked_up


def is_of_the_encoder(matrix: str) -> bool:
    """True if a packed matrix belongs to the vision encoder."""
    return matrix.startswith("model.visual.")


def _layer_weights(text: TextShape) -> int:
    heads = text.head_dim * (2 * text.heads + 2 * text.kv_heads)  # query and output, key and value
    return text.layers * text.hidden * (heads + 3 * text.intermediate)


def _attention_products(text: TextShape, tokens: int) -> int:
    """The products of attention: a score and a weighted value for every token and each token before it."""
    pairs = tokens * (tokens + 1) // 2
    return text.layers * text.heads * text.head_dim * 2 * pairs


def _vision_products(eye: VisionShape, image_tokens: int) -> int:
    patches = image_tokens * eye.merge_patches**2
    attention = eye.depth * 2 * eye.hidden * patches
    return patches * (_patch_weights(eye) + attention) + image_tokens * _merger_weights(eye)


def _vision_weights(eye: VisionShape) -> int:
    return _patch_weights(eye) + _merger_weights(eye)


def _patch_weights(eye: VisionShape) -> int:
    """The weights that every patch is multiplied by: the embedding of patches and the blocks."""
    block = eye.hidden * (4 * eye.hidden + 2 * eye.intermediate)
    return eye.patch_values * eye.hidden + eye.depth * block


def _merger_weights(eye: VisionShape) -> int:
    """The weights that every image token is multiplied by: those of the mergers."""
    return eye.merged * (eye.merged + eye.out_hidden) * (1 + len(eye.deepstack))

"""The numbers read from a config.json are those with which transformers builds the network; others are refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.vision.engine.tiny_checkpoint import Tiny, make
from vision.engine.checkpoint.shapes import EMBEDDING, HEAD, Shapes, required_tensors
from vision.errors import VisionModelError

# As published in Qwen3-VL-2B-Instruct, without what concerns training.
QWEN3_VL_2B: dict[str, Any] = {
    "architectures": ["Qwen3VLForConditionalGeneration"],
    "image_token_id": 151655,
    "model_type": "qwen3_vl",
    "text_config": {
        "attention_bias": False,
        "eos_token_id": 151645,
        "head_dim": 128,
        "hidden_act": "silu",
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "max_position_embeddings": 262144,
        "model_type": "qwen3_vl_text",
        "num_attention_heads": 16,
        "num_hidden_layers": 28,
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-06,
        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"},
        "rope_theta": 5000000,
        "tie_word_embeddings": True,
        "vocab_size": 151936,
    },
    "tie_word_embeddings": True,
    "video_token_id": 151656,
    "vision_config": {
        "deepstack_visual_indexes": [5, 11, 17],
        "depth": 24,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_size": 1024,
        "in_channels": 3,
        "intermediate_size": 4096,
        "model_type": "qwen3_vl",
        "num_heads": 16,
        "num_position_embeddings": 2304,
        "out_hidden_size": 2048,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    },
    "vision_end_token_id": 151653,
    "vision_start_token_id": 151652,
}
TINIES = {
    "tied": Tiny(),
    "own head, patch 14": Tiny(tied=False, patch=14),
    "one key-value head": Tiny(kv_heads=1),
    "no deepstack": Tiny(deepstack=()),
    "deepstack everywhere": Tiny(deepstack=(0, 1, 2)),
}


def changed(part: str, **values: Any) -> dict[str, Any]:
    """The 2B model's config with other values in one of its tables; ... removes a value."""
    config = copy.deepcopy(QWEN3_VL_2B)
    table = config[part] if part else config
    table.update(values)
    for key in [key for key, value in table.items() if value is ...]:
        del table[key]
    return config


def network(config: dict[str, Any]) -> Any:
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    with torch.device("meta"):
        return Qwen3VLForConditionalGeneration(Qwen3VLConfig.from_dict(copy.deepcopy(config)))


def tensors_of(built: Any) -> dict[str, tuple[int, ...]]:
    tied = built.config.tie_word_embeddings
    return {name: tuple(place.shape) for name, place in built.named_parameters() if not (tied and name == HEAD)}


@pytest.mark.parametrize("tiny", TINIES.values(), ids=TINIES.keys())
def test_the_tensors_are_those_that_transformers_asks_for(tiny: Tiny, tmp_path: Path) -> None:
    """Names and shapes are the same for every variant of the tiny checkpoint."""
    config = json.loads((make(tmp_path / "tiny", tiny) / "config.json").read_text())
    assert required_tensors(config) == tensors_of(network(config))


def test_the_tensors_of_the_2b_model() -> None:
    """It has 625 tensors and 2,127,532,032 parameters, and its head is the embedding."""
    tensors = required_tensors(QWEN3_VL_2B)
    built = network(QWEN3_VL_2B)
    assert tensors == tensors_of(built)
    assert len(tensors) == 625
    assert sum(place.numel() for name, place in built.named_parameters() if name in tensors) == 2_127_532_032


def test_what_a_config_leaves_out_has_transformers_defaults() -> None:
    """An empty table describes a whole model."""
    config = {"text_config": {}, "vision_config": {"out_hidden_size": 4096}}
    built = network(config)
    assert required_tensors(config) == tensors_of(built)
    shapes = Shapes.of(config)
    assert_same_numbers(shapes, built)
    assert not shapes.text.tied


def assert_same_numbers(shapes: Shapes, built: Any) -> None:
    """Compare the numbers that are no tensor's shape."""
    text, vision = built.config.text_config, built.config.vision_config
    rotary = built.model.language_model.rotary_emb
    assert shapes.text.rope_theta == text.rope_parameters["rope_theta"]
    assert list(shapes.text.mrope_section) == list(rotary.mrope_section)
    assert shapes.text.norm_epsilon == text.rms_norm_eps
    assert shapes.text.max_positions == text.max_position_embeddings
    assert (shapes.text.heads, shapes.text.kv_heads) == (text.num_attention_heads, text.num_key_value_heads)
    assert shapes.vision.rope_theta == vision.rope_parameters["rope_theta"]
    assert shapes.vision.heads == vision.num_heads
    assert shapes.vision.places_side == built.model.visual.num_grid_per_side
    assert list(shapes.vision.deepstack) == list(built.model.visual.deepstack_visual_indexes)
    assert shapes.vision.merge_patches == vision.spatial_merge_size


ROPES: dict[str, dict[str, Any]] = {
    "as published": {},
    "as newly saved": {
        "rope_scaling": ...,
        "rope_theta": ...,
        "rope_parameters": {"rope_type": "default", "rope_theta": 77.0, "mrope_section": [24, 20, 20]},
    },
    "theta only": {"rope_scaling": ..., "rope_theta": 1234.5},
    "nothing": {"rope_scaling": ..., "rope_theta": ...},
    "both tables": {"rope_parameters": {"rope_type": "default", "rope_theta": 77.0}},
    "theta in both places": {"rope_scaling": {"type": "default", "rope_theta": 5.0, "mrope_section": [20, 22, 22]}},
}


@pytest.mark.parametrize("rope", ROPES.values(), ids=ROPES.keys())
def test_the_rotation_is_found_where_transformers_finds_it(rope: dict[str, Any]) -> None:
    """The base is found in either of the two tables, or beside them."""
    config = changed("text_config", **rope)
    assert_same_numbers(Shapes.of(config), network(config))


@pytest.mark.parametrize(
    ("head_dim", "section"), [(128, [24, 20, 20]), (16, [4, 2, 2]), (64, [0, 16, 16]), (16, [1, 9, 2])]
)
def test_pairs_are_turned_by_the_same_positions(head_dim: int, section: list[int]) -> None:
    """This also holds for sections that do not add up to the head."""
    import torch

    rope = {"rope_type": "default", "mrope_section": section}
    config = changed("text_config", head_dim=head_dim, rope_scaling=rope)
    rotary = network(config).model.language_model.rotary_emb
    axes = torch.arange(3.0)[:, None, None, None].expand(3, 1, 1, head_dim // 2).clone()
    turned = rotary.recomposition_frequencies(axes)[0, 0, : head_dim // 2]
    assert list(Shapes.of(config).text.rotations) == [int(axis) for axis in turned]


@pytest.mark.parametrize(
    ("top", "text", "tied"), [(True, False, True), (False, True, False), (..., True, True), (..., ..., False)]
)
def test_the_head_is_tied_as_the_top_of_the_config_says(top: Any, text: Any, tied: bool) -> None:
    """The text part's value counts only where the top has none."""
    config = changed("text_config", tie_word_embeddings=text)
    config["tie_word_embeddings"] = top
    config = {key: value for key, value in config.items() if value is not ...}
    assert Shapes.of(config).text.tied is tied
    assert (HEAD in required_tensors(config)) is not tied
    assert required_tensors(config)[EMBEDDING] == (151936, 2048)


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "yarn": (
        "text_config",
        {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}},
        r"text_config\.rope_scaling\.rope_type is 'yarn', not \"default\"",
    ),
    "not interleaved": ("text_config", {"rope_scaling": {"mrope_interleaved": False}}, "mrope_interleaved is False"),
    "two sections": ("text_config", {"rope_scaling": {"mrope_section": [32, 32]}}, r"mrope_section is \[32, 32\]"),
    "rope is a word": ("text_config", {"rope_scaling": "default"}, "rope_scaling is 'default', not a table"),
    "theta 0": ("text_config", {"rope_theta": 0}, "text_config.rope_theta is 0, not a positive number"),
    "biases": ("text_config", {"attention_bias": True}, "text_config.attention_bias is True, not False"),
    "gelu in the text": ("text_config", {"hidden_act": "gelu"}, "text_config.hidden_act is 'gelu', not \"silu\""),
    "relu in the vision encoder": ("vision_config", {"hidden_act": "relu"}, "vision_config.hidden_act is 'relu'"),
    "odd grouping": ("text_config", {"num_key_value_heads": 3}, "num_key_value_heads is 3, not a divisor"),
    "odd head": ("text_config", {"head_dim": 7}, "text_config.head_dim is 7, not an even"),
    "no layers": ("text_config", {"num_hidden_layers": 0}, "num_hidden_layers is 0, not a number from 1"),
    "a billion layers": (
        "text_config",
        {"num_hidden_layers": 10**9},
        "num_hidden_layers is 1000000000, not a number up",
    ),
    "a billion blocks": ("vision_config", {"depth": 10**9}, "depth is 1000000000, not a number up to 1000"),
    "a theta beyond float": ("text_config", {"rope_theta": 10**400}, "not a positive number"),
    "layers as text": ("text_config", {"num_hidden_layers": "28"}, "num_hidden_layers is '28'"),
    "layers as truth": ("text_config", {"num_hidden_layers": True}, "num_hidden_layers is True"),
    "odd heads in the vision encoder": ("vision_config", {"num_heads": 7}, "num_heads is 7, not a number that splits"),
    "flat patches": ("vision_config", {"patch_size": [16, 14]}, r"patch_size is \[16, 14\]"),
    "widths that do not meet": (
        "vision_config",
        {"out_hidden_size": 1024},
        "out_hidden_size is 1024, not text_config's 2048",
    ),
    "deepstack outside": ("vision_config", {"deepstack_visual_indexes": [5, 24]}, r"a list of blocks from 0 to 23"),
    "deepstack out of order": ("vision_config", {"deepstack_visual_indexes": [11, 5]}, "in rising order"),
    "more deepstack than layers": ("text_config", {"num_hidden_layers": 2}, "at most one a decoder layer"),
    "no vision encoder": ("", {"vision_config": None}, "vision_config is None, not a table"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_computed_wrong_is_refused(case: str) -> None:
    """The error is one sentence with the key and its value."""
    part, values, sentence = REFUSED[case]
    with pytest.raises(VisionModelError, match=sentence) as caught:
        Shapes.of(changed(part, **values), "here/config.json")
    assert str(caught.value).startswith("here/config.json does not describe a Qwen3-VL that can be computed: ")

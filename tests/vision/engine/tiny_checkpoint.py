"""Makes a tiny Qwen3-VL checkpoint with random weights: the published layout with all its files, in 1 MB.

Every size that the code might take for granted can be varied: patch, grouping of the key-value heads, tied or own head,
deepstack layers, an odd vocabulary, one file or several. The weights are large enough for varied answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
CHAT_TEMPLATE = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.content is string %}
        {{- message.content }}
    {%- else %}
        {%- for content in message.content %}
            {%- if content.type == 'image' %}
                {{- '<|vision_start|><|image_pad|><|vision_end|>' }}
            {%- elif 'text' in content %}
                {{- content.text }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
_CORPUS = [
    "user\nwhat color is the circle in the picture? assistant\nThe circle is red. I see a square at the top left.",
    "how many shapes are there? There are three shapes, and it says OPEN 1024. Grüße, 你好, привет, ça va, naïve café 🙂",
]


@dataclass(frozen=True)
class Tiny:
    patch: int = 32
    heads: int = 4
    kv_heads: int = 2
    tied: bool = True
    deepstack: tuple[int, ...] = (0, 1)
    spare_vocabulary: int = 3  # ids that no token has, as in the published checkpoints; 3 makes the size odd
    shards: int = 1
    seed: int = 1
    stop_tokens: tuple[int, ...] | None = None  # None: <|im_end|> and <|endoftext|>
    max_positions: int = 4096


def make(folder: Path, tiny: Tiny | None = None) -> Path:
    """Write a checkpoint into a new folder and return it."""
    tiny = tiny or Tiny()
    folder.mkdir(parents=True)
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    config = _config(tiny, ids, len(tokenizer) + tiny.spare_vocabulary)
    _dump(folder / "config.json", config)
    stop = list(tiny.stop_tokens or (ids["<|im_end|>"], ids["<|endoftext|>"]))
    sampling = {"do_sample": True, "top_p": 0.8, "top_k": 20, "temperature": 0.7, "repetition_penalty": 1.0}
    _dump(folder / "generation_config.json", {"eos_token_id": stop, "pad_token_id": ids["<|endoftext|>"], **sampling})
    _dump(folder / "preprocessor_config.json", _preprocessor(tiny))
    _save_weights(folder, config, tiny)
    return folder


def edit_json(path: Path, **changes: Any) -> None:
    """Change some values of a JSON table; None takes one out."""
    table = {**json.loads(path.read_text()), **changes}
    _dump(path, {key: value for key, value in table.items() if value is not None})


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=[], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    bpe.train_from_iterator(_CORPUS, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL_TOKENS)})
    return tokenizer


def _config(tiny: Tiny, ids: dict[str, int], vocabulary: int) -> dict[str, Any]:
    text = {
        "model_type": "qwen3_vl_text",
        "dtype": "bfloat16",
        "vocab_size": vocabulary,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": tiny.heads,
        "num_key_value_heads": tiny.kv_heads,
        "head_dim": 16,
        "attention_bias": False,
        "hidden_act": "silu",
        "max_position_embeddings": tiny.max_positions,
        "rms_norm_eps": 1e-6,
        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [4, 2, 2], "rope_type": "default"},
        "rope_theta": 5000000,
        "tie_word_embeddings": tiny.tied,
        "eos_token_id": ids["<|im_end|>"],
    }
    vision = {
        "model_type": "qwen3_vl",
        "depth": 3,
        "hidden_size": 48,
        "intermediate_size": 80,
        "num_heads": 4,
        "in_channels": 3,
        "hidden_act": "gelu_pytorch_tanh",
        "patch_size": tiny.patch,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": 64,
        "num_position_embeddings": 100,  # 10×10: smaller than any grid here, so it has to be interpolated
        "deepstack_visual_indexes": list(tiny.deepstack),
    }
    return {
        "architectures": ["Qwen3VLForConditionalGeneration"],
        "model_type": "qwen3_vl",
        "text_config": text,
        "vision_config": vision,
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "tie_word_embeddings": tiny.tied,
    }


def _preprocessor(tiny: Tiny) -> dict[str, Any]:
    return {
        "size": {"longest_edge": 16777216, "shortest_edge": 65536},
        "patch_size": tiny.patch,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "image_processor_type": "Qwen2VLImageProcessorFast",
    }


def _save_weights(folder: Path, config: dict[str, Any], tiny: Tiny) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    with torch.device("meta"):
        network = Qwen3VLForConditionalGeneration(Qwen3VLConfig.from_dict(json.loads(json.dumps(config))))
    random = torch.Generator().manual_seed(tiny.seed)
    tensors = {}
    for name, place in network.named_parameters():
        if tiny.tied and name == "lm_head.weight":
            continue
        noise = torch.randn(place.shape, generator=random)
        if "norm" in name and name.endswith("weight"):
            weight = 1 + 0.2 * noise
        elif place.ndim == 1 or "embed" in name:
            weight = 0.3 * noise
        else:
            weight = 1.5 * noise / place[0].numel() ** 0.5
        tensors[name] = weight.to(torch.bfloat16)
    if tiny.shards == 1:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        return
    names = list(tensors)
    weight_map = {}
    for shard in range(tiny.shards):
        file = f"model-{shard + 1:05}-of-{tiny.shards:05}.safetensors"
        mine = names[shard :: tiny.shards]
        save_file({name: tensors[name] for name in mine}, folder / file, {"format": "pt"})
        weight_map.update(dict.fromkeys(mine, file))
    _dump(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})


def _dump(path: Path, table: dict[str, Any]) -> None:
    path.write_text(json.dumps(table, indent=1))

"""Writes a trained state as a checkpoint folder in the published Qwen3-VL file layout, with weights in bfloat16.

python -m vision.demo_model.export --work FOLDER [--to FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from vision.demo_model import CHECKPOINT
from vision.demo_model.training.network import MAX_POSITIONS, PATCH_PX
from vision.demo_model.training.state import MEAN_WEIGHTS, begin
from vision.demo_model.training.tokenizer import SPECIAL_TOKENS

MANIFEST = "seesay-model.json"
PICTURE_AREA = 448 * 448


def export(model: Any, tokenizer: Any, folder: Path, chat_template: Path) -> None:
    """Writes the seven files of a checkpoint and their manifest. Makes `folder` and replaces files in it."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: value.detach().to(torch.bfloat16).contiguous()
        for name, value in model.state_dict().items()
        if name != "lm_head.weight"  # it is tied to the embedding, as in the published checkpoints
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _write(folder / "config.json", published_config(model.config))
    _write(folder / "generation_config.json", _generation_config(model.config))
    _write(folder / "preprocessor_config.json", preprocessor_config())
    _write(folder / "tokenizer_config.json", _tokenizer_config())
    tokenizer.save(str(folder / "tokenizer.json"))
    if chat_template.resolve() != (folder / "chat_template.jinja").resolve():
        shutil.copyfile(chat_template, folder / "chat_template.jinja")
    _write(folder / MANIFEST, manifest(folder))


def manifest(folder: Path) -> dict[str, Any]:
    """The bytes and the SHA-256 of every file, by which the program sees whether the model is whole."""
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != MANIFEST
    }
    return {"source": "embedded", "files": files}


def published_config(config: Any) -> dict[str, Any]:
    """config.json with the keys of the published checkpoints, which are those of transformers 4.57.

    Later versions read them.
    """
    text, vision = config.text_config, config.vision_config
    kept_text = (
        "bos_token_id eos_token_id pad_token_id vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads "
        "num_key_value_heads head_dim hidden_act rms_norm_eps initializer_range attention_bias attention_dropout "
        "max_position_embeddings use_cache"
    ).split()
    kept_vision = (
        "depth hidden_size intermediate_size num_heads in_channels patch_size spatial_merge_size temporal_patch_size "
        "out_hidden_size num_position_embeddings deepstack_visual_indexes hidden_act initializer_range"
    ).split()
    rope = text.rope_parameters
    return {
        "architectures": ["Qwen3VLForConditionalGeneration"],
        "model_type": "qwen3_vl",
        "image_token_id": config.image_token_id,
        "video_token_id": config.video_token_id,
        "vision_start_token_id": config.vision_start_token_id,
        "vision_end_token_id": config.vision_end_token_id,
        "tie_word_embeddings": True,
        "text_config": {
            "model_type": "qwen3_vl_text",
            "dtype": "bfloat16",
            **{key: getattr(text, key) for key in kept_text},
            "rope_scaling": {"mrope_interleaved": True, "mrope_section": rope["mrope_section"], "rope_type": "default"},
            "rope_theta": rope["rope_theta"],
            "tie_word_embeddings": True,
        },
        "vision_config": {"model_type": "qwen3_vl", **{key: getattr(vision, key) for key in kept_vision}},
    }


def preprocessor_config() -> dict[str, Any]:
    """preprocessor_config.json with a fixed picture area, so that a 448 x 448 picture is not resized."""
    return {
        "size": {"longest_edge": PICTURE_AREA, "shortest_edge": PICTURE_AREA},
        "patch_size": PATCH_PX,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "processor_class": "Qwen3VLProcessor",
        "image_processor_type": "Qwen2VLImageProcessorFast",
    }


def _generation_config(config: Any) -> dict[str, Any]:
    text = config.text_config
    return {
        "bos_token_id": text.bos_token_id,
        "pad_token_id": text.pad_token_id,
        "eos_token_id": [text.eos_token_id, text.bos_token_id],
        "do_sample": False,
    }


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
        "additional_special_tokens": list(SPECIAL_TOKENS[1:]),
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": False,
        "model_max_length": MAX_POSITIONS,
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder of the training state")
    parser.add_argument("--to", type=Path, default=CHECKPOINT)
    given: Any = parser.parse_args(argv)
    name = MEAN_WEIGHTS if (given.work / MEAN_WEIGHTS).is_file() else "state.pt"
    training = begin(given.work, name)
    export(training.model, training.tokenizer, given.to, CHECKPOINT / "chat_template.jinja")
    size = sum(path.stat().st_size for path in given.to.iterdir())
    print(f"{given.to}: {size:,} bytes after {training.pictures:,} pictures, {training.seconds / 60:.0f} minutes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

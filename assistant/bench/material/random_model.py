"""Makes a checkpoint of the true Qwen3-VL-2B shapes with random weights: an engine can be measured without a download.

The speed of matrix products does not depend on the values that are multiplied, except for one thing: how well the
weights can be packed. So their spread is that of trained weights: each row has a scale of its own, and the tails are
heavy. Every tensor is different. The two stop tokens have embeddings of zero, so that an answer never ends before it
is long enough.

It writes the safetensors file itself, block by block, without torch and in 64 MB of memory.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.bench.material.random_tokenizer import tokenizer_files
from assistant.errors import AssistantError
from assistant.files import locked
from vision.engine.checkpoint.shapes import EMBEDDING, HEAD, required_tensors

NAME = "Qwen3-VL-2B-random"  # a checkpoint that is made in another way gets another name
CONFIG: dict[str, Any] = {
    "architectures": ["Qwen3VLForConditionalGeneration"],
    "model_type": "qwen3_vl",
    "image_token_id": 151655,
    "video_token_id": 151656,
    "vision_start_token_id": 151652,
    "vision_end_token_id": 151653,
    "tie_word_embeddings": True,
    "text_config": {
        "model_type": "qwen3_vl_text",
        "dtype": "bfloat16",
        "vocab_size": 151936,
        "hidden_size": 2048,
        "intermediate_size": 6144,
        "num_hidden_layers": 28,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "hidden_act": "silu",
        "max_position_embeddings": 262144,
        "rms_norm_eps": 1e-6,
        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"},
        "rope_theta": 5000000,
        "tie_word_embeddings": True,
        "use_cache": True,
        "bos_token_id": 151643,
        "eos_token_id": 151645,
    },
    "vision_config": {
        "model_type": "qwen3_vl",
        "depth": 24,
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_heads": 16,
        "in_channels": 3,
        "hidden_act": "gelu_pytorch_tanh",
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": 2048,
        "num_position_embeddings": 2304,
        "deepstack_visual_indexes": [5, 11, 17],
    },
}
_PREPROCESSOR: dict[str, Any] = {
    "size": {"longest_edge": 16777216, "shortest_edge": 65536},
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "image_processor_type": "Qwen2VLImageProcessorFast",
}
_WEIGHTS = "model.safetensors"
_BANK = 1 << 23  # random numbers; every block of rows takes another part of them
_BLOCK = 1 << 18  # weights at a time, so that they stay in the processor's cache
_SPREAD = 0.02
_ROOM_BYTES = 64 << 20

Progress = Callable[[str, int, int], None]  # name, bytes done, bytes in all


def random_checkpoint(folder: Path, progress: Progress, config: Mapping[str, Any] = CONFIG) -> Path:
    """The checkpoint `folder`/NAME. If it is missing it is made, as a whole or not at all. Raises AssistantError."""
    target = folder / NAME
    shapes = required_tensors(config)
    header = _header(shapes)
    size = len(header) + 2 * sum(map(math.prod, shapes.values()))
    if _is_whole(target, size):
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f".{NAME}.lock", wait=True):
            if not _is_whole(target, size):  # else another process has made it in the meantime
                _make(target, config, shapes, header, size, progress)
    except OSError as problem:
        raise AssistantError(
            f"cannot write the benchmark's model to {problem.filename or folder}: {problem.strerror};"
            " make room, or set XDG_CACHE_HOME to another disk"
        ) from problem
    return target


def _make(
    target: Path,
    config: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    header: bytes,
    size: int,
    progress: Progress,
) -> None:
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # left by a process that was killed
    _require_room(target.parent, size)
    shutil.rmtree(target, ignore_errors=True)  # it is not complete
    part.mkdir()
    try:
        for name, table in _small_files(config).items():
            (part / name).write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
        with (part / _WEIGHTS).open("wb") as file:
            file.write(header)
            done = len(header)
            for piece in _pieces(shapes, _stop_tokens(config)):
                file.write(piece.data)
                done += piece.nbytes
                progress(f"{target.name} (random weights)", done, size)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _is_whole(target: Path, size: int) -> bool:
    weights = target / _WEIGHTS
    return weights.is_file() and weights.stat().st_size == size


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size + _ROOM_BYTES > free:
        raise AssistantError(
            f"the benchmark's model needs {size / 1e9:.1f} GB in {folder} and {free / 1e9:.1f} GB are free:"
            " make room, or set XDG_CACHE_HOME to another disk"
        )


def _header(shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """The header of a safetensors file, which stands before the data."""
    table: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, shape in shapes.items():
        end = start + 2 * math.prod(shape)
        table[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _small_files(config: Mapping[str, Any]) -> dict[str, Any]:
    eye = config["vision_config"]
    cut = {
        "patch_size": eye["patch_size"],
        "temporal_patch_size": eye["temporal_patch_size"],
        "merge_size": eye["spatial_merge_size"],
    }
    stop = _stop_tokens(config)
    return {
        "config.json": config,
        "generation_config.json": {"do_sample": False, "eos_token_id": stop, "pad_token_id": stop[-1]},
        "preprocessor_config.json": {**_PREPROCESSOR, **cut},
        **tokenizer_files(stop[-1]),
    }


def _stop_tokens(config: Mapping[str, Any]) -> list[int]:
    """The ids of <|im_end|> and <|endoftext|>."""
    return [config["text_config"]["eos_token_id"], config["text_config"]["bos_token_id"]]


# The weights: arrays that hold the bits of bfloat16 numbers.


def _pieces(shapes: Mapping[str, tuple[int, ...]], silent_rows: list[int]) -> Iterator[NDArray[np.uint16]]:
    random = np.random.default_rng(1)
    bank = _heavy_tailed(random)
    for name, shape in shapes.items():
        if len(shape) == 1:
            noise = random.standard_normal(shape, np.float32)
            yield _rounded(1 + 0.2 * noise if "norm" in name and name.endswith("weight") else _SPREAD * noise)
            continue
        silent = silent_rows if name in (EMBEDDING, HEAD) else []
        yield from _matrix(shape[0], math.prod(shape[1:]), bank, random, silent)


def _matrix(
    rows: int, columns: int, bank: NDArray[np.float32], random: np.random.Generator, silent: list[int]
) -> Iterator[NDArray[np.uint16]]:
    scales = _SPREAD * np.exp(0.25 * random.standard_normal((rows, 1), np.float32))
    scales[silent] = 0
    step = max(1, _BLOCK // columns)
    for first in range(0, rows, step):
        scale = scales[first : first + step]
        start = int(random.integers(bank.size - scale.size * columns))
        yield _rounded(bank[start : start + scale.size * columns].reshape(-1, columns) * scale)


def _heavy_tailed(random: np.random.Generator) -> NDArray[np.float32]:
    """Normal random numbers, of which 0.3 % are four times as large, and one in a million thirty times."""
    bank = random.standard_normal(_BANK, np.float32)
    bank[random.integers(bank.size, size=bank.size * 3 // 1000)] *= 4
    bank[random.integers(bank.size, size=bank.size // 1_000_000)] *= 30
    return bank


def _rounded(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The bits of the nearest bfloat16 values."""
    bits = values.view(np.uint32)
    bits += np.uint32(0x8000)
    bits >>= np.uint32(16)
    return bits.astype("<u2")

"""A Qwen3-VL checkpoint folder: whether it is whole, what is in it, and its tensors as float32.

The published layout: `config.json`, `generation_config.json`, `preprocessor_config.json`, the tokenizer's files, and
`model.safetensors` or several files named by `model.safetensors.index.json`. Everything is checked from the headers, in
milliseconds, before the first weight is read. This file knows files and numbers: no torch, no transformers, no
arithmetic.

A safetensors file is 8 bytes of header length, a JSON header, and the data; its format is described at
https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vision.errors import VisionModelError

MODEL_TYPE = "qwen3_vl"
STORED_AS: dict[str, np.dtype[Any]] = {"BF16": np.dtype("<u2"), "F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_MAX_HEADER_BYTES = 100_000_000  # the format's own limit
_MAX_JSON_BYTES = 20_000_000  # ten times the index of the largest published checkpoint
_MOST_SIDES = 8  # of a tensor; a convolution over time has five
_LONGEST_SIDE = 1 << 40
_SLICE_ELEMENTS = 1 << 20  # read and widened at a time: 2 MiB of bfloat16 stay in the processor's cache
_AGAIN = "fetch the model again"


def name_of(folder: Path) -> str:
    """The name of the model in a folder: the folder's; if that is only "checkpoint", that of the folder above it."""
    return folder.parent.name if folder.name == "checkpoint" else folder.name


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor is stored."""

    file: Path
    stored_as: str  # BF16, F16 or F32
    shape: tuple[int, ...]
    offset: int  # bytes from the start of the file

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint folder that was checked: its files are there, whole, and of the right kind."""

    folder: Path
    config: dict[str, Any]  # config.json
    stop_tokens: frozenset[int]  # any of them ends an answer
    tensors: Mapping[str, StoredTensor]

    @property
    def name(self) -> str:
        """See `name_of`."""
        return name_of(self.folder)

    @property
    def parameters(self) -> int:
        return sum(tensor.elements for tensor in self.tensors.values())

    @property
    def float32_bytes(self) -> int:
        """Bytes that the weights take as float32."""
        return 4 * self.parameters

    def require(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise VisionModelError unless every named tensor is there in its shape."""
        missing = [name for name in shapes if name not in self.tensors]
        if missing:
            raise VisionModelError(f"{self.folder} lacks {_listed(missing)}: the checkpoint is incomplete; {_AGAIN}")
        for name, shape in shapes.items():
            if self.tensors[name].shape != shape:
                raise VisionModelError(
                    f"{name} in {self.tensors[name].file} is {_times(self.tensors[name].shape)}, "
                    f"but config.json asks for {_times(shape)}: {_AGAIN}"
                )

    def read_into(self, name: str, out: NDArray[np.float32]) -> None:
        """Fill `out` with a tensor, widened exactly to float32.

        The tensor is read in slices, so loading takes the memory of the float32 weights and 2 MiB, never a second copy.
        Raises VisionModelError for a NaN or an infinity, and when the file ends early or vanishes.
        """
        self._read(name, self.tensors[name], out)

    def read_rows(self, name: str, first: int, out: NDArray[np.float32]) -> None:
        """Fill `out`, (rows, columns), with the rows of a matrix from `first` on, as `read_into` does."""
        tensor = self.tensors[name]
        row_bytes = math.prod(tensor.shape[1:]) * STORED_AS[tensor.stored_as].itemsize
        self._read(name, replace(tensor, shape=out.shape, offset=tensor.offset + first * row_bytes), out)

    def _read(self, name: str, tensor: StoredTensor, out: NDArray[np.float32]) -> None:
        flat = out.reshape(-1)
        stored = STORED_AS[tensor.stored_as]
        try:
            with tensor.file.open("rb", buffering=0) as file:
                file.seek(tensor.offset)
                for start in range(0, tensor.elements, _SLICE_ELEMENTS):
                    piece = flat[start : start + _SLICE_ELEMENTS]
                    raw = np.empty(piece.size, stored)
                    _fill(file, raw, tensor.file)
                    widen(raw, piece)
                    if not np.isfinite(piece).all():
                        raise VisionModelError(f"{name} in {tensor.file} holds values that are not numbers: {_AGAIN}")
        except OSError as problem:
            if isinstance(problem, VisionModelError):
                raise
            raise VisionModelError(f"cannot read {tensor.file}: {problem.strerror}") from problem


def open_checkpoint(folder: Path) -> Checkpoint:
    """Check a checkpoint folder and list its tensors. Raises VisionModelError, which names the file and what to do."""
    if not folder.is_dir():
        raise VisionModelError(f"no vision model folder at {folder}: run `seesay fetch`, or set engine.model")
    config = _config(folder)
    return Checkpoint(folder, config, _stop_tokens(folder, config), _tensors(folder))


def require_memory(checkpoint: Checkpoint, beside_the_weights: int, available: int | None) -> None:
    """Raise VisionModelError unless the float32 weights and `beside_the_weights` bytes fit into memory."""
    needed = checkpoint.float32_bytes + beside_the_weights
    if available is not None and needed > available:
        raise VisionModelError(
            f"the model in {checkpoint.folder} needs {needed / 2**30:.1f} GiB of memory "
            f"({checkpoint.float32_bytes / 2**30:.1f} GiB of it float32 weights) and {available / 2**30:.1f} GiB are free: "
            "close other programs, or use the small demo model"
        )


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    config = _json(path)
    model_type = config.get("model_type")
    if model_type != MODEL_TYPE:
        raise VisionModelError(
            f'{path} describes a model of type "{model_type}", and only "{MODEL_TYPE}" is understood: '
            "run `seesay fetch`, or set engine.model to a Qwen3-VL folder"
        )
    for key in ("text_config", "vision_config", "image_token_id", "vision_start_token_id", "vision_end_token_id"):
        if type(config.get(key)) is not (dict if key.endswith("config") else int):
            raise VisionModelError(f"{path} has no usable {key}: {_AGAIN}")
    return config


def _stop_tokens(folder: Path, config: dict[str, Any]) -> frozenset[int]:
    """`eos_token_id` of generation_config.json, else of config.json; it is one number or a list."""
    path = folder / "generation_config.json"
    sources = [_json(path)] if path.is_file() else []
    for source in (*sources, config, config["text_config"]):
        stop = source.get("eos_token_id")
        tokens = stop if isinstance(stop, list) else [stop]
        if stop is not None and all(isinstance(token, int) for token in tokens):
            return frozenset(tokens)
    raise VisionModelError(f"neither generation_config.json nor config.json in {folder} has an eos_token_id: {_AGAIN}")


def _tensors(folder: Path) -> dict[str, StoredTensor]:
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return _header(single)
    if not index.is_file():
        raise VisionModelError(f"no model.safetensors in {folder} (other weight formats are not read): {_AGAIN}")
    weight_map = _json(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise VisionModelError(f"{index} has no weight_map: {_AGAIN}")
    found: dict[str, StoredTensor] = {}
    for name in sorted({str(file) for file in weight_map.values()}):
        if Path(name).name != name or not _is_file(folder / name):
            raise VisionModelError(f"{index} names {name}, which is not in the folder: {_AGAIN}")
        found.update(_header(folder / name))
    absent = [name for name in weight_map if name not in found]
    if absent:
        raise VisionModelError(f"{folder} lacks {_listed(absent)}, which its index names: {_AGAIN}")
    return found


def _header(path: Path) -> dict[str, StoredTensor]:
    """The tensors of one safetensors file; every one lies within the file."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > _MAX_HEADER_BYTES:
                raise VisionModelError(f"{path} ({size:,} bytes) is not a safetensors file: {_AGAIN}")
            if 8 + length > size:
                raise VisionModelError(f"{path} is cut off: {size:,} bytes do not even hold its table; {_AGAIN}")
            table = json.loads(file.read(length))
            tensors = {
                name: _entry(path, name, entry, 8 + length) for name, entry in table.items() if name != "__metadata__"
            }
    except VisionModelError:
        raise
    except OSError as problem:
        raise VisionModelError(f"cannot read {path}: {problem.strerror}") from problem
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise VisionModelError(f"{path} is not a safetensors file, or its table is damaged: {_AGAIN}") from problem
    end = max((t.offset + t.elements * STORED_AS[t.stored_as].itemsize for t in tensors.values()), default=0)
    if end > size:
        raise VisionModelError(f"{path} is cut off: {size:,} bytes of {end:,}; {_AGAIN}")
    return tensors


def _entry(path: Path, name: str, entry: dict[str, Any], data_start: int) -> StoredTensor:
    stored_as, (begin, end) = entry["dtype"], entry["data_offsets"]
    if stored_as not in STORED_AS:
        raise VisionModelError(
            f"{name} in {path} is stored as {stored_as}: only unquantised checkpoints (BF16, F16, F32) are read"
        )
    shape = tuple(entry["shape"])
    # Without these limits the product of the sides could have millions of digits.
    if not all(type(number) is int for number in (*shape, begin, end)) or len(shape) > _MOST_SIDES:
        raise ValueError(f"{name} has no shape")
    if not all(0 <= side <= _LONGEST_SIDE for side in shape):
        raise ValueError(f"{name} has an impossible shape")
    tensor = StoredTensor(path, stored_as, shape, data_start + begin)
    if begin < 0 or end - begin != tensor.elements * STORED_AS[stored_as].itemsize:
        raise ValueError(f"{name} does not fill its bytes")
    return tensor


def _fill(file: Any, raw: NDArray[Any], path: Path) -> None:
    view = raw.data.cast("B")
    while view:
        count = file.readinto(view)
        if not count:
            raise VisionModelError(f"{path} has become shorter while it was read: {_AGAIN}")
        view = view[count:]


def widen(raw: NDArray[Any], out: NDArray[np.float32]) -> None:
    """Convert stored numbers to float32, exactly. A bfloat16 is the upper half of its float32."""
    if raw.dtype == STORED_AS["BF16"]:
        np.left_shift(raw, np.uint32(16), out=out.view(np.uint32), dtype=np.uint32)
    else:
        out[:] = raw


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_JSON_BYTES:
            raise VisionModelError(f"{path} is larger than {_MAX_JSON_BYTES:,} bytes: {_AGAIN}")
        value = json.loads(path.read_text(encoding="utf-8"))
    except VisionModelError:
        raise
    except FileNotFoundError:
        raise VisionModelError(f"no {path.name} in {path.parent}: this is not a whole model folder; {_AGAIN}") from None
    except OSError as problem:
        raise VisionModelError(f"cannot read {path}: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise VisionModelError(f"{path} is not JSON ({problem}): {_AGAIN}") from problem
    if not isinstance(value, dict):
        raise VisionModelError(f"{path} does not hold a table: {_AGAIN}")
    return value


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name out of an index may be too long for any file
        return False


def _listed(names: Iterable[str]) -> str:
    first, *others = list(names)
    return first if not others else f"{first} and {len(others)} more tensors"


def _times(shape: Iterable[int]) -> str:
    return "×".join(str(side) for side in shape)

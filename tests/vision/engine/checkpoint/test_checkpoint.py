"""A checkpoint folder is checked before it is loaded, and every fault has one clear sentence."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.vision.engine.tiny_checkpoint import Tiny, edit_json, make
from vision.engine.checkpoint.checkpoint import Checkpoint, StoredTensor, open_checkpoint, require_memory
from vision.engine.engine import Engine
from vision.engine.host import available_bytes, total_bytes
from vision.engine.models.memory import slow_because_small
from vision.engine.settings import Arithmetic, EngineSettings
from vision.errors import VisionModelError
from vision.frame import Frame

QUERY = "model.language_model.layers.0.self_attn.q_proj.weight"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint that a test may damage."""
    return Path(shutil.copytree(whole, tmp_path / "tiny"))


def rewrite(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Save the tensors again after a change to their table."""
    import torch
    from safetensors.torch import load_file, save_file

    tensors: dict[str, torch.Tensor] = load_file(folder / "model.safetensors")
    change(tensors)  # type: ignore[arg-type]
    save_file(tensors, folder / "model.safetensors")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def quantised(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"dtype":"BF16"', b'"dtype":"I16" ', 1))


def with_table(folder: Path, table: bytes) -> None:
    (folder / "model.safetensors").write_bytes(len(table).to_bytes(8, "little") + table)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, r"^no vision model folder at .*tiny: run `seesay fetch`"),
    "no config": (lambda f: (f / "config.json").unlink(), r"^no config\.json in .*tiny"),
    "config is no JSON": (lambda f: (f / "config.json").write_text("{oops"), r"config\.json is not JSON"),
    "config is no text": (lambda f: (f / "config.json").write_bytes(b"\xff\xfe\x00"), r"config\.json is not JSON"),
    "config is a deep list": (
        lambda f: (f / "config.json").write_text("[" * 100_000 + "]" * 100_000),
        r"config\.json is not JSON",
    ),
    "config is too large": (
        lambda f: os.truncate(f / "config.json", 20_000_001),
        r"config\.json is larger than 20,000,000 bytes",
    ),
    "config is a list": (lambda f: (f / "config.json").write_text("[]"), r"config\.json does not hold a table"),
    "other architecture": (
        lambda f: edit_json(f / "config.json", model_type="llava"),
        r'config\.json describes a model of type "llava", and only "qwen3_vl" is understood',
    ),
    "no text part": (
        lambda f: edit_json(f / "config.json", text_config=None),
        r"config\.json has no usable text_config",
    ),
    "no image token": (lambda f: edit_json(f / "config.json", image_token_id=None), r"no usable image_token_id"),
    "no preprocessor": (lambda f: (f / "preprocessor_config.json").unlink(), r"preprocessor_config\.json"),
    "patches disagree": (
        lambda f: edit_json(f / "preprocessor_config.json", patch_size=16),
        r"disagree about patch_size \(32 and 16\)",
    ),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), r"^no model\.safetensors in .*tiny"),
    "empty weights": (lambda f: empty(f / "model.safetensors"), r"model\.safetensors \(0 bytes\) is not a safetensors"),
    "a text instead": (
        lambda f: (f / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n"),
        r"model\.safetensors \(43 bytes\) is not a safetensors file",
    ),
    "cut in the table": (lambda f: cut(f / "model.safetensors", 900), r"model\.safetensors is cut off: 900 bytes"),
    "cut in the data": (
        lambda f: cut(f / "model.safetensors", 300_000),
        r"model\.safetensors is cut off: 300,000 bytes of [\d,]+",
    ),
    "another number format": (lambda f: quantised(f / "model.safetensors"), r"is stored as I16: only unquantised"),
    "a deep table": (lambda f: with_table(f, b"[" * 100_000), r"model\.safetensors is not a safetensors file"),
    "infinite sides": (
        lambda f: with_table(f, b'{"a": {"dtype": "F32", "shape": [1e999], "data_offsets": [0, 4]}}'),
        r"model\.safetensors is not a safetensors file, or its table is damaged",
    ),
    "a product of a million digits": (
        lambda f: with_table(
            f, b'{"a": {"dtype": "F32", "shape": [%b1], "data_offsets": [0, 4]}}' % (b"9" * 4000 + b",") * 300
        ),
        r"model\.safetensors is not a safetensors file, or its table is damaged",
    ),
    "no size of the vocabulary": (
        lambda f: edit_json(
            f / "config.json",
            text_config={**json.loads((f / "config.json").read_text())["text_config"], "vocab_size": "x"},
        ),
        r"text_config\.vocab_size is 'x', not a number from 1",
    ),
    "one tensor missing": (
        lambda f: rewrite(f, lambda t: t.pop(QUERY)),
        rf"tiny lacks {QUERY}: the checkpoint is incomplete",
    ),
    "many missing": (
        lambda f: rewrite(f, lambda t: [t.pop(name) for name in list(t) if ".layers.2." in name]),
        r"tiny lacks model\.language_model\.layers\.2\S+ and 10 more tensors",
    ),
    "wrong shape": (
        lambda f: rewrite(f, lambda t: t.update({QUERY: t[QUERY][:5].clone()})),  # type: ignore[index]
        rf"{QUERY} in .* is 5×64, but config\.json asks for 64×64",
    ),
    "a NaN": (
        lambda f: rewrite(f, lambda t: t[QUERY].view(-1)[77:78].fill_(float("nan"))),  # type: ignore[attr-defined]
        r"layers\.0\.self_attn\.(q|qkv)_proj\.weight in .* holds values that are not numbers",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), r"^no tokenizer\.json in .*tiny"),
    "broken tokenizer": (lambda f: cut(f / "tokenizer.json", 700), r"^the tokenizer in .*tiny cannot be read"),
    "tokenizer without turns": (
        lambda f: [
            replace(f / name, "<|im_start|>", "<|else|>") for name in ("tokenizer.json", "tokenizer_config.json")
        ],
        r"tiny has no <\|im_start\|> token",
    ),
    "tokens of another model": (
        lambda f: edit_json(f / "config.json", image_token_id=151655),
        r"^image is token 151655 in .*tiny, but the model knows \d+: tokenizer and weights do not belong together",
    ),
    "impossible sizes": (
        lambda f: edit_json(
            f / "config.json",
            text_config={**json.loads((f / "config.json").read_text())["text_config"], "hidden_size": "many"},
        ),
        r"config\.json does not describe a Qwen3-VL that can be computed: text_config\.hidden_size is 'many'",
    ),
    "no end of an answer": (
        lambda f: (
            (f / "generation_config.json").unlink(),
            edit_json(
                f / "config.json",
                text_config={**json.loads((f / "config.json").read_text())["text_config"], "eos_token_id": None},
            ),
        ),
        r"has an eos_token_id",
    ),
}


@pytest.mark.parametrize("arithmetic", ["packed", "transformers"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_clear_sentence(folder: Path, fault: str, arithmetic: Arithmetic) -> None:
    """The sentence names the file and what to do, on one line, for either arithmetic."""
    spoil, sentence = FAULTS[fault]
    spoil(folder)
    with pytest.raises(VisionModelError, match=sentence) as caught:
        Engine.load(folder, EngineSettings(arithmetic=arithmetic))
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert any(word in message for word in ("fetch", "are read", "a Qwen3-VL model folder?"))


@pytest.mark.parametrize("arithmetic", ["packed", "transformers"])
def test_a_picture_beyond_the_models_positions_is_refused(tmp_path: Path, arithmetic: Arithmetic) -> None:
    """The prompt of such a picture takes more tokens than the model has positions."""
    folder = make(tmp_path / "short", Tiny(max_positions=40))
    with (
        Engine.load(folder, EngineSettings(threads=1, arithmetic=arithmetic)) as engine,
        pytest.raises(VisionModelError, match=r"^a picture takes 54 tokens, and short is limited to 40: use another"),
    ):
        engine.see(Frame(np.zeros((30, 40, 3), np.uint8), 0.0))


def test_the_whole_folder_is_accepted(whole: Path) -> None:
    """Without the faults of the tests above, the folder loads."""
    with Engine.load(whole) as engine:
        assert engine.model_name == "tiny"


@pytest.mark.parametrize(
    ("arithmetic", "seam", "sentence"),
    [
        (
            "transformers",
            "models.transformers_model",
            r"needs 0\.3 GiB of memory .* and 0\.1 GiB are free: close other programs",
        ),
        (
            "packed",
            "models.loading",
            r"needs 0\.3 GiB of memory beside its packed weights and 0\.1 GiB are free: close other",
        ),
    ],
)
def test_too_little_memory_is_said_with_numbers(
    whole: Path, monkeypatch: pytest.MonkeyPatch, arithmetic: Arithmetic, seam: str, sentence: str
) -> None:
    """The error names the needed and the available memory, before anything is loaded or packed."""
    monkeypatch.setattr(f"vision.engine.{seam}.available_bytes", lambda: 100 << 20)
    monkeypatch.setattr("vision.engine.packed.cache.pack_checkpoint", pytest.fail)
    with pytest.raises(VisionModelError, match=sentence):
        Engine.load(whole, EngineSettings(arithmetic=arithmetic))


def test_a_machine_too_small_for_the_weights_is_told(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user is told that weights are read from the disk over and over, which works but is slow."""
    monkeypatch.setattr("vision.engine.models.loading.total_bytes", lambda: 200 << 20)
    lines: list[str] = []
    Engine.load(whole, EngineSettings(), lines.append).close()
    assert [line for line in lines if "works on 0.3 GiB and this machine has 0.2 GiB of memory" in line]
    assert slow_because_small("2B", 3 << 28, 3 << 30, 4 << 30) == ""
    assert slow_because_small("2B", 3 << 29, 3 << 30, 4 << 30).startswith(
        "2B works on 4.5 GiB and this machine has 4.0"
    )
    assert slow_because_small("2B", 3 << 29, 3 << 30, None) == ""


def test_what_the_2b_model_needs_beside_its_packed_weights() -> None:
    """With a full context it needs about three quarters of a GiB, as was measured."""
    from tests.vision.engine.checkpoint.test_shapes import QWEN3_VL_2B
    from vision.engine.checkpoint.shapes import Shapes
    from vision.engine.models.memory import bytes_beside_weights

    needed = bytes_beside_weights(Shapes.of(QWEN3_VL_2B), context_tokens=2048, patches=784)
    assert 0.7 < needed / 2**30 < 0.8


def test_the_need_of_the_2b_model() -> None:
    """The full model's float32 weights are the known 7.9 GiB."""
    stored = StoredTensor(Path("model.safetensors"), "BF16", (2_127_532_032,), 0)
    checkpoint = Checkpoint(Path("2b"), {}, frozenset(), {"all": stored})
    with pytest.raises(
        VisionModelError, match=r"needs 8\.4 GiB of memory \(7\.9 GiB of it float32 weights\) and 8\.0 GiB"
    ):
        require_memory(checkpoint, 1 << 29, available=8 << 30)
    require_memory(checkpoint, 1 << 29, available=9 << 30)
    require_memory(checkpoint, 1 << 29, available=None)


def test_free_memory_is_read_from_the_kernel(tmp_path: Path) -> None:
    """MemAvailable counts, not MemFree; where the kernel does not tell, the result is None."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       8000000 kB\nMemFree:   1 kB\nMemAvailable:    2048 kB\n")
    assert available_bytes(meminfo) == 2048 * 1024
    assert total_bytes(meminfo) == 8_000_000 * 1024
    assert available_bytes(tmp_path / "none") is None


@pytest.mark.parametrize("stored_as", ["bfloat16", "float16", "float32"])
def test_tensors_are_widened_exactly(folder: Path, stored_as: str) -> None:
    """Every value of a 16-bit or 32-bit checkpoint is the same number in float32, in any slice."""
    import torch

    dtype = getattr(torch, stored_as)
    everything = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16)
    values = everything.view(torch.bfloat16 if stored_as != "float16" else torch.float16).to(dtype)
    values = values[torch.isfinite(values)].repeat(40)  # longer than one slice
    rewrite(folder, lambda tensors: tensors.update(extra=values.view(-1, 8)))
    checkpoint = open_checkpoint(folder)
    out = np.empty(checkpoint.tensors["extra"].shape, np.float32)
    checkpoint.read_into("extra", out)
    expected = values.to(torch.float32).view(-1, 8).numpy()
    assert np.array_equal(out.view(np.uint32), expected.view(np.uint32))


def test_a_file_that_shrinks_while_it_is_read_is_noticed(folder: Path) -> None:
    """The end of a file is never read as weights."""
    checkpoint = open_checkpoint(folder)
    name = max(checkpoint.tensors, key=lambda name: checkpoint.tensors[name].offset)
    cut(folder / "model.safetensors", checkpoint.tensors[name].offset + 3)
    with pytest.raises(VisionModelError, match="has become shorter"):
        checkpoint.read_into(name, np.empty(checkpoint.tensors[name].shape, np.float32))
    (folder / "model.safetensors").unlink()
    with pytest.raises(VisionModelError, match="cannot read"):
        checkpoint.read_into(name, np.empty(checkpoint.tensors[name].shape, np.float32))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("model-00002-of-00003.safetensors", r"names model-00002-of-00003\.safetensors, which is not in the folder"),
        ("model.safetensors.index.json", r"^no model\.safetensors in"),
    ],
)
def test_a_missing_shard_is_named(tmp_path: Path, name: str, sentence: str) -> None:
    """A checkpoint in several files needs all of them, and the error names the missing one."""
    folder = make(tmp_path / "sharded", Tiny(shards=3))
    assert len({tensor.file for tensor in open_checkpoint(folder).tensors.values()}) == 3
    (folder / name).unlink()
    with pytest.raises(VisionModelError, match=sentence):
        open_checkpoint(folder)


def test_an_index_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    """An index may only name files in its own folder."""
    folder = make(tmp_path / "sharded", Tiny(shards=2))
    edit_json(folder / "model.safetensors.index.json", weight_map={"a": "../sharded/model-00001-of-00002.safetensors"})
    with pytest.raises(VisionModelError, match="not in the folder"):
        open_checkpoint(folder)


@pytest.mark.parametrize("name", ["x" * 300, "a\nb", "a\0b"])
def test_an_impossible_name_in_an_index_is_one_sentence(tmp_path: Path, name: str) -> None:
    """A name that no file can have is told as one that is missing, on one printable line."""
    folder = make(tmp_path / "tiny", Tiny(shards=2))
    edit_json(folder / "model.safetensors.index.json", weight_map={"a": name})
    with pytest.raises(VisionModelError, match="which is not in the folder") as caught:
        open_checkpoint(folder)
    assert str(caught.value).isprintable()


def test_an_index_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    """The error names the tensor that no shard holds."""
    folder = make(tmp_path / "sharded", Tiny(shards=2))
    index = folder / "model.safetensors.index.json"
    edit_json(
        index, weight_map={**json.loads(index.read_text())["weight_map"], "ghost": "model-00001-of-00002.safetensors"}
    )
    with pytest.raises(VisionModelError, match="lacks ghost, which its index names"):
        open_checkpoint(folder)


def test_stop_tokens_come_from_the_checkpoint(folder: Path) -> None:
    """They are read from generation_config.json, else from config.json, as one number or a list."""
    edit_json(folder / "generation_config.json", eos_token_id=7)
    assert open_checkpoint(folder).stop_tokens == {7}
    edit_json(folder / "generation_config.json", eos_token_id=[7, 9])
    assert open_checkpoint(folder).stop_tokens == {7, 9}
    (folder / "generation_config.json").unlink()
    text = json.loads((folder / "config.json").read_text())["text_config"]
    assert open_checkpoint(folder).stop_tokens == {text["eos_token_id"]}


def test_a_folder_called_checkpoint_is_named_after_its_parent(tmp_path: Path) -> None:
    """The model's name is then the name of the folder above."""
    assert Checkpoint(tmp_path / "demo_model" / "checkpoint", {}, frozenset(), {}).name == "demo_model"
    assert Checkpoint(tmp_path / "Qwen3-VL-2B-Instruct", {}, frozenset(), {}).name == "Qwen3-VL-2B-Instruct"

"""Packed weights are the source's own, bit for bit; a packed file is whole and right, or it is made again."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.engine.tiny_checkpoint import Tiny, edit_json, make
from vision.engine.checkpoint.checkpoint import Checkpoint, StoredTensor, open_checkpoint
from vision.engine.kernels.packed_matrix import PackedMatrix
from vision.engine.packed import cache
from vision.engine.packed import file as packed_file
from vision.engine.packed.cache import keep_packed, open_or_pack, packed_path, weights_folder
from vision.engine.packed.checksum import Checksum
from vision.engine.packed.convert import pack_checkpoint
from vision.engine.packed.file import PackedFile, PackedFileError
from vision.engine.packed.file_writer import PackedFileWriter
from vision.engine.packed.q12 import pack, unpack
from vision.engine.packed.tensor_plan import plan_tensors
from vision.engine.packed.verified import note_path
from vision.errors import VisionModelError

EMBEDDING = "model.language_model.embed_tokens.weight"
QUERY = "model.language_model.layers.1.self_attn.q_proj.weight"
QKV = "model.language_model.layers.1.self_attn.qkv_proj.weight"


def bell(rows: int, columns: int, seed: int = 0) -> NDArray[np.uint16]:
    """Weights like trained ones."""
    values = np.random.default_rng(seed).standard_normal((rows, columns), np.float32) * np.float32(0.02)
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def any_bits(rows: int, columns: int, seed: int = 0) -> NDArray[np.uint16]:
    """Every bit pattern is equally likely (NaN, infinities, subnormals), so nearly all are outliers."""
    return np.random.default_rng(seed).integers(0, 1 << 16, (rows, columns)).astype(np.uint16)


def one_value(value: int) -> NDArray[np.uint16]:
    return np.full((16, 32), value, np.uint16)


MATRICES: dict[str, NDArray[np.uint16]] = {
    "like trained ones": bell(48, 640),
    "any bits at all": any_bits(32, 4096),
    "smallest": any_bits(16, 16),
    "widest": any_bits(16, 65_520),
    "zeros": one_value(0x0000),
    "negative zeros": one_value(0x8000),
    "infinity": one_value(0x7F80),
    "NaN with a payload": one_value(0xFFA5),
    "smallest subnormal": one_value(0x0001),
    "tiny ones with high byte 0": np.arange(512).reshape(16, 32).astype(np.uint16) % 256,
    "zeros and 16 sizes": (np.arange(512).reshape(16, 32).astype(np.uint16) % 17) << 8,
    "one outlier in the last place": np.r_[np.full(511, 0x3F80), 0x0101].reshape(16, 32).astype(np.uint16),
}


@pytest.mark.parametrize("bits", MATRICES.values(), ids=MATRICES.keys())
def test_packing_loses_nothing(bits: NDArray[np.uint16]) -> None:
    """Unpacking gives back every bit that was packed."""
    matrix = pack(bits)
    assert matrix.problem() is None
    assert np.array_equal(unpack(matrix), bits)


@pytest.mark.parametrize("name", ["like trained ones", "any bits at all"])
def test_bytes_lie_where_the_format_says(name: str) -> None:
    """This test reads them by the format's description, in arrays instead of loops."""
    bits = MATRICES[name]
    matrix = pack(bits)
    groups, blocks = bits.shape[0] // 16, bits.shape[1] // 8
    stored = matrix.data.reshape(groups, blocks, 3, 64)
    codes = np.stack([stored[:, :, 0] & 15, stored[:, :, 0] >> 4], axis=2)  # (groups, blocks, half, byte)
    high = np.stack([matrix.tables[group][codes[group]] for group in range(groups)])
    byte = np.arange(64)
    read = np.empty((groups, 16, blocks, 2, 4), np.uint16)
    for b in byte:
        read[:, 4 * (b // 16) + (b % 8) // 2, :, :, 2 * (b % 16 // 8) + b % 2] = (
            high[..., b].astype(np.uint16) << 8 | stored[:, :, 1:, b]
        )
    read = read.reshape(groups, 16, bits.shape[1])
    for group in range(groups):
        entries = matrix.outliers[matrix.starts[group] : matrix.starts[group + 1]].astype(np.int64)
        column, row, value = entries & 0xFFFF, entries >> 16 & 0xFFFF, entries >> 32
        assert (read[group, row, column] == 0).all()
        read[group, row, column] = value
        for inside in range(16):
            assert (np.diff(column[row == inside]) > 0).all()
    assert np.array_equal(read.reshape(bits.shape), bits)


def test_a_weight_takes_twelve_bits() -> None:
    """Tables and outliers add a few hundredths."""
    bits = bell(256, 2048)
    assert 12.0 < 8 * pack(bits).nbytes / bits.size < 12.06


def test_zeros_are_no_outliers() -> None:
    """So a pruned matrix stays small."""
    bits = bell(64, 64)
    bits[np.random.default_rng(1).random(bits.shape) < 0.5] = 0
    assert pack(bits).outliers.size < 0.01 * bits.size


def test_the_same_matrix_is_packed_the_same() -> None:
    """So two files of the same weights can be compared."""
    first, second = pack(bell(32, 64)), pack(bell(32, 64))
    assert first.data.tobytes() == second.data.tobytes()
    assert first.tables.tobytes() == second.tables.tobytes()


@pytest.mark.parametrize(("rows", "columns"), [(17, 32), (16, 24), (0, 16), (16, 65_536)])
def test_unsuitable_shapes_are_refused(rows: int, columns: int) -> None:
    """Rows and columns are multiples of 16, and a column's number has 16 bits."""
    with pytest.raises(ValueError, match=f"{rows}×{columns} are not|{columns} columns are more"):
        pack(np.zeros((rows, columns), np.uint16))


# The file


@pytest.mark.parametrize("piece", [1, 100, 1023, 1024, 3000, 1 << 20])
def test_a_checksum_does_not_depend_on_the_pieces(piece: int) -> None:
    """It depends on the place of each byte and on the number of bytes."""
    octets = np.random.default_rng(0).integers(0, 256, 10_000).astype(np.uint8)
    assert checksum(octets, piece) == checksum(octets, octets.size)
    assert checksum(octets, piece) != checksum(np.roll(octets, 1024), piece)
    assert checksum(octets[:-1], piece) != checksum(np.r_[octets[:-1], np.uint8(0)], piece)


def checksum(octets: NDArray[np.uint8], piece: int) -> str:
    summed = Checksum()
    for start in range(0, octets.size, piece):
        summed.add(octets[start : start + piece])
    return summed.value()


def write(path: Path, matrices: dict[str, PackedMatrix]) -> Path:
    with PackedFileWriter(path) as writer:
        for name, matrix in matrices.items():
            writer.write_matrix(name, [matrix])
        writer.write_array("norm", np.arange(7, dtype=np.float32))
        writer.write_array("scalar", np.float32(2.5) * np.ones((), np.float32))
        writer.finish({"made": "here"})
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "some.packed", {"a": pack(any_bits(32, 64)), "b": pack(bell(64, 128))})


def test_a_file_gives_back_what_was_written(path: Path) -> None:
    """Matrices, arrays of any shape and the writer's notes come back."""
    file = PackedFile(path)
    file.check_sections()
    assert np.array_equal(unpack(file.contents.matrices["a"]), any_bits(32, 64))
    assert np.array_equal(unpack(file.contents.matrices["b"]), bell(64, 128))
    assert np.array_equal(file.contents.arrays["norm"], np.arange(7))
    assert file.contents.arrays["scalar"].shape == ()
    assert file.contents.about == {"made": "here"}


def test_a_mapped_file_cannot_be_written_to(path: Path) -> None:
    """The arrays of weights are read-only."""
    with pytest.raises(ValueError, match="read-only"):
        PackedFile(path).contents.matrices["b"].data[0, 0] = 1


def test_portions_make_one_matrix(tmp_path: Path) -> None:
    """A matrix can be written in several portions of its rows."""
    bits = bell(208, 48)
    bits[100:140] = any_bits(40, 48)
    with PackedFileWriter(tmp_path / "f") as writer:
        writer.write_matrix("m", (pack(bits[start : start + 64]) for start in range(0, 208, 64)))
        writer.finish({})
    file = PackedFile(tmp_path / "f")
    file.check_sections()
    assert np.array_equal(unpack(file.contents.matrices["m"]), bits)


def test_a_file_that_is_cut_off_anywhere_is_refused(path: Path) -> None:
    """This holds at every length; nothing is read beyond the end."""
    whole = path.read_bytes()
    for size in [*range(0, 200, 7), *range(200, len(whole), 997), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(PackedFileError, match=r"some\.packed"):
            PackedFile(path)


def test_a_byte_too_many_is_noticed(path: Path) -> None:
    """The table of contents ends where the file ends."""
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(PackedFileError, match="cut off or damaged"):
        PackedFile(path)


def test_a_changed_bit_anywhere_is_noticed(path: Path) -> None:
    """A change in the header, the contents or a section is noticed, at the latest by the checksums."""
    whole = path.read_bytes()
    covered = [entry for entry in range(0, len(whole), 61) if in_a_section(path, entry)]
    for position in [*range(12), *range(16, 64), *covered, *range(len(whole) - 900, len(whole), 13)]:
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :])
        with pytest.raises(PackedFileError, match=r"some\.packed"):
            PackedFile(path).check_sections(threads=1 + position % 2)


def in_a_section(path: Path, position: int) -> bool:
    """Whether a byte is in a section, and not in a gap between two, which means nothing."""
    return any(section.offset <= position < section.end for section in PackedFile(path)._sections)


def test_sections_that_change_places_are_noticed(path: Path) -> None:
    """A checksum depends on order, not only on content."""
    whole = bytearray(path.read_bytes())
    whole[128:256], whole[256:384] = whole[256:384], whole[128:256]
    path.write_bytes(whole)
    with pytest.raises(PackedFileError, match="have changed"):
        PackedFile(path).check_sections()


def test_other_files_are_not_taken_for_ours(tmp_path: Path) -> None:
    """Their first bytes tell."""
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"\x7fELF" * 1000)
    with pytest.raises(PackedFileError, match="is not a file of packed weights"):
        PackedFile(foreign)
    with pytest.raises(FileNotFoundError):
        PackedFile(tmp_path / "nothing")
    with pytest.raises(PackedFileError, match="cannot read"):
        PackedFile(tmp_path)


def test_another_version_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another version is refused by its number."""
    monkeypatch.setattr(packed_file, "VERSION", 2)
    with pytest.raises(PackedFileError, match="is of version 1, this program reads version 2"):
        PackedFile(path)


def rewrite_contents(path: Path, change: Callable[[Any], object]) -> None:
    """Write a file with wrong contents but right checksums, as only a fault of the writer could."""
    whole = path.read_bytes()
    magic, version, offset, _, _ = packed_file.HEADER.unpack(whole[: packed_file.HEADER.size])
    table = json.loads(whole[offset:])
    change(table)
    written = json.dumps(table).encode()
    header = packed_file.HEADER.pack(magic, version, offset, len(written), hashlib.sha256(written).digest())
    path.write_bytes(header + whole[len(header) : offset] + written)


def test_a_deep_table_of_contents_is_damage(path: Path) -> None:
    """With a right checksum Python's JSON reader would end in a RecursionError."""
    whole, table = path.read_bytes(), b"[" * 100_000
    magic, version, offset, _, _ = packed_file.HEADER.unpack(whole[: packed_file.HEADER.size])
    header = packed_file.HEADER.pack(magic, version, offset, len(table), hashlib.sha256(table).digest())
    path.write_bytes(header + whole[len(header) : offset] + table)
    with pytest.raises(PackedFileError, match=r"the table of contents of .* is damaged"):
        PackedFile(path)


LIES: dict[str, Callable[[Any], object]] = {
    "a section beyond the end": lambda table: table["matrices"]["b"]["data"].update(at=1 << 40),
    "a section before the start": lambda table: table["matrices"]["b"]["data"].update(at=-128),
    "a section that is not aligned": lambda table: table["matrices"]["b"]["data"].update(at=129),
    "a size that is no number": lambda table: table["matrices"]["b"]["data"].update(size="all"),
    "a negative size": lambda table: table["matrices"]["b"]["data"].update(size=-1),
    "more rows": lambda table: table["matrices"]["b"].update(rows=80),
    "fewer columns": lambda table: table["matrices"]["b"].update(columns=112),
    "no rows": lambda table: table["matrices"]["b"].update(rows=0),
    "rows that are no number": lambda table: table["matrices"]["b"].update(rows="64"),
    "an unknown form": lambda table: table["matrices"]["b"].update(form="q4"),
    "no data": lambda table: table["matrices"]["b"].pop("data"),
    "another's side list": lambda table: table["matrices"]["b"].update(outliers=table["matrices"]["a"]["outliers"]),
    "a shape that does not fit": lambda table: table["arrays"]["norm"].update(shape=[8]),
    "a shape that is no list": lambda table: table["arrays"]["norm"].update(shape=None),
    "no matrices": lambda table: table.pop("matrices"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_contents_that_lie_are_refused(path: Path, lie: Callable[[Any], object]) -> None:
    """Machine code trusts every number in the contents, so each one is checked."""
    rewrite_contents(path, lie)
    with pytest.raises(PackedFileError, match=r"some\.packed"):
        PackedFile(path)


@pytest.mark.parametrize(
    ("starts", "outliers"),
    [
        ([0, 1], [40]),  # column 40 of 32
        ([0, 1], [16 << 16]),  # row 16 of 16
        ([0, 2], [0]),
        ([1, 1], [0]),
    ],
)
def test_a_side_list_that_points_outside_is_refused(tmp_path: Path, starts: list[int], outliers: list[int]) -> None:
    """The outliers are the only data by which a kernel could read elsewhere."""
    good = pack(bell(16, 32))
    entries = np.array(outliers, np.uint64)
    bad = PackedMatrix("q12", 16, 32, good.data, good.tables, np.array(starts, np.uint32), entries)
    assert bad.problem() is not None
    backwards = PackedMatrix(
        "q12",
        32,
        32,
        np.zeros((2, 768), np.uint8),
        np.zeros((2, 16), np.uint8),
        np.array([0, 5, 1], np.uint32),
        entries[:1],
    )
    assert backwards.problem() == "its side list is out of order"
    write_raw(tmp_path / "bad", bad)
    with pytest.raises(PackedFileError, match=r"m in .*bad is damaged: its side list"):
        PackedFile(tmp_path / "bad")


def write_raw(path: Path, matrix: PackedMatrix) -> None:
    """Write a file without the writer's own check."""
    with PackedFileWriter(path) as writer:
        writer.write_matrix("m", [matrix])
        writer._matrices["m"]["starts"] = writer._write(matrix.starts)
        with pytest.raises(PackedFileError):
            writer.finish({})
        shutil.copy(writer._part, path)


def test_a_writer_that_fails_leaves_nothing(path: Path) -> None:
    """The old file stays as it was."""
    before = path.read_bytes()

    def portions() -> Iterator[PackedMatrix]:
        yield pack(bell(64, 16))
        raise RuntimeError

    with pytest.raises(RuntimeError), PackedFileWriter(path) as writer:
        writer.write_matrix("m", portions())
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["some.packed"]


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    """/dev/full, which refuses every byte, gives one clear sentence."""
    (tmp_path / "f.part").symlink_to("/dev/full")
    large = pack(any_bits(64, 4096))  # more than the file's buffer, which would only be refused at the end
    with (
        pytest.raises(VisionModelError, match=r"^cannot write .*: No space left on device$"),
        PackedFileWriter(tmp_path / "f") as writer,
    ):
        writer.write_matrix("m", [large])
    assert not (tmp_path / "f").exists()


# A checkpoint


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("packed") / "tiny", Tiny(tied=False, shards=3))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "tiny"))


def resave(folder: Path, change: Callable[[dict[str, Any]], object]) -> Checkpoint:
    """Change some tensors; the shards become one file."""
    from safetensors.torch import load_file, save_file

    tensors: dict[str, Any] = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(file)
        file.unlink()
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    return open_checkpoint(folder)


class Converter:
    """Opens the packed weights and counts how often they had to be made."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.shares: list[float] = []

    def open(self, checkpoint: Checkpoint) -> PackedFile:
        self.shares = []
        return open_or_pack(checkpoint, packed_path(self.cache, checkpoint), self.shares.append)

    @property
    def packed(self) -> bool:
        return bool(self.shares)


@pytest.fixture
def converter(tmp_path: Path) -> Converter:
    return Converter(tmp_path / "cache" / "deep")


def stored_bits(tensor: StoredTensor) -> NDArray[Any]:
    width = np.dtype("<u4" if tensor.stored_as == "F32" else "<u2")
    return np.fromfile(tensor.file, width, tensor.elements, offset=tensor.offset).reshape(tensor.shape)


def assert_same_weights(checkpoint: Checkpoint, file: PackedFile) -> None:
    """Every tensor of the checkpoint is in the file, bit for bit, once."""
    plan = plan_tensors(checkpoint)
    for planned in plan.matrices:
        matrix = file.contents.matrices[planned.name]
        source = np.concatenate([stored_bits(part).reshape(part.shape[0], -1) for part in planned.parts])
        kept = unpack(matrix) if matrix.form == "q12" else matrix.data.view(source.dtype)
        assert np.array_equal(kept, source), planned.name
    for name, tensor in plan.arrays.items():
        widened = np.empty(tensor.shape, np.float32)
        checkpoint.read_into(name, widened)
        assert file.contents.arrays[name].tobytes() == widened.tobytes(), name
    assert set(file.contents.matrices) == {matrix.name for matrix in plan.matrices}
    assert sum(len(matrix.parts) for matrix in plan.matrices) + len(plan.arrays) == len(checkpoint.tensors)


def test_a_checkpoint_is_packed_without_loss(whole: Path, converter: Converter) -> None:
    """It may be in several files and have an untied head; the second start only opens the file."""
    checkpoint = open_checkpoint(whole)
    file = converter.open(checkpoint)
    assert converter.shares == sorted(converter.shares)
    assert converter.shares[-1] == pytest.approx(1)
    assert_same_weights(checkpoint, file)
    assert_same_weights(checkpoint, converter.open(checkpoint))
    assert not converter.packed


def test_threads_and_portions_change_nothing(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large matrix is packed in portions, several at a time, and the file is the same."""
    checkpoint = open_checkpoint(whole)
    pack_checkpoint(checkpoint, tmp_path / "one", lambda _: None)
    monkeypatch.setattr("vision.engine.packed.tensor_plan._PORTION_WEIGHTS", 1)  # 64 rows at a time
    pack_checkpoint(checkpoint, tmp_path / "two", lambda _: None, threads=3)
    assert_same_weights(checkpoint, PackedFile(tmp_path / "two"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_fault_of_the_packer_is_found_at_once(
    whole: Path, converter: Converter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every portion is unpacked again before it is written."""
    monkeypatch.setattr("vision.engine.packed.convert.unpack", lambda matrix: unpack(matrix) ^ 1)
    with pytest.raises(VisionModelError, match="does not unpack to what was packed"):
        converter.open(open_checkpoint(whole))
    assert [file.suffix for file in converter.cache.iterdir()] == [".lock"]


def test_matrices_that_read_the_same_input_lie_together(whole: Path, converter: Converter) -> None:
    """Query, key and value are one matrix, and so are gate and up; all else is arrays."""
    contents = converter.open(open_checkpoint(whole)).contents
    assert contents.matrices[QKV].form == "q12"
    assert "model.language_model.layers.1.mlp.gate_up_proj.weight" in contents.matrices
    assert QUERY not in contents.matrices
    assert "model.visual.pos_embed.weight" in contents.arrays
    assert contents.matrices["model.visual.patch_embed.proj.weight"].columns == 3 * 2 * 32 * 32


def test_an_odd_vocabulary_is_kept_as_it_is_and_told(whole: Path, converter: Converter) -> None:
    """397 rows cannot be packed; every other matrix can."""
    contents = converter.open(open_checkpoint(whole)).contents
    assert contents.matrices[EMBEDDING].form == "bf16"
    assert contents.notes == dict.fromkeys((EMBEDDING, "lm_head.weight"), "397×64 are not multiples of 16")


@pytest.mark.parametrize(("dtype", "form"), [("float32", "f32"), ("float16", "f16")])
def test_other_widths_are_never_rounded(folder: Path, converter: Converter, dtype: str, form: str) -> None:
    """A matrix that is not bfloat16 stays what it is, and the file says so."""
    import torch

    def change(tensors: dict[str, Any]) -> None:
        torch.manual_seed(0)
        for name in tensors:
            if ".layers.1." in name:
                tensors[name] = torch.randn(tensors[name].shape).to(getattr(torch, dtype))

    checkpoint = resave(folder, change)
    file = converter.open(checkpoint)
    assert_same_weights(checkpoint, file)
    assert file.contents.matrices[QKV].form == form
    assert "only BF16 is packed" in file.contents.notes[QKV]


def test_mixed_widths_become_the_one_that_holds_all(folder: Path, converter: Converter) -> None:
    """A query in float32 over keys in bfloat16 and values in float16: every value is what it was."""
    import torch

    key, value = QUERY.replace("q_proj", "k_proj"), QUERY.replace("q_proj", "v_proj")
    torch.manual_seed(0)
    checkpoint = resave(
        folder,
        lambda tensors: tensors.update(
            {QUERY: torch.randn(tensors[QUERY].shape), value: torch.randn(tensors[value].shape).half()}
        ),
    )
    contents = converter.open(checkpoint).contents
    widened = [np.empty(checkpoint.tensors[name].shape, np.float32) for name in (QUERY, key, value)]
    for name, part in zip((QUERY, key, value), widened, strict=True):
        checkpoint.read_into(name, part)
    assert contents.matrices[QKV].form == "f32"
    assert np.array_equal(contents.matrices[QKV].data, np.concatenate(widened))
    assert contents.notes[QKV] == "its parts are stored as BF16 and F16 and F32, and F32 holds both exactly"


def test_many_outliers_are_kept_as_bfloat16(folder: Path, converter: Converter) -> None:
    """Such a matrix would gain nothing from 12 bits."""
    import torch

    def spread(tensors: dict[str, Any]) -> None:
        torch.manual_seed(0)
        tensors[QUERY] *= torch.exp2(torch.randint(-40, 41, tensors[QUERY].shape)).to(torch.bfloat16)

    checkpoint = resave(folder, spread)
    file = converter.open(checkpoint)
    assert_same_weights(checkpoint, file)
    assert file.contents.matrices[QKV].form == "bf16"
    assert "% of its weights are outliers, more than 1%" in file.contents.notes[QKV]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", [QUERY, "model.language_model.norm.weight"])
def test_weights_that_are_not_numbers_are_refused(folder: Path, converter: Converter, name: str, value: float) -> None:
    """A damaged checkpoint is not packed, and nothing is left behind."""
    checkpoint = resave(folder, lambda tensors: tensors[name].view(-1)[3].fill_(value))
    with pytest.raises(VisionModelError, match="holds values that are not numbers: fetch the model again"):
        converter.open(checkpoint)
    assert [file.suffix for file in converter.cache.iterdir()] == [".lock"]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "foreign": lambda path: path.write_bytes(b"PK\3\4" * 9999),
    "a changed weight": lambda path: flip(path, 140),
    "a changed table of contents": lambda path: flip(path, path.stat().st_size - 5),
}


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_made_again(
    whole: Path, converter: Converter, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    """It is packed again without a question, and the log says why."""
    checkpoint = open_checkpoint(whole)
    converter.open(checkpoint)
    damage(packed_path(converter.cache, checkpoint))
    assert_same_weights(checkpoint, converter.open(checkpoint))
    assert converter.packed
    assert "packing the weights again" in caplog.text


def test_a_damaged_file_is_read_and_told_of_once(
    whole: Path, converter: Converter, passes: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A second reading would find the same damage, so it is not made."""
    checkpoint = open_checkpoint(whole)
    converter.open(checkpoint)
    path = packed_path(converter.cache, checkpoint)
    flip(path, 140)
    passes.clear()
    converter.open(checkpoint)
    assert passes.count(path) == 1
    assert caplog.text.count("packing the weights again") == 1


def test_a_file_that_another_process_packed_meanwhile_is_used(
    whole: Path, converter: Converter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that waited for the lock finds the other's file and does not pack again."""
    checkpoint = open_checkpoint(whole)
    converter.open(checkpoint)
    path = packed_path(converter.cache, checkpoint)
    hidden = path.rename(path.with_suffix(".hidden"))
    alone = cache._packing_lock

    @contextlib.contextmanager
    def after_the_other(path: Path) -> Iterator[None]:
        with alone(path):
            hidden.rename(path)
            yield

    monkeypatch.setattr(cache, "_packing_lock", after_the_other)
    assert_same_weights(checkpoint, converter.open(checkpoint))
    assert not converter.packed


def test_other_weights_are_packed_anew(folder: Path, converter: Converter) -> None:
    """This also holds for weights of the same size."""
    converter.open(open_checkpoint(folder))
    checkpoint = resave(folder, lambda tensors: tensors[QUERY].mul_(2))
    assert_same_weights(checkpoint, converter.open(checkpoint))
    assert converter.packed
    source = checkpoint.tensors[QUERY].file
    flip(source, checkpoint.tensors[QUERY].offset)
    os.utime(source, ns=(1, 1))
    assert_same_weights(checkpoint, converter.open(checkpoint))
    assert converter.packed


def test_a_file_that_was_only_touched_is_not_packed_again(folder: Path, converter: Converter) -> None:
    """Its SHA-256 shows that the contents are the same."""
    converter.open(open_checkpoint(folder))
    for file in folder.glob("*.safetensors"):
        os.utime(file, ns=(5, 5))
    converter.open(open_checkpoint(folder))
    assert not converter.packed


def test_weights_that_change_while_they_are_packed_are_noticed(folder: Path, converter: Converter) -> None:
    """Otherwise the packed file could hold two versions."""
    checkpoint = open_checkpoint(folder)

    def meanwhile(share: float) -> None:
        os.utime(checkpoint.tensors[QUERY].file, ns=(int(1e9 * share), 1))

    with pytest.raises(VisionModelError, match="changed while they were packed"):
        open_or_pack(checkpoint, packed_path(converter.cache, checkpoint), meanwhile)


def test_a_source_that_shrinks_is_one_sentence(folder: Path, converter: Converter) -> None:
    """This can happen after its header was read."""
    checkpoint = open_checkpoint(folder)
    os.truncate(checkpoint.tensors[QUERY].file, checkpoint.tensors[QUERY].offset + 10)
    with pytest.raises(VisionModelError, match="has become shorter while it was read"):
        converter.open(checkpoint)


def test_a_disk_without_room_is_told_before(whole: Path, converter: Converter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error comes at once, not after minutes of packing."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))  # type: ignore[attr-defined]
    with pytest.raises(VisionModelError, match=r"need 0\.1 GiB in .*deep and 0\.0 GiB are free: make room, or set XDG"):
        converter.open(open_checkpoint(whole))
    assert not converter.packed


@pytest.fixture
def passing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "passing"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is looked up once a process
    return folder


def test_without_a_cache_folder_every_start_packs(
    whole: Path, tmp_path: Path, passing: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file stands in place of the folder: the weights are packed for this start, and nothing stays."""
    (tmp_path / "cache").write_text("in the way")
    converter, checkpoint = Converter(tmp_path / "cache" / "x"), open_checkpoint(whole)
    assert_same_weights(checkpoint, converter.open(checkpoint))
    assert converter.packed
    assert list(passing.iterdir()) == []
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert re.match(r"cannot make .*; set XDG_CACHE_HOME\. Until then every start packs .* in .*passing$", warning)


@pytest.mark.parametrize("short", ["disk", "memory"])
def test_without_any_room_there_is_one_error(
    whole: Path, tmp_path: Path, passing: Path, monkeypatch: pytest.MonkeyPatch, short: str
) -> None:
    """Neither the cache nor a temporary folder, which may lie in memory, has room."""
    (tmp_path / "cache").write_text("in the way")
    if short == "disk":
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))  # type: ignore[attr-defined]
    else:
        monkeypatch.setattr("vision.engine.packed.cache.available_bytes", lambda: 1 << 20)
    with pytest.raises(VisionModelError, match=r"^cannot make .*: Not a directory; set XDG_CACHE_HOME$"):
        Converter(tmp_path / "cache" / "x").open(open_checkpoint(whole))


def test_a_fetch_wants_it_kept(whole: Path, tmp_path: Path, passing: Path) -> None:
    """A fetch must keep the packed file, so packing for one start is not enough."""
    (tmp_path / "cache").write_text("in the way")
    checkpoint = open_checkpoint(whole)
    with pytest.raises(VisionModelError, match="cannot make"):
        keep_packed(checkpoint, packed_path(tmp_path / "cache" / "x", checkpoint), pytest.fail)


def test_a_folder_without_locks_is_as_good_as_none(
    whole: Path, converter: Converter, passing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a lock two processes would write into each other's file."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    checkpoint = open_checkpoint(whole)
    assert_same_weights(checkpoint, converter.open(checkpoint))
    assert not packed_path(converter.cache, checkpoint).exists()


def test_what_is_wrong_with_the_cache_folder_is_told(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be written and one without locks get different errors."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    checkpoint = open_checkpoint(whole)
    path = packed_path(tmp_path, checkpoint)
    path.with_name(path.name + ".lock").mkdir()
    with pytest.raises(VisionModelError, match=r"cannot write into .*: Is a directory; set XDG_CACHE_HOME"):
        keep_packed(checkpoint, path, pytest.fail)
    path.with_name(path.name + ".lock").rmdir()
    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(VisionModelError, match=r"cannot lock .*\.lock: No locks available; set XDG_CACHE_HOME"):
        keep_packed(checkpoint, path, pytest.fail)


def test_a_read_only_cache_is_used_and_checked_every_time(
    whole: Path, converter: Converter, passes: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No note can be left there, so every start reads the whole file."""
    checkpoint = open_checkpoint(whole)
    converter.open(checkpoint)
    note_path(packed_path(converter.cache, checkpoint)).unlink()
    passes.clear()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "write_text", refuse)
    for _ in range(2):
        converter.open(checkpoint)
    assert not converter.packed
    assert len(passes) == 2


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files of which every byte was checked."""
    looked: list[Path] = []
    check = PackedFile.check_sections

    def counted(self: PackedFile, threads: int = 1) -> None:
        looked.append(self.path)
        check(self, threads)

    monkeypatch.setattr(PackedFile, "check_sections", counted)
    return looked


def test_a_file_is_read_whole_once_after_each_start_of_the_machine(
    whole: Path, converter: Converter, passes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not read whole at every start of the program."""
    checkpoint = open_checkpoint(whole)
    converter.open(checkpoint)
    assert len(passes) == 1  # as it was written
    converter.open(checkpoint)
    assert len(passes) == 1
    (tmp_path / "boot_id").write_text("another start")
    monkeypatch.setattr("vision.engine.packed.verified._BOOT_ID", tmp_path / "boot_id")
    converter.open(checkpoint)
    converter.open(checkpoint)
    assert len(passes) == 2
    monkeypatch.setattr("vision.engine.packed.verified._BOOT_ID", tmp_path / "nobody tells")
    converter.open(checkpoint)
    converter.open(checkpoint)
    assert len(passes) == 4


@pytest.mark.parametrize("change", ["touched", "replaced", "note damaged"])
def test_a_file_that_may_have_changed_is_read_whole(
    whole: Path, converter: Converter, passes: list[Path], change: str
) -> None:
    """It may have been written to, replaced by a copy, or have lost its note."""
    checkpoint = open_checkpoint(whole)
    converter.open(checkpoint)
    path = packed_path(converter.cache, checkpoint)
    if change == "touched":
        os.utime(path)
    elif change == "replaced":
        shutil.copy2(path, path.with_name("copy"))
        path.with_name("copy").replace(path)
    else:
        note_path(path).write_text("[1]")
    converter.open(checkpoint)
    assert len(passes) == 2
    assert not converter.packed


def test_touched_weights_are_hashed_once(folder: Path, converter: Converter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing four gigabytes at every start would take too long."""
    converter.open(open_checkpoint(folder))
    for file in folder.glob("*.safetensors"):
        os.utime(file, ns=(5, 5))
    converter.open(open_checkpoint(folder))
    monkeypatch.setattr("vision.engine.packed.cache.file_sha256", pytest.fail)
    converter.open(open_checkpoint(folder))
    assert not converter.packed


def test_a_head_that_is_the_embedding_is_not_packed_twice(tmp_path: Path, converter: Converter) -> None:
    """Some checkpoints store a tied head; it is left out like any tensor that no network needs."""
    import torch

    folder = make(tmp_path / "tied", Tiny())
    extra = {"lm_head.weight": "tied", "model.visual.rotary_pos_emb.inv_freq": torch.ones(8)}

    def store(tensors: dict[str, Any]) -> None:
        tensors.update(extra | {"lm_head.weight": tensors[EMBEDDING].clone()})

    contents = converter.open(resave(folder, store)).contents
    assert not extra.keys() & {*contents.matrices, *contents.arrays}
    with pytest.raises(
        VisionModelError, match=r"says that the head is the embedding .* but lm_head\.weight holds other"
    ):
        converter.open(resave(folder, lambda tensors: tensors["lm_head.weight"].mul_(2)))


def test_a_missing_tensor_is_told_even_if_the_packed_file_is_there(folder: Path, converter: Converter) -> None:
    """The list of tensors comes from config.json alone."""
    converter.open(open_checkpoint(folder))
    with pytest.raises(VisionModelError, match=f"lacks {QUERY}: the checkpoint is incomplete"):
        converter.open(resave(folder, lambda tensors: tensors.pop(QUERY)))


def test_a_config_that_asks_for_less_is_packed_anew(folder: Path, converter: Converter) -> None:
    """The packed file must hold exactly what the config asks for."""
    converter.open(open_checkpoint(folder))
    text = json.loads((folder / "config.json").read_text())["text_config"]
    edit_json(folder / "config.json", text_config={**text, "num_hidden_layers": 2})
    assert QKV.replace(".1.", ".2.") not in converter.open(open_checkpoint(folder)).contents.matrices
    assert converter.packed


def test_a_packed_file_whose_weights_are_gone_is_removed(whole: Path, folder: Path, converter: Converter) -> None:
    """That happens when another one is packed; other files are left alone."""
    converter.open(open_checkpoint(folder))
    gone = packed_path(converter.cache, open_checkpoint(folder))
    (converter.cache / "strange.packed").write_text("?")
    shutil.rmtree(folder)
    converter.open(open_checkpoint(whole))
    assert sorted(file.suffix for file in converter.cache.iterdir()) == [
        ".checked",
        ".lock",
        ".lock",
        ".packed",
        ".packed",
    ]
    assert not gone.exists()


def test_what_a_killed_process_left_is_replaced(whole: Path, converter: Converter) -> None:
    """Its room counts as free."""
    checkpoint = open_checkpoint(whole)
    part = packed_path(converter.cache, checkpoint).with_suffix(".packed.part")
    converter.cache.mkdir(parents=True)
    part.write_bytes(bytes(1000))
    converter.open(checkpoint)
    assert not part.exists()


def test_an_interrupted_packing_leaves_nothing(whole: Path, converter: Converter) -> None:
    """Ctrl-C may come between any two portions."""

    def interrupt(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    checkpoint = open_checkpoint(whole)
    with pytest.raises(KeyboardInterrupt):
        open_or_pack(checkpoint, packed_path(converter.cache, checkpoint), interrupt, threads=2)
    assert [file.suffix for file in converter.cache.iterdir()] == [".lock"]


def test_the_folder_of_packed_weights() -> None:
    """It is $XDG_CACHE_HOME/seesay/weights, or below ~/.cache if that is unset or relative."""
    assert weights_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/seesay/weights")
    for environ in ({"HOME": "/home/me"}, {"HOME": "/home/me", "XDG_CACHE_HOME": "cache"}):
        assert weights_folder(environ) == Path("/home/me/.cache/seesay/weights")


def test_two_at_once_pack_once(whole: Path, converter: Converter) -> None:
    """The second process waits for the first and uses its file."""
    checkpoint = open_checkpoint(whole)
    path = packed_path(converter.cache, checkpoint)
    packing, done = threading.Event(), []
    second = threading.Thread(target=lambda: done.append(open_or_pack(checkpoint, path, pytest.fail)))

    def progress(share: float) -> None:
        if not packing.is_set():
            packing.set()
            second.start()

    open_or_pack(checkpoint, path, progress)
    second.join(30)
    assert len(done) == 1


def test_each_model_folder_has_its_own_file(whole: Path, folder: Path, tmp_path: Path) -> None:
    """Two models of the same name do not replace each other's files."""
    first, second = open_checkpoint(whole), open_checkpoint(folder)
    assert first.name == second.name == "tiny"
    assert packed_path(tmp_path, first) != packed_path(tmp_path, second)

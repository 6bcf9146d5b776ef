"""Products of packed matrices are exact to float32's last bits, and the same bits however they are computed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from numba import carray
from numpy.typing import NDArray

from vision.engine.kernels import jit, layout, matmul, scalar
from vision.engine.kernels.dispatch import matmul_loops
from vision.engine.kernels.isa import Isa, available, has_fused_multiply_add
from vision.engine.kernels.linear import Multiplier, describe, entry_points
from vision.engine.kernels.packed_matrix import STORED, Form, PackedMatrix
from vision.engine.kernels.thread_pool import Pool
from vision.engine.kernels.tuning import Tuning, usual_tuning
from vision.engine.packed.q12 import pack, unpack

ROWS, COLUMNS = 112, 1104  # an odd number of groups; two whole blocks of 512 columns and a rest
COUNTS = (1, 2, 3, 4, 5, 6, 7, 12, 13, 18, 48, 49, 72, 231)

each_isa = pytest.mark.parametrize("isa", available(), ids=lambda isa: isa.name)


def bfloat16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper halves of float32 numbers."""
    return np.ascontiguousarray(values, np.float32).view(np.uint32).__rshift__(16).astype(np.uint16)


def widened(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    return (bits.astype(np.uint32) << 16).view(np.float32)


@cache
def alone(isa: Isa | None = None) -> Multiplier:
    return Multiplier(Pool(1), isa)


def multiply(matrix: PackedMatrix, x: NDArray[np.float32], isa: Isa | None = None) -> NDArray[np.float32]:
    """Multiply in this thread."""
    return alone(isa).multiply(matrix, x)


def look_up(matrix: PackedMatrix, rows: Sequence[int]) -> NDArray[np.float32]:
    return alone().look_up(matrix, rows)


def bits_of(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(values).view(np.uint32)


@pytest.fixture(scope="module")
def weights() -> NDArray[np.uint16]:
    """Weights like trained ones: bell-shaped, with a scale for every row, zeros, and 0.5 % of rare sizes."""
    rng = np.random.default_rng(3)
    values = rng.standard_normal((ROWS, COLUMNS)) * 0.02 * np.exp(rng.standard_normal((ROWS, 1)) / 4)
    rare = rng.random(values.shape) < 0.005
    values[rare] *= 2.0 ** rng.integers(-40, 6, rare.sum())
    values[rng.random(values.shape) < 0.001] = 0
    return bfloat16(values.astype(np.float32))


@pytest.fixture(scope="module")
def matrix(weights: NDArray[np.uint16]) -> PackedMatrix:
    return pack(weights)


@pytest.fixture(scope="module")
def inputs() -> NDArray[np.float32]:
    return np.random.default_rng(4).standard_normal((max(COUNTS), COLUMNS), np.float32)


def test_the_example_has_outliers_in_every_group(matrix: PackedMatrix) -> None:
    """Otherwise the tests below would not use the outliers."""
    assert (np.diff(matrix.starts.astype(int)) > 10).all()


@each_isa
@pytest.mark.parametrize("count", COUNTS)
def test_a_product_is_right_to_float32(
    matrix: PackedMatrix, weights: NDArray[np.uint16], inputs: NDArray[np.float32], isa: Isa, count: int
) -> None:
    """Against float64, the largest error is below a millionth of the largest value."""
    exact = inputs[:count].astype(np.float64) @ widened(weights).astype(np.float64).T
    assert np.abs(multiply(matrix, inputs[:count], isa) - exact).max() <= 1e-6 * np.abs(exact).max()


@pytest.mark.skipif(not has_fused_multiply_add(), reason="two roundings a product on this processor")
@each_isa
@pytest.mark.parametrize("count", COUNTS)
def test_a_product_has_the_same_bits_however_it_is_computed(
    matrix: PackedMatrix, inputs: NDArray[np.float32], isa: Isa, count: int
) -> None:
    """Every instruction set and number of vectors gives what plain loops give alone."""
    single = np.concatenate([multiply(matrix, inputs[n : n + 1], Isa.PLAIN) for n in range(min(count, 13))])
    assert np.array_equal(bits_of(multiply(matrix, inputs[:count], isa)[:13]), bits_of(single))


@pytest.mark.parametrize("isa", [isa for isa in available() if isa is not Isa.PLAIN], ids=lambda isa: isa.name)
@pytest.mark.parametrize(("limit", "prefetch_bytes", "together"), [(12, 0, 12), (24, 1024, 96), (231, 16384, 204)])
def test_no_choice_for_a_processor_changes_a_bit(
    matrix: PackedMatrix, inputs: NDArray[np.float32], isa: Isa, limit: int, prefetch_bytes: int, together: int
) -> None:
    """Where another way through the same sums is faster, it may be taken."""
    tuned = Multiplier(Pool(1), isa, Tuning(isa, limit, prefetch_bytes, together))
    for count in (1, 7, 13, 18, 49, 231):
        x = inputs[:count]
        assert np.array_equal(bits_of(tuned.multiply(matrix, x)), bits_of(multiply(matrix, x, isa)))


def test_a_choice_that_a_kernel_cannot_take_is_refused() -> None:
    """A block of too few vectors has no machine code, and a wider one than the scratch memory would overrun it."""
    for limit, prefetch_bytes, together in ((5, 4096, 204), (12, -1, 204), (12, 4096, 5), (12, 4096, 205)):
        with pytest.raises(ValueError, match=r"vectors|distance"):
            Tuning(Isa.AVX2, limit, prefetch_bytes, together)
    other = next(isa for isa in Isa if isa is not alone().isa)
    with pytest.raises(ValueError, match="these choices are for"):
        alone().tune(usual_tuning(other))


@pytest.fixture(scope="module", params=[2, 3, 5])
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    with Pool(request.param) as pool:
        yield pool


@each_isa
@pytest.mark.parametrize("count", [1, 3, 18])
def test_threads_change_nothing(
    pool: Pool, matrix: PackedMatrix, inputs: NDArray[np.float32], isa: Isa, count: int
) -> None:
    """Any number of threads gives the same bits, call after call."""
    several, expected = Multiplier(pool, isa), bits_of(multiply(matrix, inputs[:count], isa))
    for _ in range(20):
        assert np.array_equal(bits_of(several.multiply(matrix, inputs[:count])), expected)


@each_isa
@pytest.mark.parametrize("count", [1, 231])
@pytest.mark.parametrize("groups", [1, 2, 3, 100])
def test_the_work_items_of_a_product_change_nothing(
    matrix: PackedMatrix, inputs: NDArray[np.float32], isa: Isa, groups: int, count: int
) -> None:
    """Any cut between groups gives the same bits, and nothing beside the rows is touched."""
    one, x = alone(isa), np.ascontiguousarray(inputs[:count])
    y = np.full((count, ROWS + 16), 7, np.float32)  # of a wider array, as for query, key and value
    arranged = one._arranged(matrix, x)  # kept, because the arguments only have its address
    arguments = one.arguments(matrix, arranged, y, groups)
    Pool(1).run(entry_points()[0], -(-matrix.groups // int(arguments[layout.GROUPS])), arguments.ctypes.data)
    assert np.array_equal(bits_of(y[:, :ROWS]), bits_of(multiply(matrix, x, isa)))
    assert (y[:, ROWS:] == 7).all()


@each_isa
@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_whole_numbers_are_multiplied_exactly(isa: Isa, count: int) -> None:
    """Where every sum is exact, the result is PyTorch's, bit for bit."""
    import torch

    rng = np.random.default_rng(count)
    values = rng.integers(-120, 121, (48, 640)).astype(np.float32)  # whole in bfloat16
    x = rng.integers(-60, 61, (count, 640)).astype(np.float32)
    expected = torch.nn.functional.linear(torch.from_numpy(x), torch.from_numpy(values)).numpy()
    assert np.array_equal(multiply(pack(bfloat16(values)), x, isa), expected)


@each_isa
@pytest.mark.parametrize("columns", [16, 48, 496, 512, 528])
def test_every_width_works(isa: Isa, columns: int) -> None:
    """Widths from two blocks to more than 512 columns are right."""
    rng = np.random.default_rng(columns)
    values = rng.integers(-9, 10, (32, columns)).astype(np.float32)
    x = rng.integers(-9, 10, (9, columns)).astype(np.float32)
    for count in (1, 2, 9):
        assert np.array_equal(multiply(pack(bfloat16(values)), x[:count], isa), x[:count] @ values.T)


@each_isa
@pytest.mark.parametrize("count", [1, 32])
def test_a_unit_vector_brings_back_each_weight(isa: Isa, count: int) -> None:
    """All finite bfloat16 values, also subnormals and signed zeros, pass through unchanged."""
    bits = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16).reshape(2048, 32)[:, ::-1]
    bits = np.where((bits & 0x7F80) == 0x7F80, 0, bits).astype(np.uint16)
    matrix, units = pack(bits), np.eye(32, dtype=np.float32)
    columns = np.concatenate([multiply(matrix, units[n : n + count], isa) for n in range(0, 32, count)]).T
    assert np.array_equal(columns, widened(bits))  # as numbers: a sum of zeros has no sign


@each_isa
@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("special", [0x7F80, 0xFF80, 0x7FC1])
def test_infinity_and_nan_stay_in_their_row(isa: Isa, count: int, special: int, weights: NDArray[np.uint16]) -> None:
    """One such weight, in the table or an outlier, changes its own output and no other."""
    for listed in (True, False):
        bits = weights[:32].copy() if listed else np.full((32, 64), 0x3F80, np.uint16)
        clean = multiply(pack(bits), np.ones((count, bits.shape[1]), np.float32), isa)
        bits[19, 37] = special
        spoilt = multiply(pack(bits), np.ones((count, bits.shape[1]), np.float32), isa)
        assert not np.isfinite(spoilt[:, 19]).any()
        assert np.isfinite(spoilt[:, np.arange(32) != 19]).all()
        assert np.array_equal(spoilt[:, :16], clean[:, :16])  # the other group


@each_isa
def test_a_matrix_of_outliers_is_still_multiplied_exactly(isa: Isa) -> None:
    """This holds even where most weights are outliers."""
    rng = np.random.default_rng(8)
    values = rng.integers(1, 16, (16, 64)) * 2.0 ** rng.integers(-20, 21, (16, 64))
    x = np.eye(64, dtype=np.float32)[:20]
    matrix = pack(bfloat16(values.astype(np.float32)))
    assert matrix.outliers.size > 100
    assert np.array_equal(multiply(matrix, x, isa), x @ values.astype(np.float32).T)


def plain_form(form: Form, values: NDArray[np.float32]) -> PackedMatrix:
    data = bfloat16(values) if form == "bf16" else values.astype(STORED[form])
    return PackedMatrix(form, *values.shape, data)


@pytest.mark.parametrize("form", ["bf16", "f16", "f32"])
def test_a_matrix_that_is_not_packed_is_multiplied_too(form: Form) -> None:
    """Any shape is right to float32, with the same bits for any number of vectors."""
    rng = np.random.default_rng(5)
    matrix = plain_form(form, rng.standard_normal((37, 1041)).astype(np.float32))
    x = rng.standard_normal((18, 1041), np.float32)
    stored = look_up(matrix, range(37)).astype(np.float64)
    exact = x.astype(np.float64) @ stored.T
    y = multiply(matrix, x)
    assert np.abs(y - exact).max() <= 1e-6 * np.abs(exact).max()
    assert np.array_equal(bits_of(multiply(matrix, x[5:6])), bits_of(y[5:6]))


def test_half_precision_is_widened_exactly() -> None:
    """Every finite float16, also a subnormal one, becomes the float32 of the same value."""
    halves = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16).view(np.float16)
    halves = np.where(np.isfinite(halves), halves, np.float16(0)).reshape(64, 1024)
    rows = look_up(PackedMatrix("f16", 64, 1024, halves), range(64))
    assert np.array_equal(bits_of(rows), bits_of(halves.astype(np.float32)))


def test_single_rows_are_looked_up(matrix: PackedMatrix, weights: NDArray[np.uint16]) -> None:
    """The rows of an embedding, in any order, are the weights bit for bit."""
    rows = [0, 111, 17, 17, 64]
    assert np.array_equal(bits_of(look_up(matrix, rows)), bits_of(widened(weights[rows])))
    with pytest.raises(ValueError, match="no row 112 in 112"):
        look_up(matrix, [112])


def test_no_vectors_give_no_results(matrix: PackedMatrix, inputs: NDArray[np.float32]) -> None:
    """An empty batch is not an error."""
    assert multiply(matrix, inputs[:0]).shape == (0, ROWS)


def test_wrong_inputs_are_refused(matrix: PackedMatrix, inputs: NDArray[np.float32]) -> None:
    """They are refused before machine code runs, because that checks nothing."""
    with pytest.raises(ValueError, match=r"x is \(n, 1104\) float32"):
        multiply(matrix, inputs[:, :-1])
    with pytest.raises(ValueError, match="float64"):
        multiply(matrix, inputs.astype(np.float64))  # type: ignore[arg-type]
    loose = PackedMatrix("f32", 4, 8, np.zeros((8, 4), np.float32).T)
    with pytest.raises(ValueError, match="in one piece"):
        describe(loose)
    with pytest.raises(ValueError, match="its weights are"):
        describe(PackedMatrix("f32", 4, 9, np.zeros((4, 8), np.float32)))


def test_vectors_are_cut_into_nearly_equal_blocks() -> None:
    """There are as few blocks as the registers allow, all of sizes that have a kernel."""
    for isa in available():
        loops = alone(isa).loops
        gemv, limit, gemm = (int(loops[at]) for at in (layout.GEMV_VECTORS, layout.GEMV_LIMIT, layout.GEMM_VECTORS))
        for count in range(1, 300):
            blocks = matmul.blocks_of(loops, layout.Q12, count)
            sizes = np.diff([matmul.block_start(count, blocks, block) for block in range(blocks + 1)])
            assert sizes.sum() == count
            assert (np.diff(sizes) <= 0).all()
            if count <= limit:
                assert sizes.max() <= gemv
            else:
                assert blocks == -(-count // gemm)
                assert (gemm + 1) // 2 <= sizes.min() <= sizes.max() <= gemm


def test_instruction_sets_are_found_by_their_features() -> None:
    """AVX2 without FMA, or AVX-512 without byte operations, is not enough."""
    assert available("+sse4.2,-avx2") == (Isa.PLAIN,)
    assert available("+avx2,-fma") == (Isa.PLAIN,)
    assert available("+avx2,+fma,+avx512f,-avx512bw") == (Isa.PLAIN, Isa.AVX2)
    assert available("+avx2,+fma,+avx512f,+avx512bw") == (Isa.PLAIN, Isa.AVX2, Isa.AVX512)
    assert has_fused_multiply_add("+neon")
    assert not has_fused_multiply_add("+avx")


def test_an_instruction_set_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise LLVM would end the process."""
    matmul_loops.cache_clear()
    monkeypatch.setattr("vision.engine.kernels.dispatch.available", lambda: (Isa.PLAIN,))
    with pytest.raises(ValueError, match="this processor has no AVX512"):
        matmul_loops(Isa.AVX512)


def count_work_items(index: int, worker: int, arguments: int) -> None:
    """Entry point: add one for this index, and one for this worker."""
    counts = carray(scalar.integers_at(arguments), 2000)
    counts[index] += 1
    counts[1000 + worker] += 1


def test_every_work_item_is_computed_once() -> None:
    """This holds for thousands of short jobs, with fewer and more work items than threads."""
    entry = jit.entry_point(count_work_items, 3, "count")
    with Pool(3) as pool:
        for job in range(3000):
            counts, work_items = np.zeros(2000, np.int64), (1, 2, 5, 40, 999)[job % 5]
            pool.run(entry, work_items, counts.ctypes.data)
            assert (counts[:work_items] == 1).all()
            assert counts[work_items:1000].sum() == 0
            assert counts[1000:1003].sum() == work_items


def test_idle_threads_sleep() -> None:
    """Between answers the threads cost no power."""
    with Pool(3) as pool:
        deadline = monotonic() + 10
        while pool.sleepers < 2 and monotonic() < deadline:
            pass
        assert pool.sleepers == 2


def test_a_closed_pool_has_no_threads() -> None:
    """Closing it again is no error."""
    before = set(threading.enumerate())
    pool = Pool(4)
    names = {thread.name for thread in set(threading.enumerate()) - before}
    assert names == {"arithmetic-1", "arithmetic-2", "arithmetic-3"}
    pool.close()
    pool.close()
    assert set(threading.enumerate()) == before


def test_a_pool_needs_a_thread() -> None:
    """A pool without a thread would never finish a job."""
    with pytest.raises(ValueError, match="at least one thread"):
        Pool(0)


def double(value: int) -> int:
    return 2 * value


def compiled_double(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(folder))
    return jit.compiled(double)(21)


def test_machine_code_is_kept_and_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second start does not compile."""
    assert compiled_double(tmp_path, monkeypatch) == 42
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")}
    assert len(kept) == 2
    assert compiled_double(tmp_path, monkeypatch) == 42
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")} == kept


@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
@pytest.mark.parametrize("content", [b"", b"\x80\x04garbage", None])
def test_damaged_machine_code_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, content: bytes | None
) -> None:
    """After a power cut one start has to compile again, and no start fails."""
    assert compiled_double(tmp_path, monkeypatch) == 42
    (path,) = tmp_path.rglob(kind)
    path.write_bytes(path.read_bytes()[:-9] if content is None else content)
    assert compiled_double(tmp_path, monkeypatch) == 42
    assert compiled_double(tmp_path, monkeypatch) == 42
    healed = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")}
    assert compiled_double(tmp_path, monkeypatch) == 42
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")} == healed


def test_no_folder_for_machine_code_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """numba alone would refuse to define the function without a writable folder."""
    monkeypatch.setattr("numba.core.caching.CompileResultCacheImpl._locator_classes", [])
    assert compiled_double(tmp_path, monkeypatch) == 42


def test_a_disk_that_fills_up_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code that cannot be saved is used all the same."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    assert compiled_double(tmp_path, monkeypatch) == 42


def test_packing_is_undone(weights: NDArray[np.uint16], matrix: PackedMatrix) -> None:
    """The matrix of these tests is packed without loss; test_packed has more about that."""
    assert np.array_equal(unpack(matrix), weights)

"""The names of the places in a block of arguments, and that nothing but these names is used to write or read one."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.engine.kernels import layout, rowwise
from vision.engine.kernels.jit import entry_point
from vision.engine.kernels.thread_pool import Pool

KERNELS = Path(layout.__file__).parent
ROW = "ROW_COUNT ROW_WORK_ITEMS"

# Of each block: its size, the place where its own names begin, and these names in their order.
BLOCKS = {
    "matrix": ("MATRIX_NUMBERS", 0, "DATA TABLES STARTS OUTLIERS ROWS COLUMNS FORM"),
    "product's loops": (
        "MATMUL_LOOPS", 0, "GEMV_AT WIDEN_AT GEMM_AT GEMV_VECTORS GEMM_VECTORS PANEL_GROUPS GEMV_LIMIT PREFETCH_BYTES VECTORS_TOGETHER",
    ),
    "product": ("MATMUL_ARGUMENTS", layout.MATRIX_NUMBERS + layout.MATMUL_LOOPS, "X COUNT Y LDY GROUPS PANELS"),
    "arrangement": (
        "ARRANGE_ARGUMENTS", 0,
        "ARRANGE_X ARRANGE_COLUMNS ARRANGE_COUNT ARRANGE_BLOCKS ARRANGE_OUT ARRANGE_FOR_GEMM",
    ),
    "attention's loops": ("ATTENTION_LOOPS", 0, "TILE_AT SOFTMAX_AT TILE_VECTORS TILE_SUMS"),
    "attention": (
        "ATTENTION_ARGUMENTS", layout.ATTENTION_LOOPS,
        "QUERIES QUERY_STRIDE KEYS VALUES ATTENDED ATTENDED_STRIDE TOKENS HEADS KV_HEADS HEAD_DIM CAPACITY LENGTH PAST "
        "SCRATCH SCRATCH_BYTES",
    ),
    "rows": ("ROW_ARGUMENTS", 0, f"{ROW} ROW_X ROW_Y ROW_OUT ROW_WEIGHT ROW_BIAS ROW_COLUMNS ROW_EPSILON"),
    "split": (
        "SPLIT_ARGUMENTS", 0,
        f"{ROW} SPLIT_KEYS SPLIT_VALUES SPLIT_CAPACITY SPLIT_PAST SPLIT_X SPLIT_HEADS SPLIT_KV_HEADS SPLIT_HEAD_DIM "
        "SPLIT_BIAS SPLIT_QUERY_NORM SPLIT_KEY_NORM SPLIT_COSINES SPLIT_SINES SPLIT_EPSILON",
    ),
    "summary": ("SUMMARY_ARGUMENTS", 0, f"{ROW} SUMMARY_LOGITS SUMMARY_OUT"),
    "read": ("ROOFLINE_ARGUMENTS", 0, "READ_MEMORY READ_SUMS"),
    "multiply": ("ROOFLINE_ARGUMENTS", 0, "MULTIPLY_STEPS MULTIPLY_SUMS"),
}  # fmt: skip
PLACES = [(block, name) for block, (_, _, names) in BLOCKS.items() for name in names.split()]


def fills(values: Mapping[str, int], block: str) -> bool:
    """Whether the names of a block stand one behind the other up to its end, each at a place of its own."""
    size, first, names = BLOCKS[block]
    return [values[name] for name in names.split()] == list(range(first, values[size]))


@pytest.mark.parametrize("block", BLOCKS)
def test_the_names_of_a_block_fill_it(block: str) -> None:
    """Each place has one name, and the last one is within the block."""
    assert fills(vars(layout), block)


@pytest.mark.parametrize(("block", "name"), PLACES)
@pytest.mark.parametrize("by", [1, -1])
def test_a_shifted_name_is_seen(block: str, name: str, by: int) -> None:
    """The check above can fail."""
    assert not fills({**vars(layout), name: getattr(layout, name) + by}, block)


def bare_places(source: str) -> list[str]:
    """Where a block of arguments is indexed by a number, or an address is computed by one from `arguments`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            if node.value.id in ("given", "arguments", "loops", "described", "numbers") and has_number(node.slice):
                found.append(ast.unparse(node))
        elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name) and node.left.id == "arguments":
            right = node.right.right if isinstance(node.right, ast.BinOp) else node.right
            left = node.right.left if isinstance(node.right, ast.BinOp) else node.right
            if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
                found.append(ast.unparse(node))
    return found


def has_number(index: ast.expr) -> bool:
    """Whether a place is a bare number; the first row of several blocks, [0, NAME], is not one."""
    if isinstance(index, ast.Tuple):
        return has_number(index.elts[-1])
    return isinstance(index, ast.Constant) and isinstance(index.value, int)


@pytest.mark.parametrize("path", sorted(KERNELS.glob("*.py")), ids=lambda path: path.name)
def test_blocks_are_read_and_written_by_name(path: Path) -> None:
    """A place that is only a number would not move with its name, and be silently wrong."""
    assert bare_places(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code", ["given[11]", "floats_at(arguments + 15 * 8)", "arguments[0, 3]", "floats_at(arguments + 8)"]
)
def test_a_bare_place_is_seen(code: str) -> None:
    """The check above can fail."""
    assert bare_places(code)


def run(function: object, size: int, places: Mapping[int, NDArray[np.float32] | int]) -> None:
    """One work item of a kernel whose block has these values, and zeros elsewhere."""
    arguments = np.zeros(size, np.int64)
    for place, value in places.items():
        arguments[place] = value if isinstance(value, int) else value.ctypes.data
    with Pool(1) as pool:
        pool.run(entry_point(function, 3, "a test of layout"), 1, arguments.ctypes.data)  # type: ignore[arg-type]


def test_a_kernel_reads_what_its_names_say() -> None:
    """A block that is written by name alone gives a layer norm; every operand counts in the result."""
    x, out = np.array([[1, 2, 3, 6]], np.float32), np.zeros((1, 4), np.float32)
    weight, bias = np.array([1, 2, 3, 4], np.float32), np.array([10, 20, 30, 40], np.float32)
    places = {
        layout.ROW_COUNT: 1,
        layout.ROW_WORK_ITEMS: 1,
        layout.ROW_X: x,
        layout.ROW_WEIGHT: weight,
        layout.ROW_BIAS: bias,
        layout.ROW_OUT: out,
        layout.ROW_COLUMNS: 4,
        layout.ROW_EPSILON: int(np.float32(0.5).view(np.uint32)),
    }
    run(rowwise.layer_norm, layout.ROW_ARGUMENTS, places)
    assert out[0] == pytest.approx((x[0] - 3) / np.sqrt(3.5 + 0.5) * weight + bias)

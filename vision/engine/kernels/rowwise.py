"""What a decoder layer does beside products and attention, row by row: norms, rotations, gates, sums.

Entry points for the pool; a row is a token's or a patch's vector. A job's rows are cut into nearly equal work items; its
arguments are int64: the number of rows, the number of work items, then addresses and sizes as the function reads them
(floats as the bits of a float32). Every row is computed alone, so neither work items nor threads change a bit.
"""

from __future__ import annotations

import numpy as np
from numba import carray
from numpy.typing import NDArray

from . import math_functions, scalar
from .jit import compiled

SPLIT = 16  # arguments of `split`
SPLIT_KEYS, SPLIT_VALUES, SPLIT_CAPACITY, SPLIT_PAST = range(2, 6)  # those that change from step to step


def rms_norm(index: int, worker: int, arguments: int) -> None:
    """Entry point: out = x / rms(x) · weight. Arguments: rows, work items, x, weight, out, columns, epsilon."""
    given = carray(scalar.integers_at(arguments), 7)
    columns = given[5]
    epsilon = carray(scalar.floats_at(arguments + 6 * 8), 1)[0]
    weight = carray(scalar.floats_at(given[3]), columns)
    lanes = np.empty(16, np.float32)
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        x = carray(scalar.floats_at(given[2] + 4 * row * columns), columns)
        out = carray(scalar.floats_at(given[4] + 4 * row * columns), columns)
        _rms_norm_row(x, weight, out, epsilon, lanes)


def layer_norm(index: int, worker: int, arguments: int) -> None:
    """Entry point: out = (x - mean) / deviation · weight + bias.

    Arguments: rows, work items, x, weight, bias, out, columns, epsilon.
    """
    given = carray(scalar.integers_at(arguments), 8)
    columns = given[6]
    epsilon = carray(scalar.floats_at(arguments + 7 * 8), 1)[0]
    weight = carray(scalar.floats_at(given[3]), columns)
    bias = carray(scalar.floats_at(given[4]), columns)
    lanes = np.empty(16, np.float32)
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        x = carray(scalar.floats_at(given[2] + 4 * row * columns), columns)
        out = carray(scalar.floats_at(given[5] + 4 * row * columns), columns)
        mean = _sum(x, lanes) / np.float32(columns)
        for column in range(columns):
            out[column] = x[column] - mean
        scale = np.float32(1) / np.sqrt(_sum_of_squares(out, lanes) / np.float32(columns) + epsilon)
        for column in range(columns):
            out[column] = out[column] * scale * weight[column] + bias[column]


def split_qkv_rope(index: int, worker: int, arguments: int) -> None:
    """Entry point: queries, keys and values out of a row of all three: bias, norm per head, rotation; into the cache.

    Rows are (heads + 2 · kv_heads, head_dim). Queries stay where they are, divided by √head_dim. Keys and values go
    behind the `past` ones of a blocked cache. The angles' cosines and sines are (rows, head_dim / 2): the halves of a
    head are turned by them as pairs. Arguments: rows, work items, keys, values, capacity, past, x, heads, kv_heads,
    head_dim, bias or 0, weight of the queries' norm or 0, that of the keys', cosines, sines, epsilon.
    """
    given = carray(scalar.integers_at(arguments), SPLIT)
    heads, kv_heads, head_dim = given[7], given[8], given[9]
    columns = (heads + 2 * kv_heads) * head_dim
    epsilon = carray(scalar.floats_at(arguments + 15 * 8), 1)[0]
    scale = np.float32(1) / np.sqrt(np.float32(head_dim))
    lanes = np.empty(16, np.float32)
    turned = np.empty(head_dim, np.float32)
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        start = given[6] + 4 * row * columns
        if given[10]:
            _add_to(carray(scalar.floats_at(start), columns), carray(scalar.floats_at(given[10]), columns))
        half = head_dim // 2
        cosines = carray(scalar.floats_at(given[13] + 4 * row * half), half)
        sines = carray(scalar.floats_at(given[14] + 4 * row * half), half)
        for head in range(heads + kv_heads):
            x = carray(scalar.floats_at(start + 4 * head * head_dim), head_dim)
            if given[11]:
                weight = given[11] if head < heads else given[12]
                _rms_norm_row(x, carray(scalar.floats_at(weight), head_dim), x, epsilon, lanes)
            _rotate(x, cosines, sines, turned)
            if head < heads:
                for d in range(head_dim):
                    x[d] = turned[d] * scale
            else:
                _store_key(turned, given[2], given[4], head - heads, given[5] + row)
        for head in range(kv_heads):
            value = carray(scalar.floats_at(start + 4 * (heads + kv_heads + head) * head_dim), head_dim)
            padded = (head_dim + 15) // 16 * 16
            into = given[3] + 4 * (head * given[4] + given[5] + row) * padded
            carray(scalar.floats_at(into), head_dim)[:] = value


def swiglu(index: int, worker: int, arguments: int) -> None:
    """Entry point: out = silu(x's first half) · x's second half. Arguments: rows, work items, x, out, columns of out."""
    given = carray(scalar.integers_at(arguments), 5)
    columns = given[4]
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        gates = carray(scalar.floats_at(given[2] + 8 * row * columns), columns)
        values = carray(scalar.floats_at(given[2] + 8 * row * columns + 4 * columns), columns)
        out = carray(scalar.floats_at(given[3] + 4 * row * columns), columns)
        for column in range(columns):
            out[column] = math_functions.sigmoid_product(gates[column], values[column])


def gelu_tanh(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = gelu(x + bias), by its approximation with tanh. Arguments: rows, work items, x, bias, columns."""
    given = carray(scalar.integers_at(arguments), 5)
    columns = given[4]
    bias = carray(scalar.floats_at(given[3]), columns)
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        x = carray(scalar.floats_at(given[2] + 4 * row * columns), columns)
        for column in range(columns):
            x[column] = math_functions.gelu_tanh(x[column] + bias[column])


def gelu(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = gelu(x + bias), exactly. Arguments: rows, work items, x, bias, columns."""
    given = carray(scalar.integers_at(arguments), 5)
    columns = given[4]
    bias = carray(scalar.floats_at(given[3]), columns)
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        x = carray(scalar.floats_at(given[2] + 4 * row * columns), columns)
        for column in range(columns):
            x[column] = math_functions.gelu(x[column] + bias[column])


def add(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = x + (y + bias). Arguments: rows, work items, x, y, bias or 0, columns."""
    given = carray(scalar.integers_at(arguments), 6)
    columns = given[5]
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        x = carray(scalar.floats_at(given[2] + 4 * row * columns), columns)
        y = carray(scalar.floats_at(given[3] + 4 * row * columns), columns)
        if given[4]:
            _add_to(y, carray(scalar.floats_at(given[4]), columns))
        _add_to(x, y)


def add_bias(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = x + bias. Arguments: rows, work items, x, bias, columns."""
    given = carray(scalar.integers_at(arguments), 5)
    columns = given[4]
    bias = carray(scalar.floats_at(given[3]), columns)
    for row in range(given[0] * index // given[1], given[0] * (index + 1) // given[1]):
        _add_to(carray(scalar.floats_at(given[2] + 4 * row * columns), columns), bias)


def summarise(index: int, worker: int, arguments: int) -> None:
    """Entry point: of a work item of logits the largest, where the first of them is, and Σ exp(logit - largest).

    A NaN counts as the largest. Arguments: logits, work items, their addresses, and (work_items, 3) float64 for the result.
    """
    given = carray(scalar.integers_at(arguments), 4)
    first, last = given[0] * index // given[1], given[0] * (index + 1) // given[1]
    logits = carray(scalar.floats_at(given[2] + 4 * first), last - first)
    out = carray(scalar.doubles_at(given[3] + 24 * index), 3)
    best = 0
    for place in range(logits.shape[0]):
        if not logits[place] <= logits[best]:
            best = place
            if logits[place] != logits[place]:
                break
    largest = logits[best]
    lanes = np.zeros(16, np.float32)
    whole = logits.shape[0] // 16 * 16
    for start in range(0, whole, 16):
        part = logits[start : start + 16]
        for lane in range(16):
            lanes[lane] += math_functions.exponential(part[lane] - largest)
    total = 0.0
    for lane in range(16):
        total += lanes[lane]
    for place in range(whole, logits.shape[0]):
        total += math_functions.exponential(logits[place] - largest)
    out[0], out[1], out[2] = largest, first + best, total


@compiled
def _rms_norm_row(
    x: NDArray[np.float32],
    weight: NDArray[np.float32],
    out: NDArray[np.float32],
    epsilon: np.float32,
    lanes: NDArray[np.float32],
) -> None:
    columns = x.shape[0]
    scale = np.float32(1) / np.sqrt(_sum_of_squares(x, lanes) / np.float32(columns) + epsilon)
    for column in range(columns):
        out[column] = x[column] * scale * weight[column]


@compiled
def _sum(x: NDArray[np.float32], lanes: NDArray[np.float32]) -> np.float32:
    """In 16 sums."""
    lanes[:] = 0
    whole = x.shape[0] // 16 * 16
    for start in range(0, whole, 16):
        part = x[start : start + 16]
        for lane in range(16):
            lanes[lane] += part[lane]
    for column in range(whole, x.shape[0]):
        lanes[column - whole] += x[column]
    return _folded(lanes)


@compiled
def _sum_of_squares(x: NDArray[np.float32], lanes: NDArray[np.float32]) -> np.float32:
    """In 16 sums."""
    lanes[:] = 0
    whole = x.shape[0] // 16 * 16
    for start in range(0, whole, 16):
        part = x[start : start + 16]
        for lane in range(16):
            lanes[lane] += part[lane] * part[lane]
    for column in range(whole, x.shape[0]):
        lanes[column - whole] += x[column] * x[column]
    return _folded(lanes)


@compiled
def _folded(lanes: NDArray[np.float32]) -> np.float32:
    width = 8
    while width:
        for lane in range(width):
            lanes[lane] += lanes[width + lane]
        width //= 2
    return np.float32(lanes[0])


@compiled
def _rotate(
    x: NDArray[np.float32], cosines: NDArray[np.float32], sines: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    half = x.shape[0] // 2
    low, high = x[:half], x[half:]
    out_low, out_high = out[:half], out[half:]
    for d in range(half):
        out_low[d] = low[d] * cosines[d] - high[d] * sines[d]
        out_high[d] = high[d] * cosines[d] + low[d] * sines[d]


@compiled
def _store_key(key: NDArray[np.float32], keys: int, capacity: int, head: int, place: int) -> None:
    head_dim = key.shape[0]
    block = keys + 4 * head_dim * (head * capacity + place // 16 * 16)
    into = carray(scalar.floats_at(block), (head_dim, 16))
    lane = place % 16
    for d in range(head_dim):
        into[d, lane] = key[d]


@compiled
def _add_to(x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
    for column in range(x.shape[0]):
        x[column] += y[column]

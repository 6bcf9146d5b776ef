"""What a decoder layer computes beside products and attention, row by row: norms, rotations, activations, sums.

A row is the vector of one token or one patch. The functions are entry points for a `thread_pool.Pool`: a job's rows are
cut into nearly equal work items, and (index, worker, arguments) computes one of them. The arguments are a block of
int64, whose places have names in `layout`. Every row is computed alone, so neither the cut nor the number of threads
changes a bit. This file knows addresses and counts; it does not know layers or models.
"""

from __future__ import annotations

import numpy as np
from numba import carray
from numpy.typing import NDArray

from . import math_functions, scalar
from .jit import compiled
from .layout import (
    ROW_ARGUMENTS,
    ROW_BIAS,
    ROW_COLUMNS,
    ROW_COUNT,
    ROW_EPSILON,
    ROW_OUT,
    ROW_WEIGHT,
    ROW_WORK_ITEMS,
    ROW_X,
    ROW_Y,
    SPLIT_ARGUMENTS,
    SPLIT_BIAS,
    SPLIT_CAPACITY,
    SPLIT_COSINES,
    SPLIT_EPSILON,
    SPLIT_HEAD_DIM,
    SPLIT_HEADS,
    SPLIT_KEY_NORM,
    SPLIT_KEYS,
    SPLIT_KV_HEADS,
    SPLIT_PAST,
    SPLIT_QUERY_NORM,
    SPLIT_SINES,
    SPLIT_VALUES,
    SPLIT_X,
    SUMMARY_ARGUMENTS,
    SUMMARY_LOGITS,
    SUMMARY_OUT,
)


def rms_norm(index: int, worker: int, arguments: int) -> None:
    """Entry point: out = x / rms(x) · weight. It reads ROW_X, ROW_WEIGHT, ROW_OUT, ROW_COLUMNS and ROW_EPSILON."""
    given = carray(scalar.integers_at(arguments), ROW_ARGUMENTS)
    columns = given[ROW_COLUMNS]
    epsilon = _float_in(arguments, ROW_EPSILON)
    weight = carray(scalar.floats_at(given[ROW_WEIGHT]), columns)
    lanes = np.empty(16, np.float32)
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        x = carray(scalar.floats_at(given[ROW_X] + 4 * row * columns), columns)
        out = carray(scalar.floats_at(given[ROW_OUT] + 4 * row * columns), columns)
        _rms_norm_row(x, weight, out, epsilon, lanes)


def layer_norm(index: int, worker: int, arguments: int) -> None:
    """Entry point: out = (x - mean) / deviation · weight + bias.

    It reads ROW_X, ROW_WEIGHT, ROW_BIAS, ROW_OUT, ROW_COLUMNS and ROW_EPSILON.
    """
    given = carray(scalar.integers_at(arguments), ROW_ARGUMENTS)
    columns = given[ROW_COLUMNS]
    epsilon = _float_in(arguments, ROW_EPSILON)
    weight = carray(scalar.floats_at(given[ROW_WEIGHT]), columns)
    bias = carray(scalar.floats_at(given[ROW_BIAS]), columns)
    lanes = np.empty(16, np.float32)
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        x = carray(scalar.floats_at(given[ROW_X] + 4 * row * columns), columns)
        out = carray(scalar.floats_at(given[ROW_OUT] + 4 * row * columns), columns)
        mean = _sum(x, lanes) / np.float32(columns)
        for column in range(columns):
            out[column] = x[column] - mean
        scale = np.float32(1) / np.sqrt(_sum_of_squares(out, lanes) / np.float32(columns) + epsilon)
        for column in range(columns):
            out[column] = out[column] * scale * weight[column] + bias[column]


def split_qkv_rope(index: int, worker: int, arguments: int) -> None:
    """Entry point: split a row into queries, keys and values, norm and rotate them, and fill the cache.

    A row of x is (heads + 2 · kv_heads, head_dim). First the bias is added, then each head of queries and keys gets its
    norm and is rotated: the halves of a head are pairs, which are turned by the angles whose cosines and sines are
    (rows, head_dim / 2). Queries stay where they are, divided by √head_dim. Keys and values go behind the SPLIT_PAST
    ones of a blocked cache (`kv_cache.CacheShape`). The arguments are the SPLIT_ARGUMENTS of `layout`.
    """
    given = carray(scalar.integers_at(arguments), SPLIT_ARGUMENTS)
    heads, kv_heads, head_dim = given[SPLIT_HEADS], given[SPLIT_KV_HEADS], given[SPLIT_HEAD_DIM]
    columns = (heads + 2 * kv_heads) * head_dim
    epsilon = _float_in(arguments, SPLIT_EPSILON)
    scale = np.float32(1) / np.sqrt(np.float32(head_dim))
    lanes = np.empty(16, np.float32)
    rotated = np.empty(head_dim, np.float32)
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        start = given[SPLIT_X] + 4 * row * columns
        if given[SPLIT_BIAS]:
            _add_to(carray(scalar.floats_at(start), columns), carray(scalar.floats_at(given[SPLIT_BIAS]), columns))
        half = head_dim // 2
        cosines = carray(scalar.floats_at(given[SPLIT_COSINES] + 4 * row * half), half)
        sines = carray(scalar.floats_at(given[SPLIT_SINES] + 4 * row * half), half)
        for head in range(heads + kv_heads):
            x = carray(scalar.floats_at(start + 4 * head * head_dim), head_dim)
            if given[SPLIT_QUERY_NORM]:
                weight = given[SPLIT_QUERY_NORM] if head < heads else given[SPLIT_KEY_NORM]
                _rms_norm_row(x, carray(scalar.floats_at(weight), head_dim), x, epsilon, lanes)
            _rotate(x, cosines, sines, rotated)
            if head < heads:
                for d in range(head_dim):
                    x[d] = rotated[d] * scale
            else:
                _store_key(rotated, given[SPLIT_KEYS], given[SPLIT_CAPACITY], head - heads, given[SPLIT_PAST] + row)
        for head in range(kv_heads):
            value = carray(scalar.floats_at(start + 4 * (heads + kv_heads + head) * head_dim), head_dim)
            padded = (head_dim + 15) // 16 * 16
            into = given[SPLIT_VALUES] + 4 * (head * given[SPLIT_CAPACITY] + given[SPLIT_PAST] + row) * padded
            carray(scalar.floats_at(into), head_dim)[:] = value


def swiglu(index: int, worker: int, arguments: int) -> None:
    """Entry point: out = SiLU(first half of x) · second half of x. It reads ROW_X, ROW_OUT and ROW_COLUMNS."""
    given = carray(scalar.integers_at(arguments), ROW_ARGUMENTS)
    columns = given[ROW_COLUMNS]
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        gates = carray(scalar.floats_at(given[ROW_X] + 8 * row * columns), columns)
        values = carray(scalar.floats_at(given[ROW_X] + 8 * row * columns + 4 * columns), columns)
        out = carray(scalar.floats_at(given[ROW_OUT] + 4 * row * columns), columns)
        for column in range(columns):
            out[column] = math_functions.sigmoid_product(gates[column], values[column])


def gelu_tanh(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = gelu(x + bias), approximated with tanh. It reads ROW_X, ROW_BIAS and ROW_COLUMNS."""
    given = carray(scalar.integers_at(arguments), ROW_ARGUMENTS)
    columns = given[ROW_COLUMNS]
    bias = carray(scalar.floats_at(given[ROW_BIAS]), columns)
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        x = carray(scalar.floats_at(given[ROW_X] + 4 * row * columns), columns)
        for column in range(columns):
            x[column] = math_functions.gelu_tanh(x[column] + bias[column])


def gelu(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = gelu(x + bias), exactly. It reads ROW_X, ROW_BIAS and ROW_COLUMNS."""
    given = carray(scalar.integers_at(arguments), ROW_ARGUMENTS)
    columns = given[ROW_COLUMNS]
    bias = carray(scalar.floats_at(given[ROW_BIAS]), columns)
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        x = carray(scalar.floats_at(given[ROW_X] + 4 * row * columns), columns)
        for column in range(columns):
            x[column] = math_functions.gelu(x[column] + bias[column])


def add(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = x + (y + bias). It reads ROW_X, ROW_Y, ROW_BIAS, which may be 0 for none, and ROW_COLUMNS."""
    given = carray(scalar.integers_at(arguments), ROW_ARGUMENTS)
    columns = given[ROW_COLUMNS]
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        x = carray(scalar.floats_at(given[ROW_X] + 4 * row * columns), columns)
        y = carray(scalar.floats_at(given[ROW_Y] + 4 * row * columns), columns)
        if given[ROW_BIAS]:
            _add_to(y, carray(scalar.floats_at(given[ROW_BIAS]), columns))
        _add_to(x, y)


def add_bias(index: int, worker: int, arguments: int) -> None:
    """Entry point: x = x + bias, the same bias for all rows. It reads ROW_X, ROW_BIAS and ROW_COLUMNS."""
    given = carray(scalar.integers_at(arguments), ROW_ARGUMENTS)
    columns = given[ROW_COLUMNS]
    bias = carray(scalar.floats_at(given[ROW_BIAS]), columns)
    for row in range(_first_row(given, index), _first_row(given, index + 1)):
        _add_to(carray(scalar.floats_at(given[ROW_X] + 4 * row * columns), columns), bias)


def summarise(index: int, worker: int, arguments: int) -> None:
    """Entry point: of a work item's logits the largest, the place of the first such one, and Σ exp(logit - largest).

    A NaN counts as the largest. The arguments are the SUMMARY_ARGUMENTS of `layout`; the results go to row `index` of
    SUMMARY_OUT, which is (work items, 3) float64.
    """
    given = carray(scalar.integers_at(arguments), SUMMARY_ARGUMENTS)
    first, last = _first_row(given, index), _first_row(given, index + 1)
    logits = carray(scalar.floats_at(given[SUMMARY_LOGITS] + 4 * first), last - first)
    out = carray(scalar.doubles_at(given[SUMMARY_OUT] + 24 * index), 3)
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
def _first_row(given: NDArray[np.int64], index: int) -> int:
    """The first row of a work item; that of the next one is where this one ends."""
    return given[ROW_COUNT] * index // given[ROW_WORK_ITEMS]  # type: ignore[no-any-return]


@compiled
def _float_in(arguments: int, place: int) -> np.float32:
    """The float32 that is stored at a place of a block of int64."""
    return carray(scalar.floats_at(arguments + 8 * place), 1)[0]  # type: ignore[no-any-return]


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
    """Added up in 16 sums, of every 16th value each, which are then folded."""
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
    """Added up in 16 sums, of every 16th value each, which are then folded."""
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
    """The sum of 16 lanes: lane l with lane l + 8, then l + 4, l + 2, l + 1."""
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

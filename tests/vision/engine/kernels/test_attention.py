"""Attention is exact to float32's last bits, and the same bits however it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.engine.kernels import layout
from vision.engine.kernels.attention import Attention, scratch_floats, work_item_entry, work_items_of
from vision.engine.kernels.dispatch import attention_loops
from vision.engine.kernels.isa import Isa, available, has_fused_multiply_add
from vision.engine.kernels.thread_pool import Pool

Floats = NDArray[np.float32]
each_isa = pytest.mark.parametrize("isa", available(), ids=lambda isa: isa.name)
fused = pytest.mark.skipif(not has_fused_multiply_add(), reason="two roundings a product on this processor")


@dataclass(frozen=True, eq=False)
class Case:
    """Queries, keys and values (tokens or length, heads, head_dim). If past is None, every key is seen."""

    queries: Floats
    keys: Floats
    values: Floats
    past: int | None

    @property
    def shapes(self) -> tuple[int, int, int, int, int]:
        """tokens, heads, length, kv_heads, head_dim"""
        return self.queries.shape[0], self.queries.shape[1], *self.keys.shape

    def exact(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The attention in float64, and Σ p · |v|, to which its rounding errors are in proportion."""
        tokens, heads, length, kv_heads, _ = self.shapes
        queries, keys, values = (array.astype(np.float64) for array in (self.queries, self.keys, self.values))
        keys, values = (np.repeat(array, heads // kv_heads, axis=1) for array in (keys, values))
        scores = np.einsum("nhd,lhd->hnl", queries, keys)
        if self.past is not None:
            seen = np.arange(length) <= self.past + np.arange(tokens)[:, None]
            scores = np.where(seen, scores, -np.inf)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        return np.einsum("hnl,lhd->nhd", p, values), np.einsum("hnl,lhd->nhd", p, np.abs(values))


@cache
def case(tokens: int, length: int, heads: int, kv_heads: int, head_dim: int, past: int | None, seed: int = 0) -> Case:
    rng = np.random.default_rng([tokens, length, heads, kv_heads, head_dim, seed])
    queries = rng.standard_normal((tokens, heads, head_dim), np.float32) * np.float32(1.5 / np.sqrt(head_dim))
    keys = rng.standard_normal((length, kv_heads, head_dim), np.float32)
    return Case(queries, keys, rng.standard_normal((length, kv_heads, head_dim), np.float32), past)


def blocked(keys: Floats, capacity: int, garbage: float) -> Floats:
    """Keys in the layout of the kernels: (kv_heads, capacity/16, head_dim, 16)."""
    length, kv_heads, head_dim = keys.shape
    out = np.full((kv_heads, capacity // 16, head_dim, 16), garbage, np.float32)
    for t in range(length):
        out[:, t // 16, :, t % 16] = keys[t]
    return out


def padded(values: Floats, capacity: int, garbage: float) -> Floats:
    """Values in the layout of the kernels: (kv_heads, capacity, head_dim rounded up to 16)."""
    length, kv_heads, head_dim = values.shape
    out = np.full((kv_heads, capacity, -(-head_dim // 16) * 16), garbage, np.float32)
    out[:, :length] = 0
    out[:, :length, :head_dim] = values.transpose(1, 0, 2)
    return out


@cache
def alone(isa: Isa | None = None) -> Attention:
    return Attention(Pool(1), isa)


def attend(given: Case, attention: Attention | None = None, garbage: float = float("nan")) -> Floats:
    """The attention (tokens, heads, head_dim). Garbage lies beyond the keys and beside the queries."""
    tokens, heads, length, kv_heads, head_dim = given.shapes
    capacity = -(-length // 16) * 16 + 32
    width = heads * head_dim
    rows = np.full((tokens, width + 5), garbage, np.float32)  # as in rows of query, key and value
    rows[:, :width] = given.queries.reshape(tokens, width)
    out = np.full((tokens, width + 3), 7, np.float32)
    (attention or alone()).attend(
        rows,
        blocked(given.keys, capacity, garbage),
        padded(given.values, capacity, garbage),
        out,
        length=length,
        causal_past=given.past,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
    )
    assert (out[:, width:] == 7).all()
    return out[:, :width].reshape(tokens, heads, head_dim)


def same_bits(a: Floats, b: Floats) -> bool:
    return np.array_equal(np.ascontiguousarray(a).view(np.uint32), np.ascontiguousarray(b).view(np.uint32))


def relative_error(given: Case, got: Floats) -> float:
    exact, scale = given.exact()
    return float((np.abs(got - exact) / scale.max()).max())


@each_isa
@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 31, 33, 230, 511, 512, 513, 1030])
@pytest.mark.parametrize("tokens", [1, 3])
def test_every_length_is_right(isa: Isa, length: int, tokens: int) -> None:
    """Whole and broken blocks of 16 keys, and one to three blocks of 512, are right; NaN lies behind the keys."""
    given = case(tokens, max(length, tokens), 4, 2, 32, max(length, tokens) - tokens)
    assert relative_error(given, attend(given, alone(isa))) <= 1e-6


@each_isa
@pytest.mark.parametrize("head_dim", [1, 8, 16, 24, 64, 72, 80, 128])
def test_every_head_dimension_is_right(isa: Isa, head_dim: int) -> None:
    """It need not be a multiple of 16, for few queries and for many."""
    for tokens in (1, 40):
        given = case(tokens, 77, 2, 1, head_dim, 77 - tokens)
        assert relative_error(given, attend(given, alone(isa))) <= 1e-6


@each_isa
@pytest.mark.parametrize("ratio", [1, 2, 3, 4, 8, 40])
def test_heads_may_share_keys(isa: Isa, ratio: int) -> None:
    """Any ratio works, also where one token has more queries than a work item."""
    for tokens in (1, 2, 7, 19):
        given = case(tokens, 50, 2 * ratio, 2, 16, 50 - tokens)
        assert relative_error(given, attend(given, alone(isa))) <= 1e-6


@each_isa
@pytest.mark.parametrize("past", [0, 1, 15, 16, 700])
def test_a_token_sees_what_came_before_it_and_itself(isa: Isa, past: int) -> None:
    """This holds for a prefill after any past; keys that come later change nothing."""
    given = case(100, past + 100, 4, 2, 24, past)
    got = attend(given, alone(isa))
    assert relative_error(given, got) <= 1e-6
    short = replace(given, queries=given.queries[:50], keys=given.keys[: past + 50], values=given.values[: past + 50])
    assert same_bits(attend(short, alone(isa)), got[:50])


@each_isa
def test_a_picture_sees_all_of_itself(isa: Isa) -> None:
    """Without a mask, the vision encoder's shapes are right."""
    for tokens, head_dim in ((196, 64), (64, 72)):
        given = case(tokens, tokens, 3, 3, head_dim, None)
        assert relative_error(given, attend(given, alone(isa))) <= 1e-6


@fused
@pytest.mark.parametrize(("heads", "kv_heads", "head_dim"), [(4, 2, 128), (3, 3, 72), (8, 1, 20)])
@pytest.mark.parametrize("past", [0, 533])
def test_a_token_alone_and_among_many_has_the_same_bits(heads: int, kv_heads: int, head_dim: int, past: int) -> None:
    """Decode, drafts and prefill give in every instruction set what plain loops give one by one."""
    given = case(45, past + 45, heads, kv_heads, head_dim, past)

    def part(first: int, last: int, isa: Isa) -> Floats:
        seen = past + last
        cut = Case(given.queries[first:last], given.keys[:seen], given.values[:seen], past + first)
        return attend(cut, alone(isa))

    single = np.concatenate([part(n, n + 1, Isa.PLAIN) for n in range(45)])
    for isa in available():
        for size in (1, 2, 5, 8, 45):
            pieces = [part(n, min(n + size, 45), isa) for n in range(0, 45, size)]
            assert same_bits(np.concatenate(pieces), single)


@fused
@pytest.mark.parametrize("past", [None, 6])
def test_instruction_sets_agree_bit_for_bit(past: int | None) -> None:
    """This holds with and without a mask, also for lengths and dimensions that are no multiples of 16."""
    given = case(530, 536, 4, 2, 40, past)
    expected = attend(given, alone(Isa.PLAIN))
    for isa in available():
        assert same_bits(attend(given, alone(isa)), expected)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(threads: int) -> None:
    """Any number of threads gives the same bits, call after call."""
    with Pool(threads) as pool:
        several = Attention(pool)
        for given in (case(1, 700, 16, 8, 64, 699), case(90, 200, 4, 4, 64, None), case(33, 80, 6, 3, 16, 47)):
            expected = attend(given)
            for _ in range(10):
                assert same_bits(attend(given, several), expected)


@each_isa
@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), float("-inf"), 1e38])
def test_what_lies_beyond_the_keys_is_not_used(isa: Isa, garbage: float) -> None:
    """The result has the same bits as with zeros there."""
    for tokens, length in ((1, 17), (9, 40), (30, 513)):
        given = case(tokens, length, 4, 2, 24, length - tokens)
        assert same_bits(attend(given, alone(isa), garbage), attend(given, alone(isa), 0.0))


@each_isa
@pytest.mark.parametrize("tokens", [1, 30])
def test_large_scores_are_no_problem(isa: Isa, tokens: int) -> None:
    """Scores of ±10,000 and more do not overflow: one key gets all the weight."""
    given = case(tokens, 60, 2, 2, 16, 60 - tokens)
    steep = replace(given, queries=given.queries * np.float32(1e4))
    assert np.abs(steep.exact()[0]).max() > 1  # not an average any more
    got = attend(steep, alone(isa))
    assert np.isfinite(got).all()
    whole = Case(np.round(given.queries * 8) * 4096, np.round(given.keys * 4), given.values, given.past)
    assert relative_error(whole, attend(whole, alone(isa))) <= 1e-6  # scores that float32 has exactly


@each_isa
@pytest.mark.parametrize("tokens", [1, 20])
def test_equal_scores_give_the_mean(isa: Isa, tokens: int) -> None:
    """Zero queries give the exact mean of 512 whole numbers, so each key counts exactly once."""
    rng = np.random.default_rng(2)
    values = rng.integers(-50, 51, (512, 1, 16)).astype(np.float32)
    given = Case(np.zeros((tokens, 2, 16), np.float32), np.ones((512, 1, 16), np.float32), values, None)
    mean = values.sum(0, dtype=np.float64) / 512
    assert np.array_equal(attend(given, alone(isa)), np.broadcast_to(mean, (tokens, 2, 16)).astype(np.float32))


@each_isa
def test_nan_in_one_query_stays_there(isa: Isa) -> None:
    """It changes only its own head of its own token."""
    given = case(20, 33, 4, 2, 16, 13)
    clean, queries = attend(given, alone(isa)), given.queries.copy()
    queries[7, 2, 3] = np.nan
    spoilt = attend(replace(given, queries=queries), alone(isa))
    assert np.isnan(spoilt[7, 2]).all()
    spoilt[7, 2] = clean[7, 2]
    assert same_bits(spoilt, clean)


def test_it_is_the_attention_of_pytorch() -> None:
    """With PyTorch's mask and shared heads the results agree up to rounding."""
    import torch

    given = case(40, 40, 4, 2, 64, 0)
    query, key, value = (
        torch.from_numpy(array).transpose(0, 1)[None] for array in (given.queries, given.keys, given.values)
    )
    expected = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, is_causal=True, scale=1.0, enable_gqa=True
    )
    assert np.abs(attend(given) - expected[0].transpose(0, 1).numpy()).max() <= 2e-6


def test_machine_code_may_fill_the_arguments_itself() -> None:
    """The layout's order, with exactly the scratch that `scratch_floats` says, is enough."""
    given = case(5, 70, 4, 2, 24, 65)
    capacity, queries = 80, np.ascontiguousarray(given.queries.reshape(5, 96))
    keys, values = blocked(given.keys, capacity, 0.0), padded(given.values, capacity, 0.0)
    out = np.empty((5, 96), np.float32)
    size = scratch_floats(24, capacity)
    scratch = np.full(size + 64, np.nan, np.float32)
    arguments = np.zeros(layout.ATTENTION_ARGUMENTS, np.int64)
    arguments[: layout.ATTENTION_LOOPS] = attention_loops(available()[-1])
    arguments[layout.QUERIES], arguments[layout.QUERY_STRIDE] = queries.ctypes.data, 96
    arguments[layout.KEYS], arguments[layout.VALUES] = keys.ctypes.data, values.ctypes.data
    arguments[layout.ATTENDED], arguments[layout.ATTENDED_STRIDE] = out.ctypes.data, 96
    arguments[layout.TOKENS], arguments[layout.HEADS], arguments[layout.KV_HEADS] = 5, 4, 2
    arguments[layout.HEAD_DIM], arguments[layout.CAPACITY] = 24, capacity
    arguments[layout.LENGTH], arguments[layout.PAST] = 70, 65
    arguments[layout.SCRATCH], arguments[layout.SCRATCH_BYTES] = scratch.ctypes.data, 4 * size
    Pool(1).run(work_item_entry(), int(work_items_of(arguments)), arguments.ctypes.data)
    assert same_bits(out.reshape(5, 4, 24), attend(given))
    assert np.isnan(scratch[size:]).all()


def test_no_tokens_are_no_work() -> None:
    """An empty batch is not an error."""
    given = case(1, 20, 2, 1, 16, 19)
    empty = replace(given, queries=given.queries[:0])
    assert attend(empty).shape == (0, 2, 16)


def refused(**changes: object) -> Callable[[], None]:
    """A call of `attend` that is right except for the changes."""
    arguments: dict[str, object] = {
        "queries": np.zeros((2, 64), np.float32),
        "keys": np.zeros((2, 2, 16, 16), np.float32),
        "values": np.zeros((2, 32, 16), np.float32),
        "out": np.zeros((2, 64), np.float32),
        "length": 20,
        "causal_past": 18,
        "heads": 4,
        "kv_heads": 2,
        "head_dim": 16,
    }
    return lambda: alone().attend(**(arguments | changes))  # type: ignore[arg-type]


def test_wrong_inputs_are_refused() -> None:
    """They are refused before machine code runs, because that checks nothing."""
    refused()()
    for changes, message in (
        ({"heads": 5}, "5 heads do not share 2"),
        ({"keys": np.zeros((2, 3, 16, 16), np.float32)}, r"keys are \(2, 2, 16, 16\)"),
        ({"values": np.zeros((2, 40, 16), np.float32), "keys": np.zeros((2, 2, 16, 16), np.float32)}, "values are"),
        ({"values": np.zeros((2, 32, 16), np.float64)}, "float64"),
        ({"queries": np.zeros((2, 63), np.float32)}, "queries are 2 rows of 64"),
        ({"out": np.zeros((1, 64), np.float32)}, "out are 2 rows"),
        ({"length": 33}, "33 keys do not fit into 32"),
        ({"causal_past": 19}, "2 tokens after 19"),
    ):
        with pytest.raises(ValueError, match=message):
            refused(**changes)()


def test_an_instruction_set_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise LLVM would end the process."""
    attention_loops.cache_clear()
    monkeypatch.setattr("vision.engine.kernels.dispatch.available", lambda: (Isa.PLAIN,))
    with pytest.raises(ValueError, match="this processor has no AVX512"):
        attention_loops(Isa.AVX512)

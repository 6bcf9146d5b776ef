"""The functions of a float32 are right to its last bits, at the extremes too, and the same bits in a vector."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from vision.engine.kernels.jit import compiled
from vision.engine.kernels.math_functions import exponential, gelu, gelu_tanh, sigmoid_product

Floats = NDArray[np.float32]
INFINITY, NAN = float("inf"), float("nan")


@compiled
def exponentials(x: Floats, y: Floats) -> None:
    for place in range(x.shape[0]):
        y[place] = exponential(x[place])


@compiled
def sigmoid_products(x: Floats, y: Floats) -> None:
    """Entry point of a test: y = SiLU(x) · y."""
    for place in range(x.shape[0]):
        y[place] = sigmoid_product(x[place], y[place])


@compiled
def tanh_gelus(x: Floats, y: Floats) -> None:
    for place in range(x.shape[0]):
        y[place] = gelu_tanh(x[place])


@compiled
def gelus(x: Floats, y: Floats) -> None:
    for place in range(x.shape[0]):
        y[place] = gelu(x[place])


def exponential_of(values: NDArray[np.float64] | Floats) -> Floats:
    x = np.asarray(values, np.float32)
    y = np.empty_like(x)
    exponentials(x, y)
    return y


def gelu_of(loop: Callable[[Floats, Floats], None], values: NDArray[np.float64] | Floats) -> Floats:
    x = np.asarray(values, np.float32)
    y = np.empty_like(x)
    loop(x, y)
    return y


def exact_gelu(x: Floats) -> NDArray[np.float64]:
    return np.array([value / 2 * math.erfc(-value / math.sqrt(2)) for value in x.astype(np.float64)])


def exact_tanh_gelu(x: Floats) -> NDArray[np.float64]:
    v = math.sqrt(2 / math.pi) * (x.astype(np.float64) + 0.044715 * x.astype(np.float64) ** 3)
    return np.asarray(x / (1 + np.exp(-2 * v)), np.float64)  # (1 + tanh v) / 2, without its cancellation below 0


def test_the_exponential_is_right_to_two_units() -> None:
    """This holds over its whole range, against float64; at 0 it is 1."""
    x = np.linspace(-87.33, 88.7228, 400_001, dtype=np.float32)
    exact = np.exp(x.astype(np.float64))
    units = np.abs(exponential_of(x) - exact) / np.spacing(exact.astype(np.float32))
    assert units.max() <= 2
    assert (exponential_of(np.array([0.0, -0.0, 1e-40, -1e-40])) == 1).all()


def test_the_exponential_has_clean_ends() -> None:
    """It is exactly 0 below its range, infinity above, and NaN for every NaN."""
    assert (exponential_of(np.array([-INFINITY, -1e38, -1e4, -150.0, -104.0, -88.0])) == 0).all()
    assert (exponential_of(np.array([88.8, 89.0, 128.0, 1e4, 1e38, INFINITY])) == INFINITY).all()
    patterns = np.array([0x7FC00000, 0xFFC00000, 0x7F800001, 0x7FC00001, 0xFFFFFFFF], np.uint32)
    assert np.isnan(exponential_of(patterns.view(np.float32))).all()


def test_no_exponential_is_below_its_neighbour() -> None:
    """It rises float by float around 0 and around a change of the power of two."""
    for middle in (-0.34657359, -1.0, -20.0, 0.34657359):
        x = (np.float32(middle).view(np.int32) + np.arange(-4000, 4000, dtype=np.int32)).view(np.float32)
        steps = np.diff(exponential_of(np.sort(x)))
        assert steps.min() >= -np.spacing(np.float32(math.exp(middle)))


@pytest.mark.parametrize(("loop", "exact"), [(gelus, exact_gelu), (tanh_gelus, exact_tanh_gelu)], ids=["erf", "tanh"])
def test_a_gelu_is_right_to_float32(
    loop: Callable[[Floats, Floats], None], exact: Callable[[Floats], NDArray[np.float64]]
) -> None:
    """The error is at most 2e-7 of the result or of 1, and 2e-6 of the result where float32 allows it."""
    x = np.linspace(-14, 14, 100_001, dtype=np.float32)
    expected = exact(x)
    error = np.abs(gelu_of(loop, x) - expected)
    assert (error / np.maximum(1, np.abs(expected))).max() <= 2e-7
    near = np.abs(x) < 4
    assert (error[near] / np.maximum(np.abs(expected[near]), 1e-30)).max() <= 2e-6
    tiny = np.float32(2.0) ** np.arange(-126, -12, dtype=np.float32)
    for sign in (1, -1):
        assert np.allclose(gelu_of(loop, sign * tiny), exact(sign * tiny), rtol=3e-7, atol=0)


@pytest.mark.parametrize("loop", [gelus, tanh_gelus], ids=["erf", "tanh"])
def test_a_gelu_has_clean_ends(loop: Callable[[Floats, Floats], None]) -> None:
    """Large values pass, large negative ones become 0, and NaN stays NaN."""
    assert (gelu_of(loop, np.array([-1e38, -1e4, -40.0, -0.0, 0.0])) == 0).all()
    large = np.array([40.0, 1e4, 1e38, INFINITY], np.float32)
    assert np.array_equal(gelu_of(loop, large), large)
    assert np.isnan(gelu_of(loop, np.array([NAN]))).all()


def test_gelus_are_those_of_pytorch() -> None:
    """The exact one and the tanh one agree with PyTorch's, each with its own."""
    import torch

    x = np.linspace(-6, 6, 4001, dtype=np.float32)
    for loop, approximate in ((gelus, "none"), (tanh_gelus, "tanh")):
        expected = torch.nn.functional.gelu(torch.from_numpy(x), approximate=approximate).numpy()
        assert np.abs(gelu_of(loop, x) - expected).max() <= 1e-6
    assert np.abs(gelu_of(gelus, x) - gelu_of(tanh_gelus, x)).max() > 1e-4


def test_the_gate_is_right_to_float32() -> None:
    """SiLU times the other half is right to a few units in the last place, and at the ends."""
    x = np.linspace(-80, 80, 100_001, dtype=np.float32)
    y = np.full_like(x, 3)
    sigmoid_products(x, y)
    exact = 3 * x.astype(np.float64) / (1 + np.exp(-x.astype(np.float64)))
    assert (np.abs(y - exact) <= 4e-7 * np.abs(exact)).all()
    ends = np.array([-1e38, -200.0, 0.0, 200.0, 1e38], np.float32)
    out = np.ones_like(ends)
    sigmoid_products(ends, out)
    assert np.array_equal(out, np.maximum(ends, 0))


@pytest.mark.parametrize("loop", [exponentials, gelus, tanh_gelus, sigmoid_products])
def test_a_value_has_the_same_bits_in_a_vector_and_alone(loop: Callable[[Floats, Floats], None]) -> None:
    """Long loops become vector code, but the last few values of a loop do not."""
    x = np.random.default_rng(6).standard_normal(1003).astype(np.float32) * 20
    together = np.ones_like(x)
    loop(x, together)
    alone = np.ones_like(x)
    for place in range(x.size):
        loop(x[place : place + 1], alone[place : place + 1])
    assert np.array_equal(together.view(np.uint32), alone.view(np.uint32))

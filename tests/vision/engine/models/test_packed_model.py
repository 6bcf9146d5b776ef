"""The arithmetic on packed weights, piece by piece.

Rows are compared with numpy, the encoder's geometry with transformers', and the whole must keep its bits whatever the
threads, the instruction set and the cut of the prompt. Its answers are compared with transformers' in `test_generate`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.vision.engine.tiny_checkpoint import Tiny, make
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.generation.generate import EncodedPicture, Scores
from vision.engine.generation.prompt import PromptPart, joined, picture_part, text_part
from vision.engine.kernels import layout
from vision.engine.kernels.graph import Floats, Graph, GraphRuntime
from vision.engine.kernels.isa import Isa, available, has_fused_multiply_add
from vision.engine.kernels.linear import Multiplier
from vision.engine.kernels.thread_pool import Pool
from vision.engine.kv_cache import CacheShape, KVCache
from vision.engine.models import packed_model
from vision.engine.models.packed_model import PackedModel, chosen_isa
from vision.engine.models.vision_encoder import patch_positions, position_embeddings
from vision.engine.packed.cache import open_or_pack, packed_path

GRID = (28, 28)  # of patches of 16 pixels
IDS = [3, 200, 17, 5, 80, 41, 300, 7, 7, 120, 33, 260]
RNG = np.random.default_rng(11)
_FIRST = RNG.bit_generator.state


class Gone(Exception):
    """A `check` raises it to cancel."""


def go_on() -> None:
    """The check of a caller who does not cancel."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("model") / "tiny", Tiny(patch=16))


def opened(folder: Path, threads: int = 1, isa: Isa | None = None) -> PackedModel:
    checkpoint = open_checkpoint(folder)
    packed = open_or_pack(checkpoint, packed_path(folder.parent, checkpoint), lambda share: None)
    return PackedModel(checkpoint, packed, threads, isa)


@pytest.fixture(scope="module")
def model(folder: Path) -> Iterator[PackedModel]:
    model = opened(folder)
    yield model
    model.close()


@pytest.fixture(scope="module")
def patches() -> NDArray[np.float32]:
    return np.random.default_rng(5).standard_normal((GRID[0] * GRID[1], 3 * 2 * 16 * 16), np.float32)


def encode(model: PackedModel, patches: NDArray[np.float32], check: Any = go_on) -> EncodedPicture:
    return model.encode(patches, np.array([[1, *GRID]]), check)


def prompt() -> PromptPart:
    side = GRID[0] // 2
    head, picture = text_part([1, 2, 3], 0), picture_part(8, side, side, 3)
    return joined([head, picture, text_part([4], 3 + side)])


def spoken(model: PackedModel, patches: NDArray[np.float32], chunk: int = 64) -> list[Scores]:
    """The scores after each token of IDS behind a picture, read one by one."""
    cache, picture = model.new_cache(), encode(model, patches)
    for part in prompt().cut(chunk):
        model.prefill(cache, part, picture, go_on)
    shift = prompt().shift
    return [model.decode(cache, text_part([token], cache.length + shift), go_on) for token in IDS]


def same(ours: list[Scores], others: list[Scores]) -> bool:
    pairs = list(zip(ours, others, strict=True))
    return all(a.logits.tobytes() == b.logits.tobytes() and a.log_normalizer == b.log_normalizer for a, b in pairs)


# The whole.


@pytest.mark.parametrize("threads", [2, 3])
def test_the_number_of_threads_changes_no_bit(
    folder: Path, model: PackedModel, patches: NDArray[np.float32], threads: int
) -> None:
    """It does not matter either which thread happens to be faster."""
    other = opened(folder, threads)
    try:
        assert same(spoken(other, patches), spoken(model, patches))
    finally:
        other.close()


@pytest.mark.skipif(not has_fused_multiply_add(), reason="without one, plain loops round twice")
@pytest.mark.parametrize("isa", available()[:-1], ids=lambda isa: isa.name)
def test_the_instruction_set_changes_no_bit(
    folder: Path, model: PackedModel, patches: NDArray[np.float32], isa: Isa
) -> None:
    """The plain loops, AVX2 and AVX-512 agree through encoder and decoder."""
    other = opened(folder, 1, isa)
    try:
        assert same(spoken(other, patches), spoken(model, patches))
    finally:
        other.close()


@pytest.mark.parametrize("chunk", [1, 5, 100, 1000])
def test_the_prompts_chunks_change_no_bit(model: PackedModel, patches: NDArray[np.float32], chunk: int) -> None:
    """A token gets the same sums alone and among many."""
    assert same(spoken(model, patches, chunk), spoken(model, patches))


@pytest.mark.parametrize("preface", [1, 17, 64, 100])
def test_what_is_read_before_every_picture_is_copied_to_the_bit(
    model: PackedModel, patches: NDArray[np.float32], preface: int
) -> None:
    """The copied keys and values are those that each picture's prompt would compute again."""
    words = text_part(RNG.integers(0, 390, preface).tolist(), 0)
    side, picture = GRID[0] // 2, encode(model, patches)
    look = joined([picture_part(8, side, side, preface), text_part([4], preface + side)])
    start, at_once = model.new_cache(), model.new_cache()
    model.prefill(start, words, None, go_on)
    kept = [array.copy() for array in (*start.keys, *start.values)]
    model.prefill(at_once, joined([words, look]), picture, go_on)
    question = text_part(IDS, at_once.length + look.shift)
    expected = model.decode(at_once, question, go_on)
    for _ in range(2):  # nothing of the first picture is left for the second
        copied = start.copy(room=len(look))
        room = copied.capacity
        model.prefill(copied, look, picture, go_on)
        assert copied.capacity == room
        assert same([model.decode(copied, question, go_on)], [expected])
    assert all(np.array_equal(a, b) for a, b in zip((*start.keys, *start.values), kept, strict=True))


def test_a_question_at_once_is_judged_as_token_by_token(model: PackedModel, patches: NDArray[np.float32]) -> None:
    """Only the last token of the question gets logits, and they have the same bits."""
    one_by_one = spoken(model, patches)[-1]
    cache, picture = model.new_cache(), encode(model, patches)
    model.prefill(cache, prompt(), picture, go_on)
    at_once = model.decode(cache, text_part(IDS, len(prompt()) + prompt().shift), go_on)
    assert same([at_once], [one_by_one])


@pytest.mark.parametrize("grid", [(16, 28), (28, 22), (2, 28)])
@pytest.mark.parametrize("change", ["2 threads", *(isa.name for isa in available()[:-1])])
def test_pictures_of_other_shapes_keep_their_bits(
    folder: Path, model: PackedModel, patches: NDArray[np.float32], grid: tuple[int, int], change: str
) -> None:
    """Threads and instruction sets change no bit of one, nor does a square that is seen before it."""
    if change == Isa.PLAIN.name and not has_fused_multiply_add():
        pytest.skip("without one, plain loops round twice")
    part, thw = patches[: grid[0] * grid[1]], np.array([[1, *grid]])
    other = opened(folder, 2) if change == "2 threads" else opened(folder, 1, Isa[change])
    try:
        expected = other.encode(part, thw, go_on)
    finally:
        other.close()
    for _ in range(2):
        encode(model, patches)
        ours = model.encode(part, thw, go_on)
        assert ours.tokens.shape == (grid[0] * grid[1] // 4, 64)
        assert ours.tokens.tobytes() == expected.tokens.tobytes()
        assert [a.tobytes() for a in ours.deepstack] == [b.tobytes() for b in expected.deepstack]


def test_two_conversations_take_turns(model: PackedModel, patches: NDArray[np.float32]) -> None:
    """Nothing of one cache gets into the other, though they share all buffers and grow at different times."""
    alone = [spoken(model, patches[::sign].copy()) for sign in (1, -1)]
    caches = [model.new_cache() for _ in alone]
    for cache, sign in zip(caches, (1, -1), strict=True):
        model.prefill(cache, prompt(), encode(model, patches[::sign].copy()), go_on)
    shift = prompt().shift
    both: list[list[Scores]] = [[], []]
    for token in IDS:
        for cache, said in zip(caches, both, strict=True):
            said.append(model.decode(cache, text_part([token], cache.length + shift), go_on))
    assert all(same(one, other) for one, other in zip(alone, both, strict=True))


def test_the_summary_is_that_of_the_logits(model: PackedModel, patches: NDArray[np.float32]) -> None:
    """Machine code computes the arg-max and the normaliser in work items, and they are right."""
    for scores in spoken(model, patches):
        expected = Scores.of(scores.logits)
        assert scores.likeliest == expected.likeliest
        assert scores.log_normalizer == pytest.approx(expected.log_normalizer, rel=1e-6)


def test_a_caller_who_leaves_a_prefill_leaves_no_trace(model: PackedModel, patches: NDArray[np.float32]) -> None:
    """A cancel is possible at the start and twice in a layer."""
    picture, expected = encode(model, patches), spoken(model, patches)
    cache = model.new_cache()
    stops = 0
    while True:
        try:
            model.prefill(cache, prompt(), picture, leaving_at(stops))
            break
        except Gone:
            assert cache.length == 0
            stops += 1
    assert stops >= 5  # three layers, the last of which is not finished
    shift = prompt().shift
    said = [model.decode(cache, text_part([token], cache.length + shift), go_on) for token in IDS]
    assert same(said, expected)


def test_a_caller_who_leaves_a_token_leaves_no_trace(model: PackedModel, patches: NDArray[np.float32]) -> None:
    """A cancel is possible before the layers and before the head."""
    cache, expected = model.new_cache(), spoken(model, patches)
    model.prefill(cache, prompt(), encode(model, patches), go_on)
    length, shift = cache.length, prompt().shift
    for stop in range(2):
        with pytest.raises(Gone):
            model.decode(cache, text_part(IDS[:1], length + shift), leaving_at(stop))
        assert cache.length == length
    said = [model.decode(cache, text_part([token], cache.length + shift), go_on) for token in IDS]
    assert same(said, expected)


def test_a_caller_who_leaves_an_encoding_leaves_no_trace(model: PackedModel, patches: NDArray[np.float32]) -> None:
    """A cancel is possible four times in every block."""
    expected = encode(model, patches)
    for stop in range(4 * 3 + 2):
        with pytest.raises(Gone):
            encode(model, patches, leaving_at(stop))
    assert encode(model, patches).tokens.tobytes() == expected.tokens.tobytes()


def leaving_at(stop: int) -> Any:
    """A check that raises when it is called for the stop-th time, from 0."""
    calls = 0

    def check() -> None:
        nonlocal calls
        if calls == stop:
            raise Gone
        calls += 1

    return check


def test_closing_ends_the_threads(folder: Path) -> None:
    """No thread goes on after an engine is closed."""
    before = set(threading.enumerate())
    model = opened(folder, 3)
    workers = set(threading.enumerate()) - before
    assert len(workers) == 2
    model.close()
    assert not any(worker.is_alive() for worker in workers)


def test_many_lengths_of_questions_do_not_pile_up(model: PackedModel) -> None:
    """Only a few graphs are kept, and results do not depend on which."""
    cache = model.new_cache()
    model.decode(cache, text_part(IDS, 0), go_on)
    first = [model.decode(cache, text_part(IDS[:n], 12), go_on) for n in [1]]
    for n in range(2, 12):
        cache.rewind(12)
        model.decode(cache, text_part(IDS[:n], 12), go_on)
    cache.rewind(12)
    assert same([model.decode(cache, text_part(IDS[:1], 12), go_on)], first)
    assert len(model._text._graphs) <= 6


@pytest.mark.parametrize("name", ["PLAIN", "plain"])
def test_the_instruction_set_can_be_forced(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEESAY_ISA chooses it, for comparisons; a set that this processor lacks is not used."""
    monkeypatch.setenv("SEESAY_ISA", name)
    assert chosen_isa() is Isa.PLAIN
    monkeypatch.setattr(packed_model, "available", lambda: (Isa.PLAIN,))
    monkeypatch.setattr(packed_model, "fastest", lambda: Isa.PLAIN)
    monkeypatch.setenv("SEESAY_ISA", "avx512")
    assert chosen_isa() is Isa.PLAIN


# Rows.


@pytest.fixture(scope="module", params=[1, 2], ids=lambda threads: f"{threads} threads")
def runtime(request: pytest.FixtureRequest) -> Iterator[GraphRuntime]:
    with Pool(request.param) as pool:
        yield GraphRuntime(pool, Multiplier(pool))


@pytest.fixture(autouse=True)
def _the_same_numbers_in_any_order() -> None:
    """Each test gets the same random numbers, whichever tests ran before."""
    RNG.bit_generator.state = _FIRST


def floats(*shape: int) -> Floats:
    return RNG.standard_normal(shape, np.float32)


@pytest.mark.parametrize("shape", [(1, 2048), (3, 37), (50, 1024), (1, 5)])
def test_norms(runtime: GraphRuntime, shape: tuple[int, int]) -> None:
    """Both norms are right, also for rows that do not fill the lanes."""
    x, weight, bias = floats(*shape) + 1, floats(shape[1]), floats(shape[1])
    by_rms, by_layer = np.zeros_like(x), np.zeros_like(x)
    graph = Graph(runtime, shape[0])
    graph.rms_norm(x, weight, by_rms, 1e-6)
    graph.layer_norm(x, weight, bias, by_layer, 1e-5)
    graph.run()
    exact = x.astype(np.float64)
    rms = exact / np.sqrt((exact**2).mean(1, keepdims=True) + 1e-6) * weight
    centred = exact - exact.mean(1, keepdims=True)
    layer = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * weight + bias
    assert np.abs(by_rms - rms).max() < 3e-6
    assert np.abs(by_layer - layer).max() < 3e-6


@pytest.mark.parametrize("shape", [(1, 96), (40, 700), (3, 5)])
def test_gates_activations_and_sums(runtime: GraphRuntime, shape: tuple[int, int]) -> None:
    """Every row is right, whatever its work item."""
    gates, x, y, bias = floats(shape[0], 2 * shape[1]), floats(*shape), floats(*shape), floats(shape[1])
    out, by_tanh, exact, biased = np.zeros_like(x), x.copy(), x.copy(), x.copy()
    summed, with_bias, change = x.copy(), x.copy(), y.copy()
    graph = Graph(runtime, shape[0])
    graph.swiglu(gates, out)
    graph.gelu(by_tanh, bias, by_tanh=True)
    graph.gelu(exact, bias, by_tanh=False)
    graph.add(summed, y)
    graph.add(with_bias, change, bias)
    graph.bias(biased, bias)
    graph.run()
    gate, value = gates[:, : shape[1]].astype(np.float64), gates[:, shape[1] :]
    gated = gate / (1 + np.exp(-gate)) * value
    assert (np.abs(out - gated) / np.maximum(np.abs(gated), 1.0)).max() < 1e-6  # some are as large as 10
    assert np.abs(by_tanh - exact).max() < 1e-3  # the one is an approximation of the other
    assert np.array_equal(summed, x + y)
    assert np.array_equal(with_bias, x + (y + bias))
    assert np.array_equal(biased, x + bias)


def turned(x: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotate the pairs (d, d + half) by angles, as complex numbers."""
    half = x.shape[-1] // 2
    pairs = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angles)[:, None]
    return np.concatenate([pairs.real, pairs.imag], axis=-1)


@pytest.mark.parametrize(("heads", "kv_heads", "head_dim"), [(4, 2, 16), (3, 3, 24), (2, 1, 72), (16, 8, 128)])
@pytest.mark.parametrize("has_norms", [True, False])
def test_queries_keys_and_values(
    runtime: GraphRuntime, heads: int, kv_heads: int, head_dim: int, has_norms: bool
) -> None:
    """Bias or norm, rotation and scale are right, and each key and value goes to its own place only."""
    count, past, capacity = 21, 9, 64
    x = floats(count, (heads + 2 * kv_heads) * head_dim)
    bias, norms = floats(x.shape[1]), (floats(head_dim), floats(head_dim))
    angles = floats(count, head_dim // 2)
    cache = KVCache(CacheShape(1, kv_heads, head_dim, blocked=True))
    cache.reserve(capacity)
    cache.keys[0][:], cache.values[0][..., :head_dim] = 7, 7
    expected = x.astype(np.float64).reshape(count, -1, head_dim)
    cosines, sines = np.cos(angles), np.sin(angles)
    arguments = np.zeros((1, layout.SPLIT_ARGUMENTS), np.int64)
    graph = Graph(runtime, count)
    sizes = (heads, kv_heads, head_dim)
    given = (None, norms) if has_norms else (bias, None)
    graph.split_qkv_rope(x, sizes, *given, cosines, sines, 1e-6, arguments[0])
    graph.place_splits(arguments, cache.addresses, cache.capacity, past)
    graph.run()
    if has_norms:
        weight = np.repeat(np.stack(norms), (heads, kv_heads), axis=0)
        normed = expected[:, : heads + kv_heads]
        normed *= weight / np.sqrt((normed**2).mean(-1, keepdims=True) + 1e-6)
    else:
        expected += bias.reshape(-1, head_dim)
    queries, keys, values = np.split(expected, [heads, heads + kv_heads], axis=1)
    ours = x.reshape(count, -1, head_dim)[:, :heads]
    assert np.abs(ours - turned(queries, angles) / np.sqrt(head_dim)).max() < 3e-6
    stored = cache.keys[0].transpose(0, 1, 3, 2).reshape(kv_heads, -1, head_dim)
    assert np.abs(stored[:, past : past + count].swapaxes(0, 1) - turned(keys, angles)).max() < 1e-5
    assert np.abs(cache.values[0][:, past : past + count, :head_dim].swapaxes(0, 1) - values).max() < 1e-6
    untouched = np.r_[0:past, past + count : cache.capacity]
    assert (stored[:, untouched] == 7).all()
    assert (cache.values[0][:, untouched, :head_dim] == 7).all()
    assert (cache.values[0][..., head_dim:] == 0).all()


@pytest.mark.parametrize("size", [5, 1000, 20_000, 151_936])
def test_the_largest_logit_is_the_first_of_equal_ones(runtime: GraphRuntime, size: int) -> None:
    """This holds wherever the work items are cut, and a NaN is never missed."""
    logits = np.round(floats(size), 1)
    summary = summarised(runtime, logits)
    assert summary[1] == int(np.argmax(logits))
    assert summary[0] == logits.max()
    logits[size // 2] = np.nan
    assert np.isnan(summarised(runtime, logits)[0])


def summarised(runtime: GraphRuntime, logits: Floats) -> tuple[float, int]:
    graph = Graph(runtime, 1)
    out = graph.summarise(logits)
    graph.run()
    best = int(np.argmax(out[:, 0]))
    return float(out[best, 0]), int(out[best, 1])


# Geometry.


@pytest.mark.parametrize(
    ("grid", "side"),
    [((28, 28), 48), ((16, 28), 48), ((28, 22), 48), ((2, 28), 48), ((14, 14), 14), ((4, 6), 10), ((2, 2), 3)],
)
def test_places_are_those_of_transformers(grid: tuple[int, int], side: int) -> None:
    """The order of the patches and the interpolated position embeddings agree."""
    torch = pytest.importorskip("torch")
    from transformers.vision_utils import get_vision_interpolation_indices_and_weights, get_vision_position_ids

    thw = torch.tensor([[1, *grid]])
    row, column = patch_positions(*grid, 2)
    assert np.array_equal(np.stack([row, column], axis=1), get_vision_position_ids(thw, 2).numpy())
    table = floats(side * side, 8)
    indices, weights = get_vision_interpolation_indices_and_weights(thw, side, "bilinear", True, 2)
    expected = (torch.from_numpy(table)[indices] * weights[:, :, None]).sum(1).numpy()
    assert np.abs(position_embeddings(table, row, column, grid) - expected).max() < 1e-6


def test_a_blocked_cache_grows_without_moving_its_tokens() -> None:
    """What was stored is still there, the rest is zeros, and the addresses are new."""
    cache = KVCache(CacheShape(2, 3, 24, blocked=True))
    cache.reserve(10)
    before = cache.addresses.copy()
    cache.keys[1][:], cache.values[1][:] = 1, 2
    cache.commit(10)
    cache.reserve(100)
    assert cache.capacity == 128
    assert (cache.keys[1][:, :4] == 1).all()
    assert (cache.keys[1][:, 4:] == 0).all()
    assert (cache.values[1][:, :64] == 2).all()
    assert (cache.values[1][:, 64:] == 0).all()
    assert cache.values[1].shape == (3, 128, 32)
    assert (cache.addresses != before).all()
    assert cache.addresses[1, 1] == cache.values[1].ctypes.data
    assert cache.nbytes == 2 * 3 * 128 * 4 * (24 + 32)


def test_a_start_that_has_to_compile_says_so_once(tmp_path: Path) -> None:
    """It takes seconds, and silence would be taken for a fault; a start that finds its machine code says nothing."""
    code = (
        "import sys; from pathlib import Path; from vision.engine.engine import Engine; from vision.engine.settings import EngineSettings\n"
        "Engine.load(Path(sys.argv[1]), EngineSettings(threads=1), print, Path(sys.argv[2])).close()\n"
    )
    folder = make(tmp_path / "tiny")
    said = []
    for _ in range(2):
        environ = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
        command = [sys.executable, "-c", code, str(folder), str(tmp_path)]
        said.append(subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout)
    assert said[0].count("compiling") == 1
    assert "compiling" not in said[1]

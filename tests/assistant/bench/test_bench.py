"""The benchmark: its random model, the arithmetic of its figures, its table, and one real run.

No test depends on a speed.
"""

from __future__ import annotations

import copy
import json
import math
import shutil
import signal
from collections import namedtuple
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.bench import engine
from assistant.bench.engine import EngineBench
from assistant.bench.engines.compared import OURS, PLAIN
from assistant.bench.engines.ours import Watched
from assistant.bench.engines.ours import _between as between
from assistant.bench.engines.processes import MeasurementFailed, figures_of
from assistant.bench.limits.machine import Limits, Others, best_in_turns, matmul_of_torch
from assistant.bench.limits.shares import bytes_of, limits_text, points, shares
from assistant.bench.limits.work import is_read_by_a_token, work_of
from assistant.bench.material import random_model
from assistant.bench.material.random_model import CONFIG, random_checkpoint
from assistant.bench.material.random_tokenizer import SPECIAL_TOKENS, tokenizer_files
from assistant.bench.pages import report
from assistant.bench.task import QUESTION_TOKENS, Task, question
from assistant.cli.main import main
from assistant.errors import AssistantError
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.checkpoint.shapes import required_tensors
from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
from vision.engine.generation.prompt import ChatPrompt


def small_config() -> dict[str, Any]:
    """A small version of the real configuration, in which the tokens 700 to 713 are the special ones."""
    config = copy.deepcopy(CONFIG)
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    for name in names:
        config[name] -= 151643 - 700
    config["text_config"] |= {
        "vocab_size": 720,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "rope_scaling": {"mrope_interleaved": True, "mrope_section": [4, 2, 2], "rope_type": "default"},
        "bos_token_id": 700,
        "eos_token_id": 702,
    }
    config["vision_config"] |= {
        "depth": 3,
        "hidden_size": 48,
        "intermediate_size": 80,
        "num_heads": 4,
        "patch_size": 32,
        "out_hidden_size": 64,
        "num_position_embeddings": 100,
        "deepstack_visual_indexes": [0, 1],
    }
    return config


def quiet(name: str, done: int, total: int) -> None:
    return None


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random checkpoint."""
    return random_checkpoint(tmp_path_factory.mktemp("bench"), quiet, small_config())


# The random model


def test_the_random_model_is_a_checkpoint_of_the_published_layout(small: Path) -> None:
    """It opens like a real one, with all tensors in the shapes that its config asks for."""
    checkpoint = open_checkpoint(small)
    checkpoint.require(required_tensors(small_config()))
    assert checkpoint.stop_tokens == {700, 702}
    assert {tensor.stored_as for tensor in checkpoint.tensors.values()} == {"BF16"}


def test_the_full_size_is_that_of_the_published_model() -> None:
    """The number of parameters is exactly that of the model's card."""
    assert sum(map(math.prod, required_tensors(CONFIG).values())) == 2_127_532_032


def test_no_two_tensors_are_the_same(small: Path) -> None:
    """No two tensors are equal, so that a kernel cannot profit from a cache that a real model would not fill."""
    checkpoint = open_checkpoint(small)
    seen = set()
    for name, tensor in checkpoint.tensors.items():
        out = np.empty(tensor.shape, np.float32)
        checkpoint.read_into(name, out)
        seen.add(out.tobytes())
    assert len(seen) == len(checkpoint.tensors)


def test_the_weights_are_spread_like_trained_ones(small: Path) -> None:
    """Each row has a scale of its own, a few values are far outside, and zeros are only where the stop tokens are."""
    checkpoint = open_checkpoint(small)
    name = "model.language_model.embed_tokens.weight"
    rows = np.empty(checkpoint.tensors[name].shape, np.float32)
    checkpoint.read_into(name, rows)
    scale = rows.std(axis=1)
    assert set(np.flatnonzero(scale == 0)) == {700, 702}
    spoken = np.delete(rows, [700, 702], axis=0)
    assert 0.15 < np.log(spoken.std(axis=1)).std() < 0.4
    beyond = np.abs(spoken) > 4.5 * spoken.std(axis=1, keepdims=True)
    assert 0.0003 < beyond.mean() < 0.003  # of normally distributed values only 7 in a million


def test_an_answer_of_the_random_model_never_ends_early(small: Path) -> None:
    """Its stop tokens are never the likeliest ones, so decoding can be measured for as long as it takes."""
    from vision.engine.engine import Engine
    from vision.engine.settings import EngineSettings
    from vision.frame import Frame

    with Engine.load(small, EngineSettings(stops_loops=False)) as loaded:  # random words do go round in circles
        frame = Frame(np.zeros((448, 448, 3), np.uint8), 0.0)
        *_, last = loaded.see(frame).ask("what is this", max_new_tokens=200)
    assert last.stats is not None
    assert (last.stats.finish, last.stats.answer_tokens) == ("length", 200)


def test_the_random_model_is_made_once(tmp_path: Path) -> None:
    """A complete model is used as it is, and an incomplete one is made again."""
    first = random_checkpoint(tmp_path, quiet, small_config()) / "model.safetensors"
    before = first.read_bytes()

    def fail(name: str, done: int, total: int) -> None:
        raise AssertionError("it is made again")

    random_checkpoint(tmp_path, fail, small_config())
    first.write_bytes(before[:1000])
    random_checkpoint(tmp_path, quiet, small_config())
    assert first.read_bytes() == before


def test_the_progress_of_making_ends_at_the_whole_size(tmp_path: Path) -> None:
    """The progress counts bytes up to the size of the file."""
    seen: list[tuple[int, int]] = []
    folder = random_checkpoint(tmp_path, lambda name, done, total: seen.append((done, total)), small_config())
    size = (folder / "model.safetensors").stat().st_size
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def test_a_model_whose_making_was_interrupted_leaves_nothing(tmp_path: Path) -> None:
    """After Ctrl-C in the middle no folder looks like a model, and the next run starts anew."""

    def interrupt(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        random_checkpoint(tmp_path, interrupt, small_config())
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    (tmp_path / f".{random_model.NAME}.part").mkdir()  # a process that was killed would leave this
    assert open_checkpoint(random_checkpoint(tmp_path, quiet, small_config())).parameters > 0
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [random_model.NAME]


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence says what is needed, what is free and what to do; the status is 1."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12 - 10**9, 10**9))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["bench", "--engine"]) == 1
    said = capsys.readouterr().err
    assert "4.3 GB" in said
    assert "1.0 GB are free" in said
    assert "XDG_CACHE_HOME" in said
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error names a file that is in the way of the cache folder."""
    (tmp_path / "bench").write_text("")
    with pytest.raises(AssistantError, match="bench"):
        random_checkpoint(tmp_path / "bench", quiet, small_config())


# The random tokenizer


def test_the_tokenizer_has_the_published_ids() -> None:
    """There are as many ordinary tokens, and the special ones are where config.json says."""
    vocabulary = tokenizer_files(151643)["tokenizer.json"]["model"]["vocab"]
    assert sorted(vocabulary.values()) == list(range(151643 + len(SPECIAL_TOKENS)))
    ids = {"<|im_end|>": 151645, "<|vision_start|>": 151652, "<|image_pad|>": 151655, "<|video_pad|>": 151656}
    assert {token: vocabulary[token] for token in ids} == ids


def test_a_prompt_has_as_many_tokens_as_with_the_real_tokenizer(small: Path) -> None:
    """Each name of a turn is one token, and the question is cut to its 18 tokens."""
    checkpoint = open_checkpoint(small)
    tokenizer = CheckpointTokenizer(checkpoint)
    assert [len(tokenizer.encode(name)) for name in ("user", "assistant", "\n")] == [1, 1, 1]
    prompt = ChatPrompt(tokenizer, tokenizer.special_tokens(checkpoint.config))
    assert len(prompt.picture(14, 14)) == 201
    assert len(prompt.question(question(prompt))) == QUESTION_TOKENS


# The arithmetic of the figures.


FIGURES: dict[str, Any] = dict.fromkeys(engine.FIGURES, 1.0) | {
    "decode_seconds": [0.3, 0.1, 0.2],
    "cancel_seconds": 0.05,
    "image_tokens": 49,
    "prompt_tokens": 54,
    "question_tokens": 18,
    "detail": {},
}


class Processes:
    """Stands for processes: records what was asked, and gives each measurement its next figure."""

    def __init__(self, load_seconds: Mapping[str, list[float]]) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self._load = {name: iter(values) for name, values in load_seconds.items()}

    def run(self, task: Task) -> Mapping[str, Any]:
        self.asked.append((task.what, task.isa, task.threads))
        if task.what == "limits":
            return vars(Limits.of(10e9 + len(self.asked), 90e9, 100e9))
        return FIGURES | {"load_seconds": next(self._load[task.what])}


def test_engines_are_measured_in_turns(small: Path) -> None:
    """After one preparation come the limits, ours, plain and the forced one, for each round and number of threads."""
    processes = Processes({OURS: [9.0] * 99, PLAIN: [9.0] * 99})
    wanted = EngineBench(threads=(2, 1), rounds=2, isas=("avx2",))
    engine.measure(wanted, open_checkpoint(small), processes.run)
    one_round = [("limits", ""), (OURS, ""), (PLAIN, ""), (OURS, "avx2")]
    assert processes.asked[:2] == [(OURS, "", 2), (OURS, "avx2", 2)]
    assert processes.asked[2:] == [(*what, threads) for threads in (1, 2) for what in 2 * one_round]


def test_a_figure_is_the_median_and_a_ratio_that_of_medians(small: Path) -> None:
    """One slow round changes neither the median nor the ratio."""
    processes = Processes({OURS: [99.0, 1.0, 90.0, 2.0], PLAIN: [20.0, 10.0, 30.0]})
    measured = engine.measure(EngineBench(threads=(1,)), open_checkpoint(small), processes.run)
    assert measured["first_start_seconds"] == {OURS: 99.0}
    (result,) = measured["results"]
    assert result["engines"][OURS]["load_seconds"] == 2.0
    assert result["engines"][PLAIN]["load_seconds"] == 20.0
    assert result["ratios"] == {PLAIN: {OURS: result["ratios"][PLAIN][OURS]}}
    assert result["ratios"][PLAIN][OURS]["load_seconds"] == 10.0
    assert result["engines"][OURS]["decode_seconds"] == 0.2
    assert len(result["all_rounds"][OURS]) == 3
    json.dumps(measured)


def test_more_threads_are_compared_with_the_fewest(small: Path) -> None:
    """The comparison of threads uses medians as well."""
    processes = Processes({OURS: [9.0, 3.0, 2.0], PLAIN: [1.0, 1.0]})
    measured = engine.measure(EngineBench(threads=(1, 2), rounds=1), open_checkpoint(small), processes.run)
    assert measured["scaling"]["2"]["load_seconds"] == 1.5


def test_a_figure_that_one_round_lacks_has_no_median() -> None:
    """The figure and every ratio with it stay empty."""
    lacking = FIGURES | {"file_bytes": None, "decode_seconds": []}
    figures = engine.medians([FIGURES, lacking])
    assert figures["file_bytes"] is None
    assert figures["decode_seconds"] is None
    assert engine.ratios(engine.medians([FIGURES]), figures)["decode_seconds"] is None


def test_a_share_that_the_process_measured_itself_counts_more() -> None:
    """The share of decoding that a process measured beside a read of memory is used, as the median of the rounds.

    If it is missing, the limit is used.
    """
    rounds = [FIGURES | {"detail": {"stream_share": share}} for share in (0.9, 0.7, 0.8)]
    assert engine._stream_share(rounds) == {"decode_seconds": 0.8}
    assert engine._stream_share([FIGURES | {"detail": {}}]) == {}


def test_the_longest_time_between_two_looks_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest time between two checks counts, because that is the wait of a user who cancels just after a check."""
    times = iter([10.0, 10.5, 12.0, 12.1])
    monkeypatch.setattr("assistant.bench.engines.ours.time.perf_counter", lambda: next(times))
    watched = Watched()
    assert not any(watched.is_set() for _ in range(4))
    assert watched.longest_seconds == pytest.approx(1.5)


def test_shares_are_work_over_time_over_limit() -> None:
    """Half a second for a quarter of a second's work at the limit is a share of one half."""
    work = work_of(CONFIG, 196, 201, 18)
    limits = Limits(read_bytes_per_second=4e9, flop_per_second=4.0 * work.prefill_flop)
    figures = engine.medians(
        [FIGURES | {"prefill_seconds": 0.5, "seen_first_token_seconds": 0.25, "decode_seconds": [0.5]}]
    )
    found = shares(figures, work, bytes_of(work, {"decode_bytes": 10**9}), limits)
    assert found["prefill_seconds"] == pytest.approx(0.5)
    assert found["seen_first_token_seconds"] == pytest.approx(work.question_flop / work.prefill_flop)
    assert found["decode_seconds"] == pytest.approx(0.5)


def test_the_larger_of_two_measured_peaks_counts_so_that_no_engine_is_above_it() -> None:
    """An engine as fast as torch's own product of squares is at 100 %, although the chain in registers was slower.

    The chain was measured while another program was busy, and both figures are kept.
    """
    work = work_of(CONFIG, 196, 201, 18)
    limits = Limits.of_rounds([
        vars(Limits.of(30e9, 100e9, 120e9)), vars(Limits.of(10e9, 110e9, 115e9)), vars(Limits.of(20e9, 90e9, 118e9))
    ])  # fmt: skip
    assert limits == Limits(20e9, 120e9, fma_flop_per_second=110e9, matmul_flop_per_second=120e9)
    figures = engine.medians([FIGURES | {"vision_seconds": work.vision_flop / 120e9, "prefill_seconds": 60.0}])
    found = shares(figures, work, bytes_of(work, {}), limits)
    assert found["vision_seconds"] == pytest.approx(1.0)
    assert all(share is None or share <= 1.0 for key, share in found.items() if key != "decode_seconds")


def test_without_torch_the_chain_of_multiply_adds_is_the_peak() -> None:
    """The other figure is empty, and the table says why."""
    limits = Limits.of_rounds([vars(Limits.of(30e9, 100e9, None)), vars(Limits.of(30e9, 80e9, None))])
    assert (limits.flop_per_second, limits.matmul_flop_per_second) == (100e9, None)
    assert "torch is not installed" in limits_text(vars(limits))


def test_the_two_peaks_are_measured_in_turns() -> None:
    """A chain of multiply-adds and a product of squares follow each other, and the best of each counts."""
    asked: list[str] = []

    def next_of(name: str, values: list[float]) -> Callable[[], float]:
        def measured() -> float:
            asked.append(name)
            return values.pop(0)

        return measured

    assert best_in_turns(next_of("fma", [1.0, 3.0, 2.0]), next_of("matmul", [5.0, 4.0, 6.0]), 3) == (3.0, 6.0)
    assert asked == ["fma", "matmul"] * 3
    assert best_in_turns(next_of("fma", [1.0]), None, 1) == (1.0, None)


def test_torchs_product_is_measured_as_two_flop_for_every_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """Squares of 64 have 64³ products, which are 524,288 FLOP; in two seconds that is half of it a second."""
    once = matmul_of_torch(1, 64)
    assert once is not None
    moments = iter([10.0, 12.0])
    monkeypatch.setattr("assistant.bench.limits.machine.time.perf_counter", lambda: next(moments))
    assert once() == 2 * 64**3 / 2


def test_the_work_is_counted_from_the_tensors() -> None:
    """A token reads every weight of the language model's matrices once; a prompt multiplies by those of its layers.

    A product that is added to a sum is 2 FLOP.
    """
    tensors = required_tensors(CONFIG)
    language = {n: math.prod(s) for n, s in tensors.items() if ".language_model." in n and len(s) == 2}
    layers = sum(count for name, count in language.items() if ".layers." in name)
    work = work_of(CONFIG, 196, 201, 18)
    assert work.decode_weights == sum(language.values())
    assert work.layer_weights == layers
    assert work.prefill_flop == 2 * (layers * 201 + 28 * 16 * 128 * 201 * 202)
    head = sum(language.values()) - layers
    attention = 28 * 16 * 128 * (219 * 220 - 201 * 202)
    assert work.question_flop == 2 * (layers * 18 + attention + head)
    assert work.decode_flop == 2 * (layers + 28 * 16 * 128 * 2 * 220 + head)
    blocks = sum(math.prod(s) for n, s in tensors.items() if ".visual.blocks." in n and len(s) == 2)
    mergers = sum(math.prod(s) for n, s in tensors.items() if "merger" in n and len(s) == 2)
    patch = math.prod(tensors["model.visual.patch_embed.proj.weight"])
    assert work.vision_flop == 2 * (784 * (blocks + patch) + 196 * mergers + 24 * 2 * 784 * 784 * 1024)
    assert work.vision_weights == blocks + patch + mergers


def test_a_point_of_the_roofline_is_work_over_bytes_and_over_time() -> None:
    """Float32 weights have 4 bytes, packed ones as many as the engine says, and what was not measured has no point."""
    work = work_of(CONFIG, 196, 201, 18)
    figures = engine.medians([FIGURES | {"prefill_seconds": None, "decode_seconds": [0.5]}])
    found = points(figures, work, bytes_of(work, {}))
    assert set(found) == {"vision_seconds", "seen_first_token_seconds", "decode_seconds"}
    decode = found["decode_seconds"]
    assert decode["flop_per_byte"] == pytest.approx(work.decode_flop / work.decode_weights / 4)
    assert decode["flop_per_second"] == pytest.approx(work.decode_flop / 0.5)
    packed = points(figures, work, bytes_of(work, {"decode_bytes": 1.5 * work.decode_weights}))
    assert packed["decode_seconds"]["flop_per_byte"] == pytest.approx(decode["flop_per_byte"] * 4 / 1.5)
    assert packed["vision_seconds"]["read_bytes"] == pytest.approx(1.5 * work.vision_weights)
    told = points(figures, work, bytes_of(work, {"decode_bytes": 1.0, "vision_bytes": 7.0}))
    assert told["vision_seconds"]["read_bytes"] == 7.0


def test_an_embedding_that_is_not_the_head_is_not_read_by_every_token() -> None:
    """A token reads one row of such an embedding, and nothing of the encoder."""
    embedding = "model.language_model.embed_tokens.weight"
    assert is_read_by_a_token(embedding, {embedding: 0})
    assert not is_read_by_a_token(embedding, {embedding: 0, "lm_head.weight": 0})
    assert is_read_by_a_token("lm_head.weight", {embedding: 0, "lm_head.weight": 0})
    assert not is_read_by_a_token("model.visual.blocks.0.attn.qkv.weight", {embedding: 0})


def test_the_seconds_of_tokens_that_come_together_are_shared() -> None:
    """Tokens that come together share their seconds, and a last chunk without a token does not count."""
    assert between([(1.0, 1), (1.5, 2), (2.5, 4), (9.0, 4)]) == [0.5, 0.5, 0.5]
    assert between([(1.0, 1)]) == []


def test_too_little_memory_leaves_transformers_out_and_says_so(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SeeSay alone is measured, without ratios."""
    monkeypatch.setattr(engine, "available_bytes", lambda: 200_000_000)
    processes = Processes({OURS: [9.0, 1.0]})
    measured = engine.measure(EngineBench(threads=(1,), rounds=1), open_checkpoint(small), processes.run)
    assert "0.2 GB are free" in capsys.readouterr().err
    assert measured["results"][0]["ratios"] == {}
    text = report.table(measured)
    assert "only SeeSay is measured" in text
    assert "ratio" not in text


# The table


def test_the_table_puts_transformers_first_and_a_ratio_after_each_of_ours(small: Path) -> None:
    """All lines of the table are equally long up to the last column, so that they read as columns."""
    processes = Processes({OURS: [9.0] * 3 + [2.0] * 4, PLAIN: [20.0, 30.0]})
    wanted = EngineBench(threads=(1, 2), rounds=1, isas=("avx2",))
    text = report.table(engine.measure(wanted, open_checkpoint(small), processes.run))
    head = next(line for line in text.splitlines() if line.startswith("1 thread "))
    assert head.split() == "1 thread transformers SeeSay ratio SeeSay avx2 ratio".split()
    load = next(line for line in text.splitlines() if line.startswith("load "))
    assert load.index("20.0 s") + len("20.0 s") == head.index("transformers") + len("transformers")
    assert "GB/s" in text
    assert "SeeSay with 2 threads: load" in text


@pytest.mark.parametrize(
    ("value", "factor", "unit", "shown"),
    [
        (None, 1.0, "s", "-"),
        (0.0, 1e-9, "GB", "0 GB"),
        (0.00051, 1.0, "s", "0.0005 s"),
        (0.0795, 1e3, "ms", "79.5 ms"),
        (13_283_315_712, 1e-9, "GB", "13.3 GB"),
        (12345.6, 1.0, "/s", "12,346 /s"),
    ],
)
def test_quantities_have_the_digits_that_matter(value: float | None, factor: float, unit: str, shown: str) -> None:
    """A quantity is shown with about three digits."""
    assert report.quantity(value, factor, unit) == shown


def test_what_other_programs_did_meanwhile_is_seen(tmp_path: Path) -> None:
    """If 40 of 100 further seconds of two processors were busy and none of them were ours, the share is 0.4."""
    stat = tmp_path / "stat"
    stat.write_text("cpu  1000 0 1000 50000 0 0 0 0 0 0\n")
    meanwhile = Others(stat)
    assert meanwhile.share() is None  # because no time has passed
    stat.write_text("cpu  4000 0 1000 55000 1000 0 0 1000 0 0\n")
    assert meanwhile.share() == pytest.approx(0.4)
    assert Others(tmp_path / "none").share() is None


# Processes


@pytest.mark.parametrize(
    ("status", "output", "messages", "words"),
    [
        (-signal.SIGKILL, "", "", "the memory ran out"),
        (-signal.SIGTERM, "", "", "SIGTERM"),
        (1, "", "first line\nlast line\n", "last line"),
        (0, '{"load_sec', "", "no figures"),
        (0, "[1]", "", "no figures"),
        (3, '{"error": "no model there", "status": 3}', "", "no model there"),
    ],
)
def test_a_process_without_figures_becomes_one_sentence(status: int, output: str, messages: str, words: str) -> None:
    """If a process was killed, cut off or failed, one sentence says what was measured and why there is nothing."""
    with pytest.raises(MeasurementFailed, match=words) as caught:
        figures_of(Task("seesay", 1), status, output, messages)
    assert "seesay" in str(caught.value)
    assert caught.value.exit_status == (3 if status == 3 else 1)


def test_figures_come_back_whole() -> None:
    """The figures that the process prints come back as values."""
    assert figures_of(Task("limits", 1), 0, '{"a": 1.5}', "warnings do not count") == {"a": 1.5}


def test_a_task_crosses_to_another_process_unchanged() -> None:
    """A task crosses as JSON, with every field."""
    task = Task("seesay", 2, "/somewhere else/ü", 24, "avx2")
    assert Task.of_json(task.as_json()) == task


# The verb


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["bench", "--tokens", "4"], 2, "--engine"),
        (["bench", "--engine", "--model", "nowhere"], 3, "nowhere"),
        (["--verbose", "bench", "--engine", "--model", "nowhere"], 3, "nowhere"),
    ],
)
def test_wrong_use_is_one_sentence(
    arguments: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is the documented one, and nothing is on standard output."""
    assert main(arguments) == status
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("arguments", [["--threads", "0"], ["--rounds", "x"], ["--isa", "sse"], ["--threads", "1,,2"]])
def test_impossible_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The parser refuses them, with status 2."""
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--engine", *arguments])
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_a_real_bench_of_a_small_model(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every engine runs in its own process, all figures are there, and standard output has one JSON object."""
    arguments = ["bench", "--engine", "--model", str(small), "--rounds", "1", "--threads", "1", "--tokens", "8"]
    assert main([*arguments, "--isa", "plain", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    (result,) = measured["results"]
    assert set(result["engines"]) == {PLAIN, OURS, f"{OURS} plain"}
    assert result["tokens"] == {"image": 49, "prompt": 54, "question": QUESTION_TOKENS}
    assert {len(found[0]["decode_seconds"]) for found in result["all_rounds"].values()} == {7}
    for name, figures in result["engines"].items():
        for key, value in figures.items():
            if (name, key) == (PLAIN, "cancel_seconds"):  # because nobody can cancel there
                continue
            if key == "answer_joules":  # because most machines that run tests have no energy counter
                continue
            assert value is not None, (name, key)
            assert value > 0 or key == "disk_bytes" or "cpu" in key, (name, key)
    assert result["all_rounds"][f"{OURS} plain"][0]["detail"]["isa"] == "plain"
    assert result["all_rounds"][OURS][0]["detail"]["decode_bytes"] > 0
    assert 0 <= result["others_share"]["mean"] <= result["others_share"]["most"] <= 1
    assert set(measured["machine"]["versions"]) >= {"seesay", "python", "numpy", "torch"}
    report.table(measured)


def test_a_real_bench_tells_what_is_wrong_with_a_model(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fault is found in the other process and told here, with its status."""
    folder = tmp_path / "broken"
    shutil.copytree(small, folder)
    (folder / "tokenizer.json").write_text("{}")
    assert main(["bench", "--engine", "--model", str(folder), "--rounds", "1", "--threads", "1"]) == 3
    assert "tokenizer" in capsys.readouterr().err


# The machine's limits


def every_isa() -> list[Any]:
    from vision.engine.kernels.isa import available

    return list(available())


@pytest.mark.parametrize("isa", every_isa(), ids=lambda isa: isa.name)
def test_the_yardsticks_do_what_they_are_timed_for(isa: Any) -> None:
    """Reading adds up every word of its portion, and multiplying runs every step, so that 0.5·x + 1 goes to 2."""
    from vision.engine.kernels.roofline import WORK_ITEM_BYTES, _entry
    from vision.engine.kernels.thread_pool import Pool

    memory = np.random.default_rng(1).integers(0, 2**40, WORK_ITEM_BYTES // 8)
    sums = np.zeros(64, np.int64)
    products = np.zeros(1024, np.float32)
    with Pool(1) as pool:
        for entry, numbers in (
            (_entry("read", isa), [memory.ctypes.data, sums.ctypes.data]),
            (_entry("multiply", isa), [40, products.ctypes.data]),
        ):
            arguments = np.array(numbers, np.int64)
            pool.run(entry, 1, arguments.ctypes.data)
    assert sums.sum() == memory.sum()
    assert np.all(products[products != 0] == 2.0)
    assert np.count_nonzero(products) >= 64


def test_limits_are_measured_in_all_threads() -> None:
    """Both limits are positive, and memory of another size than whole portions is refused."""
    from vision.engine.kernels.roofline import WORK_ITEM_BYTES, flop_per_second, read_bytes_per_second
    from vision.engine.kernels.thread_pool import Pool

    with Pool(2) as pool:
        assert read_bytes_per_second(pool, np.ones(3 * WORK_ITEM_BYTES, np.uint8), 1) > 0
        assert flop_per_second(pool, 1) > 0
        with pytest.raises(ValueError, match="multiple"):
            read_bytes_per_second(pool, np.ones(100, np.uint8))

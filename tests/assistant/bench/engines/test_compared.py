"""What our engine is compared with: llama.cpp by a fake llama-server, OpenVINO by a fake package, and their options.

Neither the real program nor the real package is used here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.bench import engine
from assistant.bench.engine import EngineBench
from assistant.bench.engines import llama
from assistant.bench.engines.compared import LLAMA, OPENVINO, OURS, PLAIN, Compared, NotInstalled
from assistant.bench.engines.llama import answer_of, phases_of
from assistant.bench.limits.machine import Limits
from assistant.bench.material.random_model import random_checkpoint
from assistant.bench.pages import report
from assistant.bench.task import OTHER_WORDS, QUESTION_TOKENS, Task, cpu_seconds_of, memory, picture, question
from assistant.cli.main import main
from assistant.errors import AssistantError, UsageError
from tests.assistant.bench import fake_llama_server as fake
from tests.assistant.bench.test_bench import FIGURES, quiet, small_config
from vision.engine.checkpoint.checkpoint import open_checkpoint
from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
from vision.engine.generation.prompt import ChatPrompt


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random checkpoint."""
    return random_checkpoint(tmp_path_factory.mktemp("bench"), quiet, small_config())


@pytest.fixture
def files(tmp_path: Path) -> Compared:
    """The files of llama.cpp: a program that stands for llama-server, and two files that stand for GGUF files."""
    program = tmp_path / "llama-server"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{fake.__file__}' \"$@\"\n")
    program.chmod(0o755)
    (tmp_path / "model.gguf").write_text("works\n")
    (tmp_path / "mmproj.gguf").write_text("the encoder")
    return Compared((LLAMA,), program, tmp_path / "model.gguf", tmp_path / "mmproj.gguf")


def task_of(files: Compared, small: Path) -> Task:
    return files.with_files(Task(LLAMA, 2, str(small), tokens=5))


# llama.cpp


def test_llama_cpp_is_measured_by_its_own_timings(files: Compared, small: Path) -> None:
    """The phases come from the log and the object `timings`, the memory and processor time from the server's process.

    The unmeasured question's picture does not count.
    """
    figures = llama.measure(task_of(files, small))
    assert figures.vision_seconds == fake.ENCODER_MS / 1e3
    assert figures.prefill_seconds == fake.PICTURE_MS / 1e3
    assert figures.decode_seconds == [pytest.approx(fake.PREDICTED_MS / 1e3)]
    # The whole requests, without the tokens after the first: at least what the server took.
    assert figures.first_token_seconds is not None
    assert figures.seen_first_token_seconds is not None
    assert figures.first_token_seconds >= (fake.ENCODER_MS + fake.PICTURE_MS + fake.QUESTION_MS) / 1e3
    assert figures.seen_first_token_seconds >= fake.QUESTION_MS / 1e3
    assert figures.load_seconds > 0
    assert figures.peak_bytes > 1_000_000
    assert figures.answer_cpu_seconds is not None
    assert figures.detail["build"] == "b1234-fake"
    assert figures.detail["decode_bytes"] == len("works\n")
    assert figures.detail["vision_bytes"] == len("the encoder")
    assert figures.detail["read_tokens"] == fake.PROMPT_TOKENS + fake.QUESTION_TOKENS
    assert figures.detail["seen_read_tokens"] == fake.QUESTION_TOKENS


def test_the_first_token_comes_before_the_time_of_the_others() -> None:
    """A request of 2 s with an answer whose tokens took 1.5 s had its first token after 0.5 s."""
    answer = answer_of({"timings": {"prompt_n": 72, "predicted_n": 4, "predicted_ms": 1500.0}}, 2.0)
    assert answer.first_token_seconds == 0.5
    assert (answer.prompt_tokens, answer.answer_tokens, answer.build) == (72, 4, "")


def test_the_server_has_ended_after_the_measuring(
    files: Compared, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server stays behind, neither after the figures nor after an error."""
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def noting(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr("assistant.bench.engines.llama.subprocess.Popen", noting)
    with llama.Server(task_of(files, small)) as server:
        assert cpu_seconds_of(server.process_id) is not None
    assert files.gguf is not None
    files.gguf.write_text("refuse")
    with pytest.raises(AssistantError):
        llama.measure(task_of(files, small))
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_a_picture_that_the_server_forgot_is_not_called_seen(files: Compared, small: Path) -> None:
    """If the second question's picture had to be read again, there is no figure for a question on a seen picture."""
    assert files.gguf is not None
    files.gguf.write_text("forgets")
    figures = llama.measure(task_of(files, small))
    assert figures.seen_first_token_seconds is None
    assert figures.vision_seconds == fake.ENCODER_MS / 1e3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("broken", r"ended with status 1 while it loaded its model \(.*invalid magic characters"),
        ("refuse", "refused the question: image input is not supported"),
        ("untimed", "no timings"),
    ],
)
def test_a_server_that_fails_is_told_in_one_sentence(files: Compared, small: Path, fault: str, words: str) -> None:
    """It may not load its model, refuse pictures, or be too old to tell timings."""
    assert files.gguf is not None
    files.gguf.write_text(fault)
    with pytest.raises(AssistantError, match=words):
        llama.measure(task_of(files, small))


def test_a_program_that_cannot_be_started_is_named(files: Compared, small: Path) -> None:
    """A file that is no program is an error of its own."""
    assert files.llama_server is not None
    files.llama_server.chmod(0o644)
    with pytest.raises(AssistantError, match=r"cannot start .*llama-server: Permission denied"):
        llama.measure(task_of(files, small))


def test_the_log_tells_the_encoder_and_the_pictures_tokens() -> None:
    """The batches of one picture are added; a log without such lines gives nothing."""
    log = (
        "srv: image slice encoded in 100 ms\nimage decoded (batch 1/2) in 30 ms\nimage decoded (batch 2/2) in 20 ms\n"
        "image slice encoded in 90 ms\n"
    )
    assert phases_of(log) == [(0.1, pytest.approx(0.05)), (0.09, None)]
    assert phases_of("all slots are idle\nimage decoded (batch 1/1) in 20 ms\n") == []


def test_the_two_questions_are_equally_long_and_begin_differently(small: Path) -> None:
    """The second one finds nothing of the first in the cache but the picture."""
    checkpoint = open_checkpoint(small)
    tokenizer = CheckpointTokenizer(checkpoint)
    prompt = ChatPrompt(tokenizer, tokenizer.special_tokens(checkpoint.config))
    first, second = question(prompt), question(prompt, OTHER_WORDS)
    assert len(prompt.question(first)) == len(prompt.question(second)) == QUESTION_TOKENS
    assert prompt.question(first)[0] != prompt.question(second)[0]


def test_another_process_tells_its_memory_and_its_processor_time() -> None:
    """The figures are those of the process that was named, not of this one."""
    code = "x = bytearray(60_000_000)\nfor n in range(3_000_000): pass\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        peak, seconds = memory(process.pid)["peak_bytes"], cpu_seconds_of(process.pid)
        process.communicate(b"\n")
    assert peak is not None
    assert 60_000_000 < peak < 120_000_000
    assert seconds is not None
    assert seconds > 0.02
    assert cpu_seconds_of(process.pid) is None


# OpenVINO


@dataclass
class Pair:
    mean: float
    std: float = 0.0


class Told:
    """The figures of openvino-genai, in milliseconds; a negative one was not measured."""

    def get_ttft(self) -> Pair:
        return Pair(5500.0)

    def get_tpot(self) -> Pair:
        return Pair(231.0)

    def get_prepare_embeddings_duration(self) -> Pair:
        return Pair(2700.0)

    def get_num_input_tokens(self) -> int:
        return 72


class NewerTold(Told):
    def get_vision_encoding_duration(self) -> Pair:
        return Pair(2600.0)


class UnmeasuredTold(NewerTold):
    def get_tpot(self) -> Pair:
        return Pair(-1.0, -1.0)


@dataclass
class FakePackage:
    """Stands for openvino and openvino-genai, and records what was asked."""

    told: Told
    made: list[tuple[str, str, Mapping[str, Any]]]
    asked: list[tuple[str, tuple[int, ...], int, bool]]

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        runtime, genai = types.ModuleType("openvino"), types.ModuleType("openvino_genai")
        package = self

        class GenerationConfig:
            max_new_tokens = 0
            ignore_eos = False

        class VLMPipeline:
            def __init__(self, folder: str, device: str, **properties: Any) -> None:
                package.made.append((folder, device, properties))

            def generate(self, prompt: str, *, images: list[Any], generation_config: GenerationConfig) -> Any:
                given = (images[0].shape, generation_config.max_new_tokens, generation_config.ignore_eos)
                package.asked.append((prompt, *given))
                return types.SimpleNamespace(perf_metrics=package.told)

        runtime.Tensor = np.asarray  # type: ignore[attr-defined]
        genai.GenerationConfig = GenerationConfig  # type: ignore[attr-defined]
        genai.VLMPipeline = VLMPipeline  # type: ignore[attr-defined]
        genai.__version__ = "2026.1"  # type: ignore[attr-defined]
        genai.__spec__ = types.SimpleNamespace(name="openvino_genai")  # type: ignore[assignment]
        monkeypatch.setitem(sys.modules, "openvino", runtime)
        monkeypatch.setitem(sys.modules, "openvino_genai", genai)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A folder with the names that optimum-intel gives."""
    folder = tmp_path / "exported"
    folder.mkdir()
    sizes = {
        "openvino_language_model": 700,
        "openvino_vision_embeddings_model": 80,
        "openvino_vision_embeddings_merger_model": 20,
        "openvino_text_embeddings_model": 300,
    }
    for name, size in sizes.items():
        (folder / f"{name}.xml").write_text("")
        (folder / f"{name}.bin").write_bytes(bytes(size))
    return folder


@pytest.mark.parametrize(("told", "vision"), [(NewerTold(), 2.6), (Told(), 2.7)])
def test_openvino_is_measured_by_its_own_figures(
    small: Path, exported: Path, monkeypatch: pytest.MonkeyPatch, told: Told, vision: float
) -> None:
    """It gets the same picture, question and threads, and computes in float32. What it does not tell stays empty.

    An older version tells the encoder only together with the words' embeddings.
    """
    from assistant.bench.engines.openvino import measure

    package = FakePackage(told, [], [])
    package.install(monkeypatch)
    figures = measure(Compared((OPENVINO,), openvino_model=exported).with_files(Task(OPENVINO, 2, str(small), 24)))
    ((folder, device, properties),) = package.made
    assert (folder, device, properties["INFERENCE_NUM_THREADS"]) == (str(exported), "CPU", 2)
    assert {properties["INFERENCE_PRECISION_HINT"], properties["KV_CACHE_PRECISION"]} == {"f32"}
    (warm, *_), (asked, shape, tokens, goes_on) = package.asked
    assert warm == asked
    assert (shape, tokens, goes_on) == (picture().shape, 24, True)
    assert figures.vision_seconds == vision
    assert (figures.first_token_seconds, figures.decode_seconds) == (5.5, [0.231])
    assert figures.prefill_seconds is None
    assert figures.seen_first_token_seconds is None
    assert (figures.detail["decode_bytes"], figures.detail["vision_bytes"]) == (700, 100)


def test_a_figure_that_openvino_did_not_measure_stays_empty(
    small: Path, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells -1 for what it did not measure."""
    from assistant.bench.engines.openvino import measure

    FakePackage(UnmeasuredTold(), [], []).install(monkeypatch)
    assert measure(Task(OPENVINO, 2, str(small), model=str(exported))).decode_seconds == []


# The options


def test_what_is_not_there_is_told_before_anything_is_measured(
    files: Compared, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing file is named with its option, and the status is 3."""
    files.require()
    assert files.mmproj is not None
    files.mmproj.unlink()
    with pytest.raises(NotInstalled, match=r"--mmproj .*mmproj\.gguf: there is no such file"):
        files.require()
    assert NotInstalled.exit_status == 3
    FakePackage(Told(), [], []).install(monkeypatch)
    Compared((OPENVINO,), openvino_model=exported).require()
    with pytest.raises(NotInstalled, match=r"no openvino_language_model\.xml"):
        Compared((OPENVINO,), openvino_model=exported.parent).require()


def test_llama_mtmd_cli_is_refused(files: Compared, tmp_path: Path) -> None:
    """It cannot be asked twice about a picture, and llama-server is built beside it."""
    with pytest.raises(UsageError, match="give llama-server"):
        Compared((LLAMA,), tmp_path / "llama-mtmd-cli", files.gguf, files.mmproj).require()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--compare", "llama.cpp"], 2, "--llama-server PROGRAM"),
        (["--compare", "openvino"], 2, "--openvino-model FOLDER"),
        (["--compare", "openvino", "--openvino-model", "x"], 3, "pip install openvino-genai"),
        (["--gguf", "x.gguf"], 2, "--compare llama.cpp"),
        (["--openvino-model", "x"], 2, "--compare openvino"),
    ],
)
def test_wrong_options_are_one_sentence(
    arguments: list[str],
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The status is the documented one, nothing is on standard output, and nothing has been measured."""
    monkeypatch.setitem(sys.modules, "openvino_genai", None)  # as if it were not installed, whether it is or not
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["bench", "--engine", "--model", "demo", *arguments]) == status
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_several_are_compared_in_the_order_that_was_given(files: Compared, small: Path, exported: Path) -> None:
    """Every one has its ratio and its shares, and a figure that it does not tell has none.

    Only ours is prepared. The program's build and another number of tokens are told below the table.
    """
    asked: list[Task] = []

    def run(task: Task) -> Mapping[str, Any]:
        asked.append(task)
        if task.what == "limits":
            return vars(Limits.of(30e9, 100e9, 90e9))
        told: dict[str, dict[str, Any]] = {
            OURS: {},
            PLAIN: {"first_token_seconds": 2.0},
            LLAMA: {"first_token_seconds": 3.0, "detail": {"build": "b1", "model": "m.gguf", "read_tokens": 75}},
            OPENVINO: {"first_token_seconds": 4.0, "prefill_seconds": None},
        }
        return FIGURES | told[task.what]

    compared = Compared((LLAMA, OPENVINO, PLAIN), files.llama_server, files.gguf, files.mmproj, exported)
    wanted = EngineBench(threads=(2,), rounds=1, isas=("avx2",), compared=compared)
    measured = engine.measure(wanted, open_checkpoint(small), run)
    json.dumps(measured)
    assert [task.what for task in asked] == [OURS, OURS, "limits", OURS, LLAMA, OPENVINO, PLAIN, OURS]
    assert [task.model for task in asked if task.what in (LLAMA, OPENVINO)] == [str(files.gguf), str(exported)]
    (result,) = measured["results"]
    assert {name: of[OURS]["first_token_seconds"] for name, of in result["ratios"].items()} == {
        LLAMA: 3.0,
        OPENVINO: 4.0,
        PLAIN: 2.0,
    }
    assert result["ratios"][OPENVINO][OURS]["prefill_seconds"] is None
    assert set(result["shares"][LLAMA]) == set(result["shares"][PLAIN]) == set(result["shares"][OURS])
    text = report.table(measured)
    head = next(line for line in text.splitlines() if line.startswith("2 threads"))
    assert head.split()[2:] == "llama.cpp ratio OpenVINO ratio transformers ratio SeeSay SeeSay avx2".split()
    assert "llama.cpp: b1, m.gguf." in text
    assert "llama.cpp read 75 tokens for picture and question where SeeSay read 72" in text


def test_a_real_bench_beside_a_fake_llama_server(
    files: Compared, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server runs as a child of a measuring process, and its figures come back in the table and as JSON."""
    arguments = ["bench", "--engine", "--model", str(small), "--rounds", "1", "--threads", "2", "--tokens", "4"]
    llama_options = ["--llama-server", files.llama_server, "--gguf", files.gguf, "--mmproj", files.mmproj]
    assert main([*arguments, "--compare", "llama.cpp", *map(str, llama_options), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    (result,) = measured["results"]
    assert measured["compared"] == [LLAMA]
    assert set(result["engines"]) == {OURS, LLAMA}
    assert result["engines"][LLAMA]["vision_seconds"] == fake.ENCODER_MS / 1e3
    assert result["other_tokens"] == {}
    assert "llama.cpp: b1234-fake, model.gguf, mmproj.gguf." in report.table(measured)

"""Measures OpenVINO GenAI on a model that optimum-intel exported, with float32 arithmetic. In a process of its own.

The picture, the question, the length of the answer and the number of threads are those of the other engines, and the
package's own figures are used (`VLMPerfMetrics`). It has no figure for the prompt without the question, and no call
that looks at a picture before the question is known, so these two stay empty. The properties are those that the
package's documentation gives for exact comparisons: float32 arithmetic, a float32 KV cache, no quantized activations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.bench.sensors import this_machine
from assistant.bench.task import Figures, Stopwatch, Task, memory, picture, question


def measure(task: Task) -> Figures:
    """Loads and asks about a picture, after one unmeasured question."""
    folder = Path(task.model)
    words = _words(Path(task.checkpoint))
    meter = this_machine().meter()
    loading = Stopwatch()
    import openvino
    import openvino_genai

    pipe = openvino_genai.VLMPipeline(
        str(folder),
        "CPU",
        INFERENCE_NUM_THREADS=task.threads,
        INFERENCE_PRECISION_HINT="f32",
        KV_CACHE_PRECISION="f32",
        DYNAMIC_QUANTIZATION_GROUP_SIZE=0,
    )
    load_seconds, load_cpu_seconds = loading.seconds, loading.cpu_seconds
    image = openvino.Tensor(picture())
    config = openvino_genai.GenerationConfig()
    config.ignore_eos = True
    config.max_new_tokens = 2
    pipe.generate(words, images=[image], generation_config=config)
    config.max_new_tokens = task.tokens
    meter()
    answering = Stopwatch()
    told = pipe.generate(words, images=[image], generation_config=config).perf_metrics
    answer_cpu_seconds, joules = answering.cpu_seconds, meter()
    decode = seconds_of(told.get_tpot())
    return Figures(
        load_seconds=load_seconds,
        vision_seconds=_vision_seconds(told),
        prefill_seconds=None,
        first_token_seconds=seconds_of(told.get_ttft()),
        seen_first_token_seconds=None,
        decode_seconds=[] if decode is None else [decode],
        cancel_seconds=None,
        load_cpu_seconds=load_cpu_seconds,
        answer_cpu_seconds=answer_cpu_seconds,
        answer_joules=joules,
        detail={
            "build": str(openvino_genai.__version__),
            "decode_bytes": _bytes(folder, "openvino_language_model.bin"),
            "vision_bytes": _bytes(folder, "openvino_vision_embeddings*.bin"),
            "read_tokens": int(told.get_num_input_tokens()),
        },
        **memory(),  # type: ignore[arg-type]  # the peak is always there
    )


def seconds_of(told: Any) -> float | None:
    """The mean of a `MeanStdPair` of milliseconds in seconds; None if it is negative, because nothing was measured."""
    return None if told.mean < 0 else told.mean / 1e3


def _vision_seconds(told: Any) -> float | None:
    """The encoder's seconds. An older version only tells them together with the look-up of the words' embeddings."""
    if hasattr(told, "get_vision_encoding_duration"):
        return seconds_of(told.get_vision_encoding_duration())
    return seconds_of(told.get_prepare_embeddings_duration())


def _bytes(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern))


def _words(folder: Path) -> str:
    from vision.engine.checkpoint.checkpoint import open_checkpoint
    from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
    from vision.engine.generation.prompt import ChatPrompt

    checkpoint = open_checkpoint(folder)
    tokenizer = CheckpointTokenizer(checkpoint)
    return question(ChatPrompt(tokenizer, tokenizer.special_tokens(checkpoint.config)))

"""Measures what our engine is compared with: transformers in float32, as its documentation shows it.

It runs in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.bench.sensors import this_machine
from assistant.bench.task import Figures, Stopwatch, Task, memory, picture, question
from vision.engine.models.transformers_model import cache_keyword

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vision.engine.generation.prompt import ChatPrompt


def measure(task: Task) -> Figures:
    """Loads, looks, asks and decodes once, after one unmeasured question that wakes the libraries."""
    folder = Path(task.checkpoint)
    loading = Stopwatch()
    network = load(folder, task.threads)
    load_seconds, load_cpu_seconds = loading.seconds, loading.cpu_seconds
    import torch

    meter = this_machine().meter()
    with torch.inference_mode():
        user = User(network, folder, picture(), question)
        user.look()
        user.read_question()
        user.one_more()
        meter()
        answering = Stopwatch()
        vision, prefill = user.look()
        seen = Stopwatch()
        user.read_question()
        seen_seconds = seen.seconds
        decode = [user.one_more() for _ in range(task.tokens - 1)]
        answer_cpu_seconds, joules = answering.cpu_seconds, meter()
        first = user.generate_one()
    return Figures(
        load_seconds=load_seconds,
        vision_seconds=vision,
        prefill_seconds=prefill,
        first_token_seconds=first,
        seen_first_token_seconds=seen_seconds,
        decode_seconds=decode,
        cancel_seconds=None,
        load_cpu_seconds=load_cpu_seconds,
        answer_cpu_seconds=answer_cpu_seconds,
        answer_joules=joules,
        image_tokens=user.image_tokens,
        prompt_tokens=len(user.prompt),
        question_tokens=len(user.question),
        **memory(),  # type: ignore[arg-type]  # the peak is always there
    )


def load(folder: Path, threads: int) -> Any:
    """The model, all of it in float32."""
    import torch
    from transformers import AutoTokenizer, Qwen3VLForConditionalGeneration

    torch.set_num_threads(threads)
    AutoTokenizer.from_pretrained(folder)
    network = Qwen3VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    network.eval()
    return network


class User:
    """A user of transformers: it holds the network, the prompt and the cache, and calls the network's public methods.

    `square` is (side, side, 3); `words` makes the question for a prompt.
    """

    def __init__(
        self, network: Any, folder: Path, square: NDArray[np.uint8], words: Callable[[ChatPrompt], str]
    ) -> None:
        import torch

        from vision.engine.checkpoint.checkpoint import open_checkpoint
        from vision.engine.checkpoint.tokenizer import CheckpointTokenizer
        from vision.engine.generation.prompt import ChatPrompt
        from vision.preprocess import PatchSpec, pixel_values

        checkpoint = open_checkpoint(folder)
        tokenizer = CheckpointTokenizer(checkpoint)
        special = tokenizer.special_tokens(checkpoint.config)
        prompt = ChatPrompt(tokenizer, special)
        spec = PatchSpec.of_checkpoint(folder)
        patches, grid = pixel_values(square, spec)
        rows, columns = (int(side) // spec.merge_patches for side in grid[0, 1:])
        part = prompt.picture(rows, columns)
        self.image_tokens = rows * columns
        self.prompt: list[int] = part.ids.tolist()
        self.question = prompt.question(words(prompt))
        self._shift = part.shift
        self._image = special.image
        self._network = network
        self._patches, self._grid = torch.from_numpy(patches), torch.from_numpy(grid)
        self._vision_seconds = 0.0
        self._time_the_encoder()

    def look(self) -> tuple[float, float]:
        """Reads the picture into a new cache. Returns the seconds of the vision encoder and of the rest."""
        from transformers import DynamicCache

        self._cache = DynamicCache(config=self._network.config)
        whole = Stopwatch()
        self._network(**self._inputs(self.prompt), **self._with_cache(), use_cache=True, logits_to_keep=1)
        seconds = whole.seconds
        return self._vision_seconds, seconds - self._vision_seconds

    def read_question(self) -> None:
        self._next = self._read(self.question)

    def one_more(self) -> float:
        """Decodes one token and returns its seconds."""
        one = Stopwatch()
        self._next = self._read([self._next])
        return one.seconds

    def generate_one(self) -> float:
        """Seconds from picture and question to the first token."""
        whole = Stopwatch()
        self._network.generate(**self._inputs([*self.prompt, *self.question]), max_new_tokens=1, do_sample=False)
        return whole.seconds

    def _inputs(self, tokens: list[int]) -> dict[str, Any]:
        import torch

        ids = torch.tensor([tokens])
        return {
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "mm_token_type_ids": (ids == self._image).int(),
            "pixel_values": self._patches,
            "image_grid_thw": self._grid,
        }

    def _with_cache(self) -> dict[str, Any]:
        return {cache_keyword(self._network): self._cache}

    def _read(self, tokens: list[int]) -> int:
        import torch

        first = self._cache.get_seq_length() + self._shift
        positions = torch.arange(first, first + len(tokens)).expand(3, 1, -1)
        read = self._network(
            input_ids=torch.tensor([tokens]),
            position_ids=positions,
            **self._with_cache(),
            use_cache=True,
            logits_to_keep=1,
        )
        return int(read.logits[0, -1].argmax())

    def _time_the_encoder(self) -> None:
        def begin(module: Any, arguments: Any) -> None:
            self._encoding = Stopwatch()

        def end(module: Any, arguments: Any, result: Any) -> None:
            self._vision_seconds = self._encoding.seconds

        self._network.model.visual.register_forward_pre_hook(begin)
        self._network.model.visual.register_forward_hook(end)

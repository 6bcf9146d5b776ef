"""Measures the shipped checkpoint in float32: exact answers by kind of question, on scenes and faces new to it.

python -m vision.demo_model.evaluate --scenes 400 [--checkpoint FOLDER] [--generate 40] [--wrong 20]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vision.demo_model import CHECKPOINT
from vision.demo_model.rendering.fonts import BUILTIN, held_out_fonts
from vision.demo_model.training import marking
from vision.demo_model.training.marking import Exam, Marks
from vision.demo_model.training.network import QuickEye, QuickLanguage
from vision.demo_model.training.packing import Packer


@dataclass(frozen=True, eq=False)
class Examinee:
    """Holds the checkpoint as transformers loads it, its tokenizer, and the quick forward pass on the same weights."""

    model: Any
    tokenizer: Any
    eye: QuickEye
    language: QuickLanguage
    packer: Packer


def load(checkpoint: Path = CHECKPOINT) -> Examinee:
    from transformers import AutoTokenizer, Qwen3VLForConditionalGeneration

    model = Qwen3VLForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    eye = QuickEye(model.model.visual, torch.float32)
    language = QuickLanguage(model.model.language_model, torch.float32)
    return Examinee(model, tokenizer, eye, language, Packer(tokenizer.backend_tokenizer, torch.float32))


def marks(examinee: Examinee, paper: Exam) -> Marks:
    return marking.mark(examinee.eye, examinee.language, examinee.packer, paper)


def generated(examinee: Examinee, patches: np.ndarray, question: str) -> str:
    """The answer of transformers' own greedy generation to one question. `patches` are (196, 3072) uint8."""
    return answered(examinee, patches, question)[0]


def answered(examinee: Examinee, patches: np.ndarray, question: str) -> tuple[str, float]:
    """The same answer, and the probability of its least sure token."""
    model, packer = examinee.model, examinee.packer
    half = torch.from_numpy(patches).float().div(127.5).sub(1.0).view(196, 3, 1, 1024)
    ids: Tensor = torch.tensor([packer.prompt(question)])
    written = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        mm_token_type_ids=(ids == model.config.image_token_id).int(),
        pixel_values=half.expand(-1, -1, 2, -1).reshape(196, -1),
        image_grid_thw=torch.tensor([[1, 14, 14]]),
        max_new_tokens=48,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    answer = str(examinee.tokenizer.decode(written.sequences[0, ids.shape[1] :], skip_special_tokens=True))
    return answer, min(float(torch.softmax(logits[0], -1).max()) for logits in written.logits)


def generation_agrees(examinee: Examinee, paper: Exam, count: int) -> tuple[int, int]:
    """How many first questions about the first `count` pictures are generated exactly right, of how many."""
    right = asked = 0
    for patches, talks in list(zip(paper.patches, paper.asked, strict=True))[:count]:
        for turn in (talk[0] for talk in talks if len(talk) == 1):
            asked += 1
            right += generated(examinee, patches, turn.question) == turn.answer
    return right, asked


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument(
        "--generate", type=int, default=0, help="pictures whose questions are also answered by generate()"
    )
    parser.add_argument("--wrong", type=int, default=0, help="wrong answers to show")
    parser.add_argument("--threads", type=int, default=1)
    given: Any = parser.parse_args(argv)
    torch.set_num_threads(given.threads)
    examinee = load(given.checkpoint)
    papers = {
        "held-out fonts": marking.exam(given.scenes, held_out_fonts(), seed=880_001),
        "built-in font": marking.exam(given.scenes, (BUILTIN,), seed=880_002),
    }
    for name, paper in papers.items():
        result = marks(examinee, paper)
        print(f"{name}, {given.scenes} scenes")
        for kind in sorted(result.asked):
            print(f"  {kind:<11}{result.right[kind]:>6} of {result.asked[kind]:<6}{100 * result.share(kind):6.1f} %")
        for turn, guess in result.wrong[: given.wrong]:
            said = examinee.tokenizer.decode([int(token) for token in guess.split()], skip_special_tokens=True)
            print(f"    {turn.question!r}: {turn.answer!r}, not {said!r}")
        if given.generate:
            right, asked = generation_agrees(examinee, paper, given.generate)
            print(f"  generate(): {right} of {asked} first questions right")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""transformers alone, with which the engine is compared: its templates, processors and `generate`, not our cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vision.frame import Frame
from vision.preprocess import Fit, PatchSpec, fitted


class Reference:
    """A checkpoint as transformers loads it, in float32. `options` are those of `generate`.

    `fit` says how a picture gets its size; everything after that is transformers' own.
    """

    def __init__(self, folder: Path, fit: Fit = "pad") -> None:
        import torch
        from transformers import AutoTokenizer, Qwen3VLForConditionalGeneration
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        torch.set_num_threads(1)
        self._fit, self._step_pixels = fit, PatchSpec.of_checkpoint(folder).step_pixels
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.processor = Qwen2VLImageProcessorPil.from_pretrained(folder)
        self.network: Any = Qwen3VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()

    def answers(
        self, frame: Frame, questions: tuple[str, ...], length: int, *, instructions: str = "", **options: Any
    ) -> list[list[int]]:
        """The tokens of a conversation that is read from its start at every turn, whatever the answers look like."""
        system = [{"role": "system", "content": instructions}] if instructions else []
        ids = self.chat([*system, asked(questions[0], picture=True)])
        found: list[list[int]] = []
        for turn, question in enumerate(questions):
            if turn:
                ids += self.encode(f"<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n")
            found.append(self.answer(frame, ids, length, **options))
            ids += found[-1]
        return found

    def chat_answers(self, frame: Frame, questions: tuple[str, ...], length: int) -> list[list[int]]:
        """The same from text: each turn puts all messages so far through the chat template and the tokenizer."""
        messages: list[dict[str, Any]] = []
        found: list[list[int]] = []
        for question in questions:
            messages.append(asked(question, picture=not messages))
            found.append(self.answer(frame, self.chat(messages), length))
            said = self.tokenizer.decode(found[-1])
            messages.append({"role": "assistant", "content": [{"type": "text", "text": said}]})
        return found

    def answer(self, frame: Frame, ids: list[int], length: int, **options: Any) -> list[int]:
        """The greedy tokens, without the stop token, after a prompt with one `<|image_pad|>` for the picture."""
        import torch

        inputs = self.inputs(frame, ids)
        with torch.inference_mode():
            whole = self.network.generate(
                **inputs,
                attention_mask=torch.ones_like(inputs["input_ids"]),
                max_new_tokens=length,
                **{"do_sample": False, **options},
            )
        stops = self.network.generation_config.eos_token_id
        return [token for token in whole[0, inputs["input_ids"].shape[1] :].tolist() if token not in stops]

    def inputs(self, frame: Frame, ids: list[int]) -> dict[str, Any]:
        """The inputs of the network for a picture and ids with one `<|image_pad|>` for it."""
        import torch

        rgb = fitted(frame.rgb, self._fit, self._step_pixels)
        seen = self.processor(images=[rgb], do_resize=False, return_tensors="pt")
        image = self.network.config.image_token_id
        place = ids.index(image)
        ids = [*ids[:place], *[image] * (int(seen["image_grid_thw"].prod()) // 4), *ids[place + 1 :]]
        prompt = torch.tensor([ids])
        return {
            "input_ids": prompt,
            "mm_token_type_ids": (prompt == image).int(),
            "pixel_values": seen["pixel_values"],
            "image_grid_thw": seen["image_grid_thw"],
        }

    def chat(self, messages: list[dict[str, Any]]) -> list[int]:
        """The ids of a conversation that waits for its next answer."""
        return self.encode(self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))

    def encode(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def asked(question: str, *, picture: bool) -> dict[str, Any]:
    """A user's message."""
    return {"role": "user", "content": [*([{"type": "image"}] if picture else []), {"type": "text", "text": question}]}

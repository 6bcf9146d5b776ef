"""The optimisers and the learning-rate curve that every stage of the training uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class Optimizers:
    """Muon for the matrices inside the blocks, because it needs fewer steps, and AdamW for everything else."""

    def __init__(self, modules: Iterable[nn.Module], muon_rate: float, adam_rate: float) -> None:
        matrices: list[Tensor] = []
        rest: list[Tensor] = []
        for module in modules:
            for name, parameter in module.named_parameters():
                inside = parameter.ndim == 2 and ("blocks." in name or "layers." in name)
                (matrices if inside else rest).append(parameter)
        self._parameters = matrices + rest
        muon = torch.optim.Muon(
            matrices, lr=muon_rate, weight_decay=0.05, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        )
        adam = torch.optim.AdamW(rest, lr=adam_rate, betas=(0.9, 0.98), weight_decay=0.02)
        self._each: tuple[tuple[Any, float], ...] = ((muon, muon_rate), (adam, adam_rate))

    def step(self, scale: float) -> None:
        """Takes one step at `scale` of the full rates, with the gradient's norm held to 1, and clears the gradients."""
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        for optimizer, rate in self._each:
            for group in optimizer.param_groups:
                group["lr"] = rate * scale
            optimizer.step()
        for parameter in self._parameters:
            parameter.grad = None


class Average:
    """A running mean of a module's weights, without the noise of single steps. These weights are marked and shipped."""

    def __init__(self, module: nn.Module, keep: float) -> None:
        self._live: list[Tensor] = list(module.parameters())
        self._mean = [parameter.detach().clone() for parameter in self._live]
        self._keep = keep
        self._steps = 0

    @torch.no_grad()
    def update(self) -> None:
        self._steps += 1
        share = max(1.0 - self._keep, 1.0 / self._steps)
        torch._foreach_lerp_(self._mean, self._live, share)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the module the mean weights inside the `with` block."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for live, mean in zip(self._live, self._mean, strict=True):
            kept = live.clone()
            live.copy_(mean)
            mean.copy_(kept)


def rate_scale(step: int, progress: float, *, warm_up_steps: int = 60, hold: float = 0.4) -> float:
    """The scale of the learning rates: it rises in a straight line, is held, and falls to a fiftieth.

    `progress` is the share of the time that is over, 0 to 1. The fall begins at `hold`.
    """
    rise = min(1.0, (step + 1) / warm_up_steps)
    fall = 1.0 if progress < hold else 1.0 - 0.98 * min(1.0, (progress - hold) / (1.0 - hold))
    return rise * fall

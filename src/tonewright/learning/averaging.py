"""What supervised trainings share: how the learning rate goes, and weights that follow the trained ones."""

from __future__ import annotations

import math

from tonewright.learning.torch_import import nn, torch


def warm_cosine(update: int, updates: int) -> float:
    """Share of the highest learning rate: up over the first 1 % of the updates, and down along a cosine."""
    warm = max(1, updates // 100)
    return min(1.0, (update + 1) / warm) * 0.5 * (1 + math.cos(math.pi * update / updates))


@torch.no_grad()
def follow(averaged: nn.Module, trained: nn.Module, average: float, update: int) -> None:
    """Let averaged weights follow trained ones, quickly at first and as slowly as `average` says later on."""
    kept = min(average, (1 + update) / (10 + update))
    for mean, weight in zip(averaged.parameters(), trained.parameters(), strict=True):
        mean.lerp_(weight, 1 - kept)

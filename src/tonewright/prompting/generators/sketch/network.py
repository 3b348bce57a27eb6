"""The flow's network: from a noisy latent, a time and a text to a velocity."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tonewright.prompting.generators.sketch.text import LENGTH, NOTHING

_TIMES = 16
_HEADS = 4


class TextEncoder(nn.Module):
    """Words in, a vector out: a layer of attention, and the mean over the words.

    Args:
        words: How many numbers there are for words.
        width: Of the vector.
    """

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.words = nn.Parameter(0.3 * torch.randn(words, width))
        self.places = nn.Parameter(0.1 * torch.randn(LENGTH, width))
        self.attention = _Attention(width)
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Vector `[B, width]` of numbers of words `[B, L]`, whole and float32, `LENGTH` at most."""
        there = (tokens != NOTHING).float()
        hidden = self.words[tokens.long()] + self.places[: tokens.shape[1]]
        hidden = self.attention(hidden, there)
        weights = there[:, :, None]
        mean: Tensor = (self.norm(hidden) * weights).sum(1) / weights.sum(1).clamp(min=1.0)
        return mean


class _Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.into, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner, self.outer = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        width = x.shape[2]
        query, key, value = (
            part.unflatten(2, (_HEADS, width // _HEADS)).transpose(1, 2)
            for part in self.into(self.norm(x)).chunk(3, dim=2)
        )
        scores = query @ key.transpose(2, 3) / math.sqrt(width // _HEADS)
        scores = scores + (there[:, None, None, :] - 1) * 1e4
        attended = (scores.softmax(dim=3) @ value).transpose(1, 2).flatten(2)
        x = x + self.out(attended)
        changed: Tensor = x + self.outer(functional.gelu(self.inner(self.after(x))))
        return changed


class Flow(nn.Module):
    """Velocity of a latent, from sound (time 0) to noise (time 1).

    Args:
        size: Numbers of a latent.
        words: How many numbers there are for words.
        width: Of the blocks.
        depth: How many blocks.
        text_width: Of the text's vector.
    """

    def __init__(self, size: int, words: int, *, width: int, depth: int, text_width: int = 128) -> None:
        super().__init__()
        self.text = TextEncoder(words, text_width)
        self.condition = nn.Sequential(
            nn.Linear(text_width + 2 * _TIMES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.into = nn.Linear(size, width)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        last = nn.Linear(width, size)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.out = nn.Sequential(nn.LayerNorm(width), last)

    def forward(self, latents: Tensor, time: Tensor, tokens: Tensor) -> Tensor:
        """Velocity `[B, size]` of latents `[B, size]` at times `[B, 1]`, for texts `[B, LENGTH]`."""
        angles = time * (math.pi * 2.0 ** torch.arange(_TIMES, dtype=torch.float32, device=time.device) / 16)
        wave = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)
        condition = self.condition(torch.cat([self.text(tokens), wave], dim=1))
        hidden = self.into(latents)
        for block in self.blocks:
            hidden = block(hidden, condition)
        velocity: Tensor = self.out(hidden)
        return velocity


class _Block(nn.Module):
    """x + gate · MLP(scaled norm), by the condition (adaptive norm, Peebles and Xie 2023)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulate = nn.Linear(width, 3 * width)
        self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift, gate = self.modulate(functional.silu(condition)).chunk(3, dim=1)
        hidden = self.norm(x) * (1 + scale) + shift
        changed: Tensor = x + gate * self.outer(functional.silu(self.inner(hidden)))
        return changed

"""Torch, or a clear word on how to install it."""

from __future__ import annotations

from tonewright.errors import MissingExtraError

try:
    import torch
    from torch import Tensor, nn
except ModuleNotFoundError as error:
    raise MissingExtraError("torch", "train", "training") from error

__all__ = ["Tensor", "nn", "torch"]

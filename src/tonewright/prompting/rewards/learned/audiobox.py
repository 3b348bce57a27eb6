"""Audiobox Aesthetics: points from 1 to 10 for how a sound is produced, enjoyed and used.

Source: Tjandra et al., Meta Audiobox Aesthetics (arXiv 2502.05139); its package and weights are CC-BY 4.0.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CheckpointError, MissingExtraError
from tonewright.learning.devices import device_of
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.listening.analysis import Floats, Heard, once
from tonewright.prompting.rewards.learned.checkpoints import LOAD_ERRORS, reason, weights_folder
from tonewright.prompting.rewards.learned.hearing import windows
from tonewright.prompting.rewards.learned.scales import AUDIOBOX_POINTS
from tonewright.prompting.rewards.terms import Term

WHAT = "Audiobox Aesthetics"
try:
    import torch

    # Its network alone: its predictor imports torchaudio, which fails beside other builds of torch.
    from audiobox_aesthetics.model.aes import AesMultiOutput
    from safetensors.torch import load_model
except ImportError as missing:
    raise MissingExtraError("audiobox_aesthetics", "audiobox", f"scoring with {WHAT}") from missing

MODEL = "facebook/audiobox-aesthetics"
SAMPLE_RATE_HZ, WINDOW_S = 16_000, 10
AXES = {"PQ": "production quality", "CE": "content enjoyment", "CU": "content usefulness"}
"""The axes that count. A fourth, PC, tells how complex a sound is, which is no merit."""


class Audiobox:
    """Quality: three axes of Audiobox Aesthetics.

    Args:
        model: A folder, or a name on the Hugging Face hub.
        device: As torch has it; a GPU if there is one, unless named.
        batch: How many windows are heard at once.

    Raises:
        CheckpointError: The weights are missing, damaged or of another kind.
        UsageError: There is no such device.
    """

    name, component = "audiobox", "quality"

    def __init__(self, model: str = MODEL, *, device: str | None = None, batch: int = 8) -> None:
        self._device, self._batch = device_of(device, WHAT), batch
        self._network = _load(weights_folder(model, WHAT, "audiobox"), model)
        self._network.to(self._device).eval()
        self.points = once(self._points)

    def terms(self, heard: Heard, brief: Brief) -> list[Term]:
        """A term for each axis, whatever the brief says."""
        points = self.points(heard)
        return [
            Term(f"audiobox {axis}", AUDIOBOX_POINTS(one), one, "points", f"{meaning}, by {WHAT}")
            for (axis, meaning), one in zip(AXES.items(), points.T, strict=True)
        ]

    def _points(self, heard: Heard) -> Floats:
        """Points of each sound on each axis, `[B, 3]`: the mean of its windows."""
        cut = windows(heard, SAMPLE_RATE_HZ, WINDOW_S)
        rows = cut.reshape(-1, cut.shape[2])
        found = [self._windows(rows[i : i + self._batch]) for i in range(0, len(rows), self._batch)]
        return np.asarray(np.concatenate(found).reshape(*cut.shape[:2], -1).mean(axis=1))

    def _windows(self, sounds: NDArray[np.float32]) -> Floats:
        """Points of windows `[N, n]`, `[N, 3]`; what is short is followed by silence, which is masked."""
        whole = torch.zeros(len(sounds), 1, SAMPLE_RATE_HZ * WINDOW_S, device=self._device)
        whole[:, 0, : sounds.shape[1]] = torch.from_numpy(sounds)
        there = torch.zeros_like(whole, dtype=torch.bool)
        there[..., : sounds.shape[1]] = True
        with torch.inference_mode(), _quietly():
            given = self._network({"wav": whole, "mask": there})
        transform = self._network.target_transform
        points = [given[axis] * transform[axis]["std"] + transform[axis]["mean"] for axis in AXES]
        return np.asarray(torch.stack(points, dim=1).double().cpu().numpy())


def _load(folder: Path, model: str) -> Any:
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        if {*AXES} <= {*(config.get("target_transform") or ())}:
            settings = {field.name for field in fields(AesMultiOutput)}
            with _quietly():
                network = AesMultiOutput(**{name: config[name] for name in settings & {*config}})
            load_model(network, folder / "model.safetensors", strict=True)
            return network
        fault = f"its config.json has no target_transform of {', '.join(AXES)}"
    except LOAD_ERRORS as error:
        fault = reason(error)
    raise CheckpointError(
        f"{WHAT} cannot be loaded from {model!r} ({fault}); it needs its config.json and model.safetensors, "
        f"as {MODEL} has them"
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what torch says of the code of the package, which nobody here can change."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*weight_norm.* is deprecated", category=FutureWarning)
        warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
        yield

"""The gate for samples; behind it nothing checks them again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import AudioError

# +60 dBFS. Samples beyond it are integers in disguise, or a filter that has blown up.
_LARGEST = 1000.0


def valid_samples(audio: NDArray[Any]) -> NDArray[np.float32]:
    """Samples as contiguous float32.

    Args:
        audio: `[frames]` or `[batch, frames]`, floating-point, full scale ±1.

    Raises:
        AudioError: Another shape or type, or samples that are not finite or beyond ±1000.
    """
    samples = np.asarray(audio)
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and len(samples) == 0):
        raise AudioError(f"audio is [frames] or [batch, frames]; got an array of shape {samples.shape}")
    if samples.dtype.kind != "f":
        raise AudioError(
            f"samples are floating-point with full scale ±1; got {samples.dtype}, scale them first"
        )
    if samples.size:
        low, high = samples.min(), samples.max()
        if np.isnan(low) or np.isinf(low) or np.isinf(high):
            raise AudioError("the sound holds NaN or infinite samples; repair or re-export it")
        if max(-low, high) > _LARGEST:
            raise AudioError(
                f"samples lie within ±1 at full scale; got {max(-low, high):g}, scale them first"
            )
    return np.ascontiguousarray(samples, dtype=np.float32)

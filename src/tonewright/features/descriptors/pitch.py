"""Pitch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features.frames import Frames, shared
from tonewright.features.pitch import pitch_hops, pitch_window
from tonewright.features.registry import descriptor

_SOURCE = "McLeod and Wyvill 2005, a smarter way to find pitch"


@shared
def _pitch(frames: Frames) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fundamental frequency and confidence, each `[batch, count, 1]`."""
    rate = frames.framing.sample_rate_hz
    f0_hz, confidence = pitch_hops(frames.samples_of(pitch_window(rate)), frames.framing.hop, rate)
    return f0_hz[..., None], confidence[..., None]


@descriptor(category="pitch", unit="Hz", columns=["pitch_f0_hz"], source=_SOURCE)
def pitch_f0(frames: Frames) -> NDArray[np.float32]:
    """Fundamental frequency from 30 Hz to 5 kHz; 0 Hz where none is found."""
    return _pitch(frames)[0]


@descriptor(category="pitch", unit="1", columns=["pitch_confidence"], source=_SOURCE)
def pitch_confidence(frames: Frames) -> NDArray[np.float32]:
    """How periodic the sound is, from 0 to 1."""
    return _pitch(frames)[1]

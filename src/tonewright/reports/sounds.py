"""The two sounds of a match, as the players of the page hold them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.audio.levels import true_peak_dbtp
from tonewright.audio.loudness import integrated_lufs
from tonewright.audio.writing import wav_bytes

PREVIEW_S = 10.0
"""The players hold no more than this, or the page would weigh many megabytes."""
PREVIEW_FRAMES = 480_000
"""Nor more than this, at high sample rates."""

_LOUDEST_LUFS = -16.0  # where nothing stands against it: comfortable, and room for most peaks
_HIGHEST_DBTP = -1.0
_SILENT_LUFS = -70.0
_FADE_S = 0.005


@dataclass(frozen=True)
class Players:
    """Target and match at equal loudness.

    Attributes:
        wavs: Target and match, each the bytes of a 16-bit WAV file.
        seconds: Duration of both.
        lufs: Loudness both were brought to.
        gains_db: What was applied to each.
        silent: One of them is silent, so their loudness could not be matched.
        cut: They hold the beginning of a longer sound.
    """

    wavs: tuple[bytes, bytes]
    seconds: float
    lufs: float
    gains_db: tuple[float, float]
    silent: bool
    cut: bool


def players(sounds: NDArray[np.float32], sample_rate_hz: int) -> Players:
    """Bring target and match to equal loudness, both below full scale.

    Args:
        sounds: `[2, frames]`, target and match.
        sample_rate_hz: Rate of both.

    Returns:
        What the players of the page hold.
    """
    preview = sounds[:, : min(round(PREVIEW_S * sample_rate_hz), PREVIEW_FRAMES)].copy()
    cut = preview.shape[1] < sounds.shape[1]
    # A sound that ends in full swing would click, in the loop at every round.
    fade = min(round(_FADE_S * sample_rate_hz), preview.shape[1] // 10)
    preview[:, preview.shape[1] - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    loudness = integrated_lufs(preview, sample_rate_hz)
    audible = loudness > _SILENT_LUFS
    headroom_db = _HIGHEST_DBTP - true_peak_dbtp(preview)
    common = min([_LOUDEST_LUFS, *(loudness + headroom_db)[audible]])
    gains_db = np.where(audible, common - loudness, 0.0)
    matched = preview * (10 ** (gains_db / 20)).astype(np.float32)[:, None]
    target, match = (wav_bytes(Clip(sound[None], sample_rate_hz)) for sound in matched)
    return Players(
        wavs=(target, match),
        seconds=preview.shape[1] / sample_rate_hz,
        lufs=float(common),
        gains_db=(float(gains_db[0]), float(gains_db[1])),
        silent=not audible.all(),
        cut=cut,
    )

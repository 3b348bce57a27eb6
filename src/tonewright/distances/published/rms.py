"""Likeness of loudness envelopes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.channels import mix_down
from tonewright.compiling import njit
from tonewright.distances.registry import distance
from tonewright.distances.spectra import samples_in
from tonewright.features.stft import frame_count
from tonewright.threads import map_rows

# Samples that are worth a call.
_SAMPLES_AT_ONCE = 1 << 16


@distance(
    meaning="cosine similarity of RMS envelopes",
    unit="",
    source="Hayes, Saitis, Fazekas, ISMIR 2025 (evaluation script)",
    identical=1.0,
    better="higher",
)
def rms(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Cosine similarity of the RMS envelopes (50 ms every 25 ms), 0 to 1; a gain changes nothing.

    The definition leaves silence open: here two silent sounds are identical (1), and silence is unlike any
    other sound (0).
    """
    window, hop = samples_in(50, sample_rate_hz), samples_in(25, sample_rate_hz)
    x, y = (_envelopes(mix_down(sound), window, hop) for sound in (a, b))
    xx, yy, xy = (x * x).sum(axis=1), (y * y).sum(axis=1), (x * y).sum(axis=1)
    alike = xy / np.sqrt(np.where(xx * yy > 0, xx * yy, 1.0))
    return np.where((xx == 0) & (yy == 0), 1.0, np.minimum(alike, 1.0)).astype(np.float32)


def _envelopes(audio: NDArray[np.float32], window: int, hop: int) -> NDArray[np.float64]:
    """RMS of centred windows, zeros beyond both ends: `[batch, frames]` to `[batch, n_frames]`."""
    out = np.empty((len(audio), frame_count(audio.shape[1], window, hop)))
    audio = np.ascontiguousarray(audio)
    block = max(1, _SAMPLES_AT_ONCE // audio.shape[1])
    map_rows(
        lambda first, last, _: _fill_envelopes(audio, window, hop, out, first, last), len(audio), block=block
    )
    return out


@njit(cache=True, nogil=True)
def _fill_envelopes(
    audio: NDArray[np.float32], window: int, hop: int, out: NDArray[np.float64], first: int, last: int
) -> None:
    for i in range(first, last):
        for t in range(out.shape[1]):
            start = t * hop - window // 2
            energy = 0.0
            for k in range(max(0, start), min(start + window, audio.shape[1])):
                energy += audio[i, k] * audio[i, k]
            out[i, t] = np.sqrt(energy / window)

"""How loud a sound is, by ITU-R BS.1770-4.

Every result is finite: what is below the floor of −120 LUFS reads as −120 LUFS, digital silence included, so
that the difference of two loudnesses is a number.

pyloudnorm measures the same, one sound of at least 400 ms at a time, block by block in Python; here a batch
of short sounds is measured at once.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.channels import channel_weights
from tonewright.audio.clip import Clip
from tonewright.audio.levels import FLOOR_DB, power_to_db
from tonewright.errors import AudioError, UsageError

_OFFSET_LU = -0.691  # BS.1770: makes a 997 Hz sine read its level as K-weighted power
_HOPS_PER_S = 10
_HOPS_PER_BLOCK = 4  # blocks of 400 ms, every 100 ms
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE = 0.1  # power ratio: −10 LU
_CHUNK_SAMPLES = 2**19
_INAUDIBLE = 1e-60

# BS.1770-4, tables 1 and 2: (b, a) of the two filter sections at 48 kHz.
_TABLE_RATE_HZ = 48_000
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


@lru_cache(maxsize=16)
def k_weighting_sos(sample_rate_hz: int) -> NDArray[np.float64]:
    """Give the K-weighting filter for any sample rate, as second-order sections for `scipy.signal.sosfilt`.

    The standard tabulates the filter for 48 kHz only. Each section is taken back through the bilinear
    transform to its analogue prototype, and forward again at the rate asked, prewarped at the prototype's
    corner frequency.

    Returns:
        `[2, 6]` float64: shelf, high-pass. At 48 kHz these are the numbers of the standard, to
        rounding. Shared between callers: not to be changed.

    Raises:
        UsageError: The rate is not positive.

    Source: Recommendation ITU-R BS.1770-4, Annex 1, tables 1 and 2.
    """
    if not sample_rate_hz > 0:
        raise UsageError(f"a sample rate is positive; got {sample_rate_hz} Hz")
    sections = [_at_rate(np.array(section), sample_rate_hz) for section in (_SHELF, _HIGH_PASS)]
    return np.array(sections).reshape(2, 6)


def _at_rate(section: NDArray[np.float64], sample_rate_hz: int) -> NDArray[np.float64]:
    """Bring one section, rows (b, a), from 48 kHz to another rate."""
    # With z⁻¹ = (1 − s)/(1 + s), a polynomial in z⁻¹ of degree 2 times (1 + s)² is one in s, by this matrix.
    to_analogue = np.array([[1, 1, 1], [2, 0, -2], [1, -1, 1]], dtype=float)
    analogue = section @ to_analogue.T
    corner = np.sqrt(analogue[1, 0] / analogue[1, 2])
    corner_hz = _TABLE_RATE_HZ / np.pi * np.arctan(corner)
    # Below 3.7 kHz the shelf's corner leaves the band; it is kept just inside, where it does nothing audible.
    warped = np.tan(np.pi * min(corner_hz / sample_rate_hz, 0.45))
    scaled = analogue * (corner / warped) ** np.arange(3)
    digital = np.linalg.solve(to_analogue, scaled.T).T
    return np.asarray(digital / digital[1, 0])


def integrated_lufs(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float64]:
    """Measure gated loudness in LUFS over whole sounds.

    Two cases that the standard leaves open: a sound shorter than one block of 400 ms is one block as long as
    itself, so that a steady tone reads the same however short; and a sound of which no block passes the gate
    at −70 LUFS reads its ungated loudness.

    Args:
        audio: `[batch, frames]` mono, or `[batch, channels, frames]`, whose powers are summed with
            `channel_weights`.
        sample_rate_hz: Frames per second.

    Returns:
        `[batch]`, at least −120 LUFS.

    Raises:
        AudioError: There are no frames, or the shape is another.

    Source: Recommendation ITU-R BS.1770-4, Annex 1.
    """
    power = _block_powers(audio, sample_rate_hz)
    loud = power > 10 ** ((_ABSOLUTE_GATE_LUFS - _OFFSET_LU) / 10)
    loud |= ~loud.any(axis=1, keepdims=True)
    relative_gate = _RELATIVE_GATE * _masked_mean(power, loud)
    loud &= power >= relative_gate[:, np.newaxis]
    return _lufs(_masked_mean(power, loud))


def momentary_lufs(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float64]:
    """Measure loudness in LUFS over 400 ms, every 100 ms, without gating.

    Args:
        audio: `[batch, frames]` mono, or `[batch, channels, frames]`, whose powers are summed with
            `channel_weights`.
        sample_rate_hz: Frames per second.

    Returns:
        `[batch, blocks]`, at least −120 LUFS. Block `k` starts at `k`·100 ms; what is left after the last
        whole block is not measured. A sound shorter than 400 ms is one block as long as itself.

    Raises:
        AudioError: There are no frames, or the shape is another.

    Source: Recommendation ITU-R BS.1770-4, Annex 1; EBU Tech 3341 (momentary loudness).
    """
    return _lufs(_block_powers(audio, sample_rate_hz))


def clip_lufs(clip: Clip) -> float:
    """Measure the integrated loudness of a clip, all channels together; see `integrated_lufs`."""
    return float(integrated_lufs(clip.samples[np.newaxis], clip.sample_rate_hz)[0])


def _block_powers(audio: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float64]:
    """K-weighted mean square of each block, summed over weighted channels: `[batch, blocks]`."""
    if audio.ndim == 2:
        audio = audio[:, np.newaxis]
    if audio.ndim != 3 or not audio.shape[-1]:
        raise AudioError(
            f"loudness is measured on [batch, frames] or [batch, channels, frames] with one frame or more; "
            f"got {audio.shape}"
        )
    frames = audio.shape[-1]
    hops = frames * _HOPS_PER_S // sample_rate_hz
    edges = np.arange(hops + 1) * sample_rate_hz // _HOPS_PER_S
    if hops < _HOPS_PER_BLOCK:
        edges = np.array([0, frames])
    per_block = min(_HOPS_PER_BLOCK, len(edges) - 1)
    energy = _hop_energies(audio, sample_rate_hz, edges)
    blocks = len(edges) - per_block
    energy = np.sum([energy[:, hop : hop + blocks] for hop in range(per_block)], axis=0)
    return np.asarray(energy / (edges[per_block:] - edges[:-per_block]))


def _hop_energies(
    audio: NDArray[np.float32], sample_rate_hz: int, edges: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sum of K-weighted squares between the edges, channels weighted and summed: `[batch, hops]`."""
    from scipy.signal import sosfilt

    weights = channel_weights(audio.shape[1])
    sos = k_weighting_sos(sample_rate_hz)
    state = np.zeros((len(sos), *audio.shape[:2], 2))
    energies = []
    # In chunks of whole hops, so that an hour of sound needs no copy of itself in float64.
    samples_per_hop = audio.shape[0] * audio.shape[1] * (edges[1] - edges[0])
    hops_per_chunk = int(max(1, _CHUNK_SAMPLES // max(1, samples_per_hop)))
    for first in range(0, len(edges) - 1, hops_per_chunk):
        inner = edges[first : first + hops_per_chunk + 1]
        weighted, state = sosfilt(sos, audio[..., inner[0] : inner[-1]], zi=state)
        state[np.abs(state) < _INAUDIBLE] = (
            0.0  # or a long silence would be filtered in slow denormal numbers
        )
        energies.append(np.add.reduceat(weighted * weighted, inner[:-1] - inner[0], axis=-1))
    return np.asarray(np.einsum("bch,c->bh", np.concatenate(energies, axis=-1), weights))


def _masked_mean(power: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray((power * mask).sum(axis=1) / mask.sum(axis=1))


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(_OFFSET_LU + power_to_db(power), FLOOR_DB)

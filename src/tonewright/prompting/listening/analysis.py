"""What all measures share, computed once for a batch: spectra, short levels and onsets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import UsageError
from tonewright.features.mel import mel_filterbank
from tonewright.features.stft import power_spectrogram

SAMPLE_RATE_HZ = 44_100
N_FFT, HOP = 2_048, 512
MELS = 64
LEVEL_HOP = 256
"""Samples from one short level to the next, 5.8 ms."""
GATE_DB = 40.0
"""What lies so far below the loudest frame does not count."""
SILENT_POWER = 1e-12
_ONSET_DB, _ONSET_WINDOW, _ONSET_GAP_S = 6.0, 4, 0.05
_FLOOR_DB = 60.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Heard:
    """A batch of stereo sounds of one length, and what measures share.

    Attributes:
        samples: `[B, 2, n]` float32 at 44.1 kHz, as they came.
    """

    samples: NDArray[np.float32]
    _measured: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def seconds(self) -> float:
        """How long each sound is."""
        return int(self.samples.shape[2]) / SAMPLE_RATE_HZ

    @cached_property
    def silent(self) -> NDArray[np.bool_]:
        """`[B]`: whether there is nothing to hear."""
        return np.asarray(self._power < SILENT_POWER)

    @cached_property
    def _power(self) -> Floats:
        return np.asarray(self.samples.var(axis=2, dtype=np.float64).mean(axis=1))

    @cached_property
    def middle(self) -> NDArray[np.float32]:
        """`[B, n]`: mean of both channels, at a root mean square of 1."""
        return self._scaled(0.5 * (self.samples[:, 0] + self.samples[:, 1]))

    @cached_property
    def side(self) -> NDArray[np.float32]:
        """`[B, n]`: half the difference of the channels, on the scale of the middle."""
        return self._scaled(0.5 * (self.samples[:, 0] - self.samples[:, 1]))

    def _scaled(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """Without its constant part, which is judged by itself."""
        centred = sound - sound.mean(axis=1, keepdims=True, dtype=np.float64)
        return np.asarray(centred / np.sqrt(np.maximum(self._power, SILENT_POWER))[:, None], np.float32)

    @cached_property
    def power(self) -> NDArray[np.float32]:
        """`[B, T, F]`: power spectra of the middle."""
        return power_spectrogram(self.middle, N_FFT, HOP)

    @cached_property
    def bins_hz(self) -> Floats:
        """`[F]`: frequencies of `power`."""
        return np.asarray(np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE_HZ), np.float64)

    @cached_property
    def frame_power(self) -> Floats:
        """`[B, T]`: power of each frame."""
        return np.asarray(self.power.sum(axis=2, dtype=np.float64))

    @cached_property
    def loud(self) -> NDArray[np.bool_]:
        """`[B, T]`: frames that count."""
        loudest = self.frame_power.max(axis=1, keepdims=True)
        return np.asarray(self.frame_power > loudest * 10 ** (-GATE_DB / 10))

    @cached_property
    def mean_power(self) -> Floats:
        """`[B, F]`: mean power spectrum of the frames that count."""
        weights = self.loud.astype(np.float32)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1)
        return np.asarray(np.einsum("bt,btf->bf", weights, self.power), np.float64)

    @cached_property
    def mel_db(self) -> Floats:
        """`[B, T, 64]`: levels in mel bands, from 60 dB below the loudest upwards."""
        filters = mel_filterbank(SAMPLE_RATE_HZ, N_FFT, MELS)
        power = np.maximum(self.power @ filters.T, 1e-30).astype(np.float64)
        level_db = 10 * np.log10(power)
        return np.asarray(np.maximum(level_db, level_db.max(axis=(1, 2), keepdims=True) - _FLOOR_DB))

    @cached_property
    def levels_db(self) -> Floats:
        """`[B, L]`: levels of short blocks of both channels, from 60 dB below the loudest upwards."""
        count = self.samples.shape[2] // LEVEL_HOP
        both = self.middle[:, : count * LEVEL_HOP] ** 2 + self.side[:, : count * LEVEL_HOP] ** 2
        power = both.reshape(len(both), count, LEVEL_HOP).mean(axis=2, dtype=np.float64)
        smooth = power.copy()  # two blocks, so that a low tone does not ripple
        smooth[:, 1:] = 0.5 * (power[:, 1:] + power[:, :-1])
        level_db = 10 * np.log10(np.maximum(smooth, 1e-30))
        return np.asarray(np.maximum(level_db, level_db.max(axis=1, keepdims=True) - _FLOOR_DB))

    @cached_property
    def onset_strength(self) -> Floats:
        """`[B, T]`: how much the levels of the mel bands rise, in dB a band."""
        rise = np.diff(self.mel_db, axis=1, prepend=self.mel_db[:, :1])
        return np.asarray(np.maximum(rise, 0).mean(axis=2))

    @cached_property
    def onsets(self) -> list[NDArray[np.int64]]:
        """Of each sound, the blocks of `levels_db` at which something begins."""
        return [_onsets(levels) for levels in self.levels_db]

    def band_db(self, low_hz: float, high_hz: float) -> Floats:
        """`[B]`: power in a band against all of it, in dB."""
        inside = (self.bins_hz >= low_hz) & (self.bins_hz < high_hz)
        whole = self.mean_power.sum(axis=1)
        return ratio_db(self.mean_power[:, inside].sum(axis=1), whole)


def once(measure: Callable[[Heard], Floats]) -> Callable[[Heard], Floats]:
    """A measure that is taken once of each batch, however often it is asked for."""

    @wraps(measure)
    def measured(heard: Heard) -> Floats:
        if measure not in heard._measured:
            heard._measured[measure] = measure(heard)
        found: Floats = heard._measured[measure]
        return found

    return measured


def listen(samples: NDArray[np.float32]) -> Heard:
    """Listen to a batch.

    Args:
        samples: `[B, 2, n]` at 44.1 kHz, 50 ms or longer.

    Raises:
        UsageError: Another shape, too short, or values that are not finite.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim != 3 or samples.shape[1] != 2 or samples.shape[2] < 2 * N_FFT // 2:
        raise UsageError(f"sounds are [batch, 2, frames], {N_FFT} frames or more; got shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise UsageError("sounds are finite; got NaN or infinity; score such a generation as a fault")
    return Heard(samples)


def ratio_db(part: Floats, whole: Floats) -> Floats:
    """A ratio of powers in dB, 60 dB at most to either side."""
    share = part / np.maximum(whole, 1e-30)
    return np.asarray(np.clip(10 * np.log10(np.maximum(share, 1e-30)), -_FLOOR_DB, _FLOOR_DB))


def _onsets(levels_db: Floats) -> NDArray[np.int64]:
    """Blocks at which the level has risen by `_ONSET_DB` within `_ONSET_WINDOW` blocks, once each."""
    padded = np.concatenate([np.full(_ONSET_WINDOW, levels_db.max() - _FLOOR_DB), levels_db])
    rise = levels_db - padded[: len(levels_db)]
    rise[levels_db < levels_db.max() - GATE_DB] = 0
    gap = round(_ONSET_GAP_S * SAMPLE_RATE_HZ / LEVEL_HOP)
    found: list[int] = []
    for block in np.flatnonzero(rise >= _ONSET_DB):
        if not found or block - found[-1] > gap:
            found.append(int(block))
    return np.array(found, np.int64)

"""How audible a seam is: what happens there against what happens elsewhere in the same sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tonewright.features.mel import mel_filterbank
from tonewright.prompting.arranging.joining import Sound
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, Floats

_REACH, _GAP = 220, 12
_PLAIN_BEND = 6.0
"""Against its surroundings, a sample of steady noise or of a tone never bends by more."""
_WINDOW, _BANDS = 1_024, 32
_PLAIN_CHANGE_DB, _CHANGE_MARGIN_DB = 2.0, 1.0
"""Between its grid points a change can be a little larger than at any of them."""
_GAP_S, _GAP_DB = 0.5, 6.0
_FLOOR_DB = 60.0
_GRID, _MOST_PLACES = 256, 4_096
_USUAL = 0.99


@dataclass(frozen=True)
class Seam:
    """A place in a sound, and the rest of it.

    Attributes:
        jump: How far the waveform bends there against the 5 ms before and after, as a ratio.
        usual_jump: The 99th percentile of that elsewhere.
        change_db: How far the spectra of the 23 ms before and after lie apart, mean over mel bands.
        usual_change_db: The 99th percentile of that elsewhere.
        gap_db: By how much the half second around it is quieter than the quietest half second elsewhere.
    """

    jump: float
    usual_jump: float
    change_db: float
    usual_change_db: float
    gap_db: float

    @property
    def clicks(self) -> bool:
        """The waveform jumps as it does nowhere else."""
        return self.jump > max(self.usual_jump, _PLAIN_BEND)

    @property
    def audible(self) -> bool:
        """It clicks, or the spectrum changes or there is a gap as nowhere else."""
        usual_db = max(self.usual_change_db + _CHANGE_MARGIN_DB, _PLAIN_CHANGE_DB)
        return self.clicks or self.change_db > usual_db or self.gap_db > _GAP_DB


def loop_seam(sound: Sound) -> Seam:
    """The seam of a loop `[channels, n]`: from its end to its beginning."""
    return seam_at(sound, 0)


def seam_at(sound: Sound, frame: int) -> Seam:
    """The seam before a frame of a sound `[channels, n]` that is played round and round."""
    turned = np.roll(sound, -frame, axis=1)  # the seam lies between the end and the beginning
    bends, changes_db = _bends(turned), _changes_db(turned)
    near = _REACH + _GAP
    inside = bends[near:-near] if len(bends) > 4 * near else bends[2:-2]
    reach = -(-_WINDOW // _grid(turned))
    apart_db = changes_db[reach:-reach] if len(changes_db) > 4 * reach else changes_db[1:]
    return Seam(
        float(max(bends[-1], bends[0], bends[-2])),
        float(np.quantile(inside, _USUAL)),
        float(changes_db[0]),
        float(np.quantile(apart_db, _USUAL)),
        _gap_db(turned),
    )


def _gap_db(sound: Sound) -> float:
    """How much quieter it is around the seam than anywhere else; 0 in a short sound."""
    window = round(_GAP_S * SAMPLE_RATE_HZ)
    half = window // 2
    if sound.shape[1] < 3 * window:
        return 0.0
    energy = np.concatenate([[0.0], np.cumsum((sound.astype(np.float64) ** 2).sum(axis=0))])
    here = energy[half] + energy[-1] - energy[-1 - half]
    starts = np.arange(half, sound.shape[1] - window - half + 1, window // 4)
    quietest = float((energy[starts + window] - energy[starts]).min())
    return float(10 * np.log10(max(quietest, 1e-12) / max(here, 1e-12)))


def _bends(sound: Sound) -> Floats:
    """Second difference after each frame, going round, against its root mean square to either side, `[n]`."""
    wide = sound.astype(np.float64)
    bend = np.abs(np.roll(wide, -1, axis=1) - 2 * wide + np.roll(wide, 1, axis=1))
    frames = bend.shape[1]
    reach = min(_REACH, max(1, frames // 4))
    total = np.cumsum(np.pad(bend**2, ((0, 0), (reach + _GAP + 1, reach + _GAP)), mode="wrap"), axis=1)
    before = total[:, reach : reach + frames] - total[:, :frames]
    last = 2 * (reach + _GAP)
    after = total[:, last : last + frames] - total[:, last - reach : last - reach + frames]
    floor = (bend**2).mean(axis=1, keepdims=True) * 0.02**2
    around = np.sqrt(np.maximum(np.maximum(before, after) / reach, np.maximum(floor, 1e-20)))
    return np.asarray((bend / around).max(axis=0))


def _changes_db(sound: Sound) -> Floats:
    """How far the spectra before and after lie apart, at places from the first frame on, going round."""
    frames = sound.shape[1]
    window = min(_WINDOW, frames // 2)
    places = np.arange(0, frames, _grid(sound))
    wide = np.pad(sound, ((0, 0), (window, window)), mode="wrap")
    stretches = np.lib.stride_tricks.sliding_window_view(wide, window, axis=1)
    shape = np.hanning(window + 2)[1:-1]
    filters = mel_filterbank(SAMPLE_RATE_HZ, _WINDOW, _BANDS)

    def levels(first: int) -> Floats:
        spectra = np.fft.rfft(stretches[:, first + places] * shape, _WINDOW, axis=2)
        power = (np.abs(spectra) ** 2).sum(axis=0) @ filters.T
        return np.asarray(10 * np.log10(np.maximum(power, 1e-20)))

    before, after = levels(0), levels(window)
    floor_db = max(before.max(), after.max()) - _FLOOR_DB
    apart = np.abs(np.maximum(before, floor_db) - np.maximum(after, floor_db))
    return np.asarray(apart.mean(axis=1))


def _grid(sound: Sound) -> int:
    """Frames from place to place: 5.8 ms, or more in a long sound."""
    return max(_GRID, int(sound.shape[1]) // _MOST_PLACES)

"""What all networks get: log-mel on a grid of cells that grow in time, and descriptors of each cell.

The same grid serves sounds of every duration up to four seconds, fine where a sound begins and coarse where
it rings: what an attack of 10 ms looks like does not depend on how long the recording goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tonewright.distances.loss import TrainingLoss

HEARING_RATE_HZ = 16_000
"""Rate of everything that a learned part hears; other recordings are resampled for it."""
CELL_FRAMES = (1, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 45, 55)
"""Widths of an agent's cells in frames of 16 ms: 4.0 s in all."""
CELLS = len(CELL_FRAMES)
BANDS = 32
DESCRIPTORS = ("level", "centroid", "spread")
_FLOOR_DB = -80.0
_SCALE_DB = 40.0  # what counts as 1: the numbers that networks see stay near one


class CellGrid:
    """Pools the log-mels of sounds of one length into cells.

    Args:
        loss: Gives the log-mel on the way; its sample rate must be `HEARING_RATE_HZ`.
        cell_frames: Width of each cell.
        bands: Bands to pool the mels to; must divide their number.
    """

    def __init__(
        self, loss: TrainingLoss, cell_frames: Sequence[int] = CELL_FRAMES, bands: int = BANDS
    ) -> None:
        frames, mels = loss.log_mel_shape
        # Means as products with a matrix: NumPy's own are slow over an axis this short.
        self._merging = (np.repeat(np.eye(bands), mels // bands, axis=0) * bands / mels).astype(np.float32)
        self._octaves = np.linspace(-1.0, 1.0, bands, dtype=np.float32)  # positions of the bands
        self._pooling = np.zeros((len(cell_frames), frames), np.float32)
        edges = np.concatenate([[0], np.cumsum(cell_frames)])
        for cell, (first, last) in enumerate(pairwise(edges)):
            inside = slice(min(first, frames), min(last, frames))
            self._pooling[cell, inside] = 1.0 / max(1, inside.stop - inside.start)
        self._beyond = ~self._pooling.any(axis=1)

    def peak_db(self, log_mel_db: NDArray[np.float32]) -> NDArray[np.float32]:
        """Loudest band and frame of each sound, `[batch]`."""
        peak_db: NDArray[np.float32] = log_mel_db.max(axis=(1, 2))
        return peak_db

    def pool(
        self, log_mel_db: NDArray[np.float32], peak_db: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Pool log-mels into cells, relative to the peak of the target in each row, and describe each cell.

        Args:
            log_mel_db: `[batch, n_frames, 64]` as of `TrainingLoss.compare_and_hear`.
            peak_db: `[batch]` what 0 stands for: the peak of the target.

        Returns:
            Log-mel `[batch, cells, bands]`, −2 (80 dB below the peak, and wherever the sound is over) to 1,
            and descriptors `[batch, cells, 3]`: level, centroid and spread over the bands.
        """
        cells = self._pooling @ (log_mel_db @ self._merging)
        cells -= peak_db[:, None, None]
        np.clip(cells, _FLOOR_DB, _SCALE_DB, out=cells)
        cells[:, self._beyond] = _FLOOR_DB
        weights = cells - (_FLOOR_DB - 1e-3)
        total = weights.sum(axis=2)
        centroid = weights @ self._octaves / total
        spread = np.sqrt(np.maximum(weights @ self._octaves**2 / total - centroid**2, 0.0))
        cells /= _SCALE_DB
        level = cells.max(axis=2)
        return cells, np.stack([level, centroid, spread], axis=2)

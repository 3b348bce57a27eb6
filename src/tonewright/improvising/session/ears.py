"""What is heard of one sound as it arrives, as agents hear it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features.streaming import StreamAnalyser
from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.listening.features import descriptors_of
from tonewright.improvising.listening.normalising import CONFIDENCE, LOUDNESS, PITCH, Normaliser, Scales


class Ears:
    """Hears a sound hop by hop, by the analyser that tables and corpora are made with.

    Args:
        scales: Which columns are heard, and how they are scaled.

    Attributes:
        measured: `[C]` the last frame as it was measured, in the order of `names`.
        names: Of what is measured.
        values: `[1, F]` normalised features of the last frame; what is not there as it last was.
        presence: `[1, F]` how far each is there.
    """

    def __init__(self, scales: Scales) -> None:
        wanted = (*scales.columns, LOUDNESS, *([CONFIDENCE] if PITCH in scales.columns else []))
        self._analyser = StreamAnalyser(
            FRAMING.sample_rate_hz, descriptors_of(wanted), window=FRAMING.window, hop=FRAMING.hop
        )
        self.names = self._analyser.names
        self._normaliser = Normaliser(scales, self.names)
        self.measured = np.zeros(len(self.names), np.float32)
        self.values, self.presence = np.zeros((2, 1, len(scales.columns)), np.float32)

    def hear(self, block: NDArray[np.float32]) -> None:
        """Hear a hop, `[hop]`."""
        self.take(self._analyser.push(block)[0])

    def take(self, measured: NDArray[np.float32]) -> None:
        """Take a frame that was measured elsewhere, in the order of `names`."""
        self.measured = measured
        values, self.presence = self._normaliser(measured[None])
        np.copyto(self.values, values, where=self.presence > 0)

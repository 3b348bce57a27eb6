"""How both sides are heard, the musician and the synth: one framing and one set of descriptors."""

from __future__ import annotations

from tonewright.features.framing import Framing

SAMPLE_RATE_HZ = 44_100
WINDOW, HOP = 1024, 256
"""23 ms of sound, heard and acted upon every 5.8 ms: what is heard is known soon, for live use."""
HOP_S = HOP / SAMPLE_RATE_HZ
FRAMING = Framing(SAMPLE_RATE_HZ, WINDOW, HOP)

DESCRIPTORS = (
    "loudness",
    "spectral_shape",
    "mfcc",
    "chroma",
    "pitch",
    "onset",
    "spectral_contrast",
    "sinusoids",
    "zero_crossing_rate",
)
"""What tables and corpora hold unless told otherwise: all but log-mel spectra and the longer cepstrum, which
says little more than the shorter."""
HEARING_VERSION = 2
"""Version of what agents hear: raised whenever framing, descriptors or their normalisation change, so that
agents that were trained on others are refused."""

"""What a musician plays on a synth, to be followed and to be heard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.features.hearing import hear
from tonewright.improvising.following.phrases import Phrase
from tonewright.improvising.hearing import FRAMING, HOP, HOP_S
from tonewright.synths.base import Synth


def measured(
    name: str, synth: Synth, track: NDArray[np.float32], descriptors: Sequence[str], seed: int = 0
) -> tuple[Phrase, NDArray[np.float32]]:
    """A phrase that is played with known controls, and its sound.

    Args:
        name: For people.
        synth: What the musician plays, at the rate of the hearing.
        track: `[hops, D]` its controls.
        descriptors: What is measured.
        seed: Of what is random in the synth.

    Returns:
        The phrase, and its sound, `[frames]` float32.
    """
    seconds = len(track) * HOP_S
    sound = synth.render(track[None], seconds=seconds, gate_seconds=seconds + 1.0, seed=seed, hop=HOP)
    heard = hear(sound, FRAMING.sample_rate_hz, descriptors, window=FRAMING.window, hop=HOP)
    return Phrase(name, heard.names, heard.values[0]), np.asarray(sound[0])

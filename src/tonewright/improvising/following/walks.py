"""Random walks over the sounds of a synth, really rendered and heard: phrases that it can play itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features.hearing import hear
from tonewright.improvising.following.phrases import Phrase
from tonewright.improvising.following.targets import GLIDES_S, JUMPS, STAYS_S
from tonewright.improvising.hearing import FRAMING, HOP, HOP_S
from tonewright.synths.base import Synth


def walk(controls: int, hops: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Controls `[hops, D]` that stay for 0.1 to 2 s, then jump or glide (in 0.05 to 1 s) elsewhere."""
    track = np.empty((hops, controls))
    here, at = rng.random(controls), 0
    while at < hops:
        stays = _hops(STAYS_S, rng)
        track[at : at + stays] = here
        at += stays
        goal = rng.random(controls)
        if at < hops and rng.random() < 1 - JUMPS:
            glides = _hops(GLIDES_S, rng)
            shares = np.arange(1, glides + 1)[:, None] / glides
            track[at : at + glides] = (here + shares * (goal - here))[: hops - at]
            at += glides
        here = goal
    return track.astype(np.float32)


def walk_phrases(
    synth: Synth, descriptors: tuple[str, ...], count: int, hops: int, seed: int
) -> list[Phrase]:
    """Walks as phrases.

    Args:
        synth: What is played.
        descriptors: What is measured of it.
        count: How many walks.
        hops: How long each is.
        seed: Of the walks and of what is random in the synth.
    """
    rng = np.random.default_rng(seed)
    tracks = np.stack([walk(len(synth.controls), hops, rng) for _ in range(count)])
    seconds = hops * HOP_S
    phrases: list[Phrase] = []
    for first in range(0, count, 8):  # a few at a time: minutes of sound
        some = tracks[first : first + 8]
        audio = synth.render(some, seconds=seconds, gate_seconds=seconds + 1.0, seed=seed, hop=HOP)
        heard = hear(audio, FRAMING.sample_rate_hz, descriptors, window=FRAMING.window, hop=HOP)
        phrases += [
            Phrase(f"walk {first + i + 1}", heard.names, values) for i, values in enumerate(heard.values)
        ]
    return phrases


def _hops(seconds: tuple[float, float], rng: np.random.Generator) -> int:
    """A duration between two, evenly on a logarithmic scale."""
    drawn = seconds[0] * (seconds[1] / seconds[0]) ** float(rng.random())
    hops: int = round(drawn / HOP_S)
    return max(1, hops)

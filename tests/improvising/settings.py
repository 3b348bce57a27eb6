"""Tables and corpora made by hand, whose values are known."""

import numpy as np

from tonewright.features.selection import select
from tonewright.improvising.corpus.corpus import Corpus, CorpusFile
from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.lookup.points import grid_points
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.synths import synth

HEARD = ("loudness_rms", "pitch_f0", "pitch_confidence", "spectral_centroid", "spectral_flatness")
COLUMNS = tuple(column for one in select(HEARD) for column in one.columns)
IDENTITY = SynthIdentity.of(synth("sine"))


def frames(loudness, pitch=440.0, confidence=1.0, centroid=1000.0, flatness=-40.0):
    """Measured frames `[n, C]` in the order of `COLUMNS`."""
    parts = np.broadcast_arrays(*np.atleast_1d(loudness, pitch, confidence, centroid, flatness))
    return np.stack(parts, axis=1).astype(np.float32)


def table(side=5, **changes):
    """A table of a sine whose pitch goes over four octaves, and whose level from silence to -10 dBFS."""
    params = grid_points((side, side))
    octaves, level = params.T
    means = frames(
        np.where(level == 0, -100.0, -50.0 + 40.0 * level),
        np.where(level == 0, 0.0, 110.0 * 2.0 ** (4 * octaves)),
        np.where(level == 0, 0.0, 1.0),
        np.where(level == 0, 0.0, 220.0 * 2.0 ** (4 * octaves)),
        np.where(level == 0, 0.0, -60.0 + 40.0 * octaves),
    )
    fields = {
        "synth": IDENTITY,
        "framing": FRAMING,
        "seconds": 0.5,
        "layout": "grid",
        "grid": (side, side),
        "descriptors": HEARD,
        "columns": COLUMNS,
        "params": params,
        "means": means,
        "spreads": np.zeros_like(means),
    }
    return LookupTable(**{**fields, **changes})


def corpus(*takes, **changes):
    """A corpus of recordings given as (split, frames `[n, C]`)."""
    files, first = [], 0
    for number, (split, values) in enumerate(takes):
        seconds = len(values) * FRAMING.hop / FRAMING.sample_rate_hz
        files.append(CorpusFile(f"take {number}.wav", "", split, first, len(values), seconds))
        first += len(values)
    fields = {
        "framing": FRAMING,
        "descriptors": HEARD,
        "columns": COLUMNS,
        "files": tuple(files),
        "skipped": (),
        "values": np.concatenate([values for _, values in takes]),
    }
    return Corpus(**{**fields, **changes})


def played(count=400, seed=0):
    """Frames of somebody who plays: pitches and levels that wander."""
    rng = np.random.default_rng(seed)
    loudness = -30 + 15 * np.sin(np.arange(count) / 30 + rng.uniform(0, 6))
    pitch = 220 * 2 ** rng.uniform(0, 2, count // 50 + 1).repeat(50)[:count]
    return frames(loudness, pitch, 0.9, 3 * pitch, -45 + rng.normal(0, 5, count))

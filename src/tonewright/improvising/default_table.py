"""A small table of a synth, measured when an environment is made without one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tonewright.features.hearing import hear
from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.synths.base import Synth

_POINTS = 600
_SECONDS, _SETTLED_S = 0.25, 0.1


def small_table(synth: Synth, descriptors: tuple[str, ...]) -> LookupTable:
    """Measure a synth at a few hundred points; the last few tables are kept."""
    return _measured(_Named(synth), descriptors)


class _Named:
    """A synth that equals others of the same sound."""

    def __init__(self, synth: Synth) -> None:
        self.synth = synth
        self._key = (synth.name, synth.version, getattr(synth, "file_sha256", None))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=8)
def _measured(named: _Named, descriptors: tuple[str, ...]) -> LookupTable:
    synth = named.synth
    dims = len(synth.controls)
    count = max(2, int(_POINTS ** (1 / dims)))
    axes = np.meshgrid(*[np.linspace(0, 1, count)] * dims, indexing="ij")
    params = np.stack([axis.ravel() for axis in axes], axis=1).astype(np.float32)
    audio = synth.render(params, seconds=_SECONDS, gate_seconds=10.0)
    heard = hear(audio, FRAMING.sample_rate_hz, descriptors, window=FRAMING.window, hop=FRAMING.hop)
    values = heard.values[:, int(_SETTLED_S * FRAMING.sample_rate_hz / FRAMING.hop) :]
    return LookupTable(
        SynthIdentity(synth.name, synth.version, tuple(synth.controls.names)),
        FRAMING, _SECONDS, "grid", (count,) * dims, descriptors, heard.names, params,
        values.mean(axis=1), values.std(axis=1),
    )  # fmt: skip

"""Where episodes may start other than from the neutral preset: from what an estimator proposes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tonewright.files import StrPath
from tonewright.matching.episodes import Drawn
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.networks.load import load_trained
from tonewright.synths import synth as make_synth


class Proposed:
    """One proposal of an estimator for each target, not the best of several; a `warm_start` for `MatchEnv`.

    Args:
        synth: Registered name, or `scheme:PATH`.
        networks: Folder of a finished training; the estimator that comes with the package if not given.

    Raises:
        CheckpointError: There is no estimator, or not of this synth.
    """

    def __init__(self, synth: str = "serum-lite", networks: StrPath | None = None) -> None:
        self._synth, self._networks = synth, networks
        made = make_synth(synth, HEARING_RATE_HZ)
        self._proposals = load_trained(made, networks).need_proposals(made)

    def __reduce__(self) -> tuple[type[Proposed], tuple[str, StrPath | None]]:
        """Travels as its arguments: networks are loaded anew in another process."""
        return Proposed, (self._synth, self._networks)

    def __call__(self, targets: Drawn, rngs: Sequence[np.random.Generator]) -> NDArray[np.float32]:
        """Presets `[n, D]` for `n` targets."""
        return self._proposals.one_each(targets.audio, targets.midi_note, targets.gate_seconds, rngs)

"""What an agent observes, the same while it is trained and while it works on a match."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tonewright.distances.loss import LossTerms, LossWeights, TargetAnalysis, TrainingLoss
from tonewright.matching.hearing.cells import BANDS, CELLS, DESCRIPTORS, CellGrid
from tonewright.matching.hearing.note_spectra import SPECTRA, fine_spectra

_SEGMENTS = 2  # of the fine spectra: the first quarter second, the first second
_NOTE_SPAN = 36.0
_LIMIT = 4.0


def observation_space(controls: int, terms: int = len(LossWeights().shares())) -> spaces.Dict:
    """Observations of one row, by the number of controls and of terms of the loss."""
    cells, descriptors = (CELLS, BANDS), (CELLS, len(DESCRIPTORS))
    shapes = {
        "target": cells,
        "current": cells,
        "difference": cells,
        "target_descriptors": descriptors,
        "current_descriptors": descriptors,
        "descriptor_difference": descriptors,
        "target_spectra": (_SEGMENTS, SPECTRA[1]),
        "loss_terms": (terms,),
        "controls": (controls,),
        "note": (3,),
        "steps_left": (1,),
    }
    reach = {"loss_terms": (0.0, 1.0), "controls": (0.0, 1.0), "steps_left": (0.0, 1.0)}
    boxes: dict[str, spaces.Space[Any]] = {
        name: spaces.Box(*reach.get(name, (-_LIMIT, _LIMIT)), shape, np.float32)
        for name, shape in shapes.items()
    }
    return spaces.Dict(boxes, sort_keys=False)


class TargetFeatures(NamedTuple):
    """What does not change in an episode: features of the targets.

    Attributes:
        cells: `[n, CELLS, BANDS]` log-mel.
        descriptors: `[n, CELLS, 3]`.
        spectra: `[n, 2, bins]` fine spectra relative to the note.
        note: `[n, 3]` note, gate and peak level, each about −1…1.
        peak_db: `[n, 1]` of the target: what 0 stands for in every log-mel.
    """

    cells: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    spectra: NDArray[np.float32]
    note: NDArray[np.float32]
    peak_db: NDArray[np.float32]


class SoundFeatures(NamedTuple):
    """Features of the sounds of the moment.

    Attributes:
        cells: `[n, CELLS, BANDS]` log-mel, relative to the target's peak.
        descriptors: `[n, CELLS, 3]`.
        terms: `[n, terms]` of the loss.
    """

    cells: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    terms: NDArray[np.float32]


class Observer:
    """Turns sounds into features, and these into observations.

    Args:
        loss: Compares sounds with targets; at `HEARING_RATE_HZ`.
        controls: Number of controls.
    """

    def __init__(self, loss: TrainingLoss, controls: int) -> None:
        self._grid = CellGrid(loss)
        self._terms = len(loss.weights.shares())
        self._controls = controls

    @property
    def space(self) -> spaces.Dict:
        """Observations of one row."""
        return observation_space(self._controls, self._terms)

    def empty(self, rows: int) -> tuple[TargetFeatures, SoundFeatures]:
        """Room for the features of so many rows."""
        cells, descriptors = (rows, CELLS, BANDS), (rows, CELLS, len(DESCRIPTORS))
        target = (cells, descriptors, (rows, _SEGMENTS, SPECTRA[1]), (rows, 3), (rows, 1))
        sound = (cells, descriptors, (rows, self._terms))
        return (
            TargetFeatures(*(np.zeros(shape, np.float32) for shape in target)),
            SoundFeatures(*(np.zeros(shape, np.float32) for shape in sound)),
        )

    def describe_targets(
        self,
        audio: NDArray[np.float32],
        analysis: TargetAnalysis,
        midi_note: NDArray[np.float64],
        gate_seconds: NDArray[np.float64],
    ) -> TargetFeatures:
        """Features of targets.

        Args:
            audio: `[n, frames]`.
            analysis: The loss's, of the same.
            midi_note: `[n]`.
            gate_seconds: `[n]`.
        """
        log_mel_db = analysis.log_mel_db
        peak_db = self._grid.peak_db(log_mel_db)
        note = [(midi_note - 60.0) / _NOTE_SPAN, np.log10(gate_seconds), peak_db / 40.0 + 1.0]
        return TargetFeatures(
            *self._grid.pool(log_mel_db, peak_db),
            fine_spectra(audio, midi_note)[:, :_SEGMENTS],
            np.stack(note, axis=1).astype(np.float32),
            peak_db[:, None],
        )

    def describe_sounds(
        self, loss: LossTerms, log_mel_db: NDArray[np.float32], peak_db: NDArray[np.float32]
    ) -> SoundFeatures:
        """Features of sounds, from what `TrainingLoss.compare_and_hear` gave and `TargetFeatures.peak_db`."""
        terms = np.stack(list(loss.terms.values()), axis=1).astype(np.float32)
        return SoundFeatures(*self._grid.pool(log_mel_db, peak_db[:, 0]), terms)

    def observe(
        self,
        target: TargetFeatures,
        sound: SoundFeatures,
        params: NDArray[np.float32],
        steps_left: NDArray[np.floating[Any]],
    ) -> dict[str, NDArray[np.float32]]:
        """Observations, by the names of `space`.

        Args:
            target: `n` rows.
            sound: Their sounds of the moment.
            params: `[n, D]` controls.
            steps_left: `[n]` share of the episode that is left.
        """
        return {
            "target": target.cells.copy(),
            "current": sound.cells.copy(),
            "difference": sound.cells - target.cells,
            "target_descriptors": target.descriptors.copy(),
            "current_descriptors": sound.descriptors.copy(),
            "descriptor_difference": sound.descriptors - target.descriptors,
            "target_spectra": target.spectra.copy(),
            "loss_terms": sound.terms.copy(),
            "controls": params.copy(),
            "note": target.note.copy(),
            "steps_left": steps_left.astype(np.float32)[:, None],
        }

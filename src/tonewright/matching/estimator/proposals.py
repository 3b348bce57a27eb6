"""The estimator at work: candidates for a sound, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.learning.inference import Network, check_shapes
from tonewright.matching.estimator.examples import gate_from_unit
from tonewright.matching.estimator.inputs import PICTURE, SCALARS, SoundInputs, sound_inputs
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.hearing.note_spectra import SPECTRA
from tonewright.synths.base import Synth

KIND = "match-estimator"


class Candidates(NamedTuple):
    """Presets that could have made a sound.

    Attributes:
        params: `[n, D]` unit vectors.
        gate_seconds: `[n]` when the key may have been let go.
    """

    params: NDArray[np.float32]
    gate_seconds: NDArray[np.float64]


class Proposals:
    """Proposes presets of one synth.

    Args:
        network: Exported estimator of this synth.
        synth: The synth.

    Raises:
        CheckpointError: The network was not trained as an estimator is.
    """

    def __init__(self, network: Network, synth: Synth) -> None:
        self._network = network
        controls = list(synth.controls)
        self._discrete = [i for i, control in enumerate(controls) if control.steps]
        self._steps = np.array([controls[i].steps for i in self._discrete])
        self._continuous = [i for i, control in enumerate(controls) if not control.steps]
        values = len(self._continuous) + 1  # and the gate
        sound = {"picture": PICTURE, "spectra": SPECTRA, "scalars": (SCALARS,)}
        check_shapes(
            network,
            inputs={**sound, "uniforms": (len(self._discrete),), "noise": (values,)},
            outputs={"bins": (len(self._discrete),), "values": (values,)},
        )

    def __call__(
        self,
        audio: NDArray[np.float32],
        midi_note: ArrayLike,
        gate_seconds: float | None,
        count: int,
        rng: np.random.Generator,
    ) -> Candidates:
        """Candidates for one sound, in no order.

        Args:
            audio: `[frames]` at `HEARING_RATE_HZ`.
            midi_note: The note it plays; or a note for each candidate `[count]`, where it is not known.
            gate_seconds: When the key was let go, if that is known.
            count: How many.
            rng: Random numbers.
        """
        each = np.broadcast_to(np.asarray(midi_note, np.float64), (count,))
        notes, which = np.unique(each, return_inverse=True)
        gate = np.full(len(notes), np.nan if gate_seconds is None else gate_seconds)
        inputs = sound_inputs(np.repeat(audio[None], len(notes), axis=0), notes, gate)
        found = self._decoded(
            SoundInputs(*(part[which] for part in inputs)),
            rng.random((count, len(self._discrete))),
            rng.standard_normal((count, len(self._continuous) + 1)),
        )
        gates = found.gate_seconds if gate_seconds is None else np.full(count, gate_seconds)
        return Candidates(found.params, np.minimum(gates, len(audio) / HEARING_RATE_HZ))

    def one_each(
        self,
        audio: NDArray[np.float32],
        midi_note: NDArray[np.float64],
        gate_seconds: NDArray[np.float64],
        rngs: Sequence[np.random.Generator],
    ) -> NDArray[np.float32]:
        """One preset `[n, D]` for each of several sounds `[n, frames]`, with random numbers of its own."""
        uniforms = np.stack([rng.random(len(self._discrete)) for rng in rngs])
        noise = np.stack([rng.standard_normal(len(self._continuous) + 1) for rng in rngs])
        return self._decoded(sound_inputs(audio, midi_note, gate_seconds), uniforms, noise).params

    def _decoded(
        self, inputs: SoundInputs, uniforms: NDArray[np.float64], noise: NDArray[np.float64]
    ) -> Candidates:
        """What the network makes of sounds and random numbers, row by row."""
        outputs = self._network(**inputs._asdict(), uniforms=uniforms, noise=noise)
        params = np.empty((len(noise), len(self._discrete) + len(self._continuous)), np.float32)
        params[:, self._discrete] = (outputs["bins"] + 0.5) / self._steps
        values = np.clip(outputs["values"], 0.0, 1.0)
        params[:, self._continuous] = values[:, :-1]
        return Candidates(params, gate_from_unit(values[:, -1]))

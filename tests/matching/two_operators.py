"""A second synth, all of it in this file: two sine operators, one modulating the phase of the other."""

import numpy as np

from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.offline import RELEASED_SHARE
from tonewright.synths.validation import check_params, check_per_row, check_seconds


class TwoOperators:
    """Frequency modulation (J. Chowning, 1973) with a decaying envelope."""

    name, version = "two-operators", 1
    controls = ControlSpace(
        (
            Control("ratio", "modulator", 1, 6, 1, "integer", meaning="modulator to carrier"),
            Control("index", "modulator", 0.0, 8.0, 1.0, meaning="peak deviation of the phase in radians"),
            Control("decay_s", "envelope", 0.05, 2.0, 0.5, "log", "s", "time constant of the fall"),
            Control("level", "envelope", 0.0, 1.0, 0.7, meaning="level, linear in amplitude"),
        )
    )

    def __init__(self, sample_rate_hz=44_100):
        self.sample_rate_hz = sample_rate_hz

    def render(self, params, midi_note=60.0, seconds=1.0, gate_seconds=None, seed=0):
        """See `Synth.render`."""
        params = check_params(params, self.controls)
        ratio, index, decay, level = self.controls.to_physical(params).T[:, :, None]
        note = check_per_row(midi_note, len(params), "midi_note", 0, 127)[:, None]
        gate = (1 - RELEASED_SHARE) * seconds if gate_seconds is None else gate_seconds
        gate = check_per_row(gate, len(params), "gate_seconds", 0, np.inf)[:, None]
        time = np.arange(check_seconds(seconds, self.sample_rate_hz)) / self.sample_rate_hz
        phase = 2 * np.pi * 440.0 * 2 ** ((note - 69) / 12) * time
        fall = np.exp(-time / decay - np.maximum(time - gate, 0.0) / 0.02)
        return (level * fall * np.sin(phase + index * fall * np.sin(ratio * phase))).astype(np.float32)

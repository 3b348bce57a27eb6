"""Sine: the simplest synth there is, to begin with and to test with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.drone import Drone, DroneVoice, gate_level
from tonewright.synths.elementary import exp2, sine_wave
from tonewright.synths.gliding import glide

_LOW_HZ, _OCTAVES = 40.0, 7.0


class Sine(Drone):
    """One sine wave whose frequency and amplitude are played."""

    name = "sine"
    version = 1
    controls = ControlSpace(
        (
            Control("frequency_hz", "sine", _LOW_HZ, _LOW_HZ * 2**_OCTAVES, 440, "log", "Hz", "frequency"),
            Control("amplitude", "sine", 0.0, 1.0, 0.3, "quadratic", meaning="level, down to silence"),
        )
    )

    def _voice(self, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int) -> SineVoice:
        return SineVoice(self, params, gate_seconds)


class SineVoice(DroneVoice):
    """A batch of sounding sines; made by `Sine.voice`."""

    def __init__(self, synth: Sine, params: NDArray[np.float32], gate_seconds: NDArray[np.float64]) -> None:
        super().__init__(synth, params, gate_seconds)
        self._phases = np.zeros(len(params))

    def _render_rows(self, begin: int, first: int, last: int, out: NDArray[np.float32]) -> None:
        _render(
            begin, first, last, self.target, self.now, self.gates, self.share, self.fade,
            self.sample_rate_hz, self._phases, out,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _render(
    begin: int,
    first: int,
    last: int,
    target: NDArray[np.float64],
    now: NDArray[np.float64],
    gates: NDArray[np.int64],
    share: float,
    fade: int,
    sample_rate_hz: float,
    phases: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """Render some rows of a batch; `phases` are cycles, moved on in place."""
    for b in range(first, last):
        step = _LOW_HZ * exp2(_OCTAVES * now[b, 1, 0]) / sample_rate_hz
        amplitude = now[b, 1, 1] ** 2
        for i in range(out.shape[1]):
            if glide(target[b], now[b], share):
                step = _LOW_HZ * exp2(_OCTAVES * now[b, 1, 0]) / sample_rate_hz
                amplitude = now[b, 1, 1] ** 2
            level = amplitude * gate_level(begin + i, gates[b], fade)
            out[b, i] = np.float32(level * sine_wave(phases[b]))
            phases[b] += step
            if phases[b] >= 1:
                phases[b] -= np.floor(phases[b])

"""Sine: the simplest synth there is, to begin with and to test with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.compiling import njit
from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.drone import Drone, DroneVoice, gate_level
from tonewright.synths.elementary import exp2, sine_wave
from tonewright.synths.gliding import glide
from tonewright.synths.reach import Reach
from tonewright.synths.words import Performance, Words

_LOW_HZ, _OCTAVES = 40.0, 7.0
_FADE_FROM, _NYQUIST = 0.45, 0.5  # of the sample rate: where a sine begins to fade, and is gone
_SILENT = 1e-3  # −60 dB


def _summary(values: Mapping[str, float], played: Performance) -> str:
    frequency, amplitude = values["frequency_hz"], values["amplitude"]
    if amplitude < _SILENT:
        return "The amplitude is down: nothing is heard."
    level = wording.decibels(20 * np.log10(amplitude))
    return f"A sine of {wording.frequency(frequency)} that peaks at {level}FS, whatever note is played."


def _idle(values: Mapping[str, float], played: Performance) -> dict[str, str]:
    return {"frequency_hz": "the amplitude is down"} if values["amplitude"] < _SILENT else {}


class Sine(Drone):
    """One sine wave whose frequency and amplitude are played; it is silent above half the sample rate."""

    name = "sine"
    version = 1
    controls = ControlSpace(
        (
            Control("frequency_hz", "sine", _LOW_HZ, _LOW_HZ * 2**_OCTAVES, 440, "log", "Hz", "frequency"),
            Control("amplitude", "sine", 0.0, 1.0, 0.3, "quadratic", meaning="level, down to silence"),
        )
    )
    words = Words("Sine", {}, _summary, _idle)
    reach = Reach(pitches=1, falls=False, reverberates=False)

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
def _step_and_amplitude(unit: NDArray[np.float64], sample_rate_hz: float) -> tuple[float, float]:
    """Cycles per sample, and the amplitude, of unit values."""
    step = _LOW_HZ * exp2(_OCTAVES * unit[0]) / sample_rate_hz
    below_nyquist = (_NYQUIST - step) / (_NYQUIST - _FADE_FROM)
    return step, unit[1] ** 2 * min(1.0, max(0.0, below_nyquist))


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
        step, amplitude = _step_and_amplitude(now[b, 1], sample_rate_hz)
        for i in range(out.shape[1]):
            if glide(target[b], now[b], share):
                step, amplitude = _step_and_amplitude(now[b, 1], sample_rate_hz)
            level = amplitude * gate_level(begin + i, gates[b], fade)
            out[b, i] = np.float32(level * sine_wave(phases[b]))
            phases[b] += step
            if phases[b] >= 1:
                phases[b] -= np.floor(phases[b])

"""FM: two sines, one of which modulates the phase of the other; after J. Chowning (1973)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.compiling import njit
from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.drone import Drone, DroneVoice, gate_level
from tonewright.synths.elementary import exp2, sine_wave, soft_limit
from tonewright.synths.gliding import glide
from tonewright.synths.preset import Preset
from tonewright.synths.words import Performance, Words

_LOW_HZ, _OCTAVES = 40.0, 7.0
_LOW_RATIO, _RATIO_OCTAVES = 0.25, 5.0
_MOST_INDEX = 10.0

_FOLDED = 1e-3
"""Amplitude of the loudest sideband that may lie beyond Nyquist, of an unmodulated carrier: −60 dB."""
_ROOMS = 32
# J_n(β) ≤ (β/2)ⁿ / n!: the index at which the n-th sideband is that loud.
_INDEX_LIMITS = np.array(
    [0.0] + [round(2 * (math.factorial(n) * _FOLDED) ** (1 / n), 6) for n in range(1, _ROOMS + 1)]
)
_KNEE = 0.75  # of its limit, up to which the index is what it says
_FADE = 0.1  # last share of the band up to Nyquist, in which a carrier fades out

_FACTORY = (
    ("Clarinet", ("reed", "hollow"), 196.0, 2.0, 1.4, 0.5),
    ("Brass", ("brass", "bright"), 220.0, 1.0, 3.5, 0.5),
    ("Bell", ("bell", "inharmonic"), 440.0, 1.4, 4.0, 0.4),
    ("Glass", ("bell", "high"), 1_320.0, 3.5, 1.2, 0.3),
    ("Growl", ("bass", "rough"), 65.4, 0.5, 5.0, 0.6),
    ("Metal Sheet", ("metal", "noisy"), 311.0, 2.76, 9.0, 0.4),
)
"""Name, tags, and the controls in their order."""


def _summary(values: Mapping[str, float], played: Performance) -> str:
    if not values["amplitude"]:
        return "Silent: the amplitude is zero."
    carrier = values["carrier_hz"]
    if not values["index"]:
        return f"A sine of {wording.frequency(carrier)}: the index is zero."
    modulator = wording.frequency(carrier * values["harmonicity"])
    index = wording.number(values["index"], 2)
    return f"A sine of {wording.frequency(carrier)}, modulated at {modulator} with index {index}."


def _idle(values: Mapping[str, float], played: Performance) -> dict[str, str]:
    if not values["amplitude"]:
        return {name: "the amplitude is zero" for name in values if name != "amplitude"}
    return {} if values["index"] else {"harmonicity": "the index is zero"}


class FM(Drone):
    """A sine whose phase is modulated by another: sidebands a modulator's frequency apart.

    The output is sin(2π·carrier·t + index·sin(2π·harmonicity·carrier·t)). The amplitude of the n-th sideband
    is the Bessel function J_n(index), so that the index is Δf over the modulator's frequency. Where sidebands
    would fold back at Nyquist, the index bends towards a limit that keeps each of these below −60 dB; up to
    three quarters of the limit it is what it says. A carrier fades out in the last tenth below Nyquist.
    """

    name = "fm"
    version = 1
    controls = ControlSpace(
        (
            Control(
                "carrier_hz", "fm", _LOW_HZ, _LOW_HZ * 2**_OCTAVES, 220, "log", "Hz",
                "frequency of the carrier",
            ),
            Control(
                "harmonicity", "fm", _LOW_RATIO, _LOW_RATIO * 2**_RATIO_OCTAVES, 1, "log",
                meaning="frequency of the modulator, in carrier frequencies",
            ),
            Control(
                "index", "fm", 0.0, _MOST_INDEX, 2,
                meaning="modulation index: how many sidebands, none at 0",
            ),
            Control("amplitude", "fm", 0.0, 1.0, 0.3, "quadratic", meaning="level, down to silence"),
        )
    )  # fmt: skip

    words: Words = Words("FM", {"fm": "FM"}, _summary, _idle)

    def factory_presets(self) -> tuple[Preset, ...]:
        """A few named presets that come with the synth."""
        return tuple(
            Preset(self.name, self.version, dict(zip(self.controls.names, values, strict=True)), name, tags)
            for name, tags, *values in _FACTORY
        )

    def _voice(self, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int) -> FMVoice:
        return FMVoice(self, params, gate_seconds)


class FMVoice(DroneVoice):
    """A batch of sounding FM pairs; made by `FM.voice`."""

    def __init__(self, synth: FM, params: NDArray[np.float32], gate_seconds: NDArray[np.float64]) -> None:
        super().__init__(synth, params, gate_seconds)
        self._phases = np.zeros((len(params), 2))

    def _render_rows(self, begin: int, first: int, last: int, out: NDArray[np.float32]) -> None:
        _render(
            begin, first, last, self.target, self.now, self.gates, self.share, self.fade,
            self.sample_rate_hz, self._phases, out,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _set(units: NDArray[np.float64], sample_rate_hz: float) -> tuple[float, float, float, float]:
    """What a row plays: cycles a sample of carrier and modulator, the modulation in cycles, the level."""
    carrier = _LOW_HZ / sample_rate_hz * exp2(_OCTAVES * units[0])
    modulator = carrier * _LOW_RATIO * exp2(_RATIO_OCTAVES * units[1])
    room = max(0.0, (0.5 - carrier) / modulator)  # sidebands between carrier and Nyquist
    below = min(int(room), _ROOMS - 1)
    share = min(1.0, room - below)
    limit = (1 - share) * _INDEX_LIMITS[below] + share * _INDEX_LIMITS[below + 1]
    index = soft_limit(_MOST_INDEX * units[2], _KNEE * limit, limit)
    level = units[3] ** 2 * min(1.0, max(0.0, (0.5 - carrier) / (0.5 * _FADE)))
    return carrier, modulator, index / (2 * np.pi), level


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
    """Render some rows of a batch; `phases` are cycles of carrier and modulator, moved on in place."""
    for b in range(first, last):
        carrier, modulator, depth, level = _set(now[b, 1], sample_rate_hz)
        for i in range(out.shape[1]):
            if glide(target[b], now[b], share):
                carrier, modulator, depth, level = _set(now[b, 1], sample_rate_hz)
            wave = sine_wave(phases[b, 0] + depth * sine_wave(phases[b, 1]))
            out[b, i] = np.float32(level * gate_level(begin + i, gates[b], fade) * wave)
            phases[b, 0] += carrier
            phases[b, 0] -= np.floor(phases[b, 0])
            phases[b, 1] += modulator
            phases[b, 1] -= np.floor(phases[b, 1])

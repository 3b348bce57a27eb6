"""Patches in physical units, and how to measure what they sound like."""

import numpy as np
from scipy.signal import hilbert
from scipy.signal.windows import tukey

from tonewright.synths.serum_lite.controls import CONTROLS
from tonewright.synths.serum_lite.synth import SerumLite

# One steady saw at full level through the open filter.
STEADY = {
    "osc1_level": 1.0,
    "osc2_level": 0.0,
    "noise_level": 0.0,
    "filter_cutoff_hz": 20_000.0,
    "filter_resonance": 0.1,
    "filter_envelope_octaves": 0.0,
    "amp_attack_s": 0.001,
    "amp_sustain": 1.0,
    "lfo_amount": 0.0,
    "master_volume": 1.0,
}
SINE, SAW, SQUARE, TRIANGLE = 0.0, 1 / 3, 2 / 3, 1.0


def patch(**values):
    """Unit vector `[1, 24]` of the steady saw with some values changed."""
    defaults = {control.name: control.default for control in CONTROLS}
    return CONTROLS.to_unit({**defaults, **STEADY, **values})[None]


def patches(name, values, **others):
    """Unit vectors `[len(values), 24]` that differ in one control."""
    return np.concatenate([patch(**{**others, name: value}) for value in values])


def play(params, midi_note=60.0, seconds=1.0, gate_seconds=None, *, rate_hz=44_100, seed=0):
    """A rendering as float64, held all along unless a gate is given."""
    gate = 2 * seconds if gate_seconds is None else gate_seconds
    return SerumLite(rate_hz).render(params, midi_note, seconds, gate, seed).astype(np.float64)


def note_hz(midi_note):
    """Frequency of a note in equal temperament, A4 = 440 Hz."""
    return 440.0 * 2 ** ((midi_note - 69) / 12)


def rms(x):
    """Root mean square of each row."""
    return np.sqrt(np.mean(np.square(x), axis=-1))


def decibels(ratio):
    """Decibels of an amplitude ratio."""
    return 20 * np.log10(np.maximum(ratio, 1e-20))


def partial_amplitude(x, frequency_hz, rate_hz):
    """Amplitude and phase of a partial in each row, as a complex number; others leak less than −100 dB."""
    window = np.kaiser(x.shape[-1], 14.0)
    t = np.arange(x.shape[-1]) / rate_hz
    return 2 * (x * window * np.exp(-2j * np.pi * frequency_hz * t)).sum(-1) / window.sum()


def frequency_hz(x, rate_hz):
    """Mean frequency of the sine in each row."""
    return instantaneous_hz(x, rate_hz)[1].mean(-1)


def instantaneous_hz(x, rate_hz):
    """Times, and the frequency of the sine in each row at these: the slope of the analytic signal's phase.

    The tenth at either end is faded and left out, where a finite analytic signal is wrong.
    """
    frames = x.shape[-1]
    phase = np.unwrap(np.angle(hilbert(x * tukey(frames, 0.2), axis=-1)), axis=-1)
    inner = slice(frames // 10, -frames // 10)
    hz = np.diff(phase, axis=-1) * rate_hz / (2 * np.pi)
    return (np.arange(frames - 1)[inner] + 0.5) / rate_hz, hz[..., inner]


def cents(ratio):
    """An interval in cents."""
    return 1200 * np.log2(ratio)

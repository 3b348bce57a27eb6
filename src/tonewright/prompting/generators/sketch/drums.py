"""Drums: one strike of each, synthesized."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from tonewright.prompting.generators.sketch.piece import DRUMS

Sound = NDArray[np.float32]
_DECAY = np.log(1000.0)  # 60 dB
_CYMBAL_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""Square waves of a cymbal, as analogue drum machines have them."""


def strike(drum: str, values: Mapping[str, float], sample_rate_hz: int, rng: np.random.Generator) -> Sound:
    """One strike of a drum at full velocity, `[n]`, its peak at 1.

    Args:
        drum: Of `piece.DRUMS`.
        values: Physical values of a piece.
        sample_rate_hz: Rate.
        rng: Noise.
    """
    sound = _MADE[drum](values, sample_rate_hz, rng)
    fade = min(len(sound), sample_rate_hz // 200)
    sound[-fade:] *= np.linspace(1, 0, fade)
    return np.asarray(sound / max(np.abs(sound).max(), 1e-9), np.float32)


def _kick(values: Mapping[str, float], rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    time_s = _time(1.1 * values["kick_decay_s"], rate)
    hz = values["kick_hz"] * 2 ** (values["kick_sweep_octaves"] * np.exp(-time_s / 0.018))
    body = np.sin(2 * np.pi * np.cumsum(hz) / rate) * _fall(time_s, values["kick_decay_s"])
    click = _band(rng.standard_normal(len(time_s)), 1_500, 7_000, rate) * _fall(time_s, 0.012)
    return np.asarray(body + values["kick_click"] * click)


def _snare(values: Mapping[str, float], rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    time_s = _time(1.1 * values["snare_decay_s"] + 0.02, rate)
    hz = values["snare_hz"]
    shell = sum(
        np.sin(2 * np.pi * hz * ratio * time_s) * _fall(time_s, 0.12 / ratio) for ratio in (1.0, 1.78)
    )
    wires = _high(rng.standard_normal(len(time_s)), 1_200, rate) * _fall(time_s, values["snare_decay_s"])
    share = values["snare_noise"]
    return np.asarray((1 - share) * shell + 0.5 * share * wires)


def _hats(values: Mapping[str, float], rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return _metal(values["hats_hz"], values["hats_decay_s"], 0.4, rate, rng)


def _cymbal(values: Mapping[str, float], rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return _metal(values["cymbal_hz"], values["cymbal_decay_s"], 0.6, rate, rng)


def _metal(
    edge_hz: float, decay_s: float, noise: float, rate: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    time_s = _time(1.05 * decay_s, rate)
    squares = sum(np.sign(np.sin(2 * np.pi * 4.1 * hz * time_s)) for hz in _CYMBAL_HZ)
    mix = (1 - noise) * np.asarray(squares) / 3 + noise * rng.standard_normal(len(time_s))
    return _high(mix, edge_hz, rate) * _fall(time_s, decay_s)


def _clap(values: Mapping[str, float], rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    time_s = _time(1.1 * values["clap_decay_s"] + 0.03, rate)
    envelope = np.where(time_s > 0.03, _fall(time_s - 0.03, values["clap_decay_s"]), 0.0)
    for at_s in (0.0, 0.011, 0.021):
        envelope = np.maximum(envelope, np.where(time_s >= at_s, _fall(time_s - at_s, 0.02), 0.0))
    hz = values["clap_hz"]
    return _band(rng.standard_normal(len(time_s)), 0.6 * hz, 1.9 * hz, rate) * envelope


def _toms(values: Mapping[str, float], rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    time_s = _time(1.1 * values["toms_decay_s"], rate)
    hz = values["toms_hz"] * (1 + 0.35 * np.exp(-time_s / 0.05))
    body = np.sin(2 * np.pi * np.cumsum(hz) / rate) * _fall(time_s, values["toms_decay_s"])
    skin = _band(rng.standard_normal(len(time_s)), 300, 2_500, rate) * _fall(time_s, 0.03)
    return np.asarray(body + 0.25 * skin)


def _shaker(values: Mapping[str, float], rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    decay_s = values["shaker_decay_s"]
    time_s = _time(0.02 + 1.1 * decay_s, rate)
    envelope = np.where(time_s < 0.02, time_s / 0.02, _fall(time_s - 0.02, decay_s))
    hz = values["shaker_hz"]
    return _band(rng.standard_normal(len(time_s)), 0.75 * hz, 1.6 * hz, rate) * envelope


_MADE: Mapping[str, Callable[[Mapping[str, float], int, np.random.Generator], NDArray[np.float64]]] = {
    "kick": _kick,
    "snare": _snare,
    "hats": _hats,
    "clap": _clap,
    "toms": _toms,
    "cymbal": _cymbal,
    "shaker": _shaker,
}
assert tuple(_MADE) == DRUMS


def _time(seconds: float, rate: int) -> NDArray[np.float64]:
    return np.arange(max(round(seconds * rate), 32)) / rate


def _fall(time_s: NDArray[np.float64], decay_s: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-_DECAY * np.maximum(time_s, 0) / decay_s))


def _high(sound: NDArray[np.float64], edge_hz: float, rate: int) -> NDArray[np.float64]:
    return np.asarray(sosfilt(butter(4, edge_hz, "highpass", fs=rate, output="sos"), sound))


def _band(sound: NDArray[np.float64], low_hz: float, high_hz: float, rate: int) -> NDArray[np.float64]:
    high_hz = min(high_hz, 0.48 * rate)
    return np.asarray(sosfilt(butter(2, (low_hz, high_hz), "bandpass", fs=rate, output="sos"), sound))

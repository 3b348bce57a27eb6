"""Sampling a rectified flow: schedules, guidance and four samplers.

Time runs from 1, noise, to 0, sound: x = (1 − t) sound + t noise, and the velocity is noise − sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Latent = NDArray[np.float32]
Velocity = Callable[[Latent, float], Latent]
_LEAST_LOG_SNR = -6.0


def schedule(steps: int, sigma_max: float, sigma_min: float) -> NDArray[np.float64]:
    """Noise levels from `sigma_max` to 0, `[steps + 1]`, even in log signal to noise up to `sigma_min`."""
    first = max(_LEAST_LOG_SNR, _log_snr(sigma_max))
    levels = 1 / (1 + np.exp(np.linspace(first, _log_snr(sigma_min), steps)))
    levels[0] = sigma_max
    return np.append(levels, 0.0)


def guided(
    velocity: Callable[[Latent, float, bool], Latent],
    cfg_scale: float,
    stated: NDArray[np.bool_] | None = None,
) -> tuple[Velocity, int]:
    """A velocity that follows a prompt further than its opposite (Ho and Salimans 2022).

    Args:
        velocity: Of a latent and a time, with the prompt (True) or with its opposite (False).
        cfg_scale: 1 for the prompt alone.
        stated: `[SIZE]`: numbers that a prompt states; they are not guided beyond it.

    Returns:
        The velocity, and how many evaluations it takes.
    """
    if cfg_scale == 1.0:
        return lambda x, t: velocity(x, t, True), 1

    scale = np.full(1 if stated is None else stated.shape, cfg_scale, np.float32)
    if stated is not None:
        scale[stated] = min(cfg_scale, 1.0)  # 128 BPM, followed further, would be 140

    def both(x: Latent, t: float) -> Latent:
        away = velocity(x, t, False)
        return away + scale * (velocity(x, t, True) - away)

    return both, 2


def sample_flow(
    sampler: str, velocity: Velocity, start: Latent, levels: NDArray[np.float64], rng: np.random.Generator
) -> Latent:
    """Carry a latent from noise to sound.

    Args:
        sampler: Of `SAMPLERS`.
        velocity: Of a latent and a time.
        start: At the first level.
        levels: Noise levels, falling to 0.
        rng: Noise that a sampler adds on the way.
    """
    return SAMPLERS[sampler](velocity, start, levels, rng)


def _euler(velocity: Velocity, x: Latent, levels: NDArray[np.float64], rng: np.random.Generator) -> Latent:
    for now, then in pairwise(levels):
        x = x + np.float32(then - now) * velocity(x, now)
    return x


def _rk4(velocity: Velocity, x: Latent, levels: NDArray[np.float64], rng: np.random.Generator) -> Latent:
    for now, then in pairwise(levels):
        step, middle = np.float32(then - now), 0.5 * (now + then)
        one = velocity(x, now)
        two = velocity(x + 0.5 * step * one, middle)
        three = velocity(x + 0.5 * step * two, middle)
        four = velocity(x + step * three, then)
        x = x + step / 6 * (one + 2 * two + 2 * three + four)
    return x


def _dpmpp(velocity: Velocity, x: Latent, levels: NDArray[np.float64], rng: np.random.Generator) -> Latent:
    """DPM-Solver++ (2M) in the flow's own times (Lu et al. 2022)."""
    last: Latent | None = None
    last_h = 0.0
    for now, then in pairwise(levels):
        sound = x - np.float32(now) * velocity(x, now)
        if then == 0:
            return sound
        h = _log_snr(then) - _log_snr(min(now, 1 - 1e-4))
        used = sound
        if last is not None and last_h > 0:
            ratio = last_h / h
            used = np.float32(1 + 1 / (2 * ratio)) * sound - np.float32(1 / (2 * ratio)) * last
        shift = np.float32((1 - then) * np.expm1(-h))
        x = np.asarray(np.float32(then / now) * x - shift * used, np.float32)
        last, last_h = sound, h
    return x


def _pingpong(velocity: Velocity, x: Latent, levels: NDArray[np.float64], rng: np.random.Generator) -> Latent:
    """To the sound and back with fresh noise (Novack et al. 2025)."""
    for now, then in pairwise(levels):
        sound = x - np.float32(now) * velocity(x, now)
        noise = rng.standard_normal(x.shape, dtype=np.float32)
        x = np.float32(1 - then) * sound + np.float32(then) * noise
    return x


SAMPLERS: Mapping[str, Callable[[Velocity, Latent, NDArray[np.float64], np.random.Generator], Latent]] = {
    "euler": _euler,
    "rk4": _rk4,
    "dpmpp": _dpmpp,
    "pingpong": _pingpong,
}
EVALUATIONS = {"euler": 1, "rk4": 4, "dpmpp": 1, "pingpong": 1}
"""Velocities a step takes."""


def _log_snr(level: float) -> float:
    """Log of signal over noise at a level; of amplitudes, as the flow mixes them."""
    level = min(max(level, 1e-6), 1 - 1e-6)
    return float(np.log((1 - level) / level))

"""How loud a synth clicks when it is turned: what jumps of its controls add above the sound itself.

Controls jump between two presets 100 times a second. On their way they pass the presets between the two, so
that sounds of some of these, standing still, tell how much energy may lie above any frequency. What the
jumps have above that is their click. It is looked for 2 kHz and more above: nearer by lie the sidebands that
a sound has which moves 100 times a second, however smoothly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from tonewright.synths.base import Synth

JUMPS_HZ = 100
GUARD_HZ = 2_000.0
ALLOWANCE_DB = 3.0
"""By how much jumps may be above the loudest of the still sounds."""
LOWEST_DB = -120.0
"""Where click levels end, and against full scale, what is silence."""

_WINDOW = 4_096
_STILLS = 9  # on the straight line between two presets, both ends included
_SECONDS = 0.5
_SKIPPED_SECONDS = 0.1  # the beginning of the note
_NOTE = 36.0
_CHOSEN_FROM = 64


def click_level(
    turned: NDArray[np.float32], stills: NDArray[np.float32], sample_rate_hz: int
) -> NDArray[np.float64]:
    """Level of the clicks in sounds that were turned.

    Args:
        turned: `[batch, frames]`.
        stills: `[sounds, batch, frames]`, what may be heard on the way.
        sample_rate_hz: Of all of them.

    Returns:
        `[batch]` in dB against the loudest of the still sounds: the greatest power above any frequency f,
        less twice (`ALLOWANCE_DB`) the greatest power that a still sound has above f − `GUARD_HZ`; at least
        `LOWEST_DB`.
    """
    guard = round(GUARD_HZ * _WINDOW / sample_rate_hz)
    above, still_above = _power_above(turned), _power_above(stills).max(axis=0)
    allowed = 10 ** (ALLOWANCE_DB / 10) * still_above[:, :-guard]
    excess = (above[:, guard:] - allowed).max(axis=1)
    silence = 10 ** (LOWEST_DB / 10)
    loudest = still_above[:, 0] + silence
    return np.asarray(10 * np.log10(np.maximum(excess / loudest, silence)))


def click_levels(synth: Synth, rng: np.random.Generator, presets: int = 3) -> dict[str, float]:
    """Level of the clicks of each control of a synth, and of all of them.

    Each control jumps from end to end in presets with little energy high up, where a click is heard best;
    "all" jump between two such presets.

    Args:
        synth: What is turned.
        rng: Draws the presets.
        presets: How many presets each control jumps in.

    Returns:
        The loudest click in dB (see `click_level`), by name of the control and for "all".
    """
    controls = len(synth.controls)
    dark = _dark_presets(synth, rng, 3 * presets)
    ends = np.repeat(dark[None, :presets].repeat(controls, axis=0)[None], 2, axis=0)
    for d in range(controls):
        ends[0, d, :, d], ends[1, d, :, d] = 0, 1
    pairs = np.stack([dark[presets : 2 * presets], dark[2 * presets :]])
    one, other = np.concatenate([ends.reshape(2, -1, controls), pairs], axis=1)

    hop = synth.sample_rate_hz // JUMPS_HZ
    steps = np.arange(round(_SECONDS * JUMPS_HZ)) % 2 == 0
    tracks = np.where(steps[None, :, None], one[:, None], other[:, None])
    turned = synth.render(tracks, _NOTE, _SECONDS, 2 * _SECONDS, hop=hop)
    between = [one + np.float32(share) * (other - one) for share in np.linspace(0, 1, _STILLS)]
    stills = synth.render(np.clip(np.concatenate(between), 0, 1), _NOTE, _SECONDS, 2 * _SECONDS)
    begin = round(_SKIPPED_SECONDS * synth.sample_rate_hz)
    levels = click_level(
        turned[:, begin:], stills.reshape(_STILLS, *turned.shape)[..., begin:], synth.sample_rate_hz
    )
    names = [*synth.controls.names, "all"]
    return dict(zip(names, levels.reshape(-1, presets).max(axis=1).tolist(), strict=True))


def _dark_presets(synth: Synth, rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Of random presets those that can be heard and have least energy above 2 kHz, `[count, D]`."""
    params = synth.controls.sample(rng, max(_CHOSEN_FROM, 4 * count))
    power = _power_above(synth.render(params, _NOTE, _SECONDS, 2 * _SECONDS))
    share = power[:, round(GUARD_HZ * _WINDOW / synth.sample_rate_hz)] / (power[:, 0] + 1e-20)
    share[power[:, 0] < 1e-6] = np.inf  # −60 dBFS
    return params[np.argsort(share)[:count]]


def _power_above(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Power above each frequency, `[..., bins]`, from the whole on; the window leaks less than −92 dB."""
    _, density = welch(sound, nperseg=_WINDOW, window="blackmanharris", detrend=False)
    return np.asarray(np.cumsum(density[..., ::-1], axis=-1, dtype=np.float64)[..., ::-1] / _WINDOW)

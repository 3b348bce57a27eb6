"""What answers no brief, but may look like it to a reward: noises, clicks, and a search among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.prompting.listening.analysis import Heard, listen
from tonewright.prompting.rewards.scoring import score_heard

Sound = NDArray[np.float32]
DIMENSIONS = 12
LONGEST_S = 8.0


def frames_of(brief: Brief, longest_s: float = LONGEST_S) -> int:
    return round(min(brief.target.seconds, longest_s) * SAMPLE_RATE_HZ)


def both(sound: NDArray[np.float64]) -> Sound:
    return np.stack([sound, sound]).astype(np.float32)


def pink(frames: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(frames))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), frames)


def white(frames: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).standard_normal(frames)


def beat_s(brief: Brief) -> float:
    return 60 / (brief.target.bpm or 120)


def gated(brief: Brief, frames: int) -> NDArray[np.float64]:
    time_s = np.arange(frames) / SAMPLE_RATE_HZ
    return white(frames) * (time_s % beat_s(brief) < 0.1)


def click_track(brief: Brief, frames: int) -> NDArray[np.float64]:
    time_s = np.arange(frames) / SAMPLE_RATE_HZ
    phase = time_s % beat_s(brief)
    return np.sin(2 * np.pi * 1_000 * phase) * np.exp(-phase / 0.01)


def tone(frames: int, hz: float = 440.0) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(frames) / SAMPLE_RATE_HZ)


PLAIN: dict[str, Callable[[Brief, int], Sound]] = {
    "white noise": lambda brief, n: both(0.1 * white(n)),
    "pink noise": lambda brief, n: both(3 * pink(n)),
    "gated noise": lambda brief, n: both(0.1 * gated(brief, n)),
    "wide noise": lambda brief, n: np.stack([0.1 * white(n), 3 * pink(n)]).astype(np.float32),
    "silence": lambda brief, n: both(0 * white(n)),
    "click track": lambda brief, n: both(click_track(brief, n)),
    "sine": lambda brief, n: both(tone(n)),
    "dc": lambda brief, n: both(0.5 + 0 * white(n)),
    "clipped square": lambda brief, n: both(np.clip(3 * np.sign(tone(n, 110)), -0.9, 0.9)),
}
"""Each of a brief and a number of frames."""


@lru_cache(maxsize=2)
def noises(frames: int, seed: int) -> NDArray[np.float64]:
    """Three white noises."""
    return np.random.default_rng(seed).standard_normal((3, frames))


def synthesized(brief: Brief, frames: int, unit: NDArray[np.float64], seed: int = 3) -> Sound:
    """A synthesizer of noise and clicks, of controls `[12]` in [0, 1]: what is searched with.

    A band of noise with a gate at the beat, filtered clicks at quarters, eighths or sixteenths, an attack and
    a decay over all, and noise in the side.
    """
    u = np.clip(unit, 0, 1)
    clicked, middle_noise, side_noise = noises(frames, seed)
    time_s = np.arange(frames) / SAMPLE_RATE_HZ

    def band(sound: NDArray[np.float64], low: float, wide: float) -> NDArray[np.float64]:
        low_hz = 30 * 2 ** (8 * low)
        high_hz = min(low_hz * 2 ** (0.3 + 6 * wide), 20_000)
        return sosfilt(butter(2, (low_hz, high_hz), "bandpass", fs=SAMPLE_RATE_HZ, output="sos"), sound)

    step_s = beat_s(brief) / (1, 2, 4)[min(2, int(3 * u[5]))]
    phase = time_s % step_s
    clicks = band(clicked * np.exp(-phase / (0.003 * 2 ** (6 * u[6]))), u[7], u[8])
    noise = band(middle_noise, u[0], u[1])
    noise *= np.where(time_s % beat_s(brief) < (0.05 + u[2]) * beat_s(brief), 1, u[3] ** 2)
    side = band(side_noise, u[0], u[1])
    envelope = np.exp(-time_s * 8 * u[9] ** 2) * np.minimum(time_s / (0.002 + u[10]), 1)
    noise, clicks, side = (one / max(one.std(), 1e-9) for one in (noise, clicks, side))
    middle = (noise * (1 - u[11]) + clicks * u[11]) * envelope
    side = side * u[4] * envelope if u[4] > 0.02 else 0 * middle
    sound = np.stack([middle + side, middle - side])
    return (0.8 * sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32)


def search(
    brief: Brief,
    evaluations: int,
    seed: int = 5,
    longest_s: float = LONGEST_S,
    start: NDArray[np.float64] | None = None,
) -> Iterator[tuple[list[float], Heard, list[NDArray[np.float64]]]]:
    """CMA-ES for the total reward of a brief: rewards, sounds and controls of each generation.

    It starts in the middle of the controls unless told otherwise.
    """
    import cma  # here: it warns of a plotting library that nobody needs

    frames = frames_of(brief, longest_s)
    strategy = cma.CMAEvolutionStrategy(
        [0.5] * DIMENSIONS if start is None else start.tolist(),
        0.25,
        {"bounds": [0, 1], "seed": seed, "maxfevals": evaluations, "verbose": -9},
    )
    while not strategy.stop():
        asked = strategy.ask()
        heard = listen(np.stack([synthesized(brief, frames, np.array(one)) for one in asked]))
        found = [card.total for card in score_heard(heard, brief)]
        yield found, heard, asked
        strategy.tell(asked, [-one for one in found])

"""Attack the reward: nothing that is not what the brief asked for may come near an honest sound.

Usage: python benchmarks/prompting/attacks.py [--evaluations 2000] [--briefs 6]; writes
benchmarks/results/prompting-attacks.json. The honest sound of a brief is what the sketch makes of its
baseline prompt with its recommended settings, the median of some seeds. Attackers are noises, silence,
clicks, tones, DC, a clipped square, copied recordings, prompts that are stuffed or say nothing, free steps,
and one that searches: CMA-ES over a synthesizer of noise and clicks, so many evaluations against the total
reward. The margin of a category is the mean honest reward less that of the best attacker.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cma
import numpy as np
from norms import RECORDINGS, beginning, category_of
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import library
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Request
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.generators.sketch.piece import CATEGORIES
from tonewright.prompting.rewards.scoring import score

RESULT = Path(__file__).parent.parent / "results" / "prompting-attacks.json"
SEEDS = 5
Sound = NDArray[np.float32]
STUFFED = (
    "high quality, professional, clear, crisp, punchy, studio recording, masterpiece, best, award winning, 4k"
)
DIMENSIONS = 14


def frames_of(brief: Brief) -> int:
    return round(min(brief.target.seconds, 8.0) * SAMPLE_RATE_HZ)


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


ATTACKS: dict[str, Callable[[Brief, int], Sound]] = {
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


def synthesized(brief: Brief, frames: int, unit: NDArray[np.float64]) -> Sound:
    """A synthesizer of noise and clicks: the searching attacker's instrument, `[14]` in [0, 1]."""
    u = np.clip(unit, 0, 1)
    rng = np.random.default_rng(3)
    time_s = np.arange(frames) / SAMPLE_RATE_HZ

    def band(sound: NDArray[np.float64], low: float, wide: float) -> NDArray[np.float64]:
        low_hz = 30 * 2 ** (8 * low)
        high_hz = min(low_hz * 2 ** (0.3 + 6 * wide), 20_000)
        return sosfilt(butter(2, (low_hz, high_hz), "bandpass", fs=SAMPLE_RATE_HZ, output="sos"), sound)

    step_s = beat_s(brief) / (1, 2, 4)[min(2, int(3 * u[5]))]
    phase = time_s % step_s
    clicks = band(rng.standard_normal(frames) * np.exp(-phase / (0.003 * 2 ** (6 * u[6]))), u[7], u[8])
    noise = band(rng.standard_normal(frames), u[0], u[1])
    noise *= np.where(time_s % beat_s(brief) < (0.05 + u[2]) * beat_s(brief), 1, u[3] ** 2)
    side = band(rng.standard_normal(frames), u[0], u[1]) * u[4]
    envelope = np.exp(-time_s * 8 * u[9] ** 2) * np.minimum(time_s / (0.002 + u[10]), 1)
    hum = np.sin(2 * np.pi * 40 * 2 ** (5 * u[12]) * time_s) * u[11] ** 2
    middle = (
        noise / max(noise.std(), 1e-9) * (1 - u[13]) + clicks / max(clicks.std(), 1e-9) * u[13] + hum
    ) * envelope
    side = side / max(side.std(), 1e-9) * u[4] * envelope if u[4] > 0.02 else 0 * middle
    sound = np.stack([middle + side, middle - side])
    return (0.8 * sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32)


def total(sound: Sound, brief: Brief) -> float:
    return score(sound[None], brief)[0].total


def honest(brief: Brief) -> float:
    made = generator("sketch")
    settings = library().presets[brief.settings].settings["sketch"]
    seconds = brief.target.seconds
    requests = [
        Request(brief.baseline_prompt, seconds=seconds, seed=seed, **settings) for seed in range(SEEDS)
    ]
    return float(np.median([total(one.samples, brief) for one in made.generate(requests)]))


def prompted(brief: Brief, prompt: str, **settings: object) -> float:
    made = generator("sketch").generate(
        [Request(prompt, seconds=brief.target.seconds, seed=seed, **settings) for seed in range(SEEDS)]
    )
    return float(np.median([total(one.samples, brief) for one in made]))


def searched(brief: Brief, evaluations: int) -> float:
    frames = frames_of(brief)
    search = cma.CMAEvolutionStrategy(
        [0.5] * DIMENSIONS, 0.25, {"bounds": [0, 1], "seed": 5, "maxfevals": evaluations, "verbose": -9}
    )
    best = 0.0
    while not search.stop():
        asked = search.ask()
        found = [total(synthesized(brief, frames, np.array(one)), brief) for one in asked]
        best = max(best, *found)
        search.tell(asked, [-one for one in found])
    return best


def attack(brief: Brief, evaluations: int) -> dict[str, float]:
    frames = frames_of(brief)
    found = {name: total(make(brief, frames), brief) for name, make in ATTACKS.items()}
    copies = [path for path in sorted(RECORDINGS.glob("*.flac")) if category_of(path.stem) == brief.category]
    if copies:
        found["copied recording"] = float(np.median([total(beginning(path), brief) for path in copies[::4]]))
    found["stuffed prompt"] = prompted(brief, STUFFED)
    found["empty prompt"] = prompted(brief, ".")
    found["searched noise and clicks"] = searched(brief, evaluations)
    return found | {"honest": honest(brief), "free steps": prompted(brief, brief.baseline_prompt, steps=200)}


def main() -> None:
    """Attack, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=2_000, help="of the search for each brief (2000)")
    parser.add_argument("--briefs", type=int, default=6, help="of each category (6)")
    options = parser.parse_args()
    briefs = []
    for category in CATEGORIES:
        some = [brief for brief in library().briefs.values() if brief.category == category]
        briefs += some[:: max(1, len(some) // options.briefs)][: options.briefs]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        found = list(pool.map(partial(attack, evaluations=options.evaluations), briefs))
    result = {}
    for category in CATEGORIES:
        rows = [one for one, brief in zip(found, briefs, strict=True) if brief.category == category]
        means = {name: float(np.mean([row[name] for row in rows if name in row])) for name in rows[0]}
        attackers = {n: v for n, v in means.items() if n not in ("honest", "free steps", "copied recording")}
        worst = max(attackers, key=attackers.__getitem__)
        result[category] = {
            "rewards": means,
            "best_attacker": worst,
            "margin": means["honest"] - attackers[worst],
        }
        print(category, json.dumps(result[category]), flush=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

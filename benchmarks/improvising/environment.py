"""Measure the improvise environment: its speed, how near looked-up hearing is to real hearing, its baselines.

Usage: python benchmarks/improvising/environment.py; writes benchmarks/results/improvising-environment.json.

Of each synth, with a table of about 8,000 points:

- steps a second with 256 rows, looked up and rendered: the best of several runs, on the clock and per second
  of processor, which other programs disturb less; a step of one hop, and of two as it is by default;
- the root mean square of the difference between what is looked up and what is heard of the same controls
  rendered, column by column, in spreads of the column and in its own unit;
- mean rewards of the baselines on still and on moving random sounds, three seeds: the gains of the
  proportional controller among them.

About five minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from tonewright.files import write_text
from tonewright.improvising.environment import ImproviseEnv
from tonewright.improvising.episode_config import FEATURES_KEEP, ImproviseConfig
from tonewright.improvising.hearing_difference import hearing_difference
from tonewright.improvising.lookup.table import LookupTable
from tonewright.improvising.own_sound.small_table import measure_table
from tonewright.improvising.playing.baselines import GAIN, baseline, proportional
from tonewright.improvising.setting import setting
from tonewright.synths import synth

RESULT = Path(__file__).parent.parent / "results" / "improvising-environment.json"
POINTS: dict[str, dict[str, int]] = {
    "sine": {"grid": 90},
    "fm": {"grid": 9},
    "granular": {"sobol": 8192},
}
HEARD = (
    "loudness",
    "pitch",
    "spectral_shape",
    "mfcc",
    "chroma",
    "zero_crossing_rate",
    "spectral_contrast",
    "onset",
)
ROWS, RUNS = 256, 7
GAINS = (0.7, 0.5, 0.35, 0.25, 0.15)
SEEDS = (0, 1, 2)
EPISODE_ROWS, EPISODE_STEPS = 16, 300


def speed(name: str, table: LookupTable, steps: int, **changes: Any) -> dict[str, float]:
    """Steps a second of all rows together, the best of several runs."""
    env = ImproviseEnv(ROWS, synth=name, table=table, max_episode_steps=10**9, **changes)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(16)]
    wall_s, processor_s = [], []
    for _ in range(RUNS):
        began_s, used_s = time.perf_counter(), time.process_time()
        for step in range(steps):
            env.step(actions[step % len(actions)])
        wall_s.append(time.perf_counter() - began_s)
        processor_s.append(time.process_time() - used_s)
    made = ROWS * steps
    return {
        "steps_per_second": round(made / min(wall_s)),
        "steps_per_processor_second": round(made / min(processor_s)),
    }


def speeds(name: str, table: LookupTable) -> dict[str, dict[str, float]]:
    """Of the views and hearings that matter."""
    return {
        "looked up, a hop a step": speed(name, table, 400, hops_per_step=1),
        "looked up, two hops a step": speed(name, table, 400),
        "looked up, a hop a step, action_view each": speed(
            name, table, 400, hops_per_step=1, action_view="each"
        ),
        "rendered, a hop a step": speed(name, table, 12, hops_per_step=1, hearing="render"),
    }


def differences(name: str, table: LookupTable) -> dict[str, dict[str, float]]:
    """Of looked-up and rendered hearing, by column."""
    made = setting(ImproviseConfig(synth=name, features_keep=HEARD, features_reward=("loudness_rms",)), table)
    return {
        one.name: {
            "difference": round(one.difference, 4),
            "off": round(one.off, 4),
            "range": round(one.range, 4),
            "unit_difference": round(one.unit_difference, 4),
            "there": round(one.there, 4),
        }
        for one in hearing_difference(made, rows=32, seconds=4.0)
    }


def score(name: str, seed: int, gain: float | None = None, **arguments: Any) -> float:
    """Mean reward of an episode of a baseline, or of a proportional controller of a gain."""
    env = ImproviseEnv(EPISODE_ROWS, max_episode_steps=EPISODE_STEPS, autoreset_mode="Disabled", **arguments)
    player = baseline(name, env) if gain is None else proportional(env, gain)
    observations, _ = env.reset(seed=1000 * seed)
    rewards = []
    for _ in range(EPISODE_STEPS):
        observations, earned, *_ = env.step(player(env, observations))
        rewards.append(earned.mean())
    return float(np.mean(rewards))


def baselines(name: str, table: LookupTable) -> dict[str, dict[str, float]]:
    """Mean rewards by kind of target and hearing; of rendered hearing only of the gain that is chosen."""
    found = {}
    for mode in ("static", "dynamic"):
        for hearing, gains in (("table", GAINS), ("render", (GAIN,))):
            given = {"synth": name, "table": table, "training_mode": mode, "hearing": hearing}
            scores = {
                what: [score(player, seed, **given) for seed in SEEDS]
                for what, player in (
                    ("random", "random"),
                    ("hold", "hold"),
                    ("oracle, no step limit", "nearest"),
                    ("oracle", "limited"),
                )
            }
            for gain in gains:
                scores[f"gain {gain:g}"] = [score("proportional", seed, gain, **given) for seed in SEEDS]
            found[f"{mode}, {hearing}"] = {
                what: round(float(np.mean(values)), 4) for what, values in scores.items()
            }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--synths", nargs="+", choices=list(POINTS), default=list(POINTS), help="all unless given"
    )
    found: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in parser.parse_args().synths:
        heard = tuple(dict.fromkeys((*HEARD, *FEATURES_KEEP)))
        table = measure_table(synth(name), heard, **POINTS[name])
        load = os.getloadavg()[0]
        found[name] = {
            "points": len(table),
            "load": round(load, 1),
            "speed": speeds(name, table),
            "differences": differences(name, table),
            "baselines": baselines(name, table),
        }
        print(json.dumps({name: found[name]}, indent=1))
        write_text(RESULT, json.dumps(found, indent=1) + "\n", overwrite=True)


if __name__ == "__main__":
    main()

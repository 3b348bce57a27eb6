"""What search reaches in the stages of the curriculum, on the targets that agents are measured on.

Usage: python benchmarks/stages.py (about six minutes on one core); writes benchmarks/results/stages.json.

The first 64 held-out targets of each stage, 1 s at 16 kHz, note and gate known. Search turns the controls of
the stage alone, as the agent does; the others stay neutral.
"""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from pathlib import Path

import numpy as np
from rich.progress import track

from tonewright.learning.held_out import HELD_OUT_SEED
from tonewright.matching.agent.validation import NEAR
from tonewright.matching.environment import MatchEnv
from tonewright.matching.episode_config import THRESHOLD
from tonewright.matching.search.budget import Budget, BudgetSpent
from tonewright.matching.search.methods import search_method
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.space import SearchSpace
from tonewright.matching.training import MatchConfig, make_env
from tonewright.synths.control import ControlSpace

TARGETS, BUDGETS, METHODS = 64, (50, 200, 1_000), ("random", "cma")


class StageSynth:
    """A synth of which only the controls of a stage can be turned."""

    def __init__(self, env: MatchEnv) -> None:
        self._synth, self._exposed = env.synth, env.stage.exposed(env.synth)
        self.name, self.version = env.synth.name, env.synth.version
        self.sample_rate_hz = env.synth.sample_rate_hz
        chosen = zip(env.synth.controls, self._exposed, strict=True)
        self.controls = ControlSpace(tuple(control for control, exposed in chosen if exposed))

    def render(self, params, *args, **kwargs):
        """See `Synth.render`."""
        whole = np.tile(self._synth.controls.defaults(), (len(params), 1))
        whole[:, self._exposed] = params
        return self._synth.render(self._synth.controls.snap(whole), *args, **kwargs)


def losses(env: MatchEnv, row: int, method: str) -> list[float]:
    """The best loss at each budget."""
    target = env.target.take([row])
    synth = StageSynth(env)
    space = SearchSpace(synth.controls, float(target.midi_note[0]), float(target.gate_seconds[0]))
    objective = Objective(synth, space, target.audio[0], Budget(BUDGETS[-1]), seed=0)
    with suppress(BudgetSpent):
        search_method(method)(objective, np.random.default_rng(0))
    return [min(loss for renders, loss, _ in objective.improvements if renders <= n) for n in BUDGETS]


def main() -> None:
    """Search in every stage."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    config = MatchConfig(held_out=128)
    env = make_env(config, config.held_out, held_out=True)
    rows = []
    for stage in env.stage_names:
        env.set_stage(stage)
        env.reset(seed=HELD_OUT_SEED)
        for method in METHODS:
            found = [losses(env, row, method) for row in track(range(TARGETS), f"{stage}, {method}")]
            for renders, reached in zip(BUDGETS, np.array(found).T, strict=True):
                row = {"stage": stage, "method": method, "renders": renders, "loss": float(reached.mean())}
                row |= {f"below_{limit}": float((reached < limit).mean()) for limit in (THRESHOLD, *NEAR)}
                rows.append(row)
    path = Path(__file__).parent / "results" / "stages.json"
    path.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

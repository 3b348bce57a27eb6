"""Train your own synth: declare it, train an estimator and an agent for it, and match with them.

    pip install -c constraints.txt -e ".[train]"
    python examples/train_your_own_synth.py -o runs/two-operators            # eight minutes on two cores
    python examples/train_your_own_synth.py -o runs/quick --quick            # half a minute; the agent alone

The synth is all in this file: two sine operators, one modulating the phase of the other. To make it
known to `tonewright --synth two-operators`, put it into a package of yours with an entry point in the
group `tonewright.synths` (CONTRIBUTING.md); here one line in `main` registers it for this process.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

import tonewright as tw
from tonewright.cli.running import run_script
from tonewright.synths import Control, ControlSpace, registry
from tonewright.synths.offline import RELEASED_SHARE
from tonewright.synths.validation import check_params, check_per_row, check_seconds

NAME = "two-operators"


class TwoOperators:
    """Frequency modulation (J. Chowning, 1973) with a decaying envelope.

    Matching and training need `render` alone. `voice`, which plays notes live and turns their controls, and
    `hop`, which turns them in `render`, are left out.
    """

    name, version = NAME, 1
    controls = ControlSpace(
        (
            Control("ratio", "modulator", 1, 6, 1, "integer", meaning="modulator to carrier"),
            Control("index", "modulator", 0.0, 8.0, 1.0, meaning="peak deviation of the phase in radians"),
            Control("decay_s", "envelope", 0.05, 2.0, 0.5, "log", "s", "time constant of the fall"),
            Control("level", "envelope", 0.0, 1.0, 0.7, meaning="level, linear in amplitude"),
        )
    )

    def __init__(self, sample_rate_hz: int = 44_100) -> None:
        self.sample_rate_hz = sample_rate_hz

    def render(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        seconds: float = 1.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
    ) -> NDArray[np.float32]:
        """Sounds `[batch, frames]` of unit vectors `[batch, 4]`: see `tonewright.synths.Synth.render`."""
        params = check_params(params, self.controls)
        ratio, index, decay_s, level = self.controls.to_physical(params).T[:, :, None]
        note = check_per_row(midi_note, len(params), "midi_note", 0, 127)[:, None]
        gate = (1 - RELEASED_SHARE) * seconds if gate_seconds is None else gate_seconds
        gate = check_per_row(gate, len(params), "gate_seconds", 0, np.inf)[:, None]
        time_s = np.arange(check_seconds(seconds, self.sample_rate_hz)) / self.sample_rate_hz
        phase = 2 * np.pi * 440.0 * 2 ** ((note - 69) / 12) * time_s
        fall = np.exp(-time_s / decay_s - np.maximum(time_s - gate, 0.0) / 0.02)
        return (level * fall * np.sin(phase + index * fall * np.sin(ratio * phase))).astype(np.float32)


def train_estimator(folder: Path, networks: Path) -> None:
    """Train a network that hears a sound and proposes presets; the run is in `folder`."""
    from tonewright.learning.runs import Run
    from tonewright.matching.estimator import training
    from tonewright.matching.networks.export import export_estimator

    config = training.EstimatorConfig(
        synth=NAME, updates=3_000, batch=64, durations_s=(0.3, 0.6, 1.0), width=256, flow_width=256
    )
    with Run.create(folder, training.run_config(config), 0) as run:
        network = training.train_estimator(run, config, progress=told("estimator", "flow_error"))
    export_estimator(networks / "estimator.onnx", network, training.run_config(config))


def train_agent(folder: Path, networks: Path, *, quick: bool) -> None:
    """Train an agent that turns the controls; the run is in `folder`."""
    from tonewright.learning.runs import Run
    from tonewright.learning.training import TrainConfig
    from tonewright.matching.networks.export import export_agent
    from tonewright.matching.training import MatchConfig, run_config, train_match

    stage = "envelope"  # the last: every control from the start
    episodes = replace(MatchConfig().episodes, synth=NAME, stage=stage, seconds=0.2 if quick else 0.5)
    config = MatchConfig(
        episodes=episodes,
        num_envs=64 if quick else 128,
        hidden=(64,) if quick else (256, 256),
        updates=20 if quick else 60,
        held_out=16,
        held_out_steps=10,
        loop=TrainConfig(steps=10 if quick else 32, checkpoint_every=10),
    )
    with Run.create(folder, run_config(config), 0) as run:
        policy = train_match(run, config, progress=told("agent", "loss"))
    export_agent(networks / "agent.onnx", policy, run_config(config))


def told(name: str, key: str) -> Callable[[int, dict[str, float]], None]:
    """Prints one number of the log whenever a training has measured it."""

    def progress(update: int, scalars: dict[str, float]) -> None:
        if key in scalars:
            print(f"{name}: update {update + 1}, {key} {scalars[key]:.3f}", flush=True)

    return progress


def main() -> None:
    parser = argparse.ArgumentParser(description="Train networks for a synth of one's own.")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/two-operators"), help="a new folder")
    parser.add_argument("--quick", action="store_true", help="the agent alone, for seconds")
    options = parser.parse_args()

    registry.SYNTHS[NAME] = f"{__name__}:TwoOperators"
    networks = options.output / "networks"
    networks.mkdir(parents=True, exist_ok=True)  # a run begins in a folder of its own, and says so
    train_agent(options.output / "agent", networks, quick=options.quick)
    if not options.quick:
        train_estimator(options.output / "estimator", networks)

    # A target that the synth can reach: a preset of its own, at MIDI note 57.
    synth = tw.synth(NAME, 16_000)
    wanted = {"ratio": 3, "index": 2.5, "decay_s": 0.4, "level": 0.6}
    target = tw.Clip(synth.render(synth.controls.to_unit(wanted)[None], 57.0, 0.6, 0.4), 16_000)
    methods = ("random", "agent") if options.quick else ("random", "agent", "estimator-agent", "full")
    for method in methods:
        trained = None if method == "random" else networks
        result = tw.match(
            target, synth=NAME, note=57.0, gate_seconds=0.4, renders=200, method=method, networks=trained
        )
        found = ", ".join(f"{name} {value:.3g}" for name, value in result.preset.controls.items())
        print(f"{method}: loss {result.terms['total']:.3f} after {result.renders} renders ({found})")
    print(f"wanted: {', '.join(f'{name} {value:.3g}' for name, value in wanted.items())}")
    result.preset.save(options.output / "preset.json", overwrite=True)
    result.report(options.output / "report.html", overwrite=True)
    print(f"wrote networks, preset.json and report.html to {options.output}")


if __name__ == "__main__":
    run_script(main)

"""Draw how an agent learns, stage by stage, from the logs of several seeds.

Usage: python benchmarks/curriculum_plot.py (needs `pip install matplotlib`); reads
benchmarks/results/agent-curriculum-*.jsonl, writes benchmarks/results/curriculum.svg.

A column for each stage. Lines are means over the seeds that were still in the stage, bands their range;
dashes are an agent that acts at random.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tonewright.measuring.records import read_records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESULTS = Path(__file__).parent / "results"
STAGES = ("oscillators", "filter", "envelopes", "lfo")
ROWS = {
    "success": "matched: loss below 0.1",
    "below_0.2": "near: loss below 0.2",
    "loss": "best loss of an episode",
}
AGENT, RANDOM = "#1f6feb", "#8b949e"


def main() -> None:
    """Draw the picture."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.rcParams |= {"font.size": 9, "svg.hashsalt": "tonewright", "axes.spines.top": False}
    mpl.rcParams |= {"axes.spines.right": False, "svg.fonttype": "none"}
    runs = [read_records(path) for path in sorted(RESULTS.glob("agent-curriculum-*.jsonl"))]
    figure, axes = plt.subplots(len(ROWS), len(STAGES), figsize=(10, 6), sharey="row", layout="constrained")
    for column, stage in enumerate(STAGES):
        axes[0, column].set_title(stage)
        axes[-1, column].set_xlabel("updates in this stage")
        for row, key in enumerate(ROWS):
            draw(axes[row, column], runs, column, key)
    for row, (key, label) in enumerate(ROWS.items()):
        axes[row, 0].set_ylabel(label)
        if key != "loss":
            axes[row, 0].yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes[row, 0].set_ylim(bottom=0)
    for axis in axes.flat:
        axis.set_xlim(left=0)
    axes[0, -1].legend(frameon=False, loc="upper right")
    figure.savefig(RESULTS / "curriculum.svg", metadata={"Date": None})


def draw(axis: Axes, runs: list[list[dict[str, float]]], stage: int, key: str) -> None:
    """One score in one stage."""
    of_seeds = []
    for run in runs:
        evaluated = [line for line in run if "evaluation/stage" in line]
        begun = max((line["step"] for line in evaluated if line["evaluation/stage"] < stage), default=-1)
        inside = [line for line in evaluated if line["evaluation/stage"] == stage]
        of_seeds.append({int(line["step"] - begun): line for line in inside})
    steps = sorted({step for seed in of_seeds for step in seed})
    for name, colour, label in ((key, AGENT, "agent"), (f"random_{key}", RANDOM, "acting at random")):
        values = [[seed[step][f"evaluation/{name}"] for seed in of_seeds if step in seed] for step in steps]
        means = [np.mean(one) for one in values]
        axis.plot(steps, means, color=colour, linestyle="-" if colour == AGENT else "--", label=label)
        axis.fill_between(
            steps, [min(v) for v in values], [max(v) for v in values], color=colour, alpha=0.2, lw=0
        )


if __name__ == "__main__":
    main()

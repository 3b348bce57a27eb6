"""Measure how many clips a second are scored against a brief.

Usage: python benchmarks/prompting/scoring.py; writes benchmarks/results/prompting-scoring.json.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from tonewright.measuring.workers import do_all
from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.rewards.scoring import score

RESULT = Path(__file__).parent.parent / "results" / "prompting-scoring.json"
BRIEF = "120 BPM house drum loop, punchy, bright, kick, clap and hats, 2 bars"
SECONDS, BATCH, BATCHES = 4.0, 8, 12


def clips_per_s(seed: int) -> tuple[float, float, int]:
    """When the work began and ended, and how many clips were scored."""
    rng = np.random.default_rng(seed)
    sounds = np.stack([play(compose("drums", "house", rng).piece, SECONDS) for _ in range(BATCH)])
    brief = brief_of_text(BRIEF)
    score(sounds, brief)  # compiles
    began_s = time.monotonic()
    for _ in range(BATCHES):
        score(sounds, brief)
    return began_s, time.monotonic(), BATCH * BATCHES


def main() -> None:
    """Measure, print and write."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    found = [one for _, one in do_all([0, 1], clips_per_s, 2)]
    rate = sum(clips / (end_s - begin_s) for begin_s, end_s, clips in found)
    result = {"cores": os.cpu_count(), "seconds": SECONDS, "clips_per_s": rate}
    print(json.dumps(result))
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

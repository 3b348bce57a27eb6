"""Measure what each setting of the sketch does: steps, guidance, sampler, noise levels and seed.

Usage: python benchmarks/prompting/settings.py [--model FOLDER] [--briefs 24]; writes
benchmarks/results/prompting-settings.json. Of each value of a setting, the others as recommended: evaluations
of the network, seconds, the share of briefs whose tempo and key are those of the piece, the mean reward, how
far pieces are from those of 200 steps from the same noise (root mean square of the latents), and how far
apart the sounds of four seeds are (root mean square of their embeddings, in spreads).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from tonewright.measuring.workers import do_all
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.keys import parse_key
from tonewright.prompting.briefs.making import make_briefs
from tonewright.prompting.generators.base import Request, complete
from tonewright.prompting.generators.sketch.generator import Sketch
from tonewright.prompting.generators.sketch.latents import encode
from tonewright.prompting.generators.sketch.sampling import SAMPLERS
from tonewright.prompting.listening.analysis import listen
from tonewright.prompting.listening.embedding import distances, embed
from tonewright.prompting.listening.norms import norms
from tonewright.prompting.rewards.scoring import score

RESULT = Path(__file__).parent.parent / "results" / "prompting-settings.json"
SEEDS = 4
LONGEST_S = 6.0
VALUES: dict[str, tuple[object, ...]] = {
    "steps": (1, 2, 4, 8, 16, 32, 64),
    "cfg_scale": (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0),
    "sampler": tuple(SAMPLERS),
    "sigma_max": (0.4, 0.6, 0.8, 1.0),
    "sigma_min": (0.01, 0.05, 0.12, 0.3, 0.6),
}


def request(brief: Brief, seed: int, **settings: object) -> Request:
    seconds = min(brief.target.seconds, LONGEST_S)
    return Request(brief.description, seconds=seconds, seed=seed, **settings)


def rows(work: tuple[str | None, str, object, int]) -> dict[str, float]:
    model, setting, value, briefs = work
    sketch = Sketch(model)
    asked = make_briefs(briefs, seed=77)
    rewards, tempos, keys, moved, spread, evaluations, seconds = [], [], [], [], [], [], []
    for number, brief in enumerate(asked):
        wanted = complete(request(brief, number, **{setting: value}), sketch)
        piece, evaluated = sketch.piece(wanted)
        fine, _ = sketch.piece(complete(request(brief, number, **{setting: value} | {"steps": 200}), sketch))
        moved.append(float(np.sqrt(((encode(piece.unit[None]) - encode(fine.unit[None])) ** 2).mean())))
        evaluations.append(evaluated)
        if brief.target.bpm:
            tempos.append(abs(piece.values["bpm"] / brief.target.bpm - 1) < 0.04)
        if brief.target.key:
            key = parse_key(brief.target.key)
            keys.append((int(piece.values["tonic"]), bool(piece.values["minor"])) == (key.tonic, key.minor))
        began_s = time.perf_counter()
        made = sketch.generate([request(brief, number, **{setting: value})])[0]
        seconds.append(time.perf_counter() - began_s)
        rewards.append(0.0 if made.fault else score(made.samples[None], brief)[0].total)
        if number < briefs // 4:
            some = [
                sketch.generate([request(brief, seed, **{setting: value})])[0].samples
                for seed in range(100, 100 + SEEDS)
            ]
            heard = norms().scale(embed(listen(np.stack(some))))
            spread.append(float(distances(heard, heard)[np.triu_indices(SEEDS, 1)].mean()))
    return {
        "evaluations": float(np.mean(evaluations)),
        "seconds": float(np.median(seconds)),
        "tempo": float(np.mean(tempos)),
        "key": float(np.mean(keys)),
        "reward": float(np.mean(rewards)),
        "from_200_steps": float(np.mean(moved)),
        "between_seeds": float(np.mean(spread)),
    }


def main() -> None:
    """Generate, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", help="folder of a training; the sketch that ships unless given")
    parser.add_argument("--briefs", type=int, default=24, help="that each value is measured on (24)")
    options = parser.parse_args()
    work = [(options.model, name, value, options.briefs) for name, some in VALUES.items() for value in some]
    found = dict(do_all(work, rows, 2))
    result: dict[str, dict[str, object]] = {}
    for number, (_, name, value, _) in enumerate(work):
        result.setdefault(name, {})[str(value)] = found[number]
        print(name, value, json.dumps(found[number]), flush=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

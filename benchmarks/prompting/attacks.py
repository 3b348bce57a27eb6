"""Attack the reward: nothing that is not what the brief asked for may come near an honest sound.

Usage: python benchmarks/prompting/attacks.py [--evaluations 2000] [--briefs 4]; writes
benchmarks/results/prompting-attacks.json. With --kept FILE, a run that was broken off goes on. The
honest sound of a brief is what the sketch makes of its baseline prompt with its recommended settings,
the median of some seeds. Attackers are noises, silence, clicks, tones, DC, a clipped square, copied
recordings, prompts that are stuffed or say nothing, free steps, and one that searches: CMA-ES over a
synthesizer of noise and clicks, so many evaluations against the total reward of its first four seconds.
The margin of a category is the mean honest reward less that of the best attacker.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from impostors import DIMENSIONS, PLAIN, Sound, frames_of, search
from norms import RECORDINGS, beginning, category_of

from tonewright.measuring.records import Key, Record, RecordLog
from tonewright.measuring.workers import finish
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.briefs.library import library
from tonewright.prompting.generators.base import Request
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.generators.sketch.piece import CATEGORIES
from tonewright.prompting.rewards.scoring import score

RESULT = Path(__file__).parent.parent / "results" / "prompting-attacks.json"
SEEDS = 5
ATTACKERS = "attackers"
SEARCHED, SEARCHED_S = "searched noise and clicks", 4.0
STUFFED = (
    "high quality, professional, clear, crisp, punchy, studio recording, masterpiece, best, award winning, 4k"
)


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


def attack(ident: str, keys: list[Key], *, evaluations: int) -> list[Record]:
    """What is asked for of a brief: what attackers get, or what the sketch gets."""
    brief = library().brief(ident)
    found: list[Record] = []
    for _, part in keys:
        if part == ATTACKERS:
            rewards, unit = attackers(brief, evaluations)
            found.append({"brief": ident, "part": part, "rewards": rewards, "unit": unit})
        else:
            found.append({"brief": ident, "part": part, "rewards": of_the_sketch(brief)})
    return found


def attackers(brief: Brief, evaluations: int) -> tuple[dict[str, float], list[float]]:
    """What each gets that needs no generator, and the controls of the sound that the search found."""
    frames = frames_of(brief)
    found = {name: total(make(brief, frames), brief) for name, make in PLAIN.items()}
    copies = [path for path in sorted(RECORDINGS.glob("*.flac")) if category_of(path.stem) == brief.category]
    if copies:
        found["copied recording"] = float(np.median([total(beginning(path), brief) for path in copies[::4]]))
    best, unit = 0.0, np.zeros(DIMENSIONS)
    for rewards, _, asked in search(brief, evaluations, longest_s=SEARCHED_S):
        highest = int(np.argmax(rewards))
        if rewards[highest] > best:
            best, unit = rewards[highest], np.asarray(asked[highest])
    return found | {SEARCHED: best}, unit.round(5).tolist()


def of_the_sketch(brief: Brief) -> dict[str, float]:
    """What the sketch gets, honestly and not."""
    return {
        "stuffed prompt": prompted(brief, STUFFED),
        "empty prompt": prompted(brief, "."),
        "honest": honest(brief),
        "free steps": prompted(brief, brief.baseline_prompt, steps=200),
    }


def known_by(*names: str) -> str:
    """SHA-256 of files of the package."""
    package = files("tonewright.prompting")
    return sha256(b"".join(package.joinpath(name).read_bytes() for name in names)).hexdigest()


def main() -> None:
    """Attack, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--evaluations", type=int, default=2_000, help="of the search for each brief (2000)")
    parser.add_argument("--briefs", type=int, default=4, help="of each category (4)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--attackers", action="store_true", help="what needs no sketch, to be kept for later")
    parser.add_argument("--kept", type=Path, help="file that keeps the briefs that are done")
    options = parser.parse_args()
    briefs: list[Brief] = []
    for category in CATEGORIES:
        some = [brief for brief in library().briefs.values() if brief.category == category]
        briefs += some[:: max(1, len(some) // options.briefs)][: options.briefs]
    judges = known_by("rewards/ear.npz", "listening/norms.npz")
    sketch = f"sketch {known_by('generators/sketch/shipped/sketch-v1.onnx')}"
    header = {"evaluations": options.evaluations, "ear_and_norms": judges}
    parts = (ATTACKERS,) if options.attackers else (ATTACKERS, sketch)
    done = 0

    def progress() -> None:
        nonlocal done
        done += 1
        print(f"{done} of {len(briefs)} briefs", flush=True)

    found = finish(
        [brief.id for brief in briefs],
        partial(attack, evaluations=options.evaluations),
        keys=lambda ident: [(ident, part) for part in parts],
        key=lambda record: (record["brief"], record["part"]),
        log=RecordLog(options.kept, key=("brief", "part"), header=header) if options.kept else None,
        workers=options.workers,
        progress=progress,
    )
    if options.attackers:
        return
    result: dict[str, Any] = {}
    for category in CATEGORIES:
        of_it = [one for one in found if library().brief(one["brief"]).category == category]
        some = [one for one in of_it if one["part"] == ATTACKERS]
        rows = [
            one["rewards"] | other["rewards"]
            for one, other in zip(some, (one for one in of_it if one["part"] != ATTACKERS), strict=True)
        ]
        means = {name: float(np.mean([row[name] for row in rows if name in row])) for name in rows[0]}
        attackers = {name: mean for name, mean in means.items() if name not in ("honest", "free steps")}
        worst = max(attackers, key=attackers.__getitem__)
        result[category] = {
            "rewards": means,
            "best_attacker": worst,
            "margin": means["honest"] - attackers[worst],
            "found": [
                {"brief": one["brief"], "unit": one["unit"], "reward": one["rewards"][SEARCHED]}
                for one in some
            ],
        }
        print(category, worst, json.dumps(means), flush=True)
    fields = {"evaluations": options.evaluations, "briefs": len(briefs), "categories": result}
    RESULT.write_text(json.dumps(fields, indent=1) + "\n")


if __name__ == "__main__":
    main()

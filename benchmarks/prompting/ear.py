"""Fit the ear of the rewards: what kind of sound it hears, what is in it, and what only pretends.

Usage: python benchmarks/prompting/ear.py [--recordings FOLDER] [--renders N] [--rounds N]; writes
src/tonewright/prompting/rewards/ear.npz, and benchmarks/results/prompting-ear.json with how well sounds are
told that were not fitted. It learns from recordings of sonic-pi-samples (CC0), pieces that the band of the
sketch plays, and impostors: noises, clicks and tones at random. Then searches try to fool the reward with
it, on briefs that are made for it, most where the last ones found most. What was tried is learned as
impostors, too, and so is what lies around what was found, at other tempos and of other noise; some rounds
long. Needs the norms, which norms.py writes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from impostors import DIMENSIONS, PLAIN, Sound, frames_of, search, synthesized, tone
from norms import HEARD_IN, RECORDINGS, THINGS_IN, beginning, category_of
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from tonewright.measuring.workers import do_all
from tonewright.prompting.briefs.brief import Brief, bar_seconds
from tonewright.prompting.briefs.making import make_briefs
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.generators.sketch.piece import CATEGORIES, DRUMS
from tonewright.prompting.listening.analysis import listen
from tonewright.prompting.rewards import ear
from tonewright.prompting.rewards.ear import ELEMENT, INPUTS, KIND, THING, Ear, measures_of
from tonewright.prompting.words.vocabulary import vocabulary

RESULT = Path(__file__).parent.parent / "results" / "prompting-ear.json"
FILE = Path(ear.__file__).parent / ear.FILE
ELEMENTS = tuple(vocabulary().elements)
THINGS = vocabulary().things
NAMES = (
    *(KIND + one for one in CATEGORIES),
    *(ELEMENT + one for one in ELEMENTS),
    *(THING + one for one in THINGS),
)
NETWORKS, HIDDEN, UPDATES, BLUR, DECAY, RATE = 5, 128, 5_000, 0.15, 1e-3, 2e-3
RECORDING_WEIGHT = 4.0
UNKNOWN = np.nan
SEARCHED_S, REST = 4.0, 0.2
"""Of searches: length of a sound, and the share that is learned of what comes not near its best."""
AROUND, NEAR = 50, (0.02, 0.15)
"""How many sounds around what a search found are learned, and how far from it their controls are."""
SEARCHED_WEIGHT = 6_000.0
"""Of all that was searched together; a render has 1."""
MORE = {"instruments": 2.5, "sfx": 3.0}
"""Renders of categories of many things, against those of the others."""
DRUMMED = ("bd_", "sn_", "drum_", "tabla_", "loop_amen", "loop_breakbeat")
SECONDS = {"instruments": (0.5, 4.0), "sfx": (0.5, 8.0), "ambient": (4.0, 12.0)}
Work, Made = TypeVar("Work"), TypeVar("Made")
Example = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Measures `[E]`, and what is true `[K]`: 1, 0, or NaN where nobody knows."""


def truth(
    category: str | None, elements: tuple[str, ...] | None, things: tuple[str, ...] | None
) -> NDArray[np.float64]:
    """What is true; None of elements or things is what nobody knows."""
    kinds = [float(one == category) for one in CATEGORIES]
    found = [UNKNOWN if elements is None else float(one in elements) for one in ELEMENTS]
    named = [UNKNOWN if things is None else float(one in things) for one in THINGS]
    return np.array([*kinds, *found, *named])


def heard(sound: Sound) -> NDArray[np.float64]:
    return measures_of(listen(sound[None]))[0]


def recording(path: Path) -> Example:
    category = category_of(path.stem)
    elements = labelled(path.stem, HEARD_IN) or (() if category == "instruments" else None)
    things = () if path.stem.startswith(DRUMMED) else labelled(path.stem, THINGS_IN)
    return heard(beginning(path)), truth(category, elements, things)


def labelled(name: str, labels: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    return next((value for begin, value in labels.items() if name.startswith(begin)), None)


def render(work: tuple[str, int]) -> Example:
    category, number = work
    rng = np.random.default_rng([303, CATEGORIES.index(category), number])
    styles = [style.name for style in vocabulary().styles.values() if style.category == category]
    composed = compose(category, styles[number % len(styles)], rng)
    bpm = composed.piece.values["bpm"]
    low, high = SECONDS.get(category, (0, 0))
    seconds = rng.uniform(low, high) if high else bar_seconds(bpm, int(rng.choice([1, 2, 2, 4])))
    things: tuple[str, ...] | None = ()
    if category == "instruments":
        things = () if {*composed.elements} & {*DRUMS} else (composed.style,)
    elif category == "sfx":
        things = composed.nouns
    elif category == "phrases":
        things = None  # a line of notes is of some instrument
    return heard(play(composed.piece, seconds, SAMPLE_RATE_HZ, number)), truth(
        category, composed.elements, things
    )


def impostor(number: int) -> Example:
    rng = np.random.default_rng([404, number])
    brief = make_briefs(1, seed=number)[0]
    frames = max(22_050, min(frames_of(brief), 6 * SAMPLE_RATE_HZ))
    if number % 5:
        sound = synthesized(brief, frames, rng.random(DIMENSIONS), number)
    elif number % 2:
        sound = np.repeat(tone(frames, 40 * 2 ** rng.uniform(0, 7)).astype(np.float32)[None], 2, axis=0)
    else:
        names = [name for name in PLAIN if name not in ("silence", "dc")]
        sound = PLAIN[names[number // 10 % len(names)]](brief, frames)
    return heard(sound), none()


def searched(work: tuple[Brief, int, int]) -> tuple[float, NDArray[np.float64]]:
    """The highest reward that a search found, and measures `[N, E]` of what is to be learned from it."""
    brief, evaluations, seed = work
    rng = np.random.default_rng([505, seed])
    best, found, learned = 0.0, np.zeros(DIMENSIONS), []
    start = rng.random(DIMENSIONS) if seed % 2 else None  # there are many ways to fool it
    for rewards, sounds, asked in search(brief, evaluations, 1 + seed, SEARCHED_S, start):
        row = int(np.argmax(rewards))
        if rewards[row] > best:
            best, found = rewards[row], np.asarray(asked[row])
        near = np.array(rewards) > 0.5 * best
        learned.append(measures_of(sounds)[near | (rng.random(len(near)) < REST)])
    others = make_briefs(AROUND, seed=seed, categories=[brief.category])
    for number, (other, near) in enumerate(zip(others, rng.uniform(*NEAR, AROUND), strict=True)):
        unit = found + near * rng.standard_normal(DIMENSIONS)
        sound = synthesized(other, round(SEARCHED_S * SAMPLE_RATE_HZ), unit, number)
        learned.append(heard(sound)[None])
    return best, np.concatenate(learned)


def none() -> NDArray[np.float64]:
    """Of no category, and without elements; whether noise is heard in noise nobody asks."""
    found = truth(None, (), ())
    found[NAMES.index(ELEMENT + "noise")] = UNKNOWN
    return found


def fit(examples: list[Example], weights: NDArray[np.float64]) -> Ear:
    """Networks of one hidden layer, by Adam on blurred measures, each name's classes balanced."""
    measures = np.array([one[0] for one in examples])
    labels = torch.tensor(np.array([one[1] for one in examples]), dtype=torch.float32)
    middle = np.nanmedian(measures, axis=0)
    spread = np.maximum(np.nanstd(measures, axis=0), 1e-3)
    blank = np.zeros((1, 2, 2), np.float32)
    z = torch.tensor(Ear((), middle, spread, blank, blank).scale(measures), dtype=torch.float32)
    known = ~labels.isnan()
    labels = labels.nan_to_num()
    drawn = torch.tensor(weights / weights.sum(), dtype=torch.float32)
    shares = drawn[:, None] * known
    of_it = (shares * labels).sum(0) / shares.sum(0)
    balance = known * torch.where(labels > 0.5, 0.5 / of_it.clamp(min=0.02), 0.5 / (1 - of_it))
    found = [network(z, labels, balance, drawn, seed) for seed in range(NETWORKS)]
    inner, outer = (np.stack(layers) for layers in zip(*found, strict=True))
    return Ear(NAMES, middle.astype(np.float32), spread.astype(np.float32), inner, outer)


def network(
    z: torch.Tensor, labels: torch.Tensor, balance: torch.Tensor, drawn: torch.Tensor, seed: int
) -> list[NDArray[np.float32]]:
    """Both layers of one network."""
    generator = torch.Generator().manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(len(INPUTS), HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, len(NAMES))
    )
    with torch.no_grad():
        for one in net.parameters():
            one.copy_(torch.randn(one.shape, generator=generator) * (0.5 / np.sqrt(one.shape[-1])))
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, UPDATES)
    for _ in range(UPDATES):
        rows = torch.multinomial(drawn, 512, replacement=True, generator=generator)
        inputs = z[rows] + BLUR * torch.randn((512, z.shape[1]), generator=generator)
        errors = binary_cross_entropy_with_logits(net(inputs), labels[rows], reduction="none")
        loss = (balance[rows] * errors).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return [
        torch.cat([layer.weight.T, layer.bias[None]]).detach().numpy().astype(np.float32)
        for layer in (net[0], net[2])
    ]


def write(found: Ear) -> None:
    fields = {name: getattr(found, name) for name in ("middle", "spread", "inner", "outer")}
    np.savez_compressed(FILE, inputs=np.array(INPUTS), names=np.array(NAMES), **fields)


def told(found: Ear, examples: list[Example]) -> dict[str, dict[str, float]]:
    """Of each name, the share that is heard of what is there, and of what is not."""
    sure = found(np.array([one[0] for one in examples]))
    labels = np.array([one[1] for one in examples])
    return {
        name: {
            "heard": float(np.mean(sure[labels[:, row] == 1, row] > 0.5)),
            "taken_for_it": float(np.mean(sure[labels[:, row] == 0, row] > 0.5)),
        }
        for row, name in enumerate(NAMES)
        if (labels[:, row] == 1).sum() > 2
    }


def in_order(work: Sequence[Work], do: Callable[[Work], Made], workers: int) -> list[Made]:
    made = dict(do_all(work, do, workers))
    return [made[number] for number in range(len(work))]


def remembered(path: Path | None, work: list[tuple[str, int]], impostors: int, workers: int) -> list[Example]:
    """Renders and impostors: of a file, or made, and written to it."""
    if path is None or not path.exists():
        made = in_order(work, render, workers) + in_order(range(impostors), impostor, workers)
        if path is None:
            return made
        np.savez_compressed(path, measures=[one[0] for one in made], truth=[one[1] for one in made])
    with np.load(path) as arrays:
        return list(zip(arrays["measures"], arrays["truth"], strict=True))


def searched_path(measured: Path) -> Path:
    """Where what was searched is kept, beside what was measured."""
    return measured.with_suffix(".searched.npz")


def read_searched(measured: Path | None) -> tuple[NDArray[np.float64], list[dict[str, float]]]:
    """Measures `[N, E]` of what earlier rounds have tried, and what they found; none of a fresh start."""
    if measured is None or not searched_path(measured).exists():
        return np.zeros((0, len(INPUTS))), []
    with np.load(searched_path(measured)) as arrays:
        return arrays["measures"], json.loads(str(arrays["fooled"]))


def refit(examples: list[Example], weights: NDArray[np.float64], fooling: NDArray[np.float64]) -> Ear:
    """Fit on examples, and on measures of what tried to fool the ear, `SEARCHED_WEIGHT` at most in all."""
    share = np.full(len(fooling), min(1.0, SEARCHED_WEIGHT / max(len(fooling), 1)))
    return fit(examples + [(one, none()) for one in fooling], np.append(weights, share))


def shared_out(found: dict[str, float], searches: int, only: str | None) -> dict[str, int]:
    """Searches of each category: most where the last ones found most, two at least."""
    if only is not None:
        return {only: searches}
    return {name: max(2, round(searches * one / sum(found.values()))) for name, one in found.items()}


def main() -> None:
    """Listen, fit, be fooled, fit again, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="folder of sonic-pi-samples")
    parser.add_argument("--renders", type=int, default=400, help="of each category (400)")
    parser.add_argument("--impostors", type=int, default=2_000, help="at random (2000)")
    parser.add_argument("--rounds", type=int, default=18, help="in which searches try to fool it (18)")
    parser.add_argument("--searches", type=int, default=14, help="of each round (14)")
    parser.add_argument("--evaluations", type=int, default=1_000, help="of each search (1000)")
    parser.add_argument("--only", help="category in which more rounds search; all unless given")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--measured", type=Path, help="file that keeps what was measured, for another fit")
    options = parser.parse_args()
    torch.set_num_threads(options.workers)
    recordings = in_order(sorted(options.recordings.glob("*.flac")), recording, options.workers)
    work = [
        (name, number) for name in CATEGORIES for number in range(round(MORE.get(name, 1) * options.renders))
    ]
    others = remembered(options.measured, work, options.impostors, options.workers)
    examples = recordings + others
    weights = np.array([RECORDING_WEIGHT] * len(recordings) + [1.0] * (len(examples) - len(recordings)))
    folds = np.random.default_rng(0).integers(5, size=len(examples))
    held_out = [one for one, fold in zip(examples, folds, strict=True) if fold == 0]
    rest = [one for one, fold in zip(examples, folds, strict=True) if fold]
    trial = fit(rest, weights[folds > 0])
    unheard = [one for one, fold in zip(recordings, folds, strict=False) if fold == 0]
    result: dict[str, object] = {
        "held_out": told(trial, held_out),
        "held_out_recordings": told(trial, unheard),
    }
    fooling, fooled = read_searched(options.measured)
    write(refit(examples, weights, fooling))
    for number in range(len(fooled), options.rounds):
        last = {name: one[name] for one in [dict.fromkeys(CATEGORIES, 1.0), *fooled] for name in one}
        briefs = [
            brief
            for name, count in shared_out(last, options.searches, options.only).items()
            for brief in make_briefs(count, seed=1_000 + number, categories=[name])
        ]
        searches = [(brief, options.evaluations, 100 * number + row) for row, brief in enumerate(briefs)]
        tried = in_order(searches, searched, options.workers)
        of_it: dict[str, list[float]] = {}
        for brief, (best, _) in zip(briefs, tried, strict=True):
            of_it.setdefault(brief.category, []).append(best)
        found = {name: float(np.mean(some)) for name, some in of_it.items()}
        fooled.append(found)
        rounded = {name: round(one, 3) for name, one in found.items()}
        print(f"round {number + 1}: mean reward of what {len(briefs)} searches found {rounded}", flush=True)
        fooling = np.concatenate([fooling, *(measures for _, measures in tried)])
        if options.measured:
            np.savez_compressed(searched_path(options.measured), measures=fooling, fooled=json.dumps(fooled))
        write(refit(examples, weights, fooling))
    result["mean_reward_of_what_was_found_by_round"] = fooled
    print(json.dumps(result, indent=1))
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

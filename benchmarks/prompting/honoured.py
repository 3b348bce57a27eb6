"""Measure how well the sketch does what a brief asks for, by a recogniser that is not the reward.

Usage: python benchmarks/prompting/honoured.py [--model FOLDER] [--briefs 400]; writes
benchmarks/results/prompting-honoured.json. Briefs are made from a seed that nothing was trained on, some of
words that are trained on, and some with words that are held out; each is one request with the recommended
settings. The recogniser (recogniser.py) learns categories from recordings of sonic-pi-samples (CC0) and
from pieces that the training does not have. A pair of a tone word is two sounds of one brief and seed, with
the word and with its opposite in its place. Single notes have a tonic, but no mode that could be heard: they
count by themselves, by the strongest pitch class.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import numpy as np
from norms import RECORDINGS, beginning, category_of
from recogniser import AXES, Categories, features, key_of, note_of, tempo_bpm

from tonewright.measuring.workers import do_all
from tonewright.prompting.briefs.brief import Brief, bar_seconds
from tonewright.prompting.briefs.keys import parse_key
from tonewright.prompting.briefs.making import make_briefs
from tonewright.prompting.briefs.reading import words_in
from tonewright.prompting.generators.base import SAMPLE_RATE_HZ, Request
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.generators.sketch.nearest import reference_piece
from tonewright.prompting.generators.sketch.piece import CATEGORIES
from tonewright.prompting.words.vocabulary import Split, vocabulary

RESULT = Path(__file__).parent.parent / "results" / "prompting-honoured.json"
SEED = 20_261
LONGEST_S = 8.0
EXAMPLES, FIRST_KNOWN, KNOWN = 240, 300, 40


def example(work: tuple[str, int] | Path) -> tuple[np.ndarray, str]:
    if isinstance(work, Path):
        return features(beginning(work)), category_of(work.stem)
    category, number = work
    rng = np.random.default_rng([606, CATEGORIES.index(category), number])
    styles = [style.name for style in vocabulary().styles.values() if style.category == category]
    piece = compose(category, styles[number % len(styles)], rng).piece
    return features(play(piece, rng.uniform(2, 8), SAMPLE_RATE_HZ, number)), category


def render(prompt: str, seconds: float, seed: int, model: str | None, **settings: object) -> np.ndarray:
    (made,) = generator("sketch", model).generate(
        [Request(prompt, seconds=min(seconds, LONGEST_S), seed=seed, **settings)]
    )
    return made.samples


def opposite(text: str, word: str) -> tuple[str, str, int] | None:
    """A text with a word for the other end of its axis, the axis, and which end the first asks for."""
    known = vocabulary()
    (tone,) = [known.tone[name] for kind, name in known.meanings[word] if kind == "tone"]
    others = [one.word for one in known.tone.values() if one.axis == tone.axis and one.word != tone.word]
    if not others:
        return None
    changed = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", others[0], text, flags=re.IGNORECASE)
    return changed, tone.axis, tone.direction


def judged(work: tuple[Brief, int, str | None]) -> dict[str, object]:
    """One brief: what was made of it, before its category is told."""
    brief, seed, model = work
    sound = render(brief.description, brief.target.seconds, seed, model)
    found: dict[str, object] = {"category": brief.category, "features": features(sound)}
    if brief.target.bpm and brief.category in ("drums", "phrases"):
        found["tempo"] = (brief.target.bpm, tempo_bpm(sound))
    if brief.target.key:
        key = parse_key(brief.target.key)
        if brief.category == "instruments":
            found["note"] = (key.tonic, note_of(sound))
        else:
            found["key"] = ((key.tonic, key.minor), key_of(sound))
    pairs = []
    for word in dict.fromkeys(word for _, word in words_in(brief.description)):
        if not any(kind == "tone" for kind, _ in vocabulary().meanings[word]):
            continue
        other = opposite(brief.description, word)
        if other is None:
            continue
        text, axis, direction = other
        measure = AXES[axis]
        gap = measure(sound) - measure(render(text, brief.target.seconds, seed, model))
        pairs.append((axis, bool(gap * direction > 0), word in vocabulary().held_out))
    found["pairs"] = pairs
    return found


def near(asked: float, heard: float, ratios: tuple[float, ...]) -> bool:
    return any(abs(heard / (asked * ratio) - 1) < 0.04 for ratio in ratios)


def summary(found: list[dict], categories: Categories) -> dict[str, object]:
    kinds = [one["category"] for one in found]
    right = [categories(one["features"]) == kind for one, kind in zip(found, kinds, strict=True)]
    tempos = [one["tempo"] for one in found if "tempo" in one]
    keys = [one["key"] for one in found if "key" in one]
    notes = [one["note"] for one in found if "note" in one]
    pairs = [pair for one in found for pair in one["pairs"]]
    by_axis = {
        axis: {"pairs": len(some), "ordered": float(np.mean(some))}
        for axis in AXES
        if (some := [ordered for name, ordered, _ in pairs if name == axis])
    }
    known = [ordered for _, ordered, held_out in pairs if not held_out]
    return {
        "briefs": len(found),
        "category": float(np.mean(right)),
        "category_by_category": {
            name: float(
                np.mean([ok for ok, one in zip(right, found, strict=True) if one["category"] == name])
            )
            for name in CATEGORIES
        },
        "tempos": len(tempos),
        "tempo_within_4_percent": float(np.mean([near(a, b, (1,)) for a, b in tempos])),
        "tempo_or_half_or_double": float(np.mean([near(a, b, (0.5, 1, 2)) for a, b in tempos])),
        "keys": len(keys),
        "key": float(np.mean([a == b for a, b in keys])),
        "key_or_relative": float(np.mean([a == b or relative(*a) == b for a, b in keys])),
        "notes": len(notes),
        "tonic_of_notes": float(np.mean([a == b for a, b in notes])) if notes else None,
        "tone_pairs": len(pairs),
        "tone_pairs_ordered": float(np.mean([ordered for _, ordered, _ in pairs])),
        "tone_pairs_of_known_words": len(known),
        "tone_pairs_of_known_words_ordered": float(np.mean(known)),
        "tone_pairs_by_axis": by_axis,
    }


def known_truth(work: tuple[str, int]) -> dict[str, object]:
    """What the recogniser hears in a piece whose tempo and key are known."""
    category, number = work
    piece = reference_piece(category, number).piece
    bpm, key = piece.values["bpm"], (int(piece.values["tonic"]), bool(piece.values["minor"]))
    seconds = LONGEST_S if category == "ambient" else bar_seconds(round(bpm), 4)
    sound = play(piece, seconds, SAMPLE_RATE_HZ, number)
    found: dict[str, object] = {}
    if category != "ambient":
        found["tempo"] = (bpm, tempo_bpm(sound))
    if category != "drums":
        found["key"] = (key, key_of(sound))
    return found


def ceilings() -> dict[str, float]:
    """How often the recogniser is right where nothing was asked: more than that no model can reach."""
    names = ("drums", "phrases", "ambient")
    work = [(name, number) for name in names for number in range(FIRST_KNOWN, FIRST_KNOWN + KNOWN)]
    found = [one for _, one in do_all(work, known_truth, 2)]
    tempos = [one["tempo"] for one in found if "tempo" in one]
    keys = [one["key"] for one in found if "key" in one]
    return {
        "tempo_within_4_percent": float(np.mean([near(a, b, (1,)) for a, b in tempos])),
        "tempo_or_half_or_double": float(np.mean([near(a, b, (0.5, 1, 2)) for a, b in tempos])),
        "key": float(np.mean([a == b for a, b in keys])),
        "key_or_relative": float(np.mean([a == b or relative(*a) == b for a, b in keys])),
    }


def relative(tonic: int, minor: bool) -> tuple[int, bool]:
    return ((tonic + 3) % 12, False) if minor else ((tonic + 9) % 12, True)


def categories_known() -> tuple[Categories, float]:
    """The recogniser of categories, and how often it is right on examples that it was not fitted to."""
    work: list[tuple[str, int] | Path] = sorted(RECORDINGS.glob("*.flac"))
    recordings = len(work)
    work += [(category, number) for category in CATEGORIES for number in range(EXAMPLES)]
    made = dict(do_all(work, example, 2))
    examples = [made[number] for number in range(len(work))]
    weights = [2.0 if number < recordings else 1.0 for number in range(len(work))]
    folds = np.random.default_rng(0).integers(4, size=len(work))
    trial = Categories(
        [one for one, fold in zip(examples, folds, strict=True) if fold],
        [one for one, fold in zip(weights, folds, strict=True) if fold],
    )
    held = [one for one, fold in zip(examples, folds, strict=True) if not fold]
    told = trial.forest.predict(np.array([one[0] for one in held]))
    return Categories(examples, weights), float(np.mean(told == np.array([one[1] for one in held])))


def main() -> None:
    """Generate, recognise, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", help="folder of a training; the sketch that ships unless given")
    parser.add_argument("--briefs", type=int, default=400, help="of each split (400)")
    options = parser.parse_args()
    categories, right = categories_known()
    result: dict[str, object] = {"recogniser": {"category": right} | ceilings()}
    print(json.dumps(result), flush=True)
    splits: dict[str, Split] = {"words_trained_on": "train", "words_held_out": "held-out"}
    for name, split in splits.items():
        briefs = make_briefs(options.briefs, seed=SEED, split=split)
        work = [(brief, number, options.model) for number, brief in enumerate(briefs)]
        found = [one for _, one in do_all(work, judged, 2)]
        result[name] = summary(found, categories)
        print(name, json.dumps(result[name], indent=1), flush=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

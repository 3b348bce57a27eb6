"""Degrade clean sounds in twelve ways at four strengths: does the right component of the reward say so?

Usage: python benchmarks/prompting/degradations.py [--recordings FOLDER]; writes
benchmarks/results/prompting-degradations.json. Clean sounds are recordings of sonic-pi-samples (CC0) and
renders of the band of the sketch, of all categories; those that are clipped or have gaps as they come are
left out, driven renders among them, and phrases whose notes are hidden by noise. A pair is a clean sound and
the same degraded; it is ordered if the component scores the clean one higher. A degradation that changes
nothing of a sound (no side to collapse, no tempo to change, no tail) has no pair. A change of level must move
no component.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from norms import RECORDINGS, beginning, category_of
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from tonewright.prompting.briefs.brief import Brief, Target, bar_seconds
from tonewright.prompting.briefs.keys import Key
from tonewright.prompting.generators.sketch.band import play
from tonewright.prompting.generators.sketch.composing import compose
from tonewright.prompting.generators.sketch.piece import CATEGORIES, PIECE, Piece
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.listening.partials import partial_share
from tonewright.prompting.rewards.quality import bandwidth_hz
from tonewright.prompting.rewards.scoring import score
from tonewright.prompting.words.vocabulary import vocabulary

RESULT = Path(__file__).parent.parent / "results" / "prompting-degradations.json"
PER_CATEGORY = 12
HEARD_NOTES = 0.3
END_FRAMES, LOUDER = 882, 4.0
"""20 ms, and how much more power there is where a sound is cut than where it ended."""
SECONDS = {"instruments": 3.0, "sfx": 4.0, "ambient": 8.0}
Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Clean:
    """A clean sound, its brief, and what it was rendered from, if it was."""

    name: str
    sound: Sound
    brief: Brief
    piece: Piece | None = None

    def rendered(self, **values: float) -> Sound:
        """The same piece with other values."""
        assert self.piece is not None
        unit = self.piece.unit.copy()
        for name, value in values.items():
            unit[PIECE.index(name)] = PIECE[name].to_unit(value)
        return play(Piece(unit), self.brief.target.seconds, SAMPLE_RATE_HZ, 1)


def brief_of(name: str, category: str, target: Target) -> Brief:
    return Brief(name, category, "", name, target, name)


def is_clean(sound: Sound) -> bool:
    """Whether a recording has neither flat tops nor gaps of digital silence: some of a library have."""
    one = sound[0]
    top = np.abs(one).max()
    flat = (np.abs(one[1:]) > 0.98 * top) & (np.abs(np.diff(one)) < 2e-5)
    runs = np.convolve(flat, np.ones(3), "valid") >= 3
    loud = np.flatnonzero(np.abs(one) > 0.1 * top)
    inside = one[loud[0] : loud[-1]] == 0
    gaps = np.convolve(inside, np.ones(220), "valid") >= 220
    return not (runs.sum() > 4 or gaps.any())


def recordings(folder: Path) -> list[Clean]:
    found = []
    for path in sorted(folder.glob("*.flac")):
        sound = beginning(path)
        category = category_of(path.stem)
        seconds = sound.shape[1] / SAMPLE_RATE_HZ
        if seconds >= 0.2 and is_clean(sound):
            found.append(Clean(path.stem, sound, brief_of(path.stem, category, Target(seconds))))
    chosen = []
    for category in CATEGORIES:
        some = [one for one in found if one.brief.category == category]
        step = max(1, len(some) // PER_CATEGORY)
        chosen += some[::step][:PER_CATEGORY]
    return chosen


def renders() -> list[Clean]:
    made = []
    for category in CATEGORIES:
        styles = [style.name for style in vocabulary().styles.values() if style.category == category]
        for number in range(PER_CATEGORY):
            rng = np.random.default_rng([202, CATEGORIES.index(category), number])
            piece = compose(category, styles[number % len(styles)], rng).piece
            values = piece.values
            bpm = round(values["bpm"]) if category in ("drums", "phrases") else None
            bars = None if bpm is None else 2
            seconds = SECONDS.get(category) or bar_seconds(bpm or 120, 2)
            tonal = category in ("phrases",)
            key = str(Key(int(values["tonic"]), bool(values["minor"]))) if tonal else None
            brief = brief_of(f"{category}-{number}", category, Target(seconds, bpm, bars, key))
            clean = Clean(brief.id, np.zeros((2, 1), np.float32), brief, piece)
            clean = replace(clean, sound=clean.rendered())
            heard = category != "phrases" or partial_share(listen(clean.sound[None]))[0] > HEARD_NOTES
            if heard and is_clean(clean.sound):
                made.append(clean)
    return made


def rng_of(clean: Clean) -> np.random.Generator:
    return np.random.default_rng([7, *clean.name.encode()])


def rms(sound: Sound) -> float:
    return float(np.sqrt((sound.astype(np.float64) ** 2).mean()))


def noise(clean: Clean, strength: int) -> Sound:
    level = rms(clean.sound) * 10 ** (-(45, 35, 25, 15)[strength] / 20)
    return clean.sound + level * rng_of(clean).standard_normal(clean.sound.shape).astype(np.float32)


def clipping(clean: Clean, strength: int) -> Sound:
    top = np.abs(clean.sound).max() * 10 ** (-(3, 6, 10, 15)[strength] / 20)
    return np.clip(clean.sound, -top, top)


def clicks(clean: Clean, strength: int) -> Sound:
    rng, sound = rng_of(clean), clean.sound.copy()
    count = max(1, round((2, 5, 12, 30)[strength] * clean.brief.target.seconds))
    at = rng.integers(200, sound.shape[1] - 200, count)
    sound[:, at] += rng.choice([-1, 1], count) * 0.5 * np.abs(sound).max()
    return sound


def dropouts(clean: Clean, strength: int) -> Sound | None:
    """In places that are loud."""
    rng, sound = rng_of(clean), clean.sound.copy()
    length = round(0.03 * SAMPLE_RATE_HZ)
    power = np.convolve((sound**2).sum(axis=0), np.ones(length) / length, "same")
    loud = np.flatnonzero(power > power.max() * 10 ** (-12 / 10))
    loud = loud[(loud > 2 * length) & (loud < sound.shape[1] - 3 * length)]
    if not len(loud):
        return None
    for at in rng.permutation(loud)[: (1, 2, 4, 8)[strength]]:
        sound[:, at : at + length] = 0
    return sound


def low_pass(clean: Clean, strength: int) -> Sound | None:
    top_hz = float(bandwidth_hz(listen(clean.sound[None]))[0])
    edge_hz = max(200.0, min(0.6 * top_hz, 20_000) * (1, 0.6, 0.35, 0.2)[strength])
    sound = sosfiltfilt(butter(8, edge_hz, fs=SAMPLE_RATE_HZ, output="sos"), clean.sound).astype(np.float32)
    return None if rms(sound - clean.sound) < 1e-3 * rms(clean.sound) else sound


def mono(clean: Clean, strength: int) -> Sound | None:
    middle, side = 0.5 * (clean.sound[0] + clean.sound[1]), 0.5 * (clean.sound[0] - clean.sound[1])
    if (side**2).mean() < (middle**2).mean() * 1e-4:
        return None
    side = side * (0.5, 0.25, 0.1, 0.0)[strength]
    return np.stack([middle + side, middle - side])


def dc(clean: Clean, strength: int) -> Sound:
    return clean.sound + np.float32((0.02, 0.05, 0.1, 0.3)[strength] * np.abs(clean.sound).max())


def warped(sound: Sound, at: NDArray[np.float64]) -> Sound:
    """A sound read at other places."""
    places = np.clip(at, 0, sound.shape[1] - 1)
    return np.stack([np.interp(places, np.arange(sound.shape[1]), one) for one in sound]).astype(np.float32)


def tempo_drift(clean: Clean, strength: int) -> Sound | None:
    """Faster and faster: the speed rises by so much from the beginning to the end."""
    if clean.brief.target.bpm is None:
        return None
    amount = (0.05, 0.1, 0.2, 0.4)[strength]
    share = np.arange(clean.sound.shape[1]) / clean.sound.shape[1]
    return warped(clean.sound, (share * (1 - amount / 2) + amount / 2 * share**2) * clean.sound.shape[1])


def wrong_tempo(clean: Clean, strength: int) -> Sound | None:
    if clean.brief.target.bpm is None or clean.piece is None:
        return None
    ratio = (1.04, 1.08, 1.13, 1.2)[strength]
    return clean.rendered(bpm=clean.brief.target.bpm * ratio)


def wrong_key(clean: Clean, strength: int) -> Sound | None:
    """The same piece in keys farther and farther on the circle of fifths."""
    if clean.brief.target.key is None or clean.piece is None:
        return None
    fifths = (2, 3, 5, 6)[strength]
    return clean.rendered(tonic=(clean.piece.values["tonic"] + 7 * fifths) % 12)


def truncated(clean: Clean, strength: int) -> Sound | None:
    """Cut off while it sounds, earlier and earlier.

    Loops have no tail, nor has what ends hard by itself, or as loudly as where it would be cut.
    """
    sound = clean.sound.copy()
    power = (sound**2).sum(axis=0)
    ended = np.flatnonzero(power > power.max() * 1e-6)[-1] + 1  # silence after it is no tail
    last = power[max(0, ended - END_FRAMES) : ended].mean()
    if last > power.max() * 1e-5 or clean.brief.category in ("drums", "phrases"):
        return None
    heard = np.flatnonzero(power > power.max() * 1e-4)
    cut = heard[0] + round((heard[-1] - heard[0]) * (0.8, 0.6, 0.45, 0.3)[strength])
    before = power[max(0, cut - END_FRAMES) : cut].mean()
    if before < LOUDER * last:
        return None
    sound[:, cut:] = 0
    return sound


DEGRADATIONS: dict[str, tuple[Callable[[Clean, int], Sound | None], str]] = {
    "noise": (noise, "quality"),
    "clipping": (clipping, "quality"),
    "clicks": (clicks, "quality"),
    "dropouts": (dropouts, "quality"),
    "low-pass": (low_pass, "quality"),
    "dc": (dc, "quality"),
    "mono collapse": (mono, "technical"),
    "truncated tail": (truncated, "technical"),
    "tempo drift": (tempo_drift, "technical"),
    "wrong tempo": (wrong_tempo, "alignment"),
    "wrong key": (wrong_key, "alignment"),
}
"""Each way, and the component that should say so."""
LEVELS_DB = (-24.0, -12.0, -6.0, 6.0)


def component(sound: Sound, brief: Brief, name: str) -> float:
    return score(sound[None], brief)[0].components.get(name, float("nan"))


def main() -> None:
    """Degrade, score, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--recordings", type=Path, default=RECORDINGS, help="folder of sonic-pi-samples")
    options = parser.parse_args()
    sounds = recordings(options.recordings) + renders()
    clean = [score(one.sound[None], one.brief)[0] for one in sounds]
    result: dict[str, object] = {
        "sounds": {category: sum(one.brief.category == category for one in sounds) for category in CATEGORIES}
    }
    wrong: list[str] = []
    rows: dict[str, dict[str, Any]] = {}
    for name, (degrade, part) in DEGRADATIONS.items():
        ordered, stronger = [], []
        for one, card in zip(sounds, clean, strict=True):
            before = card.components.get(part, float("nan"))
            last = before
            for strength in range(4):
                sound = degrade(one, strength)
                if sound is None:
                    continue
                now = component(sound, one.brief, part)
                ordered.append(before > now)
                if strength:
                    stronger.append(last > now)
                last = now
                if not ordered[-1]:
                    wrong.append(f"{name} {strength}: {one.name} {before:.3f} {now:.3f}")
        rows[name] = {
            "component": part,
            "pairs": len(ordered),
            "ordered": float(np.mean(ordered)),
            "stronger_is_worse": float(np.mean(stronger)),
        }
        print(name, json.dumps(rows[name]), flush=True)
    moved = 0.0
    for one, card in zip(sounds, clean, strict=True):
        for level_db in LEVELS_DB:
            other = score((one.sound * np.float32(10 ** (level_db / 20)))[None], one.brief)[0]
            for name, value in card.components.items():
                moved = max(moved, abs(value - other.components[name]))
    pairs = sum(row["pairs"] for row in rows.values())
    ordered = sum(row["pairs"] * row["ordered"] for row in rows.values())
    result |= {"pairs": pairs, "ordered": ordered / pairs}
    result |= {"degradations": rows, "level_moves_components_by": moved, "not_ordered": wrong}
    print("level", moved)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

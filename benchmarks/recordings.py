"""Recordings as people have them: which note is found, how high is the score, what is out of reach?

Usage: python benchmarks/recordings.py (eight minutes); writes benchmarks/results/recordings.json.

- found: of the 48 recordings in benchmarks/sounds and examples/sounds, each behind and within other things,
  the share whose window begins within 30 ms of the sound and ends no more than 60 ms behind it.
- notes: how many notes are heard in one note of each factory preset, and in melodies of four.
- scores: similarity of `match` with 1,000 renders (mean of three seeds) for two sounds behind the same
  things, and for the clean files.
- reach: what is heard of chords and of single notes of the factory presets (which a synth of two oscillators
  cannot make three pitches of), of falling sines, and of notes with a reverberation.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.signal import butter, fftconvolve, sosfilt

import tonewright as tw
from tonewright.audio import Clip, resample
from tonewright.features.chords import chord_notes
from tonewright.features.notes import find_notes
from tonewright.matching.weak_points import pitch_fall, reverberation
from tonewright.measuring.provenance import provenance

RATE_HZ = 44_100
HERE = Path(__file__).parent
RESULT = HERE / "results" / "recordings.json"
RENDERS, SEEDS = 1_000, (0, 1, 2)

Sound = NDArray[np.float32]


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def noise(seconds: float, level_dbfs: float, kind: str, rng: np.random.Generator) -> Sound:
    """White noise, rumble (below 60 Hz), or hum (50 and 150 Hz with a little noise)."""
    samples = rng.standard_normal(round(seconds * RATE_HZ))
    time_s = np.arange(len(samples)) / RATE_HZ
    if kind == "rumble":
        samples = sosfilt(butter(2, 60, fs=RATE_HZ, output="sos"), samples)
    if kind == "hum":
        samples = np.sin(2 * np.pi * 50 * time_s) + 0.3 * np.sin(2 * np.pi * 150 * time_s) + 0.1 * samples
    return (samples * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(samples**2))).astype(np.float32)


def click(seconds: float) -> Sound:
    samples = silence(seconds)
    samples[10] = 0.9
    return samples


def behind(before: Sound, sound: Sound) -> tuple[Sound, float]:
    """The recording, and where the sound begins in it."""
    return np.concatenate([before, sound]), len(before) / RATE_HZ


def within(sound: Sound, level_dbfs: float, kind: str, rng: np.random.Generator) -> tuple[Sound, float]:
    samples = np.concatenate([silence(1), sound, silence(1)])
    return samples + noise(len(samples) / RATE_HZ, level_dbfs, kind, rng)[: len(samples)], 1.0


def conditions(rng: np.random.Generator) -> dict[str, Callable[[Sound], tuple[Sound, float]]]:
    """Each takes a sound, and gives a recording and where the sound begins in it."""
    made: dict[str, Callable[[Sound], tuple[Sound, float]]] = {
        "behind 5 s of noise at −55 dBFS": lambda sound: behind(noise(5, -55, "white", rng), sound),
        "behind 1 s of noise at −50 dBFS": lambda sound: behind(noise(1, -50, "white", rng), sound),
        "behind 2 s of noise at −50 dBFS": lambda sound: behind(noise(2, -50, "white", rng), sound),
        "behind an offset of 0.0005": lambda sound: behind(silence(1) + np.float32(0.0005), sound),
        "behind an offset of 0.002": lambda sound: behind(silence(1) + np.float32(0.002), sound),
        "on an offset of 0.02": lambda sound: behind(silence(1), sound + np.float32(0.02)),
        "behind a click and 3 s of silence": lambda sound: behind(click(3), sound),
        "behind a click and 3 s of noise": lambda sound: behind(
            click(3) + noise(3, -55, "white", rng), sound
        ),
    }
    for kind in ("white", "rumble", "hum"):
        for level in (-55, -45, -35):
            made[f"within {kind} noise at −{-level} dBFS".replace("hum noise", "hum")] = (
                lambda sound, level=level, kind=kind: within(sound, level, kind, rng)
            )
    return made


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    result = {
        "found": found(),
        "notes": notes(),
        "scores": scores(),
        "reach": reach(),
        "provenance": provenance(),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def recordings() -> list[Sound]:
    paths = sorted([*HERE.glob("sounds/*.flac"), *HERE.parent.glob("examples/sounds/*.flac")])
    clips = [tw.read(path) for path in paths]
    sounds = [resample(Clip(clip.mono(), clip.sample_rate_hz), RATE_HZ).samples[0] for clip in clips]
    return [0.5 * sound / np.abs(sound).max() for sound in sounds]


def found() -> dict[str, dict[str, int]]:
    rng = np.random.default_rng(0)
    counts = {}
    sounds = recordings()
    for name, make in track(conditions(rng).items(), "finding"):
        right = 0
        for sound in sounds:
            recording, begins_s = make(sound)
            heard = find_notes(Clip(recording, RATE_HZ))
            note = heard.notes[heard.loudest]
            ends_s = begins_s + len(sound) / RATE_HZ
            right += abs(note.start_s - begins_s) <= 0.03 and note.end_s <= ends_s + 0.06
        counts[name] = {"right": int(right), "of": len(sounds)}
    return counts


def factory() -> NDArray[np.float32]:
    synth = tw.synth("serum-lite", RATE_HZ)
    return np.stack([synth.controls.to_unit(preset.controls) for preset in synth.factory_presets()])


def notes() -> dict[str, dict[str, int]]:
    synth, params = tw.synth("serum-lite", RATE_HZ), factory()
    rng = np.random.default_rng(1)
    counted: dict[str, dict[str, int]] = {}

    def count(name: str, sounds: list[Sound]) -> None:
        found = [len(find_notes(Clip(sound, RATE_HZ)).notes) for sound in sounds]
        counted[name] = {str(number): found.count(number) for number in sorted(set(found))}

    count("one note", list(synth.render(params, 60, 2.0, 1.5)))
    for name, held_s in (("four notes, 0.1 s apart", 0.4), ("four notes, tied", 0.5)):
        melodies = []
        for row in params:
            steps = rng.choice([0, 2, 3, 5, 7, 9], 4, replace=False) + rng.integers(43, 65)
            melody = silence(3.0)
            for i, step in enumerate(steps):
                sound = synth.render(row[None], step, held_s, held_s)[0]
                sound[-441:] *= np.linspace(1, 0, 441, dtype=np.float32)
                first = round(i * 0.5 * RATE_HZ)
                melody[first : first + len(sound)] += sound
            melodies.append(melody)
        count(name, melodies)
    return counted


def scores() -> dict[str, dict[str, float]]:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    saw = (0.4 * (2 * (220 * time_s % 1) - 1) * np.minimum(1, (1 - time_s) / 0.05)).astype(np.float32)
    sounds = {"bass": tw.read(HERE.parent / "examples" / "sounds" / "bass.flac").mono(), "saw": saw}
    made = {"clean": lambda sound: (sound, 0.0)} | {
        name: make
        for name, make in conditions(np.random.default_rng(2)).items()
        if not name.startswith("within")
    }

    def score(recording: Sound) -> float:
        clip = Clip(recording, RATE_HZ)
        return float(np.mean([tw.match(clip, renders=RENDERS, seed=seed).similarity for seed in SEEDS]))

    return {
        name: {key: score(make(sound)[0]) for key, sound in sounds.items()}
        for name, make in track(made.items(), "matching")
    }


def reach() -> dict[str, dict[str, int]]:
    synth, params = tw.synth("serum-lite", RATE_HZ), factory()
    rng = np.random.default_rng(3)
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    # One pitch only: the second oscillator is silent or whole octaves away.
    silent = params[:, synth.controls.index("osc2_level")] < 0.05
    semitones = synth.controls.to_physical(params)[:, synth.controls.index("osc2_semitones")]
    one = params[silent | (semitones % 12 == 0)]
    single = synth.render(params, 57, 2.0, 1.5)
    triads = [
        synth.render(np.repeat(row[None], 3, axis=0), root + np.array(steps), 1.5, 1.2).sum(axis=0)
        for row in one
        for steps in ((0, 4, 7), (0, 3, 7))
        for root in [int(rng.integers(48, 64))]
    ]
    falls = []
    for from_hz, to_hz, pace_s in ((200, 50, 0.05), (400, 100, 0.2), (800, 200, 0.4), (300, 80, 0.03)):
        frequency_hz = to_hz + (from_hz - to_hz) * np.exp(-time_s / pace_s)
        falls.append(np.sin(2 * np.pi * np.cumsum(frequency_hz) / RATE_HZ) * np.exp(-4 * time_s))
    dry = synth.render(params, 57, 0.4, 0.3)
    wet = []
    for sound in dry:
        response = rng.standard_normal(2 * RATE_HZ) * 10 ** (-3 * np.arange(2 * RATE_HZ) / RATE_HZ / 1.5)
        padded = np.concatenate([sound, silence(2)])
        echo = fftconvolve(padded, response)[: len(padded)]
        wet.append(padded + echo * 0.2 * np.abs(sound).max() / max(np.abs(echo).max(), 1e-9))

    def count(true: list[bool]) -> dict[str, int]:
        return {"heard": int(sum(true)), "of": len(true)}

    return {
        "a chord, in triads": count(
            [len(chord_notes(sound.astype(np.float32), RATE_HZ)) > 2 for sound in triads]
        ),
        "a chord, in single notes": count([len(chord_notes(sound, RATE_HZ)) > 2 for sound in single]),
        "a falling pitch, in falling sines": count(
            [pitch_fall(sound.astype(np.float32), RATE_HZ) >= 3 for sound in falls]
        ),
        "a falling pitch, in single notes": count([pitch_fall(sound, RATE_HZ) >= 3 for sound in single]),
        "a reverberation, in notes with one": count(
            [reverberation(sound.astype(np.float32), RATE_HZ) is not None for sound in wet]
        ),
        "a reverberation, in single notes": count(
            [reverberation(sound, RATE_HZ) is not None for sound in single]
        ),
    }


if __name__ == "__main__":
    main()

"""How often, and by how much, the pitch of a frame is wrong: writes `benchmarks/results/pitch.jsonl`.

Usage: python benchmarks/pitch.py (about five minutes on one core)

Tones of known pitch from 40 Hz to 5 kHz, in octaves, timbres, conditions and sample rates; noises, in which
no pitch is to be found; notes of the factory presets, which are to be estimated; and speed. All are measured
twice: with pitches up to 2.5 kHz looked for, as in version 0.1.0, and up to 5 kHz, as by default.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.signal import butter, sosfilt
from scipy.special import jv

from tonewright.features import StreamAnalyser, hear, pitch
from tonewright.features.descriptors import pitch as described
from tonewright.features.pitch import estimate_note, pitch_frames, pitch_hops, pitch_window
from tonewright.features.speed import FRAMES, RATE_HZ, notes
from tonewright.files import write_text
from tonewright.synths.serum_lite.factory import factory_presets
from tonewright.synths.serum_lite.synth import SerumLite

RESULT = Path(__file__).parent / "results" / "pitch.jsonl"
LIMITS_HZ = (2500.0, 5000.0)
"""Highest pitch looked for, before and now."""
RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)
OCTAVES_HZ = (40.0, 80.0, 160.0, 320.0, 640.0, 1250.0, 2500.0, 5000.0)
TONES, NOISES = 100, 400
"""Frames in every cell: tones are spread evenly over the octave."""
GROSS_CENTS = 50.0
"""A tone that is heard further off, or not at all, is a gross error."""
HIGHEST = 0.48
"""Highest partial, as a share of the sample rate."""

Lines = dict[int, complex]
"""Complex amplitudes of harmonics, by number."""


def saw(rng: np.random.Generator, f0_hz: float, highest: int) -> Lines:
    return {k: -1j / k for k in range(1, highest + 1)}


def square(rng: np.random.Generator, f0_hz: float, highest: int) -> Lines:
    return {k: -1j / k for k in range(1, highest + 1, 2)}


def soft(rng: np.random.Generator, f0_hz: float, highest: int) -> Lines:
    return {k: np.exp(2j * np.pi * rng.random()) / k**2 for k in range(1, min(highest, 10) + 1)}


def pulses(rng: np.random.Generator, f0_hz: float, highest: int) -> Lines:
    return dict.fromkeys(range(1, highest + 1), 1.0)


def harmonic(rng: np.random.Generator, f0_hz: float, highest: int) -> Lines:
    """Ten harmonics of equal level in random phases."""
    return {k: np.exp(2j * np.pi * rng.random()) for k in range(1, min(highest, 10) + 1)}


def resonant(q: float) -> Callable[[np.random.Generator, float, int], Lines]:
    """A saw through a band-pass between 2.5 and 5 kHz: its strongest partials lie where high pitches do."""

    def lines(rng: np.random.Generator, f0_hz: float, highest: int) -> Lines:
        centre_hz = rng.uniform(2500.0, 5000.0)
        ratio = {k: k * f0_hz / centre_hz for k in range(1, highest + 1)}
        return {k: -1j / k / (1.0 + 1j * q * (x - 1.0 / x)) for k, x in ratio.items()}

    return lines


def fm(carrier: int, modulator: int, least: float) -> Callable[[np.random.Generator, float, int], Lines]:
    """Frequency modulation without aliases: sidebands are Bessel functions of the index (Chowning 1973).

    A carrier at twice the modulator with a small index is a tone an octave higher, hence a least index; a
    large one may cancel the fundamental.
    """

    def lines(rng: np.random.Generator, f0_hz: float, highest: int) -> Lines:
        index, phases = rng.uniform(least, 1.5), rng.uniform(0.0, 2.0 * np.pi, 2)
        found: Lines = {}
        for k in range(-12, 13):
            line = jv(k, index) * np.exp(1j * (phases[0] + k * phases[1]))
            number = carrier + k * modulator
            if number < 0:  # a negative frequency is heard at its mirror image
                number, line = -number, line.conjugate()
            if 0 < number <= highest:
                found[number] = found.get(number, 0.0) + line
        return found

    return lines


TIMBRES = {
    "sine": lambda rng, f0_hz, highest: {1: 1.0},
    "saw": saw,
    "square": square,
    "soft": soft,
    "pulses": pulses,
    "harmonic": harmonic,
    "fm 1:1": fm(1, 1, 0.0),
    "fm 2:1": fm(2, 1, 0.5),
    "resonant, Q 10": resonant(10.0),
    "resonant, Q 20": resonant(20.0),
}
RESONANT_BELOW_HZ = 1250.0
"""A resonance at the second harmonic makes a tone an octave higher, so that higher tones have none."""
CONDITIONS: dict[str, dict[str, float]] = {
    "steady": {},
    "noise −20 dB": {"noise_db": -20.0},
    "noise −6 dB": {"noise_db": -6.0},
    "noise 0 dB": {"noise_db": 0.0},
    "vibrato ±50 cents": {"vibrato_cents": 50.0},
    "glide of an octave/s": {"octaves_per_s": 1.0},
}


def tone(
    timbre: str,
    f0_hz: float,
    sample_rate_hz: int,
    rng: np.random.Generator,
    *,
    noise_db: float = -np.inf,
    vibrato_cents: float = 0.0,
    octaves_per_s: float = 0.0,
) -> NDArray[np.float32]:
    """A frame of a tone of a mean pitch in random phase; noise is told relative to the tone."""
    time_s = np.arange(pitch_window(sample_rate_hz)) / sample_rate_hz
    bend = octaves_per_s * time_s * rng.choice([-1.0, 1.0])
    bend += vibrato_cents / 1200.0 * np.sin(2.0 * np.pi * (5.5 * time_s + rng.random()))
    pitch_hz = f0_hz * 2.0 ** (bend - bend.mean())
    lines = TIMBRES[timbre](rng, f0_hz, max(1, int(HIGHEST * sample_rate_hz / pitch_hz.max())))
    table = np.zeros(2**14 + 1, complex)
    table[list(lines)] = list(lines.values())
    period = np.fft.irfft(table)
    turns = np.cumsum(pitch_hz) / sample_rate_hz + rng.random()
    sound = np.interp(turns % 1.0, np.linspace(0.0, 1.0, len(period) + 1), np.append(period, period[0]))
    sound /= np.sqrt(np.mean(np.square(sound)))
    sound += 10.0 ** (noise_db / 20.0) * rng.standard_normal(len(sound))
    return (0.1 * sound).astype(np.float32)


def tone_rows() -> Iterator[dict[str, Any]]:
    """A row for every cell."""
    for rate in RATES_HZ:
        for low_hz, high_hz in pairwise(OCTAVES_HZ):
            f0_hz = np.geomspace(low_hz, min(high_hz, 0.95 * HIGHEST * rate), TONES)
            timbres = [name for name in TIMBRES if "resonant" not in name or high_hz <= RESONANT_BELOW_HZ]
            for timbre in timbres:
                for condition, options in CONDITIONS.items():
                    rng = _rng(rate, low_hz, timbre, condition)
                    frames = np.array([tone(timbre, float(hz), rate, rng, **options) for hz in f0_hz])
                    row = {"rate_hz": rate, "octave_hz": low_hz, "timbre": timbre, "condition": condition}
                    yield row | _by_limit(partial(_errors, frames, rate, f0_hz))


def _errors(
    frames: NDArray[np.float32], rate: int, f0_hz: NDArray[np.float64], limit_hz: float
) -> dict[str, float | None]:
    found_hz, confidence = pitch_frames(frames, rate, f0_max_hz=limit_hz)
    cents = 1200.0 * np.abs(np.log2(np.maximum(found_hz, 1.0) / f0_hz))
    near = cents[cents < GROSS_CENTS]
    return {
        "gross": round(1.0 - len(near) / len(cents), 4),
        "cents": round(float(np.median(near)), 4) if len(near) else None,
        "confidence": round(float(np.median(confidence)), 4),
    }


NOISE_BANDS_HZ = ((0, 1e9), (0, 1000), (500, 1000), (1250, 2500), (2500, 5000), (3000, 4000), (5000, 1e9))


def noise_rows() -> Iterator[dict[str, Any]]:
    """A row for every rate and band of noise; slopes of 24 dB an octave."""
    for rate in RATES_HZ:
        window, nyquist_hz = pitch_window(rate), 0.5 * rate
        for low_hz, high_hz in NOISE_BANDS_HZ:
            if low_hz > 0.8 * nyquist_hz:
                continue
            sound = _rng(rate, low_hz, high_hz).standard_normal((NOISES, 2 * window))
            if low_hz > 0.0:
                sound = sosfilt(butter(4, low_hz, "highpass", fs=rate, output="sos"), sound)
            if high_hz < nyquist_hz:
                sound = sosfilt(butter(4, high_hz, "lowpass", fs=rate, output="sos"), sound)
            frames = sound[:, window:].astype(np.float32)
            row = {"rate_hz": rate, "low_hz": low_hz, "high_hz": min(high_hz, nyquist_hz)}
            yield row | _by_limit(partial(_voiced, frames, rate))


def _voiced(frames: NDArray[np.float32], rate: int, limit_hz: float) -> dict[str, float]:
    _, confidence = pitch_frames(frames, rate, f0_max_hz=limit_hz)
    return {
        "voiced": round(float((confidence > 0.0).mean()), 4),
        "confidence": round(float(confidence.mean()), 4),
    }


NOTES = (84, 90, 96, 99, 102, 105, 108, 111)
KNOWN_NOTE = 72
"""Where the estimate of a preset tells in which octave it sounds."""
PITCHED = 0.6
"""Least confidence there."""


def note_rows() -> Iterator[dict[str, Any]]:
    """A row for every rate and note: how many factory presets with a pitch are estimated within 50 cents."""
    bank = [preset for preset in factory_presets() if preset.tags[0] not in ("drum", "effect")]
    for rate in (16_000, 44_100):
        synth = SerumLite(rate)
        params = np.stack([preset.params(synth) for preset in bank])
        sounds = {note: synth.render(params, [note] * len(bank), 0.6, 0.5) for note in (KNOWN_NOTE, *NOTES)}
        known = [estimate_note(sound, rate) for sound in sounds[KNOWN_NOTE]]
        for note in NOTES:
            wanted = [
                (sound, there.midi_note + note - KNOWN_NOTE)
                for sound, there in zip(sounds[note], known, strict=True)
                if there.confidence > PITCHED and there.midi_note + note - KNOWN_NOTE < 111.5
            ]
            row = {"rate_hz": rate, "note": note, "presets": len(wanted)}
            yield row | _by_limit(partial(_right, wanted, rate))


def _right(wanted: list[tuple[NDArray[np.float32], float]], rate: int, limit_hz: float) -> dict[str, int]:
    with patch.object(pitch, "pitch_frames", partial(pitch_frames, f0_max_hz=limit_hz)):
        estimates = [estimate_note(sound, rate).midi_note for sound, _ in wanted]
    off = [abs(found - note) for found, (_, note) in zip(estimates, wanted, strict=True)]
    return {"right": sum(semitones < 0.5 for semitones in off)}


SPEED_RUNS = 200


def speed_rows() -> Iterator[dict[str, Any]]:
    """Time of a live hop with every descriptor, and of the pitch of whole files, as ratios of the two limits.

    The limits take turns, so that a machine that slows down slows both.
    """
    for name, f0_hz in (("notes of 55 to 880 Hz", None), ("a tone of 3.5 kHz", 3500.0)):
        sounds = notes(np.random.default_rng(0), 64)
        if f0_hz is not None:
            time_s = np.arange(FRAMES) / RATE_HZ
            sounds = np.tile(np.float32(0.2) * np.sin(2 * np.pi * f0_hz * time_s).astype(np.float32), (64, 1))
        analysers = {limit_hz: StreamAnalyser(RATE_HZ, "all") for limit_hz in LIMITS_HZ}
        live = {limit_hz: partial(analysers[limit_hz].push, sounds[0, :256]) for limit_hz in LIMITS_HZ}
        whole = dict.fromkeys(LIMITS_HZ, partial(hear, sounds, RATE_HZ, ["pitch"]))
        yield {
            "sound": name,
            "live_hop": _ratio(live, SPEED_RUNS),
            "whole_files": _ratio(whole, SPEED_RUNS // 4),
        }


def _ratio(work: dict[float, Callable[[], Any]], runs: int) -> float:
    """Median time with the second limit as a share of that with the first."""
    seconds: dict[float, list[float]] = {limit_hz: [] for limit_hz in LIMITS_HZ}
    for _ in range(runs):
        for limit_hz in LIMITS_HZ:
            with patch.object(described, "pitch_hops", partial(pitch_hops, f0_max_hz=limit_hz)):
                started = time.perf_counter()
                work[limit_hz]()
                seconds[limit_hz].append(time.perf_counter() - started)
    before, now = (median(seconds[limit_hz]) for limit_hz in LIMITS_HZ)
    return round(now / before, 3)


def _by_limit(measure: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
    return {f"to_{limit_hz:.0f}_hz": measure(limit_hz) for limit_hz in LIMITS_HZ}


def _rng(*cell: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(cell).encode()))


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    kinds = {"tone": tone_rows, "noise": noise_rows, "note": note_rows, "speed": speed_rows}
    rows = [{"kind": kind, **row} for kind, made in kinds.items() for row in track(made(), kind)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_text(RESULT, lines, overwrite=True)


if __name__ == "__main__":
    main()

"""How often, and by how much, the pitch of a frame is wrong: writes `benchmarks/results/pitch.json`.

Usage: python benchmarks/pitch.py (about four minutes on one core)

Tones of known pitch from 40 Hz to 5 kHz, frame by frame: eight timbres, six conditions, eight sample rates and
seven octaves. Everything is measured twice, with pitches up to 2.5 kHz looked for and up to 5 kHz. Sounds
without a pitch are there too: how often one is found in them all the same.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt
from scipy.special import jv

from tonewright.features.pitch import pitch_frames, pitch_window

RESULT = Path(__file__).parent / "results" / "pitch.json"
LIMITS_HZ = (2500.0, 5000.0)
"""Highest pitch looked for: until 0.1.0, and now."""
RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)
OCTAVES_HZ = (40.0, 80.0, 160.0, 320.0, 640.0, 1250.0, 2500.0, 5000.0)
TONES = 100
"""In every cell, spread evenly over the octave."""
NOISES = 400
GROSS_CENTS = 50.0
"""A frame that is further off, or heard without a pitch, is a gross error."""
_HIGHEST = 0.49
"""Of the sample rate, the highest partial of a tone."""

Lines = dict[int, complex]
"""Complex amplitudes by number of the harmonic."""


def _sine(rng: np.random.Generator, highest: int) -> Lines:
    return {1: 1.0}


def _saw(rng: np.random.Generator, highest: int) -> Lines:
    return {k: -1j / k for k in range(1, highest + 1)}


def _square(rng: np.random.Generator, highest: int) -> Lines:
    return {k: -1j / k for k in range(1, highest + 1, 2)}


def _soft(rng: np.random.Generator, highest: int) -> Lines:
    return {k: np.exp(2j * np.pi * rng.random()) / k**2 for k in range(1, min(highest, 10) + 1)}


def _pulses(rng: np.random.Generator, highest: int) -> Lines:
    return dict.fromkeys(range(1, highest + 1), 1.0)


def _harmonic(rng: np.random.Generator, highest: int) -> Lines:
    return {k: np.exp(2j * np.pi * rng.random()) for k in range(1, min(highest, 10) + 1)}


def _fm(carrier: int, modulator: int, least: float, most: float) -> Callable[[np.random.Generator, int], Lines]:
    """Frequency modulation without aliases: its sidebands are Bessel functions of the index (Chowning 1973).

    A carrier at twice the modulator with a small index is a tone an octave higher, hence the least index.
    """

    def lines(rng: np.random.Generator, highest: int) -> Lines:
        index = rng.uniform(least, most)
        phases = rng.uniform(0.0, 2.0 * np.pi, 2)
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
    "sine": _sine,
    "saw": _saw,
    "square": _square,
    "soft": _soft,
    "pulses": _pulses,
    "harmonic": _harmonic,
    "fm 1:1": _fm(1, 1, 0.0, 1.5),
    "fm 2:1": _fm(2, 1, 0.5, 1.5),
}
CONDITIONS = {
    "steady": {},
    "noise −20 dB": {"noise_db": -20.0},
    "noise −6 dB": {"noise_db": -6.0},
    "noise 0 dB": {"noise_db": 0.0},
    "vibrato ±50 cents": {"vibrato_cents": 50.0},
    "glide 1 octave/s": {"octaves_per_s": 1.0},
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
) -> tuple[NDArray[np.float32], float]:
    """A frame of a tone in random phase, and its mean pitch in Hz; noise is told relative to the tone."""
    time_s = np.arange(pitch_window(sample_rate_hz)) / sample_rate_hz
    time_s -= time_s.mean()
    bend = octaves_per_s * time_s * rng.choice([-1.0, 1.0])
    bend += vibrato_cents / 1200.0 * np.sin(2.0 * np.pi * (5.5 * time_s + rng.random()))
    pitch_hz = f0_hz * 2.0 ** (bend - bend.mean())
    lines = TIMBRES[timbre](rng, max(1, int(_HIGHEST * sample_rate_hz / pitch_hz.max())))
    phase = 2.0 * np.pi * (np.cumsum(pitch_hz) / sample_rate_hz + rng.random())
    sound = sum((line * np.exp(1j * k * phase)).real for k, line in lines.items())
    sound = sound / np.sqrt(np.mean(np.square(sound)))
    sound += 10.0 ** (noise_db / 20.0) * rng.standard_normal(len(sound))
    return (0.1 * sound).astype(np.float32), float(np.exp(np.log(pitch_hz).mean()))


def noise(low_hz: float, high_hz: float, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """`[NOISES, window]` of noise between two frequencies."""
    window = pitch_window(sample_rate_hz)
    sound = rng.standard_normal((NOISES, 2 * window))
    if low_hz > 0.0:
        sound = sosfilt(butter(4, low_hz, "highpass", fs=sample_rate_hz, output="sos"), sound)
    if high_hz < sample_rate_hz / 2:
        sound = sosfilt(butter(4, high_hz, "lowpass", fs=sample_rate_hz, output="sos"), sound)
    return sound[:, window:].astype(np.float32)


BANDS_HZ = ((0, 1e9), (0, 1000), (500, 1000), (1000, 2000), (1250, 2500), (2000, 4000), (2500, 5000), (4000, 1e9))


def tone_rows() -> Iterator[dict[str, object]]:
    """A row for every cell."""
    for rate in RATES_HZ:
        for low_hz, high_hz in zip(OCTAVES_HZ[:-1], OCTAVES_HZ[1:], strict=True):
            pitches_hz = np.geomspace(low_hz, min(high_hz, 0.48 * rate), TONES)
            for timbre in TIMBRES:
                for condition, options in CONDITIONS.items():
                    cell = f"{rate} {low_hz} {timbre} {condition}"
                    rng = np.random.default_rng(zlib.crc32(cell.encode()))
                    tones = [tone(timbre, f0_hz, rate, rng, **options) for f0_hz in pitches_hz]
                    frames = np.array([sound for sound, _ in tones])
                    true_hz = np.array([f0_hz for _, f0_hz in tones])
                    row = {
                        "sample_rate_hz": rate, "octave_hz": low_hz, "timbre": timbre, "condition": condition,
                    }  # fmt: skip
                    for limit_hz in LIMITS_HZ:
                        f0_hz, confidence = pitch_frames(frames, rate, f0_max_hz=limit_hz)
                        off = 1200.0 * np.abs(np.log2(np.maximum(f0_hz, 1.0) / true_hz))
                        right = off < GROSS_CENTS
                        row[f"{limit_hz:g}"] = {
                            "gross": round(float(1.0 - right.mean()), 4),
                            "median_cents": round(float(np.median(off[right])), 4) if right.any() else None,
                            "confidence": round(float(np.median(confidence)), 4),
                        }
                    yield row


def noise_rows() -> Iterator[dict[str, object]]:
    """A row for every rate and band of noise."""
    for rate in RATES_HZ:
        for low_hz, high_hz in BANDS_HZ:
            if low_hz >= 0.4 * rate:
                continue
            rng = np.random.default_rng(zlib.crc32(f"{rate} {low_hz} {high_hz}".encode()))
            frames = noise(low_hz, high_hz, rate, rng)
            row = {"sample_rate_hz": rate, "low_hz": low_hz, "high_hz": min(high_hz, rate / 2)}
            for limit_hz in LIMITS_HZ:
                _, confidence = pitch_frames(frames, rate, f0_max_hz=limit_hz)
                row[f"{limit_hz:g}"] = {
                    "voiced": round(float((confidence > 0.0).mean()), 4),
                    "confidence": round(float(confidence.mean()), 4),
                }
            yield row


def main() -> None:
    result = {"tones": list(tone_rows()), "noises": list(noise_rows())}
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

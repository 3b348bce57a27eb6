"""The compiled loops of granular."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.drone import gate_level
from tonewright.synths.elementary import exp2, hash32, sine_of_cycle, soft_limit
from tonewright.synths.gliding import glide
from tonewright.synths.granular.source import COPIES, PEAK, SEMITONES_A_COPY

MOST_DENSITY_HZ = 100.0
SHORTEST_S, LONGEST_S = 0.02, 1.0
SEMITONES = 24.0
_DENSITY_OCTAVES = float(np.log2(MOST_DENSITY_HZ))
_DURATION_OCTAVES = float(np.log2(LONGEST_S / SHORTEST_S))
_WINDOW_POWER = 3 / 8  # of a Hann window, in the mean

SLOTS = 128
"""Grains of a row at once, at least those of a second."""
FIELDS = 7
_ONSET, _AGE, _LENGTH, _START, _STEP, _GAIN, _COPY = range(FIELDS)
_BLOCK = 256  # samples that are rendered grain by grain


@njit(cache=True, nogil=True, error_model="numpy")
def _random(key: np.uint32, number: int) -> float:
    """A number in [0, 1) that belongs to a key and a counter."""
    return float(hash32(np.uint32(hash32(np.uint32(number)) ^ key))) * 2.0**-32


@njit(cache=True, nogil=True, error_model="numpy")
def _begin_grain(
    units: NDArray[np.float64],
    scatter: float,
    sample_rate_hz: float,
    source_length: float,
    steps: NDArray[np.float64],
    grain: NDArray[np.float64],
) -> None:
    """Set what a grain keeps, from the controls of its first sample and a random number in −1…1."""
    seconds = SHORTEST_S * exp2(_DURATION_OCTAVES * units[2])
    semitones = SEMITONES * (2 * units[3] - 1)
    copy = min(COPIES - 1, max(0, int(np.ceil(semitones / SEMITONES_A_COPY))))
    step = steps[copy] * exp2(semitones / 12)
    place = units[1] + units[4] ** 2 * scatter
    place -= 2 * np.floor(place / 2)  # between mirrors
    place = min(place, 2 - place)
    length = seconds * sample_rate_hz
    overlap = exp2(_DENSITY_OCTAVES * units[0]) * seconds
    grain[_LENGTH] = length
    grain[_START] = place * source_length * steps[copy] - 0.5 * length * step
    grain[_STEP] = step
    grain[_GAIN] = 1 / np.sqrt(1 + _WINDOW_POWER * overlap)
    grain[_COPY] = copy


@njit(cache=True, nogil=True, error_model="numpy")
def _add_grain(
    grain: NDArray[np.float64],
    begin: int,
    samples: NDArray[np.float32],
    begins: NDArray[np.int64],
    lasts: NDArray[np.int64],
    total: NDArray[np.float64],
    scratch: tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Add what a grain has to samples from `begin` on."""
    places, fractions, weights = scratch
    copy = int(grain[_COPY])
    period = 2.0 * lasts[copy]
    start, step, length, gain = grain[_START], grain[_STEP], grain[_LENGTH], grain[_GAIN]
    # Each sample is a function of the age alone, so that blocks make no difference.
    age_at_begin = begin - int(grain[_ONSET]) + grain[_AGE]
    first = max(0, int(grain[_ONSET]) - begin)
    end = min(len(total), max(0, int(np.ceil(length - age_at_begin))))
    for i in range(first, end):  # a loop without look-ups, which runs several samples at once
        age = age_at_begin + i
        share = age / length
        weights[i] = gain * sine_of_cycle(0.5 * min(share, 1 - share)) ** 2
        place = start + step * age
        place -= period * np.floor(place / period)  # between mirrors
        place = min(place, period - place)
        whole = np.int32(place)
        places[i] = np.uint32(whole)
        fractions[i] = place - whole
    window = samples[begins[copy] - 1 :]
    for i in range(first, end):
        # Unsigned, so that nothing counts from the end of the array.
        j = np.uint64(places[i])
        f = fractions[i]
        before, here = np.float64(window[j]), np.float64(window[j + np.uint64(1)])
        there, after = np.float64(window[j + np.uint64(2)]), np.float64(window[j + np.uint64(3)])
        # Cubic Hermite with the slopes of the neighbours.
        slope = 0.5 * (there - before)
        bend = before - 2.5 * here + 2.0 * there - 0.5 * after
        twist = 0.5 * (after - before) + 1.5 * (here - there)
        total[i] += weights[i] * (here + f * (slope + f * (bend + f * twist)))


@njit(cache=True, nogil=True, error_model="numpy")
def render_rows(
    begin: int,
    first: int,
    last: int,
    target: NDArray[np.float64],
    now: NDArray[np.float64],
    gates: NDArray[np.int64],
    share: float,
    fade: int,
    sample_rate_hz: float,
    source_length: float,
    samples: NDArray[np.float32],
    begins: NDArray[np.int64],
    lasts: NDArray[np.int64],
    steps: NDArray[np.float64],
    key: np.uint32,
    numbers: NDArray[np.int64],
    elapsed: NDArray[np.float64],
    grains: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """Render some rows of a batch.

    Of each row, `numbers` are the oldest grain that sounds and the next to begin, `elapsed` counts the time
    since that one could begin, in grains, and `grains` holds those that sound; all are moved on in place.
    """
    total = np.empty(_BLOCK)
    level = np.empty(_BLOCK)
    scratch = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK), np.empty(_BLOCK)
    for b in range(first, last):
        rate = exp2(_DENSITY_OCTAVES * now[b, 1, 0]) / sample_rate_hz
        late = _random(key, 2 * numbers[b, 1]) if numbers[b, 1] else 0.0
        for block in range(0, out.shape[1], _BLOCK):
            frames = min(_BLOCK, out.shape[1] - block)
            for i in range(frames):
                sample = begin + block + i
                if glide(target[b], now[b], share):
                    rate = exp2(_DENSITY_OCTAVES * now[b, 1, 0]) / sample_rate_hz
                level[i] = now[b, 1, 5] ** 2 * gate_level(sample, gates[b], fade)
                over = elapsed[b] - late * now[b, 1, 4]
                if over >= 0:
                    number = numbers[b, 1]
                    grain = grains[b, number % SLOTS]
                    scatter = 2 * _random(key, 2 * number + 1) - 1
                    _begin_grain(now[b, 1], scatter, sample_rate_hz, source_length, steps, grain)
                    grain[_ONSET] = sample
                    grain[_AGE] = min(1.0, over / rate)  # it began between two samples
                    numbers[b, 1] += 1
                    late = _random(key, 2 * numbers[b, 1])
                    elapsed[b] -= 1
                elapsed[b] += rate
            total[:frames] = 0
            if level[:frames].max() > 0:
                for number in range(numbers[b, 0], numbers[b, 1]):
                    grain = grains[b, number % SLOTS]
                    _add_grain(grain, begin + block, samples, begins, lasts, total[:frames], scratch)
            while numbers[b, 0] < numbers[b, 1]:
                grain = grains[b, numbers[b, 0] % SLOTS]
                if begin + block + frames - grain[_ONSET] + grain[_AGE] < grain[_LENGTH]:
                    break
                numbers[b, 0] += 1
            for i in range(frames):
                sign = 1.0 if total[i] >= 0 else -1.0
                out[b, block + i] = np.float32(level[i] * sign * soft_limit(abs(total[i]), PEAK, 1.0))

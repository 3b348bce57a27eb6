"""Granular: a cloud of short pieces of a recording; after B. Truax (1988) and C. Roads (2001)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.synths.control import Control, ControlSpace
from tonewright.synths.drone import Drone, DroneVoice, gate_level
from tonewright.synths.elementary import exp2, hash32, sine_of_cycle, soft_limit
from tonewright.synths.gliding import glide
from tonewright.synths.grain_source import COPIES, SEMITONES_A_COPY, GrainSource, load_source

SOURCE = Path(__file__).with_name("sounds") / "granular.flac"
"""The recording that ships, CC0: `sounds/granular.txt` says what is in it."""

_MOST_DENSITY_HZ = 100.0
_SHORTEST_S, _LONGEST_S = 0.02, 1.0
_SEMITONES = 24.0
_DENSITY_OCTAVES = float(np.log2(_MOST_DENSITY_HZ))
_DURATION_OCTAVES = float(np.log2(_LONGEST_S / _SHORTEST_S))
_WINDOW_POWER = 3 / 8
_KNEE = 0.7  # up to which the sum of the grains is left alone

_SLOTS = 128
"""Grains of a row at once, at least those of a second."""
_ONSET, _AGE, _LENGTH, _START, _STEP, _GAIN, _COPY = range(7)
_BLOCK = 256  # samples that are rendered grain by grain


class Granular(Drone):
    """Grains of a recording, one after the other or many at once.

    A grain keeps the settings of the moment it begins: nothing of it is turned on the way but the level. It
    is a piece of the recording whose middle lies at `position`, under a Hann window; beyond its ends the
    recording is read backwards, as if between mirrors. Grains begin `density_hz` times a second; with
    `spread`, each comes later by up to √spread of the time to the next, and is read elsewhere by up to
    ± spread of the recording. What is random is a function of the seed and of the grain's number alone.

    Each grain is scaled by 1/√(1 + 3/8 · density · duration), 3/8 being the mean power of the window: a dense
    cloud is as loud as the recording, and a grain alone has its peaks. Where grains add up beyond 0.7 of full
    scale, a soft limit keeps them below 1.

    Args:
        sample_rate_hz: Rate of everything it renders, 4–384 kHz.
        path: A sound file, 10 ms to two minutes long; a recording that ships if not given. The mean of its
            channels is taken, brought to this rate and to a peak of full scale.

    Attributes:
        file_sha256: Hash of the sound file.

    Raises:
        UsageError: The rate is out of range.
        AudioError: The file cannot be read, is silent, too short or too long.
    """

    name = "granular"
    version = 1
    controls = ControlSpace(
        (
            Control(
                "density_hz", "grains", 1.0, _MOST_DENSITY_HZ, 20, "log", "Hz",
                "grains that begin in a second",
            ),
            Control(
                "position", "grains", 0.0, 1.0, 0.5, meaning="where in the recording, from beginning to end"
            ),
            Control(
                "duration_s", "grains", _SHORTEST_S, _LONGEST_S, 0.15, "log", "s", "how long a grain sounds"
            ),
            Control(
                "pitch_semitones", "grains", -_SEMITONES, _SEMITONES, 0, unit="semitones",
                meaning="higher or lower than recorded",
            ),
            Control(
                "spread", "grains", 0.0, 1.0, 0.05, "quadratic",
                meaning="random scatter of where in the recording, and of when",
            ),
            Control("amplitude", "grains", 0.0, 1.0, 0.5, "quadratic", meaning="level, down to silence"),
        )
    )  # fmt: skip

    def __init__(self, sample_rate_hz: int = 44_100, path: str | None = None) -> None:
        super().__init__(sample_rate_hz)
        if path is not None:
            self.name = f"granular:{path}"
        self.source = load_source(str(SOURCE) if path is None else path, self.sample_rate_hz)
        self.file_sha256 = self.source.sha256

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} at {self.sample_rate_hz} Hz>"

    def _voice(
        self, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int
    ) -> GranularVoice:
        return GranularVoice(self, params, gate_seconds, seed)


def granular_of(path: str, sample_rate_hz: int) -> Granular:
    """The synth called `granular:PATH`.

    Raises:
        UsageError: The rate is out of range.
        AudioError: The file cannot be read, is silent, too short or too long.
    """
    return Granular(sample_rate_hz, path)


class GranularVoice(DroneVoice):
    """A batch of sounding clouds; made by `Granular.voice`."""

    def __init__(
        self, synth: Granular, params: NDArray[np.float32], gate_seconds: NDArray[np.float64], seed: int
    ) -> None:
        super().__init__(synth, params, gate_seconds)
        batch = len(params)
        self._source: GrainSource = synth.source
        self._key = np.uint32(np.random.SeedSequence(seed).generate_state(1)[0])
        self._numbers = np.zeros((batch, 2), np.int64)
        self._elapsed = np.zeros(batch)
        self._grains = np.zeros((batch, _SLOTS, 7))

    def _render_rows(self, begin: int, first: int, last: int, out: NDArray[np.float32]) -> None:
        source = self._source
        _render(
            begin, first, last, self.target, self.now, self.gates, self.share, self.fade,
            self.sample_rate_hz, source.samples, source.begins, source.lasts, source.steps,
            self._key, self._numbers, self._elapsed, self._grains, out,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _random(key: np.uint32, number: int) -> float:
    """A number in [0, 1) that belongs to a key and a counter."""
    return float(hash32(np.uint32(hash32(np.uint32(number)) ^ key))) * 2.0**-32


@njit(cache=True, nogil=True, error_model="numpy")
def _begin_grain(
    units: NDArray[np.float64],
    scatter: float,
    sample_rate_hz: float,
    lasts: NDArray[np.int64],
    steps: NDArray[np.float64],
    grain: NDArray[np.float64],
) -> None:
    """Set what a grain keeps, from the controls of its first sample and a random number in −1…1."""
    seconds = _SHORTEST_S * exp2(_DURATION_OCTAVES * units[2])
    semitones = _SEMITONES * (2 * units[3] - 1)
    copy = min(COPIES - 1, max(0, int(np.ceil(semitones / SEMITONES_A_COPY))))
    step = steps[copy] * exp2(semitones / 12)
    place = units[1] + units[4] ** 2 * scatter
    place -= 2 * np.floor(place / 2)  # between mirrors
    place = min(place, 2 - place)
    length = seconds * sample_rate_hz
    overlap = exp2(_DENSITY_OCTAVES * units[0]) * seconds
    grain[_LENGTH] = length
    grain[_START] = place * lasts[copy] - 0.5 * length * step
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
def _render(
    begin: int,
    first: int,
    last: int,
    target: NDArray[np.float64],
    now: NDArray[np.float64],
    gates: NDArray[np.int64],
    share: float,
    fade: int,
    sample_rate_hz: float,
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
                    grain = grains[b, number % _SLOTS]
                    scatter = 2 * _random(key, 2 * number + 1) - 1
                    _begin_grain(now[b, 1], scatter, sample_rate_hz, lasts, steps, grain)
                    grain[_ONSET] = sample
                    grain[_AGE] = min(1.0, over / rate)  # it began between two samples
                    numbers[b, 1] += 1
                    late = _random(key, 2 * numbers[b, 1])
                    elapsed[b] -= 1
                elapsed[b] += rate
            total[:frames] = 0
            for number in range(numbers[b, 0], numbers[b, 1]):
                grain = grains[b, number % _SLOTS]
                _add_grain(grain, begin + block, samples, begins, lasts, total[:frames], scratch)
            while numbers[b, 0] < numbers[b, 1]:
                grain = grains[b, numbers[b, 0] % _SLOTS]
                if begin + block + frames - grain[_ONSET] + grain[_AGE] < grain[_LENGTH]:
                    break
                numbers[b, 0] += 1
            for i in range(frames):
                sign = 1.0 if total[i] >= 0 else -1.0
                out[b, block + i] = np.float32(level[i] * sign * soft_limit(abs(total[i]), _KNEE, 1.0))

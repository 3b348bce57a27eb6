"""Quality: what is wrong with a sound as a recording, whatever it was to be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.distances.closeness import closeness
from tonewright.prompting.briefs.brief import Brief
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, Floats, Heard
from tonewright.prompting.listening.partials import partial_share
from tonewright.prompting.rewards.terms import Component, Term
from tonewright.prompting.words.vocabulary import vocabulary

NAME = "quality"
_RAIL = 0.985
_EVEN = 1e-5
_CLICK_RATIO = 14.0
_CLICK_REACH, _CLICK_GAP, _CLICK_ALONE = 220, 12, 882
_QUIET_DB = 85.0
_ONSET, _ONSET_REACH = 2.0, 441
"""Ratio of powers after and before a jump that is the beginning of something, and samples to either side."""
_MOVING, _STANDING = 4.0, 16.0
"""Ratios of power over time, and of neighbouring bins, that steady noise does not have."""
_DROP_DB, _DROP_HOP, _LONGEST_DROP_S = 30.0, 64, 0.25
_BANDWIDTH_WEIGHT, _EMPTY = 3.0, 1e-7
_BESIDE_OCTAVES, _TONAL = 0.5, 0.1
_COMB_HZ = SAMPLE_RATE_HZ / 2_048
_COMB_FFT = 16_384


def quality(heard: Heard, brief: Brief | None = None) -> Component:
    """Judge the recording: noise, clipping, clicks, dropouts, bandwidth, decoder comb and DC.

    Args:
        heard: The sounds.
        brief: What was asked for; noise is no fault where it asks for noise.
    """
    noise = noise_floor_db(heard)
    clipped = clipped_share(heard)
    clicks = click_rate(heard)
    drops = dropout_rate(heard)
    top_hz = bandwidth_hz(heard)
    comb = comb_db(heard)
    dc = dc_db(heard)
    noisy = brief is not None and _asks_for_noise(brief)
    absent = np.full(len(noise), np.nan)
    return Component(
        NAME,
        (
            Term(
                "noise",
                absent if noisy else closeness(np.maximum(noise + _QUIET_DB, 0), 40),
                noise,
                "dB",
                "level between the partials and in the gaps",
            ),
            Term("clipping", closeness(clipped, 1e-3), 100 * clipped, "%", "samples on a flat top"),
            Term(
                "clicks",
                closeness(np.maximum(clicks - 0.3, 0), 0.5),
                clicks,
                "a second",
                "jumps that lead to nothing",
            ),
            Term("dropouts", closeness(drops, 0.3), drops, "a second", "gaps with hard edges"),
            Term(
                "bandwidth",
                np.clip(np.log2(np.maximum(top_hz, 1) / 100) / np.log2(20_000 / 100), 0.05, 1),
                top_hz,
                "Hz",
                "highest frequency of more than steady noise",
                _BANDWIDTH_WEIGHT,
            ),
            Term(
                "comb", closeness(np.maximum(comb - 2.5, 0), 3), comb, "dB", "lines at 21.5 Hz and multiples"
            ),
            Term("dc", closeness(10 ** (np.minimum(dc, 0) / 20), 0.05), dc, "dB", "constant part"),
        ),
    )


def noise_floor_db(heard: Heard) -> Floats:
    """Mean over half octaves of the least power that a band has, against all power, `[B]` in dB.

    The tenth percentile over time of the lowest sixth of the bins within a band: what is heard between
    partials and between onsets. Bands in which nothing is do not count.
    """
    edges_hz = 200 * 2 ** np.arange(0, 13.1 / 2, 0.5)
    total = np.maximum(heard.frame_power.mean(axis=1), 1e-30)
    floors, means = [], []
    for low, high in pairwise(edges_hz):
        bins = heard.power[:, :, (heard.bins_hz >= low) & (heard.bins_hz < high)]
        count = bins.shape[2]
        lowest = np.partition(bins, max(1, count // 6), axis=2)[:, :, : max(1, count // 6)].mean(axis=2)
        at = max(1, lowest.shape[1] // 10)
        least = np.partition(lowest, at, axis=1)[:, :at].mean(axis=1)
        floors.append(10 * np.log10(np.maximum(least * count / total, 1e-13)))
        means.append(bins.mean(axis=1, dtype=np.float64).sum(axis=1))
    mean = np.array(means)
    there = mean > _EMPTY * mean.max(axis=0)
    return np.asarray((np.array(floors) * there).sum(axis=0) / np.maximum(there.sum(axis=0), 1))


def clipped_share(heard: Heard) -> Floats:
    """Share of the samples that lie on flat tops near the peak, which are entered at a slope, `[B]`."""
    found = np.empty(len(heard.samples))
    for row, sound in enumerate(heard.samples):
        found[row] = max(_clipped(np.ascontiguousarray(channel)) for channel in sound) / sound.shape[1]
    return found


@njit(cache=True, nogil=True)
def _clipped(sound: NDArray[np.float32]) -> int:
    peak = np.float32(0.0)
    for value in sound:
        peak = max(peak, abs(value))
    if peak <= 0:
        return 0
    count = 0
    n = 1
    while n < len(sound):
        run = 1
        while (
            n < len(sound) and abs(sound[n] - sound[n - 1]) <= _EVEN * peak and abs(sound[n]) >= _RAIL * peak
        ):
            run += 1
            n += 1
        if run >= 3:
            first = n - run
            slope = abs(sound[first] - sound[first - 1]) if first > 0 else np.float32(0.0)
            if slope > 20 * _EVEN * peak:
                count += run
        n += 1
    return count


def click_rate(heard: Heard) -> Floats:
    """Jumps a second that stand out of the sound before and after them, `[B]`."""
    found = np.empty(len(heard.samples))
    for row, sound in enumerate(heard.samples):
        found[row] = max(_clicks(np.ascontiguousarray(channel)) for channel in sound) / heard.seconds
    return found


@njit(cache=True, nogil=True)
def _alone(bend: NDArray[np.float64], n: int) -> bool:
    """Whether nothing like it is within 20 ms to either side, as in pulses of a low tone."""
    for m in range(max(0, n - _CLICK_ALONE), min(len(bend), n + _CLICK_ALONE)):
        if abs(m - n) > _CLICK_GAP and bend[m] > 0.3 * bend[n]:
            return False
    return True


@njit(cache=True, nogil=True)
def _begins(sound: NDArray[np.float32], n: int) -> bool:
    """Whether the sound is louder after a jump than before: something begins with it."""
    before, after = 0.0, 0.0
    for m in range(_CLICK_GAP, _ONSET_REACH):
        if n - m >= 0:
            before += float(sound[n - m]) ** 2
        if n + m < len(sound):
            after += float(sound[n + m]) ** 2
    return after > _ONSET * before


@njit(cache=True, nogil=True)
def _clicks(sound: NDArray[np.float32]) -> int:
    """Second differences that are many times those of both sides, not counting their neighbours."""
    bend = np.abs(sound[2:] - 2 * sound[1:-1] + sound[:-2]).astype(np.float64)
    total = np.zeros(len(bend) + 1)
    for n in range(len(bend)):
        total[n + 1] = total[n] + bend[n] ** 2
    floor = np.sqrt(total[len(bend)] / len(bend)) * 0.02
    reach, gap = _CLICK_REACH, _CLICK_GAP
    count, n = 0, reach + gap
    while n < len(bend) - reach - gap:
        if bend[n] > _CLICK_RATIO * floor:
            before = np.sqrt((total[n - gap] - total[n - gap - reach]) / reach)
            after = np.sqrt((total[n + gap + reach] - total[n + gap]) / reach)
            stands_out = bend[n] > _CLICK_RATIO * max(before, after)
            if stands_out and _alone(bend, n) and not _begins(sound, n):
                count += 1
                n += 2 * gap
        n += 1
    return count


def dropout_rate(heard: Heard) -> Floats:
    """Gaps a second: a fall and a rise by 30 dB, within 3 ms each, a quarter of a second apart at most."""
    hop = _DROP_HOP
    count = heard.samples.shape[2] // hop
    power = (heard.samples[:, :, : count * hop].astype(np.float64) ** 2).sum(axis=1)
    level_db = 10 * np.log10(np.maximum(power.reshape(len(power), count, hop).mean(axis=2), 1e-12))
    loudest = level_db.max(axis=1)
    found = np.empty(len(level_db))
    longest = round(_LONGEST_DROP_S * SAMPLE_RATE_HZ / hop)
    for row, levels in enumerate(level_db):
        fall = levels[:-2] - levels[2:] > _DROP_DB
        rise = levels[2:] - levels[:-2] > _DROP_DB
        loud = levels > loudest[row] - 30
        falls = np.flatnonzero(fall & loud[:-2])
        rises = np.flatnonzero(rise & loud[2:])
        gaps, last = 0, -1
        for at in falls:
            following = rises[(rises > at) & (rises <= at + longest)]
            if at > last and len(following):
                gaps += 1
                last = int(following[0])
        found[row] = gaps / heard.seconds
    return found


def bandwidth_hz(heard: Heard) -> Floats:
    """Highest frequency of more than steady noise, within 70 dB of the strongest band, `[B]`.

    Of each sixth of an octave counts what comes and goes, and what stands out of the bins within half an
    octave; of a sound that is noise alone, all of it.
    """
    edges_hz = 50 * 2 ** np.arange(0, 8.8, 1 / 6)
    spans = [np.searchsorted(heard.bins_hz, pair) for pair in pairwise(edges_hz)]
    kept = [number for number, (first, last) in enumerate(spans) if last > first]
    counts = np.array([spans[number][1] - spans[number][0] for number in kept])
    power = np.stack(
        [heard.power[:, :, slice(*spans[number])].mean(axis=2, dtype=np.float64) for number in kept], axis=2
    )
    loud, quiet = _ends(power, heard.loud)
    moving = loud > (_MOVING + 30 / counts) * quiet  # of few bins noise moves, too
    mean = heard.mean_power
    highest = np.stack([mean[:, slice(*spans[number])].max(axis=1) for number in kept], axis=1)
    standing = highest > _STANDING * np.stack([_beside(mean, heard, edges_hz[n]) for n in kept], axis=1)
    # Not the mean: clicks are content of a few frames.
    content = np.where(moving | standing, loud, 0.0)
    whole = np.stack([mean[:, slice(*spans[number])].mean(axis=1) for number in kept], axis=1)
    noise_alone = (content.sum(axis=1) < 0.05 * whole.sum(axis=1)) & (partial_share(heard) < _TONAL)
    content = np.where(noise_alone[:, None], whole, content)
    above = content > content.max(axis=1, keepdims=True) * _EMPTY
    return np.asarray(np.where(above, edges_hz[np.array(kept) + 1], 0.0).max(axis=1))


def _beside(mean: Floats, heard: Heard, low_hz: float) -> Floats:
    """Of power spectra `[B, F]` the second tenth of the bins around a band, `[B]`."""
    reach = 2**_BESIDE_OCTAVES
    first, last = np.searchsorted(heard.bins_hz, (low_hz / reach, low_hz * 2 ** (1 / 6) * reach))
    at = (last - first) // 5
    return np.asarray(np.partition(mean[:, first:last], at, axis=1)[:, at])


def _ends(power: Floats, counted: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The ninth and the first tenth of powers `[B, T, K]` over the frames that count, `[B, K]` each."""
    loud, quiet = np.zeros((2, len(power), power.shape[2]))
    for row, used in enumerate(counted):
        count = int(used.sum())
        if count:
            low, high = count // 10, min(count - 1, count * 9 // 10)
            ordered = np.partition(power[row, used], (low, high), axis=0)
            quiet[row], loud[row] = ordered[low], ordered[high]
    return loud, quiet


def comb_db(heard: Heard) -> Floats:
    """How far lines at multiples of 21.5 Hz stand out, above 2 kHz, `[B]`: traces of strides of 2,048."""
    sound = heard.middle
    if sound.shape[1] < _COMB_FFT:
        return np.zeros(len(sound))
    count = sound.shape[1] // (_COMB_FFT // 2) - 1
    window = np.hanning(_COMB_FFT).astype(np.float32)
    level = np.zeros((len(sound), _COMB_FFT // 2 + 1))
    for number in range(count):
        first = number * _COMB_FFT // 2
        spectrum = np.fft.rfft(sound[:, first : first + _COMB_FFT] * window, axis=1)
        level += 10 * np.log10(np.maximum(np.abs(spectrum) ** 2, 1e-12))
    level /= count
    spacing = round(_COMB_HZ * _COMB_FFT / SAMPLE_RATE_HZ)
    lines = np.arange(spacing * round(2_000 / _COMB_HZ), level.shape[1] - spacing, spacing)
    between = lines + spacing // 2
    return np.asarray((level[:, lines] - level[:, between]).mean(axis=1))


def dc_db(heard: Heard) -> Floats:
    """Constant part against the whole, `[B]` in dB."""
    samples = heard.samples.astype(np.float64)
    constant = np.abs(samples.mean(axis=2)).max(axis=1)
    whole = np.sqrt((samples**2).mean(axis=(1, 2)))
    return np.asarray(20 * np.log10(np.maximum(constant / np.maximum(whole, 1e-9), 1e-5)))


def _asks_for_noise(brief: Brief) -> bool:
    wanted = {word for word in brief.target.tone if vocabulary().tone[word].axis == "noisiness"}
    return "noise" in brief.target.elements or "noisy" in wanted

"""Compiled core of the pitch estimator: autocorrelation, choice of the period, refinement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rocket_fft import c2r, r2c

from tonewright.compiling import njit

BLOCK = 4
"""Frames that are measured together, the last block filled up with silence.

Rows side by side use the vector units, and a block of constant height gives the same bits whatever the batch.
A live frame comes alone and pays for all of them: more rows would hardly speed batches up, and slow it down.
"""

VOICED = 0.35
"""Frames that correlate less with themselves one period later are unvoiced.

White noise reaches 0.2 in a window of two periods of 30 Hz; a tone in white noise of the same power, 0.5.
"""

# A frame whose largest deviation from its mean lies below is silence.
_SILENCE = 1e-8
# The same as a share of the mean: what float32 rounding leaves of a constant.
_ROUNDING = 1e-6
# Every multiple of the period is a period too: to be preferred, a peak at twice the lag must be higher by
# 2 ** 0.08, that is 6 %. A smaller exponent takes two periods for one as soon as the tone is not quite
# steady, a larger one takes a strong partial for the fundamental.
_LAG_PENALTY = 0.08
# Multiples of the period are followed while they keep this share of its correlation.
_COHERENT = 0.9
# Peaks are located by a parabola over this share of a period on either side: wider is biased by the slope
# that the edges of the frame add, narrower follows the noise (balanced at 40 Hz, noise 20 dB below the tone).
_FIT_PERIODS = 1.0 / 64.0
# Noise and aliases make one period of up to so many.
_MOST_PERIODS = 8
# A fraction of a period keeps less than this share of its correlation where the partials between its own hold
# 1.5 % of the power (for a half of the period) to 2.6 % (for an eighth).
_ALIKE = 0.97
# Multiples are compared while they keep this share of the correlation.
_LASTING = 0.5
# A fraction of a period lies this near to a peak, as a share of its lag.
_NEAR = 0.1
# Shortest period there can be, in samples: that of half the sample rate.
_LEAST_PERIOD = 2.0
# Points of the polynomial that reads heights between the lags of the grid.
_POINTS = 8


@njit(cache=True, nogil=True)
def _range(x: NDArray[np.float32]) -> tuple[float, float]:
    """Smallest and largest value; four of each side by side keep the vector units busy."""
    low = low_1 = low_2 = low_3 = high = high_1 = high_2 = high_3 = x[0]
    whole = x.shape[0] // 4 * 4
    for i in range(0, whole, 4):
        low, high = min(low, x[i]), max(high, x[i])
        low_1, high_1 = min(low_1, x[i + 1]), max(high_1, x[i + 1])
        low_2, high_2 = min(low_2, x[i + 2]), max(high_2, x[i + 2])
        low_3, high_3 = min(low_3, x[i + 3]), max(high_3, x[i + 3])
    for i in range(whole, x.shape[0]):
        low, high = min(low, x[i]), max(high, x[i])
    return min(min(low, low_1), min(low_2, low_3)), max(max(high, high_1), max(high_2, high_3))


@njit(cache=True, nogil=True)
def _sums(rows: NDArray[np.float32], window: int, sums: NDArray[np.float64]) -> None:
    """Sum of each of `BLOCK` rows; side by side, since each addition in a row waits for the one before."""
    a = b = c = d = e = f = g = h = 0.0
    half = window // 2
    for i in range(half):
        a += rows[0, i]
        b += rows[1, i]
        c += rows[2, i]
        d += rows[3, i]
        e += rows[0, half + i]
        f += rows[1, half + i]
        g += rows[2, half + i]
        h += rows[3, half + i]
    sums[0], sums[1], sums[2], sums[3] = a + e, b + f, c + g, d + h
    if window % 2:
        for row in range(BLOCK):
            sums[row] += rows[row, window - 1]


@njit(cache=True, nogil=True, error_model="numpy")  # a check of every divisor would keep vectors away
def _prepare(frame: NDArray[np.float32], mean: float) -> bool:
    """Remove the mean of a frame and scale its peak to 1, in place; False, and zeros, if it is silent."""
    low, high = _range(frame)
    peak = max(abs(high - mean), abs(low - mean))
    # Written so that NaN and infinity count as silence too.
    if not (_SILENCE + _ROUNDING * abs(mean) < peak < np.inf):
        frame[:] = 0.0
        return False
    scale = 1.0 / peak
    for i in range(frame.shape[0]):
        frame[i] = (frame[i] - mean) * scale
    return True


@njit(cache=True, nogil=True)
def _sum_at_half(spectrum: NDArray[np.complex64], cosines: NDArray[np.float32]) -> float:
    """Sum of an even spectrum times cosines; as `_sums`."""
    last = spectrum.shape[0] - 1
    a = b = c = d = 0.0
    k = 1
    while k + 4 <= last:
        a += spectrum[k].real * cosines[k]
        b += spectrum[k + 1].real * cosines[k + 1]
        c += spectrum[k + 2].real * cosines[k + 2]
        d += spectrum[k + 3].real * cosines[k + 3]
        k += 4
    while k < last:
        a += spectrum[k].real * cosines[k]
        k += 1
    return float(spectrum[0].real + 2.0 * ((a + b) + (c + d) + spectrum[last].real * cosines[last]))


@njit(cache=True, nogil=True)
def _autocorrelate(
    rows: NDArray[np.float32],
    coarse: int,
    sines: NDArray[np.float32],
    cosines: NDArray[np.float32],
    spectrum: NDArray[np.complex64],
    correlation: NDArray[np.float32],
    at_half: NDArray[np.float64],
) -> None:
    """Autocorrelation of zero-padded rows, `coarse` lags to a sample, and half-way after each lag.

    It is even, so that one half of a transform would only repeat the other. To both are added the steps from
    one value half-way to the next, which are odd: their spectrum is that of the autocorrelation times
    2i sin(pi k / n). `at_half` is the value where they begin, at half a lag.
    """
    along_rows = np.array([1])
    r2c(rows, spectrum, along_rows, True, 1.0, 1)
    bins, length = rows.shape[1] // 2 + 1, correlation.shape[1]
    for row in range(spectrum.shape[0]):
        line = spectrum[row]
        for k in range(bins):
            power = np.float32(coarse) * (line[k].real * line[k].real + line[k].imag * line[k].imag)
            line[k] = complex(power, power * sines[k])
        if coarse > 1:
            # The bin at half the sample rate becomes two on the finer grid and shares its power between them.
            line[bins - 1] *= np.float32(0.5)
        at_half[row] = _sum_at_half(line, cosines) / length
    c2r(spectrum, correlation, along_rows, False, 1.0 / length, 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _normalise(
    correlation: NDArray[np.float32],
    at_half: float,
    samples: NDArray[np.float32],
    coarse: int,
    divisors: NDArray[np.float32],
    nsdf: NDArray[np.float32],
) -> None:
    """Normalised square difference: 1 exactly where the frame repeats itself, -1 where it mirrors.

    McLeod and Wyvill, "A smarter way to find pitch", ICMC 2005, equation 9. The divisor, the energy of the
    two overlapping parts, is taken linearly between whole samples. It begins with twice the energy of all,
    which is the correlation at lag 0.
    """
    window, oversampling, length = samples.shape[0], 2 * coarse, correlation.shape[0]
    between, energy = at_half, 2.0 * correlation[0]
    for lag in range(divisors.shape[0] // oversampling):
        head, tail = samples[lag], samples[window - 1 - lag]
        lost = head * head + tail * tail
        for part in range(oversampling):
            divisors[lag * oversampling + part] = energy - lost * (part * (1.0 / oversampling))
        energy -= lost
        for i in range(lag * coarse, (lag + 1) * coarse):
            after, before = correlation[i], correlation[length - i if i else 0]
            between += 0.5 * (after - before)
            nsdf[2 * i], nsdf[2 * i + 1] = after + before, 2.0 * between
    for i in range(nsdf.shape[0]):
        nsdf[i] /= divisors[i]


@njit(cache=True, nogil=True)
def _choose_peak(
    nsdf: NDArray[np.float32], shortest: float, longest: float, peaks: NDArray[np.int32]
) -> tuple[float, float]:
    """Lag and height of the peak between two lags that best stands for one period; (0, 0) without a peak.

    `peaks` is scratch, as long as the lags.
    """
    chosen, clarity, best = 0.0, 0.0, 0.0
    lag = 1
    # The slope down from lag 0 is no peak, whatever ripples lie on it.
    while lag < nsdf.shape[0] and nsdf[lag] > 0.0:
        lag += 1
    before, at, after = nsdf[lag - 1 :], nsdf[lag:], nsdf[lag + 1 :]
    found = 0
    for i in range(min(nsdf.shape[0] - 1, int(longest) + 2) - lag):
        peaks[found] = lag + i  # without a branch, which would be guessed wrong as often as not
        found += (before[i] < at[i]) & (at[i] >= after[i]) & (at[i] > 0.0)
    for i in range(found):
        peak = peaks[i]
        left, middle, right = nsdf[peak - 1], nsdf[peak], nsdf[peak + 1]
        # Vertex of the parabola through the three values.
        shift = 0.5 * (left - right) / (left - 2.0 * middle + right)
        height = middle - 0.25 * (left - right) * shift
        if height > clarity and shortest <= peak + shift <= longest:
            score = height * (peak + shift) ** -_LAG_PENALTY
            if score > best:
                chosen, clarity, best = peak + shift, height, score
    return chosen, clarity


@njit(cache=True, nogil=True)
def _vertex(nsdf: NDArray[np.float32], near: float, reach: int) -> float:
    """Lag of the peak near `near`: vertex of the least-squares parabola over `reach` values either side.

    Returns -1 where the values do not form a peak within reach.
    """
    lag = near
    for _ in range(2):
        centre = round(lag)
        if centre < reach or centre + reach >= nsdf.shape[0]:
            return -1.0
        sum_0, sum_1, sum_2, power_2, power_4 = 0.0, 0.0, 0.0, 0.0, 0.0
        for offset in range(-reach, reach + 1):
            value = nsdf[centre + offset]
            square = float(offset * offset)
            sum_0 += value
            sum_1 += offset * value
            sum_2 += square * value
            power_2 += square
            power_4 += square * square
        slope = sum_1 / power_2
        points = 2.0 * reach + 1.0
        curvature = 2.0 * (points * sum_2 - power_2 * sum_0) / (points * power_4 - power_2 * power_2)
        if not (curvature < 0.0 and abs(slope) <= -curvature * reach):
            return -1.0
        lag = centre - slope / curvature
    return lag


@njit(cache=True, nogil=True)
def _refine(nsdf: NDArray[np.float32], period: float, clarity: float) -> float:
    """The period measured over as many periods as the frame holds and stays coherent for.

    The peak at twice the lag halves the error of one period, and so on up to the longest lag.
    """
    reach = max(1, int(_FIT_PERIODS * period))
    multiple = 1
    most = max(1, int((nsdf.shape[0] - 1 - 2 * reach) / period))
    while True:
        lag = _vertex(nsdf, multiple * period, reach)
        if lag < 0.0 or nsdf[round(lag)] < _COHERENT * clarity:
            return period
        period = lag / multiple
        if multiple == most:
            return period
        multiple = min(2 * multiple, most)


@njit(cache=True, nogil=True)
def _height(nsdf: NDArray[np.float32], lag: float) -> float:
    """Value between the lags of the grid: polynomial through the `_POINTS` values around."""
    first = int(lag) - _POINTS // 2 + 1
    height = 0.0
    for i in range(first, first + _POINTS):
        weight = 1.0
        for k in range(first, first + _POINTS):
            if k != i:
                weight *= (lag - k) / (i - k)
        height += weight * nsdf[abs(i)]
    return height


@njit(cache=True, nogil=True)
def _repeats_as_well(nsdf: NDArray[np.float32], period: float, number: int) -> bool:
    """Whether a frame is as much like itself after fractions of a period as after its multiples.

    A mean over all that fit: the period itself was chosen for its height, which in noise is chance.
    """
    last = nsdf.shape[0] - 1 - _POINTS // 2
    if 2.0 * period > last:
        return False
    after = _height(nsdf, period)
    least = _LASTING * after
    multiples, fractions = 0.0, 0.0
    multiple = 1
    while (multiple + 1) * period <= last and (multiple == 1 or after >= least):
        before = after
        after = _height(nsdf, (multiple + 1) * period)
        multiples += 0.5 * (before + after)
        for part in range(1, number):
            fractions += _height(nsdf, (multiple + part / number) * period) / (number - 1)
        multiple += 1
    return fractions >= _ALIKE * multiples


@njit(cache=True, nogil=True)
def _divisor(
    nsdf: NDArray[np.float32], period: float, shortest: float, longest: float, peaks: NDArray[np.int32]
) -> int:
    """By which number a period is to be divided to come to the best peak between two lags; 0 without one."""
    peak, _ = _choose_peak(nsdf, shortest, longest, peaks)
    if peak == 0.0:
        return 0
    number = round(period / peak)
    near = 2 <= number <= _MOST_PERIODS and abs(period / number - peak) < _NEAR * peak
    return number if near else 0


@njit(cache=True, nogil=True)
def _divide(
    nsdf: NDArray[np.float32],
    period: float,
    clarity: float,
    shortest: float,
    plain: float,
    peaks: NDArray[np.int32],
) -> tuple[float, float]:
    """The period and its clarity, or those of a fraction below `plain` that is the true period.

    A peak there proves nothing by itself: noise, and tones far lower that have a resonance, have peaks too.
    """
    if clarity < VOICED or period > (_MOST_PERIODS + 0.5) * plain:
        return period, clarity
    number = _divisor(nsdf, period, shortest, plain, peaks)
    if number == 0:
        return period, clarity
    fraction = period / number
    height = _height(nsdf, fraction)
    # What changes fast is soon unlike itself, and the more so the longer the lag.
    gliding = 1.0 - height <= (1.0 - clarity) / number
    if height >= VOICED and (gliding or _repeats_as_well(nsdf, period, number)):
        return fraction, height
    return period, clarity


@njit(cache=True, nogil=True)
def _is_multiple(
    nsdf: NDArray[np.float32], period: float, shortest: float, least: float, peaks: NDArray[np.int32]
) -> bool:
    """Whether a period is a multiple of a shorter one than is looked for: of a tone above the limit."""
    number = _divisor(nsdf, period, least, shortest, peaks)
    return number > 0 and _repeats_as_well(nsdf, period, number)


@njit(cache=True, nogil=True)
def periods(
    samples: NDArray[np.float32],
    starts: NDArray[np.int64],
    window: int,
    n_fft: int,
    coarse: int,
    sines: NDArray[np.float32],
    cosines: NDArray[np.float32],
    shortest: float,
    plain: float,
    longest: int,
    period: NDArray[np.float64],
    clarity: NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Period of some frames, with the correlation of the frame with itself one period later.

    Args:
        samples: Sound `[frames]`.
        starts: Where each frame begins, `[n]`.
        window: How many samples a frame has.
        n_fft: Even transform length in samples, at least `window + longest + 1`.
        coarse: Lags to a sample that are transformed; another lies half-way after each.
        sines: 2 sin(pi k / n) to each bin k, n being the length on the grid of lags: `[n_fft // 2 + 1]`.
        cosines: cos(pi k / n).
        shortest: Shortest period in samples.
        plain: Shortest period that is looked for by itself; shorter ones must be fractions of a longer one.
        longest: Longest period in samples, at most half a window: then no energy in a divisor is zero.
        period: `[n]`, written where a period is found: periods in samples.
        clarity: `[n]`, written likewise: clarity in 0..1.
        first: First frame, a multiple of `BLOCK`.
        last: Where to stop: the frame after the last one.
    """
    oversampling = 2 * coarse
    above, least = shortest * oversampling, plain * oversampling
    rows = np.zeros((BLOCK, n_fft), np.float32)
    sounding, sums, at_half = np.zeros(BLOCK, np.bool_), np.empty(BLOCK), np.empty(BLOCK)
    spectrum = np.empty((BLOCK, len(sines)), np.complex64)
    correlation = np.empty((BLOCK, coarse * n_fft), np.float32)
    fine = (longest + 1) * oversampling
    divisors, nsdf = np.empty(fine, np.float32), np.empty(fine, np.float32)
    peaks = np.empty(fine, np.int32)
    lags = nsdf[: longest * oversampling + 1]
    for begin in range(first, last, BLOCK):
        count = min(BLOCK, last - begin)
        for row in range(count):
            rows[row, :window] = samples[starts[begin + row] : starts[begin + row] + window]
        rows[count:, :window] = 0.0
        _sums(rows, window, sums)
        for row in range(BLOCK):
            sounding[row] = _prepare(rows[row, :window], sums[row] / window)
        _autocorrelate(rows, coarse, sines, cosines, spectrum, correlation, at_half)
        for row in range(count):
            if sounding[row]:
                heard = rows[row, :window]
                _normalise(correlation[row], at_half[row], heard, coarse, divisors, nsdf)
                lag, height = _choose_peak(lags, least, lags.shape[0], peaks)
                if lag > 0.0:
                    lag = _refine(lags, lag, height)
                    lag, height = _divide(lags, lag, height, above, least, peaks)
                    if _is_multiple(lags, lag, above, _LEAST_PERIOD * oversampling, peaks):
                        continue
                    period[begin + row] = lag / oversampling
                    clarity[begin + row] = min(height, 1.0)

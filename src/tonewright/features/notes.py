"""The notes of a recording: where each begins and ends, told apart from the noise they stand in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tonewright.audio.clip import Clip
from tonewright.audio.levels import frame_powers, power_to_db
from tonewright.features.pitch import pitch_frames, pitch_window

_FRAME_S = 0.005
_LOWEST_DB = -140.0
_LOWEST_HZ = 20.0  # what swings slower is offset or rumble, and no part of a note
_OFFSET_S = 0.05
_SILENT_DB = -60.0  # below the loudest 5 ms
_PAD_S = 0.005

# Noise is steady: it fills a stretch in which 50 ms differ by no more than this, and does not rise or fall.
_BLOCK = 10
_STEADY_DB, _TREND_DB = 6.0, 2.5
_SHORTEST_STEADY, _STEADY_BLOCKS = 3, 6
_NOISE_BELOW_DB = 12.0  # under the loudest 10 ms
# After a note, a quiet sustain is steady too; noise lies farther down, and hum, which has a pitch, farther.
_NOISE_AFTER_BELOW_DB, _NOISE_CONFIDENCE = 20.0, 0.6
_HUM_BELOW_DB, _HUM_AFTER_BELOW_DB = 24.0, 35.0
_ROOM_DBFS = -40.0  # a louder noise is meant to be heard
_ABOVE_NOISE_DB = 3.0  # over the loudest 5 ms of it

# A note begins with a rise by this much within 20 ms (an LFO takes longer); what follows sooner than 0.2 s is
# part of a roll or a tremolo.
_RISE_DB, _RISE_FRAMES, _BEFORE_FRAMES = 12.0, 3, 4
_FRESH_DB, _FRESH_FRAMES = 6.0, 40  # and above all of the 200 ms before: detuned voices beat
_DAMPED_DB, _DAMPED_RISE_DB, _SILENCE_FRAMES = 40.0, 20.0, 6
_HALF_PERIOD = 4  # 20 ms, of 25 Hz: the level is that of the loudest 5 ms among so many
_AUDIBLE_DB = 30.0
_CLOSEST_S = 0.2
_SHORTEST_S = 0.01

# Without a rise, one note follows another where the pitch goes from one plateau to another.
_PITCH_HOP_S, _PLATEAU = 0.02, 7  # hops
_STEP_SEMITONES, _PLATEAU_SEMITONES, _SURE = 0.8, 0.35, 0.8
# A note that ends changes its pitch too, when its partials die away one by one: only a new note has new ones.
_PARTIALS, _NEW = 3, 10.0

_LOUD_FRAMES = 20  # 100 ms, so that a click is not the loudest note
_AS_LOUD_DB = 0.5


@dataclass(frozen=True)
class Note:
    """One note of a recording.

    Attributes:
        start_s: Where it begins, some milliseconds before it is heard.
        end_s: Where it has died away, or the next one begins.
        level_dbfs: RMS level of its loudest 100 ms.
    """

    start_s: float
    end_s: float
    level_dbfs: float

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Notes:
    """What `find_notes` found.

    Attributes:
        notes: In the order of their beginnings; at least one.
        noise_dbfs: RMS level of the noise they stand in; None where none was found.
        only_noise: The recording is one quiet, steady sound without a pitch from beginning to end: as a room
            sounds in which nothing happens.
    """

    notes: tuple[Note, ...]
    noise_dbfs: float | None
    only_noise: bool = False

    @property
    def loudest(self) -> int:
        """Index of the loudest note: the first of those that are about as loud as any."""
        levels = [note.level_dbfs for note in self.notes]
        return next(i for i, level in enumerate(levels) if level >= max(levels) - _AS_LOUD_DB)


def find_notes(clip: Clip) -> Notes:
    """Find the notes of a recording.

    The noise floor is the quietest steady stretch before or after the loudest moment. A note begins where the
    sound comes out of it or out of silence (60 dB below the loudest 5 ms), where the level jumps by 12 dB
    within 20 ms, or where the pitch steps from one plateau to another; it lasts until it has sunk into noise
    or silence, or until the next begins. Hits closer than 0.2 s are one note: a roll, a flam, a tremolo.

    Args:
        clip: The recording; its channels are taken together.

    Returns:
        The notes; a recording of noise alone is one note.
    """
    rate = clip.sample_rate_hz
    power = _frame_powers(clip)
    floor, noise_dbfs = _thresholds(power, clip)
    sounding = power > floor
    if not sounding.any():
        sounding[np.argmax(power)] = True
    begins = _begins(power, sounding, clip)
    (heard,) = np.nonzero(sounding)
    length = round(_FRAME_S * rate)
    smooth = _moving_mean(power, _LOUD_FRAMES)
    notes = []
    for i, begin in enumerate(begins):
        limit = begins[i + 1] if i + 1 < len(begins) else len(power)
        last = int(heard[np.searchsorted(heard, limit) - 1]) + 1
        start_s = max(0, begin * length - round(_PAD_S * rate)) / rate
        end_s = min(clip.frames, last * length + round(_PAD_S * rate)) / rate
        if limit < len(power):
            end_s = min(end_s, (limit * length - round(_PAD_S * rate)) / rate)
        notes.append(Note(start_s, end_s, float(_db(smooth[begin:last].max()))))
    long_enough = [note for note in notes if note.seconds >= _SHORTEST_S + 2 * _PAD_S]
    return Notes(tuple(long_enough or notes), noise_dbfs, _only_noise(power, clip))


def _frame_powers(clip: Clip) -> NDArray[np.float64]:
    """Mean square of each 5 ms over all channels, without what lies below hearing, `[n]`."""
    from scipy.signal import butter, sosfilt, sosfilt_zi

    samples = clip.samples.astype(np.float64)
    high_pass = butter(2, _LOWEST_HZ, "highpass", fs=clip.sample_rate_hz, output="sos")
    offset = np.median(samples[:, : round(_OFFSET_S * clip.sample_rate_hz)], axis=1)
    begun = sosfilt_zi(high_pass)[:, None, :] * offset[None, :, None]  # as if it had always been there
    audible, _ = sosfilt(high_pass, samples, zi=begun)
    # The filter rings on where a sound ends at once: what it adds to a frame does not count.
    length = max(1, round(_FRAME_S * clip.sample_rate_hz))
    return np.minimum(frame_powers(samples, length)[0], frame_powers(audible, length)[0])


def _thresholds(power: NDArray[np.float64], clip: Clip) -> tuple[NDArray[np.float64], float | None]:
    """What each 5 ms must exceed to sound, `[n]`, and the level of the noise."""
    silent = power.max() * 10 ** (_SILENT_DB / 10)
    floor = np.full(len(power), silent)
    count = len(power) // _BLOCK
    if count < _SHORTEST_STEADY:
        return floor, None
    blocks = power[: count * _BLOCK].reshape(count, _BLOCK).mean(axis=1)
    blocks = _db(np.convolve(blocks, [0.5, 0.5], "valid"))
    instants = _db(np.convolve(power, [0.5, 0.5], "valid"))
    loudest, loudest_db = int(np.argmax(instants)) // _BLOCK, instants.max()
    before = _steady(blocks, 0, loudest - 1, loudest_db - _NOISE_BELOW_DB)
    after = _steady(blocks, loudest + 1, len(blocks), loudest_db - _NOISE_AFTER_BELOW_DB)
    before = _unless_tone(before, loudest_db - _HUM_BELOW_DB, power, clip)
    if not before:
        after = _unless_tone(after, loudest_db - _HUM_AFTER_BELOW_DB, power, clip)
    # Where there is noise on one side alone, it is taken to go on behind the notes.
    levels = []
    for stretch, part in (
        (before or after, slice(None, loudest * _BLOCK)),
        (after or before, slice(loudest * _BLOCK, None)),
    ):
        if stretch:
            noise = power[stretch[0] * _BLOCK : stretch[1] * _BLOCK]
            floor[part] = np.maximum(silent, noise.max() * 10 ** (_ABOVE_NOISE_DB / 10))
            levels.append(float(_db(noise.mean())))
    return floor, max(levels, default=None)


def _unless_tone(
    stretch: tuple[int, int] | None, highest_db: float, power: NDArray[np.float64], clip: Clip
) -> tuple[int, int] | None:
    """The stretch, but not where it has a pitch and is louder than hum would be."""
    if stretch is None:
        return None
    loud = _db(power[stretch[0] * _BLOCK : stretch[1] * _BLOCK].mean()) > highest_db
    return None if loud and _has_pitch(clip, stretch) else stretch


def _only_noise(power: NDArray[np.float64], clip: Clip) -> bool:
    count = len(power) // _BLOCK
    if count < 2 * _STEADY_BLOCKS or _db(power.mean()) > _ROOM_DBFS:
        return False
    blocks = _db(power[: count * _BLOCK].reshape(count, _BLOCK).mean(axis=1))
    return _steady(blocks, 0, count, 0.0) == (0, count) and not _has_pitch(clip, (0, count))


def _steady(blocks: NDArray[np.float64], first: int, last: int, highest_db: float) -> tuple[int, int] | None:
    """The quietest stretch of blocks first … last − 1 that neither rises nor falls, if there is one."""
    width = min(_STEADY_BLOCKS, last - first)
    if width < _SHORTEST_STEADY:
        return None
    begin = first + int(np.argmin(sliding_window_view(blocks[first:last], width).mean(axis=1)))
    end = begin + width
    middle = np.median(blocks[begin:end])
    while begin > first and abs(blocks[begin - 1] - middle) <= _STEADY_DB:
        begin -= 1
    while end < last and abs(blocks[end] - middle) <= _STEADY_DB:
        end += 1
    inside = blocks[begin:end]
    middle, half = np.median(inside), len(inside) // 2
    trend = abs(np.median(inside[:half]) - np.median(inside[-half:]))
    steady = np.abs(inside - middle).max() <= 2 * _STEADY_DB and trend <= _TREND_DB
    return (begin, end) if steady and middle <= highest_db else None


def _has_pitch(clip: Clip, stretch: tuple[int, int]) -> bool:
    length = round(_FRAME_S * clip.sample_rate_hz) * _BLOCK
    part = clip.mono()[stretch[0] * length : stretch[1] * length]
    _, confidence = _pitches(part, clip.sample_rate_hz)
    return bool(len(confidence) and np.median(confidence) >= _NOISE_CONFIDENCE)


def _begins(power: NDArray[np.float64], sounding: NDArray[np.bool_], clip: Clip) -> list[int]:
    """First frame of each note, in order."""
    levels = _db(_largest_before(power, _HALF_PERIOD, own=True))
    loud = levels >= levels.max() - _AUDIBLE_DB
    highest = _largest_before(levels[::-1], _RISE_FRAMES, own=True)[::-1]  # of the 15 ms from here on
    lowest = -_largest_before(-levels, _BEFORE_FRAMES)
    fresh = highest >= _largest_before(levels, _FRESH_FRAMES) + _FRESH_DB
    struck = (highest - lowest >= _RISE_DB) & fresh
    # Out of silence, a note need not be louder than the one before.
    quiet = _largest_before(levels, _SILENCE_FRAMES) < levels.max() - _DAMPED_DB
    out_of_silence = quiet & (highest - lowest >= _DAMPED_RISE_DB)
    rises = sounding & (highest >= levels.max() - _AUDIBLE_DB) & (struck | out_of_silence)
    closest = round(_CLOSEST_S / _FRAME_S)
    begins = [int(np.argmax(sounding))]
    last = begins[0]
    for start in np.flatnonzero(rises & ~np.append(False, rises[:-1])):
        if start - last >= closest:
            jumps = np.diff(levels[start - 1 : start + _RISE_FRAMES])
            begins.append(int(start + np.argmax(jumps)))
        last = int(start)
    steps = _pitch_steps(clip, sounding & loud)
    return sorted(begins + [step for step in steps if np.abs(np.array(begins) - step).min() >= closest])


def _largest_before(levels: NDArray[np.float64], count: int, *, own: bool = False) -> NDArray[np.float64]:
    """Largest of the `count` values before each, or up to and with each; nothing before the first counts."""
    padded = np.concatenate([np.full(count - own, -np.inf if levels.min() < 0 else 0.0), levels])
    return np.asarray(sliding_window_view(padded, count)[: len(levels)].max(axis=1))


def _pitch_steps(clip: Clip, audible: NDArray[np.bool_]) -> list[int]:
    """Frames where one plateau of pitch is followed by another, with partials that were not there before."""
    rate, mono = clip.sample_rate_hz, clip.mono()
    f0_hz, confidence = _pitches(mono, rate)
    window, hop = pitch_window(rate), round(_PITCH_HOP_S * rate)
    reach = _PLATEAU + round(window / hop)  # frames that see both notes lie between the plateaus
    if len(f0_hz) <= reach + _PLATEAU:
        return []
    notes = 12 * np.log2(np.maximum(f0_hz, 1e-9))
    runs = sliding_window_view(notes, _PLATEAU)
    sure = sliding_window_view(confidence >= _SURE, _PLATEAU).all(axis=1)
    flat = sure & (np.ptp(runs, axis=1) <= _PLATEAU_SEMITONES)
    middle = np.median(runs, axis=1)
    steps: list[int] = []
    for i in np.flatnonzero(flat[:-reach] & flat[reach:]):
        if abs(middle[i + reach] - middle[i]) < _STEP_SEMITONES:
            continue
        between = notes[i + _PLATEAU - 1 : i + reach + 1]
        jump = i + _PLATEAU + int(np.argmax(np.abs(np.diff(between))))
        frame = round((jump * hop + window / 2) / rate / _FRAME_S)
        if frame >= len(audible) or not audible[frame]:
            continue
        if steps and frame - steps[-1] < _CLOSEST_S / _FRAME_S:
            continue
        earlier, later = (
            mono[at * hop : at * hop + window] for at in (i + _PLATEAU // 2, i + reach + _PLATEAU // 2)
        )
        new_hz = 2.0 ** (middle[i + reach] / 12)
        if _power_near(later, rate, new_hz) > _NEW * _power_near(earlier, rate, new_hz):
            steps.append(frame)
    return steps


def _power_near(frame: NDArray[np.float32], rate: int, f0_hz: float) -> float:
    """Power within a third of a semitone around the first harmonics of a pitch."""
    spectrum = np.abs(np.fft.rfft(frame * np.hanning(len(frame)), 4 * len(frame))) ** 2
    bins = np.arange(1, _PARTIALS + 1) * f0_hz / rate * 4 * len(frame)
    spans = [slice(int(at * 0.98), int(at * 1.02) + 2) for at in bins if at < len(spectrum)]
    return float(sum(spectrum[span].sum() for span in spans))


def _pitches(mono: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    window = pitch_window(rate)
    if len(mono) < window:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    frames = sliding_window_view(mono, window)[:: round(_PITCH_HOP_S * rate)]
    parts = [pitch_frames(frames[first : first + 1024], rate) for first in range(0, len(frames), 1024)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _moving_mean(power: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Mean of the `width` frames from each on; fewer at the end, counted as if the rest were silent."""
    total = np.cumsum(np.concatenate([[0.0], power, np.zeros(width)]))
    return np.asarray((total[width:] - total[:-width])[: len(power)] / width)


def _db(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return power_to_db(np.asarray(power), _LOWEST_DB)

import numpy as np
import pytest

from tonewright.audio import Clip, is_silent, sounding_bounds, trim_silence
from tonewright.errors import UsageError

from .conftest import tone

RATE_HZ = 48_000
FRAME = 240  # 5 ms


def burst(before_s, sounding_s, after_s, background=0.0):
    """A steady tone with silence around it, mono."""
    sound = tone(1_000, sounding_s, RATE_HZ, 0.5, np.pi / 2)
    edges = [np.full(round(s * RATE_HZ), background, np.float32) for s in (before_s, after_s)]
    return Clip(np.concatenate([edges[0], sound, edges[1]]), RATE_HZ)


def test_bounds_lie_within_a_frame_and_the_padding():
    first, last = sounding_bounds(burst(0.3011, 0.2, 0.4), pad_s=0.01)
    start, stop = round(0.3011 * RATE_HZ), round(0.5011 * RATE_HZ)
    assert 480 <= start - first < 480 + FRAME
    assert 480 <= last - stop < 480 + FRAME


def test_trimming_keeps_the_samples_between_the_bounds():
    clip = burst(0.3, 0.2, 0.4)
    first, last = sounding_bounds(clip)
    trimmed = trim_silence(clip)
    np.testing.assert_array_equal(trimmed.samples, clip.samples[:, first:last])
    assert trimmed.seconds == pytest.approx(0.21, abs=0.006)


def test_the_threshold_is_relative_to_the_loudest_part():
    # RMS of the tone is −9.03 dBFS; a background at −69 dBFS is 60 dB below.
    clip = burst(0.1, 0.2, 0.1, background=10 ** (-68 / 20))
    assert trim_silence(clip, threshold_db=-60).frames == clip.frames
    assert trim_silence(clip, threshold_db=-58).seconds == pytest.approx(0.21, abs=0.006)
    quieter = Clip(clip.samples * np.float32(0.01), RATE_HZ)
    assert sounding_bounds(quieter, threshold_db=-58) == sounding_bounds(clip, threshold_db=-58)


def test_a_silent_middle_stays():
    once = burst(0.1, 0.1, 0.1).samples
    clip = Clip(np.hstack([once, once]), RATE_HZ)
    assert trim_silence(clip).seconds == pytest.approx(0.41, abs=0.011)


def test_any_channel_counts():
    left, right = burst(0.1, 0.1, 0.4).samples, burst(0.4, 0.1, 0.1).samples
    assert trim_silence(Clip(np.vstack([left, right]), RATE_HZ)).seconds == pytest.approx(0.41, abs=0.011)


@pytest.mark.parametrize("frames", [1, 10, 239, 240, 241, 480])
def test_something_is_always_left(frames):
    clip = Clip(np.full(frames, 0.1), RATE_HZ)
    assert trim_silence(clip, threshold_db=0.0, pad_s=0.0).frames >= min(frames, FRAME) > 0
    assert sounding_bounds(Clip(np.zeros(frames), RATE_HZ)) == (0, frames)
    assert sounding_bounds(Clip(np.zeros(0), RATE_HZ)) == (0, 0)


def test_silent_means_below_the_floor_everywhere():
    quiet = Clip(tone(1_000, 0.5, RATE_HZ, 10 ** (-80 / 20)), RATE_HZ)  # RMS −83
    assert not is_silent(quiet)
    assert is_silent(quiet, floor_dbfs=-82)
    click = np.zeros(RATE_HZ)
    click[20_000] = 0.01  # 5 ms around it: −40 − 23.8 dBFS
    assert not is_silent(Clip(click, RATE_HZ))
    assert is_silent(Clip(np.zeros(0), RATE_HZ))
    assert is_silent(Clip(np.zeros(100), RATE_HZ))


def test_nonsense_is_refused():
    clip = burst(0.1, 0.1, 0.1)
    with pytest.raises(UsageError, match="threshold_db"):
        trim_silence(clip, threshold_db=3.0)
    with pytest.raises(UsageError, match="pad_s"):
        trim_silence(clip, pad_s=-0.1)

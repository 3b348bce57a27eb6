import numpy as np
import pytest

from tonewright.audio.loudness import integrated_lufs
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.rewards.learned.hearing import LOUDNESS_LUFS, windows


@pytest.mark.parametrize(("seconds", "count"), [(0.5, 1), (10, 1), (10.5, 2), (20, 2), (23, 3)])
def test_windows_cover_a_sound_at_fixed_places(sounds, seconds, count):
    heard = listen(sounds(2, seconds))
    found = windows(heard, 16_000, 10)
    assert found.shape == (2, count, round(min(seconds, 10) * 16_000))
    whole = windows(heard, 16_000, 1_000)[:, 0]
    np.testing.assert_array_equal(found[:, 0], whole[:, : found.shape[2]])
    np.testing.assert_array_equal(found[:, -1], whole[:, -found.shape[2] :])
    begins = [np.flatnonzero(whole[0] == window[0])[0] for window in found[0]]
    assert len({*np.diff(begins)}) <= 1
    assert max(np.diff(begins), default=0) <= found.shape[2]


def test_every_sound_is_as_loud_whatever_its_level(sounds):
    one = sounds(1, 4)
    found = windows(listen(np.concatenate([one, 0.01 * one, 3 * one])), 48_000, 10)[:, 0]
    np.testing.assert_allclose(integrated_lufs(found, 48_000), LOUDNESS_LUFS, atol=0.01)
    np.testing.assert_allclose(found[1:], found[[0, 0]], atol=1e-6)


def test_neither_silence_nor_channels_that_cancel_each_other_are_brought_up(sounds):
    (left, _) = sounds(1, 2)[0]
    found = windows(listen(np.stack([0 * np.stack([left, left]), np.stack([left, -left])])), 48_000, 10)
    assert np.abs(found).max() < 1e-3


def test_what_a_network_hears_is_the_mean_of_both_channels_at_its_rate():
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone, other = np.sin(2 * np.pi * 440 * time_s), np.sin(2 * np.pi * 7_900 * time_s)
    sound = np.stack([tone + other, tone - other])[None].astype(np.float32)
    (window,) = windows(listen(sound), 16_000, 10)[0]
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window))))
    hz = np.fft.rfftfreq(len(window), 1 / 16_000)
    assert hz[spectrum.argmax()] == pytest.approx(440, abs=1)
    assert spectrum[hz > 1_000].max() < 1e-3 * spectrum.max()

import numpy as np

from tonewright.features.hearing import hear
from tonewright.features.speed import FRAMES, RATE_HZ, hear_speed, notes


def test_of_hearing():
    measured = hear_speed(batch=4, runs=1)
    assert {*measured} == {
        "hear_loudness_mfcc_per_second",
        "live_hop_milliseconds",
        "threads",
        "peak_memory_mb",
    }
    assert min(measured.values()) > 0


def test_notes_sound_like_notes():
    sounds = notes(np.random.default_rng(1), 20)
    assert (sounds.shape, sounds.dtype) == ((20, FRAMES), np.float32)
    assert np.abs(sounds).max() < 1
    np.testing.assert_array_equal(sounds, notes(np.random.default_rng(1), 20))
    heard = hear(sounds, RATE_HZ, ["pitch_f0", "loudness_rms"])
    pitch_hz = np.median(heard["pitch_f0"][:, 4:12, 0], axis=1)
    expected = 55 * 2 ** np.random.default_rng(1).uniform(0, 4, 20)
    assert np.median(np.abs(np.log2(pitch_hz / expected))) < 0.01
    level = heard["loudness_rms"][:, :, 0]
    assert (level[:, 4] > level[:, -4]).all()

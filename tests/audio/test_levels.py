import numpy as np
import pytest

from tonewright.audio import rms_dbfs, true_peak_dbtp
from tonewright.audio.levels import power_to_db
from tonewright.errors import AudioError

from .conftest import tone


def test_powers_in_decibels_have_a_floor_and_a_range():
    power = np.array([[1.0, 0.5, 1e-9, 0.0], [100.0, 1e-5, 1e-30, 10.0]])
    half = 10 * np.log10(0.5)
    np.testing.assert_allclose(
        power_to_db(power), [[0, half, -90, -120], [20, -50, -120, 10]], rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(power_to_db(power, -80.0)[1], [20, -50, -80, 10], rtol=0, atol=1e-12)
    # The range begins at the loudest of each row.
    np.testing.assert_allclose(
        power_to_db(power, -80.0, 60.0), [[0, half, -60, -60], [20, -40, -40, 10]], rtol=0, atol=1e-12
    )


def test_decibels_have_the_type_and_shape_of_the_powers():
    single = power_to_db(np.full((2, 3, 4), 0.1, np.float32), -100.0, 80.0)
    assert single.dtype == np.float32
    assert single.shape == (2, 3, 4)
    assert isinstance(power_to_db(np.float64(0.0)), np.float64)
    assert power_to_db(np.float64(0.0)) == -120.0


def test_rms_of_known_waves():
    sine = tone(1_000, 1.0, 48_000)
    square = np.sign(tone(1_000, 1.0, 48_000, phase=0.1))
    levels = rms_dbfs(np.stack([sine, 0.5 * sine, square, 0 * sine]))
    np.testing.assert_allclose(levels, [-3.0103, -9.0309, 0.0, -120.0], atol=1e-4)


def test_rms_takes_any_leading_axes():
    assert rms_dbfs(np.ones((2, 3, 4), np.float32)).shape == (2, 3)


@pytest.mark.parametrize(
    ("share", "phase_degrees", "sample_peak_db"), [(4, 45, -3.01), (6, 60, -1.25), (8, 67.5, -0.69)]
)
def test_true_peak_of_tones_whose_samples_miss_the_top(share, phase_degrees, sample_peak_db):
    sine = tone(48_000 / share, 1.0, 48_000, 0.5, np.radians(phase_degrees))
    sine *= np.minimum(1, np.hanning(sine.size) * 100).astype(np.float32)  # no step at the ends
    assert 20 * np.log10(np.abs(sine).max() / 0.5) == pytest.approx(sample_peak_db, abs=0.01)
    assert true_peak_dbtp(sine[np.newaxis])[0] == pytest.approx(-6.02, abs=0.1)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.2, 0.25, 0.3, 0.4, 0.45])
def test_true_peak_of_any_tone_is_within_the_grid_of_four_points(share, rng):
    phases = rng.uniform(0, 2 * np.pi, 20)
    sines = np.stack([tone(share * 48_000, 0.05, 48_000, 1.0, phase) for phase in phases])
    sines *= np.minimum(1, np.hanning(sines.shape[1]) * 4).astype(np.float32)
    miss_db = 20 * np.log10(np.cos(np.pi * share / 4))
    peaks = true_peak_dbtp(sines)
    assert peaks.min() > miss_db - 0.05
    assert peaks.max() < 0.05


def test_true_peak_is_no_lower_than_any_sample(rng):
    noise = rng.standard_normal((10, 500)).astype(np.float32)
    assert (true_peak_dbtp(noise) >= 20 * np.log10(np.abs(noise).max(axis=1)) - 1e-6).all()


def test_true_peak_takes_the_highest_channel(rng):
    sound = 0.1 * rng.standard_normal((4, 2, 300)).astype(np.float32)
    each = true_peak_dbtp(sound.reshape(8, 300)).reshape(4, 2)
    np.testing.assert_array_equal(true_peak_dbtp(sound), each.max(axis=1))


def test_true_peak_depends_on_neither_batch_nor_chunk(rng, monkeypatch):
    noise = rng.standard_normal((9, 3_000)).astype(np.float32)
    together = true_peak_dbtp(noise)
    np.testing.assert_array_equal(together, [true_peak_dbtp(row[np.newaxis])[0] for row in noise])
    monkeypatch.setattr("tonewright.audio.levels._CHUNK_SAMPLES", 700)
    np.testing.assert_array_equal(together, true_peak_dbtp(noise))


def test_silence_is_the_floor_and_one_frame_is_enough():
    np.testing.assert_array_equal(true_peak_dbtp(np.zeros((2, 100), np.float32)), [-120, -120])
    assert true_peak_dbtp(np.ones((1, 1), np.float32))[0] == pytest.approx(0.0, abs=0.01)
    assert true_peak_dbtp(np.zeros((0, 100), np.float32)).shape == (0,)


@pytest.mark.parametrize("shape", [(4,), (1, 0), (1, 1, 1, 4)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(AudioError, match="true peak is measured on"):
        true_peak_dbtp(np.zeros(shape, np.float32))


def test_no_frames_have_no_level():
    with pytest.raises(AudioError, match="without frames"):
        rms_dbfs(np.zeros((2, 0), np.float32))

import numpy as np
import pytest

from tonewright.audio import Clip, resample, resample_array, resample_blocks
from tonewright.errors import UnknownNameError, UsageError

from .conftest import tone

RATES = [(44_100, 16_000), (16_000, 44_100), (48_000, 44_100), (96_000, 48_000), (8_000, 192_000)]


def amplitude_at(samples, frequency_hz, sample_rate_hz):
    """Amplitude of a sinusoid, by least squares over the middle of the sound."""
    time_s = np.arange(samples.size) / sample_rate_hz
    middle = slice(samples.size // 5, -samples.size // 5)
    angle = 2 * np.pi * frequency_hz * time_s[middle]
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, samples[middle].astype(np.float64), rcond=None)
    residue = np.sqrt(np.mean((samples[middle] - basis @ fit) ** 2))
    return np.hypot(*fit), residue


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.45])
def test_a_tone_keeps_frequency_amplitude_and_phase(from_hz, to_hz, share):
    frequency_hz = share * min(from_hz, to_hz)
    out = resample_array(tone(frequency_hz, 1.0, from_hz, 0.5), from_hz, to_hz)
    amplitude, residue = amplitude_at(out, frequency_hz, to_hz)
    assert abs(20 * np.log10(amplitude / 0.5)) < 0.01
    assert residue < 0.5 * 10 ** (-110 / 20)
    middle = slice(out.size // 5, -out.size // 5)
    np.testing.assert_allclose(out[middle], tone(frequency_hz, 1.0, to_hz, 0.5)[middle], atol=5e-4)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(44_100, 16_000), (96_000, 48_000), (48_000, 44_100)])
def test_what_the_new_rate_cannot_hold_is_gone(from_hz, to_hz):
    out = resample_array(tone(0.51 * to_hz, 1.0, from_hz), from_hz, to_hz)
    middle = out[out.size // 5 : -out.size // 5]
    assert 20 * np.log10(np.abs(middle).max()) < -120


@pytest.mark.parametrize(("from_hz", "to_hz"), [*RATES, (1_000, 768_000), (768_000, 1_000), (44_100, 44_101)])
@pytest.mark.parametrize("frames", [0, 1, 2, 999, 4_410])
def test_length_is_that_of_the_sound_to_the_frame(from_hz, to_hz, frames):
    out = resample_array(np.zeros((2, 3, frames), np.float32), from_hz, to_hz)
    assert out.shape == (2, 3, int(np.floor(frames * to_hz / from_hz + 0.5)))
    assert out.dtype == np.float32


def test_rows_of_a_batch_do_not_touch_each_other(rng):
    batch = (0.1 * rng.standard_normal((5, 2_000))).astype(np.float32)
    together = resample_array(batch, 44_100, 16_000)
    np.testing.assert_array_equal(together, [resample_array(row, 44_100, 16_000) for row in batch])


def test_a_clip_keeps_its_channels_and_duration(noise_clip):
    clip = resample(noise_clip, 16_000)
    assert (clip.channels, clip.frames, clip.sample_rate_hz) == (2, 32_000, 16_000)
    assert resample(noise_clip, 48_000) is noise_clip


@pytest.mark.parametrize(("from_hz", "to_hz"), [*RATES, (44_100, 44_100), (1_000, 768_000)])
@pytest.mark.parametrize("frames", [1, 3, 700, 5_000])
@pytest.mark.parametrize("block", [1, 97, 100_000])
def test_blocks_are_those_of_the_whole(rng, from_hz, to_hz, frames, block):
    whole = Clip(0.1 * rng.standard_normal((2, min(frames, 40 * block))).astype(np.float32), from_hz)
    blocks = [Clip(whole.samples[:, i : i + block], from_hz) for i in range(0, whole.frames, block)]
    out = list(resample_blocks(blocks, to_hz))
    assert all(one.frames and one.sample_rate_hz == to_hz for one in out)
    together = np.concatenate([one.samples for one in out] or [np.empty((2, 0))], axis=1)
    np.testing.assert_array_equal(together, resample(whole, to_hz).samples)


def test_no_blocks_are_none():
    assert list(resample_blocks([], 44_100)) == []


def test_nonsense_is_refused(noise_clip):
    with pytest.raises(UnknownNameError, match="did you mean 'VHQ'"):
        resample(noise_clip, 16_000, quality="VHQ!")
    with pytest.raises(UnknownNameError, match="did you mean 'VHQ'"):
        next(resample_blocks([noise_clip], 16_000, quality="VHQ!"))
    for rate in (0, -16_000, 16_000.5):
        with pytest.raises(UsageError, match="positive whole number"):
            resample(noise_clip, rate)
        with pytest.raises(UsageError, match="positive whole number"):
            next(resample_blocks([noise_clip], rate))

"""Known answers of EBU Tech 3341 and BS.1770-4 on sounds made here; pyloudnorm as a second opinion."""

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import sosfilt, sosfreqz

from tonewright.audio import Clip, clip_lufs, integrated_lufs, k_weighting_sos, momentary_lufs, wav_bytes
from tonewright.errors import AudioError, UsageError

from .conftest import tone

RATE_HZ = 48_000


def stereo_tone(*parts):
    """A 1 kHz sine on both channels at successive levels, `[1, 2, frames]`; parts are (dBFS, seconds)."""
    levels = np.concatenate([np.full(round(s * RATE_HZ), 10 ** (db / 20)) for db, s in parts])
    sine = (levels * tone(1_000, levels.size / RATE_HZ, RATE_HZ)).astype(np.float32)
    return np.stack([sine, sine])[np.newaxis]


def test_filter_is_that_of_the_standard_at_48_khz():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(k_weighting_sos(48_000), [shelf, high_pass], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("rate_hz", "tolerance_db"),
    [(192_000, 0.02), (96_000, 0.01), (44_100, 0.002), (22_050, 0.04), (16_000, 0.07)],
)
def test_filter_has_one_response_at_all_rates(rate_hz, tolerance_db):
    hz = np.geomspace(20, 0.45 * min(rate_hz, RATE_HZ), 50)
    response = np.abs(sosfreqz(k_weighting_sos(rate_hz), hz, fs=rate_hz)[1])
    standard = np.abs(sosfreqz(k_weighting_sos(RATE_HZ), hz, fs=RATE_HZ)[1])
    np.testing.assert_allclose(20 * np.log10(response / standard), 0, atol=tolerance_db)


@pytest.mark.parametrize("rate_hz", [1_000, 2_000, 3_000, 4_000, 8_000, 768_000])
def test_filter_is_stable_at_any_rate(rate_hz):
    for section in k_weighting_sos(rate_hz):
        assert np.abs(np.roots(section[3:])).max() < 1
    impulse = np.eye(1, 2 * rate_hz)[0]
    assert np.isfinite(sosfilt(k_weighting_sos(rate_hz), impulse)).all()


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_full_scale_997_hz_sine_reads_minus_3_01(rate_hz):
    sine = tone(997, 2.0, rate_hz)[np.newaxis]
    assert integrated_lufs(sine, rate_hz)[0] == pytest.approx(-3.01, abs=0.06)


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23.0),  # Tech 3341, case 1
        ([(-33, 20)], -33.0),  # case 2
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),  # case 3: the relative gate
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),  # case 4: the absolute gate
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),  # case 5
    ],
    ids=["level", "lower", "relative gate", "absolute gate", "steps"],
)
def test_known_answers_of_tech_3341(parts, lufs):
    assert integrated_lufs(stereo_tone(*parts), RATE_HZ)[0] == pytest.approx(lufs, abs=0.1)


def test_surround_channels_are_weighted():
    levels_dbfs = [-28, -28, -24, -144, -30, -30]  # Tech 3341, case 6: L R C LFE Ls Rs
    sine = tone(1_000, 5.0, RATE_HZ)
    channels = np.stack([np.float32(10 ** (db / 20)) * sine for db in levels_dbfs])
    assert clip_lufs(Clip(channels, RATE_HZ)) == pytest.approx(-23.0, abs=0.1)
    assert clip_lufs(Clip(np.delete(channels, 3, axis=0), RATE_HZ)) == pytest.approx(-23.0, abs=0.1)
    loud_lfe = channels.copy()
    loud_lfe[3] = sine
    assert clip_lufs(Clip(loud_lfe, RATE_HZ)) == clip_lufs(Clip(channels, RATE_HZ))


def test_momentary_blocks_follow_the_level():
    # Tech 3341, case 12 in short: 400 ms windows every 100 ms over a step from −40 to −20.
    momentary = momentary_lufs(stereo_tone((-40, 1), (-20, 1)), RATE_HZ)[0]
    assert momentary.size == 17
    np.testing.assert_allclose(momentary[:7], -40, atol=0.1)
    np.testing.assert_allclose(momentary[10:], -20, atol=0.1)
    np.testing.assert_allclose(momentary[8], -20 + 10 * np.log10(0.5), atol=0.1)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_pyloudnorm_agrees_on_gated_noise(rng, rate_hz):
    envelope = np.repeat(10 ** rng.uniform(-4, -0.5, 12), rate_hz // 2)
    sound = (envelope * rng.standard_normal((2, envelope.size))).astype(np.float32)
    meter = pyloudnorm.Meter(rate_hz, filter_class="DeMan")
    theirs = meter.integrated_loudness(sound.T.astype(np.float64))
    # Its high-pass gains 0.09 dB at 16 kHz, where the response of the standard is kept here.
    assert integrated_lufs(sound[np.newaxis], rate_hz)[0] == pytest.approx(theirs, abs=0.1)


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.399, 0.4, 0.499, 3.0])
def test_a_steady_tone_reads_the_same_however_short(seconds):
    sine = tone(1_000, seconds, RATE_HZ, 0.1)[np.newaxis]
    assert integrated_lufs(sine, RATE_HZ)[0] == pytest.approx(-23.0, abs=0.1)
    assert momentary_lufs(sine, RATE_HZ).shape == (1, max(1, int(seconds * 10 + 1e-9) - 3))


def test_one_frame_is_enough_and_no_sounds_have_no_loudness():
    # Filtered, the first sample of a step is the product of the filters' leading coefficients.
    first_db = 20 * np.log10(1.53512485958697)
    assert integrated_lufs(np.ones((1, 1), np.float32), RATE_HZ)[0] == pytest.approx(first_db - 0.691)
    assert integrated_lufs(np.zeros((0, RATE_HZ), np.float32), RATE_HZ).shape == (0,)


def test_quiet_sounds_are_ungated_and_silence_is_the_floor():
    sine = stereo_tone((0, 1))[0, :1]
    levels_db = np.array([-60.0, -75.0, -90.0, -110.0])
    quiet = (sine * 10 ** (levels_db[:, np.newaxis] / 20)).astype(np.float32)
    np.testing.assert_allclose(integrated_lufs(quiet, RATE_HZ), levels_db - 3.01, atol=0.05)
    silence = np.zeros((2, RATE_HZ), np.float32)
    np.testing.assert_array_equal(integrated_lufs(silence, RATE_HZ), [-120, -120])
    assert (momentary_lufs(silence, RATE_HZ) == -120).all()


def test_a_batch_reads_what_its_rows_read_one_by_one(rng):
    batch = (rng.uniform(0.001, 0.5, (40, 1)) * rng.standard_normal((40, 20_000))).astype(np.float32)
    together = integrated_lufs(batch, 16_000)
    np.testing.assert_array_equal(together, [integrated_lufs(row[np.newaxis], 16_000)[0] for row in batch])


def test_a_long_sound_in_chunks_reads_as_in_one_piece(rng, monkeypatch):
    sound = (0.1 * rng.standard_normal((3, 2, 40_000))).astype(np.float32)
    whole = momentary_lufs(sound, 11_025)
    monkeypatch.setattr("tonewright.audio.loudness._CHUNK_SAMPLES", 5_000)
    np.testing.assert_allclose(momentary_lufs(sound, 11_025), whole, atol=1e-9)


def test_nonsense_is_refused():
    for shape in [(4,), (1, 0), (1, 2, 0), (1, 1, 1, 4)]:
        with pytest.raises(AudioError, match="loudness is measured on"):
            integrated_lufs(np.zeros(shape, np.float32), RATE_HZ)
    with pytest.raises(UsageError, match="positive"):
        k_weighting_sos(0)


def test_loudness_matching_holds_through_a_file(noise_clip):
    """What a page plays: bytes of a clip brought to −23 LUFS measure −23 LUFS."""
    gain = 10 ** ((-23 - clip_lufs(noise_clip)) / 20)
    data = wav_bytes(Clip(noise_clip.samples * np.float32(gain), noise_clip.sample_rate_hz))
    samples = np.frombuffer(data[44:], "<i2").reshape(-1, 2).T.astype(np.float32) / 32_768
    assert clip_lufs(Clip(samples, noise_clip.sample_rate_hz)) == pytest.approx(-23, abs=0.01)

"""Descriptors against closed forms, librosa and the house's own offline measures."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from tonewright import audio
from tonewright.features import hear

RATE_HZ = 16_000
WINDOW, HOP = 1024, 256
# From here on no window reaches back before the first sample.
FULL = 8


def sine(
    frequency_hz: float, frames: int = 16_000, amplitude: float = 1.0, rate_hz: int = RATE_HZ
) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(frames) / rate_hz)).astype(np.float32)


def noise(frames: int = 16_000, amplitude: float = 0.1, seed: int = 0) -> np.ndarray:
    return (amplitude * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)


def led_in(samples: np.ndarray) -> np.ndarray:
    """The samples with the silence that a causal window sees before them."""
    return np.concatenate([np.zeros(WINDOW - HOP, np.float32), samples])


def column(samples: np.ndarray, name: str, rate_hz: int = RATE_HZ, **lengths: int) -> np.ndarray:
    values = hear(samples, rate_hz, name, **lengths).values[0]
    return values[:, 0] if values.shape[1] == 1 else values


class TestLoudness:
    def test_rms_of_a_full_scale_sine_is_3_db_down(self):
        rms = column(sine(1000.0), "loudness_rms")
        np.testing.assert_allclose(rms[FULL:-1], -3.0103, atol=1e-3)

    def test_rms_over_a_window_that_is_no_multiple_of_the_hop(self):
        samples = noise(5000)
        rms = column(samples, "loudness_rms", window=1000, hop=300)
        for k in (3, 9, 15):
            end = (k + 1) * 300
            expected = 10 * np.log10(np.mean(np.square(samples[end - 1000 : end], dtype=np.float64)))
            assert rms[k] == pytest.approx(expected, abs=1e-5)

    def test_true_peak_lies_between_samples(self):
        # A quarter of the rate at 45°: the samples reach 0.707 of the peak.
        samples = np.sin(np.pi / 2 * np.arange(8000) + np.pi / 4).astype(np.float32)
        peak = column(samples, "loudness_true_peak")
        np.testing.assert_allclose(peak[FULL:-1], 0.0, atol=0.01)

    def test_true_peak_is_the_offline_measure(self):
        samples = noise(8192)
        table = hear(samples, RATE_HZ, "loudness_true_peak")
        # Silence after the sound lets the interpolator see its last samples.
        longer = hear(np.pad(samples, (0, 256)), RATE_HZ, "loudness_true_peak")
        assert max(table.values.max(), longer.values.max()) == pytest.approx(
            audio.true_peak_dbtp(samples[None])[0], abs=1e-5
        )

    @pytest.mark.parametrize(
        ("rate_hz", "tolerance"),
        [(8_000, 0.25), (16_000, 0.05), (44_100, 0.01), (48_000, 0.01), (96_000, 0.01)],
    )
    def test_a_997_hz_sine_reads_3_lufs_below_full_scale(self, rate_hz: int, tolerance: float):
        # The bilinear transform bends the shelf at low rates.
        momentary = column(sine(997.0, rate_hz, rate_hz=rate_hz), "loudness_momentary", rate_hz)
        assert momentary[-2] == pytest.approx(-3.01, abs=tolerance)

    @pytest.mark.parametrize("rate_hz", [16_000, 48_000])
    def test_momentary_loudness_is_the_offline_measure(self, rate_hz: int):
        samples = noise(2 * rate_hz) * np.linspace(0, 1, 2 * rate_hz, dtype=np.float32)
        hop = rate_hz // 10
        ours = column(samples, "loudness_momentary", rate_hz, window=hop, hop=hop)[3:]
        np.testing.assert_allclose(ours, audio.momentary_lufs(samples[None], rate_hz)[0], atol=1e-4)

    def test_momentary_loudness_forgets_after_400_ms(self):
        samples = np.concatenate([noise(8000), np.zeros(16_000, np.float32)])
        momentary = column(samples, "loudness_momentary")
        last = (8000 + 6400) // HOP
        assert momentary[last - 2] > -60
        assert momentary[last + 25] == -100.0

    def test_silence_reads_the_floor(self):
        np.testing.assert_array_equal(hear(np.zeros(5000), RATE_HZ, "loudness").values, -100.0)


RUMBLE = np.cumsum(noise(16_128, 0.01) - noise(16_128, 0.01).mean()).astype(np.float32)


@pytest.fixture(scope="module")
def gated() -> np.ndarray:
    """Magnitudes of `RUMBLE` as librosa makes them, without bins 60 dB below the strongest of their frame."""
    magnitude = np.abs(librosa.stft(led_in(RUMBLE), n_fft=WINDOW, hop_length=HOP, center=False))
    return np.where(magnitude > 1e-3 * magnitude.max(axis=0), magnitude, 0.0)


class TestSpectralShape:
    def test_centroid_is_librosas(self, gated: np.ndarray):
        expected = librosa.feature.spectral_centroid(S=gated, sr=RATE_HZ)[0]
        np.testing.assert_allclose(column(RUMBLE, "spectral_centroid"), expected, rtol=1e-4)

    def test_spread_is_librosas(self, gated: np.ndarray):
        expected = librosa.feature.spectral_bandwidth(S=gated, sr=RATE_HZ)[0]
        np.testing.assert_allclose(column(RUMBLE, "spectral_spread"), expected, rtol=1e-4)

    @pytest.mark.parametrize(("name", "order"), [("spectral_skewness", 3), ("spectral_kurtosis", 4)])
    def test_higher_moments(self, gated: np.ndarray, name: str, order: int):
        share = gated / gated.sum(axis=0)
        bins = np.arange(len(share))[:, None]
        distance = bins - (share * bins).sum(axis=0)
        expected = (share * distance**order).sum(axis=0) / (share * distance**2).sum(axis=0) ** (order / 2)
        np.testing.assert_allclose(column(RUMBLE, name), expected, rtol=1e-4)

    def test_rolloff_is_librosas_to_a_bin(self, gated: np.ndarray):
        expected = librosa.feature.spectral_rolloff(S=gated, sr=RATE_HZ, roll_percent=0.95)[0]
        below = expected - column(RUMBLE, "spectral_rolloff")
        assert (below >= -1e-2).all()
        assert (below <= RATE_HZ / WINDOW + 1e-2).all()

    def test_flatness_is_librosas(self):
        samples = noise(16_128)
        expected = librosa.feature.spectral_flatness(
            y=led_in(samples), n_fft=WINDOW, hop_length=HOP, center=False
        )
        ours = column(samples, "spectral_flatness")
        np.testing.assert_allclose(ours, 10 * np.log10(expected[0]), atol=1e-3)

    @pytest.mark.parametrize("frequency_hz", [200.0, 1003.0, 5000.0])
    def test_a_sine_is_narrow_and_where_it_is(self, frequency_hz: float):
        # A weak hiss is no reason for the shape of a tone to run away.
        table = hear(sine(frequency_hz, amplitude=0.5) + noise(amplitude=3e-5), RATE_HZ, "spectral_shape")
        steady = {name: table[name][0, FULL:-1, 0] for name in table.names}
        np.testing.assert_allclose(steady["spectral_centroid_hz"], frequency_hz, atol=1.0)
        assert steady["spectral_spread_hz"].max() < 20.0
        assert abs(steady["spectral_skewness"]).max() < 2.0
        assert steady["spectral_kurtosis"].max() < 20.0
        np.testing.assert_allclose(steady["spectral_rolloff_hz"], frequency_hz, atol=20.0)
        assert steady["spectral_flatness_db"].max() < -45.0
        assert steady["spectral_crest_db"].min() > 24.0

    def test_white_noise_is_flat(self):
        table = hear(noise(160_000), RATE_HZ, "spectral_shape")
        mean = {name: table[name][0, FULL:-1, 0].mean() for name in table.names}
        assert mean["spectral_centroid_hz"] == pytest.approx(4000.0, abs=40.0)
        assert mean["spectral_spread_hz"] == pytest.approx(8000.0 / np.sqrt(12.0), rel=0.01)
        assert mean["spectral_skewness"] == pytest.approx(0.0, abs=0.02)
        assert mean["spectral_kurtosis"] == pytest.approx(1.8, abs=0.02)
        assert mean["spectral_rolloff_hz"] == pytest.approx(7600.0, abs=40.0)
        # Bins of white noise are exponentially distributed: the ratio of the means is exp(−γ).
        assert mean["spectral_flatness_db"] == pytest.approx(-10 * np.log10(np.e) * np.euler_gamma, abs=0.1)

    def test_an_impulse_is_perfectly_flat(self):
        samples = np.zeros(4096, np.float32)
        samples[2048] = 1.0
        table = hear(samples, RATE_HZ, "spectral_shape")
        assert table["spectral_flatness"][0, 9, 0] == pytest.approx(0.0, abs=1e-4)
        assert table["spectral_crest"][0, 9, 0] == pytest.approx(0.0, abs=1e-4)

    def test_silence_has_no_shape(self):
        np.testing.assert_array_equal(hear(np.zeros(3000), RATE_HZ, "spectral_shape").values, 0.0)


class TestMelLevels:
    def librosa_mel(self, samples: np.ndarray, n_mels: int) -> np.ndarray:
        power = librosa.feature.melspectrogram(
            y=led_in(samples), sr=RATE_HZ, n_fft=WINDOW, hop_length=HOP, center=False, n_mels=n_mels,
            fmin=20.0, fmax=8000.0, norm=None,
        )  # fmt: skip
        hann = librosa.filters.get_window("hann", WINDOW)
        return librosa.power_to_db(power * 2 / (WINDOW * np.sum(hann**2)), amin=1e-10, top_db=None)

    def test_log_mel_is_librosas(self):
        samples = noise(16_128)
        np.testing.assert_allclose(column(samples, "log_mel"), self.librosa_mel(samples, 64).T, atol=1e-3)

    @pytest.mark.parametrize(("name", "n_mels", "n_mfcc"), [("mfcc", 40, 13), ("mfcc20", 64, 20)])
    def test_mfcc_is_librosas(self, name: str, n_mels: int, n_mfcc: int):
        samples = noise(16_128)
        expected = librosa.feature.mfcc(S=self.librosa_mel(samples, n_mels), n_mfcc=n_mfcc)
        np.testing.assert_allclose(column(samples, name), expected.T, atol=2e-3)

    def test_bands_add_up_to_the_level_of_the_sound(self):
        # Below 20 Hz nothing is heard, so that noise loses a little.
        table = hear(sine(1234.0), RATE_HZ, ["log_mel", "loudness_rms"])
        summed = 10 * np.log10((10 ** (table["log_mel"] / 10)).sum(axis=-1))
        np.testing.assert_allclose(summed[0, FULL:-1], table["loudness_rms"][0, FULL:-1, 0], atol=0.05)

    def test_the_level_does_not_depend_on_the_window(self):
        levels = [
            hear(noise(64_000), RATE_HZ, "log_mel", window=window)["log_mel"][0, 40:-1].mean()
            for window in (1024, 2048)
        ]
        assert levels[0] == pytest.approx(levels[1], abs=0.5)

    def test_silence_and_dither_read_the_same(self):
        dither = np.round(noise(8000, amplitude=0.4)) / np.float32(32768)
        dithered, silent = (hear(x, RATE_HZ, ["log_mel", "mfcc"]).values for x in (dither, np.zeros(8000)))
        np.testing.assert_array_equal(dithered, silent)
        assert silent[0, 0, 64] == pytest.approx(-100.0 * np.sqrt(40), rel=1e-5)
        np.testing.assert_allclose(silent[..., 65:], 0.0, atol=1e-3)


class TestPeaksAndChroma:
    def test_partials_are_found_to_a_hertz_and_a_tenth_of_a_decibel(self):
        frequencies = np.array([110.3, 329.6, 881.7, 1234.5, 2500.0, 4001.9, 7000.7])
        levels_db = np.array([-6.0, -20.0, -12.0, -40.0, -26.0, -60.0, -33.0])
        samples = sum(
            sine(f, amplitude=10 ** (db / 20)) for f, db in zip(frequencies, levels_db, strict=True)
        )
        table = hear(samples, RATE_HZ, "sinusoids")
        found_hz = table["sinusoid_frequencies"][0, FULL:-1]
        found_db = table["sinusoid_magnitudes"][0, FULL:-1]
        np.testing.assert_allclose(
            found_hz[:, :7], np.broadcast_to(frequencies, (len(found_hz), 7)), atol=1.0
        )
        np.testing.assert_allclose(found_db[:, :7], np.broadcast_to(levels_db, (len(found_hz), 7)), atol=0.1)
        np.testing.assert_array_equal(found_hz[:, 7:], 0.0)
        np.testing.assert_array_equal(found_db[:, 7:], -100.0)

    def test_the_ten_strongest_are_kept(self):
        levels_db = -3.0 * np.arange(12)
        samples = sum(
            sine(300.0 * (i + 1), amplitude=0.2 * 10 ** (db / 20)) for i, db in enumerate(levels_db)
        )
        found_hz = hear(samples, RATE_HZ, "sinusoid_frequencies").values[0, 20]
        np.testing.assert_allclose(found_hz, 300.0 * np.arange(1, 11), atol=1.0)

    @pytest.mark.parametrize(
        ("note_hz", "name"), [(440.0, "a"), (261.63, "c"), (110.0, "a"), (1479.98, "f_sharp")]
    )
    def test_chroma_of_a_tone(self, note_hz: float, name: str):
        table = hear(sine(note_hz, amplitude=0.3), RATE_HZ, "chroma")
        assert table[f"chroma_{name}"][0, FULL:-1].min() > 0.97
        np.testing.assert_allclose(table.values[0, FULL:-1].sum(axis=-1), 1.0, atol=1e-5)

    def test_chroma_of_a_triad(self):
        triad = sum(sine(f, amplitude=0.2) for f in (261.63, 329.63, 392.00))
        shares = hear(triad, RATE_HZ, "chroma")
        for name in ("c", "e", "g"):
            np.testing.assert_allclose(shares[f"chroma_{name}"][0, FULL:-1], 1 / 3, atol=0.02)

    def test_a_quarter_tone_is_shared_by_its_neighbours(self):
        table = hear(sine(440.0 * 2 ** (0.5 / 12)), RATE_HZ, "chroma")
        np.testing.assert_allclose(table["chroma_a"][0, FULL:-1], 0.5, atol=0.02)
        np.testing.assert_allclose(table["chroma_a_sharp"][0, FULL:-1], 0.5, atol=0.02)


class TestOthers:
    @pytest.mark.parametrize("rate_hz", [16_000, 44_100])
    def test_zero_crossings_are_twice_the_frequency(self, rate_hz: int):
        rate = column(sine(1000.3, rate_hz, rate_hz=rate_hz), "zero_crossing_rate", rate_hz)
        one_crossing = rate_hz / (1024 if rate_hz == 16_000 else 2048)
        np.testing.assert_allclose(rate[FULL:-1], 2000.6, atol=one_crossing)

    def test_zero_crossings_are_librosas(self):
        samples = noise(16_128)
        # librosa does not count the crossing into the first sample of a frame.
        expected = librosa.util.frame(
            librosa.zero_crossings(led_in(samples), pad=False, threshold=0),
            frame_length=WINDOW,
            hop_length=HOP,
        ).sum(axis=0)
        np.testing.assert_allclose(
            column(samples, "zero_crossing_rate"), expected * RATE_HZ / WINDOW, rtol=1e-5
        )

    @pytest.mark.parametrize("onset", [5_000, 8_000, 12_345])
    def test_onset_strength_peaks_in_the_frame_of_the_onset(self, onset: int):
        samples = np.concatenate([np.zeros(onset, np.float32), noise(16_000 - onset)])
        strength = column(samples, "onset_strength")
        assert strength.argmax() == onset // HOP
        assert strength.max() > 5 * np.median(strength[onset // HOP + 6 :])

    def test_onset_in_noise_is_found_within_two_hops(self):
        samples = noise(16_000, 1e-3)
        samples[8000:] += sine(440.0, 8000, 0.3) + sine(2000.0, 8000, 0.2) + noise(8000, 0.05, seed=1)
        assert 0 <= column(samples, "onset_strength").argmax() - 8000 // HOP <= 2

    def test_a_sound_that_starts_at_once_is_an_onset(self):
        assert column(noise(), "onset_strength").argmax() == 0

    @pytest.mark.parametrize("f0_hz", [55.0, 440.0, 1760.0, 3000.0, 4186.0, 5000.0])
    def test_pitch(self, f0_hz: float):
        saw = sum(sine(f0_hz * i, amplitude=0.3 / i) for i in range(1, int(7000 / f0_hz) + 1))
        table = hear(saw, RATE_HZ, "pitch")
        cents = 1200 * np.log2(table["pitch_f0"][0, FULL:-1] / f0_hz)
        assert abs(cents).max() < 10.0
        assert table["pitch_confidence"][0, FULL:-1].min() > 0.9
        assert table["pitch_confidence"].max() <= 1.0 + 1e-6

    def test_contrast_tells_tones_from_noise(self):
        contrast = {
            "noise": column(noise(), "spectral_contrast")[FULL:-1],
            "tones": column(
                sum(sine(f, amplitude=0.1) for f in (100.0, 300.0, 600.0, 1200.0, 2400.0, 4800.0, 7200.0)),
                "spectral_contrast",
            )[FULL:-1],
        }
        assert (contrast["tones"].mean(axis=0) > contrast["noise"].mean(axis=0) + 15.0).all()
        assert contrast["tones"].max() <= 80.0 + 1e-3

    def test_contrast_by_its_formula(self):
        samples = noise(16_128)
        power = np.abs(librosa.stft(led_in(samples), n_fft=WINDOW, hop_length=HOP, center=False)) ** 2
        band = np.sort(power[205:410], axis=0)  # 3,200 Hz to 6,400 Hz
        expected = 10 * np.log10(band[-4:].mean(axis=0) / band[:4].mean(axis=0))
        np.testing.assert_allclose(column(samples, "spectral_contrast")[:, 5], expected, atol=0.01)

    def test_contrast_of_bands_above_half_the_rate_is_zero(self):
        contrast = hear(noise(8000), 8_000, "spectral_contrast").values
        np.testing.assert_array_equal(contrast[..., 6], 0.0)
        assert (contrast[0, FULL:-1, 5] > 0).all()

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.special import jv

from tonewright.audio import read
from tonewright.errors import UsageError
from tonewright.features.pitch import FALLBACK_NOTE, estimate_note, pitch_frames, pitch_window
from tonewright.synths.serum_lite.synth import SerumLite
from tonewright.threads import numba_threads

RATES = (16_000, 44_100, 48_000)
RECORDINGS = Path(__file__).parents[2] / "benchmarks" / "sounds"

Harmonics = dict[int, complex]
"""Complex amplitude of each harmonic, by its number."""


def saw(rng: np.random.Generator, highest: int) -> Harmonics:
    return {k: -1j / k for k in range(1, highest + 1)}


def square(rng: np.random.Generator, highest: int) -> Harmonics:
    return {k: -1j / k for k in range(1, highest + 1, 2)}


def sine(rng: np.random.Generator, highest: int) -> Harmonics:
    return {1: 1.0}


def harmonic(rng: np.random.Generator, highest: int) -> Harmonics:
    """Ten harmonics of equal level in random phases."""
    return {k: np.exp(2j * np.pi * rng.random()) for k in range(1, min(highest, 10) + 1)}


def fm(carrier: int, modulator: int, least_index: float) -> Callable[..., Harmonics]:
    """Frequency modulation without aliases: sidebands are Bessel functions of the index (Chowning, 1973)."""

    def spectrum(rng: np.random.Generator, highest: int) -> Harmonics:
        index = rng.uniform(least_index, 3.0)
        carrier_phase, modulator_phase = rng.uniform(0.0, 2.0 * np.pi, 2)
        lines: Harmonics = {}
        for k in range(-12, 13):
            line = jv(k, index) * np.exp(1j * (carrier_phase + k * modulator_phase))
            number = carrier + k * modulator
            if number < 0:  # a negative frequency is heard at its mirror image
                number, line = -number, line.conjugate()
            if 0 < number <= highest:
                lines[number] = lines.get(number, 0.0) + line
        return lines

    return spectrum


# A carrier at twice the modulator and a small index is a tone an octave higher with faint sidebands: only
# from an index of 0.5 on is the modulator's frequency the pitch.
SPECTRA = {
    "sine": sine,
    "saw": saw,
    "square": square,
    "harmonic": harmonic,
    "fm 1:1": fm(1, 1, 0.0),
    "fm 1:2": fm(1, 2, 0.0),
    "fm 2:1": fm(2, 1, 0.5),
}

HIGH_SPECTRA = {name: SPECTRA[name] for name in ("sine", "saw", "square", "harmonic")} | {
    "soft": lambda rng, highest: {k: np.exp(2j * np.pi * rng.random()) / k**2 for k in range(1, highest + 1)},
    "pulses": lambda rng, highest: dict.fromkeys(range(1, highest + 1), 1.0),
}
HIGH_RATES = (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000)


def tone(
    spectrum: Callable[..., Harmonics],
    f0_hz: float,
    frames: int,
    sample_rate_hz: int,
    rng: np.random.Generator,
    *,
    noise_db: float = -np.inf,
) -> np.ndarray:
    """A tone of RMS 0.25 and random phase with harmonics up to half the sample rate; noise relative to it."""
    lines = spectrum(rng, int(0.499 * sample_rate_hz / f0_hz))
    table = np.zeros(2**14 + 1, complex)
    table[list(lines)] = list(lines.values())
    period = np.fft.irfft(table)
    phase = f0_hz * np.arange(frames) / sample_rate_hz + rng.random()
    sound = np.interp(phase % 1.0, np.arange(len(period) + 1) / len(period), np.append(period, period[0]))
    sound *= 0.25 / np.sqrt(np.mean(np.square(sound)))
    return (sound + 0.25 * 10.0 ** (noise_db / 20.0) * rng.standard_normal(frames)).astype(np.float32)


def cents(f0_hz: np.ndarray | float, reference_hz: np.ndarray | float) -> np.ndarray:
    return 1200.0 * np.abs(np.log2(np.maximum(f0_hz, 1e-6) / reference_hz))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2005)


@pytest.mark.parametrize("sample_rate_hz", RATES)
@pytest.mark.parametrize("noise_db", [-np.inf, -20.0], ids=["clean", "noisy"])
@pytest.mark.parametrize("name", SPECTRA)
def test_99_percent_of_frames_are_within_10_cents(
    name: str, noise_db: float, sample_rate_hz: int, rng: np.random.Generator
) -> None:
    f0_hz = np.geomspace(40.0, 2000.0, 300)
    window = pitch_window(sample_rate_hz)
    frames = [tone(SPECTRA[name], f, window, sample_rate_hz, rng, noise_db=noise_db) for f in f0_hz]
    found_hz, confidence = pitch_frames(np.array(frames), sample_rate_hz)
    assert np.mean(cents(found_hz, f0_hz) < 10.0) >= 0.99
    assert confidence.min() > 0.9
    assert confidence.max() <= 1.0


@pytest.mark.parametrize("sample_rate_hz", HIGH_RATES)
@pytest.mark.parametrize("noise_db", [-np.inf, -20.0, -6.0], ids=["clean", "noisy", "very noisy"])
@pytest.mark.parametrize("name", HIGH_SPECTRA)
def test_high_tones_are_not_heard_an_octave_low(
    name: str, noise_db: float, sample_rate_hz: int, rng: np.random.Generator
) -> None:
    f0_hz = np.geomspace(2000.0, min(5000.0, 0.47 * sample_rate_hz), 200)
    window = pitch_window(sample_rate_hz)
    frames = [tone(HIGH_SPECTRA[name], f, window, sample_rate_hz, rng, noise_db=noise_db) for f in f0_hz]
    found_hz, confidence = pitch_frames(np.array(frames), sample_rate_hz)
    quiet = noise_db < -6.0
    assert np.mean(cents(found_hz, f0_hz) < (10.0 if quiet else 50.0)) >= 0.99
    assert confidence.min() > (0.9 if quiet else 0.7)
    assert confidence.max() <= 1.0


@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100])
def test_high_tones_under_noise_as_strong_are_found_mostly(
    sample_rate_hz: int, rng: np.random.Generator
) -> None:
    f0_hz = np.geomspace(2600.0, 5000.0, 300)
    frames = [tone(sine, f, pitch_window(sample_rate_hz), sample_rate_hz, rng, noise_db=0.0) for f in f0_hz]
    found_hz, confidence = pitch_frames(np.array(frames), sample_rate_hz)
    assert np.mean(cents(found_hz, f0_hz) < 50.0) > 0.9
    assert np.median(confidence) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("sample_rate_hz", [44_100, 48_000])
def test_the_aliases_of_high_saws_and_squares_seldom_lower_their_pitch(
    sample_rate_hz: int, rng: np.random.Generator
) -> None:
    """Waves that jump between two samples, as programs without band-limiting make them."""
    f0_hz = np.geomspace(2500.0, 5000.0, 300)
    turns = f0_hz[:, None] * np.arange(pitch_window(sample_rate_hz)) / sample_rate_hz + rng.random((300, 1))
    ramp = (turns % 1.0 - 0.5).astype(np.float32)
    for wave, least in ((ramp, 0.85), (np.sign(ramp), 0.9)):
        found_hz, confidence = pitch_frames(wave, sample_rate_hz)
        assert np.mean(cents(found_hz, f0_hz) < 50.0) > least
        assert np.median(confidence) > 0.8


@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("q", [5.0, 10.0])
def test_a_resonance_above_is_not_taken_for_the_pitch(
    q: float, sample_rate_hz: int, rng: np.random.Generator
) -> None:
    """A saw through a band-pass between 2.5 and 5 kHz, as a filter sweep passes through it."""

    def spectrum(f0_hz: float) -> Callable[..., Harmonics]:
        centre_hz = rng.uniform(2500.0, 5000.0)

        def lines(rng: np.random.Generator, highest: int) -> Harmonics:
            ratio = {k: k * f0_hz / centre_hz for k in range(1, highest + 1)}
            return {k: -1j / k / (1.0 + 1j * q * (x - 1.0 / x)) for k, x in ratio.items()}

        return lines

    f0_hz = np.geomspace(50.0, 1250.0, 200)
    window = pitch_window(sample_rate_hz)
    frames = np.array([tone(spectrum(f), f, window, sample_rate_hz, rng) for f in f0_hz])
    found_hz, _ = pitch_frames(frames, sample_rate_hz)
    assert cents(found_hz, f0_hz).max() < 10.0


@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("noise_db", [-np.inf, -20.0, -6.0], ids=["clean", "noisy", "very noisy"])
def test_looking_higher_changes_no_bit_of_lower_pitches(
    noise_db: float, sample_rate_hz: int, rng: np.random.Generator
) -> None:
    window = pitch_window(sample_rate_hz)
    for name, spectrum in SPECTRA.items():
        f0_hz = np.geomspace(40.0, 2400.0 if name == "sine" else 1200.0, 100)
        frames = np.array([tone(spectrum, f, window, sample_rate_hz, rng, noise_db=noise_db) for f in f0_hz])
        lower = pitch_frames(frames, sample_rate_hz, f0_max_hz=2500.0)
        np.testing.assert_array_equal(pitch_frames(frames, sample_rate_hz), lower)


def test_looking_higher_changes_recordings_only_where_a_multiple_is_found() -> None:
    changed, frames_heard = {}, 0
    for path in sorted(RECORDINGS.glob("*.flac")):
        clip = read(path)
        window = pitch_window(clip.sample_rate_hz)
        sound = np.pad(clip.mono(), (0, max(0, window - clip.frames)))
        frames = np.lib.stride_tricks.sliding_window_view(sound, window)[::512]
        (lower_hz, lower), (f0_hz, confidence) = (
            pitch_frames(frames, clip.sample_rate_hz, f0_max_hz=hz) for hz in (2500.0, 5000.0)
        )
        different = (f0_hz != lower_hz) | (confidence != lower)
        both = different & (lower_hz > 0)  # below 2.5 kHz a higher tone is heard at a fraction, or not at all
        multiple = f0_hz[both] / lower_hz[both]
        np.testing.assert_allclose(multiple, np.rint(multiple), rtol=1e-5)
        assert (multiple > 1.5).all()
        assert (f0_hz[different] > 2475.0).all()
        frames_heard += len(frames)
        if different.any():
            changed[path.stem] = np.median(f0_hz[different]), different.sum()
    assert sum(count for _, count in changed.values()) < 0.05 * frames_heard
    # Its partials lie at 1,311, 3,620 and 6,737 Hz.
    assert changed["perc_bell"][0] == pytest.approx(3_620, rel=0.01)


@pytest.mark.parametrize("sample_rate_hz", [16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("noise_db", [-np.inf, -40.0], ids=["clean", "noisy"])
def test_a_tone_above_the_highest_pitch_is_unvoiced(
    noise_db: float, sample_rate_hz: int, rng: np.random.Generator
) -> None:
    """It repeats after two, three and more of its periods as well, and was heard there."""
    f0_hz = np.geomspace(5200.0, min(0.45 * sample_rate_hz, 19_000.0), 60)
    window = pitch_window(sample_rate_hz)
    frames = np.array(
        [tone(SPECTRA["sine"], f, window, sample_rate_hz, rng, noise_db=noise_db) for f in f0_hz]
    )
    for highest_hz in (2500.0, 5000.0):
        _, confidence = pitch_frames(frames, sample_rate_hz, f0_max_hz=highest_hz)
        assert np.mean(confidence > 0.0) < 0.1


@pytest.mark.parametrize("sample_rate_hz", [8_000, 16_000, 44_100])
@pytest.mark.parametrize(("low_hz", "high_hz"), [(2500.0, 5000.0), (2000.0, 3999.0), (0.0, 8000.0)])
def test_noise_is_not_voiced_by_looking_higher(
    low_hz: float, high_hz: float, sample_rate_hz: int, rng: np.random.Generator
) -> None:
    window = pitch_window(sample_rate_hz)
    spectrum = np.fft.rfft(rng.standard_normal((400, 2 * window)))
    frequency_hz = np.fft.rfftfreq(2 * window, 1.0 / sample_rate_hz)
    spectrum[:, (frequency_hz < low_hz) | (frequency_hz > high_hz)] = 0.0
    frames = np.fft.irfft(spectrum)[:, :window].astype(np.float32)
    lower, confidence = (pitch_frames(frames, sample_rate_hz, f0_max_hz=hz)[1] for hz in (2500.0, 5000.0))
    np.testing.assert_array_equal(confidence > 0.0, lower > 0.0)
    assert np.mean(confidence > 0.0) < 0.06


@pytest.mark.parametrize("sample_rate_hz", RATES)
def test_white_noise_is_unvoiced(sample_rate_hz: int, rng: np.random.Generator) -> None:
    frames = rng.standard_normal((500, pitch_window(sample_rate_hz)), dtype=np.float32)
    f0_hz, confidence = pitch_frames(frames, sample_rate_hz)
    assert not f0_hz.any()
    assert not confidence.any()


def test_confidence_falls_with_noise(rng: np.random.Generator) -> None:
    def median_confidence(noise_db: float) -> float:
        frames = [tone(saw, f, 1068, 16_000, rng, noise_db=noise_db) for f in np.geomspace(60.0, 1500.0, 50)]
        return float(np.median(pitch_frames(np.array(frames), 16_000)[1]))

    # The tone's share of the power: 1 / (1 + noise / tone).
    assert [median_confidence(db) for db in (-30.0, -20.0, -10.0, 0.0)] == pytest.approx(
        [0.999, 0.990, 0.909, 0.5], abs=0.03
    )


def test_frames_without_a_period_are_zero(rng: np.random.Generator) -> None:
    window = pitch_window(16_000)
    click = np.zeros(window)
    click[400] = 1.0
    nan, infinite = tone(saw, 220.0, window, 16_000, rng), tone(saw, 220.0, window, 16_000, rng)
    nan[17], infinite[17] = np.nan, np.inf
    step = np.repeat([0.0, 1.0], window // 2)
    ramp = np.linspace(-1.0, 1.0, window)
    silent = [np.zeros(window), np.full(window, 0.3), np.full(window, -1e4), click, nan, infinite, step, ramp]
    f0_hz, confidence = pitch_frames(np.array(silent, np.float32), 16_000)
    assert not f0_hz.any()
    assert not confidence.any()


def test_a_train_of_clicks_has_the_pitch_of_its_rate() -> None:
    frame = np.zeros((1, pitch_window(48_000)), np.float32)
    frame[0, 11::240] = 1.0
    f0_hz, confidence = pitch_frames(frame, 48_000)
    assert f0_hz[0] == pytest.approx(200.0, rel=1e-4)
    assert confidence[0] > 0.9


@pytest.mark.parametrize("gain", [1e-5, 1e-3, 0.1, 10.0, 1e4])
def test_gain_changes_nothing(gain: float, rng: np.random.Generator) -> None:
    f0_hz = np.geomspace(40.0, 2000.0, 64)
    frames = np.array([tone(saw, f, 1068, 16_000, rng, noise_db=-20.0) for f in f0_hz])
    found_hz, confidence = pitch_frames(frames, 16_000)
    scaled_hz, scaled_confidence = pitch_frames(np.float32(gain) * frames, 16_000)
    assert cents(scaled_hz, found_hz).max() < 0.01
    np.testing.assert_allclose(scaled_confidence, confidence, atol=1e-5)


def test_an_offset_changes_nothing(rng: np.random.Generator) -> None:
    frames = np.array([tone(saw, f, 1068, 16_000, rng) for f in np.geomspace(40.0, 2000.0, 64)])
    assert (
        cents(pitch_frames(frames + np.float32(0.5), 16_000)[0], pitch_frames(frames, 16_000)[0]).max() < 0.01
    )


def test_a_frame_has_the_same_bits_in_every_batch_and_thread(rng: np.random.Generator) -> None:
    frames = np.array(
        [tone(saw, f, 1068, 16_000, rng, noise_db=-10.0) for f in np.geomspace(40.0, 2000.0, 37)]
    )
    together = np.array(pitch_frames(frames, 16_000))
    alone = np.concatenate([np.array(pitch_frames(frame[None], 16_000)) for frame in frames], axis=1)
    np.testing.assert_array_equal(alone, together)
    reversed_order = np.array(pitch_frames(frames[::-1], 16_000))[:, ::-1]
    np.testing.assert_array_equal(reversed_order, together)
    with numba_threads(1):
        np.testing.assert_array_equal(np.array(pitch_frames(frames, 16_000)), together)


def test_an_empty_batch_is_empty() -> None:
    f0_hz, confidence = pitch_frames(np.zeros((0, 1068), np.float32), 16_000)
    assert f0_hz.shape == confidence.shape == (0,)
    assert f0_hz.dtype == confidence.dtype == np.float32


@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100])
def test_glides_and_vibrato_are_followed(sample_rate_hz: int) -> None:
    time_s = np.arange(2 * sample_rate_hz) / sample_rate_hz
    window = pitch_window(sample_rate_hz)
    for curve_hz in (
        80.0 * 2.0**time_s,
        1600.0 * 0.5 ** (2.0 * time_s),
        220.0 * 2.0 ** (50.0 / 1200.0 * np.sin(2.0 * np.pi * 5.5 * time_s)),
        2000.0 * 2.5 ** (time_s / 2.0),
        4900.0 * 0.4 ** (time_s / 2.0),
        3520.0 * 2.0 ** (50.0 / 1200.0 * np.sin(2.0 * np.pi * 5.5 * time_s)),
    ):
        phase = 2.0 * np.pi * np.cumsum(curve_hz) / sample_rate_hz
        highest = int(0.5 * sample_rate_hz / curve_hz.max())
        sound = sum(np.sin(k * phase) / k for k in range(1, min(highest, 5) + 1)).astype(np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(sound, window)[:: window // 4]
        curves = np.lib.stride_tricks.sliding_window_view(np.log(curve_hz), window)[:: window // 4]
        found_hz, confidence = pitch_frames(frames, sample_rate_hz)
        assert cents(found_hz, np.exp(curves.mean(axis=1))).max() < 10.0
        assert confidence.min() > 0.9


def test_a_missing_fundamental_is_heard(rng: np.random.Generator) -> None:
    frames = np.array(
        [tone(lambda *_: dict.fromkeys(range(2, 7), 1.0), f, 2940, 44_100, rng) for f in (55.0, 220.0, 700.0)]
    )
    assert cents(pitch_frames(frames, 44_100)[0], np.array([55.0, 220.0, 700.0])).max() < 1.0


def test_the_range_is_the_one_asked_for(rng: np.random.Generator) -> None:
    def heard_hz(f0_hz: float, **limits: float) -> float:
        window = pitch_window(16_000, f0_min_hz=limits.get("f0_min_hz", 30.0))
        return float(pitch_frames(tone(sine, f0_hz, window, 16_000, rng)[None], 16_000, **limits)[0][0])

    for f0_hz in (30.5, 2490.0, 2510.0, 4990.0):
        assert cents(heard_hz(f0_hz), f0_hz) < 10.0
    assert cents(heard_hz(4000.0, f0_max_hz=4200.0), 4000.0) < 10.0
    assert cents(heard_hz(7000.0, f0_max_hz=7500.0), 7000.0) < 10.0
    assert cents(heard_hz(4000.0, f0_min_hz=1000.0), 4000.0) < 10.0
    assert cents(heard_hz(22.0, f0_min_hz=20.0), 22.0) < 10.0
    assert heard_hz(3000.0, f0_max_hz=2500.0) == 0.0
    assert heard_hz(6000.0) == 0.0


def test_a_short_window_still_hears_what_repeats_in_it(rng: np.random.Generator) -> None:
    frames = np.array([tone(saw, f, 256, 16_000, rng) for f in (150.0, 440.0, 1500.0)])
    assert cents(pitch_frames(frames, 16_000)[0], np.array([150.0, 440.0, 1500.0])).max() < 10.0


@pytest.mark.parametrize("sample_rate_hz", RATES)
def test_the_window_holds_two_and_a_half_periods_of_40_hz(sample_rate_hz: int) -> None:
    window = pitch_window(sample_rate_hz)
    assert window % 2 == 0
    assert 2.5 / 40.0 <= window / sample_rate_hz <= 0.1


@pytest.mark.parametrize(
    ("frames", "limits", "message"),
    [
        (np.zeros(1068), {}, r"\[n, window\], got \[1068\]"),
        (np.zeros((2, 8)), {}, "two periods of 5000 Hz, got 8 samples"),
        (np.zeros((2, 1068)), {"f0_min_hz": 500.0, "f0_max_hz": 400.0}, "got 500 and 400"),
        (np.zeros((2, 1068)), {"f0_min_hz": 0.0}, "got 0 and 5000"),
    ],
)
def test_nonsense_is_refused(frames: np.ndarray, limits: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pitch_frames(frames, 16_000, **limits)


def midi_hz(midi_note: float) -> float:
    return 440.0 * 2.0 ** ((midi_note - 69.0) / 12.0)


def pluck(
    midi_note: float, sample_rate_hz: int, rng: np.random.Generator, seconds: float = 0.8
) -> np.ndarray:
    """Saw under a fast attack and a decay, with a little noise and some silence before."""
    time_s = np.arange(int(seconds * sample_rate_hz)) / sample_rate_hz
    sound = tone(saw, midi_hz(midi_note), len(time_s), sample_rate_hz, rng, noise_db=-30.0)
    sound *= np.minimum(time_s / 0.003, 1.0) * np.exp(-time_s / 0.2)
    return np.concatenate([np.zeros(sample_rate_hz // 20), sound]).astype(np.float32)


@pytest.mark.parametrize("sample_rate_hz", RATES)
def test_the_note_of_a_pluck(sample_rate_hz: int, rng: np.random.Generator) -> None:
    for midi_note in (28.0, 36.25, 45.5, 60.0, 71.75, 84.0, 95.9):
        estimate = estimate_note(pluck(midi_note, sample_rate_hz, rng), sample_rate_hz)
        assert estimate.midi_note == pytest.approx(midi_note, abs=0.05)
        assert estimate.f0_hz == pytest.approx(midi_hz(estimate.midi_note))
        assert estimate.confidence > 0.8
        assert estimate.voiced_fraction > 0.8


@pytest.mark.parametrize("sample_rate_hz", RATES)
def test_the_note_of_a_high_pluck(sample_rate_hz: int, rng: np.random.Generator) -> None:
    for midi_note in (97.0, 100.4, 102.0, 105.3, 108.0, 111.0):
        estimate = estimate_note(pluck(midi_note, sample_rate_hz, rng), sample_rate_hz)
        assert estimate.midi_note == pytest.approx(midi_note, abs=0.05)
        assert estimate.confidence > 0.8
        assert estimate.voiced_fraction > 0.8


@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("midi_note", [98.0, 103.0, 107.0, 110.0])
def test_the_note_of_a_piccolo_and_of_a_whistle(
    midi_note: float, sample_rate_hz: int, rng: np.random.Generator
) -> None:
    """Vibrato of 30 cents with a second harmonic, and a sine amid breath in an octave around it."""
    time_s = np.arange(sample_rate_hz) / sample_rate_hz
    curve = np.log2(midi_hz(midi_note)) + 30.0 / 1200.0 * np.sin(2.0 * np.pi * 5.0 * time_s)
    phase = 2.0 * np.pi * np.cumsum(2.0**curve) / sample_rate_hz
    second = 0.3 * np.sin(2.0 * phase) if 2.1 * midi_hz(midi_note) < 0.5 * sample_rate_hz else 0.0
    piccolo = (np.sin(phase) + second) * np.minimum(time_s / 0.05, 1.0)
    breath = np.fft.rfft(rng.standard_normal(len(time_s)))
    octaves = np.abs(np.log2(np.maximum(np.arange(len(breath)), 1.0) / midi_hz(midi_note)))
    breath[octaves > 0.5] = 0.0
    whistle = np.sin(phase) + 0.4 * np.fft.irfft(breath, len(time_s)) / np.std(np.fft.irfft(breath))
    for sound in (piccolo, whistle):
        estimate = estimate_note(sound.astype(np.float32), sample_rate_hz)
        assert estimate.midi_note == pytest.approx(midi_note, abs=0.3)
        assert estimate.confidence > 0.4


@pytest.mark.parametrize("sample_rate_hz", [16_000, 44_100])
@pytest.mark.parametrize("name", ["Ocarina", "Chip Square", "Glass Pluck", "Super Saw", "Tine Piano"])
def test_the_note_of_a_synth_in_its_highest_octave(name: str, sample_rate_hz: int) -> None:
    synth = SerumLite(sample_rate_hz)
    preset = next(preset for preset in synth.factory_presets() if preset.name == name)
    notes = [96.0, 99.0, 102.0, 105.0, 108.0]
    sounds = synth.render(np.tile(preset.params(synth), (len(notes), 1)), notes, 0.6, 0.5)
    for sound, midi_note in zip(sounds, notes, strict=True):
        assert estimate_note(sound, sample_rate_hz).midi_note == pytest.approx(midi_note, abs=0.3)


def test_the_note_of_detuned_voices_is_in_their_middle(rng: np.random.Generator) -> None:
    for midi_note in (33.0, 48.0, 64.0, 80.0):
        detuned = midi_note + np.linspace(-0.2, 0.2, 7)
        sound = sum(tone(saw, midi_hz(note), 22_050, 44_100, rng) for note in detuned)
        assert estimate_note(sound, 44_100).midi_note == pytest.approx(midi_note, abs=0.2)


def test_the_note_of_a_kick_drum_is_where_its_fall_ends(rng: np.random.Generator) -> None:
    time_s = np.arange(22_050) / 44_100
    pitch_hz = 50.0 + 250.0 * np.exp(-time_s / 0.03)
    click = rng.standard_normal(len(time_s)) * np.exp(-time_s / 0.002)
    kick = np.sin(2.0 * np.pi * np.cumsum(pitch_hz) / 44_100) * np.exp(-time_s / 0.25) + click
    estimate = estimate_note(kick.astype(np.float32), 44_100)
    assert cents(estimate.f0_hz, 50.0) < 50.0
    assert estimate.confidence > 0.4


def test_a_steady_fall_has_a_note_on_its_way() -> None:
    time_s = np.arange(22_050) / 44_100
    fall = np.sin(2.0 * np.pi * np.cumsum(200.0 * 0.2 ** (time_s / 0.5)) / 44_100)
    estimate = estimate_note(fall.astype(np.float32), 44_100)
    assert 40.0 < estimate.f0_hz < 200.0
    assert 0.0 < estimate.confidence < 0.4
    assert estimate.voiced_fraction == 1.0


def test_the_note_outvotes_octave_jumps(rng: np.random.Generator) -> None:
    low, high = (tone(saw, f, 14_000, 44_100, rng) for f in (110.0, 220.0))
    assert cents(estimate_note(np.concatenate([high[:9_000], low, low]), 44_100).f0_hz, 110.0) < 1.0


@pytest.mark.parametrize(
    "sound",
    [
        np.random.default_rng(7).standard_normal(16_000),
        np.random.default_rng(8).standard_normal(16_000) * np.exp(-np.arange(16_000) / 1_000),
        np.zeros(16_000),
        np.zeros(0),
        np.ones(5),
        np.full(16_000, 0.5),
        np.full(16_000, np.nan),
    ],
    ids=["noise", "noise burst", "silence", "empty", "five samples", "constant", "NaN"],
)
def test_a_sound_without_a_pitch_gets_the_fallback_note(sound: np.ndarray) -> None:
    estimate = estimate_note(sound.astype(np.float32), 16_000)
    assert (estimate.midi_note, estimate.confidence) == (FALLBACK_NOTE, 0.0)
    assert estimate.f0_hz == pytest.approx(261.6256, rel=1e-6)
    assert estimate.voiced_fraction < 0.1


def test_a_sound_shorter_than_the_window_has_a_note(rng: np.random.Generator) -> None:
    estimate = estimate_note(tone(saw, 440.0, 400, 44_100, rng), 44_100)
    assert estimate.midi_note == pytest.approx(69.0, abs=0.1)


def test_the_note_does_not_depend_on_the_level(rng: np.random.Generator) -> None:
    sound = pluck(57.3, 44_100, rng)
    loud, faint = estimate_note(sound, 44_100), estimate_note(np.float32(2.0**-14) * sound, 44_100)
    assert faint == loud


def test_the_note_needs_one_channel() -> None:
    with pytest.raises(UsageError, match="one channel"):
        estimate_note(np.zeros((2, 16_000), np.float32), 16_000)

"""FM against the closed form: sidebands are Bessel functions, and what folds is not heard."""

import math

import numpy as np
import pytest
from scipy.signal.windows import blackmanharris
from scipy.special import jv

from tonewright.synths import synth
from tonewright.synths.words import Performance, words

RATE_HZ = 44_100
FM = synth("fm", RATE_HZ)
SETTLED = 2_000  # samples after which fades and glides are over


def unit(carrier_hz=440.0, harmonicity=1.0, index=2.0, amplitude=0.5):
    values = {"carrier_hz": carrier_hz, "harmonicity": harmonicity, "index": index, "amplitude": amplitude}
    return FM.controls.to_unit(values)[None]


def sounding(params, frames=RATE_HZ):
    return FM.voice(params).render(SETTLED + frames)[0, SETTLED:].astype(np.float64)


def amplitudes(sound, frequencies_hz):
    """Amplitude at each frequency: a least-squares fit of all of them at once."""
    t = np.arange(len(sound))[:, None] / RATE_HZ
    waves = np.exp(2j * np.pi * np.asarray(frequencies_hz) * t)
    fitted = np.linalg.lstsq(np.hstack([waves.real, waves.imag]), sound, rcond=None)[0]
    return np.hypot(*np.split(fitted, 2))


@pytest.mark.parametrize("index", [0.0, 0.3, 1.0, 2.4048, 5.0, 10.0])
@pytest.mark.parametrize(
    ("carrier_hz", "harmonicity"), [(440.0, 1.4142), (1_234.5, 0.273), (57.3, 7.77), (2_950.0, 0.2511)]
)
def test_sidebands_are_bessel_functions(carrier_hz, harmonicity, index):
    params = unit(carrier_hz, harmonicity, index)
    carrier, ratio, played, level = FM.controls.to_physical(params[0])
    orders = np.arange(-16, 17)
    found = amplitudes(sounding(params), carrier * (1 + orders * ratio))
    np.testing.assert_allclose(found, level * np.abs(jv(orders, played)), atol=2e-6)


@pytest.mark.parametrize("index", [1.0, 1.9, 2.5, 5.0, 10.0])
def test_the_index_bends_from_three_quarters_of_its_limit(index):
    params = unit(4_000.0, 0.618, index)
    carrier, ratio, played, level = FM.controls.to_physical(params[0])
    room = (RATE_HZ / 2 - carrier) / (ratio * carrier)
    assert 7 < room < 8  # seven sidebands fit between the carrier and Nyquist
    # The index at which (β/2)ⁿ / n!, which no Bessel function exceeds, is −60 dB; in between, straight lines.
    seven, eight = (2 * (1e-3 * math.factorial(n)) ** (1 / n) for n in (7, 8))
    limit = seven + (room - 7) * (eight - seven)
    knee = 0.75 * limit
    rest = max(0.0, played - knee) / (limit - knee)
    heard = min(played, knee) + (limit - knee) * rest / (1 + rest)
    orders = np.arange(-5, 6)
    found = amplitudes(sounding(params), carrier * (1 + orders * ratio))
    np.testing.assert_allclose(found, level * np.abs(jv(orders, heard)), atol=1e-4 * level)


@pytest.mark.parametrize("seed", range(24))
def test_what_folds_at_nyquist_is_60_db_down(seed):
    rng = np.random.default_rng(seed)
    params = rng.random((1, 4), dtype=np.float32)
    params[0, 3] = 1
    if seed % 2:
        params[0, :3] = 1 - 0.4 * params[0, :3]  # where most would fold
    assert folded_db(sounding(params), params) < -60


def test_without_its_limit_the_same_measure_hears_the_folding():
    params = unit(4_000.0, 1.618, 5.0, 1.0)
    carrier, ratio, index, _ = FM.controls.to_physical(params[0])
    t = 2 * np.pi * carrier * np.arange(RATE_HZ) / RATE_HZ
    assert folded_db(np.sin(t + index * np.sin(ratio * t)), params) > -12
    assert folded_db(sounding(params), params) < -60


def folded_db(sound, params):
    """Level of the loudest line that is at none of the frequencies that FM has below Nyquist."""
    carrier, ratio, _, _ = FM.controls.to_physical(params[0])
    window = blackmanharris(len(sound))
    lines = 20 * np.log10(2 * np.abs(np.fft.rfft(sound * window)) / window.sum() + 1e-12)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    orders = np.arange(-60, 61)
    meant = np.abs(carrier * (1 + orders * ratio))
    meant = meant[meant < RATE_HZ / 2]
    far = np.abs(hz[:, None] - meant).min(axis=1) > 6
    return lines[far].max(initial=-200)


@pytest.mark.parametrize("amplitude", [0.0, 0.01, 0.3, 1.0])
def test_the_amplitude_is_the_peak_and_without_modulation_a_sine(amplitude):
    params = unit(440.0, 2.0, 0.0, amplitude)
    sound = sounding(params)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(amplitude / np.sqrt(2), abs=1e-6)
    rows = np.random.default_rng(2).random((64, 4), dtype=np.float32)
    rows[:, 3] = params[0, 3]
    assert np.abs(FM.render(rows, 60, 0.2)).max() <= amplitude * (1 + 1e-6)


def test_turned_controls_arrive_without_a_click():
    start, end = unit(200.0, 1.0, 1.0, 0.5), unit(900.0, 1.3, 3.0, 0.5)
    voice = FM.voice(start)
    before = voice.render(SETTLED)[0]
    voice.turn(end)
    sound = np.concatenate([before, voice.render(2 * RATE_HZ)[0]]).astype(np.float64)
    # Nowhere steeper than the fastest of both settings can be, index on its way included.
    steepest = 2 * np.pi * 900 * (1 + 1.3 * 3) / RATE_HZ * 0.5
    assert np.abs(np.diff(sound)).max() < steepest
    early = sound[SETTLED : SETTLED + 44]  # 1 ms: not there yet
    assert np.abs(np.diff(early, 2)).max() < steepest**2
    carrier, ratio, index, level = FM.controls.to_physical(end[0])
    orders = np.arange(-8, 9)
    found = amplitudes(sound[-RATE_HZ:], carrier * (1 + orders * ratio))
    np.testing.assert_allclose(found, level * np.abs(jv(orders, index)), atol=2e-6)


def test_a_carrier_beyond_nyquist_is_silent_and_not_folded():
    slow = synth("fm", 8_000)
    rows = np.concatenate([unit(hz, 1.0, 0.0, 1.0) for hz in (3_500.0, 3_900.0, 4_100.0, 5_120.0)])
    rms = np.sqrt((slow.render(rows, 60, 0.5, 0.5)[:, 400:3_500].astype(np.float64) ** 2).mean(axis=1))
    assert rms[0] == pytest.approx(1 / np.sqrt(2), abs=1e-3)
    assert rms[1] == pytest.approx(0.25 / np.sqrt(2), abs=1e-3)
    assert (rms[2:] == 0).all()


def test_the_note_makes_no_difference():
    params = unit()
    assert not FM.plays_notes
    np.testing.assert_array_equal(FM.render(params, 24, 0.1), FM.render(params, 96, 0.1))


def test_words():
    spoken, played = words(FM), Performance(1.0, 1.0)
    values = FM.controls.to_values(unit(440.0, 1.5, 4.0)[0])
    assert spoken.summary(values, played) == "A sine of 440 Hz, modulated at 660 Hz with index 4."
    assert spoken.idle(values | {"index": 0.0}, played) == {"harmonicity": "the index is zero"}
    assert set(spoken.idle(values | {"amplitude": 0.0}, played)) == {"carrier_hz", "harmonicity", "index"}

import numpy as np
import pytest

from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.rewards import quality

RATE_HZ = SAMPLE_RATE_HZ
TIME_S = np.arange(3 * RATE_HZ) / RATE_HZ
RNG = np.random.default_rng(0)
# Notes with harmonics that die away, twice a second.
CLEAN = sum(np.sin(2 * np.pi * 220 * k * TIME_S) / k for k in range(1, 30)) * np.exp(-(TIME_S % 0.5) * 6)
CLEAN = 0.5 * CLEAN / np.abs(CLEAN).max()


def heard(*sounds):
    return listen(np.stack([np.stack([one, one]) for one in sounds]).astype(np.float32))


def test_noise_is_told_by_its_level():
    levels_db = (-50, -40, -30, -20)
    tone = np.sin(2 * np.pi * 1_000 * TIME_S)
    noise = RNG.standard_normal(len(tone)) * tone.std()
    found = quality.noise_floor_db(heard(*(tone + 10 ** (one / 20) * noise for one in levels_db)))
    np.testing.assert_allclose(np.diff(found), 10, atol=2.0)


def test_flat_tops_are_counted_and_low_tones_have_none():
    low = (
        np.round(0.9 * np.sin(2 * np.pi * 40 * TIME_S) * 32_767) / 32_768
    )  # 16 bit: equal samples at the top
    clipped = np.clip(1.5 * CLEAN, -0.4, 0.4)
    share = (np.abs(clipped) >= 0.4).mean()
    found = quality.clipped_share(heard(CLEAN, low, clipped, 0.1 * clipped))
    assert found[0] == found[1] == 0
    np.testing.assert_allclose(found[2:], share, rtol=0.15)


@pytest.mark.parametrize("count", [1, 5, 20])
def test_clicks_are_counted_and_hits_are_none(count):
    clicked = CLEAN.copy()
    clicked[np.linspace(3_000, len(CLEAN) - 3_000, count).astype(int) + 531] += 0.4
    hits = RNG.standard_normal(len(CLEAN)) * np.exp(-(TIME_S % 0.25) * 40)
    found = quality.click_rate(heard(CLEAN, clicked, 0.3 * hits)) * 3
    assert found[0] == found[2] == 0
    assert found[1] == pytest.approx(count, abs=0.1 + 0.1 * count)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_gaps_are_counted(count):
    gapped = np.sin(2 * np.pi * 220 * TIME_S)
    for at in np.linspace(10_000, len(CLEAN) - 20_000, count).astype(int):
        gapped[at : at + 1_500] = 0
    assert quality.dropout_rate(heard(gapped, CLEAN)) * 3 == pytest.approx([count, 0])


def test_bandwidth_is_that_of_what_is_played_and_not_of_noise():
    low_pass = CLEAN.copy()
    spectrum = np.fft.rfft(low_pass)
    spectrum[np.fft.rfftfreq(len(CLEAN), 1 / RATE_HZ) > 2_000] = 0
    low_pass = np.fft.irfft(spectrum)
    hiss = low_pass + 0.002 * RNG.standard_normal(len(CLEAN))
    found = quality.bandwidth_hz(heard(CLEAN, low_pass, hiss, RNG.standard_normal(len(CLEAN))))
    assert found[0] > 6_000
    np.testing.assert_allclose(np.log2(found[1:3] / 2_000), 0, atol=0.35)
    assert found[3] > 18_000


def test_comb_and_dc():
    comb = CLEAN + 0.01 * sum(np.sin(2 * np.pi * 21.533203125 * k * TIME_S) for k in range(100, 800))
    found = quality.comb_db(heard(CLEAN, comb))
    assert abs(found[0]) < 3 < found[1] - 3
    shifted = quality.dc_db(heard(CLEAN - CLEAN.mean(), CLEAN - CLEAN.mean() + CLEAN.std()))
    assert shifted[0] < -60
    assert shifted[1] == pytest.approx(20 * np.log10(1 / np.sqrt(2)), abs=0.1)


def test_noise_is_no_fault_where_it_is_asked_for():
    some = heard(RNG.standard_normal(len(CLEAN)))
    for text, absent in (("a noise texture", True), ("a breathy flute note", True), ("a piano note", False)):
        terms = {one.name: one for one in quality.quality(some, brief_of_text(text)).terms}
        assert np.isnan(terms["noise"].score).all() == absent


def test_every_term_lies_between_0_and_1_whatever_comes():
    strange = heard(0 * CLEAN, 0.3 + 0 * CLEAN, np.sign(CLEAN), RNG.standard_normal(len(CLEAN)), 1e-6 * CLEAN)
    for term in quality.quality(strange).terms:
        assert ((term.score >= 0) & (term.score <= 1)).all(), term.name
        assert np.isfinite(term.measured).all()

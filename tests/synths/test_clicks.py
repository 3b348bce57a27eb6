"""The measure of clicks, on sounds whose clicks are known."""

import numpy as np
import pytest

from tonewright.synths.clicks import LOWEST_DB, click_level, click_levels
from tonewright.synths.sine import Sine

RATE_HZ = 44_100
T = np.arange(RATE_HZ) / RATE_HZ
HZ = 523.7
TONE = np.sin(2 * np.pi * HZ * T)


def level(turned, *stills):
    return click_level(
        np.asarray([turned], np.float32), np.asarray(stills, np.float32)[:, None], RATE_HZ
    ).item()


class TestLevel:
    def test_a_still_sound_has_none(self):
        assert level(TONE, TONE) == LOWEST_DB
        assert level(0.5 * TONE, TONE, 0.1 * TONE) == LOWEST_DB

    @pytest.mark.parametrize("added_db", [-30, -60, -90])
    def test_what_is_added_above_is_its_level(self, added_db):
        added = TONE + 10 ** (added_db / 20) * np.sin(2 * np.pi * 9_000 * T)
        assert level(added, TONE) == pytest.approx(added_db, abs=0.1)

    def test_what_is_added_within_2_khz_is_none(self):
        near = TONE + 0.1 * np.sin(2 * np.pi * 2_000 * T)
        assert level(near, TONE) < -100
        assert level(TONE + 0.1 * np.sin(2 * np.pi * 3_000 * T), TONE) == pytest.approx(-20, abs=0.1)

    def test_what_a_sound_has_by_the_way_is_none(self):
        high = TONE + 0.1 * np.sin(2 * np.pi * 9_000 * T)
        assert level(high, TONE) == pytest.approx(-20, abs=0.1)
        assert level(high, TONE, high) == LOWEST_DB
        louder = TONE + 0.1 * 1.4 * np.sin(2 * np.pi * 9_000 * T)  # 2.9 dB more
        assert level(louder, TONE, high) < -60

    def test_a_jump_of_level_has_its_closed_form(self):
        """A tone switched 100 times a second has sidebands of 1/(πk), k odd, on both sides, and beyond 0 Hz.

        Those count that lie 2 kHz above the tone and more, but for its width of three bins of the window.
        """
        switched = TONE * (np.floor(T * 200) % 2 == 0)
        k = np.arange(1, 100_000, 2)
        highest = HZ + 2_000 + 3 * RATE_HZ / 4_096
        power = sum(((1 / (np.pi * k[k * 100 + side > highest])) ** 2).sum() for side in (HZ, -HZ))
        assert level(switched, TONE) == pytest.approx(10 * np.log10(power), abs=0.2)

    def test_clicks_out_of_silence_are_seen_against_minus_120_dbfs(self):
        faint = 1e-6 * np.sqrt(2) * np.sin(2 * np.pi * 9_000 * T)
        assert level(faint, 0 * TONE) == pytest.approx(0, abs=0.1)
        assert level(100 * faint, 0 * TONE) == pytest.approx(40, abs=0.1)
        assert level(0 * TONE, 0 * TONE) == LOWEST_DB


class TestLevels:
    def test_smoothing_is_what_keeps_them_low(self):
        """The sine, with its glide and without: the same code, told to go all of the way in a sample."""

        class Unsmoothed(Sine):
            def _voice(self, params, gate_seconds, seed):
                voice = super()._voice(params, gate_seconds, seed)
                voice.share = 1.0
                return voice

        smooth = click_levels(Sine(), np.random.default_rng(0))
        rough = click_levels(Unsmoothed(), np.random.default_rng(0))
        assert list(smooth) == list(rough) == ["frequency_hz", "amplitude", "all"]
        assert max(smooth.values()) < -80
        assert rough["amplitude"] > -35
        assert rough["all"] > -35

    def test_the_same_generator_the_same_levels(self):
        first, again = (click_levels(Sine(), np.random.default_rng(3)) for _ in range(2))
        assert first == again

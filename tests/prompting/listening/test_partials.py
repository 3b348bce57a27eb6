import numpy as np
import pytest

from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.listening.partials import partial_share

TIME_S = np.arange(3 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
RNG = np.random.default_rng(4)


def share(sound):
    return float(partial_share(listen(np.stack([sound, sound])[None].astype(np.float32)))[0])


def saw(hz, partials=30):
    return sum(np.sin(2 * np.pi * hz * k * TIME_S) / k for k in range(1, partials + 1))


@pytest.mark.parametrize("hz", [41.2, 55, 110, 440, 1_760])
def test_tones_lie_in_partials_from_the_low_e_of_a_bass_on(hz):
    assert share(saw(hz)) > 0.6
    assert share(np.sin(2 * np.pi * hz * TIME_S)) > 0.9


def test_noise_has_none():
    white = RNG.standard_normal(len(TIME_S))
    pink = np.cumsum(white) - np.convolve(np.cumsum(white), np.ones(4_000) / 4_000, "same")
    for sound in (white, pink, white * (TIME_S % 0.5 < 0.1)):
        assert share(sound) < 0.03


def test_the_more_noise_the_smaller_the_share():
    tone, noise = saw(220), RNG.standard_normal(len(TIME_S))
    shares = [share(tone + level * noise) for level in (0, 0.1, 0.5, 3)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] > 0.5


def test_fast_notes_are_notes():
    """Sixteenths at 140 BPM, each of another pitch."""
    hz = 220 * 2 ** (np.array([0, 4, 7, 12])[(TIME_S // 0.107).astype(int) % 4] / 12)
    assert share(np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ)) > 0.15


def test_the_level_makes_no_difference():
    assert share(0.01 * saw(220)) == pytest.approx(share(saw(220)), abs=1e-3)

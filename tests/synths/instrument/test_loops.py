import numpy as np
import pytest

from tonewright.synths.instrument.loops import find_loop, with_loop

RATE_HZ = 44_100
TIME_S = np.arange(2 * RATE_HZ) / RATE_HZ


def saw(hz, partials=20):
    """Partials of a frequency whose period is no whole number of samples, `[frames]`."""
    return sum(np.sin(2 * np.pi * hz * n * TIME_S) / n for n in range(1, partials)).astype(np.float32) / 4


def levels_db(sound):
    """Level of each tenth of a second."""
    windows = sound[: len(sound) // 4_410 * 4_410].reshape(-1, 4_410)
    return 10 * np.log10(np.square(windows).mean(axis=1))


def repeated(sound, loop, times):
    """What a sampler plays as long as a key is held."""
    return np.concatenate([sound[: loop.end], *[sound[loop.start : loop.end]] * times])


@pytest.mark.parametrize("hz", [32.70, 261.63, 1046.5])
def test_a_steady_tone_goes_on_as_if_it_had_never_ended(hz):
    sound = saw(hz)
    loop = find_loop(sound, RATE_HZ)
    assert loop.end - loop.start >= 0.25 * RATE_HZ
    looped = with_loop(sound, loop, RATE_HZ)
    np.testing.assert_array_equal(looped[: loop.end - 2_205], sound[: loop.end - 2_205])
    assert looped[loop.end - 1] == sound[loop.start - 1]  # the frame before the loop: no jump at all
    played = repeated(looped, loop, 5).astype(float)
    bends = np.abs(np.diff(played, 2))
    assert bends[loop.end - 2 :].max() <= 1.001 * np.abs(np.diff(sound.astype(float), 2)).max()
    assert np.ptp(levels_db(played)) < np.ptp(levels_db(sound)) + 0.15
    behind = len(looped) - loop.end
    np.testing.assert_array_equal(looped[loop.end :], looped[loop.start : loop.start + behind])


def test_it_finds_the_period_of_a_vibrato():
    vibrato = np.sin(2 * np.pi * (220 * TIME_S + 0.8 * np.sin(2 * np.pi * 5 * TIME_S))).astype(np.float32)
    loop = find_loop(vibrato, RATE_HZ)
    rounds = (loop.end - loop.start) / RATE_HZ * 5
    assert rounds == pytest.approx(round(rounds), abs=0.01)


def test_a_sound_that_has_not_settled_has_none():
    rng = np.random.default_rng(0)
    assert find_loop(rng.standard_normal(2 * RATE_HZ).astype(np.float32), RATE_HZ) is None
    assert find_loop(saw(220) * np.exp(-TIME_S).astype(np.float32), RATE_HZ) is None
    glide = np.sin(2 * np.pi * (220 * TIME_S + 30 * TIME_S**2)).astype(np.float32)
    assert find_loop(glide, RATE_HZ) is None
    assert find_loop(np.zeros(2 * RATE_HZ, np.float32), RATE_HZ) is None
    assert find_loop(saw(220)[: RATE_HZ // 4], RATE_HZ) is None


def test_a_step_of_the_level_is_no_loop():
    stepped = saw(220)
    stepped[: 3 * RATE_HZ // 2] *= 1.05  # 0.4 dB
    loop = find_loop(stepped, RATE_HZ)
    assert loop is None or loop.start >= 3 * RATE_HZ // 2

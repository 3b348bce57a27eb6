import numpy as np

from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.listening.together import NAMES, pattern, togetherness

TIME_S = np.arange(4 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
RNG = np.random.default_rng(0)


def measured(sound):
    found = togetherness(listen(np.stack([sound, sound])[None].astype(np.float32)))
    return dict(zip(NAMES, found[0], strict=True))


def struck(hz, step_s, first_s):
    """A tone that dies away again and again."""
    phase = (TIME_S - first_s) % step_s
    return np.sin(2 * np.pi * hz * phase) * np.exp(-phase / 0.03) * (first_s <= TIME_S)


def test_bands_that_begin_together_and_in_turn():
    low, high = struck(60, 0.5, 0.0), struck(9_000, 0.5, 0.0)
    apart = struck(9_000, 0.5, 0.25)
    assert measured(low + high)["together_1_8"] > 0.8
    assert measured(low + apart)["together_1_8"] < 0.4


def test_the_spectra_of_beginnings_are_alike_or_not():
    one = struck(60, 0.25, 0.0)
    two = struck(60, 0.5, 0.0) + struck(9_000, 0.5, 0.25)
    # Of two spectra that share nothing, each as often as the other, it would be 1 less half.
    assert measured(one)["event_variety"] + 0.1 < measured(two)["event_variety"] <= 0.51


def test_noise_flutters_and_tones_do_not():
    noise, tone = RNG.standard_normal(len(TIME_S)), np.sin(2 * np.pi * 500 * TIME_S)
    assert measured(noise)["flutter_1_db"] > 0.7
    assert measured(tone)["flutter_3_db"] < 0.05


def test_nothing_moves_with_level_and_silence_is_no_error():
    sound = struck(200, 0.3, 0.1) + 0.01 * RNG.standard_normal(len(TIME_S))
    quiet, loud = measured(0.01 * sound), measured(sound)
    np.testing.assert_allclose([*quiet.values()], [*loud.values()], atol=1e-3)
    assert np.isfinite([*measured(0 * TIME_S).values()]).all()


def test_a_pattern_comes_again_after_a_bar_and_bursts_after_a_beat():
    """Kicks and snares that make a bar, against the same hit on each beat."""
    kicks = struck(60, 2.0, 0.0) + struck(60, 2.0, 1.25)
    snares = struck(3_000, 1.0, 0.5)
    pattern, bursts = measured(kicks + snares), measured(struck(3_000, 0.5, 0.0))
    assert pattern["again_four"] > 0.2
    assert bursts["again_four"] < 0.1


def patterned(sound, bpm):
    return float(pattern(listen(np.stack([sound, sound])[None].astype(np.float32)), bpm)[0])


def test_a_pattern_of_a_bar_is_told_from_a_burst_on_each_beat():
    beat = struck(60, 0.5, 0.0)  # of 120 BPM
    assert abs(patterned(beat, 120)) < 0.05
    assert patterned(struck(60, 1.0, 0.0) + struck(9_000, 1.0, 0.5), 120) > 0.5  # kick and hats in turn
    assert patterned(beat + struck(9_000, 2.0, 0.5), 120) > 0.1  # and something once a bar
    assert patterned(beat, 240) > 0.5  # on every other beat of another tempo
    gated = RNG.standard_normal(len(TIME_S)) * (TIME_S % 0.5 < 0.1)
    assert patterned(gated, 120) < 0.05


def test_too_short_for_a_pattern_is_none():
    assert np.isnan(patterned(struck(60, 0.5, 0.0)[:SAMPLE_RATE_HZ], 120))

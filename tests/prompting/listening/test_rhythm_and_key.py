import numpy as np
import pytest

from tonewright.prompting.briefs.keys import Key, parse_key
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.listening.rhythm import pulse, steadiness, tempo_fit
from tonewright.prompting.listening.tonality import key_correlations, key_fit, pitch_classes

RATE_HZ = SAMPLE_RATE_HZ


def beat(bpm, seconds=8.0, shares=(1, 1, 1, 1), jitter_s=0.0):
    """Decaying noise on each quarter, and on the eighths between, at levels that repeat."""
    rng = np.random.default_rng(0)
    sound = np.zeros(round(seconds * RATE_HZ))
    hit = rng.standard_normal(4_000) * np.exp(-np.arange(4_000) / 600)
    for number, at_s in enumerate(np.arange(0, seconds - 0.2, 30 / bpm)):
        level = 1.0 if number % 2 == 0 else 0.4
        first = max(0, round((at_s + jitter_s * rng.standard_normal()) * RATE_HZ))
        sound[first : first + 4_000] += level * hit[: len(sound) - first]
    return sound


def heard(*sounds):
    return listen(np.stack([np.stack([one, one]) for one in sounds]).astype(np.float32))


@pytest.mark.parametrize("bpm", [74, 90.5, 110, 128, 140, 174])
@pytest.mark.parametrize("seconds", [4.0, 8.0])
def test_a_beat_fits_its_own_tempo_and_no_other(bpm, seconds):
    fit, strongest, _ = tempo_fit(heard(beat(bpm, seconds)), bpm)
    assert fit[0] > 0.97
    assert strongest[0] == pytest.approx(bpm, rel=0.01)
    fits = [tempo_fit(heard(beat(bpm * ratio, seconds)), bpm)[0][0] for ratio in (1, 1.04, 1.08)]
    assert fits[0] > fits[1] + 0.1
    assert fits[0] > fits[2] + 0.3


def test_half_and_double_tempo_are_the_same_pulse_and_noise_has_none():
    found = pulse(heard(beat(120), np.random.default_rng(1).standard_normal(8 * RATE_HZ)), [60, 120, 240])
    assert found[0].min() > 3 * found[1].max()


def test_onsets_on_a_grid_are_steadier_than_others():
    grid, loose, lost = (
        steadiness(heard(beat(120, jitter_s=jitter_s)), 120)[0] for jitter_s in (0, 0.015, 0.06)
    )
    assert grid > 0.97 > loose > lost
    assert np.isnan(steadiness(heard(np.sin(np.arange(RATE_HZ) * 0.03)), 120)[0])


def chords(*roots, minor=()):
    """Triads of saw-like tones, half a second each."""
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    parts = []
    for root in roots:
        notes = [root, root + (3 if root % 12 in minor else 4), root + 7]
        hz = [440 * 2 ** ((60 + note - 69) / 12) for note in notes]
        parts.append(sum(np.sin(2 * np.pi * f * k * time_s) / k for f in hz for k in range(1, 5)))
    return np.concatenate(parts)


def test_pitch_classes_of_a_chord():
    classes = pitch_classes(heard(chords(0, 0, 0)))[0]
    assert {*np.argsort(classes)[-3:]} == {0, 4, 7}
    assert classes.sum() == pytest.approx(1)


@pytest.mark.parametrize("tonic", [0, 3, 6, 10])
def test_a_cadence_is_in_its_key(tonic):
    cadence = chords(tonic, tonic + 5, tonic + 7, tonic)
    classes = pitch_classes(heard(cadence))
    fits = [key_fit(classes, Key((tonic + fifths * 7) % 12, False))[0] for fifths in (0, 2, 3, 6)]
    assert fits[0] > 0.95
    assert fits[0] > fits[1] + 0.2
    assert fits[2] < 0.4
    assert fits[3] < 0.1


def test_profiles_are_those_of_krumhansl_and_kessler():
    profile = np.array([[6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]])
    found = key_correlations(profile / profile.sum())[0]
    assert found.argmax() == 0
    assert found[0] == pytest.approx(1)
    assert found[parse_key("A minor").tonic + 12] > found[parse_key("F# major").tonic]

from __future__ import annotations

import numpy as np
import pytest

import tonewright as tw
from tonewright.audio.notes import note_hz
from tonewright.features.chords import chord_notes

RATE_HZ = 44_100


def tone(note, seconds=1.0, harmonics=8):
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return sum(np.sin(2 * np.pi * note_hz(note) * n * time_s) / n for n in range(1, harmonics + 1))


def chord(notes):
    sound = sum(tone(note) for note in notes)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.mark.parametrize(
    "notes", [(60,), (48, 55), (60, 64, 67), (57, 60, 64), (48, 53, 57), (52.3, 56.3, 59.3)]
)
def test_names_the_notes(notes):
    assert chord_notes(chord(notes), RATE_HZ) == pytest.approx(notes, abs=0.1)


def test_an_octave_is_taken_for_harmonics():
    assert chord_notes(chord((48, 60)), RATE_HZ) == pytest.approx((48,), abs=0.1)


def test_noise_has_none():
    rng = np.random.default_rng(0)
    assert chord_notes(0.1 * rng.standard_normal(RATE_HZ).astype(np.float32), RATE_HZ) == ()


def test_a_bell_has_none():
    time_s = np.arange(RATE_HZ) / RATE_HZ
    bell = sum(np.sin(2 * np.pi * 520 * ratio * time_s) for ratio in (1.0, 2.76, 5.4, 8.93))
    assert chord_notes((0.1 * bell).astype(np.float32), RATE_HZ) == ()


@pytest.mark.parametrize("frames", [0, 1, 3_000])
def test_nothing_is_said_of_what_is_too_short_or_silent(frames):
    assert chord_notes(np.zeros(frames, np.float32), RATE_HZ) == ()
    assert chord_notes(np.zeros(RATE_HZ, np.float32), RATE_HZ) == ()


def test_three_pitches_are_never_heard_in_one_note():
    """64 factory presets on one note: a synth of two oscillators sounds two pitches at most."""
    synth = tw.synth("serum-lite", RATE_HZ)
    params = np.stack([synth.controls.to_unit(preset.controls) for preset in synth.factory_presets()])
    sounds = synth.render(params, 57, 1.5, 1.2)
    assert max(len(chord_notes(sound, RATE_HZ)) for sound in sounds) <= 2

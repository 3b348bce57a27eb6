import numpy as np
import pytest

from tonewright.matching.estimator.inputs import CELL_FRAMES, PICTURE, SCALARS, sound_inputs
from tonewright.matching.hearing.note_spectra import SPECTRA

RATE = 16_000
BINS_PER_SEMITONE = 3


def tone(midi_note: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    hz = 440 * 2 ** ((midi_note - 69) / 12)
    return (0.3 * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def inputs_of(audio: np.ndarray, midi_note: float, gate_seconds: float = np.nan):
    return sound_inputs(audio[None], np.array([midi_note]), np.array([gate_seconds]))


def test_shapes_and_range() -> None:
    inputs = inputs_of(tone(60), 60)
    assert inputs.picture.shape == (1, *PICTURE)
    assert inputs.spectra.shape == (1, *SPECTRA)
    assert inputs.scalars.shape == (1, SCALARS)
    for part in inputs[:2]:
        assert part.dtype == np.float32
        assert part.min() >= -2.0
        assert part.max() <= 0.0
    assert sum(CELL_FRAMES) * 256 / RATE == pytest.approx(4.1, abs=0.05)


@pytest.mark.parametrize("interval", [0, 7, 12, 19])
@pytest.mark.parametrize("note", [36, 60, 72])
def test_spectra_are_told_relative_to_the_note(note: int, interval: int) -> None:
    spectra = inputs_of(tone(note + interval), note).spectra[0]
    octave_below = 12 * BINS_PER_SEMITONE
    assert abs(int(spectra[1].argmax()) - octave_below - interval * BINS_PER_SEMITONE) <= 1


def test_segments_show_what_happens_in_them() -> None:
    audio = np.concatenate([tone(60, 1.3), tone(67, 1.7)])
    spectra = inputs_of(audio, 60).spectra[0]
    peaks = (spectra.argmax(axis=1) - 12 * BINS_PER_SEMITONE) / BINS_PER_SEMITONE
    np.testing.assert_allclose(peaks, [0, 0, 7], atol=0.4)


def test_a_gate_may_be_unknown() -> None:
    unknown, known = inputs_of(tone(60), 60).scalars[0], inputs_of(tone(60), 60, 0.1).scalars[0]
    assert unknown[3:].tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(known[3:], [1.0, -1.0, 1.0], atol=1e-6)
    np.testing.assert_array_equal(unknown[:3], known[:3])


def test_rows_do_not_touch_each_other() -> None:
    sounds = np.stack([tone(50), tone(62)])
    both = sound_inputs(sounds, np.array([50.0, 62.0]), np.array([np.nan, 0.5]))
    alone = inputs_of(tone(62), 62, 0.5)
    for together, one in zip(both, alone, strict=True):
        np.testing.assert_array_equal(together[1], one[0])


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.3, 4.0])
def test_any_duration_is_taken(seconds: float) -> None:
    inputs = inputs_of(tone(60, seconds), 60)
    assert all(np.isfinite(part).all() for part in inputs)
    assert inputs.picture[0, 0].max() > -1.0

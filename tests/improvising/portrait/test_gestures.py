import numpy as np
import pytest

from tonewright.improvising.hearing import HOP
from tonewright.improvising.listening.normalising import LOUDNESS, PITCH
from tonewright.improvising.portrait.gestures import Gesture, gestures

from .conftest import HEARD


@pytest.fixture(scope="module")
def made() -> dict[str, Gesture]:
    return {one.phrase.name: one for one in gestures(HEARD)}


def heard(gesture: Gesture, column: str) -> np.ndarray:
    return gesture.phrase.frames[:, gesture.phrase.columns.index(column)]


def plateaus(gesture: Gesture, column: str) -> list[float]:
    """Where a column is in the end of each stretch between changes."""
    ends = [gesture.changes[0].at, *(change.until for change in gesture.changes)]
    return [float(np.median(heard(gesture, column)[end - 30 : end])) for end in ends]


def test_steps_are_what_they_are_called(made: dict[str, Gesture]) -> None:
    loud = made["Steps of loudness"]
    np.testing.assert_allclose(np.diff(plateaus(loud, LOUDNESS)), [12, -12, 24, -24], atol=0.1)
    assert [change.name for change in loud.changes] == [
        "12 dB louder", "12 dB softer", "24 dB louder", "24 dB softer",
    ]  # fmt: skip
    np.testing.assert_allclose(plateaus(loud, PITCH), 220, rtol=1e-3)
    pitched = made["Steps of pitch"]
    np.testing.assert_allclose(plateaus(pitched, PITCH), [220, 440, 220, 330, 220], rtol=1e-3)
    np.testing.assert_allclose(np.diff(plateaus(pitched, LOUDNESS)), 0, atol=0.1)


def test_steps_happen_within_a_window(made: dict[str, Gesture]) -> None:
    loud = made["Steps of loudness"]
    levels = heard(loud, LOUDNESS)
    for change in loud.changes:
        assert abs(levels[change.at - 1] - levels[change.at - 9]) < 0.2
        assert abs(levels[change.at + 5] - levels[change.at + 40]) < 0.2  # 4 hops, and the glide of a control


def test_ramps_last_a_second(made: dict[str, Gesture]) -> None:
    second = round(44_100 / HOP)
    for name, column, low, high in (
        ("Crescendo and decrescendo", LOUDNESS, -51.0, -15.0), ("Glissando", PITCH, 220.0, 440.0),
    ):  # fmt: skip
        values = heard(made[name], column)[10:]
        if column == PITCH:
            values, low, high = np.log2(values), np.log2(low), np.log2(high)
        assert values.min() == pytest.approx(low, abs=0.3 if column == LOUDNESS else 0.01)
        assert values.max() == pytest.approx(high, abs=0.3 if column == LOUDNESS else 0.01)
        way = (values - low) / (high - low)
        risen = np.flatnonzero(way > 0.95)
        assert risen[0] - np.flatnonzero(way > 0.05)[0] == pytest.approx(0.9 * second, abs=6)


def test_a_note_between_silences(made: dict[str, Gesture]) -> None:
    note = made["Silence, a note, silence"]
    levels, pitch = heard(note, LOUDNESS), heard(note, PITCH)
    assert note.held is not None
    assert note.silent is not None
    assert np.ptp(levels[slice(*note.held)]) < 0.2
    np.testing.assert_allclose(pitch[slice(*note.held)], 220, rtol=1e-3)
    assert (levels[note.silent[0] + 6 : note.silent[1]] < -90).all()
    assert (levels[: note.changes[0].at] < -90).all()
    assert note.changes[0].at == 103


def test_sounds_are_as_long_as_their_phrases(made: dict[str, Gesture]) -> None:
    for one in made.values():
        assert len(one.sound) == len(one.phrase.frames) * HOP
        assert 3 < len(one.sound) / 44_100 < 4.1

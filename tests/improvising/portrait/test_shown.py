import numpy as np
import pytest
from tests.improvising import settings

from tonewright.improvising.listening.normalising import fit_scales
from tonewright.improvising.portrait.shown import MOST, Shown, shown, traces

SCALES = fit_scales(settings.COLUMNS, settings.table())
LOUD, PITCH, BRIGHT = shown(("spectral_centroid_hz",), SCALES, settings.HEARD)


def test_loudness_and_pitch_come_first_and_what_counts_after_them() -> None:
    assert [one.title for one in (LOUD, PITCH, BRIGHT)] == ["Loudness", "Pitch", "Brightness"]
    assert [one.unit for one in (LOUD, PITCH, BRIGHT)] == ["dBFS", "Hz", "Hz"]
    flat = shown(("spectral_flatness_db",), SCALES, settings.HEARD)[-1]
    assert (flat.title, flat.difference_unit) == ("Spectral flatness db", "dB")
    assert flat.least == pytest.approx(SCALES.spreads[settings.COLUMNS.index(flat.column)] / 2)
    assert len(shown(settings.COLUMNS, SCALES, settings.HEARD)) == len(settings.COLUMNS) <= MOST


def test_differences_are_those_one_hears() -> None:
    assert np.diff(PITCH.comparable(np.array([220.0, 440.0]))) == pytest.approx(1200)
    assert LOUD.comparable(np.array([-120.0, -20.0])).tolist() == [-70.0, -20.0]
    assert np.isnan(PITCH.comparable(np.array([np.nan])))


@pytest.mark.parametrize(
    ("one", "value", "words"),
    [
        (PITCH, -35.2, "35 cents"), (PITCH, 99.6, "1 semitone"), (PITCH, 240.0, "2.4 semitones"),
        (LOUD, 2.13, "2.1 dB"), (LOUD, 0.0, "0.0 dB"), (Shown("a_1", "A", "1", "linear", 1.0), 0.123, "0.12"),
    ],
)  # fmt: skip
def test_differences_in_words(one: Shown, value: float, words: str) -> None:
    assert one.difference(value) == words


def test_traces_have_gaps_where_there_is_silence_or_no_pitch() -> None:
    heard = settings.frames([-20.0, -20.0, -90.0], [220.0, 0.0, 220.0], [1.0, 0.0, 1.0], 900.0)
    found = traces(heard, settings.COLUMNS, (LOUD, PITCH, BRIGHT), SCALES)
    np.testing.assert_allclose(found[LOUD.column], [-20, -20, -90])
    np.testing.assert_allclose(found[PITCH.column], [220, np.nan, np.nan])
    np.testing.assert_allclose(found[BRIGHT.column], [900, 900, np.nan])

import numpy as np
import pytest

from tonewright.errors import UsageError
from tonewright.prompting.listening.analysis import SAMPLE_RATE_HZ, listen
from tonewright.prompting.listening.axes import AXES, measure_axes
from tonewright.prompting.listening.embedding import NAMES, embed

RATE_HZ = SAMPLE_RATE_HZ
TIME_S = np.arange(2 * RATE_HZ) / RATE_HZ


def tone(hz=220.0):
    return np.sin(2 * np.pi * hz * TIME_S)


def noise(seed=0):
    return np.random.default_rng(seed).standard_normal(len(TIME_S))


def hits(rate_hz=4.0, decay_s=0.03, hz=200.0):
    """A tone that dies away again and again."""
    return np.sin(2 * np.pi * hz * TIME_S) * np.exp(-(TIME_S % (1 / rate_hz)) / decay_s)


def axes(*sounds):
    """Axes of mono sounds, or of pairs of channels."""
    stereo = [np.stack([one, one]) if one.ndim == 1 else one for one in sounds]
    return measure_axes(listen(np.stack(stereo).astype(np.float32)))


def test_nothing_moves_with_level_or_with_what_is_beside_it():
    sounds = np.stack([np.stack([one, 0.7 * one]) for one in (tone(), noise(), hits())]).astype(np.float32)
    alone = embed(listen(0.01 * sounds[1:2]))[0]
    np.testing.assert_allclose(embed(listen(sounds))[1], alone, atol=2e-3)
    assert len(NAMES) == alone.shape[0]


def test_closed_forms():
    found = axes(tone(), np.stack([tone(), -tone()]), np.stack([tone(), 0 * tone()]), np.sign(tone()))
    np.testing.assert_allclose(found["distortion"][[0, 3]], [-3.01, 0.0], atol=0.15)
    np.testing.assert_allclose(found["width"][:3], [-60.0, 60.0, 0.0], atol=0.1)
    np.testing.assert_allclose(found["dynamics"][[0, 3]], [3.01, 0.0], atol=0.15)
    np.testing.assert_allclose(found["register"][0], 0.0, atol=0.1)
    np.testing.assert_allclose(found["length"][0], 1.0, atol=0.01)
    # Of white noise a part of the energy as large as the band.
    found = axes(noise())
    np.testing.assert_allclose(found["air"], 10 * np.log10((22_050 - 8_000) / 22_050), atol=0.1)
    np.testing.assert_allclose(found["depth"], 10 * np.log10(100 / 22_050), atol=1.0)
    np.testing.assert_allclose(found["warmth"], 10 * np.log10(350 / 4_000), atol=0.3)
    np.testing.assert_allclose(found["noisiness"], -2.51, atol=0.1)  # exp(-γ) of chi-squared bins


@pytest.mark.parametrize("notes", [2, 4, 8])
def test_notes_that_are_tied_are_as_many_as_those_that_are_struck(notes):
    """A tone that changes its pitch has no rise of its level; it begins anew all the same."""
    number = (TIME_S * notes).astype(int)
    tied = np.sin(2 * np.pi * np.cumsum(220 * 2 ** (number * 5 % 12 / 12)) / RATE_HZ)
    np.testing.assert_allclose(axes(tied, hits(notes))["density"], np.log2(notes), atol=0.1)


@pytest.mark.parametrize(
    ("axis", "less", "more"),
    [
        ("brightness", tone(220), tone(2_000)),
        ("air", tone(2_000), tone(10_000)),
        ("warmth", tone(3_000), tone(300)),
        ("depth", tone(300), tone(60)),
        ("punch", hits(decay_s=0.2), hits(decay_s=0.02)),
        ("attack", hits(1), tone() * np.minimum(TIME_S / 0.5, 1)),
        ("length", hits(1), tone()),
        ("noisiness", tone(), tone() + noise()),
        ("reverberance", hits(2, 0.02), hits(2, 0.15)),
        ("width", np.stack([tone(), tone()]), np.stack([noise(1), noise(2)])),
        ("density", hits(2), hits(8)),
        ("dynamics", tone(), hits(2)),
        ("motion", tone(), np.where(TIME_S % 0.4 < 0.2, tone(200), tone(2_000))),
        ("rise", tone(), np.sin(2 * np.pi * 100 * 2 ** (2 * TIME_S) / (2 * np.log(2)))),
        ("register", tone(110), tone(880)),
        ("distortion", tone(), np.tanh(8 * tone())),
    ],
)
def test_each_axis_rises_with_what_it_is_named_for(axis, less, more):
    low, high = (
        axes(less, more)[axis] if less.ndim == more.ndim else (axes(one)[axis][0] for one in (less, more))
    )
    assert high > low + 0.3


def test_the_rise_of_a_glide_is_told_in_octaves():
    glide = np.sin(2 * np.pi * 100 * 2 ** (2 * TIME_S) / (2 * np.log(2)))  # four octaves in 2 s
    assert axes(glide)["rise"][0] == pytest.approx(3.0, abs=0.15)
    assert axes(glide[::-1])["rise"][0] == pytest.approx(-3.0, abs=0.15)


def test_silence_has_no_tone_and_nonsense_is_refused():
    found = axes(0 * tone(), 0.3 + 0 * tone())
    assert all(np.isnan(values).all() for values in found.values())
    assert {*found} == {*AXES}
    for bad in (np.zeros((1, 2, 10)), np.zeros((2, 44_100)), np.full((1, 2, 44_100), np.nan)):
        with pytest.raises(UsageError, match="sounds are"):
            listen(bad)

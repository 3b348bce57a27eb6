import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.audio.validation import LOUDEST_SAMPLE, largest_magnitude, valid_samples
from tonewright.distances import TrainingLoss, rms
from tonewright.errors import AudioError
from tonewright.features import StreamAnalyser, hear

RATE_HZ = 16_000


def test_float32_passes_as_it_is_and_other_floats_are_converted() -> None:
    single = np.array([[0.25, -LOUDEST_SAMPLE]], np.float32)
    assert valid_samples(single) is single
    for kind in (np.float16, np.float64):
        passed = valid_samples(single.astype(kind))
        assert passed.dtype == np.float32
        np.testing.assert_array_equal(passed, single)
    assert valid_samples([]).shape == (0,)
    assert valid_samples([0.5, -0.5]).tolist() == [0.5, -0.5]


def test_the_largest_magnitude_has_either_sign_and_lets_nan_through() -> None:
    assert largest_magnitude(np.array([0.25, -0.5])) == 0.5
    assert largest_magnitude(np.array([[0.75], [-0.5]])) == 0.75
    assert largest_magnitude(np.zeros((2, 0))) == 0.0
    assert np.isnan(largest_magnitude(np.array([0.0, np.nan, np.inf])))


def rejections(samples: np.ndarray) -> list[str]:
    """What every gate says of a sound."""
    loss = TrainingLoss(RATE_HZ, len(samples))
    gates = (
        lambda: valid_samples(samples),
        lambda: Clip(samples, RATE_HZ),
        lambda: hear(samples, RATE_HZ, "loudness"),
        lambda: StreamAnalyser(RATE_HZ, "loudness").push(samples),
        lambda: rms(samples, samples, RATE_HZ),
        lambda: loss.analyse(samples[None]),
        lambda: loss.hear(samples[None]),
    )
    said = []
    for gate in gates:
        with pytest.raises(AudioError) as caught:
            gate()
        said.append(str(caught.value))
    return said


@pytest.mark.parametrize(
    ("sample", "rule"),
    [
        (np.nan, "samples are finite numbers; got NaN or infinity; repair the sound or export it again"),
        (-np.inf, "samples are finite numbers; got NaN or infinity; repair the sound or export it again"),
        (
            -1.001 * LOUDEST_SAMPLE,
            "samples lie within ±1000, full scale being ±1; got a peak of 1001; scale the sound to ±1",
        ),
    ],
)
def test_every_gate_says_the_same_of_bad_samples(sample: float, rule: str) -> None:
    samples = np.zeros(800)
    samples[17] = sample
    assert set(rejections(samples)) == {rule}


def test_every_gate_says_the_same_of_whole_numbers() -> None:
    rule = (
        "samples are floating-point numbers with full scale ±1; got int16; "
        "divide whole numbers by their full scale"
    )
    assert set(rejections(np.zeros(800, np.int16))) == {rule}

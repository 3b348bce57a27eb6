import pytest

from tonewright import wording


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wording.quantity(0.96, "octave", 1), "1 octave"),
        (wording.quantity(1, "cent"), "1 cent"),
        (wording.number(1234.5), "1,230"),
        (wording.number(0.00012345), "0.000123"),
        (wording.number(0), "0"),
        (wording.number(99.96), "100"),
        (wording.number(-1.5), "−1.5"),
        (wording.number(3e-7), "< 0.0001"),
        (wording.number(1e7), "10,000,000"),
        (wording.decibels(3.21), "+3.2 dB"),
        (wording.decibels(0.01), "0 dB"),
        (wording.decibels(-2), "−2.0 dB"),
        (wording.duration(0.035), "35 ms"),
        (wording.duration(0.9996), "1 s"),
        (wording.duration(125), "2 min 5 s"),
        (wording.frequency(999.6), "1 kHz"),
        (wording.frequency(440), "440 Hz"),
        (wording.count(0), "no"),
        (wording.count(3), "three"),
        (wording.count(12), "twelve"),
        (wording.count(13), "13"),
        (wording.listing(["a"]), "a"),
        (wording.listing(["a", "b", "c"]), "a, b and c"),
        (wording.unbroken("5 ms of 3 s"), "5\u00a0ms of 3\u00a0s"),
    ],
)
def test_phrases(said: str, expected: str) -> None:
    assert said == expected

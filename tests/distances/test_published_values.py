"""The published evaluation script's own numbers, on the files beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

import tonewright.distances as distances

DATA = Path(__file__).parents[1] / "data" / "metrics"
REFERENCE = json.loads((DATA / "reference.json").read_text())


def load(pair: int, which: str) -> np.ndarray:
    samples, sample_rate_hz = sf.read(DATA / f"{pair}-{which}.flac", dtype="float32")
    assert sample_rate_hz == REFERENCE["sample_rate_hz"]
    return samples.T[np.newaxis]


# Pair 1 is one sound at two levels. There the script prints what rounding leaves of zero, of the order of the
# absolute tolerances below.
@pytest.mark.parametrize(("name", "rounding"), [("mss", 1e-5), ("wmfcc", 1e-6), ("sot", 1e-6), ("rms", 1e-6)])
@pytest.mark.parametrize("expected", REFERENCE["pairs"], ids=lambda pair: f"pair{pair['pair']}")
def test_reference_values_are_reproduced_to_a_thousandth(
    expected: dict[str, float], name: str, rounding: float
):
    pair = int(expected["pair"])
    target, other = load(pair, "target"), load(pair, "other")
    value = distances.get(name)(target, other, REFERENCE["sample_rate_hz"])
    np.testing.assert_allclose(value, [expected[name]], rtol=1e-3, atol=rounding)

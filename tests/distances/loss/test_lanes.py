"""Eight numbers at once behave like eight numbers."""

from __future__ import annotations

import numpy as np
from numba import njit

from tonewright.distances.loss.lanes import (
    LANES,
    larger,
    largest,
    load,
    log2,
    magnitude,
    root,
    smaller,
    splat,
    store,
    total,
    transpose,
)


@njit
def log2_of(values: np.ndarray, out: np.ndarray) -> None:
    for i in range(0, len(values), LANES):
        store(out, i, log2(load(values, i)))


@njit
def combine(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    x, y = load(a, 0), load(b, 0)
    results = (
        x + y,
        x - y,
        x * y,
        x / y,
        larger(x, y),
        smaller(x, y),
        root(x * x),
        magnitude(x),
        splat(a[3]),
    )
    for i, result in enumerate(results):
        store(out, i * LANES, result)


@njit
def reduce(a: np.ndarray) -> tuple[float, float]:
    return total(load(a, 0)), largest(load(a, 0))


@njit
def swap(source: np.ndarray, start: int, step: int, target: np.ndarray, to: int, to_step: int) -> None:
    transpose(source, start, step, target, to, to_step)


def test_log2_is_within_a_ten_thousandth_of_a_decibel() -> None:
    values = np.concatenate([np.geomspace(2.0**-126, 2.0**127, 100_000), 2.0 ** np.arange(-126.0, 127)])
    values = np.concatenate([values, np.sqrt(0.5) * (1 + np.linspace(-1e-5, 1e-5, 203))])
    values = values[: len(values) // LANES * LANES].astype(np.float32)
    out = np.empty_like(values)
    log2_of(values, out)
    exact = np.log2(values.astype(float))
    # float32 itself resolves exponents up to 127 to 8e-6.
    assert np.abs(out - exact).max() * 20 * np.log10(2) < 1e-4
    powers = values == np.exp2(np.round(exact)).astype(np.float32)
    assert powers.sum() >= 240
    np.testing.assert_array_equal(out[powers], np.round(exact[powers]))


def test_log2_never_falls() -> None:
    values = np.geomspace(0.4, 2.5, 80_000).astype(np.float32)
    out = np.empty_like(values)
    log2_of(values, out)
    assert np.diff(out).min() > -1e-5
    assert (np.diff(out[::40]) > 0).all()


def test_operations_are_those_of_float32() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, LANES)).astype(np.float32)
    out = np.empty(9 * LANES, np.float32)
    combine(a, b, out)
    expected = [a + b, a - b, a * b, a / b, np.maximum(a, b), np.minimum(a, b), np.sqrt(a * a), np.abs(a)]
    np.testing.assert_array_equal(out, np.concatenate([*expected, np.full(LANES, a[3])]))


def test_reductions_go_from_the_first_lane_to_the_last() -> None:
    a = np.array([1e8, 1.0, -1e8, 1.0, 2.0, 3.0, -7.0, 0.5], np.float32)
    expected = np.float32(0.0)
    for value in a:
        expected += value
    assert reduce(a) == (expected, np.float32(1e8))


def test_transpose_turns_rows_into_columns() -> None:
    source = np.arange(200, dtype=np.float32)
    target = np.full(200, -1.0, np.float32)
    swap(source, 5, 20, target, 3, 16)
    rows = np.stack([source[5 + 20 * r : 13 + 20 * r] for r in range(LANES)])
    columns = np.stack([target[3 + 16 * c : 11 + 16 * c] for c in range(LANES)])
    np.testing.assert_array_equal(columns, rows.T)
    assert (target >= 0).sum() == LANES * LANES

from __future__ import annotations

import re

import numpy as np
import pytest

from tonewright.reports import plots


@pytest.mark.parametrize(
    ("span", "most", "step"), [(1.0, 10, 0.1), (1.4, 10, 0.2), (0.9, 5, 0.2), (30, 10, 5)]
)
def test_nice_steps(span: float, most: int, step: float) -> None:
    assert plots.nice_step(span, most) == pytest.approx(step)


@pytest.mark.parametrize("seconds", [0.001, 0.0201, 0.278, 0.5, 1.0, 3.25, 30.0, 600.0])
def test_time_ticks_are_where_they_say(seconds: float) -> None:
    ticks = plots.time_ticks(seconds)
    assert 4 <= len(ticks) <= 11
    for tick in ticks:
        figure, unit = tick.label.split()
        assert float(figure) / (1000 if unit == "ms" else 1) == pytest.approx(tick.at * seconds, abs=1e-9)


def curve(document: str) -> np.ndarray:
    """Points of the line, `[n, 2]`, in the units of the drawing (1000 by 200)."""
    (path,) = re.findall(r'<path d="M([^"]*)" class="stroke accent">', document)
    return np.array(path.split(), float).reshape(-1, 2)


def test_steps_stay_where_they_are_until_they_change() -> None:
    words = {"x_title": "rounds", "y_title": "best", "description": "the best so far"}
    made = plots.steps([1, 4, 10], [0.9, 0.5, 0.2], 20, **words)
    x, y = curve(made).T
    np.testing.assert_allclose(x, [50, 200, 200, 500, 500, 1000])
    np.testing.assert_allclose(y, 200 * (1 - np.repeat([0.9, 0.5, 0.2], 2)), atol=0.1)
    assert made.count("<svg") == 1
    assert all(word in made for word in words.values())


def test_steps_that_rise_or_end_late_fit_their_axes() -> None:
    words = {"x_title": "rounds", "y_title": "score", "description": "score"}
    x, y = curve(plots.steps([2, 8], [10.0, 70.0], 4, **words)).T
    np.testing.assert_allclose(x, [250, 1000, 1000, 1000])
    np.testing.assert_allclose(y, [175, 175, 25, 25])


def test_a_line_has_gaps_where_there_is_no_value() -> None:
    drawn = plots.line([0.0, 0.1, 0.2, 0.3, 0.4], [0.5, 1.0, np.nan, 0.0, np.nan], "stroke accent")
    assert drawn == '<path d="M0.0 100.0 100.0 0.0M300.0 200.0h0" class="stroke accent"></path>'

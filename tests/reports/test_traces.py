from __future__ import annotations

import re

import numpy as np
import pytest

from tonewright.reports.plots import Tick
from tonewright.reports.traces import GHOST, Scale, Trace, ghost_switch, simplified, trace_lane

from .reading import Page

TIMES = np.linspace(0.0, 1.0, 101)


def points(lane: str, class_: str) -> list[np.ndarray]:
    """The pieces of a curve, each `[n, 2]`, in the units of the drawing (1000 by 200)."""
    (path,) = re.findall(rf'<path d="([^"]*)" class="stroke {class_}">', lane)
    pieces = path.replace("h0", "").split("M")[1:]
    return [np.array(piece.split(), float).reshape(-1, 2) for piece in pieces]


def test_curves_lie_where_their_values_are() -> None:
    scale = Scale(-60.0, 0.0, unit="dB")
    level = Trace("the agent", "sound-0", TIMES, -60.0 + 60.0 * TIMES)
    (piece,) = points(trace_lane("Level", [level], scale, 2.0), "sound-0")
    np.testing.assert_allclose(piece, [[0, 200], [500, 0]])  # a straight line takes two points
    tone = Trace("the agent", "sound-0", TIMES, np.full(101, 200.0))
    (piece,) = points(trace_lane("Pitch", [tone], Scale(100.0, 400.0, octaves=True), 1.0), "sound-0")
    np.testing.assert_allclose(piece, [[0, 100], [1000, 100]])


def test_curves_have_gaps_and_dots() -> None:
    values = np.zeros(101)
    values[10:50] = values[51:60] = np.nan
    lane = trace_lane("Pitch", [Trace("one", "sound-0", TIMES, values)], Scale(-1.0, 1.0), 1.0)
    found = points(lane, "sound-0")
    assert [piece[:, 0].tolist() for piece in found] == [[0, 90], [500], [600, 1000]]
    assert "M500.0 100.0h0" in lane
    nothing = Trace("one", "sound-0", TIMES, np.full(101, np.nan))
    assert points(trace_lane("Pitch", [nothing], Scale(-1.0, 1.0), 1.0), "sound-0") == []


def test_what_lies_beyond_stays_at_the_edge() -> None:
    np.testing.assert_allclose(Scale(0.0, 2.0).heights(np.array([-5.0, 1.0, 9.0])), [0, 0.5, 1])
    assert Scale(0.0, 2.0).heights(np.array([-np.inf])) == 0


def test_a_lane_tells_what_is_seen() -> None:
    traces = [
        Trace("oracle", GHOST, TIMES, TIMES),
        Trace("the musician", "sound-1", TIMES, TIMES),
        Trace("the <agent>", "sound-0", TIMES, TIMES),
    ]
    page = Page(trace_lane("Level & more", traces, Scale(0.0, 1.0), 1.0))
    (drawing,) = page.all("svg")
    assert drawing["aria-label"] == "Level & more over time: the musician, the <agent>"
    assert [one["class"] for one in page.all("i")] == ["swatch sound-0", "swatch sound-1", "swatch ghost"]
    assert {"class": GHOST} in page.all("span")
    assert "<agent> musician oracle" in page.text
    strokes = [one["class"] for one in page.all("path")][1:]
    assert strokes == ["stroke ghost", "stroke sound-1", "stroke sound-0"]
    assert Page(ghost_switch("draw it")).all("input") == [{"type": "checkbox", "id": "ghosts"}]


class TestScale:
    def test_it_holds_all_values_and_no_more_than_needed(self) -> None:
        scale = Scale.around([np.array([-37.2, np.nan]), np.array([-12.1, -np.inf])], "dB")
        assert (scale.low, scale.high) == (-40, -10)
        assert [tick.label for tick in scale.labels()] == ["−30 dB", "−20 dB"]
        assert Scale.around([np.array([-120.0, -20.0])], floor=-70.0).low == -80
        assert Scale.around([np.full(3, np.nan)]).high > Scale.around([np.full(3, np.nan)]).low

    def test_a_least_height(self) -> None:
        scale = Scale.around([np.array([-20.0, -19.0])], "dB", least=24.0)
        assert scale.high - scale.low >= 24
        assert scale.low < -30 < -10 < scale.high

    @pytest.mark.parametrize("values", [[220.0], [220.0, 440.0], [50.0, 9_000.0], [np.nan]])
    def test_frequencies_are_spread_by_octaves(self, values: list[float]) -> None:
        scale = Scale.of_frequencies([np.array(values)])
        assert np.log2(scale.high / scale.low) >= 2
        known = [value for value in values if value > 0]
        assert all(scale.low < value < scale.high for value in known)
        labels = scale.labels()
        assert len(labels) >= 3
        for tick in labels:
            figure, unit = tick.label.split()
            hertz = float(figure) * (1000 if unit == "kHz" else 1)
            assert scale.heights(np.array(hertz)) == pytest.approx(tick.at)

    def test_labels_of_ones_own(self) -> None:
        ticks = (Tick(0.0, "low"), Tick(0.5, "half"), Tick(1.0, "high"))
        assert [tick.label for tick in Scale(0.0, 1.0, ticks=ticks).labels()] == ["half"]


@pytest.mark.parametrize("tolerance", [0.001, 0.01, 0.1])
def test_a_simpler_curve_is_nowhere_further_than_the_tolerance(tolerance: float) -> None:
    rng = np.random.default_rng(1)
    x = np.arange(800.0)
    y = np.cumsum(rng.normal(0, 0.01, 800))
    y[200:210] = np.nan
    kept_x, kept_y = simplified(x, y, tolerance)
    for part in (slice(0, 200), slice(210, 800)):
        inside = (kept_x >= x[part][0]) & (kept_x <= x[part][-1])
        again = np.interp(x[part], kept_x[inside], kept_y[inside])
        assert np.abs(again - y[part]).max() <= tolerance + 1e-12
    assert np.isnan(kept_y).sum() == 1
    assert len(kept_x) < (790, 500, 60)[(0.001, 0.01, 0.1).index(tolerance)]

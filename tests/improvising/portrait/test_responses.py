import numpy as np
import pytest

from tonewright.improvising.playing.scoring import HOP_MS
from tonewright.improvising.portrait.responses import response, silenced_ms, trembling

HOPS, AT, UNTIL = 400, 100, 300


def step(low: float, high: float) -> np.ndarray:
    """The musician: at once from one value to another, hop 100, and back, hop 300."""
    values = np.full(HOPS, low)
    values[AT:UNTIL] = high
    return values


def after(values: np.ndarray) -> np.ndarray:
    """Hops since the step, 0 before it."""
    return np.maximum(np.arange(len(values)) - AT, 0)


class TestResponse:
    @pytest.mark.parametrize("hops", [3.0, 10.0, 20.0])
    @pytest.mark.parametrize(("low", "high"), [(-40.0, -10.0), (2400.0, 0.0)])
    def test_a_lag_of_the_first_order(self, hops: float, low: float, high: float) -> None:
        target, way = step(low, high), abs(high - low)
        own = low + (high - low) * (1 - np.exp(-after(target) / hops))
        found = response(own, target, AT, UNTIL, 1.0)
        assert found is not None
        # 1 - exp(-t / T) is 0.9 at t = T ln 10, and settled within a tenth from there on.
        expected = np.ceil(hops * np.log(10)) * HOP_MS
        assert found.rise_ms == pytest.approx(expected, abs=1.01 * HOP_MS)
        assert found.settling_ms == pytest.approx(expected, abs=1.01 * HOP_MS)
        assert found.overshoot == pytest.approx(0.0, abs=1e-3 * way)
        assert found.step == high - low
        assert found.share == pytest.approx(1.0, abs=1e-3)
        assert found.off == pytest.approx(0.0, abs=1e-3 * way)

    @pytest.mark.parametrize("damping", [0.2, 0.4, 0.6])
    def test_a_lag_of_the_second_order(self, damping: float) -> None:
        target = step(0.0, 12.0)
        natural = 0.2
        turning, angle = natural * np.sqrt(1 - damping**2), np.arccos(damping)
        time = after(target)
        decay = np.exp(-damping * natural * time) / np.sin(angle)
        own = 12.0 * (1 - decay * np.sin(turning * time + angle))
        found = response(own, target, AT, UNTIL, 1.0)
        assert found is not None
        assert found.overshoot is not None
        overshoot = np.exp(-np.pi * damping / np.sqrt(1 - damping**2))
        assert found.overshoot / 12.0 == pytest.approx(overshoot, abs=0.02)
        assert found.rise_ms is not None
        assert found.rise_ms < np.pi / turning * HOP_MS  # before the peak
        outside = np.flatnonzero(np.abs(own[AT:UNTIL] / 12.0 - 1) > 0.1)
        assert found.settling_ms == pytest.approx((outside[-1] + 1) * HOP_MS, abs=1.5 * HOP_MS)

    def test_what_comes_late_and_falls_short(self) -> None:
        target = step(0.0, 20.0)
        own = np.where((np.arange(HOPS) >= AT + 7) & (np.arange(HOPS) < UNTIL), 15.0, 1.0)
        found = response(own, target, AT, UNTIL, 1.0)
        assert found == (20.0, 0.7, pytest.approx(7 * HOP_MS), 0.0, pytest.approx(7 * HOP_MS), -5.0)

    def test_what_hearing_takes_is_not_counted(self) -> None:
        target, own = np.zeros((2, HOPS))
        target[AT : AT + 4], own[AT + 6 : AT + 10] = np.linspace(0, 9, 4), np.linspace(0, 9, 4)
        target[AT + 4 :], own[AT + 10 :] = 9, 9
        found = response(own, target, AT, UNTIL, 1.0)
        assert found is not None
        assert found.rise_ms == pytest.approx(6 * HOP_MS)

    @pytest.mark.parametrize("way", [0.0, 4.9, -8.0])
    def test_who_hardly_moves_does_not_follow(self, way: float) -> None:
        found = response(step(0.0, way), step(0.0, 20.0), AT, UNTIL, 1.0)
        assert found == (20.0, way / 20, None, None, None, way - 20)

    def test_a_slip_of_two_hops_is_no_overshoot_and_one_of_three_is(self) -> None:
        target = step(0.0, 10.0)
        for hops, overshoot in ((2, 0.0), (3, 4.0)):
            own = target.copy()
            own[150 : 150 + hops] = 14.0
            found = response(own, target, AT, UNTIL, 1.0)
            assert found is not None
            assert found.overshoot == pytest.approx(overshoot)

    def test_who_trembles_at_the_end_does_not_settle(self) -> None:
        target = step(0.0, 10.0)
        own = target + np.where(np.arange(HOPS) // 6 % 2, 2.0, -2.0) * (target > 0)
        found = response(own, target, AT, UNTIL, 1.0)
        assert found is not None
        assert found.rise_ms is not None
        assert found.settling_ms is None

    def test_gaps_are_left_out_and_too_many_tell_nothing(self) -> None:
        target = step(0.0, 10.0)
        own = target.copy()
        own[AT + 2 : AT + 12 : 3] = np.nan
        whole, holed = (response(side, target, AT, UNTIL, 1.0) for side in (target, own))
        assert holed == whole
        own[UNTIL - 40 : UNTIL] = np.nan
        assert response(own, target, AT, UNTIL, 1.0) == (10.0, None, None, None, None, None)
        own = target.copy()
        own[AT - 8 : AT] = np.nan
        assert response(own, target, AT, UNTIL, 1.0) == (10.0, None, None, None, None, 0.0)
        assert response(target, own, AT, UNTIL, 1.0) is None  # the musician has none

    def test_small_steps_are_none(self) -> None:
        assert response(step(0, 2), step(0, 2), AT, UNTIL, 3.0) is None
        assert response(step(0, 3), step(0, 3), AT, UNTIL, 3.0) is not None


def test_trembling_is_half_of_what_nine_tenths_span() -> None:
    own = np.linspace(-1, 1, 2001)
    assert trembling(own) == pytest.approx(0.9)
    assert trembling(np.full(50, 440.0)) == 0.0
    holed = own.copy()
    holed[::3] = np.nan
    assert trembling(holed) == pytest.approx(0.9, abs=0.002)
    holed[: len(own) // 2] = np.nan
    assert trembling(holed) is None


@pytest.mark.parametrize(("until", "expected"), [(5, 0.0), (12, 7 * HOP_MS), (0, 0.0), (50, None)])
def test_how_long_after_the_musician_it_is_silent(until: int, expected: float | None) -> None:
    target, own = np.full((2, 50), -90.0)
    target[:5], own[:until] = -20.0, -30.0
    assert silenced_ms(own, target, -60.0) == (expected if expected is None else pytest.approx(expected))

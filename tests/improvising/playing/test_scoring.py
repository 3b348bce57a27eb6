import numpy as np
import pytest

from tonewright.improvising.playing.performing import Performance
from tonewright.improvising.playing.scoring import HOP_MS, lag, scores

COLUMNS = ("loudness_rms_dbfs", "mfcc_01", "mfcc_02")


def wandering(frames: int, columns: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((frames, columns))
    return np.apply_along_axis(lambda one: np.convolve(one, np.hanning(15), "same"), 0, steps)


class TestLag:
    @pytest.mark.parametrize("hops", [-10, 0, 1, 7, 60])
    def test_is_that_of_a_shifted_copy(self, hops: int) -> None:
        target = wandering(1000, 3, 0)
        own = np.roll(target, hops, axis=0) * 0.7 + 0.2
        late, correlation = lag(own[100:-100], target[100:-100], np.ones((800, 3)))
        assert late == pytest.approx(hops * HOP_MS, abs=0.1 * HOP_MS)
        assert correlation == pytest.approx(1.0, abs=1e-9)

    def test_lies_between_hops_where_the_shift_does(self) -> None:
        fine = wandering(4000, 2, 1)
        late, _ = lag(fine[100:3900:4], fine[102:3902:4], np.ones((950, 2)))  # half a hop
        assert late == pytest.approx(0.5 * HOP_MS, abs=0.1 * HOP_MS)

    def test_what_moves_tells_it(self) -> None:
        target = wandering(800, 2, 2) * [1.0, 0.01]
        own = np.stack([np.roll(target[:, 0], 5), np.roll(target[:, 1], 40)], axis=1)
        assert lag(own, target, np.ones((800, 2)))[0] == pytest.approx(5 * HOP_MS, abs=0.1 * HOP_MS)

    def test_what_is_not_there_does_not_count(self) -> None:
        target, presence = wandering(800, 1, 3), np.ones((800, 1))
        own = np.roll(target, 9, axis=0)
        target[200:500], presence[200:500] = 50.0, 0.0
        assert lag(own, target, presence)[0] == pytest.approx(9 * HOP_MS, abs=0.2 * HOP_MS)

    def test_there_is_none_where_nobody_follows_or_nothing_moves(self) -> None:
        late, correlation = lag(wandering(900, 2, 4), wandering(900, 2, 5), np.ones((900, 2)))
        assert late is None
        assert correlation is not None
        assert correlation < 0.3
        still = np.ones((900, 2))
        assert lag(still, still, np.ones((900, 2))) == (None, None)
        assert lag(still, wandering(900, 2, 6), np.ones((900, 2))) == (None, 0.0)


def performance(**changes: np.ndarray) -> Performance:
    parts = {
        "controls": np.full((1, 11, 2), 0.5, np.float32),
        "own": np.zeros((1, 11, 3), np.float32),
        "target": np.zeros((1, 11, 3), np.float32),
        "presence": np.ones((1, 11, 3), np.float32),
        "own_presence": np.ones((1, 11, 3), np.float32),
        "distances": np.linspace(0, 1, 11)[None],
        "rewards": np.linspace(1, 0, 11)[None],
    }
    return Performance(COLUMNS, **{**parts, **changes})


class TestScores:
    def test_means_leave_out_what_was_before_anybody_acted(self) -> None:
        found = scores(performance(), 0, 11, COLUMNS[:1])
        assert found["reward"] == pytest.approx(0.45)
        assert found["distance"] == pytest.approx(0.55)

    def test_only_the_phrase_counts(self) -> None:
        assert scores(performance(), 0, 5, COLUMNS[:1])["reward"] == pytest.approx(0.75)

    def test_errors_are_of_every_descriptor_where_the_musician_has_it(self) -> None:
        own = np.zeros((1, 11, 3), np.float32)
        own[..., 0], own[..., 1], own[..., 2] = 1.0, 2.0, 4.0
        presence = np.ones((1, 11, 3), np.float32)
        presence[:, :, 2] = 0.0
        found = scores(performance(own=own, presence=presence), 0, 11, COLUMNS[:1])
        assert (found["error_loudness_rms"], found["error_mfcc"]) == (1.0, 2.0)
        lacking = np.ones((1, 11, 3), np.float32)
        lacking[:, :, 1] = 0.0
        missed = scores(performance(own=own, presence=presence, own_presence=lacking), 0, 11, COLUMNS[:1])
        assert missed["error_mfcc"] == pytest.approx(np.sqrt(2))
        nowhere = scores(performance(own=own, presence=0 * presence), 0, 11, COLUMNS[:1])
        assert nowhere["error_mfcc"] is None

    def test_travel_and_rails(self) -> None:
        controls = np.zeros((1, 11, 2), np.float32)
        controls[0, :, 0] = np.linspace(0, 1, 11)  # one crosses its range in ten hops; the other stays at 0
        found = scores(performance(controls=controls), 0, 11, COLUMNS[:1])
        assert found["travel_per_s"] == pytest.approx(0.5 / (10 * HOP_MS / 1000))
        assert found["rails_share"] == pytest.approx((1 + 10) / 20)

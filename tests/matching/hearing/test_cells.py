import numpy as np
import pytest

from tonewright.distances.loss import TrainingLoss
from tonewright.matching.hearing.cells import CELL_FRAMES, CELLS, HEARING_RATE_HZ, CellGrid


def tone(seconds: float, hz: float = 1000.0) -> np.ndarray:
    time = np.arange(round(seconds * HEARING_RATE_HZ)) / HEARING_RATE_HZ
    return (0.5 * np.sin(2 * np.pi * hz * time)).astype(np.float32)[None]


def pooled(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    loss = TrainingLoss(HEARING_RATE_HZ, audio.shape[1])
    grid = CellGrid(loss)
    log_mel_db = loss.analyse(audio).log_mel_db
    return grid.pool(log_mel_db, grid.peak_db(log_mel_db))


def test_the_cells_hold_four_seconds() -> None:
    assert sum(CELL_FRAMES) * 256 / HEARING_RATE_HZ == pytest.approx(4.0, abs=0.05)
    assert pooled(tone(4.0))[0][0, -1].max() > -0.1


def test_the_beginning_looks_alike_whatever_the_duration() -> None:
    short, long = pooled(tone(0.5))[0], pooled(tone(2.0))[0]
    whole = np.cumsum(CELL_FRAMES) * 256 < 0.45 * HEARING_RATE_HZ
    assert whole.sum() >= 10
    np.testing.assert_allclose(short[:, whole], long[:, whole], atol=0.05)


def test_a_steady_tone_is_at_its_peak_and_silence_beyond_its_end_80_db_below() -> None:
    cells, descriptors = pooled(tone(0.5))
    assert cells.shape == (1, CELLS, 32)
    np.testing.assert_allclose(cells[0, 4:10].max(axis=1), -0.08, atol=0.1)
    assert cells.max() <= 0.0
    np.testing.assert_array_equal(cells[0, 15:], -2.0)
    np.testing.assert_array_equal(descriptors[0, 15:, 0], -2.0)


def test_a_higher_tone_has_a_higher_centroid() -> None:
    low, high = (pooled(tone(0.5, hz))[1][0, 6, 1] for hz in (300.0, 3000.0))
    assert high > low + 0.2


def test_a_level_is_told_relative_to_the_given_peak() -> None:
    loss = TrainingLoss(HEARING_RATE_HZ, 8000)
    grid = CellGrid(loss)
    log_mel_db = loss.analyse(tone(0.5)).log_mel_db
    peak_db = grid.peak_db(log_mel_db)
    at_peak, above = grid.pool(log_mel_db, peak_db)[0], grid.pool(log_mel_db, peak_db - 20.0)[0]
    loud = at_peak > -1.0
    np.testing.assert_allclose(above[loud] - at_peak[loud], 0.5, atol=1e-5)

from __future__ import annotations

import numpy as np
import pytest

from tonewright.features import Frames, shared
from tonewright.features.framing import Framing

GRID = Framing(16_000, 64, 16)


def run(first: int, count: int, memory: dict) -> Frames:
    """Two sounds that count their samples, the second from 1000 on."""
    samples = np.arange(1 + first, 1 + first + 16 * count, dtype=np.float32)
    return Frames(np.stack([samples, samples + 1000])[:, np.newaxis], GRID, memory)


def test_windows_end_with_their_hop_and_begin_in_silence():
    windows = run(0, 5, {}).windows(40)
    assert windows.shape == (2, 5, 40)
    np.testing.assert_array_equal(windows[0, 0], [0.0] * 24 + list(range(1, 17)))
    np.testing.assert_array_equal(windows[1, 4], 1000 + np.arange(41, 81))
    assert not windows.flags.writeable


def test_windows_shorter_than_the_hop():
    windows = run(0, 3, {}).windows(5)
    np.testing.assert_array_equal(
        windows[0], [[12, 13, 14, 15, 16], [28, 29, 30, 31, 32], [44, 45, 46, 47, 48]]
    )


@pytest.mark.parametrize("length", [5, 16, 17, 40, 200])
def test_windows_do_not_depend_on_where_runs_end(length: int):
    memory: dict = {}
    pieces = [run(first, count, memory).windows(length) for first, count in ((0, 1), (16, 3), (64, 2))]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), run(0, 6, {}).windows(length))


def test_the_past_of_values_is_what_stands_before_the_sound_then_earlier_runs():
    memory: dict = {}
    first = run(0, 2, memory).with_past("v", np.array([[[1.0], [2.0]], [[3.0], [4.0]]]), past=3, before=9.0)
    np.testing.assert_array_equal(first[0, :, 0], [9.0, 9.0, 9.0, 1.0, 2.0])
    second = run(32, 1, memory).with_past("v", np.array([[[5.0]], [[6.0]]]), past=3, before=9.0)
    np.testing.assert_array_equal(second[1, :, 0], [9.0, 3.0, 4.0, 6.0])


def test_asking_twice_for_the_past_remembers_once():
    memory: dict = {}
    frames = run(0, 1, memory)
    assert frames.samples(8) is frames.samples(8)
    np.testing.assert_array_equal(run(16, 1, memory).samples(8)[0, :9], np.arange(9, 18))


def test_shared_results_are_computed_once_for_each_argument():
    calls = []

    @shared
    def double(frames: Frames, by: int) -> int:
        """Docstring."""
        calls.append(by)
        return by * frames.count

    frames = run(0, 3, {})
    assert [double(frames, 2), double(frames, 2), double(frames, 5)] == [6, 6, 15]
    assert calls == [2, 5]
    double(run(0, 3, {}), 2)
    assert calls == [2, 5, 2]
    assert double.__doc__ == "Docstring."

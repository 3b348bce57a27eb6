from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tonewright.errors import AudioError, UnknownNameError, UsageError
from tonewright.features import StreamAnalyser, hear

RATE_HZ = 16_000


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def test_a_row_to_each_completed_hop():
    analyser = StreamAnalyser(RATE_HZ, ["loudness", "mfcc"])
    assert analyser.names[3] == "mfcc_01"
    assert analyser.push(noise(255)).shape == (0, 16)
    assert analyser.push(noise(0)).shape == (0, 16)
    assert analyser.push(noise(1)).shape == (1, 16)
    assert analyser.push(noise(1000)).shape == (3, 16)
    assert analyser.flush().shape == (1, 16)
    assert analyser.flush().shape == (0, 16)


def test_nothing_waits_when_the_last_hop_was_complete():
    analyser = StreamAnalyser(RATE_HZ, "mfcc")
    analyser.push(noise(512))
    assert analyser.flush().shape == (0, 13)


@pytest.mark.parametrize("end", ["reset", "flush"])
def test_after_the_end_comes_a_new_sound(end: str):
    analyser = StreamAnalyser(RATE_HZ, ["loudness", "onset", "mfcc_delta"])
    analyser.push(noise(3000, seed=1))
    getattr(analyser, end)()
    np.testing.assert_array_equal(
        analyser.push(noise(2560)), hear(noise(2560), RATE_HZ, ["loudness", "onset", "mfcc_delta"]).values[0]
    )


def test_several_sounds_side_by_side():
    sounds = noise(3, 4000)
    analyser = StreamAnalyser(RATE_HZ, "all")
    pieces = [analyser.push(sounds[:, i : i + 700]) for i in range(0, 4000, 700)]
    assert pieces[0].shape == (3, 2, len(analyser.names))
    heard = np.concatenate([*pieces, analyser.flush()], axis=1)
    np.testing.assert_array_equal(heard, hear(sounds, RATE_HZ, "all").values)
    assert analyser.push(sounds[:2]).shape[0] == 2


def test_blocks_of_the_caller_may_be_reused():
    analyser, block = StreamAnalyser(RATE_HZ, "mfcc"), noise(100)
    analyser.push(block)
    block[:] = 1.0
    heard = analyser.push(noise(412, seed=1))
    expected = hear(np.concatenate([noise(100), noise(412, seed=1)]), RATE_HZ, "mfcc").values[0]
    np.testing.assert_array_equal(heard, expected)


def test_the_number_of_sounds_stays_the_same():
    analyser = StreamAnalyser(RATE_HZ, "mfcc")
    analyser.push(noise(2, 100))
    for block in (noise(100), noise(3, 100)):
        with pytest.raises(UsageError, match="every block holds the same sounds"):
            analyser.push(block)


def test_a_bad_block_is_not_heard():
    analyser = StreamAnalyser(RATE_HZ, "mfcc")
    analyser.push(noise(100))
    with pytest.raises(AudioError, match="NaN"):
        analyser.push(np.full(1000, np.nan))
    np.testing.assert_array_equal(analyser.push(noise(2000)[100:]).shape, (7, 13))


def test_errors_come_when_it_is_made():
    with pytest.raises(UnknownNameError):
        StreamAnalyser(RATE_HZ, "timbre")
    with pytest.raises(UsageError, match="hop is"):
        StreamAnalyser(RATE_HZ, "mfcc", hop=0)
    with pytest.raises(UsageError, match="64 mel bands"):
        StreamAnalyser(RATE_HZ, "log_mel", window=64)


def test_an_endless_stream_takes_no_more_memory():
    analyser, block = StreamAnalyser(RATE_HZ, ["all", "all_delta"]), noise(4000)

    def after(blocks: int) -> int:
        for _ in range(blocks):
            analyser.push(block)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = after(10)
        assert after(60) - early < 50_000
    finally:
        tracemalloc.stop()


def test_an_hour_does_not_drift():
    # Momentary loudness is summed afresh: after a loud hour, silence is silence and a tone reads as ever.
    rate_hz, names = 4_000, ["loudness_rms", "loudness_momentary"]
    analyser = StreamAnalyser(rate_hz, names)
    loud = 9.0 * noise(rate_hz * 60)
    for _ in range(60):
        analyser.push(loud)
    quiet = 1e-3 * np.sin(2 * np.pi * 1000 / rate_hz * np.arange(2 * rate_hz) + 1)
    np.testing.assert_allclose(analyser.push(quiet)[-1], hear(quiet, rate_hz, names).values[0, -2], atol=1e-3)
    np.testing.assert_array_equal(analyser.push(np.zeros(2 * rate_hz))[-1], -100.0)


EVERYTHING = ["all", "loudness_delta", "mfcc_delta_delta"]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_an_analyser_takes_over_where_another_is(n_channels: int):
    """Sounds that begin anew side by side with others that go on: to the bit as heard alone."""
    shape = (n_channels,) if n_channels > 1 else ()
    hop = StreamAnalyser(RATE_HZ, "mfcc").framing.hop
    running, new = noise(3, *shape, 20 * hop), noise(2, *shape, 12 * hop, seed=1)

    def analyser() -> StreamAnalyser:
        return StreamAnalyser(RATE_HZ, EVERYTHING, n_channels=n_channels)

    one, other = analyser(), analyser()
    one.push(running[..., : 8 * hop])
    other.push(new[..., : 5 * hop])
    one.take_over(np.array([2, 0]), other)
    together = running[..., 8 * hop : 15 * hop].copy()
    together[[2, 0]] = new[..., 5 * hop :]
    heard = one.push(together)
    alone = analyser()
    np.testing.assert_array_equal(heard[1], alone.push(running[1:2, ..., : 15 * hop])[0, 8:])
    for row, sound in ((2, new[:1]), (0, new[1:])):
        np.testing.assert_array_equal(heard[row], analyser().push(sound)[0, 5:])


def test_an_analyser_takes_over_only_what_it_hears_itself():
    one, other = StreamAnalyser(RATE_HZ, "mfcc"), StreamAnalyser(RATE_HZ, "mfcc")
    rows = np.array([1])
    with pytest.raises(UsageError, match=r"between two hops of several sounds; got one .* before the first"):
        one.take_over(rows, other)
    one.push(noise(3, 256))
    other.push(noise(1, 256))
    with pytest.raises(UsageError, match="every sound has one row to go on in; got 2 rows for"):
        one.take_over(np.array([0, 1]), other)
    other.push(noise(1, 10))
    with pytest.raises(UsageError, match="in the middle of a hop"):
        one.take_over(rows, other)
    with pytest.raises(UsageError, match="takes over from one"):
        one.take_over(rows, StreamAnalyser(RATE_HZ, "loudness"))

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.errors import AudioError, UnknownNameError, UsageError
from tonewright.features import DEFAULT_DESCRIPTORS, Frames, all_descriptors, hear, hear_file
from tonewright.threads import available_threads, numba_threads

RATE_HZ = 16_000


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def test_shapes_names_units_and_times():
    table = hear(noise(3, 8000), RATE_HZ, ["loudness", "mfcc"])
    assert table.values.shape == (3, 32, 16)
    assert len(table) == 32
    assert table.names[:4] == (
        "loudness_rms_dbfs",
        "loudness_true_peak_dbtp",
        "loudness_momentary_lufs",
        "mfcc_01",
    )
    assert table.units == ("dBFS", "dBTP", "LUFS", *["dB"] * 13)
    # The time of a frame is its end, when it is known.
    np.testing.assert_allclose(table.times_s, np.arange(1, 33) * 0.016)


def test_one_sound_is_a_batch_of_one():
    sound = noise(5000)
    np.testing.assert_array_equal(
        hear(sound, RATE_HZ, "mfcc").values, hear(sound[None], RATE_HZ, "mfcc").values
    )


def test_a_clip_is_heard_as_the_mean_of_its_channels():
    clip = Clip(noise(2, 5000), RATE_HZ)
    expected = hear(clip.mono(), RATE_HZ, "mfcc").values
    np.testing.assert_array_equal(hear(clip, descriptors="mfcc").values, expected)
    np.testing.assert_array_equal(hear(clip, RATE_HZ, "mfcc").values, expected)


def test_what_is_heard_unless_asked():
    table = hear(noise(4000), RATE_HZ)
    assert {one.category for one in table.descriptors} == {"cepstrum", *DEFAULT_DESCRIPTORS} - {"mfcc"}


def test_everything_together_is_each_alone():
    sound = noise(4000)
    together = hear(sound, RATE_HZ, "all")
    for one in all_descriptors():
        np.testing.assert_array_equal(together[one.name], hear(sound, RATE_HZ, one.name).values)


def test_other_float_types_and_strides_are_heard_alike():
    sound = noise(2, 6000)
    expected = hear(sound, RATE_HZ, "mfcc").values
    np.testing.assert_array_equal(hear(sound.astype(np.float64), RATE_HZ, "mfcc").values, expected)
    np.testing.assert_array_equal(hear(np.asfortranarray(sound), RATE_HZ, "mfcc").values, expected)
    np.testing.assert_array_equal(hear(np.repeat(sound, 2, axis=1)[:, ::2], RATE_HZ, "mfcc").values, expected)


def test_the_number_of_threads_does_not_matter():
    sounds = noise(20, 8192)
    threads = available_threads()
    expected = hear(sounds, RATE_HZ, "all").values
    with numba_threads(1):
        np.testing.assert_array_equal(hear(sounds, RATE_HZ, "all").values, expected)
    assert available_threads() == threads


def test_groups_of_many_short_sounds_are_shared_among_threads(monkeypatch: pytest.MonkeyPatch):
    sounds, names = noise(900, 2048), ["loudness", "mfcc", "mfcc_delta"]
    with numba_threads(1):
        expected = hear(sounds, RATE_HZ, names).values
    groups: list[tuple[int, int]] = []

    class Watched(Frames):
        def __init__(self, hops: np.ndarray, *given: Any) -> None:
            groups.append((len(hops), available_threads()))
            super().__init__(hops, *given)

    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    monkeypatch.setattr("tonewright.features.listener.Frames", Watched)
    np.testing.assert_array_equal(hear(sounds, RATE_HZ, names).values, expected)
    assert sorted(groups) == [(4, 1), *[(128, 1)] * 7]


@pytest.mark.parametrize(
    ("batch", "hops", "most"), [(1, 1, 1), (1, 63, 1), (3, 21, 1), (4, 16, 2), (8, 32, 8)]
)
def test_a_thread_hears_at_least_32_frames(monkeypatch: pytest.MonkeyPatch, batch: int, hops: int, most: int):
    seen: list[int] = []

    class Watched(Frames):
        def __init__(self, *given: Any) -> None:
            seen.append(available_threads())
            super().__init__(*given)

    monkeypatch.setenv("NUMBA_NUM_THREADS", "8")
    monkeypatch.setattr("tonewright.features.listener.Frames", Watched)
    hear(noise(batch, hops * 256), RATE_HZ, "loudness_rms")
    assert seen == [most]


def test_a_long_sound_is_heard_in_stretches_that_do_not_show():
    # 40 s are three stretches; the last hop of the first lies inside every window of the next.
    sound = noise(40 * RATE_HZ)
    long = hear(sound, RATE_HZ, ["loudness", "mfcc", "chroma", "onset"]).values
    late = hear(sound[-8 * RATE_HZ :], RATE_HZ, ["loudness", "mfcc", "chroma", "onset"]).values
    # By then the K-weighting filter has forgotten how it began.
    np.testing.assert_allclose(long[:, -400:], late[:, -400:], atol=1e-5)


def test_memory_is_bounded_by_the_table_whatever_the_lengths():
    # A hop of one sample: 4,000 windows of 4,096 samples would be 65 MB at once.
    hear(noise(500), RATE_HZ, ["spectral_shape", "pitch"], window=4096, hop=1)
    tracemalloc.start()
    try:
        hear(noise(4_000), RATE_HZ, ["spectral_shape", "pitch"], window=4096, hop=1)
        assert tracemalloc.get_traced_memory()[1] < 30e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros(0), "a sound has at least one sample; got none"),
        (np.zeros((4, 0)), "a sound has at least one sample; got none"),
        (
            np.zeros((0, 100)),
            r"audio is \[frames\], \[batch, frames\] or \[batch, channels, frames\]; "
            r"got an array of shape \(0, 100\)",
        ),
        (np.zeros((2, 0, 4)), r"got an array of shape \(2, 0, 4\)"),
        (np.zeros((1, 2, 3, 4)), r"got an array of shape \(1, 2, 3, 4\)"),
        (
            np.zeros((1, 8000, 2)),
            r"at most 64 channels; got 8000 in an array of shape \(1, 8000, 2\); bring it to \[batch,",
        ),
        (np.float32(0.5), r"got an array of shape \(\)"),
        (np.zeros(100, np.int16), "samples are floating-point numbers with full scale ±1; got int16"),
        (np.zeros(100, np.complex64), "got complex64"),
        (np.array(["a"]), "samples are floating-point"),
        (np.array([0.0, np.nan]), "NaN or infinity"),
        (np.array([0.0, np.inf]), "NaN or infinity"),
        (np.array([0.0, -np.inf]), "NaN or infinity"),
        (np.array([0.0, -32768.0]), "within ±1000, full scale being ±1; got a peak of 32768"),
    ],
)
def test_sounds_that_are_none(audio: np.ndarray, message: str):
    with pytest.raises(AudioError, match=message):
        hear(audio, RATE_HZ, "loudness")


def test_an_array_needs_a_sample_rate_and_a_clip_has_one():
    with pytest.raises(UsageError, match="pass sample_rate_hz"):
        hear(noise(100))
    with pytest.raises(UsageError, match="brings its own sample rate, 16000 Hz; leave out 44100"):
        hear(Clip(noise(100), RATE_HZ), 44_100)


def test_a_window_too_short_for_the_mel_bands():
    with pytest.raises(
        UsageError, match="64 mel bands need bins finer than 172 Hz; use a window longer than 256"
    ):
        hear(noise(1000), 44_100, "log_mel", window=256)


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        write(tmp_path / "sound.wav", Clip(noise(2, 50_001), 22_050))
        return tmp_path / "sound.wav"

    def test_a_file_in_blocks_is_the_sound_as_a_whole(self, path: Path):
        pieces = list(hear_file(path, ["mfcc", "loudness"], block_seconds=0.3))
        whole = hear(Clip(noise(2, 50_001), 22_050), descriptors=["mfcc", "loudness"])
        assert len(pieces) > 5
        np.testing.assert_array_equal(
            np.concatenate([piece.values for piece in pieces], axis=1), whole.values
        )
        np.testing.assert_array_equal(np.concatenate([piece.times_s for piece in pieces]), whole.times_s)
        assert pieces[0].names == whole.names

    def test_no_piece_is_empty(self, path: Path):
        assert all(len(piece) for piece in hear_file(path, "loudness", window=8192, block_seconds=0.05))

    def test_errors_come_before_the_first_piece(self, path: Path, tmp_path: Path):
        with pytest.raises(UnknownNameError):
            hear_file(path, "timbre")
        with pytest.raises(AudioError):
            hear_file(tmp_path / "missing.wav")

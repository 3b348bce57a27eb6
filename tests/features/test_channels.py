"""Sounds of several channels: what BS.1770, EBU Tech 3341 and pyloudnorm say of them, and `channels=`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

from tonewright.audio import Clip, channel_names, clip_lufs, write
from tonewright.errors import UnknownNameError, UsageError
from tonewright.features import FeatureTable, StreamAnalyser, hear, hear_file

RATE_HZ = 48_000
LEVELS = ["loudness_rms", "loudness_true_peak", "loudness_momentary"]


def tone(
    seconds: float, dbfs: float = -20.0, frequency_hz: float = 1_000.0, degrees: float = 0.0
) -> np.ndarray:
    phase = 2 * np.pi * frequency_hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ + np.radians(degrees)
    return (10 ** (dbfs / 20) * np.sin(phase)).astype(np.float32)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


TONE = tone(1.0)
LAYOUTS = {
    "mono": [TONE],
    "both": [TONE, TONE],
    "left": [TONE, 0 * TONE],
    "antiphase": [TONE, -TONE],
    "centre of 5.1": [0 * TONE, 0 * TONE, TONE, 0 * TONE, 0 * TONE, 0 * TONE],
    "LFE of 5.1": [0 * TONE, 0 * TONE, 0 * TONE, TONE, 0 * TONE, 0 * TONE],
    "left surround of 5.1": [0 * TONE, 0 * TONE, 0 * TONE, 0 * TONE, TONE, 0 * TONE],
}


def together(table: FeatureTable) -> np.ndarray:
    """Values of the last whole frame."""
    return table.values[0, -2]


class TestLoudness:
    @pytest.mark.parametrize(
        ("layout", "rms", "peak", "momentary"),
        [
            ("mono", -23.01, -20.0, -23.0),
            ("both", -23.01, -20.0, -20.0),
            ("left", -23.01, -20.0, -23.0),
            ("antiphase", -23.01, -20.0, -20.0),
            ("centre of 5.1", -23.01, -20.0, -23.0),
            ("LFE of 5.1", -23.01, -20.0, -100.0),
            ("left surround of 5.1", -23.01, -20.0, -21.5),
        ],
    )
    def test_1_khz_at_minus_20_dbfs(self, layout: str, rms: float, peak: float, momentary: float):
        heard = together(hear(Clip(np.stack(LAYOUTS[layout]), RATE_HZ), descriptors=LEVELS))
        np.testing.assert_allclose(heard, [rms, peak, momentary], atol=0.1)
        if layout != "LFE of 5.1":  # silence has a floor of its own in either measure
            assert heard[2] == pytest.approx(clip_lufs(Clip(np.stack(LAYOUTS[layout]), RATE_HZ)), abs=0.01)

    def test_true_peak_is_the_largest_of_the_channels(self):
        # Tech 3341, cases 15 to 19, each in one channel of a pair whose other one is 6 dB lower.
        for share, amplitude, degrees, dbtp in [
            (4, 0.5, 0.0, -6.0), (4, 0.5, 45.0, -6.0), (6, 0.5, 60.0, -6.0), (8, 0.5, 67.5, -6.0),
            (4, 1.41, 45.0, 3.0),
        ]:  # fmt: skip
            sine = tone(0.5, 20 * np.log10(amplitude), RATE_HZ / share, degrees)
            for pair in ([sine, 0.5 * sine], [0.5 * sine, sine]):
                peak = together(hear(Clip(np.stack(pair), RATE_HZ), descriptors="loudness_true_peak"))[0]
                assert dbtp - 0.4 <= peak <= dbtp + 0.2

    def test_case_6_of_tech_3341(self):
        channels = np.stack([tone(2.0, dbfs) for dbfs in (-28, -28, -24, -200, -30, -30)])
        for sound in (channels, np.delete(channels, 3, axis=0)):  # with and without LFE
            heard = hear(Clip(sound, RATE_HZ), descriptors="loudness_momentary")
            assert together(heard)[0] == pytest.approx(-23.0, abs=0.1)

    def test_case_12_of_tech_3341(self):
        steps = np.concatenate([tone(0.18, -20.0), tone(0.22, -30.0)] * 25)
        heard = hear(Clip(np.stack([steps, steps]), RATE_HZ), descriptors="loudness_momentary")
        after_1_s = heard.values[0, heard.times_s > 1.0, 0][:-1]
        np.testing.assert_allclose(after_1_s, -23.0, atol=0.1)

    @pytest.mark.parametrize("case", range(0, 20, 3))
    def test_case_13_of_tech_3341(self, case: int):
        silence = np.zeros(round(0.02 * case * RATE_HZ), np.float32)
        burst = np.concatenate([silence, tone(0.4, -23.0), np.zeros(RATE_HZ, np.float32)])
        heard = hear(Clip(np.stack([burst, burst]), RATE_HZ), descriptors="loudness_momentary", hop=480)
        assert heard.values.max() == pytest.approx(-23.0, abs=0.1)

    def test_pyloudnorm_agrees_on_stereo(self):
        gain = np.repeat(10 ** np.random.default_rng(1).uniform(-2, 0, 12), RATE_HZ // 2).astype(np.float32)
        sound = noise(2, gain.size) * gain * np.array([[1.0], [0.3]], np.float32)
        theirs = pyloudnorm.Meter(RATE_HZ, filter_class="DeMan").integrated_loudness(
            sound.T.astype(np.float64)
        )
        assert gated_lufs(hear(Clip(sound, RATE_HZ), **BLOCKS)) == pytest.approx(theirs, abs=0.05)

    def test_a_copy_or_a_silent_channel_changes_no_level(self):
        sound = noise(8_000)
        alone = hear(sound, RATE_HZ, ["loudness_rms", "loudness_true_peak"]).values
        for channels in ([sound, sound], [0 * sound, sound, 0 * sound]):
            heard = hear(
                Clip(np.stack(channels), RATE_HZ), descriptors=["loudness_rms", "loudness_true_peak"]
            )
            np.testing.assert_array_equal(heard.values, alone)


BLOCKS = {"descriptors": "loudness_momentary", "window": 4_800, "hop": 4_800}


def gated_lufs(table: FeatureTable) -> float:
    """Integrated loudness from momentary loudness every 100 ms: the two gates of BS.1770."""
    power = 10 ** (table.values[0, 3:, 0].astype(np.float64) / 10)
    power = power[power > 10**-7.0]
    return float(10 * np.log10(power[power > 0.1 * power.mean()].mean()))


class TestChoice:
    @pytest.mark.parametrize("channels", [2, 6, 9])
    def test_left_and_right_are_heard_as_mono_sounds(self, channels: int):
        sound = noise(channels, 5_000)
        for place, which in enumerate(("left", "right")):
            heard = hear(Clip(sound, RATE_HZ), descriptors="all", channels=which)
            alone = hear(sound[place], RATE_HZ, "all")
            assert heard.names == alone.names
            np.testing.assert_array_equal(heard.values, alone.values)

    @pytest.mark.parametrize("channels", [2, 6, 9])
    def test_each_channel_has_columns_of_its_own(self, channels: int):
        sound, names = noise(3, channels, 5_000), ["loudness", "mfcc", "onset_delta"]
        heard = hear(sound, RATE_HZ, names, channels="each")
        plain = hear(sound[:, 0], RATE_HZ, names)
        assert heard.names == tuple(
            f"{one}_{column}" for one in channel_names(channels) for column in plain.names
        )
        assert heard.units == channels * plain.units
        for place, one in enumerate(channel_names(channels)):
            alone = hear(sound[:, place], RATE_HZ, names)
            np.testing.assert_array_equal(heard[f"{one}_loudness"], alone["loudness"])
            np.testing.assert_array_equal(heard[f"{one}_mfcc"], alone["mfcc"])
            np.testing.assert_array_equal(heard[f"{one}_onset_strength_db_delta"], alone["onset_delta"])

    def test_names_of_stereo_columns(self):
        heard = hear(Clip(noise(2, 1_000), RATE_HZ), descriptors="loudness_momentary", channels="each")
        assert heard.names == ("left_loudness_momentary_lufs", "right_loudness_momentary_lufs")

    @pytest.mark.parametrize("sound", [noise(3_000), noise(2, 1, 3_000)])
    def test_mono_is_the_same_mixed_or_each(self, sound: np.ndarray):
        mixed, each = (hear(sound, RATE_HZ, "all", channels=which) for which in ("mix", "each"))
        assert mixed.names == each.names
        np.testing.assert_array_equal(mixed.values, each.values)

    def test_a_batch_is_single_to_the_bit(self):
        batch = noise(30, 3, 8_192)
        for which in ("mix", "right", "each"):
            values = hear(batch, RATE_HZ, "all", channels=which).values
            for i in (0, 11, 29):
                single = hear(Clip(batch[i], RATE_HZ), descriptors="all", channels=which)
                np.testing.assert_array_equal(single.values[0], values[i])

    @pytest.mark.parametrize("which", ["mix", "left", "right", "each"])
    @pytest.mark.parametrize("channels", [2, 6])
    def test_streams_and_files_are_heard_as_the_whole_is(self, tmp_path: Path, which: str, channels: int):
        sound, names = noise(channels, 30_001), ["all", "loudness_delta"]
        whole = hear(Clip(sound, RATE_HZ), descriptors=names, channels=which)
        analyser = StreamAnalyser(RATE_HZ, names, channels=which, n_channels=channels)
        pieces = [analyser.push(sound[:, i : i + 777]) for i in range(0, 30_001, 777)]
        np.testing.assert_array_equal(np.concatenate([*pieces, analyser.flush()]), whole.values[0])
        assert analyser.names == whole.names
        write(tmp_path / "sound.wav", Clip(sound, RATE_HZ))
        tables = list(hear_file(tmp_path / "sound.wav", names, channels=which, block_seconds=0.1))
        np.testing.assert_array_equal(np.concatenate([one.values for one in tables], axis=1), whole.values)
        assert tables[0].names == whole.names

    def test_a_batch_of_streams(self):
        sounds = noise(3, 2, 4_000)
        analyser = StreamAnalyser(RATE_HZ, "loudness", n_channels=2)
        pieces = [analyser.push(sounds[..., i : i + 900]) for i in range(0, 4_000, 900)]
        heard = np.concatenate([*pieces, analyser.flush()], axis=1)
        np.testing.assert_array_equal(heard, hear(sounds, RATE_HZ, "loudness").values)
        assert analyser.flush().shape == (0, 3)

    def test_what_is_not_there_is_refused(self, tmp_path: Path):
        for which in ("centre", "Left", "", 0):
            with pytest.raises(UnknownNameError, match="no choice of channels is called '"):
                hear(TONE, RATE_HZ, "loudness", channels=which)  # type: ignore[arg-type]
        with pytest.raises(UnknownNameError, match="did you mean 'right'"):
            hear_file(tmp_path / "no file is looked for.wav", channels="rigth")
        write(tmp_path / "mono.wav", Clip(TONE, RATE_HZ))
        mono = "only sounds of two channels or more have a {} one; got a mono sound; take its mix"
        for which in ("left", "right"):
            with pytest.raises(UsageError, match=mono.format(which)):
                hear(TONE, RATE_HZ, channels=which)
            with pytest.raises(UsageError, match=mono.format(which)):
                StreamAnalyser(RATE_HZ, "loudness", channels=which)
            with pytest.raises(UsageError, match=mono.format(which)):
                next(hear_file(tmp_path / "mono.wav", channels=which))

    @pytest.mark.parametrize("n_channels", [0, 65, 1.5, "2"])
    def test_a_stream_has_a_sensible_number_of_channels(self, n_channels: object):
        with pytest.raises(UsageError, match="n_channels is a whole number from 1 to 64; got"):
            StreamAnalyser(RATE_HZ, "loudness", n_channels=n_channels)  # type: ignore[arg-type]

    @pytest.mark.parametrize("shape", [(3, 100), (5, 3, 100), (5, 1, 100)])
    def test_a_block_of_other_channels_is_refused(self, shape: tuple[int, ...]):
        analyser = StreamAnalyser(RATE_HZ, "loudness", n_channels=2)
        with pytest.raises(UsageError, match="as many channels as n_channels says, 2; got a block of shape"):
            analyser.push(noise(*shape))
        assert analyser.push(noise(2, 2_048)).shape == (4, 3)


class TestCancelling:
    def test_frames_in_which_the_channels_of_a_mix_cancel_are_counted(self):
        # Half a second of each: in phase, in antiphase, silent, and one channel alone.
        sine, silence = tone(0.5, frequency_hz=440.0), np.zeros(RATE_HZ // 2, np.float32)
        left = np.concatenate([sine, sine, silence, sine])
        right = np.concatenate([sine, -sine, silence, silence])
        clip = Clip(np.stack([left, right]), RATE_HZ)
        heard = hear(clip, descriptors=["loudness", "mfcc"])
        hops_in_antiphase = RATE_HZ // 2 // 512
        # Windows that reach back into the sound in phase do not count: they hear it.
        assert hops_in_antiphase - 4 <= heard.cancelled_frames <= hops_in_antiphase + 4
        analyser = StreamAnalyser(RATE_HZ, ["loudness", "mfcc"], n_channels=2)
        streamed = []
        for first in range(0, clip.frames, 1_000):
            analyser.push(clip.samples[:, first : first + 1_000])
            streamed.append(analyser.cancelled_frames)
        assert sum(streamed) == heard.cancelled_frames
        assert streamed[-1] == 0

    def test_only_a_mix_can_cancel(self):
        clip = Clip(np.stack(LAYOUTS["antiphase"]), RATE_HZ)
        assert hear(clip, descriptors="mfcc").cancelled_frames == len(hear(clip, descriptors="mfcc"))
        assert hear(clip, descriptors="loudness").cancelled_frames == 0
        assert hear(clip, descriptors="mfcc", channels="each").cancelled_frames == 0
        assert hear(clip, descriptors="mfcc", channels="left").cancelled_frames == 0

    @pytest.mark.parametrize("channels", [2, 6, 64])
    def test_wide_sounds_do_not_cancel(self, channels: int):
        one_alone = noise(channels, 20_000) * np.eye(channels, dtype=np.float32)[:, -1:]
        for sound in (noise(channels, 20_000), one_alone):
            assert hear(Clip(sound, RATE_HZ), descriptors="mfcc").cancelled_frames == 0

    def test_a_last_hop_in_antiphase_counts_too(self):
        # What the flush of a stream completes.
        clip = Clip(np.stack([TONE[:300], -TONE[:300]]), RATE_HZ)
        analyser = StreamAnalyser(RATE_HZ, "mfcc", n_channels=2)
        analyser.push(clip.samples)
        assert analyser.cancelled_frames == 0
        analyser.flush()
        assert analyser.cancelled_frames == hear(clip, descriptors="mfcc").cancelled_frames == 1

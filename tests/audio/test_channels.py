"""Layouts, weights of BS.1770, and the order of channels that every format comes in."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tonewright.audio import channel_names, channel_weights, channels_cancel, clip_lufs, read, read_blocks
from tonewright.audio.channels import mix_down
from tonewright.audio.clip import Clip

from .conftest import tone

RATE_HZ = 48_000
FFMPEG_OPUS = Path(__file__).parents[1] / "data" / "surround.opus"
# Vorbis I, section 4.3.9.
VORBIS_ORDER = {
    3: ["left", "centre", "right"],
    4: ["left", "right", "left_surround", "right_surround"],
    5: ["left", "centre", "right", "left_surround", "right_surround"],
    6: ["left", "centre", "right", "left_surround", "right_surround", "lfe"],
    7: ["left", "centre", "right", "left_side", "right_side", "rear_centre", "lfe"],
    8: ["left", "centre", "right", "left_side", "right_side", "left_rear", "right_rear", "lfe"],
}


@pytest.mark.parametrize(
    ("channels", "weights"),
    [
        (1, [1]),
        (2, [1, 1]),
        (3, [1, 1, 1]),
        (4, [1, 1, 1.41, 1.41]),
        (5, [1, 1, 1, 1.41, 1.41]),
        (6, [1, 1, 1, 0, 1.41, 1.41]),
        (7, [1, 1, 1, 0, 1, 1.41, 1.41]),
        (8, [1, 1, 1, 0, 1, 1, 1.41, 1.41]),
        (9, [1] * 9),
    ],
)
def test_weights_are_those_of_bs_1770(channels, weights):
    np.testing.assert_array_equal(channel_weights(channels), weights)
    # One channel after the other at −20 dBFS: the loudness of a layout tells what each weighs.
    sine = tone(1_000, 1.0, RATE_HZ, 0.1)
    for place, weight in enumerate(weights):
        alone = np.zeros((channels, sine.size), np.float32)
        alone[place] = sine
        expected = -23.0 + 10 * np.log10(weight) if weight else -120.0
        assert clip_lufs(Clip(alone, RATE_HZ)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("channels", range(1, 12))
def test_every_channel_has_a_name_of_its_own(channels):
    names = channel_names(channels)
    assert len(set(names)) == channels
    assert channels == 1 or channels > 8 or names[:2] == ("left", "right")
    assert channel_names(11)[::5] == ("channel_01", "channel_06", "channel_11")


def levels(clip):
    """Amplitude of the sine in each channel, in hundredths, by the name of the channel."""
    amplitudes = 100 * np.sqrt(2 * np.mean(np.square(clip.samples[:, 4_800:9_600]), axis=1))
    return dict(zip(channel_names(clip.channels), amplitudes, strict=True))


@pytest.mark.parametrize("encoding", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("channels", [1, 2, *VORBIS_ORDER])
def test_ogg_comes_in_the_order_of_wav(tmp_path, channels, encoding):
    # libsndfile hands samples on in the order in which they are stored, in both directions.
    stored = VORBIS_ORDER.get(channels, channel_names(channels))
    amplitudes = {name: 2.0 * 1.6**place for place, name in enumerate(channel_names(channels))}
    sound = np.stack([tone(60, 0.3, RATE_HZ, amplitudes[name] / 100) for name in stored], axis=1)
    path = tmp_path / "sound.ogg"
    soundfile.write(path, sound, RATE_HZ, format="OGG", subtype=encoding, compression_level=0.0)
    assert levels(read(path)) == pytest.approx(amplitudes, rel=0.25)
    blocks = [block.samples for block in read_blocks(path, block_seconds=0.07)]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), read(path).samples)


def test_surround_that_ffmpeg_encoded_comes_in_the_order_of_wav():
    # A sine of 100 Hz in each channel, in the order of WAV at 5, 10, 15, 20, 25 and 30 % of full scale:
    # ffmpeg -channel_layout 5.1 -i six.wav -c:a libopus -b:a 160k surround.opus
    expected = dict(zip(channel_names(6), [5, 10, 15, 20, 25, 30], strict=True))
    assert levels(read(FFMPEG_OPUS)) == pytest.approx(expected, rel=0.05)


def test_the_mean_of_the_channels(rng):
    sound = rng.standard_normal((3, 4, 50)).astype(np.float32)
    np.testing.assert_allclose(mix_down(sound), sound.mean(axis=1), atol=1e-6)
    np.testing.assert_array_equal(mix_down(sound[0]), Clip(sound[0], RATE_HZ).mono())
    np.testing.assert_array_equal(mix_down(sound[:, :1]), sound[:, 0])


def test_channels_cancel_when_they_sound_and_their_mean_does_not(rng):
    sine = tone(1_000, 0.2, RATE_HZ, 0.1)
    dither = 1e-5 * rng.standard_normal((2, sine.size)).astype(np.float32)
    assert channels_cancel(Clip(np.stack([sine, -sine]) + dither, RATE_HZ))
    assert not channels_cancel(Clip(np.stack([sine, 0 * sine]), RATE_HZ))
    assert not channels_cancel(Clip(np.zeros((2, 100)), RATE_HZ))
    assert not channels_cancel(Clip(sine, RATE_HZ))

import io
import struct

import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip, flac_bytes, info, read, wav_bytes, write
from tonewright.errors import AudioError, OutputError, UnknownNameError, UsageError

ENCODINGS = [(".wav", "float"), (".wav", "pcm24"), (".wav", "pcm16"), (".flac", "pcm24"), (".flac", "pcm16")]
HALF_STEP = {"float": 0.0, "pcm24": 2.0**-24, "pcm16": 2.0**-16}


@pytest.fixture
def clip(rng):
    """Noise over the whole range that PCM holds, on three channels of an odd number of frames."""
    samples = rng.uniform(-1, 1 - 2.0**-15, (3, 70_001)).astype(np.float32)
    samples[:, :2] = -1.0, 0.0
    return Clip(samples, 44_100)


@pytest.mark.parametrize(("ending", "encoding"), ENCODINGS)
def test_round_trip_is_within_half_a_step(tmp_path, clip, ending, encoding):
    path = tmp_path / f"a{ending}"
    write(path, clip, encoding=encoding)
    back = read(path)
    assert back.sample_rate_hz == 44_100
    assert back.samples.shape == clip.samples.shape
    error = np.abs(back.samples.astype(np.float64) - clip.samples)
    assert error.max() <= HALF_STEP[encoding]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("ending", "encoding"), ENCODINGS)
def test_what_was_read_is_written_back_bit_for_bit(tmp_path, clip, ending, encoding):
    first, second = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    write(first, clip, encoding=encoding)
    write(second, read(first), encoding=encoding)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("ending", "subtype"), [(".wav", "FLOAT"), (".WAV", "FLOAT"), (".flac", "PCM_24")])
def test_the_default_encoding_loses_least(tmp_path, clip, ending, subtype):
    write(tmp_path / f"a{ending}", clip)
    assert info(tmp_path / f"a{ending}").subtype == subtype


def test_float_keeps_what_lies_above_full_scale(tmp_path):
    clip = Clip(np.array([1.5, -3.0]), 48_000)
    write(tmp_path / "a.wav", clip)
    np.testing.assert_array_equal(read(tmp_path / "a.wav").samples, clip.samples)


@pytest.mark.parametrize(("ending", "encoding"), ENCODINGS[1:])
def test_pcm_refuses_what_lies_above_full_scale(tmp_path, ending, encoding):
    clip = Clip(np.array([0.0, -1.3]), 48_000)  # 20 log10 1.3 = 2.279
    with pytest.raises(AudioError, match=r"\+2.28 dBFS.*'float'.*lower the level by 2.3 dB"):
        write(tmp_path / f"a{ending}", clip, encoding=encoding)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("ending", "encoding"), ENCODINGS[1:])
def test_full_scale_itself_becomes_the_highest_step(tmp_path, ending, encoding):
    write(tmp_path / f"a{ending}", Clip(np.array([1.0, -1.0]), 48_000), encoding=encoding)
    step = 2 * HALF_STEP[encoding]
    np.testing.assert_array_equal(read(tmp_path / f"a{ending}").samples, [[1 - step, -1.0]])


@pytest.mark.parametrize("encoding", ["float", "pcm24", "pcm16"])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_bytes_are_a_well_formed_file(rng, encoding, channels):
    clip = Clip(rng.uniform(-1, 0.9, (channels, 101)).astype(np.float32), 22_050)
    data = wav_bytes(clip, encoding=encoding)
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    assert len(data) % 2 == 0
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    assert rate == 22_050
    np.testing.assert_allclose(samples.T, clip.samples, rtol=0, atol=HALF_STEP[encoding])
    assert data == wav_bytes(clip, encoding=encoding)


@pytest.mark.parametrize("encoding", ["pcm24", "pcm16"])
@pytest.mark.parametrize("channels", [1, 2])
def test_flac_bytes_are_a_well_formed_file(rng, encoding, channels):
    clip = Clip(rng.uniform(-1, 0.9, (channels, 101)).astype(np.float32), 22_050)
    data = flac_bytes(clip, encoding=encoding)
    assert data.startswith(b"fLaC")
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    assert rate == 22_050
    np.testing.assert_allclose(samples.T, clip.samples, rtol=0, atol=HALF_STEP[encoding])
    assert data == flac_bytes(clip, encoding=encoding)


def test_nothing_is_overwritten_unasked(tmp_path, clip):
    path = tmp_path / "a.wav"
    path.write_text("mine")
    with pytest.raises(OutputError, match="it exists"):
        write(path, clip)
    assert path.read_text() == "mine"
    write(path, clip, overwrite=True)
    assert read(path).frames == clip.frames


def test_an_encoder_that_fails_leaves_nothing(tmp_path, clip, monkeypatch):
    def fail(*_):
        raise soundfile.SoundFileRuntimeError("no space left")

    monkeypatch.setattr(soundfile.SoundFile, "write", fail)
    with pytest.raises(OutputError, match="FLAC encoder failed"):
        write(tmp_path / "a.flac", clip)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "encoding", "error"),
    [
        ("a.mp3", None, UsageError),
        ("a", None, UsageError),
        ("a.wav", "pcm8", UnknownNameError),
        ("a.flac", "float", UnknownNameError),
    ],
)
def test_unknown_endings_and_encodings_are_refused(tmp_path, clip, name, encoding, error):
    with pytest.raises(error):
        write(tmp_path / name, clip, encoding=encoding)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "shape", "rate", "rule"),
    [
        ("a.wav", (1, 0), 48_000, "without frames"),
        ("a.flac", (9, 10), 48_000, "up to 8 channels"),
        ("a.flac", (1, 10), 768_000, "up to 655350 Hz"),
    ],
)
def test_what_does_not_fit_the_format_is_refused(tmp_path, name, shape, rate, rule):
    with pytest.raises(AudioError, match=rule):
        write(tmp_path / name, Clip(np.zeros(shape), rate))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("channels", "rate"), [(8, 192_000), (1, 655_350), (2, 1_000), (1, 11_025)])
def test_flac_holds_odd_rates(tmp_path, channels, rate):
    write(tmp_path / "a.flac", Clip(np.full((channels, 500), 0.25), rate))
    clip = read(tmp_path / "a.flac")
    assert (clip.channels, clip.frames, clip.sample_rate_hz) == (channels, 500, rate)


def test_a_wav_file_has_an_end(tmp_path, clip, monkeypatch):
    monkeypatch.setattr("tonewright.audio.writing._WAV_MOST_BYTES", 100_000)
    with pytest.raises(AudioError, match="ends at 4 GiB; write FLAC or cut it"):
        write(tmp_path / "a.wav", clip)
    assert not list(tmp_path.iterdir())

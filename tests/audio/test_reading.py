import shutil
import struct

import numpy as np
import pytest
import soundfile

from tonewright.audio import info, read, read_blocks
from tonewright.errors import AudioError, UsageError


def truth(path):
    """What soundfile itself decodes in one go, `[channels, frames]`."""
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def test_read_gives_every_sample_of_every_format(sound_file):
    clip = read(sound_file)
    assert clip.sample_rate_hz == 48_000
    assert clip.samples.shape == (2, 96_000)
    assert clip.samples.flags.c_contiguous
    np.testing.assert_array_equal(clip.samples, truth(sound_file))


def test_info_tells_what_read_gives(sound_file):
    about = info(sound_file)
    assert (about.channels, about.frames, about.sample_rate_hz, about.seconds) == (2, 96_000, 48_000, 2.0)
    with soundfile.SoundFile(sound_file) as file:
        assert (about.format, about.subtype) == (file.format, file.subtype)


@pytest.mark.parametrize("block_seconds", [333 / 48_000, 0.75, 10.0])
def test_blocks_together_are_the_whole(sound_file, block_seconds):
    blocks = list(read_blocks(sound_file, block_seconds=block_seconds))
    size = round(block_seconds * 48_000)
    assert all(block.frames == size for block in blocks[:-1])
    assert 0 < blocks[-1].frames <= size
    np.testing.assert_array_equal(np.hstack([block.samples for block in blocks]), truth(sound_file))


@pytest.mark.parametrize(
    ("start_s", "seconds"), [(0.0, 0.3), (0.1, 0.25), (1.5, 0.4), (1.99, 5.0), (1.25, None)]
)
def test_a_part_is_a_slice_of_the_whole(sound_file, start_s, seconds):
    part = read(sound_file, start_s=start_s, seconds=seconds)
    start = round(start_s * 48_000)
    stop = None if seconds is None else start + round(seconds * 48_000)
    np.testing.assert_array_equal(part.samples, truth(sound_file)[:, start:stop])


@pytest.mark.parametrize("name", ["sound.wav", "sound.mp3", "sound.raw", "sound.txt", "sound", "söund\n.x"])
def test_contents_decide_the_format_not_the_name(sound_file, tmp_path, name):
    expected = truth(sound_file)
    renamed = shutil.move(sound_file, tmp_path / name)
    np.testing.assert_array_equal(read(renamed).samples, expected)


@pytest.mark.parametrize("channels", [1, 3, 8, 64])
@pytest.mark.parametrize("rate", [1_000, 11_025, 192_000, 768_000])
def test_any_rate_and_channel_count(tmp_path, rng, rate, channels):
    samples = (0.1 * rng.standard_normal((channels, 500))).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", samples.T, rate, subtype="FLOAT")
    clip = read(tmp_path / "a.wav")
    assert clip.sample_rate_hz == rate
    np.testing.assert_array_equal(clip.samples, samples)


class TestStreamsWithoutALength:
    """Writers to a pipe cannot go back and fill in the length: such files are whole."""

    @pytest.fixture
    def wav(self, tmp_path, noise_clip):
        path = tmp_path / "a.wav"
        soundfile.write(path, noise_clip.samples.T, 48_000, subtype="PCM_16")
        return path

    @pytest.mark.parametrize(
        ("riff_length", "data_length"),
        [
            (0xFFFFFFFF, 0xFFFFFFFF),
            (0x7FFFF024, 0x7FFFF000),
            (0x80000024, 0x80000000),
            (0, 0),
            (8, 0),
            (36, 0),
        ],
        ids=["ffmpeg", "sox", "arecord", "zero", "libsndfile", "header"],
    )
    def test_wav(self, wav, riff_length, data_length):
        expected = truth(wav)
        data = bytearray(wav.read_bytes())
        data[4:8], data[40:44] = struct.pack("<I", riff_length), struct.pack("<I", data_length)
        wav.write_bytes(data)
        assert info(wav).frames == 96_000
        np.testing.assert_array_equal(read(wav).samples, expected)
        np.testing.assert_array_equal(read(wav, start_s=1.5).samples, expected[:, 72_000:])

    def test_flac(self, tmp_path, noise_clip):
        path = tmp_path / "a.flac"
        soundfile.write(path, noise_clip.samples.T, 48_000)
        expected = truth(path)
        data = bytearray(path.read_bytes())
        data[21] &= 0xF0  # STREAMINFO: the 36 bits of the number of frames
        data[22:26] = bytes(4)
        path.write_bytes(data)
        assert info(path).frames == 96_000
        np.testing.assert_array_equal(read(path).samples, expected)
        np.testing.assert_array_equal(read(path, start_s=1.5).samples, expected[:, 72_000:])
        with pytest.raises(AudioError, match="at most 1 s"):
            read(path, max_seconds=1.0)
        with pytest.raises(AudioError, match="no sound from 3"):
            read(path, start_s=3.0)

    def test_a_length_that_counts_the_header_is_forgiven(self, wav):
        data = bytearray(wav.read_bytes())
        data[40:44] = struct.pack("<I", len(data))
        wav.write_bytes(data)
        assert read(wav).frames == 96_000


class TestMp3WithoutInfoHeader:
    """libsndfile would stop early: it guesses the length from the bit rate of the first frame."""

    @pytest.fixture(params=["VARIABLE", "CONSTANT"])
    def files(self, request, tmp_path, rng):
        noise = 0.3 * rng.standard_normal(40_000) * np.linspace(0.01, 1, 40_000)
        whole, bare = tmp_path / "whole.mp3", tmp_path / "bare.mp3"
        soundfile.write(whole, noise, 22_050, bitrate_mode=request.param)
        data = whole.read_bytes()
        bare.write_bytes(data[data.index(data[:2], 4) :])
        return whole, bare

    def test_is_read_to_its_end(self, files):
        whole, bare = (read(path).samples for path in files)
        assert info(files[1]).frames == bare.shape[1] >= whole.shape[1]
        # Without the header the encoder's delay of 576 frames is not known.
        np.testing.assert_allclose(bare[:, 576 : 576 + 39_000], whole[:, :39_000], atol=1e-6)

    def test_tags_around_it_do_not_count(self, files):
        bare = files[1].read_bytes()
        expected = read(files[1]).samples
        id3v2 = b"ID3\x04\0\0" + bytes([0, 0, 1, 5]) + bytes(133)
        files[1].write_bytes(id3v2 + bare + b"TAG" + bytes(125))
        np.testing.assert_array_equal(read(files[1]).samples, expected)

    def test_an_info_header_that_counts_itself_is_believed(self, files):
        data = bytearray(files[0].read_bytes())
        name = max(data.find(b"Xing"), data.find(b"Info"))
        (frames,) = struct.unpack(">I", data[name + 8 : name + 12])
        data[name + 8 : name + 12] = struct.pack(">I", frames + 1)
        files[0].write_bytes(data)
        assert 39_000 < read(files[0]).frames < 42_000

    def test_an_incomplete_last_frame_is_a_cut(self, files):
        files[1].write_bytes(files[1].read_bytes()[:-10])
        with pytest.raises(AudioError, match="cut short"):
            read(files[1])


@pytest.mark.parametrize(
    "wrong",
    [{"start_s": -1.0}, {"start_s": float("nan")}, {"seconds": 0.0}, {"max_seconds": -1.0}, {"start_s": 2.0}],
)
def test_nonsense_times_are_refused(sound_file, wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        read(sound_file, **wrong)


@pytest.mark.parametrize("block_seconds", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_nonsense_blocks_are_refused_at_the_call(sound_file, block_seconds):
    with pytest.raises(UsageError, match="block"):
        read_blocks(sound_file, block_seconds=block_seconds)

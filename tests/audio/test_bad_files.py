"""Every kind of bad input: one line that names the file, the rule and the remedy."""

import struct
import tracemalloc

import numpy as np
import pytest
import soundfile

from tonewright.audio import info, is_silent, read, read_blocks, trim_silence
from tonewright.errors import AudioError


def refusal(path):
    """The message with which all three readers refuse a file."""
    messages = set()
    for reader in (read, read_blocks, info):
        with pytest.raises(AudioError) as caught:
            reader(path)
        messages.add(str(caught.value))
    (message,) = messages
    assert "\n" not in message
    assert path.name in message
    return message


@pytest.fixture
def wav(tmp_path, rng):
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.1 * rng.standard_normal((4_800, 2)), 48_000, subtype="PCM_16")
    return path


def test_missing(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.wav")


def test_folder(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_device(tmp_path):
    (tmp_path / "device.wav").symlink_to("/dev/null")
    assert "is a device" in refusal(tmp_path / "device.wav")


def test_a_name_with_a_line_feed_stays_in_one_line(tmp_path):
    with pytest.raises(AudioError) as caught:
        read(tmp_path / "a\nb.wav")
    assert "\n" not in str(caught.value)


def test_a_name_that_no_file_can_have(tmp_path):
    with pytest.raises(AudioError, match="zero byte"):
        read("a\0b.wav")
    with pytest.raises(AudioError, match="too long"):
        read(tmp_path / ("x" * 300))


def test_empty(tmp_path):
    (tmp_path / "a.wav").touch()
    assert "is empty" in refusal(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("contents", "what"),
    [
        (b"Dear diary,\nno sound today.\n", "is text"),
        (b"MThd\0\0\0\6\0\1\0\1\0\x60", "MIDI"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "MP4 or M4A"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
        (b"\x1aE\xdf\xa3\x01\0\0\0", "Matroska"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "not a sound"),
        (bytes(100), "not a sound"),
        (b"RIFF\x04\0\0\0WAVE", "damaged"),
        (b"fLaC\0\0\0", "damaged"),
        (b"OggS", "cut short"),
    ],
)
def test_no_sound_inside(tmp_path, contents, what):
    path = tmp_path / "a.wav"
    path.write_bytes(contents)
    assert what in refusal(path)


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.97])
def test_cut_short(sound_file, kept):
    data = sound_file.read_bytes()
    sound_file.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(AudioError, match="cut short") as caught:
        read(sound_file)
    assert "\n" not in str(caught.value)
    with pytest.raises(AudioError, match="cut short"):
        list(read_blocks(sound_file))


def test_cut_short_in_the_other_byte_order(wav, rng):
    soundfile.write(wav, 0.1 * rng.standard_normal(4_800), 48_000, subtype="PCM_16", endian="BIG")
    assert read(wav).frames == 4_800
    wav.write_bytes(wav.read_bytes()[:-1_000])
    assert "the last 1000 bytes" in refusal(wav)


@pytest.mark.parametrize("kept", range(1, 44, 3))
def test_cut_inside_the_header(wav, kept):
    wav.write_bytes(wav.read_bytes()[:kept])
    refusal(wav)


def test_no_frames(wav):
    soundfile.write(wav, np.zeros((0, 2)), 48_000)
    assert "length is zero" in refusal(wav)


@pytest.mark.parametrize("rate", [0, 999, 768_001, 2**31 - 1])
def test_absurd_sample_rates(wav, rate):
    data = bytearray(wav.read_bytes())
    data[24:28] = struct.pack("<I", rate)
    wav.write_bytes(data)
    refusal(wav)


def test_more_channels_than_are_read(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((10, 65)), 48_000)
    assert "65 channels" in refusal(path)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (np.nan, "NaN or infinity"),
        (np.inf, "NaN or infinity"),
        (-np.inf, "NaN or infinity"),
        (1e30, "1e\\+30"),
    ],
)
def test_samples_that_are_no_sound(tmp_path, value, fault):
    path = tmp_path / "a.wav"
    samples = np.zeros(1_000, np.float32)
    samples[700] = value
    soundfile.write(path, samples, 48_000, subtype="FLOAT")
    with pytest.raises(AudioError, match=rf"cannot use '.*a.wav': samples .*{fault}"):
        read(path)
    with pytest.raises(AudioError, match="cannot use"):
        list(read_blocks(path, block_seconds=0.01))


def test_a_header_that_promises_days_costs_no_memory(tmp_path, rng):
    path = tmp_path / "a.flac"
    soundfile.write(path, 0.1 * rng.standard_normal(1_000), 48_000)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F  # STREAMINFO: the upper 4 of the 36 bits of the number of frames
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(AudioError, match="more than fits in 2 GiB"):
            read(path)
        with pytest.raises(AudioError, match="cut short"):
            list(read_blocks(path))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


class TestOneHour:
    @pytest.fixture
    def hour(self, tmp_path):
        """An hour of 16-bit mono at 16 kHz: a sparse file of its header and last sample."""
        path = tmp_path / "hour.wav"
        soundfile.write(path, np.zeros(0), 16_000, subtype="PCM_16")
        header = bytearray(path.read_bytes())
        data_bytes = 2 * 16_000 * 3_600
        header[4:8], header[40:44] = struct.pack("<I", 36 + data_bytes), struct.pack("<I", data_bytes)
        with path.open("wb") as file:
            file.write(header)
            file.seek(44 + data_bytes - 2)
            file.write(struct.pack("<h", 16_384))
        return path

    def test_is_read_in_blocks_with_the_memory_of_a_few(self, hour):
        tracemalloc.start()
        try:
            frames, last = 0, 0.0
            for block in read_blocks(hour, block_seconds=10.0):
                frames += block.frames
                last = block.samples[0, -1]
            assert tracemalloc.get_traced_memory()[1] < 5 * block.samples.nbytes
        finally:
            tracemalloc.stop()
        assert (frames, last) == (57_600_000, 0.5)

    def test_is_refused_where_less_is_wanted(self, hour):
        with pytest.raises(AudioError, match=r"lasts 3600.00 s; at most 60 s"):
            read(hour, max_seconds=60.0)

    def test_a_part_of_it_is_read(self, hour):
        clip = read(hour, start_s=3_599.5, max_seconds=60.0)
        assert (clip.frames, clip.samples[0, -1]) == (8_000, 0.5)


def test_ten_milliseconds(wav):
    soundfile.write(wav, np.full(480, 0.5), 48_000)
    clip = read(wav)
    assert clip.frames == 480
    assert trim_silence(clip).frames == 480


def test_silence_is_read_and_told(wav):
    soundfile.write(wav, np.zeros(4_800), 48_000)
    clip = read(wav)
    assert is_silent(clip)
    assert trim_silence(clip).frames == 4_800

"""Several sounds in one file, one after the other: chained Ogg, MP3 after MP3, FLAC after FLAC."""

import struct

import numpy as np
import pytest
import soundfile

from tonewright.audio import info, read, read_blocks
from tonewright.errors import AudioError

RATE_HZ = 44_100
KINDS = {
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "flac": ("FLAC", "PCM_16"),
}


def tone(hz, seconds, rate_hz=RATE_HZ, channels=2):
    sine = 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return np.stack([sine, 0.5 * sine], axis=1)[:, :channels]


def write(path, sound, kind, rate_hz=RATE_HZ):
    container, encoding = KINDS[kind]
    soundfile.write(path, sound, 48_000 if kind == "opus" else rate_hz, format=container, subtype=encoding)
    return path


def joined(tmp_path, parts, between=b""):
    path = tmp_path / "joined"
    path.write_bytes(between.join(part.read_bytes() for part in parts))
    return path


def assert_read_everywhere(path, expected):
    """`info`, `read`, a part and blocks agree on what the file holds."""
    rate_hz = read(path).sample_rate_hz
    np.testing.assert_array_equal(read(path).samples, expected)
    assert info(path).frames == expected.shape[1]
    for start in (1, expected.shape[1] // 6, expected.shape[1] // 2 + 7, expected.shape[1] - 5):
        part = read(path, start_s=start / rate_hz, seconds=0.3)
        np.testing.assert_array_equal(part.samples, expected[:, start : start + round(0.3 * rate_hz)])
    blocks = [block.samples for block in read_blocks(path, block_seconds=0.17)]
    np.testing.assert_array_equal(np.hstack(blocks), expected)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def three(tmp_path, kind):
    """Three sounds of one kind, of different durations."""
    lengths = ((440, 1.0), (660, 0.7), (880, 1.3))
    return [write(tmp_path / f"{hz}", tone(hz, seconds), kind) for hz, seconds in lengths]


def test_every_part_is_read_to_its_end(tmp_path, three):
    expected = np.hstack([read(path).samples for path in three])
    assert expected.shape[1] > 2.9 * RATE_HZ
    assert_read_everywhere(joined(tmp_path, three), expected)


def test_the_same_file_twice(tmp_path, three):
    expected = np.hstack([read(three[0]).samples] * 2)
    assert_read_everywhere(joined(tmp_path, three[:1] * 2), expected)


def test_the_limit_counts_all_parts(tmp_path, three):
    with pytest.raises(AudioError, match="at most 2 s are taken"):
        read(joined(tmp_path, three), max_seconds=2.0)


def test_a_cut_in_the_last_part_is_told(tmp_path, three, kind):
    path = joined(tmp_path, three)
    path.write_bytes(path.read_bytes()[:-2_000])
    with pytest.raises(AudioError, match=r"cut short.*--partial"):
        list(read_blocks(path))
    there = read(path, partial=True).samples
    first = read(three[0]).samples
    np.testing.assert_array_equal(there[:, : first.shape[1]], first)
    assert first.shape[1] < there.shape[1] < 3.0 * read(path, partial=True).sample_rate_hz


@pytest.mark.parametrize(
    ("other", "told"),
    [({"rate_hz": 22_050}, "2 channels at 22050 Hz"), ({"channels": 1}, "1 channel at 44100 Hz")],
)
@pytest.mark.parametrize("kind", ["vorbis", "mp3", "flac"])
def test_parts_of_different_layout_are_refused_with_the_remedy(tmp_path, kind, other, told):
    rate_hz = other.get("rate_hz", RATE_HZ)
    parts = [
        write(tmp_path / "a", tone(440, 1.0), kind),
        write(tmp_path / "b", tone(440, 1.0, rate_hz, other.get("channels", 2)), kind, rate_hz),
    ]
    path = joined(tmp_path, parts)
    for reader in (read, info, read_blocks):
        with pytest.raises(AudioError, match=f"got 2 channels at 44100 Hz, then {told}; split it"):
            reader(path)
    np.testing.assert_array_equal(read(path, partial=True).samples, read(parts[0]).samples)


def id3v2(size):
    return b"ID3\x04\0\0" + bytes([0, 0, size >> 7, size & 0x7F]) + bytes(size)


APE = b"APETAGEX" + struct.pack("<IIII", 2_000, 32 + 8, 1, 0xA0000000) + bytes(8) + b"\xff\xfb" * 20
TAGS = {
    "id3v2": id3v2(300),
    "id3v1": b"TAG" + bytes(125),
    "both": b"TAG" + b"\xff" * 125 + id3v2(4_000),
    "lyrics3": b"LYRICSBEGIN" + b"la " * 30 + b"000101LYRICS200" + b"TAG" + bytes(125),
    "ape": APE,
    "padding": bytes(1_000),
}


class TestMp3:
    @pytest.fixture
    def two(self, tmp_path):
        return [write(tmp_path / f"{hz}", tone(hz, 1.0), "mp3") for hz in (440, 660)]

    @pytest.mark.parametrize("tag", TAGS)
    def test_tags_between_the_parts_are_no_sound(self, tmp_path, two, tag, capfd):
        expected = np.hstack([read(path).samples for path in two])
        assert_read_everywhere(joined(tmp_path, two, TAGS[tag]), expected)
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("tag", ["id3v2", "id3v1", "padding"])
    def test_tags_within_a_stream_without_info_header_are_no_sound(self, tmp_path, two, tag):
        bare = without_info_header(two[0].read_bytes())
        (tmp_path / "bare").write_bytes(bare)
        middle = bare.index(bare[:2], len(bare) // 2)
        (tmp_path / "tagged").write_bytes(bare[:middle] + TAGS[tag] + bare[middle:])
        assert_read_everywhere(tmp_path / "tagged", read(tmp_path / "bare").samples)

    def test_a_part_without_info_header_behind_one_that_has_it(self, tmp_path, two):
        (tmp_path / "bare").write_bytes(without_info_header(two[1].read_bytes()))
        expected = np.hstack([read(two[0]).samples, read(tmp_path / "bare").samples])
        assert_read_everywhere(joined(tmp_path, [two[0], tmp_path / "bare"]), expected)

    def test_six_parts_say_nothing_on_standard_error(self, tmp_path, two, capfd):
        path = joined(tmp_path, two * 3)
        assert read(path).frames == 6 * RATE_HZ
        assert info(path).frames == 6 * RATE_HZ
        assert capfd.readouterr().err == ""

    def test_a_part_that_lost_frames_is_told(self, tmp_path, two):
        data = two[0].read_bytes()
        (tmp_path / "short").write_bytes(data[: data.index(data[:2], len(data) * 3 // 4)])
        with pytest.raises(AudioError, match=r"lacks \d+ of the \d+ frames that its info header promises"):
            read(joined(tmp_path, [tmp_path / "short", two[1]]))

    def test_what_is_no_frame_between_frames_is_told(self, tmp_path, two):
        data = bytearray(two[0].read_bytes())
        middle = data.index(data[:2], len(data) // 2)
        data[middle : middle + 4] = b"junk"
        two[0].write_bytes(data)
        with pytest.raises(
            AudioError, match=r"damaged: \d+ bytes between its frames.*1\.\d+ s that are there"
        ):
            read(joined(tmp_path, two))
        there = read(tmp_path / "joined", partial=True)
        assert 1.9 < there.seconds < 2.0


def without_info_header(data):
    """An MP3 stream from its second frame on."""
    return data[data.index(data[:2], 4) :]


class TestMp2:
    """libsndfile estimates the length of layers 1 and 2, up to a frame too much."""

    def frames(self, count):
        """Silence in layer 2 at 192 kbit/s, 44.1 kHz, stereo: a header, and an allocation of no bits."""
        frames, spare = [], 0
        for _ in range(count):
            padding, spare = divmod(spare + 144 * 192_000 % RATE_HZ, RATE_HZ)
            frames.append(bytes([0xFF, 0xFD, 0xA0 | padding << 1, 0]) + bytes(626 + padding - 4))
        return b"".join(frames)

    @pytest.mark.parametrize("count", [1, 7, 39, 200])
    def test_every_frame_is_read(self, tmp_path, count, capfd):
        (tmp_path / "a.mp2").write_bytes(self.frames(count))
        assert info(tmp_path / "a.mp2").subtype == "MPEG_LAYER_II"
        assert_read_everywhere(tmp_path / "a.mp2", np.zeros((2, 1_152 * count), np.float32))
        assert capfd.readouterr().err == ""

    def test_an_incomplete_last_frame_is_a_cut(self, tmp_path):
        (tmp_path / "a.mp2").write_bytes(self.frames(10)[:-3])
        with pytest.raises(AudioError, match=r"cut short.*the 0\.235 s that are there"):
            read(tmp_path / "a.mp2")
        assert read(tmp_path / "a.mp2", partial=True).frames == 9 * 1_152

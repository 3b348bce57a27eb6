"""WAV, AIFF and their relatives as other programs write them: only the samples matter."""

import io
import struct

import numpy as np
import pytest
import soundfile

from tonewright.audio import info, read, read_blocks
from tonewright.errors import AudioError

RATE_HZ = 44_100
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
PCM, FLOAT, MP2, MP3, EXTENSIBLE = 1, 3, 0x50, 0x55, 0xFFFE


@pytest.fixture
def sound(rng):
    """A tenth of a second in stereo, `[frames, channels]`, exact in 16 bits."""
    return (rng.integers(-8_000, 8_000, (4_410, 2)) / 32_768).astype(np.float32)


def chunk(name, contents, order="<", *, pad=True):
    return name + struct.pack(order + "I", len(contents)) + contents + bytes(pad and len(contents) % 2)


def layout(tag, bits, channels=2, order="<"):
    block = channels * bits // 8
    return struct.pack(order + "HHIIHH", tag, channels, RATE_HZ, RATE_HZ * block, block, bits)


def riff(*chunks, magic=b"RIFF", length=None, order="<"):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(order + "I", len(body) if length is None else length) + body


def pcm16(sound):
    return (sound * 32_768).astype("<i2").tobytes()


def float32(sound):
    return sound.astype("<f4").tobytes()


def assert_read(path, data, sound):
    path.write_bytes(data)
    expected = sound.T
    np.testing.assert_array_equal(read(path).samples, expected)
    np.testing.assert_array_equal(read(path, start_s=0.05).samples, expected[:, 2_205:])
    assert info(path).frames == expected.shape[1]
    np.testing.assert_array_equal(np.hstack([block.samples for block in read_blocks(path)]), expected)


PEAK_OF_ONE_CHANNEL = chunk(b"PEAK", struct.pack("<II fI", 1, 0, 0.5, 7))
OTHERS = {
    "peak of one channel": PEAK_OF_ONE_CHANNEL,
    "peak of nine channels": chunk(b"PEAK", bytes(8 + 9 * 8)),
    "cut peak": chunk(b"PEAK", b"\1\0"),
    "list": chunk(b"LIST", b"INFOINAM" + struct.pack("<I", 5) + b"name\0\0"),
    "list of nonsense": chunk(b"LIST", b"INFO" + b"\xff" * 30),
    "fact": chunk(b"fact", struct.pack("<I", 3)),
    "empty fact": chunk(b"fact", b""),
    "broadcast": chunk(b"bext", b"\xff" * 700),
    "cart": chunk(b"cart", b"\xff" * 40),
    "cues": chunk(b"cue ", struct.pack("<I", 2**31)),
    "sampler": chunk(b"smpl", b"\xff" * 20),
    "instrument": chunk(b"inst", b"\x7f" * 7),
    "odd": chunk(b"junk", b"x" * 33),
    "odd without padding": chunk(b"junk", b"x" * 33, pad=False),
    "empty": chunk(b"JUNK", b""),
    "unknown": chunk(b"\x01\x02\x03\x04", b"x" * 100),
    "id3": chunk(b"id3 ", b"ID3\x04" + b"\xff" * 100),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("encoding", ["pcm", "float"])
def test_other_chunks_do_not_matter(tmp_path, sound, encoding, other):
    form = chunk(b"fmt ", layout(FLOAT, 32) if encoding == "float" else layout(PCM, 16))
    data = chunk(b"data", float32(sound) if encoding == "float" else pcm16(sound))
    extra = OTHERS[other]
    for chunks in ((extra, form, data), (form, extra, data), (form, data, extra), (form, extra, data, extra)):
        assert_read(tmp_path / "a.wav", riff(*chunks), sound)


def test_a_stereo_float_file_with_the_peak_of_one_channel_is_what_libsndfile_refuses(sound):
    """Without this the test above could not fail."""
    data = riff(chunk(b"fmt ", layout(FLOAT, 32)), PEAK_OF_ONE_CHANNEL, chunk(b"data", float32(sound)))
    with pytest.raises(soundfile.SoundFileError):
        soundfile.read(io.BytesIO(data))


def test_the_format_may_follow_the_samples(tmp_path, sound):
    data = riff(chunk(b"data", pcm16(sound)), chunk(b"fmt ", layout(PCM, 16)))
    assert_read(tmp_path / "a.wav", data, sound)


@pytest.mark.parametrize("extra", [b"", b"\0\0", b"\x16\0" + bytes(22), b"\xff\xff" + bytes(30), b"\0"])
def test_a_format_of_any_length(tmp_path, sound, extra):
    data = riff(chunk(b"fmt ", layout(PCM, 16) + extra), chunk(b"data", pcm16(sound)))
    assert_read(tmp_path / "a.wav", data, sound)


@pytest.mark.parametrize("mask", [0, 3, 4, 0x3F, 0xFFFFFFFF])
@pytest.mark.parametrize(("tag", "bits", "encode"), [(PCM, 16, pcm16), (FLOAT, 32, float32)])
def test_extensible(tmp_path, sound, tag, bits, encode, mask):
    form = layout(EXTENSIBLE, bits) + struct.pack("<HHIH", 22, bits, mask, tag) + GUID_TAIL
    assert_read(tmp_path / "a.wav", riff(chunk(b"fmt ", form), chunk(b"data", encode(sound))), sound)
    assert info(tmp_path / "a.wav").format == "WAVEX"


def test_a_format_that_forgot_the_size_of_its_frames(tmp_path, sound):
    form = struct.pack("<HHIIHH", PCM, 2, RATE_HZ, 0, 0, 16)
    assert_read(tmp_path / "a.wav", riff(chunk(b"fmt ", form), chunk(b"data", pcm16(sound))), sound)


def ds64(riff_bytes, data_bytes):
    return chunk(b"ds64", struct.pack("<QQQI", riff_bytes, data_bytes, 0, 0))


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
@pytest.mark.parametrize("lengths", [None, (0, 0), (2**64 - 1, 2**64 - 1)], ids=["told", "zero", "unknown"])
def test_lengths_of_64_bits(tmp_path, sound, magic, lengths):
    samples = pcm16(sound)
    riff_bytes, data_bytes = lengths or (len(samples) + 72, len(samples))
    form = chunk(b"fmt ", layout(PCM, 16))
    data = riff(
        ds64(riff_bytes, data_bytes), form, b"data\xff\xff\xff\xff", samples, magic=magic, length=2**32 - 1
    )
    assert_read(tmp_path / "a.wav", data, sound)
    assert info(tmp_path / "a.wav").format == "RF64"
    if lengths is None:
        (tmp_path / "a.wav").write_bytes(data[:-1_000])
        with pytest.raises(AudioError, match="cut short: it lacks the last 1000 bytes"):
            read(tmp_path / "a.wav")


def test_five_gigabytes_of_samples(tmp_path):
    """A sparse file: only its header and its last frame are written."""
    frames = 5 * 2**30 // 4
    path = tmp_path / "a.wav"
    header = riff(
        ds64(4 * frames + 72, 4 * frames), chunk(b"fmt ", layout(PCM, 16)), magic=b"RF64", length=2**32 - 1
    )
    header += b"data\xff\xff\xff\xff"
    with path.open("wb") as file:
        file.write(header)
        file.seek(len(header) + 4 * frames - 4)
        file.write(struct.pack("<hh", 16_384, -16_384))
    assert info(path).frames == frames
    last = read(path, start_s=(frames - 4_410) / RATE_HZ)
    assert last.frames == 4_410
    np.testing.assert_array_equal(last.samples[:, -1], [0.5, -0.5])


def w64_chunk(name, contents):
    guid = name + bytes.fromhex("f3acd3118cd100c04f8edb8a")
    return guid + struct.pack("<Q", 24 + len(contents)) + contents + bytes(-len(contents) % 8)


@pytest.mark.parametrize(("bits", "encode"), [(32, float32), (16, pcm16)])
@pytest.mark.parametrize("extensible", [False, True])
def test_wave64(tmp_path, sound, bits, encode, extensible):
    """libsndfile reads extensible floats in it as whole numbers."""
    tag = FLOAT if bits == 32 else PCM
    form = layout(tag, bits)
    if extensible:
        form = layout(EXTENSIBLE, bits) + struct.pack("<HHIH", 22, bits, 3, tag) + GUID_TAIL
    body = w64_chunk(b"fmt ", form) + w64_chunk(b"list", b"x" * 13) + w64_chunk(b"data", encode(sound))
    wave = bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
    start = bytes.fromhex("726966662e91cf11a5d628db04c10000")
    data = start + struct.pack("<Q", 40 + len(body)) + wave + body
    assert_read(tmp_path / "a.w64", data, sound)
    assert info(tmp_path / "a.w64").format == "W64"
    (tmp_path / "a.w64").write_bytes(data[:-1_000])
    with pytest.raises(AudioError, match="cut short"):
        read(tmp_path / "a.w64")


class TestMpegInWave:
    @pytest.fixture
    def mp3(self, tmp_path, rng):
        """An MP3 stream without an info header, as such files hold it, and what it decodes to."""
        path = tmp_path / "a.mp3"
        soundfile.write(path, 0.1 * rng.standard_normal((40_000, 2)), RATE_HZ)
        data = path.read_bytes()
        path.write_bytes(data[data.index(data[:2], 4) :])
        return path.read_bytes(), read(path).samples.T

    def wave(self, stream, tag, *, fact=b"", before=b""):
        form = struct.pack("<HHIIHHH", tag, 2, RATE_HZ, 16_000, 1, 0, 12) + struct.pack(
            "<HIHHH", 1, 2, 417, 1, 1_393
        )
        return riff(chunk(b"fmt ", form), fact, before, chunk(b"data", stream))

    @pytest.mark.parametrize(
        "fact", [b"", chunk(b"fact", struct.pack("<I", 50_000))], ids=["no fact", "fact"]
    )
    def test_mp3(self, tmp_path, mp3, fact):
        stream, expected = mp3
        path = tmp_path / "a.wav"
        path.write_bytes(self.wave(stream, MP3, fact=fact, before=OTHERS["list"]))
        assert (info(path).format, info(path).subtype) == ("WAV", "MPEG_LAYER_III")
        assert info(path).frames == len(expected)
        np.testing.assert_array_equal(read(path).samples, expected.T)
        np.testing.assert_array_equal(read(path, start_s=0.4).samples, expected[17_640:].T)

    def test_mp2(self, tmp_path):
        stream = b"".join(bytes([0xFF, 0xFD, 0xA4, 0]) + bytes(572) for _ in range(20))  # silence at 48 kHz
        (tmp_path / "a.wav").write_bytes(self.wave(stream, MP2))
        assert info(tmp_path / "a.wav").subtype == "MPEG_LAYER_II"
        assert read(tmp_path / "a.wav").frames == 20 * 1_152

    def test_a_cut_is_told(self, tmp_path, mp3):
        (tmp_path / "a.wav").write_bytes(self.wave(mp3[0] + bytes(len(mp3[0]) % 2), MP3)[:-900])
        with pytest.raises(AudioError, match="lacks the last 900 bytes that its header promises"):
            read(tmp_path / "a.wav")
        there = read(tmp_path / "a.wav", partial=True)
        assert 0.8 < there.seconds < 0.95
        np.testing.assert_array_equal(there.samples, mp3[1][: there.frames].T)


@pytest.mark.parametrize("subtype", ["MS_ADPCM", "IMA_ADPCM"])
class TestBlocksOfAdpcm:
    """libsndfile reads the last block to its end, beyond the sound."""

    @pytest.fixture
    def wav(self, tmp_path, subtype):
        tone = 0.5 * np.sin(2 * np.pi * 330 * np.arange(5_000) / RATE_HZ)
        path = tmp_path / "a.wav"
        soundfile.write(path, np.stack([tone, -tone], axis=1), RATE_HZ, subtype=subtype)
        return path

    def test_the_number_of_frames_in_the_header_counts(self, wav):
        whole = read(wav).samples
        data = wav.read_bytes()
        at = data.index(b"fact") + 8
        for frames in (whole.shape[1], whole.shape[1] - 1, whole.shape[1] - 400):
            wav.write_bytes(data[:at] + struct.pack("<I", frames) + data[at + 4 :])
            np.testing.assert_array_equal(read(wav).samples, whole[:, :frames])
            assert info(wav).frames == frames

    @pytest.mark.parametrize("nonsense", [0, 1, 2**31])
    def test_a_number_that_cannot_be_is_not_believed(self, wav, nonsense):
        whole = read(wav).samples
        data = wav.read_bytes()
        at = data.index(b"fact") + 8
        wav.write_bytes(data[:at] + struct.pack("<I", nonsense) + data[at + 4 :])
        to_the_end_of_the_last_block = read(wav).samples
        assert to_the_end_of_the_last_block.shape[1] > 6_000
        np.testing.assert_array_equal(to_the_end_of_the_last_block[:, : whole.shape[1]], whole)

    def test_a_last_block_that_is_not_full(self, wav, subtype):
        whole = read(wav).samples
        data = wav.read_bytes()
        at, position = data.index(b"fact") + 8, data.index(b"data")
        (block,) = struct.unpack("<H", data[32:34])
        (frames_in_block,) = struct.unpack("<H", data[38:40])
        kept = block + block // 2
        first = {"MS_ADPCM": 2 + (block // 2 - 14), "IMA_ADPCM": 1 + (block // 2 - 8)}[subtype]
        head = bytearray(data[:position] + b"data" + struct.pack("<I", kept))
        head[4:8], head[at : at + 4] = struct.pack("<I", len(head) + kept - 8), bytes(4)
        wav.write_bytes(head + data[position + 8 : position + 8 + kept])
        clip = read(wav)
        assert clip.frames == frames_in_block + first == info(wav).frames
        np.testing.assert_array_equal(clip.samples, whole[:, : clip.frames])


def aiff(sound, *chunks, kind=b"AIFF", encoding=b"", bits=16, frames=None, length=None, encode=None):
    samples = (sound * 32_768).astype(">i2").tobytes() if encode is None else encode(sound)
    common = struct.pack(">HIH", 2, len(sound) if frames is None else frames, bits)
    common += struct.pack(">HQ", 0x400E, 0xAC44 << 48) + encoding
    parts = {
        b"COMM": chunk(b"COMM", common, ">"),
        b"SSND": b"SSND"
        + struct.pack(">I", 8 + len(samples) if length is None else length)
        + bytes(8)
        + samples,
    }
    body = kind + b"".join(parts.get(one, one) for one in chunks or (b"COMM", b"SSND"))
    return b"FORM" + struct.pack(">I", len(body) if length is None else length) + body


class TestAiff:
    @pytest.mark.parametrize(
        "chunks",
        [
            (b"SSND", b"COMM"),
            (chunk(b"ID3 ", b"ID3" + b"\xff" * 90, ">"), b"COMM", b"SSND"),
            (chunk(b"MARK", b"\xff" * 11, ">"), b"COMM", chunk(b"INST", b"\xff" * 20, ">"), b"SSND"),
            (chunk(b"MARK", b"\xff" * 11, ">", pad=False), b"COMM", b"SSND"),
            (b"COMM", chunk(b"PEAK", b"\xff" * 9, ">"), b"SSND"),
            (b"COMM", b"SSND", chunk(b"APPL", b"\xff" * 9, ">")),
        ],
        ids=["samples first", "id3", "marks", "without padding", "peak", "trailing"],
    )
    def test_other_chunks_do_not_matter(self, tmp_path, sound, chunks):
        assert_read(tmp_path / "a.aiff", aiff(sound, *chunks), sound)

    @pytest.mark.parametrize(
        ("encoding", "bits", "encode"),
        [
            (b"sowt", 16, pcm16),
            (b"fl32", 32, lambda sound: sound.astype(">f4").tobytes()),
            (b"FL32", 32, lambda sound: sound.astype(">f4").tobytes()),
            (b"NONE", 16, None),
        ],
    )
    def test_encodings_of_aifc(self, tmp_path, sound, encoding, bits, encode):
        name = encoding + b"\x0bsome words!"
        data = aiff(sound, kind=b"AIFC", encoding=name, bits=bits, encode=encode)
        assert_read(tmp_path / "a.aifc", data, sound)

    @pytest.mark.parametrize(
        ("frames", "length"), [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x3FFFFFFF, 0x7FFFFFFF)]
    )
    def test_streams(self, tmp_path, sound, frames, length):
        assert_read(tmp_path / "a.aiff", aiff(sound, frames=frames, length=length), sound)

    def test_a_header_that_promises_fewer_frames_than_there_are_bytes(self, tmp_path, sound):
        assert_read(tmp_path / "a.aiff", aiff(sound, frames=4_000), sound[:4_000])


def caf(sound, length, *, extra=b""):
    samples = pcm16(sound)
    layout = struct.pack(">d4sIIIII", RATE_HZ, b"lpcm", 2, 4, 1, 2, 16)
    start = b"caff\0\1\0\0desc" + struct.pack(">q", 32) + layout + extra
    return start + b"data" + struct.pack(">qI", 4 + len(samples) if length is None else length, 0) + samples


@pytest.mark.parametrize("length", [None, -1], ids=["told", "stream"])
@pytest.mark.parametrize("extra", [b"", b"info" + struct.pack(">q", 9) + b"\xff" * 9], ids=["plain", "info"])
def test_caf(tmp_path, sound, length, extra):
    assert_read(tmp_path / "a.caf", caf(sound, length, extra=extra), sound)


def nist(sound):
    text = f"NIST_1A\n   1024\nchannel_count -i 2\nsample_count -i {len(sound)}\nsample_rate -i {RATE_HZ}\n"
    text += "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\nsample_coding -s3 pcm\n"
    text += "end_head\n"
    return text.encode().ljust(1_024) + pcm16(sound)


def au(sound):
    samples = (sound * 32_768).astype(">i2").tobytes()
    return struct.pack(">4sIIIII", b".snd", 24, len(samples), 3, RATE_HZ, 2) + samples


@pytest.mark.parametrize("make", [lambda sound: caf(sound, None), nist, au], ids=["caf", "nist", "au"])
def test_a_cut_is_told_where_libsndfile_says_nothing(tmp_path, sound, make):
    path = tmp_path / "a"
    assert_read(path, make(sound), sound)
    path.write_bytes(make(sound)[:-4_000])
    with pytest.raises(
        AudioError, match=r"lacks the last 4000 bytes .* the 0\.077 s that are there \(--partial"
    ):
        read(path)
    np.testing.assert_array_equal(read(path, partial=True).samples, sound[:-1_000].T)

"""What libsndfile does not know: read by ffmpeg where there is one, and a message where there is none."""

import json
import os
import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from tonewright.audio import info, read, read_blocks
from tonewright.audio.ffmpeg import has_ffmpeg
from tonewright.errors import AudioError

RATE_HZ = 44_100
with_ffmpeg = pytest.mark.skipif(not has_ffmpeg(), reason="needs the programs ffmpeg and ffprobe")

# Names, options of the encoder, and the format and encoding that are told.
FORMATS = {
    "aac.m4a": (["-c:a", "aac"], "MOV", "AAC"),
    "alac.m4a": (["-c:a", "alac"], "MOV", "ALAC"),
    "pcm.mov": (["-c:a", "pcm_s16le"], "MOV", "PCM_S16LE"),
    "aac.aac": (["-c:a", "aac"], "AAC", "AAC"),
    "a.wma": (["-c:a", "wmav2"], "ASF", "WMAV2"),
    "opus.webm": (["-c:a", "libopus"], "MATROSKA", "OPUS"),
    "flac.mka": (["-c:a", "flac"], "MATROSKA", "FLAC"),
    "a.wv": (["-c:a", "wavpack"], "WV", "WAVPACK"),
    "a.tta": (["-c:a", "tta"], "TTA", "TTA"),
    "a.ac3": (["-c:a", "ac3"], "AC3", "AC3"),
    "a.ts": (["-c:a", "aac"], "MPEGTS", "AAC"),
    "a.avi": (["-c:a", "libmp3lame"], "AVI", "MP3"),
    "alac.caf": (["-c:a", "alac"], "CAF", "ALAC"),
    "flac.ogg": (["-c:a", "flac"], "OGG", "FLAC"),
    "speex.ogg": (["-c:a", "libspeex", "-ar", "32000"], "OGG", "SPEEX"),
    "ac3.wav": (["-c:a", "ac3"], "WAV", "AC3"),
}
LOSSLESS = ("alac.m4a", "pcm.mov", "flac.mka", "a.wv", "a.tta", "alac.caf", "flac.ogg")
TELLS_A_CUT = ("aac.aac", "a.wma", "opus.webm", "flac.mka", "a.wv", "a.ac3", "a.avi", "ac3.wav")


@pytest.fixture(scope="module")
def sound():
    """Three seconds of a chord in stereo, exact in 16 bits, `[frames, channels]`."""
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220, 277, 330))
    return (np.stack([chord, 0.5 * chord], axis=1) * 4_000).astype(np.int16)


def encode(path, sound, options, *, video=False):
    source = path.with_name("source.wav")
    soundfile.write(source, sound, RATE_HZ, subtype="PCM_16")
    picture = ["-f", "lavfi", "-i", "color=black:size=64x64:rate=5:duration=3"] if video else []
    command = ["ffmpeg", "-nostdin", "-y", *picture, "-i", str(source), *options, str(path)]
    run = subprocess.run(command, capture_output=True, check=False)
    if run.returncode:
        pytest.skip(f"this ffmpeg lacks the encoder for {path.name}")
    return path


@pytest.fixture(scope="module")
def encoded_once(tmp_path_factory, sound):
    folder = tmp_path_factory.mktemp("encoded")
    return lambda name: (
        folder / name if (folder / name).exists() else encode(folder / name, sound, FORMATS[name][0])
    )


@pytest.fixture(params=FORMATS)
def encoded(request, tmp_path, encoded_once):
    """The sound in a format, in a file that may be damaged."""
    return shutil.copy(encoded_once(request.param), tmp_path / request.param)


def level(samples):
    return np.sqrt(np.square(samples, dtype=np.float64).mean())


@with_ffmpeg
class TestDecoding:
    def test_what_is_read_is_the_sound(self, encoded, sound, capfd):
        clip = read(encoded)
        _, container, encoding = FORMATS[encoded.name]
        about = info(encoded)
        assert (about.format, about.subtype, about.channels) == (container, encoding, 2)
        assert about.frames == clip.frames
        assert clip.seconds == pytest.approx(3.0, abs=0.15)
        middle = clip.samples[:, clip.sample_rate_hz : 2 * clip.sample_rate_hz]
        expected = sound[RATE_HZ : 2 * RATE_HZ].T / 32_768
        for channel in range(2):
            assert level(middle[channel]) == pytest.approx(
                level(expected[channel]), rel=0.1
            )  # codecs change it a little
        if encoded.name in LOSSLESS:
            np.testing.assert_array_equal(clip.samples, sound.T / np.float32(32_768))
        assert capfd.readouterr() == ("", "")

    def test_parts_and_blocks_agree_with_the_whole(self, encoded):
        whole = read(encoded).samples
        rate_hz = info(encoded).sample_rate_hz
        part = read(encoded, start_s=1.25, seconds=0.5).samples
        start = round(1.25 * rate_hz)
        np.testing.assert_array_equal(part, whole[:, start : start + round(0.5 * rate_hz)])
        blocks = [block.samples for block in read_blocks(encoded, block_seconds=0.37)]
        np.testing.assert_array_equal(np.hstack(blocks), whole)

    @pytest.mark.parametrize("encoded", ["alac.m4a"], indirect=True)
    def test_the_name_does_not_matter(self, encoded, tmp_path):
        expected = read(encoded).samples
        for name in ("-i", "http:x.m4a", "a%d b\n.wav", "concat:a|b"):
            shutil.copy(encoded, tmp_path / name)
            np.testing.assert_array_equal(read(tmp_path / name).samples, expected)

    def test_of_a_video_the_sound_is_read(self, tmp_path, sound):
        path = encode(tmp_path / "a.mp4", sound, ["-c:v", "mpeg4", "-c:a", "aac", "-shortest"], video=True)
        assert read(path).seconds == pytest.approx(3.0, abs=0.15)

    def test_a_video_without_sound(self, tmp_path, sound):
        path = encode(tmp_path / "a.mp4", sound, ["-c:v", "mpeg4", "-an"], video=True)
        for reader in (read, info, read_blocks):
            with pytest.raises(AudioError, match="no sound in it"):
                reader(path)

    @pytest.mark.parametrize("encoded", TELLS_A_CUT, indirect=True)
    def test_a_cut_is_told_and_partial_takes_what_is_there(self, encoded):
        whole = read(encoded)
        encoded.write_bytes(encoded.read_bytes()[: encoded.stat().st_size * 6 // 10])
        with pytest.raises(AudioError, match=r"cut short.*--partial") as caught:
            read(encoded)
        assert "\n" not in str(caught.value)
        with pytest.raises(AudioError, match="cut short"):
            list(read_blocks(encoded))
        there = read(encoded, partial=True)
        assert 0.9 < there.seconds < 2.1
        assert info(encoded, partial=True).frames == there.frames
        same = min(there.frames, whole.sample_rate_hz // 2)
        np.testing.assert_array_equal(there.samples[:, :same], whole.samples[:, :same])

    def test_an_mp4_whose_table_was_cut_off_cannot_be_read(self, tmp_path, sound):
        path = encode(tmp_path / "a.m4a", sound, ["-c:a", "aac"])
        path.write_bytes(path.read_bytes()[:-2_000])
        with pytest.raises(AudioError, match=r"an MP4 or M4A file, nor can ffmpeg read it"):
            read(path)

    def test_ffmpeg_ends_when_nobody_reads_on(self, tmp_path, sound):
        path = encode(tmp_path / "a.wv", np.tile(sound, (40, 1)), ["-c:a", "wavpack"])
        before = children()
        blocks = read_blocks(path, block_seconds=0.1)
        next(blocks)
        assert len(children() - before) == 1
        blocks.close()
        assert children() == before
        with pytest.raises(AudioError, match="at most 2 s"):
            read(path, max_seconds=2.0)
        assert children() == before

    def test_what_libsndfile_knows_and_finds_damaged_is_not_tried(self, tmp_path, sound, monkeypatch):
        path = tmp_path / "a.flac"
        soundfile.write(path, sound, RATE_HZ)
        path.write_bytes(path.read_bytes()[:30])
        monkeypatch.setattr("tonewright.audio.ffmpeg.decoded", None)
        with pytest.raises(AudioError, match="damaged"):
            read(path)


def children():
    """Processes that this one has started."""
    tasks = f"/proc/{os.getpid()}/task"
    if not os.path.isdir(tasks):
        pytest.skip("needs Linux's /proc")
    found = set()
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/children") as file:
            found.update(file.read().split())
    return found


@with_ffmpeg
class TestFilesThatNameOthers:
    """Lists and scripts that ffmpeg would follow to other files or addresses."""

    @pytest.fixture
    def secret(self, tmp_path, sound):
        soundfile.write(tmp_path / "secret.wav", sound, RATE_HZ)
        return tmp_path / "secret.wav"

    @pytest.mark.parametrize(
        "text",
        [
            "ffconcat version 1.0\nfile secret.wav\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nsecret.wav\n#EXT-X-ENDLIST\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
            "<?xml version='1.0'?><MPD><Period/></MPD>",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9999 RTP/AVP 0\n",
        ],
    )
    @pytest.mark.parametrize("disguise", ["", "\0"])
    def test_are_refused_at_once(self, secret, tmp_path, text, disguise):
        (tmp_path / "list.m4a").write_text(text + disguise)
        with pytest.raises(AudioError, match=r"is text|not a sound"):
            read(tmp_path / "list.m4a")


class TestWithoutFfmpeg:
    @pytest.fixture(autouse=True)
    def empty_path(self, tmp_path, monkeypatch):
        (tmp_path / "empty").mkdir()
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))

    @pytest.mark.parametrize(
        ("start", "what"),
        [
            (b"\0\0\0\x20ftypM4A \0\0\0\0", "is an MP4 or M4A file, which ffmpeg reads; install ffmpeg"),
            (b"\x1aE\xdf\xa3\x01\0\0\0", "is a Matroska or WebM file, which ffmpeg reads; install ffmpeg"),
            (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "is a Windows Media file, which ffmpeg reads; install"),
            (b"\xff\xf1\x50\x80\x02\x1f\xfc", "is an AAC stream, which ffmpeg reads; install ffmpeg"),
            (b"wvpk\xe0\x10\0\0", "is a WavPack file, which ffmpeg reads; install ffmpeg"),
            (
                b"\x89PNG\r\n\x1a\n\0\0\0\r",
                "not a sound in a known format; give a WAV, AIFF, FLAC, OGG or MP3",
            ),
        ],
    )
    def test_the_message_tells_what_would_help(self, tmp_path, start, what):
        (tmp_path / "a.m4a").write_bytes(start)
        for reader in (read, info, read_blocks):
            with pytest.raises(AudioError, match=what) as caught:
                reader(tmp_path / "a.m4a")
            assert "install ffmpeg" in str(caught.value)
            assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("start", [b"Dear diary", b"MThd\0\0\0\6", b"PK\x03\x04\0", b"%PDF-1.4"])
    def test_ffmpeg_is_not_named_where_it_would_not_help(self, tmp_path, start):
        (tmp_path / "a.wav").write_bytes(start)
        with pytest.raises(AudioError) as caught:
            read(tmp_path / "a.wav")
        assert "install" not in str(caught.value)


PROBE = '{"format": {"format_name": "mov,mp4", "probe_score": 100}, "streams": [{"codec_name": "aac"}]}'
STAND_IN = """\
#!{python}
import json, os, struct, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv) + "\\n")
if os.path.basename(sys.argv[0]) == "ffprobe":
    print({probe!r})
else:
    sys.stdout.buffer.write(struct.pack(">4s5I", b".snd", 28, 2**32 - 1, 6, 8_000, 1) + bytes(4))
    sys.stdout.buffer.write(struct.pack(">4f", 0.25, -0.5, 0.75, -1.0))
    sys.stderr.write({complaint!r})
"""


class TestStandIn:
    """A program in place of ffmpeg shows what it is asked, and what becomes of its answers."""

    @pytest.fixture
    def stand_in(self, tmp_path, monkeypatch):
        def install(probe=PROBE, complaint=""):
            folder = tmp_path / "bin"
            folder.mkdir()
            log = str(tmp_path / "log")
            text = STAND_IN.format(python=sys.executable, log=log, probe=probe, complaint=complaint)
            for name in ("ffmpeg", "ffprobe"):
                (folder / name).write_text(text)
                (folder / name).chmod(stat.S_IRWXU)
            monkeypatch.setenv("PATH", str(folder))
            path = tmp_path / "a sound.m4a"
            path.write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
            return path

        return install

    def test_its_samples_are_taken(self, stand_in):
        clip = read(stand_in())
        assert clip.sample_rate_hz == 8_000
        np.testing.assert_array_equal(clip.samples, [[0.25, -0.5, 0.75, -1.0]])

    def test_it_may_open_the_file_and_nothing_else(self, stand_in, tmp_path):
        path = stand_in()
        read(path)
        for line in (tmp_path / "log").read_text().splitlines():
            words = json.loads(line)
            assert words[words.index("-protocol_whitelist") + 1] == "file"
            formats = words[words.index("-format_whitelist") + 1].split(",")
            assert "mov" in formats
            assert not {"hls", "concat", "dash", "sdp", "image2", "lavfi", "tty"} & set(formats)
            assert f"file:{path}" in words
        assert "-nostdin" in words
        assert "-vn" in words

    @pytest.mark.parametrize("probe", ["", "{}", '{"format": {"probe_score": 1}}', "not json"])
    def test_an_answer_that_makes_no_sense_is_a_refusal(self, stand_in, probe):
        with pytest.raises(AudioError, match="nor can ffmpeg read it"):
            read(stand_in(probe))

    def test_a_complaint_is_a_refusal_unless_a_part_will_do(self, stand_in):
        path = stand_in(complaint="[aac @ 0x1] [error] Invalid data.\n[error] Second line\n")
        with pytest.raises(
            AudioError, match=r"damaged or cut short after 0\.001 s \(Invalid data\); .*--partial"
        ):
            read(path)
        assert read(path, partial=True).frames == 4

    def test_a_promise_that_is_not_kept_is_a_refusal(self, stand_in):
        probe = PROBE.replace('"aac"', '"aac", "duration": "2.5"')
        with pytest.raises(AudioError, match=r"its header promises 2\.500 s"):
            read(stand_in(probe))

import hashlib
import os
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile

from tonewright.audio import read
from tonewright.errors import AudioError, UsageError
from tonewright.matching.preparing import prepare
from tonewright.matching.recording import WHOLE_SECONDS, read_recording

RATE_HZ = 8_000


def tone(seconds):
    return 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


@pytest.fixture
def write_sparse(tmp_path):
    """Write a WAV of 8 kHz that is silent but for tones at given seconds, without writing the silence."""

    def write(total_seconds, tones=()):
        path = tmp_path / "long.wav"
        soundfile.write(path, np.zeros(0), RATE_HZ, subtype="PCM_16")
        header = bytearray(path.read_bytes())
        data_bytes = 2 * RATE_HZ * total_seconds
        header[4:8], header[40:44] = struct.pack("<I", 36 + data_bytes), struct.pack("<I", data_bytes)
        with path.open("wb") as file:
            file.write(header)
            file.truncate(44 + data_bytes)
            for start_s, seconds in tones:
                file.seek(44 + 2 * round(start_s * RATE_HZ))
                file.write((32_767 * tone(seconds)).astype("<i2").tobytes())
        return path

    return write


def test_a_short_file_is_read_whole(tmp_path):
    path = tmp_path / "a tone.wav"
    soundfile.write(path, np.stack([tone(2.0), tone(2.0)], axis=1), RATE_HZ)
    recording = read_recording(path)
    np.testing.assert_array_equal(recording.clip.samples, read(path).samples)
    assert (recording.path, recording.start_s, recording.seconds) == (str(path), 0.0, 2.0)
    assert recording.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_path_is_told_whole(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "tone.wav", tone(0.5), RATE_HZ)
    monkeypatch.chdir(tmp_path)
    assert read_recording("tone.wav").path == os.path.join(os.getcwd(), "tone.wav")


def test_up_to_five_minutes_are_read_whole(write_sparse):
    path = write_sparse(300, [(0.0, 1.0), (299.0, 1.0)])
    np.testing.assert_array_equal(read_recording(path).clip.samples, read(path).samples)


@pytest.mark.parametrize("start_s", [0.0, 29.9, 30.0, 59.5, 1_700.25])
def test_of_an_hour_a_minute_that_sounds_is_read(write_sparse, start_s):
    path = write_sparse(3_600, [(start_s, 3.0), (3_000.0, 1.0)])
    tracemalloc.start()
    try:
        recording = read_recording(path)
        assert tracemalloc.get_traced_memory()[1] < 3 * 4 * WHOLE_SECONDS * RATE_HZ
    finally:
        tracemalloc.stop()
    assert recording.clip.seconds == 60.0
    assert recording.seconds == 3_600.0
    target = prepare(recording.clip)
    assert target.info["matched_seconds"] == pytest.approx(3.0, abs=0.02)
    overview = recording.overview(target.window_s, target.notes.notes, target.taken)
    assert overview.window_s[0] == pytest.approx(max(0.0, start_s - 0.005), abs=0.01)
    assert (overview.seconds, recording.path) == (3_600.0, str(path))
    assert overview.loudest_is_matched
    assert not overview.is_matched_whole


def test_of_an_hour_the_part_that_the_user_names_is_read(write_sparse):
    recording = read_recording(write_sparse(3_600, [(10.0, 3.0), (3_000.0, 1.0)]), start_s=2_999.0)
    assert (recording.start_s, recording.clip.seconds) == (2_999.0, 60.0)
    with pytest.raises(UsageError, match=r"ends at 3600.000 s; the window must begin before; got 3600"):
        read_recording(write_sparse(3_600), start_s=3_600.0)


def test_an_hour_of_silence_is_told_as_silence(write_sparse):
    recording = read_recording(write_sparse(3_600))
    with pytest.raises(AudioError, match="the target is silent"):
        prepare(recording.clip)


def test_what_is_wrong_with_the_file_is_told(tmp_path):
    with pytest.raises(AudioError, match="no such file"):
        read_recording(tmp_path / "none.wav")
    soundfile.write(tmp_path / "a.wav", tone(1.0), RATE_HZ, subtype="PCM_16")
    data = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(data[:-500])
    with pytest.raises(AudioError, match="cut short"):
        read_recording(tmp_path / "a.wav")


def test_a_name_that_is_no_text_is_still_a_name(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.wav")
    try:
        soundfile.write(
            os.fsdecode(path).encode("utf-8", "surrogateescape"), tone(0.5), RATE_HZ, format="WAV"
        )
    except (OSError, soundfile.SoundFileError):
        pytest.skip("this file system takes only UTF-8 names")
    assert read_recording(os.fsdecode(path)).path.endswith(os.sep + "caf\ufffd.wav")

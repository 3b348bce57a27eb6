import struct

import numpy as np
import pytest
import soundfile

from tonewright.audio import Clip, read, write
from tonewright.audio.sampling import sample_bytes
from tonewright.errors import UsageError

SOUND = np.linspace(-0.5, 0.5, 1_001, dtype=np.float32)  # an odd number of bytes at 24 bit


def chunks(wav):
    """The chunks of a WAV file by name; they fill it exactly."""
    assert struct.unpack("<4sI4s", wav[:12]) == (b"RIFF", len(wav) - 8, b"WAVE")
    found, at = {}, 12
    while at < len(wav):
        name, size = struct.unpack("<4sI", wav[at : at + 8])
        found[name] = wav[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(wav)
    return found


def test_it_is_the_wav_file_with_a_note(tmp_path):
    clip = Clip(SOUND, 44_100)
    found = chunks(sample_bytes(clip, 61))
    write(tmp_path / "plain.wav", clip, encoding="pcm24")
    plain = chunks((tmp_path / "plain.wav").read_bytes())
    assert {name: body for name, body in found.items() if name != b"smpl"} == plain
    # manufacturer, product, period in ns, note, its fraction, SMPTE format and offset, loops, more bytes
    assert struct.unpack("<9I", found[b"smpl"]) == (0, 0, 22_676, 61, 0, 0, 0, 0, 0)


def test_a_loop_ends_with_its_last_frame(tmp_path):
    found = chunks(sample_bytes(Clip(SOUND, 48_000), 0, (100, 600)))[b"smpl"]
    assert struct.unpack("<9I", found[:36])[7] == 1
    # name, forwards, first frame, last frame, fraction, times: for ever
    assert struct.unpack("<6I", found[36:]) == (0, 0, 100, 599, 0, 0)


def test_other_programs_read_it(tmp_path):
    (tmp_path / "a.wav").write_bytes(sample_bytes(Clip(SOUND, 44_100), 60, (0, 1_001)))
    assert soundfile.info(tmp_path / "a.wav").subtype == "PCM_24"
    np.testing.assert_allclose(read(tmp_path / "a.wav").samples[0], SOUND, atol=2**-24)


@pytest.mark.parametrize(
    ("note", "loop"), [(128, None), (60.5, None), (60, (-1, 5)), (60, (5, 5)), (60, (0, 1_002))], ids=str
)
def test_what_makes_no_sense_is_refused(note, loop):
    with pytest.raises(UsageError, match="; got "):
        sample_bytes(Clip(SOUND, 44_100), note, loop)

"""`partial=True` takes what is there of a file that was cut short; without it the message tells how much."""

import re

import numpy as np
import pytest
import soundfile

from tonewright.audio import info, read, read_blocks
from tonewright.errors import AudioError, UsageError

from .conftest import FORMATS


@pytest.fixture(params=FORMATS)
def long_file(request, tmp_path, rng):
    """Eight seconds in each format, so that Ogg has pages to lose."""
    container, encoding = FORMATS[request.param]
    path = tmp_path / f"sound.{request.param}"
    sound = 0.1 * rng.standard_normal((8 * 48_000, 2))
    soundfile.write(path, sound, 48_000, format=container, subtype=encoding)
    return path


@pytest.mark.parametrize("kept", [0.3, 0.97])
def test_what_is_there_is_read_everywhere(long_file, kept):
    whole = read(long_file).samples
    data = long_file.read_bytes()
    long_file.write_bytes(data[: int(kept * len(data))])
    there = read(long_file, partial=True).samples
    assert (kept - 0.2) * whole.shape[1] < there.shape[1] < (kept + 0.05) * whole.shape[1]
    settled = there.shape[1] - 4_800  # the last block of a codec is not decoded as in the whole
    np.testing.assert_array_equal(there[:, :settled], whole[:, :settled])
    assert info(long_file, partial=True).frames == there.shape[1]
    blocks = [block.samples for block in read_blocks(long_file, block_seconds=0.3, partial=True)]
    np.testing.assert_array_equal(np.hstack(blocks), there)
    part = read(long_file, start_s=0.5, seconds=1.0, partial=True).samples
    np.testing.assert_array_equal(part, there[:, 24_000:72_000])
    with pytest.raises(AudioError, match="no sound from 8"):
        read(long_file, start_s=8.0, partial=True)


def test_the_refusal_tells_how_much_is_there_and_what_to_do(long_file):
    data = long_file.read_bytes()
    long_file.write_bytes(data[: len(data) // 2])
    there_s = read(long_file, partial=True).seconds
    with pytest.raises(AudioError) as caught:
        read(long_file)
    message = str(caught.value)
    assert message.endswith("(--partial; in Python partial=True)")
    told_s = [float(seconds) for seconds in re.findall(r"(\d+\.\d{3}) s", message)]
    assert min(abs(seconds - there_s) for seconds in told_s) < 0.1


def test_a_whole_file_is_read_as_without_it(long_file):
    np.testing.assert_array_equal(read(long_file, partial=True).samples, read(long_file).samples)
    assert info(long_file, partial=True) == info(long_file)


def test_a_file_of_which_nothing_is_there_is_refused_without_a_promise(long_file):
    long_file.write_bytes(long_file.read_bytes()[:40])
    for partial in (False, True):
        with pytest.raises((AudioError, UsageError)) as caught:
            read(long_file, partial=partial)
        assert "--partial" not in str(caught.value)


def test_damage_in_the_middle_of_flac(tmp_path, rng):
    path = tmp_path / "a.flac"
    soundfile.write(path, 0.1 * rng.standard_normal(96_000), 48_000)
    whole = read(path).samples
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 9_000] = bytes(9_000)
    path.write_bytes(data)
    with pytest.raises(AudioError, match=r"damaged or cut short after 0\.\d+ s .*--partial"):
        read(path)
    there = read(path, partial=True).samples
    assert 36_000 < there.shape[1] < 49_000
    np.testing.assert_array_equal(there, whole[:, : there.shape[1]])

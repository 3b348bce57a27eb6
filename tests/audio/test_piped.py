"""Sounds that come through pipes: read like files, whatever their format."""

import gc
import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tonewright.audio import info, read, read_blocks
from tonewright.audio.piped import PipedSound, readable
from tonewright.errors import AudioError


@pytest.fixture
def through_a_pipe(tmp_path):
    """A named pipe that somebody writes given bytes into, once."""
    writers = []

    def make(data):
        path = tmp_path / "pipe"
        os.mkfifo(path)
        writers.append(threading.Thread(target=path.write_bytes, args=(data,)))
        writers[-1].start()
        return path

    yield make
    for writer in writers:
        writer.join()


@pytest.mark.parametrize("reader", ["read", "info", "blocks"])
def test_a_named_pipe_is_read_once(sound_file, through_a_pipe, reader):
    expected = read(sound_file).samples
    path = through_a_pipe(sound_file.read_bytes())
    if reader == "read":
        np.testing.assert_array_equal(read(path).samples, expected)
    elif reader == "info":
        assert info(path).frames == expected.shape[1]
    else:
        blocks = [block.samples for block in read_blocks(path, block_seconds=0.3)]
        np.testing.assert_array_equal(np.hstack(blocks), expected)


def test_what_is_kept_is_read_as_often_as_needed(sound_file, through_a_pipe):
    expected = read(sound_file)
    sound = readable(through_a_pipe(sound_file.read_bytes()))
    assert isinstance(sound, PipedSound)
    for _ in range(2):
        np.testing.assert_array_equal(read(sound).samples, expected.samples)
        assert info(sound) == info(sound_file)
        assert sum(block.frames for block in read_blocks(sound)) == expected.frames


def test_messages_name_the_pipe_and_not_the_file_it_is_kept_in(tmp_path, through_a_pipe):
    path = through_a_pipe(b"Dear diary")
    with pytest.raises(AudioError, match=rf"'{path}' is text"):
        read(path)
    with pytest.raises(AudioError, match="'standard input' is empty"):
        read(PipedSound(io.BytesIO(), "standard input"))


def test_nothing_is_left_behind(tmp_path, monkeypatch, noise_clip):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    data = io.BytesIO()
    soundfile.write(data, noise_clip.samples.T, 48_000, format="WAV")
    sound = PipedSound(io.BytesIO(data.getvalue()), "pipe")
    assert [path.name for path in tmp_path.iterdir()] == [Path(sound.place).name]
    blocks = read_blocks(sound)
    next(blocks)
    del sound, blocks
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_is_told():
    class Full(io.BytesIO):
        def read(self, size=-1):
            raise OSError(28, "No space left on device")

    with pytest.raises(AudioError, match=r"cannot keep .*'pipe'.*no space left on device; make room there"):
        PipedSound(Full(), "pipe")


@pytest.mark.parametrize("name", ["a.wav", "none.wav", "a\0b", ""])
def test_other_paths_stay_what_they_are(tmp_path, name):
    (tmp_path / "a.wav").touch()
    assert readable(tmp_path / name) == tmp_path / name

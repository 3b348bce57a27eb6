import time

import numpy as np
import pytest
import soundfile

from tonewright.improvising.hearing import HOP
from tonewright.improvising.session import recording
from tonewright.improvising.session.recording import Recorder


def test_both_sides_are_written_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    sides = rng.standard_normal((2, 700, HOP)).astype(np.float32) * 3
    recorder = Recorder(tmp_path)
    for musician, agent in zip(*sides, strict=True):
        recorder.give(musician, agent)
    recorder.close()
    for side, name in zip(sides, recording.SIDES, strict=True):
        written, rate_hz = soundfile.read(tmp_path / f"{name}.wav", dtype="float32")
        assert rate_hz == 44_100
        np.testing.assert_array_equal(written, side.reshape(-1))
    assert (recorder.hops, recorder.dropped, recorder.failure) == (700, 0, None)


def test_a_disk_that_is_too_slow_loses_hops_and_never_makes_anybody_wait(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "_KEPT", 16)
    monkeypatch.setattr(recording, "_PERIOD_S", 10.0)
    recorder = Recorder(tmp_path)
    began_s = time.monotonic()
    for value in range(100):
        recorder.give(*np.full((2, HOP), value, np.float32))
    assert time.monotonic() - began_s < 1.0
    recorder.close()
    assert (recorder.hops, recorder.dropped) == (16, 84)
    written, _ = soundfile.read(tmp_path / "agent.wav")
    assert written[::HOP].tolist() == list(range(16))


def test_a_disk_that_fails_ends_the_recording_and_nothing_else(tmp_path, monkeypatch):
    def full(self, samples):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    monkeypatch.setattr(recording, "_PERIOD_S", 0.01)
    recorder = Recorder(tmp_path)
    for _ in range(5):
        recorder.give(*np.zeros((2, HOP), np.float32))
        time.sleep(0.02)
    recorder.close()
    assert recorder.failure == "no space left on device"


def test_a_folder_that_is_not_there_is_told(tmp_path):
    recorder = Recorder(tmp_path / "nowhere")
    recorder.close()
    assert recorder.failure is not None


@pytest.mark.parametrize("hops", [0, 1])
def test_short_sessions_are_files_too(tmp_path, hops):
    recorder = Recorder(tmp_path)
    for _ in range(hops):
        recorder.give(*np.zeros((2, HOP), np.float32))
    recorder.close()
    assert soundfile.info(tmp_path / "musician.wav").frames == hops * HOP

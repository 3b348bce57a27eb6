"""A JACK server without a sound card, and what stands for a musician on it."""

import time
from ctypes.util import find_library
from importlib.util import find_spec

import numpy as np
import pytest

from tonewright.improvising.hearing import SAMPLE_RATE_HZ

from ...synths.pd.jack import jack_server

RATE_HZ = SAMPLE_RATE_HZ


def tones(*pitches_hz, seconds=0.5, level=0.3):
    """One tone after another, `[n]`."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.concatenate([level * np.sin(2 * np.pi * f * time_s) for f in pitches_hz]).astype(np.float32)


def wait(condition, patience_s=5.0):
    """Wait until something is so."""
    until_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.005)


@pytest.fixture
def jack(monkeypatch):
    """Name of a JACK server without a sound card, which programs that are started find."""
    # PortAudio is for other processes: it ends its own where a server that it found has gone.
    missing = [name for name in ("jack", "sounddevice") if find_spec(name) is None]
    missing += [] if find_library("portaudio") else ["PortAudio: apt-get install libportaudio2"]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    with jack_server() as name:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
        yield name


class Musician:
    """Plays a sound into a session on JACK, and records what comes out of it."""

    def __init__(self, server):
        import jack

        self._client = jack.Client("musician", servername=server, no_start_server=True)
        self._out, self._in = (
            self._client.outports.register("out"),
            self._client.inports.register("in"),
        )
        self._sound, self._at, self._recorded = np.zeros(0, np.float32), 0, []
        self._client.set_process_callback(self._process)
        self._client.activate()

    def _process(self, frames):
        block = np.zeros(frames, np.float32)
        some = self._sound[self._at : self._at + frames]
        block[: len(some)] = some
        self._at += frames
        self._out.get_array()[:] = block
        self._recorded.append(self._in.get_array().copy())

    def connect(self, patience_s=5.0):
        """Connect to the one other program there is."""
        until_s = time.monotonic() + patience_s
        while time.monotonic() < until_s:
            theirs = [
                port for port in self._client.get_ports() if not port.name.startswith(("system", "musician"))
            ]
            ins, outs = ([port for port in theirs if port.is_input is way] for way in (True, False))
            if ins and outs:
                self._client.connect(self._out, ins[0])
                self._client.connect(outs[0], self._in)
                return
            time.sleep(0.05)
        raise AssertionError("nobody else is on JACK")

    def play(self, sound):
        """Play a sound, `[n]`, from now on."""
        self._sound, self._at = sound, 0

    @property
    def heard(self):
        """What came back so far, `[n]`."""
        return np.concatenate(self._recorded) if self._recorded else np.zeros(0, np.float32)

    def close(self):
        self._client.deactivate()
        self._client.close()


@pytest.fixture
def musician(jack):
    one = Musician(jack)
    yield one
    one.close()

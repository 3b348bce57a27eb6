"""A JACK server without a sound card, and what stands for a musician on it."""

import os
import shutil
import signal
import subprocess
import time
from ctypes.util import find_library
from importlib.util import find_spec

import numpy as np
import pytest

from tonewright.improvising.hearing import HOP, SAMPLE_RATE_HZ

RATE_HZ = SAMPLE_RATE_HZ


def tones(*pitches_hz, seconds=0.5, level=0.3):
    """One tone after another, `[n]`."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.concatenate([level * np.sin(2 * np.pi * f * time_s) for f in pitches_hz]).astype(np.float32)


@pytest.fixture(scope="session")
def jack_server(worker_id):
    """Name of a JACK server with the dummy driver, and the process."""
    missing = [name for name in ("jackd", "jack_lsp") if shutil.which(name) is None]
    # PortAudio is for other processes: it ends its own where a server that it found has gone.
    missing += [name for name in ("jack", "sounddevice") if find_spec(name) is None]
    missing += [] if find_library("portaudio") else ["PortAudio"]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install jackd2 libportaudio2")
    name = f"tonewright-{worker_id}"
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = name
    server = start_server(name)
    yield name, server
    server.send_signal(signal.SIGTERM)
    server.wait(10)
    if before is None:
        del os.environ["JACK_DEFAULT_SERVER"]
    else:
        os.environ["JACK_DEFAULT_SERVER"] = before


def start_server(name):
    """Start a JACK server, and wait until it answers."""
    server = subprocess.Popen(
        ["jackd", "-n", name, "--no-realtime", "-d", "dummy", "-r", str(RATE_HZ), "-p", str(HOP)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(100):
        if subprocess.run(["jack_lsp", "-s", name], capture_output=True).returncode == 0:
            return server
        time.sleep(0.1)
    server.kill()
    raise AssertionError("the JACK server does not answer")


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
def musician(jack_server):
    one = Musician(jack_server[0])
    yield one
    one.close()

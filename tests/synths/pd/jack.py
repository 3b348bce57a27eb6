"""A JACK server for tests, of their own, and what records from it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import numpy as np
import pytest

RATE_HZ, PERIOD = 44_100, 256
NAMES = tuple(f"tonewright-test-{number}" for number in range(1, 6))
_PROGRAMS = ("jackd", "jack_lsp", "jack_connect")
_MISSING = [name for name in _PROGRAMS if not shutil.which(name)]
with_jack = pytest.mark.skipif(
    bool(_MISSING), reason=f"needs {', '.join(_MISSING)}: apt-get install jackd2 (jack-example-tools)"
)

_RECORDER = """
import json, os, subprocess, sys, time
import numpy as np, sounddevice
seconds, source, out = float(sys.argv[1]), sys.argv[2], sys.argv[3]
device = next(i for i, one in enumerate(sounddevice.query_devices()) if one["name"] == "system")
blocks, times = [], []
def take(heard, frames, _, status):
    times.append((len(blocks), time.monotonic()))
    blocks.append(heard[:, 0].copy())
quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
with sounddevice.InputStream(44100, 256, device, 1, "float32", callback=take):
    print("ready", flush=True)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        subprocess.run(["jack_connect", source, "PortAudio:in_0"], **quiet)
        time.sleep(0.05)
np.save(out, np.concatenate(blocks))
json.dump([at for _, at in times], open(out + ".json", "w"))
"""


@contextmanager
def jack_server(name=None, rate_hz=RATE_HZ, period=PERIOD):
    """A server with a sound card that does not exist; its name, of `NAMES` unless given.

    JACK knows eight names, dead ones included until they are used again; hence always the same ones.
    """
    process, name = started([name] if name else NAMES, rate_hz, period)
    try:
        yield name
    finally:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:  # JACK 1.9.21 hangs at its end now and then
            process.kill()
            process.wait()


def started(names, rate_hz=RATE_HZ, period=PERIOD):
    """A server that answers, of the first name that no other has."""
    options = f"--no-realtime --port-max 64 -d dummy -r {rate_hz} -p {period}".split()
    for name in names:
        if ports(name):
            continue
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                ["jackd", "-n", name, *options], stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            deadline = time.monotonic() + 5
            while process.poll() is None and time.monotonic() < deadline:
                if ports(name):
                    return process, name
                time.sleep(0.05)
            process.kill()
            process.wait()
            said.seek(0)
            if b"Too many servers" in said.read():
                pytest.skip(
                    "needs a JACK that is not full of dead servers: remove /dev/shm/jack-shm-registry"
                )
    raise AssertionError(f"jackd does not start as any of {names}")


def ports(name):
    """The ports of a server."""
    listed = subprocess.run(
        ["jack_lsp"], env=os.environ | {"JACK_DEFAULT_SERVER": name}, capture_output=True, text=True
    )
    return [line for line in listed.stdout.splitlines() if ":" in line] if listed.returncode == 0 else []


class Recording:
    """What came from a port of a server while this was open.

    Attributes:
        samples: `[n]` at 44.1 kHz; silence while the port is not there.
        times_s: `[blocks]` when each block of 256 came, by `time.monotonic`.
    """

    def __init__(self, folder, name, seconds, source="tonewright:output_1"):
        self._out = str(folder / f"recording-{time.monotonic_ns()}.npy")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _RECORDER, str(seconds), source, self._out],
            env=os.environ | {"JACK_DEFAULT_SERVER": name},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self._process.stdout.readline() != "ready\n":
            said = self._process.communicate()[1]
            if "StopIteration" in said or "PortAudio" in said or "No module" in said:
                pytest.skip("needs sounddevice and a PortAudio that knows JACK: " + said.strip()[-80:])
            raise AssertionError(said)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if failure[0] is not None:
            self._process.send_signal(signal.SIGKILL)
        said = self._process.communicate(timeout=30)[1]
        if failure[0] is None:
            assert self._process.returncode == 0, said
            self.samples = np.load(self._out)
            with open(self._out + ".json") as file:
                self.times_s = np.array(json.load(file))

    def between(self, begin_s, end_s):
        """The samples of a span of `time.monotonic`, within a period or two."""
        first, last = np.searchsorted(self.times_s, (begin_s, end_s))
        return self.samples[PERIOD * first : PERIOD * last]

    def after_s(self, begin_s, sample, before_s):
        """How long after a moment a sample came, of those from some time before that moment on."""
        first = np.searchsorted(self.times_s, begin_s - before_s)
        return self.times_s[first + sample // PERIOD] - begin_s

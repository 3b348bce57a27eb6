import math
import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.cli import progress
from tonewright.cli.main import main
from tonewright.learning import runs
from tonewright.synths.serum_lite.factory import factory_presets

RATE_HZ = 16_000
MAIN = """
import math
from tonewright.cli import progress
from tonewright.cli.main import main
progress.SECONDS_BETWEEN_LINES = math.inf  # however slow the machine is
main()
"""


@pytest.fixture(autouse=True)
def _however_slow(monkeypatch):
    """What is done after a time is done by no test that does not ask for it."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", math.inf)
    monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", math.inf)


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys):
    """Run a command line in this process."""

    def run_words(*words):
        capsys.readouterr()
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code or 0
        return Outcome(code, *capsys.readouterr())

    return run_words


@pytest.fixture
def refuse(run, tmp_path):
    """Run a command line that cannot be carried out; its one line of complaint, without the name before it.

    Nothing may come into being or change in `tmp_path`.
    """

    def everything():
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        return {path: path.stat().st_mtime_ns for path in files} | dict.fromkeys(tmp_path.rglob("*"))

    def refused(*words, code):
        before = everything()
        outcome = run(*words)
        assert outcome.code == code, outcome
        assert outcome.out == ""
        assert outcome.err.startswith("tonewright: ")
        assert outcome.err.endswith("\n")
        assert outcome.err.count("\n") == 1
        assert everything() == before
        return outcome.err.removeprefix("tonewright: ").rstrip("\n")

    return refused


@pytest.fixture
def process():
    """Run a command line, or other code, in a process of its own."""

    def run_words(*words, code=MAIN, **settings):
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            timeout=580,  # enough to compile everything on a fresh machine that is busy
            **settings,
        )

    return run_words


@pytest.fixture(scope="session")
def sound():
    """A quarter of a second of harmonics of 220 Hz that die away, `[frames]` float32."""
    time_s = np.arange(RATE_HZ // 4) / RATE_HZ
    harmonics = sum(np.sin(2 * np.pi * 220 * n * time_s) / n for n in range(1, 8))
    return (0.3 * harmonics * np.exp(-6 * time_s)).astype(np.float32)


@pytest.fixture
def wav(tmp_path, sound):
    path = tmp_path / "sound.wav"
    write(path, Clip(sound, RATE_HZ))
    return path


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "preset.json"
    factory_presets()[5].save(path)
    return path

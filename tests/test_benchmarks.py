"""The scripts in `benchmarks/` tell what they do before they do it."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SCRIPTS = sorted(
    path
    for path in [*BENCHMARKS.glob("*.py"), *BENCHMARKS.glob("improvising/*.py")]
    if '__name__ == "__main__"' in path.read_text("utf-8")
)


def test_there_are_some():
    assert len(SCRIPTS) >= 7


def written():
    """When each file was written last, but for what Python compiles."""
    files = (path for path in BENCHMARKS.rglob("*") if "__pycache__" not in path.parts)
    return {path: path.stat().st_mtime_ns for path in files}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_help_measures_and_writes_nothing(script):
    before = written()
    done = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {script.name} [-h]")
    assert len(done.stdout.splitlines()) > 4
    wrong = subprocess.run([sys.executable, script, "--wrong"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "unrecognized arguments: --wrong" in wrong.stderr
    assert written() == before

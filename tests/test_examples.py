"""The scripts in `examples/` do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tonewright.audio import read
from tonewright.features import hear
from tonewright.learning.runs import read_metrics
from tonewright.synths import load_preset

EXAMPLES = Path(__file__).parent.parent / "examples"
PATIENCE_S = 400  # a fresh machine compiles first


def run(script, *options):
    """What an example prints."""
    command = [sys.executable, EXAMPLES / script, *options]
    utf8 = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=PATIENCE_S, env=utf8)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_match_a_sound(tmp_path):
    printed = run("match_a_sound.py", EXAMPLES / "sounds" / "bass.flac", "-o", tmp_path, "--renders", "200")
    similarity = int(re.search(r"similarity (\d+) of 100 after 200 renders", printed)[1])
    assert similarity > 60
    assert re.search(r"^note C2", printed, re.M)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lower.wav", "preset.json", "report.html"]
    preset = load_preset(tmp_path / "preset.json")
    assert len(re.findall(r"^  \w+ ", printed, re.M)) == len(preset.controls) == 24
    lower = hear(read(tmp_path / "lower.wav"), descriptors=["pitch"])["pitch_f0_hz"]
    heard = lower[lower > 0]
    assert (heard < 60).mean() > 0.5  # C1 is 33 Hz, C2 65 Hz


def test_hear_a_stream_shows_every_note_that_is_played():
    *lines, last = run("hear_a_stream.py", "--fast").splitlines()
    assert re.match(r"413 frames in blocks of 1024 samples", last)
    assert sum(line.endswith("onset") for line in lines) == 8
    shown = [re.search(r"([A-G]\d) +([\d.]+) Hz$", line) for line in lines]
    assert [found[1] for found in shown if found] == ["C2", "C3", "G3", "E4", "C5", "C6", "C7", "C8"]
    for begins, found in zip(0.6 * np.arange(8), filter(None, shown), strict=True):
        assert begins < float(found.string.split()[0]) < begins + 0.1
    assert float(shown[-1][2]) == pytest.approx(4_186, rel=0.015)


def test_hear_a_stream_of_a_file():
    bass = EXAMPLES / "sounds" / "bass.flac"
    few = run("hear_a_stream.py", bass, "--fast").splitlines()
    assert len(few) == 3
    assert few[0].endswith("onset")
    assert re.search(r"C2 +6\d\.\d Hz$", few[1])
    *lines, last = run("hear_a_stream.py", bass, "--block", "1000", "--fast", "--every-frame").splitlines()
    assert len(lines) == 66_150 // 512
    assert re.match(r"129 frames in blocks of 1000 samples \(22\.7 ms\); the slowest took", last)
    assert "onset" in lines[0]
    levels = [float(re.search(r"(-?[\d.]+) dBFS", line)[1]) for line in lines]
    expected = hear(read(bass), descriptors=["loudness_rms"]).values[0, :, 0]
    assert levels == pytest.approx(expected[: len(levels)].tolist(), abs=0.051)


def test_train_your_own_synth(tmp_path):
    pytest.importorskip("torch")
    printed = run("train_your_own_synth.py", "-o", tmp_path / "run", "--quick")
    losses = {
        method: float(loss)
        for method, loss in re.findall(r"^([a-z-]+): loss ([\d.]+) after 200 renders", printed, re.M)
    }
    assert losses["agent"] < losses["random"]
    assert len(re.findall(r"^agent: update \d+, loss [\d.]+$", printed, re.M)) == 2
    last = read_metrics(tmp_path / "run" / "agent")[-1]
    assert last["evaluation/loss"] < 0.8 * last["evaluation/random_loss"]
    networks = sorted(path.name for path in (tmp_path / "run" / "networks").iterdir())
    assert networks == ["agent.json", "agent.onnx"]
    assert "two-operators" in (tmp_path / "run" / "preset.json").read_text("utf-8")
    assert (tmp_path / "run" / "report.html").stat().st_size > 50_000

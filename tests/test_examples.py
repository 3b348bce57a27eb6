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
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
BASS = EXAMPLES / "sounds" / "bass.flac"
PATIENCE_S = 580  # a fresh machine compiles first
UTF8 = {**os.environ, "PYTHONIOENCODING": "utf-8"}


def outcome(script, *options):
    """The process of an example that has ended."""
    command = [sys.executable, EXAMPLES / script, *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=PATIENCE_S, env=UTF8)


def run(script, *options):
    """What an example prints."""
    done = outcome(script, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def complaint(script, *options, code=1):
    """The one line in which an example ends."""
    done = outcome(script, *options)
    assert done.returncode == code
    assert done.stderr.startswith("tonewright: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("tonewright: ").rstrip()


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


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_each_has_help(script):
    assert run(script.name, "--help").startswith(f"usage: {script.name} ")


@pytest.mark.parametrize("script", ["match_a_sound.py", "hear_a_stream.py"])
def test_a_sound_that_is_missing(tmp_path, script):
    missing = tmp_path / "missing.wav"
    options = ["-o", tmp_path / "out"] if script == "match_a_sound.py" else []
    assert complaint(script, missing, *options) == (
        f"cannot read '{missing}': no such file or directory; check the path"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    told = complaint("match_a_sound.py", BASS, "-o", tmp_path / "file")
    assert told == f"cannot write to '{tmp_path}/file': it is not a folder; choose another name"
    told = complaint("match_a_sound.py", BASS, "-o", tmp_path / "file" / "out")
    assert told == f"cannot write '{tmp_path}/file/out': not a directory; choose another place"


def test_a_second_match_replaces_the_first(tmp_path):
    for _ in range(2):
        run("match_a_sound.py", BASS, "-o", tmp_path / "out", "--renders", "10")
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_second_training_leaves_the_first_alone(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "run" / "agent").mkdir(parents=True)
    (tmp_path / "run" / "agent" / "config.json").write_text("of the first")
    told = complaint("train_your_own_synth.py", "-o", tmp_path / "run", "--quick")
    assert told.startswith(f"'{tmp_path}/run/agent' is not empty, and a run begins in a folder of its own; ")
    assert (tmp_path / "run" / "agent" / "config.json").read_text() == "of the first"
    (tmp_path / "file").touch()
    told = complaint("train_your_own_synth.py", "-o", tmp_path / "file", "--quick")
    assert told.startswith("not a directory: ")


def test_options_that_make_no_sense(tmp_path):
    assert complaint("hear_a_stream.py", BASS, "--block", "0", code=2) == (
        "--block is a whole number from 1; got 0"
    )
    words = ["-o", tmp_path / "out", "--renders", "0"]
    assert complaint("match_a_sound.py", BASS, *words, code=2).startswith("renders is a whole number from 1;")


def test_a_reader_that_has_seen_enough():
    command = [sys.executable, EXAMPLES / "hear_a_stream.py", BASS, "--fast"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=UTF8)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(PATIENCE_S) == 1
    process.stderr.close()

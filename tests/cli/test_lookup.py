"""`tonewright lookup build`: what it writes, what it tells, and what it refuses."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from tonewright.cli.lookup import LookupBuild
from tonewright.improvising.hearing import DESCRIPTORS
from tonewright.improvising.lookup import building
from tonewright.improvising.lookup.files import read_table
from tonewright.improvising.lookup.table import DEFAULT_SECONDS


@pytest.fixture
def build(run):
    def run_build(*words):
        return run("lookup", "build", "--synth", "sine", *words)

    return run_build


def test_table_and_summary(build, tmp_path):
    path = tmp_path / "my #1 table.v2.parquet"
    done = build("--grid", 5, "--seconds", 0.5, "-o", path)
    assert (done.code, done.err) == (0, "")
    table = read_table(path)
    assert (table.grid, table.synth.name, len(table.columns)) == ((5, 5), "sine", 66)
    lines = done.out.splitlines()
    assert lines[0] == f"wrote {path}"
    assert lines[1].startswith("sine, version 1: 25 points (5 × 5) of 500 ms, in ")
    assert lines[2:] == [
        "controls: frequency_hz, amplitude",
        "columns: 66 of 19 descriptors, mean and spread",
        "silent: 5 points",
        *(
            f"{name}: {low:,.5g} to {high:,.5g} {unit}"
            for name, unit in (
                ("loudness_rms_dbfs", "dBFS"),
                ("loudness_momentary_lufs", "LUFS"),
                ("spectral_centroid_hz", "Hz"),
                ("pitch_f0_hz", "Hz"),
            )
            for values in [table.means[table.sounding > 0][:, table.columns.index(name)]]
            for there in [
                values[values > 0] if name == "pitch_f0_hz" else values
            ]  # 5,120 Hz is too high for one
            for low, high in [(there.min(), there.max())]
        ),
    ]


def test_json_tells_the_same(build, tmp_path):
    path = tmp_path / "t.parquet"
    done = build("--sobol", 20, "-d", "loudness_rms,pitch_f0", "--seed", 4, "-o", path, "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert told["files"] == [str(path)]
    assert (told["points"], told["silent_points"], told["layout"], told["grid"]) == (24, 2, "sobol", [])
    assert told["controls"] == ["frequency_hz", "amplitude"]
    assert told["columns"] == ["loudness_rms_dbfs", "pitch_f0_hz"]
    assert told["idle_controls"] == []
    table = read_table(path)
    pitches = table.means[:, 1][table.means[:, 1] > 0]
    assert told["reach"]["pitch_f0_hz"] == pytest.approx([pitches.min(), pitches.max()])
    assert table.seed == 4


def test_defaults_are_those_of_the_function():
    assert LookupBuild.seconds == DEFAULT_SECONDS
    assert LookupBuild.descriptors == DESCRIPTORS


def test_grid_of_other_values_for_each_control(build, tmp_path):
    assert build("--grid", 6, 2, "-d", "loudness_rms", "-o", tmp_path / "t.parquet").code == 0
    assert read_table(tmp_path / "t.parquet").grid == (6, 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "t.csv"), "a table ends in .parquet; got 't.csv'"),
        (("-o", "t.parquet", "--grid", "3", "--sobol", "9"), "got grid=3 and sobol=9; drop one"),
        (("-o", "t.parquet", "--grid", "3", "4", "5"), "one for each of 2; got 3 numbers"),
        (("-o", "t.parquet", "--grid", "0"), "takes a whole number from 1; got '0'"),
        (("-o", "t.parquet", "--seconds", "0.1"), "seconds is a number from 0.46"),
        (("-o", "t.parquet", "-d", "mfc"), "did you mean 'mfcc'?"),
    ],
)
def test_what_makes_no_sense_is_refused(refuse, monkeypatch, tmp_path, words, told):
    monkeypatch.chdir(tmp_path)
    assert told in refuse("lookup", "build", "--synth", "sine", *words, code=2)


def test_unknown_synth_is_refused(refuse, tmp_path):
    complaint = refuse("lookup", "build", "--synth", "sign", "-o", tmp_path / "t.parquet", code=2)
    assert complaint == "no synth is called 'sign'; did you mean 'sine'?"


def test_missing_pyarrow_is_told(refuse, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    complaint = refuse("lookup", "build", "--synth", "sine", "-o", tmp_path / "t.parquet", code=2)
    assert complaint.startswith("a lookup table needs pyarrow; ")
    assert complaint.endswith("'.[parquet]'")


STOPPED = """
import sys
from tonewright.improvising.lookup import building
from tonewright.synths.sine import Sine

class Stuck(Sine):
    begun = False

    def render(self, params, *rest):
        if self.begun:
            print("stuck", flush=True)
            sys.stdin.read()
        self.begun = True
        return super().render(params, *rest)

building._PIECE_POINTS = 4
building.synth = lambda name, rate: Stuck()
from tonewright.cli.main import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_build_tells_what_is_kept_and_the_same_command_goes_on(
    build, tmp_path, stop, code, monkeypatch
):
    path = tmp_path / "t.parquet"
    words = ["lookup", "build", "--synth", "sine", "--grid", "3", "-d", "loudness_rms", "-o", str(path)]
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "stuck\n"
    process.send_signal(stop)
    out, err = process.communicate()
    assert (process.returncode, out) == (code, "")
    assert err == (
        f"tonewright: interrupted: 4 of 9 points are kept in '{path}.partial', and the same request goes on "
        "from there\n"
    )
    monkeypatch.setattr(building, "_PIECE_POINTS", 4)
    assert build("--grid", 3, "-d", "loudness_rms", "-o", path).code == 0
    assert np.isfinite(read_table(path).means).all()
    assert [one.name for one in tmp_path.iterdir()] == ["t.parquet"]

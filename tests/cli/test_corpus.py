import json

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.cli.corpus import CorpusAnalyse, CorpusShow
from tonewright.improvising.corpus.files import read_contents
from tonewright.improvising.corpus.splitting import DEFAULT_SHARES
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING
from tonewright.improvising.lookup.files import write_table
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.improvising.reach.comparing import THRESHOLD

QUICK = ("-d", "loudness_rms,pitch_f0,spectral_centroid")


@pytest.fixture
def takes(tmp_path, sound):
    folder = tmp_path / "takes"
    for number in range(4):
        write(folder / f"take {number}.wav", Clip(sound[: 4_000 - 500 * number], 16_000))
    return folder


@pytest.fixture
def corpus(run, takes, tmp_path):
    path = tmp_path / "corpus.parquet"
    assert run("corpus", "analyse", takes, "-o", path, *QUICK).code == 0
    return path


@pytest.fixture
def table(tmp_path):
    """Three points: a frame of the takes, one that is far from all, and silence."""
    means = np.array([[-15, 220, 600], [-3, 5_000, 20_000], [-120, 0, 0]], np.float32)
    path = tmp_path / "table.parquet"
    write_table(
        path,
        LookupTable(
            SynthIdentity("mine", 1, ("frequency_hz",)), FRAMING, 0.5, "grid", (3,),
            ("loudness_rms", "pitch_f0", "spectral_centroid"),
            ("loudness_rms_dbfs", "pitch_f0_hz", "spectral_centroid_hz"),
            np.array([[0], [0.5], [1]], np.float32), means, np.zeros_like(means), ("dBFS", "Hz", "Hz"),
            np.array([1, 1, 0], np.float32),
        ),
    )  # fmt: skip
    return path


def test_defaults_are_those_of_the_functions():
    fields = CorpusAnalyse.__dataclass_fields__
    assert fields["descriptors"].default == DESCRIPTORS
    assert fields["split"].default == DEFAULT_SHARES
    assert CorpusShow.__dataclass_fields__["threshold"].default == THRESHOLD


def test_analyse_tells_what_is_in_the_corpus(run, takes, tmp_path):
    (takes / "text.wav").write_text("no sound")
    path = tmp_path / "corpus.parquet"
    outcome = run("corpus", "analyse", takes, "-o", path, *QUICK, "--split", "50/25/25")
    assert outcome.code == 0
    assert outcome.out.startswith(f"wrote {path}\n")
    assert " heard in " in outcome.out
    lines = {line.split()[0]: line.split() for line in outcome.out.splitlines() if line.strip()}
    assert lines["all"][1:5] == ["4", "812", "ms", "100%"]
    assert {"train", "validation", "test"} < set(lines)
    assert outcome.err.startswith("tonewright: skipped 1 sound:\n  'text.wav': is text;")
    assert read_contents(path).shares == (50, 25, 25)


def test_analyse_prints_json_and_nothing_else(run, takes, tmp_path):
    path = tmp_path / "corpus.parquet"
    outcome = run("corpus", "analyse", takes, "-o", path, *QUICK, "--json", "--window", 2048, "--hop", 512)
    assert (outcome.code, outcome.err) == (0, "")
    printed, contents = json.loads(outcome.out), read_contents(path)
    assert printed["files"] == [str(path)]
    assert (
        (printed["window"], printed["hop"])
        == (2048, 512)
        == (
            contents.framing.window,
            contents.framing.hop,
        )
    )
    assert printed["frames"] == contents.frames
    assert [one["file"] for one in printed["recorded"]] == [file.name for file in contents.files]
    assert sum(part["recordings"] for part in printed["parts"].values()) == 4


def test_show_tells_the_same(run, corpus):
    outcome = run("corpus", "show", corpus)
    assert outcome.code == 0
    assert "3 columns, heard at 44,100 Hz with window 1,024 and hop 256" in outcome.out
    printed = json.loads(run("corpus", "show", corpus, "--json").out)
    assert printed["recordings"] == 4
    assert "reach" not in printed
    assert printed["pitch_hz"] == pytest.approx([220, 220], rel=0.02)


def test_show_compares_with_a_table(run, corpus, table, takes, tmp_path):
    page = tmp_path / "page.html"
    outcome = run("corpus", "show", corpus, "--table", table, "-o", page, "--sounds", takes)
    assert outcome.code == 0
    assert "Reach of mine, 3 points:" in outcome.out
    assert outcome.out.endswith(f"wrote {page}\n")
    assert "How near the synth comes" in page.read_text()
    reach = json.loads(run("corpus", "show", corpus, "--table", table, "--json").out)["reach"]
    assert set(reach["features"]) == {"loudness_rms", "pitch_f0", "spectral_centroid"}
    # All takes are of 220 Hz, which the table has: in pitch alone it reaches them.
    assert reach["features"]["pitch_f0"]["alone"]["within"] > 0.9
    alone = run("corpus", "show", corpus, "--table", table, "--json", "-d", "pitch_f0", "--threshold", 0.01)
    assert set(json.loads(alone.out)["reach"]["features"]) == {"pitch_f0"}


def test_a_name_of_several_lines_stays_on_one(run, takes, tmp_path, table):
    for path in list(takes.iterdir()):
        path.rename(takes / f"a\n\x1b[31m{path.name}")
    path = tmp_path / "corpus.parquet"
    assert run("corpus", "analyse", takes, "-o", path, *QUICK).code == 0
    out = run("corpus", "show", path, "--table", table).out
    assert "\x1b" not in out
    assert r"a\n\x1b[31mtake 0.wav" in out


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["analyse", "takes", "-o", "c.csv"], 2, "a corpus ends in .parquet; got 'c.csv'; name it so"),
        (["analyse", "takes", "-o", "c.parquet", "--split", "70/15"], 2, "--split takes three percentages"),
        (["analyse", "takes", "-o", "c.parquet", "--split", "70-15-15"], 2, "got '70-15-15'"),
        (["analyse", "none", "-o", "c.parquet"], 2, "there is no folder 'none'; check the path"),
        (["analyse", "takes/take 0.wav", "-o", "c.parquet"], 2, "got the file 'takes/take 0.wav'"),
        (["analyse", "takes", "-o", "c.parquet", "-d", "mfc"], 2, "did you mean 'mfcc'?"),
        (["analyse", "takes", "-o", "c.parquet", "--hop", "2000"], 2, "hop is a whole number from 1"),
        (["analyse", "takes", "-o", "takes/take 0.wav/c.parquet"], 1, "cannot write"),
        (["show", "none.parquet"], 1, "cannot read 'none.parquet': no such file"),
        (["show", "takes/take 0.wav"], 1, "a corpus is an intact Parquet file; got 'takes/take 0.wav'"),
        (["show", "corpus.parquet", "-o", "page.txt"], 2, "a page ends in .html; got 'page.txt'; name it so"),
        (["show", "corpus.parquet", "--table", "none.parquet"], 1, "tonewright lookup build"),
        (["show", "corpus.parquet", "--table", "corpus.parquet"], 1, "this is a corpus, no lookup-table"),
        (["show", "table.parquet"], 1, "this is a lookup-table, no corpus; choose another file"),
        (["show", "corpus.parquet", "--table", "table.parquet", "-d", "mfcc"], 2, "got 'mfcc'"),
        (["show", "corpus.parquet", "--threshold", "0"], 2, "--threshold takes a number above 0; got '0'"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(refuse, corpus, table, tmp_path, monkeypatch, words, code, complaint):
    monkeypatch.chdir(tmp_path)
    assert complaint in refuse("corpus", *words, code=code)

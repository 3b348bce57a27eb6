import csv
import json
import os

import numpy as np
import pytest
import soundfile

from tonewright.audio import read
from tonewright.features import hear


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_writes_what_is_heard_as_csv(run, wav, tmp_path):
    outcome = run("hear", wav, "-o", tmp_path / "a.csv", "--descriptors", "mfcc", "pitch_f0")
    assert outcome == (0, f"wrote {tmp_path / 'a.csv'}\n", "")
    rows = rows_of(tmp_path / "a.csv")
    table = hear(read(wav), descriptors=["mfcc", "pitch_f0"])
    assert list(rows[0]) == ["sound", "time_s", *table.names]
    values = np.array([[float(row[name]) for name in table.names] for row in rows])
    np.testing.assert_allclose(values, table.values[0], rtol=1e-5, atol=1e-5)
    assert table["pitch_f0"][0, 4, 0] == pytest.approx(220, rel=0.005)


def test_json_is_what_was_written_and_nothing_else(run, tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", 0.1 * np.random.default_rng(1).standard_normal(25 * 8_000), 8_000)
    monkeypatch.chdir(tmp_path)
    outcome = run("hear", "a.wav", "-o", "new/sub/a.csv", "--descriptors", "loudness_rms,pitch", "--json")
    rows = rows_of(tmp_path / "new" / "sub" / "a.csv")
    assert (outcome.code, outcome.err) == (0, "")
    assert json.loads(outcome.out) == {
        "files": [os.path.join(os.getcwd(), "new", "sub", "a.csv")],
        "frames": len(rows),
        "seconds": pytest.approx(float(rows[-1]["time_s"]), abs=1e-6),
        "columns": ["loudness_rms_dbfs", "pitch_f0_hz", "pitch_confidence"],
        "units": ["dBFS", "Hz", "1"],
    }


def test_names_may_be_parted_by_commas(run, wav, tmp_path):
    for name, words in (("a.csv", ["mfcc,onset", "loudness"]), ("b.csv", ["mfcc", "onset", "loudness"])):
        assert run("hear", wav, "-o", tmp_path / name, "--descriptors", *words).code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_writes_parquet(run, wav, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run("hear", wav, "-o", tmp_path / "a.parquet", "--descriptors", "loudness").code == 0
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.column_names[:3] == ["sound", "time_s", "loudness_rms_dbfs"]


def test_every_descriptor_at_once(run, wav, tmp_path):
    assert run("hear", wav, "-o", tmp_path / "a.csv", "--descriptors", "all", "loudness_delta").code == 0
    assert len(rows_of(tmp_path / "a.csv")[0]) > 100


def test_ten_minutes_are_heard_whole(run, tmp_path):
    time_s = np.arange(600 * 4_000) / 4_000
    soundfile.write(tmp_path / "long.flac", 0.3 * np.sin(2 * np.pi * 220 * time_s), 4_000)
    run("hear", tmp_path / "long.flac", "-o", tmp_path / "a.csv", "--descriptors", "loudness_rms")
    assert float(rows_of(tmp_path / "a.csv")[-1]["time_s"]) == pytest.approx(600, abs=0.02)


@pytest.mark.parametrize(("rate_hz", "channels"), [(192_000, 1), (44_100, 8)])
def test_unusual_sounds(run, tmp_path, rate_hz, channels):
    noise = 0.1 * np.random.default_rng(1).standard_normal((rate_hz // 10, channels))
    soundfile.write(tmp_path / "a.wav", noise, rate_hz)
    assert run("hear", tmp_path / "a.wav", "-o", tmp_path / "a.csv").code == 0


@pytest.mark.parametrize("rate_hz", [3_999, 1_000])
def test_a_rate_too_low_to_hear_names_the_file(refuse, tmp_path, rate_hz):
    soundfile.write(tmp_path / "low.wav", np.full(rate_hz, 0.1), rate_hz)
    assert refuse("hear", tmp_path / "low.wav", "-o", tmp_path / "a.csv", code=1) == (
        f"{str(tmp_path / 'low.wav')!r}: a sample rate lies between 4,000 and 768,000 Hz; "
        f"got {rate_hz:,} Hz; resample the file"
    )


def test_overwrites_only_when_told(run, refuse, wav, tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    assert "it exists" in refuse("hear", wav, "-o", tmp_path / "a.csv", code=1)
    assert run("hear", wav, "-o", tmp_path / "a.csv", "--overwrite").code == 0
    assert rows_of(tmp_path / "a.csv")


def stereo(path, left, right):
    soundfile.write(path, np.stack([left, right], axis=1), 48_000, subtype="FLOAT")
    return path


SINE = 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)


@pytest.mark.parametrize(
    ("left", "right", "rms", "true_peak", "momentary"),
    [
        (SINE, SINE, -23.01, -20.0, -20.0),
        (SINE, 0 * SINE, -23.01, -20.0, -23.0),
        (SINE, -SINE, -23.01, -20.0, -20.0),
    ],
    ids=["both", "left only", "antiphase"],
)
def test_levels_of_a_stereo_file(run, tmp_path, left, right, rms, true_peak, momentary):
    path = stereo(tmp_path / "a.wav", left, right)
    outcome = run("hear", path, "-o", tmp_path / "a.csv", "--descriptors", "loudness")
    assert outcome == (0, f"wrote {tmp_path / 'a.csv'}\n", "")
    values = [float(value) for value in rows_of(tmp_path / "a.csv")[-2].values()]
    assert values[2:] == pytest.approx([rms, true_peak, momentary], abs=0.1)


def test_the_loudness_of_a_file_is_that_of_a_match_and_of_compare(run, wav, tmp_path):
    path = stereo(tmp_path / "a.wav", SINE, 0.5 * SINE)
    assert run("hear", path, "-o", tmp_path / "a.csv", "--descriptors", "loudness_momentary").code == 0
    heard = float(rows_of(tmp_path / "a.csv")[-2]["loudness_momentary_lufs"])
    outcome = run("match", path, "-o", tmp_path / "m", "--renders", "8", "--method", "random", "--json")
    assert json.loads(outcome.out)["target"]["loudness_lufs"] == pytest.approx(heard, abs=0.02)
    # A mono file as loud as one channel alone, −23 LUFS.
    soundfile.write(tmp_path / "b.wav", SINE, 48_000, subtype="FLOAT")
    distances = json.loads(run("compare", path, tmp_path / "b.wav", "--json").out)
    assert distances["lufs_difference"] == pytest.approx(heard + 23.0, abs=0.02)


def test_each_channel_has_columns_and_one_can_be_heard_alone(run, tmp_path):
    path = stereo(tmp_path / "a.wav", SINE, 0.5 * SINE)
    columns = {
        "mix": {"loudness_momentary_lufs": -22.03},
        "left": {"loudness_momentary_lufs": -23.0},
        "right": {"loudness_momentary_lufs": -29.02},
        "each": {"left_loudness_momentary_lufs": -23.0, "right_loudness_momentary_lufs": -29.02},
    }
    for which, expected in columns.items():
        words = ("--descriptors", "loudness_momentary", "--channels", which, "--overwrite")
        assert run("hear", path, "-o", tmp_path / "a.csv", *words).code == 0
        row = rows_of(tmp_path / "a.csv")[-2]
        assert {name: float(row[name]) for name in list(row)[2:]} == pytest.approx(expected, abs=0.1)


def test_a_mono_file_has_no_left_channel(refuse, wav, tmp_path):
    assert refuse("hear", wav, "-o", tmp_path / "a.csv", "--channels", "left", code=2) == (
        "only sounds of two channels or more have a left one; got a mono sound; take its mix"
    )
    assert refuse("hear", wav, "-o", tmp_path / "a.csv", "--channels", "centre", code=2) == (
        "no choice of channels is called 'centre'; choose from: each, left, mix, right"
    )


def test_channels_that_cancel_each_other_are_told(run, tmp_path):
    path = stereo(tmp_path / "a.wav", SINE, -SINE)
    outcome = run("hear", path, "-o", tmp_path / "a.csv")
    assert (outcome.code, outcome.out) == (0, f"wrote {tmp_path / 'a.csv'}\n")
    assert outcome.err == (
        "tonewright: in 94 of 94 frames the channels cancel each other, and their mean is next to silent; "
        "hear --channels left, right or each\n"
    )
    for which in ("left", "each"):
        assert run("hear", path, "-o", tmp_path / "a.csv", "--channels", which, "--overwrite").err == ""

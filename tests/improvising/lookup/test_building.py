"""Tables that are built: closed forms, what is kept of a build that ends early, and synths that misbehave."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from tonewright.errors import OutputError, TableError, UnknownNameError, UsageError
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING
from tonewright.improvising.lookup import building
from tonewright.improvising.lookup.building import build_table
from tonewright.improvising.lookup.files import read_table
from tonewright.synths.sine import Sine

FEW = ("loudness_rms", "spectral_centroid", "pitch")


def column(table, name, of="means"):
    return getattr(table, of)[:, table.positions([name])[0]]


def same(one, other):
    return all(
        (getattr(one, name) == getattr(other, name)).all()
        for name in ("params", "means", "spreads", "sounding")
    )


@pytest.fixture
def play(monkeypatch):
    """Have a synth of the test's own built, under any name."""

    def set_synth(player):
        monkeypatch.setattr(building, "synth", lambda name, rate: player)

    return set_synth


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(building, "_PIECE_POINTS", 10)


class Watched(Sine):
    """Counts the points that it renders."""

    def __init__(self):
        super().__init__()
        self.rendered = 0

    def render(self, params, *rest):
        self.rendered += len(params)
        return super().render(params, *rest)


def test_sine_reads_what_it_plays(sine_path):
    table = read_table(sine_path)
    assert (table.layout, table.grid, len(table)) == ("grid", (12, 12), 144)
    assert table.descriptors[:2] == ("loudness_rms", "loudness_true_peak")
    assert (table.framing, table.seconds, table.note) == (FRAMING, 0.5, 60)
    unit = table.params.astype(float)
    for end in (0, 1):
        assert (unit == end).sum(axis=0).tolist() == [12, 12]
    frequency_hz, amplitude = 40 * 128 ** unit[:, 0], unit[:, 1] ** 2
    sounds = amplitude > 0
    assert (table.sounding == sounds).all()
    low = sounds & (frequency_hz < 5_000)
    cents = 1200 * np.log2(column(table, "pitch_f0_hz")[low] / frequency_hz[low])
    assert np.abs(cents).max() < 1
    # A window of 23 ms holds not quite one period at 40 Hz.
    level_db = 20 * np.log10(amplitude[sounds]) - 3.01
    assert column(table, "loudness_rms_dbfs")[sounds] == pytest.approx(level_db, abs=0.1)
    peak = column(table, "loudness_true_peak_dbtp")[sounds & (frequency_hz > 200)]
    assert peak == pytest.approx(20 * np.log10(amplitude[sounds & (frequency_hz > 200)]), abs=0.05)
    bright = sounds & (frequency_hz > 200)
    assert column(table, "spectral_centroid_hz")[bright] == pytest.approx(frequency_hz[bright], rel=0.02)
    assert column(table, "pitch_f0_hz", "spreads")[low].max() < 0.5
    # A held tone has no onset: only what the window sees of its phase, 23 ms of 25 at 40 Hz.
    assert column(table, "onset_strength_db")[bright].max() < 0.5
    assert (column(table, "pitch_f0_hz")[~sounds] == 0).all()
    assert (column(table, "loudness_rms_dbfs")[~sounds] == -100).all()


def test_sobol_table_holds_all_corners(tmp_path):
    table = build_table("sine", tmp_path / "t.parquet", sobol=30, seconds=0.3, descriptors=FEW, seed=2)
    assert (table.layout, table.grid, len(table), table.seed) == ("sobol", (), 34, 2)
    assert table.params[30:].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    read = read_table(tmp_path / "t.parquet")
    assert same(read, table)
    assert read.columns == ("loudness_rms_dbfs", "spectral_centroid_hz", "pitch_f0_hz", "pitch_confidence")
    assert read.units == ("dBFS", "Hz", "Hz", "1")
    assert [one.name for one in tmp_path.iterdir()] == ["t.parquet"]


def test_progress_tells_every_point_once(tmp_path, small_pieces):
    shares = []
    build_table("sine", tmp_path / "t.parquet", grid=5, descriptors=FEW, progress=shares.append)
    assert shares == pytest.approx([0.4, 0.4, 0.2])


KILLED = """
import sys
from tonewright.improvising.lookup import building
from tonewright.synths.sine import Sine

class Stuck(Sine):
    rendered = 0

    def render(self, params, *rest):
        if self.rendered == 20:
            print("stuck", flush=True)
            sys.stdin.read()
        self.rendered += len(params)
        return super().render(params, *rest)

building._PIECE_POINTS = 10
building.synth = lambda name, rate: Stuck()
building.build_table("sine", sys.argv[1], grid=6, seconds=0.3, descriptors=sys.argv[2].split(","))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is of POSIX")
@pytest.mark.parametrize("name", ["t.parquet", 'a.b c/it\'s "#1".x.parquet'])
def test_killed_build_goes_on_and_gives_the_same_table(tmp_path, play, small_pieces, name):
    path = tmp_path / name
    words = [sys.executable, "-c", KILLED, path, ",".join(FEW)]
    build = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert build.stdout.readline() == "stuck\n"
    with pytest.raises(OutputError, match="which another one is writing; wait for it, or name another file"):
        build_table("sine", path, grid=6, seconds=0.3, descriptors=FEW)
    build.kill()
    assert build.wait() == -signal.SIGKILL
    build.stdin.close()
    build.stdout.close()
    kept = path.parent / (path.name + ".partial")
    assert sorted(one.name for one in kept.iterdir()) == [
        "piece-000000.npy",
        "piece-000001.npy",
        "request.json",
    ]
    assert not path.exists()

    watched = Watched()
    play(watched)
    resumed = build_table("sine", path, grid=6, seconds=0.3, descriptors=FEW)
    assert watched.rendered == 16  # of 36; 20 were kept
    assert not kept.exists()
    whole = build_table("sine", tmp_path / "whole.parquet", grid=6, seconds=0.3, descriptors=FEW)
    assert same(resumed, whole)
    assert path.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


class Interrupted(Watched):
    """Ctrl-C comes while it renders after so many points, once."""

    def __init__(self, after, error):
        super().__init__()
        self.after, self.error = after, error

    def render(self, params, *rest):
        if self.rendered >= self.after and self.error:
            error, self.error = self.error, None
            raise error
        return super().render(params, *rest)


def test_interrupted_build_tells_what_is_kept_and_goes_on(tmp_path, play, small_pieces):
    player = Interrupted(20, KeyboardInterrupt())
    play(player)
    path = tmp_path / "t.parquet"
    with pytest.raises(
        KeyboardInterrupt, match=r": 20 of 36 points are kept in '.*t\.parquet\.partial', and the same"
    ):
        build_table("sine", path, grid=6, descriptors=FEW)
    build_table("sine", path, grid=6, descriptors=FEW)
    assert player.rendered == 36


def test_build_that_ends_before_anything_is_kept_leaves_nothing(tmp_path, play):
    for error in (KeyboardInterrupt(), RuntimeError("no sound card")):
        play(Interrupted(0, error))
        with pytest.raises((KeyboardInterrupt, TableError)) as ended:
            build_table("sine", tmp_path / "t.parquet", grid=6, descriptors=FEW)
        assert "kept" not in str(ended.value)
        assert list(tmp_path.iterdir()) == []


def test_synth_that_fails_in_the_middle(tmp_path, play, small_pieces):
    play(Interrupted(20, RuntimeError("pd: signal 11")))
    told = (
        r"synth 'sine' renders every point; got RuntimeError \(pd: signal 11\) for points 20 to 29; mend the "
        r"synth; 20 of 36 points are kept in "
    )
    with pytest.raises(TableError, match=told):
        build_table("sine", tmp_path / "t.parquet", grid=6, descriptors=FEW)
    build_table("sine", tmp_path / "t.parquet", grid=6, descriptors=FEW)
    assert [one.name for one in tmp_path.iterdir()] == ["t.parquet"]


def test_error_of_the_synth_keeps_its_kind_and_tells_what_is_kept(tmp_path, play, small_pieces):
    play(Interrupted(10, UnknownNameError("object", "freeverb~", ["osc~"])))
    with pytest.raises(UnknownNameError, match=r"freeverb~.*; 10 of 36 points are kept"):
        build_table("sine", tmp_path / "t.parquet", grid=6, descriptors=FEW)


def begun(path, play, **request):
    """A build of the table that ends in the middle."""
    play(Interrupted(20, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        build_table("sine", path, **{"grid": 6, "descriptors": FEW} | request)


OTHERS = [
    {"grid": 7},
    {"seconds": 0.4},
    {"seed": 1},
    {"descriptors": FEW[:2]},
    {"grid": None, "sobol": 32},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda one: next(iter(one)))
def test_other_request_does_not_go_on_with_what_is_kept(tmp_path, play, small_pieces, other):
    path = tmp_path / "t.parquet"
    begun(path, play)
    watched = Watched()
    play(watched)
    request = {"grid": 6, "descriptors": FEW} | other
    with pytest.raises(UsageError, match=r"got '.*\.partial' with those of another; .*--overwrite"):
        build_table("sine", path, **request)
    assert watched.rendered == 0
    assert len(list((tmp_path / "t.parquet.partial").iterdir())) == 3
    table = build_table("sine", path, overwrite=True, **request)
    assert watched.rendered == len(table)
    assert [one.name for one in tmp_path.iterdir()] == ["t.parquet"]


def test_other_version_of_the_synth_does_not_go_on(tmp_path, play, small_pieces, monkeypatch):
    path = tmp_path / "t.parquet"
    begun(path, play)
    monkeypatch.setattr(Watched, "version", 2)
    play(Watched())
    with pytest.raises(UsageError, match="those of another"):
        build_table("sine", path, grid=6, descriptors=FEW)


def test_damaged_piece_is_made_again(tmp_path, play, small_pieces):
    path = tmp_path / "t.parquet"
    begun(path, play)
    first, second = sorted((tmp_path / "t.parquet.partial").glob("*.npy"))
    first.write_bytes(first.read_bytes()[:-9])
    second.write_bytes(b"")
    watched = Watched()
    play(watched)
    build_table("sine", path, grid=6, descriptors=FEW)
    assert watched.rendered == 36


def test_folder_of_somebody_else_is_left_alone(tmp_path):
    theirs = tmp_path / "t.parquet.partial" / "song.wav"
    theirs.parent.mkdir()
    theirs.write_bytes(b"RIFF")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="got a folder with other files; move it away"):
            build_table("sine", tmp_path / "t.parquet", grid=3, descriptors=FEW, overwrite=overwrite)
    assert theirs.read_bytes() == b"RIFF"


def test_table_that_exists_is_not_replaced_silently(tmp_path, play):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"before")
    watched = Watched()
    play(watched)
    with pytest.raises(OutputError, match="it exists"):
        build_table("sine", path, grid=3, descriptors=FEW)
    assert (watched.rendered, path.read_bytes()) == (0, b"before")
    build_table("sine", path, grid=3, descriptors=FEW, overwrite=True)
    assert len(read_table(path)) == 9


class Broken(Sine):
    """Gives something else instead of the sound of one point."""

    def __init__(self, value, row):
        super().__init__()
        self.value, self.row, self.begin = value, row, 0

    def render(self, params, *rest):
        audio = super().render(params, *rest)
        if self.begin <= self.row < self.begin + len(params):
            audio[self.row - self.begin, 1_000] = self.value
        self.begin += len(params)
        return audio


@pytest.mark.parametrize(
    ("value", "got"), [(np.nan, "NaN or infinity"), (np.inf, "NaN or infinity"), (-1e6, "a peak of 1e\\+06")]
)
def test_point_that_is_no_sound_is_named(tmp_path, play, small_pieces, value, got):
    play(Broken(value, 17))
    told = (
        rf"synth 'sine' gives samples within ±1000, full scale being ±1; got {got} at frequency_hz 278\.576, "
        rf"amplitude 1 \(point 17\); mend the synth; 10 of 36 points are kept"
    )
    with pytest.raises(TableError, match=told):
        build_table("sine", tmp_path / "t.parquet", grid=6, descriptors=FEW)


class Silent(Sine):
    def render(self, params, *rest):
        return np.zeros_like(super().render(params, *rest))


class Deaf(Sine):
    """Reads none of its controls."""

    def render(self, params, *rest):
        return super().render(np.full_like(params, 0.5), *rest)


@pytest.mark.parametrize(
    ("player", "told"),
    [
        (Silent, "got silence from synth 'sine' at all 36 points; check that sound reaches its outputs"),
        (
            Deaf,
            "got the same from synth 'sine' at all 36 points, so that it answers nothing to its controls;",
        ),
    ],
)
def test_synth_from_which_nothing_can_be_learned(tmp_path, play, player, told):
    play(player())
    with pytest.raises(TableError, match=told):
        build_table("sine", tmp_path / "t.parquet", grid=6, descriptors=FEW)
    assert list(tmp_path.iterdir()) == []


class Short(Sine):
    def render(self, params, *rest):
        return super().render(params, *rest)[:, 1:]


def test_synth_that_renders_another_length(tmp_path, play):
    play(Short())
    with pytest.raises(TableError, match=r"renders \[9, 22050\] samples; got shape \(9, 22049\)"):
        build_table("sine", tmp_path / "t.parquet", grid=3, descriptors=FEW)


@pytest.mark.parametrize(
    ("request_", "error", "told"),
    [
        ({"seconds": 0.3}, UsageError, r"seconds is a number from 0\.46 to 60; got 0\.3"),
        ({"seconds": np.nan}, UsageError, "seconds is a number"),
        ({"seconds": 61}, UsageError, "to 60; got 61"),
        ({"seed": -1}, UsageError, "seed is a whole number from 0"),
        ({"descriptors": ["mfc"]}, UnknownNameError, "did you mean 'mfcc'"),
        ({"descriptors": []}, UsageError, "at least one descriptor"),
        ({"grid": 1}, UsageError, "grid is a whole number from 2"),
    ],
)
def test_request_that_makes_no_sense(tmp_path, request_, error, told):
    with pytest.raises(error, match=told):
        build_table("sine", tmp_path / "t.parquet", **{"grid": 3, "descriptors": DESCRIPTORS} | request_)
    assert list(tmp_path.iterdir()) == []


def test_unknown_synth(tmp_path):
    with pytest.raises(UnknownNameError, match="no synth is called 'sin'; did you mean 'sine'"):
        build_table("sin", tmp_path / "t.parquet")


def test_place_that_cannot_be_written_shows_before_the_work(tmp_path, play):
    watched = Watched()
    play(watched)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        build_table("sine", tmp_path / "file" / "t.parquet", grid=3, descriptors=FEW)
    assert watched.rendered == 0


def test_memory_is_bounded(tmp_path, play, monkeypatch):
    """Long sounds are rendered fewer at a time."""
    sizes = []

    class Noted(Sine):
        def render(self, params, *rest):
            sizes.append(len(params))
            return super().render(params, *rest)

    monkeypatch.setattr(building, "_PIECE_SAMPLES", 44_100 * 4)
    play(Noted())
    build_table("sine", tmp_path / "t.parquet", grid=3, seconds=1, descriptors=FEW)
    assert sizes == [4, 4, 1]
    assert not os.path.exists(f"{tmp_path / 't.parquet'}.partial")

"""A table fits the synth that is played and the descriptors that are used, or is refused with the remedy."""

import shlex
from dataclasses import replace

import pytest

from tonewright.cli.main import VERBS
from tonewright.cli.parsing import parse
from tonewright.errors import TableError, UnknownNameError
from tonewright.improvising.lookup.files import read_table
from tonewright.improvising.lookup.table import SynthIdentity, check_descriptors, check_synth
from tonewright.synths import synth
from tonewright.synths.sine import Sine


class FromFile(Sine):
    """A synth that is made from a file."""

    def __init__(self, name="file:a.pd", digest="ab" * 32):
        super().__init__()
        self.name, self.file_sha256 = name, digest


def test_table_of_the_same_synth_is_taken(sine_path):
    table = read_table(sine_path)
    assert table.synth == SynthIdentity("sine", 1, ("frequency_hz", "amplitude"), None)
    check_synth(table, synth("sine"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"version": 2},
            "'sine' has changed since its table was built, its version from 2 to 1; build",
        ),
        (
            {"controls": ("amplitude", "frequency_hz")},
            "its controls from amplitude, frequency_hz to frequency_hz, amplitude; build",
        ),
        ({"controls": ("frequency_hz",)}, "its controls from frequency_hz to frequency_hz, amplitude; build"),
        ({"name": "fm"}, "got one of 'fm' for 'sine'; choose a table of 'sine'"),
        ({"file_sha256": "00"}, "the SHA-256 of its files from 00… to none…; build"),
    ],
)
def test_stale_table_is_refused(sine_path, change, told):
    table = read_table(sine_path)
    with pytest.raises(TableError, match=told):
        check_synth(replace(table, synth=replace(table.synth, **change)), synth("sine"))


def test_synth_of_a_file_is_known_by_its_bytes(sine_path):
    one = FromFile()
    table = replace(read_table(sine_path), synth=SynthIdentity.of(one))
    check_synth(table, one)
    check_synth(table, FromFile(name="file:moved/elsewhere.pd"))
    with pytest.raises(
        TableError,
        match=r"'file:a.pd' has changed since .* SHA-256 of its files from abababab… to cdcdcdcd…; build",
    ):
        check_synth(table, FromFile(digest="cd" * 32))
    with pytest.raises(TableError, match=r"got one of 'file:a\.pd' for 'sine'; choose .* --synth sine -o"):
        check_synth(table, synth("sine"))


def test_remedy_is_a_command_that_builds_the_same_table(made):
    """Word for word what the command line takes."""
    for layout in ({"grid": (7,)}, {"grid": (2, 3, 4)}, {"sobol": 300}):
        table = replace(
            made(3, lambda p: p, seed=5, **({"grid": 7} if layout == {"grid": (7,)} else layout)),
            synth=SynthIdentity("pd:my patches/it's #1.pd", 1, ("a", "b", "c"), "00"),
            descriptors=("loudness_rms", "mfcc"),
            seconds=0.75,
        )
        words = shlex.split(table.build_command())
        assert words[:3] == ["tonewright", "lookup", "build"]
        build = parse(VERBS["lookup"].verbs["build"], "lookup build", words[3:], None)
        assert build.synth == "pd:my patches/it's #1.pd"
        assert {"grid": build.grid, "sobol": build.sobol} == {"grid": None, "sobol": None} | layout
        assert (build.seconds, build.seed, build.descriptors) == (0.75, 5, ("loudness_rms", "mfcc"))
        assert build.overwrite


def test_descriptors_that_are_there(sine_path):
    check_descriptors(read_table(sine_path), ["loudness", "pitch_f0", "mfcc"])


def test_descriptor_that_is_missing_is_named_with_the_command(sine_path):
    with pytest.raises(
        TableError, match=r"got one without log_mel; build .* zero_crossing_rate log_mel -o TABLE"
    ):
        check_descriptors(read_table(sine_path), ["loudness", "log_mel"])


def test_descriptor_whose_columns_have_changed_is_refused(sine_path):
    table = read_table(sine_path)
    older = tuple("mfcc_1" if one == "mfcc_01" else one for one in table.columns)
    with pytest.raises(TableError, match="got one without mfcc; build it anew"):
        check_descriptors(replace(table, columns=older), ["mfcc"])


def test_descriptor_that_nobody_knows(sine_path):
    with pytest.raises(UnknownNameError, match="did you mean 'mfcc'"):
        check_descriptors(read_table(sine_path), ["mfc"])

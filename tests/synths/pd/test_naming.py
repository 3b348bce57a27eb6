import pytest

from tonewright.errors import SynthError, UsageError
from tonewright.synths import synth
from tonewright.synths.pd.naming import SHIPPED, find_patch, shipped

from .patches import write_tone


def test_patches_that_ship():
    assert shipped() == ["fm", "granular", "sine"]
    for name in shipped():
        assert find_patch(name).path == SHIPPED / name / "synth.pd"


def test_a_file_a_folder_and_controls(tmp_path):
    path = write_tone(tmp_path / "my:odd, folder;#1")
    assert find_patch(str(path)).path == path
    assert find_patch(str(path.parent)).path == path
    assert find_patch(str(path)).controls is None
    assert find_patch(f"{path}:3").controls == ("control_1", "control_2", "control_3")
    assert find_patch(f"{path}:cutoff, drive").controls == ("cutoff", "drive")


def test_what_ships_goes_before_what_lies_here(tmp_path, monkeypatch):
    write_tone(tmp_path / "sine")
    monkeypatch.chdir(tmp_path)
    assert find_patch("sine").path == SHIPPED / "sine" / "synth.pd"
    assert find_patch("./sine").path.resolve() == tmp_path / "sine" / "synth.pd"


def test_the_name_is_as_it_was_written(tmp_path, monkeypatch):
    write_tone(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("pd:.", "pd:synth.pd", "pd:./synth.pd:a,b", "pd:sine"):
        assert synth(name).name == name
    assert synth("pd:synth.pd:a,b").controls.names == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "pd: goes before a path, or before one of fm, granular, sine; got neither"),
        ("missing.pd", "cannot read 'missing.pd': no such file or directory; give the path of a patch"),
        ("Sine", r"cannot read 'Sine': no such file or directory; .* ship: fm, granular, sine"),
        ("empty", r"cannot read 'empty/synth.pd': no such file or directory"),
        ("nul\0.pd", "cannot read .*null"),
        ("other.txt", r"the name of a patch ends in \.pd; got 'other.txt'"),
        ("tab\there.pd", "Pd can write the name of a patch; got"),
        ("back\\slash.pd", "Pd can write the name of a patch; got"),
        ("$0.pd", r"Pd can write the name of a patch; got .\$0\.pd.; rename it"),
        ("x" * 300 + ".pd", "cannot read .*file name too long"),
    ],
)
def test_no_such_patch(tmp_path, monkeypatch, name, rule):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for file in ("other.txt", "tab\there.pd", "back\\slash.pd", "$0.pd"):
        (tmp_path / file).write_text("")
    with pytest.raises(SynthError, match=rule) as caught:
        synth(f"pd:{name}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "rule"),
    [
        ("0", "1 to 100 controls; got 0"),
        ("101", "1 to 100 controls; got 101"),
        ("", "a number of controls or their names; got nothing"),
        ("a,,b", r"the name of a control is small letters, .*; got ''"),
        ("Cut Off,b", r"\('cut_off' for one\); got 'Cut Off'"),
        ("a,b,a", "the names of controls differ; got 'a,b,a'"),
    ],
)
def test_controls_in_the_name(tmp_path, option, rule):
    path = write_tone(tmp_path)
    with pytest.raises(UsageError, match=rule):
        synth(f"pd:{path}:{option}")

import sys

import pytest

from tonewright.errors import SynthError
from tonewright.synths.pd import program
from tonewright.synths.pd.program import VARIABLE, find_program, has_program

from .patches import with_pd


@pytest.fixture
def other(tmp_path, monkeypatch):
    """Lets a script be the program."""

    def be(script):
        path = tmp_path / "a pd"
        path.write_text(f"#!{sys.executable}\nimport sys, time\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv(VARIABLE, str(path))
        return str(path)

    program._checked.cache_clear()
    yield be
    program._checked.cache_clear()


def test_another_program_is_named(other):
    path = other("sys.stderr.write('Pd-0.55-2 (\"\") compiled 09:00:00 Jan  1 2025\\n')")
    assert find_program() == program.Program(path, "0.55-2")
    assert has_program()


def test_it_may_be_named_from_here(other, tmp_path, monkeypatch):
    path = other("sys.stderr.write('Pd-0.55-2')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "./a pd")
    assert find_program().path == path


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        (
            "sys.stderr.write('Pd-0.51.4 compiled\\n')",
            r"Pd is 0\.52 or later; got Pd-0\.51\.4 in .*; update it",
        ),
        ("print('pd: plumbing daemon')", r"Pd tells its version; got 'pd: plumbing daemon' from"),
        ("sys.exit(1)", r"Pd tells its version; got '' from"),
    ],
)
def test_what_is_no_recent_pd(other, script, rule):
    other(script)
    with pytest.raises(SynthError, match=rule):
        find_program()
    assert not has_program()


def test_there_is_none(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(program, "_MAC", str(tmp_path / "Pd-*"))
    rule = "playing a patch needs Pure Data; got no program called pd; .*apt-get install puredata-core"
    with pytest.raises(SynthError, match=rule):
        find_program()
    monkeypatch.setenv(VARIABLE, "/nowhere/pd")
    with pytest.raises(SynthError, match=f"got {VARIABLE}='/nowhere/pd', which is no program"):
        find_program()


def test_no_named_pipes(monkeypatch):
    monkeypatch.delattr("os.mkfifo")
    with pytest.raises(SynthError, match="named pipes; got Windows; use its Linux subsystem"):
        find_program()


@with_pd
def test_the_one_that_is_installed():
    assert find_program().version[:2] == "0."

"""Command lines that make no sense: one line, exit code 2, in words of the user."""

import io
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tonewright.cli.parsing import parse
from tonewright.errors import UsageError


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("mtach", "no verb is called 'mtach'; did you mean 'match'?"),
        (
            "dance",
            "no verb is called 'dance'; choose from: agent, bench, compare, corpus, evaluate, generate, hear,"
            " lookup, match, play, prompt, render, synths, train",
        ),
        (
            "--dance",
            "there is no option --dance; a verb comes first: "
            "match, render, synths, compare, hear, lookup,"
            " corpus, agent, play, generate, prompt, bench, train, evaluate",
        ),
        ("match", "match needs TARGET and -o DIR; see tonewright match --help"),
        ("match a.wav", "match needs -o DIR; see tonewright match --help"),
        ("match -o out", "match needs TARGET; see tonewright match --help"),
        ("match a.wav -o", "-o/--output needs a value; see tonewright match --help"),
        ("compare a.wav b.wav c.wav", "one argument too many: 'c.wav'; see tonewright compare --help"),
        ("match a.wav -o out --loud", "there is no option --loud; see tonewright match --help"),
        ("match --hepl", "there is no option --hepl; did you mean --help?"),
        ("match -hepl", "there is no option -hepl; did you mean --help?"),
        ("match -o out --ouptut b", "there is no option --ouptut; did you mean --output?"),
        ("match -o out --seconds_budget 3 --loud", "there is no option --loud; see tonewright match --help"),
        ("compare a --hlp", "there is no option --hlp; did you mean --help?"),
        ("match a.wav -o out --render 9", "there is no option --render; did you mean --renders?"),
        ("match a.wav -o out --loud=9", "there is no option --loud; see tonewright match --help"),
        ("match a.wav -o out --budget 9", "there is no option --budget; did you mean --seconds-budget?"),
        ("match a.wav -o out --no-json", "there is no option --no-json; did you mean --json?"),
        ("match a.wav -o out --target 9", "there is no option --target; did you mean --start?"),
        ("match a.wav -o out -n 60", "there is no option -n; see tonewright match --help"),
        ("match a.wav --out out", "there is no option --out; did you mean --output?"),
        ("match a.wav --outptu out", "there is no option --outptu; did you mean --output?"),
        ("match --loud", "there is no option --loud; see tonewright match --help"),
        ("compare a.wav b.wav --json yes", "one argument too many: 'yes'; see tonewright compare --help"),
        ("match a.wav -o out --renders", "--renders needs a value; see tonewright match --help"),
        ("render", "render needs PRESET.json and -o FILE; see tonewright render --help"),
        ("compare a.wav", "compare needs B; see tonewright compare --help"),
        ("hear a.wav", "hear needs -o FILE; see tonewright hear --help"),
        (
            "hear a.wav -o a.csv --descriptors",
            "-d/--descriptors takes one value or more; got none; see tonewright hear --help",
        ),
        ("synths a b", "one argument too many: 'b'; see tonewright synths --help"),
        ("bench", "after bench comes one of: render, hear, compare, match; got nothing"),
        ("bench dance", "after bench comes one of: render, hear, compare, match; got dance"),
        ("bench hear b", "one argument too many: 'b'; see tonewright bench hear --help"),
        ("bench render --josn", "there is no option --josn; did you mean --json?"),
        ("evaluate dinner --suite random", "after evaluate comes one of: match, improvise; got dinner"),
        ("train", "after train comes one of: estimator, sketch, prompt, match, improvise; got nothing"),
        ("train match", "train match needs -o DIR; see tonewright train match --help"),
        (
            "train match -o run --updates 0",
            "--updates takes a whole number from 1; got '0'; see tonewright train match --help",
        ),
        (
            "train estimator -o run --stage filter",
            "there is no option --stage; see tonewright train estimator --help",
        ),
        (
            "--tyro-print-completion ksh",
            "--tyro-print-completion takes one of: bash, zsh, fish; got ksh",
        ),
    ],
)
def test_words(refuse, line, complaint):
    assert refuse(*line.split(), code=2) == complaint


@pytest.mark.parametrize(
    ("verb", "option", "words"),
    [
        ("match", "TARGET", ["", "-o", "out"]),
        ("match", "-o/--output", ["a.wav", "-o", ""]),
        ("match", "--networks", ["a.wav", "-o", "out", "--networks", ""]),
        ("render", "PRESET.json", ["", "-o", "a.wav"]),
        ("render", "-o/--output", ["a.json", "-o", ""]),
        ("hear", "FILE", ["", "-o", "a.csv"]),
        ("hear", "-o/--output", ["a.wav", "-o", ""]),
        ("compare", "B", ["a.wav", ""]),
        ("bench render", "-o/--output", ["-o", ""]),
        ("evaluate match", "-o/--output", ["--suite", "random", "-o", ""]),
        ("evaluate match", "--log", ["--suite", "random", "--log", ""]),
        ("evaluate match", "--sounds", ["--suite", "real", "--sounds", ""]),
        ("train match", "-o/--output", ["-o", ""]),
        ("train match", "--config", ["-o", "run", "--config", ""]),
    ],
)
def test_a_path_without_letters(refuse, verb, option, words):
    complaint = refuse(*verb.split(), *words, code=2)
    assert complaint == f"{option} takes a path; got ''; see tonewright {verb} --help"


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        *(
            ("--renders", value, "a whole number from 1")
            for value in ("abc", "0", "-5", "1.5", "1e4", "None", "")
        ),
        *(
            ("--seconds-budget", value, "a number of seconds above 0")
            for value in ("abc", "0", "-1", "nan", "inf")
        ),
        *(
            ("--note", value, "a MIDI note from 0 to 127, a name like A#3, or auto")
            for value in ("500", "-1", "H4", "A", "Cb-1", "G#9", "nan")
        ),
        *(("--gate", value, "a number of seconds above 0 or auto") for value in ("-1", "0", "long", "inf")),
        *(("--seed", value, "a whole number from 0") for value in ("-1", "0.5", "abc")),
    ],
)
def test_numbers_of_match(refuse, wav, tmp_path, option, value, rule):
    complaint = refuse("match", wav, "-o", tmp_path / "out", option, value, code=2)
    assert complaint == f"{option} takes {rule}; got {value!r}; see tonewright match --help"


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        *(
            ("--note", value, "a MIDI note from 0 to 127 or a name like A#3")
            for value in ("500", "auto", "H4", "")
        ),
        ("--seconds", "0", "a number of seconds above 0"),
        ("--seconds", "-0.5", "a number of seconds above 0"),
        ("--gate", "-1", "a number of seconds above 0"),
        ("--rate", "0", "a whole number of Hz from 1"),
        ("--rate", "44.1k", "a whole number of Hz from 1"),
        ("--seed", "-1", "a whole number from 0"),
    ],
)
def test_numbers_of_render(refuse, preset, tmp_path, option, value, rule):
    complaint = refuse("render", preset, "-o", tmp_path / "a.wav", option, value, code=2)
    assert complaint == f"{option} takes {rule}; got {value!r}; see tonewright render --help"


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("--rate 100", "sample_rate_hz is a whole number from 4,000 to 384,000; got 100"),
        ("--rate 999999999", "sample_rate_hz is a whole number from 4,000 to 384,000"),
        ("--seconds 601", "seconds lies above 0 and up to 600; got 601"),
        (
            "--seconds 1 --gate 100",
            "the gate is at most as long as the sound, 1 s; got 100 s; let the key go",
        ),
        ("--gate 100", "a gate above 60 s needs seconds, the duration; got 100"),
    ],
)
def test_what_the_synth_cannot_do(refuse, preset, tmp_path, options, rule):
    assert refuse("render", preset, "-o", tmp_path / "a.wav", *options.split(), code=2).startswith(rule)


def test_a_gate_longer_than_the_target(refuse, wav, tmp_path):
    assert refuse("match", wav, "-o", tmp_path / "out", "--gate", "100", code=2) == (
        "the gate is at most as long as the recording, 0.25 s; got 100 s; let the key go earlier, or leave"
        " the gate to the search"
    )


@pytest.mark.parametrize("option", ["--renders", "--targets"])
def test_numbers_of_evaluate(refuse, option):
    complaint = refuse("evaluate", "match", "--suite", "random", option, "0", code=2)
    assert complaint == f"{option} takes a whole number from 1; got '0'; see tonewright evaluate match --help"


@pytest.mark.parametrize(
    ("option", "name", "complaint"),
    [
        ("--synth", "serum", "no synth is called 'serum'; did you mean 'serum-lite'?"),
        ("--synth", "dp:", "no synth is called 'dp:'; choose from: fm, granular, serum-lite, sine"),
        (
            "--method",
            "guess",
            "no search method is called 'guess';"
            " choose from: agent, cma, estimator, estimator-agent, full, random",
        ),
    ],
)
def test_names(refuse, wav, tmp_path, option, name, complaint):
    assert refuse("match", wav, "-o", tmp_path / "out", option, name, code=2) == complaint


def test_unknown_synths(refuse):
    assert refuse("synths", "serum", code=2) == "no synth is called 'serum'; did you mean 'serum-lite'?"


def test_unknown_descriptors(refuse, wav, tmp_path):
    complaint = refuse("hear", wav, "-o", tmp_path / "a.csv", "--descriptors", "mfc", code=2)
    assert complaint == "no descriptor is called 'mfc'; did you mean 'mfcc'?"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("columns", ["20", "40", "80", "200"])
def test_do_not_depend_on_the_terminal(refuse, monkeypatch, columns, encoding):
    monkeypatch.setenv("COLUMNS", columns)
    for line, complaint in (
        ("match", "match needs TARGET and -o DIR; see tonewright match --help"),
        ("compare a b c", "one argument too many: 'c'; see tonewright compare --help"),
        ("match a -o b --render 9", "there is no option --render; did you mean --renders?"),
        (
            "match a -o b --renders x",
            "--renders takes a whole number from 1; got 'x'; see tonewright match --help",
        ),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
            assert refuse(*line.split(), code=2) == complaint


OPTIONS = ("-o", "--output", "--json", "--note", "--note=60", "--renders", "--seed", "--gate", "--overwrite")
VALUES = ("--help", "--", "-", "-1", "5", "auto", "none.wav", "=", "a=b")
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(
    max_examples=300,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    verb=st.sampled_from(["match", "render", "compare", "hear"])
    | ANYTHING.filter(lambda word: word != "bench"),
    words=st.lists(st.sampled_from(OPTIONS + VALUES) | ANYTHING, max_size=8),
)
def test_whatever_is_typed_ends_in_one_line_or_help(run, tmp_path, monkeypatch, verb, words):
    monkeypatch.chdir(tmp_path)
    outcome = run(verb, *words)
    if outcome.code:
        assert outcome.code in (1, 2)
        assert outcome.out == ""
        assert outcome.err.startswith("tonewright: ")
        assert outcome.err.count("\n") == 1
    else:
        assert outcome.err == ""
        assert "usage" in outcome.out or verb == "synths"
    assert list(tmp_path.iterdir()) == []


@dataclass
class Dance:
    """A verb that tyro refuses as no other does."""

    how: Literal["well", "badly"] = "well"


def test_what_no_verb_gives_rise_to_is_one_line_too():
    with pytest.raises(UsageError) as refused:
        parse(Dance, "dance", ["--how", "slowly"])
    assert str(refused.value) == "dance does not understand these words; see tonewright dance --help"


def test_the_tyro_installed_is_the_one_that_parsing_was_written_for():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = next(line for line in project["dependencies"] if line.startswith("tyro"))
    assert pinned == f"tyro=={version('tyro')}", (
        "cli/parsing.py uses tyro._errors, which is private: install the tyro that pyproject.toml pins, or "
        "compare tyro/_errors.py of both versions, mend cli/parsing.py, and pin the new one there and in "
        "constraints.txt"
    )

import tomllib
from pathlib import Path

import pytest

from tonewright.cli.hear import Hear
from tonewright.cli.main import VERBS
from tonewright.cli.verbs import VerbGroup
from tonewright.features import DEFAULT_DESCRIPTORS, all_descriptors

HEAVY = ("numba", "scipy", "soundfile", "soxr", "cma", "numpy", "pyarrow")
GROUPS = {name: group for name, group in VERBS.items() if isinstance(group, VerbGroup)}
WORDS = [f"{name} {word}" for name, group in GROUPS.items() for word in group.verbs]
LIGHT = f"""
import sys
from tonewright.cli.main import main
try:
    main()
except SystemExit as stop:
    assert not stop.code
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def _terminal_of_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"]], ids=str)
def test_names_every_verb(run, words):
    outcome = run(*words)
    assert (outcome.code, outcome.err) == (0, "")
    assert all(f" {verb} " in outcome.out for verb in VERBS)
    assert max(map(len, outcome.out.splitlines()[1:])) <= 80  # below the list of all verbs


@pytest.mark.parametrize("verb", [*VERBS, *WORDS])
def test_explains_a_verb(run, verb):
    outcome = run(*verb.split(), "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"usage: tonewright {verb} ")
    usage, *lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(usage.removeprefix(f"usage: tonewright {verb} [-h] ")) <= 80  # longer ones tyro abbreviates
    assert run(*verb.split(), "-h") == run("help", *verb.split()) == outcome


@pytest.mark.parametrize("verb", [*VERBS, *WORDS])
def test_speaks_of_things_and_not_of_types(run, verb):
    out = run(*verb.split(), "--help").out
    for jargon in ("None", "INT", "FLOAT", "STR", "BOOL", "True", "False"):
        assert jargon not in out


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("match", ["TARGET", "-o DIR", "--renders N", "--note NOTE", "(default: auto)", "Ctrl-C"]),
        ("render", ["PRESET.json", "-o FILE", "--seconds SECONDS", "(default: 44100)"]),
        ("synths", ["[NAME]", "--json"]),
        ("compare", ["A ", "B ", "--json"]),
        ("hear", ["FILE", "--descriptors NAME ...", ".parquet"]),
        ("bench", ["{render,hear,compare,match}"]),
        ("bench compare", ["-o FILE", "--json", "against many"]),
        ("evaluate", ["{match,improvise}", "Match held-out targets"]),
        ("evaluate match", ["--suite SUITE", "(default: 50 200 1000 5000 20000)"]),
        ("train", ["{estimator,sketch,prompt,match,improvise}", "turns controls", "hears a sound"]),
        ("train improvise", ["--table FILE", "--algorithm NAME", "-o DIR"]),
        ("evaluate improvise", ["--corpus FILE", "--agents NAME ...", "(default: corpus walks)"]),
        ("train match", ["-o DIR", "--updates N", "--stage NAME"]),
    ],
)
def test_names_options_and_defaults(run, verb, told):
    out = run(*verb.split(), "--help").out
    assert all(words in out for words in told)


def test_help_as_a_verb(run):
    assert run("help") == run("--help")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_verbs_and_second_words(run, shell):
    outcome = run("--tyro-print-completion", shell)
    assert (outcome.code, outcome.err) == (0, "")
    assert all(word in outcome.out for word in ("evaluate", "estimator", "--seconds-budget"))


def test_names_every_descriptor_and_category(run):
    shown = set(run("hear", "--help").out.replace(",", " ").split())
    for descriptor in all_descriptors():
        assert {descriptor.name, descriptor.category} <= shown


def test_hears_by_default_what_the_library_does():
    assert Hear.descriptors == DEFAULT_DESCRIPTORS


@pytest.mark.parametrize(
    "words", [["--help"], ["match", "--help"], ["bench", "--help"], ["--version"]], ids=str
)
def test_is_light(process, words):
    """Nothing that takes long to import is imported to explain what there is."""
    outcome = process(*words, code=LIGHT)
    assert outcome.returncode == 0
    assert outcome.stderr == "[]\n"


def test_version(run):
    project = Path(__file__).parents[2] / "pyproject.toml"
    version = tomllib.loads(project.read_text())["project"]["version"]
    assert run("--version") == (0, f"tonewright {version}\n", "")
    assert "--version" in run("--help").out

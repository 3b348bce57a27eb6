"""The examples of CONTRIBUTING.md pass `make lint` where they say that they belong, and do what they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tonewright as tw
from tonewright.matching.search import methods

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
EXAMPLES = {  # the last place that is named before an example
    re.findall(r"`(src/[\w/]+\.py)`", before)[-1]: code
    for before, code in re.findall(r"((?:^(?!```)[^\n]*\n)*)^```python\n(.*?)^```", TEXT, re.M | re.S)
}
PLACE, LINE, NEW_LINE = re.search(r"`(src/[\w/]+\.py)`:\n\n```diff\n (.*\n)\+(.*\n)```", TEXT).groups()
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The sources with every example in its place."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    for place, code in EXAMPLES.items():
        assert not (folder / place).exists()
        (folder / place).write_text(code, "utf-8")
    table = (folder / PLACE).read_text("utf-8")
    assert table.count(LINE) == 1
    (folder / PLACE).write_text(table.replace(LINE, LINE + NEW_LINE), "utf-8")
    return folder


def test_every_example_has_its_place():
    assert [Path(place).stem for place in EXAMPLES] == ["rms_level_difference", "peak", "halving"]
    assert len(EXAMPLES) == TEXT.count("```python")
    assert Path(PLACE).name == "methods.py"


@pytest.mark.parametrize(
    "words",
    [["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "--cache-dir", os.devnull], ["lint-imports"]],
    ids=lambda words: " ".join(words[:2]),
)
def test_the_examples_pass(copy, words):
    files = [] if words == ["lint-imports"] else [*EXAMPLES, PLACE]
    done = subprocess.run(
        [BIN / words[0], *words[1:], *files],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy / "src")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_search_spends_its_renders_and_finds_something(monkeypatch):
    namespace = {}
    exec(EXAMPLES["src/tonewright/matching/search/halving.py"], namespace)
    halving = methods.Method("halving", namespace["halving_search"], "random points in a halving box")
    monkeypatch.setattr(methods, "METHODS", {**methods.METHODS, "halving": halving})
    clip = tw.read(ROOT / "examples" / "sounds" / "pluck.flac")
    result = tw.match(clip, method="halving", renders=256)
    assert result.renders == 256
    first, *_, last = (loss for _, loss in result.curve)
    assert last < 0.9 * first

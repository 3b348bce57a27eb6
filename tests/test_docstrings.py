"""The `>>>` examples in docstrings must give what they show."""

import doctest
import importlib
import inspect
import shutil
from pathlib import Path

import pytest

import tonewright

ROOT = Path(__file__).parent.parent
PACKAGE = Path(tonewright.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples" / "sounds", tmp_path / "examples" / "sounds")
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestFinder().find(importlib.import_module(name))
    examples = [test for test in found if test.examples]
    assert examples, f"{name} shows examples that doctest does not find"
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    said = []
    for test in examples:
        runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_what_a_newcomer_meets_first_has_an_example():
    first = ("Clip", "Preset", "StreamAnalyser", "hear", "match", "read", "render_preset")
    without = [name for name in first if ">>> " not in (inspect.getdoc(getattr(tonewright, name)) or "")]
    assert not without

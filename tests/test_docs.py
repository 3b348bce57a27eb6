"""The code that the documents show must run as it stands."""

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SNIPPETS = [
    pytest.param(code, id=f"{path.stem}-{i}")
    for path in DOCUMENTS
    for i, code in enumerate(re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.M | re.S))
]


@pytest.mark.parametrize("code", SNIPPETS)
def test_snippet_runs(code, tmp_path, monkeypatch):
    (tmp_path / "examples").mkdir()
    shutil.copytree(ROOT / "examples" / "sounds", tmp_path / "examples" / "sounds")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tonewright.distances.registry._registered", {}, raising=True)
    monkeypatch.setattr("tonewright.features.registry._registered", _copy_of_descriptors())
    exec(compile(code, "snippet", "exec"), {"__name__": "snippet"})


def _copy_of_descriptors():
    from tonewright.features import all_descriptors

    return {one.name: one for one in all_descriptors()}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_readme_names_every_verb():
    from tonewright.cli import main

    readme = (ROOT / "README.md").read_text("utf-8")
    for verb in ("match", "render", "synths", "compare", "hear", "bench"):
        assert f"tonewright {verb}" in readme
    assert main.Verb is not None

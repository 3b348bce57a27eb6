"""The code that the documents show must run as it stands."""

import re
import shutil
from pathlib import Path

import pytest

from tonewright.distances import registry as distances
from tonewright.features import all_descriptors
from tonewright.features import registry as descriptors

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
    all_descriptors()  # the registries read their folders on first use
    for name in distances.names():
        distances.get(name)
    for registry in (distances, descriptors):  # what a snippet registers is forgotten after it
        monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    exec(compile(code, "snippet", "exec"), {"__name__": "snippet"})


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_readme_names_every_verb():
    from tonewright.cli import main

    readme = (ROOT / "README.md").read_text("utf-8")
    for verb in main.VERBS:
        assert f"tonewright {verb}" in readme

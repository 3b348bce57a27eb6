"""The code that the documents show must run as it stands, and what they link to must be there."""

import re
import shutil
from itertools import chain
from pathlib import Path

import pytest

from tonewright.distances import registry as distances
from tonewright.features import all_descriptors
from tonewright.features import registry as descriptors
from tonewright.matching.search import methods

ROOT = Path(__file__).parent.parent
CARDS = sorted((ROOT / "src").rglob("*.md"))
DOCUMENTS = sorted(
    chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("benchmarks/**/*.md"), CARDS),
    key=lambda path: path.as_posix(),
)
SNIPPETS = [
    pytest.param(code, id=f"{path.stem}-{i}")
    for path in DOCUMENTS
    for i, code in enumerate(re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.M | re.S))
]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def anchors(path):
    """Anchors of the headings of a page."""
    titles = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S), re.M
    )
    return {re.sub(r"[^\w\s-]", "", title).strip().lower().replace(" ", "-") for title in titles}


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
    monkeypatch.setattr(methods, "METHODS", dict(methods.METHODS))
    exec(compile(code, "snippet", "exec"), {"__name__": "snippet"})


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", path.read_text("utf-8")):
        page = path.parent / target if target else path
        assert page.is_file(), f"{name_of(path)} links to {target}"
        assert not anchor or anchor in anchors(page), f"{name_of(path)} links to {target}#{anchor}"


def test_every_document_has_a_place_in_the_site():
    menu = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = (ROOT / "docs" / "hooks" / "pages.py").read_text("utf-8")
    for path in DOCUMENTS:
        inside = path.is_relative_to(ROOT / "docs")
        place = path.relative_to(ROOT / "docs").as_posix() if inside else path.name
        assert place in (menu if inside else pages), f"{name_of(path)} is in no menu"


@pytest.mark.parametrize("card", CARDS, ids=lambda path: path.stem)
def test_model_cards_quote_the_results(card):
    kinds = "random|factory|real|sine|fm|granular|category|tempo [^|]*|key [^|]*|ton[ei][^|]*|… [^|]*"
    quoted = re.findall(rf"^\| (?:{kinds}) \|.*$", card.read_text("utf-8"), re.M)
    assert len(quoted) >= 6
    assert set(quoted) <= set((ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8").splitlines())


def test_citation_names_the_version_of_the_package():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    version = re.search(r'^version = "(.+)"$', project, re.M)[1]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## {version} - " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_readme_names_every_verb():
    from tonewright.cli import main

    readme = (ROOT / "README.md").read_text("utf-8")
    for verb in main.VERBS:
        assert f"tonewright {verb}" in readme

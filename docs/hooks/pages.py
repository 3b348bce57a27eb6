"""Bring the documents that lie outside `docs/` into the site, and lead every relative link where it should.

A document is written for readers of the repository: its links lead to files beside it. In the site a link to
another document becomes a link to its page; Python and JSON files become pages of their own that show them;
any other file is copied. Used by MkDocs (see `hooks` in `mkdocs.yml`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
NETWORKS = "src/tonewright/matching/networks/shipped"
AGENTS = "src/tonewright/improvising/networks/shipped"
SKETCHES = "src/tonewright/prompting/generators/sketch/shipped"
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks/index.md",
    "benchmarks/RESULTS.md": "benchmarks/results.md",
    "benchmarks/sounds/SOURCES.md": "benchmarks/sounds.md",
    "examples/sounds/SOURCES.md": "sounds.md",
    f"{NETWORKS}/estimator-serum-lite-v1.md": "networks/estimator-serum-lite-v1.md",
    f"{NETWORKS}/agent-serum-lite-v1.md": "networks/agent-serum-lite-v1.md",
    f"{AGENTS}/agent-sine-v1.md": "networks/agent-sine-v1.md",
    f"{AGENTS}/agent-fm-v1.md": "networks/agent-fm-v1.md",
    f"{AGENTS}/agent-granular-v1.md": "networks/agent-granular-v1.md",
    f"{SKETCHES}/sketch-v1.md": "networks/sketch-v1.md",
}
"""Documents outside `docs/`, and what their pages are called."""
SHOWN = {".py": "python", ".json": "json"}
"""Files that become pages, and the language they are written in."""

_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)((?:#[^)\s]*)?)(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents, and whatever they link to."""
    for document, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / document)))
    for file in [file for file in files if file.is_documentation_page()]:
        document = _document(file)
        if document is not None:
            for target in _LINK.findall((ROOT / document).read_text("utf-8")):
                _add(_target(document, target[0]), files, config)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the links of a document to the pages of the site; hide the menu of a section of one page."""
    if page.parent is None:
        page.meta["hide"] = ["navigation"]
    document = _document(page.file)
    if document is None:
        return markdown
    folder = os.path.dirname(page.file.src_uri) or "."

    def lead(link: re.Match[str]) -> str:
        uri = _uri(_target(document, link[1]))
        return os.path.relpath(uri, folder) + link[2]

    return _LINK.sub(lead, markdown)


def _document(file: File) -> str | None:
    """Path in the repository of the document behind a page; none for pages that were made."""
    for document, uri in PAGES.items():
        if uri == file.src_uri:
            return document
    written = file.generated_by is None and (ROOT / "docs" / file.src_uri).exists()
    return f"docs/{file.src_uri}" if written else None


def _target(document: str, link: str) -> str:
    """Path in the repository that a link in a document leads to."""
    target = os.path.normpath(os.path.join(os.path.dirname(document), link))
    if not (ROOT / target).is_file():
        raise PluginError(f"{document} links to {link}, which is no file of the repository")
    return target


def _uri(target: str) -> str:
    """Where the site has a file of the repository."""
    if target in PAGES:
        return PAGES[target]
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    return f"files/{target}" + (".md" if Path(target).suffix in SHOWN else "")


def _add(target: str, files: Files, config: MkDocsConfig) -> None:
    uri = _uri(target)
    if files.get_file_from_path(uri) is not None:
        return
    language = SHOWN.get(Path(target).suffix)
    if language is None:
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / target)))
        return
    text = (ROOT / target).read_text("utf-8")
    head = f"---\nsearch: {{exclude: true}}\n---\n\n# {Path(target).name}\n\n`{target}`\n\n"
    page = f"{head}```{language}\n{text}\n```\n"
    files.append(File.generated(config, uri, content=page))

"""Make a reference page for every public module of the package, from its docstrings, and the menu of them.

Used by MkDocs (see `hooks` in `mkdocs.yml`); mkdocstrings fills the pages in.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

SOURCE = Path(__file__).parents[2] / "src"
PACKAGE = SOURCE / "tonewright"
FIRST = (
    ("tw.read", "tonewright.audio.reading.read", "reads a sound file"),
    ("tw.write", "tonewright.audio.writing.write", "writes one"),
    ("tw.Clip", "tonewright.audio.clip.Clip", "is a sound in memory"),
    ("tw.synth", "tonewright.synths.registry.synth", "makes a synth"),
    ("synth.render", "tonewright.synths.base.Synth.render", "turns unit vectors into sounds"),
    ("synth.controls", "tonewright.synths.control.ControlSpace", "are the controls of a synth"),
    (
        "tw.Preset",
        "tonewright.synths.preset.Preset",
        "is a setting of a synth, read from and written to JSON",
    ),
    ("tw.render_preset", "tonewright.synths.playing.render_preset", "renders a preset"),
    ("tw.hear", "tonewright.features.hearing.hear", "measures sounds frame by frame"),
    ("tw.StreamAnalyser", "tonewright.features.streaming.StreamAnalyser", "measures sound as it arrives"),
    (
        "tw.distances.compare",
        "tonewright.distances.comparison.compare",
        "gives every distance between sounds",
    ),
    (
        "tw.distances.training_loss",
        "tonewright.distances.loss.loss.training_loss",
        "is what search makes small",
    ),
    ("tw.match", "tonewright.matching.matcher.match", "matches a sound"),
    ("MatchEnv", "tonewright.matching.environment.MatchEnv", "is matching as an environment"),
)
"""What a newcomer meets first."""

INTRODUCTION = """# Reference

Every public module and function, from the docstrings of the code. Arrays are written with their shapes:
`[batch, frames]` are sounds side by side. Units stand in the names: `cutoff_hz`, `gain_db`, `attack_s`.

## What you meet first

After `import tonewright as tw`:"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the modules into the menu."""
    for entry in config.nav or []:
        if "Reference" in entry:
            entry["Reference"] = ["reference/index.md", *_menu(PACKAGE)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each module, and the index."""
    files.append(File.generated(config, "reference/index.md", content=_index()))
    for path in _modules(PACKAGE):
        files.append(File.generated(config, _uri(path), content=_page(path)))
    return files


def _public(path: Path) -> bool:
    return not path.name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists())


def _parts(folder: Path) -> list[Path]:
    """Public rooms and modules of a folder, the rooms first."""
    return sorted(filter(_public, folder.iterdir()), key=lambda path: (path.suffix == ".py", path.name))


def _modules(folder: Path) -> list[Path]:
    """Every public room and module below a folder."""
    found = []
    for part in _parts(folder):
        found.append(part)
        if part.is_dir():
            found += _modules(part)
    return found


def _menu(folder: Path) -> list[Any]:
    return [
        {part.name: [_uri(part), *_menu(part)]} if part.is_dir() else {part.stem: _uri(part)}
        for part in _parts(folder)
    ]


def _uri(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return f"reference/{inside}/index.md" if path.is_dir() else f"reference/{inside.with_suffix('.md')}"


def _name(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def _docstring(path: Path) -> str:
    source = path / "__init__.py" if path.is_dir() else path
    return ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""


def _page(path: Path) -> str:
    name = _name(path)
    title = f"---\ntitle: {name.rpartition('.')[2]}\n---\n\n# `{name}`\n\n"
    if not path.is_dir():
        return f"{title}::: {name}\n"
    return f"{title}{_docstring(path)}\n\n{_table(path, path)}\n"


def _table(folder: Path, page: Path) -> str:
    """What a room holds, each with the first line of its docstring."""
    lines = ["| module | what it holds |", "|---|---|"]
    start = Path(_uri(page)).parent if page != PACKAGE else Path("reference")
    for part in _parts(folder):
        link = Path(_uri(part)).relative_to(start)
        first = _docstring(part).split("\n")[0].replace("|", "\\|")
        lines.append(f"| [`{part.stem}`]({link}) | {first} |")
    return "\n".join(lines)


def _index() -> str:
    first = "\n".join(f"- [`{shown}`][{name}] {what}" for shown, name, what in FIRST)
    return f"{INTRODUCTION}\n\n{first}\n\n## Rooms\n\n{_table(PACKAGE, PACKAGE)}\n"

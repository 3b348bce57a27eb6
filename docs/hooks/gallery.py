"""Match the example sounds, and make the page that shows the reports.

The matches are really run, with few renders, whenever the site is built; nothing is kept. Used by MkDocs (see
`hooks` in `mkdocs.yml`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import tonewright as tw
from tonewright.audio.notes import note_name
from tonewright.matching import MatchResult
from tonewright.reports.pictures import FrequencyAxis, stacked_spectrograms

SOUNDS = Path(__file__).parents[2] / "examples" / "sounds"
RENDERS = 1_000
WHAT = {
    "bass": "A synthesized bass: what Serum-lite can play best.",
    "pluck": "An electronic twang: short, bright, and without a clear pitch.",
    "drum": "A low tom, hit hard: its pitch falls at first, and Serum-lite has no pitch envelope.",
    "bell": "An electronic bell: its partials are metallic, out of Serum-lite's reach.",
}
"""The sounds, in the order of the page."""

INTRODUCTION = f"""# Gallery

Four recordings, matched with {RENDERS:,} renders each while this site was built. A picture shows the
recording above and the match below, time from left to right and pitch upwards. The reports are what
`tonewright match` writes: listen to both sounds there, and read the preset. The recordings are CC0:
[sources](sounds.md)."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page, and for each sound its report and its picture."""
    parts = [INTRODUCTION]
    for name, what in WHAT.items():
        result, report, picture = _match(name)
        files.append(File.generated(config, f"gallery/{name}.html", content=report))
        files.append(File.generated(config, f"gallery/{name}.png", content=picture))
        parts += [
            f"## {name.capitalize()}",
            f"{what}<br>\n"
            f"The match comes to a similarity of {result.similarity:.0f} of 100, at {_note(result)}. "
            f"[Open the report](gallery/{name}.html).",
            f"[![Spectrograms of {name}: the recording above, the match below](gallery/{name}.png)]"
            f"(gallery/{name}.html)",
            f'??? note "Listen here"\n\n    <iframe class="report" src="gallery/{name}.html" '
            f'title="Report of {name}" loading="lazy"></iframe>',
        ]
    files.append(File.generated(config, "gallery.md", content="\n\n".join(parts) + "\n"))
    return files


@cache  # a site that is served is built again and again
def _match(name: str) -> tuple[MatchResult, str, bytes]:
    """The match of an example sound, its report, and a picture of both sounds as PNG."""
    file = SOUNDS / f"{name}.flac"
    found = tw.match(tw.read(file), renders=RENDERS, seed=0)
    result = replace(found, target_info={**found.target_info, "path": file.name})
    with TemporaryDirectory() as folder:
        result.report(Path(folder) / "report.html")
        report = (Path(folder) / "report.html").read_text("utf-8")
    sounds, rate = np.stack([result.target, result.audio]), result.sample_rate_hz
    return (
        result,
        report,
        stacked_spectrograms(sounds, rate, FrequencyAxis.of_rate(rate), columns=720, rows=120),
    )


def _note(result: MatchResult) -> str:
    note = result.preset.midi_note
    if result.target_info.get("note_source") == "searched":
        return f"the searched note {note_name(note)}"
    return f"the note {note_name(note)}"

"""The page of many matches: one row each, to compare and to hear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from tonewright import wording
from tonewright.audio.notes import note_name
from tonewright.reports.catalogue import Cell, address, catalogue, picture_beside, player_beside
from tonewright.reports.markup import Html, join, tag
from tonewright.reports.page import Section, page
from tonewright.reports.table import Column, bar, table

PICTURE = "spectrograms.png"
"""File of the small spectrograms in the folder of a match."""

_NAMES = ("the target", "the match")
_SOUNDS_NOTE = (
    "Press Target or Match to hear one, and the other to go on with that one from the same moment. Of each "
    "pair the louder sound is turned down, so that neither wins by volume. Every name leads to the full "
    "report. Sounds, pictures and reports lie in the folders beside this page: move them together."
)
_FAILED_NOTE = "These were left out. The same command tries them again."
_COLUMNS = (
    Column("Sound"),
    Column("Target above match"),
    Column("Listen"),
    Column("Similarity", "figure", before="similarity"),
    Column("Note", "figure", before="note"),
    Column("LUFS", "figure", before="loudness", after="LUFS"),
    Column("Duration", "figure", before="duration"),
)


@dataclass(frozen=True)
class Row:
    """What the page tells of one match.

    Attributes:
        folder: Its folder beside the page, with forward slashes.
        file: Name of the target's file.
        similarity: See `MatchResult`.
        midi_note: Note of the preset.
        note_source: As in `MatchResult.target_info`.
        seconds: Duration of what was matched.
        loudness_lufs: Loudness of the recording.
        gains_db: What brings target and match to equal loudness.
        interrupted: The search was stopped early.
    """

    folder: str
    file: str
    similarity: float
    midi_note: float | None
    note_source: str
    seconds: float
    loudness_lufs: float | None
    gains_db: Sequence[float]
    interrupted: bool

    def fields(self) -> dict[str, Any]:
        """The row as plain values for JSON."""
        return asdict(self) | {"gains_db": list(self.gains_db)}


def index_html(rows: Sequence[Row], failed: Sequence[tuple[str, str]] = (), missing: int = 0) -> str:
    """The page, to lie beside the folders of the matches.

    Args:
        rows: The matches, in the order they are shown in at first.
        failed: Names of the files that could not be matched, and why.
        missing: How many are still to be matched.

    Returns:
        One HTML document. It plays and shows the files in the folders, and needs no network.
    """
    sections = []
    if rows:
        made = catalogue("Matches", _COLUMNS, [_row(row) for row in rows])
        sections.append(Section("matches", "The matches", join(tag("p", _SOUNDS_NOTE, class_="note"), made)))
    if failed:
        errors = table("Sounds that were not matched", [Column("Sound"), Column("Why")], failed, stacked=True)
        sections.append(Section("failed", "Not matched", join(tag("p", _FAILED_NOTE, class_="note"), errors)))
    count = f"{len(rows)} {'match' if len(rows) == 1 else 'matches'}"
    unfinished = missing or any(row.interrupted for row in rows)
    return page(
        count,
        sections,
        eyebrow="Tonewright matches",
        lede=_lede(rows, len(failed)),
        notice=_notice(rows, missing) if unfinished else "",
        aside=Section("similarity", "Similarity", _similarity(rows)) if rows else None,
        catalogue=True,
    )


def _lede(rows: Sequence[Row], failed: int) -> str:
    parts = [f"{wording.duration(sum(row.seconds for row in rows))} of sound matched"] if rows else []
    if failed:
        parts.append(f"{failed} not matched")
    return " · ".join(parts)


def _notice(rows: Sequence[Row], missing: int) -> str:
    stopped = sum(row.interrupted for row in rows)
    parts = [f"{missing} still to be matched"] if missing else []
    if stopped:
        parts.append(f"the search of {stopped} was stopped early")
    return f"{wording.sentence(' and '.join(parts))} The same command goes on."


def _similarity(rows: Sequence[Row]) -> Html:
    values = [row.similarity for row in rows]
    low, middle, high = min(values), float(np.median(values)), max(values)
    text = (
        f"The median of all; the least like its target has {low:.0f}, the most {high:.0f}. 100 is an "
        "identical sound, 0 no closer than the median random preset."
    )
    return join(tag("p", tag("b", f"{middle:.0f}"), " of 100", class_="score"), tag("p", text, class_="note"))


def _row(row: Row) -> list[Cell]:
    here = PurePosixPath(row.folder)
    link = tag("a", here.name, href=address(f"{row.folder}/report.html"))
    detail = row.file if len(here.parts) == 1 else f"{here.parent}/ · {row.file}"
    stopped = tag("span", "stopped early", class_="path") if row.interrupted else ""
    note = "" if row.midi_note is None else note_name(round(row.midi_note))
    searched = tag("span", "searched", class_="path") if row.note_source == "searched" else ""
    loudness = row.loudness_lufs
    loud = "" if loudness is None else wording.minus(f"{loudness:.1f}")
    similarity = row.similarity
    return [
        Cell(join(link, tag("span", detail, class_="path"), stopped), row.folder),
        Cell(picture_beside(f"{row.folder}/{PICTURE}", f"Spectrograms of {row.file} and its match")),
        Cell(
            player_beside(_NAMES, [f"{row.folder}/{name}.wav" for name in ("target", "match")], row.gains_db)
        ),
        Cell(join(f"{similarity:.0f}", bar(similarity / 100)), similarity),
        Cell(join(note, searched), row.midi_note),
        Cell(loud, loudness),
        Cell(wording.unbroken(wording.duration(row.seconds)), row.seconds),
    ]

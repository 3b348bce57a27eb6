"""`tonewright match` of several sounds: what it shows while it works, and at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonewright.matching import Job, Outcome


def run_many(
    sources: Sequence[Path | Job],
    output: Path,
    settings: Mapping[str, Any],
    *,
    all_notes: bool,
    partial: bool,
    overwrite: bool,
    workers: int,
    as_json: bool,
) -> None:
    """Match several sounds and tell what became of each.

    Args:
        sources: As of `match_many`.
        output: Folder of the matches.
        settings: Arguments of `match`.
        all_notes: Match every note of each sound.
        partial: As of `match_many`.
        overwrite: As of `match_many`.
        workers: As of `match_many`.
        as_json: Print a line of JSON for each sound instead of words.

    Raises:
        TonewrightError: Some could not be matched, or as of `match_many`.
    """
    from tonewright.cli.many_progress import many_progress
    from tonewright.errors import AudioError
    from tonewright.matching import match_many
    from tonewright.matching.many.jobs import INDEX, find_jobs, note_jobs

    jobs = note_jobs(sources, output, partial=partial) if all_notes else find_jobs(sources, output)
    with many_progress(len(jobs), settings["renders"], settings["seconds_budget"]) as show:

        def end(outcome: Outcome) -> None:
            show.end()
            if outcome.state == "failed":
                show.print(f"tonewright: {' '.join(outcome.error.split())}", file=sys.stderr)
            if as_json:
                show.print(json.dumps(_line(outcome)))
            elif outcome.summary is not None:
                show.print(_words(outcome))

        outcomes = match_many(
            jobs,
            output,
            partial=partial,
            overwrite=overwrite,
            workers=workers,
            begin=lambda job: show.begin(job.folder),
            progress=show.search,
            end=end,
            **settings,
        )
    failed = sum(outcome.state == "failed" for outcome in outcomes)
    if not as_json and failed < len(outcomes):
        kept = sum(outcome.state == "kept" for outcome in outcomes)
        before = f", {kept} of them before" if kept else ""
        print(f"matched {len(outcomes) - failed} of {len(outcomes)} sounds{before}; open {output / INDEX}")
    if failed:
        raise AudioError(f"{failed} of {len(outcomes)} sounds were not matched; mend them and run this again")


def _line(outcome: Outcome) -> dict[str, Any]:
    job = outcome.job
    line = {"folder": job.folder, "source": _text(job.source), "state": outcome.state}
    return line | ({"error": outcome.error} if outcome.summary is None else dict(outcome.summary))


def _words(outcome: Outcome) -> str:
    summary = outcome.summary or {}
    what = "kept" if outcome.state == "kept" else f"{summary['renders']:,} renders"
    return f"{outcome.job.folder}: similarity {summary['similarity']:.0f} of 100, {what}"


def _text(path: Path) -> str:
    return str(path).encode(errors="replace").decode()

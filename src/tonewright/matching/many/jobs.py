"""Which sounds are to be matched, and what the folder of each is called."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from tonewright.audio.folders import sound_files_below
from tonewright.errors import AudioError, UsageError, system_reason
from tonewright.features.notes import find_notes
from tonewright.files import StrPath
from tonewright.matching.preparing import MAX_SECONDS, MIN_SECONDS
from tonewright.matching.recording import WHOLE_SECONDS, read_recording

LOG, INDEX = "matches.jsonl", "index.html"
"""Files beside the folders of the matches: the record of what is done, and the page."""


@dataclass(frozen=True)
class Job:
    """One sound to match, and where its match goes.

    Attributes:
        source: The file.
        folder: Folder of the match below that of all matches, with forward slashes: `kick`, `drums/kick`.
        start_s: Where the sound begins in the file, in seconds; where it first sounds if not given.
        length_s: How much of it is read from there; what `match` takes if not given.
        settings: Arguments of `match` that differ from those of the other jobs: `{"note": 48}`.

    Raises:
        UsageError: The folder lies elsewhere, or a time makes no sense.
    """

    source: Path
    folder: str
    start_s: float | None = None
    length_s: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", Path(self.source))  # a text is as good
        parts = PurePosixPath(self.folder).parts
        if not parts or ".." in parts or self.folder.startswith("/") or "\\" in self.folder:
            raise UsageError(f"the folder of a job is a relative path below the results; got {self.folder!r}")
        if self.start_s is not None and not 0 <= self.start_s < float("inf"):
            raise UsageError(f"start_s is a time from 0 s on; got {self.start_s}")
        if self.length_s is not None and not 0 < self.length_s < float("inf"):
            raise UsageError(f"length_s is a duration above 0 s; got {self.length_s}")


def find_jobs(sources: Sequence[StrPath | Job], output: StrPath) -> list[Job]:
    """A job for each file, and for each sound file in and below each folder; jobs stay as they are.

    The folder of a match is called as its file without the ending. Where two would be called alike, the
    later one keeps its ending, and is numbered if that does not tell them apart. Sub-folders are mirrored; of
    several folders each is mirrored under its own name. Hidden files and whatever lies in `output` are left
    out.

    Args:
        sources: Files, folders and jobs.
        output: Where the matches will go.

    Returns:
        The jobs that were given, then those that were found.

    Raises:
        UsageError: There is no source, a folder holds no sound, or two jobs have the same folder.
        AudioError: A source is not there.
    """
    if not sources:
        raise UsageError("a match needs a sound; got none; name a file or a folder")
    jobs = [source for source in sources if isinstance(source, Job)]
    paths = [Path(source) for source in sources if not isinstance(source, Job)]
    for path in [*(job.source for job in jobs), *paths]:
        _check_there(path)
    several = sum(path.is_dir() for path in paths) > 1
    found = [one for path in paths for one in _found(path, Path(output), several)]
    wanted = [(parent / _readable(source.stem), _readable(source.name)) for source, parent in found]
    names = _unique(wanted, _taken([job.folder for job in jobs]))
    return jobs + [Job(source, name) for (source, _), name in zip(found, names, strict=True)]


def note_jobs(sources: Sequence[StrPath | Job], output: StrPath, *, partial: bool = False) -> list[Job]:
    """A job for each note of each recording, in folders `01`, `02`… below that of the recording.

    Where there is one recording, the folders of its notes lie in `output` itself. A recording that cannot be
    read stays one job, which fails with the reason.

    Args:
        sources: As of `find_jobs`.
        output: Where the matches will go.
        partial: Take what is there of recordings that are cut short or damaged.

    Raises:
        UsageError: As of `find_jobs`, or a recording is too long to be matched note by note.
    """
    jobs = find_jobs(sources, output)
    notes = []
    for job in jobs:
        try:
            recording = read_recording(job.source, partial=partial)
        except AudioError:
            notes.append(job)
            continue
        if recording.seconds > WHOLE_SECONDS:
            raise UsageError(
                f"the notes of a recording of up to {WHOLE_SECONDS / 60:g} minutes are matched; got "
                f"{recording.seconds / 60:.0f} minutes in {str(job.source)!r}; cut it into parts"
            )
        found = find_notes(recording.clip).notes
        digits = max(2, len(str(len(found))))
        above = "" if len(jobs) == 1 else f"{job.folder}/"
        for number, note in enumerate(found, 1):
            length_s = min(max(note.seconds, MIN_SECONDS), MAX_SECONDS)
            folder = f"{above}{number:0{digits}d}"
            notes.append(replace(job, folder=folder, start_s=note.start_s, length_s=length_s))
    return notes


def _check_there(path: Path) -> None:
    """A name that was mistyped shows before the first search, not after the last."""
    try:
        path.stat()
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = system_reason(error) if isinstance(error, OSError) else error
        raise AudioError(f"cannot read {str(path)!r}: {reason}; check the path") from None


def _found(path: Path, output: Path, several: bool) -> Iterator[tuple[Path, PurePosixPath]]:
    """Each sound of a source, and the folder that its match is to lie in."""
    if not path.is_dir():
        yield path, PurePosixPath()
        return
    base = PurePosixPath(_readable(path.resolve().name)) if several else PurePosixPath()
    for file in sound_files_below(path, without=output):
        yield file, base.joinpath(*map(_readable, file.parent.relative_to(path).parts))


def _readable(name: str) -> str:
    """A name that every file system takes, and that text can hold."""
    text = os.fsencode(name).decode(errors="replace").replace("\\", "_").strip()
    return text.rstrip(". ") or "sound"


def _taken(folders: Sequence[str]) -> set[str]:
    """Names that no other folder may have, in small letters, as on most machines both count the same."""
    taken = {LOG, INDEX}
    for folder in folders:
        if folder.casefold() in taken:
            raise UsageError(f"every job has a folder of its own; got {folder!r} twice; rename one")
        taken.add(folder.casefold())
    return taken | {str(above).casefold() for folder in folders for above in PurePosixPath(folder).parents}


def _unique(wanted: Sequence[tuple[PurePosixPath, str]], taken: set[str]) -> list[str]:
    """Names of folders, none of which is another one or above it, for paths and the names of their files."""
    taken = taken | {str(above).casefold() for path, _ in wanted for above in path.parents}
    names = []
    for path, whole in wanted:
        number, name = 1, path
        while str(name).casefold() in taken:
            name = path.with_name(whole if number == 1 else f"{path.name}-{number}")
            number += 1
        taken.add(str(name).casefold())
        names.append(str(name))
    return names


def shown_name(source: PurePath) -> str:
    """The name of a file without its folder, which is nobody's business where results are shared."""
    return os.fsencode(source.name).decode(errors="replace")

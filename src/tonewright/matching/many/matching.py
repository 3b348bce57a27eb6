"""Matching many sounds: a folder for each, a record of what is done, and a page that compares them."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tonewright import wording
from tonewright.checks import check_whole
from tonewright.documents import read_json
from tonewright.errors import AudioError, UsageError, system_reason
from tonewright.files import (
    StrPath,
    prepare_folder,
    replacing_folder,
    write_bytes,
    write_or_rescue,
    write_text,
)
from tonewright.matching.many.jobs import INDEX, LOG, Job, find_jobs, shown_name
from tonewright.matching.matcher import DEFAULT_RENDERS, check_arguments, match
from tonewright.matching.recording import Recording, read_recording
from tonewright.matching.report.index import PICTURE, Row, index_html
from tonewright.matching.result import MatchResult
from tonewright.matching.search.methods import networks_used, search_method
from tonewright.matching.search.objective import Progress
from tonewright.measuring.records import Record, RecordLog
from tonewright.measuring.workers import do_all
from tonewright.reports.pictures import FrequencyAxis, stacked_spectrograms
from tonewright.reports.sounds import equal_loudness
from tonewright.synths import synth as make_synth

_HEADER = {"kind": "matches"}
_FILES = ("preset.json", "match.wav", "target.wav", "result.json", "report.html", PICTURE)
_ARGUMENTS = {
    name: parameter.default
    for name, parameter in inspect.signature(match).parameters.items()
    if name not in ("recording", "progress")
}
_PICTURE_COLUMNS, _PICTURE_ROWS = 320, 56


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a job.

    Attributes:
        job: The job.
        state: `matched`; `kept`, as an earlier run had matched it; or `failed`.
        summary: `MatchResult.summary()`; none if it failed.
        error: Why it failed.
    """

    job: Job
    state: str
    summary: Mapping[str, Any] | None = None
    error: str = ""


def match_many(
    sources: StrPath | Sequence[StrPath | Job],
    folder: StrPath,
    *,
    partial: bool = False,
    overwrite: bool = False,
    workers: int = 1,
    begin: Callable[[Job], None] = lambda job: None,
    progress: Progress = lambda renders, best: None,
    end: Callable[[Outcome], None] = lambda outcome: None,
    **settings: Any,
) -> list[Outcome]:
    """Match many sounds, each into a folder of its own, and write a page that compares them.

    `folder` then holds `index.html`, `matches.jsonl` (what was matched, and with which settings) and for each
    sound a folder with the files of `MatchResult.save`. A second call matches only what is missing, and what
    was matched from another content, with other settings, networks or another version of the synth. A sound
    that cannot be matched is left out and told. Ctrl-C writes the best so far of the present sound, and a
    second call begins with that one anew.

    Args:
        sources: A folder, a file, or several files, folders and jobs; see `many.jobs.find_jobs`.
        folder: Where the matches go.
        partial: Take what is there of sounds that are cut short or damaged.
        overwrite: Match everything anew, and write into a folder that holds other things.
        workers: Processes that match side by side; the results are the same. With several, Ctrl-C loses the
            searches under way.
        begin: Called with each job before its search, where there is one worker.
        progress: As of `match`, for the present sound, where there is one worker.
        end: Called with each outcome as it comes; those of an earlier run come first.
        **settings: Arguments of `match`.

    Returns:
        The outcomes, in the order of the jobs.

    Raises:
        UsageError: An argument that makes no sense, or a folder without a sound.
        UnknownNameError: No such synth or method.
        CheckpointError: As of `match`.
        OutputError: The folder holds other things (and not `overwrite`), or cannot be written.
        KeyboardInterrupt: After Ctrl-C, when all is written; its words tell how much is done.

    Examples:
        >>> import tonewright as tw
        >>> outcomes = tw.match_many("examples/sounds", "matches", renders=20)
        >>> [outcome.job.folder for outcome in outcomes]
        ['bass', 'bell', 'drum', 'pluck']
        >>> outcomes = tw.match_many("examples/sounds", "matches", renders=20)
        >>> {outcome.state for outcome in outcomes}
        {'kept'}
    """
    check_whole(workers, "workers", 1)
    jobs = find_jobs([sources] if isinstance(sources, str | PathLike) else sources, folder)
    arguments = [{"partial": partial, **_arguments(settings, job)} for job in jobs]
    place = Path(folder)
    is_new, goes_on = not place.exists(), (place / LOG).is_file()
    place = prepare_folder(folder, overwrite=overwrite or goes_on)
    log = RecordLog(place / LOG, key=("folder",), header=_HEADER)
    work = _Work(log, {job.folder: job for job in jobs}, overwrite, begin, progress, end)
    try:
        for job, these in zip(jobs, arguments, strict=True):
            work.look_at(job, these)
        work.finish(workers)
    except KeyboardInterrupt:
        done = sum(outcome.state != "failed" for outcome in work.outcomes.values())
        raise KeyboardInterrupt(
            f"; {done} of {len(jobs)} sounds are matched, and the same command goes on"
        ) from None
    finally:
        if log.records:
            work.write_index()
        else:  # nothing was matched, so nothing is left behind
            log.path.unlink(missing_ok=True)
            if is_new:
                with suppress(OSError):  # others may have put something there
                    place.rmdir()
    return [work.outcomes[job.folder] for job in jobs]


class _Work:
    """What is done, and what is to be done."""

    def __init__(
        self,
        log: RecordLog,
        jobs: Mapping[str, Job],
        overwrite: bool,
        begin: Callable[[Job], None],
        progress: Progress,
        end: Callable[[Outcome], None],
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        for record in log.records.values():
            _check_record(record, log.path)
        self._log, self._folder, self._jobs, self._overwrite = log, log.path.parent, jobs, overwrite
        self._begin, self._progress, self._tell = begin, progress, end
        self._missing: list[tuple[Job, dict[str, Any], dict[str, Any]]] = []

    def look_at(self, job: Job, arguments: dict[str, Any]) -> None:
        """Keep what an earlier run has matched, or note what is to be matched."""
        try:
            of: dict[str, Any] = {"sha256": _sha256(job.source)}
        except AudioError as error:
            self._end(Outcome(job, "failed", error=str(error)))
            return
        of |= _what_decides(arguments)
        known = self._log.records.get((job.folder,), {})
        as_before = known.get("of") == of and not known["interrupted"] and not self._overwrite
        summary = self._earlier(job) if as_before else None
        if summary is None:
            self._missing.append((job, arguments, of))
        else:
            self._end(Outcome(job, "kept", summary))

    def finish(self, workers: int) -> None:
        """Match what is missing."""
        pieces = [(job, arguments) for job, arguments, _ in self._missing]
        if workers == 1 or len(pieces) < 2:
            results: Iterator[tuple[int, MatchResult | AudioError]] = enumerate(map(self._matched, pieces))
        else:
            results = do_all(pieces, match_job, workers)
        for i, result in results:
            job, _, of = self._missing[i]
            if isinstance(result, AudioError):
                self._end(Outcome(job, "failed", error=str(result)))
                continue
            self._keep(job, of, result)
            if result.interrupted:
                raise KeyboardInterrupt
            self._end(Outcome(job, "matched", result.summary()))

    def write_index(self) -> None:
        """The page of all matches that are there, those of earlier runs included."""
        failed_now = {name for name, outcome in self.outcomes.items() if outcome.state == "failed"}
        records = [
            record
            for (name,), record in self._log.records.items()
            if self._holds(name) and name not in failed_now
        ]
        failed = [
            (shown_name(outcome.job.source), outcome.error)
            for outcome in self.outcomes.values()
            if outcome.state == "failed"
        ]
        rows = [Row(**record["row"]) for record in sorted(records, key=lambda one: one["folder"].casefold())]
        missing = len(self._jobs.keys() - self.outcomes.keys())
        write_text(self._folder / INDEX, index_html(rows, failed, missing), overwrite=True)

    def _matched(self, piece: tuple[Job, dict[str, Any]]) -> MatchResult | AudioError:
        self._begin(piece[0])
        return match_job(piece, self._progress)

    def _keep(self, job: Job, of: dict[str, Any], result: MatchResult) -> None:
        place = self._folder / job.folder
        place.parent.mkdir(parents=True, exist_ok=True)
        ours = (job.folder,) in self._log.records or (place / "result.json").is_file()
        sounds = np.stack([result.target, result.audio])
        rate = result.sample_rate_hz
        picture = stacked_spectrograms(
            sounds, rate, FrequencyAxis.of_rate(rate), _PICTURE_COLUMNS, _PICTURE_ROWS
        )

        def write(folder: Path) -> None:
            with replacing_folder(folder, overwrite=self._overwrite or ours) as stage:
                result.write(stage)
                write_bytes(stage / PICTURE, picture)

        write_or_rescue(write, place)
        row = Row(
            folder=job.folder,
            file=_row_name(job),
            similarity=result.similarity,
            midi_note=result.preset.midi_note,
            note_source=str(result.target_info.get("note_source", "")),
            seconds=sounds.shape[1] / rate,
            loudness_lufs=result.target_info.get("loudness_lufs"),
            gains_db=equal_loudness(sounds, rate).gains_db,
            interrupted=result.interrupted,
        )
        record: Record = {
            "folder": job.folder, "of": of, "interrupted": result.interrupted, "row": row.fields(),
        }  # fmt: skip
        self._log.append([record])

    def _end(self, outcome: Outcome) -> None:
        self.outcomes[outcome.job.folder] = outcome
        if outcome.state == "matched":
            self.write_index()
        self._tell(outcome)

    def _earlier(self, job: Job) -> dict[str, Any] | None:
        """The summary of a match whose files are all there."""
        place = self._folder / job.folder
        if not all((place / name).is_file() for name in _FILES):
            return None
        try:
            return dict(read_json(place / "result.json", error=AudioError))
        except AudioError:  # damaged: it is matched again
            return None

    def _holds(self, name: str) -> bool:
        return (self._folder / name / "report.html").is_file()


def _row_name(job: Job) -> str:
    name = shown_name(job.source)
    return name if job.start_s is None else f"{name} from {wording.duration(job.start_s)}"


def match_job(
    piece: tuple[Job, Mapping[str, Any]], progress: Progress = lambda renders, best: None
) -> MatchResult | AudioError:
    """Match the sound of a job; gives the error where the sound is what is wrong.

    Args:
        piece: The job, every argument of `match`, and `partial`.
        progress: As of `match`.

    Raises:
        TonewrightError: As of `match`, but for what is wrong with the sound.
    """
    job, arguments = piece
    try:
        recording = _recording(job, arguments["start_s"], partial=arguments["partial"])
        settings = {name: value for name, value in arguments.items() if name != "partial"}
        return match(recording, **settings, progress=progress)
    except AudioError as error:
        return error


def _recording(job: Job, start_s: float | None, *, partial: bool) -> Recording:
    try:
        return read_recording(job.source, start_s=start_s, partial=partial)
    except UsageError as error:  # it ends before: a fault of this sound, and not of the others
        raise AudioError(str(error)) from None


def _check_record(record: Record, path: Path) -> None:
    try:
        Row(**record["row"])
        fits = isinstance(record["of"], dict) and isinstance(record["interrupted"], bool)
    except (KeyError, TypeError):
        fits = False
    if not fits:
        raise UsageError(f"the record of {record['folder']!r} in {str(path)!r} is damaged; delete that line")


def _arguments(settings: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """Every argument of `match`, checked, so that nothing is written where they make no sense."""
    window = {"start_s": job.start_s, "length_s": job.length_s}
    own = {name: value for name, value in window.items() if value is not None}
    given = {**settings, **job.settings, **own}
    unknown = next((name for name in given if name not in _ARGUMENTS), None)
    if unknown is not None:
        raise UsageError(f"match has the settings {', '.join(_ARGUMENTS)}; got {unknown!r}; rename it")
    arguments = _ARGUMENTS | given
    if arguments["renders"] is None and arguments["seconds_budget"] is None:
        arguments["renders"] = DEFAULT_RENDERS
    check_arguments(
        *(
            arguments[name]
            for name in ("start_s", "length_s", "renders", "seconds_budget", "note", "gate_seconds", "seed")
        )
    )
    search_method(arguments["method"], arguments["networks"])
    return arguments


def _what_decides(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a match beside its sound, as JSON has it."""
    synth = make_synth(arguments["synth"])
    return {
        "settings": {
            name: value if value is None or isinstance(value, str | int) else float(value)
            for name, value in arguments.items()
            if name != "networks"
        },
        "synth_version": synth.version,
        "networks": networks_used(arguments["method"], synth, arguments["networks"]),
    }


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError(f"cannot read {str(path)!r}: {system_reason(error)}; check the path") from None

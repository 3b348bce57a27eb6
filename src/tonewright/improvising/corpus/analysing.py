"""`analyse_folder`: every recording of a folder heard hop by hop, and the values written to a corpus.

What is finished lies beside the output in `NAME.partial/`: a log of the recordings that are done, by the hash
of their bytes, and their values. It is tied to the request by the header of the log, so that a second run of
the same request goes on, and removed when the corpus is written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, local
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tonewright.audio import Clip, info, read_blocks, resample_blocks
from tonewright.audio.folders import sound_files_below
from tonewright.checks import check_whole
from tonewright.errors import AudioError, CorpusError
from tonewright.features import Descriptor, StreamAnalyser
from tonewright.features.framing import Framing
from tonewright.features.selection import select
from tonewright.files import StrPath, check_file, replacing
from tonewright.improvising.corpus.corpus import SILENCE_DBFS, Contents, CorpusFile, Measured, Split
from tonewright.improvising.corpus.files import check_parquet, read_contents, write_corpus
from tonewright.improvising.corpus.finished import Finished
from tonewright.improvising.corpus.splitting import DEFAULT_SHARES, check_shares, split_recordings
from tonewright.improvising.corpus.surveying import Recording, Survey, find_recordings
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING
from tonewright.measuring.records import Record
from tonewright.threads import available_threads, numba_threads

_BLOCK_S = 10.0
_LEVEL = "loudness_rms"
_SLOWEST = "pitch"  # it takes about as long as all other descriptors together
_FAULTS_SHOWN = 3  # where no file can be used


def partial_folder(output: StrPath) -> Path:
    """Where finished recordings are kept until the corpus is written."""
    place = Path(output)
    return place.with_name(place.name + ".partial")


def analyse_folder(
    folder: StrPath,
    output: StrPath,
    descriptors: str | Iterable[str] = DESCRIPTORS,
    *,
    framing: Framing = FRAMING,
    shares: Sequence[int] = DEFAULT_SHARES,
    seed: int = 0,
    partial: bool = False,
    workers: int | None = None,
    overwrite: bool = False,
    begin: Callable[[int], None] = lambda total_bytes: None,
    progress: Callable[[float], None] = lambda done_bytes: None,
) -> Contents:
    """Measure every frame of every recording in and below a folder, and write them as a corpus.

    The mix of the channels is heard, as `hear` does, after recordings of other sample rates were brought to
    that of the framing; the values are those of `hear` of the whole recording. Recordings of the same bytes
    count once. Those that cannot be used are left out and listed in the corpus. Hidden files are left out
    without a word. What was finished before Ctrl-C, or before the process was killed, is not done again by
    the same request; where a corpus of the same split is overwritten, the recordings that it held stay what
    they were for.

    Args:
        folder: The recordings.
        output: The corpus to make, a Parquet file.
        descriptors: As of `hear`.
        framing: Sample rate, window and hop.
        shares: Percentage of the duration for training, validation and test.
        seed: Draws another split.
        partial: Take what is there of recordings that are cut short or damaged.
        workers: Threads; as many as there are cores if not given. The values do not depend on it.
        overwrite: Whether a file that is there already may be replaced.
        begin: Called with the size of all recordings together, in bytes, before the first is heard.
        progress: Called with how many bytes were heard since the last call.

    Returns:
        What the corpus holds, but for the values.

    Raises:
        MissingExtraError: pyarrow is not installed.
        UnknownNameError: There is no such descriptor.
        UsageError: There is no folder or no sound in it, an argument makes no sense, or what an earlier run
            kept is that of another request.
        AudioError: None of the recordings can be used.
        OutputError: The corpus is there already, or cannot be written.
        KeyboardInterrupt: After Ctrl-C; its words tell how much is done.
    """
    check_parquet()
    shares = check_shares(shares)
    check_whole(seed, "seed", 0)
    threads = available_threads() if workers is None else check_whole(workers, "workers", 1)
    chosen = select(descriptors)
    _Ear(chosen, framing, 1)  # a window that is too short for a descriptor shows before the work
    place = partial_folder(output)
    paths = sound_files_below(Path(folder), without=place)
    check_file(output, overwrite=overwrite)
    kept = _earlier_split(output, shares, seed)

    finished = Finished(place, chosen, framing, partial=partial)
    try:
        survey = find_recordings(Path(folder), paths, threads)
        work = _Work(survey, finished, chosen, framing, partial=partial)
        begin(sum(one.size for one in survey.recordings))
        work.do(threads, progress)
        if not work.heard:
            raise AudioError(_none_usable(folder, work.skipped))
        contents = _contents(work, chosen, framing, shares, seed, kept)
        write_corpus(output, contents, finished.values, overwrite=overwrite)
    except BaseException:
        finished.remove_if_empty()
        raise
    finished.remove()
    return contents


class _Ear:
    """Hears recordings one after another, block by block, and counts what is silent.

    Args:
        descriptors: What to measure.
        framing: How to hear.
        channels: How many channels they have.
        apart: Hear the slowest descriptors in a thread of their own: more than threads for the rows of each
            kernel, between which a core waits for the other.
    """

    def __init__(
        self, descriptors: Sequence[Descriptor], framing: Framing, channels: int, *, apart: bool = False
    ) -> None:
        names = list(dict.fromkeys([*(one.name for one in descriptors), _LEVEL]))
        slow = {one.name for one in descriptors if one.category == _SLOWEST} if apart else set()
        groups = [[name for name in names if (name in slow) is part] for part in (True, False)]
        self._analysers = [
            StreamAnalyser(
                framing.sample_rate_hz, group, window=framing.window, hop=framing.hop, n_channels=channels
            )
            for group in groups
            if group
        ]
        heard = [column for analyser in self._analysers for column in analyser.names]
        self._level = heard.index(f"{_LEVEL}_dbfs")
        self._columns = [heard.index(column) for one in descriptors for column in one.columns]
        self._pool = ThreadPoolExecutor(1, "tonewright ear") if len(self._analysers) > 1 else None
        self.begin()

    def begin(self) -> None:
        """Begin a new recording."""
        for analyser in self._analysers:
            analyser.reset()
        self.frames = self.silent_frames = self.cancelled_frames = 0

    def hear(self, block: NDArray[np.float32] | None, threads: int) -> NDArray[np.float32]:
        """Values of the hops that a block `[channels, frames]` completes, `[n, C]`; without one, the last."""
        share = max(1, threads // len(self._analysers))

        def listen(analyser: StreamAnalyser) -> NDArray[np.float32]:
            with numba_threads(share):
                values = analyser.flush() if block is None else analyser.push(block[np.newaxis])
            return values.reshape(-1, values.shape[-1])

        *others, last = self._analysers
        waiting = [self._pool.submit(listen, one) for one in others] if self._pool else []
        heard = [listen(last)]
        values = np.concatenate([*(one.result() for one in waiting), *heard], axis=1)
        self.frames += len(values)
        self.silent_frames += int((values[:, self._level] < SILENCE_DBFS).sum())
        self.cancelled_frames += last.cancelled_frames
        return values[:, self._columns]


class _Work:
    """What is to be heard, and what was.

    Args:
        survey: What the folder holds.
        finished: What earlier runs have done.
        descriptors: What to measure.
        framing: How to hear.
        partial: As of `analyse_folder`.

    Attributes:
        heard: Records of the recordings that are done, with their names, in the order of the files.
        skipped: Name of what cannot be used, and why.
    """

    def __init__(
        self,
        survey: Survey,
        finished: Finished,
        descriptors: Sequence[Descriptor],
        framing: Framing,
        *,
        partial: bool,
    ) -> None:
        self._survey, self._finished = survey, finished
        self._descriptors, self._framing, self._partial = descriptors, framing, partial
        self._stop, self._lock, self._ears = Event(), Lock(), local()
        self._running, self._threads, self._apart = 0, 1, False
        self._records: dict[str, Record] = {}
        self._faults: dict[str, str] = {}

    @property
    def heard(self) -> list[tuple[Recording, Record]]:
        """Recordings that are done, in the order of the files."""
        done = self._records
        return [(one, done[one.sha256]) for one in self._survey.recordings if one.sha256 in done]

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """What could not be used, in the order of names."""
        faults = [
            (one.name, self._faults[one.sha256])
            for one in self._survey.recordings
            if one.sha256 in self._faults
        ]
        return sorted([*self._survey.skipped, *faults])

    def do(self, threads: int, progress: Callable[[float], None]) -> None:
        """Hear what is missing, several recordings side by side."""
        self._threads = threads
        missing = []
        for one in self._survey.recordings:
            record = self._finished.find(one.sha256)
            if record is None:
                missing.append(one)
            else:
                self._records[one.sha256] = record
                progress(one.size)
        events: SimpleQueue[tuple[float, Recording | None, Record | BaseException | None]] = SimpleQueue()
        self._apart = len(missing) < threads
        # The largest first, so that they do not end last and alone.
        missing.sort(key=lambda one: -one.size)
        pool = ThreadPoolExecutor(threads, "tonewright corpus")
        try:
            for one in missing:
                pool.submit(self._hear, one, events)
            left = len(missing)
            while left:
                done_bytes, recording, result = events.get()
                progress(done_bytes)
                if recording is not None:
                    left -= 1
                    self._end(recording, result)
        except KeyboardInterrupt:
            total = len(self._survey.recordings)
            raise KeyboardInterrupt(
                f"; {len(self._records)} of {total} recordings are analysed, and the same command goes on"
            ) from None
        finally:
            self._stop.set()
            pool.shutdown(cancel_futures=True)

    def _end(self, recording: Recording, result: Record | BaseException | None) -> None:
        if isinstance(result, AudioError):
            self._faults[recording.sha256] = _fault(recording.path, result)
        elif isinstance(result, BaseException):
            raise result
        elif result is not None:
            self._finished.keep(result)
            self._records[recording.sha256] = result

    def _hear(
        self,
        recording: Recording,
        events: SimpleQueue[tuple[float, Recording | None, Record | BaseException | None]],
    ) -> None:
        """Hear a recording in a thread of its own, and tell how far it is."""
        told = 0.0

        def tell(share: float) -> None:
            nonlocal told
            events.put((max(share * recording.size - told, 0.0), None, None))
            told = max(share * recording.size, told)

        result: Record | BaseException | None
        with self._lock:
            self._running += 1
        try:
            with (
                replacing(self._finished.place(recording.sha256), overwrite=True) as temporary,
                temporary.open("wb") as file,
            ):
                result = self._heard(recording, file, tell)
        except BaseException as error:
            result = error
        with self._lock:
            self._running -= 1
        events.put((recording.size - told, recording, result))

    def _heard(self, recording: Recording, file: BinaryIO, tell: Callable[[float], None]) -> Record:
        path, partial, rate = recording.path, self._partial, self._framing.sample_rate_hz
        # With `partial` only decoding tells how much there is.
        whole_s = 0.0 if partial else info(path).seconds
        seconds, own_rate, ear = 0.0, 0, None

        def own() -> Iterator[Clip]:
            nonlocal seconds, own_rate
            frames = 0
            for clip in read_blocks(path, block_seconds=_BLOCK_S, partial=partial):
                own_rate = clip.sample_rate_hz
                frames += clip.frames
                seconds = frames / own_rate
                yield clip

        channels = 0
        for clip in _ahead(resample_blocks(own(), rate)):
            if self._stop.is_set():
                raise KeyboardInterrupt
            if ear is None:
                channels = clip.channels
                ear = self._ear(channels)
            _write(file, ear.hear(clip.samples, self._threads // self._running))
            tell(min(seconds / whole_s, 1.0) if whole_s else 0.0)
        if ear is None or seconds * rate < self._framing.window:
            raise AudioError(
                f"a recording lasts {self._framing.window / rate:.3g} s, one window, or more; got "
                f"{seconds:.3g} s; leave it out"
            )
        _write(file, ear.hear(None, 1))
        return {
            "sha256": recording.sha256,
            "frames": ear.frames,
            "seconds": seconds,
            "sample_rate_hz": own_rate,
            "channels": channels,
            "silent_frames": ear.silent_frames,
            "cancelled_frames": ear.cancelled_frames,
        }

    def _ear(self, channels: int) -> _Ear:
        """That of this thread for so many channels: to make one takes as long as to hear a short sound."""
        ears: dict[int, _Ear] = self._ears.__dict__.setdefault("of channels", {})
        if channels not in ears:
            ears[channels] = _Ear(self._descriptors, self._framing, channels, apart=self._apart)
        ears[channels].begin()
        return ears[channels]


def _ahead(clips: Iterator[Clip]) -> Iterator[Clip]:
    """The same clips, each decoded and resampled while the one before is heard."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, clips, None)
        while (clip := coming.result()) is not None:
            coming = reader.submit(next, clips, None)
            yield clip


def _write(file: BinaryIO, values: NDArray[np.float32]) -> None:
    file.write(np.ascontiguousarray(values, "<f4").data)


def _fault(path: Path, error: AudioError) -> str:
    """What is wrong with a recording, without its path."""
    text = str(error)
    for named in (f"cannot use {str(path)!r}: ", f"{str(path)!r}: ", f"{str(path)!r} "):
        text = text.removeprefix(named)
    return text.replace(repr(str(path)), "it")


def _earlier_split(output: StrPath, shares: tuple[int, int, int], seed: int) -> Mapping[str, Split]:
    """What the recordings of a corpus that is overwritten were for, if it was split alike."""
    if not Path(output).is_file():
        return {}
    with suppress(CorpusError):
        contents = read_contents(output)
        if (contents.shares, contents.seed) == (shares, seed):
            return {file.sha256: file.split for file in contents.files}
    return {}


def _contents(
    work: _Work,
    descriptors: Sequence[Descriptor],
    framing: Framing,
    shares: tuple[int, int, int],
    seed: int,
    kept: Mapping[str, Split],
) -> Contents:
    heard = work.heard
    splits = split_recordings([(one.sha256, record["seconds"]) for one, record in heard], shares, seed, kept)
    files, first = [], 0
    for (one, record), split in zip(heard, splits, strict=True):
        files.append(CorpusFile(name=one.name, split=split, first=first, **record))
        first += record["frames"]
    measured = tuple(Measured.of(one) for one in descriptors)
    return Contents(framing, measured, tuple(files), tuple(work.skipped), shares, seed, version("tonewright"))


def _none_usable(folder: StrPath, skipped: Sequence[tuple[str, str]]) -> str:
    shown = "; ".join(f"{name!r}: {why}" for name, why in skipped[:_FAULTS_SHOWN])
    return (
        f"none of the {len(skipped)} sounds in {os.fspath(folder)!r} can be used; name another folder, or "
        f"mend them: {shown}{'…' if len(skipped) > _FAULTS_SHOWN else ''}"
    )

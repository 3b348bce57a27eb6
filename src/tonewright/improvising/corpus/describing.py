"""What is in a corpus, in a few numbers, and what its user should know."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.files import StrPath
from tonewright.improvising.corpus.corpus import SILENCE_DBFS, SPLITS, Contents, CorpusFile, Split
from tonewright.improvising.corpus.files import read_contents, read_recordings
from tonewright.wording import quantity

LEVEL, LOUDNESS, PITCH = "loudness_rms_dbfs", "loudness_momentary_lufs", "pitch_f0_hz"
_MOST_FRAMES = 200_000
"""Of more, evenly spaced ones are read."""
_LOW, _HIGH = 5, 95  # percentiles
_OFF = 10  # percentage points that a part may be off its share
_CANCELLED = 0.1  # share of the frames of a recording
_NAMED = 3


@dataclass(frozen=True)
class PartFacts:
    """What a part of a corpus holds.

    Attributes:
        split: Which part; None for all of it.
        recordings: How many.
        seconds: Their duration.
        silence: Share of the frames in which nothing comes to `SILENCE_DBFS`, 0..1.
        loudness_lufs: 5th and 95th percentile of the momentary loudness of all other frames; None where there
            is none.
        pitch_hz: The same of the pitch, of frames that have one.
    """

    split: Split | None
    recordings: int
    seconds: float
    silence: float
    loudness_lufs: tuple[float, float] | None
    pitch_hz: tuple[float, float] | None

    def fields(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return {
            "recordings": self.recordings,
            "seconds": self.seconds,
            "silence": self.silence,
            "loudness_lufs": self.loudness_lufs and list(self.loudness_lufs),
            "pitch_hz": self.pitch_hz and list(self.pitch_hz),
        }


@dataclass(frozen=True)
class CorpusFacts:
    """What a corpus holds.

    Attributes:
        contents: All that it tells of itself.
        parts: The parts that hold something.
        whole: All of it.
        remarks: What its user should know, with the remedy; none where all is well.
    """

    contents: Contents
    parts: tuple[PartFacts, ...]
    whole: PartFacts
    remarks: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        contents = self.contents
        framing = contents.framing
        return {
            **self.whole.fields(),
            "frames": contents.frames,
            "sample_rate_hz": framing.sample_rate_hz,
            "window": framing.window,
            "hop": framing.hop,
            "descriptors": [one.name for one in contents.measured],
            "columns": list(contents.columns),
            "split": dict(zip(SPLITS, contents.shares, strict=True)),
            "seed": contents.seed,
            "parts": {str(part.split): part.fields() for part in self.parts},
            "recorded": [
                {
                    "file": file.name,
                    "sha256": file.sha256,
                    "split": file.split,
                    "seconds": file.seconds,
                    "frames": file.frames,
                    "silence": file.silent_frames / file.frames,
                }
                for file in contents.files
            ],
            "skipped": [{"file": name, "why": why} for name, why in contents.skipped],
            "remarks": list(self.remarks),
        }


def describe_corpus(path: StrPath) -> CorpusFacts:
    """Tell what is in a corpus.

    Of a large one no more is read than 200,000 frames, evenly spaced, of three columns.

    Raises:
        MissingExtraError: pyarrow is not installed.
        CorpusError: It cannot be read, is no corpus, is damaged, or of a newer version.
    """
    contents = read_contents(path)
    held = [column for column in (LEVEL, LOUDNESS, PITCH) if column in contents.columns]
    every = frames_between(contents.frames, _MOST_FRAMES)
    values: dict[Split, list[NDArray[np.float32]]] = {split: [] for split in SPLITS}
    if held:
        for file, frames in read_recordings(path, held, every=every):
            values[file.split].append(frames)
    parts = [
        _part(split, contents.part(split), values[split], held) for split in SPLITS if contents.part(split)
    ]
    everything = [frames for split in SPLITS for frames in values[split]]
    whole = _part(None, contents.files, everything, held)
    return CorpusFacts(contents, tuple(parts), whole, tuple(remarks(contents)))


def frames_between(frames: int, most: int) -> int:
    """Of how many frames one is taken, so that no more than `most` are."""
    return max(1, -(-frames // most))


def remarks(contents: Contents) -> list[str]:
    """What the user of a corpus should know, each with its remedy."""
    files = contents.files
    told = []
    if len(files) == 1:
        told.append(
            "there is one recording, all of it for training, and nothing to evaluate on; record more takes, "
            f"or cut it into takes of a minute: ffmpeg -i {shlex.quote(files[0].name)} -f segment "
            "-segment_time 60 take-%03d.wav"
        )
    elif len(files) == 2 and contents.shares[1]:
        told.append(
            "there are two recordings, one for training and one for test, and none for validation; record "
            "more takes, or cut them into shorter ones"
        )
    elif uneven := _uneven(contents):
        told.append(
            f"{uneven}: recordings are never cut, and few or very long ones cannot be shared out better; cut "
            "long ones into takes"
        )
    silent = [file.name for file in files if file.silent_frames == file.frames]
    if len(silent) == len(files):
        told.append(
            f"all recordings are silent, below {SILENCE_DBFS:g} dBFS: there is nothing to follow; record "
            "louder, or analyse another folder"
        )
    elif silent:
        told.append(
            f"{quantity(len(silent), 'recording', 9)} of {len(files)} {'is' if len(silent) == 1 else 'are'} "
            f"silent, below {SILENCE_DBFS:g} dBFS, with nothing to follow: {_some(silent)}; take away what "
            "is no pause"
        )
    cancelled = [file.name for file in files if file.cancelled_frames > _CANCELLED * file.frames]
    if cancelled:
        told.append(
            "channels cancel each other, and their mean, which most descriptors hear, is next to silent, in "
            f"{_some(cancelled)}; mend the polarity of a channel, or export one channel"
        )
    return told


def _uneven(contents: Contents) -> str:
    """By how much the parts are off their shares, if it is much."""
    total = contents.seconds
    got = [100 * sum(file.seconds for file in contents.part(split)) / total for split in SPLITS]
    if max(abs(a - b) for a, b in zip(got, contents.shares, strict=True)) <= _OFF:
        return ""
    shown = "/".join(f"{share:.0f}" for share in got)
    return f"the parts hold {shown} % of the sound, not {'/'.join(map(str, contents.shares))}"


def _some(names: list[str]) -> str:
    shown = [repr(name) for name in names[:_NAMED]]
    return ", ".join(shown) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _part(
    split: Split | None,
    files: tuple[CorpusFile, ...] | list[CorpusFile],
    values: list[NDArray[np.float32]],
    held: list[str],
) -> PartFacts:
    frames = np.concatenate(values) if values else np.empty((0, len(held)), np.float32)
    column = {name: frames[:, i] for i, name in enumerate(held)}
    sounding = column[LEVEL] >= SILENCE_DBFS if LEVEL in column else np.ones(len(frames), bool)
    loudness = pitch = None
    if LOUDNESS in column:
        loudness = _ends(column[LOUDNESS][sounding])
    if PITCH in column:
        pitch = _ends(column[PITCH][sounding & (column[PITCH] > 0)])
    return PartFacts(
        split,
        len(files),
        sum(file.seconds for file in files),
        sum(file.silent_frames for file in files) / max(1, sum(file.frames for file in files)),
        loudness,
        pitch,
    )


def _ends(values: NDArray[np.float32]) -> tuple[float, float] | None:
    if not len(values):
        return None
    low, high = np.percentile(values, (_LOW, _HIGH))
    return float(low), float(high)

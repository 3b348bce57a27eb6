"""What of a corpus a synth can reach: how far each frame is from the nearest point of a lookup table.

The distance is that of the environment's reward: the root mean square of the differences of normalised
features (`improvising/listening/normalising.py`), each as far as the frame has it. No agent that plays this
synth comes nearer on average than its nearest points do, but by what lies between them; so this is a
ceiling, before any training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tonewright.checks import check_number
from tonewright.errors import CorpusError
from tonewright.features.framing import Framing
from tonewright.files import StrPath
from tonewright.improvising.corpus.corpus import SPLITS, Contents, Corpus, CorpusFile, Split
from tonewright.improvising.corpus.describing import frames_between
from tonewright.improvising.corpus.files import read_contents, read_recordings
from tonewright.improvising.listening.features import choose
from tonewright.improvising.listening.nearest import NearestPoints
from tonewright.improvising.listening.normalising import (
    AUDIBLE_DBFS,
    CONFIDENCE,
    LOUDNESS,
    MISSING,
    Normaliser,
    fit_scales,
)
from tonewright.improvising.lookup.table import LookupTable, check_descriptors
from tonewright.improvising.reward import is_missing

THRESHOLD = 0.5
"""Distance that counts as reached: half a spread, at which the reward is halfway unless told otherwise."""
_MOST_FRAMES = 50_000
"""Of more, evenly spaced ones are compared."""
WORST_S = 5.0
"""Length of the stretch of a recording that is furthest away."""
_TINY = 1e-9


@dataclass(frozen=True)
class Distances:
    """How distances are distributed.

    Attributes:
        frames: Of how many frames.
        median: Their median.
        p90: Their 90th percentile.
        within: Share of them within the threshold, 0..1.
    """

    frames: int
    median: float
    p90: float
    within: float

    @classmethod
    def of(cls, values: NDArray[np.float64], threshold: float) -> Distances | None:
        """The distribution of distances `[n]`, NaN left out; None without any."""
        values = values[~np.isnan(values)]
        if not len(values):
            return None
        median, p90 = np.percentile(values, (50, 90))
        return cls(len(values), float(median), float(p90), float((values <= threshold).mean()))

    def fields(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return {"frames": self.frames, "median": self.median, "p90": self.p90, "within": self.within}


@dataclass(frozen=True)
class FeatureReach:
    """How near a synth comes to one feature of a corpus.

    Attributes:
        name: Of the descriptor.
        alone: Distances to the points that are nearest in this feature, whatever the others do there; None
            where no frame has the feature.
        together: Distances in this feature at the points that are nearest in all.
    """

    name: str
    alone: Distances | None
    together: Distances | None


@dataclass(frozen=True)
class ColumnRange:
    """What a corpus and a table hold of a column, where it is there.

    Attributes:
        column: Its name.
        unit: Its unit.
        recorded: 5th, 50th and 95th percentile of the frames; None if it is nowhere there.
        table: Lowest and highest value of a point; None likewise.
    """

    column: str
    unit: str
    recorded: tuple[float, float, float] | None
    table: tuple[float, float] | None


@dataclass(frozen=True)
class FileReach:
    """How near a synth comes to a recording.

    Attributes:
        file: The recording.
        distances: Of its frames that sound.
        worst_s: Where the five seconds begin that are furthest away.
    """

    file: CorpusFile
    distances: Distances
    worst_s: float


@dataclass(frozen=True, eq=False)
class Reach:
    """How near a synth comes to a corpus.

    Attributes:
        synth: Name of the synth.
        points: Of the table.
        threshold: Distance that counts as reached.
        every: Of how many frames one was compared.
        distances: `[n]` of all frames that sound, those of a recording together; NaN where a frame has none
            of the features.
        whole: Their distribution.
        parts: The same for each part that sounds.
        silence: Share of the silent frames within the threshold, 0..1; None where there are none.
        features: For each feature, in the order asked for.
        ranges: For each column.
        files: For each recording that sounds, the worst first.
    """

    synth: str
    points: int
    threshold: float
    every: int
    distances: NDArray[np.float64]
    whole: Distances
    parts: dict[Split, Distances]
    silence: float | None
    features: tuple[FeatureReach, ...]
    ranges: tuple[ColumnRange, ...]
    files: tuple[FileReach, ...]

    def fields(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return {
            "synth": self.synth,
            "points": self.points,
            "threshold": self.threshold,
            "every": self.every,
            **self.whole.fields(),
            "silence_within": self.silence,
            "parts": {str(split): one.fields() for split, one in self.parts.items()},
            "features": {
                one.name: {
                    "alone": one.alone and one.alone.fields(),
                    "together": one.together and one.together.fields(),
                }
                for one in self.features
            },
            "ranges": {
                one.column: {"unit": one.unit, "recorded": one.recorded, "table": one.table}
                for one in self.ranges
            },
            "recorded": [
                {"file": one.file.name, "split": one.file.split, **one.distances.fields()}
                for one in self.files
            ],
        }


def reach_corpus(
    path: StrPath,
    table: LookupTable,
    features: Sequence[str] | None = None,
    *,
    threshold: float = THRESHOLD,
) -> Reach:
    """Compare the frames of a corpus with the points of a table.

    Of a large corpus no more than 50,000 frames are compared, evenly spaced. Features are normalised as the
    environment does, with the table and the recordings for training; of silence only the level counts, and
    the figures are of frames that sound.

    Args:
        path: The corpus.
        table: What a synth can do, heard as the corpus was.
        features: What counts: names of descriptors, categories or columns; every descriptor of the corpus,
            each as much as another, if not given.
        threshold: Distance that counts as reached, in spreads.

    Raises:
        MissingExtraError: pyarrow is not installed.
        UnknownNameError: A feature is nothing that could be measured.
        UsageError: A feature, or the loudness that tells silence, is not in the corpus.
        TableError: The table lacks a descriptor, or is silent.
        CorpusError: The corpus cannot be used, is silent, or was heard otherwise than the table.
    """
    check_number(threshold, "threshold", 0, above=True)
    contents = read_contents(path)
    _check_framing(contents.framing, table)
    descriptors = [one.name for one in contents.measured]
    asked = list(descriptors if features is None else features)
    chosen = choose(asked, descriptors, what="the comparison")
    used = [one.name for one in contents.measured if set(one.columns) & set(chosen.columns)]
    check_descriptors(table, used)

    tells = [one for one in (LOUDNESS, CONFIDENCE) if one in contents.columns and one in table.columns]
    names = tuple(dict.fromkeys([*chosen.columns, *tells]))
    every = frames_between(contents.frames, _MOST_FRAMES)
    recorded = list(read_recordings(path, names, every=every))
    corpus = _sampled(contents, names, recorded)
    means = table.means[:, table.positions(names)]
    normaliser = Normaliser(fit_scales(chosen.columns, table, corpus), names)
    weights, frames = np.array(chosen.weights), corpus.values

    of_file = np.repeat(np.arange(len(recorded)), [len(values) for _, values in recorded])
    number = np.concatenate([np.arange(len(values)) for _, values in recorded])
    sounding = frames[:, names.index(LOUDNESS)] >= AUDIBLE_DBFS
    compare = _Comparison(normaliser, means, weights, frames[sounding])
    rows, distances = compare.nearest()
    of_silence = Distances.of(
        _Comparison(normaliser, means, weights, frames[~sounding]).nearest()[1], threshold
    )

    groups = {one: [i for i, c in enumerate(chosen.columns) if c in _columns(contents, one)] for one in asked}
    files = []
    hop_s = contents.framing.hop / contents.framing.sample_rate_hz
    for i, (file, _) in enumerate(recorded):
        own = of_file[sounding] == i
        found = Distances.of(distances[own], threshold)
        if found is not None:
            at_s = number[sounding][own] * every * hop_s
            files.append(FileReach(file, found, _worst(at_s, distances[own], file.seconds)))
    splits = np.array([file.split for file, _ in recorded])[of_file[sounding]]
    of_parts = {split: Distances.of(distances[splits == split], threshold) for split in SPLITS}
    whole = Distances.of(distances, threshold)
    if whole is None:
        raise CorpusError(
            f"what is compared is somewhere in the corpus; got {', '.join(asked)}, which no frame has; "
            "compare other features"
        )
    return Reach(
        synth=table.synth.name,
        points=len(table),
        threshold=threshold,
        every=every,
        distances=distances,
        whole=whole,
        parts={split: one for split, one in of_parts.items() if one is not None},
        silence=None if of_silence is None else of_silence.within,
        features=tuple(
            FeatureReach(
                name,
                alone=Distances.of(compare.nearest(places)[1], threshold),
                together=Distances.of(compare.distances_at(rows, places), threshold),
            )
            for name, places in groups.items()
            if places
        ),
        ranges=_ranges(contents, chosen.columns, names, compare, frames[sounding], means),
        files=tuple(sorted(files, key=lambda one: -one.distances.median)),
    )


class _Comparison:
    """Frames and points side by side, normalised.

    Args:
        normaliser: Of the columns.
        means: `[points, C]` of the table.
        weights: `[U]` how much each feature counts.
        frames: `[n, C]` of the corpus.

    Attributes:
        presence: `[n, U]` how far each frame has each feature.
        offered: `[points, U]` how far each point has each feature.
    """

    def __init__(
        self,
        normaliser: Normaliser,
        means: NDArray[np.float32],
        weights: NDArray[np.float64],
        frames: NDArray[np.float32],
    ) -> None:
        points, self.offered = normaliser(means)
        target, self.presence = normaliser(frames)
        self._points, self._target = points.astype(np.float64), target.astype(np.float64)
        self._counts = self.presence * weights

    def nearest(self, places: Sequence[int] | None = None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The nearest point in some columns, or in all, and its distance, NaN for a frame without them."""
        chosen = slice(None) if places is None else list(places)
        counts, target, points = self._counts[:, chosen], self._target[:, chosen], self._points[:, chosen]
        rows = NearestPoints(points, self.offered[:, chosen])(target, counts)
        # Again without the rounding of differences of large numbers.
        return rows, self.distances_at(rows, places)

    def distances_at(
        self, rows: NDArray[np.int64], places: Sequence[int] | None = None
    ) -> NDArray[np.float64]:
        """Distance of each frame from a point, in some columns or in all; NaN for a frame without them."""
        chosen = slice(None) if places is None else list(places)
        counts = self._counts[:, chosen]
        missing = is_missing(self.offered[:, chosen][rows], self.presence[:, chosen])
        differences = np.where(missing, MISSING, self._target[:, chosen] - self._points[:, chosen][rows])
        total = counts.sum(axis=1)
        total = np.where(total > _TINY, total, np.nan)
        return np.asarray(np.sqrt((counts * differences**2).sum(axis=1) / total))


def _sampled(
    contents: Contents, names: tuple[str, ...], recorded: Sequence[tuple[CorpusFile, NDArray[np.float32]]]
) -> Corpus:
    """A corpus of those frames that are compared."""
    files, first = [], 0
    for file, values in recorded:
        files.append(replace(file, first=first, frames=len(values)))
        first += len(values)
    values = np.concatenate([values for _, values in recorded])
    descriptors = tuple(one.name for one in contents.measured)
    return Corpus(contents.framing, descriptors, names, tuple(files), (), values)


def _check_framing(framing: Framing, table: LookupTable) -> None:
    if framing != table.framing:
        raise CorpusError(
            f"a corpus and a table are heard alike; got a corpus with {_framed(framing)}, and a table with "
            f"{_framed(table.framing)}; analyse the folder again with --window {table.framing.window} --hop "
            f"{table.framing.hop}, or build the table anew: {table.build_command()}"
        )


def _framed(framing: Framing) -> str:
    return f"window {framing.window}, hop {framing.hop} at {framing.sample_rate_hz} Hz"


def _columns(contents: Contents, name: str) -> tuple[str, ...]:
    return contents.columns if name == "all" else contents.select(name)


def _worst(at_s: NDArray[np.float64], distances: NDArray[np.float64], seconds: float) -> float:
    """Where the five seconds begin whose frames are furthest away on average."""
    ends = np.searchsorted(at_s, at_s + WORST_S)
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(distances))])
    # Those that reach beyond the end hold fewer frames, and would win by a single one.
    begins = np.maximum(at_s <= max(0.0, seconds - WORST_S), np.arange(len(at_s)) == 0)
    means = np.where(begins, (sums[ends] - sums[:-1]) / np.maximum(ends - np.arange(len(at_s)), 1), -1.0)
    return float(at_s[means.argmax()])


def _ranges(
    contents: Contents,
    columns: Sequence[str],
    names: Sequence[str],
    compare: _Comparison,
    frames: NDArray[np.float32],
    means: NDArray[np.float32],
) -> tuple[ColumnRange, ...]:
    # A level is there in silence, too; here it is that of what sounds.
    audible = means[:, names.index(LOUDNESS)] >= AUDIBLE_DBFS
    there, offered = compare.presence > 0, (compare.offered > 0) & audible[:, None]
    ranges = []
    for i, (column, unit) in enumerate(zip(columns, contents.units_of(columns), strict=True)):
        place = names.index(column)
        values, points = frames[there[:, i], place], means[offered[:, i], place]
        recorded = table = None
        if len(values):
            low, middle, high = np.percentile(values, (5, 50, 95))
            recorded = float(low), float(middle), float(high)
        if len(points):
            table = float(points.min()), float(points.max())
        ranges.append(ColumnRange(column, unit, recorded, table))
    return tuple(ranges)

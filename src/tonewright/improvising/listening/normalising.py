"""Descriptors on scales where near means near: octaves, decibels, robust statistics, silence told apart.

Three steps, column by column:

1. A scale on which differences are heard alike: frequencies in octaves; levels not below −70 dBFS, where a
   room is quiet; skewness and kurtosis, which run away for tones, through asinh. All others stay as they are.
2. Minus the median, divided by the spread (both of what sounds alone: `fit_scales`), clipped to ±3.
3. What a frame does not have is told apart. Silence has a level but no brightness, timbre or pitch; noise has
   no pitch; a tone has no second partial. There a column keeps what it last was, the median (0) at first, so
   that only loudness tells silence, and its `presence` is 0. What a musician does not have does not count in
   the reward. What he has and the agent has not counts as a miss (`MISSING`), so that nobody can touch a
   pitch and then go on with noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright.errors import CorpusError, TableError, UsageError
from tonewright.features.registry import DELTA_SUFFIX, Descriptor
from tonewright.features.selection import select
from tonewright.improvising.corpus.corpus import Corpus
from tonewright.improvising.lookup.table import LookupTable

LIMIT = 3.0
"""Beyond as many spreads from the median a value is clipped."""
QUIET_DBFS, AUDIBLE_DBFS = -70.0, -60.0
"""Levels up to which a frame is silent, and from which on it counts wholly."""
MISSING = float(np.sqrt(2.0))
"""Difference of a value that one side has and the other has not: that of two sounds by chance, the root mean
square of the difference of two independent values with a variance of 1."""
THERE = 0.2
"""Presence below which a value is not there, unless the other side hardly has it either."""
LOUDNESS, PITCH, CONFIDENCE = "loudness_rms_dbfs", "pitch_f0_hz", "pitch_confidence"

_LOWEST_HZ = 20.0
_RUNAWAY = ("spectral_skewness", "spectral_kurtosis")
_LEVEL_UNITS = ("dBFS", "dBTP", "LUFS")
_FREQUENCY_UNITS = ("Hz", "1/s")
# A spread is at least this: about the least difference that matters, so that nothing that hardly changes is
# blown up to the size of what does.
_LEAST_SPREADS = {"octaves": 0.25, "level": 3.0, "asinh": 0.25}
_LEAST_LINEAR = {"dB": 1.0}
_LEAST_OF_OTHERS = 0.05
_MOST_FRAMES = 200_000  # of hours of recordings, evenly spaced, for their quantiles
_QUANTILES = np.linspace(0.0, 1.0, 1001)


@dataclass(frozen=True)
class Scales:
    """Where each column lies and how far it spreads; plain values, kept with an agent.

    Attributes:
        columns: Names.
        kinds: The scale of each: "octaves", "level", "asinh" or "linear".
        medians: On that scale.
        spreads: On that scale, above 0.
    """

    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    medians: tuple[float, ...]
    spreads: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.columns) == len(self.kinds) == len(self.medians) == len(self.spreads):
            raise UsageError(
                f"scales hold one kind, median and spread for each of {len(self.columns)} columns; got "
                f"{len(self.kinds)}, {len(self.medians)} and {len(self.spreads)}; use an intact copy"
            )
        if not (
            np.isfinite(self.medians).all() and np.isfinite(self.spreads).all() and min(self.spreads) > 0
        ):
            raise UsageError(f"medians are finite and spreads above 0; got {self.medians}, {self.spreads}")

    def take(self, columns: Sequence[str], others: Scales | None = None) -> Scales:
        """The scales of some columns, in their order: as here where they are here, else as in others."""
        held = {name: (other, i) for other in (others, self) if other for i, name in enumerate(other.columns)}
        chosen = [held[name] for name in columns]
        return Scales(
            tuple(columns),
            tuple(scales.kinds[i] for scales, i in chosen),
            tuple(scales.medians[i] for scales, i in chosen),
            tuple(scales.spreads[i] for scales, i in chosen),
        )


class Normaliser:
    """Brings measured columns to their scales.

    Args:
        scales: Which columns are wanted, and how they are scaled.
        names: Names of the columns that are measured, in their order; those wanted, and the RMS level, are
            among them. Of a pitch, its confidence is used where it is there.

    Attributes:
        scales: The same.
        levels: `[U]` which columns are levels: of these silence has a value.
        loudness: Position of the RMS level among what is measured.

    Raises:
        UsageError: A column is missing.
    """

    def __init__(self, scales: Scales, names: Sequence[str]) -> None:
        self.scales = scales
        _check_measured(scales.columns, names)
        at = {name: position for position, name in enumerate(names)}
        self._positions = np.array([at[name] for name in scales.columns])
        self.loudness, self._confidence = at[LOUDNESS], at.get(CONFIDENCE)
        kinds = np.array(scales.kinds)
        self._octaves, self._asinh = kinds == "octaves", kinds == "asinh"
        self.levels: NDArray[np.bool_] = kinds == "level"
        self._pitch = np.array([name == PITCH for name in scales.columns])
        self._medians, self._spreads = np.array(scales.medians), np.array(scales.spreads)

    def __call__(self, values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Normalise measured frames.

        Args:
            values: `[..., C]`, in the order of `names`.

        Returns:
            Values `[..., U]` in −3…3, 0 where a frame has none, and presence `[..., U]` in 0…1. A level is
            always present; other columns as far as the frame is audible; a frequency if there is one (not
            0 Hz); a pitch as far as the sound is periodic.
        """
        scaled = (self.on_scale(values) - self._medians) / self._spreads
        presence = self.presence(values)
        clipped = np.where(presence > 0, np.clip(scaled, -LIMIT, LIMIT), 0.0)
        return clipped.astype(np.float32), presence

    def on_scale(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Measured frames `[..., C]` on the scales, neither centred nor divided: `[..., U]`."""
        scaled = values[..., self._positions].astype(np.float64)
        scaled[..., self._octaves] = np.log2(np.maximum(scaled[..., self._octaves], _LOWEST_HZ))
        scaled[..., self._asinh] = np.arcsinh(scaled[..., self._asinh])
        scaled[..., self.levels] = np.maximum(scaled[..., self.levels], QUIET_DBFS)
        return scaled

    def presence(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """How far each column is there in measured frames `[..., C]`: `[..., U]` in 0…1."""
        measured = values[..., self._positions]
        loudness = values[..., self.loudness, None]
        audible = np.clip((loudness - QUIET_DBFS) / (AUDIBLE_DBFS - QUIET_DBFS), 0.0, 1.0)
        presence = np.where(self.levels, 1.0, audible)
        presence = np.where(self._octaves & ~(measured > 0), 0.0, presence)
        if self._confidence is not None:
            periodic = np.clip(values[..., self._confidence, None], 0.0, 1.0)
            presence = np.where(self._pitch, presence * periodic, presence)
        return presence.astype(np.float32)

    def spread_of(self, means: NDArray[np.float32], spreads: NDArray[np.float32]) -> NDArray[np.float32]:
        """Standard deviations over time `[..., C]` around means `[..., C]`, on the scales: `[..., U]`."""
        mean = means[..., self._positions].astype(np.float64)
        spread = spreads[..., self._positions] / self._spreads
        spread = np.where(self._octaves, spread / (np.maximum(mean, _LOWEST_HZ) * np.log(2.0)), spread)
        spread = np.where(self._asinh, spread / np.sqrt(1.0 + mean**2), spread)
        return np.asarray(np.minimum(spread, 1.0) * (self.presence(means) > 0), np.float32)


def hold(values: NDArray[np.float32], presence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill what frames do not have with what was last there, 0 before that.

    Args:
        values: `[frames, U]` of one sound, as `Normaliser` gives them.
        presence: `[frames, U]`.

    Returns:
        `[frames, U]`.
    """
    last = np.where(presence > 0, np.arange(len(values))[:, None], -1)
    np.maximum.accumulate(last, axis=0, out=last)
    held = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, held, np.float32(0.0))


def fit_scales(columns: Sequence[str], table: LookupTable, corpus: Corpus | None = None) -> Scales:
    """Medians and spreads of what a synth can do and of what a musician plays.

    Only what is there counts: sound above −60 dBFS, without frames in which a column has no value. The table
    and the part of the corpus to train with count half each, however many points and frames they have: the
    quantiles are those of the two distributions mixed. The spread is the larger one of the interquartile
    range over 1.349 and the range of the middle nine tenths over 3.29, each the standard deviation if values
    are normal; a single outlier moves neither, and the second is not 0 where a column rests most of the time.
    A spread is at least a quarter octave, 3 dB of level, 1 dB of other quantities in decibels, 0.25 of an
    asinh, or 0.05.

    Args:
        columns: Which ones are wanted.
        table: What the synth can do.
        corpus: What the musician plays.

    Returns:
        Scales of `columns`. A column that is nowhere there has median 0 and the least spread.

    Raises:
        UsageError: A column is not measured.
        TableError: The table is silent.
        CorpusError: The corpus is silent, or has nothing to train with.
    """
    units = {column: one for one in select(table.descriptors) for column in one.columns}
    _check_measured(columns, table.columns)
    kinds = tuple(_kind(units[column]) for column in columns)
    sources = [_sounding(columns, kinds, table.columns, table.means)]
    if not len(sources[0][0]):
        raise TableError(
            f"a table holds sound above {AUDIBLE_DBFS:g} dBFS; got {len(table):,} points below; turn it up"
        )
    if corpus is not None:
        train = np.zeros(len(corpus.values), np.bool_)
        for file in corpus.part("train"):
            train[file.rows] = True
        frames = np.flatnonzero(train)[:: -(-max(train.sum(), 1) // _MOST_FRAMES)]
        sources.append(_sounding(columns, kinds, corpus.columns, corpus.values[frames]))
        if not len(sources[1][0]):
            raise CorpusError(
                f"a corpus holds sound above {AUDIBLE_DBFS:g} dBFS to train with; got {train.sum():,} frames "
                "below; record louder, or analyse other recordings"
            )
    medians, spreads = [], []
    for i, kind in enumerate(kinds):
        quantiles = [
            np.quantile(values[there[:, i], i], _QUANTILES) for values, there in sources if there[:, i].any()
        ]
        ranks = (0.05, 0.25, 0.5, 0.75, 0.95)
        p5, p25, p50, p75, p95 = np.quantile(np.concatenate(quantiles), ranks) if quantiles else [0.0] * 5
        least = _LEAST_SPREADS.get(kind) or _LEAST_LINEAR.get(units[columns[i]].unit, _LEAST_OF_OTHERS)
        medians.append(float(p50))
        spreads.append(float(max((p75 - p25) / 1.349, (p95 - p5) / 3.29, least)))
    return Scales(tuple(columns), kinds, tuple(medians), tuple(spreads))


def unchanging(scales: Scales, table: LookupTable) -> tuple[str, ...]:
    """Those columns that hardly change all over a table: by less than a twentieth of their spread."""
    values, there = _sounding(scales.columns, scales.kinds, table.columns, table.means)
    return tuple(
        column
        for i, column in enumerate(scales.columns)
        if not there[:, i].any() or np.ptp(values[there[:, i], i]) < 0.05 * scales.spreads[i]
    )


def _sounding(
    columns: Sequence[str], kinds: Sequence[str], names: Sequence[str], values: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Those rows that sound, on the scales `[rows, U]`, and where a column is there, `[rows, U]`."""
    flat = Scales(tuple(columns), tuple(kinds), (0.0,) * len(kinds), (1.0,) * len(kinds))
    normaliser = Normaliser(flat, names)
    sounding = values[values[:, normaliser.loudness] >= AUDIBLE_DBFS]
    return normaliser.on_scale(sounding), normaliser.presence(sounding) > 0


def _check_measured(columns: Sequence[str], names: Sequence[str]) -> None:
    for needed in (*columns, LOUDNESS):
        if needed not in names:
            why = ", which tells silence," if needed == LOUDNESS else ""
            raise UsageError(
                f"the column {needed!r}{why} must be measured; got {', '.join(names)}; measure it as well"
            )


def _kind(descriptor: Descriptor) -> str:
    if descriptor.name.endswith(DELTA_SUFFIX):  # a slope, of either sign
        return "linear"
    if descriptor.name in _RUNAWAY:
        return "asinh"
    if descriptor.unit in _FREQUENCY_UNITS:
        return "octaves"
    return "level" if descriptor.unit in _LEVEL_UNITS else "linear"

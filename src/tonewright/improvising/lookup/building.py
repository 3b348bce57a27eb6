"""`build_table`: render and hear a synth all over its controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike, fspath

import numpy as np
from numpy.typing import NDArray

from tonewright.audio.validation import LOUDEST_SAMPLE
from tonewright.checks import check_number, check_whole
from tonewright.errors import TableError, TonewrightError
from tonewright.files import check_file
from tonewright.improvising.hearing import DESCRIPTORS, FRAMING
from tonewright.improvising.lookup.averaging import Averager
from tonewright.improvising.lookup.files import describe, file_columns, parquet, write_table
from tonewright.improvising.lookup.partial import Partial
from tonewright.improvising.lookup.points import choose_points
from tonewright.improvising.lookup.table import DEFAULT_SECONDS, LookupTable, SynthIdentity
from tonewright.synths import Synth, synth

NOTE = 60.0
_MOST_SECONDS = 60.0
# Samples and points of a piece: some 50 MB with all that is heard, and about a second of work.
_PIECE_SAMPLES, _PIECE_POINTS = 1 << 23, 512
_ALIKE = 1e-4


def build_table(
    synth_name: str,
    path: str | PathLike[str],
    *,
    grid: int | Sequence[int] | None = None,
    sobol: int | None = None,
    seconds: float = DEFAULT_SECONDS,
    descriptors: Iterable[str] = DESCRIPTORS,
    seed: int = 0,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> LookupTable:
    """Measure what a synth sounds like at points all over its controls, and write the table.

    Every point is a note held for `seconds`. What is finished is kept in `PATH.partial/` until the table is
    written, so that a build that was stopped, or killed, goes on when it is asked for again, and gives the
    same table.

    Args:
        synth_name: As `tonewright.synth` takes it.
        path: The table to make, a Parquet file.
        grid: Values of each control, both ends included: one number for all, or one for each.
        sobol: Points of a Sobol sequence, instead of a grid; both ends of the controls are added. About 8,000
            points if neither is given, in a grid for up to three controls.
        seconds: Of every point's sound.
        descriptors: Names of descriptors or categories.
        seed: Of whatever is random in the synth, and of the Sobol sequence.
        overwrite: Whether a table already there, and pieces of another one, may be replaced.
        progress: Called with the share of the points that has been finished since.

    Returns:
        The table.

    Raises:
        UnknownNameError: There is no such synth or descriptor.
        UsageError: A number is out of its range, or pieces of another table are there.
        MissingExtraError: pyarrow is not installed.
        OutputError: The file is there already or cannot be written.
        TableError: The synth fails, gives samples that are not finite, is silent everywhere, or sounds alike
            everywhere.
    """
    parquet()
    averager = Averager(FRAMING, list(descriptors))
    check_number(seconds, "seconds", averager.least_seconds, _MOST_SECONDS)
    check_whole(seed, "seed", 0)
    player = synth(synth_name, FRAMING.sample_rate_hz)
    identity = SynthIdentity.of(player)
    points = choose_points(player.controls, grid, sobol, seed)
    columns = tuple(column for one in averager.descriptors for column in one.columns)
    file_columns(identity.controls, columns)
    check_file(path, overwrite=overwrite, expected_bytes=4 * len(points.params) * (2 * len(columns) + 8))

    def table(
        means: NDArray[np.float32], spreads: NDArray[np.float32], share: NDArray[np.float32]
    ) -> LookupTable:
        return LookupTable(
            synth=identity,
            framing=FRAMING,
            seconds=float(seconds),
            layout=points.layout,
            grid=points.grid,
            descriptors=tuple(one.name for one in averager.descriptors),
            columns=columns,
            params=points.params,
            means=means,
            spreads=spreads,
            units=tuple(one.unit for one in averager.descriptors for _ in one.columns),
            sounding=share,
            seed=seed,
            note=NOTE,
        )

    nothing = np.zeros((len(points.params), 0), np.float32)
    request = describe(table(nothing, nothing, np.empty(0, np.float32)))
    with Partial(path, request, overwrite=overwrite) as partial:
        values = _values(player, averager, points.params, float(seconds), seed, partial, progress)
        means, spreads, share = np.split(values, [len(columns), 2 * len(columns)], axis=1)
        built = table(means.copy(), spreads.copy(), share[:, 0].copy())
        _check_that_it_answers(built, partial)
        write_table(path, built, overwrite=overwrite)
        partial.remove()
    return built


def _values(
    player: Synth,
    averager: Averager,
    params: NDArray[np.float32],
    seconds: float,
    seed: int,
    partial: Partial,
    progress: Callable[[float], None],
) -> NDArray[np.float32]:
    """Means, spreads and the share of frames that sound, side by side, `[points, 2 C + 1]`."""
    columns = 2 * sum(len(one.columns) for one in averager.descriptors) + 1
    values = np.empty((len(params), columns), np.float32)
    at_once = max(1, min(_PIECE_POINTS, _PIECE_SAMPLES // round(seconds * FRAMING.sample_rate_hz)))
    begins = range(0, len(params), at_once)
    for piece, begin in enumerate(begins):
        some = slice(begin, begin + at_once)
        rows = params[some]
        kept = partial.load(piece, (len(rows), columns))
        if kept is None:
            with _kept_told(partial, begin, len(params)):
                audio = _render(player, rows, seconds, seed, begin)
                means, spreads, share = averager(audio)
                kept = np.concatenate([means, spreads, share[:, None]], axis=1)
                partial.save(piece, kept)
        values[some] = kept
        progress(len(rows) / len(params))
    return values


@contextmanager
def _kept_told(partial: Partial, done: int, total: int) -> Iterator[None]:
    """Whatever ends a build says what of it is kept; a folder with nothing in it goes."""
    told = (
        f"{done:,} of {total:,} points are kept in {fspath(partial.folder)!r}, and the same request goes on "
        "from there"
    )
    try:
        yield
    except KeyboardInterrupt:
        if not done:
            partial.remove()
            raise
        raise KeyboardInterrupt(f": {told}") from None
    except TonewrightError as error:
        if not done:
            partial.remove()
        else:
            error.args = (f"{error}; {told}", *error.args[1:])
        raise


def _render(
    player: Synth, params: NDArray[np.float32], seconds: float, seed: int, begin: int
) -> NDArray[np.float32]:
    """Sounds of held notes, `[batch, frames]`.

    Raises:
        TableError: The synth fails, or its samples are no sound.
    """
    named = f"synth {player.name!r}"
    try:
        audio = player.render(params, NOTE, seconds, seconds, seed)
    except TonewrightError:
        raise
    except Exception as error:  # whatever a synth of somebody else may raise
        where = f"points {begin:,} to {begin + len(params) - 1:,}"
        raise TableError(
            f"{named} renders every point; got {type(error).__name__} ({error}) for {where}; mend the synth"
        ) from error
    frames = round(seconds * FRAMING.sample_rate_hz)
    if audio.shape != (len(params), frames):
        raise TableError(
            f"{named} renders [{len(params)}, {frames}] samples; got shape {audio.shape}; mend the synth"
        )
    peaks = np.abs(audio).max(axis=1)
    broken = np.flatnonzero(~(peaks <= LOUDEST_SAMPLE))  # NaN, too
    if len(broken):
        row = int(broken[0])
        values = player.controls.to_physical(params[row])
        turned = ", ".join(
            f"{name} {value:.6g}" for name, value in zip(player.controls.names, values, strict=True)
        )
        got = f"a peak of {peaks[row]:.6g}" if np.isfinite(peaks[row]) else "NaN or infinity"
        raise TableError(
            f"{named} gives samples within ±{LOUDEST_SAMPLE:g}, full scale being ±1; got {got} at {turned} "
            f"(point {begin + row:,}); mend the synth"
        )
    return audio


def _check_that_it_answers(table: LookupTable, partial: Partial) -> None:
    """Refuse a table from which nothing can be learned; its pieces are worth nothing either.

    Raises:
        TableError: The synth is silent, or sounds alike, everywhere.
    """
    named = f"synth {table.synth.name!r}"
    remedy = (
        "check that sound reaches its outputs and that it reads its controls (a Pd patch: from the list "
        "at its inlet)"
    )
    if not table.sounding.any():
        partial.remove()
        raise TableError(
            f"a table holds sound; got silence from {named} at all {len(table):,} points; {remedy}"
        )
    reach = np.ptp(table.means, axis=0)
    if (reach <= _ALIKE * np.abs(table.means).max(axis=0)).all():
        partial.remove()
        raise TableError(
            f"a table holds different sounds; got the same from {named} at all {len(table):,} points, so "
            f"that it answers nothing to its controls; {remedy}"
        )

"""Checks of what a synth is asked to play; behind them nothing checks it again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.checks import check_whole
from tonewright.errors import UsageError
from tonewright.synths.control import ControlSpace
from tonewright.synths.preset import Preset


def check_params(params: ArrayLike, controls: ControlSpace) -> NDArray[np.float32]:
    """The one gate for unit vectors: `[batch, D]` float32, finite, in [0, 1].

    Raises:
        UsageError: Another shape, values that are not in [0, 1], or a preset.
    """
    if isinstance(params, Preset):
        raise UsageError(
            "params are unit vectors; got a Preset: render it with render_preset(preset), "
            "or give preset.params(synth)[None]"
        )
    with np.errstate(over="ignore"):
        checked = _numbers(params, "params").astype(np.float32)
    if checked.ndim != 2 or checked.shape[1] != len(controls):
        raise UsageError(f"params are [batch, {len(controls)}]; got shape {checked.shape}")
    if not ((checked >= 0) & (checked <= 1)).all():  # also false for NaN
        raise UsageError("params lie in [0, 1]; clip them or use controls.to_unit() for physical values")
    return checked


def check_tracks(
    params: ArrayLike, controls: ControlSpace, hop: int | None, frames: int
) -> tuple[NDArray[np.float32], int]:
    """The gate for what `render` is given: control tracks `[batch, steps, D]`, and the hop between steps.

    Unit vectors `[batch, D]` are tracks of one step, as long as the rendering.

    Raises:
        UsageError: Another shape, values that are not in [0, 1], tracks without a hop or a hop without
            tracks.
    """
    try:
        given = np.asarray(params)
    except ValueError:  # rows of different lengths: refused below
        given = np.empty(0)
    if given.ndim != 3:
        if hop is not None:
            raise UsageError(
                "a hop goes with control tracks, params [batch, steps, D]; got unit vectors; leave it out"
            )
        return check_params(params, controls)[:, None], frames
    if hop is None:
        raise UsageError(
            f"params are [batch, {len(controls)}], or tracks [batch, steps, {len(controls)}] with a hop; got "
            f"shape {given.shape} and no hop"
        )
    check_whole(hop, "hop", 1)
    batch, steps, width = given.shape
    if width != len(controls):
        raise UsageError(f"control tracks are [batch, steps, {len(controls)}]; got shape {given.shape}")
    if not steps:
        raise UsageError(f"control tracks have at least one step; got shape {given.shape}")
    return check_params(given.reshape(batch * steps, width), controls).reshape(given.shape), hop


def check_turn(params: ArrayLike, controls: ControlSpace, batch: int) -> NDArray[np.float32]:
    """The gate for unit vectors of notes that sound: `[batch, D]`, a row for each of them.

    Raises:
        UsageError: As `check_params`, or another number of rows.
    """
    checked = check_params(params, controls)
    if len(checked) != batch:
        raise UsageError(
            f"a turn takes params [{batch}, {len(controls)}], a row for each note; got shape {checked.shape}"
        )
    return checked


class Notes(NamedTuple):
    """What a voice begins with, checked.

    Attributes:
        params: `[batch, D]` float32 unit vectors.
        midi_note: `[batch]`.
        gate_seconds: `[batch]`, infinite where the key is held.
        seed: Whole number from 0.
    """

    params: NDArray[np.float32]
    midi_note: NDArray[np.float64]
    gate_seconds: NDArray[np.float64]
    seed: int


def check_notes(
    params: ArrayLike,
    controls: ControlSpace,
    midi_note: ArrayLike,
    gate_seconds: ArrayLike | None,
    seed: int,
) -> Notes:
    """The gate for what `Synth.voice` is given.

    Raises:
        UsageError: Shapes or values out of range.
    """
    checked = check_params(params, controls)
    gate = np.inf if gate_seconds is None else gate_seconds
    return Notes(
        checked,
        check_per_row(midi_note, len(checked), "midi_note", 0, 127),
        check_per_row(gate, len(checked), "gate_seconds", 0, np.inf),
        check_whole(seed, "seed", 0),
    )


def check_per_row(value: ArrayLike, batch: int, name: str, low: float, high: float) -> NDArray[np.float64]:
    """One number for all rows or `[batch]`, as `[batch]` float64.

    Raises:
        UsageError: Another shape, or values outside low…high.
    """
    rows = _numbers(value, name)
    if rows.ndim > 1 or (rows.ndim == 1 and rows.shape[0] != batch):
        raise UsageError(f"{name} is one number or [batch={batch}]; got shape {rows.shape}")
    fits = (rows >= low) & (rows <= high)  # also false for NaN
    if not fits.all():
        raise UsageError(f"{name} lies between {low:g} and {high:g}; got {rows[~fits].flat[0]:g}")
    return np.broadcast_to(rows, (batch,)).copy()


def check_seconds(seconds: float, sample_rate_hz: int) -> int:
    """Number of samples of a rendering.

    Raises:
        UsageError: Not a positive duration up to ten minutes.
    """
    duration = _numbers(seconds, "seconds")
    if duration.ndim or not 0 < duration <= 600:
        raise UsageError(f"seconds lies above 0 and up to 600; got {seconds}")
    return max(1, round(float(duration) * sample_rate_hz))


def _numbers(value: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        numbers = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise UsageError(
            f"{name} takes numbers in a regular shape; got a ragged {type(value).__name__}"
        ) from None
    if numbers.dtype.kind not in "biuf":
        raise UsageError(f"{name} takes numbers; got {type(value).__name__} of {numbers.dtype}")
    return numbers.astype(np.float64)

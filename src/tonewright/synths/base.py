"""The `Synth` protocol: what every synthesizer an agent plays looks like."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.errors import UsageError
from tonewright.synths.control import ControlSpace

RELEASED_SHARE = 0.25
"""Without a `gate_seconds` the key is let go for this last share of a rendering, so that release is heard."""


@runtime_checkable
class Voice(Protocol):
    """A note being played block by block: the same samples as `Synth.render` gives, whatever the blocks."""

    def render(self, frames: int) -> NDArray[np.float32]:
        """The next samples, `[batch, frames]`."""
        ...

    def release(self) -> None:
        """Let the key go now, at the next control step."""
        ...


@runtime_checkable
class Synth(Protocol):
    """A synthesizer: unit vectors in, sound out, the same sound every time.

    Attributes:
        name: Registered name.
        version: Version of its sound; a preset of another version is refused.
        sample_rate_hz: Rate of everything it renders.
        controls: What can be turned.
    """

    name: str
    version: int
    sample_rate_hz: int
    controls: ControlSpace

    def render(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        seconds: float = 1.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
    ) -> NDArray[np.float32]:
        """Render a batch of presets.

        Args:
            params: Unit vectors `[batch, D]` in [0, 1].
            midi_note: Note, fractions allowed, one for all or `[batch]`.
            seconds: Duration of the rendering.
            gate_seconds: When the key is let go, one for all or `[batch]`; three quarters of `seconds` if
                not given.
            seed: Seed of whatever is random in the synth; every row uses the same one.

        Returns:
            `[batch, frames]` float32.

        Examples:
            >>> import tonewright as tw
            >>> synth = tw.synth("serum-lite", sample_rate_hz=16_000)
            >>> params = synth.controls.defaults()[None].repeat(2, axis=0)
            >>> audio = synth.render(params, midi_note=[48, 60], seconds=0.5)
            >>> audio.shape, audio.dtype
            ((2, 8000), dtype('float32'))
        """
        ...

    def voice(
        self,
        params: ArrayLike,
        midi_note: ArrayLike = 60.0,
        gate_seconds: ArrayLike | None = None,
        seed: int = 0,
    ) -> Voice:
        """Start the same notes for block-by-block rendering; without a gate they sound until released."""
        ...


def check_params(params: ArrayLike, controls: ControlSpace) -> NDArray[np.float32]:
    """The one gate for unit vectors: `[batch, D]` float32, finite, in [0, 1].

    Raises:
        UsageError: Another shape, values that are not in [0, 1], or a preset.
    """
    from tonewright.synths.preset import Preset  # which is built on this module

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


def check_whole(value: object, name: str, low: int, high: float) -> int:
    """A whole number, NumPy's included.

    Raises:
        UsageError: Not a whole number, or outside low…high.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
        reach = f"from {low}" if high == np.inf else f"between {low} and {high:g}"
        raise UsageError(f"{name} is a whole number {reach}; got {value!r}")
    return int(value)


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

"""The `Synth` protocol: what every synthesizer an agent plays looks like."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

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

    Four attributes more are read where a synth has them:

    - `stages`, a mapping of names to the groups of controls that each adds: a curriculum exposes them one
      after the other; without it, group after group.
    - `factory_presets()`, a sequence of presets that come with the synth, to train and to measure on.
    - `words`, a `tonewright.synths.words.Words`: what a preset means in words, for the pages of reports;
      without it, words are made from the controls alone.
    - `reach`, a `tonewright.synths.reach.Reach`: what it can do at all, so that a match tells what it cannot.

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

"""The `Synth` protocol: what every synthesizer an agent plays looks like."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.documents import short_text
from tonewright.errors import UsageError
from tonewright.synths.control import ControlSpace


@runtime_checkable
class Voice(Protocol):
    """Notes being played block by block: the same samples as `Synth.render` gives, whatever the blocks."""

    def render(self, frames: int) -> NDArray[np.float32]:
        """The next samples, `[batch, frames]`."""
        ...

    def turn(self, params: ArrayLike) -> None:
        """Turn the controls of the sounding notes.

        They glide there from the next sample on, or from the next control step of a synth that has one, fast
        and without a click; turned again on the way, they go on from where they are.

        Args:
            params: Unit vectors `[batch, D]` in [0, 1], a row for each note.

        Raises:
            UsageError: Another shape, or values out of range.
        """
        ...

    def release(self) -> None:
        """Let the key go now, at the next control step."""
        ...


@runtime_checkable
class Synth(Protocol):
    """A synthesizer: unit vectors in, sound out, the same sound every time.

    Six attributes more are read where a synth has them:

    - `stages`, a mapping of names to the groups of controls that each adds: a curriculum exposes them one
      after the other; without it, group after group.
    - `factory_presets()`, a sequence of presets that come with the synth, to train and to measure on.
    - `words`, a `tonewright.synths.words.Words`: what a preset means in words, for the pages of reports;
      without it, words are made from the controls alone.
    - `file_sha256`, of a synth that is made from a file: its hash, so that what was measured of it is not
      taken for that of another.
    - `plays_notes`, False of a synth to which the note makes no difference, as its pitch is a matter of its
      controls: a match then searches for none.
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
        hop: int | None = None,
    ) -> NDArray[np.float32]:
        """Render a batch of presets, or of controls that are turned while they sound.

        Args:
            params: Unit vectors `[batch, D]` in [0, 1], or tracks of them `[batch, steps, D]`: the first step
                begins the note, step `k` is turned to at sample `k * hop`, and the last one stays.
            midi_note: Note, fractions allowed, one for all or `[batch]`.
            seconds: Duration of the rendering.
            gate_seconds: When the key is let go, one for all or `[batch]`; three quarters of `seconds` if
                not given.
            seed: Seed of whatever is random in the synth; every row uses the same one.
            hop: Samples from one step of the tracks to the next; with tracks only.

        Returns:
            `[batch, frames]` float32.

        Examples:
            >>> import numpy as np
            >>> import tonewright as tw
            >>> synth = tw.synth("serum-lite", sample_rate_hz=16_000)
            >>> params = synth.controls.defaults()[None].repeat(2, axis=0)
            >>> audio = synth.render(params, midi_note=[48, 60], seconds=0.5)
            >>> audio.shape, audio.dtype
            ((2, 8000), dtype('float32'))
            >>> tracks = np.stack([params, 1 - params], axis=1)  # [batch, steps, D]
            >>> synth.render(tracks, midi_note=48, seconds=0.5, hop=4_000).shape
            (2, 8000)
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


def plays_notes(synth: Synth) -> bool:
    """Whether the note makes a difference to a synth; as its attribute of this name says, or else it does."""
    return bool(getattr(synth, "plays_notes", True))


def check_plays_notes(synth: Synth, asked: str, remedy: str = "leave it out") -> None:
    """Refuse to ask for a note that would make no difference.

    Args:
        synth: What is to play it.
        asked: What was asked for, for the message: "note 60".
        remedy: What to do instead, for the message.

    Raises:
        UsageError: The synth plays no notes.
    """
    if not plays_notes(synth):
        raise UsageError(
            f"{short_text(synth.name)} plays no notes, its pitch is a matter of its controls; got {asked}; "
            f"{remedy}"
        )

"""Offline rendering, the same for every synth: its own voice, turned at a hop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.synths.validation import check_seconds, check_tracks

if TYPE_CHECKING:
    from tonewright.synths.base import Synth

RELEASED_SHARE = 0.25
"""Without a `gate_seconds` the key is let go for this last share of a rendering, so that release is heard."""


def render_notes(
    synth: Synth,
    params: ArrayLike,
    midi_note: ArrayLike,
    seconds: float,
    gate_seconds: ArrayLike | None,
    seed: int,
    hop: int | None,
) -> NDArray[np.float32]:
    """Render a batch with the voice of a synth; see `Synth.render`.

    Raises:
        UsageError: Shapes or values out of range.
    """
    frames = check_seconds(seconds, synth.sample_rate_hz)
    tracks, hop = check_tracks(params, synth.controls, hop, frames)
    gate = (1 - RELEASED_SHARE) * seconds if gate_seconds is None else gate_seconds
    voice = synth.voice(tracks[:, 0], midi_note, gate, seed)
    if hop >= frames:
        return voice.render(frames)
    out = np.empty((len(tracks), frames), np.float32)
    for step, begin in enumerate(range(0, frames, hop)):
        if step:
            voice.turn(tracks[:, step])
        end = frames if step + 1 == tracks.shape[1] else min(begin + hop, frames)
        out[:, begin:end] = voice.render(end - begin)
        if end == frames:
            break
    return out

"""Sounds as the players of a page hold them: equally loud, and no longer than a page can bear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tonewright import wording
from tonewright.audio.clip import Clip
from tonewright.audio.levels import true_peak_dbtp
from tonewright.audio.loudness import integrated_lufs
from tonewright.audio.writing import wav_bytes

PREVIEW_S = 10.0
"""The players hold no more than this, or the page would weigh many megabytes."""
PREVIEW_FRAMES = 480_000
"""Nor more than this, at high sample rates."""

_LOUDEST_LUFS = -16.0  # where nothing stands against it: comfortable, and room for most peaks
_HIGHEST_DBTP = -1.0
_SILENT_LUFS = -70.0
_FADE_S = 0.005


@dataclass(frozen=True)
class Preview:
    """Sounds at equal loudness, or their beginning.

    Attributes:
        wavs: For each sound the bytes of a 16-bit WAV file.
        sample_rate_hz: Rate of all.
        seconds: Duration of what is held.
        whole_seconds: Duration of the sounds.
        lufs: Loudness all were brought to, or the loudest of them.
        gains_db: What was applied to each.
        silent: One of them is silent, so their loudness could not be matched.
    """

    wavs: tuple[bytes, ...]
    sample_rate_hz: int
    seconds: float
    whole_seconds: float
    lufs: float
    gains_db: tuple[float, ...]
    silent: bool

    @property
    def cut(self) -> bool:
        """It holds the beginning of longer sounds."""
        return self.seconds < self.whole_seconds


def equal_loudness(sounds: NDArray[np.float32], sample_rate_hz: int) -> Preview:
    """Bring sounds to equal loudness, with true peaks of −1 dBTP at most.

    Args:
        sounds: `[n, frames]` or `[n, channels, frames]`, one or more; a shorter sound ends in silence.
        sample_rate_hz: Rate of all.

    Returns:
        What a player of the page holds.
    """
    beginning = _beginning(sounds, sample_rate_hz)
    loudness = integrated_lufs(beginning, sample_rate_hz)
    audible = loudness > _SILENT_LUFS
    headroom_db = _HIGHEST_DBTP - true_peak_dbtp(beginning)
    common = min([_LOUDEST_LUFS, *(loudness + headroom_db)[audible]])
    gains_db = np.where(audible, common - loudness, 0.0)
    return _preview(sounds, beginning, sample_rate_hz, gains_db, float(common), silent=not audible.all())


def equal_gain(sounds: NDArray[np.float32], sample_rate_hz: int, *, whole: bool = False) -> Preview:
    """Turn sounds up or down together, so that one stays as much louder than another as it is.

    The loudest comes to −16 LUFS, or less where a true peak would go beyond −1 dBTP; sounds and rate as for
    `equal_loudness`. With `whole` the page holds all of them, whatever it weighs.
    """
    beginning = _beginning(sounds, sample_rate_hz, sounds.shape[-1] if whole else None)
    loudness = integrated_lufs(beginning, sample_rate_hz)
    silent = not (loudness > _SILENT_LUFS).all()
    loudest = float(loudness.max())
    gain_db = 0.0
    if loudest > _SILENT_LUFS:
        gain_db = min(_LOUDEST_LUFS - loudest, _HIGHEST_DBTP - float(true_peak_dbtp(beginning).max()))
    gains_db = np.full(len(sounds), gain_db)
    return _preview(sounds, beginning, sample_rate_hz, gains_db, loudest + gain_db, silent=silent)


def _beginning(
    sounds: NDArray[np.float32], sample_rate_hz: int, frames: int | None = None
) -> NDArray[np.float32]:
    """As much as a page holds, or so many frames, faded out."""
    frames = min(round(PREVIEW_S * sample_rate_hz), PREVIEW_FRAMES) if frames is None else frames
    beginning = sounds[..., :frames].copy()
    # A sound that ends in full swing would click, in the loop at every round.
    fade = min(round(_FADE_S * sample_rate_hz), beginning.shape[-1] // 10)
    beginning[..., beginning.shape[-1] - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return beginning


def _preview(
    sounds: NDArray[np.float32],
    beginning: NDArray[np.float32],
    sample_rate_hz: int,
    gains_db: NDArray[np.float64],
    lufs: float,
    *,
    silent: bool,
) -> Preview:
    gains = (10 ** (gains_db / 20)).astype(np.float32)
    turned = beginning * gains.reshape(-1, *([1] * (beginning.ndim - 1)))
    return Preview(
        wavs=tuple(wav_bytes(Clip(sound, sample_rate_hz)) for sound in turned),
        sample_rate_hz=sample_rate_hz,
        seconds=beginning.shape[-1] / sample_rate_hz,
        whole_seconds=sounds.shape[-1] / sample_rate_hz,
        lufs=lufs,
        gains_db=tuple(gains_db.tolist()),
        silent=silent,
    )


def loudness_note(names: Sequence[str], preview: Preview, files: str = "") -> str:
    """What was done to the sounds for the players, in a few sentences.

    Args:
        names: What a sentence calls them, as in `player`.
        preview: What the players hold.
        files: Where the sounds can be heard in full, if anywhere: `take.wav beside this page`.
    """
    return _equal(names, preview) + _cut(preview, files)


def gain_note(preview: Preview) -> str:
    """What `equal_gain` did to the sounds, in a few sentences."""
    turned = _turned(preview.gains_db[0])
    whom, fade = ("The sound is", "fades") if len(preview.wavs) == 1 else ("All sounds are", "fade")
    text = f"{whom} {turned}"
    if len(preview.wavs) > 1:
        text += ", so that each is as loud beside the others as it was"
    return f"{text}, and {fade} out over the last 5 ms." + _cut(preview)


def _cut(preview: Preview, files: str = "") -> str:
    if not preview.cut:
        return ""
    return (
        f" To keep this page small, the players hold the first {wording.duration(preview.seconds)} of "
        f"{wording.duration(preview.whole_seconds)}; pictures and figures cover all of it"
        f"{f', and {files} are whole' if files else ''}."
    )


def _equal(names: Sequence[str], preview: Preview) -> str:
    if preview.silent and len(names) == 1:
        return "The sound is silent."
    if preview.silent:
        return "One of the sounds is silent, so their loudness could not be matched."
    level = f"{wording.minus(f'{preview.lufs:.1f}')} LUFS"
    turned = wording.listing(
        [
            f"{name} {'is ' if i == 0 else ''}{_turned(gain_db)}"
            for i, (name, gain_db) in enumerate(zip(names, preview.gains_db, strict=True))
        ]
    )
    if len(names) == 1:
        return (
            f"The sound plays at {level}: here {turned}, and it fades out over its last 5 ms. "
            "Pictures and figures show it untouched."
        )
    which, none, fade = ("Both", "neither", "both fade") if len(names) == 2 else ("All", "none", "all fade")
    return (
        f"{which} sounds play equally loud, at {level}, so that {none} wins by volume: here {turned}, and "
        f"{fade} out over their last 5 ms. Pictures and figures show them untouched."
    )


def _turned(gain_db: float) -> str:
    return f"turned {wording.turn(gain_db)}" if abs(gain_db) >= 0.05 else "left as it is"

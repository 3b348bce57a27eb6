"""The channels of a sound: which loudspeaker each one feeds, what it weighs in loudness, and their mean.

A number of channels stands for one layout, the channels in the order of WAV and FLAC files (RFC 9639, section
9.1.3). Ogg files hold them in the order of Vorbis; reading brings them into that of WAV.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_CHANNELS = 64

_LAYOUTS: dict[int, tuple[str, ...]] = {
    1: ("mono",),
    2: ("left", "right"),
    3: ("left", "right", "centre"),
    4: ("left", "right", "left_surround", "right_surround"),
    5: ("left", "right", "centre", "left_surround", "right_surround"),
    6: ("left", "right", "centre", "lfe", "left_surround", "right_surround"),
    7: ("left", "right", "centre", "lfe", "rear_centre", "left_side", "right_side"),
    8: ("left", "right", "centre", "lfe", "left_rear", "right_rear", "left_side", "right_side"),
}

# BS.1770-5, tables 3 and 4: 1.41 from 60° to 120° to either side, where surrounds (110°) and sides (90°)
# stand, and 1 elsewhere, so also at the rear (135° and beyond). LFE does not count.
_WEIGHTS = {"lfe": 0.0} | dict.fromkeys(("left_surround", "right_surround", "left_side", "right_side"), 1.41)

# Vorbis I, section 4.3.9, whose order Opus has too (RFC 7845, section 5.1.1.2): where a channel of a WAV file
# is found. One, two and four channels stand in the same order.
_IN_VORBIS_ORDER: dict[int, tuple[int, ...]] = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}


def channel_names(channels: int) -> tuple[str, ...]:
    """Name each channel of a sound: those of a known layout, `channel_01` and so on beyond eight.

    Examples:
        >>> from tonewright.audio import channel_names
        >>> channel_names(6)
        ('left', 'right', 'centre', 'lfe', 'left_surround', 'right_surround')
    """
    return _LAYOUTS.get(channels) or tuple(f"channel_{number:02d}" for number in range(1, channels + 1))


def channel_weights(channels: int) -> NDArray[np.float64]:
    """Give what the power of each channel counts in the loudness of the whole, `[channels]`.

    1.41 for surrounds and sides, 0 for LFE, 1 for all others and wherever the layout is not known, beyond
    eight channels.

    Source: Recommendation ITU-R BS.1770-5, Annex 1, table 3, and Annex 3, table 4.
    """
    return np.array([_WEIGHTS.get(name, 1.0) for name in channel_names(channels)])


def in_wav_order(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring `[channels, frames]` from the order of Vorbis and Opus into that of WAV files."""
    order = _IN_VORBIS_ORDER.get(len(samples))
    return samples if order is None else samples[list(order)]


def mix_down(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the mean of the channels: `[..., channels, frames]` to `[..., frames]`; mono is not copied."""
    if audio.shape[-2] == 1:
        return audio[..., 0, :]
    return np.asarray(audio.mean(axis=-2, dtype=np.float32))

"""Spectrograms as pictures: short-time levels on a log-frequency grid, a colour map, and a PNG encoder.

Only NumPy and zlib are needed, so a report costs no plotting library.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.features.stft import power_spectrogram

RANGE_DB = 80.0
"""From the darkest to the brightest colour; the loudest bin of the loudest sound is 0 dB."""

# A long window tells low partials apart, a short one keeps attacks sharp: the window gets shorter with
# frequency, in three steps, each blended into the next over an octave that begins at the frequency named.
_WINDOWS_S = (0.09, 0.045, 0.0225)
_BLENDS_HZ = (200.0, 1600.0)
_FRAMES_PER_COLUMN = 4

# Hue in degrees and chroma at equal steps of lightness in OKLab: navy, plum, rose, orange, cream.
_LIGHTNESS = (0.16, 0.96)
_HUE_CHROMA = (
    (272, 0.055), (284, 0.115), (304, 0.155), (334, 0.165), (362, 0.165), (388, 0.165), (412, 0.150),
    (438, 0.125), (458, 0.085),
)  # fmt: skip
# OKLab to cone responses to linear sRGB: Ottosson, "A perceptual color space for image processing" (2020).
_OKLAB_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_LMS_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@lru_cache(maxsize=4)
def colour_map(levels: int = 256) -> NDArray[np.uint8]:
    """A dark-to-light map whose lightness rises in equal steps, so that it reads the same without colour.

    Args:
        levels: How many colours, 2 to 256.

    Returns:
        `[levels, 3]` sRGB, read-only.
    """
    at = np.linspace(0.0, 1.0, levels)
    knots = np.linspace(0.0, 1.0, len(_HUE_CHROMA))
    hues, chromas = np.array(_HUE_CHROMA, dtype=np.float64).T
    hue, chroma = np.deg2rad(np.interp(at, knots, hues)), np.interp(at, knots, chromas)
    lightness = _LIGHTNESS[0] + at * (_LIGHTNESS[1] - _LIGHTNESS[0])
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    linear = np.clip((lab @ _OKLAB_TO_LMS.T) ** 3 @ _LMS_TO_RGB.T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.round(255 * encoded).astype(np.uint8)
    colours.flags.writeable = False
    return colours


_PALETTE = colour_map(128)  # 0.6 dB a step: half the bytes of 256 steps, and no visible bands
_GAP = 4  # bright rows between spectrograms


def encode_png(indices: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """An 8-bit palette picture as PNG (ISO/IEC 15948).

    Args:
        indices: `[rows, columns]` colour of each pixel, the top row first.
        palette: `[colours, 3]` sRGB, 1 to 256 colours.

    Returns:
        The bytes of the file.
    """
    rows, columns = indices.shape
    # Each row is stored as its difference from the one above (filter 2): neighbours are alike.
    above = np.vstack([np.zeros((1, columns), np.uint8), indices[:-1]])
    scanlines = np.hstack([np.full((rows, 1), 2, np.uint8), indices - above])
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"IDAT", zlib.compress(scanlines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@dataclass(frozen=True)
class FrequencyAxis:
    """Frequencies spread evenly in octaves over the height of a picture.

    Attributes:
        low_hz: Frequency of the bottom edge.
        high_hz: Frequency of the top edge.
    """

    low_hz: float
    high_hz: float

    @classmethod
    def of_rate(cls, sample_rate_hz: int) -> FrequencyAxis:
        """From 30 Hz to 20 kHz, or to half the sample rate where that is lower."""
        return cls(30.0, min(20_000.0, sample_rate_hz / 2))

    def height(self, frequency_hz: float) -> float:
        """Height of a frequency, 0 at the bottom edge and 1 at the top edge."""
        return float(np.log(frequency_hz / self.low_hz) / np.log(self.high_hz / self.low_hz))

    def edges_hz(self, rows: int) -> NDArray[np.float64]:
        """Frequencies between the rows of a picture, `[rows + 1]`, the lowest first."""
        return np.geomspace(self.low_hz, self.high_hz, rows + 1)


def levels_db(
    sounds: NDArray[np.float32], sample_rate_hz: int, axis: FrequencyAxis, columns: int, rows: int
) -> NDArray[np.float32]:
    """Short-time levels of sounds on one scale.

    Args:
        sounds: `[batch, frames]`.
        sample_rate_hz: Rate of all.
        axis: Frequencies from bottom to top.
        columns: Pixels in time; each shows its share of the duration.
        rows: Pixels in frequency.

    Returns:
        `[batch, rows, columns]` float32 from −80 to 0 dB, the top row first; 0 dB is the loudest pixel of all
        sounds, and silence is −80 dB throughout.
    """
    levels = np.stack([_levels_of_one(sound, sample_rate_hz, axis, columns, rows) for sound in sounds])
    loudest = levels.max()
    if not np.isfinite(loudest):
        return np.full(levels.shape, -RANGE_DB, np.float32)
    return np.asarray(np.maximum(levels - loudest, -RANGE_DB), np.float32)


def spectrogram_pngs(
    sounds: NDArray[np.float32], sample_rate_hz: int, axis: FrequencyAxis, columns: int = 960, rows: int = 240
) -> list[bytes]:
    """Spectrograms of sounds on one scale, each a PNG; see `levels_db`.

    Args:
        sounds: `[batch, frames]`.
        sample_rate_hz: Rate of all.
        axis: Frequencies from bottom to top.
        columns: Pixels in time.
        rows: Pixels in frequency.

    Returns:
        One PNG for each sound.
    """
    levels = levels_db(sounds, sample_rate_hz, axis, columns, rows)
    return [encode_png(_indices(picture), _PALETTE) for picture in levels]


def stacked_spectrograms(
    sounds: NDArray[np.float32], sample_rate_hz: int, axis: FrequencyAxis, columns: int = 480, rows: int = 160
) -> bytes:
    """Spectrograms of sounds on one scale, one above the other, as a single PNG; see `spectrogram_pngs`."""
    pictures = [_indices(picture) for picture in levels_db(sounds, sample_rate_hz, axis, columns, rows)]
    gap = np.full((_GAP, columns), len(_PALETTE) - 1, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return encode_png(np.concatenate(parts[1:]), _PALETTE)


def _indices(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round((levels / RANGE_DB + 1) * (len(_PALETTE) - 1)).astype(np.uint8)


def _levels_of_one(
    sound: NDArray[np.float32], sample_rate_hz: int, axis: FrequencyAxis, columns: int, rows: int
) -> NDArray[np.float64]:
    """Levels of one sound re a full-scale sine, `[rows, columns]`, the top row first; −inf where silent."""
    edges_hz = axis.edges_hz(rows)
    octaves = np.log2(np.sqrt(edges_hz[:-1] * edges_hz[1:])[:, None] / np.array(_BLENDS_HZ))
    shorter = np.clip(octaves, 0.0, 1.0)  # [rows, 2]: how far each blend has gone
    weights = (1 - shorter[:, 0], shorter[:, 0] - shorter[:, 1], shorter[:, 1])
    total = np.zeros((rows, columns))
    for window_s, weight in zip(_WINDOWS_S, weights, strict=True):
        n_fft = 2 ** round(np.log2(window_s * sample_rate_hz))
        power = _power_in_columns(sound, n_fft, columns) * (4.0 / n_fft) ** 2
        total += weight[:, None] * _power_in_rows(power, edges_hz * n_fft / sample_rate_hz)
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(total[::-1]))


def _power_in_columns(sound: NDArray[np.float32], n_fft: int, columns: int) -> NDArray[np.float32]:
    """Power spectra `[columns, bins]`: around a column's middle, or its mean where frames lie closer."""
    per_column = len(sound) / columns
    hop = max(1, int(min(per_column, max(n_fft / 2, per_column / _FRAMES_PER_COLUMN))))
    # Mirrored at its end: to go on as silence would draw a click where a sound is cut short.
    mirrored = np.concatenate([sound, sound[::-1][: n_fft // 2]])
    power = power_spectrogram(mirrored[None], n_fft, hop)[0, : 1 + len(sound) // hop]
    edges = np.arange(columns + 1) * per_column / hop  # in frames
    first = np.minimum(np.round(edges[:-1]).astype(int), len(power) - 1)
    counts = np.minimum(np.round(edges[1:]).astype(int), len(power)) - first
    middle = np.minimum(np.round((edges[:-1] + edges[1:]) / 2).astype(int), len(power) - 1)
    if (counts <= 1).any():
        return np.asarray(power[middle])
    return np.asarray(np.add.reduceat(power, first, axis=0) / counts[:, None], np.float32)


def _power_in_rows(power: NDArray[np.float32], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power along the frequency axis, `[rows, columns]`.

    Interpolated where rows lie closer than bins, else the largest of a row, so that no partial falls between.
    """
    bins = power.shape[1]
    middle = np.minimum((edges[:-1] + edges[1:]) / 2, bins - 1.001)
    low = middle.astype(int)
    share = middle - low
    interpolated = (1 - share) * power[:, low] + share * power[:, low + 1]
    inside = np.minimum(np.ceil(edges).astype(int), bins)
    first = np.minimum(inside[:-1], bins - 1)
    largest = np.maximum.reduceat(power, first, axis=1)
    wide = inside[1:] - inside[:-1] >= 1
    return np.asarray(np.where(wide, np.maximum(interpolated, largest), interpolated).T)

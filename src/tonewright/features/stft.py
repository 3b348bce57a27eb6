"""Short-time spectra of whole batches, with the conventions that published metrics assume.

Those are librosa's: a periodic Hann window as long as the transform, frames centred on multiples of the hop,
zeros beyond both ends, no scaling. Windowing, transform and projection run in one pass over small blocks of
frames, so a long sound needs no more scratch memory than a short one, and a value depends neither on the
batch around it nor on the number of threads.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tonewright.compiling import njit
from tonewright.features.mel import filter_spans, mel_filterbank
from tonewright.threads import map_rows

# Samples transformed at once: 64 kB of float32 frames stay in a core's own cache.
_BLOCK_SAMPLES = 16384
# Of these, how many are worth a call.
_BLOCKS_AT_ONCE = 4


def frame_count(frames: int, n_fft: int, hop: int) -> int:
    """How many centred frames a sound of `frames` samples gives.

    Args:
        frames: Length of the sound in samples, at least 1.
        n_fft: Length of the transform.
        hop: Samples from one frame to the next.

    Returns:
        The number of frames, at least 1.
    """
    return 1 + (frames - n_fft % 2) // hop


@lru_cache(maxsize=64)
def hann_window(length: int) -> NDArray[np.float32]:
    """The periodic Hann window.

    Args:
        length: Samples in the window.

    Returns:
        `[length]` float32, read-only and shared between callers.
    """
    window: NDArray[np.float32] = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(
        np.float32
    )
    window.flags.writeable = False
    return window


def power_spectrogram(audio: NDArray[np.float32], n_fft: int, hop: int) -> NDArray[np.float32]:
    """Squared magnitude of the short-time Fourier transform.

    Args:
        audio: `[batch, frames]` float32, at least one frame.
        n_fft: Length of window and transform in samples, even or odd.
        hop: Samples from one frame to the next.

    Returns:
        `[batch, n_frames, n_fft // 2 + 1]` float32.
    """
    shape = (len(audio), frame_count(audio.shape[1], n_fft, hop), n_fft // 2 + 1)
    out = np.empty(shape, np.float32)
    audio, window = np.ascontiguousarray(audio), hann_window(n_fft)

    def transform(first: int, last: int, _: int) -> None:
        _power_spectrogram(audio, window, hop, out, first, last)

    map_rows(transform, len(audio) * _block_count(shape[1], n_fft), block=_BLOCKS_AT_ONCE)
    return out


def magnitude_spectrogram(audio: NDArray[np.float32], n_fft: int, hop: int) -> NDArray[np.float32]:
    """Magnitude of the short-time Fourier transform.

    Args:
        audio: `[batch, frames]` float32, at least one frame.
        n_fft: Length of window and transform in samples, even or odd.
        hop: Samples from one frame to the next.

    Returns:
        `[batch, n_frames, n_fft // 2 + 1]` float32.
    """
    power = power_spectrogram(audio, n_fft, hop)
    return np.sqrt(power, out=power)


def mel_spectrogram(
    audio: NDArray[np.float32], sample_rate_hz: int, n_fft: int, hop: int, n_mels: int
) -> NDArray[np.float32]:
    """Power in mel bands from 0 Hz to half the sample rate.

    Args:
        audio: `[batch, frames]` float32, at least one frame.
        sample_rate_hz: Sample rate of the sound.
        n_fft: Length of window and transform in samples, even or odd.
        hop: Samples from one frame to the next.
        n_mels: How many bands.

    Returns:
        `[batch, n_frames, n_mels]` float32.
    """
    out = np.empty((len(audio), frame_count(audio.shape[1], n_fft, hop), n_mels), np.float32)
    audio, window = np.ascontiguousarray(audio), hann_window(n_fft)
    filters = mel_filterbank(sample_rate_hz, n_fft, n_mels)
    spans = filter_spans(filters)

    def transform(first: int, last: int, _: int) -> None:
        _mel_spectrogram(audio, window, hop, filters, spans, out, first, last)

    map_rows(transform, len(audio) * _block_count(out.shape[1], n_fft), block=_BLOCKS_AT_ONCE)
    return out


@njit(cache=True, nogil=True)
def _frames_of_block(n_fft: int) -> int:
    return max(1, _BLOCK_SAMPLES // n_fft)


@njit(cache=True, nogil=True)
def _block_count(n_frames: int, n_fft: int) -> int:
    """Blocks of one sound. Blocks, not sounds, are shared out, so that one long one keeps every core busy."""
    return (n_frames + _frames_of_block(n_fft) - 1) // _frames_of_block(n_fft)


@njit(cache=True, nogil=True)
def _block_power(
    signal: NDArray[np.float32], window: NDArray[np.float32], hop: int, first: int, count: int
) -> NDArray[np.float32]:
    """Power spectra of the `count` frames from number `first` on, `[count, bins]`."""
    n_fft = len(window)
    frames = np.zeros((count, n_fft), np.float32)
    for t in range(count):
        start = (first + t) * hop - n_fft // 2
        for i in range(max(0, -start), min(n_fft, len(signal) - start)):
            frames[t, i] = window[i] * signal[start + i]
    spectra = np.fft.rfft(frames)
    bins = n_fft // 2 + 1
    power = np.empty((count, bins), np.float32)
    for t in range(count):
        for k in range(bins):
            power[t, k] = spectra[t, k].real ** 2 + spectra[t, k].imag ** 2
    return power


@njit(cache=True, nogil=True)
def _power_spectrogram(
    audio: NDArray[np.float32],
    window: NDArray[np.float32],
    hop: int,
    out: NDArray[np.float32],
    first_block: int,
    last_block: int,
) -> None:
    n_frames = out.shape[1]
    block, n_blocks = _frames_of_block(len(window)), _block_count(n_frames, len(window))
    for job in range(first_block, last_block):
        item, first = job // n_blocks, job % n_blocks * block
        count = min(block, n_frames - first)
        out[item, first : first + count] = _block_power(audio[item], window, hop, first, count)


@njit(cache=True, nogil=True)
def _mel_spectrogram(
    audio: NDArray[np.float32],
    window: NDArray[np.float32],
    hop: int,
    filters: NDArray[np.float32],
    spans: NDArray[np.int64],
    out: NDArray[np.float32],
    first_block: int,
    last_block: int,
) -> None:
    n_frames = out.shape[1]
    block, n_blocks = _frames_of_block(len(window)), _block_count(n_frames, len(window))
    for job in range(first_block, last_block):
        item, first = job // n_blocks, job % n_blocks * block
        count = min(block, n_frames - first)
        power = _block_power(audio[item], window, hop, first, count)
        for t in range(count):
            for m in range(len(spans)):
                total = np.float32(0.0)
                for k in range(spans[m, 0], spans[m, 1]):
                    total += filters[m, k] * power[t, k]
                out[item, first + t, m] = total

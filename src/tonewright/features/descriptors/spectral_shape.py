"""Shape of the magnitude spectrum.

The spectrum is read as a distribution of magnitude over frequency, as FluCoMa and librosa read it. Bins more
than 60 dB below the strongest are left out of its moments: among them are the side lobes of the window and
the rounding of the samples, which otherwise set the kurtosis of a clean tone (measured: 2,800 to 9,000
instead of 5 to 35). The lower ends of flatness and crest reach 100 dB. In silence every shape is zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tonewright.features import shape_kernel as kernel
from tonewright.features.frames import Frames, shared
from tonewright.features.registry import descriptor
from tonewright.features.spectra import power_spectrum
from tonewright.threads import map_rows

_HEARD = 10.0 ** (-60.0 / 10.0)
_LEAST = 10.0 ** (-100.0 / 10.0)
_FRAMES_AT_ONCE = 32  # fewer are not worth a call
_CATEGORY = "spectral_shape"
_PEETERS = "Peeters et al. 2011, the Timbre Toolbox"


@shared
def _shapes(frames: Frames) -> NDArray[np.float32]:
    """All shapes, `[batch, count, SHAPES]`."""
    power = power_spectrum(frames)
    shapes = np.empty((len(power), kernel.SHAPES), np.float32)
    bin_hz = frames.framing.bin_hz

    def measure(first: int, last: int, _: int) -> None:
        kernel.spectral_shapes(power, bin_hz, _HEARD, _LEAST, shapes, first, last)

    map_rows(measure, len(power), block=_FRAMES_AT_ONCE)
    return shapes.reshape(frames.batch, frames.count, kernel.SHAPES)


@descriptor(category=_CATEGORY, unit="Hz", columns=["spectral_centroid_hz"], source=_PEETERS)
def spectral_centroid(frames: Frames) -> NDArray[np.float32]:
    """Brightness: mean frequency, weighted by magnitude."""
    return _shapes(frames)[..., [kernel.CENTROID]]


@descriptor(category=_CATEGORY, unit="Hz", columns=["spectral_spread_hz"], source=_PEETERS)
def spectral_spread(frames: Frames) -> NDArray[np.float32]:
    """Bandwidth: standard deviation around the centroid."""
    return _shapes(frames)[..., [kernel.SPREAD]]


@descriptor(category=_CATEGORY, unit="1", columns=["spectral_skewness"], source=_PEETERS)
def spectral_skewness(frames: Frames) -> NDArray[np.float32]:
    """Asymmetry: third standardised moment, positive with a tail towards high frequencies."""
    return _shapes(frames)[..., [kernel.SKEWNESS]]


@descriptor(category=_CATEGORY, unit="1", columns=["spectral_kurtosis"], source=_PEETERS)
def spectral_kurtosis(frames: Frames) -> NDArray[np.float32]:
    """Peakedness: fourth standardised moment, 1.8 for a flat spectrum, 3 for a bell."""
    return _shapes(frames)[..., [kernel.KURTOSIS]]


@descriptor(
    category=_CATEGORY,
    unit="Hz",
    columns=["spectral_rolloff_hz"],
    source="Scheirer and Slaney 1997, 95th percentile; of magnitude, interpolated between bins",
)
def spectral_rolloff(frames: Frames) -> NDArray[np.float32]:
    """Frequency below which 95 % of the magnitude lies."""
    return _shapes(frames)[..., [kernel.ROLLOFF]]


@descriptor(
    category=_CATEGORY,
    unit="dB",
    columns=["spectral_flatness_db"],
    source="Johnston 1988, transform coding of audio signals: of power",
)
def spectral_flatness(frames: Frames) -> NDArray[np.float32]:
    """Geometric over arithmetic mean of power: −2.5 dB for white noise, far lower for tones."""
    return _shapes(frames)[..., [kernel.FLATNESS]]


@descriptor(
    category=_CATEGORY,
    unit="dB",
    columns=["spectral_crest_db"],
    source="Peeters et al. 2011, the Timbre Toolbox; largest over root-mean-square magnitude",
)
def spectral_crest(frames: Frames) -> NDArray[np.float32]:
    """How far the strongest bin stands out above the root mean square of all."""
    return _shapes(frames)[..., [kernel.CREST]]

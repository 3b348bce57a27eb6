import numpy as np
import pytest

from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.lookup.files import read_table
from tonewright.improvising.lookup.map import draw_map
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.synths.control import Control, ControlSpace

RATE = FRAMING.sample_rate_hz


class Awkward:
    """A synth whose names would break a page that does not escape them; too loud where `<b>` is turned up."""

    name, version, sample_rate_hz = "</script><b>\"awkward\" & 'so'", 3, RATE
    controls = ControlSpace(
        (
            Control('<b>"level"</b>', "<i>", 0, 1, 0.5, meaning="</style>"),
            Control("step'hz", "<i>", 1, 5, 2, "integer", "<u>"),
        )
    )

    def render(self, params, midi_note=60.0, seconds=1.0, gate_seconds=None, seed=0, hop=None):
        time_s = np.arange(round(seconds * RATE)) / RATE
        level, step = self.controls.to_physical(params).T[..., None]
        return np.asarray(4 * level * np.sin(2 * np.pi * 200 * step * time_s), np.float32)

    def voice(self, *arguments, **named):
        raise NotImplementedError


@pytest.fixture(scope="session")
def sine_table(sine_path):
    return read_table(sine_path)


@pytest.fixture(scope="session")
def sine_map(sine_table):
    """132 sounding points of the sine in both projections, with 0.1 s of sound."""
    return draw_map(sine_table, projection=["pca", "tsne"], seconds=0.1)


@pytest.fixture(scope="session")
def awkward():
    return Awkward()


@pytest.fixture(scope="session")
def awkward_table(awkward):
    """60 points, the first two of them silent, described by random numbers."""
    rng = np.random.default_rng(0)
    params = awkward.controls.sample(rng, 60)
    params[:2, 0] = 0
    means = np.abs(rng.normal(1000, 300, (60, 2))).astype(np.float32)
    return LookupTable(
        synth=SynthIdentity.of(awkward),
        framing=FRAMING,
        seconds=0.05,
        layout="sobol",
        grid=(),
        descriptors=("spectral_centroid", "loudness_rms"),
        columns=("spectral_centroid_hz", "loudness_rms_dbfs"),
        units=("Hz", "dBFS"),
        params=params,
        means=means,
        spreads=means / 10,
        sounding=np.array([0, 0] + [1] * 58, np.float32),
    )

import numpy as np
import pytest

from tonewright.improvising.hearing import FRAMING
from tonewright.improvising.lookup.building import build_table
from tonewright.improvising.lookup.points import choose_points
from tonewright.improvising.lookup.table import LookupTable, SynthIdentity
from tonewright.synths.control import Control, ControlSpace


@pytest.fixture(scope="session")
def sine_path(tmp_path_factory):
    """A table of the sine synth with all descriptors, 12 × 12."""
    path = tmp_path_factory.mktemp("tables") / "sine.parquet"
    build_table("sine", path, grid=12)
    return path


@pytest.fixture
def space():
    """Make a space of so many plain controls."""

    def make(count, **kinds):
        return ControlSpace(
            tuple(Control(f"c{i}", "group", 0, 3, 1, kinds.get(f"c{i}", "linear")) for i in range(count))
        )

    return make


@pytest.fixture
def made(space):
    """Make a table whose columns are functions of the controls, without a synth."""

    def make(count, function, *, grid=None, sobol=None, seed=0):
        points = choose_points(space(count), grid, sobol, seed)
        means = np.asarray(function(points.params.astype(np.float64)), np.float32)
        return LookupTable(
            synth=SynthIdentity("made", 1, tuple(space(count).names)),
            framing=FRAMING,
            seconds=0.5,
            layout=points.layout,
            grid=points.grid,
            descriptors=("one",),
            columns=tuple(f"column_{i}" for i in range(means.shape[1])),
            params=points.params,
            means=means,
            spreads=means + 1,
            seed=seed,
        )

    return make

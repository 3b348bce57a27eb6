import math

import numpy as np
import pytest

from tonewright.learning import runs
from tonewright.matching.search.budget import Budget
from tonewright.matching.search.objective import Objective
from tonewright.matching.search.space import SearchSpace
from tonewright.synths import synth as make_synth

RATE_HZ = 16_000
SECONDS = 0.25
NOTE = 57.0
GATE_SECONDS = 0.2


@pytest.fixture(autouse=True)
def _however_slow(monkeypatch):
    """No run has a checkpoint because of the time, unless a test asks for it."""
    monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", math.inf)


@pytest.fixture(scope="session")
def synth():
    return make_synth("serum-lite", RATE_HZ)


@pytest.fixture(scope="session")
def factory_sound(synth):
    """A factory preset by its place in the bank: its unit vector `[D]` and a quarter of a second of it."""

    def sound(index):
        params = synth.factory_presets()[index].params(synth)
        return params, synth.render(params[None], NOTE, SECONDS, GATE_SECONDS)[0]

    return sound


@pytest.fixture
def make_objective(synth):
    """An objective for a target at the known note and gate, or at others."""

    def make(target, renders, note=NOTE, gate_seconds=GATE_SECONDS, **settings):
        space = SearchSpace(synth.controls, note, gate_seconds)
        return Objective(synth, space, target, Budget(renders), seed=0, **settings)

    return make


@pytest.fixture
def rng():
    return np.random.default_rng(5)

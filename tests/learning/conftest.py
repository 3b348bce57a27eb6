import math

import pytest

from tonewright.learning import runs


@pytest.fixture(autouse=True)
def _however_slow(monkeypatch):
    """No run has a checkpoint because of the time, unless a test asks for it."""
    monkeypatch.setattr(runs, "FIRST_CHECKPOINT_S", math.inf)

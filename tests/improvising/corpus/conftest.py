import pytest

from tonewright.audio import Clip, write

from ..takes import RATE_HZ, take


@pytest.fixture
def recordings(tmp_path):
    """A folder of five short takes."""
    folder = tmp_path / "takes"
    for seed in range(5):
        write(folder / f"take {seed}.wav", Clip(take(0.2 + 0.05 * seed, seed=seed), RATE_HZ))
    return folder

from pathlib import Path

import numpy as np
import pytest

from tonewright.audio import Clip, read, write
from tonewright.errors import UsageError
from tonewright.improvising.corpus.analysing import analyse_folder
from tonewright.improvising.corpus.sounds import Recorded

from ..takes import QUICK, RATE_HZ, take


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, (rate_hz, channels) in enumerate(((RATE_HZ, 1), (48_000, 2), (RATE_HZ, 1))):
        sound = take(1.0, rate_hz, seed=number, channels=channels)
        write(tmp_path / "takes" / f"part {number}" / "take.wav", Clip(sound, rate_hz))
    return tmp_path / "takes"


def test_stretches_are_those_that_were_heard(folder: Path, tmp_path: Path) -> None:
    files = analyse_folder(folder, tmp_path / "corpus.parquet", QUICK).files
    recorded = Recorded(folder, files)
    heard = recorded.read("part 0/take.wav", 0.25, 0.5)
    assert heard is not None
    whole = read(folder / "part 0" / "take.wav").samples[0]
    np.testing.assert_array_equal(heard, whole[11_025 : 11_025 + 22_050])
    mixed = recorded.read("part 1/take.wav", 0.5, 0.25)
    assert mixed is not None
    assert mixed.shape == (11_025,)
    assert len(recorded.read("part 0/take.wav", 0.75, 9.0)) == 11_025  # it ends there


def test_what_is_gone_or_changed_is_not_heard(folder: Path, tmp_path: Path) -> None:
    files = analyse_folder(folder, tmp_path / "corpus.parquet", QUICK).files
    (folder / "part 0" / "take.wav").unlink()
    write(folder / "part 1" / "take.wav", Clip(take(seed=9), RATE_HZ), overwrite=True)
    recorded = Recorded(folder, files)
    assert recorded.read("part 0/take.wav", 0, 1) is None
    assert recorded.read("part 1/take.wav", 0, 1) is None
    assert recorded.read("part 2/take.wav", 0, 1) is not None
    with pytest.raises(UsageError, match="no folder"):
        Recorded(tmp_path / "nowhere", files)

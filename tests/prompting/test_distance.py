import warnings
from dataclasses import replace

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.audio.folders import SkippedSoundsWarning
from tonewright.errors import AudioError, UsageError
from tonewright.prompting import distance
from tonewright.prompting.distance import folder_distance
from tonewright.prompting.judging import stereo
from tonewright.prompting.listening.analysis import listen
from tonewright.prompting.listening.discrepancy import mmd, permutation_p_value
from tonewright.prompting.listening.embedding import embed
from tonewright.prompting.listening.norms import norms

RATE_HZ = 44_100


def sound(seed, bright=0.0, seconds=1.0):
    """A noise that dies away, the brighter the less it is smoothed."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(round(seconds * RATE_HZ))
    noise[1:] += (1 - bright) * noise[:-1]
    envelope = np.exp(-np.arange(len(noise)) / RATE_HZ * rng.uniform(3, 6))
    return (0.1 * noise * envelope).astype(np.float32)


def fill(folder, count, bright=0.0, first=0, seconds=1.0):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        write(folder / f"{seed:03}.wav", Clip(sound(seed, bright, seconds)[None], RATE_HZ))
    return folder


def test_kinds_are_told_apart_and_halves_of_one_are_not(tmp_path):
    reference = fill(tmp_path / "reference", 10)
    near = folder_distance(fill(tmp_path / "near", 10, first=10), reference)
    some = folder_distance(fill(tmp_path / "some", 10, 0.5, first=20), reference)
    far = folder_distance(fill(tmp_path / "far", 10, 1.5, first=30), reference)
    assert near.mmd < 0.05
    assert near.p_value > 0.1
    assert near.mmd < some.mmd < far.mmd
    assert far.p_value < 0.005
    assert (far.sounds, far.reference_sounds, far.skipped) == (10, 10, ())


def test_it_is_the_discrepancy_of_the_embeddings(tmp_path):
    folders = [fill(tmp_path / name, 4, bright) for name, bright in (("a", 0.5), ("b", 0))]
    sets = [
        norms().scale(np.concatenate([embed(listen(stereo(path)[None])) for path in sorted(one.iterdir())]))
        for one in folders
    ]
    found = folder_distance(*folders, permutations=100, seed=3)
    assert found.mmd == pytest.approx(mmd(*sets), abs=1e-9)
    assert found.p_value == permutation_p_value(*sets, permutations=100, seed=3)


def test_level_and_what_follows_the_first_ten_seconds_do_not_count(tmp_path):
    reference = fill(tmp_path / "reference", 3, first=10)
    plain = folder_distance(fill(tmp_path / "plain", 3, seconds=10), reference)
    for seed in range(3):
        longer = np.concatenate([sound(seed, seconds=10), sound(99, 1.5)])[None]
        (tmp_path / "longer" / "below").mkdir(parents=True, exist_ok=True)
        write(tmp_path / "longer" / "below" / f"{seed}.wav", Clip(0.2 * longer, RATE_HZ))
    longer = folder_distance(tmp_path / "longer", reference)
    assert longer.mmd == pytest.approx(plain.mmd, abs=1e-4)


def test_several_processes_give_the_same(tmp_path, monkeypatch):
    folders = [fill(tmp_path / name, 3, bright) for name, bright in (("a", 0.5), ("b", 0))]
    alone, counted = folder_distance(*folders, workers=1), []
    monkeypatch.setattr(distance, "_FEW_SOUNDS", 0)
    together = folder_distance(
        *folders, workers=2, begin=counted.append, progress=lambda: counted.append("one")
    )
    assert together.mmd == pytest.approx(alone.mmd, abs=1e-6)  # sums of other batches
    assert replace(together, mmd=alone.mmd) == alone
    assert counted == [6, *["one"] * 6]


def test_what_cannot_be_used_is_told_by_name_and_left_out(tmp_path):
    folder, reference = fill(tmp_path / "a", 3), fill(tmp_path / "b", 3, first=10)
    plain = folder_distance(folder, reference)
    (folder / "broken.wav").write_bytes((folder / "000.wav").read_bytes()[:5_000])
    (folder / "text.wav").write_text("no sound")
    (folder / "notes.txt").write_text("neither a sound nor called one")
    (folder / "folder.wav").mkdir()
    write(folder / "silent.wav", Clip(np.zeros((1, RATE_HZ), np.float32), RATE_HZ))
    write(folder / "wide.wav", Clip(np.zeros((3, RATE_HZ), np.float32) + 0.1, RATE_HZ))
    with pytest.warns(SkippedSoundsWarning, match="skipped 4 of 7 sounds") as told:
        found = folder_distance(folder, reference)
    faults = told[0].message.faults
    for name, fault in zip(("broken", "silent", "text", "wide"), faults, strict=True):
        assert f"{name}.wav" in fault
    assert found.mmd == plain.mmd
    assert found.skipped == faults
    assert found.fields()["skipped"] == [*faults]


def test_folders_that_cannot_be_compared(tmp_path, monkeypatch):
    folder, reference = fill(tmp_path / "a", 2), fill(tmp_path / "b", 2)
    with pytest.raises(UsageError, match="there is no folder"):
        folder_distance(tmp_path / "nowhere", reference)
    with pytest.raises(UsageError, match=r"in one of the folders; got '.*000\.wav' in both"):
        folder_distance(folder, tmp_path)
    (folder / "001.wav").write_text("no sound")
    with (
        warnings.catch_warnings(),
        pytest.raises(AudioError, match=r"two sounds or more; got 1 in .*001\.wav"),
    ):
        folder_distance(folder, reference)
    monkeypatch.setattr(distance, "MOST_SOUNDS", 1)
    with pytest.raises(UsageError, match="up to 1 sounds is compared; got 2"):
        folder_distance(folder, reference)

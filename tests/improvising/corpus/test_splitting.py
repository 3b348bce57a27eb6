import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonewright.errors import UsageError
from tonewright.improvising.corpus.corpus import SPLITS
from tonewright.improvising.corpus.splitting import DEFAULT_SHARES, check_shares, split_recordings


def sha(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def seconds_of(recordings, splits):
    return {
        part: sum(seconds for (_, seconds), split in zip(recordings, splits, strict=True) if split == part)
        for part in SPLITS
    }


durations = st.lists(st.floats(0.1, 1000), min_size=1, max_size=40)
seeds = st.integers(0, 2**32)


@given(durations, seeds, st.randoms())
def test_depends_on_contents_and_seed_and_not_on_the_order(durations, seed, shuffler):
    recordings = [(sha(i), seconds) for i, seconds in enumerate(durations)]
    expected = dict(zip(recordings, split_recordings(recordings, seed=seed), strict=True))
    shuffler.shuffle(recordings)
    assert dict(zip(recordings, split_recordings(recordings, seed=seed), strict=True)) == expected


@given(durations, seeds)
def test_every_part_has_a_recording_if_there_are_three(durations, seed):
    splits = split_recordings([(sha(i), seconds) for i, seconds in enumerate(durations)], seed=seed)
    wanted = {1: {"train"}, 2: {"train", "test"}}.get(len(durations), set(SPLITS))
    assert set(splits) == wanted


@given(durations, seeds)
def test_is_off_by_the_longest_recording_at_most(durations, seed):
    """Half of it at each end of a part, unless a part has no more than one."""
    recordings = [(sha(i), seconds) for i, seconds in enumerate(durations)]
    splits = split_recordings(recordings, seed=seed)
    total = sum(durations)
    for part, share in zip(SPLITS, DEFAULT_SHARES, strict=True):
        if splits.count(part) > 1 and len(durations) > 2:
            got = seconds_of(recordings, splits)[part]
            assert got - share / 100 * total <= max(durations) * (1 + 1e-9)


def test_of_two_the_longer_one_is_for_training():
    for seed in range(20):
        assert split_recordings([(sha(1), 10.0), (sha(2), 60.0)], seed=seed) == ["test", "train"]


def test_few_recordings_are_shared_out_as_well_as_they_can_be():
    recordings = [(sha(i), seconds) for i, seconds in enumerate([70.0, 10.0, 5.0, 15.0])]
    got = seconds_of(recordings, split_recordings(recordings))
    assert got == {"train": 70, "validation": 15, "test": 15}


def test_many_recordings_have_their_shares():
    recordings = [(sha(i), 1.0 + i % 7) for i in range(500)]
    got = seconds_of(recordings, split_recordings(recordings))
    total = sum(seconds for _, seconds in recordings)
    for part, share in zip(SPLITS, DEFAULT_SHARES, strict=True):
        assert got[part] / total == pytest.approx(share / 100, abs=0.005)


def test_a_recording_more_moves_few_others():
    recordings = [(sha(i), 60.0) for i in range(101)]
    before, after = split_recordings(recordings[:-1]), split_recordings(recordings)[:-1]
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 2


@given(durations, durations, seeds)
def test_what_was_decided_before_stays(old, new, seed):
    recordings = [(sha(i), seconds) for i, seconds in enumerate(old + new)]
    kept = dict(
        zip(
            (one for one, _ in recordings[: len(old)]),
            split_recordings(recordings[: len(old)], seed=seed),
            strict=True,
        )
    )
    splits = split_recordings(recordings, seed=seed, kept=kept)
    assert splits[: len(old)] == list(kept.values())
    lacking = set(SPLITS) - set(kept.values())
    assert len(lacking & set(splits)) == min(len(lacking), len(new))


def test_new_recordings_go_where_most_is_lacking():
    kept = {sha(i): "train" for i in range(10)} | {sha(10): "test", sha(11): "validation"}
    recordings = [(sha(i), 60.0) for i in range(20)]
    splits = split_recordings(recordings, kept=kept)
    assert {part: splits.count(part) for part in SPLITS} == {"train": 14, "validation": 3, "test": 3}


def test_a_part_without_a_share_gets_nothing():
    recordings = [(sha(i), 60.0) for i in range(10)]
    assert set(split_recordings(recordings, (80, 0, 20))) == {"train", "test"}
    assert set(split_recordings(recordings, (100, 0, 0))) == {"train"}
    assert split_recordings([], (70, 15, 15)) == []


def test_another_seed_is_another_split():
    recordings = [(sha(i), 60.0) for i in range(30)]
    assert len({tuple(split_recordings(recordings, seed=seed)) for seed in range(10)}) > 5


@pytest.mark.parametrize("shares", [(70, 15), (0, 50, 50), (70, 20, 15), (110, -5, -5), (70.5, 14.5, 15)])
def test_shares_that_make_no_sense(shares):
    with pytest.raises(UsageError, match="; got "):
        check_shares(shares)

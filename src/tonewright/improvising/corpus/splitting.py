"""What each recording is for: training, validation or test; decided by file, never by frame.

The bytes of a recording decide its part, not its name, nor the order of the files. Recordings are laid end to
end in the order of a hash of their bytes and of the seed, and the line is cut where the shares are best met;
so a part is short by half a recording at most, and a recording more or less moves few others. Where a corpus
is made anew, those that it held stay what they were for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from tonewright.checks import check_whole
from tonewright.errors import UsageError
from tonewright.improvising.corpus.corpus import SPLITS, Split

DEFAULT_SHARES = (70, 15, 15)

# With few recordings the first order may cut badly; of so many the best is taken, or the first whose parts
# differ by no more than this from their shares.
_ORDERS, _NEAR = 64, 0.02
_FIRST_SERVED: tuple[Split, ...] = ("train", "test", "validation")
"""Who gets a recording where there are fewer than parts."""


def check_shares(shares: Sequence[int]) -> tuple[int, int, int]:
    """Percentages of training, validation and test.

    Raises:
        UsageError: Not three whole numbers from 0 that add up to 100, or nothing to train on.
    """
    checked = [check_whole(share, "a share of the split", 0, 100) for share in shares]
    if len(checked) != len(SPLITS) or sum(checked) != 100 or not checked[0]:
        raise UsageError(
            "a split is three percentages that add up to 100, of training (above 0), validation and test; "
            f"got {'/'.join(map(str, checked))}"
        )
    return checked[0], checked[1], checked[2]


def split_recordings(
    recordings: Sequence[tuple[str, float]],
    shares: tuple[int, int, int] = DEFAULT_SHARES,
    seed: int = 0,
    kept: Mapping[str, Split] | None = None,
) -> list[Split]:
    """Decide what each recording is for.

    With three recordings or more every part that has a share gets one; two are for training (the longer one)
    and test, one is for training.

    Args:
        recordings: Hash and duration in seconds of each; no hash twice.
        shares: Percentage of the duration that training, validation and test are to have.
        seed: Draws another split.
        kept: Parts of recordings, by hash, that were decided before; they stay.

    Returns:
        The part of each recording, in their order.

    Raises:
        UsageError: The shares make no sense.
    """
    check_shares(shares)
    if not recordings:
        return []
    in_order = sorted(recordings)  # so that sums are rounded alike, whatever the order was
    known = {sha: kept[sha] for sha, _ in recordings if kept and sha in kept}
    if known:
        decided = _added(in_order, shares, seed, known)
    else:
        served = [one for one in _FIRST_SERVED if shares[SPLITS.index(one)]][: len(recordings)]
        wanted = {one: shares[SPLITS.index(one)] for one in SPLITS if one in served}
        decided = _cut(in_order, {one: share / sum(wanted.values()) for one, share in wanted.items()}, seed)
    return [decided[sha] for sha, _ in recordings]


def _cut(
    recordings: Sequence[tuple[str, float]], wanted: Mapping[Split, float], seed: int
) -> dict[str, Split]:
    """The best of several orders, each cut where the wanted shares are best met."""
    best: dict[str, Split] = {}
    least = float("inf")
    for number in range(_ORDERS):
        line = sorted(recordings, key=lambda one: _place(one[0], seed, number))
        decided = _cut_line(line, wanted)
        off = _off(recordings, decided, wanted)
        if off < least:
            best, least = decided, off
        if least <= _NEAR:
            break
    return best


def _cut_line(line: Sequence[tuple[str, float]], wanted: Mapping[Split, float]) -> dict[str, Split]:
    ends = [0.0]
    for _, seconds in line:
        ends.append(ends[-1] + seconds)
    decided: dict[str, Split] = {}
    cut, aim = 0, 0.0
    for number, (split, share) in enumerate(wanted.items()):
        aim += share
        others = len(wanted) - 1 - number  # parts that still need a recording each
        begin = cut
        cut = min(
            range(begin + 1, len(line) - others + 1),
            key=lambda end: abs(ends[end] - aim * ends[-1]),
            default=begin,
        )
        decided |= dict.fromkeys((sha for sha, _ in line[begin:cut]), split)
    return decided | dict.fromkeys((sha for sha, _ in line[cut:]), split)


def _added(
    recordings: Sequence[tuple[str, float]],
    shares: tuple[int, int, int],
    seed: int,
    known: Mapping[str, Split],
) -> dict[str, Split]:
    """Recordings that come later: each goes to the part that lacks most, an empty one first."""
    decided = dict(known)
    seconds = {split: 0.0 for split in SPLITS}
    for sha, duration in recordings:
        if sha in decided:
            seconds[decided[sha]] += duration
    total = sum(duration for _, duration in recordings)
    wanted = {split: share / 100 * total for split, share in zip(SPLITS, shares, strict=True) if share}
    for sha, duration in sorted(recordings, key=lambda one: _place(one[0], seed, 0)):
        if sha in decided:
            continue
        empty = [split for split in _FIRST_SERVED if split in wanted and split not in decided.values()]
        decided[sha] = (empty or sorted(wanted, key=lambda split: seconds[split] - wanted[split]))[0]
        seconds[decided[sha]] += duration
    return decided


def _off(
    recordings: Sequence[tuple[str, float]], decided: Mapping[str, Split], wanted: Mapping[Split, float]
) -> float:
    """How far the parts are from their shares at most."""
    total = sum(seconds for _, seconds in recordings) or 1.0
    got = {split: 0.0 for split in wanted}
    for sha, seconds in recordings:
        got[decided[sha]] += seconds / total
    return max(abs(got[split] - share) for split, share in wanted.items())


def _place(sha256: str, seed: int, number: int) -> bytes:
    """Where a recording lies in an order."""
    return hashlib.sha256(f"{seed} {number} {sha256}".encode()).digest()

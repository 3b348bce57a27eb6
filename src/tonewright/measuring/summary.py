"""Summaries of many measurements: medians and bad ends over cases, means and ranges over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from tonewright.measuring.records import Record

Better = Literal["lower", "higher"]
_BAD_END = 90.0  # percentile


def summarise(
    records: Iterable[Record],
    *,
    by: Sequence[str],
    case: str = "target",
    seed: str = "seed",
    better: Mapping[str, Better] | None = None,
) -> list[Record]:
    """Summarise every measure of the records of each group.

    Args:
        records: One for each case, seed and group; what is not `by`, `case` or `seed` is a measure.
        by: Fields that make a group (method, budget).
        case: Field that names what was measured.
        seed: Field with the seed.
        better: Whether a lower or a higher value of a measure is better; lower where it is not named.

    Returns:
        A row for each group in the order of its first record: the fields of `by`; how many cases (`targets`
        for the field "target") and `seeds` it has; and for each measure `median` and `p90`, means over the
        seeds of the median and the 90th percentile over the cases (the bad end: the 10th where higher is
        better), and `low` and `high`, the smallest and largest median of a seed.
    """
    groups: dict[tuple[object, ...], dict[object, list[Record]]] = {}
    for record in records:
        of_seeds = groups.setdefault(tuple(record[name] for name in by), {})
        of_seeds.setdefault(record[seed], []).append(record)
    return [
        dict(zip(by, group, strict=True))
        | _row(list(of_seeds.values()), {*by, case, seed}, case, better or {})
        for group, of_seeds in groups.items()
    ]


def _row(of_seeds: list[list[Record]], fields: set[str], case: str, better: Mapping[str, Better]) -> Record:
    row: Record = {f"{case}s": len(of_seeds[0]), "seeds": len(of_seeds)}
    for name in of_seeds[0][0]:
        if name in fields:
            continue
        bad_end = 100.0 - _BAD_END if better.get(name) == "higher" else _BAD_END
        values = [np.array([record[name] for record in group]) for group in of_seeds]
        medians = [float(np.median(one)) for one in values]
        row[name] = {
            "median": float(np.mean(medians)),
            "p90": float(np.mean([float(np.percentile(one, bad_end)) for one in values])),
            "low": min(medians),
            "high": max(medians),
        }
    return row

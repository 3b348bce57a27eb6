import pytest

from tonewright.measuring.summary import summarise


def summed(records, **options):
    return summarise(records, by=("method", "renders"), **options)


def test_by_hand():
    values = [(1, 0.5), (2, 0.9), (9, 0.1), (4, 0.7), (5, 0.3)]
    records = [
        {"target": str(i), "method": "random", "seed": 0, "renders": 10, "mss": mss, "rms": rms}
        for i, (mss, rms) in enumerate(values)
    ]
    (row,) = summed(records, better={"mss": "lower", "rms": "higher"})
    assert (row["method"], row["renders"], row["targets"], row["seeds"]) == ("random", 10, 5, 1)
    p90 = pytest.approx(7.4)  # 5 + 0.6 * (9 - 5)
    assert row["mss"] == {"median": 4.0, "p90": p90, "low": 4.0, "high": 4.0}
    p10 = pytest.approx(0.18)  # 0.1 + 0.4 * (0.3 - 0.1)
    assert row["rms"] == {"median": 0.5, "p90": p10, "low": 0.5, "high": 0.5}


def test_lower_is_better_where_nothing_is_said():
    records = [{"target": str(i), "method": "a", "seed": 0, "renders": 1, "x": float(i)} for i in range(11)]
    assert summed(records)[0]["x"]["p90"] == 9.0
    assert summed(records, better={"x": "higher"})[0]["x"]["p90"] == 1.0


def test_seeds_are_averaged_and_their_range_is_told():
    records = [
        {"target": target, "method": "cma", "seed": seed, "renders": 10, "mss": mss}
        for seed, values in ((0, (1.0, 3.0)), (1, (5.0, 5.0)), (2, (2.0, 4.0)))
        for target, mss in zip("ab", values, strict=True)
    ]
    (row,) = summed(records)
    assert (row["targets"], row["seeds"]) == (2, 3)
    assert row["mss"]["median"] == pytest.approx((2 + 5 + 3) / 3)
    assert (row["mss"]["low"], row["mss"]["high"]) == (2.0, 5.0)
    assert row["mss"]["p90"] == pytest.approx((2.8 + 5.0 + 3.8) / 3)


def test_other_fields_may_name_cases_seeds_and_groups():
    records = [{"take": take, "try": n, "style": "tight", "f1": 0.5} for take in "ab" for n in (1, 2, 3)]
    (row,) = summarise(records, by=("style",), case="take", seed="try")
    assert row == {
        "style": "tight",
        "takes": 2,
        "seeds": 3,
        "f1": {"median": 0.5, "p90": 0.5, "low": 0.5, "high": 0.5},
    }


def test_of_nothing_is_empty():
    assert summed([]) == []

import json
import os

import pytest

from tonewright.distances import names
from tonewright.errors import OutputError, TonewrightError, UnknownNameError, UsageError
from tonewright.matching import evaluation
from tonewright.matching.evaluation import evaluate, evaluate_case, summarise
from tonewright.matching.suites import Case

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def cases(factory_sound):
    """Three short targets of which the preset is known."""
    sounds = {f"sound-{index}": factory_sound(index) for index in (1, 12, 45)}
    return [Case(name, audio, RATE_HZ, 57.0, 0.2, params) for name, (params, audio) in sounds.items()]


class TestOneCase:
    def test_measures_the_best_at_each_budget(self, cases):
        records = evaluate_case(cases[0], "random", [10, 100, 40])
        assert [record["renders"] for record in records] == [10, 40, 100]
        assert [*records[0]] == ["target", "method", "seed", "renders", "loss", *names()]
        losses = [record["loss"] for record in records]
        assert losses == sorted(losses, reverse=True)
        assert records[:2] == evaluate_case(cases[0], "random", [10, 40])

    @pytest.mark.parametrize("which", [0, 1, 2])
    def test_self_stays_at_0(self, cases, which):
        (record,) = evaluate_case(cases[which], "self", [10, 100])
        assert (record["renders"], record["loss"], record["rms"]) == (1_000, 0.0, 1.0)
        assert {record[name] for name in names() if name != "rms"} == {0.0}

    def test_self_needs_the_true_preset(self, cases):
        recording = Case("mine", cases[0].audio, RATE_HZ, (50.0, 60.0), 0.2)
        with pytest.raises(UsageError, match="mine is a recording"):
            evaluate_case(recording, "self", [10])
        evaluate_case(recording, "random", [10])

    def test_unknown_methods(self, cases):
        with pytest.raises(
            UnknownNameError, match="choose from: agent, cma, estimator, estimator-agent, full, random, self"
        ):
            evaluate_case(cases[0], "guess", [10])


class TestLog:
    BUDGETS = (8, 24)

    @pytest.fixture
    def work(self, monkeypatch):
        """Which cases are evaluated, not read from the log; their records are made up."""
        done = []

        def made_up(case, method, budgets, *, seed, networks):
            done.append((case.name, method, seed))
            return [
                {"target": case.name, "method": method, "seed": seed, "renders": budget, "mss": seed / budget}
                for budget in budgets
            ]

        monkeypatch.setattr(evaluation, "evaluate_case", made_up)
        return done

    @pytest.fixture
    def whole(self, cases, work):
        records = evaluate(cases, ["random"], self.BUDGETS)
        work.clear()
        return records

    def test_what_is_named_twice_is_done_once(self, cases, work):
        found = evaluate(cases, ["random", "random"], self.BUDGETS, seeds=[3, 3])
        assert len(found) == len(work) * len(self.BUDGETS) == len(cases) * len(self.BUDGETS)

    def test_an_interrupted_evaluation_goes_on(self, cases, whole, work, tmp_path):
        log = tmp_path / "log.jsonl"
        finished = []

        def interrupt_at_second():
            finished.append(1)
            if len(finished) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            evaluate(cases, ["random"], self.BUDGETS, log=log, progress=interrupt_at_second)
        assert work == [("sound-1", "random", 0), ("sound-12", "random", 0)]
        assert evaluate(cases, ["random"], self.BUDGETS, log=log) == whole
        assert work[2:] == [("sound-45", "random", 0)]
        assert [json.loads(line) for line in log.read_text().splitlines()] == whole

    @pytest.mark.parametrize("lost", [1, 2, 40, 70, 100])
    def test_a_line_that_was_half_written_is_written_again(self, cases, whole, work, tmp_path, lost):
        log = tmp_path / "log.jsonl"
        evaluate(cases[:2], ["random"], self.BUDGETS, log=log)
        log.write_bytes(log.read_bytes()[:-lost])
        assert evaluate(cases, ["random"], self.BUDGETS, log=log) == whole
        work.clear()
        assert evaluate(cases, ["random"], self.BUDGETS, log=log) == whole
        assert work == []

    def test_other_budgets_methods_and_seeds_are_evaluated_anew(self, cases, work, tmp_path):
        log = tmp_path / "log.jsonl"
        evaluate(cases[:1], ["random"], [8, 24], log=log)
        evaluate(cases[:1], ["random"], [24], log=log)
        assert len(work) == 1
        records = evaluate(cases[:1], ["random"], [8, 48], log=log)
        assert len(work) == 2
        assert [record["renders"] for record in records] == [8, 48]
        evaluate(cases[:1], ["cma"], [8], log=log)
        assert len(work) == 3
        records = evaluate(cases[:1], ["cma"], [8], seeds=[0, 5], log=log)
        assert work[3:] == [("sound-1", "cma", 5)]
        assert [record["seed"] for record in records] == [0, 5]

    def test_budgets_that_are_missing_are_all_that_is_searched_for(self, cases, monkeypatch, tmp_path):
        log = tmp_path / "log.jsonl"
        evaluate(cases[:1], ["random"], [8, 200], log=log)
        asked = []

        def watched(case, method, budgets, *, seed, networks):
            asked.append(tuple(budgets))
            return evaluate_case(case, method, budgets, seed=seed)

        monkeypatch.setattr(evaluation, "evaluate_case", watched)
        records = evaluate(cases[:1], ["random"], [8, 50, 200], log=log)
        assert asked == [(50,)]
        assert records == evaluate_case(cases[0], "random", [8, 50, 200])

    @pytest.mark.parametrize(
        "content", [b"Dear diary\n", b"[1, 2]\n", b'{"a": 1}\n', b"RIFF\x04\0\0\0WAVE", b"\xff\n", b"3\n\n"]
    )
    def test_another_file_is_no_log_and_stays_as_it_is(self, cases, work, tmp_path, content):
        log = tmp_path / "log.jsonl"
        log.write_bytes(content)
        with pytest.raises(UsageError, match="is no log of matches; name another file"):
            evaluate(cases, ["random"], self.BUDGETS, log=log)
        assert log.read_bytes() == content
        assert work == []

    def test_a_place_that_cannot_be_written_is_told_before_the_work(self, cases, work, tmp_path):
        for log in (tmp_path, tmp_path / "none" / "log.jsonl"):
            with pytest.raises(OutputError, match="cannot keep a log in"):
                evaluate(cases, ["random"], self.BUDGETS, log=log)
        assert work == []

    def test_progress_is_told_after_each_target(self, cases, work):
        told = []
        evaluate(cases, ["random", "cma"], [5], progress=lambda: told.append(1))
        assert len(told) == 6


class TestWorkers:
    def test_several_processes_find_what_one_does_and_keep_a_log(self, cases, tmp_path):
        log = tmp_path / "log.jsonl"
        methods, budgets = ["random", "cma"], [8, 24]
        found = evaluate(cases[:2], methods, budgets, seeds=[0, 1], workers=2, log=log)
        assert found == evaluate(cases[:2], methods, budgets, seeds=[0, 1])
        assert len(log.read_text().splitlines()) == len(found) == 16
        assert len({json.dumps(record) for record in found}) == 16

    def test_a_worker_that_dies_is_told(self):
        class Deadly:
            name = "deadly"

            def __reduce__(self):
                return os._exit, (9,)  # in the worker that reads it

        with pytest.raises(TonewrightError, match="a worker process died"):
            evaluate([Deadly(), Deadly()], ["random"], [8], workers=2)


class TestSummary:
    def test_by_hand(self):
        values = [(1, 0.5), (2, 0.9), (9, 0.1), (4, 0.7), (5, 0.3)]
        records = [
            {"target": str(i), "method": "random", "seed": 0, "renders": 10, "mss": mss, "rms": rms}
            for i, (mss, rms) in enumerate(values)
        ]
        (row,) = summarise(records)
        assert (row["method"], row["renders"], row["targets"], row["seeds"]) == ("random", 10, 5, 1)
        p90 = pytest.approx(7.4)  # 5 + 0.6 * (9 - 5)
        assert row["mss"] == {"median": 4.0, "p90": p90, "low": 4.0, "high": 4.0}
        p10 = pytest.approx(0.18)  # 0.1 + 0.4 * (0.3 - 0.1)
        assert row["rms"] == {"median": 0.5, "p90": p10, "low": 0.5, "high": 0.5}

    def test_seeds_are_averaged_and_their_range_is_told(self):
        records = [
            {"target": target, "method": "cma", "seed": seed, "renders": 10, "mss": mss}
            for seed, values in ((0, (1.0, 3.0)), (1, (5.0, 5.0)), (2, (2.0, 4.0)))
            for target, mss in zip("ab", values, strict=True)
        ]
        (row,) = summarise(records)
        assert (row["targets"], row["seeds"]) == (2, 3)
        assert row["mss"]["median"] == pytest.approx((2 + 5 + 3) / 3)
        assert (row["mss"]["low"], row["mss"]["high"]) == (2.0, 5.0)
        assert row["mss"]["p90"] == pytest.approx((2.8 + 5.0 + 3.8) / 3)

    def test_one_row_to_each_method_and_budget(self, cases):
        rows = summarise(evaluate(cases[:2], ["random", "cma"], [5, 10]))
        assert [(row["method"], row["renders"]) for row in rows] == [
            ("random", 5),
            ("random", 10),
            ("cma", 5),
            ("cma", 10),
        ]
        assert {row["targets"] for row in rows} == {2}
        assert {*rows[0]} == {"method", "renders", "targets", "seeds", "loss", *names()}

    def test_of_nothing_is_empty(self):
        assert summarise([]) == []

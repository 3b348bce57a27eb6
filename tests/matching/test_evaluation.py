import json
from dataclasses import replace
from importlib.metadata import version
from importlib.resources import files

import pytest

from tonewright.distances import names
from tonewright.documents import sha256
from tonewright.errors import UnknownNameError, UsageError
from tonewright.matching import evaluation
from tonewright.matching.evaluation import evaluate, evaluate_case, open_log, summarise
from tonewright.matching.suites import Case
from tonewright.measuring.records import read_records

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
        with pytest.raises(UsageError, match="got 'mine', a recording; name the suite"):
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

        def made_up(case, method, budgets, *, seed, synth, networks):
            done.append((case.name, method, seed, tuple(budgets)))
            return [
                {"target": case.name, "method": method, "seed": seed, "renders": budget, "mss": seed / budget}
                for budget in budgets
            ]

        monkeypatch.setattr(evaluation, "evaluate_case", made_up)
        return done

    @pytest.fixture
    def log(self, cases, tmp_path):
        settings = {"suite": "mine", "cases": cases}
        return lambda **options: open_log(tmp_path / "log.jsonl", **(settings | options))

    def test_what_is_named_twice_is_done_once(self, cases, work):
        found = evaluate(cases, ["random", "random"], self.BUDGETS, seeds=[3, 3])
        assert len(found) == len(work) * len(self.BUDGETS) == len(cases) * len(self.BUDGETS)

    def test_other_budgets_methods_and_seeds_are_evaluated_anew(self, cases, work, log):
        evaluate(cases[:1], ["random"], [8, 24], log=log())
        evaluate(cases[:1], ["random"], [24], log=log())
        assert len(work) == 1
        records = evaluate(cases[:1], ["random"], [8, 48], log=log())
        assert work[1:] == [("sound-1", "random", 0, (48,))]
        assert [record["renders"] for record in records] == [8, 48]
        evaluate(cases[:1], ["cma"], [8], log=log())
        assert len(work) == 3
        records = evaluate(cases[:1], ["cma"], [8], seeds=[0, 5], log=log())
        assert work[3:] == [("sound-1", "cma", 5, (8,))]
        assert [record["seed"] for record in records] == [0, 5]

    def test_budgets_that_are_missing_are_all_that_is_searched_for(self, cases, log):
        evaluate(cases[:1], ["random"], [8, 200], log=log())
        records = evaluate(cases[:1], ["random"], [8, 50, 200], log=log())
        assert records == evaluate_case(cases[0], "random", [8, 50, 200])

    def test_a_log_knows_suite_networks_synth_and_version(self, log):
        header = json.loads(log().path.read_text())["header"]
        assert header["suite"] == "mine"
        assert header["synth"] == "serum-lite, version 1"
        assert header["tonewright"] == version("tonewright")
        shipped = files("tonewright.matching.networks") / "shipped"
        assert header["networks"] == {
            part: sha256((shipped / f"{part}-serum-lite-v1.onnx").read_bytes())
            for part in ("estimator", "agent")
        }

    def test_results_of_another_suite_recording_or_network_are_refused(self, cases, log, tmp_path):
        recording = replace(cases[0], true_params=None, file_sha256="ab" * 32)
        log(cases=[recording])
        log(cases=[recording])
        with pytest.raises(UsageError, match="with suite mine, and these have other"):
            log(suite="other", cases=[recording])
        with pytest.raises(UsageError, match=f"with recordings .*{recording.name}.*; name another file"):
            log(cases=[replace(recording, file_sha256="cd" * 32)])
        document = json.loads(log(cases=[recording]).path.read_text())
        document["header"]["networks"]["agent"] = "0" * 64
        (tmp_path / "log.jsonl").write_text(json.dumps(document) + "\n")
        with pytest.raises(UsageError, match="with networks"):
            log(cases=[recording])

    def test_what_cannot_be_evaluated_is_told_before_the_work(self, cases, work):
        with pytest.raises(UnknownNameError, match="no search method is called 'nope'"):
            evaluate(cases, ["random", "nope"], self.BUDGETS)
        recordings = [cases[0], replace(cases[1], true_params=None)]
        with pytest.raises(UsageError, match="got 'sound-12', a recording; name the suite"):
            evaluate(recordings, ["random", "self"], self.BUDGETS)
        assert work == []

    def test_progress_is_told_after_each_target(self, cases, work):
        told = []
        evaluate(cases, ["random", "cma"], [5], progress=lambda: told.append(1))
        assert len(told) == 6


class TestWorkers:
    def test_several_processes_find_what_one_does_and_keep_a_log(self, cases, tmp_path):
        methods, budgets = ["random", "cma"], [8, 24]
        log = open_log(tmp_path / "log.jsonl", suite="mine", cases=cases)
        found = evaluate(cases[:2], methods, budgets, seeds=[0, 1], workers=2, log=log)
        assert found == evaluate(cases[:2], methods, budgets, seeds=[0, 1])
        assert len(read_records(tmp_path / "log.jsonl")) == len(found) == 16


class TestSummary:
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

    def test_the_bad_end_is_where_a_distance_says(self):
        values = {"loss": (0.1, 0.5), "rms": (0.9, 0.4)}
        records = [
            {"target": str(i), "method": "a", "seed": 0, "renders": 1, **{k: v[i] for k, v in values.items()}}
            for i in range(2)
        ]
        (row,) = summarise(records)
        assert row["loss"]["p90"] == pytest.approx(0.46)
        assert row["rms"]["p90"] == pytest.approx(0.45)

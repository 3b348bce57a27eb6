import hashlib
import json
import shutil

import numpy as np
import pytest

from tonewright.audio import Clip, write
from tonewright.distances import names
from tonewright.errors import AudioError, OutputError, UnknownNameError, UsageError
from tonewright.matching import evaluation
from tonewright.matching.evaluation import (
    Case,
    evaluate,
    evaluate_case,
    factory_suite,
    random_suite,
    recorded_suite,
    suite,
    summarise,
)
from tonewright.synths.serum_lite.factory import factory_presets

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def cases(factory_sound):
    """Three short targets of which the preset is known."""
    sounds = {f"sound-{index}": factory_sound(index) for index in (1, 12, 45)}
    return [Case(name, audio, RATE_HZ, 57.0, 0.2, params) for name, (params, audio) in sounds.items()]


class TestSuites:
    def test_random(self, synth):
        cases = random_suite(synth)
        assert [case.name for case in cases] == [f"random-{i:03}" for i in range(256)]
        assert {case.audio.shape for case in cases} == {(16_000,)}
        assert {(case.midi_note, case.gate_seconds) for case in cases} == {(60.0, 0.75)}
        audio, params = (
            np.stack([getattr(case, name) for case in cases]) for name in ("audio", "true_params")
        )
        assert 10 * np.log10(np.square(audio).mean(axis=1)).min() > -34
        np.testing.assert_array_equal(synth.render(params[:9], 60.0, 1.0, 0.75), audio[:9])
        # Held out by its seed: results can be compared only as long as it stays the same.
        digest = hashlib.sha256(np.ascontiguousarray(params, "<f4").tobytes()).hexdigest()
        assert digest[:16] == "43db8e6830279bd3"

    def test_a_part_of_random_is_its_beginning(self, synth):
        parts = random_suite(synth, 5), random_suite(synth, 9)
        assert [case.name for case in parts[0]] == [case.name for case in parts[1][:5]]
        np.testing.assert_array_equal(parts[0][4].audio, parts[1][4].audio)

    def test_factory(self, synth):
        cases = factory_suite(synth)
        presets = factory_presets()
        assert [case.name for case in cases] == [preset.name for preset in presets]
        assert len({case.name for case in cases}) == 64
        for case, preset in zip(cases, presets, strict=True):
            assert case.midi_note == preset.midi_note
            assert case.gate_seconds <= 0.75
            assert case.audio.shape == (16_000,)
            np.testing.assert_array_equal(case.true_params, preset.params(synth))

    def test_by_name(self, tmp_path):
        assert len(suite("random", sounds=tmp_path)) == 256
        assert len(suite("factory", sounds=tmp_path)) == 64
        with pytest.raises(UnknownNameError, match="no suite or folder is called 'fabric'"):
            suite("fabric", sounds=tmp_path)
        with pytest.raises(UsageError, match=r"needs a folder of sounds at .*; name one with --sounds"):
            suite("real", sounds=tmp_path / "none")


class TestRecordings:
    @pytest.fixture
    def folder(self, tmp_path, factory_sound):
        for index, name in enumerate(("b.wav", "a.flac", "c.wav", "c.flac")):
            write(tmp_path / name, Clip(factory_sound(20 + index)[1], RATE_HZ))
        shutil.copy(tmp_path / "b.wav", tmp_path / "UPPER.WAV")
        (tmp_path / "SOURCES.md").write_text("CC0")
        return tmp_path

    def test_are_taken_in_the_order_of_their_names(self, folder):
        cases = recorded_suite(folder)
        assert [case.name for case in cases] == ["UPPER", "a", "b", "c.flac", "c.wav"]
        assert all(case.true_params is None for case in cases)

    def test_are_prepared_as_for_a_match(self, folder):
        (case,) = (case for case in recorded_suite(folder) if case.name == "b")
        assert case.sample_rate_hz == RATE_HZ
        assert isinstance(case.gate_seconds, tuple)

    def test_by_name(self, folder):
        names = [case.name for case in recorded_suite(folder)]
        assert [case.name for case in suite("real", sounds=folder)] == names
        assert [case.name for case in suite(str(folder), sounds=folder / "none")] == names

    def test_a_folder_without_sounds(self, tmp_path):
        with pytest.raises(UsageError, match="holds no sound"):
            recorded_suite(tmp_path)

    def test_a_bad_sound_is_named(self, folder):
        (folder / "d.wav").write_text("no sound")
        with pytest.raises(AudioError, match=r"d\.wav"):
            recorded_suite(folder)


class TestOneCase:
    def test_measures_the_best_at_each_budget(self, cases):
        records = evaluate_case(cases[0], "random", [10, 100, 40])
        assert [record["renders"] for record in records] == [10, 40, 100]
        assert [*records[0]] == ["target", "method", "renders", "loss", *names()]
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
        with pytest.raises(UnknownNameError, match="choose from: cma, estimator, full, random, self"):
            evaluate_case(cases[0], "guess", [10])


class TestLog:
    BUDGETS = (8, 24)

    @pytest.fixture
    def work(self, monkeypatch):
        """Which cases are evaluated, not read from the log; their records are made up."""
        done = []

        def made_up(case, method, budgets):
            done.append((case.name, method))
            return [
                {"target": case.name, "method": method, "renders": budget, "mss": len(case.name) / budget}
                for budget in budgets
            ]

        monkeypatch.setattr(evaluation, "evaluate_case", made_up)
        return done

    @pytest.fixture
    def whole(self, cases, work):
        records = evaluate(cases, ["random"], self.BUDGETS)
        work.clear()
        return records

    def test_an_interrupted_evaluation_goes_on(self, cases, whole, work, tmp_path):
        log = tmp_path / "log.jsonl"
        finished = []

        def interrupt_at_second():
            finished.append(1)
            if len(finished) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            evaluate(cases, ["random"], self.BUDGETS, log=log, progress=interrupt_at_second)
        assert work == [("sound-1", "random"), ("sound-12", "random")]
        assert evaluate(cases, ["random"], self.BUDGETS, log=log) == whole
        assert work[2:] == [("sound-45", "random")]
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

    def test_other_budgets_and_methods_are_evaluated_anew(self, cases, work, tmp_path):
        log = tmp_path / "log.jsonl"
        evaluate(cases[:1], ["random"], [8, 24], log=log)
        evaluate(cases[:1], ["random"], [24], log=log)
        assert len(work) == 1
        records = evaluate(cases[:1], ["random"], [8, 48], log=log)
        assert len(work) == 2
        assert [record["renders"] for record in records] == [8, 48]
        evaluate(cases[:1], ["cma"], [8], log=log)
        assert len(work) == 3

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


class TestSummary:
    def test_by_hand(self):
        values = [(1, 0.5), (2, 0.9), (9, 0.1), (4, 0.7), (5, 0.3)]
        records = [
            {"target": str(i), "method": "random", "renders": 10, "mss": mss, "rms": rms}
            for i, (mss, rms) in enumerate(values)
        ]
        (row,) = summarise(records)
        assert (row["method"], row["renders"], row["targets"]) == ("random", 10, 5)
        assert row["mss"] == {"median": 4.0, "p90": pytest.approx(7.4)}  # 5 + 0.6 * (9 - 5)
        assert row["rms"] == {"median": 0.5, "p90": pytest.approx(0.18)}  # 0.1 + 0.4 * (0.3 - 0.1)

    def test_one_row_to_each_method_and_budget(self, cases):
        rows = summarise(evaluate(cases[:2], ["random", "cma"], [5, 10]))
        assert [(row["method"], row["renders"]) for row in rows] == [
            ("random", 5),
            ("random", 10),
            ("cma", 5),
            ("cma", 10),
        ]
        assert {row["targets"] for row in rows} == {2}
        assert {*rows[0]} == {"method", "renders", "targets", "loss", *names()}

    def test_of_nothing_is_empty(self):
        assert summarise([]) == []

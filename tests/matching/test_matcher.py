import inspect
import re

import numpy as np
import pytest

import tonewright as tw
from tonewright.audio import Clip
from tonewright.distances import compare, training_loss
from tonewright.errors import AudioError, UnknownNameError, UsageError
from tonewright.matching import matcher
from tonewright.matching.report import report_html
from tonewright.matching.search import budget
from tonewright.wording import duration

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def clip(synth, factory_sound):
    return Clip(factory_sound(6)[1], RATE_HZ)


@pytest.fixture(scope="module")
def result(clip):
    return tw.match(clip, renders=600, seed=4)


def stop_after(batches, error=KeyboardInterrupt):
    """A progress callback in which the user presses Ctrl-C."""
    calls = []

    def progress(renders, best):
        calls.append(renders)
        if len(calls) == batches:
            raise error

    return progress


class TestResult:
    def test_is_what_its_preset_sounds_like(self, result, clip):
        synth = tw.synth("serum-lite", RATE_HZ)
        params = result.preset.params(synth)[None]
        preset, seconds = result.preset, len(result.target) / RATE_HZ
        again = synth.render(params, preset.midi_note, seconds, preset.gate_seconds, result.seed)
        np.testing.assert_array_equal(again[0], result.audio)
        assert result.audio.shape == result.target.shape
        assert result.sample_rate_hz == clip.sample_rate_hz

    def test_measures_what_it_holds(self, result):
        measured = compare(result.target[None], result.audio[None], RATE_HZ)
        assert dict(result.distances) == {name: pytest.approx(float(v[0])) for name, v in measured.items()}
        loss = training_loss(result.target, result.audio, RATE_HZ)
        assert result.terms["total"] == pytest.approx(float(loss.total[0]), rel=1e-6)
        assert set(result.terms) == {"total", *loss.terms}
        assert 0 <= result.similarity <= 100

    def test_is_the_best_that_was_heard_or_nearly(self, result):
        assert result.curve[-1][1] <= result.terms["total"] <= 1.02 * result.curve[-1][1]

    def test_tells_how_it_came_about(self, result):
        assert (result.renders, result.seed, result.method, result.interrupted) == (600, 4, "full", False)
        assert result.seconds > 0
        assert result.preset.synth == "serum-lite"
        assert {"tonewright", "serum-lite", "numpy", "cma"} <= set(result.versions)
        assert result.target_info["note_source"] == "estimated"

    def test_plays_the_note_that_was_estimated(self, result):
        assert result.preset.midi_note == pytest.approx(result.target_info["note_estimate"], abs=0.5)

    def test_does_not_change_the_recording(self, clip):
        before = clip.samples.copy()
        tw.match(clip, renders=10)
        np.testing.assert_array_equal(clip.samples, before)


class TestSeed:
    def test_the_same_seed_and_renders_give_the_same_match(self, result, clip):
        again = tw.match(clip, renders=600, seed=4)
        assert again.preset == result.preset
        assert again.curve == result.curve
        assert (again.similarity, again.distances) == (result.similarity, result.distances)
        np.testing.assert_array_equal(again.audio, result.audio)

    def test_another_seed_gives_another(self, result, clip):
        assert tw.match(clip, renders=600, seed=5).preset != result.preset


class TestBudget:
    def test_the_default_is_ten_thousand(self, clip):
        assert matcher.DEFAULT_RENDERS == 10_000
        assert inspect.signature(tw.match).parameters["renders"].default is None

    @pytest.mark.parametrize("renders", [1, 2, 100])
    def test_small_ones_are_enough_for_an_answer(self, clip, renders):
        result = tw.match(clip, renders=renders, method="random")
        assert result.renders == renders
        assert np.isfinite(list(result.distances.values())).all()

    def test_in_seconds(self, clip, result):  # `result`: everything is compiled
        limited = tw.match(clip, seconds_budget=0.5)
        assert limited.seconds >= 0.5
        assert limited.renders >= 1
        assert not limited.interrupted

    def test_in_seconds_it_ends_with_the_batch_in_which_they_run_out(self, clip, monkeypatch):
        asked = []

        def clock():
            asked.append(1)
            return float(len(asked))

        monkeypatch.setattr(budget.time, "perf_counter", clock)
        told = []
        limited = tw.match(clip, seconds_budget=4.5, progress=lambda *spent: told.append(spent))
        assert 1 <= len(told) <= 5  # the clock is asked once at the start and once a batch
        assert told[-1][0] == limited.renders

    def test_of_two_the_one_that_ends_first_counts(self, clip):
        assert tw.match(clip, renders=64, seconds_budget=10_000).renders == 64
        assert tw.match(clip, renders=10**9, seconds_budget=0.2).renders < 10**9


class TestInterrupt:
    def test_gives_the_best_so_far(self, clip, result):
        interrupted = tw.match(clip, renders=600, seed=4, progress=stop_after(2))
        assert interrupted.interrupted
        assert interrupted.renders < 600
        heard = tuple(point for point in result.curve if point[0] <= interrupted.renders)
        assert interrupted.curve == heard

    def test_after_the_first_batch(self, clip):
        interrupted = tw.match(clip, method="random", progress=stop_after(1))
        assert interrupted.interrupted
        assert interrupted.audio.shape == interrupted.target.shape

    def test_before_anything_was_heard_passes_on(self, clip, monkeypatch):
        def search(objective, rng):
            raise KeyboardInterrupt

        monkeypatch.setattr(matcher, "search_method", lambda name, networks: search)
        with pytest.raises(KeyboardInterrupt):
            tw.match(clip)

    def test_other_errors_pass_on(self, clip):
        with pytest.raises(ZeroDivisionError):
            tw.match(clip, progress=stop_after(1, ZeroDivisionError))


def test_a_match_of_a_factory_preset_gets_close(synth, factory_sound):
    sound = Clip(factory_sound(6)[1], RATE_HZ)
    result = tw.match(sound, renders=2_000, note=57.0, gate_seconds=0.2)
    first = next(loss for renders, loss in reversed(result.curve) if renders <= 64)
    assert result.terms["total"] < 0.8 * first
    assert result.similarity > 40
    assert result.preset.midi_note == 57.0
    assert result.preset.gate_seconds == 0.2


@pytest.mark.parametrize(
    ("arguments", "error", "rule"),
    [
        ({"renders": 0}, UsageError, "renders is a whole number from 1; got 0"),
        ({"renders": 1.5}, UsageError, "renders is a whole number from 1; got 1.5"),
        ({"renders": float("inf")}, UsageError, "renders is a whole number from 1; got inf"),
        ({"renders": "many"}, UsageError, "renders is a whole number from 1; got 'many'"),
        ({"seconds_budget": 0}, UsageError, "seconds_budget is above 0; got 0"),
        ({"seconds_budget": float("nan")}, UsageError, "seconds_budget is above 0; got nan"),
        ({"note": 127.5}, UsageError, "note lies between 0 and 127; got 127.5"),
        ({"note": float("nan")}, UsageError, "note lies between 0 and 127; got nan"),
        ({"gate_seconds": 0.0}, UsageError, "gate_seconds lies above 0 and up to 3600; got 0.0"),
        ({"gate_seconds": 4_000}, UsageError, "gate_seconds lies above 0 and up to 3600; got 4000"),
        ({"seed": -1}, UsageError, "seed is a whole number from 0; got -1"),
        ({"synth": "serumlite"}, UnknownNameError, "did you mean 'serum-lite'"),
        (
            {"method": "swarm"},
            UnknownNameError,
            "choose from: agent, cma, estimator, estimator-agent, full, random",
        ),
    ],
    ids=str,
)
def test_nonsense_is_refused_before_the_search(clip, arguments, error, rule):
    with pytest.raises(error) as caught:
        tw.match(clip, progress=stop_after(1, AssertionError), **arguments)
    assert rule in str(caught.value)
    assert "\n" not in str(caught.value)


def test_silence_is_refused():
    with pytest.raises(AudioError, match="the target is silent"):
        tw.match(Clip(np.zeros(16_000, np.float32), RATE_HZ))


@pytest.mark.parametrize("seconds", [0.02, 0.0211])
def test_the_shortest_sounds_are_matched(factory_sound, seconds):
    click = factory_sound(6)[1][400 : 400 + round(seconds * RATE_HZ)]
    result = tw.match(Clip(click, RATE_HZ), renders=50)
    assert len(result.audio) == len(click)


@pytest.fixture(scope="module")
def whistle():
    synth = tw.synth("sine", RATE_HZ)
    params = synth.controls.to_unit({"frequency_hz": 300.0, "amplitude": 0.4})
    return Clip(synth.render(params[None], 60, 0.6, 0.4), RATE_HZ)


@pytest.fixture(scope="module")
def matched(whistle):
    return tw.match(whistle, synth="sine", renders=3_000, seed=2)


class TestSynthsWithoutNotes:
    """Their pitch is a control: no note is searched, none is told, and none may be given."""

    def test_the_controls_are_found_and_no_note(self, matched):
        preset = matched.preset
        assert (preset.synth, preset.midi_note) == ("sine", None)
        assert preset.controls["frequency_hz"] == pytest.approx(300, rel=0.002)
        assert preset.controls["amplitude"] == pytest.approx(0.4, rel=0.02)
        assert preset.gate_seconds == pytest.approx(0.4, abs=0.005)

    def test_nothing_is_said_of_a_note(self, matched):
        assert "note_source" not in matched.target_info
        assert matched.summary()["midi_note"] is None
        assert matched.describe().splitlines()[1] == f"gate {duration(matched.preset.gate_seconds)}"
        page = re.sub(r"<(style|script).*?</\1>", "", report_html(matched), flags=re.S)
        shown = " ".join(re.sub(r"<[^>]*>", " ", page).split())
        assert "playing" not in shown
        assert "no clear pitch" not in shown
        assert "The note Key held for" in shown

    def test_a_note_is_refused(self, whistle):
        with pytest.raises(UsageError, match=r"^sine plays no notes, .*; got note 60; leave it out$"):
            tw.match(whistle, synth="sine", renders=10, note=60)

"""The methods that listen first, with the estimator that ships."""

import numpy as np

from tonewright.audio import Clip
from tonewright.distances import compare
from tonewright.matching import match
from tonewright.matching.evaluation import evaluate_case
from tonewright.matching.networks.load import load_trained
from tonewright.matching.suites import factory_suite, random_suite
from tonewright.synths import synth as make_synth

SYNTH = make_synth("serum-lite", 16_000)


def test_candidates_hear_the_note_that_is_theirs():
    sound = factory_suite(SYNTH)[0].audio
    proposals = load_trained(SYNTH).need_proposals(SYNTH)

    def propose(notes):
        return proposals(sound, notes, 0.5, 2, np.random.default_rng(0)).params

    np.testing.assert_allclose(propose(60.0), propose(np.array([60.0, 60.0])), atol=1e-5)
    mixed = propose(np.array([60.0, 48.0]))
    np.testing.assert_allclose(mixed[0], propose(60.0)[0], atol=1e-5)
    np.testing.assert_allclose(mixed[1], propose(48.0)[1], atol=1e-5)
    assert np.abs(mixed[1] - propose(60.0)[1]).max() > 0.01


def test_fifty_renders_of_the_estimator_beat_a_thousand_of_cma():
    better = []
    for case in random_suite(SYNTH, 8):
        estimator = evaluate_case(case, "estimator", (50,))[0]
        cma = evaluate_case(case, "cma", (1_000,))[0]
        better.append(estimator["mss"] < cma["mss"])
    assert sum(better) >= 7


def test_full_goes_on_from_the_candidates():
    case = factory_suite(SYNTH)[3]
    at = {record["renders"]: record["loss"] for record in evaluate_case(case, "full", (32, 300, 1_000))}
    assert at[1_000] < at[300] < 0.8 * at[32]


def test_full_hears_a_recording_at_another_rate_without_note_or_gate():
    synth = make_synth("serum-lite", 44_100)
    preset = synth.factory_presets()[0]
    audio = synth.render(preset.params(synth)[None], 57.0, 0.8, 0.4)
    result = match(Clip(audio, 44_100), renders=300)
    assert result.method == "full"
    assert abs(result.preset.midi_note - 57.0) < 0.3
    distances = compare(result.target[None], result.audio[None], 44_100)
    assert distances["mss"][0] < 4.0

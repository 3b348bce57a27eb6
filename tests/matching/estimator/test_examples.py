import numpy as np

from tonewright.matching.estimator.examples import draw_examples, gate_from_unit, gate_to_unit
from tonewright.synths import synth

SYNTH = synth("serum-lite", 16_000)


def test_examples_follow_from_their_seed() -> None:
    a, b = (draw_examples(SYNTH, np.random.default_rng([0, 1]), 16) for _ in range(2))
    for one, other in zip((*a.inputs, *a[1:]), (*b.inputs, *b[1:]), strict=True):
        np.testing.assert_array_equal(one, other)


def test_half_are_uniform_and_half_simple() -> None:
    params = np.concatenate(
        [draw_examples(SYNTH, np.random.default_rng([0, k]), 128).params for k in range(6)]
    )
    np.testing.assert_array_equal(params, SYNTH.controls.snap(params))
    defaults = SYNTH.controls.snap(SYNTH.controls.defaults())
    neutral = (params == defaults).mean(axis=1)
    uniform = (neutral < 0.2).mean()
    assert 0.5 < uniform < 0.75  # a uniform half, and those of the other half that keep little
    assert neutral.max() > 0.7


def test_about_half_the_gates_are_known() -> None:
    scalars = draw_examples(SYNTH, np.random.default_rng([0, 3]), 400).inputs.scalars
    assert 0.4 < scalars[:, 3].mean() < 0.6


def test_gates_go_to_unit_and_back() -> None:
    gates = np.array([0.05, 0.1, 0.5, 2.0])
    unit = gate_to_unit(gates)
    assert unit[[0, -1]].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(gate_from_unit(unit), gates, rtol=1e-6)
    assert gate_to_unit(np.array([0.01, 9.0])).tolist() == [0.0, 1.0]

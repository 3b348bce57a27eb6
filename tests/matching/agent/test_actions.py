import numpy as np
import pytest

from tonewright.matching.agent.actions import Actions
from tonewright.synths import synth

CONTROLS = synth("serum-lite", 16_000).controls
EVERYTHING = np.ones(len(CONTROLS), bool)


def split(actions: Actions, flat: np.ndarray) -> object:
    return {"module": flat[:, 0].astype(int), "deltas": flat[:, 1:]} if actions.per_module else flat


@pytest.fixture(params=[True, False], ids=["modules", "all"])
def actions(request) -> Actions:
    return Actions(CONTROLS, 0.5, per_module=request.param)


def test_any_preset_is_reached_from_any_other_within_an_episode(actions: Actions) -> None:
    rng = np.random.default_rng(0)
    params, goal = (CONTROLS.snap(CONTROLS.sample(rng, 200)) for _ in range(2))
    for _ in range(50):
        params = actions.apply(params, split(actions, actions.towards(params, goal, EVERYTHING)), EVERYTHING)
    np.testing.assert_allclose(params, goal, atol=1e-6)


def test_a_module_moves_alone() -> None:
    actions = Actions(CONTROLS, 0.5, per_module=True)
    before = np.full((len(actions.modules), len(CONTROLS)), 0.3, np.float32)
    taken = {"module": np.arange(len(actions.modules)), "deltas": np.full((len(before), actions.width), 0.2)}
    moved = actions.apply(before, taken, EVERYTHING)
    for row, positions in enumerate(actions.modules.values()):
        continuous = [i for i in positions if not CONTROLS.controls[i].steps]
        np.testing.assert_allclose(moved[row, continuous], 0.4, atol=1e-6)
        others = [i for i, c in enumerate(CONTROLS) if i not in positions and not c.steps]
        np.testing.assert_array_equal(moved[row, others], before[row, others])


@pytest.mark.parametrize(("change", "voices"), [(1.0, 7), (0.4, 5), (0.1, 4), (-0.2, 3), (-1.0, 1)])
def test_an_integer_control_moves_by_whole_steps(change: float, voices: int) -> None:
    actions = Actions(CONTROLS, 0.5, per_module=False)
    params = CONTROLS.to_unit({c.name: 4 if c.name == "osc1_unison" else c.default for c in CONTROLS})
    action = np.zeros((1, len(CONTROLS)), np.float32)
    action[0, CONTROLS.index("osc1_unison")] = change
    moved = actions.apply(params[None], action, EVERYTHING)[0]
    assert CONTROLS.to_values(moved)["osc1_unison"] == voices


def test_a_small_step_size_still_moves_an_integer_control_by_one() -> None:
    actions = Actions(CONTROLS, 0.01, per_module=False)
    moved = actions.apply(CONTROLS.defaults()[None], np.ones((1, len(CONTROLS)), np.float32), EVERYTHING)[0]
    assert CONTROLS.to_values(moved)["osc1_unison"] == 2


def test_what_is_not_exposed_stays(actions: Actions) -> None:
    rng = np.random.default_rng(1)
    exposed = rng.random(len(CONTROLS)) < 0.5
    params = CONTROLS.snap(CONTROLS.sample(rng, 50))
    moved = actions.apply(params, split(actions, actions.towards(params, 1 - params, EVERYTHING)), exposed)
    np.testing.assert_array_equal(moved[:, ~exposed], params[:, ~exposed])
    assert (moved[:, exposed] != params[:, exposed]).any()


def test_nobody_knows_the_way_to_an_unknown_preset(actions: Actions) -> None:
    params = np.repeat(CONTROLS.defaults()[None], 2, axis=0)
    goal = params.copy()
    goal[1] = np.nan
    way = actions.towards(params, goal, EVERYTHING)
    assert np.isfinite(way[0]).all()
    assert np.isnan(way[1]).all()

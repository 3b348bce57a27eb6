import numpy as np

from tonewright.improvising.environment import ImproviseEnv

CHANGES = {"features_keep": ("loudness_rms", "pitch"), "training_mode": "dynamic", "max_episode_steps": 40}


def test_the_first_eighth_is_rendered_and_the_others_are_looked_up() -> None:
    """Row by row, the same as a batch that hears in one way alone."""
    batches = {name: ImproviseEnv(16, hearing=name, **CHANGES) for name in ("table", "render", "both")}
    for env in batches.values():
        env.reset(seed=5)
    rng = np.random.default_rng(0)
    for _ in range(60):  # episodes end on the way
        actions = rng.uniform(-1, 1, (16, 2)).astype(np.float32)
        observed = {name: env.step(actions)[0]["own"] for name, env in batches.items()}
        np.testing.assert_allclose(observed["both"][:2], observed["render"][:2], atol=1e-5)
        np.testing.assert_allclose(observed["both"][2:], observed["table"][2:], atol=1e-5)


def test_a_single_environment_is_rendered() -> None:
    env = ImproviseEnv(1, hearing="both", **CHANGES)
    other = ImproviseEnv(1, hearing="render", **CHANGES)
    for one in (env, other):
        one.reset(seed=1)
    actions = np.ones((1, 2), np.float32)
    np.testing.assert_array_equal(env.step(actions)[0]["own"], other.step(actions)[0]["own"])

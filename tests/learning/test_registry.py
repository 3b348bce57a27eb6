import json
import subprocess
import sys

import gymnasium as gym
import pytest

from tonewright.learning import ENVIRONMENTS, register


def in_a_fresh_process(code):
    return json.loads(subprocess.check_output([sys.executable, "-W", "error", "-c", code], text=True))


def test_registers_once_and_silently():
    register()
    register()
    assert ENVIRONMENTS.keys() <= gym.registry.keys()


def test_says_nothing_that_only_this_process_could_read():
    for name in ENVIRONMENTS:
        assert json.loads(gym.spec(name).to_json())["id"] == name


@pytest.mark.parametrize("heavy", ["torch", "stable_baselines3", "ray", "numba", "scipy"])
def test_importing_is_light(heavy):
    code = "import json, sys, tonewright.learning; print(json.dumps(sorted(sys.modules)))"
    assert heavy not in in_a_fresh_process(code)


def test_gymnasium_finds_environments_by_module():
    code = (
        "import json, gymnasium as gym;"
        "env = gym.make_vec('tonewright.learning:tonewright/ProbeCopy-v0', num_envs=5, max_episode_steps=3);"
        "print(json.dumps([env.num_envs, env.max_episode_steps, env.spec.id]))"
    )
    assert in_a_fresh_process(code) == [5, 3, "tonewright/ProbeCopy-v0"]

import json
import subprocess
import sys

import gymnasium as gym
import pytest

from tonewright import environments
from tonewright.environments import register
from tonewright.errors import UnknownNameError, UsageError
from tonewright.learning import ENVIRONMENTS

MAKE = "env = gym.make_vec('tonewright/ProbeCopy-v0', num_envs=5, max_episode_steps=3)"
TELL = "print(json.dumps([env.num_envs, env.max_episode_steps, env.spec.id]))"


def in_a_fresh_process(*lines):
    code = "; ".join(["import json, sys", *lines])
    return json.loads(subprocess.check_output([sys.executable, "-W", "error", "-c", code], text=True))


def test_registers_once_and_silently():
    register()
    register()
    assert environments.environments().keys() <= gym.registry.keys()
    assert {*ENVIRONMENTS, "tonewright/Match-v0"} <= environments.environments().keys()


@pytest.mark.parametrize("name", environments.environments())
def test_says_nothing_that_only_this_process_could_read(name):
    assert json.loads(gym.spec(name).to_json())["id"] == name


@pytest.mark.parametrize(
    "imports",
    [
        ("import tonewright", "import gymnasium as gym"),
        ("import gymnasium as gym", "import tonewright"),
        ("import tonewright", "from gymnasium.envs import registration", "import gymnasium as gym"),
        ("import tonewright", "import tonewright.learning.vector", "import gymnasium as gym"),
        ("import tonewright.errors", "import gymnasium as gym"),
        (
            "import tonewright, importlib.util",
            "importlib.util.find_spec('gymnasium')",
            "importlib.util.find_spec('gymnasium')",
            "import gymnasium as gym",
        ),
    ],
    ids=["before", "after", "a part of it first", "by ourselves", "a room alone", "looked up before"],
)
def test_gymnasium_knows_them_whatever_is_imported_first(imports):
    assert in_a_fresh_process(*imports, MAKE, TELL) == [5, 3, "tonewright/ProbeCopy-v0"]


def test_the_match_environment_is_made_by_its_name_alone():
    lines = (
        "import tonewright",
        "import gymnasium as gym",
        "env = gym.make('tonewright/Match-v0', seconds=0.1)",
    )
    assert in_a_fresh_process(*lines, "print(json.dumps(env.spec.id))") == "tonewright/Match-v0"


@pytest.mark.parametrize("name", environments.environments())
@pytest.mark.parametrize("make", [gym.make, lambda name, **kwargs: gym.make_vec(name, num_envs=2, **kwargs)])
def test_an_unknown_argument_is_told_in_the_words_of_the_house(name, make):
    with pytest.raises(UnknownNameError) as refused:
        make(name, wrong_keyword=1)
    assert refused.value.name == "wrong_keyword"
    assert {"max_episode_steps", "autoreset_mode"} <= set(refused.value.known)
    with pytest.raises(UnknownNameError, match="did you mean 'max_episode_steps'"):
        make(name, max_episodes_step=3)


@pytest.mark.parametrize("argument", ["num_envs", "autoreset_mode"])
def test_a_single_environment_takes_nothing_of_a_batch(argument):
    with pytest.raises(UsageError, match=f"a single environment takes no {argument}; got 2; use make_vec"):
        gym.make("tonewright/Match-v0", **{argument: 2})


def test_python_finds_gymnasium_as_ever():
    lines = ("import gymnasium, tonewright", "spec = gymnasium.__spec__")
    tell = (
        "print(json.dumps([str(type(spec.loader)), spec.origin == gymnasium.__file__, len(sys.meta_path)]))"
    )
    with_us = in_a_fresh_process("import tonewright", *lines, tell)
    without_us = in_a_fresh_process(*lines, tell)
    assert with_us == without_us


def test_nothing_is_found_where_gymnasium_is_missing():
    code = (
        "import sys, tonewright; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]\n"
        "try:\n import gymnasium\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    told = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert told == "No module named 'gymnasium'\n"


@pytest.mark.parametrize("room", ["learning", "matching"])
@pytest.mark.parametrize(
    "heavy", ["torch", "stable_baselines3", "ray", "numba", "scipy", "numpy", "gymnasium"]
)
def test_declaring_is_light(room, heavy):
    modules = in_a_fresh_process(f"import tonewright.{room}", "print(json.dumps(sorted(sys.modules)))")
    assert heavy not in modules

import json

import numpy as np
import pytest

from tonewright.errors import GenerationError
from tonewright.prompting.adapters.trl import (
    PromptEnvironment,
    dataset,
    environment_factory,
    reward_functions,
    reward_weights,
)
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.task import PromptTask, TaskConfig


class Counting:
    """The sketch, which counts what it renders."""

    def __init__(self):
        self._sketch = generator("sketch")
        self.name, self.settings, self.rendered = self._sketch.name, self._sketch.settings, 0

    def generate(self, requests):
        self.rendered += len(requests)
        return self._sketch.generate(requests)


@pytest.fixture
def task():
    return PromptTask(Counting(), TaskConfig(categories=("instruments",), sounds=1))


def reply(task, seed, steps=2):
    return json.dumps({"prompt": task.episode(seed).brief.description, "steps": steps})


def test_every_component_is_a_function_of_one_rendering(task):
    functions = reward_functions(task)
    assert [one.__name__ for one in functions] == ["reward", "quality", "style", "alignment", "technical"]
    assert reward_weights(functions) == [1.0, 0.0, 0.0, 0.0, 0.0]
    seeds = [0, 0, 1, 1]
    chats = [[{"role": "assistant", "content": reply(task, seed, 2 + row)}] for row, seed in enumerate(seeds)]
    found = [one(prompts=None, completions=chats, seed=seeds, trainer_state=None) for one in functions]
    assert task.generator.rendered == 4
    for row, seed in enumerate(seeds):
        (score,) = task.score_group(task.episode(seed), [chats[row][0]["content"]])
        expected = [score.reward, *(score.components.get(one.__name__) for one in functions[1:])]
        assert [one[row] for one in found] == pytest.approx(expected)


def test_what_cannot_be_read_gets_nothing_and_a_generator_that_is_gone_teaches_nothing(task, capsys):
    functions = reward_functions(task)
    assert functions[0](prompts=None, completions=["no", reply(task, 0)], seed=[0, 0])[0] == 0.0
    assert functions[1](prompts=None, completions=["no", reply(task, 0)], seed=[0, 0])[0] is None

    def gone(requests):
        raise GenerationError("the server is gone")

    task.generator.generate = gone
    assert functions[0](prompts=None, completions=[reply(task, 1)], seed=[1]) == [None]
    assert "a group could not be scored (the server is gone)" in capsys.readouterr().err


def test_a_data_set_holds_chats_and_their_seeds(task):
    pytest.importorskip("datasets")
    rows = dataset(task, 3, first=5)
    assert rows["seed"] == [5, 6, 7]
    assert rows[1]["prompt"] == task.episode(6).messages


def test_an_environment_in_which_a_model_tries_again(task):
    made = environment_factory(task)()
    assert isinstance(made, PromptEnvironment)
    made.reset(seed=2, prompt="of the row")
    assert made.get_reward() == 0.0
    told = json.loads(made.render(reply(task, 2)))
    np.testing.assert_allclose(told["reward"], made.get_reward(), atol=5e-4)
    assert {"quality", "style", "technical"} <= {*told}
    assert "not valid JSON" in json.loads(made.render("no"))["fault"]
    assert made.get_reward() == 0.0

import json
from dataclasses import replace

import numpy as np
import pytest

from tonewright.errors import UnknownNameError, UsageError
from tonewright.prompting.briefs.library import library
from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.generators.base import Generation
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.rewards.scoring import score
from tonewright.prompting.task.messages import instructions, messages, templated_reply
from tonewright.prompting.task.replies import read_reply
from tonewright.prompting.task.task import PromptTask, TaskConfig

SKETCH = generator("sketch")
QUICK = TaskConfig(categories=("instruments",), sounds=2)


@pytest.fixture(scope="module")
def task():
    return PromptTask(SKETCH, QUICK)


def plain(episode, **more):
    return json.dumps({"prompt": episode.brief.description, "steps": 4} | more)


def test_what_a_reply_gets_depends_on_the_seed_and_on_itself_alone(task):
    episode = task.episode(3)
    one, other = plain(episode), plain(episode, prompt="a dark pad drone")
    group = task.score_group(episode, [one, "nonsense", other, one])
    assert group[0].fields() == group[3].fields()
    assert group[0].reward != group[2].reward
    assert PromptTask(SKETCH, QUICK).reset(3) == task.reset(3) == episode.messages
    assert task.score(one).fields() == group[0].fields()
    for mine, theirs in zip(group[0].sounds, group[2].sounds, strict=True):
        assert mine.request.seed == theirs.request.seed  # luck of the seed is the same for all of a group
    assert episode.sound_seeds != task.episode(4).sound_seeds


def test_a_reply_is_worth_its_sounds_less_what_they_cost(task):
    episode = task.episode(0)
    (found,) = task.score_group(episode, [plain(episode)])
    totals = [score(one.samples[None], episode.brief)[0].total for one in found.sounds]
    assert found.evaluations == 2 * 4 * 2  # sounds, steps, and both sides of the guidance
    assert found.cost == pytest.approx(0.2 * 8 / 1_000)
    assert found.reward == pytest.approx(np.mean(totals) - found.cost)
    assert found.spread == pytest.approx(np.std(totals))
    free = PromptTask(SKETCH, replace(QUICK, evaluation_cost=0.0)).score_group(episode, [plain(episode)])
    assert free[0].reward == pytest.approx(np.mean(totals))


@pytest.mark.parametrize("reply", ["", "{}", '{"prompt": "a", "steps": 999}', "\ud800", "\0", "[" * 10_000])
def test_what_cannot_be_read_gets_the_lowest_score_and_the_reason(task, reply):
    (found,) = task.score_group(task.episode(1), [reply])
    assert (found.reward, found.reply, found.sounds) == (0.0, None, ())
    assert found.fault
    json.dumps(found.fields())


def test_a_sound_that_fails_scores_nothing_and_a_reply_of_such_says_why(task):
    class Failing:
        name, settings = SKETCH.name, SKETCH.settings

        def generate(self, requests):
            silence = np.zeros((2, 44_100), np.float32)
            return [Generation(silence, one, 8, "it gave silence") for one in requests]

    failing = PromptTask(Failing(), QUICK)
    (found,) = failing.score_group(failing.episode(0), [plain(failing.episode(0))])
    assert (found.reward, found.fault) == (0.0, "it gave silence")
    assert found.reply is not None


def test_the_messages_tell_every_setting_and_the_brief_and_examples_that_can_be_read():
    brief = brief_of_text("128 BPM techno drum loop, punchy kick")
    told = messages(brief, SKETCH, library())
    assert [one["role"] for one in told] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert told[-1]["content"] == brief.description
    for name in ("steps", "cfg_scale", "sampler", "sigma_min", "negative_prompt"):
        assert f'"{name}"' in told[0]["content"]
    assert "seconds" not in instructions(SKETCH)
    for one in told[2::2]:
        assert read_reply(one["content"], SKETCH).prompt
    asked = [one["content"] for one in told if one["role"] == "user"]
    assert len({*asked}) == len(asked)


def test_templates_say_what_the_brief_says_and_no_more():
    brief = brief_of_text("a riser, bright")
    for number in range(6):
        prompt = templated_reply(brief, SKETCH, library(), number).prompt
        assert "{" not in prompt
        assert "sfx" not in prompt  # the name of a category is no style


def test_briefs_of_ones_own_come_in_turn():
    briefs = [brief_of_text("a bell note"), brief_of_text("a laser")]
    task = PromptTask(SKETCH, briefs=briefs)
    assert [task.episode(seed).brief for seed in range(3)] == [*briefs, briefs[0]]


def test_what_makes_no_sense_is_refused(task):
    with pytest.raises(UsageError, match="a task has a brief or more"):
        PromptTask(SKETCH, briefs=[])
    with pytest.raises(UnknownNameError, match="no category is called 'voices'"):
        PromptTask(SKETCH, TaskConfig(categories=("voices",)))
    with pytest.raises(UsageError, match="sounds are 1 or more"):
        TaskConfig(sounds=0)
    with pytest.raises(UsageError, match="evaluation_cost is 0 or more; got nan"):
        TaskConfig(evaluation_cost=float("nan"))
    with pytest.raises(UsageError, match="a seed is a whole number from 0"):
        task.episode(-1)
    with pytest.raises(UsageError, match="call reset first"):
        PromptTask(SKETCH).score("{}")

"""OpenEnv's own client speaks to the task over HTTP on this machine."""

import json

import pytest

pytest.importorskip("openenv")
pytest.importorskip("httpx")

import httpx
from openenv.core import GenericEnvClient

from tonewright.prompting.adapters.openenv import make_app
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.serving.server import address, listening, serving_app
from tonewright.prompting.task.task import PromptTask, TaskConfig

pytestmark = pytest.mark.filterwarnings("default")  # other people's libraries


@pytest.fixture(scope="module")
def task():
    return PromptTask(generator("sketch"), TaskConfig(categories=("instruments",), sounds=1))


@pytest.fixture(scope="module")
def url(task):
    with listening(port=0) as listener, serving_app(make_app(task, sessions=2), listener):
        yield address(listener)


def test_an_episode_is_asked_and_scored_as_the_bare_task_does(task, url):
    with GenericEnvClient(base_url=url).sync() as env:
        asked = env.reset(seed=3)
        assert (asked.done, asked.reward) == (False, None)
        assert asked.observation["messages"] == task.episode(3).messages
        reply = json.dumps({"prompt": task.episode(3).brief.description, "steps": 2})
        done = env.step({"reply": reply})
        (score,) = task.score_group(task.episode(3), [reply])
        assert done.done
        assert done.reward == pytest.approx(score.reward)
        assert done.observation["components"] == pytest.approx(score.components)
        assert done.observation["metadata"]["reply"] == {"prompt": score.reply.prompt, "steps": 2}
        assert env.state()["step_count"] == 1


def test_sessions_do_not_meet_and_what_cannot_be_read_has_its_reason(task, url):
    with GenericEnvClient(base_url=url).sync() as one, GenericEnvClient(base_url=url).sync() as other:
        one.reset(seed=0)
        assert other.reset(seed=1).observation["seed"] == 1
        failed = one.step({"reply": "[]"})
        assert (failed.reward, failed.observation["seed"]) == (0.0, 0)
        assert failed.observation["fault"] == "a reply is a JSON object; got []"


def test_any_episode_is_begun_without_a_seed(task, url):
    with GenericEnvClient(base_url=url).sync() as env:
        found = [env.reset().observation for _ in range(2)]
    assert found[0]["seed"] != found[1]["seed"]
    assert found[0]["messages"] == task.episode(found[0]["seed"]).messages


def test_plain_http_works_too(url):
    answer = httpx.post(f"{url}/reset", json={"seed": 5}).json()
    assert answer["observation"]["messages"][0]["role"] == "system"
    assert httpx.post(f"{url}/step", json={"action": {"prompt": "x"}}).status_code == 422
    assert set(httpx.get(f"{url}/schema").json()["action"]["properties"]) == {"reply", "metadata"}

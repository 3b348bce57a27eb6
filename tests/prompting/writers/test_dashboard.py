"""Evaluations are kept and told, and the page of a run shows them: here of replies that templates write."""

import json

import numpy as np
import pytest

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning.runs import Run
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.messages import templated_reply
from tonewright.prompting.task.page import sound_path
from tonewright.prompting.task.rollouts import RolloutFile, group_of, read_groups
from tonewright.prompting.task.task import PromptTask, TaskConfig
from tonewright.prompting.writers.dashboard import dashboard_html, watched
from tonewright.prompting.writers.evaluating import evaluate, settings_used, summary
from tonewright.prompting.writers.keeping import HeldOut, evaluations, rows_of
from tonewright.prompting.writers.training import ROLLOUTS, WriterConfig, run_config

SKETCH = generator("sketch")
TASK = PromptTask(SKETCH, TaskConfig("held-out", ("drums", "sfx"), sounds=1))


def poor(chats):
    return [json.dumps({"prompt": "a sound", "steps": 2}) for _ in chats]


def good(chats):
    briefs = [TASK.episode(seed).brief for seed in range(len(chats))]
    return [json.dumps(templated_reply(brief, SKETCH, TASK.library, 0).fields()) for brief in briefs]


def silent(chats):
    return ["nothing"] * len(chats)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    with Run.create(folder, run_config(WriterConfig(replies=2)), 0, sinks=()) as run:
        held_out = HeldOut(run)
        for update, write in ((0, poor), (10, good)):
            held_out.write(update, evaluate(TASK, write, 4, told=held_out.keep))
        with RolloutFile(folder / ROLLOUTS) as file:
            for update in (0, 9):
                episode = TASK.episode(100 + update)
                replies = [*poor([0]), json.dumps({"prompt": episode.brief.baseline_prompt, "steps": 16})]
                file.write({"update": update, **group_of(episode, TASK.score_group(episode, replies))})
    return folder


def test_a_summary_is_of_all_and_of_each_category():
    groups = evaluate(TASK, good, 4)
    found = summary(groups)
    rewards = [group["scores"][0] for group in groups]
    assert found["reward"] == pytest.approx(np.mean(rewards), abs=1e-4)
    assert found["drums/reward"] == pytest.approx(np.mean(rewards[::2]), abs=1e-4)
    assert found["sfx/reward"] == pytest.approx(np.mean(rewards[1::2]), abs=1e-4)
    assert found["readable"] == 1.0
    assert found["steps"] == np.mean([group["overrides"][0]["reply"]["steps"] for group in groups])
    assert summary(evaluate(TASK, silent, 2))["readable"] == 0.0


def test_settings_are_counted_over_all_replies():
    found = settings_used([{"steps": 4, "sampler": "euler"}, {"steps": 8}])
    assert found == {"steps": 6.0, "sampler euler": 0.5}


def test_evaluations_are_kept_with_their_sounds(run_folder):
    assert [update for update, _ in evaluations(run_folder)] == [0, 10]
    last = evaluations(run_folder)[-1][1]
    groups = list(read_groups(last))
    assert [group["group_overrides"]["seed"] for group in groups] == [0, 1, 2, 3]
    assert all(sound_path(last, seed).stat().st_size > 10_000 for seed in range(4))
    assert {path.stem for path in (run_folder / "audio" / "00000009").iterdir()} == {"drums", "sfx"}
    row = rows_of(list(read_groups(evaluations(run_folder)[0][1])), groups)[0]
    assert row[0] == TASK.episode(0).brief.description
    assert (row[1], row[3]) == ("a sound", groups[0]["overrides"][0]["reply"]["prompt"])
    assert row[5] == f"{groups[0]['scores'][0]:.3f}"


def test_the_page_tells_what_got_better_and_holds_what_it_plays(run_folder):
    found = watched(run_folder)
    html = dashboard_html(found).replace("\N{NO-BREAK SPACE}", " ")
    first, last = (summary(groups)["reward"] for _, _, groups in found.held_out)
    assert last > first + 0.1
    assert f"from {first:.3f} to {last:.3f}" in html
    assert html.count('class="player"') == 4
    assert html.count("data:audio/wav") == 8
    for words in ("The best", "The worst", "What settings are worth", "16 to below 32", "below 8"):
        assert words in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_steps_that_pay_are_told_to_pay(run_folder):
    groups = watched(run_folder).trained
    gains = [group["scores"][1] - np.mean(group["scores"]) for group in groups]
    assert f"{np.mean(gains):+.3f}" in dashboard_html(watched(run_folder))


def test_what_is_logged_twice_counts_once(run_folder, tmp_path):
    file = tmp_path / "run"
    file.mkdir()
    for name in ("config.json",):
        (file / name).write_bytes((run_folder / name).read_bytes())
    (file / "held_out").mkdir()
    lines = evaluations(run_folder)[0][1].read_bytes()
    (file / "held_out" / "00000000.jsonl").write_bytes(lines)
    once = (run_folder / ROLLOUTS).read_bytes()
    (file / ROLLOUTS).write_bytes(once + once)
    assert len(watched(file).trained) == 2


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="holds no run"):
        watched(tmp_path)
    Run.create(tmp_path / "other", {"recipe": "match"}, 0, sinks=()).close()
    with pytest.raises(UsageError, match=r"is of a run of tonewright train prompt; .* holds another: match"):
        watched(tmp_path / "other")
    Run.create(tmp_path / "new", run_config(WriterConfig()), 0, sinks=()).close()
    with pytest.raises(UsageError, match="has no evaluation yet; wait until it trains"):
        watched(tmp_path / "new")

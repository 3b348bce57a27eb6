"""The environment of Atropos against a small server that answers as those of OpenAI do."""

import asyncio
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("atroposlib")
pytest.importorskip("transformers")

from atroposlib.envs.base import APIServerConfig
from transformers import AutoTokenizer

from tonewright.errors import GenerationError
from tonewright.prompting.adapters.atropos import PromptEnv, PromptEnvConfig
from tonewright.prompting.adapters.tokens import NOT_TRAINED
from tonewright.prompting.task.page import page_path, sounds_folder
from tonewright.prompting.task.rollouts import read_groups

from .tiny import plain_reply, serving

pytestmark = pytest.mark.filterwarnings("default")  # other people's libraries


@pytest.fixture
def processed(tokenizer_folder, tmp_path):
    """Process up to so many groups with a server, and give the file."""

    def process(server, groups, **more):
        options = {"group_size": 3, "sounds": 1, "categories": "instruments", "keep_sounds": 1} | more
        config = PromptEnvConfig(
            tokenizer_name=str(tokenizer_folder),
            data_path_to_save_groups=str(tmp_path / "groups.jsonl"),
            ensure_scores_are_not_same=False,
            **options,
        )
        served = APIServerConfig(model_name="tiny", base_url=server.url, api_key="x", health_check=False)
        env = PromptEnv(config, [served])
        env.n_groups_to_process, env.group_size_to_process = groups, options["group_size"]
        try:
            asyncio.run(env.process_manager())
        finally:
            env.jsonl_writer.close()
        return tmp_path / "groups.jsonl"

    return process


def test_groups_have_scores_tokens_and_masks_and_a_page(processed, tokenizer_folder):
    with serving(plain_reply) as server:
        path = processed(server, 2)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    groups = list(read_groups(path))
    assert [group["group_overrides"]["seed"] for group in groups] == [0, 1]
    for group in groups:
        assert len(group["tokens"]) == len(group["masks"]) == len(group["scores"]) == 3
        for tokens, masks, messages in zip(group["tokens"], group["masks"], group["messages"], strict=True):
            trained = [one for one, mask in zip(tokens, masks, strict=True) if mask != NOT_TRAINED]
            assert tokenizer.decode(trained) == messages[-1]["content"] + "<|end|>"
        assert group["scores"][2] == 0.0  # it cannot do that
        assert "not valid JSON" in group["overrides"][2]["fault"]
        assert min(group["scores"][:2]) > 0
    sounds = sorted(one.name for one in sounds_folder(path).iterdir())
    assert sounds == ["000000-0.flac", "000000-0.png", "000000-1.flac", "000000-1.png"]
    page = page_path(path).read_text()
    for part in ("groups.sounds/000000-1.flac", groups[0]["messages"][0][-2]["content"], "not valid JSON"):
        assert part in page


def test_a_run_goes_on_where_it_ended(processed):
    with serving(plain_reply) as server:
        processed(server, 1)
        path = processed(server, 3)
        asked = server.numbers
        assert [group["group_overrides"]["seed"] for group in read_groups(path)] == [0, 1, 2]
        processed(server, 3)  # nothing is left to do
        assert server.numbers == asked


@pytest.mark.parametrize(
    "trouble",
    [(500, "{}"), (429, '{"error": {"message": "slow down"}}'), (200, "<html>"), (200, b"\xff\xfe\x00")],
)
def test_a_server_in_trouble_costs_no_group(processed, monkeypatch, trouble):
    monkeypatch.setattr("tonewright.prompting.adapters.atropos._WAIT_S", 0.01)

    def replies(messages, number):
        return trouble if number == 0 else plain_reply(messages, number)

    with serving(replies) as server:
        path = processed(server, 2)
    assert [group["group_overrides"]["seed"] for group in read_groups(path)] == [0, 1]


def test_a_server_that_refuses_stops_the_run_with_a_clear_word(processed, monkeypatch):
    sleep = asyncio.sleep  # Atropos tries again and again, with pauses
    monkeypatch.setattr(asyncio, "sleep", lambda seconds, *more: sleep(min(seconds, 0.01), *more))
    with serving(lambda *_: (400, "no")) as server, pytest.raises(GenerationError) as caught:
        processed(server, 2, most_failures=2)
    assert "2 groups failed one after the other" in str(caught.value)


def test_the_command_line_is_that_of_atropos(tokenizer_folder, tmp_path):
    path = tmp_path / "groups.jsonl"
    words = {
        "--env.tokenizer_name": tokenizer_folder,
        "--env.data_path_to_save_groups": path,
        "--env.total_steps": 1,
        "--env.group_size": 2,
        "--env.sounds": 1,
        "--env.categories": "instruments",
        "--openai.model_name": "tiny",
    }
    with serving(plain_reply) as server:
        words["--openai.base_url"] = server.url
        flags = [str(part) for pair in words.items() for part in pair]
        module = "tonewright.prompting.adapters.atropos"
        made = subprocess.run(
            [sys.executable, "-m", module, "process", *flags],
            env=os.environ | {"WANDB_MODE": "disabled"},
            capture_output=True,
            text=True,
        )
    assert made.returncode == 0, made.stderr
    (group,) = map(json.loads, path.read_text().splitlines())
    assert len(group["scores"]) == 2
    assert page_path(path).exists()

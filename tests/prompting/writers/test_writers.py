"""A language model is made, imitates, and is trained by its sounds: small, to see that it all works."""

import shutil
from itertools import islice

import numpy as np
import pytest

pytest.importorskip("transformers")
pytest.importorskip("trl")

from transformers import AutoModelForCausalLM, AutoTokenizer

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning.runs import Run, read_metrics
from tonewright.prompting.adapters.tokens import NOT_TRAINED, tokens_of
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.replies import read_reply
from tonewright.prompting.task.rollouts import read_groups
from tonewright.prompting.task.task import PromptTask
from tonewright.prompting.writers.corpus import examples
from tonewright.prompting.writers.keeping import evaluations
from tonewright.prompting.writers.language_model import load_language_model, write_replies
from tonewright.prompting.writers.tiny import TinyConfig, make_tiny
from tonewright.prompting.writers.training import (
    ROLLOUTS,
    WriterConfig,
    run_config,
    task_of,
    train_writer,
)

pytestmark = pytest.mark.filterwarnings("default")  # other people's libraries
SKETCH = generator("sketch")
SMALL = TinyConfig(
    words=600, width=48, depth=1, heads=2, pairs=400, updates=120, batch=16, learning_rate=6e-3
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder, losses = tmp_path_factory.mktemp("tiny") / "model", []
    make_tiny(folder, SKETCH, SMALL, progress=lambda update, loss: losses.append(loss))
    return folder, losses


def test_what_is_imitated_can_be_read_and_has_settings_to_choose_from():
    found = list(islice(examples(SKETCH), 60))
    replies = [read_reply(reply, SKETCH) for _, reply in found]
    assert len({reply.sampler for reply in replies}) == 4
    assert len({reply.steps for reply in replies}) > 3
    assert found == list(islice(examples(SKETCH), 60))


def test_a_tiny_model_imitates_and_reads_the_brief_alone(tiny):
    folder, losses = tiny
    assert losses[0] > 5
    assert losses[-1] < 0.4 * losses[0]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = PromptTask(SKETCH).episode(0).messages
    found = tokens_of(tokenizer, asked, '{"prompt": "a"}')
    assert (
        tokenizer.decode(found.tokens) == f'<|brief|>{asked[-1]["content"]}<|reply|>{{"prompt": "a"}}<|end|>'
    )
    assert found.masks.count(NOT_TRAINED) == len(
        tokenizer(f"<|brief|>{asked[-1]['content']}<|reply|>").input_ids
    )
    assert AutoModelForCausalLM.from_pretrained(folder).config.num_hidden_layers == 1


class PowerCutError(Exception):
    """What ends a training, as a power cut would."""


def test_a_run_learns_by_its_sounds_and_goes_on_where_it_was_broken_off(tiny, tmp_path):
    config = WriterConfig(
        model=str(tiny[0]), categories=("instruments",), updates=4, briefs=2, replies=4, longest_reply=48,
        evaluate_every=2, held_out=2, checkpoint_every=2, learning_rate=1e-2,
    )  # fmt: skip
    with Run.create(tmp_path / "whole", run_config(config), 0, sinks=()) as run:
        folder = train_writer(run, config)
    rows = read_metrics(tmp_path / "whole")
    assert [row["step"] for row in rows] == [0, 1, 2, 3]
    assert all(0 <= row["reward"] <= 1 for row in rows)
    assert ["held_out/reward" in row for row in rows] == [False, True, False, True]
    assert [update for update, _ in evaluations(tmp_path / "whole")] == [0, 2, 4]
    learned = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    before = AutoModelForCausalLM.from_pretrained(tiny[0]).state_dict()
    assert any(not (before[name] == learned[name]).all() for name in before)

    def broken(update, scalars):
        if update == 2:
            raise PowerCutError

    with (
        Run.create(tmp_path / "broken", run_config(config), 0, sinks=()) as run,
        pytest.raises(PowerCutError),
    ):
        train_writer(run, config, progress=broken)
    with Run.resume(tmp_path / "broken") as run:
        assert run.first_step == 2
        folder = train_writer(run, config)
    again = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    for name in learned:
        np.testing.assert_allclose(again[name], learned[name], atol=1e-6)
    assert [row["reward"] for row in read_metrics(tmp_path / "broken")] == [row["reward"] for row in rows]
    groups = [list(read_groups(tmp_path / name / ROLLOUTS)) for name in ("whole", "broken")]
    assert [len(some) for some in groups] == [8, 10]  # update 2 was made twice
    assert groups[1][-4:] == groups[0][-4:]


def test_replies_are_the_likeliest_or_drawn_by_a_seed(tiny):
    tokenizer, model = load_language_model(tiny[0])
    chats = [PromptTask(SKETCH).episode(seed).messages for seed in range(3)]
    likeliest = write_replies(tokenizer, model, chats, longest=24)
    assert likeliest == write_replies(tokenizer, model, chats, longest=24, seed=1)
    assert likeliest[:1] == write_replies(tokenizer, model, chats[:1], longest=24)  # padding changes nothing
    drawn = [write_replies(tokenizer, model, chats, longest=24, temperature=1.0, seed=s) for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_model_without_a_chat_is_refused(tiny, tmp_path):
    shutil.copytree(tiny[0], tmp_path / "model")
    (tmp_path / "model" / "chat_template.jinja").unlink()
    with pytest.raises(CheckpointError, match="a writer needs a chat template"):
        load_language_model(tmp_path / "model")


def test_bad_configurations(tmp_path):
    with pytest.raises(UsageError, match="a training needs a language model"):
        WriterConfig(model="")
    with pytest.raises(UsageError, match="held_out is 1 or more; got 0"):
        WriterConfig(held_out=0)
    with pytest.raises(UsageError, match="replies are compared with each other"):
        WriterConfig(model="x", replies=1)
    config = WriterConfig(model=str(tmp_path / "none"))
    assert task_of(config).config.sounds == 1
    with (
        Run.create(tmp_path / "run", run_config(config), 0, sinks=()) as run,
        pytest.raises(CheckpointError, match="cannot load the language model"),
    ):
        train_writer(run, config)
    with pytest.raises(UsageError, match="width is a multiple of heads"):
        TinyConfig(width=50, heads=4)

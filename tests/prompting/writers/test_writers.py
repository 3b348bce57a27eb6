"""A language model is made, imitates, and is trained by its sounds: small, to see that it all works."""

import json
from itertools import islice

import pytest

pytest.importorskip("transformers")
pytest.importorskip("trl")

from transformers import AutoModelForCausalLM, AutoTokenizer

from tonewright.errors import CheckpointError, UsageError
from tonewright.learning.runs import Run, read_metrics
from tonewright.prompting.adapters.tokens import NOT_TRAINED, tokens_of
from tonewright.prompting.generators.registry import generator
from tonewright.prompting.task.replies import read_reply
from tonewright.prompting.task.task import PromptTask
from tonewright.prompting.writers.corpus import examples
from tonewright.prompting.writers.tiny import TinyConfig, make_tiny
from tonewright.prompting.writers.training import WriterConfig, run_config, task_of, train_writer

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


def test_a_run_learns_by_its_sounds_and_keeps_what_it_learned(tiny, tmp_path):
    config = WriterConfig(
        model=str(tiny[0]), categories=("instruments",), updates=2, briefs=2, replies=2, longest_reply=48
    )
    with Run.create(tmp_path / "run", run_config(config), 0, sinks=()) as run:
        folder = train_writer(run, config)
    rows = read_metrics(tmp_path / "run")
    assert [row["step"] for row in rows] == [0, 1]
    assert all(0 <= row["reward"] <= 1 for row in rows)
    before = AutoModelForCausalLM.from_pretrained(tiny[0]).state_dict()
    after = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    assert any(not (before[name] == after[name]).all() for name in before)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["config"]["recipe"] == "prompt"


def test_bad_configurations(tmp_path):
    with pytest.raises(UsageError, match="a training needs a language model"):
        WriterConfig()
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

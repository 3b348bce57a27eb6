import errno
import json
import os
import pickle
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from tonewright.documents import sha256
from tonewright.errors import CheckpointError, OutputError, UsageError
from tonewright.learning.checkpoints import (
    KEPT,
    TrainingState,
    check_checkpoint,
    checkpoints,
    restore_checkpoint,
    save_checkpoint,
)

torch = pytest.importorskip("torch")


class Learner:
    """A network that learns a little at each step, with random numbers of both kinds."""

    def __init__(self, width=4, seed=0, rate=0.01):
        torch.manual_seed(seed)
        self.net = torch.nn.Sequential(torch.nn.Linear(3, width), torch.nn.BatchNorm1d(width))
        self.adam = torch.optim.Adam(self.net.parameters(), rate)
        self.noise = torch.Generator().manual_seed(seed)
        self.rng = np.random.default_rng(seed)

    @property
    def state(self):
        return TrainingState({"net": self.net}, {"adam": self.adam}, {"noise": self.noise, "rng": self.rng})

    def learn(self, steps=1):
        for _ in range(steps):
            inputs = torch.randn(8, 3, generator=self.noise) + float(self.rng.normal())
            self.adam.zero_grad()
            self.net(inputs).square().mean().backward()
            self.adam.step()
        return self

    def weights(self):
        return {name: value.clone() for name, value in self.net.state_dict().items()}


@pytest.fixture
def saved(tmp_path):
    """The checkpoint of a learner after 3 steps."""
    return save_checkpoint(tmp_path, 3, Learner().learn(3).state, {"stage": "filter", "scores": [0.5, None]})


def test_learning_goes_on_bit_for_bit(tmp_path):
    undisturbed = Learner().learn(3)
    path = save_checkpoint(tmp_path, 3, undisturbed.state, {"stage": "filter"})
    undisturbed.learn(5)
    resumed = Learner(seed=1).learn()
    checkpoint = restore_checkpoint(path, resumed.state)
    assert (checkpoint.step, checkpoint.values) == (3, {"stage": "filter"})
    resumed.learn(5)
    for name, value in undisturbed.weights().items():
        assert torch.equal(value, resumed.weights()[name]), name
    assert undisturbed.rng.random() == resumed.rng.random()


def test_the_learning_rate_is_kept(tmp_path):
    learner = Learner(rate=0.5).learn()
    restored = Learner(rate=0.1)
    restore_checkpoint(save_checkpoint(tmp_path, 0, learner.state), restored.state)
    assert restored.adam.param_groups[0]["lr"] == 0.5


def test_weights_that_share_memory_are_saved(tmp_path):
    net = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)])
    net[1].weight = net[0].weight
    restore_checkpoint(save_checkpoint(tmp_path, 0, TrainingState({"net": net})), TrainingState({"net": net}))


def test_the_last_few_are_kept(tmp_path):
    learner = Learner()
    litter = tmp_path / ".tonewright-0123456789abcdef"  # of a process that was killed
    litter.mkdir()
    (litter / "tensors.safetensors").write_bytes(b"half")
    for step in range(9, 9 + KEPT + 2):
        save_checkpoint(tmp_path, step, learner.learn().state)
    assert [path.name for path in checkpoints(tmp_path)] == ["00000011", "00000012", "00000013"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000011", "00000012", "00000013"]


def test_no_folder_holds_no_checkpoints(tmp_path):
    assert checkpoints(tmp_path / "missing") == []


def test_a_step_is_saved_once(saved):
    with pytest.raises(OutputError, match="not empty"):
        save_checkpoint(saved.parent, 3, Learner().state)
    assert check_checkpoint(saved).values["stage"] == "filter"


def test_values_that_json_cannot_hold_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UsageError, match="numbers, text, lists and mappings only"):
        save_checkpoint(tmp_path, 0, Learner().state, {"array": np.zeros(2)})
    assert list(tmp_path.iterdir()) == []


class TestDamaged:
    def check(self, path, complaint):
        for read in (check_checkpoint, lambda path: restore_checkpoint(path, Learner().state)):
            with pytest.raises(CheckpointError, match=complaint) as caught:
                read(path)
            assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("size", [0, 7, 100, -1])
    def test_truncated(self, saved, size):
        tensors = saved / "tensors.safetensors"
        tensors.write_bytes(tensors.read_bytes()[:size])
        self.check(saved, "truncated, changed or belongs to another run")

    def test_one_bit_changed(self, saved):
        tensors = saved / "tensors.safetensors"
        content = bytearray(tensors.read_bytes())
        content[-1] ^= 1
        tensors.write_bytes(content)
        self.check(saved, "truncated, changed or belongs to another run")

    @pytest.mark.parametrize("name", ["tensors.safetensors", "state.json"])
    def test_a_file_is_missing(self, saved, name):
        (saved / name).unlink()
        self.check(saved, f"cannot read .*{name}.*no such file")

    def test_no_checkpoint_at_all(self, tmp_path):
        self.check(tmp_path / "missing", "cannot read")

    def test_state_cut_off(self, saved):
        state = saved / "state.json"
        state.write_text(state.read_text()[:50])
        self.check(saved, "not valid JSON")

    @pytest.mark.parametrize(
        "field", ["step", "tensors_sha256", "learning_rates", "numpy_generators", "values"]
    )
    def test_a_field_is_missing(self, saved, field):
        change(saved, **{field: None})
        self.check(saved, f'the field "{field}" of a checkpoint has the wrong type')


def change(checkpoint, **fields):
    """Change fields of a checkpoint's state."""
    path = checkpoint / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def forge(checkpoint, content):
    """Put other tensors into a checkpoint, and vouch for them."""
    (checkpoint / "tensors.safetensors").write_bytes(content)
    change(checkpoint, tensors_sha256=sha256(content))


class TestForeign:
    def check(self, path, state, complaint):
        with pytest.raises(CheckpointError, match=f"does not fit .*{complaint}") as caught:
            restore_checkpoint(path, state)
        assert "\n" not in str(caught.value)

    def test_a_network_of_another_size(self, saved):
        shapes = r"modules/net/0.bias is torch.float32 \[4\] in it and torch.float32 \[5\] here"
        self.check(saved, Learner(width=5).state, shapes)

    def test_a_network_with_other_parts(self, saved):
        learner = Learner()
        learner.net.append(torch.nn.Linear(4, 1))
        self.check(saved, learner.state, r"modules/net/2.bias is missing in it")

    def test_more_or_fewer_things_that_learn(self, saved):
        learner = Learner()
        for modules in ({}, {"net": learner.net, "other": torch.nn.Linear(2, 2)}):
            self.check(saved, TrainingState(modules), "missing")
        state = TrainingState({"net": learner.net}, {"sgd": learner.adam}, {"noise": learner.noise})
        self.check(saved, state, "sgd")
        generators = {"noise": learner.noise, "more": np.random.default_rng()}
        self.check(saved, TrainingState({"net": learner.net}, {"adam": learner.adam}, generators), "more")

    def test_an_optimiser_of_other_parameters(self, saved):
        learner = Learner()
        learner.adam = torch.optim.Adam(reversed(list(learner.net.parameters())))
        self.check(saved, learner.state, "the optimiser's exp_avg of parameter 0 is")

    @pytest.mark.parametrize(
        "fields",
        [
            {"learning_rates": {"adam": ["fast"]}},
            {"learning_rates": {"adam": []}},
            {"numpy_generators": {"rng": {"bit_generator": "os.system"}}},
            {"numpy_generators": {"rng": "ls"}},
        ],
    )
    def test_a_forged_state(self, saved, fields):
        change(saved, **fields)
        self.check(saved, Learner().state, "")

    def test_nothing_in_a_forged_file_is_executed(self, saved, tmp_path):
        class Trap:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "executed"),)

        forge(saved, pickle.dumps(Trap()))
        self.check(saved, Learner().state, "")
        with (saved / "tensors.safetensors").open("wb") as file:
            torch.save({"modules/net/0.bias": Trap()}, file)
        forge(saved, (saved / "tensors.safetensors").read_bytes())
        self.check(saved, Learner().state, "")
        assert not (tmp_path / "executed").exists()

    def test_a_header_that_promises_more_than_there_is(self, saved):
        tensor = {"dtype": "F32", "shape": [9_000_000_000], "data_offsets": [0, 36_000_000_000]}
        header = json.dumps({"modules/net/0.bias": tensor}).encode()
        forge(saved, len(header).to_bytes(8, "little") + header)
        self.check(saved, Learner().state, "")


class TestFullDisk:
    def check(self, saved, complaint):
        with pytest.raises(OutputError, match=complaint):
            save_checkpoint(saved.parent, 4, Learner().learn().state)
        assert [path.name for path in saved.parent.iterdir()] == [saved.name]
        assert restore_checkpoint(saved, Learner().state).step == 3

    def test_known_beforehand(self, saved, monkeypatch):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 << 20))
        self.check(
            saved,
            "needs 16 MiB up to its next checkpoint, and 5 MiB are free at .*; free some, then resume it",
        )

    def test_noticed_while_writing(self, saved, monkeypatch):
        def full(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        self.check(saved, "no space left on device")

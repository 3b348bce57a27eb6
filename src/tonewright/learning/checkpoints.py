"""Checkpoints: everything training changes, in a folder, so that it goes on from there bit for bit.

```
checkpoints/00000040/tensors.safetensors   weights, state of the optimisers, of torch's random numbers
checkpoints/00000040/state.json            step, learning rates, NumPy's random numbers, values of the caller,
                                           and the SHA-256 of the tensors
```
A checkpoint is written whole, then renamed. Nothing in one is ever executed: no pickle.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tonewright.documents import document_text, read_document, read_vouched, sha256
from tonewright.errors import CheckpointError, OutputError
from tonewright.files import StrPath, replacing_folder

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]

FORMAT = "tonewright-checkpoint"
FORMAT_VERSION = 1
KEPT = 3
"""Checkpoints of a run that stay; older ones are removed once a newer one is whole."""
_TENSORS, _STATE = "tensors.safetensors", "state.json"
_FIELDS: dict[str, type] = {
    "step": int,
    "tensors_sha256": str,
    "learning_rates": dict,
    "numpy_generators": dict,
    "values": dict,
}
_MOST_TENSOR_BYTES = 8 << 30
_SPARE_BYTES = 16 << 20  # for the log and the sounds until the next checkpoint


@dataclass(frozen=True)
class TrainingState:
    """Everything that a step of training changes, by names of the caller's choice.

    Attributes:
        modules: Networks, with their buffers.
        optimizers: Optimisers whose state is tensors or numbers (Adam, SGD…). Of their hyperparameters the
            learning rate alone is kept; the others come from the configuration.
        generators: Random numbers of torch and of NumPy.
    """

    modules: Mapping[str, torch.nn.Module]
    optimizers: Mapping[str, torch.optim.Optimizer] = field(default_factory=dict)
    generators: Mapping[str, torch.Generator | np.random.Generator] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds besides tensors.

    Attributes:
        step: Step (update) it was written after.
        values: What the caller gave to keep.
    """

    step: int
    values: dict[str, Any]


def save_checkpoint(
    folder: StrPath, step: int, state: TrainingState, values: Mapping[str, Any] | None = None
) -> Path:
    """Write a checkpoint and remove all but the last `KEPT`.

    Args:
        folder: Holds the checkpoints of one run; must exist.
        step: Step just done, from 0, not saved before.
        state: What to save.
        values: Numbers, text, lists and mappings to find again in `Checkpoint.values`.

    Returns:
        The new checkpoint's folder.

    Raises:
        OutputError: Too little disk, or the system refuses; the checkpoints written before stay as they are.
        UsageError: `values` cannot be written as JSON.
    """
    from safetensors.torch import save

    folder = Path(folder)
    content = save(_tensors(state))
    document = document_text(
        FORMAT,
        FORMAT_VERSION,
        {
            "step": step,
            "tensors_sha256": sha256(content),
            "learning_rates": {name: _learning_rates(one) for name, one in state.optimizers.items()},
            "numpy_generators": {
                name: one.bit_generator.state
                for name, one in state.generators.items()
                if isinstance(one, np.random.Generator)
            },
            "values": dict(values or {}),
        },
    )
    check_space(folder, len(content) + len(document))
    path = folder / f"{step:08}"
    with replacing_folder(path) as stage:
        _write_durably(stage / _TENSORS, content)
        _write_durably(stage / _STATE, document.encode())
    for old in checkpoints(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return path


def restore_checkpoint(path: StrPath, state: TrainingState) -> Checkpoint:
    """Bring `state` back to what it was when the checkpoint was written.

    Args:
        path: A checkpoint's folder.
        state: Networks, optimisers and random numbers made from the same configuration; changed in place.

    Raises:
        CheckpointError: The checkpoint is damaged, or belongs to another configuration.
    """
    document, content = _read(Path(path))
    try:
        _load(content, document, state)
    # The SHA-256 has vouched for the tensors, so only a forged or foreign checkpoint fails; torch, NumPy and
    # safetensors then raise whatever comes.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"the checkpoint {os.fspath(path)!r} does not fit ({reason}); use the configuration it was "
            "trained with"
        ) from error
    return Checkpoint(document["step"], document["values"])


def restore_module(path: StrPath, name: str, module: torch.nn.Module) -> None:
    """Bring one network to what it was in a checkpoint, and leave all else that the checkpoint holds.

    Args:
        path: A checkpoint's folder.
        name: Of the network, among the `modules` that were saved.
        module: Of the same shape; changed in place.

    Raises:
        CheckpointError: The checkpoint is damaged, or the network in it is of another shape.
    """
    from safetensors.torch import load

    _, content = _read(Path(path))
    try:
        tensors = _below(load(content), f"modules/{name}/")
        named = {f"modules/{name}/{key}": one for key, one in tensors.items()}
        _check_shapes(named, TrainingState({name: module}))
        module.load_state_dict(tensors)
    except Exception as error:  # as above
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"the network in {os.fspath(path)!r} does not fit ({reason}); name a run of the same synth and"
            " the same shape of network"
        ) from error


def check_checkpoint(path: StrPath) -> Checkpoint:
    """Check that a checkpoint is whole, without torch.

    Raises:
        CheckpointError: It is damaged, or none.
    """
    document, _ = _read(Path(path))
    return Checkpoint(document["step"], document["values"])


def checkpoints(folder: StrPath) -> list[Path]:
    """The checkpoints in `folder`, oldest first."""
    with suppress(FileNotFoundError):
        found = (path for path in Path(folder).iterdir() if path.name.isdecimal())
        return sorted(found, key=lambda path: int(path.name))
    return []


def check_space(folder: StrPath, checkpoint_bytes: int = 0) -> None:
    """Check that a checkpoint, and the log until the next one, fit on the disk.

    Raises:
        OutputError: They do not.
    """
    needed, free = checkpoint_bytes + _SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"a run needs {needed >> 20} MiB up to its next checkpoint, and {free >> 20} MiB are free at "
            f"{os.fspath(folder)!r}; free some, then resume it"
        )


def _read(path: Path) -> tuple[dict[str, Any], bytes]:
    document = read_document(path / _STATE, FORMAT, FORMAT_VERSION, _FIELDS, error=CheckpointError)
    content = read_vouched(
        path / _TENSORS, document["tensors_sha256"], _MOST_TENSOR_BYTES, error=CheckpointError
    )
    return document, content


def _tensors(state: TrainingState) -> Tensors:
    """Every tensor of `state` by name, copied to memory of its own."""
    import torch

    named: dict[str, Any] = _fixed_tensors(state)
    for name, optimizer in state.optimizers.items():
        for index, entries in optimizer.state_dict()["state"].items():
            named |= {f"optimizers/{name}/{index}/{key}": value for key, value in entries.items()}
    tensors = {name: torch.as_tensor(one).detach() for name, one in named.items()}
    return {name: tensor.cpu().clone().contiguous() for name, tensor in tensors.items()}


def _fixed_tensors(state: TrainingState) -> Tensors:
    """Tensors whose names and shapes follow from the configuration: all but those of the optimisers."""
    named = {
        f"modules/{name}/{key}": value
        for name, module in state.modules.items()
        for key, value in module.state_dict().items()
    }
    for name, generator in state.generators.items():
        if not isinstance(generator, np.random.Generator):
            named[f"generators/{name}"] = generator.get_state()
    return named


def _load(content: bytes, document: dict[str, Any], state: TrainingState) -> None:
    from safetensors.torch import load

    tensors = load(content)
    _check_shapes({name: one for name, one in tensors.items() if not name.startswith("optimizers/")}, state)
    for name, module in state.modules.items():
        module.load_state_dict(_below(tensors, f"modules/{name}/"))
    for name, optimizer in state.optimizers.items():
        _load_optimizer(optimizer, _below(tensors, f"optimizers/{name}/"), document["learning_rates"][name])
    for name, generator in state.generators.items():
        if isinstance(generator, np.random.Generator):
            generator.bit_generator.state = document["numpy_generators"][name]
        else:
            generator.set_state(tensors[f"generators/{name}"])


def _check_shapes(tensors: Tensors, state: TrainingState) -> None:
    expected = _fixed_tensors(state)
    for name in sorted(expected.keys() | tensors.keys()):
        here, there = (_layout(group.get(name)) for group in (expected, tensors))
        if here != there:
            raise ValueError(f"{name} is {there} in it and {here} here")


def _layout(tensor: torch.Tensor | None) -> str:
    return "missing" if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"


def _below(tensors: Tensors, prefix: str) -> Tensors:
    return {name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)}


def _learning_rates(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: Tensors, rates: list[float]) -> None:
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    saved = optimizer.state_dict()
    saved["state"] = {}
    for name, tensor in sorted(tensors.items()):
        index, key = name.split("/", 1)
        if tensor.shape not in ((), parameters[int(index)].shape):  # load_state_dict would take any
            raise ValueError(f"the optimiser's {key} of parameter {index} is {_layout(tensor)}")
        saved["state"].setdefault(int(index), {})[key] = tensor
    for group, rate in zip(saved["param_groups"], rates, strict=True):
        group["lr"] = float(rate)
    optimizer.load_state_dict(saved)


def _write_durably(path: Path, content: bytes) -> None:
    """Write and hand to the disk, so that a renamed checkpoint is whole even after a power cut."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

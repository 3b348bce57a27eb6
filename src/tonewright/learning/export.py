"""Export: a trained network as ONNX with a JSON file beside it, to be run without torch (see `inference`)."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tonewright.documents import document_text, sha256
from tonewright.errors import CheckpointError, MissingExtraError
from tonewright.files import StrPath, replacing
from tonewright.learning.inference import FORMAT, FORMAT_VERSION, Network
from tonewright.learning.policy import ActorCritic
from tonewright.learning.torch_import import Tensor, nn, torch

_OPSET = 20
_TOLERANCE = 1e-5
_WORTH_A_CAST = 256  # numbers
_EXAMPLES = 13  # unlike any size in a network, so that none is mistaken for the batch's


def export_policy(
    path: StrPath,
    policy: ActorCritic,
    *,
    kind: str,
    configuration: Mapping[str, Any],
    controls: Sequence[str] = (),
    half: bool = False,
    overwrite: bool = False,
) -> None:
    """Write the acting part of a policy: from `observations` and `noise` to `actions` and `logits`.

    Noise of 0 leads to the policy's mode, random noise to samples (see `Head.perturbed`); so many of its
    numbers are Gumbel noise as the configuration's `gumbel_noises` says, the others normal. The normaliser
    is part of what is written.

    Args:
        path: The ONNX file; the JSON beside it gets the same name with the ending ".json".
        policy: The policy.
        kind: What it is for.
        configuration: What it was trained with: numbers, text, lists and mappings.
        controls: Names of the controls it turns.
        half: See `export_network`.
        overwrite: Whether files of these names may be replaced.

    Raises:
        CheckpointError: The exported network does not do as the trained one.
        UsageError: The configuration cannot be written as JSON.
        MissingExtraError: onnx or onnxscript are not installed.
        OutputError: A file is there already or cannot be written.
    """
    normaliser = copy.deepcopy(policy.normaliser).cpu()
    head = policy.head
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(_EXAMPLES, len(normaliser.mean), generator=generator)
    deviation = (normaliser.m2 / normaliser.count.clamp(min=1)).sqrt()
    observations = (normaliser.mean + (1 + deviation) * noise).float()  # the 1: before any are known
    export_network(
        path,
        _Acting(policy),
        {
            "observations": observations,
            "noise": torch.randn(_EXAMPLES, head.n_gumbel + head.n_normal, generator=generator),
        },
        ("actions", "logits"),
        kind=kind,
        configuration={**configuration, "gumbel_noises": head.n_gumbel},
        controls=controls,
        half=half,
        overwrite=overwrite,
    )


def export_network(
    path: StrPath,
    module: nn.Module,
    examples: Mapping[str, Tensor],
    outputs: Sequence[str],
    *,
    kind: str,
    configuration: Mapping[str, Any],
    controls: Sequence[str] = (),
    half: bool = False,
    overwrite: bool = False,
) -> None:
    """Write any network whose inputs and outputs are float32 with a leading batch axis.

    Args:
        path: The ONNX file; the JSON beside it gets the same name with the ending ".json".
        module: Takes the inputs in order, and gives the outputs as a tensor or a tuple.
        examples: Every input `[B, *row]` by name, B at least 2 and unlike any size in the network. On these,
            module and exported network must agree to within 1e-5 (of the largest number, if above 1).
        outputs: Names of the outputs.
        kind: What it is for.
        configuration: What it was trained with: numbers, text, lists and mappings.
        controls: Names of the controls it turns.
        half: Round the weights to float16, in which they are kept: the file is half as large. The module that
            the exported network must agree with is then the rounded one.
        overwrite: Whether files of these names may be replaced.

    Raises:
        CheckpointError: The exported network does not do as the trained one.
        UsageError: The configuration cannot be written as JSON.
        MissingExtraError: onnx or onnxscript are not installed.
        OutputError: A file is there already or cannot be written.
    """
    path = Path(path)
    description_path = path.with_suffix(".json")
    with (
        replacing(path, overwrite=overwrite) as ours,
        replacing(description_path, overwrite=overwrite) as beside,
    ):
        module = copy.deepcopy(module).cpu().eval()
        if half:
            for weights in module.parameters():  # not buffers: sums of squares outgrow float16
                weights.data = weights.data.half().float()
        onnx = _onnx(module, examples, outputs, half)
        with torch.inference_mode():
            trained = module(*examples.values())
        trained = trained if isinstance(trained, tuple) else (trained,)
        description = {
            "kind": kind,
            "configuration": dict(configuration),
            "controls": list(controls),
            "inputs": {name: list(example.shape[1:]) for name, example in examples.items()},
            "outputs": {name: list(one.shape[1:]) for name, one in zip(outputs, trained, strict=True)},
            "onnx_sha256": sha256(onnx),
        }
        _check_same(Network(onnx, description), examples, trained)
        ours.write_bytes(onnx)
        beside.write_text(document_text(FORMAT, FORMAT_VERSION, description))


class _Acting(nn.Module):
    """What of a policy is needed to act."""

    def __init__(self, policy: ActorCritic) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, observations: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.policy(observations).logits
        return self.policy.head.perturbed(logits, noise), logits


def _onnx(module: nn.Module, examples: Mapping[str, Tensor], outputs: Sequence[str], half: bool) -> bytes:
    try:
        import onnx
        import onnxscript  # noqa: F401 (torch.onnx imports it, and says less when it is missing)
    except ImportError as missing:
        raise MissingExtraError("onnx and onnxscript", "train", "exporting a network") from missing

    batch = torch.export.Dim("batch")
    with _quiet():
        program: Any = torch.onnx.export(
            module,
            tuple(examples.values()),
            input_names=list(examples),
            output_names=list(outputs),
            dynamic_shapes=tuple({0: batch} for _ in examples),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto
    # Lines of our source and paths of this machine, for debugging: nothing for others to read.
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.functions):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    if half:
        _halve(model.graph)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _halve(graph: Any) -> None:
    """Keep weights as float16 wherever that loses nothing, and cast them when the network is loaded."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weights in graph.initializer:
        if weights.data_type != TensorProto.FLOAT:
            continue
        array = numpy_helper.to_array(weights)
        with np.errstate(over="ignore"):
            rounded = array.astype(np.float16)
        if array.size >= _WORTH_A_CAST and np.array_equal(rounded, array):
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(rounded, f"{name}.half"))
            casts.append(helper.make_node("Cast", [weights.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    graph.ClearField("node")
    graph.node.extend(nodes)


def _check_same(network: Network, examples: Mapping[str, Tensor], trained: Sequence[Tensor]) -> None:
    for rows in (len(trained[0]), 1):
        exported = network(**{name: example[:rows].numpy() for name, example in examples.items()})
        for (name, ours), theirs in zip(exported.items(), trained, strict=True):
            expected = theirs[:rows].numpy()
            error, allowed = np.abs(ours - expected).max(), _TOLERANCE * max(1.0, np.abs(expected).max())
            if not error <= allowed:  # also true for NaN
                raise CheckpointError(
                    f"the exported network gives {name} off by {error:.2g}, and {allowed:.2g} is allowed; "
                    "is something in it random, or not finite?"
                )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what torch's exporter says about itself and about torchvision."""
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = registration.level
    registration.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*LeafSpec.* is deprecated", FutureWarning)
            warnings.filterwarnings("ignore", ".*axis name: batch will not be used", UserWarning)
            yield
    finally:
        registration.setLevel(level)

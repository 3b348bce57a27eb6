"""Trained networks at work: an ONNX graph with a JSON file beside it, run on one thread, without torch.

```json
{"format": "tonewright-network", "format_version": 1, "kind": "match-agent",
 "configuration": {…}, "controls": ["osc1_level", …],
 "inputs": {"observations": [412]}, "outputs": {"actions": [9], "logits": [200]}, "onnx_sha256": "…"}
```
ONNX Runtime computes the graph; the JSON describes it and decides nothing that is computed. Every array is
float32 with a leading batch axis; the JSON gives the shape of a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.documents import read_document, read_vouched
from tonewright.errors import CheckpointError, UsageError
from tonewright.files import StrPath

FORMAT = "tonewright-network"
FORMAT_VERSION = 1
_FIELDS: dict[str, type] = {
    "kind": str,
    "configuration": dict,
    "controls": list,
    "inputs": dict,
    "outputs": dict,
    "onnx_sha256": str,
}
_MOST_ONNX_BYTES = 256 << 20
_Shapes = dict[str, tuple[int, ...]]


class Network:
    """A trained network; made by `load_network`.

    Args:
        onnx: The graph.
        description: Fields of the JSON beside it.

    Attributes:
        kind: What it is for ("match-agent").
        configuration: What it was trained with.
        controls: Names of the controls it turns, in its order.
        inputs: Shape of a row of each input.
        outputs: Shape of a row of each output.

    Raises:
        CheckpointError: The graph is no valid ONNX, keeps weights in other files, or is not as described.
    """

    def __init__(self, onnx: bytes, description: Mapping[str, Any]) -> None:
        self.kind: str = description["kind"]
        self.configuration: dict[str, Any] = description["configuration"]
        self.controls = tuple(description["controls"])
        self._session = _session(onnx)
        self.inputs = _row_shapes(self._session.get_inputs())
        self.outputs = _row_shapes(self._session.get_outputs())
        for side, shapes in (("inputs", self.inputs), ("outputs", self.outputs)):
            described = description[side]
            if described != {name: list(shape) for name, shape in shapes.items()}:
                raise CheckpointError(f"its {side} are {shapes}, and the JSON beside it describes others")

    def __call__(self, **inputs: ArrayLike) -> dict[str, NDArray[np.float32]]:
        """Run the network on a batch.

        Args:
            **inputs: Each `[B, *row]`, by name.

        Returns:
            Each output `[B, *row]` float32, by name.

        Raises:
            UsageError: An input is missing, unknown or of another shape.
            CheckpointError: An output is not finite.
        """
        if inputs.keys() != self.inputs.keys():
            raise UsageError(
                f"the network takes {', '.join(self.inputs)}; got {', '.join(inputs) or 'nothing'}"
            )
        arrays = {name: np.asarray(value, np.float32, order="C") for name, value in inputs.items()}
        batch = {array.shape[:1] for array in arrays.values()}
        for name, array in arrays.items():
            if array.shape[1:] != self.inputs[name] or len(batch) > 1:
                expected = ["batch", *self.inputs[name]]
                raise UsageError(f"{name} is {expected}, one batch for all; got shape {array.shape}")
        outputs = dict(zip(self.outputs, self._session.run(None, arrays), strict=True))
        if not all(np.isfinite(array).all() for array in outputs.values()):
            raise CheckpointError("the network gives numbers that are not finite; train it again")
        return outputs


class BoundNetwork:
    """A network for one batch size, whose inputs and outputs lie in the same memory at every run.

    For live use: a run neither checks shapes nor allocates. It belongs to one thread.

    Args:
        network: What runs.
        batch: Rows.

    Attributes:
        inputs: `[batch, *row]` float32 to be filled before a run, by name; zeros at first.
        outputs: `[batch, *row]` float32 of the last run, by name; overwritten by the next.
    """

    def __init__(self, network: Network, batch: int = 1) -> None:
        self._session = network._session
        self._binding = self._session.io_binding()
        self.inputs = {name: np.zeros((batch, *row), np.float32) for name, row in network.inputs.items()}
        self.outputs = {name: np.zeros((batch, *row), np.float32) for name, row in network.outputs.items()}
        for arrays, bind in (
            (self.inputs, self._binding.bind_input),
            (self.outputs, self._binding.bind_output),
        ):
            for name, array in arrays.items():
                bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def run(self) -> None:
        """Compute the outputs.

        Raises:
            CheckpointError: An output is not finite.
        """
        self._session.run_with_iobinding(self._binding)
        for array in self.outputs.values():
            if not np.isfinite(array).all():
                raise CheckpointError("the network gives numbers that are not finite; train it again")


def check_shapes(network: Network, *, inputs: _Shapes, outputs: _Shapes) -> None:
    """Check what a network takes and gives: these inputs, and these outputs at least.

    Raises:
        CheckpointError: It takes or gives something else.
    """
    given = {name: network.outputs.get(name) for name in outputs}
    for side, found, needed in (("inputs", network.inputs, inputs), ("outputs", given, outputs)):
        if found != needed:
            raise CheckpointError(
                f"a {network.kind} of this synth has {side} {needed}, and this one {found}; train one for it"
            )


def load_network(path: StrPath, *, kind: str, controls: Sequence[str] | None = None) -> Network:
    """Load an exported network; nothing in its files is executed but ONNX's own operators.

    Args:
        path: The ONNX file; its JSON has the same name with the ending ".json".
        kind: What it must be for.
        controls: What it must turn, in this order; None if that does not matter.

    Raises:
        CheckpointError: A file is missing, damaged, too new, of another kind, or for other controls.
    """
    path = Path(path)
    description = _description(path)
    if description["kind"] != kind:
        raise CheckpointError(
            f"{str(path)!r} is of kind {description['kind']!r} and {kind!r} is needed; choose another"
        )
    if controls is not None and description["controls"] != list(controls):
        raise CheckpointError(
            f"{str(path)!r} turns {len(description['controls'])} controls that are not the {len(controls)} "
            "of this synth and version; use or train one for these"
        )
    onnx = read_vouched(path, description["onnx_sha256"], _MOST_ONNX_BYTES, error=CheckpointError)
    try:
        return Network(onnx, description)
    except CheckpointError as error:
        raise CheckpointError(f"{str(path)!r} cannot be used: {error}; export it again") from error


def described_sha256(path: StrPath) -> str:
    """The SHA-256 of an exported network, as the JSON beside it tells; `load_network` checks that it is true.

    Raises:
        CheckpointError: The JSON is missing, damaged or too new.
    """
    return str(_description(Path(path))["onnx_sha256"])


def _description(path: Path) -> dict[str, Any]:
    return read_document(path.with_suffix(".json"), FORMAT, FORMAT_VERSION, _FIELDS, error=CheckpointError)


def _session(onnx: bytes) -> Any:
    import onnxruntime

    # Weights in other files are entries with the key "location"; in protobuf, text lies in the file as it is.
    if b"location" in onnx:
        raise CheckpointError("it names other files, and a network is a single one")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; nothing else is worth a line
    # Else bytes that look like ONNX Runtime's own format are read as such.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no other base
        reason = " ".join(str(error).split())
        raise CheckpointError(f"ONNX Runtime refuses it ({reason[:200]})") from error


def _row_shapes(nodes: Sequence[Any]) -> _Shapes:
    """Shapes without the batch axis, which is free; float32 and nothing else."""
    for node in nodes:
        batch, *row = node.shape or [0]
        if node.type != "tensor(float)" or not isinstance(batch, str) or not all(type(n) is int for n in row):
            raise CheckpointError(
                f"{node.name} is {node.type} {node.shape}, not float32 with a free batch axis"
            )
    return {node.name: tuple(node.shape[1:]) for node in nodes}

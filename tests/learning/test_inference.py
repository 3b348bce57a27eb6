import json
import subprocess
import sys

import numpy as np
import pytest

from tonewright.documents import document_text, sha256
from tonewright.errors import CheckpointError, UsageError
from tonewright.learning.inference import FORMAT, FORMAT_VERSION, BoundNetwork, load_network

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

WEIGHTS = np.arange(6, dtype=np.float32).reshape(3, 2)


def value(name, *shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def graph(*, nodes=None, weights=None, inputs=None, outputs=None, domains=("",)):
    """The ONNX bytes of logits = observations · weights, or of something else."""
    nodes = nodes or [helper.make_node("MatMul", ["observations", "weights"], ["logits"])]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "policy",
            inputs or [value("observations", "batch", 3)],
            outputs or [value("logits", "batch", 2)],
            [weights or numpy_helper.from_array(WEIGHTS, "weights")],
        ),
        opset_imports=[helper.make_opsetid(domain, 20 if not domain else 1) for domain in domains],
        ir_version=10,
    )
    return model.SerializeToString()


def put(folder, content=None, **changes):
    """Write a network and the JSON beside it, which vouches for it unless `changes` say otherwise."""
    content = graph() if content is None else content
    description = {
        "kind": "match-policy",
        "configuration": {"hidden": [8]},
        "controls": ["cutoff_hz", "gain_db"],
        "inputs": {"observations": [3]},
        "outputs": {"logits": [2]},
        "onnx_sha256": sha256(content),
    }
    (folder / "policy.onnx").write_bytes(content)
    (folder / "policy.json").write_text(document_text(FORMAT, FORMAT_VERSION, description | changes))
    return folder / "policy.onnx"


def test_a_network_runs_and_says_what_it_is(tmp_path):
    network = load_network(put(tmp_path), kind="match-policy", controls=("cutoff_hz", "gain_db"))
    assert (network.kind, network.configuration) == ("match-policy", {"hidden": [8]})
    assert network.controls == ("cutoff_hz", "gain_db")
    assert (network.inputs, network.outputs) == ({"observations": (3,)}, {"logits": (2,)})
    for batch in (1, 5, 0):
        observations = np.random.default_rng(0).normal(size=(batch, 3))  # float64, like any array-like
        logits = network(observations=observations)["logits"]
        assert logits.dtype == np.float32
        np.testing.assert_allclose(logits, observations.astype(np.float32) @ WEIGHTS, rtol=1e-6)
    assert network(observations=[[1, 0, 0]])["logits"].tolist() == [[0, 1]]


def test_a_bound_network_computes_the_same_in_the_same_memory(tmp_path):
    network = load_network(put(tmp_path), kind="match-policy")
    bound = BoundNetwork(network, batch=2)
    rng = np.random.default_rng(0)
    logits = bound.outputs["logits"]
    for _ in range(3):
        observations = rng.standard_normal((2, 3), dtype=np.float32)
        bound.inputs["observations"][:] = observations
        bound.run()
        np.testing.assert_array_equal(logits, network(observations=observations)["logits"])
    assert bound.outputs["logits"] is logits
    bound.inputs["observations"][0, 0] = np.nan
    with pytest.raises(CheckpointError, match="not finite"):
        bound.run()


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    network = load_network(put(tmp_path), kind="match-policy")
    with pytest.raises(CheckpointError, match="gives numbers that are not finite"):
        network(observations=[[np.inf, 0, 0]])


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "takes observations; got nothing"),
        ({"logits": [[1]]}, "takes observations; got logits"),
        ({"observations": [1, 2, 3]}, r"observations is \['batch', 3\].*got shape \(3,\)"),
        ({"observations": [[1, 2]]}, r"got shape \(1, 2\)"),
        ({"observations": 1}, r"got shape \(\)"),
    ],
)
def test_inputs_of_another_kind_are_refused(tmp_path, inputs, complaint):
    with pytest.raises(UsageError, match=complaint):
        load_network(put(tmp_path), kind="match-policy")(**inputs)


def test_inputs_must_share_a_batch(tmp_path):
    content = graph(
        nodes=[helper.make_node("Add", ["a", "b"], ["logits"])],
        inputs=[value("a", "batch", 3), value("b", "batch", 3)],
        outputs=[value("logits", "batch", 3)],
    )
    path = put(tmp_path, content, inputs={"a": [3], "b": [3]}, outputs={"logits": [3]})
    with pytest.raises(UsageError, match="one batch for all"):
        load_network(path, kind="match-policy")(a=np.zeros((2, 3)), b=np.zeros((4, 3)))


def check(path, complaint, **kwargs):
    with pytest.raises(CheckpointError, match=complaint) as caught:
        load_network(path, **({"kind": "match-policy"} | kwargs))
    assert "\n" not in str(caught.value)


def test_a_network_for_something_else_is_refused(tmp_path):
    path = put(tmp_path)
    check(path, "is of kind 'match-policy' and 'estimator' is needed", kind="estimator")
    check(path, "not the 1 of this synth and version", controls=["cutoff_hz"])
    check(path, "not the 2 of this synth and version", controls=["gain_db", "cutoff_hz"])


@pytest.mark.parametrize("name", ["policy.onnx", "policy.json"])
def test_a_file_is_missing(tmp_path, name):
    path = put(tmp_path)
    (tmp_path / name).unlink()
    check(path, f"cannot read .*{name}.*no such file")


@pytest.mark.parametrize("size", [0, 50, -1])
def test_truncated_or_another_ones_graph(tmp_path, size):
    path = put(tmp_path)
    path.write_bytes(graph()[:size])
    check(path, "truncated, changed or belongs to another run")


@pytest.mark.parametrize(
    "fields", [{"format_version": 99}, {"format": "tonewright-preset"}, {"controls": "all"}]
)
def test_a_json_of_another_kind(tmp_path, fields):
    path = put(tmp_path)
    description = path.with_suffix(".json")
    description.write_text(json.dumps(json.loads(description.read_text()) | fields))
    check(path, r"policy\.json")


class TestForged:
    """Graphs that the JSON beside them vouches for, but that are not what `export` writes."""

    @pytest.mark.parametrize(
        "content", [b"", b"\x00" * 100, b"import os", graph()[:-40], b"\x80\x04N.", b"ORTM" * 9]
    )
    def test_no_graph_at_all(self, tmp_path, content):
        check(put(tmp_path, content), r"policy\.onnx' cannot be used: .*; export it again")

    def test_ort_format(self, tmp_path):
        # ONNX Runtime knows its own format by these letters.
        check(put(tmp_path, b"\x20\0\0\0ORTM" + bytes(100)), "cannot be used: ONNX Runtime refuses it")

    def test_weights_in_another_file(self, tmp_path, monkeypatch):
        (tmp_path / "weights.bin").write_bytes(WEIGHTS.tobytes())
        weights = numpy_helper.from_array(WEIGHTS, "weights")
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value="weights.bin")
        monkeypatch.chdir(tmp_path)
        check(put(tmp_path, graph(weights=weights)), "names other files, and a network is a single one")

    def test_an_operator_that_is_not_onnxs(self, tmp_path):
        node = helper.make_node("System", ["observations"], ["logits"], domain="evil")
        check(put(tmp_path, graph(nodes=[node], domains=("", "evil"))), "ONNX Runtime refuses it")

    def test_other_inputs_or_outputs_than_described(self, tmp_path):
        check(put(tmp_path, inputs={"observations": [4]}), "its inputs are .*, and the JSON beside it")
        check(put(tmp_path, outputs={"actions": [2]}), "its outputs are .*, and the JSON beside it")
        check(put(tmp_path, outputs={"logits": "2"}), "its outputs are .*, and the JSON beside it")

    @pytest.mark.parametrize(
        "inputs",
        [
            [value("observations", 1, 3)],
            [value("observations", "batch", "any")],
            [value("observations")],
            [value("observations", "batch", 3, kind=TensorProto.DOUBLE)],
        ],
        ids=["fixed-batch", "free-row", "scalar", "double"],
    )
    def test_inputs_that_no_export_has(self, tmp_path, inputs):
        kind = inputs[0].type.tensor_type.elem_type
        nodes = [helper.make_node("Cast", ["observations"], ["logits"], to=TensorProto.FLOAT)]
        shape = [dim.dim_param or dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
        content = graph(nodes=nodes, inputs=inputs, outputs=[value("logits", *shape)])
        assert kind in (TensorProto.FLOAT, TensorProto.DOUBLE)
        check(put(tmp_path, content), "observations is tensor.*, not float32 with a free batch axis")


def test_torch_and_onnx_are_not_needed(tmp_path):
    path = put(tmp_path)
    code = (
        "import sys; sys.modules['torch'] = sys.modules['onnx'] = None\n"
        "from tonewright.learning.inference import load_network\n"
        f"network = load_network({str(path)!r}, kind='match-policy')\n"
        "print(network(observations=[[0, 1, 0]])['logits'].tolist())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("[[2.0, 3.0]]\n", "")

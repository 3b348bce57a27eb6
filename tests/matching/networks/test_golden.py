"""What networks that ship are given of a sound today is what they were given when they were trained."""

import json
from importlib.resources import files

import numpy as np
import pytest

from tonewright.errors import CheckpointError
from tonewright.learning.inference import load_network
from tonewright.matching.estimator import inputs as estimator_inputs
from tonewright.matching.hearing import cells
from tonewright.matching.networks.golden import golden_text, inputs_today, read_golden

SHIPPED = files("tonewright.matching.networks") / "shipped"
PARTS = ("agent", "estimator")


@pytest.fixture(scope="module", params=PARTS)
def shipped(request):
    """A network that ships, its SHA-256 and where its golden observation lies."""
    stem = f"{request.param}-serum-lite-v1"
    description = json.loads((SHIPPED / f"{stem}.json").read_text())
    network = load_network(SHIPPED / f"{stem}.onnx", kind=description["kind"])
    return network, description["onnx_sha256"], SHIPPED / f"{stem}.golden.json"


def furthest(one, other):
    return max(np.abs(one[name] - other[name]).max() for name in one)


def test_inputs_are_what_they_were(shipped):
    network, digest, path = shipped
    golden, today = read_golden(path, digest), inputs_today(network)
    assert today.keys() == golden.inputs.keys()
    assert {name: part.shape[1:] for name, part in today.items()} == network.inputs
    assert furthest({name: part[0] for name, part in today.items()}, golden.inputs) < 1e-4


def test_answers_are_what_they_were(shipped):
    network, digest, path = shipped
    golden = read_golden(path, digest)
    answers = network(**{name: part[None] for name, part in golden.inputs.items()})
    assert furthest({name: part[0] for name, part in answers.items()}, golden.outputs) < 1e-3


def test_a_change_of_hearing_shows(shipped, monkeypatch):
    network, digest, path = shipped
    monkeypatch.setattr(cells, "_FLOOR_DB", cells._FLOOR_DB + 6.0)
    estimator_inputs._grid.cache_clear()
    today = {name: part[0] for name, part in inputs_today(network).items()}
    assert furthest(today, read_golden(path, digest).inputs) > 0.1


def test_it_is_written_as_it_is_read(shipped, tmp_path):
    network, digest, path = shipped
    (tmp_path / "golden.json").write_text(golden_text(network, digest))
    again, golden = read_golden(tmp_path / "golden.json", digest), read_golden(path, digest)
    assert furthest(again.inputs, golden.inputs) < 1e-4


def test_that_of_another_network_is_refused(shipped):
    with pytest.raises(CheckpointError, match="is of another network or version of hearing"):
        read_golden(shipped[2], "0" * 64)

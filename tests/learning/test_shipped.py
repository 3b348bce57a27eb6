import json
import shutil
from importlib.resources import files

import pytest

from tonewright.documents import sha256
from tonewright.errors import CheckpointError
from tonewright.learning.shipped import load_part, network_digests, network_paths, network_versions

PACKAGE = "tonewright.matching.networks"
SHIPPED = files(PACKAGE) / "shipped"
STEMS = {"estimator": "estimator-serum-lite-v1", "agent": "agent-serum-lite-v1"}


@pytest.fixture
def own(tmp_path):
    for ending in ("onnx", "json"):
        shutil.copy(SHIPPED / f"agent-serum-lite-v1.{ending}", tmp_path / f"agent.{ending}")
    return tmp_path


def test_those_that_ship(own):
    with network_paths(PACKAGE, {**STEMS, "other": "other-v1"}) as parts:
        assert {name: part.path.name for name, part in parts.items()} == {
            "estimator": "estimator-serum-lite-v1.onnx",
            "agent": "agent-serum-lite-v1.onnx",
        }
        assert all(part.ships for part in parts.values())


def test_those_of_a_training_go_first_and_the_rest_is_taken_from_those_that_ship(own):
    with network_paths(PACKAGE, STEMS, own) as parts:
        assert parts["agent"] == (own / "agent.onnx", False)
        assert parts["estimator"].ships


def test_a_folder_without_any_is_refused(tmp_path):
    with (
        pytest.raises(
            CheckpointError, match=r"holds neither estimator\.onnx nor agent\.onnx; name the folder"
        ),
        network_paths(PACKAGE, STEMS, tmp_path),
    ):
        pass


def test_they_are_told_by_their_sha256(own):
    with network_paths(PACKAGE, STEMS, own) as parts:
        digest = sha256((own / "agent.onnx").read_bytes())
        assert network_digests(parts, ["agent", "none"]) == {"agent": digest}
        assert network_versions(parts, ["agent"]) == {"agent": f"agent.onnx, SHA-256 {digest[:12]}…"}


def test_what_a_network_needs_must_hold(own):
    document = json.loads((own / "agent.json").read_text())
    controls, kind = document["controls"], document["kind"]
    with network_paths(PACKAGE, STEMS, own) as parts:
        load_part(parts["agent"], kind=kind, controls=controls, needs={"synth_version": 1})
        with pytest.raises(CheckpointError, match="trained for synth version 1, and this is synth version 2"):
            load_part(parts["agent"], kind=kind, controls=controls, needs={"synth_version": 2})


def test_what_ships_is_loaded_once():
    document = json.loads((SHIPPED / "agent-serum-lite-v1.json").read_text())
    with network_paths(PACKAGE, STEMS) as parts:
        loaded = [
            load_part(parts["agent"], kind=document["kind"], controls=document["controls"], needs={})
            for _ in "ab"
        ]
    assert loaded[0] is loaded[1]

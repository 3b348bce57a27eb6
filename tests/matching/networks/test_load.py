"""Which networks a match uses, and which it refuses."""

import json
import shutil
from importlib.resources import files

import numpy as np
import pytest

from tonewright.audio import Clip
from tonewright.documents import sha256
from tonewright.errors import CheckpointError, UsageError
from tonewright.matching import match
from tonewright.matching.networks.load import load_trained
from tonewright.matching.search.methods import networks_used
from tonewright.synths import synth as make_synth

SYNTH = make_synth("serum-lite", 16_000)
SHIPPED = files("tonewright.matching.networks") / "shipped"
PARTS = ("estimator", "agent")


@pytest.fixture
def folder(tmp_path):
    """The networks that ship, as a training leaves them."""
    for part in PARTS:
        for ending in ("onnx", "json"):
            shutil.copy(SHIPPED / f"{part}-serum-lite-v1.{ending}", tmp_path / f"{part}.{ending}")
    return tmp_path


def change(path, **fields):
    document = json.loads(path.read_text())
    for name, value in fields.items():
        document[name] = value
    path.write_text(json.dumps(document))


def test_both_ship_in_ten_megabytes_and_are_loaded_once():
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 10_000_000
    first, second = load_trained(SYNTH), load_trained(SYNTH)
    assert first.need_agent(SYNTH)._network is second.need_agent(SYNTH)._network
    assert first.need_proposals(SYNTH)._network is second.need_proposals(SYNTH)._network


def test_those_of_a_folder_do_as_those_that_ship(folder):
    sound = SYNTH.render(np.full((1, 24), 0.4, np.float32), 57.0, 0.5, 0.3)
    options = {"note": 57.0, "gate_seconds": 0.3, "renders": 70}
    ours = match(Clip(sound, 16_000), networks=folder, **options)
    ships = match(Clip(sound, 16_000), **options)
    assert ours.curve == ships.curve
    for part in PARTS:
        digest = sha256((folder / f"{part}.onnx").read_bytes())[:12]
        assert ours.versions[part] == f"{part}.onnx, SHA-256 {digest}…"
        assert ships.versions[part] == f"{part}-serum-lite-v1.onnx, SHA-256 {digest}…"


@pytest.mark.parametrize(
    ("method", "used"),
    [
        ("full", {"estimator", "agent"}),
        ("estimator-agent", {"estimator", "agent"}),
        ("estimator", {"estimator"}),
        ("agent", {"agent"}),
        ("cma", set()),
        ("random", set()),
    ],
)
def test_each_method_names_the_networks_it_uses(monkeypatch, method, used):
    assert networks_used(method, SYNTH).keys() == used
    monkeypatch.setattr(SYNTH, "version", 2)  # that no network is for
    assert networks_used(method, SYNTH) == {}


@pytest.mark.parametrize(("missing", "other"), [("agent", "proposals"), ("estimator", "agent")])
def test_what_a_folder_lacks_is_taken_from_those_that_ship(folder, missing, other):
    (folder / f"{missing}.onnx").unlink()
    trained, ships = load_trained(SYNTH, folder), load_trained(SYNTH)
    shared = {part for part in ("proposals", "agent") if network_of(trained, part) is network_of(ships, part)}
    assert shared == {"proposals", "agent"} - {other}


def network_of(trained, part):
    return getattr(trained, part)._network


def test_a_part_may_be_missing(monkeypatch):
    monkeypatch.setattr(SYNTH, "version", 2)
    trained = load_trained(SYNTH)
    assert trained.agent is None
    with pytest.raises(CheckpointError, match=r"there is no agent for serum-lite .*`tonewright train match"):
        trained.need_agent(SYNTH)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"holds neither estimator\.onnx nor agent\.onnx"):
        load_trained(SYNTH, tmp_path)


@pytest.mark.parametrize(("part", "renamed"), [("estimator", "picture"), ("agent", "noise")])
def test_a_network_that_takes_other_inputs_is_refused(folder, part, renamed):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(folder / f"{part}.onnx")
    for node in (*model.graph.input, *model.graph.node):
        if getattr(node, "name", None) == renamed:
            node.name = "other"
        if hasattr(node, "input"):
            names = ["other" if name == renamed else name for name in node.input]
            del node.input[:]
            node.input.extend(names)
    content = model.SerializeToString()
    (folder / f"{part}.onnx").write_bytes(content)
    inputs = json.loads((folder / f"{part}.json").read_text())["inputs"]
    renamed_inputs = {"other" if name == renamed else name: shape for name, shape in inputs.items()}
    change(folder / f"{part}.json", inputs=renamed_inputs, onnx_sha256=sha256(content))
    with pytest.raises(CheckpointError, match="and this one"):
        load_trained(SYNTH, folder)


@pytest.mark.parametrize("part", PARTS)
class TestRefused:
    def test_another_control_set(self, folder, part):
        change(folder / f"{part}.json", controls=["cutoff"])
        with pytest.raises(CheckpointError, match="turns 1 controls that are not the 24"):
            load_trained(SYNTH, folder)

    def test_another_version(self, folder, part):
        configuration = json.loads((folder / f"{part}.json").read_text())["configuration"]
        change(folder / f"{part}.json", configuration={**configuration, "synth_version": 7})
        with pytest.raises(
            CheckpointError, match="was trained for synth version 7, and this is synth version 1"
        ):
            load_trained(SYNTH, folder)

    def test_another_version_of_hearing(self, folder, part):
        configuration = json.loads((folder / f"{part}.json").read_text())["configuration"]
        change(folder / f"{part}.json", configuration={**configuration, "hearing_version": 7})
        with pytest.raises(
            CheckpointError, match="was trained for hearing version 7, and this is hearing version 1"
        ):
            load_trained(SYNTH, folder)

    def test_a_truncated_file(self, folder, part):
        path = folder / f"{part}.onnx"
        path.write_bytes(path.read_bytes()[:-1000])
        with pytest.raises(CheckpointError, match="is truncated, changed or belongs to another run"):
            load_trained(SYNTH, folder)

    def test_another_kind(self, folder, part):
        change(folder / f"{part}.json", kind="improviser")
        with pytest.raises(CheckpointError, match="kind 'improviser'"):
            load_trained(SYNTH, folder)


def test_methods_without_networks_take_none(folder):
    with pytest.raises(UsageError, match="the method cma uses no networks"):
        match(Clip(np.ones((1, 8_000), np.float32), 16_000), method="cma", networks=folder)

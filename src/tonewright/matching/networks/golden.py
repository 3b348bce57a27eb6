"""Golden observations: what a network is given of one reference sound, and what it answers.

A network fits the code that it was trained with, and shapes alone do not tell. Beside each network that ships
lies what was computed of the reference sound then (`*.golden.json`); the tests compare it with what is
computed today. Whoever changes what networks hear raises `hearing.HEARING_VERSION` and trains anew.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tonewright.distances.loss import TrainingLoss
from tonewright.documents import document_text, read_document
from tonewright.errors import CheckpointError
from tonewright.files import StrPath
from tonewright.learning.inference import Network
from tonewright.learning.spaces import flatten
from tonewright.matching.estimator.inputs import sound_inputs
from tonewright.matching.hearing import HEARING_VERSION
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.hearing.observation import Observer

FORMAT = "tonewright-golden"
FORMAT_VERSION = 1
_DIGITS = 5  # after the point; inputs are about one
_NOTE, _GATE_SECONDS = 57.25, 0.6
_FIELDS: dict[str, type] = {"hearing_version": int, "onnx_sha256": str, "inputs": dict, "outputs": dict}


class Golden(NamedTuple):
    """One row of a network's inputs and of what it made of them, each by name."""

    inputs: dict[str, NDArray[np.float32]]
    outputs: dict[str, NDArray[np.float32]]


def reference_sounds() -> NDArray[np.float32]:
    """A target and another sound, `[2, frames]` one second each: partials, vibrato, decay and noise."""
    t = np.arange(HEARING_RATE_HZ) / HEARING_RATE_HZ
    rng = np.random.default_rng(0)
    sounds = []
    for partials, vibrato_hz, fall_s in ((12, 5.0, 0.4), (5, 0.0, 0.15)):
        cycles = 220.0 * (t - 0.002 * np.cos(2 * np.pi * vibrato_hz * t))
        tone = sum(np.sin(2 * np.pi * k * cycles) / k for k in range(1, partials + 1))
        level = np.minimum(t / 0.01, 1.0) * np.exp(-np.maximum(t - 0.01, 0.0) / fall_s)
        sounds.append(0.3 * level * (tone + 0.05 * rng.standard_normal(len(t))))
    return np.array(sounds, np.float32)


def agent_observations(controls: int) -> NDArray[np.float32]:
    """What an agent observes of the reference sounds, flat `[1, D]`."""
    target, sound = reference_sounds()[:, None]
    loss = TrainingLoss(HEARING_RATE_HZ, target.shape[1])
    observer, analysis = Observer(loss, controls), loss.analyse(target)
    features = observer.describe_targets(target, analysis, np.array([_NOTE]), np.array([_GATE_SECONDS]))
    heard = observer.describe_sounds(*loss.compare_and_hear(sound, analysis), features.peak_db)
    params = np.linspace(0, 1, controls, dtype=np.float32)[None]
    observations = observer.observe(features, heard, params, np.array([0.5]))
    return flatten(observer.space, observations)


def estimator_inputs(discrete: int, flowing: int) -> dict[str, NDArray[np.float32]]:
    """What an estimator without chance is given of the reference target, a row `[1, …]` by name.

    Args:
        discrete: Integer controls.
        flowing: Continuous controls and the gate.
    """
    inputs = sound_inputs(reference_sounds()[:1], np.array([_NOTE]), np.array([_GATE_SECONDS]))
    chance = {"uniforms": np.full((1, discrete), 0.5), "noise": np.zeros((1, flowing))}
    return inputs._asdict() | {name: part.astype(np.float32) for name, part in chance.items()}


def inputs_today(network: Network) -> dict[str, NDArray[np.float32]]:
    """What today's code gives a network of the reference sounds, a row `[1, …]` by name."""
    if "observations" in network.inputs:
        noise = np.zeros((1, *network.inputs["noise"]), np.float32)
        return {"observations": agent_observations(len(network.controls)), "noise": noise}
    return estimator_inputs(network.inputs["uniforms"][0], network.inputs["noise"][0])


def golden_text(network: Network, onnx_sha256: str) -> str:
    """Today's golden observation of a network, as a document."""
    inputs = {name: np.round(part, _DIGITS) for name, part in inputs_today(network).items()}
    outputs = network(**inputs)
    fields: dict[str, Any] = {"hearing_version": HEARING_VERSION, "onnx_sha256": onnx_sha256}
    for side, parts in (("inputs", inputs), ("outputs", outputs)):
        fields[side] = {name: _plain(part[0]) for name, part in parts.items()}
    return json.dumps(json.loads(document_text(FORMAT, FORMAT_VERSION, fields))) + "\n"


def read_golden(path: StrPath, onnx_sha256: str) -> Golden:
    """The golden observation beside a network.

    Args:
        path: The document.
        onnx_sha256: Of the network.

    Raises:
        CheckpointError: It is damaged, or of another network or another version of hearing.
    """
    document = read_document(path, FORMAT, FORMAT_VERSION, _FIELDS, error=CheckpointError)
    if (document["onnx_sha256"], document["hearing_version"]) != (onnx_sha256, HEARING_VERSION):
        raise CheckpointError(f"{str(path)!r} is of another network or version of hearing; write it anew")
    return Golden(*({name: np.array(part, np.float32) for name, part in document[side].items()}
                    for side in ("inputs", "outputs")))  # fmt: skip


def _plain(values: NDArray[np.float32]) -> Any:
    return np.round(values.astype(np.float64), _DIGITS).tolist()

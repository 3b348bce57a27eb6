"""Trained networks on their way out of a run: exported, to be used without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from tonewright.files import StrPath
from tonewright.learning.export import export_network, export_policy
from tonewright.matching.agent.loaded import KIND as AGENT
from tonewright.matching.agent.policy import MatchPolicy
from tonewright.matching.estimator.examples import draw_examples
from tonewright.matching.estimator.network import Estimator, Layout, Sampler
from tonewright.matching.estimator.proposals import KIND as ESTIMATOR
from tonewright.matching.hearing import HEARING_VERSION
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.synths import synth as make_synth
from tonewright.synths.base import Synth

_EXAMPLES = 13


def _versions(synth: Synth) -> dict[str, int]:
    """What a network fits besides its configuration; `networks.load` refuses others."""
    return {"synth_version": synth.version, "hearing_version": HEARING_VERSION}


def export_estimator(path: StrPath, network: Estimator, configuration: Mapping[str, Any]) -> None:
    """Write an estimator as ONNX + JSON; an earlier export of the same run is replaced.

    Args:
        path: The ONNX file.
        network: The estimator.
        configuration: What it was trained with, as its run keeps it.

    Raises:
        CheckpointError: The exported network does not do as the trained one.
        OutputError: The files cannot be written.
    """
    synth = make_synth(configuration["synth"], HEARING_RATE_HZ)
    layout = Layout(synth.controls)
    rng = np.random.default_rng(0)
    inputs = draw_examples(synth, rng, _EXAMPLES).inputs
    examples = {name: torch.from_numpy(part) for name, part in inputs._asdict().items()}
    examples["uniforms"] = torch.from_numpy(rng.random((_EXAMPLES, len(layout.steps)), dtype=np.float32))
    examples["noise"] = torch.from_numpy(rng.standard_normal((_EXAMPLES, layout.flowing), dtype=np.float32))
    export_network(
        path,
        Sampler(network),
        examples,
        ("bins", "values"),
        kind=ESTIMATOR,
        configuration={**configuration, **_versions(synth)},
        controls=synth.controls.names,
        half=True,
        overwrite=True,
    )


def export_agent(path: StrPath, policy: MatchPolicy, configuration: Mapping[str, Any]) -> None:
    """Write an agent as ONNX + JSON; arguments and errors as those of `export_estimator`."""
    synth = make_synth(configuration["episodes"]["synth"], HEARING_RATE_HZ)
    export_policy(
        path,
        policy,
        kind=AGENT,
        configuration={**configuration, **_versions(synth)},
        controls=synth.controls.names,
        half=True,
        overwrite=True,
    )

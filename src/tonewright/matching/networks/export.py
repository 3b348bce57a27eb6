"""Trained networks on their way out of a run: exported, to be used without torch."""

from __future__ import annotations

import numpy as np
import torch

from tonewright.files import StrPath
from tonewright.learning.export import export_network, export_policy
from tonewright.matching.agent.loaded import KIND as AGENT
from tonewright.matching.agent.policy import MatchPolicy
from tonewright.matching.estimator.examples import draw_examples
from tonewright.matching.estimator.network import Estimator, Layout, Sampler
from tonewright.matching.estimator.proposals import KIND as ESTIMATOR
from tonewright.matching.estimator.training import EstimatorConfig
from tonewright.matching.estimator.training import run_config as estimator_config
from tonewright.matching.hearing.cells import HEARING_RATE_HZ
from tonewright.matching.training import MatchConfig
from tonewright.matching.training import run_config as match_config
from tonewright.synths import synth as make_synth

_EXAMPLES = 13


def export_estimator(path: StrPath, network: Estimator, config: EstimatorConfig) -> None:
    """Write an estimator as ONNX + JSON; an earlier export of the same run is replaced.

    Raises:
        CheckpointError: The exported network does not do as the trained one.
        OutputError: The files cannot be written.
    """
    synth = make_synth(config.synth, HEARING_RATE_HZ)
    layout = Layout(synth.controls)
    rng = np.random.default_rng(0)
    heard = draw_examples(synth, rng, _EXAMPLES).heard
    examples = {name: torch.from_numpy(part) for name, part in heard._asdict().items()}
    examples["uniforms"] = torch.from_numpy(rng.random((_EXAMPLES, len(layout.steps)), dtype=np.float32))
    examples["noise"] = torch.from_numpy(rng.standard_normal((_EXAMPLES, layout.flowing), dtype=np.float32))
    export_network(
        path,
        Sampler(network),
        examples,
        ("bins", "values"),
        kind=ESTIMATOR,
        configuration={**estimator_config(config), "synth_version": synth.version},
        controls=synth.controls.names,
        half=True,
        overwrite=True,
    )


def export_agent(path: StrPath, policy: MatchPolicy, config: MatchConfig) -> None:
    """Write an agent as ONNX + JSON; arguments and errors as those of `export_estimator`."""
    synth = make_synth(config.synth, HEARING_RATE_HZ)
    export_policy(
        path,
        policy,
        kind=AGENT,
        configuration={**match_config(config), "synth_version": synth.version},
        controls=synth.controls.names,
        half=True,
        overwrite=True,
    )

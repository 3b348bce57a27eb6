"""Trained agents on their way out of a run: exported, to be played without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tonewright.files import StrPath
from tonewright.improvising.agent.loaded import KIND
from tonewright.improvising.hearing import HEARING_VERSION
from tonewright.improvising.setting import Setting
from tonewright.learning.export import export_policy
from tonewright.learning.policy import ActorCritic

if TYPE_CHECKING:
    from tonewright.learning.sb3.library import BaseAlgorithm


def export_agent(
    path: StrPath, trained: ActorCritic | BaseAlgorithm, setting: Setting, configuration: Mapping[str, Any]
) -> None:
    """Write an agent as ONNX + JSON; an earlier export of the same run is replaced.

    Args:
        path: The ONNX file.
        trained: A policy of ours, or an algorithm of Stable-Baselines3.
        setting: What it was trained in.
        configuration: What it was trained with, as its run keeps it.

    Raises:
        CheckpointError: The exported network does not do as the trained one.
        OutputError: The files cannot be written.
    """
    controls = setting.synth.controls.names
    facts = {
        **configuration,
        "synth_version": setting.synth.version,
        "synth_file_sha256": getattr(setting.synth, "file_sha256", None),
        "hearing_version": HEARING_VERSION,
        "columns": list(setting.keep.columns),
        "scales": {name: list(values) for name, values in asdict(setting.scales).items()},
    }
    if isinstance(trained, ActorCritic):
        export_policy(
            path, trained, kind=KIND, configuration=facts, controls=controls, half=True, overwrite=True
        )
        return
    from tonewright.learning.sb3 import export_sb3

    export_sb3(path, trained, kind=KIND, configuration=facts, controls=controls, half=True, overwrite=True)

"""Trained agents: those of the package, or that of a training in their place."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tonewright.errors import CheckpointError
from tonewright.files import StrPath
from tonewright.improvising.agent.loaded import KIND, Agent
from tonewright.improvising.hearing import HEARING_VERSION
from tonewright.learning.inference import load_network
from tonewright.learning.shipped import PartFile, load_part, network_digests, network_paths
from tonewright.synths.base import Synth

PARTS = ("agent",)
"""Networks of this craft."""


def load_agent(synth: Synth, folder: StrPath | None = None) -> Agent:
    """The agent of a synth: `agent.onnx` of a folder, else that of the package.

    Raises:
        CheckpointError: There is none, or it is damaged, or was trained for another synth, version, file or
            hearing.
    """
    with _paths(synth, folder) as paths:
        if "agent" not in paths:
            raise CheckpointError(
                f"no agent ships for {synth.name} version {synth.version}; train one with `tonewright train"
                f" improvise --synth {synth.name} …` and name its folder"
            )
        try:
            network = load_part(
                paths["agent"],
                kind=KIND,
                controls=synth.controls.names,
                needs={
                    "synth_version": synth.version,
                    "synth_file_sha256": getattr(synth, "file_sha256", None),
                    "hearing_version": HEARING_VERSION,
                },
            )
        except CheckpointError as error:
            raise _of_another(paths["agent"], synth) or error from None
    return Agent(network, synth)


def _of_another(part: PartFile, synth: Synth) -> CheckpointError | None:
    """What to say of an agent that is one of another synth; None if it is of this one, or damaged."""
    try:
        trained = load_network(part.path, kind=KIND).configuration["episodes"]["synth"]
    except (CheckpointError, KeyError, TypeError):
        return None
    if trained == synth.name:
        return None
    return CheckpointError(
        f"{str(part.path)!r} is an agent of {trained}, and this synth is {synth.name}; play that one, or "
        "train an agent for this"
    )


def agent_digest(synth: Synth, folder: StrPath | None = None) -> str | None:
    """SHA-256 of the agent that `load_agent` gives; None where there is none."""
    with _paths(synth, folder) as paths:
        return network_digests(paths, PARTS).get("agent")


def _paths(synth: Synth, folder: StrPath | None) -> AbstractContextManager[dict[str, PartFile]]:
    return network_paths(__package__, {"agent": f"agent-{synth.name}-v{synth.version}"}, folder)

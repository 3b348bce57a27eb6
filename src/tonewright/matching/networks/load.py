"""Trained networks that a match can use: those of the package, or those of a folder in their place."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, NoReturn

from tonewright.errors import CheckpointError
from tonewright.files import StrPath
from tonewright.learning import shipped
from tonewright.learning.shipped import PartFile, load_part, network_paths
from tonewright.matching.agent.loaded import KIND as AGENT
from tonewright.matching.agent.loaded import Agent
from tonewright.matching.estimator.proposals import KIND as ESTIMATOR
from tonewright.matching.estimator.proposals import Proposals
from tonewright.matching.hearing import HEARING_VERSION
from tonewright.synths.base import Synth

_KINDS = {"estimator": ESTIMATOR, "agent": AGENT}
PARTS = tuple(_KINDS)
"""Networks of this craft."""


class Trained(NamedTuple):
    """What has been trained for a synth.

    Attributes:
        proposals: The estimator, if there is one.
        agent: The agent, if there is one.
    """

    proposals: Proposals | None
    agent: Agent | None

    def need_proposals(self, synth: Synth) -> Proposals:
        """The estimator; raises CheckpointError where there is none."""
        return self.proposals or _missing("estimator", synth)

    def need_agent(self, synth: Synth) -> Agent:
        """The agent; raises CheckpointError where there is none."""
        return self.agent or _missing("agent", synth)


def load_trained(synth: Synth, folder: StrPath | None = None) -> Trained:
    """The networks of a synth: `estimator.onnx` and `agent.onnx` of a folder, else those of the package.

    Raises:
        CheckpointError: The folder holds neither, or a network is damaged, of another synth or version,
            or trained for another version of hearing.
    """
    with _paths(synth, folder) as paths:
        found = {
            name: load_part(
                part,
                kind=_KINDS[name],
                controls=synth.controls.names,
                needs={"synth_version": synth.version, "hearing_version": HEARING_VERSION},
            )
            for name, part in paths.items()
        }
    return Trained(
        Proposals(found["estimator"], synth) if "estimator" in found else None,
        Agent(found["agent"], synth) if "agent" in found else None,
    )


def network_versions(synth: Synth, folder: StrPath | None, parts: Iterable[str]) -> dict[str, str]:
    """File name and SHA-256 of those of `parts` that `load_trained` gives, for people."""
    with _paths(synth, folder) as paths:
        return shipped.network_versions(paths, parts)


def network_digests(synth: Synth, folder: StrPath | None, parts: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of `parts` that `load_trained` gives."""
    with _paths(synth, folder) as paths:
        return shipped.network_digests(paths, parts)


def _paths(synth: Synth, folder: StrPath | None) -> AbstractContextManager[dict[str, PartFile]]:
    stems = {part: f"{part}-{synth.name}-v{synth.version}" for part in PARTS}
    return network_paths(__package__, stems, folder)


def _missing(part: str, synth: Synth) -> NoReturn:
    verb = {"estimator": "estimator", "agent": "match"}[part]
    raise CheckpointError(
        f"there is no {part} for {synth.name} version {synth.version}; train one with"
        f" `tonewright train {verb} --synth {synth.name}` and name its folder with --networks,"
        " or use --method cma"
    )

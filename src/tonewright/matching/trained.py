"""Trained networks that a match can use: those of the package, or those of a folder in their place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple, NoReturn

from tonewright.errors import CheckpointError
from tonewright.files import StrPath
from tonewright.learning.inference import Network, load_network
from tonewright.matching.edits import KIND as AGENT
from tonewright.matching.edits import Agent
from tonewright.matching.estimator.proposals import KIND as ESTIMATOR
from tonewright.matching.estimator.proposals import Proposals
from tonewright.synths.base import Synth

_KINDS = {"estimator": ESTIMATOR, "agent": AGENT}


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
        CheckpointError: The folder holds neither, or a network is damaged or of another synth or version.
    """
    with as_file(files("tonewright.matching") / "shipped") as shipped:
        names = {part: f"{part}-{synth.name}-v{synth.version}.onnx" for part in _KINDS}
        ships = _trained(synth, {part: shipped / name for part, name in names.items()}, _loaded)
    if folder is None:
        return ships
    paths = {part: Path(folder) / f"{part}.onnx" for part in _KINDS}
    if not any(path.exists() for path in paths.values()):
        raise CheckpointError(
            f"{str(folder)!r} holds neither estimator.onnx nor agent.onnx; name the folder of a finished"
            " training"
        )
    own = _trained(synth, paths)
    return Trained(own.proposals or ships.proposals, own.agent or ships.agent)


def _trained(synth: Synth, paths: dict[str, Path], load: Callable[..., Network] = load_network) -> Trained:
    controls = tuple(synth.controls.names)
    found = {
        part: load(path, kind=_KINDS[part], controls=controls)
        for part, path in paths.items()
        if path.exists()
    }
    for part, network in found.items():
        version = network.configuration.get("synth_version")
        if version != synth.version:
            raise CheckpointError(
                f"{str(paths[part])!r} was trained for version {version} of {synth.name}, and this is version"
                f" {synth.version}; train one for it"
            )
    estimator, agent = found.get("estimator"), found.get("agent")
    return Trained(
        None if estimator is None else Proposals(estimator, synth),
        None if agent is None else Agent(agent, synth),
    )


_loaded = cache(load_network)  # what comes with the package does not change


def _missing(part: str, synth: Synth) -> NoReturn:
    verb = {"estimator": "estimator", "agent": "match"}[part]
    raise CheckpointError(
        f"there is no {part} for {synth.name} version {synth.version}; train one with"
        f" `tonewright train {verb} --synth {synth.name}` and name its folder with --networks,"
        " or use --method cma"
    )

"""Trained networks that a match can use: those of the package, or those of a folder in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple, NoReturn

from tonewright.errors import CheckpointError
from tonewright.files import StrPath
from tonewright.learning.inference import Network, described_sha256, load_network
from tonewright.matching.agent.loaded import KIND as AGENT
from tonewright.matching.agent.loaded import Agent
from tonewright.matching.estimator.proposals import KIND as ESTIMATOR
from tonewright.matching.estimator.proposals import Proposals
from tonewright.synths.base import Synth

_Load = Callable[..., Network]
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
    controls = tuple(synth.controls.names)
    found = {}
    with _files(synth, folder) as paths:
        for part, (path, load) in paths.items():
            found[part] = load(path, kind=_KINDS[part], controls=controls)
            version = found[part].configuration.get("synth_version")
            if version != synth.version:
                raise CheckpointError(
                    f"{str(path)!r} was trained for version {version} of {synth.name}, and this is version"
                    f" {synth.version}; train one for it"
                )
    return Trained(
        Proposals(found["estimator"], synth) if "estimator" in found else None,
        Agent(found["agent"], synth) if "agent" in found else None,
    )


def trained_versions(synth: Synth, folder: StrPath | None, parts: Iterable[str]) -> dict[str, str]:
    """File name and SHA-256 of those of `parts` ("estimator", "agent") that `load_trained` gives."""
    with _files(synth, folder) as paths:
        return {
            part: f"{paths[part][0].name}, SHA-256 {described_sha256(paths[part][0])[:12]}…"
            for part in parts
            if part in paths
        }


@contextmanager
def _files(synth: Synth, folder: StrPath | None) -> Iterator[dict[str, tuple[Path, _Load]]]:
    """Where each network lies, if there is one, and what loads it."""
    own = {} if folder is None else {part: Path(folder) / f"{part}.onnx" for part in _KINDS}
    own = {part: path for part, path in own.items() if path.exists()}
    if folder is not None and not own:
        raise CheckpointError(
            f"{str(folder)!r} holds neither estimator.onnx nor agent.onnx; name the folder of a finished"
            " training"
        )
    with as_file(files(__package__) / "shipped") as shipped:
        ships = {part: shipped / f"{part}-{synth.name}-v{synth.version}.onnx" for part in _KINDS}
        yield {
            part: (own[part], load_network) if part in own else (ships[part], _loaded)
            for part in _KINDS
            if part in own or ships[part].exists()
        }


_loaded = cache(load_network)  # what comes with the package does not change


def _missing(part: str, synth: Synth) -> NoReturn:
    verb = {"estimator": "estimator", "agent": "match"}[part]
    raise CheckpointError(
        f"there is no {part} for {synth.name} version {synth.version}; train one with"
        f" `tonewright train {verb} --synth {synth.name}` and name its folder with --networks,"
        " or use --method cma"
    )

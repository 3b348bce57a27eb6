"""Trained networks that come with the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from tonewright.learning.inference import Network, load_network
from tonewright.synths.base import Synth


def shipped_network(part: str, kind: str, synth: Synth) -> Network | None:
    """The network of a synth that comes with the package, if one does; loaded once.

    Args:
        part: `estimator` or `agent`.
        kind: What it must be for, as its JSON says.
        synth: Its name and version are part of the file's name.

    Raises:
        CheckpointError: It is damaged, or turns other controls.
    """
    return _load(f"{part}-{synth.name}-v{synth.version}.onnx", kind, tuple(synth.controls.names))


@cache
def _load(name: str, kind: str, controls: tuple[str, ...]) -> Network | None:
    with as_file(files("tonewright.matching") / "shipped" / name) as path:
        return load_network(path, kind=kind, controls=controls) if Path(path).exists() else None

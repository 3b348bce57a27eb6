"""Networks that ship with a craft, and those of a training that are used in their place.

A craft keeps its networks in a folder `shipped` of one of its packages, each as `STEM.onnx` with `STEM.json`
beside it. A training leaves `PART.onnx` ("agent.onnx") in its run folder; what that folder lacks is taken
from those that ship.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

from tonewright.errors import CheckpointError
from tonewright.files import StrPath
from tonewright.learning.inference import Network, described_sha256, load_network
from tonewright.wording import listing

_SHIPPED = "shipped"


class PartFile(NamedTuple):
    """Where a part of a craft lies.

    Attributes:
        path: Its ONNX file.
        ships: It comes with the package.
    """

    path: Path
    ships: bool


@contextmanager
def network_paths(
    package: str, stems: Mapping[str, str], own: StrPath | None = None
) -> Iterator[dict[str, PartFile]]:
    """Where the networks of a craft lie, part by part; a part that there is none of is left out.

    Args:
        package: Whose folder `shipped` holds those that ship.
        stems: By part ("agent"), the name without ending of the one that ships ("agent-serum-lite-v1").
        own: Folder of a finished training, whose networks are used instead.

    Raises:
        CheckpointError: `own` holds none of the parts.
    """
    mine = {} if own is None else {part: Path(own) / f"{part}.onnx" for part in stems}
    mine = {part: path for part, path in mine.items() if path.exists()}
    if own is not None and Path(own).is_file():
        raise CheckpointError(
            f"networks of a training are named by their folder; got the file {str(own)!r}; name "
            f"{str(Path(own).parent)!r}"
        )
    if own is not None and not mine:
        names = listing([f"{part}.onnx" for part in stems], last="nor")
        none = "no" if len(stems) == 1 else "neither"
        raise CheckpointError(
            f"{str(own)!r} holds {none} {names}; name the folder of a finished training; `train` with"
            " --resume finishes one that was stopped"
        )
    with as_file(files(package) / _SHIPPED) as folder:
        ships = {part: folder / f"{stem}.onnx" for part, stem in stems.items()}
        yield {
            part: PartFile(mine.get(part, ships[part]), part not in mine)
            for part in stems
            if part in mine or ships[part].exists()
        }


def load_part(part: PartFile, *, kind: str, controls: Sequence[str], needs: Mapping[str, Any]) -> Network:
    """Load a network; what comes with the package is loaded once.

    Args:
        part: Where it lies.
        kind: What it must be for.
        controls: What it must turn, in this order.
        needs: Fields of its configuration that must have these values ("synth_version", "hearing_version").

    Raises:
        CheckpointError: It is damaged, of another kind, for other controls, or made for something else.
    """
    load = _load_once if part.ships else load_network
    network: Network = load(part.path, kind=kind, controls=tuple(controls))
    for name, needed in needs.items():
        found = network.configuration.get(name)
        if found != needed:
            what = name.replace("_", " ")
            raise CheckpointError(
                f"{str(part.path)!r} was trained for {what} {found}, and this is {what} {needed}; train one"
                " for it"
            )
    return network


def network_versions(parts: Mapping[str, PartFile], names: Iterable[str]) -> dict[str, str]:
    """File name and the beginning of the SHA-256 of those of `names` that there are, for people."""
    digests = network_digests(parts, names)
    return {name: f"{parts[name].path.name}, SHA-256 {digest[:12]}…" for name, digest in digests.items()}


def network_digests(parts: Mapping[str, PartFile], names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of `names` that there are, as their descriptions tell."""
    return {name: described_sha256(parts[name].path) for name in names if name in parts}


_load_once = cache(load_network)  # what comes with the package does not change

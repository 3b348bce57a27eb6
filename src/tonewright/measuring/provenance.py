"""Where a run comes from: versions, machine and the state of the source it was made with."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "tonewright",
    "numpy",
    "numba",
    "gymnasium",
    "torch",
    "stable-baselines3",
    "onnxruntime",
    "ray",
)


def provenance() -> dict[str, Any]:
    """Give what one needs to know, besides configuration and seed, to make a run again.

    Returns:
        `versions` of Python and of the packages installed, `platform`, `cpus`, and the `git` commit of
        Tonewright's source ("-dirty" where files differ from it; None outside a repository).
    """
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "git": _commit(Path(__file__)),
    }


def _commit(file: Path) -> str | None:
    """The commit of the repository that tracks `file`."""
    try:
        _git(file.parent, "ls-files", "--error-unmatch", file.name)
        return _git(file.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", os.fspath(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

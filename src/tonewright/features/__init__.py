"""What a listener can measure: framing, spectra, descriptors, offline and live with the same numbers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tonewright.features.frames import Frames, shared
    from tonewright.features.hearing import DEFAULT_DESCRIPTORS, hear, hear_file
    from tonewright.features.registry import (
        CHANNEL_RULES,
        Descriptor,
        all_descriptors,
        descriptor,
        numbered,
    )
    from tonewright.features.streaming import StreamAnalyser
    from tonewright.features.table import FeatureTable
    from tonewright.features.writing import csv_lines, write_csv, write_parquet

_HOME = {
    "CHANNEL_RULES": "registry",
    "DEFAULT_DESCRIPTORS": "hearing",
    "Descriptor": "registry",
    "FeatureTable": "table",
    "Frames": "frames",
    "StreamAnalyser": "streaming",
    "all_descriptors": "registry",
    "csv_lines": "writing",
    "descriptor": "registry",
    "hear": "hearing",
    "hear_file": "hearing",
    "numbered": "registry",
    "shared": "frames",
    "write_csv": "writing",
    "write_parquet": "writing",
}

__all__ = [
    "CHANNEL_RULES",
    "DEFAULT_DESCRIPTORS",
    "Descriptor",
    "FeatureTable",
    "Frames",
    "StreamAnalyser",
    "all_descriptors",
    "csv_lines",
    "descriptor",
    "hear",
    "hear_file",
    "numbered",
    "shared",
    "write_csv",
    "write_parquet",
]


def __getattr__(name: str) -> Any:
    """Import on first use: the kernels bring Numba, which the command line's help does not need."""
    if name not in _HOME:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)

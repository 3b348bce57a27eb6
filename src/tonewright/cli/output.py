"""Printing results."""

from __future__ import annotations

import json


def print_json(value: object) -> None:
    """Print a value as JSON, and nothing else."""
    print(json.dumps(value, indent=1))

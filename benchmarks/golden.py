"""Write golden observations beside the networks that ship, and the version of hearing into their side files.

Usage: python benchmarks/golden.py

To be run once after a network was put in its place; see `tonewright.matching.networks.golden`.
"""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from pathlib import Path

from tonewright.files import write_text
from tonewright.learning.inference import load_network
from tonewright.matching.hearing import HEARING_VERSION
from tonewright.matching.networks.golden import golden_text

SHIPPED = Path(str(files("tonewright.matching.networks"))) / "shipped"


def main() -> None:
    """Write both for every network."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    for onnx in sorted(SHIPPED.glob("*.onnx")):
        side = onnx.with_suffix(".json")
        description = json.loads(side.read_text("utf-8"))
        description["configuration"].setdefault("hearing_version", HEARING_VERSION)
        write_text(side, json.dumps(description, indent=1) + "\n", overwrite=True)
        network = load_network(onnx, kind=description["kind"])
        golden = onnx.with_suffix(".golden.json")
        write_text(golden, golden_text(network, description["onnx_sha256"]), overwrite=True)
        print(f"wrote {golden.name}")


if __name__ == "__main__":
    main()

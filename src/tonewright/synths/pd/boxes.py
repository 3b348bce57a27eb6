"""Patches of Pd that are written."""

from __future__ import annotations

from itertools import pairwise


class Boxes:
    """A patch that is being written."""

    def __init__(self) -> None:
        self._boxes: list[str] = []
        self._links: list[str] = []

    def add(self, box: str) -> int:
        """Add a box, its kind and its content: "obj osc~ 440"; returns its number."""
        kind, _, content = box.partition(" ")
        self._boxes.append(f"#X {kind} 10 {10 + 25 * len(self._boxes)} {content};\n")
        return len(self._boxes) - 1

    def connect(self, source: int, outlet: int, target: int, inlet: int = 0) -> None:
        """Connect two boxes."""
        self._links.append(f"#X connect {source} {outlet} {target} {inlet};\n")

    def chain(self, *boxes: int) -> None:
        """Connect the first outlet of each to the first inlet of the next."""
        for source, target in pairwise(boxes):
            self.connect(source, 0, target)

    def text(self) -> str:
        """The file."""
        return "#N canvas 0 0 800 600 10;\n" + "".join(self._boxes) + "".join(self._links)

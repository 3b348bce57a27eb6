"""JSON Schema of scenes, made of what the code checks.

`python -m tonewright.prompting.arranging.schemas` writes it to `schemas/`; a test holds it to that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tonewright.prompting.arranging import scene
from tonewright.prompting.arranging.loops import MOST_BARS
from tonewright.prompting.arranging.reading import FORM, SETTINGS, VERSION
from tonewright.prompting.briefs.brief import FASTEST_BPM, SLOWEST_BPM
from tonewright.prompting.briefs.schemas import closed_object
from tonewright.prompting.generators.base import LONGEST_PROMPT

FILE = Path(__file__).parent / "schemas" / "scene.schema.json"
_TEXT = {"type": "string", "minLength": 1}
_KINDS = {int: "integer", float: "number", str: "string"}


def scene_schema() -> dict[str, Any]:
    """The schema of a scene."""
    fields = {
        "format": {"const": FORM},
        "format_version": {"type": "integer", "minimum": 1, "maximum": VERSION},
        "seconds": _number(scene.SHORTEST_S, scene.LONGEST_S),
        "layers": {"type": "array", "minItems": 1, "maxItems": scene.MOST_LAYERS, "items": _layer()},
        "seed": _seed(),
        "headroom_db": _number(0, scene.MOST_HEADROOM_DB),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "scene",
        **closed_object(fields, optional=("seed", "headroom_db")),
    }


def _layer() -> dict[str, Any]:
    bars = {"bpm": _number(SLOWEST_BPM, FASTEST_BPM), "bars": _number(1, MOST_BARS, "integer")}
    settings = {name: {"type": _KINDS[kind]} for name, kind in SETTINGS.items()}
    fields = {
        "name": _TEXT,
        "seconds": _number(scene.SHORTEST_S, scene.LONGEST_S),
        "prompt": _TEXT | {"maxLength": LONGEST_PROMPT},
        "file": _TEXT,
        "start_s": _number(0, scene.LONGEST_S),
        "level_db": _number(scene.QUIETEST_DB, scene.LOUDEST_DB),
        "fade_in_s": _number(0, scene.LONGEST_S),
        "fade_out_s": _number(0, scene.LONGEST_S),
        "pan": _number(-1, 1),
        "loop": closed_object(bars),
        "negative_prompt": {"type": "string"},
        "settings": closed_object(settings, optional=tuple(settings)),
        "seed": _seed(),
    }
    optional = tuple(name for name in fields if name not in ("name", "seconds"))
    return closed_object(fields, optional) | {"oneOf": [{"required": ["prompt"]}, {"required": ["file"]}]}


def _number(low: float, high: float, kind: str = "number") -> dict[str, Any]:
    return {"type": kind, "minimum": low, "maximum": high}


def _seed() -> dict[str, Any]:
    return _number(0, scene.MOST_SEED, "integer")


def main() -> None:
    """Write the schema."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(scene_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""JSON Schemas of the files of briefs, made of what the code checks.

`python -m tonewright.prompting.briefs.schemas` writes them to `schemas/`; a test holds them to that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tonewright.prompting.briefs.brief import FASTEST_BPM, LONGEST_S, SHORTEST_S, SLOWEST_BPM
from tonewright.prompting.briefs.keys import KEY
from tonewright.prompting.briefs.library import BRIEFS, FORMS, PRESETS, TEMPLATES, VERSION
from tonewright.prompting.briefs.templates import KINDS
from tonewright.prompting.words.vocabulary import vocabulary

FOLDER = Path(__file__).parent / "schemas"
_TEXT = {"type": "string", "minLength": 1}


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each file, by the file's name."""
    entries = {BRIEFS: _brief(), TEMPLATES: _template(), PRESETS: _preset()}
    return {name: _document(name, entry) for name, entry in entries.items()}


def _document(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    form, key = FORMS[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        **closed_object(
            {
                "format": {"const": form},
                "format_version": {"type": "integer", "minimum": 1, "maximum": VERSION},
                key: {"type": "array", "items": entry},
            }
        ),
    }


def _brief() -> dict[str, Any]:
    known = vocabulary()
    target = closed_object(
        {
            "seconds": {"type": "number", "minimum": SHORTEST_S, "maximum": LONGEST_S},
            "bpm": {"type": "number", "minimum": SLOWEST_BPM, "maximum": FASTEST_BPM},
            "bars": {"type": "integer", "minimum": 1},
            "key": {"type": "string", "pattern": _plain(KEY.pattern)},
            "tone": {"type": "array", "items": {"enum": [*known.tone]}},
            "elements": {"type": "array", "items": {"enum": [*known.elements]}},
        },
        optional=("bpm", "bars", "key", "tone", "elements"),
    )
    return closed_object(
        {
            "id": _TEXT,
            "category": {"enum": [*known.categories]},
            "subcategory": {"type": "string"},
            "description": _TEXT,
            "target": target,
            "baseline_prompt": _TEXT,
            "difficulty": {"type": "integer", "minimum": 1, "maximum": 5},
            "references": {"type": "array", "items": {"type": "string"}},
            "settings": {"type": "string"},
        },
        optional=("difficulty", "references", "settings"),
    )


def _template() -> dict[str, Any]:
    return closed_object(
        {
            "id": {"type": "string"},
            "kind": {"enum": [*KINDS]},
            "category": {"enum": [*vocabulary().categories]},
            "text": {"type": "string"},
        }
    )


def _preset() -> dict[str, Any]:
    settings = {"type": "object", "additionalProperties": {"type": "object"}}
    return closed_object({"name": {"type": "string"}, "meaning": {"type": "string"}, "settings": settings})


def closed_object(properties: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The schema of an object of these properties, all but the optional ones required, and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _plain(pattern: str) -> str:
    """A pattern without named groups, whole."""
    for name in ("letter", "accidental", "mode"):
        pattern = pattern.replace(f"?P<{name}>", "")
    return f"^{pattern}$".replace("\\b", "")


def main() -> None:
    """Write the schemas."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        path = FOLDER / name.replace(".json", ".schema.json")
        path.write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

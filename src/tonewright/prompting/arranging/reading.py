"""Reading scenes.

```json
{"format": "tonewright-scene", "format_version": 1, "seconds": 16, "seed": 3, "layers": [
 {"name": "beat", "prompt": "120 BPM house drum loop", "seconds": 16, "loop": {"bpm": 120, "bars": 2}},
 {"name": "bell", "file": "bell.flac", "start_s": 8, "seconds": 2, "level_db": -9, "pan": 0.4}]}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tonewright.documents import check_fields, read_document, short_text
from tonewright.errors import SceneError, UsageError
from tonewright.files import StrPath
from tonewright.prompting.arranging.loops import Bars
from tonewright.prompting.arranging.scene import Layer, Scene, check_count

FORM, VERSION = "tonewright-scene", 1
SETTINGS: Mapping[str, type] = {
    "steps": int,
    "cfg_scale": float,
    "sampler": str,
    "sigma_max": float,
    "sigma_min": float,
}
"""What `settings` of a layer may hold, as the generator has them."""
_SCENE: Mapping[str, type] = {"seconds": float, "layers": list}
_SCENE_MORE: Mapping[str, type] = {"seed": int, "headroom_db": float}
_LAYER: Mapping[str, type] = {"name": str, "seconds": float}
_LAYER_MORE: Mapping[str, type] = {
    "prompt": str,
    "file": str,
    "start_s": float,
    "level_db": float,
    "fade_in_s": float,
    "fade_out_s": float,
    "pan": float,
    "loop": dict,
    "negative_prompt": str,
    "settings": dict,
    "seed": int,
}


def read_scene(path: StrPath) -> Scene:
    """Read a scene.

    Raises:
        SceneError: It cannot be read, or makes no sense; all faults of layers are told, each with its layer.
    """
    fields = read_document(path, FORM, VERSION, _SCENE, error=SceneError, optional=_SCENE_MORE)
    del fields["format"], fields["format_version"]
    try:
        return replace(scene_of(fields), folder=Path(path).parent)
    except SceneError as error:
        raise SceneError(f"{str(path)!r}: {error}") from None


def scene_of(fields: Mapping[str, Any]) -> Scene:
    """A scene of the fields of a document.

    Raises:
        SceneError: They make no sense.
    """
    check_count(len(fields["layers"]))
    layers, told = [], []
    for number, entry in enumerate(fields["layers"], 1):
        name = entry.get("name") if isinstance(entry, dict) else None
        whom = f"layer {short_text(name)!r}" if isinstance(name, str) and name.strip() else f"layer {number}"
        try:
            layers.append(_layer(entry))
        except (SceneError, UsageError) as error:
            told.append(f"{whom}: {error}")
    if told:
        raise SceneError("; ".join(told))
    return Scene(**dict(fields) | {"layers": tuple(layers)})


def _layer(entry: Any) -> Layer:
    if not isinstance(entry, dict):
        raise SceneError(f"a layer is a mapping; got {short_text(entry)}")
    fields = check_fields(entry, "layer", _LAYER, _LAYER_MORE, error=SceneError)
    if "loop" in fields:
        loop = check_fields(fields["loop"], "loop", {"bpm": float, "bars": int}, {}, error=SceneError)
        fields["loop"] = Bars(loop["bpm"], loop["bars"])
    if "settings" in fields:
        check_fields(fields["settings"], "mapping of settings", {}, SETTINGS, error=SceneError)
    return Layer(**fields)

"""What a patch says of itself: the JSON file beside it, `synth.json` beside `synth.pd`.

```json
{"format": "tonewright-pd-synth", "format_version": 1,
 "controls": [{"name": "cutoff_hz", "low": 40, "high": 10000, "curve": "log", "unit": "Hz"}, "drive"],
 "libraries": ["zexy"], "paths": ["../my-abstractions"]}
```
The patch gets unit values whatever is written here; ranges, curves and units are for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from tonewright.documents import document_text, read_document, short_text
from tonewright.errors import SynthError, UsageError
from tonewright.synths.control import Control, ControlSpace, Curve
from tonewright.synths.pd.naming import PatchName, check_control_name

FORMAT = "tonewright-pd-synth"
FORMAT_VERSION = 1
_FIELDS: dict[str, type] = {"controls": list, "libraries": list, "paths": list, "version": int}
_CONTROL: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "group": (str,),
    "low": (int, float),
    "high": (int, float),
    "default": (int, float),
    "curve": (str,),
    "unit": (str,),
    "meaning": (str,),
}


@dataclass(frozen=True)
class Description:
    """What is known of a patch besides the patch.

    Attributes:
        controls: Its controls.
        libraries: Libraries of externals that Pd loads first.
        paths: Folders where Pd looks for abstractions and externals.
        version: Version of its sound.
    """

    controls: ControlSpace
    libraries: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    version: int = 1


def describe(name: PatchName, unpacked: int | None) -> Description:
    """Read what is known of a patch.

    Args:
        name: Where it is, and its controls if its name gives them.
        unpacked: How many controls it seems to have, for the message if nothing tells.

    Raises:
        SynthError: The JSON file cannot be read or does not fit, or is missing where it is needed.
    """
    path = name.description
    if not path.exists():
        if name.controls is None:
            raise SynthError(_missing(name, unpacked or 2))
        return Description(ControlSpace(tuple(_control(one, i) for i, one in enumerate(name.controls))))
    document = read_document(path, FORMAT, FORMAT_VERSION, {}, error=SynthError, optional=_FIELDS)
    try:
        listed = document.get("controls") if name.controls is None else list(name.controls)
        if not listed:
            raise SynthError('"controls" lists at least one control; got none; name each one there')
        folder = path.parent
        return Description(
            ControlSpace(tuple(_control(one, i) for i, one in enumerate(listed))),
            tuple(_text(one, "libraries") for one in document.get("libraries", ())),
            tuple(_folder(folder / _text(one, "paths")) for one in document.get("paths", ())),
            _version(document.get("version", 1)),
        )
    except (SynthError, UsageError) as error:
        raise SynthError(f"{str(path)!r}: {error}") from None


def example(count: int) -> str:
    """A JSON file for a patch of so many controls, in one line."""
    names = ["cutoff", "drive"] if count == 2 else [f"control_{i + 1}" for i in range(count)]
    return " ".join(document_text(FORMAT, FORMAT_VERSION, {"controls": names}).split())


def _missing(name: PatchName, count: int) -> str:
    return (
        "what the controls of a patch are called stands in a JSON file beside it; got no "
        f"{str(name.description)!r}; write {example(count)} into it, or give their number or names after the "
        f"name: pd:{name.path}:{count}"
    )


def _control(given: Any, index: int) -> Control:
    fields = {"name": given} if isinstance(given, str) else given
    if not isinstance(fields, dict) or not isinstance(fields.get("name"), str):
        raise SynthError(f'a control is a name, or a mapping with a "name"; got {short_text(given)}; name it')
    name = check_control_name(fields["name"])
    for key, value in fields.items():
        if key not in _CONTROL:
            raise SynthError(
                f"control {name}: it has {', '.join(_CONTROL)}; got {short_text(key)!r}; remove it"
            )
        if not isinstance(value, _CONTROL[key]) or isinstance(value, bool):
            kind = "text" if _CONTROL[key] == (str,) else "a number"
            raise SynthError(f'control {name}: "{key}" is {kind}; got {short_text(value)}; change it')
    curve = fields.get("curve", "linear")
    if curve not in get_args(Curve):
        raise SynthError(
            f'control {name}: "curve" is one of {", ".join(get_args(Curve))}; got {short_text(curve)!r}'
        )
    low, high = float(fields.get("low", 0.0)), float(fields.get("high", 1.0))
    if curve == "integer" and not (low.is_integer() and high.is_integer()):
        raise SynthError(
            f"control {name}: an integer one has whole ends; got {low:g} and {high:g}; round them"
        )
    middle = Control(name, "", low, high, low, curve).to_physical(0.5)
    return Control(
        name,
        fields.get("group") or "patch",
        low,
        high,
        float(fields.get("default", middle)),
        curve,
        fields.get("unit", ""),
        fields.get("meaning") or f"number {index + 1} of the list that the patch gets",
    )


def _text(given: Any, field: str) -> str:
    if not isinstance(given, str) or not given or given.startswith("-") or "\0" in given:
        raise SynthError(f'"{field}" lists texts; got {short_text(given)}; correct it')
    return given


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise SynthError(
            f'"paths" lists folders, seen from this file; got {str(path)!r}, which is none; correct it'
        )
    return path


def _version(value: int) -> int:
    if value < 1:
        raise SynthError(f'"version" is a whole number from 1; got {value}; correct it')
    return value

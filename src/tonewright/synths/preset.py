"""Presets: the setting of a synth as a small JSON file.

```json
{"format": "tonewright-preset", "format_version": 1,
 "synth": "serum-lite", "synth_version": 1, "name": "Warm bass",
 "controls": {"osc1_morph": 0.33, ...},
 "midi_note": 36, "gate_seconds": 0.8}
```
Values are physical (Hz, seconds, cents…), so that people can read and edit them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tonewright.documents import document_text, parse_document, short_text
from tonewright.errors import AudioError, PresetError
from tonewright.files import read_limited, write_text
from tonewright.synths.base import Synth
from tonewright.synths.registry import synth as make_synth

FORMAT = "tonewright-preset"
FORMAT_VERSION = 1
_MAX_BYTES = 1_000_000
_FIELDS: dict[str, type] = {"synth": str, "synth_version": int, "controls": dict}
_OPTIONAL: dict[str, type] = {"name": str, "tags": list, "midi_note": object, "gate_seconds": object}


@dataclass(frozen=True)
class Preset:
    """The setting of a synth.

    Attributes:
        synth: Name of the synth it belongs to.
        synth_version: Version of that synth's sound.
        controls: Physical value of every control, by name.
        name: For people.
        tags: Free words (bass, lead…).
        midi_note: The note it was made for, if any.
        gate_seconds: How long the key was held, if known.

    Raises:
        PresetError: Note or gate are out of range.

    Examples:
        >>> import tonewright as tw
        >>> synth = tw.synth("serum-lite")
        >>> preset = tw.Preset.of(synth, synth.controls.defaults(), name="Neutral", midi_note=48)
        >>> preset.save("neutral.json")
        >>> again = tw.Preset.load("neutral.json")
        >>> again.name, again.midi_note, again.controls["osc1_unison"]
        ('Neutral', 48, 1)
        >>> again.params(synth).shape  # the unit vector that the synth renders
        (24,)
    """

    synth: str
    synth_version: int
    controls: Mapping[str, float]
    name: str = ""
    tags: tuple[str, ...] = field(default=())
    midi_note: float | None = None
    gate_seconds: float | None = None

    def __post_init__(self) -> None:
        _check_number("midi_note", self.midi_note, 0, 127)
        _check_number("gate_seconds", self.gate_seconds, 0, 3600)

    @classmethod
    def of(
        cls,
        synth: Synth,
        params: ArrayLike,
        *,
        name: str = "",
        tags: tuple[str, ...] = (),
        midi_note: float | None = None,
        gate_seconds: float | None = None,
    ) -> Preset:
        """The preset of one unit vector `[D]`."""
        values = synth.controls.to_values(params)
        return cls(synth.name, synth.version, values, name, tags, midi_note, gate_seconds)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Preset:
        """Read and check a preset file: `load_preset`."""
        return load_preset(path)

    def params(self, synth: Synth) -> NDArray[np.float32]:
        """The unit vector `[D]` for its synth.

        Raises:
            PresetError: The preset belongs to another synth or version, or its controls do not fit.
        """
        if self.synth != synth.name:
            raise PresetError(
                f"this preset is for the synth '{short_text(self.synth)}', not '{short_text(synth.name)}'"
            )
        if self.synth_version != synth.version:
            remedy = "update tonewright" if self.synth_version > synth.version else "match the sound again"
            raise PresetError(
                f"this preset was made for version {short_text(self.synth_version)} of "
                f"{short_text(synth.name)}, now at version {synth.version}; {remedy}"
            )
        return synth.controls.to_unit(self.controls)

    def to_json(self) -> str:
        """The preset as JSON text."""
        fields: dict[str, Any] = {
            "synth": self.synth,
            "synth_version": self.synth_version,
            "name": self.name,
            "tags": list(self.tags),
            "controls": {
                name: int(value) if isinstance(value, Integral) else float(value)
                for name, value in self.controls.items()
            },
            "midi_note": self.midi_note,
            "gate_seconds": self.gate_seconds,
        }
        empty: tuple[object, ...] = ("", [], None)
        given = {name: value for name, value in fields.items() if value not in empty}
        return document_text(FORMAT, FORMAT_VERSION, given)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the preset as JSON, whole or not at all.

        Raises:
            OutputError: The file exists already (and not `overwrite`), or cannot be written.
        """
        write_text(path, self.to_json(), overwrite=overwrite)


def parse_preset(text: str | bytes) -> Preset:
    """Read a preset from JSON text (bytes are UTF-8) and check it against its synth.

    Raises:
        PresetError: Anything in it does not fit; the message says what.
        UnknownNameError: Its synth is not known here.
    """
    fields = parse_document(text, FORMAT, FORMAT_VERSION, _FIELDS, error=PresetError, optional=_OPTIONAL)
    tags = fields.get("tags", [])
    if not all(isinstance(tag, str) for tag in tags):
        raise PresetError(f'the field "tags" of a preset has the wrong type: {short_text(tags)}')
    preset = Preset(
        fields["synth"],
        fields["synth_version"],
        fields["controls"],
        fields.get("name", ""),
        tuple(tags),
        fields.get("midi_note"),
        fields.get("gate_seconds"),
    )
    try:
        synth = make_synth(preset.synth)
    except AudioError as error:
        raise PresetError(f"the sound that this preset plays is missing or unfit: {error}") from None
    preset.params(synth)
    return preset


def load_preset(path: str | PathLike[str]) -> Preset:
    """Read and check a preset file.

    Raises:
        PresetError: The file cannot be read, or does not fit its synth.
        UnknownNameError: Its synth is not known here.
    """
    content = read_limited(path, _MAX_BYTES, PresetError, "give the path of a preset file")
    try:
        return parse_preset(content)
    except PresetError as error:
        raise PresetError(f"{fspath(path)!r}: {error}") from None


def preset_schema(synth: Synth) -> dict[str, Any]:
    """JSON Schema of this synth's presets, generated from its controls."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Preset of {synth.name}",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "format_version": {"const": FORMAT_VERSION},
            "synth": {"const": synth.name},
            "synth_version": {"const": synth.version},
            "name": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "controls": synth.controls.schema(),
            "midi_note": {"type": ["number", "null"], "minimum": 0, "maximum": 127},
            "gate_seconds": {"type": ["number", "null"], "minimum": 0, "maximum": 3600},
        },
        "required": ["format", "format_version", *_FIELDS],
        "additionalProperties": False,
    }


def _check_number(name: str, value: object, low: float, high: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise PresetError(f"{name} lies between {low:g} and {high:g}; got {short_text(value)}")

"""Briefs, templates and settings that ship, and those of a folder of one's own.

A folder holds `target_styles.json`, and perhaps `prompt_templates.json`, `parameter_presets.json` and
`references/` with the sounds that its briefs name. Its templates and presets come in addition to those that
ship, or in place of those of the same name. What each file may hold is also told by the JSON Schemas in
`schemas/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from tonewright.documents import check_fields, parse_document, read_document, short_text
from tonewright.errors import BriefError, UnknownNameError
from tonewright.files import StrPath
from tonewright.prompting.briefs.brief import Brief, Target
from tonewright.prompting.briefs.reading import brief_of_text
from tonewright.prompting.briefs.templates import Template

BRIEFS, TEMPLATES, PRESETS = "target_styles.json", "prompt_templates.json", "parameter_presets.json"
REFERENCES = "references"
FORMS: Mapping[str, tuple[str, str]] = {
    BRIEFS: ("tonewright-briefs", "briefs"),
    TEMPLATES: ("tonewright-prompt-templates", "templates"),
    PRESETS: ("tonewright-parameter-presets", "presets"),
}
"""Format of each file, and the list in it."""
VERSION = 1
_BRIEF: Mapping[str, type] = {
    "id": str,
    "category": str,
    "subcategory": str,
    "description": str,
    "target": dict,
    "baseline_prompt": str,
}
_BRIEF_MORE: Mapping[str, type] = {"difficulty": int, "references": list, "settings": str}
_TARGET: Mapping[str, type] = {"seconds": float}
_TARGET_MORE: Mapping[str, type] = {"bpm": float, "bars": int, "key": str, "tone": list, "elements": list}
_TEMPLATE: Mapping[str, type] = {"id": str, "kind": str, "category": str, "text": str}
_PRESET: Mapping[str, type] = {"name": str, "meaning": str, "settings": dict}


@dataclass(frozen=True)
class ParameterPreset:
    """Generation settings by a name.

    Attributes:
        name: Its name.
        meaning: What it is for.
        settings: Settings by the name of the generator.
    """

    name: str
    meaning: str
    settings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Library:
    """Briefs, and what goes with them.

    Attributes:
        briefs: By id.
        templates: By id.
        presets: By name.
        folder: Where its references are; None of the library of the package.
    """

    briefs: Mapping[str, Brief]
    templates: Mapping[str, Template]
    presets: Mapping[str, ParameterPreset]
    folder: Path | None = None

    def brief(self, id_or_text: str) -> Brief:
        """The brief of an id, or else of a text.

        Raises:
            UnknownNameError: One word, which is no id.
            BriefError: A text that says nothing of what to make.
        """
        if id_or_text in self.briefs:
            return self.briefs[id_or_text]
        if len(id_or_text.split()) == 1:
            raise UnknownNameError("brief", short_text(id_or_text), self.briefs)
        return brief_of_text(id_or_text)

    def references(self, brief: Brief) -> list[Path]:
        """The sounds a brief is to be like, as files that are there.

        Raises:
            BriefError: One is missing.
        """
        found = []
        for name in brief.references:
            path = (self.folder or Path()) / REFERENCES / name
            if self.folder is None or not path.is_file():
                raise BriefError(
                    f"brief {brief.id!r}: a reference is a file in {REFERENCES}/ of its folder; "
                    f"got {name!r}; put it there"
                )
            found.append(path)
        return found


@cache
def library() -> Library:
    """The briefs, templates and settings that ship."""
    read = {name: files(__package__).joinpath(name).read_bytes() for name in FORMS}
    found = {
        name: parse_document(read[name], form, VERSION, {key: list}, error=BriefError, optional={})[key]
        for name, (form, key) in FORMS.items()
    }
    return _library(found, None)


def read_library(folder: StrPath) -> Library:
    """The briefs of a folder.

    Raises:
        BriefError: A file is missing, damaged, or holds what makes no sense; it is named.
    """
    folder, shipped = Path(folder), library()
    found: dict[str, list[Any]] = {}
    for name, (form, key) in FORMS.items():
        if name == BRIEFS or (folder / name).exists():
            document = read_document(folder / name, form, VERSION, {key: list}, error=BriefError, optional={})
            found[name] = document[key]
    own = _library(found, folder)
    made = Library(
        own.briefs,
        {**shipped.templates, **own.templates},
        {**shipped.presets, **own.presets},
        folder,
    )
    for brief in made.briefs.values():
        made.references(brief)
        if brief.settings not in made.presets:
            raise UnknownNameError("preset of settings", brief.settings, made.presets)
    return made


def _library(found: Mapping[str, list[Any]], folder: Path | None) -> Library:
    def read(name: str, make: Any, key: str) -> dict[str, Any]:
        place = repr(str(name if folder is None else folder / name))
        made: dict[str, Any] = {}
        for number, entry in enumerate(found.get(name, ())):
            try:
                one = make(entry)
            except (BriefError, UnknownNameError) as error:
                raise BriefError(f"entry {number + 1} of {place}: {error}") from None
            if getattr(one, key) in made:
                raise BriefError(
                    f"entry {number + 1} of {place}: {getattr(one, key)!r} is there twice; rename one"
                )
            made[getattr(one, key)] = one
        return made

    return Library(
        read(BRIEFS, _brief, "id"),
        read(TEMPLATES, _template, "id"),
        read(PRESETS, _preset, "name"),
        folder,
    )


def _brief(entry: Any) -> Brief:
    fields = _checked(entry, "brief", _BRIEF, _BRIEF_MORE)
    target = _checked(fields["target"], "target", _TARGET, _TARGET_MORE)
    for name in ("tone", "elements"):
        target[name] = _texts(target.get(name, []), name)
    fields["references"] = _texts(fields.get("references", []), "references")
    return Brief(**fields | {"target": Target(**target)})


def _template(entry: Any) -> Template:
    return Template(**_checked(entry, "template", _TEMPLATE, {}))


def _preset(entry: Any) -> ParameterPreset:
    fields = _checked(entry, "preset", _PRESET, {})
    for generator, settings in fields["settings"].items():
        if not isinstance(settings, dict):
            raise BriefError(
                f"settings are a mapping for each generator; got {short_text(settings)} for {generator!r}"
            )
    return ParameterPreset(**fields)


def _checked(entry: Any, noun: str, fields: Mapping[str, type], more: Mapping[str, type]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise BriefError(f"a {noun} is a mapping; got {short_text(entry)}")
    return check_fields(entry, noun, fields, more, error=BriefError)


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not all(isinstance(one, str) for one in value):
        raise BriefError(f"{name} is a list of text; got {short_text(value)}")
    return tuple(value)

"""Configurations: frozen dataclasses made from JSON, every field checked, nothing guessed."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from tonewright.documents import read_json
from tonewright.errors import UnknownNameError, UsageError
from tonewright.files import StrPath

Config = TypeVar("Config")


def config_from(
    kind: type[Config], values: Mapping[str, Any], *, within: str = "", default: Config | None = None
) -> Config:
    """A configuration from plain values; fields that are not given keep their defaults.

    Args:
        kind: A dataclass whose fields are numbers, text, yes or no, tuples of these, None where it says so,
            and dataclasses of that kind.
        values: By the names of the fields; a mapping for a field that is a dataclass, a list for a tuple.
        within: Where the values stand, for messages ("ppo.").
        default: Holds the fields that are not given; those that `kind` has by itself unless named.

    Raises:
        UnknownNameError: There is no such field.
        UsageError: A value is of another type, or impossible.
    """
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in values:
        if name not in fields:
            for outer, hint in hints.items():
                if dataclasses.is_dataclass(hint) and name in {one.name for one in dataclasses.fields(hint)}:
                    raise UsageError(
                        f"no field is called '{within}{name}'; it belongs under {outer!r}:"
                        f' write {{"{outer}": {{"{name}": …}}}}'
                    )
            raise UnknownNameError("field", f"{within}{name}", [f"{within}{known}" for known in fields])
    given = {
        name: _value(
            hints[name],
            value,
            f"{within}{name}",
            _default(fields[name]) if default is None else getattr(default, name),
        )
        for name, value in values.items()
    }
    return kind(**given) if default is None else dataclasses.replace(default, **given)  # type: ignore[type-var]


def read_config(kind: type[Config], path: StrPath, recipe: str | None = None) -> Config:
    """A configuration from a JSON file with its fields, or from the `config.json` of a run.

    Args:
        kind: As of `config_from`.
        path: The file.
        recipe: What the file may say that it configures; no matter if not given.

    Raises:
        UnknownNameError: It has a field that does not exist.
        UsageError: It cannot be read, is no JSON mapping, of another recipe, or a value is impossible.
    """
    values = read_json(path, error=UsageError)
    if isinstance(values, dict) and isinstance(values.get("config"), dict):
        values = values["config"]  # that of a run
    named = repr(str(Path(path)))
    if not isinstance(values, dict):
        raise UsageError(f'{named} holds no mapping of fields to values; write {{"field": value}}')
    found = values.pop("recipe", recipe)
    if recipe is not None and found != recipe:
        raise UsageError(f"{named} configures a {found!r}, and this is {recipe!r}; choose another file")
    return config_from(kind, values)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def _value(hint: Any, value: Any, name: str, default: Any = None) -> Any:
    """The value of one field, with lists made tuples and mappings made dataclasses."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and types.NoneType in arguments:
            return None
        (hint,) = (argument for argument in arguments if argument is not types.NoneType)
        return _value(hint, value, name, default)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise UsageError(f"{name} is a mapping of fields to values; got {value!r}")
        return config_from(hint, value, within=f"{name}.", default=default)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise UsageError(f"{name} is a list; got {value!r}")
        if arguments[-1] is Ellipsis:
            return tuple(_value(arguments[0], one, name) for one in value)
        if len(value) != len(arguments):
            raise UsageError(f"{name} is a list of {len(arguments)}; got {value!r}")
        return tuple(_value(one_hint, one, name) for one_hint, one in zip(arguments, value, strict=True))
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:  # bool is no int here
        raise UsageError(f"{name} is {_WORDS[hint]}; got {value!r}")
    return value


_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}

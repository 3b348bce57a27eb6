"""What follows `pd:` in the name of a synth: a patch that ships, or a path, with controls or without."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tonewright.documents import short_text
from tonewright.errors import SynthError, UsageError, system_reason

SHIPPED = Path(__file__).with_name("patches")
"""A folder for each patch that ships."""
PATCH = "synth.pd"
"""What the patch in a folder is called."""
_MOST_CONTROLS = 100


@dataclass(frozen=True)
class PatchName:
    """Where a patch is.

    Attributes:
        path: The file.
        controls: Names of its controls, if they are given in the name of the synth.
    """

    path: Path
    controls: tuple[str, ...] | None = None

    @property
    def description(self) -> Path:
        """The JSON file beside it."""
        return self.path.with_suffix(".json")


def find_patch(text: str) -> PatchName:
    """Read a name without its `pd:`.

    Args:
        text: `sine` (a patch that ships), `PATH`, `PATH.pd:3` or `PATH.pd:cutoff,drive`; the path of a patch,
            or of a folder that holds one called `synth.pd`.

    Raises:
        UsageError: The controls in the name are no number and no names.
        SynthError: There is no such patch.
    """
    before, separator, option = text.rpartition(".pd:")
    controls = _controls(option) if separator else None
    given = before + ".pd" if separator else text
    if given in shipped():
        return PatchName(SHIPPED / given / PATCH, controls)
    path = Path(given)
    try:
        if not given:
            raise SynthError(f"pd: goes before a path, or before one of {', '.join(shipped())}; got neither")
        if path.is_dir():
            path /= PATCH
        path.stat()
        if not path.is_file():
            raise SynthError(f"a patch is a file; got {short_text(given)!r}, which is none; choose another")
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = system_reason(error) if isinstance(error, OSError) else error
        raise SynthError(
            f"cannot read {short_text(os.fspath(path))!r}: {reason}; give the path of a patch, of a folder "
            f"that holds {PATCH}, or one of those that ship: {', '.join(shipped())}"
        ) from None
    if path.suffix != ".pd":
        raise SynthError(
            f"the name of a patch ends in .pd; got {short_text(given)!r}; rename or choose another"
        )
    # To Pd a backslash is a slash, a tab is a space, and $0 a number of its own.
    if "\\" in path.name or "$0" in path.name or not path.name.isprintable():
        raise SynthError(f"Pd can write the name of a patch; got {short_text(path.name)!r}; rename it")
    return PatchName(path.absolute(), controls)  # which holds when the current folder changes


def shipped() -> list[str]:
    """Names of the patches that ship."""
    return sorted(folder.name for folder in SHIPPED.iterdir() if (folder / PATCH).is_file())


def check_control_name(name: str) -> str:
    """A name that presets and tables can bear.

    Raises:
        UsageError: It is none.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        near = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
        proposal = f"{near!r} for one" if re.fullmatch("[a-z][a-z0-9_]*", near) else "'cutoff_hz' for one"
        raise UsageError(
            f"the name of a control is small letters, digits and underscores ({proposal}); "
            f"got {short_text(name)!r}"
        )
    return name


def _controls(option: str) -> tuple[str, ...]:
    if option.isdecimal():
        if not 1 <= int(option) <= _MOST_CONTROLS:
            raise UsageError(f"a patch has 1 to {_MOST_CONTROLS} controls; got {short_text(option)}")
        return tuple(f"control_{i + 1}" for i in range(int(option)))
    if not option:
        raise UsageError(
            "after .pd: comes a number of controls or their names; got nothing; leave out the colon"
        )
    names = tuple(check_control_name(name.strip()) for name in option.split(","))
    if len(set(names)) < len(names):
        raise UsageError(f"the names of controls differ; got {short_text(option)!r}; name each one once")
    return names

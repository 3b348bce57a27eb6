"""The program Pd: where it is, and whether it is recent enough."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

from tonewright.documents import short_text
from tonewright.errors import SynthError, system_reason

VARIABLE = "TONEWRIGHT_PD"
"""Names the program, where it is not on the search path."""
_OLDEST = (0, 52)
_MAC = "/Applications/Pd-*.app/Contents/Resources/bin/pd"
_REMEDY = (
    "install it (Debian, Ubuntu: apt-get install puredata-core; macOS: brew install --cask pd; all: "
    f"https://puredata.info/downloads), or name the program in {VARIABLE}"
)


@dataclass(frozen=True)
class Program:
    """A Pd that can be run.

    Attributes:
        path: The program.
        version: As it says: "0.53.1".
    """

    path: str
    version: str


def find_program() -> Program:
    """Find Pd: what TONEWRIGHT_PD names, `pd` on the search path, or what is installed on a Mac.

    Raises:
        SynthError: There is none, or it is too old, or the system has no named pipes.
    """
    if not hasattr(os, "mkfifo"):
        raise SynthError(
            "Pd patches are played where there are named pipes; got Windows; use its Linux subsystem (WSL)"
        )
    named = os.environ.get(VARIABLE, "")
    path = shutil.which(named or "pd") or ("" if named else next(iter(sorted(glob.glob(_MAC))[::-1]), ""))
    if not path:
        got = f"{VARIABLE}={named!r}, which is no program" if named else "no program called pd"
        raise SynthError(f"playing a patch needs Pure Data; got {got}; {_REMEDY}")
    return _checked(os.path.abspath(path))  # Pd runs in another folder


def has_program() -> bool:
    """Whether patches can be played here."""
    try:
        find_program()
    except SynthError:
        return False
    return True


@cache
def _checked(path: str) -> Program:
    try:
        run = subprocess.run(
            [path, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            start_new_session=True,
        )
        said = (run.stdout + run.stderr).decode(errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        said = system_reason(error) if isinstance(error, OSError) else "nothing in 30 s"
    match = re.search(r"Pd-(\d+)\.(\d+)[-.\w]*", said)
    if not match:
        raise SynthError(f"Pd tells its version; got {short_text(said.strip())!r} from {path!r}; {_REMEDY}")
    if (int(match[1]), int(match[2])) < _OLDEST:
        raise SynthError(
            f"Pd is 0.52 or later; got {match[0]} in {path!r}; update it, or name another in {VARIABLE}"
        )
    return Program(path, match[0].removeprefix("Pd-"))

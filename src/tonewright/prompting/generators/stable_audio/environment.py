"""The environment of `stable-audio-tools`, whose pins do not go with those of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from tonewright.documents import document_text, parse_document, sha256, short_text
from tonewright.errors import GenerationError, OutputError, TonewrightError, UsageError, system_reason
from tonewright.files import StrPath, replacing_folder, write_text

VARIABLE = "TONEWRIGHT_STABLE_AUDIO_ENV"
WORKER = Path(__file__).with_name("worker.py")
_ALONE = ("stable-audio-tools==0.0.19", "alias-free-torch==0.0.6")
_FORM, _VERSION, _MARK = "tonewright-environment", 1, "tonewright.json"
_TOLD = ("Collecting ", "Downloading ", "Building ", "Installing ")


def environment_folder(folder: StrPath | None = None) -> Path:
    """Where the environment is: as given, as the variable says, or in the user's folder of caches."""
    named = folder or os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    home = Path.home()
    if sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        caches = home / "Library" / "Caches"
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return caches / "tonewright" / "stable-audio"


def environment_python(folder: StrPath | None = None) -> Path:
    """The Python of the environment.

    Raises:
        UsageError: There is none, or it was made for another version of this project.
    """
    place = environment_folder(folder)
    if not _is_made(place):
        raise UsageError(
            f"the generator 'stable-audio' has an environment of its own; got none at {str(place)!r}; make it"
            f" with `tonewright generate setup`, or name another one in {VARIABLE}"
        )
    return _python(place)


def make_environment(
    folder: StrPath | None = None,
    *,
    tell: Callable[[str], None] = lambda line: None,
    overwrite: bool = False,
    beside: Sequence[StrPath] = (),
) -> Path:
    """Make the environment, unless it is there: whole, or not at all.

    Args:
        folder: Where; see `environment_folder`.
        tell: Is told what is done, a line at a time.
        overwrite: Whether one that is there is made anew.
        beside: Folders of packages that it finds after its own, so that what they hold is not installed
            again. It is not independent of them: of use in tests.

    Returns:
        Its folder.

    Raises:
        OutputError: The folder holds something else, or the system refuses.
        GenerationError: A package cannot be installed, or what was installed does not work.
    """
    place = environment_folder(folder)
    if _is_made(place) and not overwrite:
        return place
    if (place / _MARK).exists() or (place.is_dir() and not any(place.iterdir())):
        shutil.rmtree(place)
    with replacing_folder(place) as stage:
        stage.rmdir()
        _run([sys.executable, "-m", "venv", str(stage)], "an environment cannot be made", tell)
        tell(f"filling {place}")
        python = str(_python(stage))
        if beside:
            found = "".join(f"{Path(one).absolute()}\n" for one in beside)
            write_text(_packages(python) / "beside.pth", found)
        pip = [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        pip += ["--progress-bar", "off"]
        _run([*pip, "-r", str(WORKER.with_name("requirements.txt"))], "pip cannot install", tell)
        _run([*pip, "--no-deps", *_ALONE], "pip cannot install", tell)
        _run([python, "-I", str(WORKER), "--check"], "stable-audio-tools does not work", tell)
        write_text(stage / _MARK, document_text(_FORM, _VERSION, {"recipe": _recipe()}))
    return place


def _is_made(place: Path) -> bool:
    try:
        content = (place / _MARK).read_bytes()
        made = parse_document(content, _FORM, _VERSION, {"recipe": str}, error=OutputError)
    except (OSError, TonewrightError):
        return False
    return made["recipe"] == _recipe() and _python(place).exists()


def _recipe() -> str:
    """What tells an environment of this version from others."""
    asked = files(__package__).joinpath("requirements.txt").read_bytes()
    return sha256(asked + " ".join(_ALONE).encode())


def _python(place: Path) -> Path:
    return place / "Scripts" / "python.exe" if sys.platform == "win32" else place / "bin" / "python"


def _packages(python: str) -> Path:
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([python, "-I", "-c", script], check=True, capture_output=True, text=True)
    return Path(found.stdout.strip())


def _run(command: Sequence[str], failure: str, tell: Callable[[str], None]) -> None:
    """Run to the end, telling what is done; the last error is told if it fails."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environ,
        )
    except OSError as error:
        raise GenerationError(
            f"{failure}: {system_reason(error)}: {command[0]!r}; install it anew"
        ) from error
    assert process.stdout is not None
    last = refusal = ""
    with process:
        try:
            for line in process.stdout:
                last = line.strip() or last
                if last.startswith("ERROR: "):
                    refusal = last.removeprefix("ERROR: ")
                if line.strip().startswith(_TOLD):
                    tell(short_text(last.partition(" (from")[0]))
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise GenerationError(
            f"{failure}: {short_text(refusal or last)}; see that there is a network and room on the disk, "
            "and try again"
        )

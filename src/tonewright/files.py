"""Writing files whole or not at all, and never over something silently."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tonewright.errors import OutputError, TonewrightError, system_reason

StrPath = str | os.PathLike[str]


@contextmanager
def replacing(path: StrPath, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it to `path` when the body has ended well.

    On any exception, Ctrl-C included, the temporary file is removed and `path` is as it was.

    Args:
        path: The file to make; folders that are missing above it are made, and stay if the body has ended
            well. A link stays a link: the file it points to is replaced.
        overwrite: Whether a file that is there already may be replaced.

    Yields:
        An empty temporary file with the same ending.

    Raises:
        OutputError: The file exists, is not a plain file, or the system refuses (also while the body writes).
    """
    with _as_output_error(path), _parents(_real(path)) as target:
        _check_file(target, path, overwrite)
        temporary = _beside(target, suffix=target.suffix)
        try:
            temporary.touch(exist_ok=False)
            yield temporary
            _check_file(target, path, overwrite)  # again: something may have appeared while the body ran
            temporary.replace(target)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def read_limited(path: StrPath, most_bytes: int, error: type[TonewrightError], remedy: str) -> bytes:
    """Read a file of at most `most_bytes`.

    Args:
        path: The file.
        most_bytes: What is longer is not what it should be.
        error: Raised, naming the file, if it cannot be read or is longer.
        remedy: What to do about it.
    """
    named = repr(os.fspath(path))  # quoted, and one line whatever the name holds
    try:
        with Path(path).open("rb") as file:
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as refused:  # ValueError: a name with a zero byte
        reason = system_reason(refused) if isinstance(refused, OSError) else refused
        raise error(f"cannot read {named}: {reason}; {remedy}") from None
    if len(content) > most_bytes:
        raise error(f"{named}: larger than {most_bytes} bytes; {remedy}")
    return content


def write_bytes(path: StrPath, data: bytes, *, overwrite: bool = False) -> None:
    """Write `data` to `path`, whole or not at all; see `replacing`."""
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(data)


def write_text(path: StrPath, text: str, *, overwrite: bool = False) -> None:
    """Write `text` as UTF-8 with plain line feeds to `path`, whole or not at all; see `replacing`."""
    write_bytes(path, text.encode(), overwrite=overwrite)


def prepare_folder(path: StrPath, *, overwrite: bool = False) -> Path:
    """Make the folder `path` if it is missing, and check that results can be written to it.

    Args:
        path: The folder; those that are missing above it are made, too.
        overwrite: Whether the folder may hold something already.

    Returns:
        The folder's real path.

    Raises:
        OutputError: It is a file, holds something, or cannot be made or written to.
    """
    with _as_output_error(path), _parents(_real(path)) as folder:
        _check_folder(folder, path, overwrite)
        folder.mkdir(exist_ok=True)
        probe = _beside(folder / "probe")
        probe.touch(exist_ok=False)  # asks the system itself: access bits lie on network and read-only mounts
        probe.unlink()
        return folder


@contextmanager
def replacing_folder(path: StrPath, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary folder to write to, whose files all appear in `path` when the body has ended well.

    A folder that is not there yet appears by a single rename. Into one that exists, the finished files are
    moved one after the other; what else it holds stays untouched. On any exception, Ctrl-C included, the
    temporary folder is removed and `path` is as it was.

    Args:
        path: The folder to make or to add to; those that are missing above it are made, and stay if the body
            has ended well.
        overwrite: Whether the folder may hold something already, and files of the same name be replaced.

    Yields:
        An empty temporary folder.

    Raises:
        OutputError: `path` is a file, holds something, or the system refuses (also while the body writes).
    """
    with _as_output_error(path), _parents(_real(path)) as folder:
        _check_folder(folder, path, overwrite)
        # Inside a folder that exists, because it may be a mount point that nothing can be renamed into from
        # outside.
        stage = _beside(folder / "stage" if folder.exists() else folder)
        try:
            stage.mkdir()
            yield stage
            if stage.parent == folder:
                _move_files(stage, folder, overwrite)
            else:
                _check_folder(folder, path, overwrite)
                stage.rename(folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _move_files(stage: Path, folder: Path, overwrite: bool) -> None:
    files = [file.relative_to(stage) for file in sorted(stage.rglob("*")) if not file.is_dir()]
    for there in (folder / file for file in files):
        if there.is_dir() or (there.exists() and not overwrite):
            raise OutputError(f"cannot write {_named(there)}: something of this name is in the way; move it")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (stage / file).replace(folder / file)


def _check_file(target: Path, path: StrPath, overwrite: bool) -> None:
    if target.is_dir():
        raise OutputError(f"cannot write {_named(path)}: it is a folder; give the name of a file")
    if target.exists() and not target.is_file():
        raise OutputError(
            f"cannot write {_named(path)}: it is a device or pipe; give the name of a plain file"
        )
    if target.exists() and not overwrite:
        raise OutputError(
            f"cannot write {_named(path)}: it exists; choose another name, or pass "
            "--overwrite (overwrite=True in Python)"
        )


def _check_folder(folder: Path, path: StrPath, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"cannot write to {_named(path)}: it is not a folder; choose another name")
    if folder.exists() and not overwrite and any(folder.iterdir()):
        raise OutputError(
            f"cannot write to {_named(path)}: the folder is not empty; choose another, or pass "
            "--overwrite (overwrite=True in Python)"
        )


@contextmanager
def _parents(target: Path) -> Iterator[Path]:
    """Make the folders above `target` that are missing; on any exception they are removed again."""
    made: list[Path] = []
    try:
        for parent in reversed(target.parents):
            if not parent.exists():
                parent.mkdir(exist_ok=True)
                made.append(parent)
        yield target
    except BaseException:
        for parent in reversed(made):
            with suppress(OSError):  # somebody else's file may lie in it by now
                parent.rmdir()
        raise


def _real(path: StrPath) -> Path:
    if not os.fspath(path):
        raise OutputError("cannot write '': a name is not empty; give one")
    if "\0" in os.fspath(path):
        raise OutputError(f"cannot write {_named(path)}: a name cannot hold a zero byte; choose another name")
    return Path(os.path.realpath(path))


def _beside(target: Path, suffix: str = "") -> Path:
    # Not tempfile: its files are readable by their owner only, and would stay so after the rename.
    return target.with_name(f".{os.urandom(8).hex()}{suffix}")


def _named(path: StrPath) -> str:
    return repr(os.fspath(path))  # quoted, and one line whatever the name holds


@contextmanager
def _as_output_error(path: StrPath) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = system_reason(error)
        raise OutputError(f"cannot write {_named(path)}: {reason}; choose another place") from error

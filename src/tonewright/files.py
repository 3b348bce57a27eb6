"""Writing files whole or not at all, and never over something silently.

What is being written lies in a hidden file or folder beside its place. Its process holds a lock on it, which
the system takes back however the process ends; the next process that writes there removes what it left.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from tonewright.errors import OutputError, TonewrightError, system_reason

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and nothing is swept
    fcntl = None

StrPath = str | os.PathLike[str]

_HIDDEN = ".tonewright-{}"
_IS_HIDDEN = re.compile(r"\.tonewright-[0-9a-f]{16}(\..*)?", re.DOTALL)
_PROBED = bytes(1 << 20)
_swept: set[Path] = set()
_places: dict[str, str] = {}
"""What is shown to people in place of each hidden path."""


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
        with _hidden_beside(target, path, _touch, target.suffix) as temporary:
            yield temporary
            _check_file(target, path, overwrite)  # again: something may have appeared while the body ran
            temporary.replace(target)


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


def check_file(path: StrPath, *, overwrite: bool = False, expected_bytes: int = 0) -> None:
    """Check that a file can be written, before the work that it will hold the result of.

    Args:
        path: The file.
        overwrite: Whether a file that is there already may be replaced.
        expected_bytes: About how large it will be; so much is written beside it and removed.

    Raises:
        OutputError: The file exists, is not a plain file, or the system refuses.
    """
    with _as_output_error(path), _parents(_real(path), keep=False) as target:
        _check_file(target, path, overwrite)
        _try_out(target, path, expected_bytes)


def check_folder(path: StrPath, *, overwrite: bool = False, expected_bytes: int = 0) -> None:
    """Check that files can be written to a folder, before the work that they will hold the result of.

    Args:
        path: The folder; it is not made.
        overwrite: Whether the folder may hold something already.
        expected_bytes: About how much will be written; so much is written and removed.

    Raises:
        OutputError: It is a file, holds something, or the system refuses.
    """
    with _as_output_error(path), _parents(_real(path), keep=False) as folder:
        _check_folder(folder, path, overwrite)
        _try_out(folder / "probe" if folder.exists() else folder, path, expected_bytes)


def write_or_rescue(write: Callable[[Path], object], path: StrPath) -> None:
    """Write the result of long work; what cannot be written to its place goes to the temporary folder.

    Args:
        write: Writes a file or folder of the name it is given.
        path: Where it belongs.

    Raises:
        OutputError: It could not be written there; the message says where it is instead.
    """
    try:
        write(Path(path))
    except OutputError as failure:
        try:
            rescued = Path(tempfile.mkdtemp(prefix="tonewright-")) / f"result{Path(path).suffix}"
        except OSError:
            raise failure from None
        try:
            write(rescued)
        except OutputError:
            shutil.rmtree(rescued.parent, ignore_errors=True)
            raise failure from None
        raise OutputError(f"{failure}; the result is in {_named(rescued)}") from failure


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
        _try_out(folder / "probe", path)
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
        within = folder / "stage" if folder.exists() else folder
        with _hidden_beside(within, path, Path.mkdir) as stage:
            yield stage
            if stage.parent == folder:
                _move_files(stage, folder, overwrite)
            else:
                _check_folder(folder, path, overwrite)
                stage.rename(folder)


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
def _parents(target: Path, *, keep: bool = True) -> Iterator[Path]:
    """Make the folders above `target` that are missing; on any exception, or unless kept, they go again."""
    made: list[Path] = []
    try:
        for parent in reversed(target.parents):
            if not parent.exists():
                parent.mkdir(exist_ok=True)
                made.append(parent)
        yield target
        if keep:
            made.clear()
    finally:
        for parent in reversed(made):
            with suppress(OSError):  # somebody else's file may lie in it by now
                parent.rmdir()


def _real(path: StrPath) -> Path:
    if not os.fspath(path):
        raise OutputError("cannot write '': a name is not empty; give one")
    if "\0" in os.fspath(path):
        raise OutputError(f"cannot write {_named(path)}: a name cannot hold a zero byte; choose another name")
    target = Path(os.path.realpath(path))
    with suppress(FileNotFoundError, NotADirectoryError):
        target.lstat()  # a name that is too long is refused before the work, not after it
    return target


@contextmanager
def _hidden_beside(
    target: Path, path: StrPath, make: Callable[[Path], None], suffix: str = ""
) -> Iterator[Path]:
    """A hidden file or folder beside `target`, which messages name as `path`; it is removed in the end."""
    _sweep(target.parent)
    lock = None
    while lock is None:
        # Not tempfile: its files are readable by their owner only, and would stay so after the rename.
        hidden = target.with_name(_HIDDEN.format(os.urandom(8).hex()) + suffix)
        make(hidden)
        lock = _locked(hidden)
    _places[os.fspath(hidden)] = os.fspath(path)
    try:
        yield hidden
    except (TonewrightError, OSError) as error:
        error.args = tuple(_shown(one) if isinstance(one, str) else one for one in error.args)
        if isinstance(error, OSError) and error.strerror:
            error.strerror = _shown(error.strerror)
        raise
    finally:
        _remove(hidden)
        del _places[os.fspath(hidden)]
        if lock >= 0:
            os.close(lock)


def _locked(hidden: Path) -> int | None:
    """A descriptor that keeps others from sweeping; −1 without locks, None if it was swept already."""
    if fcntl is None:
        return -1
    try:
        lock = os.open(hidden, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with suppress(OSError):  # a file system without locks; then nobody can sweep either
        fcntl.flock(lock, fcntl.LOCK_EX)
    if not hidden.exists():
        os.close(lock)
        return None
    return lock


def _sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder; once in a process's life, as folders may be large."""
    if fcntl is None or folder in _swept:
        return
    _swept.add(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        for left in [Path(entry.path) for entry in entries if _IS_HIDDEN.fullmatch(entry.name)]:
            with suppress(OSError):
                lock = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its process lives
                    _remove(left)
                finally:
                    os.close(lock)


def _touch(path: Path) -> None:
    path.touch(exist_ok=False)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _try_out(target: Path, path: StrPath, expected_bytes: int = 0) -> None:
    """Write beside `target`: access bits and free space lie on network mounts, and where there are quotas."""
    with _hidden_beside(target, path, _touch) as probe, probe.open("wb") as file:
        for written in range(0, expected_bytes, len(_PROBED)):
            file.write(_PROBED[: expected_bytes - written])


def _shown(text: str) -> str:
    """The text with places as the user named them instead of hidden ones."""
    for hidden, place in list(_places.items()):
        text = text.replace(hidden, place)
    return text


def _named(path: StrPath) -> str:
    return repr(_shown(os.fspath(path)))  # quoted, and one line whatever the name holds


@contextmanager
def _as_output_error(path: StrPath) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write {_named(path)}: {system_reason(error)}; choose another place"
        ) from error

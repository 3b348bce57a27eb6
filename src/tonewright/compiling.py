"""Compiled kernels: Numba's `njit`, whose cache never decides whether Tonewright runs.

Numba keeps compiled code beside its source or in the home folder, and gives up where it can write to neither,
where the disk is full, or where a file of its cache is damaged. Here such a kernel is compiled anew, and kept
in the temporary folder or not at all; one line on stderr says so.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from tonewright.errors import system_reason
from tonewright.threads import check_environment

Function = TypeVar("Function", bound=Callable[..., Any])

_TOLD = "TONEWRIGHT_TOLD"  # in the environment, for processes that are started
_DIGEST_BYTES = hashlib.sha256().digest_size


check_environment()

import numba  # noqa: E402
from numba.core import caching as numba_caching  # noqa: E402
from numba.extending import register_jitable as register_jitable  # noqa: E402

caching: Any = numba_caching  # hardly typed


def njit(*, cache: bool = False, **options: Any) -> Callable[[Function], Function]:
    """Compile a function as `numba.njit` does, with a cache that may fail.

    Args:
        cache: Whether to keep what is compiled, so that the next process need not compile it.
        **options: Those of `numba.njit`.
    """

    def compiled(function: Function) -> Function:
        dispatcher = numba.njit(**options)(function)
        if cache:
            dispatcher._cache = _cache_of(function)  # as `cache=True` does with Numba's own
        return dispatcher  # type: ignore[no-any-return]

    return compiled


class _TemporaryLocator(caching.UserProvidedCacheLocator):  # type: ignore[misc]
    """A folder of this user's in the temporary folder, where Numba finds no other."""

    def __init__(self, py_func: Callable[..., Any], py_file: str) -> None:
        super().__init__(py_func, py_file)
        folder = Path(tempfile.gettempdir()) / f"tonewright-numba-{_user()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        # What lies in it will be executed: nobody else may write to it.
        status = folder.lstat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
            raise PermissionError(0, f"{str(folder)!r} is not yours alone")
        self._cache_path = str(folder / self.get_suitable_cache_subpath(py_file))

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        locator = cls(py_func, py_file)
        locator.ensure_cache_path()
        _tell(f"compiled code is kept in {tempfile.gettempdir()!r}, as nothing else can be written")
        return locator


class _Results(caching.CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes: ClassVar[list[Any]] = [*caching.CacheImpl._locator_classes, _TemporaryLocator]


class _File(caching.IndexDataCacheFile):  # type: ignore[misc]
    """With a digest before machine code: damaged code could do anything."""

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(hashlib.sha256(content).digest() + content)

    def _load_data(self, name: str) -> Any:
        found = Path(self._data_path(name)).read_bytes()
        digest, content = found[:_DIGEST_BYTES], found[_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != digest:
            raise OSError("damaged")  # which `load` takes for a missing file
        return pickle.loads(content)


class _Cache(caching.FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function, read and written where that is possible."""

    _impl_class = _Results
    _cache_file: Any

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        plain = self._cache_file
        self._cache_file = _File(plain._cache_path, self._impl.filename_base, plain._source_stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever unpickling a damaged index raises
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            try:
                super().save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # the damaged index again
                self.flush()
                super().save_overload(sig, data)
        except OSError as error:
            _tell_uncached(f"cannot write to {self.cache_path!r}: {system_reason(error)}")


def _cache_of(function: Callable[..., Any]) -> Any:
    try:
        return _Cache(function)
    except (OSError, RuntimeError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else str(error)
        _tell_uncached(reason)
        return caching.NullCache()


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _tell_uncached(reason: str) -> None:
    _tell(
        f"compiled code cannot be kept ({reason}), and each start takes a minute longer; name a folder for it"
        " in NUMBA_CACHE_DIR"
    )


def _tell(text: str) -> None:
    """Say once in a program, and not again in each of the processes that it starts."""
    kind = text.partition(" (")[0]
    told = os.environ.get(_TOLD, "").split(os.pathsep)
    if kind not in told and sys.stderr is not None:
        print(f"tonewright: {text}", file=sys.stderr)
        os.environ[_TOLD] = os.pathsep.join([*told, kind])
